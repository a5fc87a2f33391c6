package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/payments/money"
	"kassa/payments/sandbox"
)

func TestDeclinedThenPaidOnTheSameIntent(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.fill("beans-kade-250")
	declined := s.buy(c, c.purchase("pm_card_chargeDeclinedInsufficientFunds", beans), key()).want(http.StatusCreated).
		wantAt("status", "ready_for_complete").wantAt("messages.0.code", "payment_failed")
	session := declined.at("id")
	// The cart is open again: another bag changes what there is to pay, on the intent that is there.
	s.do(http.MethodPost, "/carts/"+c.id+"/line-items", `{"item":{"id":"beans-kade-250"},"quantity":1}`, "Authorization",
		c.auth()).want(http.StatusOK)
	sheet := s.do(http.MethodPatch, "/checkout-sessions/"+session, `{}`, "Authorization", c.auth()).want(http.StatusOK)
	s.complete(c, session, "pm_card_visa", sheet.total()).want(http.StatusOK).wantAt("status", "completed")
	s.wantCharge(session, beans+995)

	ledger := s.provider.Ledger()
	if len(ledger) != 2 || ledger[0].PaymentIntent != ledger[1].PaymentIntent || ledger[0].Status != sandbox.ChargeFailed {
		t.Errorf("the ledger has %+v, want a failed and a paid charge of one intent", ledger)
	}
}

// act presses a button on the bank's page.
func (s shopper) act(escalated reply, result string) {
	s.t.Helper()
	page := escalated.at("continue_url")
	path, ok := strings.CutPrefix(page, s.base)
	if !ok {
		s.t.Fatalf("continue_url is %q, not a page of the sandbox: %s", page, escalated.body)
	}
	s.do(http.MethodGet, path, "").want(http.StatusOK)
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, page, strings.NewReader("result="+result))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := s.http.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther || !strings.Contains(answer.Header.Get("Location"), "redirect_status=") {
		s.t.Fatalf("the bank answers %d to %s", answer.StatusCode, answer.Header.Get("Location"))
	}
}

func TestThreeDSecure(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.fill("grinder-hand")
	escalated := s.buy(c, c.purchase("pm_card_authenticationRequired", 8900+495), key()).want(http.StatusCreated).
		wantAt("status", "requires_escalation").wantAt("payment.action.return_url", "https://kade9.example/app/return")
	session := escalated.at("id")
	if escalated.at("payment.action.client_secret") == "" || !slices.Contains(escalated.messageCodes(), "requires_buyer_input") {
		t.Errorf("the app can't go on from %s", escalated.body)
	}
	s.act(escalated, "succeed")
	s.advance("0s") // its webhook is delivered
	s.session(c, session).wantAt("status", "completed")
	s.wantCharge(session, 8900+495)
}

func TestFailedThreeDSecureCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.fill("grinder-hand")
	escalated := s.buy(c, c.purchase("pm_card_authenticationRequired", 8900+495), key()).wantAt("status", "requires_escalation")
	s.act(escalated, "fail")
	s.advance("1m")
	s.session(c, escalated.at("id")).wantAt("status", "ready_for_complete").wantAt("messages.0.code", "payment_failed")
	s.complete(c, escalated.at("id"), "pm_card_visa", 8900+495).want(http.StatusOK).wantAt("status", "completed")
	s.wantCharge(escalated.at("id"), 8900+495)
}

// Nobody comes back from the bank: after 20 minutes the machine is for sale again.
func TestShopperWhoNeverComesBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.fill(lever)
	escalated := s.buy(c, c.purchase("pm_card_authenticationRequired", leverTotal), key()).wantAt("status", "requires_escalation")
	s.advance("21m")
	s.session(c, escalated.at("id")).wantAt("status", "ready_for_complete")
	other := s.fill(lever)
	s.buy(other, other.purchase("pm_card_visa", leverTotal), key()).want(http.StatusCreated).wantAt("status", "completed")
}

