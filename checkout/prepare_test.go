package checkout_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/payments"
	"kassa/payments/sandbox"
)

// prepare prepares a session's payment and expects no error.
func (w *world) prepare(token, id string) checkout.SessionView {
	w.Helper()
	view, err := w.sessions.Prepare(w.Context(), checkout.PrepareInput{Request: w.request(token), SessionID: id})
	w.ok(err)
	return view
}

// sheet confirms an intent as the provider's sheet does: with the publishable key, the client secret and a method.
func (w *world) sheet(view checkout.SessionView, method ...string) sandbox.Answer {
	w.Helper()
	in := view.Session.Intent
	params := url.Values{"client_secret": {in.ClientSecret}, "return_url": {in.Action.ReturnURL}}
	for i := 0; i+1 < len(method); i += 2 {
		params.Set(method[i], method[i+1])
	}
	a, err := w.provider.Do(w.Context(), sandbox.Request{
		Method: http.MethodPost, Path: "/v1/payment_intents/" + in.ID + "/confirm", Params: params, Key: "pk_test_world",
	})
	w.ok(err)
	return a
}

// read is the app's GET when the shopper is back, later than the last one.
func (w *world) read(token, id string) checkout.SessionView {
	w.Helper()
	w.clock.advance(6 * time.Second)
	view, err := w.sessions.Session(w.Context(), callerOf(token), id)
	w.ok(err)
	return view
}

func TestPrepareThenTheSheetPays(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]func(w *world, token, id string){
		"webhook":   func(w *world, _, _ string) { w.webhooks() },
		"read":      func(w *world, token, id string) { w.read(token, id) },
		"reconcile": func(w *world, _, _ string) { w.later(11 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cart, id := w.opened()
			view := w.prepare(cart.Token, id)
			s := view.Session
			if s.Status != checkout.StatusEscalated || s.Intent.ClientSecret == "" || s.Intent.Action.Type != checkout.ActionSheet ||
				s.Intent.Action.ReturnURL != "https://shop.example/return" || view.Sheet == nil || view.Offers != nil || w.free("mug") != 9 {
				t.Fatalf("session %s, intent %+v, sheet %+v, %d mugs", s.Status, s.Intent, view.Sheet, w.free("mug"))
			}
			wantMessage(t, view.Messages, checkout.MsgActionRequired, "$.payment")
			if a := w.sheet(view, "payment_method", "pm_card_visa"); a.Status != http.StatusOK {
				t.Fatalf("the sheet is answered %d: %s", a.Status, a.Body)
			}
			after(w, cart.Token, id)
			w.wantPaidOnce(id)
		})
	}
}

// The redirect methods: the sheet sends the shopper to a bank, who approves or refuses there. What the redirect then claims is
// asked of the provider.
func TestPrepareAndARedirect(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *checkout.Config) { c.Shop = europeanShop() })
	cart, id := w.opened()
	view := w.prepare(cart.Token, id)
	w.sheet(view, "payment_method_data[type]", "ideal")
	if v := w.read(cart.Token, id); v.Session.Status != checkout.StatusEscalated || v.Session.Intent.Action.Type != "redirect_to_url" {
		t.Fatalf("session %s, action %+v", v.Session.Status, v.Session.Intent.Action)
	}
	if got, want := w.session(id).Attempt.HeldUntil, w.clock.Now().Add(20*time.Minute); !got.Equal(want) {
		t.Errorf("held until %v, want %v: the shopper is at a bank", got, want)
	}
	w.ok(w.provider.Authenticate(view.Session.Intent.ID, false))
	back := w.read(cart.Token, id) // "redirect_status=succeeded" is what anybody can write
	if back.Session.Status != checkout.StatusEscalated || back.Session.Order != nil {
		t.Fatalf("session %s with order %v", back.Session.Status, back.Session.Order)
	}
	if m := wantMessage(t, back.Messages, checkout.MsgPaymentFailed, "$.payment"); m.Args["reason"] != string(payments.ReasonCanceled) {
		t.Errorf("reason is %s", m.Args["reason"])
	}
	w.sheet(view, "payment_method_data[type]", "ideal") // the sheet is still open: the shopper tries again
	w.read(cart.Token, id)
	w.ok(w.provider.Authenticate(view.Session.Intent.ID, true))
	w.read(cart.Token, id)
	w.wantPaidOnce(id)
}

