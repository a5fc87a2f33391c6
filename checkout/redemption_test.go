package checkout_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/checkout/pricing"
	"kassa/payments/money"
)

// limitedShop has codes that can be used once in all, once by each person, by first orders only, and one that takes all off.
func limitedShop(c *checkout.Config) {
	c.Shop = demoShop()
	title := func(text string) map[string]string { return map[string]string{"en": text} }
	c.Shop.Pricing.Discounts = []pricing.DiscountRule{
		{ID: "once", Title: title("Once"), Code: "ONCE", BasisPoints: 2000, Limit: 1},
		{ID: "each", Title: title("Each"), Code: "EACH", BasisPoints: 1000, PerPerson: 1, Limit: 100},
		{ID: "first", Title: title("Welcome"), Code: "WELCOME", BasisPoints: 1500, FirstOrder: true},
		{ID: "all", Title: title("All of it"), Code: "ALL", BasisPoints: 10000, Limit: 1},
		{ID: "shipping", Title: title("Free shipping"), Code: "SHIP", FreeShipping: true},
	}
	c.Redemptions, _ = c.Sessions.(checkout.Redemptions)
}

// coded opens a session of a mug with codes, for a person.
func (w *world) coded(email string, codes ...string) (checkout.CartView, checkout.SessionView) {
	w.Helper()
	cart := w.with(codes, "mug", 1)
	ch := everything("NL")
	ch.Buyer.Email = &email
	view, err := w.sessions.Create(w.Context(), checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID, Change: ch})
	w.ok(err)
	return cart, view
}

func (w *world) uses(key string) int64 {
	w.Helper()
	found, err := w.store.Redeemed(w.Context(), []string{key})
	w.ok(err)
	return found[key]
}

const (
	plain    = 1495 + 495
	withOnce = 1495 - 299 + 495 // 20 % of 14.95 is 2.99
	withEach = 1495 - 150 + 495 // 10 % is 1.495
)

// A single-use code is used once, however many pay at the same moment. The others are told, and pay nothing.
func TestSingleUseCodeUnder200ParallelSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, limitedShop)
	w.stock(checkout.Product{SKU: "mug", Title: "Enamel mug", Prices: map[money.Currency]int64{"EUR": 1495}})
	const rivals = 200
	carts, sessions := make([]checkout.CartView, rivals), make([]checkout.SessionView, rivals)
	for i := range rivals {
		carts[i], sessions[i] = w.coded(fmt.Sprintf("p%d@example.com", i), "ONCE")
		if sessions[i].Session.Quote.Total.Minor != withOnce {
			t.Fatalf("session %d is quoted at %v", i, sessions[i].Session.Quote.Total)
		}
	}
	views, errs := make([]checkout.SessionView, rivals), make([]error, rivals)
	var group sync.WaitGroup
	for i := range rivals {
		group.Go(func() { views[i], errs[i] = w.complete(carts[i].Token, sessions[i].Session.ID, "pm_card_visa") })
	}
	group.Wait()
	won := 0
	for i, view := range views {
		w.ok(errs[i])
		if view.Session.Status == checkout.StatusCompleted {
			won++
			continue
		}
		m := wantMessage(t, view.Messages, checkout.MsgCodeInvalid, "$.discounts.codes[0]")
		if m.Args["reason"] != string(pricing.ReasonUsedUp) || view.Session.Quote.Total.Minor != plain {
			t.Fatalf("the one who is late is told %+v, and a total of %v", m, view.Session.Quote.Total)
		}
		wantMessage(t, view.Messages, checkout.MsgPriceChanged, "$.totals")
	}
	if won != 1 || w.uses("t:once") != 1 || len(w.provider.Ledger()) != 1 {
		t.Errorf("%d orders have it, %d uses are counted, the provider has %d charges", won, w.uses("t:once"), len(w.provider.Ledger()))
	}
}

