package statistics_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
	"kassa/checkout/statistics"
	"kassa/payments/money"
)

func TestReportsCoverDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = time.Date(2026, time.March, 31, 22, 30, 0, 0, time.UTC) // April in Amsterdam
	for name, c := range map[string]struct {
		in             statistics.ReportInput
		from, to, path string
	}{
		"nothing asked for": {statistics.ReportInput{}, "2026-03-03", "2026-04-01", ""},
		"the end":           {statistics.ReportInput{To: "2026-03-01"}, "2026-01-31", "2026-03-01", ""},
		"the start":         {statistics.ReportInput{From: "2026-03-31"}, "2026-03-31", "2026-04-01", ""},
		"one day":           {statistics.ReportInput{From: "2024-02-29", To: "2024-02-29"}, "2024-02-29", "2024-02-29", ""},
		"as many as may be": {statistics.ReportInput{From: "2025-02-25", To: "2026-04-01"}, "2025-02-25", "2026-04-01", ""},
		"too many":          {statistics.ReportInput{From: "2025-02-24", To: "2026-04-01"}, "", "", "from"},
		"backwards":         {statistics.ReportInput{From: "2026-03-02", To: "2026-03-01"}, "", "", "from"},
		"no such day":       {statistics.ReportInput{From: "2026-02-29", To: "2026-03-01"}, "", "", "from"},
		"no day":            {statistics.ReportInput{To: "today"}, "", "", "to"},
		"another form":      {statistics.ReportInput{To: "2026-3-1"}, "", "", "to"},
		"an instant":        {statistics.ReportInput{To: "2026-03-01T00:00:00Z"}, "", "", "to"},
	} {
		r, err := w.reports.Report(t.Context(), c.in)
		var e *checkout.Error
		if c.path != "" {
			if !errors.As(err, &e) || e.Code != checkout.CodeInvalid || e.Path != c.path {
				t.Errorf("%s: %v, want it refused at %s", name, err, c.path)
			}
			continue
		}
		if err != nil || r.From != c.from || r.To != c.to || r.Zone != "Europe/Amsterdam" {
			t.Errorf("%s: %v, %s to %s in %s", name, err, r.From, r.To, r.Zone)
		}
	}
}

func TestReportOfNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.report("", "")
	text, err := json.Marshal(r)
	w.ok(err)
	for _, part := range []string{`"rows":[]`, `"declined":{}`, `"verdict":"too_few"`, `"revenue":[]`, "nobody has entered an arm"} {
		if !strings.Contains(string(text), part) {
			t.Errorf("%s is missing in %s", part, text)
		}
	}
}

// TestManyDaysAreReadToTheEnd: however many pages a range has.
func TestManyDaysAreReadToTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n := range 250 {
		w.now = noon.AddDate(0, 0, n)
		w.consume(w.left(w.cart(w.now, "")))
	}
	r := w.report("2026-05-06", "2027-01-10")
	if len(r.Rows) != 250 || r.Total.Carts != 250 {
		t.Errorf("%d rows, %d carts", len(r.Rows), r.Total.Carts)
	}
	if r := w.report("2026-05-07", "2026-05-08"); len(r.Rows) != 2 || r.Total.Carts != 2 {
		t.Errorf("%d rows, %d carts of two days", len(r.Rows), r.Total.Carts)
	}
}

// TestLiftOfAShop deals people of a shop into arms, has them buy or not, in two deals of different shares, and holds the report
// against the lift of what they did, added up apart.
func TestLiftOfAShop(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lift    float64
		verdict recovery.Verdict
		says    string
	}{
		"with a lift":        {0.8, recovery.VerdictLift, "Follow-ups bring orders"},
		"without":            {0, recovery.VerdictUnclear, "No lift is proven"},
		"that is driven off": {-0.9, recovery.VerdictHarm, "Follow-ups cost orders"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			random := rand.New(rand.NewPCG(5, 5))
			var strata [2]recovery.Stratum
			for i, percent := range []int{20, 50} {
				w.now = noon.AddDate(0, i, 0)
				for range 2_400 {
					person := w.id("pe_")
					arm := recovery.ArmOf("salt", person, percent)
					fact := eligible(person, arm, w.now)
					fact.Percent = percent
					w.record(fact)
					totals, rate := &strata[i].Treated, 0.15*(1+c.lift)
					if arm == recovery.ArmHoldout {
						totals, rate = &strata[i].Holdout, 0.15
					}
					totals.People++
					if random.Float64() >= rate {
						continue
					}
					amount := 1_000_000 + random.Int64N(9_000_000)
					w.record(bought(person, checkout.OrderID(w.id("cs_")+"_0"), eur(amount), w.now.Add(time.Hour)))
					totals.Buyers++
					sums := totals.Revenue["EUR"]
					if totals.Revenue == nil {
						totals.Revenue = map[money.Currency]recovery.Sums{}
						sums = recovery.Sums{Total: new(big.Int), Squares: new(big.Int)}
					}
					sums.Orders++
					sums.Total.Add(sums.Total, big.NewInt(amount))
					sums.Squares.Add(sums.Squares, big.NewInt(amount*amount))
					totals.Revenue["EUR"] = sums
				}
			}
			l := w.report("2026-05-01", "2026-06-30").Lift
			want := recovery.MeasureLift(strata[:]...)
			w.same([]float64{l.Buyers.Treated, l.Buyers.Holdout, l.Buyers.Difference.Low, l.Buyers.Difference.High, *l.Buyers.Relative},
				[]float64{want.Buyers.Treated, want.Buyers.Holdout, want.Buyers.Low, want.Buyers.High, want.Buyers.Relative})
			eur := want.Revenue["EUR"]
			if len(l.Revenue) != 1 || l.Revenue[0].Currency != "EUR" || l.Revenue[0].Verdict != eur.Verdict || math.Abs(l.Revenue[0].Treated-eur.Treated) > 1e-9 {
				t.Fatalf("revenue: %+v, want %+v", l.Revenue, eur)
			}
			if d := l.Revenue[0].Difference; (d == nil) != (c.lift < 0) || d != nil && (math.Abs(d.Low-eur.Low) > 1e-6 || math.Abs(d.High-eur.High) > 1e-6) {
				t.Errorf("difference of revenue: %+v, want %+v", d, eur)
			}
			if l.Verdict != c.verdict || !strings.HasPrefix(l.Summary, c.says) {
				t.Errorf("%s: %s", l.Verdict, l.Summary)
			}
			if got := l.Extra.Value / float64(l.Treated.People); math.Abs(got-want.Buyers.Value) > 1e-9 {
				t.Errorf("extra buyers %+v of %d people", l.Extra, l.Treated.People)
			}
		})
	}
}

// TestNoHoldoutNoLift: without people to compare with, nothing is claimed, however many buy.
func TestNoHoldoutNoLift(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 50 {
		person := w.id("pe_")
		w.record(eligible(person, recovery.ArmTreated, noon), bought(person, checkout.OrderID(w.id("cs_")+"_0"), eur(100), noon))
	}
	l := w.report("", "").Lift
	if l.Verdict != recovery.VerdictTooFew || l.Extra != nil || l.Buyers.Difference != nil || l.Treated.People != 50 || l.Treated.Buyers != 50 ||
		!strings.Contains(l.Summary, "nobody was held out") {
		t.Errorf("%+v", l)
	}
}
