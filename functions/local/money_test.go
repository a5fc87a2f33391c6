package main

import (
	"net/http"
	"strings"
	"testing"
)

// desk is a request of the merchant's.
func (s inside) desk(method, path, body string) reply {
	s.t.Helper()
	return s.do(method, "/admin/"+path, body, "Authorization", "Bearer "+s.app.book.page.AdminKey, "Idempotency-Key", key())
}

// Two bags of three come back before they are shipped: the merchant refunds them and ships the third.
func TestPartialRefund(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.fill("beans-kade-250")
	s.do(http.MethodPost, "/carts/"+c.id+"/line-items", `{"item":{"id":"beans-kade-250"},"quantity":2}`, "Authorization",
		c.auth()).want(http.StatusOK)
	bought := s.buy(c, c.purchase("pm_card_visa", 3*995+495), key()).want(http.StatusCreated).wantAt("status", "completed")
	order, line := bought.at("order.id"), bought.at("line_items.0.id")
	s.desk(http.MethodPost, "orders/"+order+"/refund", `{"line_items":[{"id":"`+line+`","quantity":2}]}`).want(http.StatusOK)
	s.desk(http.MethodPost, "orders/"+order+"/refund", `{"amount":1491}`).want(http.StatusConflict).wantAt("messages.0.code", "not_refundable")
	s.desk(http.MethodPost, "orders/"+order+"/fulfil", `{"carrier":"PostNL","tracking_number":"3SKADE9"}`).want(http.StatusOK)
	s.advance("1m") // the provider's events about it come, and change nothing
	seen := s.do(http.MethodGet, "/orders/"+order, "", "Authorization", c.auth()).want(http.StatusOK).
		wantAt("adjustments.0.type", "refund").wantAt("adjustments.0.status", "completed").wantAt("adjustments.0.totals.0.amount", "-1990").
		wantAt("adjustments.1", "").wantAt("fulfillment.events.0.line_items.0.quantity", "1").wantAt("line_items.0.status", "fulfilled")
	if l := s.charges(); len(l) != 1 || l[0].Refunded != 1990 {
		t.Errorf("the ledger has %+v; the order %s", l, seen.body)
	}
}

// The shopper complains to the bank: nothing is shipped or refunded until that has decided.
func TestDispute(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.fill("beans-kade-250")
	order := s.buy(c, c.purchase("pm_card_createDispute", beans), key()).want(http.StatusCreated).at("order.id")
	s.advance("2m")
	s.do(http.MethodGet, "/orders/"+order, "", "Authorization", c.auth()).wantAt("adjustments.0.type", "dispute").wantAt("adjustments.0.status",
		"pending")
	for _, what := range []string{"fulfil", "cancel"} {
		s.desk(http.MethodPost, "orders/"+order+"/"+what, `{}`).want(http.StatusConflict).wantAt("messages.0.code", "disputed")
	}
	s.desk(http.MethodPost, "orders/"+order+"/refund", `{"all":true}`).want(http.StatusConflict).wantAt("messages.0.code", "disputed")
	id := s.do(http.MethodGet, "/orders/"+order, "", "Authorization", c.auth()).at("adjustments.0.id")
	if err := s.provider.DecideDispute(id, true); err != nil {
		t.Fatal(err)
	}
	s.advance("2m")
	s.desk(http.MethodPost, "orders/"+order+"/fulfil", `{}`).want(http.StatusOK)
}

// The merchant settles that cards are charged when goods are shipped: the order stands with the money held, and shipping takes it.
func TestManualCapture(t *testing.T) {
	t.Parallel()
	s := start(t)
	document := string(s.desk(http.MethodGet, "settings", "").want(http.StatusOK).body)
	held := strings.Replace(strings.NewReplacer(" ", "", "\n", "").Replace(document), `{"type":"card"}`, `{"type":"card","capture":"manual"}`, 1)
	if !strings.Contains(held, `"capture":"manual"`) {
		t.Fatalf("no card in %s", document)
	}
	changed := strings.Replace(document, `"card"`, `"card", "capture": "manual"`, 1)
	s.desk(http.MethodPut, "settings", changed).want(http.StatusOK)
	s.advance("61s")
	c := s.fill("beans-kade-250")
	order := s.buy(c, c.purchase("pm_card_visa", beans), key()).want(http.StatusCreated).wantAt("status", "completed").at("order.id")
	s.do(http.MethodGet, "/orders/"+order, "", "Authorization", c.auth()).wantAt("authorized", "true")
	if l := s.charges(); len(l) != 1 || l[0].Status != "authorized" {
		t.Fatalf("the ledger has %+v", l)
	}
	s.desk(http.MethodPost, "orders/"+order+"/fulfil", `{"carrier":"PostNL"}`).want(http.StatusOK)
	s.do(http.MethodGet, "/orders/"+order, "", "Authorization", c.auth()).wantAt("authorized", "").wantAt("fulfillment.events.0.carrier", "PostNL")
	s.wantCharge(strings.Replace(order, "or_", "cs_", 1), beans)
}
