package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
)

// buyMug buys a mug and returns the order's id, which the history knows.
func (s *stack) buyMug(t *testing.T) string {
	t.Helper()
	w := s.call(t, http.MethodPost, "/checkout-sessions", `{"line_items":[{"item":{"id":"mug"},"quantity":2}],"buyer":{"email":"Ada@Example.com","first_name":"Ada"},`+
		`"fulfillment":{"methods":[{"type":"shipping","destinations":[{"phone_number":"+31612345678","street_address":"Wijnhaven 9","address_locality":"Rotterdam","postal_code":"3011 WH","address_country":"NL"}]}]},`+
		`"payment":{"instruments":[{"id":"1","handler_id":"stripe","type":"card","selected":true,"credential":{"type":"stripe_payment_method","token":"pm_card_visa"}}]},`+
		`"expected_total":3075}`, s.key()).want(http.StatusCreated).wantAt("status", "completed")
	id := w.at("order.id")
	session, err := s.store.Session(t.Context(), w.at("id"))
	if err != nil {
		t.Fatal(err)
	}
	if err := (checkout.HistoryConsumer{History: s.store}).Consume(t.Context(), checkout.OutboxItem{Session: session}); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestOrdersAreFoundAndChanged(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	var ids []string
	for range 5 {
		ids = append(ids, s.buyMug(t))
		s.pass(30 * time.Hour)
	}
	newest := ids[4]
	search := func(body string) reply {
		return s.do(t, http.MethodPost, "/admin/orders/search", body).want(http.StatusOK)
	}
	search(`{"email":" ada@example.COM "}`).wantAt("orders.0.id", newest, "orders.4.id", ids[0], "orders.5", "", "orders.0.state", "placed",
		"orders.0.total", "3075", "cursor", "")
	page := search(`{"email":"ada@example.com","limit":2}`).wantAt("orders.0.id", newest, "orders.2", "")
	search(`{"email":"ada@example.com","limit":3,"cursor":"`+page.at("cursor")+`"}`).wantAt("orders.0.id", ids[2], "orders.2.id", ids[0], "cursor",
		"")
	search(`{"email":"eve@example.com"}`).wantAt("orders", "[]")
	search(`{"order_id":"`+ids[1]+`"}`).wantAt("orders.0.id", ids[1])
	search(`{"order_id":"or_none"}`).wantAt("orders", "[]")
	search(`{"customer":"ada"}`).wantAt("orders", "[]")
	for _, bad := range []string{`{}`, `{"email":"a@b.c","customer":"x"}`, `{"email":"a@b.c","limit":51}`, `{"email":"a@b.c","limit":0}`} {
		if w := s.call(t, http.MethodPost, "/admin/orders/search", bad, auth(rootKey)); w.Code != http.StatusBadRequest {
			t.Errorf("%s answers %d", bad, w.Code)
		}
	}
	s.do(t, http.MethodGet, "/admin/orders?day=2026-11-23", "").want(http.StatusOK).wantAt("orders.0.id", ids[0], "orders.1", "")
	s.do(t, http.MethodGet, "/admin/orders?day=23.11.2026", "").want(http.StatusBadRequest)
	var listed []string
	for link := "/admin/orders?limit=2"; link != ""; {
		w := s.do(t, http.MethodGet, link, "").want(http.StatusOK)
		for i := 0; w.at(fmt.Sprintf("orders.%d.id", i)) != ""; i++ {
			listed = append(listed, w.at(fmt.Sprintf("orders.%d.id", i)))
		}
		link, _ = strings.CutSuffix(strings.TrimPrefix(w.Header().Get("Link"), "<"), `>; rel="next"`)
	}
	slices.Reverse(listed)
	if !slices.Equal(listed, ids) {
		t.Errorf("listed are %v, want %v", listed, ids)
	}

	path := "/admin/orders/" + newest
	show := s.do(t, http.MethodGet, path, "").want(http.StatusOK).wantAt("order.id", newest, "merchant.destination.address_locality", "Rotterdam",
		"merchant.destination.phone_number", "+31612345678", "merchant.refundable", "3075")
	line := show.at("merchant.lines.0.id")
	key, body := s.key(), `{"line_items":[{"id":"`+line+`","quantity":1}],"carrier":"PostNL","tracking_number":"3S1","tracking_url":"https://postnl.example/3S1"}`
	s.do(t, http.MethodPost, path+"/fulfil", body, key, `If-Match: "99"`).want(http.StatusConflict).wantAt("messages.0.code", "version_conflict")
	tag := "If-Match: " + show.Header().Get("ETag")
	s.do(t, http.MethodPost, path+"/fulfil", body, key, tag).want(http.StatusOK).wantAt("merchant.state", "partly_fulfilled",
		"merchant.lines.0.fulfilled", "1")
	if w := s.do(t, http.MethodPost, path+"/fulfil", body, key, tag).want(http.StatusOK).wantAt("merchant.lines.0.fulfilled", "1"); w.Header().Get("Idempotent-Replayed") != "true" {
		t.Error("the repetition is not marked")
	}
	s.do(t, http.MethodPost, path+"/fulfil", `{}`, key).want(http.StatusConflict).wantAt("messages.0.code", "idempotency_conflict")
	s.do(t, http.MethodPost, path+"/fulfil", `{}`).want(http.StatusBadRequest).wantAt("messages.0.code", "missing_key")
	s.do(t, http.MethodPost, path+"/cancel", `{}`, s.key()).want(http.StatusConflict)
	withdrawn := s.do(t, http.MethodPost, path+"/withdraw", `{"line_items":[{"id":"`+line+`","quantity":1}],"reason":"by letter"}`,
		s.key()).want(http.StatusOK).
		wantAt("merchant.withdrawals.0.noted_by_merchant", "true", "merchant.withdrawals.0.reason", "by letter")
	refund := `{"line_items":[{"id":"` + line + `","quantity":1,"restock":true}],"reason":"requested_by_customer","withdrawal":"` +
		withdrawn.at("merchant.withdrawals.0.id") + `"}`
	key = s.key()
	for range 3 {
		s.do(t, http.MethodPost, path+"/refund", refund, key).want(http.StatusOK).wantAt("merchant.refunds.0.state", "done",
			"merchant.refunds.0.amount", "1290", "merchant.refunds.1", "")
	}
	s.do(t, http.MethodPost, path+"/refund", `{"amount":1786}`, s.key()).want(http.StatusConflict).wantAt("messages.0.code", "not_refundable")
	s.do(t, http.MethodPost, path+"/refund", `{"all":true}`, s.key()).want(http.StatusOK).wantAt("merchant.refundable", "0")
	s.do(t, http.MethodPost, path+"/refund", `{"total":1}`, s.key()).want(http.StatusBadRequest).wantAt("messages.0.path", "$.total")
	s.do(t, http.MethodPost, "/admin/orders/"+ids[0]+"/cancel", `{"reason":"gone"}`, s.key()).want(http.StatusOK).wantAt("merchant.state", "canceled")
	s.do(t, http.MethodPost, "/admin/orders/or_none/cancel", `{}`, s.key()).want(http.StatusNotFound)
	s.do(t, http.MethodGet, "/admin/orders/or_none", "").want(http.StatusNotFound)
	refunded := int64(0)
	for _, c := range s.provider.Ledger() {
		refunded += c.Refunded
	}
	if refunded != 2*3075 {
		t.Errorf("%d went back, want two orders' 6150", refunded)
	}
	s.do(t, http.MethodGet, "/admin/audit", "").want(http.StatusOK).wantAt("records.0.action", "order.cancel", "records.0.target", ids[0],
		"records.0.outcome", "done")
}

// The method matrix says of each way to pay whether it is offered, and why not.
func TestMethodsHaveReasons(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	w := s.do(t, http.MethodGet, "/admin/methods?country=NL&platform=ios&total=1000", "").want(http.StatusOK).wantAt("currency", "EUR", "total",
		"1000")
	seen := map[string]string{}
	for i := 0; w.at(fmt.Sprintf("methods.%d.method", i)) != ""; i++ {
		at := fmt.Sprintf("methods.%d.", i)
		if seen[w.at(at+"method")] = w.at(at + "why"); (w.at(at+"why") == "") != (w.at(at+"offered") == "true") {
			t.Errorf("%s is offered: %s, because %q", w.at(at+"method"), w.at(at+"offered"), w.at(at+"why"))
		}
	}
	if why, ok := seen["card"]; !ok || why != "" || seen["saved_card"] != "nothing_saved" || seen["ideal"] != "not_enabled" {
		t.Errorf("verdicts are %v", seen)
	}
	s.do(t, http.MethodGet, "/admin/methods?total=-1", "").want(http.StatusBadRequest)
}

func TestCursorOfOrdersIsOurs(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for _, cursor := range []string{"nonsense", "2026-02-30/", "2026-11-23", "2026-11-23-"} {
		s.do(t, http.MethodGet, "/admin/orders?cursor="+cursor, "").want(http.StatusBadRequest).wantAt("messages.0.code", "invalid")
	}
}
