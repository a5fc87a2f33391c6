package pricing_test

import (
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kassa/checkout/pricing"
	"kassa/payments/money"
)

// long is for the exam: go test ./checkout/pricing -run AgreeWithTheReckoner -long
var long = flag.Bool("long", false, "price each of 1,000 carts by each of 1,000 rule sets")

// dice draws what random carts and rules are made of.
type dice func(n int64) int64

func pick[T any](d dice, of ...T) T { return of[d(int64(len(of)))] }

func (d dice) chance(percent int64) bool { return d(100) < percent }

func (d dice) some(of ...string) []string {
	var picked []string
	for _, one := range of {
		if d.chance(25) {
			picked = append(picked, one)
		}
	}
	return picked
}

// world is where random shops sell: included and added tax, regions, steps of one, ten and a hundred, prices by weight, pick-up.
func world() map[string]pricing.Country {
	bring := func(id string, prices, free map[money.Currency]int64, except ...string) pricing.ShippingMethod {
		return pricing.ShippingMethod{ID: id, Title: titled(id), Prices: prices, FreeFrom: free, ExceptCategories: except, MinDays: 1, MaxDays: 2}
	}
	type by = map[money.Currency]int64
	heavy := pricing.ShippingMethod{ID: "heavy", Title: titled("heavy"), FreeFrom: by{"EUR": 40000}, Bands: []pricing.WeightBand{
		{FromGrams: 0, ToGrams: 999, Prices: by{"EUR": 395}}, {FromGrams: 1000, ToGrams: 4000, Prices: by{"EUR": 695, "USD": 750}},
		{FromGrams: 4001, ToGrams: 60000, Prices: by{"EUR": 1295}}}}
	store := func(id, at string) pricing.ShippingMethod {
		return pricing.ShippingMethod{ID: id, Title: titled(id), Pickup: at}
	}
	return map[string]pricing.Country{
		"NL": {Code: "NL", Currency: "EUR", TaxIncluded: true, TaxRates: map[string]int64{"standard": 2100, "reduced": 900, "zero": 0}, TaxExempt: []string{"exempt"},
			Shipping: []pricing.ShippingMethod{store("damrak", "ams"), heavy, bring("swift", by{"EUR": 995, "USD": 1100}, nil, "bulky")}},
		"BE": {Code: "BE", Currency: "EUR", TaxIncluded: true, TaxRates: map[string]int64{"standard": 2100, "reduced": 600, "zero": 0}, TaxExempt: []string{"exempt"},
			ShippingTax: "reduced", Shipping: []pricing.ShippingMethod{bring("home", by{"EUR": 847}, by{"EUR": 9900}), store("meir", "ant")}},
		"DE": {Code: "DE", Currency: "EUR", TaxRates: map[string]int64{"standard": 1900, "reduced": 700, "zero": 0}, TaxExempt: []string{"exempt"},
			Shipping: []pricing.ShippingMethod{bring("home", by{"EUR": 490}, nil), bring("swift", by{"EUR": 490}, by{"EUR": 5000}, "bulky")}},
		"US": {Code: "US", Currency: "USD", TaxRates: map[string]int64{"standard": 0, "reduced": 0, "zero": 0, "exempt": 0, "freight": 0}, ShippingTax: "freight",
			Regions: map[string]pricing.Region{
				"NJ": {Name: "New Jersey", TaxMillionths: map[string]int64{"standard": 66250, "freight": 66250}},
				"NY": {Name: "New York", TaxMillionths: map[string]int64{"standard": 88750, "reduced": 40000}},
				"HI": {Name: "Hawaii", Excluded: true}},
			Shipping: []pricing.ShippingMethod{bring("home", by{"USD": 599}, by{"USD": 7500}), store("broadway", "nyc")}},
		"CA": {Code: "CA", Currency: "USD", TaxRates: map[string]int64{"standard": 500, "reduced": 0, "zero": 0, "exempt": 0}, RegionRequired: true,
			Regions:  map[string]pricing.Region{"QC": {TaxMillionths: map[string]int64{"standard": 149750}}, "YT": {Excluded: true}},
			Shipping: []pricing.ShippingMethod{bring("home", by{"USD": 1899}, nil), store("montreal", "mtl")}},
		"KW": {Code: "KW", Currency: "KWD", TaxRates: map[string]int64{"standard": 500, "reduced": 0, "zero": 0, "exempt": 0},
			Shipping: []pricing.ShippingMethod{bring("home", by{"KWD": 2500}, by{"KWD": 40000})}},
		"MG": {Code: "MG", Currency: "MGA", TaxIncluded: true, TaxRates: map[string]int64{"standard": 2000, "reduced": 0, "zero": 0, "exempt": 0},
			Shipping: []pricing.ShippingMethod{bring("home", by{"MGA": 500000}, nil), bring("swift", by{"MGA": 900000}, nil, "bulky")}},
	}
}

