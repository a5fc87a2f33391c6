// Package checkouttest judges and tries what the domain's stores promise: a conformance suite that every store passes, and
// wrappers that make any store or gateway fail the way networks do, by script. With them come a shop to sell in, products,
// a clock and ids, all deterministic.
package checkouttest

import (
	"context"
	"slices"
	"testing"

	"kassa/checkout"
	"kassa/checkout/statistics"
)

// Stores are the stores of one deployment. A commit of Sessions reaches Carts and Catalog, a claim of People reaches Carts.
type Stores struct {
	Carts    checkout.CartStore
	Sessions checkout.SessionStore
	Catalog  checkout.Catalog
	Inbox    checkout.Inbox
	People   checkout.PersonStore
	// Redemptions are counted by commits of Sessions.
	Redemptions checkout.Redemptions

	Statistics statistics.Store
}

// Case is one promise of the stores. Run says how it was broken.
//
// Cases touch only items whose ids follow from their name, so that all run at once on the same stores; those must be empty
// of an earlier run's. They tolerate what checkout's contracts allow: an index or product that is a moment late, items of
// others in an index, pages that are not full, empty slices and maps that come back nil or the reverse. Times have whole
// milliseconds and come back as the same instant, in whatever location.
type Case struct {
	Name string
	Run  func(ctx context.Context, s Stores) error
}

// Cases returns the conformance suite.
func Cases() []Case {
	return slices.Concat(
		cartCases(), editRefusals(), editCases(), lineCases(), markCases(),
		sessionCases(), commitRefusals(), commitCases(), opCases(), stockCases(), redemptionCases(),
		dueCases(), watchCases(), catalogCases(), searchCases(), addStockCases(), inboxCases(),
		personCases(), claimCases(), claimRefusals(), claimRaces(), copyCases(), canceledCases(), cartRaces(), commitRaces(), stockRaces(),
	)
}

// Conformance runs the suite, in parallel, on one set of stores.
func Conformance(t *testing.T, open func(t *testing.T) Stores) {
	t.Helper()
	stores := open(t)
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if err := c.Run(t.Context(), stores); err != nil {
				t.Error(err)
			}
		})
	}
}
