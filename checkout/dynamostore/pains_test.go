package dynamostore_test

import (
	"testing"

	"kassa/checkout"
)

// What shops complain of as slow carts: a second for one item and eight for nine, ten to fifteen to add one. Here a tap is one
// trip to the store however full the cart is, opening a checkout two, and neither writes more than the size of what it changes.
func TestCartsDoNotSlowDownAsTheyFill(t *testing.T) {
	t.Parallel()
	for _, lines := range []int{1, 9, 65, 99} {
		m := newMetered(t, lines)
		cart := m.create()
		extra := checkout.LineInput{SKU: m.skus()[lines], Quantity: 1}
		tap := func() checkout.LineEditInput {
			return checkout.LineEditInput{Request: m.request(cart.Token), CartID: cart.Cart.ID, Line: extra, LineID: checkout.LineID(extra.SKU)}
		}
		for name, step := range map[string]struct {
			trips int
			do    func() error
		}{
			"read": {1, func() error {
				_, err := m.carts.Cart(t.Context(), checkout.Caller{Token: cart.Token}, cart.Cart.ID)
				return err
			}},
			"add": {1, func() error { _, err := m.carts.AddLine(t.Context(), tap()); return err }},
		} {
			if cost := m.step(step.do); cost.Trips() != step.trips {
				t.Errorf("%s with %d lines takes %d trips, want %d", name, lines, cost.Trips(), step.trips)
			}
		}
		if cost := m.step(func() error { _, err := m.carts.RemoveLine(t.Context(), tap()); return err }); cost.Trips() != 1 {
			t.Errorf("removing one of %d lines takes %d trips", lines+1, cost.Trips())
		}
		open := checkout.CreateSessionInput{Request: m.request(cart.Token), CartID: cart.Cart.ID}
		if cost := m.step(func() error { _, err := m.sessions.Create(t.Context(), open); return err }); cost.Trips() > 2 {
			t.Errorf("opening the checkout of %d lines takes %d trips", lines, cost.Trips())
		}
	}
}
