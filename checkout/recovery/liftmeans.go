package recovery

import (
	"math"
	"math/big"
	"slices"

	"kassa/payments/money"
)

// differenceOfMeans is Welch's interval (B. L. Welch, Biometrika 34:28–35, 1947). A holdout is mostly much smaller than the
// treated arm, and follow-ups may spread orders as well as raise them: Welch's needs neither equal sizes nor equal variances,
// as Student's does. Against the plain normal quantile it is the more careful one; from MinOrders on they differ by half a
// percent at most.
func differenceOfMeans(strata []Stratum, c money.Currency) Difference {
	// One person alone has no variance, however often he orders.
	strata = slices.DeleteFunc(slices.Clone(strata), func(s Stratum) bool { return min(s.Treated.People, s.Holdout.People) < 2 })
	var d Difference
	var spread, shaky float64 // variance of the difference, and of that
	var ordersTreated, ordersHoldout int64
	for i, w := range weights(strata) {
		for _, arm := range []struct {
			ArmTotals
			mean   *float64
			orders *int64
		}{{strata[i].Treated, &d.Treated, &ordersTreated}, {strata[i].Holdout, &d.Holdout, &ordersHoldout}} {
			m := arm.moments(c)
			*arm.mean += w * m.mean
			*arm.orders += arm.Revenue[c].Orders
			spread += w * w * m.error2
			shaky += math.Pow(w*w*m.error2, 2) / float64(arm.People-1)
		}
	}
	if min(ordersTreated, ordersHoldout) < MinOrders {
		return Difference{Treated: d.Treated, Holdout: d.Holdout, Verdict: VerdictTooFew}
	}
	half := 0.0
	if shaky > 0 {
		half = student95(spread*spread/shaky) * math.Sqrt(spread) // Welch's and Satterthwaite's degrees of freedom
	}
	return difference(d.Treated, d.Holdout, half, half)
}

// moments are the mean of an arm and the square of its standard error.
type moments struct{ mean, error2 float64 }

// moments of revenue per person. Numerators are subtracted as integers: as floating point numbers they would cancel out.
func (a ArmTotals) moments(c money.Currency) moments {
	sums := a.Revenue[c]
	total, squares := orZero(sums.Total), orZero(sums.Squares)
	n := big.NewInt(a.People)
	// s²/n = (n·Σx² − (Σx)²) / (n²·(n−1))
	above := new(big.Int).Mul(n, squares)
	above.Sub(above, new(big.Int).Mul(total, total))
	below := new(big.Int).Mul(n, n)
	below.Mul(below, big.NewInt(a.People-1))
	return moments{mean: quotient(total, n), error2: max(0, quotient(above, below))}
}

func orZero(n *big.Int) *big.Int {
	if n == nil {
		return new(big.Int)
	}
	return n
}

func quotient(above, below *big.Int) float64 {
	q, _ := new(big.Rat).SetFrac(above, below).Float64()
	return q
}

// student95 is the quantile of Student's distribution that leaves 2.5 % above it, by the first terms of its expansion about the
// normal one (Abramowitz and Stegun, 26.7.5). With 199 degrees of freedom it is right to seven digits.
func student95(freedom float64) float64 {
	const z = normal95
	const z3, z5 = z * z * z, z * z * z * z * z
	return z + (z3+z)/(4*freedom) + (5*z5+16*z3+3*z)/(96*freedom*freedom)
}
