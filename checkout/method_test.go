package checkout_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"kassa/checkout"
	"kassa/checkout/pricing"
	"kassa/payments"
	"kassa/payments/money"
)

// europeanShop sells where each of its methods is at home.
func europeanShop() checkout.Shop {
	shop := demoShop()
	for code, currency := range map[string]money.Currency{"BE": "EUR", "SE": "SEK", "GB": "GBP", "JP": "JPY"} {
		shop.Countries[code] = pricing.Country{Code: code, Currency: currency, TaxIncluded: true, TaxRates: map[string]int64{"standard": 2000},
			Shipping: []pricing.ShippingMethod{{ID: "standard", Title: map[string]string{"en": "Post"}, Prices: map[money.Currency]int64{currency: 900}, MaxDays: 3}}}
	}
	shop.Methods = rules(
		checkout.MethodRule{Type: "ideal"}, checkout.MethodRule{Type: "card"}, checkout.MethodRule{Type: "bancontact"},
		checkout.MethodRule{Type: "swish"},
		checkout.MethodRule{Type: "klarna", Countries: []string{"NL", "SE"}, Minimum: map[money.Currency]int64{"EUR": 1000},
			Maximum: map[money.Currency]int64{"EUR": 100_000}},
		checkout.MethodRule{Type: "paypal", Platforms: []payments.Platform{"ios", "web"}}, checkout.MethodRule{Type: "alipay"},
		checkout.MethodRule{Type: "wechat_pay"},
	)
	return shop
}

func offered(shop checkout.Shop, sale checkout.Sale) string {
	var out []string
	for _, v := range shop.JudgeMethods(sale) {
		if v.Offered() {
			out = append(out, v.Method)
		}
	}
	return strings.Join(out, " ")
}

func TestMethodMatrix(t *testing.T) {
	t.Parallel()
	shop := europeanShop()
	if err := shop.Validate(); err != nil {
		t.Fatal(err)
	}
	sale := func(minor int64, c money.Currency, country string, platform payments.Platform, saved int) checkout.Sale {
		return checkout.Sale{Total: money.New(minor, c), Country: country, Platform: platform, Saved: saved}
	}
	for _, tc := range []struct {
		sale checkout.Sale
		want string
	}{
		{sale(5000, "EUR", "NL", "ios", 0), "apple_pay ideal card klarna paypal alipay"},
		{sale(5000, "EUR", "NL", "android", 2), "google_pay saved_card ideal card klarna alipay"},
		{sale(5000, "EUR", "NL", "web", 0), "apple_pay google_pay ideal card klarna paypal alipay wechat_pay"},
		{sale(5000, "EUR", "NL", "", 0), "apple_pay google_pay ideal card klarna alipay"},
		{sale(5000, "EUR", "BE", "ios", 0), "apple_pay card bancontact paypal alipay"},
		{sale(999, "EUR", "NL", "ios", 0), "apple_pay ideal card paypal alipay"},
		{sale(100_001, "EUR", "NL", "ios", 0), "apple_pay ideal card paypal alipay"},
		{sale(5000, "SEK", "SE", "ios", 0), "apple_pay card swish klarna paypal"},
		{sale(5000, "SEK", "NL", "ios", 0), "apple_pay card klarna paypal"},
		{sale(5000, "NOK", "NO", "ios", 0), "apple_pay card paypal"},
		{sale(5000, "JPY", "JP", "android", 0), "google_pay card alipay"},
		{sale(5000, "EUR", "", "ios", 0), "apple_pay card paypal alipay"},
		{sale(0, "EUR", "NL", "ios", 1), ""},
		{sale(5000, "KWD", "NL", "android", 0), "card"}, // Google's sheet shows two decimals
		{sale(500, "ISK", "NL", "web", 0), "apple_pay card"},
	} {
		if got := offered(shop, tc.sale); got != tc.want {
			t.Errorf("%v: offers %q, want %q", tc.sale, got, tc.want)
		}
	}
}

