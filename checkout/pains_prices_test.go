package checkout_test

import (
	"sync"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/pricing"
	"kassa/payments"
	"kassa/payments/money"
)

// What shoppers and shops complain of about prices, each as a test.

// What is charged is what was shown, with discount, tax and shipping, in the currency's own units.
func TestTheAmountChargedIsTheTotalShown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		country, vat string
		codes        []string
		quantity     int
		total, taken int64 // in ISO's minor units, and in the provider's
	}{
		"shipping of the sheet is in the total":  {"NL", "", nil, 1, 1990, 1990},
		"a discount is in the charge":            {"NL", "", []string{"TEN"}, 1, 1495 - 150 + 495, 1840},
		"odd cents of a discount are not lost":   {"NL", "", []string{"TEN"}, 7, 10465 - 523 - 994 + 495, 9443}, // 5 % is 523.25, 10 % of 9942 is 994.2
		"tax that is taken off is not charged":   {"BE", "BE0123456749", nil, 1, 1936, 1936},
		"a currency without decimals is no cent": {"JP", "", nil, 2, 3190, 3190},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, priced, func(c *checkout.Config) {
				c.Shop.Countries["JP"] = pricing.Country{Code: "JP", Currency: "JPY", TaxIncluded: true, TaxRates: map[string]int64{"standard": 1000},
					Shipping: []pricing.ShippingMethod{{ID: "air", Title: map[string]string{"en": "Air"}, Prices: map[money.Currency]int64{"JPY": 1200}}}}
				for i := range c.Shop.Pricing.Discounts {
					c.Shop.Pricing.Discounts[i].Countries = []string{"NL", "BE"}
				}
			})
			w.stock(checkout.Product{SKU: "mug", Title: "Mug", Prices: map[money.Currency]int64{"EUR": 1495, "JPY": 995}})
			view, err := w.carts.Create(t.Context(), checkout.CreateCartInput{Request: w.request(""), Context: checkout.Context{Country: c.country},
				Lines: linesOf("mug", c.quantity), Codes: c.codes})
			w.ok(err)
			ch := everything(c.country)
			ch.Buyer.VATID = &c.vat
			open, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(view.Token), CartID: view.Cart.ID, Change: ch})
			w.ok(err)
			w.pay(view.Token, open.Session.ID, "pm_card_visa")
			s := w.wantPaidOnce(open.Session.ID)
			if s.Order.Amount.Minor != c.total || s.Quote.Total.Minor != c.total {
				t.Errorf("shown %v, ordered %v, want %d", open.Session.Quote.Total, s.Order.Amount, c.total)
			}
			if charges := w.provider.Ledger(); len(charges) != 1 || charges[0].Captured != c.taken {
				t.Errorf("the provider took %+v, want %d", charges, c.taken)
			}
		})
	}
}

// A discount that ends while the sheet is open raises no price silently, and one that begins lowers it.
func TestDiscountsThatComeAndGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, priced, func(c *checkout.Config) {
		at := time.Date(2026, 3, 2, 9, 40, 0, 0, time.UTC)
		c.Shop.Pricing.Discounts = []pricing.DiscountRule{
			{ID: "ends", Title: map[string]string{"en": "Ends"}, Code: "ENDS", BasisPoints: 1000, Until: at},
			{ID: "begins", Title: map[string]string{"en": "Begins"}, Code: "BEGINS", BasisPoints: 1000, From: at},
		}
	})
	ends, begins := w.with([]string{"ends"}, "mug", 1), w.with([]string{"begins"}, "mug", 1)
	first, second := w.open(ends), w.open(begins)
	w.clock.advance(41 * time.Minute)
	refused := w.pay(ends.Token, first.Session.ID, "pm_card_visa")
	wantMessage(t, refused.Messages, checkout.MsgPriceChanged, "$.totals")
	wantMessage(t, refused.Messages, checkout.MsgCodeExpired, "$.discounts.codes[0]")
	w.wantUnpaid(first.Session.ID)
	w.pay(begins.Token, second.Session.ID, "pm_card_visa")
	if s := w.wantPaidOnce(second.Session.ID); s.Order.Amount.Minor != 1840 {
		t.Errorf("the lower price is not charged: %v", s.Order.Amount)
	}
}

