package checkout_test

import (
	"strings"
	"testing"

	"kassa/checkout"
)

// everywhere calls every method that names a thing of somebody's.
func everywhere(w *world, caller checkout.Caller, cart, session, order string) map[string]error {
	r := func() checkout.Request {
		key := w.key()
		return checkout.Request{Caller: caller, Key: key, Fingerprint: "f-" + key}
	}
	edit := func() checkout.LineEditInput {
		return checkout.LineEditInput{Request: r(), CartID: cart, LineID: "li_mug", Line: checkout.LineInput{SKU: "mug", Quantity: 1}}
	}
	ctx := w.Context()
	return map[string]error{
		"cart":        errOf(w.carts.Cart(ctx, caller, cart)),
		"replace":     errOf(w.carts.Replace(ctx, checkout.ReplaceCartInput{Request: r(), CartID: cart, Lines: linesOf("mug", 1)})),
		"add":         errOf(w.carts.AddLine(ctx, edit())),
		"set":         errOf(w.carts.SetLine(ctx, edit())),
		"remove":      errOf(w.carts.RemoveLine(ctx, edit())),
		"cancel cart": errOf(w.carts.Cancel(ctx, checkout.CancelCartInput{Request: r(), CartID: cart})),
		"create":      errOf(w.sessions.Create(ctx, checkout.CreateSessionInput{Request: r(), CartID: cart})),
		"create, pay": errOf(w.sessions.Create(ctx,
			checkout.CreateSessionInput{Request: r(), CartID: cart, Instrument: method("pm_card_visa"), ExpectedTotal: ptr(int64(1990))})),
		"session": errOf(w.sessions.Session(ctx, caller, session)),
		"update":  errOf(w.sessions.Update(ctx, checkout.UpdateSessionInput{Request: r(), SessionID: session, Change: everything("NO")})),
		"complete": errOf(w.sessions.Complete(ctx,
			checkout.CompleteInput{Request: r(), SessionID: session, Instrument: method("pm_card_visa")})),
		"cancel session": errOf(w.sessions.Cancel(ctx, checkout.CancelSessionInput{Request: r(), SessionID: session})),
		"order":          errOf(w.sessions.Order(ctx, caller, order)),
	}
}

func TestNobodyElseGetsIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	paid, paidID := w.opened()
	order := w.pay(paid.Token, paidID, "pm_card_visa").Session.Order.ID
	other := w.cart("mug", 1)
	strangers := map[string]checkout.Caller{
		"nobody": {}, "another cart's token": {Token: other.Token}, "a customer": {Customer: "mallory"}, "the bare id": {Token: cart.Cart.ID},
		"another epoch": {Token: w.config.Tokens.Token(cart.Cart.ID, 2)}, "epoch zero": {Token: w.config.Tokens.Token(cart.Cart.ID, 0)},
		"no mac": {Token: "kat_1_"}, "no epoch": {Token: strings.Replace(cart.Token, "kat_1_", "kat__", 1)},
		"padded epoch": {Token: strings.Replace(cart.Token, "kat_1_", "kat_01_", 1)}, "padded": {Token: cart.Token + "="},
		"longer":  {Token: cart.Token + "AAAA"},
		"shorter": {Token: cart.Token[:len(cart.Token)-4]}, "other prefix": {Token: strings.TrimPrefix(cart.Token, "kat_")},
		"spaces": {Token: cart.Token + " "},
	}
	before, session := w.session(id), w.session(paidID)
	stored, err := w.store.Cart(t.Context(), cart.Cart.ID)
	w.ok(err)
	for who, caller := range strangers {
		for what, err := range everywhere(w, caller, cart.Cart.ID, id, order) {
			if checkout.ErrorCode(err) != checkout.CodeNotFound {
				t.Errorf("%s at %s: %v", who, what, err)
			}
			if err != nil && strings.Contains(err.Error(), "anna") {
				t.Errorf("%s learns %v", who, err)
			}
		}
	}
	after, err := w.store.Cart(t.Context(), cart.Cart.ID)
	w.ok(err)
	if w.session(id).Version != before.Version || w.session(paidID).Version != session.Version || after.Version != stored.Version {
		t.Error("a stranger changed something")
	}
	if _, err := w.carts.Cart(t.Context(), checkout.Caller{Token: cart.Token}, cart.Cart.ID); err != nil {
		t.Error(err)
	}
}