func store(id, country, region string) pricing.Location {
	return pricing.Location{ID: id, Name: id, Street: "1", PostalCode: "1", City: "X", Country: country, Region: region,
		Opening: []pricing.Opening{{Days: []string{"mon"}, From: "10:00", To: "18:00"}}}
}

var currencies = []money.Currency{"EUR", "USD", "KWD", "MGA"}

// drawSettings makes settings of a shop that sells to the world.
func (d dice) drawSettings() pricing.Settings {
	s := pricing.Settings{Home: "NL", Categories: []string{"books", "bulky", "sale"}, ReverseCharge: d.chance(70),
		Locations: []pricing.Location{store("ams", "NL", ""), store("ant", "BE", ""), store("nyc", "US", "NY"), store("mtl", "CA", "QC")}}
	for i := range d(7) {
		s.Discounts = append(s.Discounts, d.drawRule(fmt.Sprint("r", (i*5)%7)))
	}
	return s
}

// amounts draws one for each currency of the world, of the size of a price.
func (d dice) amounts(most int64) map[money.Currency]int64 {
	drawn := map[money.Currency]int64{}
	for _, c := range currencies {
		drawn[c] = (1 + d(most)) * c.Step()
	}
	return drawn
}

func (d dice) drawRule(id string) pricing.DiscountRule {
	r := pricing.DiscountRule{ID: id, Title: titled(id), Exclusive: d.chance(25), FirstOrder: d.chance(10), Priority: int(pick(d, 0, 0, 1, 2, 100)),
		Products: pick(d, nil, nil, d.some("a", "b", "c", "d", "e", "f")), Categories: pick(d, nil, nil, d.some("books", "bulky", "sale"))}
	switch d(6) {
	case 0:
		r.FreeShipping = true
		r.Methods = pick(d, nil, d.some("heavy", "swift", "home"))
	case 1, 2:
		r.Amounts = d.amounts(pick(d, int64(300), 5000, 100000))
	default:
		r.BasisPoints = pick(d, int64(1), 333, 500, 1000, 2000, 3333, 5000, 10000, 1+d(10000))
	}
	if d.chance(60) {
		r.Code = pick(d, "CODE-", "code-", "Code-") + id
	}
	if d.chance(30) {
		r.Minimum = d.amounts(20000)
	}
	if d.chance(15) {
		r.Countries = pick(d, []string{"NL"}, []string{"US", "BE"}, []string{"KW", "MG", "DE"})
		if r.Amounts != nil { // and so only in their currencies
			r.Amounts = map[money.Currency]int64{}
			for _, code := range r.Countries {
				currency := world()[code].Currency
				r.Amounts[currency] = (1 + d(5000)) * currency.Step()
			}
		}
		r.Methods = slices.DeleteFunc(r.Methods, func(id string) bool { // nor ways to ship elsewhere
			return !slices.ContainsFunc(r.Countries, func(code string) bool {
				return slices.ContainsFunc(world()[code].Shipping, func(m pricing.ShippingMethod) bool { return m.ID == id })
			})
		})
	}
	if d.chance(20) && !slices.Contains(r.Categories, "books") {
		r.ExceptCategories = []string{"books"}
	}
	if d.chance(15) {
		r.From = friday.Add(time.Duration(d(3)-1) * time.Hour)
	}
	if d.chance(15) {
		r.Until = friday.Add(time.Duration(d(3)) * time.Hour)
		if !r.From.Before(r.Until) {
			r.From = time.Time{}
		}
	}
	return r
}

