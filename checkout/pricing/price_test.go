package pricing_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kassa/checkout/pricing"
	"kassa/payments/money"
)

// friday is in the evening, so that the date in UTC is the same in all of Europe.
var friday = time.Date(2026, 10, 2, 18, 30, 0, 0, time.UTC)

func date(month time.Month, day int) time.Time {
	return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC)
}

func flat(id string, c money.Currency, price int64) pricing.ShippingMethod {
	return pricing.ShippingMethod{ID: id, Title: map[string]string{"en": "Home delivery", "nl": "Thuisbezorgd"}, Carrier: "PostNL",
		Prices: map[money.Currency]int64{c: price}, MinDays: 1, MaxDays: 3}
}

func netherlands() *pricing.Country {
	return &pricing.Country{Code: "NL", Currency: "EUR", TaxIncluded: true, TaxRates: map[string]int64{"standard": 2100, "books": 900},
		Shipping: []pricing.ShippingMethod{flat("home", "EUR", 495)}, ReturnDays: 14}
}

func goods(sku string, quantity int64, unit money.Money, category string) pricing.Item {
	return pricing.Item{LineID: "line-" + sku, SKU: sku, Title: "A " + sku, ImageURL: "https://example.com/" + sku + ".jpg",
		Quantity: quantity, Unit: unit, TaxCategory: category, Shippable: true}
}

func price(t *testing.T, in pricing.Input) pricing.Quote {
	t.Helper()
	q, err := pricing.Price(in)
	if err != nil {
		t.Fatal(err)
	}
	checkSums(t, q)
	return q
}

