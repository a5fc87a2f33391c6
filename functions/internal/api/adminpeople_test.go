package api_test

import (
	"fmt"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/merchant"
	"kassa/checkout/recovery"
)

// told has everything about an order handed on.
func (s *stack) told(t *testing.T, orderID string) {
	t.Helper()
	session, err := s.store.Session(t.Context(), checkout.SessionOfOrder(orderID))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.store.RemoveNotices(t.Context(), session.ID, slices.Collect(maps.Keys(session.Notices))); err != nil {
		t.Fatal(err)
	}
}

func TestPeopleAreShownAndErased(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	order := s.buyMug(t)
	_, token := s.newKey(t, merchant.ScopePeople)
	ask := func(what, body string, headers ...string) reply {
		return s.call(t, http.MethodPost, "/admin/people/"+what, body, append([]string{auth(token)}, headers...)...)
	}
	const who = `{"email":" ada@EXAMPLE.com"}`
	shown := ask("export", who).want(http.StatusOK).wantAt("email", "ada@example.com", "history.0.order_id", order, "sessions.0.buyer.email",
		"Ada@Example.com", "sessions.0.destination.street_address", "Wijnhaven 9", "carts.0.line_items.0.sku", "mug")
	if strings.Contains(shown.Body.String(), "_secret_") {
		t.Error("the export opens a payment")
	}
	ask("export", `{"email":"eve@example.com"}`).want(http.StatusOK).wantAt("history", "[]", "sessions", "[]")
	ask("export", `{}`).want(http.StatusBadRequest).wantAt("messages.0.code", "invalid")
	ask("export", `{"mail":"ada@example.com"}`).want(http.StatusBadRequest)
	ask("erase", who).want(http.StatusBadRequest).wantAt("messages.0.code", "missing_key")

	ask("erase", who, s.key()).want(http.StatusOK).wantAt("done", "false", "waiting.0.order_id", order, "waiting.0.why", "telling")
	s.told(t, order)
	ask("erase", who, s.key()).want(http.StatusOK).wantAt("done", "false", "waiting.0.order_id", order, "waiting.0.why", "shipping")
	s.do(t, http.MethodPost, "/admin/orders/"+order+"/fulfil", "{}", s.key()).want(http.StatusOK)
	s.told(t, order)
	key := s.key()
	ask("erase", who, key).want(http.StatusOK).wantAt("done", "true", "sessions", "1", "carts", "1")
	again := ask("erase", who, key).want(http.StatusOK).wantAt("done", "true", "sessions", "1")
	if again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("headers of the repetition are %v", again.Header())
	}
	ask("erase", `{"email":"eve@example.com"}`, key).want(http.StatusConflict)
	ask("export", who).want(http.StatusOK).wantAt("history", "[]", "sessions", "[]")
	left := s.do(t, http.MethodGet, "/admin/orders/"+order, "").want(http.StatusOK).wantAt("order.id", order)
	for _, word := range []string{"ada@", "Ada", "Wijnhaven", "3011"} {
		if strings.Contains(left.Body.String(), word) {
			t.Errorf("the order still knows %s: %s", word, left.Body)
		}
	}
	records := s.do(t, http.MethodGet, "/admin/audit", "").want(http.StatusOK)
	looks, of := strings.Count(records.Body.String(), `"action":"person.export"`), `"target":"`+checkout.PersonOfEmail("ada@example.com")+`"`
	if looks != 3 || strings.Count(records.Body.String(), of) != 5 { // of Ada: two looks, three erasures; of Eve one look
		t.Errorf("who looked is not written down: %s", records.Body)
	}
	if strings.Count(records.Body.String(), `"action":"person.erase"`) != 3 || strings.Contains(records.Body.String(), "@") || strings.Contains(s.log.String(), "ada@") {
		t.Errorf("who was erased is written down: %s", records.Body)
	}
}