// drawCart makes an input, without a rulebook.
func (d dice) drawCart(countries map[string]pricing.Country) pricing.Input {
	in := pricing.Input{Now: friday, FirstOrder: d.chance(50), UsedUp: map[string]bool{},
		Region: pick(d, "", "NJ", "US-NY", "new york", " ca-qc", "QC", "elsewhere"), VATCountry: pick(d, "", "BE", "DE", "NL", "NO")}
	in.Currency = pick(d, currencies...)
	if code := pick(d, "NL", "BE", "DE", "US", "CA", "KW", "MG", ""); code != "" {
		country := countries[code]
		in.Country = &country
		if d.chance(95) {
			in.Currency = country.Currency
		}
		if code == "CA" && d.chance(80) {
			in.Region = "CA-QC"
		}
		if d.chance(40) {
			in.Option = country.Shipping[d(int64(len(country.Shipping)))].ID
		}
	}
	if d.chance(5) {
		in.Region, in.Option = pick(d, "HI", "YT"), pick(d, "", "home", "nowhere")
	}
	scale := pick(d, int64(20), 3000, 20000)
	for i := range d(7) {
		it := goods(string(rune('a'+d(6))), 1+d(5), money.New(d(scale)*in.Currency.Step(), in.Currency),
			pick(d, "", "standard", "reduced", "zero", "exempt"))
		it.LineID = fmt.Sprint("line-", (i*5)%7)
		it.Shippable = d.chance(80)
		it.Categories = d.some("books", "bulky", "sale")
		it.Weight = pick(d, 0, 200, 999, d(5000))
		in.Items = append(in.Items, it)
	}
	for range d(4) {
		in.Codes = append(in.Codes, pick(d, "code-", " CODE-", "Code-")+fmt.Sprint("r", d(8))+pick(d, "", " "))
	}
	if d.chance(10) {
		in.UsedUp[fmt.Sprint("r", d(7))] = true
	}
	if d.chance(15) {
		in.Rules = append(in.Rules, d.drawRule("own"))
		in.Codes = append(in.Codes, "code-own")
	}
	return in
}

// verdict is what pricing comes to, in the form of what was reckoned.
func verdict(t *testing.T, in pricing.Input) (reckoned, pricing.Quote) {
	t.Helper()
	q, err := pricing.Price(in)
	if err == nil {
		return spoken(in, q), q
	}
	for failure, known := range map[string]error{"no shipping": pricing.ErrNoShipping, "unknown option": pricing.ErrUnknownOption,
		"region missing": pricing.ErrRegionMissing, "region excluded": pricing.ErrRegionExcluded} {
		if errors.Is(err, known) {
			return reckoned{Failure: failure}, q
		}
	}
	t.Fatalf("%v: %+v", err, in)
	return reckoned{}, q
}

// ruleSet is one shop's settings, and the same in another order.
type ruleSet struct {
	settings  pricing.Settings
	book      *pricing.Rulebook
	shuffled  *pricing.Rulebook
	countries map[string]pricing.Country
}

func (d dice) drawRuleSet(t *testing.T, countries map[string]pricing.Country) ruleSet {
	t.Helper()
	set := ruleSet{settings: d.drawSettings(), countries: countries}
	other := set.settings
	other.Discounts = slices.Clone(other.Discounts)
	shuffle(d, other.Discounts)
	for book, settings := range map[**pricing.Rulebook]pricing.Settings{&set.book: set.settings, &set.shuffled: other} {
		made, err := settings.Rulebook(countries)
		if err != nil {
			t.Fatalf("%v: %+v", err, settings)
		}
		*book = made
	}
	return set
}

func shuffle[T any](d dice, list []T) {
	for i := len(list) - 1; i > 0; i-- {
		j := d(int64(i + 1))
		list[i], list[j] = list[j], list[i]
	}
}

// checkAgainstReckoner prices a cart by a rule set and holds the quote against what is reckoned, and against what it promises of itself.
func checkAgainstReckoner(t *testing.T, in pricing.Input, set ruleSet) pricing.Quote {
	t.Helper()
	in.Rulebook = set.book
	got, q := verdict(t, in)
	if want := reckon(in, set.settings); !reflect.DeepEqual(got, want) {
		t.Fatalf("reckoned otherwise: %s\n%+v\n%+v", cmp.Diff(want, got), in, set.settings.Discounts)
	}
	if got.Failure == "" {
		checkSums(t, q)
	}
	return q
}

