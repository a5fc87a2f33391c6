package pricing_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kassa/checkout/pricing"
	"kassa/payments/money"
)

// percent makes an automatic rule; of changes what it is given.
func percent(id string, points int64, of ...func(*pricing.DiscountRule)) pricing.DiscountRule {
	r := pricing.DiscountRule{ID: id, Title: titled(id), BasisPoints: points}
	for _, f := range of {
		f(&r)
	}
	return r
}

func off(id string, minor int64, of ...func(*pricing.DiscountRule)) pricing.DiscountRule {
	r := percent(id, 0, of...)
	r.Amounts = map[money.Currency]int64{"EUR": minor}
	return r
}

func freeShipping(id string, of ...func(*pricing.DiscountRule)) pricing.DiscountRule {
	r := percent(id, 0, of...)
	r.FreeShipping = true
	return r
}

func code(c string) func(*pricing.DiscountRule) { return func(r *pricing.DiscountRule) { r.Code = c } }
func priority(p int) func(*pricing.DiscountRule) {
	return func(r *pricing.DiscountRule) { r.Priority = p }
}
func only(p ...string) func(*pricing.DiscountRule) {
	return func(r *pricing.DiscountRule) { r.Products = p }
}
func exclusive(r *pricing.DiscountRule) { r.Exclusive = true }

// withRules is a cart of a lamp of 40.00 and a book of 10.00, brought for 4.95, under rules.
func withRules(rules ...pricing.DiscountRule) pricing.Input {
	return pricing.Input{Currency: "EUR", Country: netherlands(), Now: friday, Rules: rules, Items: []pricing.Item{
		item("lamp", 1, 4000, "EUR", "", 500, "light"), item("novel", 1, 1000, "EUR", "books", 300, "books")}}
}

// gave lists what rules gave, in the order of application.
func gave(q pricing.Quote) []string {
	list := []string{}
	for _, a := range q.Applied {
		list = append(list, fmt.Sprint(a.RuleID, " ", a.Amount.Minor))
	}
	return list
}