func TestPreparedPaymentIsTakenBack(t *testing.T) {
	t.Parallel()
	for name, turn := range map[string]func(w *world, cart checkout.CartView, id string){
		"by a change": func(w *world, cart checkout.CartView, id string) { w.update(cart.Token, id, checkout.SessionChange{}) },
		"by preparing anew": func(w *world, cart checkout.CartView, id string) {
			if view := w.prepare(cart.Token, id); view.Session.Attempt.N != 2 {
				w.Errorf("attempt %d", view.Session.Attempt.N)
			}
			w.update(cart.Token, id, checkout.SessionChange{})
		},
		"by a cancel": func(w *world, cart checkout.CartView, id string) {
			_, err := w.sessions.Cancel(w.Context(), checkout.CancelSessionInput{Request: w.request(cart.Token), SessionID: id})
			w.ok(err)
		},
		"by the clock": func(w *world, _ checkout.CartView, _ string) { w.later(10 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cart, id := w.opened()
			view := w.prepare(cart.Token, id)
			turn(w, cart, id)
			w.wantUnpaid(id)
			if w.free("mug") != 10 {
				t.Errorf("%d mugs", w.free("mug"))
			}
			if a := w.sheet(view, "payment_method", "pm_card_visa"); a.Status == http.StatusOK {
				t.Errorf("the old sheet still pays: %s", a.Body)
			}
		})
	}
}

// A shopper who is at the bank when the sheet's ten minutes are over is still waited for; one who comes back there for ever isn't.
func TestHoldOfAPreparedPayment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *checkout.Config) { c.Shop = europeanShop() })
	cart, id := w.opened()
	view := w.prepare(cart.Token, id)
	begun := w.clock.Now()
	w.clock.advance(9 * time.Minute)
	for range 4 {
		w.sheet(view, "payment_method_data[type]", "ideal")
		w.webhooks()
		if s := w.session(id); s.Status != checkout.StatusEscalated {
			break
		}
		w.later(9 * time.Minute)
		_ = w.provider.Authenticate(view.Session.Intent.ID, false)
		w.read(cart.Token, id)
		w.wait(6*time.Minute, 3*time.Minute)
	}
	w.later(5 * time.Minute)
	s := w.wantUnpaid(id)
	if last := begun.Add(50 * time.Minute); s.UpdatedAt.Before(begun.Add(38*time.Minute)) || s.UpdatedAt.After(last.Add(3*time.Minute)) {
		t.Errorf("given up at %v, %v after it was prepared", s.UpdatedAt, s.UpdatedAt.Sub(begun))
	}
}

// A replay shows the session as it is now, with the secret that it had, and makes none.
func TestPrepareIsReplayed(t *testing.T) {
	t.Parallel()
	keys := 0
	w := newWorld(t, func(c *checkout.Config) { c.Vault = countingVault{c.Vault, &keys} })
	cart := w.cartOf("ada", "mug", 1)
	in := checkout.PrepareInput{Request: w.request(cart.Token), SessionID: w.open(cart).Session.ID}
	first, err := w.sessions.Prepare(t.Context(), in)
	w.ok(err)
	again, err := w.sessions.Prepare(t.Context(), in)
	if checkout.ErrorCode(err) == checkout.CodePaymentInProgress { // a repeat at once meets the lease
		w.clock.advance(time.Minute)
		again, err = w.sessions.Prepare(t.Context(), in)
	}
	w.ok(err)
	if !again.Replayed || again.Sheet != nil || again.Session.Intent.ClientSecret != first.Session.Intent.ClientSecret || keys != 1 {
		t.Errorf("replayed %v, sheet %+v, %d ephemeral keys", again.Replayed, again.Sheet, keys)
	}
	if !strings.HasPrefix(first.Sheet.EphemeralKey, "ek_test") || first.Sheet.Customer == "" {
		t.Errorf("sheet is %+v", first.Sheet)
	}
	other := in
	other.Fingerprint = "other"
	_, err = w.sessions.Prepare(t.Context(), other)
	wantCode(t, err, checkout.CodeKeyReused)
	other.Key = ""
	_, err = w.sessions.Prepare(t.Context(), other)
	wantCode(t, err, checkout.CodeMissingKey)
}