// checkOrder prices the same once more, with lines, codes and rules in another order.
func checkOrder(t *testing.T, d dice, in pricing.Input, set ruleSet, q pricing.Quote) {
	t.Helper()
	in.Items, in.Codes, in.Rules, in.Rulebook = slices.Clone(in.Items), slices.Clone(in.Codes), slices.Clone(in.Rules), set.shuffled
	shuffle(d, in.Items)
	shuffle(d, in.Codes)
	shuffle(d, in.Rules)
	_, other := verdict(t, in)
	byID := func(q pricing.Quote) map[string]pricing.Line {
		lines := map[string]pricing.Line{}
		for _, l := range q.Lines {
			lines[l.LineID] = l
		}
		return lines
	}
	if !reflect.DeepEqual(byID(q), byID(other)) || !reflect.DeepEqual(q.Options, other.Options) || !reflect.DeepEqual(q.Taxes, other.Taxes) ||
		q.Total != other.Total || q.Discount != other.Discount || len(q.Applied) != len(other.Applied) || len(q.Refused) != len(other.Refused) {
		t.Fatalf("in another order: %s\n%+v", cmp.Diff(q, other), in)
	}
	for i, a := range q.Applied {
		if other.Applied[i].RuleID != a.RuleID || other.Applied[i].Amount != a.Amount {
			t.Fatalf("in another order: %s", cmp.Diff(q.Applied, other.Applied))
		}
	}
}

// 1,000 carts, each by a few of 1,000 rule sets; with -long by all of them.
func TestQuotesAgreeWithTheReckoner(t *testing.T) {
	t.Parallel()
	d := dice(rand.New(rand.NewPCG(3, 4)).Int64N)
	countries := world()
	for _, c := range countries {
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
	}
	sets := make([]ruleSet, 1000)
	for i := range sets {
		sets[i] = d.drawRuleSet(t, countries)
	}
	each := 5
	if *long {
		each = len(sets)
	}
	sold, discounted, waived, relieved := 0, 0, 0, 0
	for i := range 1000 {
		in := d.drawCart(countries)
		for j := range each {
			set := sets[(i*each+j)%len(sets)]
			q := checkAgainstReckoner(t, in, set)
			if j == 0 {
				checkOrder(t, d, in, set, q)
			}
			for counter, counts := range map[*int]bool{&sold: q.Currency != "", &discounted: len(q.Applied) > 0,
				&waived: q.ShippingDiscount().Minor > 0, &relieved: q.Relief().Minor > 0} {
				if counts {
					*counter++
				}
			}
		}
	}
	all := 1000 * each
	t.Logf("%d quotes: %d sold, %d with discounts, %d with free shipping, %d with reverse charge", all, sold, discounted, waived, relieved)
	if sold < all/2 || discounted < all/4 || waived < all/50 || relieved < all/50 {
		t.Error("the draws are too poor to tell much")
	}
}

func FuzzDiscounts(f *testing.F) {
	countries := world()
	f.Add([]byte("0123456789abcdef0123456789abcdef0123456789abcdef"))
	f.Add([]byte("the quick brown fox jumps over the lazy dog, and the lazy dog sleeps on, as it did all day before, and will all night after"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d := dice(func(n int64) int64 {
			var word [4]byte
			raw = raw[copy(word[:], raw):]
			return int64(binary.LittleEndian.Uint32(word[:])) % n
		})
		set := d.drawRuleSet(t, countries)
		in := d.drawCart(countries)
		checkOrder(t, d, in, set, checkAgainstReckoner(t, in, set))
	})
}

// The largest cart that the API takes, under 50 rules of which some are exclusive, with four options.
func BenchmarkPriceWithRules(b *testing.B) {
	settings, countries := shop()
	settings.Discounts = nil
	for i := range 50 {
		r := percent(fmt.Sprintf("r%02d", i), int64(100+i), func(r *pricing.DiscountRule) { r.Exclusive = i%10 == 0 })
		switch i % 4 {
		case 1:
			r.Categories = []string{"books", "furniture"}
		case 2:
			r.BasisPoints, r.Amounts, r.Countries = 0, map[money.Currency]int64{"EUR": 100}, []string{"NL"}
		}
		settings.Discounts = append(settings.Discounts, r)
	}
	country := countries["NL"]
	country.Shipping = append(country.Shipping, flat("a", "EUR", 500), flat("b", "EUR", 600))
	countries["NL"] = country
	book, err := settings.Rulebook(countries)
	if err != nil {
		b.Fatal(err)
	}
	in := pricing.Input{Currency: "EUR", Country: &country, Rulebook: book, Now: friday}
	for i := range 100 {
		in.Items = append(in.Items, item(fmt.Sprintf("sku-%02d", i), 3, int64(1999+i), "EUR", []string{"standard", "books"}[i%2], 10,
			[]string{"books", "bulky"}[i%2]))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pricing.Price(in); err != nil {
			b.Fatal(err)
		}
	}
}
