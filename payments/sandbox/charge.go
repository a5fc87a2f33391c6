package sandbox

import "maps"

type outcome struct {
	NetworkStatus string `json:"network_status"`
	Reason        text   `json:"reason"`
	RiskLevel     string `json:"risk_level"`
	SellerMessage string `json:"seller_message"`
	Type          string `json:"type"`
}

type threeDSecure struct {
	Flow    string `json:"authentication_flow"`
	Result  string `json:"result"`
	Version string `json:"version"`
}

type cardDetails struct {
	card
	CaptureBefore int64         `json:"capture_before,omitempty"`
	ThreeDSecure  *threeDSecure `json:"three_d_secure"`
}

type methodDetails struct {
	Type string       `json:"type"`
	Card *cardDetails `json:"card,omitempty"`
}

// charge is one movement of money, or the failure of one, as the API shows it.
type charge struct {
	ID              string            `json:"id"`
	Object          string            `json:"object"`
	Amount          int64             `json:"amount"`
	AmountCaptured  int64             `json:"amount_captured"`
	AmountRefunded  int64             `json:"amount_refunded"`
	Billing         billing           `json:"billing_details"`
	Captured        bool              `json:"captured"`
	Created         int64             `json:"created"`
	Currency        string            `json:"currency"`
	Customer        text              `json:"customer"`
	Description     text              `json:"description"`
	Disputed        bool              `json:"disputed"`
	FailureCode     text              `json:"failure_code"`
	FailureMessage  text              `json:"failure_message"`
	Livemode        bool              `json:"livemode"`
	Metadata        map[string]string `json:"metadata"`
	Outcome         outcome           `json:"outcome"`
	Paid            bool              `json:"paid"`
	PaymentIntent   string            `json:"payment_intent"`
	PaymentMethod   string            `json:"payment_method"`
	Details         methodDetails     `json:"payment_method_details"`
	ReceiptEmail    text              `json:"receipt_email"`
	Refunded        bool              `json:"refunded"`
	Shipping        *shipping         `json:"shipping"`
	StatementSuffix text              `json:"statement_descriptor_suffix"`
	Status          string            `json:"status"`
}

// chargeRow is a charge and what the API does not show of it.
type chargeRow struct {
	Wire     charge `json:"wire"`
	Session  string `json:"session,omitempty"`  // metadata "session_id" of the intent
	Released bool   `json:"released,omitempty"` // set aside, and given back without capture
}

func (t *tx) newCharge(row intentRow, m methodRow) chargeRow {
	i := row.Wire
	ch := charge{ID: freshID(t, t.charges, "ch"), Object: "charge", Amount: i.Amount, Billing: m.Wire.Billing, Created: t.unix(),
		Currency: i.Currency, Customer: i.Customer, Description: i.Description, Metadata: maps.Clone(i.Metadata), PaymentIntent: i.ID,
		PaymentMethod: m.Wire.ID, Details: methodDetails{Type: m.Wire.Type}, ReceiptEmail: i.ReceiptEmail, Shipping: i.Shipping,
		StatementSuffix: i.StatementSuffix}
	risk := m.behaviour().risk
	if risk == "" {
		risk = "normal"
	}
	ch.Outcome = outcome{NetworkStatus: "approved_by_network", RiskLevel: risk, SellerMessage: "Payment complete.", Type: "authorized"}
	if m.Wire.Card != nil {
		ch.Details.Card = &cardDetails{card: *m.Wire.Card}
		if row.Authenticated {
			ch.Details.Card.ThreeDSecure = &threeDSecure{Flow: "challenge", Result: "authenticated", Version: "2.2.0"}
		}
	}
	return chargeRow{Wire: ch, Session: i.Metadata["session_id"]}
}

// holdUntil notes when an uncaptured card payment lapses, in Unix seconds.
func (ch *charge) holdUntil(unix int64) {
	if ch.Details.Card != nil {
		details := *ch.Details.Card
		details.CaptureBefore = unix
		ch.Details.Card = &details
	}
}

func refusedOutcome(why decline, c testCard) outcome {
	if c.risk == "highest" {
		return outcome{NetworkStatus: "not_sent_to_network", Reason: "highest_risk_level", RiskLevel: "highest",
			SellerMessage: "Stripe blocked this payment as too risky.", Type: "blocked"}
	}
	reason := why.declineCode
	if reason == "" {
		reason = why.code
	}
	return outcome{NetworkStatus: "declined_by_network", Reason: text(reason), RiskLevel: "normal",
		SellerMessage: "The bank did not return any further details with this decline.", Type: "issuer_declined"}
}

func retrieveCharge(c *call) work {
	return func(t *tx) (any, *apiError) {
		if ch, ok := t.charges.get(c.id); ok {
			return ch.Wire, nil
		}
		return nil, missing("charge", c.id)
	}
}

func listCharges(c *call) work {
	page, created, id, owner := readPage(c), readRange(c.form), c.form.text("payment_intent"), c.form.text("customer")
	return func(t *tx) (any, *apiError) {
		return list(page, t.charges, func(ch chargeRow) (any, bool) {
			return ch.Wire, created.holds(ch.Wire.Created) && (id == "" || ch.Wire.PaymentIntent == id) &&
				(owner == "" || string(ch.Wire.Customer) == owner)
		})
	}
}
