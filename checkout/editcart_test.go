package checkout_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"kassa/checkout"
	"kassa/payments/money"
)

func (w *world) lineEdit(cart checkout.CartView, line string, sku string, n int64) checkout.LineEditInput {
	return checkout.LineEditInput{Request: w.request(cart.Token), CartID: cart.Cart.ID, LineID: line, Line: checkout.LineInput{SKU: sku, Quantity: n}}
}

func quantities(c checkout.Cart) string {
	var parts []string
	for _, l := range c.Lines {
		parts = append(parts, fmt.Sprint(l.SKU, "×", l.Quantity))
	}
	return strings.Join(parts, " ")
}

func (w *world) wantLines(view checkout.CartView, want string) {
	w.Helper()
	if got := quantities(view.Cart); got != want {
		w.Errorf("cart holds %q, want %q", got, want)
	}
	stored, err := w.store.Cart(w.Context(), view.Cart.ID)
	w.ok(err)
	if stored.Version != view.Cart.Version {
		w.Errorf("answered version %d, stored %d", view.Cart.Version, stored.Version)
	}
}

func TestCartEdits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1, "beans", 2, "mug", 3) // one line per sku
	w.wantLines(cart, "mug×4 beans×2")
	view, err := w.carts.AddLine(t.Context(), w.lineEdit(cart, "", "beans", 5))
	w.ok(err)
	w.wantLines(view, "mug×4 beans×7")
	view, err = w.carts.AddLine(t.Context(), w.lineEdit(cart, "", "ebook", 1))
	w.ok(err)
	w.wantLines(view, "mug×4 beans×7 ebook×1")
	view, err = w.carts.SetLine(t.Context(), w.lineEdit(cart, checkout.LineID("mug"), "", 2))
	w.ok(err)
	w.wantLines(view, "mug×2 beans×7 ebook×1")
	view, err = w.carts.RemoveLine(t.Context(), w.lineEdit(cart, checkout.LineID("beans"), "", 0))
	w.ok(err)
	w.wantLines(view, "mug×2 ebook×1")
	view, err = w.carts.Replace(t.Context(), checkout.ReplaceCartInput{Request: w.request(cart.Token), CartID: cart.Cart.ID, Lines: linesOf("beans", 1),
		Context: checkout.Context{Country: "NO", Language: "fr-CA"}})
	w.ok(err)
	w.wantLines(view, "beans×1")
	if c := view.Cart; c.Context.Country != "NO" || c.Context.Language != "en" || c.Currency != "EUR" {
		t.Errorf("context %+v, currency %s", c.Context, c.Currency)
	}
	if view.Cart.Version != 6 {
		t.Errorf("version %d after five edits", view.Cart.Version)
	}
	view, err = w.carts.Replace(t.Context(), checkout.ReplaceCartInput{Request: w.request(cart.Token), CartID: cart.Cart.ID})
	w.ok(err)
	w.wantLines(view, "")
}

func TestCartEditsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("beans", 998)
	add := func(sku string, n int64) error {
		_, err := w.carts.AddLine(t.Context(), w.lineEdit(cart, "", sku, n))
		return err
	}
	set := func(line string, n int64) error {
		_, err := w.carts.SetLine(t.Context(), w.lineEdit(cart, line, "", n))
		return err
	}
	remove := func(line string) error {
		_, err := w.carts.RemoveLine(t.Context(), w.lineEdit(cart, line, "", 0))
		return err
	}
	create := func(lines ...any) error {
		_, err := w.carts.Create(t.Context(), checkout.CreateCartInput{Request: w.request(""), Lines: linesOf(lines...)})
		return err
	}
	for name, tc := range map[string]struct {
		err  error
		code checkout.Code
		path string
	}{
		"above 999":                  {add("beans", 2), checkout.CodeInvalid, "$.quantity"},
		"add none":                   {add("beans", 0), checkout.CodeInvalid, "$.quantity"},
		"add less than none":         {add("beans", -1), checkout.CodeInvalid, "$.quantity"},
		"add 1000":                   {add("mug", 1000), checkout.CodeInvalid, "$.quantity"},
		"add what is no sku":         {add("a b", 1), checkout.CodeInvalid, "$.item.id"},
		"add what nobody sells":      {add("ghost", 1), checkout.CodeNothingSellable, "$.line_items"},
		"add what is not sold now":   {add("retired", 1), checkout.CodeNothingSellable, "$.line_items"},
		"set none":                   {set("li_beans", 0), checkout.CodeInvalid, "$.quantity"},
		"set 1000":                   {set("li_beans", 1000), checkout.CodeInvalid, "$.quantity"},
		"set a line that isn't":      {set("li_mug", 1), checkout.CodeNotFound, ""},
		"set what is no line":        {set("beans", 1), checkout.CodeNotFound, ""},
		"remove a line that isn't":   {remove("li_mug"), checkout.CodeNotFound, ""},
		"remove what is no line":     {remove("../../x"), checkout.CodeNotFound, ""},
		"create with a bad quantity": {create("mug", 1, "beans", 0), checkout.CodeInvalid, "$.line_items[1].quantity"},
		"create with a bad sku":      {create("mug", 1, strings.Repeat("x", 65), 1), checkout.CodeInvalid, "$.line_items[1].item.id"},
		"create with sums above":     {create("mug", 600, "beans", 1, "mug", 400), checkout.CodeInvalid, "$.line_items[2].quantity"},
		"create with nothing sold":   {create("ghost", 1, "retired", 1), checkout.CodeNothingSellable, "$.line_items"},
	} {
		if e := wantCode(t, tc.err, tc.code); e.Path != tc.path {
			t.Errorf("%s: path %q, want %q", name, e.Path, tc.path)
		}
	}
	view, err := w.carts.Cart(t.Context(), checkout.Caller{Token: cart.Token}, cart.Cart.ID)
	w.ok(err)
	w.wantLines(view, "beans×998")
	e := wantCode(t, add("ghost", 1), checkout.CodeNothingSellable)
	wantMessage(t, e.Messages, checkout.MsgNotFound, "$.item.id")
	e = wantCode(t, create("ghost", 1, "retired", 1), checkout.CodeNothingSellable)
	wantMessage(t, e.Messages, checkout.MsgNotFound, "$.line_items[0]")
	wantMessage(t, e.Messages, checkout.MsgItemUnavailable, "$.line_items[1]")
}

func TestHowMuchACartHolds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	many := func(kept, loose int) []any {
		var lines []any
		var products []checkout.Product
		for i := range kept + loose {
			p := checkout.Product{SKU: fmt.Sprintf("p%03d", i), Title: "Thing", Digital: true, Prices: map[money.Currency]int64{"EUR": 100}}
			if i < kept {
				p.Stock = stockOf(5)
			}
			products, lines = append(products, p), append(lines, p.SKU, 1)
		}
		w.stock(products...)
		return lines
	}
	create := func(lines []any) (checkout.CartView, error) {
		return w.carts.Create(t.Context(), checkout.CreateCartInput{Request: w.request(""), Context: checkout.Context{Country: "NL"},
			Lines: linesOf(lines...)})
	}
	_, err := create(many(0, 101))
	if e := wantCode(t, err, checkout.CodeInvalid); e.Path != "$.line_items[100]" {
		t.Errorf("path %s", e.Path)
	}
	full, err := create(many(90, 10))
	w.ok(err)
	_, err = w.carts.AddLine(t.Context(), w.lineEdit(full, "", "mug", 1))
	if e := wantCode(t, err, checkout.CodeInvalid); e.Path != "$.line_items" {
		t.Errorf("path %s", e.Path)
	}
	view := w.open(full)
	w.pay(full.Token, view.Session.ID, "pm_card_visa")
	w.wantPaidOnce(view.Session.ID)
	_, err = create(many(91, 0))
	wantCode(t, err, checkout.CodeInvalid)
	small := w.cart("beans", 1)
	_, err = w.carts.Replace(t.Context(), checkout.ReplaceCartInput{Request: w.request(small.Token), CartID: small.Cart.ID,
		Lines: linesOf(many(91, 0)...)})
	wantCode(t, err, checkout.CodeInvalid)
}

func TestCartVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	in := w.lineEdit(cart, "", "mug", 1)
	in.IfVersion = 1
	_, err := w.carts.AddLine(t.Context(), in)
	w.ok(err)
	in.Request = w.request(cart.Token)
	in.IfVersion = 1
	_, err = w.carts.AddLine(t.Context(), in)
	wantCode(t, err, checkout.CodeVersionConflict)
	in.Request = w.request(cart.Token)
	in.IfVersion = 2
	view, err := w.carts.AddLine(t.Context(), in)
	w.ok(err)
	w.wantLines(view, "mug×3")
}

