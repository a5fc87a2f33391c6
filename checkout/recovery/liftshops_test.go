package recovery_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"kassa/checkout/recovery"
	"kassa/payments/money"
)

// Simulated shops: what MeasureLift says of them is held against what is true of them. All chance comes from fixed seeds.

const (
	shops    = 2_000
	poolSize = 1 << 13
)

// world is a shop of which the truth is known.
type world struct {
	*rand.Rand
	rate, lift float64 // share of the holdout's people who buy; what follow-ups add, as a part of it
	share      float64 // of people who are held out
	basket     float64 // median, in minor units
	spread     []float64
}

// spreads are log-normal baskets, as multiples of their median, from nearly even to very skewed. They are the whole population
// that shoppers come from, so its mean is the truth.
func spreads(random *rand.Rand) [][]float64 {
	var all [][]float64
	for _, sigma := range []float64{0.4, 0.5, 0.6, 0.7, 0.8, 0.9} {
		baskets := make([]float64, poolSize)
		for i := range baskets {
			baskets[i] = math.Exp(sigma * random.NormFloat64())
		}
		all = append(all, baskets)
	}
	return all
}

// mean is the mean basket of the shop.
func (w world) mean() float64 {
	sum := 0.0
	for _, x := range w.spread {
		sum += x
	}
	return w.basket * sum / float64(len(w.spread))
}

// worlds are so many shops: base rates 2–20 %, holdouts 5–50 %, lifts up to +50 % or none.
func worlds(seed uint64, lifts bool) []world {
	random := rand.New(rand.NewPCG(seed, 7))
	all, baskets := make([]world, shops), spreads(random)
	for i := range all {
		w := world{Rand: random, rate: between(random, 0.02, 0.20), share: between(random, 0.05, 0.50)}
		w.basket, w.spread = between(random, 1_000, 10_000), baskets[i%len(baskets)]
		if lifts {
			w.lift = between(random, 0, 0.5)
		}
		all[i] = w
	}
	return all
}

func between(r *rand.Rand, low, high float64) float64 { return low + (high-low)*r.Float64() }

// size draws a number of people, as likely between 300 and 3,000 as between 3,000 and 30,000.
func (w world) size(low, high float64) int64 {
	return int64(low * math.Pow(high/low, w.Float64()))
}

// binomial draws how many of n people do what each does with chance p: by the gaps between those who do, or, where they are
// many, from the normal distribution that this then is.
func (w world) binomial(n int64, p float64) int64 {
	if p > 0.5 {
		return n - w.binomial(n, 1-p)
	}
	if variance := float64(n) * p * (1 - p); variance > 400 {
		return int64(math.Round(float64(n)*p + math.Sqrt(variance)*w.NormFloat64()))
	}
	hits, at := int64(0), int64(0)
	for scale := math.Log1p(-p); ; hits++ {
		at += 1 + int64(math.Log(1-w.Float64())/scale)
		if at > n {
			return hits
		}
	}
}

// arms has so many people enter the shop's experiment, and buy or not.
func (w world) arms(people int64) (treated, holdout recovery.ArmTotals) {
	held := w.binomial(people, w.share)
	return arm(people-held, w.binomial(people-held, w.rate*(1+w.lift))), arm(held, w.binomial(held, w.rate))
}

// pay gives each buyer an order of a log-normal basket.
func (w world) pay(a recovery.ArmTotals) recovery.ArmTotals {
	var total, squares float64 // whole numbers below 2⁵³, but for the squares, which may lose a last digit
	chance, spread, basket := uint64(0), w.spread, w.basket
	for i := range a.Buyers {
		if i%4 == 0 { // 64 random bits choose four baskets
			chance = w.Uint64()
		}
		x := math.Round(basket * spread[chance%poolSize])
		total, squares, chance = total+x, squares+x*x, chance/poolSize
	}
	exact := func(f float64) *big.Int {
		n, _ := big.NewFloat(f).Int(nil)
		return n
	}
	a.Revenue = map[money.Currency]recovery.Sums{"EUR": {Orders: a.Buyers, Total: exact(total), Squares: exact(squares)}}
	return a
}

