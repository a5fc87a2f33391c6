package ucp_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kassa/checkout"
	"kassa/payments"
	"kassa/payments/money"
)

var update = flag.Bool("update", false, "write the golden files anew")

// answers are documents of every kind and state, by kind and name.
func answers(t *testing.T) map[string]any {
	t.Helper()
	w := wire(t)
	cart := checkout.CartView{
		Cart: checkout.Cart{
			ID: "ca_1", Version: 3, Currency: "EUR", Context: checkout.Context{Country: "NL", Language: "nl"},
			ExpiresAt: now.Add(30 * 24 * time.Hour),
		},
		Quote: quote(t, "NL", "", "nl", 0), Token: "kat_1_secret",
		Messages: []checkout.Message{{Type: checkout.MessageWarning, Code: checkout.MsgLowStock, Path: "$.line_items[0]",
			Args: map[string]string{"sku": "mug", "title": "Mug", "requested": "2", "quantity": "1"}}},
	}
	unknown := cart
	unknown.Cart.Context, unknown.Quote, unknown.Token, unknown.Messages = checkout.Context{}, quote(t, "", "", "en", 0), "", nil
	incomplete := ready(t)
	incomplete.Session.Status, incomplete.Session.Buyer = checkout.StatusIncomplete, checkout.Buyer{}
	incomplete.Session.Context.Country, incomplete.Session.Destination = "US", &checkout.Destination{PostalCode: "94105", Country: "US"}
	incomplete.Session.Quote = quote(t, "US", "", "de", 100)
	incomplete.Messages = []checkout.Message{
		{Type: checkout.MessageError, Code: checkout.MsgMissing, Severity: checkout.SeverityRecoverable, Path: "$.buyer.email"},
		{Type: checkout.MessageWarning, Code: checkout.MsgPriceChanged, Path: "$.totals",
			Args: map[string]string{"old": "4990", "new": "5990", "currency": "USD"}},
	}
	escalated := ready(t)
	escalated.Session.Status, escalated.Offers = checkout.StatusEscalated, nil
	escalated.Session.Attempt = &checkout.Attempt{N: 1, ReturnURL: "https://shop.example/return"}
	escalated.Session.Intent = &checkout.Intent{ID: "pi_1", ClientSecret: "pi_1_secret_2",
		Action: &payments.Action{Type: "redirect_to_url", URL: "https://hooks.example/3ds"}}
	escalated.Messages = []checkout.Message{{Type: checkout.MessageError, Code: checkout.MsgActionRequired, Severity: checkout.SeverityBuyerInput,
		Path: "$.payment"}}
	running := ready(t)
	running.Session.Status, running.Offers = checkout.StatusInProgress, nil
	running.Session.Intent = escalated.Session.Intent // the shopper has acted: there is nothing to act on any more
	done := ready(t)
	done.Session.Status, done.Offers = checkout.StatusCompleted, nil
	done.Session.Order = &checkout.Order{ID: "or_1", PlacedAt: now, Amount: done.Session.Quote.Total, Terms: "2025-12", Returns: "2025-11",
		WithdrawalDays: 14, Page: "V7QK2N5XWJ3T6RZA"}
	lived := done
	lived.Session.Order = life(t, *done.Session.Order)
	digital := done
	digital.Session.Ships, digital.Session.Destination = false, nil
	rich := richWire(t)
	collected := done
	collected.Session.Collect, collected.Session.Option, collected.Session.Codes = true, "collect", []string{"TEN", "NOPE"}
	collected.Session.Quote = richQuote(t, "NL", "collect", "nl", "", "TEN", "NOPE")
	collecting := ready(t)
	collecting.Session.Collect, collecting.Session.Codes, collecting.Session.Quote = true, collected.Session.Codes, collected.Session.Quote
	collecting.Messages = []checkout.Message{{Type: checkout.MessageWarning, Code: checkout.MsgCodeInvalid, Path: "$.discounts.codes[1]",
		Args: map[string]string{"code": "NOPE", "reason": "unknown"}}}
	choosing := ready(t)
	choosing.Session.Codes, choosing.Session.Quote = []string{"FREE"}, richQuote(t, "NL", "", "en", "", "FREE")
	business := ready(t)
	business.Session.Buyer.VATID, business.Session.Quote = "BE0123456749", richQuote(t, "BE", "", "en", "BE")
	coded := cart
	coded.Cart.Codes, coded.Quote, coded.Messages = []string{"TEN"}, richQuote(t, "US", "", "en", "", "TEN"), nil
	coded.Cart.Context.Country = "US"
	return map[string]any{
		"cart-codes":          rich.Cart("en", coded),
		"checkout-collecting": rich.Checkout("nl", collecting),
		"checkout-choosing":   rich.Checkout("en", choosing),
		"checkout-business":   rich.Checkout("en", business),
		"order-collected":     rich.Order("nl", collected),
		"cart":                w.Cart("nl", cart),
		"cart-unknown":        w.Cart("en", unknown),
		"checkout-ready":      w.Checkout("en", ready(t)),
		"checkout-incomplete": w.Checkout("de", incomplete),
		"checkout-escalated":  w.Checkout("fr", escalated),
		"checkout-running":    w.Checkout("nb", running),
		"checkout-completed":  w.Checkout("en", done),
		"order":               w.Order("en", done),
		"order-lived":         w.Order("nl", lived),
		"order-digital":       w.Order("en", digital),
		"profile":             w.Profile(),
		"error":               w.Outcome("nb", []checkout.Message{{Type: checkout.MessageError, Code: checkout.MsgNotFound, Path: "$.line_items[0]", Args: map[string]string{"sku": "nix"}}}),
	}
}

