package sandbox

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
	d := dispute{ID: freshID(t, t.disputes, "dp"), Object: "dispute", Amount: ch.Wire.Amount, Charge: ch.Wire.ID, Created: t.unix(),
		Currency: ch.Wire.Currency, Metadata: map[string]string{}, PaymentIntent: ch.Wire.PaymentIntent, Reason: c.dispute,
		Status: "needs_response"}
	ch.Wire.Disputed = true
	t.charges.put(ch.Wire.ID, ch)
	t.disputes.put(d.ID, d)
	t.emit("charge.dispute.created", d)
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