// Every way to pay that is known is judged, once, and each no has its reason.
func TestWhyAMethodIsNotOffered(t *testing.T) {
	t.Parallel()
	shop := europeanShop()
	shop.Wallets.AppleMerchantID = ""
	shop.Methods = slices.DeleteFunc(shop.Methods, func(r checkout.MethodRule) bool { return r.Type == "alipay" })
	got := map[string]checkout.MethodVerdict{}
	for _, v := range shop.JudgeMethods(checkout.Sale{Total: money.New(500, "EUR"), Country: "BE", Platform: "ios"}) {
		if _, twice := got[v.Method]; twice {
			t.Errorf("%s is judged twice", v.Method)
		}
		got[v.Method] = v
	}
	for method, want := range map[string]checkout.MethodRefusal{
		"apple_pay": checkout.RefusedNotEnabled, "google_pay": checkout.RefusedPlatform, "saved_card": checkout.RefusedNothingSaved, "card": "",
		"ideal": checkout.RefusedCountry, "bancontact": "", "swish": checkout.RefusedCurrency, "klarna": checkout.RefusedCountry, "paypal": "",
		"alipay": checkout.RefusedNotEnabled, "wechat_pay": checkout.RefusedPlatform, "sofort": checkout.RefusedUnsupported,
		"giropay": checkout.RefusedUnsupported, "vipps": checkout.RefusedUnsupported, "twint": checkout.RefusedUnsupported,
		"link": checkout.RefusedUnsupported, "sepa_debit": checkout.RefusedUnsupported, "mobilepay": checkout.RefusedUnsupported,
	} {
		if v, ok := got[method]; !ok || v.Why != want || v.Offered() != (want == "") {
			t.Errorf("%s: %+v, want %q", method, v, want)
		}
		delete(got, method)
	}
	if len(got) > 0 {
		t.Errorf("nobody expected %v", got)
	}
	for _, tc := range []struct {
		method string
		spoil  func(*checkout.Shop, *checkout.Sale)
		want   checkout.MethodRefusal
	}{
		{"ideal", func(s *checkout.Shop, _ *checkout.Sale) { s.Country = "US" }, checkout.RefusedMerchant},
		{"ideal", func(_ *checkout.Shop, s *checkout.Sale) { s.Country = "" }, checkout.RefusedCountryUnknown},
		{"ideal", func(_ *checkout.Shop, s *checkout.Sale) { s.Total = money.New(0, "EUR") }, checkout.RefusedFree},
		{"wechat_pay", func(_ *checkout.Shop, s *checkout.Sale) { s.Platform = "" }, checkout.RefusedPlatformUnknown},
		{"klarna", func(_ *checkout.Shop, s *checkout.Sale) { s.Total = money.New(999, "EUR") }, checkout.RefusedAmountBelow},
		{"klarna", func(_ *checkout.Shop, s *checkout.Sale) { s.Total = money.New(100_001, "EUR") }, checkout.RefusedAmountAbove},
		{"google_pay", func(_ *checkout.Shop, s *checkout.Sale) { s.Total, s.Platform = money.New(5000, "KWD"), "web" },
			checkout.RefusedCurrencyDisplay},
		{"google_pay", func(s *checkout.Shop, _ *checkout.Sale) { s.Methods = s.Methods[:1] }, checkout.RefusedNotEnabled}, // cards are off
	} {
		shop, sale := europeanShop(), checkout.Sale{Total: money.New(5000, "EUR"), Country: "NL", Platform: "web"}
		tc.spoil(&shop, &sale)
		verdicts := shop.JudgeMethods(sale)
		i := slices.IndexFunc(verdicts, func(v checkout.MethodVerdict) bool { return v.Method == tc.method })
		if i < 0 || verdicts[i].Why != tc.want {
			t.Errorf("%s: %v, want %s", tc.method, verdicts, tc.want)
		}
	}
}

// What a session offers and what is sent to the provider is what the matrix says, in the shop's order.
func TestOffersFollowTheMatrix(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *checkout.Config) { c.Shop = europeanShop() })
	cart := w.cart("mug", 1)
	view := w.open(cart)
	view = w.update(cart.Token, view.Session.ID, checkout.SessionChange{Context: checkout.ContextPatch{Platform: ptr("ios")}})
	if got := fmt.Sprint(view.Offers); got != "[{apple_pay [card]} {stripe [ideal card klarna paypal alipay]}]" {
		t.Errorf("offers are %s", got)
	}
	w.pay(cart.Token, view.Session.ID, "pm_card_authenticationRequired")
	if got := fmt.Sprint(w.session(view.Session.ID).Attempt.Methods); got != "[ideal card klarna paypal alipay]" {
		t.Errorf("sent methods are %s", got)
	}
}
