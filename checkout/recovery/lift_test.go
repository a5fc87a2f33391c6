package recovery_test

import (
	"math"
	"math/big"
	"testing"

	"kassa/checkout/recovery"
	"kassa/payments/money"
)

func arm(people, buyers int64) recovery.ArmTotals {
	return recovery.ArmTotals{People: people, Buyers: buyers}
}

func measured(treated, holdout recovery.ArmTotals) recovery.Lift {
	return recovery.MeasureLift(recovery.Stratum{Treated: treated, Holdout: holdout})
}

// TestNewcombesExamples holds the interval against table II of Newcombe's paper, method 10.
func TestNewcombesExamples(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		treated, holdout recovery.ArmTotals
		low, high        float64
		verdict          recovery.Verdict
	}{
		{arm(70, 56), arm(80, 48), 0.0524, 0.3339, recovery.VerdictLift},
		{arm(80, 48), arm(70, 56), -0.3339, -0.0524, recovery.VerdictHarm},
		{arm(10, 9), arm(10, 3), 0.1705, 0.8090, recovery.VerdictLift},
		{arm(7, 6), arm(7, 2), 0.0582, 0.8062, recovery.VerdictLift},
		{arm(56, 5), arm(29, 0), -0.0381, 0.1926, recovery.VerdictUnclear},
		{arm(10, 0), arm(20, 0), -0.1611, 0.2775, recovery.VerdictUnclear},
		{arm(10, 0), arm(10, 0), -0.2775, 0.2775, recovery.VerdictUnclear},
		{arm(10, 10), arm(20, 0), 0.6791, 1, recovery.VerdictLift},
		{arm(10, 10), arm(10, 0), 0.6075, 1, recovery.VerdictLift},
		{arm(10, 10), arm(10, 10), -0.2775, 0.2775, recovery.VerdictUnclear},
	} {
		d := measured(c.treated, c.holdout).Buyers
		if math.Abs(d.Low-c.low) > 5e-5 || math.Abs(d.High-c.high) > 5e-5 || d.Verdict != c.verdict {
			t.Errorf("%v against %v: %.4f to %.4f, %s; want %.4f to %.4f, %s", c.treated, c.holdout, d.Low, d.High, d.Verdict, c.low, c.high, c.verdict)
		}
	}
}

func TestLiftIsRelativeToTheHoldout(t *testing.T) {
	t.Parallel()
	d := measured(arm(1000, 120), arm(500, 50)).Buyers
	if d.Treated != 0.12 || d.Holdout != 0.1 || math.Abs(d.Value-0.02) > 1e-12 || math.Abs(d.Relative-0.2) > 1e-12 {
		t.Errorf("got %+v, want 0.12 against 0.1: 0.02, which is 20 %%", d)
	}
}

func TestNothingIsSaidOfAnEmptyArm(t *testing.T) {
	t.Parallel()
	for _, arms := range [][2]recovery.ArmTotals{{arm(0, 0), arm(0, 0)}, {arm(100, 10), arm(0, 0)}, {arm(0, 0), arm(100, 10)}} {
		d := measured(arms[0], arms[1]).Buyers
		if d.Verdict != recovery.VerdictTooFew || d.Low != 0 || d.High != 0 || d.Relative != 0 || math.IsNaN(d.Treated) || math.IsNaN(d.Holdout) {
			t.Errorf("%v: %+v", arms, d)
		}
	}
}

// paid adds what single people paid to an arm, with one order each.
func paid(a recovery.ArmTotals, c money.Currency, amounts ...int64) recovery.ArmTotals {
	sums := recovery.Sums{Orders: int64(len(amounts)), Total: new(big.Int), Squares: new(big.Int)}
	for _, n := range amounts {
		x := big.NewInt(n)
		sums.Total.Add(sums.Total, x)
		sums.Squares.Add(sums.Squares, new(big.Int).Mul(x, x))
	}
	a.Buyers += sums.Orders
	if a.Revenue == nil {
		a.Revenue = map[money.Currency]recovery.Sums{}
	}
	a.Revenue[c] = sums
	return a
}

// amounts are n amounts that alternate between two.
func amounts(n int, a, b int64) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = a
		if i%2 == 1 {
			out[i] = b
		}
	}
	return out
}

// TestMeansOfRevenue holds an interval against one worked out by hand: s² of 200 amounts of 90 and 110 is 100·200/199.
func TestMeansOfRevenue(t *testing.T) {
	t.Parallel()
	treated := paid(arm(200, 0), "EUR", amounts(200, 95, 115)...)
	holdout := paid(arm(400, 0), "EUR", amounts(400, 90, 110)...)
	d := measured(treated, holdout).Revenue["EUR"]
	// Standard error √(100/199 + 100/399) = 0.86783; Welch's degrees of freedom 396.4, whose t is 1.96598.
	if math.Abs(d.Value-5) > 1e-9 || math.Abs(d.Low-(5-1.70615)) > 1e-4 || math.Abs(d.High-(5+1.70615)) > 1e-4 || d.Verdict != recovery.VerdictLift {
		t.Errorf("got %+v, want 5 ± 1.70615", d)
	}
}

func TestRevenueNeedsOrdersInBothArms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		treated, holdout int
		verdict          recovery.Verdict
	}{{200, 199, recovery.VerdictTooFew}, {199, 200, recovery.VerdictTooFew}, {200, 200, recovery.VerdictLift}, {0, 200, recovery.VerdictTooFew}} {
		lift := measured(
			paid(arm(1000, 0), "EUR", amounts(c.treated, 9000, 9100)...), paid(arm(1000, 0), "EUR", amounts(c.holdout, 500, 510)...))
		if d := lift.Revenue["EUR"]; d.Verdict != c.verdict {
			t.Errorf("%d and %d orders: %s, want %s", c.treated, c.holdout, d.Verdict, c.verdict)
		}
	}
}

