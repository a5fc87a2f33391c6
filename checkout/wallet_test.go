package checkout_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/payments"
	"kassa/payments/sandbox"
)

// keepCard buys a mug with a card that the customer wants kept.
func (w *world) keepCard(customer, pm string) checkout.Session {
	w.Helper()
	cart := w.cartOf(customer, "mug", 1)
	return w.keepCardWith(cart, w.open(cart).Session.ID, pm)
}

func (w *world) keepCardWith(cart checkout.CartView, id, pm string) checkout.Session {
	w.Helper()
	view, err := w.sessions.Complete(w.Context(), checkout.CompleteInput{
		Request: w.request(cart.Token), SessionID: id, Instrument: method(pm), KeepCard: true,
	})
	w.ok(err)
	return view.Session
}

func saved(card string) *payments.Instrument {
	return &payments.Instrument{Handler: checkout.HandlerSavedCard, Kind: payments.InstrumentPaymentMethod, Token: card}
}

// A card that was kept is offered the next time, and pays in one call.
func TestSavedCard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if s := w.keepCard("ada", "pm_card_visa"); s.Order == nil {
		t.Fatalf("session %s: %v", s.Status, s.Messages)
	}
	cart := w.cartOf("ada", "mug", 1)
	view := w.open(cart)
	cards := view.Session.Wallet.Cards
	if len(cards) != 1 || cards[0].Brand != "visa" || cards[0].Last4 != "4242" || cards[0].ExpYear != 2034 {
		t.Fatalf("cards %+v", cards)
	}
	if !slices.ContainsFunc(view.Offers, func(o checkout.Offer) bool { return o.Handler == checkout.HandlerSavedCard }) {
		t.Errorf("offers %v", view.Offers)
	}
	paid, err := w.sessions.Complete(t.Context(), checkout.CompleteInput{Request: w.request(cart.Token), SessionID: view.Session.ID,
		Instrument: saved(cards[0].ID)})
	w.ok(err)
	w.wantPaidOnce(paid.Session.ID)
	// Bought at once, without opening a session first: the card is looked up then.
	again := w.cartOf("ada", "mug", 1)
	bought, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(again.Token), CartID: again.Cart.ID, Change: everything("NL"),
		Instrument: saved(cards[0].ID), ExpectedTotal: ptr(int64(1990))})
	w.ok(err)
	w.wantPaidOnce(bought.Session.ID)
}

// A card of somebody else's is refused before the provider is asked, and by the provider where we could not know.
func TestForeignCardIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keepCard("ada", "pm_card_visa")
	w.keepCard("bob", "pm_card_mastercard")
	adas := w.open(w.cartOf("ada", "mug", 1)).Session.Wallet.Cards[0].ID
	for name, cart := range map[string]checkout.CartView{"bob": w.cartOf("bob", "mug", 1), "a guest": w.cart("mug", 1)} {
		view := w.open(cart)
		charges := len(w.provider.Ledger())
		got, err := w.sessions.Complete(t.Context(), checkout.CompleteInput{Request: w.request(cart.Token), SessionID: view.Session.ID,
			Instrument: saved(adas)})
		w.ok(err)
		code := checkout.MsgCardUnknown
		if name == "a guest" {
			code = checkout.MsgHandlerUnknown // saved cards are not offered at all
		}
		wantMessage(t, got.Messages, code, "")
		if got.Session.Attempts != 0 || len(w.provider.Ledger()) != charges {
			t.Errorf("%s: the provider was asked", name)
		}
		got = w.pay(cart.Token, view.Session.ID, adas) // through the provider's sheet, as if it were new
		if m := wantMessage(t, got.Messages, checkout.MsgPaymentFailed, ""); m.Args["reason"] != string(payments.ReasonInvalidToken) {
			t.Errorf("%s: reason %s", name, m.Args["reason"])
		}
		w.wantUnpaid(view.Session.ID)
	}
}

// Who isn't signed in has nowhere to keep a card; who doesn't ask, doesn't keep it.
func TestCardIsNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	_, err := w.sessions.Complete(t.Context(), checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id,
		Instrument: method("pm_card_visa"), KeepCard: true})
	w.ok(err)
	if s := w.wantPaidOnce(id); s.Wallet != nil || s.Intent.Customer != "" {
		t.Errorf("a guest got wallet %+v and customer %q", s.Wallet, s.Intent.Customer)
	}
	mine := w.cartOf("ada", "mug", 1)
	w.pay(mine.Token, w.open(mine).Session.ID, "pm_card_visa")
	if s := w.open(w.cartOf("ada", "mug", 1)).Session; len(s.Wallet.Cards) != 0 || s.Wallet.Customer != "" {
		t.Errorf("wallet %+v", s.Wallet)
	}
}