// A code that was used up between quote and payment refuses the payment; the next one, at the new total, goes through.
func TestCodeUsedUpBetweenQuoteAndPay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, limitedShop)
	first, mine := w.coded("ada@example.com", "ONCE")
	second, late := w.coded("bob@example.com", "ONCE")
	w.pay(first.Token, mine.Session.ID, "pm_card_visa")
	refused := w.pay(second.Token, late.Session.ID, "pm_card_visa")
	if refused.Session.Status != checkout.StatusReady || refused.Session.Quote.Total.Minor != plain {
		t.Fatalf("the second is %s at %v", refused.Session.Status, refused.Session.Quote.Total)
	}
	wantMessage(t, refused.Messages, checkout.MsgCodeInvalid, "$.discounts.codes[0]")
	if m := wantMessage(t, refused.Messages, checkout.MsgPriceChanged, "$.totals"); m.Args["old"] != fmt.Sprint(withOnce) || m.Args["new"] != fmt.Sprint(plain) {
		t.Errorf("the new price is told as %+v", m)
	}
	w.wantUnpaid(late.Session.ID)
	w.pay(second.Token, late.Session.ID, "pm_card_visa")
	if s := w.wantPaidOnce(late.Session.ID); s.Order.Amount.Minor != plain || len(s.Redeemed) != 0 {
		t.Errorf("the second paid %v and used %v", s.Order.Amount, s.Redeemed)
	}
	third, told := w.coded("eve@example.com", "once")
	if m := wantMessage(t, told.Messages, checkout.MsgCodeInvalid, "$.discounts.codes[0]"); m.Args["reason"] != string(pricing.ReasonUsedUp) {
		t.Errorf("who comes later is told %+v", m)
	}
	w.pay(third.Token, told.Session.ID, "pm_card_visa")
	w.wantPaidOnce(told.Session.ID)
}

// What a payment has used comes back with the stock when it is declined, canceled or expires, and stays with an order.
func TestUsesComeBackWithTheStock(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		card string
		ends func(w *world, cart checkout.CartView, id string)
	}{
		"declined": {"pm_card_chargeDeclined", func(*world, checkout.CartView, string) {}},
		"canceled": {"pm_card_authenticationRequired", func(w *world, cart checkout.CartView, id string) {
			_, err := w.sessions.Cancel(w.Context(), checkout.CancelSessionInput{Request: w.request(cart.Token), SessionID: id})
			w.ok(err)
		}},
		"turned back": {"pm_card_authenticationRequired", func(w *world, cart checkout.CartView, id string) {
			w.update(cart.Token, id, checkout.SessionChange{Codes: []string{}})
		}},
		"left at the bank": {"pm_card_authenticationRequired", func(w *world, _ checkout.CartView, _ string) { w.later(21 * time.Minute) }},
		"expired":          {"pm_card_chargeDeclined", func(w *world, _ checkout.CartView, _ string) { w.later(7 * time.Hour) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, limitedShop)
			cart, open := w.coded("ada@example.com", "ONCE", "EACH")
			held := w.pay(cart.Token, open.Session.ID, c.card).Session
			person := "p:" + checkout.PersonOfEmail("ada@example.com") + ":each"
			if held.Attempt != nil && (w.uses("t:once") != 1 || w.uses("t:each") != 1 || w.uses(person) != 1 || w.free("mug") != 9) {
				t.Errorf("while it is paid %v are used, %d and %d counted", held.Redeemed, w.uses("t:once"), w.uses(person))
			}
			c.ends(w, cart, open.Session.ID)
			if w.uses("t:once") != 0 || w.uses("t:each") != 0 || w.uses(person) != 0 || w.free("mug") != 10 {
				t.Errorf("afterwards %d, %d and %d uses are counted, %d mugs free", w.uses("t:once"), w.uses("t:each"), w.uses(person), w.free("mug"))
			}
			if s := w.session(open.Session.ID); len(s.Redeemed) != 0 {
				t.Errorf("the session still has %v", s.Redeemed)
			}
			again, session := w.coded("ada@example.com", "ONCE", "EACH")
			w.pay(again.Token, session.Session.ID, "pm_card_visa")
			if s := w.wantPaidOnce(session.Session.ID); w.uses("t:once") != 1 || len(s.Redeemed) != 3 {
				t.Errorf("the order has used %v", s.Redeemed)
			}
		})
	}
}

