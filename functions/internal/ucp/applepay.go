package ucp

import (
	"slices"
	"strings"
	"time"

	"kassa/checkout"
	"kassa/checkout/pricing"
)

// applePayConfig has all that PKPaymentRequest needs. Values are written as Apple's own JSON form of the request has them
// (Apple Pay JS, ApplePayPaymentRequest); amounts are decimals in major units, as text.
type applePayConfig struct {
	MerchantID      string          `json:"merchantIdentifier"`
	Country         string          `json:"countryCode"` // the merchant's, not the shopper's
	Currency        string          `json:"currencyCode"`
	Networks        []string        `json:"supportedNetworks"`
	Capabilities    []string        `json:"merchantCapabilities"`
	Shipping        []string        `json:"requiredShippingContactFields"`
	Billing         []string        `json:"requiredBillingContactFields"`
	Items           []appleItem     `json:"paymentSummaryItems"` // the last is the total, under the shop's name
	ShippingMethods []appleShipping `json:"shippingMethods"`
	ShippingType    string          `json:"shippingType"`
	Countries       []string        `json:"supportedCountries,omitempty"`
	Errors          []appleError    `json:"errors"`
	TakesCoupon     bool            `json:"supportsCouponCode"`
	Coupon          string          `json:"couponCode,omitempty"`
	PublishableKey  string          `json:"publishableKey"` // ours: Stripe's SDK makes the token with it
}

type appleItem struct {
	Label  string `json:"label"`
	Amount string `json:"amount"`
	Type   string `json:"type"` // final, or pending while shipping and tax are unknown
}

type appleShipping struct {
	ID     string      `json:"identifier"`
	Label  string      `json:"label"`
	Detail string      `json:"detail"`
	Amount string      `json:"amount"`
	Dates  *appleDates `json:"dateComponentsRange,omitempty"`
}

type appleDates struct {
	Start appleDate `json:"startDateComponents"`
	End   appleDate `json:"endDateComponents"`
}

type appleDate struct {
	Year  int `json:"years"`
	Month int `json:"months"`
	Day   int `json:"days"`
}

// appleError is one of the four that a sheet can show: an address field that is wrong, an address that isn't served, a
// coupon that is wrong, one that has expired.
type appleError struct {
	Code    string `json:"code"`
	Field   string `json:"contactField,omitempty"`
	Message string `json:"message"`
}

// appleNetworks are Apple's names of card networks (ApplePayPaymentRequest.supportedNetworks).
var appleNetworks = map[string]string{
	"visa": "visa", "mastercard": "masterCard", "amex": "amex", "discover": "discover", "jcb": "jcb", "maestro": "maestro",
	"cartes_bancaires": "cartesBancaires", "unionpay": "chinaUnionPay", "interac": "interac",
	"girocard": "girocard", "eftpos": "eftpos", "dankort": "dankort", "bancomat": "bancomat", "bancontact": "bancontact",
}

// appleCapabilities are what cards must do (ApplePayPaymentRequest.merchantCapabilities).
var appleCapabilities = []string{"supports3DS"}

func (w *Wire) applePay(s speaker, v checkout.SessionView) applePayConfig {
	x := v.Session
	c := applePayConfig{
		MerchantID: w.shop.Wallets.AppleMerchantID, Country: w.shop.Country, Currency: string(x.Quote.Currency),
		Networks: networks(w.shop.Wallets.Networks, appleNetworks), Capabilities: appleCapabilities,
		Shipping: appleContact(w.missingFrom(x)), Billing: []string{}, ShippingMethods: []appleShipping{}, ShippingType: "shipping",
		Errors: appleErrors(s, v.Messages), PublishableKey: w.shop.Wallets.PublishableKey,
		TakesCoupon: w.takesCodes(), Coupon: strings.Join(x.Codes, " "),
	}
	state := "final"
	if x.Quote.Estimated {
		state = "pending"
	}
	for _, i := range s.sheetItems(x.Quote) {
		c.Items = append(c.Items, appleItem{i.label, i.amount.Decimal(), state})
	}
	c.Items = append(c.Items, appleItem{w.shop.Name, x.Quote.Total.Decimal(), state})
	if x.Collect {
		c.ShippingType = "storePickup"
	}
	for _, o := range selectedFirst(x) {
		c.ShippingMethods = append(c.ShippingMethods, appleShipping{
			ID: o.ID, Label: o.Title, Detail: s.window(o), Amount: due(o).Decimal(), Dates: appleWindow(o),
		})
	}
	return c
}

// takesCodes reports whether the shop has codes that can be typed.
func (w *Wire) takesCodes() bool {
	return slices.ContainsFunc(w.shop.Pricing.Discounts, func(r pricing.DiscountRule) bool { return r.Code != "" })
}

func appleContact(m missingContact) []string {
	fields := []string{}
	for _, f := range []struct {
		wanted bool
		name   string
	}{{m.address, "postalAddress"}, {m.name, "name"}, {m.email, "email"}} {
		if f.wanted {
			fields = append(fields, f.name)
		}
	}
	return fields
}

// selectedFirst lists a session's options with the selected one at the top, which is the one that Apple's sheet preselects.
func selectedFirst(x checkout.Session) []pricing.Option {
	var first, rest []pricing.Option
	for _, o := range offered(x) {
		if o.ID == x.Quote.Selected {
			first = append(first, o)
		} else {
			rest = append(rest, o)
		}
	}
	return append(first, rest...)
}

func appleWindow(o pricing.Option) *appleDates {
	if o.Earliest.IsZero() || o.Latest.IsZero() {
		return nil
	}
	day := func(t time.Time) appleDate { return appleDate{t.Year(), int(t.Month()), t.Day()} }
	return &appleDates{day(o.Earliest), day(o.Latest)}
}

// appleFields are Apple's names of the contact fields that a message can be about (ApplePayErrorContactField).
var appleFields = map[string]string{
	"email": "emailAddress", "phone_number": "phoneNumber", "first_name": "name", "last_name": "name", "street_address": "addressLines",
	"extended_address": "addressLines", "address_locality": "locality", "address_region": "administrativeArea",
	"postal_code": "postalCode", "address_country": "country",
}

// appleErrors are the messages that the sheet itself can show. What is merely missing is not among them: before the shopper
// has authorized, Apple withholds street and name.
func appleErrors(s speaker, list []checkout.Message) []appleError {
	out := []appleError{}
	for _, m := range list {
		e := appleError{Message: s.content(m)}
		switch m.Code {
		case checkout.MsgUndeliverable:
			e.Code = "addressUnserviceable"
		case checkout.MsgInvalid:
			field, ok := appleFields[m.Path[strings.LastIndexByte(m.Path, '.')+1:]]
			if !ok {
				continue
			}
			e.Code, e.Field = "shippingContactInvalid", field
		case checkout.MsgCodeInvalid, checkout.MsgCodeIneligible, checkout.MsgCodeCombined:
			e.Code = "couponCodeInvalid"
		case checkout.MsgCodeExpired:
			e.Code = "couponCodeExpired"
		default:
			continue
		}
		out = append(out, e)
	}
	return out
}
