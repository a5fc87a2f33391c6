package pricing

import (
	"slices"
)

// Location is a store where orders are collected.
type Location struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Street     string `json:"street_address"`
	PostalCode string `json:"postal_code"`
	City       string `json:"address_locality"`
	Region     string `json:"address_region,omitempty"` // decides on tax where the country has regions
	Country    string `json:"address_country"`
	// Opening is when it is open in a week without holidays.
	Opening []Opening `json:"opening"`
}

// Opening are hours that are the same on some days. Lunch is made of two of them.
type Opening struct {
	Days []string `json:"days"` // "mon" to "sun"
	From string   `json:"from"` // HH:MM in the location's own time
	To   string   `json:"to"`
}

// week are the days on which the location is open.
func (l Location) week() week {
	var names []string
	for _, o := range l.Opening {
		names = append(names, o.Days...)
	}
	return weekOf(names, workingWeek)
}

func (v *validation) checkLocation(l Location) {
	v.requireID(l.ID, "id")
	for _, f := range []struct{ value, field string }{
		{l.Name, "name"}, {l.Street, "street_address"}, {l.PostalCode, "postal_code"}, {l.City, "address_locality"},
	} {
		v.require(f.value != "", f.field, "is missing: shoppers have to find it")
	}
	v.requireCountry(l.Country, "address_country")
	v.require(len(l.Opening) > 0, "opening", "is missing: shoppers have to know when to come")
	for i, o := range l.Opening {
		v.within(element("opening", i), func() {
			v.require(len(o.Days) > 0, "days", "is missing")
			v.checkWeekdays(o.Days, "days")
			v.requireTime(o.From, "from")
			v.requireTime(o.To, "to")
			v.require(o.From < o.To, "to", "must be after from")
			for _, earlier := range l.Opening[:i] {
				v.require(!overlaps(o.Days, earlier.Days) || o.From >= earlier.To || earlier.From >= o.To, "from",
					"is within other hours of the same day")
			}
		})
	}
}

func (v *validation) checkWeekdays(names []string, field string) {
	v.checkNames(names, field)
	for i, name := range names {
		v.require(slices.Contains(weekdayNames, name), element(field, i),
			"must be one of mon, tue, wed, thu, fri, sat and sun")
	}
}

// Location returns a location of the settings. A nil Rulebook has none.
func (b *Rulebook) Location(id string) (Location, bool) {
	if b == nil {
		return Location{}, false
	}
	l, ok := b.locations[id]
	return l, ok
}

// Locations are those of the settings, in their order. A nil Rulebook has none.
func (b *Rulebook) Locations() []Location {
	if b == nil {
		return nil
	}
	return slices.Clone(b.inOrder)
}

// Collect returns the shipping option that is a pick-up at a location; of several the one whose id comes first.
func (b *Rulebook) Collect(location string) (option string, ok bool) {
	if b == nil || location == "" {
		return "", false
	}
	for id, at := range b.pickups {
		if at == location && (!ok || id < option) {
			option, ok = id, true
		}
	}
	return option, ok
}

// Pickup returns the location of a shipping option that is a pick-up: such an order has no other destination, and is priced for the
// location's country and region.
func (b *Rulebook) Pickup(option string) (Location, bool) {
	if b == nil {
		return Location{}, false
	}
	return b.Location(b.pickups[option])
}
