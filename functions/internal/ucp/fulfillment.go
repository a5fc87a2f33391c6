package ucp

import (
	"slices"
	"strconv"
	"time"

	"kassa/checkout"
	"kassa/checkout/pricing"
)

// Ids of the one group and the one address that a session has. Its one method is named like its type.
const (
	groupID       = "package_1"
	destinationID = "dest_1"
)

// Types of methods.
const (
	typeShipping = "shipping"
	typePickup   = "pickup"
)

// fulfillment is UCP's extension: one method with its destinations, and one group with its options; and which other method there is.
type fulfillment struct {
	Methods   []method          `json:"methods"`
	Available []availableMethod `json:"available_methods,omitempty"`
}

// availableMethod is a way to get the goods that could be chosen instead. Destinations are ours: the locations to choose from.
type availableMethod struct {
	Type          string   `json:"type"`
	LineItemIDs   []string `json:"line_item_ids"`
	FulfillableOn string   `json:"fulfillable_on,omitempty"`
	Description   string   `json:"description"`
	Destinations  []any    `json:"destinations,omitempty"`
}

type method struct {
	ID           string   `json:"id"`
	Type         string   `json:"type"`
	LineItemIDs  []string `json:"line_item_ids"`
	Destinations []any    `json:"destinations"`
	Selected     *string  `json:"selected_destination_id"`
	Groups       []group  `json:"groups"`
}

// destination never carries a name: with one, it would be a shop to collect from as well (types/fulfillment_destination.json
// demands that exactly one of them fits).
type destination struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	address
}

// location is a shop to collect from (types/retail_location.json). An address whose members may all be absent would fit it too, but for
// the null.
type location struct {
	ID       string    `json:"id"`
	Type     string    `json:"type"`
	Name     string    `json:"name"`
	Address  address   `json:"address"`
	Opening  []hours   `json:"opening,omitempty"`
	Extended *struct{} `json:"extended_address"`
}

// hours are ours: when a location is open.
type hours struct {
	Days []string `json:"days"`
	From string   `json:"from"`
	To   string   `json:"to"`
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

// fulfillment says how the goods of a session are brought or collected; there is no method where nothing has to be.
func (w *Wire) fulfillment(s speaker, v checkout.Session) fulfillment {
	if !v.Ships {
		return fulfillment{Methods: []method{}}
	}
	ids := lineIDs(v.Quote)
	m := method{ID: typeShipping, Type: typeShipping, LineItemIDs: ids, Destinations: []any{}, Groups: []group{}}
	switch d := v.Destination; {
	case v.Collect:
		m.ID, m.Type = typePickup, typePickup
		m.Destinations, m.Selected = w.locations(v)
	case d != nil:
		shown := destinationFrom(*d)
		m.Destinations, m.Selected = append(m.Destinations, shown), &shown.ID
	}
	for _, d := range v.Known {
		if m.Selected == nil || d.ID != *m.Selected {
			m.Destinations = append(m.Destinations, destinationFrom(d))
		}
	}
	if g := s.group(v, ids); len(g.Options) > 0 {
		m.Groups = append(m.Groups, g)
	}
	return fulfillment{Methods: []method{m}, Available: w.otherMethod(s, v, ids)}
}

// locations are those where a session can be collected, and the one that is chosen.
func (w *Wire) locations(v checkout.Session) (all []any, selected *string) {
	all = []any{}
	for _, o := range v.Quote.Options {
		l, ok := w.location(o.Pickup)
		if !ok {
			continue
		}
		all = append(all, locationFrom(l))
		if v.Option == o.ID {
			selected = &l.ID
		}
	}
	return all, selected
}

func (w *Wire) location(id string) (pricing.Location, bool) {
	i := slices.IndexFunc(w.shop.Pricing.Locations, func(l pricing.Location) bool { return l.ID == id })
	if i < 0 {
		return pricing.Location{}, false
	}
	return w.shop.Pricing.Locations[i], true
}

func locationFrom(l pricing.Location) location {
	out := location{ID: l.ID, Type: typePickup, Name: l.Name, Address: storeAddress(l)}
	for _, o := range l.Opening {
		out.Opening = append(out.Opening, hours(o))
	}
	return out
}

func storeAddress(l pricing.Location) address {
	return address{Street: l.Street, City: l.City, Region: l.Region, PostalCode: l.PostalCode, Country: l.Country}
}

// otherMethod is the way to get the goods that was not chosen, if there is one.
func (w *Wire) otherMethod(s speaker, v checkout.Session, ids []string) []availableMethod {
	if !slices.ContainsFunc(v.Quote.Options, func(o pricing.Option) bool { return o.Pickup != "" != v.Collect }) {
		return nil
	}
	if v.Collect {
		return []availableMethod{{Type: typeShipping, LineItemIDs: ids, Description: s.label("can_ship")}}
	}
	other := availableMethod{Type: typePickup, LineItemIDs: ids, Description: s.label("can_collect")}
	other.Destinations, _ = w.locations(v)
	for _, o := range v.Quote.Options {
		if o.Pickup != "" && other.FulfillableOn == "" && !o.Earliest.IsZero() {
			other.FulfillableOn = o.Earliest.Format(time.DateOnly)
		}
	}
	return []availableMethod{other}
}

// offered are the options of the session's method: of a pick-up those at the chosen location.
func offered(v checkout.Session) []pricing.Option {
	var out []pricing.Option
	for _, o := range v.Quote.Options {
		if (o.Pickup != "") == v.Collect && (!v.Collect || o.ID == v.Quote.Selected) {
			out = append(out, o)
		}
	}
	return out
}

func (s speaker) group(v checkout.Session, ids []string) group {
	g := group{ID: groupID, LineItemIDs: ids, Options: []option{}}
	for _, o := range offered(v) {
		g.Options = append(g.Options, option{
			ID: o.ID, Title: o.Title, Description: s.window(o), Carrier: o.Carrier,
			Earliest: timeOf(o.Earliest), Latest: timeOf(o.Latest), Totals: s.optionTotals(v.Quote, o),
		})
		if o.ID == v.Quote.Selected {
			g.Selected = &o.ID
		}
	}
	return g
}

func destinationFrom(d checkout.Destination) destination {
	id := d.ID
	if id == "" {
		id = destinationID
	}
	return destination{ID: id, Type: typeShipping, address: addressFrom(d)}
}

func addressFrom(d checkout.Destination) address {
	return address{
		FirstName: d.FirstName, LastName: d.LastName, Phone: d.Phone, Street: d.Street, Extended: d.Extended, City: d.City,
		Region: d.Region, PostalCode: d.PostalCode, Country: d.Country,
	}
}

// window puts an option's delivery window into words, or from when it can be collected.
func (s speaker) window(o pricing.Option) string {
	switch {
	case o.Earliest.IsZero():
		return ""
	case o.Pickup != "":
		return fill(s.label("collected"), map[string]string{"from": s.day(o.Earliest)})
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
