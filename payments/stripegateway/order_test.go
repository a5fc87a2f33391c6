package stripegateway_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kassa/payments"
	"kassa/payments/money"
)

func refundsOf(more bool, items ...object) http.HandlerFunc {
	if items == nil {
		items = []object{}
	}
	return answer(http.StatusOK, object{"object": "list", "url": "/v1/refunds", "has_more": more, "data": items}.String())
}

func TestRefundsOfManyPages(t *testing.T) {
	t.Parallel()
	p := newProvider(t,
		refundsOf(true, refundObject().with(object{"id": "re_3", "metadata": object{payments.MetaRefund: "rf_1"}}), refundObject().with(object{"id": "re_2"})),
		refundsOf(true, refundObject().with(object{"id": "re_1", "status": "failed"})),
		refundsOf(false, refundObject().with(object{"id": "re_0", "amount": 7, "created": 1700000000})))
	got, err := p.gateway(t).Refunds(t.Context(), intentID)
	if err != nil {
		t.Fatal(err)
	}
	five := payments.Refund{ID: "re_2", IntentID: intentID, Amount: money.New(500, "EUR"), Status: payments.RefundSucceeded}
	ours, failed, seven := five, five, five
	ours.ID, ours.Ours = "re_3", "rf_1"
	failed.ID, failed.Status = "re_1", payments.RefundFailed
	seven.ID, seven.Amount, seven.Created = "re_0", money.New(7, "EUR"), time.Unix(1700000000, 0).UTC()
	if diff := cmp.Diff([]payments.Refund{ours, five, failed, seven}, got); diff != "" {
		t.Errorf("refunds (-want +got):\n%s", diff)
	}
	var targets []string
	for _, r := range p.requests() {
		targets = append(targets, r.target)
	}
	const page = "/v1/refunds?payment_intent=" + intentID + "&limit=100"
	if diff := cmp.Diff([]string{page, page + "&starting_after=re_2", page + "&starting_after=re_1"}, targets); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

// "There is none" lets the caller refund again, so nothing but a whole list may say it.
func TestRefundsNeverStopShort(t *testing.T) {
	t.Parallel()
	first := refundsOf(true, refundObject())
	for name, answers := range map[string][]http.HandlerFunc{
		"not a list":              {answer(http.StatusOK, `{}`)},
		"no data":                 {answer(http.StatusOK, `{"object":"list","url":"/v1/refunds","has_more":false}`)},
		"no URL":                  {answer(http.StatusOK, `{"object":"list","has_more":false,"data":[]}`)},
		"has more, shows nothing": {refundsOf(true)},
		"null among them":         {answer(http.StatusOK, `{"object":"list","url":"/v1/refunds","has_more":false,"data":[null]}`)},
		"one without id":          {refundsOf(false, refundObject().with(object{"id": ""}))},
		"no such currency":        {refundsOf(false, refundObject().with(object{"currency": "eurodollar"}))},
		"goes round in circles":   {first, first},
		"second page fails":       {first, answer(http.StatusInternalServerError, errorBody(object{"type": "api_error"}))},
		"second page is lost":     {first, lose},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := newProvider(t, answers...).gateway(t).Refunds(t.Context(), intentID)
			if payments.ClassOf(err) != payments.ClassUnknown || err == nil || got != nil {
				t.Errorf("refunds %v, error %v; want none and unknown", got, err)
			}
		})
	}
	if got, err := newProvider(t, refundsOf(false)).gateway(t).Refunds(t.Context(), intentID); err != nil || len(got) != 0 {
		t.Errorf("empty list: refunds %v, error %v; want none and no error", got, err)
	}
}

func TestDispute(t *testing.T) {
	t.Parallel()
	dispute := object{"id": "dp_1", "object": "dispute", "amount": 500, "currency": "eur", "status": "needs_response", "reason": "fraudulent",
		"payment_intent": intentID, "created": 1700000000}
	for status, want := range map[string]payments.DisputeStatus{
		"won": payments.DisputeWon, "warning_closed": payments.DisputeWon, "lost": payments.DisputeLost, "needs_response": payments.DisputeOpen,
		"under_review": payments.DisputeOpen, "warning_needs_response": payments.DisputeOpen, "novel": payments.DisputeOpen,
	} {
		got, err := newProvider(t, answer(http.StatusOK, dispute.with(object{"status": status}).String())).gateway(t).Dispute(t.Context(), "dp_1")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(payments.Dispute{ID: "dp_1", IntentID: intentID, Amount: money.New(500, "EUR"), Reason: "fraudulent", Status: want,
			Created: time.Unix(1700000000, 0).UTC()}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", status, diff)
		}
	}
	for name, change := range map[string]object{
		"another dispute": {"id": "dp_2"}, "another object": {"object": "charge"}, "unknown currency": {"currency": "zzz"},
	} {
		_, err := newProvider(t, answer(http.StatusOK, dispute.with(change).String())).gateway(t).Dispute(t.Context(), "dp_1")
		if payments.ClassOf(err) != payments.ClassUnknown || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
