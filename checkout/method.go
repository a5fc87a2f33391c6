package checkout

import (
	"slices"
	"strconv"

	"kassa/payments"
	"kassa/payments/money"
)

// This file is the method matrix: method × currency × country × amount × platform decides how a session can be paid, and each
// no has its reason.

// Sale is what the matrix judges for.
type Sale struct {
	Total    money.Money
	Country  string // of the shopper: the destination's, else the context's; "" = unknown
	Platform payments.Platform
	Saved    int // cards that the signed-in shopper has saved
}

// MethodRefusal says why a way to pay is not offered.
type MethodRefusal string

const (
	RefusedUnsupported     MethodRefusal = "unsupported"      // nobody can be offered it; Detail says why
	RefusedNotEnabled      MethodRefusal = "not_enabled"      // the shop's settings don't list it
	RefusedMerchant        MethodRefusal = "merchant_country" // not for accounts of the shop's country
	RefusedCurrency        MethodRefusal = "currency"         // it can't be charged in the total's currency
	RefusedCurrencyDisplay MethodRefusal = "currency_display" // the wallet's sheet can't show the total
	RefusedCountry         MethodRefusal = "country"          // shoppers of that country don't have it, or aren't offered it
	RefusedCountryUnknown  MethodRefusal = "country_unknown"  // it is for some countries, and the shopper's isn't known yet
	RefusedPlatform        MethodRefusal = "platform"         // it can't be opened there
	RefusedPlatformUnknown MethodRefusal = "platform_unknown" // the provider must be told the platform
	RefusedAmountBelow     MethodRefusal = "amount_below"     // the total is below the least
	RefusedAmountAbove     MethodRefusal = "amount_above"     // the total is above the most
	RefusedNothingSaved    MethodRefusal = "nothing_saved"    // nobody is signed in, or has saved a card
	RefusedFree            MethodRefusal = "nothing_to_pay"   // the total is zero
)

// MethodVerdict is what the matrix says about one way to pay.
type MethodVerdict struct {
	Method  string // apple_pay, google_pay, saved_card, or the provider's type: card, ideal …
	Handler string // the offer that it would be part of
	Type    string // provider's payment method type
	Why     MethodRefusal
	Detail  string // what the refusal refers to, for people who run the shop
}

// Offered reports whether the session can be paid so.
func (v MethodVerdict) Offered() bool { return v.Why == "" }

// JudgeMethods says of every way to pay that is known whether it is offered for a sale, and if not, why: wallets first, then what
// the provider's sheet shows, in the shop's order.
func (s Shop) JudgeMethods(sale Sale) []MethodVerdict {
	card := s.judge("card", sale)
	out := []MethodVerdict{
		s.judgeWallet(HandlerApplePay, card, sale), s.judgeWallet(HandlerGooglePay, card, sale),
		s.judgeWallet(HandlerSavedCard, card, sale),
	}
	for _, r := range s.methods() {
		out = append(out, s.judge(r.Type, sale))
	}
	for _, m := range payments.Methods {
		if _, listed := s.methodRule(m.Type); !listed {
			out = append(out, s.judge(m.Type, sale))
		}
	}
	return out
}

// judge looks at a type of the provider's.
func (s Shop) judge(kind string, sale Sale) MethodVerdict {
	method, _ := payments.MethodOf(kind)
	rule, enabled := s.methodRule(kind)
	v := MethodVerdict{Method: kind, Handler: HandlerStripe, Type: kind}
	countries := rule.Countries
	if len(countries) == 0 {
		countries = method.Countries
	}
	least, most := limitsOf(rule, sale.Total.Currency)
	switch {
	case method.Ended != "":
		v.Why, v.Detail = RefusedUnsupported, method.Ended
	case !enabled:
		v.Why = RefusedNotEnabled
	case len(method.Merchants) > 0 && !slices.Contains(method.Merchants, s.Country):
		v.Why, v.Detail = RefusedMerchant, s.Country
	case sale.Total.IsZero():
		v.Why = RefusedFree
	case !method.Takes(sale.Total.Currency):
		v.Why, v.Detail = RefusedCurrency, string(sale.Total.Currency)
	case len(countries) > 0 && sale.Country == "":
		v.Why = RefusedCountryUnknown
	case len(countries) > 0 && !slices.Contains(countries, sale.Country):
		v.Why, v.Detail = RefusedCountry, sale.Country
	case sale.Platform == payments.PlatformUnknown && (method.NeedsPlatform || len(rule.Platforms) > 0):
		v.Why = RefusedPlatformUnknown
	case !method.At(sale.Platform), len(rule.Platforms) > 0 && !slices.Contains(rule.Platforms, sale.Platform):
		v.Why, v.Detail = RefusedPlatform, string(sale.Platform)
	case sale.Total.Minor < least:
		v.Why, v.Detail = RefusedAmountBelow, strconv.FormatInt(least, 10)
	case sale.Total.Minor > most:
		v.Why, v.Detail = RefusedAmountAbove, strconv.FormatInt(most, 10)
	}
	return v
}

// judgeWallet looks at a way to hand over a card, which needs all that cards need.
func (s Shop) judgeWallet(handler string, card MethodVerdict, sale Sale) MethodVerdict {
	v := card
	v.Method, v.Handler = handler, handler
	switch {
	case handler == HandlerApplePay && s.Wallets.AppleMerchantID == "", handler == HandlerGooglePay && !s.Wallets.GooglePay:
		v.Why, v.Detail = RefusedNotEnabled, ""
	case !card.Offered():
	case handler == HandlerApplePay && sale.Platform == payments.PlatformAndroid,
		handler == HandlerGooglePay && sale.Platform == payments.PlatformIOS:
		v.Why, v.Detail = RefusedPlatform, string(sale.Platform)
	case handler == HandlerGooglePay && !googleShows(sale.Total):
		v.Why, v.Detail = RefusedCurrencyDisplay, string(sale.Total.Currency)
	case handler == HandlerSavedCard && sale.Saved == 0:
		v.Why = RefusedNothingSaved
	}
	return v
}

// googleShows reports whether Google Pay's sheet can show a total: its prices have no decimals or two (Google Pay API,
// TransactionInfo), and currencies whose ISO digits are not the provider's would be shown a hundredfold wrong by its SDK.
func googleShows(total money.Money) bool {
	units, err := total.ToProvider()
	return err == nil && units == total.Minor && total.Currency.Exponent() != 3
}

// saleOf is what the matrix judges a session by.
func saleOf(s Session) Sale {
	sale := Sale{Total: s.Quote.Total, Country: countryOf(s), Platform: payments.Platform(s.Context.Platform)}
	if s.Wallet != nil {
		sale.Saved = len(s.Wallet.Cards)
	}
	return sale
}

// offers are the ways to pay that a session has, by handler.
func (s *Sessions) offers(sess Session) []Offer {
	var out []Offer
	for _, v := range s.shop.JudgeMethods(saleOf(sess)) {
		if !v.Offered() {
			continue
		}
		if i := slices.IndexFunc(out, func(o Offer) bool { return o.Handler == v.Handler }); i >= 0 {
			out[i].Methods = append(out[i].Methods, v.Type)
			continue
		}
		out = append(out, Offer{v.Handler, []string{v.Type}})
	}
	return out
}

func offerFor(offers []Offer, handler string) (Offer, bool) {
	i := slices.IndexFunc(offers, func(o Offer) bool { return o.Handler == handler })
	if i < 0 {
		return Offer{}, false
	}
	return offers[i], true
}
