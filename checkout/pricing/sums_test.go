package pricing_test

import (
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kassa/checkout/pricing"
	"kassa/payments/money"
)

// checkSums checks what Quote promises of itself.
func checkSums(t *testing.T, q pricing.Quote) {
	t.Helper()
	total := func(parts ...money.Money) money.Money {
		sum := big.NewInt(0)
		for _, part := range parts {
			if part.Currency != q.Currency {
				t.Errorf("%v in a quote in %s", part, q.Currency)
			}
			sum.Add(sum, big.NewInt(part.Minor))
		}
		return money.New(sum.Int64(), q.Currency)
	}
	minus := func(m money.Money) money.Money { return money.New(-m.Minor, m.Currency) }
	var subtotals, discounts, taxes, totals, nets []money.Money
	for _, l := range q.Lines {
		subtotals, discounts, totals = append(subtotals, l.Subtotal), append(discounts, l.Discount), append(totals, l.Total)
		added := l.Tax
		if q.TaxIncluded {
			added = money.Zero(q.Currency)
		}
		if total(l.Subtotal, minus(l.Discount), added, minus(l.Relief())) != l.Total {
			t.Errorf("line %+v does not sum", l)
		}
		if l.Unit.Minor*l.Quantity != l.Subtotal.Minor || l.Discount.IsNegative() || l.Tax.IsNegative() || l.Total.IsNegative() {
			t.Errorf("line %+v", l)
		}
		if step := q.Currency.Step(); l.Discount.Minor%step != 0 || l.Total.Minor%step != 0 {
			t.Errorf("not in steps of %d: %+v", step, l)
		}
		if q.TaxIncluded && l.Tax.Minor > l.Total.Minor {
			t.Errorf("more tax than total: %+v", l)
		}
	}
	shippingDiscount := money.Zero(q.Currency)
	for _, o := range q.Options {
		if cost := o.Cost(q.TaxIncluded); cost.IsNegative() || o.Discount.Minor < 0 || o.Discount.Minor > o.Price.Minor {
			t.Errorf("option %+v costs %v", o, cost)
		}
		if o.ID == q.Selected {
			totals = append(totals, o.Cost(q.TaxIncluded))
			shippingDiscount.Minor = o.Discount.Minor
		}
	}
	if q.ShippingDiscount() != shippingDiscount {
		t.Errorf("shipping discount is %v, that of the option %v", q.ShippingDiscount(), shippingDiscount)
	}
	for _, tax := range q.Taxes {
		taxes, nets = append(taxes, tax.Tax), append(nets, tax.Net)
	}
	for name, sums := range map[string][2]money.Money{
		"subtotal":      {total(subtotals...), q.Subtotal},
		"discount":      {total(append(discounts, shippingDiscount)...), q.Discount},
		"entries":       {total(q.Subtotal, minus(q.Discount), q.Shipping, q.Tax, minus(q.Relief())), q.Total},
		"lines":         {total(totals...), q.Total},
		"tax":           {total(taxes...), total(q.Tax, q.IncludedTax)},
		"net of groups": {total(nets...), q.Net},
	} {
		if sums[0] != sums[1] {
			t.Errorf("%s: parts sum to %v, the quote says %v: %+v", name, sums[0], sums[1], q)
		}
	}
	if !q.Estimated && total(q.Net, q.Tax, q.IncludedTax) != q.Total {
		t.Errorf("net %v and tax do not make %v", q.Net, q.Total)
	}
	if !q.Tax.IsZero() && !q.IncludedTax.IsZero() {
		t.Errorf("tax both added and included: %+v", q)
	}
	if !q.Relief().IsZero() && (!q.ReverseCharge || !q.IncludedTax.IsZero() || !q.Tax.IsZero()) {
		t.Errorf("relief of %v: %+v", q.Relief(), q)
	}
	checkApplied(t, q)
	if _, err := q.Total.ToProvider(); err != nil || q.Total.IsNegative() {
		t.Errorf("total %v can't be charged: %v", q.Total, err)
	}
}