// Worked by hand. 21 %: 99.80 + 4.95 = 104.75, /1.21 = 86.570, so 86.57 and 18.18 of tax, of which the lamps bear 17.32 (17.321) and
// shipping 0.86 (0.859). 9 %: 12.50 / 1.09 = 11.468, so 11.47 and 1.03.
func TestNetherlands(t *testing.T) {
	t.Parallel()
	got := price(t, pricing.Input{Currency: "EUR", Country: netherlands(), Language: "nl-NL", Now: friday, Items: []pricing.Item{
		goods("lamp", 2, money.New(4990, "EUR"), "standard"), goods("book", 1, money.New(1250, "EUR"), "books")}})
	eur := func(minor int64) money.Money { return money.New(minor, "EUR") }
	want := pricing.Quote{
		Currency: "EUR",
		Lines: []pricing.Line{
			{LineID: "line-lamp", SKU: "lamp", Title: "A lamp", ImageURL: "https://example.com/lamp.jpg", Quantity: 2, Unit: eur(4990),
				Subtotal: eur(9980), Discount: eur(0), Tax: eur(1732), Total: eur(9980), TaxRate: 2100},
			{LineID: "line-book", SKU: "book", Title: "A book", ImageURL: "https://example.com/book.jpg", Quantity: 1, Unit: eur(1250),
				Subtotal: eur(1250), Discount: eur(0), Tax: eur(103), Total: eur(1250), TaxRate: 900},
		},
		Subtotal: eur(11230), Discount: eur(0), Shipping: eur(495), Tax: eur(0), IncludedTax: eur(1921), Net: eur(9804), Total: eur(11725),
		TaxIncluded: true,
		Taxes:       []pricing.TaxLine{{Rate: 2100, Net: eur(8657), Tax: eur(1818)}, {Rate: 900, Net: eur(1147), Tax: eur(103)}},
		Options: []pricing.Option{{ID: "home", Title: "Thuisbezorgd", Carrier: "PostNL", Price: eur(495), Tax: eur(86),
			Earliest: date(10, 5), Latest: date(10, 7)}},
		Selected: "home",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// amounts are the numbers of a quote that a worked example states: the tax of each line, that of shipping, and the totals.
type amounts struct {
	lines                                                         []int64
	option, subtotal, discount, shipping, tax, included, net, all int64
	taxes                                                         []pricing.TaxLine
}

func TestWorkedExamples(t *testing.T) {
	t.Parallel()
	country := func(code string, c money.Currency, included bool, shipping int64, rates map[string]int64) *pricing.Country {
		return &pricing.Country{Code: code, Currency: c, TaxIncluded: included, TaxRates: rates,
			Shipping: []pricing.ShippingMethod{flat("home", c, shipping)}}
	}
	taxLine := func(c money.Currency, rate, net, tax int64) pricing.TaxLine {
		return pricing.TaxLine{Rate: rate, Net: money.New(net, c), Tax: money.New(tax, c)}
	}
	for name, c := range map[string]struct {
		in   pricing.Input
		want amounts
	}{
		// 25 %: 399.00 + 79.00 = 478.00, /1.25 = 382.40. 15 %: 267.00 / 1.15 = 232.174.
		"Norway, included": {pricing.Input{Currency: "NOK", Country: country("NO", "NOK", true, 7900, map[string]int64{"standard": 2500, "food": 1500}),
			Items: []pricing.Item{goods("cheese", 3, money.New(8900, "NOK"), "food"), goods("slicer", 1, money.New(39900, "NOK"), "standard")}},
			amounts{lines: []int64{3483, 7980}, option: 1580, subtotal: 66600, shipping: 7900, included: 13043, net: 61457, all: 74500,
				taxes: []pricing.TaxLine{taxLine("NOK", 2500, 38240, 9560), taxLine("NOK", 1500, 23217, 3483)}}},
		// 59.97 + 5.01 + 5.99 = 70.97, · 0.0825 = 5.855. Split: 4.9518, 0.4137 and 0.4946. By line it would have been 5.85.
		"United States, added": {pricing.Input{Currency: "USD", Country: country("US", "USD", false, 599, map[string]int64{"standard": 825}),
			Items: []pricing.Item{goods("mug", 3, money.New(1999, "USD"), "standard"), goods("spoon", 1, money.New(501, "USD"), "")}},
			amounts{lines: []int64{495, 41}, option: 50, subtotal: 6498, shipping: 599, tax: 586, net: 7097, all: 7683,
				taxes: []pricing.TaxLine{taxLine("USD", 825, 7097, 586)}}},
		// 10 %: 1980 + 550 = 2530, /1.1 = 2300. 8 %: 1080 / 1.08 = 1000.
		"Japan, no decimals": {pricing.Input{Currency: "JPY", Country: country("JP", "JPY", true, 550, map[string]int64{"standard": 1000, "food": 800}),
			Items: []pricing.Item{goods("cup", 1, money.New(1980, "JPY"), "standard"), goods("tea", 2, money.New(540, "JPY"), "food")}},
			amounts{lines: []int64{180, 80}, option: 50, subtotal: 3060, shipping: 550, included: 310, net: 3300, all: 3610,
				taxes: []pricing.TaxLine{taxLine("JPY", 1000, 2300, 230), taxLine("JPY", 800, 1000, 80)}}},
		// 5 · 0.1 = 0.5 goes up.
		"added tax, half": {pricing.Input{Currency: "JPY", Country: country("XX", "JPY", false, 0, map[string]int64{"standard": 1000}),
			Items: []pricing.Item{goods("pin", 1, money.New(5, "JPY"), "")}},
			amounts{lines: []int64{1}, subtotal: 5, tax: 1, net: 5, all: 6, taxes: []pricing.TaxLine{taxLine("JPY", 1000, 5, 1)}}},
		// 3 / 1.2 = 2.5: the net goes up, the tax is the rest.
		"included tax, half": {pricing.Input{Currency: "JPY", Country: country("XX", "JPY", true, 0, map[string]int64{"standard": 2000}),
			Items: []pricing.Item{goods("pin", 1, money.New(3, "JPY"), "")}},
			amounts{lines: []int64{0}, subtotal: 3, net: 3, all: 3, taxes: []pricing.TaxLine{taxLine("JPY", 2000, 3, 0)}}},
		// 12.350 · 0.05 = 0.6175, in steps of 0.010 that is 0.620, split 0.4925 and 0.125: 0.490 and 0.130, as of 62 steps 49.2 and 12.8.
		"Kuwait, in steps of ten": {pricing.Input{Currency: "KWD", Country: country("KW", "KWD", false, 2500, map[string]int64{"standard": 500}),
			Items: []pricing.Item{goods("oud", 1, money.New(9850, "KWD"), "")}},
			amounts{lines: []int64{490}, option: 130, subtotal: 9850, shipping: 2500, tax: 620, net: 12350, all: 12970,
				taxes: []pricing.TaxLine{taxLine("KWD", 500, 12350, 620)}}},
		// 10.00 off 40.00: 7.50 and 2.50. 21 %: 22.50 + 4.95 = 27.45, /1.21 = 22.686. 9 %: 7.50 / 1.09 = 6.881.
		"discount before tax": {pricing.Input{Currency: "EUR", Country: netherlands(), Discount: money.New(1000, "EUR"),
			Items: []pricing.Item{goods("vase", 1, money.New(3000, "EUR"), "standard"), goods("book", 1, money.New(1000, "EUR"), "books")}},
			amounts{lines: []int64{390, 62}, option: 86, subtotal: 4000, discount: 1000, shipping: 495, included: 538, net: 2957, all: 3495,
				taxes: []pricing.TaxLine{taxLine("EUR", 2100, 2269, 476), taxLine("EUR", 900, 688, 62)}}},
		"discount above the items": {pricing.Input{Currency: "EUR", Country: netherlands(), Discount: money.New(9999, "EUR"),
			Items: []pricing.Item{goods("card", 2, money.New(250, "EUR"), "books")}},
			amounts{lines: []int64{0}, option: 86, subtotal: 500, discount: 500, shipping: 495, included: 86, net: 409, all: 495,
				taxes: []pricing.TaxLine{taxLine("EUR", 2100, 409, 86)}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := price(t, c.in)
			got := amounts{option: q.Options[0].Tax.Minor, subtotal: q.Subtotal.Minor, discount: q.Discount.Minor, shipping: q.Shipping.Minor,
				tax: q.Tax.Minor, included: q.IncludedTax.Minor, net: q.Net.Minor, all: q.Total.Minor, taxes: q.Taxes}
			for _, line := range q.Lines {
				got.lines = append(got.lines, line.Tax.Minor)
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(amounts{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDiscountIsSpreadOverLines(t *testing.T) {
	t.Parallel()
	q := price(t, pricing.Input{Currency: "EUR", Discount: money.New(100, "EUR"), Items: []pricing.Item{
		goods("a", 1, money.New(1000, "EUR"), ""), goods("free", 1, money.Zero("EUR"), ""),
		goods("b", 2, money.New(500, "EUR"), ""), goods("c", 1, money.New(1000, "EUR"), "")}})
	var got []int64
	for _, line := range q.Lines {
		got = append(got, line.Discount.Minor, line.Total.Minor)
	}
	if diff := cmp.Diff([]int64{34, 966, 0, 0, 33, 967, 33, 967}, got); diff != "" {
		t.Error(diff)
	}
}

// Two equal lines claim the one cent of discount. It goes to the same one in any order; if not, tax would be due on 9.99 or on 10.00.
func TestOrderOfLines(t *testing.T) {
	t.Parallel()
	country := netherlands()
	country.TaxIncluded = false
	a, b := goods("a", 1, money.New(1000, "EUR"), "standard"), goods("b", 1, money.New(1000, "EUR"), "untaxed")
	country.TaxRates["untaxed"], country.TaxRates["standard"] = 0, 10000
	one := price(t, pricing.Input{Currency: "EUR", Country: country, Discount: money.New(1, "EUR"), Items: []pricing.Item{a, b}})
	other := price(t, pricing.Input{Currency: "EUR", Country: country, Discount: money.New(1, "EUR"), Items: []pricing.Item{b, a}})
	if one.Total != other.Total {
		t.Errorf("total %v, in the other order %v", one.Total, other.Total)
	}
	if one.Lines[0].SKU != "a" || other.Lines[0].SKU != "b" || one.Lines[0] != other.Lines[1] || one.Lines[1] != other.Lines[0] {
		t.Errorf("lines %+v, in the other order %+v", one.Lines, other.Lines)
	}
}

func TestWithoutCountry(t *testing.T) {
	t.Parallel()
	q := price(t, pricing.Input{Currency: "EUR", Option: "home", Items: []pricing.Item{goods("lamp", 2, money.New(4990, "EUR"), "no such")}})
	if !q.Estimated || q.TaxIncluded || q.Taxes != nil || q.Options != nil || q.Selected != "" {
		t.Errorf("quote without a country: %+v", q)
	}
	if q.Total != money.New(9980, "EUR") || q.Net != money.Zero("EUR") || q.IncludedTax != money.Zero("EUR") {
		t.Errorf("total %v, net %v, included tax %v", q.Total, q.Net, q.IncludedTax)
	}
}

func TestEmptyCart(t *testing.T) {
	t.Parallel()
	q := price(t, pricing.Input{Currency: "EUR", Country: netherlands(), Discount: money.New(500, "EUR")})
	zero := money.Zero("EUR")
	want := pricing.Quote{Currency: "EUR", Lines: []pricing.Line{}, Subtotal: zero, Discount: zero, Shipping: zero, Tax: zero,
		IncludedTax: zero, Net: zero, Total: zero, TaxIncluded: true}
	if diff := cmp.Diff(want, q); diff != "" {
		t.Error(diff)
	}
}

func TestItemRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		currency money.Currency
		change   func(*pricing.Item)
		want     error
	}{
		"no quantity":             {"EUR", func(i *pricing.Item) { i.Quantity = 0 }, pricing.ErrQuantity},
		"negative quantity":       {"EUR", func(i *pricing.Item) { i.Quantity = -1 }, pricing.ErrQuantity},
		"negative price":          {"EUR", func(i *pricing.Item) { i.Unit.Minor = -1 }, pricing.ErrNegative},
		"price in other currency": {"EUR", func(i *pricing.Item) { i.Unit.Currency = "USD" }, money.ErrCurrencyMismatch},
		"price in no currency":    {"EUR", func(i *pricing.Item) { i.Unit.Currency = "" }, money.ErrCurrencyMismatch},
		"unknown tax category":    {"EUR", func(i *pricing.Item) { i.TaxCategory = "food" }, pricing.ErrUnknownTaxCategory},
		"negative tax rate":       {"EUR", func(i *pricing.Item) { i.TaxCategory = "subsidy" }, pricing.ErrUnknownTaxCategory},
		"tax rate above 100 %":    {"EUR", func(i *pricing.Item) { i.TaxCategory = "confiscation" }, pricing.ErrUnknownTaxCategory},
		"subtotal overflows":      {"EUR", func(i *pricing.Item) { i.Unit.Minor, i.Quantity = math.MaxInt64/2+1, 2 }, money.ErrOverflow},
		"fraction of an ariary":   {"MGA", func(i *pricing.Item) { i.Unit.Minor = 120050 }, money.ErrNotChargeable},
		"last digit of a dinar":   {"KWD", func(i *pricing.Item) { i.Unit.Minor = 9855 }, money.ErrNotChargeable},
	} {
		country := netherlands()
		country.TaxRates["subsidy"], country.TaxRates["confiscation"] = -1, 10001
		for _, method := range country.Shipping {
			method.Prices[c.currency] = 500
		}
		in := pricing.Input{Currency: c.currency, Country: country,
			Items: []pricing.Item{goods("good", 1, money.New(1000, c.currency), ""), goods("bad", 1, money.New(1000, c.currency), "")}}
		price(t, in)
		c.change(&in.Items[1])
		for _, ships := range []bool{true, false} {
			in.Items[0].Shippable, in.Items[1].Shippable = ships, ships
			q, err := pricing.Price(in)
			var item *pricing.ItemError
			if !errors.As(err, &item) || item.SKU != "bad" || item.LineID != "line-bad" || !errors.Is(err, c.want) {
				t.Errorf("%s, shipped %v: %v, want %v of the item", name, ships, err, c.want)
			}
			if q.Lines != nil || q.Currency != "" {
				t.Errorf("%s, shipped %v: a quote comes with the error: %+v", name, ships, q)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*pricing.Input)
		want   error
	}{
		"unknown currency":       {func(in *pricing.Input) { in.Currency = "XXX" }, money.ErrUnknownCurrency},
		"currency in lower case": {func(in *pricing.Input) { in.Currency = "eur" }, money.ErrUnknownCurrency},
		"unknown option":         {func(in *pricing.Input) { in.Option = "drone" }, pricing.ErrUnknownOption},
		"option in other currency": {func(in *pricing.Input) {
			in.Country.Shipping = append(in.Country.Shipping, flat("us", "USD", 100))
			in.Option = "us"
		}, pricing.ErrUnknownOption},
		"no shipping at all":      {func(in *pricing.Input) { in.Country.Shipping = nil }, pricing.ErrNoShipping},
		"no shipping in currency": {func(in *pricing.Input) { delete(in.Country.Shipping[0].Prices, "EUR") }, pricing.ErrNoShipping},
		"negative shipping":       {func(in *pricing.Input) { in.Country.Shipping[0].Prices["EUR"] = -1 }, pricing.ErrNegative},
		"negative discount":       {func(in *pricing.Input) { in.Discount = money.New(-1, "EUR") }, pricing.ErrNegative},
		"discount in no currency": {func(in *pricing.Input) { in.Discount = money.New(1, "") }, money.ErrCurrencyMismatch},
		"discount in other":       {func(in *pricing.Input) { in.Discount = money.New(1, "USD") }, money.ErrCurrencyMismatch},
		"no standard rate":        {func(in *pricing.Input) { delete(in.Country.TaxRates, "standard") }, pricing.ErrUnknownTaxCategory},
		"sum of lines overflows":  {func(in *pricing.Input) { in.Items[0].Unit.Minor = math.MaxInt64 }, money.ErrOverflow},
		"shipping overflows a rate": {func(in *pricing.Input) {
			in.Items[0].TaxCategory = "standard"
			in.Country.Shipping[0].Prices["EUR"] = math.MaxInt64 - 1
		}, money.ErrOverflow},
		"shipping overflows total": {func(in *pricing.Input) {
			in.Country.Shipping[0].Prices["EUR"] = math.MaxInt64 - 1
			in.Items[0].TaxCategory = "books"
			in.Items[1].TaxCategory = "books"
		}, money.ErrOverflow},
		"added tax on a line overflows": {func(in *pricing.Input) {
			in.Country.TaxIncluded = false
			in.Items[0].Unit.Minor = math.MaxInt64 - 10000
		}, money.ErrOverflow},
	} {
		in := pricing.Input{Currency: "EUR", Country: netherlands(),
			Items: []pricing.Item{goods("lamp", 1, money.New(4990, "EUR"), "books"), goods("vase", 1, money.New(3000, "EUR"), "books")}}
		price(t, in)
		c.change(&in)
		if q, err := pricing.Price(in); !errors.Is(err, c.want) {
			t.Errorf("%s: total %v, %v, want %v", name, q.Total, err, c.want)
		}
	}
}

func TestItemErrorNamesSKU(t *testing.T) {
	t.Parallel()
	_, err := pricing.Price(pricing.Input{Currency: "EUR", Country: netherlands(),
		Items: []pricing.Item{goods("lamp", 1, money.New(4990, "EUR"), "food")}})
	if want := `item lamp: country has no valid tax rate for the category: "food" in NL`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestStepRefusals(t *testing.T) {
	t.Parallel()
	in := func() pricing.Input {
		country := netherlands()
		country.Shipping[0].Prices["MGA"] = 50000
		return pricing.Input{Currency: "MGA", Country: country, Items: []pricing.Item{goods("vanilla", 1, money.New(120000, "MGA"), "")}}
	}
	price(t, in())
	shipping, discount := in(), in()
	shipping.Country.Shipping[0].Prices["MGA"] = 50050
	discount.Discount = money.New(50, "MGA")
	for name, in := range map[string]pricing.Input{"shipping": shipping, "discount": discount} {
		if _, err := pricing.Price(in); !errors.Is(err, money.ErrNotChargeable) {
			t.Errorf("%s: %v, want ErrNotChargeable", name, err)
		}
	}
}
