package pricing

import (
	"fmt"
	"slices"
	"time"
)

// Rulebook is settings that are ready to price by: validated, and with the time zone loaded, which pricing itself never does. It never
// changes, so that any number of quotes may be made by it at once. Make one with [Settings.Rulebook] whenever the settings change.
type Rulebook struct {
	ids           map[string]bool
	automatic     []*rule
	minted        []DiscountRule
	byCode        map[string]*rule // by normalized code
	locations     map[string]Location
	inOrder       []Location
	pickups       map[string]string // location by shipping method
	home          string
	reverseCharge bool
	zone          *time.Location // nil without Delivery.Zone
	working       week
	cutOffMinute  int
	holidays      map[string]map[day]bool
}

// Rulebook validates the settings against the countries of the same shop and makes them ready. It fails as [Settings.Validate] does.
func (s Settings) Rulebook(countries map[string]Country) (*Rulebook, error) {
	if err := s.Validate(countries); err != nil {
		return nil, err
	}
	b := &Rulebook{
		ids: map[string]bool{}, byCode: map[string]*rule{}, locations: map[string]Location{}, pickups: map[string]string{},
		home: s.Home, reverseCharge: s.ReverseCharge, working: weekOf(s.Delivery.WorkingDays, workingWeek),
		cutOffMinute: minuteOf(s.Delivery.CutOff), holidays: map[string]map[day]bool{},
	}
	for _, r := range slices.Clone(s.Discounts) {
		b.ids[r.ID] = true
		if r.Minted {
			b.minted = append(b.minted, r)
			continue
		}
		if code := NormalizeCode(r.Code); code != "" {
			b.byCode[code] = ready(&r)
		} else {
			b.automatic = append(b.automatic, ready(&r))
		}
	}
	b.inOrder = slices.Clone(s.Locations)
	for _, l := range s.Locations {
		b.locations[l.ID] = l
	}
	for _, c := range countries {
		for _, m := range c.Shipping {
			if m.Pickup != "" {
				b.pickups[m.ID] = m.Pickup
			}
		}
	}
	return b, b.readCalendar(s.Delivery)
}

// Minted are the rules that codes are made of. A nil Rulebook has none.
func (b *Rulebook) Minted() []DiscountRule {
	if b == nil {
		return nil
	}
	return slices.Clone(b.minted)
}

// readCalendar loads the zone and reads the holidays.
func (b *Rulebook) readCalendar(d Delivery) error {
	if d.Zone == "" {
		return nil
	}
	zone, err := time.LoadLocation(d.Zone)
	if err != nil {
		return fmt.Errorf("load time zone: %w", err)
	}
	b.zone = zone
	for code, dates := range d.Holidays {
		b.holidays[code] = make(map[day]bool, len(dates))
		for _, text := range dates {
			date, err := time.Parse(time.DateOnly, text)
			if err != nil {
				return fmt.Errorf("read holidays of %s: %w", code, err)
			}
			b.holidays[code][dayOf(date)] = true
		}
	}
	return nil
}
