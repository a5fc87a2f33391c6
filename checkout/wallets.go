package checkout

import (
	"slices"
	"strconv"
	"strings"
)

// Wallets is what the wallet sheets are opened with. Nothing in it is secret.
type Wallets struct {
	PublishableKey     string   `json:"publishable_key"`
	ProviderVersion    string   `json:"provider_version"`     // stripe:version of Google Pay's tokenization; "" = 2023-10-16
	AppleMerchantID    string   `json:"apple_merchant_id"`    // "" = Apple Pay is not offered
	GooglePay          bool     `json:"google_pay"`           // offered
	GoogleMerchantID   string   `json:"google_merchant_id"`   // needed in production
	GoogleMerchantName string   `json:"google_merchant_name"` // "" = Name
	Networks           []string `json:"networks"`             // visa, mastercard, amex …
	Test               bool     `json:"test"`                 // Google's TEST environment
}

// providerVersion is the release of the provider's API that its sheets speak, where the settings name none.
const providerVersion = "2023-10-16"

// Version is the release of the provider's API that sheets speak.
func (w Wallets) Version() string {
	if w.ProviderVersion == "" {
		return providerVersion
	}
	return w.ProviderVersion
}

// Networks are the card networks that the sheet of each wallet knows, by our names.
var Networks = map[string][]string{
	HandlerApplePay: {
		"visa", "mastercard", "amex", "discover", "jcb", "maestro", "cartes_bancaires", "unionpay", "interac", "girocard", "eftpos", "dankort",
		"bancomat", "bancontact",
	},
	HandlerGooglePay: {"visa", "mastercard", "amex", "discover", "jcb", "interac"},
}

// validateWallets refuses wallets whose sheet could not open: it would do so without a word, and only at the shopper's.
func (s Shop) validateWallets(bad func(field, text string)) {
	w := s.Wallets
	switch {
	case w.PublishableKey == "":
		bad("wallets.publishable_key", "wallet sheets can't open without it")
	case !strings.HasPrefix(w.PublishableKey, "pk_"):
		bad("wallets.publishable_key", "must be the publishable key, pk_…: every app gets to see it")
	}
	for i, n := range w.Networks {
		field := "wallets.networks[" + strconv.Itoa(i) + "]"
		switch {
		case !slices.Contains(Networks[HandlerApplePay], n) && !slices.Contains(Networks[HandlerGooglePay], n):
			bad(field, "no wallet knows the card network "+strconv.Quote(n))
		case slices.Contains(w.Networks[:i], n):
			bad(field, n+" is listed already")
		}
	}
	_, cards := s.methodRule("card")
	for _, sheet := range []struct {
		field, handler string
		on             bool
	}{{"wallets.apple_merchant_id", HandlerApplePay, w.AppleMerchantID != ""}, {"wallets.google_pay", HandlerGooglePay, w.GooglePay}} {
		if sheet.on && !cards {
			bad(sheet.field, "needs card among methods: a wallet hands over a card")
		}
		if sheet.on && !slices.ContainsFunc(w.Networks, func(n string) bool { return slices.Contains(Networks[sheet.handler], n) }) {
			bad("wallets.networks", "has none that the sheet of "+sheet.handler+" could open with")
		}
	}
	if w.GooglePay && !w.Test && w.GoogleMerchantID == "" {
		bad("wallets.google_merchant_id", "is missing: Google's production needs it")
	}
}
