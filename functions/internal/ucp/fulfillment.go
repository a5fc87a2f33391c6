package ucp

import (
	"strconv"
	"time"

	"kassa/checkout"
	"kassa/checkout/pricing"
)

// Ids of the one method and the one group that a session has.
const (
	methodID      = "shipping"
	groupID       = "package_1"
	destinationID = "dest_1"
)

// fulfillment is UCP's extension: one method with its destinations, and one group with its options.
type fulfillment struct {
	Methods []method `json:"methods"`
}

type method struct {
	ID           string        `json:"id"`
	Type         string        `json:"type"`
	LineItemIDs  []string      `json:"line_item_ids"`
	Destinations []destination `json:"destinations"`
	Selected     *string       `json:"selected_destination_id"`
	Groups       []group       `json:"groups"`
}

// destination never carries a name: with one, it would be a shop to collect from as well (types/fulfillment_destination.json
// demands that exactly one of them fits).
type destination struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	address
}

type address struct {
	FirstName  string `json:"first_name,omitempty"`
	LastName   string `json:"last_name,omitempty"`
	Phone      string `json:"phone_number,omitempty"`
	Street     string `json:"street_address,omitempty"`
	Extended   string `json:"extended_address,omitempty"`
	City       string `json:"address_locality,omitempty"`
	Region     string `json:"address_region,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	Country    string `json:"address_country,omitempty"`
}

type group struct {
	ID          string   `json:"id"`
	LineItemIDs []string `json:"line_item_ids"`
	Options     []option `json:"options"`
	Selected    *string  `json:"selected_option_id"`
}

type option struct {
	ID          string     `json:"id"`
	Title       string     `json:"title"`
	Description string     `json:"description,omitempty"`
	Carrier     string     `json:"carrier,omitempty"`
	Earliest    *time.Time `json:"earliest_fulfillment_time,omitempty"`
	Latest      *time.Time `json:"latest_fulfillment_time,omitempty"`
	Totals      []total    `json:"totals"`
}

// fulfillment says how a session is shipped; there is no method where nothing has to be.
func (s speaker) fulfillment(v checkout.Session) fulfillment {
	if !v.Ships {
		return fulfillment{Methods: []method{}}
	}
	ids := lineIDs(v.Quote)
	m := method{ID: methodID, Type: "shipping", LineItemIDs: ids, Destinations: []destination{}, Groups: []group{}}
	if d := v.Destination; d != nil {
		shown := destinationFrom(*d)
		m.Destinations, m.Selected = append(m.Destinations, shown), &shown.ID
	}
	if len(v.Quote.Options) > 0 {
		m.Groups = append(m.Groups, s.group(v.Quote, ids))
	}
	return fulfillment{Methods: []method{m}}
}

func (s speaker) group(q checkout.Quote, ids []string) group {
	g := group{ID: groupID, LineItemIDs: ids, Options: make([]option, 0, len(q.Options))}
	for _, o := range q.Options {
		g.Options = append(g.Options, option{
			ID: o.ID, Title: o.Title, Description: s.window(o), Carrier: o.Carrier,
			Earliest: timeOf(o.Earliest), Latest: timeOf(o.Latest), Totals: s.optionTotals(q, o),
		})
	}
	if q.Selected != "" {
		g.Selected = &q.Selected
	}
	return g
}

func destinationFrom(d checkout.Destination) destination {
	id := d.ID
	if id == "" {
		id = destinationID
	}
	return destination{ID: id, Type: "shipping", address: addressFrom(d)}
}

func addressFrom(d checkout.Destination) address {
	return address{
		FirstName: d.FirstName, LastName: d.LastName, Phone: d.Phone, Street: d.Street, Extended: d.Extended, City: d.City,
		Region: d.Region, PostalCode: d.PostalCode, Country: d.Country,
	}
}

// window puts an option's delivery window into words.
func (s speaker) window(o pricing.Option) string {
	switch {
	case o.Earliest.IsZero():
		return ""
	case o.Latest.IsZero(), o.Latest.Equal(o.Earliest):
		return fill(s.label("on"), map[string]string{"from": s.day(o.Earliest)})
	}
	return fill(s.label("delivered"), map[string]string{"from": s.day(o.Earliest), "to": s.day(o.Latest)})
}

// day is a date without its year, as it is written beside a delivery. Windows are dates at midnight UTC.
func (s speaker) day(t time.Time) string {
	name := months["en"][t.Month()-1]
	if m, ok := months[s.language]; ok {
		name = m[t.Month()-1]
	}
	number := strconv.Itoa(t.Day())
	if s.language == "de" || s.language == "nb" {
		number += "."
	}
	return number + "\u00a0" + name
}