type countingVault struct {
	checkout.Vault
	keys *int
}

func (c countingVault) EphemeralKey(ctx context.Context, customer, version string) (string, error) {
	*c.keys++
	return c.Vault.EphemeralKey(ctx, customer, version)
}

func TestPrepareIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	view, err := w.sessions.Prepare(t.Context(), checkout.PrepareInput{Request: w.request(cart.Token), SessionID: id, ExpectedTotal: ptr(int64(1))})
	w.ok(err)
	wantMessage(t, view.Messages, checkout.MsgPriceChanged, "$.totals")
	if view.Session.Attempt != nil || len(w.provider.Ledger()) != 0 || view.Sheet != nil {
		t.Errorf("attempt %+v", view.Session.Attempt)
	}
	w.pay(cart.Token, id, "pm_sandbox_processing")
	w.clock.advance(2 * time.Minute)
	_, err = w.sessions.Prepare(t.Context(), checkout.PrepareInput{Request: w.request(cart.Token), SessionID: id})
	wantCode(t, err, checkout.CodePaymentInProgress)
	w.later(10 * time.Minute)
	_, err = w.sessions.Prepare(t.Context(), checkout.PrepareInput{Request: w.request(cart.Token), SessionID: id})
	wantCode(t, err, checkout.CodeAlreadyCompleted)
	free := w.cart("free", 1)
	if got := w.prepare(free.Token, w.open(free).Session.ID); got.Session.Order == nil {
		t.Errorf("nothing to pay, and %s", got.Session.Status)
	}
}

// The price rises between the quote and the sheet: nothing is prepared before the shopper has seen the new total.
func TestPriceRisesBeforeTheSheet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	mug := demoProducts()[0]
	mug.Prices["EUR"] = 1595
	w.stock(mug)
	w.clock.advance(31 * time.Minute) // the quote holds for 30
	refused := w.prepare(cart.Token, id)
	wantMessage(t, refused.Messages, checkout.MsgPriceChanged, "$.totals")
	if s := refused.Session; s.Attempt != nil || s.Quote.Total.Minor != 2090 || len(w.provider.Undelivered()) != 0 {
		t.Fatalf("attempt %+v at %v", s.Attempt, s.Quote.Total)
	}
	view := w.prepare(cart.Token, id)
	w.sheet(view, "payment_method", "pm_card_visa")
	w.webhooks()
	if s := w.wantPaidOnce(id); s.Order.Amount.Minor != 2090 {
		t.Errorf("order of %v", s.Order.Amount)
	}
}

// The intent that the sheet gets has all that the methods need, and no shipping address: the app states that one.
func TestWhatIsPrepared(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *checkout.Config) {
		c.Shop = europeanShop()
		c.Shop.Methods[1].Capture = checkout.CaptureManual
	})
	cart := w.cartOf("ada", "mug", 1)
	id := w.open(cart).Session.ID
	_, err := w.sessions.Prepare(t.Context(), checkout.PrepareInput{Request: w.request(cart.Token), SessionID: id, KeepCard: true,
		Change: checkout.SessionChange{Context: checkout.ContextPatch{Platform: ptr("web")}}})
	w.ok(err)
	a, err := w.provider.Do(t.Context(), sandbox.Request{Method: http.MethodGet, Path: "/v1/payment_intents/" + w.session(id).Intent.ID,
		Key: "sk_test_person"})
	w.ok(err)
	var made struct {
		Status, Customer string
		Shipping         any
		CaptureMethod    string                       `json:"capture_method"`
		Types            []string                     `json:"payment_method_types"`
		Options          map[string]map[string]string `json:"payment_method_options"`
	}
	w.ok(json.Unmarshal(a.Body, &made))
	if made.Status != "requires_payment_method" || made.Shipping != nil || made.CaptureMethod != "automatic" ||
		made.Options["card"]["capture_method"] != "manual" || made.Options["card"]["setup_future_usage"] != "on_session" ||
		made.Options["wechat_pay"]["client"] != "web" || made.Options["paypal"]["reference"] != checkout.OrderID(id) ||
		strings.Join(made.Types, " ") != "ideal card klarna paypal alipay wechat_pay" || made.Customer != w.session(id).Wallet.Customer {
		t.Errorf("prepared %+v", made)
	}
}