// A wallet that can't show a currency isn't offered, and paying with it all the same is refused with the reason.
func TestCurrencyThatAWalletCannotShow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, priced, func(c *checkout.Config) {
		c.Shop.Countries["KW"] = pricing.Country{Code: "KW", Currency: "KWD", TaxIncluded: true, TaxRates: map[string]int64{"standard": 0},
			Shipping: []pricing.ShippingMethod{{ID: "air", Title: map[string]string{"en": "Air"}, Prices: map[money.Currency]int64{"KWD": 2500}}}}
		c.Shop.Pricing.Discounts = nil
	})
	w.stock(checkout.Product{SKU: "mug", Title: "Mug", Prices: map[money.Currency]int64{"KWD": 4500}})
	cart, err := w.carts.Create(t.Context(), checkout.CreateCartInput{Request: w.request(""), Context: checkout.Context{Country: "KW"},
		Lines: linesOf("mug", 1)})
	w.ok(err)
	open, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID,
		Change: everything("KW")})
	w.ok(err)
	for _, o := range open.Offers {
		if o.Handler == checkout.HandlerGooglePay {
			t.Error("Google Pay is offered for three decimals")
		}
	}
	refused, err := w.sessions.Complete(t.Context(), checkout.CompleteInput{Request: w.request(cart.Token), SessionID: open.Session.ID,
		Instrument: &payments.Instrument{Handler: checkout.HandlerGooglePay, Kind: payments.InstrumentPaymentMethod, Token: "pm_card_visa"}})
	w.ok(err)
	wantMessage(t, refused.Messages, checkout.MsgHandlerUnknown, "$.payment.instruments[0].handler_id")
	w.wantUnpaid(open.Session.ID)
}

// Two want the last one with the last use of a code. Who loses has paid nothing, holds nothing and has used nothing.
func TestTheLastUnitWithTheLastUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, limitedShop)
	w.stock(checkout.Product{SKU: "mug", Title: "Enamel mug", Prices: map[money.Currency]int64{"EUR": 1495}})
	w.stock(checkout.Product{SKU: "mug", Title: "Enamel mug", Prices: map[money.Currency]int64{"EUR": 1495}, Stock: stockOf(1)})
	var tokens, ids [2]string
	for i, email := range []string{"ada@example.com", "bob@example.com"} {
		cart, open := w.coded(email, "ONCE")
		tokens[i], ids[i] = cart.Token, open.Session.ID
	}
	var group sync.WaitGroup
	for i := range ids {
		group.Go(func() { _, _ = w.complete(tokens[i], ids[i], "pm_card_visa") })
	}
	group.Wait()
	winner, loser := ids[0], ids[1]
	if w.session(winner).Order == nil {
		winner, loser = loser, winner
	}
	w.wantPaidOnce(winner)
	if s := w.wantUnpaid(loser); len(s.Redeemed) != 0 || w.uses("t:once") != 1 || w.free("mug") != 0 {
		t.Errorf("the loser has used %v; %d uses are counted, %d mugs are free", s.Redeemed, w.uses("t:once"), w.free("mug"))
	}
}

// Typed twice, a code is used once and gives once; taken out of a cart in time, it is used not at all.
func TestOneCodeOneDiscount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, limitedShop)
	cart, open := w.coded("ada@example.com", "each", " EACH ", "Each")
	if q := open.Session.Quote; len(q.Applied) != 1 || q.Total.Minor != withEach {
		t.Fatalf("typed three times it gives %+v", q.Applied)
	}
	w.update(cart.Token, open.Session.ID, checkout.SessionChange{Codes: []string{}})
	w.pay(cart.Token, open.Session.ID, "pm_card_visa")
	if s := w.wantPaidOnce(open.Session.ID); s.Order.Amount.Minor != plain || w.uses("t:each") != 0 {
		t.Errorf("taken back it is used %d times, for %v", w.uses("t:each"), s.Order.Amount)
	}
}
