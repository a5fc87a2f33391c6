package checkout_test

import (
	"testing"
	"time"

	"kassa/checkout"
	"kassa/payments/sandbox"
)

// attack opens a session of a cart and tries a card; a session that can't be paid any more is given up for the next.
func (w *world) attack(caller checkout.Caller, cart string) error {
	r := func() checkout.Request {
		key := w.key()
		return checkout.Request{Caller: caller, Key: key, Fingerprint: "f-" + key}
	}
	view, err := w.sessions.Create(w.Context(), checkout.CreateSessionInput{
		Request: r(), CartID: cart, Change: everything("NL"), Instrument: method("pm_card_chargeDeclined"), ExpectedTotal: ptr(int64(99_999)),
	})
	if err != nil {
		return err
	}
	_, err = w.sessions.Cancel(w.Context(), checkout.CancelSessionInput{Request: r(), SessionID: view.Session.ID})
	return err
}

// The script of somebody who tests stolen cards: 500 attempts on 50 carts, each session canceled so that the next begins anew. No
// cart gets more than five to the provider within ten minutes, nor more than ten within a day.
func TestCardTestingOfGuests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	carts := make([]checkout.CartView, 50)
	for i := range carts {
		carts[i] = w.cart("ebook", 1)
	}
	round := func() map[string]int {
		calls := map[string]int{}
		for range 10 {
			for _, c := range carts {
				before := len(w.charges())
				err := w.attack(checkout.Caller{Token: c.Token}, c.Cart.ID)
				if err != nil && checkout.ErrorCode(err) != checkout.CodeRateLimited {
					t.Fatal(err)
				}
				calls[c.Cart.ID] += len(w.charges()) - before
			}
		}
		return calls
	}
	for pass, want := range []int{5, 5, 0} {
		for id, n := range round() {
			if n != want {
				t.Fatalf("in pass %d, %s had %d attempts at the provider, want %d", pass, id, n, want)
			}
		}
		w.clock.advance(10*time.Minute + time.Second)
	}
	w.clock.advance(24 * time.Hour)
	if w.ok(w.attack(checkout.Caller{Token: carts[0].Token}, carts[0].Cart.ID)); len(w.charges()) != 501 {
		t.Errorf("a day later: %d attempts in all", len(w.charges()))
	}
}

// charges are the provider's, declined ones included.
func (w *world) charges() []sandbox.Charge { return w.provider.Ledger() }

// A customer is counted over all of their carts.
func TestCardTestingOfACustomer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tries := 0
	for i := range 12 {
		cart := w.own("mallory", "ebook", 1)
		err := w.attack(asCustomer("mallory"), cart.Cart.ID)
		if limited := checkout.ErrorCode(err) == checkout.CodeRateLimited; err != nil && !limited || limited != (i >= 5) {
			t.Fatalf("try %d: %v", i, err)
		} else if !limited {
			tries++
		}
		w.clock.advance(time.Second)
	}
	if tries != 5 || len(w.charges()) != 5 {
		t.Errorf("%d tries, %d at the provider", tries, len(w.charges()))
	}
	other := w.own("anna", "ebook", 1)
	w.ok(w.attack(asCustomer("anna"), other.Cart.ID)) // who has nothing to do with it
	w.clock.advance(10 * time.Minute)
	w.ok(w.attack(asCustomer("mallory"), w.own("mallory", "ebook", 1).Cart.ID))
}

// What a guest has caused goes along into the customer's hands.
func TestDeclinesGoAlongWithTheCart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("ebook", 1)
	for range 5 {
		w.ok(w.attack(checkout.Caller{Token: cart.Token}, cart.Cart.ID))
		w.clock.advance(time.Second)
	}
	w.claim("mallory", cart)
	e := wantCode(t, w.attack(asCustomer("mallory"), cart.Cart.ID), checkout.CodeRateLimited)
	if e.RetryAfter <= 0 || e.RetryAfter > 10*time.Minute {
		t.Errorf("come back after %v", e.RetryAfter)
	}
	if n := len(w.stored(cart.Cart.ID).Declines); n != 5 {
		t.Errorf("the cart remembers %d declines", n)
	}
}

// A shopper whose card fails a few times is not kept from paying.
func TestAFewDeclinesStopNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("ebook", 1)
	for range 4 {
		w.ok(w.attack(checkout.Caller{Token: cart.Token}, cart.Cart.ID))
	}
	view := w.open(cart)
	w.pay(cart.Token, view.Session.ID, "pm_card_visa")
	w.wantPaidOnce(view.Session.ID)
}
