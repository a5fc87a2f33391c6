package payments

import (
	"slices"

	"kassa/payments/money"
)

// Platform is where the shopper pays: it decides which methods a provider's SDK can open there.
type Platform string

const (
	PlatformUnknown Platform = ""
	PlatformIOS     Platform = "ios"
	PlatformAndroid Platform = "android"
	PlatformWeb     Platform = "web"
)

// Platforms are those that can be named.
var Platforms = []Platform{PlatformIOS, PlatformAndroid, PlatformWeb}

// Method is what one type of payment method can do, whoever sells. It is a fact of the provider's, not a setting.
type Method struct {
	Type       string           // provider's word: card, ideal …
	Currencies []money.Currency // that it can be charged in; none = all
	Countries  []string         // of the shoppers who have it, ISO 3166-1 alpha-2; none = everywhere
	Merchants  []string         // countries of the provider accounts that may take it; none = all
	Platforms  []Platform       // where a shopper can be sent to it; none = everywhere
	// NeedsPlatform: the provider must be told the platform, so that it can't be offered while that is unknown.
	NeedsPlatform bool
	Holds         bool   // its money can be held first and taken later
	Keeps         bool   // it can be kept for the shopper's next purchase
	Ended         string // why nobody is offered it any more, or not yet; "" = it works
}

// Takes reports whether the method can be charged in a currency.
func (m Method) Takes(c money.Currency) bool {
	return len(m.Currencies) == 0 || slices.Contains(m.Currencies, c)
}

// At reports whether the method can be opened on a platform. An unknown one is given the benefit of the doubt, unless the
// provider must know.
func (m Method) At(p Platform) bool {
	if p == PlatformUnknown {
		return !m.NeedsPlatform
	}
	return len(m.Platforms) == 0 || slices.Contains(m.Platforms, p)
}

// europe are the countries whose merchants Stripe lets take the methods of Europe: the EEA, the United Kingdom, Switzerland and
// Gibraltar (Stripe, "Payment method support").
var europe = []string{
	"AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GI", "GR", "HR", "HU", "IE", "IT", "LI", "LT", "LU",
	"LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
}

// Methods are all that Kassa knows of, as Stripe offers them (docs.stripe.com/payments/payment-methods, API 2023-10-16), in the
// order in which a sheet shows them if the shop says nothing else.
var Methods = []Method{
	{Type: "card", Holds: true, Keeps: true},
	{Type: "ideal", Currencies: []money.Currency{"EUR"}, Countries: []string{"NL"}, Merchants: europe},
	{Type: "bancontact", Currencies: []money.Currency{"EUR"}, Countries: []string{"BE"}, Merchants: europe},
	{Type: "swish", Currencies: []money.Currency{"SEK"}, Countries: []string{"SE"}, Merchants: europe},
	{Type: "klarna", Holds: true,
		Currencies: []money.Currency{"AUD", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "NOK", "NZD", "PLN", "RON", "SEK", "USD"},
		Countries: []string{"AT", "AU", "BE", "CA", "CH", "CZ", "DE", "DK", "ES", "FI", "FR", "GB", "GR", "IE", "IT", "NL", "NO", "NZ",
			"PL", "PT", "RO", "SE", "US"},
		Merchants: append([]string{"AU", "CA", "NZ", "US"}, europe...)},
	{Type: "paypal", Holds: true, Merchants: europe,
		Currencies: []money.Currency{"AUD", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "HKD", "NOK", "NZD", "PLN", "SEK", "SGD", "USD"}},
	{Type: "alipay", Merchants: append([]string{"AU", "CA", "HK", "JP", "MY", "NZ", "SG", "US"}, europe...),
		Currencies: []money.Currency{"AUD", "CAD", "CNY", "EUR", "GBP", "HKD", "JPY", "MYR", "NZD", "SGD", "USD"}},
	// On the web alone, by a code to scan or Stripe's page: its SDK for iOS has no sheet for it, nor has React Native's.
	{Type: "wechat_pay", NeedsPlatform: true, Platforms: []Platform{PlatformWeb},
		Merchants:  append([]string{"AU", "CA", "HK", "JP", "SG", "US"}, europe...),
		Currencies: []money.Currency{"AUD", "CAD", "CHF", "CNY", "DKK", "EUR", "GBP", "HKD", "JPY", "NOK", "SEK", "SGD", "USD"}},

	{Type: "link", Ended: "it belongs to the provider's own checkout; a card that it filled in is taken as a card"},
	{Type: "sepa_debit", Ended: "its money takes days, and the shopper can take it back for weeks: goods would have to wait"},
	{Type: "twint", Ended: "this release of the provider's API has no such type"},
	{Type: "vipps", Ended: "the provider has it in private preview only"},
	{Type: "mobilepay", Ended: "not tried with this release of the provider's API"},
	{Type: "sofort", Ended: "the provider has ended it"},
	{Type: "giropay", Ended: "the provider has ended it"},
}

// MethodOf returns what is known of a type.
func MethodOf(kind string) (Method, bool) {
	i := slices.IndexFunc(Methods, func(m Method) bool { return m.Type == kind })
	if i < 0 {
		return Method{}, false
	}
	return Methods[i], true
}