// checkApplied checks that what is said of discounts is what was taken off.
func checkApplied(t *testing.T, q pricing.Quote) {
	t.Helper()
	byLine, all := map[int]int64{}, int64(0)
	for _, a := range q.Applied {
		sum := int64(0)
		for i, part := range a.Allocations {
			if part.Amount.Minor <= 0 || part.Amount.Currency != q.Currency || i > 0 && a.Allocations[i-1].Line == part.Line {
				t.Errorf("allocation %+v of %+v", part, a)
			}
			sum += part.Amount.Minor
			byLine[part.Line] += part.Amount.Minor
		}
		if sum != a.Amount.Minor || a.Amount.Currency != q.Currency || a.Automatic != (a.Code == "") || a.Amount.IsZero() && !a.Provisional {
			t.Errorf("applied %+v, its allocations sum to %d", a, sum)
		}
		all += sum
	}
	for i, line := range q.Lines {
		if byLine[i] > line.Discount.Minor {
			t.Errorf("line %+v has allocations of %d", line, byLine[i])
		}
	}
	if all > q.Discount.Minor || byLine[pricing.AllocatedToShipping] != q.ShippingDiscount().Minor {
		t.Errorf("discounts of %d, off shipping %d: %+v", all, byLine[pricing.AllocatedToShipping], q)
	}
}

// round is the nearest whole number to a quotient that isn't negative, halves up.
func round(r *big.Rat) *big.Int {
	r = new(big.Rat).Add(r, big.NewRat(1, 2))
	return new(big.Int).Quo(r.Num(), r.Denom())
}

// checkModel prices again in exact fractions: subtotal, discount and tax must agree to the unit, and what a line bears of them must
// lie within a step of its exact share.
func checkModel(t *testing.T, in pricing.Input, q pricing.Quote) {
	t.Helper()
	type part struct {
		gross *big.Int
		rate  int64
		tax   money.Money
	}
	var parts []part
	subtotal := big.NewInt(0)
	for _, item := range in.Items {
		subtotal.Add(subtotal, new(big.Int).Mul(big.NewInt(item.Unit.Minor), big.NewInt(item.Quantity)))
	}
	step := big.NewRat(in.Currency.Step(), 1)
	for i, item := range in.Items {
		line := new(big.Int).Mul(big.NewInt(item.Unit.Minor), big.NewInt(item.Quantity))
		if discount := q.Lines[i].Discount; subtotal.Sign() > 0 {
			exact := new(big.Rat).SetFrac(new(big.Int).Mul(line, big.NewInt(q.Discount.Minor)), subtotal)
			off := exact.Sub(exact, new(big.Rat).SetInt64(discount.Minor))
			if off.Abs(off).Cmp(step) >= 0 {
				t.Errorf("line %d has discount %v, %v off its share", i, discount, off)
			}
			line.Sub(line, big.NewInt(discount.Minor))
		}
		category := item.TaxCategory
		if category == "" {
			category = "standard"
		}
		parts = append(parts, part{line, in.Country.TaxRates[category], q.Lines[i].Tax})
	}
	for _, option := range q.Options {
		if option.ID == q.Selected {
			parts = append(parts, part{big.NewInt(option.Price.Minor), in.Country.TaxRates["standard"], option.Tax})
		}
	}
	byRate := map[int64]*big.Int{}
	for _, p := range parts {
		if byRate[p.rate] == nil {
			byRate[p.rate] = big.NewInt(0)
		}
		byRate[p.rate].Add(byRate[p.rate], p.gross)
	}
	allTax := big.NewInt(0)
	for rate, whole := range byRate {
		tax := new(big.Int)
		if in.Country.TaxIncluded {
			net := round(new(big.Rat).Mul(new(big.Rat).SetInt(whole), big.NewRat(10000, 10000+rate)))
			tax.Sub(whole, net)
		} else {
			exact := new(big.Rat).Mul(new(big.Rat).SetInt(whole), big.NewRat(rate, 10000))
			tax.Mul(round(exact.Quo(exact, step)), step.Num())
		}
		allTax.Add(allTax, tax)
		for _, p := range parts {
			if p.rate == rate && whole.Sign() > 0 {
				exact := new(big.Rat).SetFrac(new(big.Int).Mul(tax, p.gross), whole)
				off := exact.Sub(exact, new(big.Rat).SetInt64(p.tax.Minor))
				if off.Abs(off).Cmp(step) >= 0 {
					t.Errorf("tax %v is %v off its share", p.tax, off)
				}
			}
		}
	}
	if got := q.Tax.Minor + q.IncludedTax.Minor; big.NewInt(got).Cmp(allTax) != 0 {
		t.Errorf("tax is %d, exactly it is %v", got, allTax)
	}
	if big.NewInt(q.Subtotal.Minor).Cmp(subtotal) != 0 {
		t.Errorf("subtotal is %v, exactly it is %v", q.Subtotal, subtotal)
	}
	wantDiscount := min(in.Discount.Minor, q.Subtotal.Minor)
	if q.Discount.Minor != wantDiscount {
		t.Errorf("discount is %v of %v, at most %v", q.Discount, in.Discount, q.Subtotal)
	}
}