// Once for each person, by their address however it is written, also at the same moment.
func TestOncePerPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, limitedShop)
	one, first := w.coded("ada@example.com", "EACH")
	two, second := w.coded(" Ada@Example.com", "EACH")
	var group sync.WaitGroup
	for token, id := range map[string]string{one.Token: first.Session.ID, two.Token: second.Session.ID} {
		group.Go(func() { _, _ = w.complete(token, id, "pm_card_visa") })
	}
	group.Wait()
	a, b := w.session(first.Session.ID), w.session(second.Session.ID)
	if (a.Order == nil) == (b.Order == nil) {
		t.Fatalf("one person has it twice, or not at all: %s and %s", a.Status, b.Status)
	}
	for _, somebody := range []string{"bob@example.com", "ada+2@example.com"} {
		other, third := w.coded(somebody, "EACH")
		w.pay(other.Token, third.Session.ID, "pm_card_visa")
		if s := w.wantPaidOnce(third.Session.ID); s.Order.Amount.Minor != withEach {
			t.Errorf("%s paid %v", somebody, s.Order.Amount)
		}
	}
}

// orders is a history that a test writes.
type orders struct {
	checkout.OrderHistory
	of  []string
	err error
}

func (o *orders) OrdersOf(_ context.Context, person string, _ int, _ string) ([]checkout.OrderEntry, string, error) {
	if slices.Contains(o.of, person) {
		return []checkout.OrderEntry{{OrderID: "or_1"}}, "", o.err
	}
	return nil, "", o.err
}

// A discount for first orders is for who has none in the history, and for one of several orders at the same moment.
func TestFirstOrders(t *testing.T) {
	t.Parallel()
	history := &orders{of: []string{checkout.PersonOfEmail("old@example.com")}}
	w := newWorld(t, limitedShop, func(c *checkout.Config) { c.History = history })
	if cart := w.with([]string{"welcome"}, "mug", 1); cart.Quote.Discount.Minor != 224 || !cart.Quote.Applied[0].Provisional {
		t.Errorf("of a stranger the cart says %+v", cart.Quote.Applied)
	}
	_, known := w.coded("OLD@example.com", "welcome")
	m := wantMessage(t, known.Messages, checkout.MsgCodeIneligible, "$.discounts.codes[0]")
	if m.Args["reason"] != string(pricing.ReasonNotFirstOrder) || known.Session.Quote.Total.Minor != plain {
		t.Errorf("who has ordered before is told %+v", m)
	}
	one, first := w.coded("ada@example.com", "welcome")
	two, second := w.coded("ada@example.com", "welcome")
	if first.Session.Quote.Applied[0].Provisional {
		t.Error("the discount of who has given an address is provisional")
	}
	w.pay(one.Token, first.Session.ID, "pm_card_visa")
	refused := w.pay(two.Token, second.Session.ID, "pm_card_visa")
	wantMessage(t, refused.Messages, checkout.MsgCodeIneligible, "$.discounts.codes[0]")
	w.wantUnpaid(second.Session.ID)
	history.err = errors.New("down")
	_, err := w.carts.Create(w.Context(), checkout.CreateCartInput{Request: w.request(""), Context: checkout.Context{Country: "NL"},
		Lines: linesOf("mug", 1), Codes: []string{"welcome"}, Buyer: &checkout.Buyer{Email: "new@example.com"}})
	if !errors.Is(err, history.err) {
		t.Errorf("a history that can't be read is taken for none: %v", err)
	}
}

// A wallet's contact may tell only with the payment that it is no first order: the total that was shown is not exceeded.
func TestFirstOrderByAWalletsContact(t *testing.T) {
	t.Parallel()
	w := newWorld(t, limitedShop, func(c *checkout.Config) { c.History = &orders{of: []string{checkout.PersonOfEmail("old@example.com")}} })
	cart := w.with([]string{"welcome"}, "mug", 1)
	open, err := w.sessions.Create(w.Context(), checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID,
		Change: checkout.SessionChange{Destination: address("NL")}})
	w.ok(err)
	refused, err := w.sessions.Complete(w.Context(), checkout.CompleteInput{Request: w.request(cart.Token), SessionID: open.Session.ID,
		Instrument: method("pm_card_visa"), Change: checkout.SessionChange{Buyer: checkout.BuyerPatch{Email: ptr("old@example.com")}}})
	w.ok(err)
	wantMessage(t, refused.Messages, checkout.MsgPriceChanged, "$.totals")
	wantMessage(t, refused.Messages, checkout.MsgCodeIneligible, "$.discounts.codes[0]")
	w.wantUnpaid(open.Session.ID)
}

