package sandbox

import "fmt"

// dispute is a shopper's complaint to the bank, as the API shows it.
type dispute struct {
	ID            string            `json:"id"`
	Object        string            `json:"object"`
	Amount        int64             `json:"amount"`
	Charge        string            `json:"charge"`
	Created       int64             `json:"created"`
	Currency      string            `json:"currency"`
	Livemode      bool              `json:"livemode"`
	Metadata      map[string]string `json:"metadata"`
	PaymentIntent string            `json:"payment_intent"`
	Reason        string            `json:"reason"`
	Status        string            `json:"status"`
}

// warning is a bank's hint that a charge may be fraud, as the API shows it.
type warning struct {
	ID            string `json:"id"`
	Object        string `json:"object"`
	Actionable    bool   `json:"actionable"`
	Charge        string `json:"charge"`
	Created       int64  `json:"created"`
	FraudType     string `json:"fraud_type"`
	Livemode      bool   `json:"livemode"`
	PaymentIntent string `json:"payment_intent"`
}

// trouble is what some test cards bring after the money came.
func (t *tx) trouble(c testCard, ch chargeRow) {
	if c.fraudWarning {
		w := warning{ID: freshID(t, t.warnings, "issfr"), Object: "radar.early_fraud_warning", Actionable: true, Charge: ch.Wire.ID,
			Created: t.unix(), FraudType: "unauthorized_use_of_card", PaymentIntent: ch.Wire.PaymentIntent}
		t.warnings.put(w.ID, w)
		t.emit("radar.early_fraud_warning.created", w)
	}
	if c.dispute == "" {
		return
	}
	t.dispute(ch, c.dispute)
}

// dispute opens a shopper's complaint about a charge.
func (t *tx) dispute(ch chargeRow, reason string) dispute {
	d := dispute{ID: freshID(t, t.disputes, "dp"), Object: "dispute", Amount: ch.Wire.Amount, Charge: ch.Wire.ID, Created: t.unix(),
		Currency: ch.Wire.Currency, Metadata: map[string]string{}, PaymentIntent: ch.Wire.PaymentIntent, Reason: reason,
		Status: "needs_response"}
	ch.Wire.Disputed = true
	t.charges.put(ch.Wire.ID, ch)
	t.disputes.put(d.ID, d)
	t.emit("charge.dispute.created", d)
	return d
}

// Dispute acts for a shopper who complains to the bank about the charge of an intent, and returns the dispute's id. It fails unless
// the intent has been paid.
func (p *Provider) Dispute(intentID, reason string) (id string, err error) {
	err = p.update(p.now(), func(t *tx) error {
		row, ok := t.intents.get(intentID)
		ch, charged := t.charges.get(string(row.Wire.LatestCharge))
		if !ok || !charged || !ch.Wire.Captured {
			return fmt.Errorf("dispute %s: %w", intentID, ErrUnknown)
		}
		id = t.dispute(ch, reason).ID
		return nil
	})
	return id, err
}

// DecideDispute acts for the bank that decides a dispute, for the shop or for the shopper.
func (p *Provider) DecideDispute(id string, won bool) error {
	return p.update(p.now(), func(t *tx) error {
		d, ok := t.disputes.get(id)
		if !ok {
			return fmt.Errorf("decide %s: %w", id, ErrUnknown)
		}
		d.Status = "lost"
		if won {
			d.Status = "won"
			ch, _ := t.charges.get(d.Charge)
			ch.Wire.Disputed = false
			t.charges.put(d.Charge, ch)
		}
		t.disputes.put(id, d)
		t.emit("charge.dispute.closed", d)
		return nil
	})
}

func retrieveDispute(c *call) work {
	return func(t *tx) (any, *apiError) {
		if d, ok := t.disputes.get(c.id); ok {
			return d, nil
		}
		return nil, missing("dispute", c.id)
	}
}

func listDisputes(c *call) work {
	page, chargeID, intentID := readPage(c), c.form.text("charge"), c.form.text("payment_intent")
	return func(t *tx) (any, *apiError) {
		return list(page, t.disputes, func(d dispute) (any, bool) {
			return d, (chargeID == "" || d.Charge == chargeID) && (intentID == "" || d.PaymentIntent == intentID)
		})
	}
}
