package dynamostore_test

import (
	"context"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/dynamostore/dynamotest"
	"kassa/payments/money"
)

func (n *network) profile() checkout.Person {
	return checkout.Person{
		ID: "pc_" + n.id, Version: 1, Op: n.id + "op1", Cart: "ct_" + n.id, CreatedAt: noon, UpdatedAt: noon,
		ExpiresAt:    noon.Add(checkout.LifePerson),
		Agreed:       &checkout.Agreement{At: noon, Order: "or_1_0", Terms: "2026-01"},
		Destinations: []checkout.Destination{{ID: "da_1", Street: "Kade 9"}},
	}
}

// entry is an order in a person's history.
func (n *network) entry() checkout.OrderEntry {
	return checkout.OrderEntry{OrderID: "or_" + n.id + "_0", PlacedAt: noon, Total: money.New(1990, "EUR")}
}

// keeping is a claim by which the prepared cart becomes its customer's current one.
func (n *network) keeping() checkout.Claim {
	p := n.profile()
	return checkout.Claim{
		CartID: "ct_" + n.id, Version: 1, Access: checkout.Access{Epoch: 1, Customer: "anna"}, Customer: "anna", Mark: n.mark("claim"),
		Claimed: checkout.Claimed{Op: n.id + "claim"}, At: noon, ExpiresAt: noon.Add(time.Hour), Person: &p,
	}
}

// merging is one by which its lines go into another one.
func (n *network) merging() checkout.Claim {
	c := n.keeping()
	c.Person = nil
	c.Claimed.Into, c.Claimed.Changes = "ct_into"+n.id, []checkout.LineChange{{SKU: "mug", Merged: 2}}
	c.Into = &checkout.ClaimInto{CartID: "ct_into" + n.id, Version: 1, Lines: []checkout.LineItem{lineOf("plate", 1), lineOf("mug", 2)}}
	return c
}

// twoCarts stores what a merge needs.
func (n *network) twoCarts() {
	n.Helper()
	n.prepared()
	into := n.newCart()
	into.ID, into.Customer, into.Lines = "ct_into"+n.id, "anna", []checkout.LineItem{lineOf("plate", 1)}
	n.ok(n.calm.CreateCart(n.Context(), into))
}

func peopleWrites() []deed {
	claimed := func(n *network) {
		n.Helper()
		c := must(n.calm.Cart(n.Context(), "ct_"+n.id))(n)
		if c.Customer != "anna" || c.Epoch != 2 || c.Version != 2 || c.Claimed == nil || len(c.Marks) != 1 {
			n.Fatalf("the claimed cart is %+v", c)
		}
	}
	return []deed{
		{"PutPerson", "PutItem", 0, nothing,
			func(ctx context.Context, n *network) error { return n.store.PutPerson(ctx, n.profile()) },
			func(n *network) { n.same(must(n.calm.Person(n.Context(), "pc_"+n.id))(n), n.profile()) }},
		{"RemovePerson", "DeleteItem", 0, func(n *network) { n.ok(n.calm.PutPerson(n.Context(), n.profile())) },
			func(ctx context.Context, n *network) error { return n.store.RemovePerson(ctx, "pc_"+n.id) },
			func(n *network) {
				if _, err := n.calm.Person(n.Context(), "pc_"+n.id); checkout.ErrorCode(err) != checkout.CodeNotFound {
					n.Fatalf("still there: %v", err)
				}
			}},
		{"EraseCart", "DeleteItem", 0, (*network).prepared,
			func(ctx context.Context, n *network) error { return n.store.EraseCart(ctx, "ct_"+n.id, 1, "") },
			func(n *network) {
				if _, err := n.calm.Cart(n.Context(), "ct_"+n.id); checkout.ErrorCode(err) != checkout.CodeNotFound {
					n.Fatalf("still there: %v", err)
				}
			}},
		{"ForgetOrders", "DeleteItem", 0, func(n *network) { n.ok(n.calm.RememberOrder(n.Context(), "pe_"+n.id, n.entry())) },
			func(ctx context.Context, n *network) error {
				return n.store.ForgetOrders(ctx, "pe_"+n.id, []checkout.OrderEntry{n.entry()})
			},
			func(n *network) {
				if left, _, err := n.calm.OrdersOf(n.Context(), "pe_"+n.id, 1, ""); err != nil || len(left) > 0 {
					n.Fatalf("still there: %v, %v", left, err)
				}
			}},
		{"ClaimCart", "TransactWriteItems", 0, (*network).prepared,
			func(ctx context.Context, n *network) error { return n.store.ClaimCart(ctx, n.keeping()) },
			func(n *network) {
				claimed(n)
				n.same(must(n.calm.Person(n.Context(), "pc_"+n.id))(n), n.profile())
			}},
		{"ClaimCart, merging", "TransactWriteItems", 0, (*network).twoCarts,
			func(ctx context.Context, n *network) error { return n.store.ClaimCart(ctx, n.merging()) },
			func(n *network) {
				claimed(n)
				n.same(must(n.calm.Cart(n.Context(), "ct_into"+n.id))(n).Lines, n.merging().Into.Lines)
			}},
	}
}