// The same answer for what is another's as for what does not exist.
func TestUnknownThings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for what, err := range everywhere(w, checkout.Caller{Token: "kat_1_x", Customer: "anna"}, "ct_nothing", "cs_nothing_0", "or_nothing_0") {
		wantCode(t, err, checkout.CodeNotFound)
		_ = what
	}
	open, id := w.opened()
	_, err := w.sessions.Order(t.Context(), checkout.Caller{Token: open.Token}, checkout.OrderID(id))
	wantCode(t, err, checkout.CodeNotFound) // not yet an order
}

func TestEveryBitOfATokenCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	for i := range len(cart.Token) {
		for bit := range 8 {
			forged := []byte(cart.Token)
			forged[i] ^= 1 << bit
			if a := w.config.Tokens.Access(checkout.Caller{Token: string(forged)}, cart.Cart.ID); a.Allows("", cart.Cart.Epoch) {
				t.Errorf("token with bit %d of byte %d flipped is taken", bit, i)
			}
		}
	}
}

func TestCustomersThings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna := checkout.Caller{Customer: "anna"}
	r := checkout.Request{Caller: anna, Key: "short"}
	cart, err := w.carts.Create(t.Context(), checkout.CreateCartInput{Request: r, Context: checkout.Context{Country: "NL"}, Lines: linesOf("mug", 1)})
	w.ok(err)
	r.Key = "short2"
	view, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: r, CartID: cart.Cart.ID, Change: everything("NL")})
	w.ok(err)
	r.Key = "short3"
	paid, err := w.sessions.Complete(t.Context(), checkout.CompleteInput{Request: r, SessionID: view.Session.ID, Instrument: method("pm_card_visa")})
	w.ok(err)
	for who, caller := range map[string]checkout.Caller{"mallory": {Customer: "mallory"}, "the token": {Token: cart.Token}, "both": {Customer: "mallory", Token: cart.Token}} {
		for what, err := range everywhere(w, caller, cart.Cart.ID, view.Session.ID, paid.Session.Order.ID) {
			if checkout.ErrorCode(err) != checkout.CodeNotFound {
				t.Errorf("%s at %s: %v", who, what, err)
			}
		}
	}
	order, err := w.sessions.Order(t.Context(), anna, paid.Session.Order.ID)
	w.ok(err)
	if order.Session.ID != view.Session.ID {
		t.Errorf("order of session %s", order.Session.ID)
	}
}

func TestSecretsRotate(t *testing.T) {
	t.Parallel()
	one, two := []byte(strings.Repeat("1", 32)), []byte(strings.Repeat("2", 32))
	tokens := func(secrets ...[]byte) checkout.Tokens { return must(checkout.NewTokens(secrets...))(t) }
	old, both, after := tokens(one), tokens(two, one), tokens(two)
	reads := func(with checkout.Tokens, token string) bool {
		return with.Access(checkout.Caller{Token: token}, "ct_a").Allows("", 1)
	}
	if !reads(both, old.Token("ct_a", 1)) || !reads(after, both.Token("ct_a", 1)) || reads(after, old.Token("ct_a", 1)) || reads(old, both.Token("ct_a", 1)) {
		t.Error("the first secret signs, all verify")
	}
	if reads(both, both.Token("ct_b", 1)) || reads(both, both.Token("ct_a", 2)) {
		t.Error("a token of another cart or epoch is taken")
	}
	for _, bad := range [][][]byte{nil, {one[:31]}, {one, one[:31]}} {
		_, err := checkout.NewTokens(bad...)
		wantCode(t, err, checkout.CodeInvalid)
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	cart := newWorld(t).cart("mug", 1).Cart.ID
	session := checkout.SessionID(cart, 3)
	if len(cart) != 29 || checkout.CartOfSession(session) != cart || checkout.SessionOfOrder(checkout.OrderID(session)) != session {
		t.Errorf("%s, %s", cart, session)
	}
	for _, bad := range []string{"", "cs_", "cs__1", "cs_x", "cs_x_", "cs_x_-1", "cs_x_1x", "ct_x_1", "cs_x_99999999999"} {
		if got := checkout.CartOfSession(bad); got != "" {
			t.Errorf("%q is taken for a session of %q", bad, got)
		}
	}
	for _, bad := range []string{"", "or_", "or_x", "cs_x_1", "or__1"} {
		if got := checkout.SessionOfOrder(bad); got != "" {
			t.Errorf("%q is taken for an order of %q", bad, got)
		}
	}
	if checkout.SKUOfLine(checkout.LineID("a.b-c_9")) != "a.b-c_9" || checkout.SKUOfLine("li_") != "" || checkout.SKUOfLine("li_a b") != "" || checkout.SKUOfLine("xx_a") != "" {
		t.Error("lines and skus")
	}
}