// tally counts how often intervals cover the truth, and how often something is claimed.
type tally struct{ measured, covered, claimed int }

func (n *tally) add(d recovery.Difference, truth float64) {
	if d.Verdict == recovery.VerdictTooFew {
		return
	}
	n.measured++
	if d.Low <= truth && truth <= d.High {
		n.covered++
	}
	if d.Verdict != recovery.VerdictUnclear {
		n.claimed++
	}
}

func (n *tally) check(t *testing.T, what string, lifts bool) {
	t.Helper()
	covered, claimed := float64(n.covered)/float64(n.measured), float64(n.claimed)/float64(n.measured)
	t.Logf("%s: %d shops, covered in %.4f, claimed in %.4f", what, n.measured, covered, claimed)
	if n.measured != shops {
		t.Errorf("%s: %d shops were measured, want %d", what, n.measured, shops)
	}
	if covered < 0.93 || covered > 0.98 {
		t.Errorf("%s: the interval covers the truth in %.4f of shops, want 0.93 to 0.98", what, covered)
	}
	if !lifts && claimed > 0.07 {
		t.Errorf("%s: a difference is claimed in %.4f of shops where there is none, want at most 0.07", what, claimed)
	}
	if lifts && claimed < 0.25 { // an interval as wide as the world would cover everything and tell nothing
		t.Errorf("%s: a difference is claimed in only %.4f of shops", what, claimed)
	}
}

func TestSimulatedShopsBuyers(t *testing.T) {
	t.Parallel()
	for _, lifts := range []bool{true, false} {
		var all, small tally
		for _, w := range worlds(1, lifts) {
			d := measured(w.arms(w.size(300, 30_000))).Buyers
			all.add(d, w.rate*w.lift)
			// The same shop while it is small: an arm of a few dozen people, of whom perhaps nobody buys.
			small.add(measured(w.arms(w.size(150, 600))).Buyers, w.rate*w.lift)
		}
		all.check(t, "share of people who buy", lifts)
		if covered := float64(small.covered) / shops; covered < 0.93 {
			t.Errorf("small shops: the interval covers the truth in %.4f, want at least 0.93", covered)
		}
	}
}

// TestSimulatedShopsRevenue has just as many people in each shop as bring the smaller arm to its 200 orders or a few times
// that: where means of skewed baskets are at their worst.
func TestSimulatedShopsRevenue(t *testing.T) {
	t.Parallel()
	for _, lifts := range []bool{true, false} {
		var all tally
		for _, w := range worlds(2, lifts) {
			held := 270 * math.Pow(2.5, w.Float64()) / w.rate
			treated, holdout := w.arms(int64(held / w.share))
			all.add(measured(w.pay(treated), w.pay(holdout)).Revenue["EUR"], w.rate*w.mean()*w.lift)
		}
		all.check(t, "revenue per person", lifts)
	}
}

// TestSimulatedShopsWithChangingShares has a season in each shop: another share of people held out, another base rate, as much
// relative lift.
func TestSimulatedShopsWithChangingShares(t *testing.T) {
	t.Parallel()
	for _, lifts := range []bool{true, false} {
		var all tally
		for _, w := range worlds(3, lifts) {
			season := w
			season.share, season.rate = between(w.Rand, 0.05, 0.50), between(w.Rand, 0.02, 0.20)
			first, second := w.size(300, 30_000), w.size(300, 30_000)
			var strata [2]recovery.Stratum
			strata[0].Treated, strata[0].Holdout = w.arms(first)
			strata[1].Treated, strata[1].Holdout = season.arms(second)
			truth := (float64(first)*w.rate + float64(second)*season.rate) / float64(first+second) * w.lift
			all.add(recovery.MeasureLift(strata[:]...).Buyers, truth)
		}
		all.check(t, "share of people who buy, with changing shares", lifts)
	}
}