func TestSuccessTenMinutesLater(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.fill("beans-kade-250")
	slow := s.buy(c, c.purchase("pm_sandbox_processing", beans), key()).want(http.StatusCreated).wantAt("status", "complete_in_progress")
	s.advance("9m")
	s.session(c, slow.at("id")).wantAt("status", "complete_in_progress")
	s.advance("2m")
	s.session(c, slow.at("id")).wantAt("status", "completed")
	s.wantCharge(slow.at("id"), beans)
}

func TestFailureTenMinutesLaterGivesTheCartBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.fill("beans-kade-250")
	slow := s.buy(c, c.purchase("pm_sandbox_processing_fails", beans), key()).want(http.StatusCreated).wantAt("status", "complete_in_progress")
	s.advance("11m")
	s.session(c, slow.at("id")).wantAt("status", "ready_for_complete")
	s.complete(c, slow.at("id"), "pm_card_visa", beans).want(http.StatusOK).wantAt("status", "completed")
	s.wantCharge(slow.at("id"), beans)
}

// eventsOf lists the ids of the undelivered events by type.
func (in inside) eventsOf() map[string]string {
	ids := map[string]string{}
	for _, d := range in.provider.Undelivered() {
		ids[d.Type] = d.Event
	}
	return ids
}

// The webhook is there before the answer, then comes twice.
func TestWebhookBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.provider.HoldWebhooks(true)
	deliver := func(ctx context.Context) {
		if err := s.provider.Deliver(ctx, s.eventsOf()["payment_intent.succeeded"]); err != nil {
			t.Errorf("deliver: %v", err)
		}
	}
	if err := s.provider.Inject(sandbox.Fault{Match: "payment_intents.create", Way: sandbox.WayLate, Late: deliver}); err != nil {
		t.Fatal(err)
	}
	c := s.fill("beans-kade-250")
	bought := s.buy(c, c.purchase("pm_card_visa", beans), key()).want(http.StatusCreated).wantAt("status", "completed")
	before := s.session(c, bought.at("id"))
	for _, id := range s.eventsOf() {
		for range 2 {
			if err := s.provider.Deliver(t.Context(), id); err != nil {
				t.Errorf("deliver again: %v", err)
			}
		}
	}
	if after := s.session(c, bought.at("id")); after.header.Get("Etag") != before.header.Get("Etag") {
		t.Errorf("a repeated event changed the order: %s", after.body)
	}
	s.wantCharge(bought.at("id"), beans)
}