func TestStacking(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rules []pricing.DiscountRule
		want  []string
		total int64 // with 495 of shipping
	}{
		"none":                         {nil, []string{}, 5495},
		"percent of what percent left": {[]pricing.DiscountRule{percent("a", 1000), percent("b", 1000)}, []string{"a 500", "b 450"}, 4545},
		"percent before amount":        {[]pricing.DiscountRule{off("a", 1000), percent("b", 1000)}, []string{"b 500", "a 1000"}, 3995},
		"priority before kind": {[]pricing.DiscountRule{off("a", 1000, priority(1)), percent("b", 1000, priority(2))},
			[]string{"a 1000", "b 400"}, 4095},
		"no priority is 100": {[]pricing.DiscountRule{off("a", 1000, priority(101)), percent("c", 1000),
			percent("b", 1000, priority(101))}, []string{"c 500", "b 450", "a 1000"}, 3545},
		"never below zero":          {[]pricing.DiscountRule{off("a", 4000), off("b", 4000)}, []string{"a 4000", "b 1000"}, 495},
		"never more than its lines": {[]pricing.DiscountRule{off("a", 9999, only("novel"))}, []string{"a 1000"}, 4495},
		"all of it":                 {[]pricing.DiscountRule{percent("a", 10000)}, []string{"a 5000"}, 495},
		"rounded once, half up":     {[]pricing.DiscountRule{percent("a", 1)}, []string{"a 1"}, 5494},
		"exclusive and better":      {[]pricing.DiscountRule{percent("a", 1000), percent("b", 2000, exclusive)}, []string{"b 1000"}, 4495},
		"exclusive and worse":       {[]pricing.DiscountRule{percent("a", 1000), percent("b", 900, exclusive)}, []string{"a 500"}, 4995},
		"equal: what combines": {[]pricing.DiscountRule{percent("b", 1000), percent("a", 1000, exclusive, priority(1))}, []string{"b 500"},
			4995},
		"equal: the first": {[]pricing.DiscountRule{percent("a", 1000, exclusive), off("b", 500, exclusive, priority(1))},
			[]string{"b 500"}, 4995},
		"exclusive alone":                 {[]pricing.DiscountRule{percent("a", 1000, exclusive)}, []string{"a 500"}, 4995},
		"free shipping":                   {[]pricing.DiscountRule{freeShipping("a")}, []string{"a 495"}, 5000},
		"free shipping comes last":        {[]pricing.DiscountRule{freeShipping("a"), percent("b", 1000)}, []string{"b 500", "a 495"}, 4500},
		"free shipping once":              {[]pricing.DiscountRule{freeShipping("b"), freeShipping("a")}, []string{"a 495"}, 5000},
		"exclusive free shipping: better": {[]pricing.DiscountRule{off("b", 494), freeShipping("a", exclusive)}, []string{"a 495"}, 5000},
		"exclusive free shipping: worse":  {[]pricing.DiscountRule{off("b", 496), freeShipping("a", exclusive)}, []string{"b 496"}, 4999},
		"except categories": {[]pricing.DiscountRule{percent("a", 1000, func(r *pricing.DiscountRule) { r.ExceptCategories = []string{"books"} })},
			[]string{"a 400"}, 5095},
		"product or category": {[]pricing.DiscountRule{percent("a", 1000, only("novel"), func(r *pricing.DiscountRule) { r.Categories = []string{"light"} })},
			[]string{"a 500"}, 4995},
		"product, but excepted": {[]pricing.DiscountRule{percent("a", 1000, only("novel", "lamp"), func(r *pricing.DiscountRule) { r.ExceptCategories = []string{"books"} })},
			[]string{"a 400"}, 5095},
	} {
		in := withRules(c.rules...)
		q := price(t, in)
		if diff := cmp.Diff(c.want, gave(q)); diff != "" || q.Total.Minor != c.total {
			t.Errorf("%s: total %v, %s", name, q.Total, diff)
		}
	}
}

// A discount that takes the goods below what makes shipping free costs the shopper the shipping.
func TestFreeShippingIsForWhatIsLeft(t *testing.T) {
	t.Parallel()
	for worth, want := range map[int64]int64{4500: 4500, 4499: 4499 + 495} {
		in := withRules(off("a", 5000-worth))
		in.Country.Shipping[0].FreeFrom = map[money.Currency]int64{"EUR": 4500}
		if q := price(t, in); q.Total.Minor != want {
			t.Errorf("goods of %d cost %v, want %d", worth, q.Total, want)
		}
	}
}

// Free shipping may be for one method: it is shown on that one, and granted when that is selected.
func TestFreeShippingForOneMethod(t *testing.T) {
	t.Parallel()
	in := withRules(freeShipping("a", code("FREE"), func(r *pricing.DiscountRule) { r.Methods = []string{"home"} }))
	in.Codes = []string{"free"}
	in.Country.Shipping = append(in.Country.Shipping, flat("express", "EUR", 995), flat("slow", "EUR", 100))
	if q := price(t, in); q.Selected != "home" || q.Total.Minor != 5000 || q.Options[0].Discount.Minor != 495 || q.Options[2].Discount.Minor != 0 {
		t.Errorf("what is free is the cheapest: %+v", q)
	}
	in.Option = "express"
	q := price(t, in)
	if q.Total.Minor != 5995 || len(q.Applied) != 0 || q.Options[0].Discount.Minor != 495 {
		t.Errorf("with express: %+v", q)
	}
	if diff := cmp.Diff([]pricing.RefusedCode{{Code: "free", Reason: pricing.ReasonNoEffect}}, q.Refused); diff != "" {
		t.Error(diff)
	}
}

