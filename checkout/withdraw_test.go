package checkout_test

import (
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
)

func (w *world) withdraw(token, id string, in checkout.WithdrawInput) (checkout.SessionView, error) {
	in.Request, in.OrderID = w.request(token), id
	return w.orders.Withdraw(w.Context(), in)
}

func TestWithdraw(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.ordered("pm_card_visa", "mug", 2, "beans", 1)
	mug := checkout.LineID("mug")
	in := checkout.WithdrawInput{Request: w.request(cart.Token), OrderID: id, Lines: []checkout.LineQuantity{{LineID: mug, Quantity: 1}}}
	for i := range 2 {
		view, err := w.orders.Withdraw(t.Context(), in)
		w.ok(err)
		o := view.Session.Order
		if len(o.Withdrawals) != 1 || view.Replayed != (i == 1) || !o.Withdrawals[0].RefundBy.Equal(w.clock.Now().AddDate(0, 0, 14)) {
			t.Fatalf("withdrawals %+v", o.Withdrawals)
		}
		wantNotice(t, view.Session, checkout.NoticeOrderWithdrawn, o.Withdrawals[0].ID)
	}
	_, err := w.withdraw(cart.Token, id, checkout.WithdrawInput{Lines: []checkout.LineQuantity{{LineID: mug, Quantity: 2}}})
	if e := wantCode(t, err, checkout.CodeInvalid); e.Path != "$.line_items[0].quantity" {
		t.Errorf("path %q", e.Path)
	}
	view, err := w.withdraw(cart.Token, id, checkout.WithdrawInput{})
	w.ok(err)
	if rest := view.Session.Order.Withdrawals[1].Lines; len(rest) != 2 || rest[0].Quantity != 1 {
		t.Errorf("the rest is %+v", rest)
	}
	_, err = w.withdraw(cart.Token, id, checkout.WithdrawInput{})
	wantCode(t, err, checkout.CodeNotWithdrawable)
	s := w.refund(checkout.RefundInput{OrderID: id, Withdrawal: view.Session.Order.Withdrawals[0].ID,
		Lines: []checkout.RefundLineInput{{LineID: mug, Quantity: 1}}})
	if r := s.Order.Refunds[0]; r.Cause != checkout.CauseWithdrawn || r.Of != s.Order.Withdrawals[0].ID {
		t.Errorf("refund %+v", r)
	}
}

