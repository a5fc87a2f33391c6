package recovery

import (
	"math"
	"math/big"
	"slices"

	"kassa/payments/money"
)

// Whether follow-ups help can't be seen from those who came back: many would have come back without. So a share of the people
// gets none (ArmHoldout), and the two arms are compared by what all of their people did, bought or not. Nobody may be left out
// after the fact, and nothing is weighted by orders: either would compare people who differ.
//
// Shares of people are compared by Newcombe's hybrid score interval: R. G. Newcombe, "Interval estimation for the difference
// between independent proportions: comparison of eleven methods", Statistics in Medicine 17:873–890 (1998), method 10. It keeps
// its promise for few people, for shares near 0 and 1 and for arms of unequal size, where the textbook's interval does not.

// ArmTotals is what the people of one arm did within the window after they entered it.
type ArmTotals struct {
	People  int64 // who entered the arm, whatever they did
	Buyers  int64 // of them, who placed an order
	Revenue map[money.Currency]Sums
}

// Stratum is people who were dealt into arms with one and the same chance. When the share that is held out changes, a new one
// begins: in a year whose quiet months had a small holdout and whose December a large one, the pooled holdout would buy more
// for being of December. Within a stratum the arms differ by chance alone.
type Stratum struct{ Treated, Holdout ArmTotals }

// Sums are what the mean and the variance of revenue per person are made of, in minor units of one currency. They are exact:
// squares of amounts soon outgrow 64 bits. Nil is zero; people without an order add nothing.
type Sums struct {
	Orders  int64    // in the currency
	Total   *big.Int // of each person's revenue
	Squares *big.Int // of each person's revenue, squared
}

// Verdict is what an interval allows to say.
type Verdict string

const (
	VerdictTooFew  Verdict = "too_few" // nothing: an arm has nobody, or too few orders
	VerdictUnclear Verdict = "unclear" // the interval contains 0: there may be a lift or none
	VerdictLift    Verdict = "lift"    // the whole interval lies above 0: follow-ups bring more
	VerdictHarm    Verdict = "harm"    // the whole interval lies below 0: follow-ups bring less
)

// Lift is how much more the treated arm did than the holdout.
type Lift struct {
	Buyers  Difference                    // share of people who bought
	Revenue map[money.Currency]Difference // revenue per person, in minor units
}

// Difference compares one number of both arms: treated less holdout.
type Difference struct {
	Treated, Holdout float64 // the number itself
	Verdict          Verdict

	// All of these are 0 with VerdictTooFew: a difference that means nothing is not to be read.
	Value     float64 // Treated − Holdout
	Low, High float64 // 95 % interval of Value
	Relative  float64 // Value as a part of Holdout: 0.1 is ten percent more; 0 where Holdout is
}

// MinOrders is how many orders in a currency each arm needs before revenue per person is compared. Order totals are skewed, and the
// mean of few of them strays further than the interval would say.
const MinOrders = 200

// normal95 is the quantile of the normal distribution that leaves 2.5 % above it.
const normal95 = 1.959963984540054

// MeasureLift compares the arms within each stratum, and weighs the strata by their people. Totals are expected as they come
// to be: no more buyers than people. Strata in which an arm has nobody can't be compared and are left out, both arms of them.
func MeasureLift(strata ...Stratum) Lift {
	strata = comparable(strata)
	l := Lift{Buyers: differenceOfShares(strata), Revenue: map[money.Currency]Difference{}}
	for _, s := range strata {
		for _, arm := range []ArmTotals{s.Treated, s.Holdout} {
			for c := range arm.Revenue {
				if _, done := l.Revenue[c]; !done {
					l.Revenue[c] = differenceOfMeans(strata, c)
				}
			}
		}
	}
	return l
}

func comparable(strata []Stratum) []Stratum {
	return slices.DeleteFunc(slices.Clone(strata), func(s Stratum) bool { return s.Treated.People <= 0 || s.Holdout.People <= 0 })
}

// weights are the parts of all people that strata have.
func weights(strata []Stratum) []float64 {
	total, w := 0.0, make([]float64, len(strata))
	for i, s := range strata {
		w[i] = float64(s.Treated.People) + float64(s.Holdout.People)
		total += w[i]
	}
	for i := range w {
		w[i] /= total
	}
	return w
}

// differenceOfShares is Newcombe's method 10: the interval of a difference is put together from the score intervals of both
// shares, by adding the squares of how far each reaches. Weighted sums of differences are put together in the same way: Zou and
// Donner, "Construction of confidence limits about effect measures: a general approach", Statistics in Medicine 27:1693–1702 (2008).
func differenceOfShares(strata []Stratum) Difference {
	if len(strata) == 0 {
		return Difference{Verdict: VerdictTooFew}
	}
	var treated, holdout, below, above float64
	for i, w := range weights(strata) {
		t, h := share(strata[i].Treated), share(strata[i].Holdout)
		tLow, tHigh := scoreInterval(t, strata[i].Treated.People)
		hLow, hHigh := scoreInterval(h, strata[i].Holdout.People)
		treated, holdout = treated+w*t, holdout+w*h
		below = math.Hypot(below, w*math.Hypot(t-tLow, hHigh-h))
		above = math.Hypot(above, w*math.Hypot(tHigh-t, h-hLow))
	}
	return difference(treated, holdout, below, above)
}

func share(a ArmTotals) float64 {
	return float64(a.Buyers) / float64(a.People)
}

// scoreInterval is Wilson's interval of a share p of n, without continuity correction.
func scoreInterval(p float64, n int64) (low, high float64) {
	const z2 = normal95 * normal95
	size := float64(n)
	center := (2*size*p + z2) / (2 * (size + z2))
	half := normal95 * math.Sqrt(z2+4*size*p*(1-p)) / (2 * (size + z2))
	return max(0, center-half), min(1, center+half)
}

// difference makes a Difference of two numbers, and how far its interval reaches to either side.
func difference(treated, holdout, below, above float64) Difference {
	d := Difference{Treated: treated, Holdout: holdout, Value: treated - holdout}
	d.Low, d.High = d.Value-below, d.Value+above
	if holdout != 0 {
		d.Relative = d.Value / holdout
	}
	switch {
	case d.Low > 0:
		d.Verdict = VerdictLift
	case d.High < 0:
		d.Verdict = VerdictHarm
	default:
		d.Verdict = VerdictUnclear
	}
	return d
}