func TestCanceledCart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	id := w.open(cart).Session.ID
	for range 3 { // other keys, same end
		view, err := w.carts.Cancel(t.Context(), checkout.CancelCartInput{Request: w.request(cart.Token), CartID: cart.Cart.ID})
		w.ok(err)
		if !view.Cart.Canceled {
			t.Error("not canceled")
		}
	}
	_, err := w.carts.AddLine(t.Context(), w.lineEdit(cart, "", "beans", 1))
	wantCode(t, err, checkout.CodeCartCanceled)
	_, err = w.complete(cart.Token, id, "pm_card_visa")
	wantCode(t, err, checkout.CodeCartCanceled)
	_, err = w.sessions.Update(t.Context(), checkout.UpdateSessionInput{Request: w.request(cart.Token), SessionID: id, Change: everything("NO")})
	wantCode(t, err, checkout.CodeCartCanceled)
	_, err = w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID})
	wantCode(t, err, checkout.CodeCartCanceled)
	_, err = w.sessions.Cancel(t.Context(), checkout.CancelSessionInput{Request: w.request(cart.Token), SessionID: id})
	w.ok(err)
	w.wantUnpaid(id)
}

func TestBuyerSurvivesAReplacement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := checkout.CreateCartInput{Request: w.request(""), Lines: linesOf("mug", 1), Buyer: &checkout.Buyer{Email: "anna@example.com"}}
	cart, err := w.carts.Create(t.Context(), in)
	w.ok(err)
	replace := func(b *checkout.Buyer) checkout.Buyer {
		view, err := w.carts.Replace(t.Context(), checkout.ReplaceCartInput{Request: w.request(cart.Token), CartID: cart.Cart.ID,
			Lines: linesOf("beans", 1), Buyer: b})
		w.ok(err)
		return view.Cart.Buyer
	}
	if b := replace(nil); b.Email != "anna@example.com" {
		t.Errorf("buyer %+v", b)
	}
	if b := replace(&checkout.Buyer{Phone: "+31612345678"}); b != (checkout.Buyer{Phone: "+31612345678"}) {
		t.Errorf("buyer %+v", b)
	}
}

// Concurrent edits of a cart neither lose nor undo each other.
func TestEditsAtOnceAllCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("beans", 1)
	w.overlap(40, func() {
		_, err := w.carts.AddLine(t.Context(), w.lineEdit(cart, "", "beans", 1))
		w.ok(err)
	})
	view, err := w.carts.Cart(t.Context(), checkout.Caller{Token: cart.Token}, cart.Cart.ID)
	w.ok(err)
	w.wantLines(view, "beans×41")
}

// An acknowledged edit is either in the order, or was made after nothing was paid: none is acknowledged while the cart is
// locked.
func TestEditsWhileItIsPaid(t *testing.T) {
	t.Parallel()
	for range 20 {
		w := newWorld(t)
		cart, id := w.opened()
		var mu sync.Mutex
		acknowledged := int64(0)
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				_, err := w.carts.AddLine(t.Context(), w.lineEdit(cart, "", "mug", 1))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					acknowledged++
				} else if checkout.ErrorCode(err) != checkout.CodeCartLocked {
					t.Errorf("edit: %v", err)
				}
			})
			group.Go(func() { _, _ = w.complete(cart.Token, id, "pm_card_visa") })
		}
		group.Wait()
		stored, err := w.store.Cart(t.Context(), cart.Cart.ID)
		w.ok(err)
		if l, _ := stored.Line("li_mug"); l.Quantity != 1+acknowledged {
			t.Fatalf("%d edits were acknowledged, the cart holds %d", acknowledged, l.Quantity)
		}
		if s := w.session(id); s.Status == checkout.StatusCompleted && s.Quote.Lines[0].Quantity != 1+acknowledged {
			t.Fatalf("%d edits were acknowledged, the order holds %d", acknowledged, s.Quote.Lines[0].Quantity)
		}
		w.wantConserved("mug", 10, id)
	}
}
