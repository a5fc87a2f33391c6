package statistics

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"kassa/payments/money"
)

// MaxDays is how many days a report covers at most.
const MaxDays = 400

// Reports reports what was counted. Safe for concurrent use.
type Reports struct {
	store Store
	zone  *time.Location
	now   func() time.Time
}

// NewReports returns the service of the merchant's report. Its zone is the one that is counted in; nil = UTC. CodeInvalid if
// something that it needs is missing.
func NewReports(store Store, zone *time.Location, now func() time.Time) (*Reports, error) {
	if store == nil || now == nil {
		return nil, invalid("config", "reports need a store and a clock")
	}
	if zone == nil {
		zone = time.UTC
	}
	return &Reports{store, zone, now}, nil
}

// ReportInput is which days are reported, both ends included.
type ReportInput struct {
	From string // 2026-03-01; "" = 29 days before To
	To   string // "" = today, in the shop's zone
}

// Report is what happened on some days. Amounts are in minor units, by currency; what is zero is left out of maps.
type Report struct {
	From  string     `json:"from"`
	To    string     `json:"to"`
	Zone  string     `json:"zone"` // in which its days begin
	Total Funnel     `json:"total"`
	Rows  []Row      `json:"rows"` // of every day, channel and platform of which anything was counted, in this order
	Lift  LiftReport `json:"lift"` // of the people who entered an arm on these days
}

// Row is what happened on a day, over a channel, on a platform.
type Row struct {
	Day      string `json:"day"`
	Channel  string `json:"channel,omitempty"`  // of follow-ups: push, email; none = what shoppers did by themselves
	Platform string `json:"platform,omitempty"` // ios, android, web; none = not known
	Funnel   Funnel `json:"funnel"`
}

// Funnel is how far shoppers came. Carts, sessions and attempts are of the day on which the cart was made or the session
// opened, orders of the day on which they were placed, what goes back of the day on which it went.
type Funnel struct {
	Carts    int64            `json:"carts"`    // that were left with something in them, or bought
	Sessions int64            `json:"sessions"` // of these carts
	Attempts int64            `json:"attempts"` // tries to pay
	Declined map[string]int64 `json:"declined"` // of them, by reason
	Orders   int64            `json:"orders"`
	Revenue  map[string]int64 `json:"revenue"`  // of the orders
	Returned map[string]int64 `json:"returned"` // refunds, lost disputes, and money held that was let go

	Abandoned map[string]int64 `json:"abandoned"`   // carts, by reason; some of them were bought later
	Followed  map[string]int64 `json:"followed_up"` // follow-ups handed over, by stage
	Skipped   map[string]int64 `json:"skipped"`     // follow-ups not sent, by reason
	Clicked   int64            `json:"clicked"`     // follow-ups whose link was used
	Recovered int64            `json:"recovered"`   // orders that a follow-up led to. How many would have come anyway, Lift tells
	Regained  map[string]int64 `json:"recovered_revenue"`

	Paid Pace `json:"first_tap_to_paid"`
}

// Pace is how long orders took from the first tap, which opened the session.
type Pace struct {
	Orders   int64   `json:"orders"`
	Seconds  float64 `json:"mean_seconds"`
	Requests float64 `json:"mean_requests"` // that changed the session; one is the least
	// Median is the least bound, in seconds, that half of the orders kept to.
	Median int64 `json:"median_within_seconds"`
	// Within are orders by the bound in seconds that they kept to, and none below it.
	Within map[string]int64 `json:"orders_within_seconds"`
}

// Report reports some days. CodeInvalid for days that are none, out of order, or too many.
func (r *Reports) Report(ctx context.Context, in ReportInput) (Report, error) {
	from, to, err := r.days(r.now(), in)
	if err != nil {
		return Report{}, err
	}
	cells := map[Cell]Counts{}
	for q := (CellQuery{From: from, To: to}); ; {
		page, err := r.store.Cells(ctx, q)
		if err != nil {
			return Report{}, fmt.Errorf("read counts: %w", err)
		}
		for _, c := range page.Cells {
			if cells[c.Cell] == nil {
				cells[c.Cell] = Counts{}
			}
			cells[c.Cell].Plus(c.Counts)
		}
		if q.Cursor = page.Cursor; q.Cursor == "" {
			return compose(Report{From: from, To: to, Zone: r.zone.String()}, cells), nil
		}
	}
}

