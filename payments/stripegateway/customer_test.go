package stripegateway_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kassa/payments"
)

// An ephemeral key is made in the release of Stripe's API that the app's SDK speaks, and never twice the same: no key of ours.
func TestEphemeralKey(t *testing.T) {
	t.Parallel()
	p := newProvider(t, answer(http.StatusOK, `{"id":"ephkey_1","object":"ephemeral_key","secret":"ek_test_1","expires":1}`))
	g := p.gateway(t)
	for range 2 {
		secret, err := g.EphemeralKey(t.Context(), "cus_1", "2024-06-20")
		if err != nil || secret != "ek_test_1" {
			t.Fatalf("secret %q, %v", secret, err)
		}
	}
	sent := p.requests()
	if sent[0].target != "/v1/ephemeral_keys" || sent[0].header.Get("Stripe-Version") != "2024-06-20" || sent[0].key == "" || sent[0].key == sent[1].key {
		t.Errorf("sent %s in version %s under %q and %q", sent[0].target, sent[0].header.Get("Stripe-Version"), sent[0].key, sent[1].key)
	}
	if diff := cmp.Diff(map[string]string{"customer": "cus_1"}, fields(t, sent[0].body)); diff != "" {
		t.Error(diff)
	}
}

func TestEphemeralKeyThatIsNone(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"no secret": `{"id":"ephkey_1","object":"ephemeral_key"}`, "something else": `{"id":"cus_1","object":"customer","secret":"x"}`} {
		_, err := newProvider(t, answer(http.StatusOK, body)).gateway(t).EphemeralKey(t.Context(), "cus_1", "2024-06-20")
		if payments.ClassOf(err) != payments.ClassUnknown || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range [][2]string{{"", "2024-06-20"}, {"cus_1", ""}} {
		p := newProvider(t, answer(http.StatusOK, `{}`))
		if _, err := p.gateway(t).EphemeralKey(t.Context(), bad[0], bad[1]); err == nil || len(p.requests()) != 0 {
			t.Errorf("%v was sent", bad)
		}
	}
}

// An old answer names a customer that may be deleted since: while nobody can tell, there is none.
func TestReplayedCustomer(t *testing.T) {
	t.Parallel()
	old := answer(http.StatusOK, `{"id":"cus_1","object":"customer"}`, "Idempotent-Replayed", "true")
	for name, look := range map[string]http.HandlerFunc{
		"lost":    lose,
		"down":    answer(http.StatusInternalServerError, errorBody(object{"type": "api_error"})),
		"another": answer(http.StatusOK, `{"id":"cus_2","object":"customer"}`),
	} {
		_, err := newProvider(t, old, look).gateway(t).Customer(t.Context(), payments.CustomerRequest{Key: "cust:pc_1", Person: "pc_1"})
		if payments.ClassOf(err) != payments.ClassUnknown || err == nil {
			t.Errorf("%s: %v, want unknown", name, err)
		}
	}
}

func TestCustomerThatIsNone(t *testing.T) {
	t.Parallel()
	r := payments.CustomerRequest{Key: "cust:pc_1", Person: "pc_1"}
	for name, body := range map[string]string{
		"no id": `{"object":"customer"}`, "something else": `{"id":"ch_1","object":"charge"}`, "deleted": `{"id":"cus_1","object":"customer","deleted":true}`,
	} {
		id, err := newProvider(t, answer(http.StatusOK, body)).gateway(t).Customer(t.Context(), r)
		if payments.ClassOf(err) != payments.ClassUnknown || err == nil || id != "" {
			t.Errorf("%s: %q, %v", name, id, err)
		}
	}
	for name, bad := range map[string]payments.CustomerRequest{"nobody": {Key: r.Key}, "no key": {Person: r.Person}} {
		p := newProvider(t, answer(http.StatusOK, `{"id":"cus_1","object":"customer"}`))
		_, err := p.gateway(t).Customer(t.Context(), bad)
		if e := failureOf(t, err); e.Class != payments.ClassRefused || len(p.requests()) != 0 {
			t.Errorf("%s: %s after %d requests", name, describe(e), len(p.requests()))
		}
	}
}