// Success is told before the start of the payment is.
func TestWebhooksInTheWrongOrder(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.provider.HoldWebhooks(true)
	c := s.fill("beans-kade-250")
	slow := s.buy(c, c.purchase("pm_sandbox_processing", beans), key()).want(http.StatusCreated).wantAt("status", "complete_in_progress")
	started := s.eventsOf()
	if err := s.clock.reach(s.clock.Now().Add(10 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := s.provider.Run(t.Context(), s.clock.Now()); err != nil { // the bank's answer is there, and no schedule looks for it
		t.Fatal(err)
	}
	deliver := func(id string) {
		t.Helper()
		if err := s.provider.Deliver(t.Context(), id); err != nil {
			t.Errorf("deliver: %v", err)
		}
	}
	deliver(s.eventsOf()["payment_intent.succeeded"])
	s.session(c, slow.at("id")).wantAt("status", "completed")
	for _, id := range started {
		deliver(id)
	}
	s.session(c, slow.at("id")).wantAt("status", "completed")
	s.wantCharge(slow.at("id"), beans)
}

// reprice changes a price as the merchant's import does.
func (in inside) reprice(sku string, minor int64) {
	in.t.Helper()
	products, err := in.store.Products(in.t.Context(), []string{sku})
	if err != nil {
		in.t.Fatal(err)
	}
	p := products[sku]
	p.Prices = map[money.Currency]int64{"EUR": minor}
	if err := in.store.PutProducts(in.t.Context(), []checkout.Product{p}); err != nil {
		in.t.Fatal(err)
	}
}

func TestPriceRaisedWhileTheSheetIsOpen(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.fill("beans-kade-250")
	open := s.open(c)
	s.reprice("beans-kade-250", 1095)
	s.advance("31m") // the quote's prices hold no longer
	refused := s.complete(c, open.at("id"), "pm_card_visa", beans).want(http.StatusOK).wantAt("status", "ready_for_complete")
	if !slices.Contains(refused.messageCodes(), "price_changed") || refused.total() != beans+100 {
		t.Errorf("the shopper isn't told of the higher price: %s", refused.body)
	}
	if charges := s.charges(); len(charges) != 0 {
		t.Errorf("the ledger has %+v", charges)
	}
	s.complete(c, open.at("id"), "pm_card_visa", beans+100).want(http.StatusOK).wantAt("status", "completed")
	s.wantCharge(open.at("id"), beans+100)
}

func TestPriceRaisedWithinTheQuotesLife(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.fill("beans-kade-250")
	open := s.open(c)
	s.reprice("beans-kade-250", 1095)
	s.complete(c, open.at("id"), "pm_card_visa", beans).want(http.StatusOK).wantAt("status", "completed")
	s.wantCharge(open.at("id"), beans)
}

func TestPriceLoweredWhileTheSheetIsOpen(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.fill("beans-kade-250")
	open := s.open(c)
	s.reprice("beans-kade-250", 895)
	s.advance("31m")
	done := s.complete(c, open.at("id"), "pm_card_visa", beans).want(http.StatusOK).wantAt("status", "completed")
	if done.total() != beans-100 {
		t.Errorf("the order's total is %d", done.total())
	}
	s.wantCharge(open.at("id"), beans-100)
}

func TestLastUnitWantedByTwo(t *testing.T) {
	t.Parallel()
	s := start(t)
	var replies [2]reply
	buyers := [2]cart{s.fill(lever), s.fill(lever)}
	sessions := [2]string{s.open(buyers[0]).at("id"), s.open(buyers[1]).at("id")}
	var group sync.WaitGroup
	for i, c := range buyers {
		group.Go(func() { replies[i] = s.complete(c, sessions[i], "pm_card_visa", leverTotal) })
	}
	group.Wait()
	slices.SortFunc(replies[:], func(a, b reply) int { return strings.Compare(a.at("status"), b.at("status")) })
	winner, loser := replies[0].want(http.StatusOK).wantAt("status", "completed"), replies[1].want(http.StatusOK)
	if codes := loser.messageCodes(); loser.at("status") == "completed" || !slices.Contains(codes, "out_of_stock") && !slices.Contains(codes, "cart_changed") {
		t.Errorf("the second buyer is told %v: %s", codes, loser.body)
	}
	s.advance("24h")
	s.wantCharge(winner.at("id"), leverTotal)
}

func TestCartIsLockedWhileItIsPaid(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.fill("mug-quay")
	escalated := s.buy(c, c.purchase("pm_card_authenticationRequired", 1650+495), key()).wantAt("status", "requires_escalation")
	edit := func() reply {
		return s.do(http.MethodPost, "/carts/"+c.id+"/line-items", `{"item":{"id":"tea-mint-50"},"quantity":2}`, "Authorization", c.auth())
	}
	locked := edit().want(http.StatusConflict).wantAt("messages.0.code", "cart_locked")
	if !strings.Contains(string(locked.body), escalated.at("id")) {
		t.Errorf("the answer doesn't name the session: %s", locked.body)
	}
	s.do(http.MethodGet, "/carts/"+c.id, "", "Authorization", c.auth()).want(http.StatusOK).wantAt("line_items.1.id", "")
	s.act(escalated, "fail")
	s.advance("1m")
	edit().want(http.StatusOK).wantAt("line_items.1.quantity", "2")
	if charges := s.charges(); len(charges) != 0 {
		t.Errorf("the ledger has %+v", charges)
	}
}
