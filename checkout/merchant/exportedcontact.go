package merchant

import (
	"maps"
	"slices"
	"time"

	"kassa/checkout/recovery"
	"kassa/checkout/statistics"
	"kassa/payments/money"
)

// ExportedContact is how somebody is reached, and what they agreed to.
type ExportedContact struct {
	ID         string                `json:"id"`
	Consents   []ExportedConsent     `json:"consents,omitempty"`
	Suppressed []ExportedSuppression `json:"suppressed,omitempty"`
	Devices    []ExportedDevice      `json:"devices,omitempty"`
	Sends      []ExportedSend        `json:"sends,omitempty"`
	Confirms   []time.Time           `json:"confirmations_asked,omitempty"`
	Arm        *ExportedAssignment   `json:"arm,omitempty"`
	OrderedAt  time.Time             `json:"ordered_at,omitzero"`
	RevokedAt  time.Time             `json:"links_revoked_at,omitzero"`
	SeenAt     time.Time             `json:"seen_at,omitzero"`
	ExpiresAt  time.Time             `json:"expires_at,omitzero"`
	Customers  []string              `json:"customers,omitempty"`
	Holder     string                `json:"holder,omitempty"` // of a phone: the customer who is signed in there
}

// ExportedConsent is what somebody has said to messages over a channel.
type ExportedConsent struct {
	Channel recovery.Channel      `json:"channel"`
	State   recovery.ConsentState `json:"state"`
	At      time.Time             `json:"at"`
	Wording string                `json:"wording,omitempty"`
	Source  string                `json:"source"`
}

// ExportedSuppression is why a channel is not used.
type ExportedSuppression struct {
	Channel recovery.Channel `json:"channel"`
	Cause   string           `json:"cause"`
	At      time.Time        `json:"at"`
	Source  string           `json:"source,omitempty"`
}

// ExportedDevice is a phone.
type ExportedDevice struct {
	ID        string    `json:"id"`
	Token     string    `json:"push_token,omitempty"`
	Platform  string    `json:"platform"`
	Permitted bool      `json:"permitted"`
	Locale    string    `json:"locale,omitempty"`
	Zone      string    `json:"time_zone,omitempty"`
	Gone      bool      `json:"gone"`
	UpdatedAt time.Time `json:"updated_at"`
}

// ExportedSend is a message that counts for the caps.
type ExportedSend struct {
	ID      string           `json:"id"`
	Channel recovery.Channel `json:"channel"`
	At      time.Time        `json:"at"`
}

// ExportedAssignment is the arm that somebody was dealt while follow-ups are measured.
type ExportedAssignment struct {
	Arm     recovery.Arm `json:"arm"`
	At      time.Time    `json:"at"`
	Percent int          `json:"held_out_percent"` // of all people, by that deal
}

// ExportedMessage is the record of a service message.
type ExportedMessage struct {
	ID         string         `json:"id"`
	SessionID  string         `json:"session_id"`
	Reason     string         `json:"reason"`
	Ref        string         `json:"ref,omitempty"`
	Person     string         `json:"contact_id,omitempty"` // whom it went to
	State      recovery.State `json:"state"`
	Why        string         `json:"why,omitempty"`
	ProviderID string         `json:"provider_id,omitempty"`
	At         time.Time      `json:"at"`
	ExpiresAt  time.Time      `json:"expires_at,omitzero"`
}

// ExportedMeasured is what is measured of a person.
type ExportedMeasured struct {
	ID        string             `json:"contact_id"`
	Arms      []ExportedArm      `json:"arms,omitempty"`
	Purchases []ExportedPurchase `json:"purchases,omitempty"`
	Until     time.Time          `json:"expires_at,omitzero"`
}

// ExportedArm is an arm that somebody entered, and how long they are watched in it.
type ExportedArm struct {
	Arm  recovery.Arm `json:"arm"`
	At   time.Time    `json:"at"`
	Ends time.Time    `json:"ends_at"`
}

// ExportedPurchase is an order that counts for the arms.
type ExportedPurchase struct {
	OrderID string      `json:"order_id"`
	At      time.Time   `json:"at"`
	Net     money.Money `json:"net"`
	Void    bool        `json:"void"`
}

func contactOf(c recovery.Contact) ExportedContact {
	out := ExportedContact{
		ID: c.ID, Devices: each(c.Devices, func(d recovery.Device) ExportedDevice { return ExportedDevice(d) }),
		Sends: each(c.Sends, func(s recovery.Send) ExportedSend { return ExportedSend(s) }), Confirms: c.Confirms, OrderedAt: c.OrderedAt,
		RevokedAt: c.RevokedAt, SeenAt: c.SeenAt, ExpiresAt: c.ExpiresAt, Customers: c.Customers, Holder: c.Holder,
	}
	for _, channel := range slices.Sorted(maps.Keys(c.Consents)) {
		said := c.Consents[channel]
		out.Consents = append(out.Consents, ExportedConsent{channel, said.State, said.At, said.Wording, said.Source})
	}
	for _, channel := range slices.Sorted(maps.Keys(c.Suppressed)) {
		why := c.Suppressed[channel]
		out.Suppressed = append(out.Suppressed, ExportedSuppression{channel, why.Cause, why.At, why.Source})
	}
	if c.Arm != nil {
		out.Arm = &ExportedAssignment{c.Arm.Arm, c.Arm.At, c.Arm.Percent}
	}
	return out
}

func messageOf(m recovery.Sending) ExportedMessage {
	return ExportedMessage{m.ID, m.SessionID, m.Reason, m.Ref, m.Person, m.State, m.Why, m.ProviderID, m.At, m.ExpiresAt}
}

func measuredOf(p statistics.Person) ExportedMeasured {
	arms := each(p.Entries, func(e statistics.Entry) ExportedArm { return ExportedArm{e.Arm, e.At, e.Ends} })
	bought := each(p.Purchases, func(b statistics.Purchase) ExportedPurchase { return ExportedPurchase{b.OrderID, b.At, b.Net, b.Void} })
	return ExportedMeasured{p.ID, arms, bought, p.Until}
}