// While nobody knows where the order goes, free shipping is granted and nothing is said of its amount.
func TestFreeShippingIsProvisionalWithoutCountry(t *testing.T) {
	t.Parallel()
	in := withRules(freeShipping("a", code("FREE")), percent("b", 1000))
	in.Country, in.Codes = nil, []string{"FREE"}
	q := price(t, in)
	want := []pricing.AppliedDiscount{
		{RuleID: "b", Title: "b", Automatic: true, Priority: 100, Amount: money.New(500, "EUR"),
			Allocations: []pricing.Allocation{{Line: 0, Amount: money.New(400, "EUR")}, {Line: 1, Amount: money.New(100, "EUR")}}},
		{RuleID: "a", Title: "a", Code: "FREE", Priority: 100, Amount: money.Zero("EUR"), Provisional: true},
	}
	if diff := cmp.Diff(want, q.Applied); diff != "" || q.Total.Minor != 4500 || len(q.Refused) > 0 {
		t.Errorf("total %v, %s", q.Total, diff)
	}
}

func TestRefusedCodes(t *testing.T) {
	t.Parallel()
	set := func(f func(*pricing.DiscountRule)) []pricing.DiscountRule {
		return []pricing.DiscountRule{percent("a", 1000, code("CODE"), f)}
	}
	minimum := func(r *pricing.DiscountRule) { r.Minimum = map[money.Currency]int64{"EUR": 5001} }
	abroad := func(r *pricing.DiscountRule) { r.Countries = []string{"BE"} }
	later := func(r *pricing.DiscountRule) { r.From = friday.Add(time.Second) }
	for name, c := range map[string]struct {
		rules  []pricing.DiscountRule
		change func(*pricing.Input)
		want   pricing.Reason
	}{
		"unknown":           {nil, nil, pricing.ReasonUnknown},
		"accepted":          {set(func(*pricing.DiscountRule) {}), nil, ""},
		"not yet valid":     {set(later), nil, pricing.ReasonNotYetValid},
		"valid now":         {set(func(r *pricing.DiscountRule) { r.From = friday }), nil, ""},
		"expired now":       {set(func(r *pricing.DiscountRule) { r.Until = friday }), nil, pricing.ReasonExpired},
		"valid to the last": {set(func(r *pricing.DiscountRule) { r.Until = friday.Add(1) }), nil, ""},
		"used up": {set(func(*pricing.DiscountRule) {}), func(in *pricing.Input) { in.UsedUp = map[string]bool{"a": true} },
			pricing.ReasonUsedUp},
		"another is used up":     {set(func(*pricing.DiscountRule) {}), func(in *pricing.Input) { in.UsedUp = map[string]bool{"b": true} }, ""},
		"not the first order":    {set(func(r *pricing.DiscountRule) { r.FirstOrder = true }), nil, pricing.ReasonNotFirstOrder},
		"first order":            {set(func(r *pricing.DiscountRule) { r.FirstOrder = true }), func(in *pricing.Input) { in.FirstOrder = true }, ""},
		"not in country":         {set(abroad), nil, pricing.ReasonNotInCountry},
		"country unknown":        {set(abroad), func(in *pricing.Input) { in.Country = nil }, pricing.ReasonNotInCountry},
		"not for these products": {set(only("chair")), nil, pricing.ReasonNotForProducts},
		"nothing to ship": {[]pricing.DiscountRule{freeShipping("a", code("CODE"))}, func(in *pricing.Input) {
			in.Items = []pricing.Item{{SKU: "file", Quantity: 1, Unit: money.New(500, "EUR")}}
		}, pricing.ReasonNotForProducts},
		"amount in other currency": {set(func(r *pricing.DiscountRule) { r.BasisPoints, r.Amounts = 0, map[money.Currency]int64{"NOK": 1} }), nil,
			pricing.ReasonWrongCurrency},
		"minimum in other currency": {set(func(r *pricing.DiscountRule) { r.Minimum = map[money.Currency]int64{"NOK": 1} }), nil,
			pricing.ReasonWrongCurrency},
		"minimum not reached":  {set(minimum), nil, pricing.ReasonMinimumNotReached},
		"minimum just reached": {set(func(r *pricing.DiscountRule) { r.Minimum = map[money.Currency]int64{"EUR": 5000} }), nil, ""},
		"minimum of its products": {set(func(r *pricing.DiscountRule) {
			r.Products, r.Minimum = []string{"lamp"}, map[money.Currency]int64{"EUR": 4001}
		}),
			nil, pricing.ReasonMinimumNotReached},
		"not combinable": {append(set(func(*pricing.DiscountRule) {}), percent("b", 2000, exclusive)), nil, pricing.ReasonNotCombinable},
		"nothing left":   {append(set(func(*pricing.DiscountRule) {}), percent("b", 10000, priority(1))), nil, pricing.ReasonNoEffect},
		"free already": {[]pricing.DiscountRule{freeShipping("a", code("CODE"))}, func(in *pricing.Input) {
			in.Country.Shipping[0].Prices["EUR"] = 0
		}, pricing.ReasonNoEffect},
		"of several, the first": {set(func(r *pricing.DiscountRule) { minimum(r); abroad(r); later(r) }), nil, pricing.ReasonNotYetValid},
	} {
		in := withRules(c.rules...)
		in.Codes = []string{"  ", "code"}
		if c.change != nil {
			c.change(&in)
		}
		q := price(t, in)
		var want []pricing.RefusedCode
		if c.want != "" {
			want = []pricing.RefusedCode{{Index: 1, Code: "code", Reason: c.want}}
			if c.want == pricing.ReasonMinimumNotReached {
				want[0].Minimum = money.New(c.rules[0].Minimum["EUR"], "EUR")
			}
		}
		if diff := cmp.Diff(want, q.Refused); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		for _, a := range q.Applied {
			if c.want != "" && a.Code != "" {
				t.Errorf("%s: refused, and applied: %+v", name, a)
			}
		}
	}
}

