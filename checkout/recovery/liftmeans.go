package recovery

import (
	"math"
	"math/big"

	"kassa/payments/money"
)

// differenceOfMeans is Welch's interval (B. L. Welch, Biometrika 34:28–35, 1947). A holdout is mostly much smaller than the
// treated arm, and follow-ups may spread baskets as well as raise them: Welch's needs neither equal sizes nor equal variances,
// as Student's does. Against the plain normal quantile it is the more careful one; from MinOrders on they differ by half a
// percent at most.
func differenceOfMeans(treated, holdout ArmTotals, c money.Currency) Difference {
	t, h := treated.moments(c), holdout.moments(c)
	// One person alone has no variance, however often he orders.
	if min(treated.Revenue[c].Orders, holdout.Revenue[c].Orders) < MinOrders || min(treated.People, holdout.People) < 2 {
		return Difference{Treated: t.mean, Holdout: h.mean, Verdict: VerdictTooFew}
	}
	half := 0.0
	if spread := t.error2 + h.error2; spread > 0 {
		freedom := spread * spread /
			(t.error2*t.error2/float64(treated.People-1) + h.error2*h.error2/float64(holdout.People-1))
		half = student95(freedom) * math.Sqrt(spread)
	}
	return difference(t.mean, h.mean, half, half)
}

// moments are the mean of an arm and the square of its standard error.
type moments struct{ mean, error2 float64 }

// moments of revenue per person. Numerators are subtracted as integers: as floating point numbers they would cancel out.
func (a ArmTotals) moments(c money.Currency) moments {
	if a.People <= 0 {
		return moments{}
	}
	sums := a.Revenue[c]
	total, squares := orZero(sums.Total), orZero(sums.Squares)
	n := big.NewInt(a.People)
	m := moments{mean: quotient(total, n)}
	if a.People < 2 {
		return m
	}
	// s²/n = (n·Σx² − (Σx)²) / (n²·(n−1))
	above := new(big.Int).Mul(n, squares)
	above.Sub(above, new(big.Int).Mul(total, total))
	below := new(big.Int).Mul(n, n)
	below.Mul(below, big.NewInt(a.People-1))
	m.error2 = max(0, quotient(above, below))
	return m
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
// normal one (Abramowitz and Stegun, 26.7.5). With the 199 degrees of freedom that there are at least, it is right to seven digits.
func student95(freedom float64) float64 {
	const z = normal95
	const z3, z5 = z * z * z, z * z * z * z * z
	return z + (z3+z)/(4*freedom) + (5*z5+16*z3+3*z)/(96*freedom*freedom)
}