// A first attempt as a nobody, a second with a saved card: the intent gets its customer in between, and only one is charged.
func TestSavedCardAfterADecline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keepCard("ada", "pm_card_visa")
	cart := w.cartOf("ada", "mug", 1)
	view := w.open(cart)
	s := w.session(view.Session.ID)
	s.Wallet = nil // the first attempt knew of none
	s.Version, s.Op = s.Version+1, "edit"
	w.ok(w.store.Commit(t.Context(), checkout.Commit{Session: s}))
	w.pay(cart.Token, s.ID, "pm_card_chargeDeclined")
	card := view.Session.Wallet.Cards[0].ID
	paid, err := w.sessions.Complete(t.Context(), checkout.CompleteInput{Request: w.request(cart.Token), SessionID: s.ID, Instrument: saved(card)})
	w.ok(err)
	if paid.Session.Attempts != 2 || paid.Session.Intent.Customer == "" {
		t.Errorf("attempt %d, intent %+v", paid.Session.Attempts, paid.Session.Intent)
	}
	w.wantPaidOnce(s.ID)
}

// Two devices keep a card for the first time at once: one customer counts, and the key makes one at the provider.
func TestOneCustomerAtTheProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.overlap(5, func() { w.keepCard("ada", "pm_card_visa") })
	id, err := w.people.ProviderCustomer(t.Context(), "ada")
	w.ok(err)
	if n := w.customers(); n != 1 || id == "" {
		t.Errorf("%d customers, ours is %q", n, id)
	}
}

// Whatever goes wrong when the customer is made at the provider, or remembered here: the shopper pays, cards are kept with the next
// purchase, and all with the one customer that counts.
func TestCustomerWhoseAnswerGoesWrong(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"Customer", "PutPerson"} {
		for _, way := range checkouttest.Ways(method) {
			t.Run(method+" "+string(way), func(t *testing.T) {
				t.Parallel()
				var h *checkouttest.Hostile
				w := newWorld(t, hostile(&h))
				cart := w.cartOf("ada", "mug", 1)
				id := w.open(cart).Session.ID
				h.Next(method, way)
				w.keepCardWith(cart, id, "pm_card_visa")
				w.wantPaidOnce(id)
				w.wantPaidOnce(w.keepCard("ada", "pm_card_mastercard").ID)
				h.Land()
				w.wantPaidOnce(w.keepCard("ada", "pm_card_amex").ID)
				if n, left := w.customers(), h.Unused(); n != 1 || len(left) != 0 {
					t.Errorf("the provider has %d customers; unused %v", n, left)
				}
				if cards := w.savedBy("ada"); len(cards) < 2 || cards[0].Brand != "amex" || cards[1].Brand != "mastercard" {
					t.Errorf("cards %+v", cards)
				}
			})
		}
	}
}

// The provider's customer is deleted (by a person, or an erasure) while a checkout stands open that knows it. The payment is not repeated
// for a day: it ends within minutes, and the next one goes on without.
func TestPayingWhenTheCustomerIsGone(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(w *world, cart checkout.CartView, id string) checkout.SessionView{
		"complete": func(w *world, cart checkout.CartView, id string) checkout.SessionView {
			return w.pay(cart.Token, id, "pm_card_visa")
		},
		"prepare": func(w *world, cart checkout.CartView, id string) checkout.SessionView {
			return w.prepare(cart.Token, id)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			w := newWorld(t, func(c *checkout.Config) {
				g := &scripted{pay: func(g checkout.Gateway, ctx context.Context, r payments.Request) (payments.Intent, error) {
					calls++
					return g.Pay(ctx, r)
				}}
				g.into(c)
			})
			w.keepCard("ada", "pm_card_visa")
			cart := w.cartOf("ada", "mug", 1)
			id := w.open(cart).Session.ID
			w.ok(w.config.Vault.DeleteCustomer(t.Context(), w.session(id).Wallet.Customer))
			calls = 0
			if s := begin(w, cart, id).Session; s.Status != checkout.StatusInProgress {
				t.Fatalf("session is %s", s.Status)
			}
			w.wait(10*time.Minute, time.Minute)
			wantMessage(t, w.wantStatus(id, checkout.StatusReady).Messages, checkout.MsgPaymentFailed, "$.payment")
			if w.wantUnpaid(id); calls != 1 {
				t.Errorf("asked %d times", calls)
			}
			view := begin(w, cart, id)
			if name == "prepare" {
				w.sheet(view, "payment_method", "pm_card_visa")
				w.webhooks()
			}
			w.wantPaidOnce(id)
		})
	}
}

