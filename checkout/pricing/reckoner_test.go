package pricing_test

import (
	"fmt"
	"math/big"
	"sort"
	"strings"

	"kassa/checkout/pricing"
	"kassa/payments/money"
)

// reckoner prices a cart a second time, from what the package says it does and by nothing of what it does it with: in exact fractions,
// with every choice tried out, and without regard to speed.
type reckoner struct {
	in       pricing.Input
	settings pricing.Settings
	goods    []*thing // by sku and line
	options  []*way
	step     *big.Int
}

// thing is a line.
type thing struct {
	pricing.Item
	place    int // in the cart
	subtotal *big.Int
	left     *big.Int
	tax      *big.Int
	paid     *big.Int
}

// way is a shipping option.
type way struct {
	method   pricing.ShippingMethod
	store    *pricing.Location
	price    *big.Int // before what makes it free
	asked    *big.Int
	waived   *big.Int
	waivedBy string
}

// reckoned is all that two ways of pricing must agree on. Money is in minor units, as text.
type reckoned struct {
	Failure  string
	Lines    []string // discount, tax, total
	Applied  []string // rule, amount, allocations
	Refused  []string // code, reason
	Options  []string // id, price, discount, store
	Selected string
	Taxes    []string // rate in millionths, treatment, net, tax
	Sums     string   // subtotal, discount, shipping, tax, included, relief, total
}

func n(i int64) *big.Int { return big.NewInt(i) }

func product(a, b int64) *big.Int { return new(big.Int).Mul(n(a), n(b)) }

func plus(all ...*big.Int) *big.Int {
	sum := n(0)
	for _, one := range all {
		sum.Add(sum, one)
	}
	return sum
}

func less(a, b *big.Int) *big.Int { return new(big.Int).Sub(a, b) }

// nearest is a·num/den in steps, halves up.
func nearest(a *big.Int, num, den int64, step *big.Int) *big.Int {
	exact := new(big.Rat).SetFrac(new(big.Int).Mul(a, n(num)), new(big.Int).Mul(n(den), step))
	return new(big.Int).Mul(round(exact), step)
}

// deal gives out an amount step by step: what everyone is sure of first, then one step at a time to who is owed the largest part of one.
func deal(amount *big.Int, claims []*big.Int, step *big.Int) []*big.Int {
	whole, got, owed := plus(claims...), make([]*big.Int, len(claims)), make([]*big.Rat, len(claims))
	left := new(big.Int).Set(amount)
	for i, claim := range claims {
		got[i], owed[i] = n(0), new(big.Rat)
		if whole.Sign() > 0 {
			fair := new(big.Rat).SetFrac(new(big.Int).Mul(amount, claim), new(big.Int).Mul(whole, step))
			sure := new(big.Int).Quo(fair.Num(), fair.Denom())
			owed[i].Sub(fair, new(big.Rat).SetInt(sure))
			got[i].Mul(sure, step)
			left.Sub(left, got[i])
		}
	}
	for left.Sign() > 0 {
		most := 0
		for i := range claims {
			if owed[i].Cmp(owed[most]) > 0 {
				most = i
			}
		}
		owed[most].SetInt64(-1)
		got[most].Add(got[most], step)
		left.Sub(left, step)
	}
	return got
}

// reckon prices an input whose rulebook was made of the settings. Input.Discount is not reckoned with.
func reckon(in pricing.Input, settings pricing.Settings) reckoned {
	r := &reckoner{in: in, settings: settings, step: n(in.Currency.Step())}
	for i, item := range in.Items {
		subtotal := product(item.Unit.Minor, item.Quantity)
		r.goods = append(r.goods, &thing{Item: item, place: i, subtotal: subtotal, left: subtotal, tax: n(0)})
	}
	sort.Slice(r.goods, func(i, j int) bool {
		return r.goods[i].SKU+"\x00"+r.goods[i].LineID < r.goods[j].SKU+"\x00"+r.goods[j].LineID
	})
	if failure := r.findWays(); failure != "" {
		return reckoned{Failure: failure}
	}
	won, refused := r.chooseRules()
	out := r.apply(won)
	all := reckoned{Refused: refused, Selected: out.selected}
	r.tell(&all, won, out)
	return all
}

// isFor tells whether a rule is for a line.
func isFor(rule pricing.DiscountRule, g *thing) bool {
	everything := len(rule.Products)+len(rule.Categories) == 0
	return !common(g.Categories, rule.ExceptCategories) &&
		(everything || common([]string{g.SKU}, rule.Products) || common(g.Categories, rule.Categories))
}