// The minimum is held against prices before any discount, so that one rule doesn't undo another.
func TestMinimumIsBeforeDiscounts(t *testing.T) {
	t.Parallel()
	in := withRules(off("a", 4000, priority(1)), percent("b", 1000,
		func(r *pricing.DiscountRule) { r.Minimum = map[money.Currency]int64{"EUR": 5000} }))
	in.Discount = money.New(500, "EUR")
	if diff := cmp.Diff([]string{"a 4000", "b 50"}, gave(price(t, in))); diff != "" {
		t.Error(diff)
	}
}

func TestNormalizeCode(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{"Welkom10": "WELKOM10", " \t welkom10\u00a0\n": "WELKOM10", "": "", "wel kom 10": "WELKOM10"} {
		if got := pricing.NormalizeCode(typed); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}

func TestRulesThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string][]pricing.DiscountRule{
		"gives nothing":          {percent("a", 0)},
		"gives too much":         {percent("a", 10001)},
		"gives less than none":   {off("a", -1)},
		"two with one id":        {percent("a", 1), percent("a", 2)},
		"two with one code":      {percent("a", 1, code("CODE")), percent("b", 2, code("code"))},
		"id of the settings":     {percent("welcome", 1)},
		"code of the settings":   {percent("b", 1, code("welkom10"))},
		"more than can be split": {{ID: "a", Title: titled("a"), Amounts: map[money.Currency]int64{"MGA": 150}}},
	} {
		in := inShop(t, "NL")
		in.Rules = rules
		if q, err := pricing.Price(in); !errors.Is(err, pricing.ErrRule) || q.Currency != "" {
			t.Errorf("%s: %v, %+v", name, err, q)
		}
	}
	in := inShop(t, "NL")
	in.Items, in.Codes = withRules().Items, []string{"own", "tien"}
	in.Rules = []pricing.DiscountRule{percent("own", 1000, code("OWN"), priority(1))}
	if diff := cmp.Diff([]string{"own 500", "ten 1000"}, gave(price(t, in))); diff != "" {
		t.Error(diff)
	}
}