// customers counts those that the provider has.
func (w *world) customers() int {
	w.Helper()
	var all []struct{ ID string }
	w.listed("/v1/customers", &all)
	return len(all)
}

// Cards that can't be listed, or a customer that can't be remembered, stop nobody from paying.
func TestPayingWithoutAWallet(t *testing.T) {
	t.Parallel()
	down := &payments.Error{Class: payments.ClassUnknown, Err: errors.New("down")}
	w := newWorld(t, func(c *checkout.Config) {
		c.Vault = brokenVault{Vault: c.Vault, cards: down}
		c.Customers = deafCustomers{}
	})
	s := w.keepCard("ada", "pm_card_visa")
	if s.Order == nil || s.Intent.Customer != "" {
		t.Errorf("order %v, customer %q", s.Order, s.Intent.Customer)
	}
}

type deafCustomers struct{}

func (deafCustomers) ProviderCustomer(context.Context, string) (string, error) { return "", nil }

func (deafCustomers) RememberProviderCustomer(context.Context, string, string) (string, error) {
	return "", errors.New("down")
}

func TestForgetCard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keepCard("ada", "pm_card_visa")
	cart := w.cartOf("ada", "mug", 1)
	view := w.open(cart)
	card := view.Session.Wallet.Cards[0].ID
	w.ok(w.sessions.ForgetCard(t.Context(), checkout.Caller{Customer: "bob"}, card)) // none of his
	if cards := w.open(w.cartOf("ada", "mug", 1)).Session.Wallet.Cards; len(cards) != 1 {
		t.Fatalf("somebody else forgot it: %+v", cards)
	}
	wantCode(t, w.sessions.ForgetCard(t.Context(), checkout.Caller{}, card), checkout.CodeUnauthorized)
	for range 2 {
		w.ok(w.sessions.ForgetCard(t.Context(), checkout.Caller{Customer: "ada"}, card))
	}
	if cards := w.open(w.cartOf("ada", "mug", 1)).Session.Wallet.Cards; len(cards) != 0 {
		t.Errorf("cards %+v", cards)
	}
	// A session that was opened before lists it still; the provider refuses it.
	got, err := w.sessions.Complete(t.Context(), checkout.CompleteInput{Request: w.request(cart.Token), SessionID: view.Session.ID,
		Instrument: saved(card)})
	w.ok(err)
	wantMessage(t, got.Messages, checkout.MsgPaymentFailed, "$.payment")
	w.wantUnpaid(view.Session.ID)
}

// However forgetting goes wrong, nobody is told that a card is gone which is not, and the same request again ends it.
func TestForgetCardWhoseAnswerGoesWrong(t *testing.T) {
	t.Parallel()
	ada := checkout.Caller{Customer: "ada"}
	for _, method := range []string{"ForgetCard", "SavedCards"} {
		for _, way := range checkouttest.Ways(method) {
			t.Run(method+" "+string(way), func(t *testing.T) {
				t.Parallel()
				var h *checkouttest.Hostile
				w := newWorld(t, hostile(&h))
				w.keepCard("ada", "pm_card_visa")
				card := w.savedBy("ada")[0].ID
				h.Next(method, way)
				if err := w.sessions.ForgetCard(t.Context(), ada, card); err != nil {
					wantCode(t, err, checkout.CodeUnavailable)
				} else if cards := w.savedBy("ada"); len(cards) != 0 {
					t.Errorf("told that it is forgotten: %+v", cards)
				}
				w.ok(w.sessions.ForgetCard(t.Context(), ada, card))
				for _, err := range h.Land() {
					w.ok(err)
				}
				if cards := w.savedBy("ada"); len(cards) != 0 {
					t.Errorf("cards %+v", cards)
				}
			})
		}
	}
	for _, way := range sandbox.Ways() {
		t.Run("provider "+string(way), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.keepCard("ada", "pm_card_visa")
			card := w.savedBy("ada")[0].ID
			ctx, giveUp := context.WithCancel(t.Context())
			w.ok(w.provider.Inject(sandbox.Fault{Match: "payment_methods.detach", Way: way, Late: func(context.Context) { giveUp() }}))
			wantCode(t, w.sessions.ForgetCard(ctx, ada, card), checkout.CodeUnavailable)
			w.later(2 * time.Minute) // what was delayed arrives
			w.ok(w.sessions.ForgetCard(t.Context(), ada, card))
			if cards := w.savedBy("ada"); len(cards) != 0 {
				t.Errorf("cards %+v", cards)
			}
		})
	}
}

// savedBy lists the cards that a customer's next session shows.
func (w *world) savedBy(customer string) []checkout.SavedCard {
	w.Helper()
	return w.open(w.cartOf(customer, "mug", 1)).Session.Wallet.Cards
}