// A claim whose answer was lost is recognised although both carts have gone on; one that was lost on its way is refused by what
// came between, and nothing of it is done.
func TestLostClaims(t *testing.T) {
	t.Parallel()
	names := fresh(t)
	edit := func(n *network, id, customer string) {
		n.Helper()
		line := lineOf("late", 1)
		must(n.calm.EditCart(n.Context(), checkout.CartEdit{
			CartID: id, Mark: n.mark("late"), At: noon, ExpiresAt: noon.Add(time.Hour), Access: checkout.Access{Epoch: 1, Customer: customer},
			Add: &line,
		}))(n)
	}
	for _, way := range []dynamotest.Way{dynamotest.Lost, dynamotest.DoneFailed, dynamotest.InProgress, dynamotest.Garbled} {
		t.Run(string(way), func(t *testing.T) {
			t.Parallel()
			n := behind(t, names)
			n.twoCarts()
			n.between("TransactWriteItems", way, func() { edit(n, "ct_into"+n.id, "anna") })
			n.ok(n.store.ClaimCart(t.Context(), n.merging()))
			n.same(must(n.calm.Cart(t.Context(), "ct_into"+n.id))(n).Lines,
				[]checkout.LineItem{lineOf("plate", 1), lineOf("mug", 2), lineOf("late", 1)})
		})
	}
	t.Run("on its way", func(t *testing.T) {
		t.Parallel()
		n := behind(t, names)
		n.twoCarts()
		n.between("TransactWriteItems", dynamotest.Unreachable, func() { edit(n, "ct_"+n.id, "") })
		if c := n.conflict(n.store.ClaimCart(t.Context(), n.merging())); c.Cart == nil || c.Cart.ID != "ct_"+n.id || len(c.Cart.Lines) != 2 {
			t.Fatalf("refused by %+v", c)
		}
		if into := must(n.calm.Cart(t.Context(), "ct_into"+n.id))(n); len(into.Lines) != 1 {
			t.Fatalf("half merged: %+v", into)
		}
	})
	t.Run("somebody else's is no success", func(t *testing.T) {
		t.Parallel()
		n := behind(t, names)
		n.twoCarts()
		n.ok(n.calm.ClaimCart(t.Context(), n.keeping()))
		n.hostile.Next("TransactWriteItems", dynamotest.Throttled)
		other := n.merging()
		other.Claimed.Op = "other"
		if c := n.conflict(n.store.ClaimCart(t.Context(), other)); c.Cart == nil || c.Cart.Customer != "anna" {
			t.Fatalf("refused by %+v", c)
		}
	})
}
