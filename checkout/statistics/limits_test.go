package statistics_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/memstore"
	"kassa/checkout/recovery"
	"kassa/checkout/statistics"
	"kassa/payments/money"
)

func counts(n int) statistics.Counts {
	c := statistics.Counts{}
	for i := range n {
		c["count."+strings.Repeat("x", i)] = 1
	}
	return c
}

func TestWhatACellCanTake(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit func(*statistics.Increment)
		ok   bool
	}{
		"as it is":              {func(*statistics.Increment) {}, true},
		"no id":                 {func(i *statistics.Increment) { i.ID = "" }, false},
		"id with a space":       {func(i *statistics.Increment) { i.ID = "a b" }, false},
		"longest id":            {func(i *statistics.Increment) { i.ID = strings.Repeat("x", 256) }, true},
		"longer id":             {func(i *statistics.Increment) { i.ID = strings.Repeat("x", 257) }, false},
		"for ever":              {func(i *statistics.Increment) { i.Until = time.Time{} }, false},
		"no day":                {func(i *statistics.Increment) { i.Day = "2026-02-30" }, false},
		"longest channel":       {func(i *statistics.Increment) { i.Channel = "abcdefghij_klmxz" }, true},
		"longer channel":        {func(i *statistics.Increment) { i.Channel = "abcdefghij_klmxyz" }, false},
		"channel in upper case": {func(i *statistics.Increment) { i.Channel = "Push" }, false},
		"nothing to count":      {func(i *statistics.Increment) { i.Counts = nil }, false},
		"most counts":           {func(i *statistics.Increment) { i.Counts = counts(statistics.MaxCounts) }, true},
		"more counts":           {func(i *statistics.Increment) { i.Counts = counts(statistics.MaxCounts + 1) }, false},
		"shortest name":         {func(i *statistics.Increment) { i.Counts = statistics.Counts{"abc": 1} }, true},
		"shorter name":          {func(i *statistics.Increment) { i.Counts = statistics.Counts{"ab": 1} }, false},
		"longest name":          {func(i *statistics.Increment) { i.Counts = statistics.Counts{strings.Repeat("a", 80): 1} }, true},
		"longer name":           {func(i *statistics.Increment) { i.Counts = statistics.Counts{strings.Repeat("a", 81): 1} }, false},
	} {
		i := statistics.Increment{ID: "1", Cell: statistics.Cell{Day: "2026-05-06", Channel: "push"}, Counts: counts(1), Until: noon}
		c.edit(&i)
		if err := i.Validate(); (err == nil) != c.ok || err != nil && checkout.ErrorCode(err) != checkout.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
		if err := statistics.ValidateIncrements([]statistics.Increment{i}); (err == nil) != c.ok {
			t.Errorf("%s, among others: %v", name, err)
		}
	}
	one := statistics.Increment{ID: "1", Cell: statistics.Cell{Day: "2026-05-06"}, Counts: counts(1), Until: noon}
	for n, ok := range map[int]bool{0: true, statistics.MaxIncrements: true, statistics.MaxIncrements + 1: false} {
		all := make([]statistics.Increment, n)
		for i := range all {
			all[i] = one
		}
		if err := statistics.ValidateIncrements(all); (err == nil) != ok {
			t.Errorf("%d increments: %v", n, err)
		}
	}
	for n, ok := range map[int]bool{0: true, statistics.MaxChanges: true, statistics.MaxChanges + 1: false} {
		all := make([]statistics.Change, n)
		for i := range all {
			all[i] = statistics.Change{Cell: statistics.Cell{Day: noon.AddDate(0, 0, i).Format(time.DateOnly)}, Counts: counts(1)}
		}
		if err := statistics.ValidateChanges(all); (err == nil) != ok {
			t.Errorf("%d changes: %v", n, err)
		}
	}
}