// Of pains told of other shops (coupons, price drift): a code that is given twice counts once, also in another case and with spaces.
func TestCodeTwiceCountsOnce(t *testing.T) {
	t.Parallel()
	in := withRules(off("a", 1000, code("TIEN")))
	in.Codes = []string{"tien", "TIEN", " Tien "}
	q := price(t, in)
	if diff := cmp.Diff([]string{"a 1000"}, gave(q)); diff != "" || len(q.Refused) > 0 || q.Discount.Minor != 1000 {
		t.Errorf("%+v %s", q, diff)
	}
}

// A single-use code that gives nothing isn't among what is applied, so that nobody redeems it for nothing.
func TestCodeWithoutEffectIsNotSpent(t *testing.T) {
	t.Parallel()
	in := withRules(percent("sale", 10000, priority(1)), off("single", 1000, code("ONCE"), func(r *pricing.DiscountRule) { r.Limit = 1 }))
	in.Codes = []string{"ONCE"}
	if q := price(t, in); len(q.Applied) != 1 || q.Applied[0].RuleID != "sale" || q.Refused[0].Reason != pricing.ReasonNoEffect {
		t.Errorf("%+v", q)
	}
}

// A code that was used up after the quote: the next quote says so and is what it would have been without.
func TestRuleUsedUpBetweenQuoteAndPay(t *testing.T) {
	t.Parallel()
	in := withRules(off("single", 1000, code("ONCE"), func(r *pricing.DiscountRule) { r.Limit = 1 }))
	in.Codes = []string{"ONCE"}
	before := price(t, in)
	in.UsedUp = map[string]bool{"single": true}
	after := price(t, in)
	if before.Total.Minor != 4495 || after.Total.Minor != 5495 || after.Refused[0].Reason != pricing.ReasonUsedUp {
		t.Errorf("before %v, after %v: %+v", before.Total, after.Total, after.Refused)
	}
	if before.Applied[0].Limit != 1 || before.Applied[0].RuleID != "single" {
		t.Errorf("nobody can redeem %+v", before.Applied)
	}
}

// What is shown sums to what is charged where rounding each line wouldn't: 99 lines of 0.05 with 10 % off and 21 % tax.
func TestShownIsCharged(t *testing.T) {
	t.Parallel()
	for _, included := range []bool{true, false} {
		in := withRules(percent("a", 1000))
		in.Country.TaxIncluded, in.Items = included, nil
		for i := range 99 {
			in.Items = append(in.Items, item(fmt.Sprint("pin", i), 1, 5, "EUR", "", 0))
		}
		// 495 − 50 (49.5) = 445, + 495 of shipping = 940; with 21 % on top 197 (197.4).
		if q := price(t, in); q.Total.Minor != map[bool]int64{true: 940, false: 1137}[included] {
			t.Errorf("total %v", q.Total)
		}
	}
}

// Zero-decimal currencies aren't multiplied by a hundred anywhere: a tenth of 1980 yen is 198.
func TestZeroDecimalCurrency(t *testing.T) {
	t.Parallel()
	country := &pricing.Country{Code: "JP", Currency: "JPY", TaxIncluded: true, TaxRates: map[string]int64{"standard": 1000},
		Shipping: []pricing.ShippingMethod{flat("home", "JPY", 550)}}
	q := price(t, pricing.Input{Currency: "JPY", Country: country, Items: []pricing.Item{item("cup", 1, 1980, "JPY", "", 0)},
		Rules: []pricing.DiscountRule{percent("a", 1000)}})
	if q.Total.Minor != 1980-198+550 || q.Discount.Minor != 198 {
		t.Errorf("total %v, discount %v", q.Total, q.Discount)
	}
}
