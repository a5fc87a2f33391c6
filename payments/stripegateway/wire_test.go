package stripegateway_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kassa/payments"
	"kassa/payments/money"
)

// fields decodes a form body; a parameter that stands twice is joined, so that it can't pass unseen.
func fields(t *testing.T, body string) map[string]string {
	t.Helper()
	values, err := url.ParseQuery(body)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for k, v := range values {
		m[k] = strings.Join(v, " AND ")
	}
	return m
}

const shippingWire = `shipping[name]=Ada Lovelace;shipping[phone]=+31612345678;shipping[address][line1]=Keizersgracht 1;shipping[address][city]=Amsterdam;shipping[address][postal_code]=1015 AA;shipping[address][country]=NL`

const (
	createWire = `amount=1999;currency=eur;capture_method=automatic;confirm=true;payment_method_types[0]=card;payment_method_types[1]=ideal;` +
		`return_url=https://shop.example/return?a=1&b=2;metadata[session_id]=cs_1;metadata[cart_id]=ca_1;metadata[attempt]=2;` + shippingWire
	confirmWire = `payment_method_types[0]=card;payment_method_types[1]=ideal;return_url=https://shop.example/return?a=1&b=2;` + shippingWire
	googleWire  = `;payment_method_data[type]=card;payment_method_data[card][token]=tok_1;payment_method_data[billing_details][email]=ada@shop.example`
)

func parse(s string) map[string]string {
	m := map[string]string{}
	for pair := range strings.SplitSeq(s, ";") {
		k, v, _ := strings.Cut(pair, "=")
		m[k] = v
	}
	return m
}

const (
	sheetWire   = `amount=1999;currency=eur;payment_method_types[0]=card;payment_method_types[1]=ideal;metadata[session_id]=cs_1;metadata[cart_id]=ca_1;metadata[attempt]=2`
	richTypes   = `payment_method_types[1]=bancontact;payment_method_types[2]=swish;payment_method_types[3]=paypal;payment_method_types[4]=wechat_pay`
	richOptions = `payment_method_options[card][capture_method]=manual;payment_method_options[bancontact][preferred_language]=nl;` +
		`payment_method_options[swish][reference]=or_1;payment_method_options[paypal][reference]=or_1;payment_method_options[wechat_pay][client]=web`
)

// rich asks for all that a method can be told.
func rich(r payments.Request) payments.Request {
	r.Methods = []string{"card", "bancontact", "swish", "paypal", "wechat_pay"}
	r.Order, r.Platform, r.Language, r.HoldCards, r.Customer, r.KeepCard = "or_1", payments.PlatformWeb, "nl", true, "cus_1", true
	return r
}

func unkept(r payments.Request) payments.Request {
	r.Customer = "cus_1"
	return r
}

func paid(r payments.Request, kind payments.InstrumentKind, token string) payments.Request {
	r.Instrument.Kind, r.Instrument.Token = kind, token
	return r
}