// A customer that Stripe has deleted, or doesn't know, is deleted; all else that it answers decides nothing.
func TestDeleteCustomer(t *testing.T) {
	t.Parallel()
	missing := `{"error":{"type":"invalid_request_error","code":"resource_missing","param":"id","message":"No such customer: 'cus_1'"}}`
	for name, c := range map[string]struct {
		status int
		body   string
		done   bool
	}{
		"deleted":            {http.StatusOK, `{"id":"cus_1","object":"customer","deleted":true}`, true},
		"gone":               {http.StatusNotFound, missing, true},
		"still there":        {http.StatusOK, `{"id":"cus_1","object":"customer"}`, false},
		"another":            {http.StatusOK, `{"id":"cus_2","object":"customer","deleted":true}`, false},
		"unreadable":         {http.StatusOK, `<html>`, false},
		"no such path":       {http.StatusNotFound, `{"error":{"type":"invalid_request_error","message":"Unrecognized request URL"}}`, false},
		"refused":            {http.StatusBadRequest, missing, false},
		"another key":        {http.StatusUnauthorized, missing, false},
		"not permitted":      {http.StatusForbidden, `{"error":{"type":"invalid_request_error","message":"no"}}`, false},
		"at the same moment": {http.StatusConflict, `{"error":{"type":"idempotency_error","message":"no"}}`, false},
		"throttled":          {http.StatusTooManyRequests, `{"error":{"code":"rate_limit","message":"no"}}`, false},
		"down":               {http.StatusInternalServerError, `{"error":{"type":"api_error","message":"no"}}`, false},
	} {
		p := newProvider(t, answer(c.status, c.body))
		g := p.gateway(t)
		for range 2 {
			if err := g.DeleteCustomer(t.Context(), "cus_1"); (err == nil) != c.done {
				t.Errorf("%s: %v", name, err)
			}
		}
		sent := p.requests()
		if sent[0].method != http.MethodDelete || sent[0].target != "/v1/customers/cus_1" || sent[0].key == "" || sent[0].key == sent[1].key {
			t.Errorf("sent %s %s under %q and %q", sent[0].method, sent[0].target, sent[0].key, sent[1].key)
		}
	}
	p := newProvider(t, answer(http.StatusOK, `{}`))
	if err := p.gateway(t).DeleteCustomer(t.Context(), ""); err == nil || len(p.requests()) != 0 {
		t.Errorf("nothing was deleted: %v", err)
	}
}

func TestSavedCards(t *testing.T) {
	t.Parallel()
	const page = `{"object":"list","url":"/v1/payment_methods","has_more":false,"data":[null,{"id":"pm_2","object":"payment_method","type":"ideal"},` +
		`{"id":"pm_1","object":"payment_method","type":"card",` +
		`"card":{"brand":"visa","last4":"4242","exp_month":12,"exp_year":2034,"fingerprint":"fp_1"}}]}`
	p := newProvider(t, answer(http.StatusOK, page))
	got, err := p.gateway(t).SavedCards(t.Context(), "cus_1")
	if err != nil {
		t.Fatal(err)
	}
	want := []payments.SavedCard{{ID: "pm_1", Brand: "visa", Last4: "4242", ExpMonth: 12, ExpYear: 2034, Number: "fp_1"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cards (-want +got):\n%s", diff)
	}
	if r := p.requests()[0]; r.target != "/v1/payment_methods?customer=cus_1&type=card&limit=20" {
		t.Errorf("sent %s", r.target)
	}
	for name, body := range map[string]string{"not a list": `{}`, "no data": `{"object":"list","url":"/v1/payment_methods"}`} {
		got, err := newProvider(t, answer(http.StatusOK, body)).gateway(t).SavedCards(t.Context(), "cus_1")
		if payments.ClassOf(err) != payments.ClassUnknown || err == nil || got != nil {
			t.Errorf("%s: cards %v, error %v; want none and unknown", name, got, err)
		}
	}
}

// A card that Stripe won't detach is forgotten if it is nobody's, or unknown; one about which Stripe doesn't say so may not be.
func TestForgetCard(t *testing.T) {
	t.Parallel()
	mine, nobodys := `{"id":"pm_1","object":"payment_method","customer":"cus_1"}`, `{"id":"pm_1","object":"payment_method","customer":null}`
	no := answer(http.StatusBadRequest, `{"error":{"type":"invalid_request_error","message":"no"}}`)
	missing := answer(http.StatusNotFound, `{"error":{"type":"invalid_request_error","code":"resource_missing","param":"id","message":"no"}}`)
	down := answer(http.StatusInternalServerError, `{"error":{"type":"api_error","message":"no"}}`)
	for name, c := range map[string]struct {
		answers []http.HandlerFunc
		done    bool
	}{
		"detached":                    {[]http.HandlerFunc{answer(http.StatusOK, nobodys)}, true},
		"still there":                 {[]http.HandlerFunc{answer(http.StatusOK, mine)}, false},
		"another":                     {[]http.HandlerFunc{answer(http.StatusOK, `{"id":"pm_2","object":"payment_method"}`)}, false},
		"down":                        {[]http.HandlerFunc{down}, false},
		"refused, nobody's":           {[]http.HandlerFunc{no, answer(http.StatusOK, nobodys)}, true},
		"refused, unknown":            {[]http.HandlerFunc{no, missing}, true},
		"refused, still a customer's": {[]http.HandlerFunc{no, answer(http.StatusOK, mine)}, false},
		"refused, then down":          {[]http.HandlerFunc{no, down}, false},
		"refused, then another":       {[]http.HandlerFunc{no, answer(http.StatusOK, `{"id":"pm_2","object":"payment_method"}`)}, false},
	} {
		p := newProvider(t, c.answers...)
		err := p.gateway(t).ForgetCard(t.Context(), "pm_1", "forget:pm_1")
		if (err == nil) != c.done {
			t.Errorf("%s: %v", name, err)
		}
		sent := p.requests()
		if len(sent) != len(c.answers) || sent[0].target != "/v1/payment_methods/pm_1/detach" || sent[0].key != "forget:pm_1" {
			t.Errorf("%s: sent %v", name, sent)
		}
	}
}
