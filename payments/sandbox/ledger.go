package sandbox

import "time"

// ChargeStatus is what became of a charge.
type ChargeStatus string

// The statuses of a charge in the ledger.
const (
	ChargePending    ChargeStatus = "pending"    // the bank has not answered
	ChargeAuthorized ChargeStatus = "authorized" // set aside, not taken
	ChargeSucceeded  ChargeStatus = "succeeded"  // taken; Captured says how much
	ChargeFailed     ChargeStatus = "failed"     // declined
	ChargeReleased   ChargeStatus = "released"   // set aside, and given back without being taken
)

// Charge is one line of the ledger. Amounts are in Stripe's smallest units. The shop keeps Captured minus Refunded.
type Charge struct {
	ID            string       `json:"id"`
	SessionID     string       `json:"session_id"` // metadata "session_id" of the intent
	PaymentIntent string       `json:"payment_intent"`
	Amount        int64        `json:"amount"`
	Captured      int64        `json:"captured"`
	Refunded      int64        `json:"refunded"`
	Currency      string       `json:"currency"`
	Status        ChargeStatus `json:"status"`
	Created       time.Time    `json:"created"`
}

// Ledger lists every charge there ever was, the oldest first.
func (p *Provider) Ledger() []Charge {
	p.mu.Lock()
	defer p.mu.Unlock()
	lines := make([]Charge, 0, len(p.charges.rows))
	for _, row := range p.charges.oldest {
		lines = append(lines, row.line())
	}
	return lines
}

func (row chargeRow) line() Charge {
	ch := row.Wire
	c := Charge{ID: ch.ID, SessionID: row.Session, PaymentIntent: ch.PaymentIntent, Amount: ch.Amount, Captured: ch.AmountCaptured,
		Refunded: ch.AmountRefunded, Currency: ch.Currency, Status: ChargeStatus(ch.Status), Created: time.Unix(ch.Created, 0).UTC()}
	switch {
	case row.Released:
		c.Status, c.Refunded = ChargeReleased, 0
	case ch.Status == succeeded && !ch.Captured:
		c.Status = ChargeAuthorized
	}
	return c
}
