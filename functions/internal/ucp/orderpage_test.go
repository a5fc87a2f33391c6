package ucp_test

import (
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/payments/money"
)

// The page tells what became of an order, and nothing of its parcels' way or of its disputes.
func TestOrderPageTellsWhatHappened(t *testing.T) {
	t.Parallel()
	v := ready(t)
	v.Session.Status, v.Offers = checkout.StatusCompleted, nil
	v.Session.Quote.Lines[0].Title = `<script>alert("mug")</script>`
	v.Session.Order = &checkout.Order{
		ID: "or_1", PlacedAt: now, Amount: v.Session.Quote.Total, Page: "V7QK2N5XWJ3T6RZA",
		Fulfillments: []checkout.Fulfillment{{ID: "fu_1", At: now.Add(24 * time.Hour), Carrier: "PostNL", TrackingNumber: "3SCANARY",
			TrackingURL: "https://track.example/3SCANARY"}},
		Refunds: []checkout.Refund{{ID: "re_1", Amount: money.New(1290, "EUR"), State: checkout.RefundDone, AskedAt: now.Add(48 * time.Hour),
			At: now.Add(48 * time.Hour)}},
		Disputes: []checkout.Dispute{{ID: "dp_1", Amount: money.New(100, "EUR"), Reason: "fraudulent", State: checkout.DisputeOpen, At: now}},
	}
	page := string(wire(t).OrderPage("nl", v))
	for _, wanted := range []string{"Verzonden op 24\u00a0nov 2026", "25\u00a0nov 2026", "12,90", "&lt;script&gt;"} {
		if !strings.Contains(page, wanted) {
			t.Errorf("the page lacks %q:\n%s", wanted, page)
		}
	}
	for _, hidden := range []string{"3SCANARY", "dp_1", "fraudulent", "<script>", "ada@example.com", "Keizersgracht"} {
		if strings.Contains(page, hidden) {
			t.Errorf("the page shows %q:\n%s", hidden, page)
		}
	}
}
