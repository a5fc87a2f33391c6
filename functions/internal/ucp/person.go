package ucp

import (
	"time"

	"kassa/checkout"
)

// person is what is remembered of a customer. All of it is ours: UCP has no such thing.
type person struct {
	UCP          meta          `json:"ucp"`
	Remembered   bool          `json:"remembered"`
	AgreedAt     *time.Time    `json:"agreed_at,omitempty"`
	Terms        string        `json:"terms_version,omitempty"` // that were in force then
	Buyer        *buyer        `json:"buyer,omitempty"`
	Destinations []destination `json:"destinations"` // the last chosen first
}

// Person returns what a person may see of what is remembered of them: all but internal ids.
func (w *Wire) Person(p checkout.Person) any {
	out := person{UCP: meta{Version: Version, Status: "success"}, Buyer: buyerFrom(p.Buyer), Destinations: []destination{}}
	if p.Agreed != nil {
		out.Remembered, out.AgreedAt, out.Terms = true, timeOf(p.Agreed.At), p.Agreed.Terms
	}
	for _, d := range p.Destinations {
		out.Destinations = append(out.Destinations, destinationFrom(d))
	}
	return out
}
