package main

import (
	"bytes"
	"net/http"
	"sync"
	"testing"
)

// beans is what two things cost in the sample: a bag of the house espresso, and shipping in the Netherlands.
const beans = 995 + 495

// One request takes a filled cart to an order, and nothing that is done with it again charges twice.
func TestOneRequestBuysACart(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.fill("beans-kade-250")
	k, body := key(), c.purchase("pm_card_visa", beans)

	bought := s.buy(c, body, k).want(http.StatusCreated).wantAt("status", "completed")
	session, order := bought.at("id"), bought.at("order.id")
	if order == "" || bought.total() != beans {
		t.Fatalf("no order, or another total: %s", bought.body)
	}
	s.do(http.MethodGet, "/orders/"+order, "", "Authorization", c.auth()).want(http.StatusOK).wantAt("checkout_id", session)

	again := s.buy(c, body, k).want(http.StatusCreated)
	if again.header.Get("Idempotent-Replayed") != "true" || !bytes.Equal(again.body, bought.body) {
		t.Errorf("the same request answers %v\n%s\nnot\n%s", again.header, again.body, bought.body)
	}
	other := s.buy(c, body, key())
	if other.status/100 != 2 || other.at("id") != session || other.at("order.id") != order || other.at("status") != "completed" {
		t.Errorf("a new key for the same cart gets %d %s", other.status, other.body)
	}
	s.do(http.MethodPost, "/checkout-sessions", c.purchase("pm_card_mastercard", beans), "Authorization", c.auth(),
		"Idempotency-Key", k).want(http.StatusConflict).wantAt("messages.0.code", "idempotency_conflict")
	s.advance("72h")
	s.wantCharge(session, beans)
}

// 50 copies at once: each gets the order, or is asked to come back.
func TestParallelCopiesBuyOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.fill("beans-kade-250")
	k, body := key(), c.purchase("pm_card_visa", beans)
	replies := make([]reply, 50)
	var group sync.WaitGroup
	for i := range replies {
		group.Go(func() {
			var err error
			replies[i], err = s.try(http.MethodPost, "/checkout-sessions", body, "Authorization", c.auth(), "Idempotency-Key", k)
			if err != nil {
				t.Errorf("copy %d: %v", i, err)
			}
		})
	}
	group.Wait()
	last := s.buy(c, body, k).want(http.StatusCreated).wantAt("status", "completed")
	orders := 0
	for i, a := range replies {
		switch {
		case a.status == http.StatusCreated && a.at("order.id") == last.at("order.id"):
			orders++
		case a.status == http.StatusConflict && a.header.Get("Retry-After") != "":
		default:
			t.Errorf("copy %d: %d %v %s", i, a.status, a.header, a.body)
		}
	}
	if orders == 0 {
		t.Error("no copy got the order")
	}
	s.wantCharge(last.at("id"), beans)
}

// Digital and free: there is nothing to ship, and nobody to charge.
func TestFreeThingsNeedNoPayment(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.fill("guide-brewing")
	open := s.buy(c, `{"cart_id":"`+c.id+`"}`, key()).want(http.StatusCreated).wantAt("status", "ready_for_complete")
	s.do(http.MethodPost, "/checkout-sessions/"+open.at("id")+"/complete", `{}`, "Authorization", c.auth(), "Idempotency-Key", key()).
		want(http.StatusOK).wantAt("status", "completed")
	if c := s.charges(); len(c) != 0 {
		t.Errorf("the ledger has %+v", c)
	}
}

// What a guest may not see looks as if it didn't exist.
func TestForeignCartsAreUnknown(t *testing.T) {
	t.Parallel()
	s := start(t)
	mine, theirs := s.fill("mug-quay"), s.fill("mug-quay")
	s.do(http.MethodGet, "/carts/"+theirs.id, "", "Authorization", mine.auth()).want(http.StatusNotFound)
	s.do(http.MethodPost, "/checkout-sessions", theirs.purchase("pm_card_visa", 2145), "Authorization", mine.auth(),
		"Idempotency-Key", key()).want(http.StatusNotFound)
	if c := s.charges(); len(c) != 0 {
		t.Errorf("the ledger has %+v", c)
	}
}