func TestPayOnTheWire(t *testing.T) {
	t.Parallel()
	noExtras := request()
	noExtras.Shipping, noExtras.Email = nil, ""
	ok := answer(http.StatusOK, intentObject().String())
	for name, test := range map[string]struct {
		request payments.Request
		want    []sent // body in the short form of parse
	}{
		"confirmation token": {request(), []sent{
			{target: "/v1/payment_intents", key: "pay-1", body: createWire + ";confirmation_token=ctoken_1"},
		}},
		"payment method": {paid(request(), payments.InstrumentPaymentMethod, "pm_1"), []sent{
			{target: "/v1/payment_intents", key: "pay-1", body: createWire + ";payment_method=pm_1"},
		}},
		"google pay": {paid(request(), payments.InstrumentGooglePayToken, "tok_1"), []sent{
			{target: "/v1/payment_intents", key: "pay-1", body: createWire + googleWire},
		}},
		"nothing optional": {paid(noExtras, payments.InstrumentGooglePayToken, "tok_1"), []sent{
			{target: "/v1/payment_intents", key: "pay-1", body: strings.TrimSuffix(strings.TrimSuffix(createWire, shippingWire), ";") +
				";payment_method_data[type]=card;payment_method_data[card][token]=tok_1"},
		}},
		"all options": {rich(request()), []sent{
			{target: "/v1/payment_intents", key: "pay-1", body: strings.Replace(createWire, "payment_method_types[1]=ideal", richTypes, 1) +
				";confirmation_token=ctoken_1;customer=cus_1;expand[0]=latest_charge;" + richOptions + ";payment_method_options[card][setup_future_usage]=on_session"},
		}},
		"a card that was to be kept isn't any more": {unkept(further(false)), []sent{
			{target: "/v1/payment_intents/pi_1/confirm", key: "pay-1",
				body: confirmWire + ";confirmation_token=ctoken_1;payment_method_options[card][setup_future_usage]=none"},
		}},
		"sheet": {rich(sheet()), []sent{
			{target: "/v1/payment_intents", key: "pay-1", body: "capture_method=automatic;customer=cus_1;" + strings.Replace(sheetWire, "payment_method_types[1]=ideal", richTypes, 1) +
				";" + richOptions + ";payment_method_options[card][setup_future_usage]=on_session"},
		}},
		"further attempt": {further(false), []sent{
			{target: "/v1/payment_intents/pi_1/confirm", key: "pay-1", body: confirmWire + ";confirmation_token=ctoken_1"},
		}},
		"further attempt, google pay": {paid(further(false), payments.InstrumentGooglePayToken, "tok_1"), []sent{
			{target: "/v1/payment_intents/pi_1/confirm", key: "pay-1", body: confirmWire + googleWire},
		}},
		"further attempt, other amount": {paid(further(true), payments.InstrumentPaymentMethod, "pm_2"), []sent{
			{target: "/v1/payment_intents/pi_1", key: "upd-1",
				body: "amount=1999;currency=eur;metadata[session_id]=cs_1;metadata[cart_id]=ca_1;metadata[attempt]=2"},
			{target: "/v1/payment_intents/pi_1/confirm", key: "pay-1", body: confirmWire + ";payment_method=pm_2"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t, ok)
			if _, err := p.gateway(t).Pay(t.Context(), test.request); err != nil {
				t.Fatal(err)
			}
			got := p.requests()
			if len(got) != len(test.want) {
				t.Fatalf("sent %d requests, want %d", len(got), len(test.want))
			}
			for i, want := range test.want {
				if got[i].method != http.MethodPost || got[i].target != want.target || got[i].key != want.key {
					t.Errorf("request %d is %s %s under %q, want POST %s under %q", i, got[i].method, got[i].target, got[i].key, want.target,
						want.key)
				}
				if diff := cmp.Diff(parse(want.body), fields(t, got[i].body)); diff != "" {
					t.Errorf("request %d parameters (-want +got):\n%s", i, diff)
				}
			}
		})
	}
}

// What one method can be told is told, whatever the others are; and nothing where there is nothing to tell.
func TestOptionsOfOneMethod(t *testing.T) {
	t.Parallel()
	for method, want := range map[string][]string{
		"card":       {"payment_method_options[card][capture_method]=manual", "payment_method_options[card][setup_future_usage]=on_session"},
		"bancontact": {"payment_method_options[bancontact][preferred_language]=nl"},
		"swish":      {"payment_method_options[swish][reference]=or_1"},
		"paypal":     {"payment_method_options[paypal][reference]=or_1"},
		"wechat_pay": {"payment_method_options[wechat_pay][client]=web"},
		"ideal":      nil,
	} {
		r := rich(request())
		r.Methods = []string{method}
		p := newProvider(t, answer(http.StatusOK, intentObject().String()))
		if _, err := p.gateway(t).Pay(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		var got []string
		for k, v := range fields(t, p.requests()[0].body) {
			if strings.HasPrefix(k, "payment_method_options") {
				got = append(got, k+"="+v)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", method, diff)
		}
	}
}

// Stripe counts in its own units; the table is money's, the conversion is ours to make in both directions.
func TestAmountsAreInStripesUnits(t *testing.T) {
	t.Parallel()
	for currency, test := range map[money.Currency]struct {
		minor int64
		wire  string
	}{"ISK": {1500, "150000"}, "JPY": {1500, "1500"}, "KWD": {1500, "1500"}, "MGA": {150000, "1500"}} {
		amount := money.New(test.minor, currency)
		p := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
			answer(http.StatusOK, strings.NewReplacer(`"amount":1999`, `"amount":`+test.wire, `"amount_received":1999`, `"amount_received":`+test.wire, `"eur"`, `"`+strings.ToLower(string(currency))+`"`).
				Replace(intentObject().String()))(w, r)
		})
		r := request()
		r.Amount = amount
		i, err := p.gateway(t).Pay(t.Context(), r)
		if err != nil {
			t.Fatal(currency, err)
		}
		if got := fields(t, p.requests()[0].body)["amount"]; got != test.wire {
			t.Errorf("%s: sent amount %s, want %s", currency, got, test.wire)
		}
		if i.Amount != amount || i.Received != amount || i.Status != payments.StatusPaid {
			t.Errorf("%s: intent has amount %v, received %v, status %s; want %v, paid", currency, i.Amount, i.Received, i.Status, amount)
		}
	}
}