// A store takes a person that it has already for what was just written: one who differs in anything is another.
func TestWhoIsTheSame(t *testing.T) {
	t.Parallel()
	person := func() statistics.Person {
		return statistics.Person{
			ID: "pe_1", Version: 3, Until: noon, Entries: []statistics.Entry{{Deal: "a", Arm: recovery.ArmHoldout, At: noon, Ends: noon.Add(time.Hour)}},
			Purchases: []statistics.Purchase{{OrderID: "or_1", At: noon, Version: 2, Net: money.New(100, "EUR")}},
		}
	}
	abroad := time.FixedZone("", 3600)
	for name, c := range map[string]struct {
		edit func(*statistics.Person)
		same bool
	}{
		"no change": {func(*statistics.Person) {}, true},
		"another zone": {func(p *statistics.Person) {
			p.Until, p.Entries[0].At, p.Purchases[0].At = noon.In(abroad), noon.In(abroad), noon.In(abroad)
		}, true},
		"id":                {func(p *statistics.Person) { p.ID = "pe_2" }, false},
		"version":           {func(p *statistics.Person) { p.Version++ }, false},
		"until":             {func(p *statistics.Person) { p.Until = p.Until.Add(1) }, false},
		"an entry's arm":    {func(p *statistics.Person) { p.Entries[0].Arm = "" }, false},
		"an entry's time":   {func(p *statistics.Person) { p.Entries[0].At = noon.Add(1) }, false},
		"an entry's end":    {func(p *statistics.Person) { p.Entries[0].Ends = noon }, false},
		"a purchase's net":  {func(p *statistics.Person) { p.Purchases[0].Net.Minor++ }, false},
		"a purchase's time": {func(p *statistics.Person) { p.Purchases[0].At = noon.Add(1) }, false},
		"no purchase":       {func(p *statistics.Person) { p.Purchases = nil }, false},
	} {
		changed := person()
		if c.edit(&changed); person().Same(changed) != c.same {
			t.Errorf("%s: the same %v", name, !c.same)
		}
	}
}

// deaf reads nothing for some time.
type deaf struct {
	statistics.Reader
	err *error
}

func (d deaf) CartsOf(ctx context.Context, ids []string) (map[string]checkout.Cart, error) {
	if *d.err != nil {
		return nil, *d.err
	}
	return d.Reader.CartsOf(ctx, ids)
}

func (d deaf) SessionsOf(ctx context.Context, ids []string) (map[string]checkout.Session, error) {
	if *d.err != nil {
		return nil, *d.err
	}
	return d.Reader.SessionsOf(ctx, ids)
}

// What a notice is about can't be read: it is told again, and then all of it is counted.
func TestNothingIsCountedByHalves(t *testing.T) {
	t.Parallel()
	away := errors.New("away")
	err := away
	w := newWorld(t, func(c *statistics.Config) { c.Reader = deaf{c.Reader, &err} })
	cart := w.cart(noon, "ios")
	w.session(cart, noon, w.try("declined"))
	if got := w.counter.Consume(t.Context(), checkout.OutboxItem{Notice: checkout.Notice{Kind: checkout.NoticeCartAbandoned}, Cart: cart}); !errors.Is(got, away) {
		t.Errorf("a cart: %v", got)
	}
	if got := w.counter.Record(t.Context(), recovery.Fact{ID: "f", Kind: recovery.FactOrdered, At: noon, Person: "pe_1", OrderID: "or_1"}); !errors.Is(got, away) {
		t.Errorf("an order: %v", got)
	}
	w.same(w.report("", "").Rows, []statistics.Row{})
	err = nil
	w.ok(w.counter.Consume(t.Context(), checkout.OutboxItem{Notice: checkout.Notice{Kind: checkout.NoticeCartAbandoned}, Cart: cart}))
	if rows := w.report("", "").Rows; len(rows) != 1 || rows[0].Funnel.Carts != 1 || rows[0].Funnel.Sessions != 1 || rows[0].Funnel.Attempts != 1 {
		t.Errorf("rows %+v", rows)
	}
}

func TestACounterNeeds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, spoil := range map[string]func(*statistics.Config){
		"a store": func(c *statistics.Config) { c.Store = nil }, "a reader": func(c *statistics.Config) { c.Reader = nil },
		"a clock": func(c *statistics.Config) { c.Now = nil },
	} {
		c := statistics.Config{Store: memstore.New(), Reader: w, Now: w.clock}
		spoil(&c)
		if _, err := statistics.NewCounter(c); checkout.ErrorCode(err) != checkout.CodeInvalid {
			t.Errorf("without %s: %v", name, err)
		}
	}
}