// TestRevenueIsPerPersonNotPerOrder: the holdout's baskets are larger, but fewer of its people buy. Weighted by orders, the
// treated arm would look worse.
func TestRevenueIsPerPersonNotPerOrder(t *testing.T) {
	t.Parallel()
	treated := paid(arm(1000, 0), "EUR", amounts(800, 4900, 5100)...)
	holdout := paid(arm(1000, 0), "EUR", amounts(250, 6900, 7100)...)
	if d := measured(treated, holdout).Revenue["EUR"]; d.Treated != 4000 || d.Holdout != 1750 || d.Verdict != recovery.VerdictLift {
		t.Errorf("got %+v, want 4000 against 1750 per person", d)
	}
}

// TestCurrenciesAreComparedApart: nothing is added up that is not of one currency, and one that only one arm has paid in
// counts as zero in the other.
func TestCurrenciesAreComparedApart(t *testing.T) {
	t.Parallel()
	treated := paid(paid(arm(1000, 0), "EUR", amounts(300, 1000, 1002)...), "NOK", amounts(250, 9000, 9002)...)
	holdout := paid(arm(1000, 0), "EUR", amounts(300, 1000, 1002)...)
	lift := measured(treated, holdout)
	if eur := lift.Revenue["EUR"]; eur.Value != 0 || eur.Verdict != recovery.VerdictUnclear {
		t.Errorf("EUR: %+v", eur)
	}
	if nok := lift.Revenue["NOK"]; nok.Treated != 2250.25 || nok.Holdout != 0 || nok.Verdict != recovery.VerdictTooFew {
		t.Errorf("NOK: %+v", nok)
	}
}

// TestSumsBeyond64Bits: the squares of rupiah baskets leave 64 bits behind, and their variance is still exact.
func TestSumsBeyond64Bits(t *testing.T) {
	t.Parallel()
	const basket = 40_000_000_000 // its square alone is beyond an int64
	lift := measured(
		paid(arm(300, 0), "IDR", amounts(300, basket, basket+2)...), paid(arm(300, 0), "IDR", amounts(300, basket, basket+2)...))
	d := lift.Revenue["IDR"]
	want := 1.9656 * math.Sqrt(2.0/299) // variance 1 · 300/299, and that is all: no digit of the baskets is in it
	if d.Value != 0 || math.Abs(d.High-want) > 1e-3 {
		t.Errorf("got %+v, want 0 ± %.5f", d, want)
	}
}

// TestEqualBasketsHaveNoSpread: nothing is divided by zero when all people do the same.
func TestEqualBasketsHaveNoSpread(t *testing.T) {
	t.Parallel()
	d := measured(paid(arm(200, 0), "EUR", amounts(200, 70, 70)...), paid(arm(200, 0), "EUR", amounts(200, 70, 70)...)).Revenue["EUR"]
	if d.Low != 0 || d.High != 0 || d.Verdict != recovery.VerdictUnclear {
		t.Errorf("got %+v, want 0 without spread", d)
	}
}

// TestSharesMayChange: a quiet month with a small holdout, a good one with a large one, and no lift in either. Pooled, the holdout
// would seem to buy far more, for being mostly of the good month.
func TestSharesMayChange(t *testing.T) {
	t.Parallel()
	quiet := recovery.Stratum{Treated: arm(9000, 450), Holdout: arm(1000, 50)}
	good := recovery.Stratum{Treated: arm(5000, 1000), Holdout: arm(5000, 1000)}
	if d := measured(arm(14000, 1450), arm(6000, 1050)).Buyers; d.Verdict != recovery.VerdictHarm {
		t.Fatalf("pooled: %+v: this test shows nothing", d)
	}
	d := recovery.MeasureLift(quiet, good).Buyers
	if math.Abs(d.Value) > 1e-12 || math.Abs(d.Treated-0.125) > 1e-12 || d.Verdict != recovery.VerdictUnclear {
		t.Errorf("got %+v, want no difference at 12.5 %%", d)
	}
}

// TestStrataAreWeighedByPeople: the second stratum has few people and nearly all of the orders.
func TestStrataAreWeighedByPeople(t *testing.T) {
	t.Parallel()
	many := recovery.Stratum{Treated: arm(4500, 450), Holdout: arm(4500, 360)}
	few := recovery.Stratum{Treated: arm(500, 450), Holdout: arm(500, 450)}
	if d := recovery.MeasureLift(many, few).Buyers; math.Abs(d.Value-0.9*0.02) > 1e-12 || d.Verdict != recovery.VerdictLift {
		t.Errorf("got %+v, want 0.9 of two points", d)
	}
}

// TestAStratumWithOneArmIsLeftOut: where nobody was held out, there is nothing to compare with, and its people's orders must
// not count for the other strata.
func TestAStratumWithOneArmIsLeftOut(t *testing.T) {
	t.Parallel()
	whole := recovery.Stratum{Treated: paid(arm(1000, 0), "EUR", amounts(250, 400, 600)...), Holdout: paid(arm(1000, 0), "EUR", amounts(220, 400, 600)...)}
	alone := recovery.Stratum{Treated: paid(arm(5000, 0), "EUR", amounts(4000, 400, 600)...)}
	got, want := recovery.MeasureLift(whole, alone), recovery.MeasureLift(whole)
	if got.Buyers != want.Buyers || got.Revenue["EUR"] != want.Revenue["EUR"] || want.Revenue["EUR"].Verdict == recovery.VerdictTooFew {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