func TestOtherCallsOnTheWire(t *testing.T) {
	t.Parallel()
	want := map[string]sent{
		"cancel": {method: "POST", target: "/v1/payment_intents/pi_1/cancel", key: "cancel-1", body: "cancellation_reason=abandoned"},
		"refund": {method: "POST", target: "/v1/refunds", key: "ref-1",
			body: "payment_intent=pi_1;amount=500;reason=requested_by_customer;metadata[order_id]=or_1;metadata[a]=1;metadata[b]=2"},
		"capture":  {method: "POST", target: "/v1/payment_intents/pi_1/capture", key: "cap:or_1:1", body: "amount_to_capture=500"},
		"refunds":  {method: "GET", target: "/v1/refunds?payment_intent=pi_1&limit=100"},
		"dispute":  {method: "GET", target: "/v1/disputes/dp_1"},
		"customer": {method: "POST", target: "/v1/customers", key: "cust:pc_1", body: "metadata[person]=pc_1"},
		"cards":    {method: "GET", target: "/v1/payment_methods?customer=cus_1&type=card&limit=20"},
		"read":     {method: "GET", target: "/v1/payment_intents/pi_1?expand[0]=latest_charge"},
		"find":     {method: "GET", target: "/v1/payment_intents?created[gte]=1699999700&limit=100"},
	}
	for _, o := range operations() {
		want, ok := want[o.name]
		if !ok {
			continue
		}
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t, answer(http.StatusOK, o.ok[0]))
			if err := o.call(t.Context(), p.gateway(t)); err != nil {
				t.Fatal(err)
			}
			if len(p.requests()) != 1 {
				t.Fatalf("sent %d requests, want 1", len(p.requests()))
			}
			got := p.requests()[0]
			if got.method != want.method || got.target != want.target || got.key != want.key {
				t.Errorf("sent %s %s under %q, want %s %s under %q", got.method, got.target, got.key, want.method, want.target, want.key)
			}
			if diff := cmp.Diff(parse(want.body), fields(t, got.body)); want.body != "" && diff != "" {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
		})
	}
}