// A discount that takes all off places the order without asking the provider, and its use is counted all the same.
func TestZeroTotalByADiscount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, limitedShop)
	cart, open := w.coded("ada@example.com", "ALL", "SHIP")
	if q := open.Session.Quote; !q.Total.IsZero() || len(q.Applied) != 2 || len(open.Offers) != 0 {
		t.Fatalf("the session costs %v, %+v", q.Total, q.Applied)
	}
	done, err := w.sessions.Complete(w.Context(), checkout.CompleteInput{Request: w.request(cart.Token), SessionID: open.Session.ID})
	w.ok(err)
	if done.Session.Order == nil || done.Session.Order.IntentID != "" || w.uses("t:all") != 1 || len(w.provider.Ledger()) != 0 {
		t.Errorf("the order is %+v, %d uses", done.Session.Order, w.uses("t:all"))
	}
	_, late := w.coded("bob@example.com", "ALL", "SHIP")
	wantMessage(t, late.Messages, checkout.MsgCodeInvalid, "$.discounts.codes[0]")
	if late.Session.Quote.Total.Minor != 1495 {
		t.Errorf("the next pays %v", late.Session.Quote.Total)
	}
}

// The commit that counts may be refused, lost or late: uses are counted once, and come back if nothing was paid.
func TestRedemptionsOnABadNetwork(t *testing.T) {
	t.Parallel()
	for _, way := range []checkouttest.Way{checkouttest.Refused, checkouttest.Lost, checkouttest.Late, checkouttest.Twice, checkouttest.Contended} {
		t.Run(string(way), func(t *testing.T) {
			t.Parallel()
			var h *checkouttest.Hostile
			w := newWorld(t, limitedShop, func(c *checkout.Config) {
				h = checkouttest.NewHostile(checkouttest.Stores{Carts: c.Carts, Sessions: c.Sessions, Catalog: c.Catalog, Redemptions: c.Redemptions},
					c.Gateway)
				c.Carts, c.Sessions, c.Catalog, c.Redemptions, c.Gateway = h.Carts, h.Sessions, h.Catalog, h.Redemptions, h.Gateway
			})
			cart, open := w.coded("ada@example.com", "ONCE")
			h.Next("Commit", way)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err := w.sessions.Complete(ctx, checkout.CompleteInput{Request: w.request(cart.Token), SessionID: open.Session.ID,
				Instrument: method("pm_card_visa")})
			w.later(2 * time.Minute)
			w.later(2 * time.Minute)
			s := w.session(open.Session.ID)
			kept, taken := w.charged(open.Session.ID)
			if paid := s.Order != nil; paid != (w.uses("t:once") == 1) || paid != (taken == 1 && kept == withOnce) {
				t.Errorf("%v: the session is %s, %d uses are counted, %d was taken", err, s.Status, w.uses("t:once"), kept)
			}
		})
	}
	w := newWorld(t, limitedShop, func(c *checkout.Config) {
		h := checkouttest.NewHostile(checkouttest.Stores{Redemptions: c.Redemptions}, nil)
		h.Next("Redeemed", checkouttest.Refused)
		c.Redemptions = h.Redemptions
	})
	_, err := w.carts.Create(t.Context(), checkout.CreateCartInput{Request: w.request(""), Context: checkout.Context{Country: "NL"},
		Lines: linesOf("mug", 1), Codes: []string{"ONCE"}})
	if !errors.Is(err, checkouttest.ErrScripted) {
		t.Errorf("counts that can't be read are taken for none: %v", err)
	}
}