// The provider keeps the customer, the key or the cards from us: the shopper pays all the same.
func TestSheetWithoutAWallet(t *testing.T) {
	t.Parallel()
	down := &payments.Error{Class: payments.ClassUnknown, Err: errors.New("down")}
	for name, v := range map[string]checkout.Vault{
		"no customer": brokenVault{customer: down}, "no key": brokenVault{key: down}, "no cards": brokenVault{cards: down},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(c *checkout.Config) {
				broken := v.(brokenVault)
				broken.Vault = c.Vault
				c.Vault = broken
			})
			_, err := w.people.RememberProviderCustomer(t.Context(), "bob", "cus_unknown")
			w.ok(err)
			customer := "ada"
			if name == "no cards" {
				customer = "bob"
			}
			cart := w.cartOf(customer, "mug", 1)
			view := w.prepare(cart.Token, w.open(cart).Session.ID)
			if view.Sheet.EphemeralKey != "" {
				t.Errorf("sheet is %+v", view.Sheet)
			}
			w.sheet(view, "payment_method", "pm_card_visa")
			w.webhooks()
			w.wantPaidOnce(view.Session.ID)
		})
	}
}

// Whatever goes wrong on the way to customer, cards and key, and were they made twice: the sheet opens, its key is of its customer, and
// the shopper pays once. Prepared anew, it has all.
func TestSheetWhoseVaultGoesWrong(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"Customer", "EphemeralKey", "SavedCards"} {
		for _, way := range checkouttest.Ways(method) {
			t.Run(method+" "+string(way), func(t *testing.T) {
				t.Parallel()
				var h *checkouttest.Hostile
				w := newWorld(t, hostile(&h))
				if method == "SavedCards" {
					w.keepCard("ada", "pm_card_visa")
				}
				cart := w.cartOf("ada", "mug", 1)
				h.Next(method, way)
				id := w.open(cart).Session.ID
				view := w.prepare(cart.Token, id)
				if sheet := view.Sheet; view.Session.Attempts != 1 || sheet == nil || sheet.EphemeralKey != "" && sheet.Customer == "" ||
					way == checkouttest.Twice && sheet.EphemeralKey == "" {
					t.Errorf("attempt %d, sheet %+v", view.Session.Attempts, view.Sheet)
				}
				h.Land()
				view = w.prepare(cart.Token, id)
				if view.Sheet.EphemeralKey == "" || view.Sheet.Customer == "" || w.customers() != 1 || len(h.Unused()) != 0 {
					t.Errorf("sheet %+v, %d customers, unused %v", view.Sheet, w.customers(), h.Unused())
				}
				w.sheet(view, "payment_method", "pm_card_visa")
				w.webhooks()
				w.wantPaidOnce(id)
			})
		}
	}
}

type brokenVault struct {
	checkout.Vault
	customer, key, cards error
}

func (b brokenVault) Customer(ctx context.Context, r payments.CustomerRequest) (string, error) {
	if b.customer != nil {
		return "", b.customer
	}
	return b.Vault.Customer(ctx, r)
}

func (b brokenVault) EphemeralKey(ctx context.Context, customer, version string) (string, error) {
	if b.key != nil {
		return "", b.key
	}
	return b.Vault.EphemeralKey(ctx, customer, version)
}

func (b brokenVault) SavedCards(ctx context.Context, customer string) ([]payments.SavedCard, error) {
	if b.cards != nil {
		return nil, b.cards
	}
	return b.Vault.SavedCards(ctx, customer)
}