func (r *Reports) days(now time.Time, in ReportInput) (from, to string, err error) {
	if to = in.To; to == "" {
		to = DayOf(now, r.zone)
	}
	last, err := time.Parse(dayForm, to)
	if err != nil || !ValidDay(to) {
		return "", "", invalid("to", "must be a date: 2026-03-29")
	}
	if from = in.From; from == "" {
		from = last.AddDate(0, 0, -29).Format(dayForm)
	}
	first, err := time.Parse(dayForm, from)
	switch {
	case err != nil || !ValidDay(from):
		return "", "", invalid("from", "must be a date: 2026-03-01")
	case from > to:
		return "", "", invalid("from", "must not be after to")
	case first.AddDate(0, 0, MaxDays).Before(last):
		return "", "", invalid("from", fmt.Sprintf("must be at most %d days before to", MaxDays))
	}
	return from, to, nil
}

// compose makes a report of cells.
func compose(r Report, cells map[Cell]Counts) Report {
	total := Counts{}
	ordered := slices.SortedFunc(maps.Keys(cells), func(a, b Cell) int {
		return strings.Compare(a.Day+"#"+a.Channel+"#"+string(a.Platform), b.Day+"#"+b.Channel+"#"+string(b.Platform))
	})
	r.Rows = []Row{}
	for _, cell := range ordered {
		counts := cells[cell]
		total.Plus(counts)
		if !funnelled(counts) {
			continue
		}
		r.Rows = append(r.Rows, Row{Day: cell.Day, Channel: cell.Channel, Platform: string(cell.Platform), Funnel: funnelOf(counts)})
	}
	r.Total, r.Lift = funnelOf(total), liftOf(total)
	return r
}

// funnelled reports whether counts have anything but arms.
func funnelled(counts Counts) bool {
	for name := range counts {
		if _, _, _, _, ok := armCounted(name); !ok {
			return true
		}
	}
	return false
}

func funnelOf(counts Counts) Funnel {
	return Funnel{
		Carts: counts[countCarts], Sessions: counts[countSessions], Attempts: counts[countAttempts], Declined: counts.by(countDeclined),
		Orders: counts[countOrders], Revenue: counts.by(countRevenue), Returned: counts.by(countReturned),
		Abandoned: counts.by(countAbandoned), Followed: counts.by(countFollowed), Skipped: counts.by(countSkipped),
		Clicked: counts[countClicked], Recovered: counts[countRecovered], Regained: counts.by(countRegained),
		Paid: paceOf(counts),
	}
}

// by are the counts of a name that ends in a dot, by what follows it.
func (c Counts) by(prefix string) map[string]int64 {
	found := map[string]int64{}
	for name, n := range c {
		if rest, ok := strings.CutPrefix(name, prefix); ok && n != 0 {
			found[rest] = n
		}
	}
	return found
}

func paceOf(counts Counts) Pace {
	p := Pace{Orders: counts[countOrders], Within: counts.by(countWithin)}
	if p.Orders <= 0 {
		return p
	}
	p.Seconds = float64(counts[countSeconds]) / float64(p.Orders)
	p.Requests = float64(counts[countRequests]) / float64(p.Orders)
	kept := int64(0)
	for _, bound := range within {
		if kept += p.Within[fmt.Sprint(bound)]; 2*kept >= p.Orders {
			p.Median = bound
			break
		}
	}
	return p
}

// currencies are those of some maps, in the order of the alphabet.
func currencies[T any](of map[money.Currency]T) []money.Currency { return slices.Sorted(maps.Keys(of)) }
