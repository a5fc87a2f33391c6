package sandbox

// refund is money on its way back, as the API shows it.
type refund struct {
	ID            string            `json:"id"`
	Object        string            `json:"object"`
	Amount        int64             `json:"amount"`
	Charge        string            `json:"charge"`
	Created       int64             `json:"created"`
	Currency      string            `json:"currency"`
	FailureReason string            `json:"failure_reason,omitempty"`
	Metadata      map[string]string `json:"metadata"`
	PaymentIntent string            `json:"payment_intent"`
	Reason        text              `json:"reason"`
	Status        string            `json:"status"`
}

// createRefund answers POST /v1/refunds, for a charge or for the successful charge of an intent; without an amount all that
// is left is refunded.
func createRefund(c *call) work {
	f := c.form
	var amount int64
	if f.has("amount") {
		amount = f.positive("amount")
	}
	chargeID, intentID := f.text("charge"), f.text("payment_intent")
	switch {
	case chargeID == "" && intentID == "":
		f.fail(invalid("parameter_missing", "payment_intent",
			"One of the following params should be provided for this request: payment_intent or charge."))
	case chargeID != "" && intentID != "":
		f.fail(invalid("parameters_exclusive", "charge", "You may only specify one of these parameters: payment_intent, charge."))
	}
	reason, merge := f.choice("reason", "duplicate", "fraudulent", "requested_by_customer"), f.metadata()
	metadata := merge(nil)
	if err := tooMuchMetadata(metadata); err != nil {
		f.fail(err)
	}
	return func(t *tx) (any, *apiError) {
		ch, err := t.refundable(chargeID, intentID)
		if err != nil {
			return nil, err
		}
		left := ch.Wire.AmountCaptured - ch.Wire.AmountRefunded
		wanted := amount
		switch {
		case left == 0:
			return nil, invalid("charge_already_refunded", "", "Charge %s has already been refunded.", ch.Wire.ID)
		case wanted == 0:
			wanted = left
		case wanted > left:
			return nil, invalid("", "amount", "Refund amount (%d %s) is greater than unrefunded amount on charge (%d %s)", wanted, ch.Wire.Currency,
				left, ch.Wire.Currency)
		}
		made := refund{ID: freshID(t, t.refunds, "re"), Object: "refund", Amount: wanted, Charge: ch.Wire.ID, Created: t.unix(),
			Currency: ch.Wire.Currency, Metadata: metadata, PaymentIntent: ch.Wire.PaymentIntent, Reason: text(reason), Status: succeeded}
		t.giveMoneyBack(&made, ch)
		return made, nil
	}
}

func (t *tx) refundable(chargeID, intentID string) (chargeRow, *apiError) {
	if intentID != "" {
		row, ok := t.intents.get(intentID)
		if !ok {
			return chargeRow{}, missingParam("payment_intent", "payment_intent", intentID)
		}
		if row.Wire.Status != succeeded {
			return chargeRow{}, invalid("charge_not_refundable", "payment_intent", "This PaymentIntent (%s) does not have a successful charge to "+
				"refund: its status is %s.", intentID, row.Wire.Status)
		}
		chargeID = string(row.Wire.LatestCharge)
	}
	ch, ok := t.charges.get(chargeID)
	switch {
	case !ok:
		return ch, missingParam("charge", "charge", chargeID)
	case ch.Wire.Disputed:
		return ch, invalid("charge_disputed", "", "Charge %s has been charged back; cannot issue a refund.", chargeID)
	case !ch.Wire.Captured:
		return ch, invalid("charge_not_refundable", "", "Charge %s has not been captured; cancel its PaymentIntent instead.", chargeID)
	}
	return ch, nil
}

func (t *tx) giveMoneyBack(r *refund, ch chargeRow) {
	m, _ := t.methods.get(ch.Wire.PaymentMethod)
	fate := m.behaviour().refund
	if fate == refundPending {
		r.Status = "pending"
	}
	ch.Wire.AmountRefunded += r.Amount
	ch.Wire.Refunded = ch.Wire.AmountRefunded == ch.Wire.AmountCaptured
	t.refunds.put(r.ID, *r)
	t.charges.put(ch.Wire.ID, ch)
	t.emit("refund.created", *r)
	t.emit("charge.refunded", ch.Wire)
	if fate != refundAtOnce {
		t.schedule(due{Kind: dueRefund, Ref: r.ID, At: t.now.Add(refundTime)})
	}
}

// finishRefund brings the bank's late word on a refund. A failed one is owed again.
func (t *tx) finishRefund(id string) {
	r, ok := t.refunds.get(id)
	if !ok {
		return
	}
	ch, _ := t.charges.get(r.Charge)
	m, _ := t.methods.get(ch.Wire.PaymentMethod)
	if m.behaviour().refund == refundPending {
		r.Status = succeeded
	} else {
		r.Status, r.FailureReason = "failed", "expired_or_canceled_card"
		ch.Wire.AmountRefunded -= r.Amount
		ch.Wire.Refunded = false
		t.charges.put(ch.Wire.ID, ch)
	}
	t.refunds.put(id, r)
	t.emit("charge.refund.updated", r)
	t.emit("refund.updated", r)
	if r.Status == "failed" {
		t.emit("refund.failed", r)
	}
}

func retrieveRefund(c *call) work {
	return func(t *tx) (any, *apiError) {
		if r, ok := t.refunds.get(c.id); ok {
			return r, nil
		}
		return nil, missing("refund", c.id)
	}
}

func listRefunds(c *call) work {
	page, created, chargeID, intentID := readPage(c), readRange(c.form), c.form.text("charge"), c.form.text("payment_intent")
	return func(t *tx) (any, *apiError) {
		return list(page, t.refunds, func(r refund) (any, bool) {
			return r, created.holds(r.Created) && (chargeID == "" || r.Charge == chargeID) &&
				(intentID == "" || r.PaymentIntent == intentID)
		})
	}
}
