package checkout_test

import (
	"testing"

	"kassa/checkout"
)

// Consumers of the EEA and of the United Kingdom have 14 days, see prices with tax, and press a button that says that it
// obliges to pay; what the shop settles for a country takes the place of that.
func TestLawByDefault(t *testing.T) {
	t.Parallel()
	shop := demoShop()
	for country, want := range map[string]checkout.Law{
		"NL": {14, true, true}, "BE": {14, true, true}, "NO": {14, true, true}, "IS": {14, true, true}, "LI": {14, true, true},
		"GB": {14, true, true}, "CH": {0, true, false}, "US": {}, "JP": {}, "": {},
	} {
		if got := shop.LawOf(country); got != want {
			t.Errorf("%q: %+v, want %+v", country, got, want)
		}
	}
	shop.Law = map[string]checkout.Law{"NL": {}, "US": {WithdrawalDays: 30}}
	if nl, us, be := shop.LawOf("NL"), shop.LawOf("US"), shop.LawOf("BE"); nl != (checkout.Law{}) || us.WithdrawalDays != 30 || be.WithdrawalDays != 14 {
		t.Errorf("settled law is not the law: %+v %+v %+v", nl, us, be)
	}
	shop.Countries["NL"] = net(shop.Countries["NL"])
	if err := shop.Validate(); err != nil {
		t.Errorf("a shop for businesses can't show net prices: %v", err)
	}
}

// The versions of terms and returns that were agreed to, and the days to withdraw, are the order's: later settings don't change it.
func TestOrderKeepsWhatWasAgreed(t *testing.T) {
	t.Parallel()
	bought := func(terms, returns string, days int) checkout.Order {
		w := newWorld(t, func(c *checkout.Config) {
			c.Shop.Terms, c.Shop.Returns = terms, returns
			nl := c.Shop.Countries["NL"]
			nl.ReturnDays = days
			c.Shop.Countries["NL"] = nl
		})
		cart := w.cart("mug", 1)
		return *w.pay(cart.Token, w.open(cart).Session.ID, "pm_card_visa").Session.Order
	}
	order := bought("terms-7", "returns-3", 14)
	if order.Terms != "terms-7" || order.Returns != "returns-3" || order.WithdrawalDays != 14 {
		t.Errorf("%+v", order)
	}
	if order := bought("terms-7", "", 30); order.Returns != "terms-7" || order.WithdrawalDays != 30 {
		t.Errorf("a shop with one document keeps version %q of its returns, and %d days, want those it gives", order.Returns, order.WithdrawalDays)
	}
}