// objection says why a rule doesn't hold, "" if it does.
func (r *reckoner) objection(rule pricing.DiscountRule) pricing.Reason {
	ships, covered, worth := false, 0, n(0)
	for _, g := range r.goods {
		ships = ships || g.Shippable
		if isFor(rule, g) {
			covered++
			worth.Add(worth, g.subtotal)
		}
	}
	here := len(rule.Countries) == 0
	if r.in.Country != nil {
		here = here || common([]string{r.in.Country.Code}, rule.Countries)
	}
	_, amount := rule.Amounts[r.in.Currency]
	minimum, hasMinimum := rule.Minimum[r.in.Currency]
	for _, objection := range []struct {
		holds  bool
		reason pricing.Reason
	}{
		{!rule.From.IsZero() && r.in.Now.Before(rule.From), pricing.ReasonNotYetValid},
		{!rule.Until.IsZero() && !r.in.Now.Before(rule.Until), pricing.ReasonExpired},
		{r.in.UsedUp[rule.ID], pricing.ReasonUsedUp},
		{rule.FirstOrder && !r.in.FirstOrder, pricing.ReasonNotFirstOrder},
		{!here, pricing.ReasonNotInCountry},
		{covered == 0 || rule.FreeShipping && !ships, pricing.ReasonNotForProducts},
		{len(rule.Amounts) > 0 && !amount || len(rule.Minimum) > 0 && !hasMinimum, pricing.ReasonWrongCurrency},
		{worth.Cmp(n(minimum)) < 0, pricing.ReasonMinimumNotReached},
	} {
		if objection.holds {
			return objection.reason
		}
	}
	return ""
}

// chooseRules tries all that combine, and each exclusive rule, and keeps what is cheapest; and tells what becomes of codes.
func (r *reckoner) chooseRules() (won []pricing.DiscountRule, refused []string) {
	first := map[string]int{}
	for i := len(r.in.Codes) - 1; i >= 0; i-- {
		if code := strings.ToUpper(strings.TrimSpace(r.in.Codes[i])); code != "" {
			first[code] = i
		}
	}
	why := map[int]pricing.Reason{}
	for _, i := range first {
		why[i] = pricing.ReasonUnknown
	}
	var holding, combined []pricing.DiscountRule
	for _, rule := range append(append([]pricing.DiscountRule{}, r.settings.Discounts...), r.in.Rules...) {
		i, typed := first[strings.ToUpper(rule.Code)]
		if rule.Code != "" && !typed {
			continue
		}
		reason := r.objection(rule)
		if rule.Code != "" {
			why[i] = reason
		}
		if reason == "" {
			holding = append(holding, rule)
		}
	}
	sort.Slice(holding, func(i, j int) bool { return turn(holding[i]) < turn(holding[j]) })
	var choices [][]pricing.DiscountRule
	for _, rule := range holding {
		if rule.Exclusive {
			choices = append(choices, []pricing.DiscountRule{rule})
		} else {
			combined = append(combined, rule)
		}
	}
	if len(combined) > 0 || len(choices) == 0 {
		choices = append([][]pricing.DiscountRule{combined}, choices...)
	}
	won = choices[0]
	for _, choice := range choices {
		if r.apply(choice).due.Cmp(r.apply(won).due) < 0 {
			won = choice
		}
	}
	gave := r.apply(won).gave
	for _, rule := range holding {
		_, useful := gave[rule.ID]
		if rule.Code == "" || useful {
			continue
		}
		in := false
		for _, other := range won {
			in = in || other.ID == rule.ID
		}
		reason := pricing.ReasonNoEffect
		if !in && len(gave) > 0 {
			reason = pricing.ReasonNotCombinable
		}
		why[first[strings.ToUpper(rule.Code)]] = reason
	}
	for i := range r.in.Codes {
		if reason := why[i]; reason != "" {
			refused = append(refused, fmt.Sprint(i, " ", reason))
		}
	}
	return won, refused
}

// turn is where a rule comes when they are applied, as text that sorts.
func turn(rule pricing.DiscountRule) string {
	priority, kind := rule.Priority, "a"
	if priority == 0 {
		priority = 100
	}
	if len(rule.Amounts) > 0 {
		kind = "b"
	}
	if rule.FreeShipping {
		kind = "c"
	}
	return fmt.Sprintf("%010d %s %s", priority, kind, rule.ID)
}

// outcome is what applying rules comes to.
type outcome struct {
	due      *big.Int
	gave     map[string]*big.Int // by rule; zero for free shipping that isn't known yet
	parts    map[string]map[int]*big.Int
	selected string
}

