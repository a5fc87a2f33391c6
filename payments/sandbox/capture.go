package sandbox

import "strings"

// captureIntent answers POST /v1/payment_intents/{id}/capture: takes what was set aside, or a part; the rest is released.
func captureIntent(c *call) work {
	var part int64
	if c.form.has("amount_to_capture") {
		part = c.form.positive("amount_to_capture")
	}
	merge := c.form.metadata()
	return func(t *tx) (any, *apiError) {
		row, ok := t.intents.get(c.id)
		if !ok {
			return nil, missing("payment_intent", c.id)
		}
		i := &row.Wire
		if i.Status != needsCapture {
			return nil, unexpectedState(*i, "This PaymentIntent could not be captured because it has a status of %s. Only a PaymentIntent with "+
				"one of the following statuses may be captured: requires_capture.", i.Status)
		}
		if part == 0 {
			part = i.AmountCapturable
		}
		if part > i.AmountCapturable {
			return nil, invalid("amount_too_large", "amount_to_capture",
				"The remaining amount capturable for this PaymentIntent is %d, less than the requested capture of %d.", i.AmountCapturable, part)
		}
		i.Metadata = merge(i.Metadata)
		if err := tooMuchMetadata(i.Metadata); err != nil {
			return nil, err
		}
		t.capture(&row, part)
		return row.Wire, nil
	}
}

func (t *tx) capture(row *intentRow, amount int64) {
	i := &row.Wire
	ch, _ := t.charges.get(string(i.LatestCharge))
	ch.Wire.Captured, ch.Wire.AmountCaptured = true, amount
	i.Status, i.AmountCapturable, i.AmountReceived = succeeded, 0, amount
	t.charges.put(ch.Wire.ID, ch)
	t.intents.put(i.ID, *row)
	t.emit("charge.captured", ch.Wire)
	t.emit("payment_intent.succeeded", *i)
}

var cancelReasons = keys("duplicate", "fraudulent", "requested_by_customer", "abandoned")

// cancelIntent answers POST /v1/payment_intents/{id}/cancel. Money that was set aside is released.
func cancelIntent(c *call) work {
	reason := c.form.choice("cancellation_reason", cancelReasons...)
	return func(t *tx) (any, *apiError) {
		row, ok := t.intents.get(c.id)
		if !ok {
			return nil, missing("payment_intent", c.id)
		}
		switch row.Wire.Status {
		case needsMethod, needsConfirmation, needsAction, needsCapture:
			t.cancel(&row, reason, "charge.refunded")
			return row.Wire, nil
		}
		return nil, unexpectedState(row.Wire, "You cannot cancel this PaymentIntent because it has a status of %s. Only a PaymentIntent with one "+
			"of the following statuses may be canceled: %s.", row.Wire.Status,
			strings.Join([]string{needsMethod, needsCapture, needsConfirmation, needsAction}, ", "))
	}
}

// cancel ends an intent; released is the event that tells of an uncaptured charge.
func (t *tx) cancel(row *intentRow, reason, released string) {
	i := &row.Wire
	if i.Status == needsCapture {
		ch, _ := t.charges.get(string(i.LatestCharge))
		ch.Released = true
		ch.Wire.Refunded, ch.Wire.AmountRefunded = true, ch.Wire.Amount
		t.charges.put(ch.Wire.ID, ch)
		t.emit(released, ch.Wire)
	}
	i.Status, i.AmountCapturable, i.NextAction = canceled, 0, nil
	i.CanceledAt, i.CancellationReason = stamp(t.unix()), text(reason)
	t.intents.put(i.ID, *row)
	t.emit("payment_intent.canceled", *i)
}

// lapse cancels what was not captured in time, as Stripe does.
func (t *tx) lapse(id string) {
	if row, ok := t.intents.get(id); ok && row.Wire.Status == needsCapture {
		t.cancel(&row, "automatic", "charge.expired")
	}
}
