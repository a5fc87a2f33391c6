package ucp

import (
	"maps"
	"slices"
	"strings"

	"kassa/checkout"
	"kassa/payments/money"
)

// googlePayConfig is a PaymentDataRequest (Google Pay API, version 2) with the environment to open it in.
type googlePayConfig struct {
	googleDeclared
	Transaction  googleTransaction `json:"transactionInfo"`
	Email        bool              `json:"emailRequired"`
	Address      bool              `json:"shippingAddressRequired"`
	AddressRules *googleAddress    `json:"shippingAddressParameters,omitempty"`
	Option       bool              `json:"shippingOptionRequired"`
	Options      *googleOptions    `json:"shippingOptionParameters,omitempty"`
}

// googleDeclared is what all of a shop's requests have in common.
type googleDeclared struct {
	Environment     string         `json:"environment"`
	APIVersion      int            `json:"apiVersion"`
	APIVersionMinor int            `json:"apiVersionMinor"`
	Merchant        googleMerchant `json:"merchantInfo"`
	Methods         []googleMethod `json:"allowedPaymentMethods"`
}

type googleMerchant struct {
	ID   string `json:"merchantId,omitempty"`
	Name string `json:"merchantName"`
}

type googleMethod struct {
	Type         string             `json:"type"`
	Parameters   googleCard         `json:"parameters"`
	Tokenization googleTokenization `json:"tokenizationSpecification"`
}

type googleCard struct {
	AuthMethods []string `json:"allowedAuthMethods"`
	Networks    []string `json:"allowedCardNetworks"`
}

type googleTokenization struct {
	Type       string            `json:"type"`
	Parameters map[string]string `json:"parameters"`
}

type googleTransaction struct {
	Country  string       `json:"countryCode"` // the merchant's
	Currency string       `json:"currencyCode"`
	Status   string       `json:"totalPriceStatus"`
	Price    string       `json:"totalPrice"`
	Label    string       `json:"totalPriceLabel"`
	Items    []googleItem `json:"displayItems"`
}

type googleItem struct {
	Label  string `json:"label"`
	Type   string `json:"type"`
	Price  string `json:"price"`
	Status string `json:"status"`
}

type googleAddress struct {
	Countries []string `json:"allowedCountryCodes"`
	Phone     bool     `json:"phoneNumberRequired"`
}

type googleOptions struct {
	Default string         `json:"defaultSelectedOptionId,omitempty"`
	Options []googleOption `json:"shippingOptions"`
}

type googleOption struct {
	ID          string `json:"id"`
	Label       string `json:"label"`
	Description string `json:"description"`
}

// googleNetworks are Google's names of card networks (CardParameters.allowedCardNetworks).
var googleNetworks = map[string]string{
	"visa": "VISA", "mastercard": "MASTERCARD", "amex": "AMEX", "discover": "DISCOVER", "jcb": "JCB", "interac": "INTERAC",
}

// googleTypes are Google's types of display items, by ours.
var googleTypes = map[string]string{
	typeSubtotal: "SUBTOTAL", typeDiscount: "DISCOUNT", typeFulfillment: "SHIPPING_OPTION", typeTax: "TAX", typeRelief: "TAX",
}

func (w *Wire) googlePay(s speaker, v checkout.SessionView) googlePayConfig {
	x := v.Session
	c := googlePayConfig{googleDeclared: w.googleDeclared(), Transaction: w.googleTransaction(s, x)}
	missing := w.missingFrom(x)
	c.Email = missing.email
	if !x.Collect && (missing.address || missing.name) {
		c.Address = true
		c.AddressRules = &googleAddress{Countries: slices.Sorted(maps.Keys(w.shop.Countries))}
		c.Option, c.Options = s.googleOptions(x)
	}
	return c
}

func (w *Wire) googleDeclared() googleDeclared {
	wallets := w.shop.Wallets
	d := googleDeclared{
		Environment: "PRODUCTION", APIVersion: 2, Merchant: googleMerchant{wallets.GoogleMerchantID, wallets.GoogleMerchantName},
		Methods: []googleMethod{{
			Type:       "CARD",
			Parameters: googleCard{[]string{"PAN_ONLY", "CRYPTOGRAM_3DS"}, networks(wallets.Networks, googleNetworks)},
			Tokenization: googleTokenization{Type: "PAYMENT_GATEWAY", Parameters: map[string]string{
				"gateway": "stripe", "stripe:version": wallets.Version(), "stripe:publishableKey": wallets.PublishableKey,
			}},
		}},
	}
	if d.Merchant.Name == "" {
		d.Merchant.Name = w.shop.Name
	}
	if wallets.Test {
		d.Environment = "TEST"
	}
	return d
}

func (w *Wire) googleTransaction(s speaker, x checkout.Session) googleTransaction {
	t := googleTransaction{
		Country: w.shop.Country, Currency: string(x.Quote.Currency), Status: "ESTIMATED", Price: googlePrice(x.Quote.Total),
		Label: s.label("total"), Items: []googleItem{},
	}
	itemStatus := "PENDING"
	if w.settled(x) {
		t.Status, itemStatus = "FINAL", "FINAL"
	}
	for _, i := range s.sheetItems(x.Quote) {
		t.Items = append(t.Items, googleItem{i.label, googleTypes[i.kind], googlePrice(i.amount), itemStatus})
	}
	return t
}

// googleOptions asks for an option only beside an address (Google shows them together) and where there is a choice.
func (s speaker) googleOptions(x checkout.Session) (bool, *googleOptions) {
	options := offered(x)
	if len(options) == 0 || x.Collect {
		return false, nil
	}
	out := &googleOptions{Default: x.Quote.Selected}
	for _, o := range options {
		label := s.shown(due(o)) + ": " + o.Title
		out.Options = append(out.Options, googleOption{o.ID, label, s.window(o)})
	}
	return true, out
}

// googlePrice is a decimal with none or two digits, all that Google takes. Amounts of currencies with three end in 0,
// because they are charged in steps of ten.
func googlePrice(m money.Money) string {
	d := m.Decimal()
	if m.Currency.Exponent() == 3 {
		d = strings.TrimSuffix(d, "0")
	}
	return d
}
