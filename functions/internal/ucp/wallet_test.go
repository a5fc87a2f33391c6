package ucp_test

import (
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"testing"

	"kassa/checkout"
	"kassa/functions/internal/ucp"
)

// sheet is what a wallet would be opened with, as far as tests look at it.
type sheet struct {
	Apple struct {
		MerchantIdentifier, CountryCode, CurrencyCode string
		SupportedNetworks, MerchantCapabilities       []string
		RequiredShippingContactFields                 []string
		RequiredBillingContactFields                  []string
		PaymentSummaryItems                           []struct{ Label, Amount, Type string }
		ShippingMethods                               []struct{ Identifier, Label, Detail, Amount string }
		Errors                                        []struct{ Code, ContactField, Message string }
	}
	Google struct {
		Environment           string
		AllowedPaymentMethods []struct {
			Parameters struct{ AllowedCardNetworks []string }
		}
		TransactionInfo struct {
			CountryCode, CurrencyCode, TotalPriceStatus, TotalPrice, TotalPriceLabel string
			DisplayItems                                                             []struct{ Label, Type, Price string }
		}
		EmailRequired, ShippingAddressRequired, ShippingOptionRequired bool
		ShippingOptionParameters                                       struct {
			DefaultSelectedOptionID string `json:"defaultSelectedOptionId"`
			ShippingOptions         []struct{ ID, Label string }
		}
	}
	Stripe struct {
		Currency           string
		Amount             int64
		PaymentMethodTypes []string
	}
}

func sheetOf(t *testing.T, w *ucp.Wire, v checkout.SessionView) sheet {
	t.Helper()
	encoded, err := json.Marshal(w.Checkout("en", v))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		UCP struct {
			Handlers map[string][]struct {
				ID     string
				Config json.RawMessage
			} `json:"payment_handlers"`
		}
	}
	if err := json.Unmarshal(encoded, &doc); err != nil {
		t.Fatal(err)
	}
	var s sheet
	for name, into := range map[string]any{
		"com.example.shop.apple_pay": &s.Apple, "com.google.pay": &s.Google, "com.example.shop.stripe": &s.Stripe,
	} {
		handlers := doc.UCP.Handlers[name]
		if len(handlers) != 1 {
			t.Fatalf("%d handlers under %s", len(handlers), name)
		}
		if err := json.Unmarshal(handlers[0].Config, into); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// sumsTo fails the test unless decimals sum to a total, exactly.
func sumsTo(t *testing.T, parts []string, total string) {
	t.Helper()
	sum := new(big.Rat)
	for _, p := range parts {
		r, ok := new(big.Rat).SetString(p)
		if !ok {
			t.Fatalf("%q is no decimal", p)
		}
		sum.Add(sum, r)
	}
	if want, _ := new(big.Rat).SetString(total); want == nil || sum.Cmp(want) != 0 {
		t.Errorf("%v sum to %s, not %s", parts, sum.FloatString(3), total)
	}
}

// The lines of every sheet sum to what will be charged, in currencies of every exponent, with tax inside or on top.
func TestSheetsSumToTheTotal(t *testing.T) {
	t.Parallel()
	w := wire(t)
	for country, want := range map[string]struct{ apple, google, stripe string }{
		"NL": {"49.85", "49.85", "eur 4985"}, "US": {"54.39", "54.39", "usd 5439"}, "KW": {"4.580", "4.58", "kwd 4580"},
		"JP": {"3280", "3280", "jpy 3280"},
	} {
		v := ready(t)
		v.Session.Quote = quote(t, country, "", "en", 500)
		s := sheetOf(t, w, v)
		items := s.Apple.PaymentSummaryItems
		last := items[len(items)-1]
		if last.Label != "Fjord & Fern" || last.Amount != want.apple || last.Type != "final" {
			t.Errorf("%s: the last item is %+v, want %s", country, last, want.apple)
		}
		var apple, google []string
		for _, i := range items[:len(items)-1] {
			apple = append(apple, i.Amount)
		}
		sumsTo(t, apple, last.Amount)
		info := s.Google.TransactionInfo
		for _, i := range info.DisplayItems {
			google = append(google, i.Price)
			if _, decimals, found := strings.Cut(i.Price, "."); found && len(decimals) != 2 {
				t.Errorf("%s: Google doesn't take the price %s", country, i.Price)
			}
		}
		sumsTo(t, google, info.TotalPrice)
		if info.TotalPrice != want.google || info.CountryCode != "NL" || info.TotalPriceLabel != "Total" {
			t.Errorf("%s: %+v", country, info)
		}
		if got := s.Stripe.Currency + " " + big.NewInt(s.Stripe.Amount).String(); got != want.stripe {
			t.Errorf("%s: Stripe is told %s, want %s", country, got, want.stripe)
		}
	}
}

// A sheet asks for what is missing, and nothing else.
func TestSheetsAskForWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := wire(t)
	for name, c := range map[string]struct {
		change  func(*checkout.Session)
		apple   []string
		google  [3]bool // e-mail, address, option
		settled string
	}{
		"nothing": {func(*checkout.Session) {}, []string{}, [3]bool{}, "FINAL"},
		"e-mail":  {func(s *checkout.Session) { s.Buyer.Email = "" }, []string{"email"}, [3]bool{true, false, false}, "FINAL"},
		"name":    {func(s *checkout.Session) { s.Destination.LastName = "" }, []string{"name"}, [3]bool{false, true, true}, "FINAL"},
		"redacted": {func(s *checkout.Session) { s.Destination.Street = "" }, []string{"postalAddress", "name"}, [3]bool{false, true, true},
			"ESTIMATED"},
		"all": {func(s *checkout.Session) { s.Destination, s.Buyer = nil, checkout.Buyer{} },
			[]string{"postalAddress", "name", "email"}, [3]bool{true, true, true}, "ESTIMATED"},
		"digital": {func(s *checkout.Session) {
			s.Ships, s.Destination, s.Quote.Options, s.Quote.Selected, s.Buyer = false, nil, nil, "", checkout.Buyer{}
		}, []string{"email"}, [3]bool{true, false, false}, "FINAL"},
		"digital, country unknown": {func(s *checkout.Session) {
			s.Ships, s.Destination, s.Quote = false, nil, quote(t, "", "", "en", 0)
		}, []string{"postalAddress"}, [3]bool{false, true, false}, "ESTIMATED"},
	} {
		v := ready(t)
		c.change(&v.Session)
		s := sheetOf(t, w, v)
		if !slices.Equal(s.Apple.RequiredShippingContactFields, c.apple) || len(s.Apple.RequiredBillingContactFields) != 0 {
			t.Errorf("%s: Apple asks for %v, want %v", name, s.Apple.RequiredShippingContactFields, c.apple)
		}
		g := s.Google
		if got := [3]bool{g.EmailRequired, g.ShippingAddressRequired, g.ShippingOptionRequired}; got != c.google {
			t.Errorf("%s: Google asks for %v, want %v", name, got, c.google)
		}
		if g.TransactionInfo.TotalPriceStatus != c.settled {
			t.Errorf("%s: the price is %s, want %s", name, g.TransactionInfo.TotalPriceStatus, c.settled)
		}
	}
}

