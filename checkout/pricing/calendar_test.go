package pricing_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"kassa/checkout/pricing"
)

// at is a time in Amsterdam.
func at(t *testing.T, text string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	moment, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

// windows of the Dutch shop: home in one to two days, express by bicycle the same day but not on Sundays, a store open from Tuesday on.
// The cut-off is at 16:00, for express at 12:00. King's Day 2026 is Monday 27 April.
func TestWindowsOfTheShop(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		now    string
		option string
		want   string
	}{
		"before the cut-off":                      {"2026-10-07 15:59", "home", "2026-10-08 2026-10-09"},
		"at the cut-off":                          {"2026-10-07 16:00", "home", "2026-10-09 2026-10-12"},
		"Friday evening leaves on Monday":         {"2026-10-02 20:30", "home", "2026-10-06 2026-10-07"},
		"Friday morning":                          {"2026-10-02 09:00", "home", "2026-10-05 2026-10-06"},
		"Saturday leaves on Monday":               {"2026-10-03 09:00", "home", "2026-10-06 2026-10-07"},
		"Sunday leaves on Monday":                 {"2026-10-04 23:59", "home", "2026-10-06 2026-10-07"},
		"its own cut-off":                         {"2026-10-07 11:59", "express", "2026-10-07 2026-10-07"},
		"after its own cut-off":                   {"2026-10-07 12:00", "express", "2026-10-08 2026-10-08"},
		"express rides on Saturday":               {"2026-10-02 11:00", "express", "2026-10-02 2026-10-02"},
		"but nothing leaves then":                 {"2026-10-02 12:00", "express", "2026-10-05 2026-10-05"},
		"King's Day":                              {"2026-04-24 16:00", "home", "2026-04-29 2026-04-30"},
		"nothing arrives on King's Day":           {"2026-04-24 15:00", "home", "2026-04-28 2026-04-29"},
		"Christmas":                               {"2026-12-24 17:00", "home", "2026-12-29 2026-12-30"},
		"the store is closed on Monday":           {"2026-10-02 16:00", "amsterdam", "2026-10-06 2026-10-06"},
		"the store is open on Saturday":           {"2026-10-02 12:00", "amsterdam", "2026-10-02 2026-10-03"},
		"a day begins at midnight in the zone":    {"2026-10-08 00:30", "home", "2026-10-09 2026-10-12"},
		"summer time ends: an hour of wall clock": {"2026-10-26 15:59", "home", "2026-10-27 2026-10-28"},
		"summer time begins":                      {"2026-03-30 16:00", "home", "2026-04-01 2026-04-02"},
	} {
		in := inShop(t, "NL")
		in.Now, in.Option, in.Items = at(t, c.now), c.option, []pricing.Item{item("lamp", 1, 4990, "EUR", "", 500)}
		q := price(t, in)
		o := q.Options[slices.IndexFunc(q.Options, func(o pricing.Option) bool { return o.ID == c.option })]
		if got := o.Earliest.Format(time.DateOnly) + " " + o.Latest.Format(time.DateOnly); got != c.want || o.Latest.Location() != time.UTC {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// Holidays of where it goes delay the arrival, those of the shop the departure: 14 May 2026 is one in Norway only, 27 April in the
// Netherlands only.
func TestHolidaysAtBothEnds(t *testing.T) {
	t.Parallel()
	in := inShop(t, "NO")
	in.Items = []pricing.Item{item("cheese", 1, 8900, "NOK", "food", 0)}
	for now, want := range map[string]string{
		"2026-05-12 10:00": "2026-05-15 2026-05-19", "2026-04-27 10:00": "2026-04-30 2026-05-04", "2026-04-24 10:00": "2026-04-28 2026-04-30",
	} {
		in.Now = at(t, now)
		o := price(t, in).Options[0]
		if got := o.Earliest.Format(time.DateOnly) + " " + o.Latest.Format(time.DateOnly); got != want {
			t.Errorf("%s: %s, want %s", now, got, want)
		}
	}
}

// Without a cut-off orders leave until midnight, and without working days from Monday to Friday.
func TestCalendarDefaults(t *testing.T) {
	t.Parallel()
	in := inShop(t, "BE", func(s *pricing.Settings, countries map[string]pricing.Country) {
		s.Delivery.CutOff, s.Delivery.Holidays = "", nil
	})
	in.Items = []pricing.Item{item("chair", 1, 12100, "EUR", "", 0)}
	for now, want := range map[string]string{"2026-10-02 23:59": "2026-10-06", "2026-10-03 00:00": "2026-10-07"} {
		in.Now = at(t, now)
		if got := price(t, in).Options[0].Earliest.Format(time.DateOnly); got != want {
			t.Errorf("%s: %s, want %s", now, got, want)
		}
	}
}

// Counting the days one by one, over the names of weekdays and the texts of dates, finds the same windows.
func TestWindowsAgreeWithCounting(t *testing.T) {
	t.Parallel()
	d := dice(rand.New(rand.NewPCG(5, 6)).Int64N)
	names := []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	for range 300 {
		start := time.Date(2026, time.Month(1+d(12)), int(1+d(28)), int(d(24)), int(d(60)), 0, 0, time.UTC)
		var holidays []string
		for i := range 30 {
			if d.chance(25) {
				holidays = append(holidays, start.AddDate(0, 0, i).Format(time.DateOnly))
			}
		}
		working, riding := append(d.some(names...), "wed"), append(d.some(names...), "fri")
		slices.Sort(working)
		slices.Sort(riding)
		working, riding = slices.Compact(working), slices.Compact(riding)
		zone, cutOff, days := pick(d, "America/Los_Angeles", "Pacific/Auckland", "Asia/Kathmandu"), pick(d, "00:00", "09:30", "23:59"), int(d(9))
		in := inShop(t, "BE", func(s *pricing.Settings, countries map[string]pricing.Country) {
			s.Delivery = pricing.Delivery{Zone: zone, CutOff: cutOff, WorkingDays: working,
				Holidays: map[string][]string{"NL": holidays, "BE": holidays[:len(holidays)/2]}}
			countries["NL"].Shipping[2].CutOff = ""
			m := &countries["BE"].Shipping[0]
			m.Weekdays, m.MinDays, m.MaxDays = riding, days, days
		})
		in.Now, in.Items = start, []pricing.Item{item("chair", 1, 12100, "EUR", "", 0)}

		here, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		free := func(day time.Time, weekdays, closed []string) bool {
			return slices.Contains(weekdays, strings.ToLower(day.Format("Mon"))) && !slices.Contains(closed, day.Format(time.DateOnly))
		}
		day := start.In(here)
		if day.Format("15:04") >= cutOff {
			day = time.Date(day.Year(), day.Month(), day.Day()+1, 12, 0, 0, 0, here)
		}
		day = time.Date(day.Year(), day.Month(), day.Day(), 12, 0, 0, 0, here)
		for !free(day, working, holidays) {
			day = day.AddDate(0, 0, 1)
		}
		for counted := 0; ; day = day.AddDate(0, 0, 1) {
			if counted > 0 || days == 0 {
				if free(day, riding, holidays[:len(holidays)/2]) {
					if counted >= days {
						break
					}
					counted++
				}
				continue
			}
			counted = 1 // the day on which it leaves doesn't count
		}
		if got := price(t, in).Options[0].Earliest.Format(time.DateOnly); got != day.Format(time.DateOnly) {
			t.Fatalf("%v in %s, cut-off %s, %d days of %v, leaving on %v without %v: %s, counted %s", start, zone, cutOff, days, riding, working,
				holidays, got, day)
		}
	}
}