// apply applies rules to all lines anew, in the order in which they stand.
func (r *reckoner) apply(rules []pricing.DiscountRule) outcome {
	out := outcome{due: n(0), gave: map[string]*big.Int{}, parts: map[string]map[int]*big.Int{}}
	for _, g := range r.goods {
		g.left = g.subtotal
	}
	for _, rule := range rules {
		if !rule.FreeShipping {
			r.takeOff(rule, out)
		}
	}
	for _, g := range r.goods {
		out.due = plus(out.due, g.left)
	}
	worth := out.due
	for _, w := range r.options {
		w.asked, w.waived, w.waivedBy = w.price, n(0), ""
		if from, ok := w.method.FreeFrom[r.in.Currency]; ok && worth.Cmp(n(from)) >= 0 {
			w.asked = n(0)
		}
		for _, rule := range rules {
			if rule.FreeShipping && w.waivedBy == "" && (len(rule.Methods) == 0 || common(rule.Methods, []string{w.method.ID})) {
				w.waived, w.waivedBy = w.asked, rule.ID
			}
		}
	}
	if w := r.chosenWay(); w != nil {
		out.selected = w.method.ID
		out.due = plus(out.due, less(w.asked, w.waived))
		if w.waived.Sign() > 0 {
			out.gave[w.waivedBy] = w.waived
			out.parts[w.waivedBy] = map[int]*big.Int{pricing.AllocatedToShipping: w.waived}
		}
	}
	for _, rule := range rules {
		if rule.FreeShipping && r.in.Country == nil {
			out.gave[rule.ID] = n(0)
		}
	}
	return out
}

func (r *reckoner) takeOff(rule pricing.DiscountRule, out outcome) {
	var mine []*thing
	var claims []*big.Int
	for _, g := range r.goods {
		if isFor(rule, g) {
			mine, claims = append(mine, g), append(claims, g.left)
		}
	}
	base := plus(claims...)
	amount := nearest(base, rule.BasisPoints, 10000, r.step)
	if len(rule.Amounts) > 0 {
		if amount = n(rule.Amounts[r.in.Currency]); amount.Cmp(base) > 0 {
			amount = base
		}
	}
	if amount.Sign() == 0 {
		return
	}
	out.gave[rule.ID], out.parts[rule.ID] = amount, map[int]*big.Int{}
	for i, part := range deal(amount, claims, r.step) {
		mine[i].left = less(mine[i].left, part)
		if part.Sign() > 0 {
			out.parts[rule.ID][mine[i].place] = part
		}
	}
}

// tell writes the rules that won and the tax on what they leave into the result.
func (r *reckoner) tell(all *reckoned, won []pricing.DiscountRule, out outcome) {
	for _, rule := range won {
		if amount, ok := out.gave[rule.ID]; ok {
			all.Applied = append(all.Applied, fmt.Sprint(rule.ID, " ", amount, " ", out.parts[rule.ID]))
		}
	}
	subtotal, discount, shipping, added, included, relief := n(0), n(0), n(0), n(0), n(0), n(0)
	w := r.chosenWay()
	if r.in.Country != nil {
		added, included, relief = r.taxes(all, w)
	}
	lines := make([]string, len(r.goods))
	for _, g := range r.goods {
		subtotal, discount = plus(subtotal, g.subtotal), plus(discount, less(g.subtotal, g.left))
		paid := g.left
		if g.paid != nil {
			paid = g.paid
		}
		lines[g.place] = fmt.Sprint(less(g.subtotal, g.left), " ", g.tax, " ", paid)
	}
	all.Lines = lines
	for _, w := range r.options {
		store := ""
		if w.store != nil {
			store = w.store.ID
		}
		all.Options = append(all.Options, fmt.Sprint(w.method.ID, " ", w.asked, " ", w.waived, " ", store))
	}
	if w != nil {
		shipping, discount = w.asked, plus(discount, w.waived)
	}
	total := less(plus(subtotal, shipping, added), plus(discount, relief))
	all.Sums = fmt.Sprint(subtotal, " ", discount, " ", shipping, " ", added, " ", included, " ", relief, " ", total)
}

// spoken puts a quote into the form of what was reckoned.
func spoken(in pricing.Input, q pricing.Quote) reckoned {
	all := reckoned{Lines: []string{}}
	for _, l := range q.Lines {
		all.Lines = append(all.Lines, fmt.Sprint(l.Discount.Minor, " ", l.Tax.Minor, " ", l.Total.Minor))
	}
	for _, a := range q.Applied {
		parts := map[int]int64{}
		for _, part := range a.Allocations {
			parts[part.Line] = part.Amount.Minor
		}
		all.Applied = append(all.Applied, fmt.Sprint(a.RuleID, " ", a.Amount.Minor, " ", parts))
	}
	for _, c := range q.Refused {
		all.Refused = append(all.Refused, fmt.Sprint(c.Index, " ", c.Reason))
	}
	for _, o := range q.Options {
		all.Options = append(all.Options, fmt.Sprint(o.ID, " ", o.Price.Minor, " ", o.Discount.Minor, " ", o.Pickup))
	}
	for _, tax := range q.Taxes {
		all.Taxes = append(all.Taxes, fmt.Sprint(tax.Rate*100+tax.Rest, " ", tax.Treatment, " ", tax.Net.Minor, " ", tax.Tax.Minor))
	}
	all.Selected = q.Selected
	minor := func(m money.Money) int64 { return m.Minor }
	all.Sums = fmt.Sprint(minor(q.Subtotal), " ", minor(q.Discount), " ", minor(q.Shipping), " ", minor(q.Tax), " ", minor(q.IncludedTax), " ",
		minor(q.Relief()), " ", minor(q.Total))
	return all
}
