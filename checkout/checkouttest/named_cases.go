package checkouttest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kassa/checkout"
	"kassa/checkout/merchant"
)

// namedAs fails the case unless just these of its own things are soon found by a search, each once.
func (t *trial) namedAs(
	what string, search func(ctx context.Context, cursor string) ([]merchant.Named, string, error), want ...merchant.Named,
) {
	byID := func(a, b merchant.Named) int { return strings.Compare(a.ID, b.ID) }
	want = slices.SortedFunc(slices.Values(want), byID)
	t.eventually(func() error {
		var got []merchant.Named
		cursor := ""
		for range maxPages {
			page, next, err := search(t.ctx, cursor)
			if err != nil {
				return fmt.Errorf("search %s: %w", what, err)
			}
			for _, n := range page {
				if strings.Contains(n.ID, t.seed) {
					got = append(got, n)
				}
			}
			if cursor = next; cursor == "" {
				slices.SortFunc(got, byID)
				return t.differs(what, got, want)
			}
		}
		return fmt.Errorf("after %d pages there were still more", maxPages)
	})
}

func namedCases() []Case {
	return []Case{
		story("named/carts that say whose they are, whatever became of them", func(t *trial) {
			store := merchantStore[merchant.Searcher](t)
			if t.failed() {
				return
			}
			var want []merchant.Named
			for i, of := range []merchant.Named{{Customer: "ada"}, {Email: "Ada@Example.com "}, {Customer: "ada", Email: "ada@example.com"}, {}} {
				c := t.newCart(t.lines(1)...)
				c.Customer, c.Buyer.Email, c.Canceled = of.Customer, of.Email, i == 1
				if t.create(c); of != (merchant.Named{}) {
					want = append(want, merchant.Named{ID: c.ID, Customer: of.Customer, Email: of.Email})
				}
			}
			t.namedAs("carts", store.NamedCarts, want...)
			t.erase(want[0].ID, 1, "", nil)
			t.namedAs("carts", store.NamedCarts, want[1:]...)
		}),
		story("named/sessions but for orders whose facts are handed on", func(t *trial) {
			store := merchantStore[merchant.Searcher](t)
			if t.failed() {
				return
			}
			var want []merchant.Named
			put := func(status checkout.Status, email string, notices ...string) checkout.Session {
				s := t.newSession(t.cart())
				s.Status, s.Customer, s.Buyer.Email, s.Version, s.Op = status, "", email, 0, ""
				return t.commit(checkout.Commit{Session: t.noting(s, notices...)})
			}
			for _, status := range []checkout.Status{
				checkout.StatusIncomplete, checkout.StatusReady, checkout.StatusInProgress, checkout.StatusEscalated, checkout.StatusCanceled,
			} {
				put(status, "")
				want = append(want, merchant.Named{ID: put(status, "Ada@example.com").ID, Email: "Ada@example.com"})
			}
			put(checkout.StatusCompleted, "ada@example.com")
			told := put(checkout.StatusCompleted, "bo@example.com", "a")
			t.namedAs("sessions", store.NamedSessions, append(want, merchant.Named{ID: told.ID, Email: "bo@example.com"})...)
			t.drop(told, "a")
			t.namedAs("sessions", store.NamedSessions, want...)
		}),
	}
}
