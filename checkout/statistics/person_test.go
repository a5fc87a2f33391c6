package statistics_test

import (
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
	"kassa/checkout/statistics"
	"kassa/payments/money"
)

func eligible(person string, arm recovery.Arm, at time.Time) recovery.Fact {
	return recovery.Fact{ID: "eligible:" + person, Kind: recovery.FactEligible, At: at, Person: person, Arm: arm, Salt: "spring", Percent: 20}
}

func bought(person, order string, amount money.Money, at time.Time) recovery.Fact {
	return recovery.Fact{ID: "ordered:" + order, Kind: recovery.FactOrdered, At: at, Person: person, OrderID: order, Amount: amount}
}

// squares are the sums of squares that a report's means rest on.
func (w *world) squares(arm recovery.Arm, c string) *big.Int {
	w.Helper()
	sum := new(big.Int)
	page, err := w.store.Cells(w.Context(), statistics.CellQuery{From: "2026-01-01", To: "2026-12-31"})
	w.ok(err)
	for _, cell := range page.Cells {
		for name, n := range cell.Counts {
			part := big.NewInt(n)
			switch {
			case matches(name, string(arm), "square_high."+c):
				part.Lsh(part, 40)
			case !matches(name, string(arm), "square_low."+c):
				continue
			}
			sum.Add(sum, part)
		}
	}
	return sum
}

func matches(name, arm, count string) bool {
	return len(name) > len(arm)+len(count) && name[:4+len(arm)] == "arm."+arm && name[len(name)-len(count):] == count
}

func (w *world) wantArm(arm recovery.Arm, want statistics.ArmReport, squares int64) {
	w.Helper()
	r := w.report("2026-01-01", "2026-12-31")
	got := r.Lift.Treated
	if arm == recovery.ArmHoldout {
		got = r.Lift.Holdout
	}
	w.same(got, want)
	if got := w.squares(arm, "EUR"); got.Cmp(big.NewInt(squares)) != 0 {
		w.Fatalf("the sum of squares is %v, want %d", got, squares)
	}
}

func TestASecondOrderMovesTheSquare(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.record(eligible("pe_1", recovery.ArmTreated, noon), bought("pe_1", "or_1_0", eur(3000), noon.Add(time.Hour)))
	w.wantArm(recovery.ArmTreated, statistics.ArmReport{People: 1, Buyers: 1, Orders: 1, Revenue: map[string]int64{"EUR": 3000}}, 9_000_000)
	for range 2 {
		w.record(bought("pe_1", "or_2_0", eur(4000), noon.Add(2*time.Hour)))
	}
	w.wantArm(recovery.ArmTreated, statistics.ArmReport{People: 1, Buyers: 1, Orders: 2, Revenue: map[string]int64{"EUR": 7000}}, 49_000_000)
}

// TestTheWindowIsTheSameForBothArms: it begins with the entry, not with an order, and ends for both alike.
func TestTheWindowIsTheSameForBothArms(t *testing.T) {
	t.Parallel()
	for _, arm := range []recovery.Arm{recovery.ArmTreated, recovery.ArmHoldout} {
		w := newWorld(t)
		w.now = noon.AddDate(0, 0, 10)
		end := noon.Add(statistics.DefaultWindow)
		w.record(eligible("pe_1", arm, noon))
		for order, at := range map[string]time.Time{
			"or_1_0": noon.Add(-time.Second), "or_2_0": noon, "or_3_0": end.Add(-time.Millisecond), "or_4_0": end,
		} {
			w.record(bought("pe_1", order, eur(100), at))
		}
		w.wantArm(arm, statistics.ArmReport{People: 1, Buyers: 1, Orders: 2, Revenue: map[string]int64{"EUR": 200}}, 40_000)
	}
}

// TestAnOrderMayBeToldBeforeTheEntry as notices overtake each other.
func TestAnOrderMayBeToldBeforeTheEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.record(bought("pe_1", "or_1_0", eur(500), noon.Add(time.Hour)))
	w.wantArm(recovery.ArmHoldout, statistics.ArmReport{}, 0)
	w.record(eligible("pe_1", recovery.ArmHoldout, noon))
	w.wantArm(recovery.ArmHoldout, statistics.ArmReport{People: 1, Buyers: 1, Orders: 1, Revenue: map[string]int64{"EUR": 500}}, 250_000)
}

// TestAPersonEntersADealOnce: whoever leaves a second cart is no second person. Another deal is another measurement.
func TestAPersonEntersADealOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = noon.AddDate(0, 0, 30)
	w.record(eligible("pe_1", recovery.ArmTreated, noon), eligible("pe_1", recovery.ArmTreated, noon.AddDate(0, 0, 20)))
	w.wantArm(recovery.ArmTreated, statistics.ArmReport{People: 1}, 0)
	other := eligible("pe_1", recovery.ArmHoldout, noon.AddDate(0, 0, 21))
	other.Salt = "summer"
	w.record(other, bought("pe_1", "or_1_0", eur(700), noon.AddDate(0, 0, 22)))
	w.wantArm(recovery.ArmTreated, statistics.ArmReport{People: 1}, 0)
	w.wantArm(recovery.ArmHoldout, statistics.ArmReport{People: 1, Buyers: 1, Orders: 1, Revenue: map[string]int64{"EUR": 700}}, 490_000)
}

func TestCurrenciesOfAPersonStayApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.record(eligible("pe_1", recovery.ArmTreated, noon), bought("pe_1", "or_1_0", eur(100), noon),
		bought("pe_1", "or_2_0", money.New(9000, "NOK"), noon))
	w.wantArm(recovery.ArmTreated, statistics.ArmReport{People: 1, Buyers: 1, Orders: 2, Revenue: map[string]int64{"EUR": 100, "NOK": 9000}}, 10_000)
	if nok := w.squares(recovery.ArmTreated, "NOK"); nok.Int64() != 81_000_000 {
		t.Errorf("NOK squared: %v", nok)
	}
}

// TestHugeAmounts: squares beyond 64 bits are counted exactly, in two parts.
func TestHugeAmounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const amount = 7_654_321_098_765
	w.record(eligible("pe_1", recovery.ArmTreated, noon), bought("pe_1", "or_1_0", eur(amount), noon))
	if got, want := w.squares(recovery.ArmTreated, "EUR"), new(big.Int).Mul(big.NewInt(amount), big.NewInt(amount)); got.Cmp(want) != 0 {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestOldPeopleAreLetGo: what can't change any more is dropped, and stays counted.
func TestOldPeopleAreLetGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.record(eligible("pe_1", recovery.ArmTreated, noon), bought("pe_1", "or_1_0", eur(100), noon))
	w.now = noon.AddDate(0, 6, 0)
	w.record(bought("pe_1", "or_2_0", eur(900), w.now))
	p, err := w.store.MeasuredPerson(t.Context(), "pe_1")
	w.ok(err)
	if len(p.Purchases) != 1 || p.Purchases[0].OrderID != "or_2_0" || !p.Entries[0].Closed {
		t.Errorf("kept %+v", p)
	}
	w.record(eligible("pe_1", recovery.ArmTreated, w.now)) // within a year: no person more
	w.wantArm(recovery.ArmTreated, statistics.ArmReport{People: 1, Buyers: 1, Orders: 1, Revenue: map[string]int64{"EUR": 100}}, 10_000)
	w.now = noon.AddDate(1, 0, 1)
	w.record(eligible("pe_1", recovery.ArmTreated, w.now))
	r := w.report("2026-05-01", "2027-05-08")
	if r.Lift.Treated.People != 2 {
		t.Errorf("after a year: %+v", r.Lift.Treated)
	}
}

// TestForgottenPeopleStayCounted: erasure takes the record, and no total.
func TestForgottenPeopleStayCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.record(eligible("pe_1", recovery.ArmTreated, noon), bought("pe_1", "or_1_0", eur(100), noon))
	w.ok(w.store.ForgetMeasured(t.Context(), "pe_1"))
	w.wantArm(recovery.ArmTreated, statistics.ArmReport{People: 1, Buyers: 1, Orders: 1, Revenue: map[string]int64{"EUR": 100}}, 10_000)
}

// TestAnyOrderAndAnyFaultGiveTheSame tells the facts about people in random order, several times, over a store that loses
// answers: what is counted is what the facts say.
func TestAnyOrderAndAnyFaultGiveTheSame(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(t)
		faulty, err := statistics.NewCounter(statistics.Config{
			Store: &flaky{Store: w.store, random: random}, Reader: w, Zone: zone(t, "Europe/Amsterdam"), Now: w.clock,
		})
		w.ok(err)
		want := map[recovery.Arm]*statistics.ArmReport{recovery.ArmTreated: {Revenue: map[string]int64{}},
			recovery.ArmHoldout: {Revenue: map[string]int64{}}}
		squares := map[recovery.Arm]int64{}
		var facts []recovery.Fact
		for range 12 {
			person := w.id("pe_")
			arm := recovery.ArmOf("spring", person, 40)
			total, orders := int64(0), int64(random.IntN(4))
			facts = append(facts, eligible(person, arm, noon))
			for range orders {
				amount := random.Int64N(10_000)
				facts = append(facts, bought(person, checkout.OrderID(w.id("cs_")+"_0"), eur(amount),
					noon.Add(time.Duration(random.Int64N(int64(statistics.DefaultWindow))))))
				total += amount
			}
			a := want[arm]
			a.People, a.Orders, a.Buyers = a.People+1, a.Orders+orders, a.Buyers+min(orders, 1)
			a.Revenue["EUR"] += total
			squares[arm] += total * total
		}
		w.now = noon.AddDate(0, 0, 8)
		facts = append(facts, facts...)
		random.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
		for _, f := range facts {
			for faulty.Record(t.Context(), f) != nil { // it comes again until it is taken
				continue
			}
		}
		for arm, a := range want {
			w.wantArm(arm, *a, squares[arm])
		}
	}
}
