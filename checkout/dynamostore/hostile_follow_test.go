package dynamostore_test

import (
	"context"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

// claim is what a sweep writes of the prepared cart.
func (n *network) claim() checkout.CartFollow {
	f := n.newCart().Following(n.id + "sweep")
	f.Abandonment.Reason, f.Abandonment.LeftAt = string(recovery.ReasonLeft), noon
	f.Abandonment.FollowUps = []checkout.FollowUp{{ID: "fu_1", Stage: "push", State: string(recovery.StateClaimed), ClaimedAt: noon, At: noon}}
	f.Due = noon.AddDate(0, 0, 1)
	f.Notices = map[string]checkout.Notice{"f1": {Kind: checkout.NoticeFollowUpDue, At: noon, Ref: "push"}}
	return f
}

// claimed stores the prepared cart, and its claim.
func (n *network) claimed() {
	n.Helper()
	n.prepared()
	must(n.calm.FollowCart(n.Context(), n.claim()))(n)
}

func (n *network) followed() checkout.Cart {
	c, f := n.newCart(), n.claim()
	c.Abandonment, c.Due, c.Notices = &f.Abandonment, f.Due, f.Notices
	return c
}

func (n *network) contact() recovery.Contact {
	return recovery.Contact{
		ID: "kc_ct_" + n.id, Version: 1, Op: n.id + "op", OrderedAt: noon,
		Devices: []recovery.Device{{ID: "d", Token: "t", Platform: "ios", Permitted: true, UpdatedAt: noon}},
	}
}

// known stores the prepared cart, and its contact.
func (n *network) known() {
	n.Helper()
	n.prepared()
	n.ok(n.calm.PutContact(n.Context(), n.contact()))
}

func (n *network) contacts() map[string]recovery.Contact {
	n.Helper()
	return must(n.calm.Contacts(n.Context(), []string{n.contact().ID}))(n)
}

func (n *network) sending() recovery.Sending {
	return recovery.Sending{ID: "sm_" + n.id, Version: 1, Op: n.id + "op", SessionID: "cs_1", Reason: "receipt", State: recovery.StateSending,
		At: noon}
}

func followWrites() []deed {
	return []deed{
		{"FollowCart", "UpdateItem", 0, (*network).prepared,
			func(ctx context.Context, n *network) error {
				got, err := n.store.FollowCart(ctx, n.claim())
				return n.equal(err, got, n.followed())
			},
			func(n *network) { n.same(must(n.calm.Cart(n.Context(), "ct_"+n.id))(n), n.followed()) }},
		{"RemoveCartNotices", "UpdateItem", 0, (*network).claimed,
			func(ctx context.Context, n *network) error {
				return n.store.RemoveCartNotices(ctx, "ct_"+n.id, []string{"f1"})
			},
			func(n *network) {
				want := n.followed()
				want.Notices = nil
				n.same(must(n.calm.Cart(n.Context(), "ct_"+n.id))(n), want)
			}},
		{"PutContact", "PutItem", 0, nothing,
			func(ctx context.Context, n *network) error { return n.store.PutContact(ctx, n.contact()) },
			func(n *network) { n.same(n.contacts(), map[string]recovery.Contact{n.contact().ID: n.contact()}) }},
		{"ForgetContact", "DeleteItem", 0, (*network).known,
			func(ctx context.Context, n *network) error { return n.store.ForgetContact(ctx, n.contact().ID) },
			func(n *network) { n.same(n.contacts(), map[string]recovery.Contact{}) }},
		{"PutSending", "PutItem", 0, nothing,
			func(ctx context.Context, n *network) error { return n.store.PutSending(ctx, n.sending()) },
			func(n *network) { n.same(must(n.calm.Sending(n.Context(), n.sending().ID))(n), n.sending()) }},
	}
}

func followReads() []deed {
	return []deed{
		{"CartsOf", "BatchGetItem", 0, (*network).prepared, func(ctx context.Context, n *network) error {
			got, err := n.store.CartsOf(ctx, []string{"ct_" + n.id, "ct_no"})
			return n.equal(err, got, map[string]checkout.Cart{"ct_" + n.id: n.newCart()})
		}, nothing},
		{"SessionsOf", "BatchGetItem", 0, (*network).prepared, func(ctx context.Context, n *network) error {
			got, err := n.store.SessionsOf(ctx, []string{n.newSession().ID, "cs_no"})
			return n.equal(err, got, map[string]checkout.Session{n.newSession().ID: n.newSession()})
		}, nothing},
		{"Contacts", "BatchGetItem", 0, (*network).known, func(ctx context.Context, n *network) error {
			got, err := n.store.Contacts(ctx, []string{n.contact().ID, "kc_no"})
			return n.equal(err, got, map[string]recovery.Contact{n.contact().ID: n.contact()})
		}, nothing},
		{"Sending", "GetItem", 0, func(n *network) { n.ok(n.calm.PutSending(n.Context(), n.sending())) }, func(ctx context.Context, n *network) error {
			got, err := n.store.Sending(ctx, n.sending().ID)
			return n.equal(err, got, n.sending())
		}, nothing},
	}
}