// life is an order to which everything has happened.
func life(t *testing.T, o checkout.Order) *checkout.Order {
	t.Helper()
	lines := ready(t).Session.Quote.Lines
	line, day := lines[0].LineID, 24*time.Hour
	eur := func(minor int64) money.Money { return money.New(minor, "EUR") }
	o.Fulfillments = []checkout.Fulfillment{{ID: "fu_1", Lines: []checkout.LineQuantity{{LineID: line, Quantity: 1}}, Carrier: "PostNL",
		TrackingNumber: "3SKASSA1", TrackingURL: "https://track.example/3SKASSA1", At: now.Add(day)}}
	o.Refunds = []checkout.Refund{
		{ID: "rf_1", Amount: lines[0].Unit, Lines: []checkout.RefundLine{{LineID: line, Quantity: 1, Unshipped: 1}}, State: checkout.RefundDone,
			AskedAt: now.Add(2 * day)},
		{ID: "rf_2", Amount: eur(100), State: checkout.RefundFailed, AskedAt: now.Add(4 * day)},
		{ID: "rf_3", Amount: eur(200), State: checkout.RefundPending, Of: "wd_1", AskedAt: now.Add(5 * day)},
	}
	o.Withdrawals = []checkout.Withdrawal{{ID: "wd_1", Lines: []checkout.LineQuantity{{LineID: line, Quantity: 1}}, At: now.Add(3 * day),
		RefundBy: now.Add(17 * day)}}
	o.Cancellation = &checkout.Cancellation{At: now.Add(6 * day)}
	o.Disputes = []checkout.Dispute{
		{ID: "dp_1", Amount: eur(300), State: checkout.DisputeOpen, At: now.Add(7 * day)},
		{ID: "dp_2", Amount: eur(300), State: checkout.DisputeLost, At: now.Add(8 * day)},
		{ID: "dp_3", Amount: eur(300), State: checkout.DisputeWon, At: now.Add(9 * day)},
	}
	return &o
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, doc := range answers(t) {
		var got bytes.Buffer
		enc := json.NewEncoder(&got)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		if err := enc.Encode(doc); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", name+".json")
		if *update {
			if err := os.WriteFile(file, got.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file) //nolint:gosec // a name of ours
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("%s (run with -update if this is meant):\n%s", name, diff)
		}
	}
}

// TestAnswersAgainstTheStandard asks an outside judge, where there is one: UCPCHECK names a program that takes a kind of
// document and files, and exits with 1 if one of them breaks the official schemas.
func TestAnswersAgainstTheStandard(t *testing.T) {
	t.Parallel()
	judge := os.Getenv("UCPCHECK")
	for _, kind := range []string{"cart", "checkout", "order", "error"} {
		files, err := filepath.Glob(filepath.Join("testdata", kind+"*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no documents of kind %s: %v", kind, err)
		}
		if judge == "" {
			continue // TestAnswers holds the documents to what the judge has seen
		}
		out, err := exec.CommandContext(t.Context(), judge, append([]string{kind}, files...)...).CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
}
