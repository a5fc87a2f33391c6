package statistics

import (
	"math/bits"
	"slices"
	"strconv"
	"time"

	"kassa/checkout/recovery"
	"kassa/payments/money"
)

// Person is what is measured of one person: which arm they entered, and what they bought since. It is kept under a hash and
// names nobody, but it is of one person, so it is erased with them.
type Person struct {
	ID        string // checkout.PersonOfEmail and the like
	Version   int64
	Entries   []Entry    // one for each deal of arms, oldest first
	Purchases []Purchase // latest last
	Until     time.Time  // nothing needs it later
}

// Entry is a person's entry into an arm. Within one deal a person enters once: what they do on later occasions depends on what was
// done to them on the first, and would not be a person more.
type Entry struct {
	Stratum string       // of the deal and the share held out
	Deal    string       // of the arms
	Arm     recovery.Arm //
	At      time.Time
	Ends    time.Time // purchases count until then
	Day     string    // on which all of it is counted: that of At, in the shop's zone
	Closed  bool      // counted for good: nothing changes it any more
}

// Purchase is an order of a person.
type Purchase struct {
	OrderID string
	At      time.Time
	Version int64       // of the session that told: an older one tells nothing new
	Net     money.Money // what was paid, less what was given back
	Void    bool        // all of it was given back
}

// keepEntry is how long a person who has entered an arm enters none of the same deal again.
const keepEntry = 365 * 24 * time.Hour

// pruned is the person without what can't change any more: entries whose window ended so long ago that nothing about it is
// still told are closed, and purchases that no open entry counts are dropped.
func (p Person) pruned(now time.Time) Person {
	p.Entries = slices.Clone(p.Entries)
	for i, e := range p.Entries {
		p.Entries[i].Closed = e.Closed || now.After(e.Ends.Add(Memory))
	}
	p.Entries = slices.DeleteFunc(p.Entries, func(e Entry) bool { return now.After(e.At.Add(keepEntry)) })
	p.Purchases = slices.DeleteFunc(slices.Clone(p.Purchases), func(b Purchase) bool {
		open := slices.ContainsFunc(p.Entries, func(e Entry) bool { return !e.Closed && e.covers(b) })
		return !open && now.After(b.At.Add(Memory))
	})
	return p
}

func (e Entry) covers(b Purchase) bool { return !b.At.Before(e.At) && b.At.Before(e.Ends) }

// Same reports whether two people are the same in everything.
func (p Person) Same(o Person) bool {
	return p.ID == o.ID && p.Version == o.Version && p.Until.Equal(o.Until) &&
		slices.EqualFunc(p.Entries, o.Entries, func(a, b Entry) bool {
			same := a.At.Equal(b.At) && a.Ends.Equal(b.Ends)
			b.At, b.Ends = a.At, a.Ends
			return same && a == b
		}) &&
		slices.EqualFunc(p.Purchases, o.Purchases, func(a, b Purchase) bool {
			same := a.At.Equal(b.At)
			b.At = a.At
			return same && a == b
		})
}

// enter has the person enter an arm; false if they have before.
func (p Person) enter(e Entry) (Person, bool) {
	if slices.ContainsFunc(p.Entries, func(o Entry) bool { return o.Deal == e.Deal }) {
		return p, false
	}
	p.Entries = append(slices.Clone(p.Entries), e)
	return p, true
}

// buy takes in an order as it now stands; false if that is known. An order's instant stays that of the first telling.
func (p Person) buy(b Purchase) (Person, bool) {
	i := slices.IndexFunc(p.Purchases, func(o Purchase) bool { return o.OrderID == b.OrderID })
	if i < 0 {
		p.Purchases = append(slices.Clone(p.Purchases), b)
		return p, true
	}
	if p.Purchases[i].Version >= b.Version {
		return p, false
	}
	b.At = p.Purchases[i].At
	p.Purchases = slices.Clone(p.Purchases)
	p.Purchases[i] = b
	return p, true
}

// expiry is when nothing needs the person any more.
func (p Person) expiry() time.Time {
	var until time.Time
	for _, e := range p.Entries {
		until = later(until, e.At.Add(keepEntry))
	}
	for _, b := range p.Purchases {
		until = later(until, b.At.Add(Memory))
	}
	return until
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// counted is what a person adds to the cells of the arms they have entered. Only the difference of what it was and what it is gets
// counted, so that a second order, or a refund, keeps sums of squares right: x becomes y, and y² − x² is added.
func (p Person) counted() map[Cell]Counts {
	all := map[Cell]Counts{}
	for _, e := range p.Entries {
		if e.Closed {
			continue
		}
		cell := Cell{Day: e.Day}
		if all[cell] == nil {
			all[cell] = Counts{}
		}
		all[cell].Plus(p.countedIn(e))
	}
	return all
}

func (p Person) countedIn(e Entry) Counts {
	counts := Counts{armCount(e, countPeople, ""): 1}
	revenue := map[money.Currency]int64{}
	for _, b := range p.Purchases {
		if b.Void || !e.covers(b) {
			continue
		}
		counts[armCount(e, countBuyers, "")] = 1
		counts[armCount(e, countOrders, b.Net.Currency)]++
		revenue[b.Net.Currency] += b.Net.Minor
	}
	for c, minor := range revenue {
		high, low := square(minor)
		counts.Plus(Counts{
			armCount(e, countRevenue, c): minor, armCount(e, countSquareHigh, c): high, armCount(e, countSquareLow, c): low,
		})
	}
	return counts
}

// square returns n² in two parts, high·squareBase + low, which are added up apart: the sum of squares soon outgrows 64 bits, and
// no store can be asked to count beyond them.
func square(n int64) (high, low int64) {
	magnitude := uint64(min(max(n, -n), maxSquared)) //nolint:gosec // not negative
	hi, lo := bits.Mul64(magnitude, magnitude)
	quotient, rest := bits.Div64(hi, lo, squareBase)
	return int64(quotient), int64(rest) //nolint:gosec // at most 2⁵², and below squareBase
}

const (
	squareBase = 1 << 40
	maxSquared = 1 << 46 // minor units: more than anybody spends, and two thousand of them can be added up
)

// changes are what has to be counted for a person to become what they are.
func (p Person) changes(before Person) []Change {
	cells := p.counted()
	for cell, counts := range before.counted() {
		if cells[cell] == nil {
			cells[cell] = Counts{}
		}
		for name, n := range counts {
			cells[cell].Plus(Counts{name: -n})
		}
	}
	var all []Change
	for cell, counts := range cells {
		if len(counts) > 0 {
			all = append(all, Change{cell, counts})
		}
	}
	return all
}

// stratumOf names a stratum: people who were dealt into arms by one salt while one share was held out.
func stratumOf(deal string, percent int) string { return deal + "-" + strconv.Itoa(percent) }
