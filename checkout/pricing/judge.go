package pricing

import (
	"fmt"
	"slices"

	"kassa/payments/money"
)

// rule is a discount rule made ready to be asked.
type rule struct {
	*DiscountRule
	products, categories, except map[string]bool
}

func ready(r *DiscountRule) *rule {
	return &rule{r, setOf(r.Products), setOf(r.Categories), setOf(r.ExceptCategories)}
}

func setOf(names []string) map[string]bool {
	if len(names) == 0 {
		return nil
	}
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

// covers reports whether the rule is for an item.
func (r *rule) covers(item *Item) bool {
	among := func(set map[string]bool) bool {
		return len(set) > 0 && slices.ContainsFunc(item.Categories, func(c string) bool { return set[c] })
	}
	if among(r.except) {
		return false
	}
	return len(r.products) == 0 && len(r.categories) == 0 || r.products[item.SKU] || among(r.categories)
}

// candidate is a rule that holds for the cart.
type candidate struct {
	*rule
	lines []int // what it is for
	code  int   // index in Input.Codes, -1 if it is automatic
}

// judge finds the rules that hold, in the order of application, and says of each code that brings none why.
func (q *Quote) judge(in Input, b contents) ([]candidate, error) {
	automatic, byCode, err := in.rules()
	if err != nil {
		return nil, err
	}
	found := make([]candidate, 0, len(automatic))
	for _, r := range automatic {
		c := candidate{rule: r, code: -1}
		if reason := q.ask(in, b, &c); reason == "" {
			found = append(found, c)
		}
	}
	seen := make(map[string]bool, len(in.Codes))
	for i, typed := range in.Codes {
		code := NormalizeCode(typed)
		if code == "" || seen[code] {
			continue
		}
		seen[code] = true
		c := candidate{rule: byCode(code), code: i}
		reason := ReasonUnknown
		if c.rule != nil {
			reason = q.ask(in, b, &c)
		}
		if reason != "" {
			q.refuse(in, c, reason)
			continue
		}
		found = append(found, c)
	}
	slices.SortFunc(found, func(a, b candidate) int { return compareRules(a.rule, b.rule) })
	return found, nil
}

// rules are those of the settings and those that came besides: the automatic ones, and a way to find the others.
func (in Input) rules() (automatic []*rule, byCode func(string) *rule, err error) {
	settled := in.Rulebook
	if settled == nil {
		settled = &Rulebook{}
	}
	automatic = settled.automatic
	own, ids := map[string]*rule{}, map[string]bool{}
	for i := range in.Rules {
		r := ready(&in.Rules[i])
		if err := r.Validate(); err != nil {
			return nil, nil, fmt.Errorf("%w: %q: %w", ErrRule, r.ID, err)
		}
		code := NormalizeCode(r.Code)
		if ids[r.ID] || settled.ids[r.ID] || code != "" && (own[code] != nil || settled.byCode[code] != nil) {
			return nil, nil, fmt.Errorf("%w: %q: its id or code is that of another", ErrRule, r.ID)
		}
		ids[r.ID] = true
		if code == "" {
			automatic = append(slices.Clip(automatic), r)
		} else {
			own[code] = r
		}
	}
	return automatic, func(code string) *rule {
		if r := own[code]; r != nil {
			return r
		}
		return settled.byCode[code]
	}, nil
}

// ask finds the lines that a rule is for, or why it doesn't hold.
func (q *Quote) ask(in Input, b contents, c *candidate) Reason {
	if reason := c.circumstances(in); reason != "" {
		return reason
	}
	c.lines = b.all
	if c.products != nil || c.categories != nil || c.except != nil {
		c.lines = nil
		for i := range in.Items {
			if c.covers(&in.Items[i]) {
				c.lines = append(c.lines, i)
			}
		}
	}
	if len(c.lines) == 0 || c.FreeShipping && !b.ships {
		return ReasonNotForProducts
	}
	_, amount := c.Amounts[in.Currency]
	minimum, from := c.Minimum[in.Currency]
	switch {
	case len(c.Amounts) > 0 && !amount, len(c.Minimum) > 0 && !from:
		return ReasonWrongCurrency
	case from && q.subtotalOf(c.lines) < minimum:
		return ReasonMinimumNotReached
	}
	return ""
}

// circumstances asks what has nothing to do with what is in the cart.
func (r *rule) circumstances(in Input) Reason {
	switch {
	case !r.From.IsZero() && in.Now.Before(r.From):
		return ReasonNotYetValid
	case !r.Until.IsZero() && !in.Now.Before(r.Until):
		return ReasonExpired
	case in.UsedUp[r.ID]:
		return ReasonUsedUp
	case r.FirstOrder && !in.FirstOrder:
		return ReasonNotFirstOrder
	case len(r.Countries) > 0 && (in.Country == nil || !slices.Contains(r.Countries, in.Country.Code)):
		return ReasonNotInCountry
	}
	return ""
}

// subtotalOf sums lines before discount. It can't overflow: the sum of all lines didn't.
func (q *Quote) subtotalOf(lines []int) int64 {
	total := int64(0)
	for _, i := range lines {
		total += q.Lines[i].Subtotal.Minor
	}
	return total
}

// refuse says why a code gives nothing.
func (q *Quote) refuse(in Input, c candidate, reason Reason) {
	refused := RefusedCode{Index: c.code, Code: in.Codes[c.code], Reason: reason}
	if reason == ReasonMinimumNotReached {
		refused.Minimum = money.New(c.Minimum[in.Currency], in.Currency)
	}
	q.Refused = append(q.Refused, refused)
}
