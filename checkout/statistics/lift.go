package statistics

import (
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"

	"kassa/checkout/recovery"
	"kassa/payments/money"
)

// LiftReport is what follow-ups have brought, by comparison with the people who got none.
type LiftReport struct {
	Verdict recovery.Verdict `json:"verdict"` // on Buyers: too_few, unclear, lift, harm
	Summary string           `json:"summary"` // the same in words
	Treated ArmReport        `json:"treated"`
	Holdout ArmReport        `json:"holdout"`
	Buyers  Comparison       `json:"buyers"`  // share of people who bought
	Revenue []Comparison     `json:"revenue"` // per person, in minor units of a currency, less what went back
	// Extra is how many of the treated people bought who would not have without follow-ups. None while the verdict is too_few.
	Extra  *Estimate `json:"extra_buyers,omitempty"`
	Method string    `json:"method"`
}

// ArmReport is what the people of an arm did while they were watched.
type ArmReport struct {
	People  int64            `json:"people"`
	Buyers  int64            `json:"buyers"`
	Orders  int64            `json:"orders"`
	Revenue map[string]int64 `json:"revenue"` // less what went back
}

// Comparison is a difference between the arms.
type Comparison struct {
	Currency   money.Currency   `json:"currency,omitempty"`
	Treated    float64          `json:"treated"`
	Holdout    float64          `json:"holdout"`
	Verdict    recovery.Verdict `json:"verdict"`
	Difference *Estimate        `json:"difference,omitempty"` // treated less holdout; none while the verdict is too_few
	Relative   *float64         `json:"relative,omitempty"`   // 0.1 is ten percent more than the holdout
}

// Estimate is a number with its 95 % interval.
type Estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

const liftMethod = "95 % intervals: Newcombe 1998 (hybrid score, method 10) for shares, Welch 1947 for revenue per person; strata weighed by people"

// liftOf reads the counts of arms.
func liftOf(counts Counts) LiftReport {
	strata := strataOf(counts)
	measured := recovery.MeasureLift(strata...)
	l := LiftReport{
		Treated: armReport(strata, func(s recovery.Stratum) recovery.ArmTotals { return s.Treated }),
		Holdout: armReport(strata, func(s recovery.Stratum) recovery.ArmTotals { return s.Holdout }),
		Verdict: measured.Buyers.Verdict, Buyers: compared("", measured.Buyers), Revenue: []Comparison{}, Method: liftMethod,
	}
	for _, c := range currencies(measured.Revenue) {
		l.Revenue = append(l.Revenue, compared(c, measured.Revenue[c]))
	}
	if d := l.Buyers.Difference; d != nil {
		people := float64(l.Treated.People)
		l.Extra = &Estimate{d.Value * people, d.Low * people, d.High * people}
	}
	l.Summary = l.inWords()
	return l
}

func compared(c money.Currency, d recovery.Difference) Comparison {
	out := Comparison{Currency: c, Treated: d.Treated, Holdout: d.Holdout, Verdict: d.Verdict}
	if d.Verdict == recovery.VerdictTooFew {
		return out
	}
	out.Difference = &Estimate{d.Value, d.Low, d.High}
	if d.Holdout != 0 {
		out.Relative = &d.Relative
	}
	return out
}

// strataOf puts counts of arms together again.
func strataOf(counts Counts) []recovery.Stratum {
	all := map[string]*recovery.Stratum{}
	for name, n := range counts {
		arm, stratum, count, c, ok := armCounted(name)
		if !ok {
			continue
		}
		if all[stratum] == nil {
			all[stratum] = &recovery.Stratum{}
		}
		totals := &all[stratum].Treated
		if arm == recovery.ArmHoldout {
			totals = &all[stratum].Holdout
		}
		addTo(totals, count, c, n)
	}
	strata := make([]recovery.Stratum, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		strata = append(strata, *all[name])
	}
	return strata
}

func addTo(totals *recovery.ArmTotals, count string, c money.Currency, n int64) {
	switch count {
	case countPeople:
		totals.People += n
		return
	case countBuyers:
		totals.Buyers += n
		return
	}
	if totals.Revenue == nil {
		totals.Revenue = map[money.Currency]recovery.Sums{}
	}
	sums := totals.Revenue[c]
	if sums.Total == nil {
		sums.Total, sums.Squares = new(big.Int), new(big.Int)
	}
	switch count + "." {
	case countOrders + ".":
		sums.Orders += n
	case countRevenue:
		sums.Total.Add(sums.Total, big.NewInt(n))
	case countSquareHigh:
		high := new(big.Int).Mul(big.NewInt(n), big.NewInt(squareBase))
		sums.Squares.Add(sums.Squares, high)
	case countSquareLow:
		sums.Squares.Add(sums.Squares, big.NewInt(n))
	}
	totals.Revenue[c] = sums
}

func armReport(strata []recovery.Stratum, arm func(recovery.Stratum) recovery.ArmTotals) ArmReport {
	out := ArmReport{Revenue: map[string]int64{}}
	for _, s := range strata {
		totals := arm(s)
		out.People, out.Buyers = out.People+totals.People, out.Buyers+totals.Buyers
		for c, sums := range totals.Revenue {
			out.Orders += sums.Orders
			if minor := sums.Total.Int64(); minor != 0 {
				out.Revenue[string(c)] += minor
			}
		}
	}
	return out
}

// inWords says what the comparison of buyers allows to say, and no more.
func (l LiftReport) inWords() string {
	b := l.Buyers
	switch {
	case l.Treated.People == 0 && l.Holdout.People == 0:
		return "Nothing can be said: nobody has entered an arm on these days."
	case l.Holdout.People == 0:
		return "Nothing can be said: nobody was held out on these days. Without people who get no follow-ups, there is nothing to compare with."
	case b.Difference == nil:
		return "Nothing can be said: everybody who could have got a follow-up on these days was held out, or the shares never overlapped."
	}
	seen := fmt.Sprintf("of the people who were followed up %s bought, of the holdout %s", percent(b.Treated), percent(b.Holdout))
	span := fmt.Sprintf("between %s and %s", points(b.Difference.Low), points(b.Difference.High))
	switch l.Verdict {
	case recovery.VerdictLift:
		return fmt.Sprintf("Follow-ups bring orders: %s. With 95 %% confidence the difference is %s, which is %.0f to %.0f people who would "+
			"not have bought without them.", seen, span, math.Floor(l.Extra.Low), math.Ceil(l.Extra.High))
	case recovery.VerdictHarm:
		return fmt.Sprintf("Follow-ups cost orders: %s. With 95 %% confidence the difference is %s.", seen, span)
	case recovery.VerdictUnclear, recovery.VerdictTooFew:
	}
	return fmt.Sprintf("No lift is proven: %s. With 95 %% confidence the difference is %s, so there may be none; more people, or a larger "+
		"holdout, would tell.", seen, span)
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

func points(difference float64) string { return fmt.Sprintf("%+.1f points", 100*difference) }