// Whoever may see the order may withdraw from it, and nobody else; the merchant may note down what came by letter.
func TestWhoMayWithdraw(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.ordered("pm_card_visa", "mug", 1)
	other := w.cart("mug", 1)
	for name, token := range map[string]string{"nobody": "", "another guest": other.Token, "a customer": signedIn + "ada", "a forger": cart.Token + "x"} {
		if _, err := w.withdraw(token, id, checkout.WithdrawInput{}); checkout.ErrorCode(err) != checkout.CodeNotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	in := checkout.WithdrawInput{Request: w.request(cart.Token), OrderID: id}
	_, err := w.orders.Withdraw(t.Context(), in)
	w.ok(err)
	in.Caller = checkout.Caller{Token: other.Token} // who guesses the key sees nothing either
	_, err = w.orders.Withdraw(t.Context(), in)
	wantCode(t, err, checkout.CodeNotFound)
	owned := w.cartOf("ada", "mug", 1)
	bought := w.pay(owned.Token, w.open(owned).Session.ID, "pm_card_visa").Session.Order.ID
	_, err = w.withdraw(owned.Token, bought, checkout.WithdrawInput{Lines: []checkout.LineQuantity{{LineID: checkout.LineID("mug"), Quantity: 1}}})
	w.ok(err)
	_, letter := w.ordered("pm_card_visa", "mug", 1)
	_, err = w.withdraw("", letter, checkout.WithdrawInput{Merchant: true})
	w.ok(err)
}

// The period begins with the goods, and ends 14 days later with the last hour of the day anywhere.
func TestWithdrawalPeriod(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.ordered("pm_card_visa", "mug", 1)
	w.clock.advance(60 * 24 * time.Hour) // not shipped yet: not begun
	if until, some := w.orders.WithdrawUntil(w.order(id)); !some || !until.IsZero() {
		t.Errorf("until %v", until)
	}
	w.fulfil(checkout.FulfilInput{OrderID: id})
	until, _ := w.orders.WithdrawUntil(w.order(id))
	if want := time.Date(2026, 5, 16, 12, 0, 0, 0, time.UTC); !until.Equal(want) { // shipped on 1 May
		t.Fatalf("until %v, want %v", until, want)
	}
	w.clock.advance(until.Sub(w.clock.Now()))
	if _, err := w.withdraw(cart.Token, id, checkout.WithdrawInput{}); err != nil {
		t.Fatal(err)
	}
	late, lateID := w.ordered("pm_card_visa", "mug", 1)
	w.fulfil(checkout.FulfilInput{OrderID: lateID})
	until, _ = w.orders.WithdrawUntil(w.order(lateID))
	w.clock.advance(until.Sub(w.clock.Now()) + time.Second)
	_, err := w.withdraw(late.Token, lateID, checkout.WithdrawInput{})
	wantCode(t, err, checkout.CodeNotWithdrawable)
	_, err = w.withdraw("", lateID, checkout.WithdrawInput{Merchant: true}) // who lets it be all the same
	w.ok(err)
}

// What is shipped at once is with the shopper on the last day that was promised, for all that anybody knows.
func TestWithdrawalPeriodBeginsWithWhatWasPromised(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, id := w.ordered("pm_card_visa", "mug", 1)
	w.fulfil(checkout.FulfilInput{OrderID: id})
	until, _ := w.orders.WithdrawUntil(w.order(id))
	if want := time.Date(2026, 3, 19, 12, 0, 0, 0, time.UTC); !until.Equal(want) { // ordered on 2 March, promised for 4 March
		t.Errorf("until %v, want %v", until, want)
	}
}

// Whether something is digital the catalogue knows; while it doesn't answer, nothing is decided.
func TestWithdrawWithoutTheCatalogue(t *testing.T) {
	t.Parallel()
	var h *checkouttest.Hostile
	w := newWorld(t, func(c *checkout.Config) {
		h = checkouttest.NewHostile(checkouttest.Stores{Catalog: c.Catalog}, nil)
		c.Catalog = h.Catalog
	})
	cart, id := w.ordered("pm_card_visa", "ebook", 1)
	w.fulfil(checkout.FulfilInput{OrderID: id})
	h.Next("Products", checkouttest.Refused)
	if _, err := w.withdraw(cart.Token, id, checkout.WithdrawInput{}); err == nil || checkout.ErrorCode(err) == checkout.CodeNotWithdrawable {
		t.Errorf("withdrawn from a book that was read, perhaps: %v", err)
	}
	if o := w.order(id).Order; len(o.Withdrawals) != 0 {
		t.Errorf("withdrawals %+v", o.Withdrawals)
	}
}

func TestNoWithdrawal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("beans", 1)
	view, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID,
		Change: everything("NL")})
	w.ok(err)
	id := w.pay(cart.Token, view.Session.ID, "pm_card_visa").Session.Order.ID
	_, err = w.orders.Cancel(t.Context(), checkout.CancelOrderInput{Request: w.merchant(), OrderID: id})
	w.ok(err)
	_, err = w.withdraw(cart.Token, id, checkout.WithdrawInput{})
	wantCode(t, err, checkout.CodeNotWithdrawable) // it is canceled
	// What is digital can't be given back once it was handed over; before, it can.
	book, bookID := w.ordered("pm_card_visa", "ebook", 2)
	if _, err := w.withdraw(book.Token, bookID, checkout.WithdrawInput{Lines: []checkout.LineQuantity{{LineID: checkout.LineID("ebook"), Quantity: 1}}}); err != nil {
		t.Fatal(err)
	}
	w.fulfil(checkout.FulfilInput{OrderID: bookID})
	_, err = w.withdraw(book.Token, bookID, checkout.WithdrawInput{})
	wantCode(t, err, checkout.CodeNotWithdrawable)
	american := newWorld(t)
	us, err := american.carts.Create(t.Context(), checkout.CreateCartInput{Request: american.request(""), Context: checkout.Context{Country: "US"},
		Lines: linesOf("mug", 1)})
	american.ok(err)
	opened, err := american.sessions.Create(t.Context(),
		checkout.CreateSessionInput{Request: american.request(us.Token), CartID: us.Cart.ID, Change: everything("US")})
	american.ok(err)
	usID := american.pay(us.Token, opened.Session.ID, "pm_card_visa").Session.Order.ID
	_, err = american.withdraw(us.Token, usID, checkout.WithdrawInput{})
	wantCode(t, err, checkout.CodeNotWithdrawable)
}