// A customer who kept a card, with carts that they never bought and one that they filled before they signed in: all of it goes, at
// the payment provider too. Who then buys again is somebody new there, although the provider remembers the old request for a day.
func TestErasedCustomersBuyAgain(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	me := s.bearer(t, "ada")
	buy := func() string {
		t.Helper()
		cart := s.call(t, http.MethodPost, "/carts", `{"line_items":[`+itemsOf("mug")+`],"context":{"address_country":"NL"}}`, me,
			s.key()).want(http.StatusCreated).at("id")
		kept := strings.Replace(paidBody[1:], `"instruments"`, `"keep_card":true,"instruments"`, 1)
		w := s.call(t, http.MethodPost, "/checkout-sessions", `{"cart_id":"`+cart+`","buyer":{"email":"ada@example.com"},`+address+`,`+kept, me,
			s.key()).
			want(http.StatusCreated).wantAt("status", "completed")
		session, err := s.store.Session(t.Context(), w.at("id"))
		if err != nil {
			t.Fatal(err)
		}
		if err := (checkout.HistoryConsumer{History: s.store}).Consume(t.Context(), checkout.OutboxItem{Session: session}); err != nil {
			t.Fatal(err)
		}
		s.told(t, w.at("order.id"))
		sent := `{"tracking_url":"https://postnl.example/3S1/NL/1015CJ"}`
		s.do(t, http.MethodPost, "/admin/orders/"+w.at("order.id")+"/fulfil", sent, s.key()).want(http.StatusOK)
		s.told(t, w.at("order.id"))
		return w.at("id")
	}
	ask := func(what string) reply {
		return s.do(t, http.MethodPost, "/admin/people/"+what, `{"email":"ada@example.com","customer":"ada"}`, s.key()).want(http.StatusOK)
	}
	search := func(more string) reply {
		return s.do(t, http.MethodPost, "/admin/orders/search", `{"customer":"ada"`+more+`}`).want(http.StatusOK)
	}
	earlier := buy()
	s.pass(time.Hour)
	bought := buy()
	page := search(`,"limit":1`).wantAt("orders.0.id", checkout.OrderID(bought), "orders.1", "")
	search(`,"limit":1,"cursor":"`+page.at("cursor")+`"`).wantAt("orders.0.id", checkout.OrderID(earlier), "orders.1", "")
	s.call(t, http.MethodPost, "/carts", `{"line_items":[`+itemsOf("mug")+`]}`, me, s.key()).want(http.StatusCreated)
	guest := `{"line_items":[` + itemsOf("mug") + `],"buyer":{"email":"ADA@example.com"}}`
	s.call(t, http.MethodPost, "/carts", guest, s.key()).want(http.StatusCreated)
	first := ask("export").wantAt("carts.3.line_items.0.sku", "mug", "carts.4", "", "sessions.0.id", bought).at("profile.provider_customer")
	ask("erase").wantAt("done", "true", "carts", "4", "sessions", "2", "provider", first, "waiting", "")
	search("").wantAt("orders", "[]")
	if left := s.do(t, http.MethodGet, "/admin/orders/"+checkout.OrderID(bought), "").want(http.StatusOK); strings.Contains(left.Body.String(), "1015") {
		t.Errorf("the order still says where it went: %s", left.Body)
	}
	ask("export").wantAt("carts", "[]", "sessions", "[]", "profile", "")
	s.call(t, http.MethodGet, "/checkout-sessions/"+bought, "", me).want(http.StatusNotFound)
	s.call(t, http.MethodGet, "/carts/mine", "", me).want(http.StatusNotFound)

	again := buy()
	second := ask("export").wantAt("sessions.0.id", again, "sessions.1", "").at("profile.provider_customer")
	if first == "" || second == "" || first == second {
		t.Errorf("customer %q at the provider was erased, and now it is %q", first, second)
	}
	ask("erase").wantAt("done", "true", "sessions", "1", "provider", second)
	if log := s.log.String(); strings.Contains(log, "ada@") || strings.Contains(log, "ADA@") || strings.Contains(log, "Keizersgracht") {
		t.Error("the log names who was erased")
	}
}

// The phone that a guest's cart is reached on is told of and forgotten with the cart.
func TestPhonesOfGuestsAreErased(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	cart, me := s.newCart(t, `,"buyer":{"email":"ada@example.com"}`, "mug")
	s.call(t, http.MethodPut, "/devices/phone-of-ada", `{"cart_id":"`+cart+`","push_token":"apns","platform":"ios","permission":"granted"}`, me).
		want(http.StatusOK)
	who := recovery.ContactOfCart(cart)
	s.do(t, http.MethodPost, "/admin/people/export", `{"email":"ada@example.com"}`).want(http.StatusOK).
		wantAt("contacts.0.id", who, "contacts.0.devices.0.push_token", "apns")
	s.do(t, http.MethodPost, "/admin/people/erase", `{"email":"ada@example.com"}`, s.key()).want(http.StatusOK).wantAt("done", "true", "carts", "1")
	if left, err := s.store.Contacts(t.Context(), []string{who, recovery.ContactOfToken("apns")}); err != nil || len(left) != 0 {
		t.Errorf("%+v is left, %v", left, err)
	}
}

// Somebody is erased just while they pay. Either they have bought, and that waits for what an order owes; or nothing is left, and
// nothing was charged.
func TestErasureWhileSomebodyPays(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	bought := 0
	for i := range 24 {
		email := fmt.Sprintf("ada%d@example.com", i)
		cart, me := s.newCart(t, `,"context":{"address_country":"NL"},"buyer":{"email":"`+email+`"}`, "mug")
		open := s.call(t, http.MethodPost, "/checkout-sessions", `{"cart_id":"`+cart+`",`+address+`}`, me, s.key()).want(http.StatusCreated)
		var both sync.WaitGroup
		pay, key, again := s.key(), s.key(), s.key()
		both.Go(func() {
			if i%3 == 0 {
				runtime.Gosched() // whoever begins
			}
			s.call(t, http.MethodPost, "/checkout-sessions/"+open.at("id")+"/complete", paidBody, me, pay)
		})
		both.Go(func() { s.do(t, http.MethodPost, "/admin/people/erase", `{"email":"`+email+`"}`, key) })
		both.Wait()
		erased := s.do(t, http.MethodPost, "/admin/people/erase", `{"email":"`+email+`"}`, again).want(http.StatusOK)
		session, err := s.store.Session(t.Context(), open.at("id"))
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case session.Order != nil:
			bought++
			erased.wantAt("done", "false", "waiting.0.why", "telling")
			if session.Buyer.Email != email || session.Destination.Street == "" {
				t.Errorf("an order that is not served yet: %+v, %s", session.Buyer, erased.Body)
			}
		case session.Status != checkout.StatusCanceled || session.Buyer.Email != "" || session.Attempt != nil || erased.at("done") != "true":
			t.Errorf("session %s of %+v, %s", session.Status, session.Buyer, erased.Body)
		}
	}
	if charges := len(s.provider.Ledger()); charges != bought {
		t.Errorf("%d charges, %d orders", charges, bought)
	}
	t.Logf("%d of 24 were faster than their erasure", bought)
}
