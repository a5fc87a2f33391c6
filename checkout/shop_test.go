package checkout_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/pricing"
	"kassa/payments"
	"kassa/payments/money"
)

func rules(r ...checkout.MethodRule) []checkout.MethodRule { return r }

func TestShopSettings(t *testing.T) {
	t.Parallel()
	if err := demoShop().Validate(); err != nil {
		t.Fatal(err)
	}
	for field, spoil := range map[string]func(*checkout.Shop){
		"name":              func(s *checkout.Shop) { s.Name = " " },
		"base_url":          func(s *checkout.Shop) { s.BaseURL = "http://shop.example" },
		"(base_url)":        func(s *checkout.Shop) { s.BaseURL = "shop.example" },
		"base_url)":         func(s *checkout.Shop) { s.BaseURL = "https://" },
		"return_url":        func(s *checkout.Shop) { s.ReturnURL = "/return" },
		"(country)":         func(s *checkout.Shop) { s.Country = "nl" },
		"default_country":   func(s *checkout.Shop) { s.DefaultCountry = "JP" },
		"(languages)":       func(s *checkout.Shop) { s.Languages = nil },
		"languages":         func(s *checkout.Shop) { s.Languages = []string{"en", "tlh"} },
		"countries.NO.code": func(s *checkout.Shop) { s.Countries["NO"] = s.Countries["NL"] },
		"countries.no.code": func(s *checkout.Shop) { s.Countries["no"] = pricing.Country{Code: "no"} },
		"tax_rates":         func(s *checkout.Shop) { s.Countries["BE"] = pricing.Country{Code: "BE", Currency: "EUR"} },
		"links[1].url": func(s *checkout.Shop) {
			s.Links = []checkout.Link{{URL: "https://a.example"}, {URL: "http://b.example"}}
		},
		"law.JP":                        func(s *checkout.Shop) { s.Law = map[string]checkout.Law{"JP": {}} },
		"law.NL.withdrawal_days":        func(s *checkout.Shop) { s.Law = map[string]checkout.Law{"NL": {WithdrawalDays: 380}} },
		"(law.NL.withdrawal_days)":      func(s *checkout.Shop) { s.Law = map[string]checkout.Law{"NL": {WithdrawalDays: -1}} },
		"countries.NL.tax_included":     func(s *checkout.Shop) { s.Countries["NL"] = net(s.Countries["NL"]) },
		"countries.NL.return_days":      func(s *checkout.Shop) { s.Countries["NL"] = returned(s.Countries["NL"], 13) },
		"apps.apple[0]":                 func(s *checkout.Shop) { s.Apps.Apple = []string{"example.shop"} },
		"apps.android[0].package":       func(s *checkout.Shop) { s.Apps.Android = []checkout.AndroidApp{{Package: "shop"}} },
		"apps.android[0].fingerprints)": func(s *checkout.Shop) { s.Apps.Android = []checkout.AndroidApp{{Package: "example.shop"}} },
		"apps.android[0].fingerprints[0]": func(s *checkout.Shop) {
			s.Apps.Android = []checkout.AndroidApp{{Package: "a.b", Fingerprints: []string{"ab:cd"}}}
		},
		"terms":                     func(s *checkout.Shop) { s.Terms = "" },
		"wallets.publishable_key":   func(s *checkout.Shop) { s.Wallets.PublishableKey = "" },
		"must be the publishable":   func(s *checkout.Shop) { s.Wallets.PublishableKey = "sk_test_1" },
		"durations.hold":            func(s *checkout.Shop) { s.Durations.Hold = -1 },
		"(durations.quote)":         func(s *checkout.Shop) { s.Durations.Quote = 30 }, // nanoseconds
		"(durations.lease)":         func(s *checkout.Shop) { s.Durations.Lease = time.Second },
		"durations.lease":           func(s *checkout.Shop) { s.Durations.Lease = 16 * time.Minute },
		"(durations.action)":        func(s *checkout.Shop) { s.Durations.Session, s.Durations.Action = 15*time.Minute, 20*time.Minute },
		"(durations.hold)":          func(s *checkout.Shop) { s.Durations.Hold = 7 * time.Hour },
		"nl is listed already":      func(s *checkout.Shop) { s.Languages = []string{"nl", "en", "nl"} },
		"links[0].type":             func(s *checkout.Shop) { s.Links = []checkout.Link{{URL: "https://a.example"}} },
		"wallets.networks":          func(s *checkout.Shop) { s.Wallets.Networks = nil },
		"open with":                 func(s *checkout.Shop) { s.Wallets.Networks = []string{"girocard"} }, // Apple's sheet knows it, Google's doesn't
		"wallets.networks[1]":       func(s *checkout.Shop) { s.Wallets.Networks = []string{"visa", "Mastercard"} },
		"visa is listed already":    func(s *checkout.Shop) { s.Wallets.Networks = []string{"visa", "mastercard", "visa"} },
		"google_merchant_id":        func(s *checkout.Shop) { s.Wallets.GoogleMerchantID = "" },
		"wallets.apple_merchant_id": func(s *checkout.Shop) { s.Methods = rules(checkout.MethodRule{Type: "ideal"}) },
		"wallets.google_pay": func(s *checkout.Shop) {
			s.Wallets.AppleMerchantID, s.Methods = "", rules(checkout.MethodRule{Type: "ideal"})
		},
		"(pricing.discounts[0].products[1])": func(s *checkout.Shop) {
			s.Pricing.Discounts = []pricing.DiscountRule{{ID: "a", Title: map[string]string{"": "A"}, BasisPoints: 100,
				Products: []string{"mug", "blue mug"}}}
		},
		"methods[0].type": func(s *checkout.Shop) { s.Methods = rules(checkout.MethodRule{Type: "cash"}) },
		"methods[1].type": func(s *checkout.Shop) {
			s.Methods = rules(checkout.MethodRule{Type: "card"}, checkout.MethodRule{Type: "card"})
		},
		"sofort can't be offered":                      func(s *checkout.Shop) { s.Methods = rules(checkout.MethodRule{Type: "sofort"}) },
		"not for merchant accounts of US":              func(s *checkout.Shop) { s.Country, s.Methods = "US", rules(checkout.MethodRule{Type: "ideal"}) },
		"none of the shop's currencies: EUR, NOK, USD": func(s *checkout.Shop) { s.Methods = rules(checkout.MethodRule{Type: "swish"}) },
		"the shop sells to none of them: BE":           func(s *checkout.Shop) { s.Methods = rules(checkout.MethodRule{Type: "bancontact"}) },
		"methods[0].countries[0]": func(s *checkout.Shop) {
			s.Methods = rules(checkout.MethodRule{Type: "card", Countries: []string{"nl"}})
		},
		"methods[0].countries[1]": func(s *checkout.Shop) {
			s.Methods = rules(checkout.MethodRule{Type: "card", Countries: []string{"NL", "SE"}})
		},
		"the shop sells nothing in SEK": func(s *checkout.Shop) {
			s.Methods = rules(checkout.MethodRule{Type: "card", Minimum: map[money.Currency]int64{"SEK": 100}})
		},
		"methods[0].platforms[0]": func(s *checkout.Shop) {
			s.Methods = rules(checkout.MethodRule{Type: "card", Platforms: []payments.Platform{"desktop"}})
		},
		"wechat_pay can't be opened on ios": func(s *checkout.Shop) {
			s.Methods = rules(checkout.MethodRule{Type: "wechat_pay", Platforms: []payments.Platform{"ios"}})
		},
		"methods[0].minimum.SEK": func(s *checkout.Shop) {
			s.Methods = rules(checkout.MethodRule{Type: "ideal", Minimum: map[money.Currency]int64{"SEK": 1}})
		},
		"methods[0].minimum.EUR": func(s *checkout.Shop) {
			s.Methods = rules(checkout.MethodRule{Type: "ideal", Minimum: map[money.Currency]int64{"EUR": -1}})
		},
		"methods[0].maximum.EUR": func(s *checkout.Shop) {
			s.Methods = rules(checkout.MethodRule{Type: "ideal", Minimum: map[money.Currency]int64{"EUR": 9},
				Maximum: map[money.Currency]int64{"EUR": 8}})
		},
		"methods[0].capture":   func(s *checkout.Shop) { s.Methods = rules(checkout.MethodRule{Type: "ideal", Capture: "manual"}) },
		"(methods[0].capture)": func(s *checkout.Shop) { s.Methods = rules(checkout.MethodRule{Type: "card", Capture: "later"}) },
	} {
		shop := demoShop()
		spoil(&shop)
		err := shop.Validate()
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	bad := demoShop()
	bad.Name, bad.Terms, bad.Country = "", "", ""
	for _, field := range []string{"(name)", "(terms)", "(country)"} {
		if err := bad.Validate(); !strings.Contains(err.Error(), field) {
			t.Errorf("%s is not among %v", field, err)
		}
	}
}

func net(c pricing.Country) pricing.Country {
	c.TaxIncluded = false
	return c
}

func returned(c pricing.Country, days int) pricing.Country {
	c.ReturnDays = days
	return c
}

func TestWhatServicesNeed(t *testing.T) {
	t.Parallel()
	makers := map[string]func(checkout.Config) error{
		"carts":      func(c checkout.Config) error { return errOf(checkout.NewCarts(c)) },
		"sessions":   func(c checkout.Config) error { return errOf(checkout.NewSessions(c)) },
		"observer":   func(c checkout.Config) error { return errOf(checkout.NewObserver(c)) },
		"reconciler": func(c checkout.Config) error { return errOf(checkout.NewReconciler(c)) },
		"sweeper":    func(c checkout.Config) error { return errOf(checkout.NewSweeper(c)) },
	}
	for missing, tc := range map[string]struct {
		without func(*checkout.Config)
		needs   string
	}{
		"carts":    {func(c *checkout.Config) { c.Carts = nil }, "carts sessions"},
		"sessions": {func(c *checkout.Config) { c.Sessions = nil }, "sessions observer reconciler sweeper"},
		"catalog":  {func(c *checkout.Config) { c.Catalog = nil }, "carts sessions"},
		"inbox":    {func(c *checkout.Config) { c.Inbox = nil }, "observer reconciler"},
		"gateway":  {func(c *checkout.Config) { c.Gateway = nil }, "sessions reconciler"},
		"tokens":   {func(c *checkout.Config) { c.Tokens = checkout.Tokens{} }, "carts sessions"},
		"clock":    {func(c *checkout.Config) { c.Now = nil }, "carts sessions observer reconciler sweeper"},
		"ids":      {func(c *checkout.Config) { c.NewID = nil }, "carts sessions observer reconciler sweeper"},
	} {
		for service, make := range makers {
			config := newWorld(t).config
			tc.without(&config)
			err := make(config)
			if needed := strings.Contains(tc.needs, service); needed != (checkout.ErrorCode(err) == checkout.CodeInvalid && err != nil) {
				t.Errorf("%s without %s: %v", service, missing, err)
			}
		}
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	m, shown := money.New(123456, "EUR"), map[string]string{}
	for _, l := range checkout.Languages {
		if other := shown[m.Display(l)]; other != "" {
			t.Errorf("amounts in %s are written as in %s: %s", l, other, m.Display(l))
		}
		shown[m.Display(l)] = l
	}
	shop := demoShop()
	shop.Languages = []string{"nl", "nb", "en"}
	for wanted, want := range map[string]string{
		"": "nl", "en": "en", "en-GB": "en", "EN-us": "en", "no": "nb", "nn-NO": "nb", "nb": "nb", "fr": "nl", "de-CH": "nl", "x": "nl", "-": "nl",
	} {
		if got := shop.Language(wanted); got != want {
			t.Errorf("%q reads %s, want %s", wanted, got, want)
		}
	}
	if got := shop.Language("fr", "no", "en"); got != "nb" {
		t.Errorf("the first that is spoken is nb, not %s", got)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk full")
	err := &checkout.Error{Code: checkout.CodeInvalid, Message: "no", Path: "$.x", Err: cause}
	if err.Error() != "invalid: no ($.x): disk full" || !errors.Is(err, cause) {
		t.Errorf("error reads %q", err)
	}
	if checkout.ErrorCode(cause) != checkout.CodeInternal || checkout.ErrorCode(nil) != checkout.CodeInternal {
		t.Error("an error without a code is internal")
	}
	for text, c := range map[string]*checkout.Conflict{
		"conflict with session cs_a_0 at version 3": {Session: &checkout.Session{ID: "cs_a_0", Version: 3}},
		"conflict with cart ct_a at version 2":      {Cart: &checkout.Cart{ID: "ct_a", Version: 2}},
		"stock is short of [mug]":                   {Short: []string{"mug"}},
		"conflict: nothing there":                   {},
	} {
		if c.Error() != text {
			t.Errorf("conflict reads %q", c)
		}
	}
}

func TestProductWithoutEnough(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		stock        *int64
		wanted, want int64
	}{{nil, 5, 5}, {stockOf(5), 5, 5}, {stockOf(4), 5, 4}, {stockOf(0), 5, 0}, {stockOf(-3), 5, 0}} {
		if got := (checkout.Product{Stock: tc.stock}).Available(tc.wanted); got != tc.want {
			t.Errorf("%d, want %d", got, tc.want)
		}
	}
}
