package recovery_test

import (
	"math"
	"sort"
	"strconv"
	"testing"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

// people returns the names of so many people.
func people(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = checkout.PersonOfEmail("shopper" + strconv.Itoa(i) + "@example.com")
	}
	return names
}

func held(salt string, people []string, share int) map[string]bool {
	held := map[string]bool{}
	for _, p := range people {
		if recovery.ArmOf(salt, p, share) == recovery.ArmHoldout {
			held[p] = true
		}
	}
	return held
}

func TestArmsHaveTheirShares(t *testing.T) {
	t.Parallel()
	all := people(8_000)
	for _, share := range []int{0, 1, 5, 10, 20, 33, 50} {
		p := float64(share) / 100
		bound := 4 * math.Sqrt(p*(1-p)/float64(len(all)))
		if got := float64(len(held("shop", all, share))) / float64(len(all)); math.Abs(got-p) > bound {
			t.Errorf("%.4f of people are held out, want %.2f ± %.4f", got, p, bound)
		}
	}
	if n := len(held("shop", all, 100)); n != len(all) {
		t.Errorf("%d of %d people are held out when all should be", n, len(all))
	}
}

// TestArmsAreUniform counts people by the share at which they begin to be held out: no hundredth may be crowded.
func TestArmsAreUniform(t *testing.T) {
	t.Parallel()
	const n = 8_000
	var counts [100]int
	for _, p := range people(n) {
		counts[sort.Search(99, func(i int) bool { return recovery.ArmOf("salt", p, i+1) == recovery.ArmHoldout })]++
	}
	chi := 0.0
	for _, c := range counts {
		d := float64(c) - n/100
		chi += d * d / (n / 100)
	}
	if chi > 149 { // χ² with 99 degrees of freedom is above that once in a thousand
		t.Errorf("χ² = %.1f: hundredths of people differ more than chance does", chi)
	}
}

func TestHeldOutStaysHeldOutWhenTheShareGrows(t *testing.T) {
	t.Parallel()
	all := people(400)
	before := held("shop", all, 0)
	for share := 1; share <= recovery.MaxHoldout; share++ {
		now := held("shop", all, share)
		for p := range before {
			if !now[p] {
				t.Fatalf("%s was held out at %d %% and no more at %d %%", p, share-1, share)
			}
		}
		before = now
	}
}

// TestAnotherSaltDealsAnew asserts that two salts have no more people in common than chance gives them.
func TestAnotherSaltDealsAnew(t *testing.T) {
	t.Parallel()
	all := people(8_000)
	both := 0
	first := held("spring", all, 50)
	for p := range held("autumn", all, 50) {
		if first[p] {
			both++
		}
	}
	if both < 1_800 || both > 2_200 { // a quarter, ± 5 σ
		t.Errorf("%d of 8000 people are held out under both salts, want about 2000", both)
	}
}

func TestNobodyIsTreated(t *testing.T) {
	t.Parallel()
	if arm := recovery.ArmOf("shop", "", 100); arm != recovery.ArmTreated {
		t.Errorf("nobody is in arm %s", arm)
	}
}

// TestArmsStayWhatTheyWere fails if people changed arms by a new release: what was measured before would be void.
func TestArmsStayWhatTheyWere(t *testing.T) {
	t.Parallel()
	got := ""
	for _, p := range people(16) {
		got += string(recovery.ArmOf("kade9", p, 30)[0])
	}
	if want := "tthhttttttthhhtt"; got != want {
		t.Errorf("arms of the first people are %s, want %s", got, want)
	}
}