// A path must not be steered by what stands in an id.
func TestIDsAreEscaped(t *testing.T) {
	t.Parallel()
	p := newProvider(t, answer(http.StatusOK, intentObject().with(object{"id": "pi/../x?y"}).String()))
	if _, err := p.gateway(t).Cancel(t.Context(), "pi/../x?y", "k"); err != nil {
		t.Fatal(err)
	}
	if got := p.requests()[0].target; got != "/v1/payment_intents/pi%2F..%2Fx%3Fy/cancel" {
		t.Errorf("target is %s", got)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	p := newProvider(t, answer(http.StatusOK, intentObject().String()))
	g := p.gateway(t)
	for range 2 { // telemetry would ride on the second
		if _, err := g.Pay(t.Context(), request()); err != nil {
			t.Fatal(err)
		}
	}
	h := p.requests()[1].header
	for name, want := range map[string]string{
		"Authorization": "Bearer " + secretKey, "Stripe-Version": "2023-10-16", "Content-Type": "application/x-www-form-urlencoded",
		"X-Stripe-Client-Telemetry": "", "Stripe-Account": "",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// Stripe compares what stands under a key, and a repeat is how a lost answer is learned.
func TestTheSameCallTwiceIsTheSameBytes(t *testing.T) {
	t.Parallel()
	all := operations()
	all = append(all, operation{name: "google pay", write: true, ok: []string{intentObject().String()}, call: payCall(paid(request(), payments.InstrumentGooglePayToken, "tok_1"))},
		operation{name: "further google pay", write: true, ok: []string{intentObject().String()}, call: payCall(paid(further(false), payments.InstrumentGooglePayToken, "tok_1"))})
	for _, o := range all {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			var first []sent
			for range 12 {
				p := newProvider(t, answer(http.StatusOK, o.ok[0]))
				if err := o.call(t.Context(), p.gateway(t)); err != nil {
					t.Fatal(err)
				}
				got := p.requests()
				if len(got) != len(o.ok) {
					t.Fatalf("sent %d requests, want %d", len(got), len(o.ok))
				}
				if first == nil {
					first = got
				}
				for i := range got {
					if got[i].body != first[i].body || got[i].target != first[i].target || got[i].key != first[i].key {
						t.Fatalf("request %d differs:\n%s %s\n%s %s", i, first[i].target, first[i].body, got[i].target, got[i].body)
					}
					if (got[i].key != "") != o.write {
						t.Errorf("request %d has key %q", i, got[i].key)
					}
				}
			}
		})
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	of := func(id, session string) object {
		return intentObject().with(object{"id": id, "metadata": object{"session_id": session, "attempt": "1"}})
	}
	p := newProvider(t,
		answer(http.StatusOK, listOf(true, of("pi_9", "cs_other"), of("pi_8", "cs_1"))),
		answer(http.StatusOK, listOf(true, of("pi_7", ""))),
		answer(http.StatusOK, listOf(false, of("pi_6", "cs_1"))))
	found, err := p.gateway(t).Find(t.Context(), "cs_1", time.Unix(1700000000, 0))
	if err != nil {
		t.Fatal(err)
	}
	var ids, targets []string
	for _, i := range found {
		ids = append(ids, i.ID)
	}
	for _, r := range p.requests() {
		targets = append(targets, r.target)
	}
	if diff := cmp.Diff([]string{"pi_8", "pi_6"}, ids); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	const page = "/v1/payment_intents?created[gte]=1699999700&limit=100"
	if diff := cmp.Diff([]string{page, page + "&starting_after=pi_8", page + "&starting_after=pi_7"}, targets); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

// "There is none" lets the caller charge again, so nothing but a whole list may say it.
func TestFindNeverStopsShort(t *testing.T) {
	t.Parallel()
	first := answer(http.StatusOK, listOf(true, intentObject()))
	for name, answers := range map[string][]http.HandlerFunc{
		"not a list":               {answer(http.StatusOK, `{}`)},
		"no data":                  {answer(http.StatusOK, `{"object":"list","url":"/v1/payment_intents","has_more":false}`)},
		"has more, shows nothing":  {answer(http.StatusOK, listOf(true))},
		"null at the end":          {answer(http.StatusOK, `{"object":"list","url":"/v1/payment_intents","has_more":true,"data":[null]}`)},
		"goes round in circles":    {first, first},
		"second page fails":        {first, answer(http.StatusInternalServerError, errorBody(object{"type": "api_error"}))},
		"second page is cut short": {first, answer(http.StatusOK, `{"object":"list","data":[{`)},
		"second page is lost":      {first, lose},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := newProvider(t, answers...).gateway(t).Find(t.Context(), "cs_1", time.Unix(1700000000, 0))
			if payments.ClassOf(err) != payments.ClassUnknown || err == nil || found != nil {
				t.Errorf("found %v, error %v; want none and unknown", found, err)
			}
		})
	}
	if found, err := newProvider(t, answer(http.StatusOK, listOf(false))).gateway(t).Find(t.Context(), "cs_1", time.Unix(1700000000, 0)); err != nil || len(found) != 0 {
		t.Errorf("empty list: found %v, error %v; want none and no error", found, err)
	}
}

func TestRefundStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]payments.RefundStatus{
		"succeeded": payments.RefundSucceeded, "pending": payments.RefundPending, "requires_action": payments.RefundPending,
		"failed": payments.RefundFailed, "canceled": payments.RefundFailed, "novel": payments.RefundPending,
	} {
		p := newProvider(t, answer(http.StatusOK, refundObject().with(object{"status": status}).String()))
		got, err := p.gateway(t).Refund(t.Context(), refundRequest())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(payments.Refund{ID: "re_1", IntentID: intentID, Amount: money.New(500, "EUR"), Status: want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", status, diff)
		}
	}
}