// drawInput makes a priceable input from numbers.
func drawInput(draw func(n int64) int64) pricing.Input {
	currency := []money.Currency{"EUR", "JPY", "NOK", "KWD", "MGA", "ISK"}[draw(6)]
	step := currency.Step()
	country := &pricing.Country{Code: "XX", Currency: currency, TaxIncluded: draw(2) == 0,
		TaxRates: map[string]int64{"standard": draw(10001), "reduced": draw(2500), "zero": 0}}
	for i := range 1 + draw(3) {
		country.Shipping = append(country.Shipping, flat(string(rune('a'+i)), currency, draw(2000)*step))
	}
	in := pricing.Input{Currency: currency, Country: country, Now: friday}
	for i := range draw(8) {
		item := goods(string(rune('a'+i)), 1+draw(999), money.New(draw(1_000_000)*step, currency),
			[]string{"", "standard", "reduced", "zero"}[draw(4)])
		item.Shippable = draw(3) > 0
		if draw(8) == 0 {
			item.Unit.Minor = 0
		}
		in.Items = append(in.Items, item)
	}
	if draw(2) == 0 {
		in.Discount = money.New(draw(100_000)*step, currency)
	}
	return in
}

func checkInput(t *testing.T, in pricing.Input) pricing.Quote {
	t.Helper()
	if err := in.Country.Validate(); err != nil {
		t.Fatal(err)
	}
	q := price(t, in)
	checkModel(t, in, q)
	return q
}

func TestQuotesAgreeWithExactModel(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		in := drawInput(random.Int64N)
		q := checkInput(t, in)
		if t.Failed() {
			t.Fatalf("%+v", in)
		}
		if diff := cmp.Diff(q, price(t, in)); diff != "" {
			t.Fatalf("a second quote differs: %s", diff)
		}
		random.Shuffle(len(in.Items), func(i, j int) { in.Items[i], in.Items[j] = in.Items[j], in.Items[i] })
		other := checkInput(t, in)
		bySKU := func(a, b pricing.Line) bool { return a.SKU < b.SKU }
		if diff := cmp.Diff(q, other, cmpopts.SortSlices(bySKU)); diff != "" {
			t.Fatalf("in another order: %s\n%+v", diff, in)
		}
	}
}

func FuzzPrice(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdef0123456789abcdef"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		checkInput(t, drawInput(func(n int64) int64 {
			var word [4]byte
			raw = raw[copy(word[:], raw):]
			return int64(binary.LittleEndian.Uint32(word[:])) % n
		}))
	})
}

// A full cart: the largest that the API takes.
func BenchmarkPrice(b *testing.B) {
	in := pricing.Input{Currency: "EUR", Country: netherlands(), Discount: money.New(1000, "EUR"), Now: friday}
	for i := range 100 {
		in.Items = append(in.Items, goods(string(rune('a'+i)), 3, money.New(int64(1999+i), "EUR"), []string{"standard", "books"}[i%2]))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pricing.Price(in); err != nil {
			b.Fatal(err)
		}
	}
}