// Apple's sheet preselects the first shipping method, Google's the one that is named.
func TestSheetsPreselect(t *testing.T) {
	t.Parallel()
	v := ready(t)
	v.Session.Quote, v.Session.Destination = quote(t, "NL", "express", "en", 0), nil
	s := sheetOf(t, wire(t), v)
	first := s.Apple.ShippingMethods[0]
	if first.Identifier != "express" || first.Label != "Express" || first.Amount != "9.95" || len(s.Apple.ShippingMethods) != 2 {
		t.Errorf("Apple: %+v", s.Apple.ShippingMethods)
	}
	if o := s.Google.ShippingOptionParameters; o.DefaultSelectedOptionID != "express" || o.ShippingOptions[0].ID != "standard" {
		t.Errorf("Google: %+v", o)
	}
	if !slices.Equal(s.Apple.SupportedNetworks, []string{"visa", "masterCard", "amex"}) {
		t.Errorf("networks %v", s.Apple.SupportedNetworks)
	}
}

// Each wallet has names of its own for the networks, and leaves out those that it doesn't know.
func TestNetworksInTheWalletsWords(t *testing.T) {
	t.Parallel()
	settled := shop()
	settled.Wallets.Networks = []string{"visa", "mastercard", "amex", "discover", "jcb", "maestro", "cartes_bancaires", "unionpay", "interac", "elo"}
	w, err := ucp.New(settled, "")
	if err != nil {
		t.Fatal(err)
	}
	s := sheetOf(t, w, ready(t))
	if got := strings.Join(s.Apple.SupportedNetworks, " "); got != "visa masterCard amex discover jcb maestro cartesBancaires chinaUnionPay interac" {
		t.Errorf("Apple is told %s", got)
	}
	if got := strings.Join(s.Google.AllowedPaymentMethods[0].Parameters.AllowedCardNetworks, " "); got != "VISA MASTERCARD AMEX DISCOVER JCB INTERAC" {
		t.Errorf("Google is told %s", got)
	}
}

// Every network that settings may name is one that a sheet knows; what the other wallet alone knows is left out.
func TestSheetsKnowEveryNetwork(t *testing.T) {
	t.Parallel()
	s := shop()
	s.Wallets.Networks = slices.Sorted(slices.Values(checkout.Networks[checkout.HandlerApplePay]))
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	w, err := ucp.New(s, "")
	if err != nil {
		t.Fatal(err)
	}
	sheet := sheetOf(t, w, ready(t))
	google := sheet.Google.AllowedPaymentMethods[0].Parameters.AllowedCardNetworks
	if apple := sheet.Apple.SupportedNetworks; len(apple) != len(checkout.Networks[checkout.HandlerApplePay]) || len(google) != len(checkout.Networks[checkout.HandlerGooglePay]) {
		t.Errorf("Apple's sheet has %v, Google's %v", apple, google)
	}
}

// Only the four kinds of errors that Apple's sheet can show come through, and what is merely missing is none of them.
func TestSheetErrors(t *testing.T) {
	t.Parallel()
	v := ready(t)
	at := "$.fulfillment.methods[0].destinations[0]."
	v.Messages = []checkout.Message{
		{Type: checkout.MessageError, Code: checkout.MsgUndeliverable, Path: at + "address_country"},
		{Type: checkout.MessageError, Code: checkout.MsgInvalid, Path: at + "postal_code"},
		{Type: checkout.MessageError, Code: checkout.MsgInvalid, Path: "$.line_items[0]"},
		{Type: checkout.MessageError, Code: checkout.MsgMissing, Path: at + "street_address"},
		{Type: checkout.MessageWarning, Code: "discount_code_expired", Path: "$.discounts.codes[0]"},
		{Type: checkout.MessageWarning, Code: checkout.MsgCodeInvalid, Path: "$.discounts.codes[0]"},
	}
	var got []string
	for _, e := range sheetOf(t, wire(t), v).Apple.Errors {
		got = append(got, e.Code+" "+e.ContactField)
		if e.Message == "" {
			t.Errorf("%s has no text", e.Code)
		}
	}
	want := []string{"addressUnserviceable ", "shippingContactInvalid postalCode", "couponCodeExpired ", "couponCodeInvalid "}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
