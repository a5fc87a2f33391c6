package pricing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"kassa/payments/money"
)

// DefaultPriority is that of a rule which has none.
const DefaultPriority = 100

// DiscountRule is a discount that a shop gives: to whoever has its code, or without one to every cart that fulfills its conditions.
// It gives exactly one of BasisPoints, Amounts and FreeShipping.
type DiscountRule struct {
	// ID names the rule where its uses are counted. Rules with limits must keep theirs.
	ID string `json:"id"`
	// Title is what the shopper reads, by language; "" or "en" is shown where a language has none.
	Title map[string]string `json:"title"`
	// Code is what the shopper types, in any case; "" makes the rule automatic.
	Code string `json:"code,omitempty"`
	// Minted rules are never given by themselves: the shop makes codes of them, each for one cart. They have no code of their own.
	Minted bool `json:"minted,omitempty"`

	// BasisPoints is a part of the price: 1000 is 10 %.
	BasisPoints int64 `json:"basis_points,omitempty"`
	// Amounts are taken off once, not for each product; ISO minor units by currency. In another currency the rule gives nothing.
	Amounts map[money.Currency]int64 `json:"amounts,omitempty"`
	// FreeShipping takes off what shipping costs.
	FreeShipping bool `json:"free_shipping,omitempty"`
	// Methods are the ids of the shipping methods that FreeShipping is for, none for all.
	Methods []string `json:"methods,omitempty"`

	// Products (by sku) and Categories are what the rule is for: whatever is in either, or all if both are empty, but never what is in one
	// of ExceptCategories, such as books whose price the law fixes. Free shipping needs one such product in the cart.
	Products         []string `json:"products,omitempty"`
	Categories       []string `json:"categories,omitempty"`
	ExceptCategories []string `json:"except_categories,omitempty"`
	// Minimum is the subtotal from which on the rule holds, of the products that it is for and before any discount; ISO minor units by
	// currency. If there is a minimum, then in a currency without one the rule gives nothing.
	Minimum map[money.Currency]int64 `json:"minimum,omitempty"`
	// From and Until are the first instant at which the rule holds and the first at which it doesn't any more; zero for no bound.
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// FirstOrder restricts the rule to buyers who have ordered nothing before.
	FirstOrder bool `json:"first_order,omitempty"`
	// Countries are where the order may go to, none for everywhere.
	Countries []string `json:"countries,omitempty"`

	// Limit and PerPerson are how often the rule may be used in all and by one person, zero for no limit. They are the caller's to count.
	Limit     int64 `json:"limit,omitempty"`
	PerPerson int64 `json:"per_person,omitempty"`
	// Exclusive rules apply alone; the others combine with each other.
	Exclusive bool `json:"exclusive,omitempty"`
	// Priority is the place in the order of application, the lowest first; zero means [DefaultPriority].
	Priority int `json:"priority,omitempty"`
}

// NormalizeCode is the form in which codes are compared: without spaces, in upper case. No code has spaces, and what is copied from a
// message or read out on the phone often does.
func NormalizeCode(code string) string {
	return strings.ToUpper(strings.Join(strings.Fields(code), ""))
}

// TitleIn is the rule's title in the language of a BCP 47 tag, else its default title, else its id.
func (r DiscountRule) TitleIn(language string) string { return titleIn(r.Title, language, r.ID) }

func (r DiscountRule) priority() int {
	if r.Priority == 0 {
		return DefaultPriority
	}
	return r.Priority
}

// kind is the place of what the rule gives in the order of application among rules of one priority.
func (r DiscountRule) kind() int {
	switch {
	case r.FreeShipping:
		return 2
	case len(r.Amounts) > 0:
		return 1
	}
	return 0
}

// compareRules is the order of application. Ids differ, so that it leaves nothing to the order in which rules came.
func compareRules(a, b *rule) int {
	return cmp.Or(cmp.Compare(a.priority(), b.priority()), cmp.Compare(a.kind(), b.kind()), cmp.Compare(a.ID, b.ID))
}

// Validate returns nil, or [FieldErrors] that name each wrong field, in a fixed order. What a rule says of countries, categories and
// shipping methods is checked by [Settings.Validate].
func (r DiscountRule) Validate() error {
	v := validation{}
	v.checkRule(r)
	return v.result()
}

// isCode keeps codes to what every keyboard types and no font confuses with nothing: 1 to 64 letters, digits, - and _.
func isCode(s string) bool {
	return s != "" && len(s) <= 64 && strings.IndexFunc(s, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		return !letter && (r < '0' || r > '9') && r != '-' && r != '_'
	}) < 0
}

func (v *validation) checkRule(r DiscountRule) {
	v.requireID(r.ID, "id")
	v.requireTitle(r.Title, "title")
	v.require(r.Code == "" || isCode(r.Code), "code", "must be 1 to 64 letters, digits, - and _")
	v.require(!r.Minted || r.Code == "", "code", "must not stand with minted: its codes are made")
	v.require(!r.Minted || r.Limit == 0, "limit", "must not stand with minted: each of its codes is good once")
	v.require(!r.Minted || r.PerPerson == 0, "per_person", "must not stand with minted: each of its codes is good once")
	v.checkGift(r)
	v.checkAmounts(r.Minimum, "minimum", 1)
	v.require(r.From.IsZero() || r.Until.IsZero() || r.From.Before(r.Until), "until", "must be after from")
	v.checkNames(r.Products, "products")
	v.checkNames(r.Categories, "categories")
	v.checkNames(r.ExceptCategories, "except_categories")
	for i, category := range r.ExceptCategories {
		v.require(!slices.Contains(r.Categories, category), element("except_categories", i), "is also one of categories")
	}
	v.checkNames(r.Countries, "countries")
	v.require(r.Limit >= 0, "limit", "must not be negative")
	v.require(r.PerPerson >= 0, "per_person", "must not be negative")
	v.require(r.Limit <= 0 || r.PerPerson <= r.Limit, "per_person", "must not be more than limit")
	v.require(!r.FirstOrder || r.PerPerson <= 1, "per_person", "must not be more than 1 with first_order")
	v.require(r.Priority >= 0, "priority", "must not be negative")
}

// checkGift checks what a rule gives.
func (v *validation) checkGift(r DiscountRule) {
	given := 0
	for _, gives := range []bool{r.BasisPoints != 0, len(r.Amounts) > 0, r.FreeShipping} {
		if gives {
			given++
		}
	}
	v.require(given > 0, "basis_points", "is missing, as are amounts and free_shipping: the rule gives nothing")
	v.require(given < 2, "basis_points", "must not stand with amounts or free_shipping, nor they with each other")
	v.require(r.BasisPoints >= 0 && r.BasisPoints <= wholeRate, "basis_points", fmt.Sprintf("must be 1 to %d, which is 100 %%", wholeRate))
	v.checkAmounts(r.Amounts, "amounts", 1)
	v.require(r.FreeShipping || len(r.Methods) == 0, "methods", "is for free_shipping only")
	v.checkNames(r.Methods, "methods")
}
