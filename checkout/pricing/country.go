package pricing

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"kassa/payments/money"
)

const (
	defaultLanguage = "en"
	longestDays     = 366
	longestID       = 64
)

// Country is how the shop sells to a country. Shop settings hold one for each.
type Country struct {
	// Code is the country's ISO 3166-1 alpha-2 code.
	Code string `json:"code"`
	// Currency is the one that carts from the country get if they don't ask for another.
	Currency money.Currency `json:"currency"`
	// TaxIncluded tells whether prices, those of shipping too, include tax or have it added.
	TaxIncluded bool `json:"tax_included"`
	// TaxRates are basis points by the tax categories of products. There is always one for [StandardRate].
	TaxRates map[string]int64 `json:"tax_rates"`
	// Shipping lists the ways to ship, in the order in which they are shown. None: nothing that must be shipped can be sold there.
	Shipping []ShippingMethod `json:"shipping"`
	// ReturnDays is how long an order may be returned, zero for not at all.
	ReturnDays int `json:"return_days"`
	// PayButton is the label of the button that pays, where the law wants certain words, "" where it doesn't.
	PayButton string `json:"pay_button,omitempty"`
}

// ShippingMethod is a way to ship at a flat price.
type ShippingMethod struct {
	ID string `json:"id"`
	// Title is what the shopper reads, by language; "" or "en" is shown where a language has none.
	Title   map[string]string `json:"title"`
	Carrier string            `json:"carrier,omitempty"`
	// Prices are ISO minor units by currency. In a currency without a price the method isn't offered.
	Prices map[money.Currency]int64 `json:"prices"`
	// MinDays and MaxDays are the delivery window, in working days after the order.
	MinDays int `json:"min_days"`
	MaxDays int `json:"max_days"`
}

// FieldError says what is wrong with a field of the settings, such as "countries.NL.tax_rates.standard".
type FieldError struct {
	Field, Problem string
}

func (e FieldError) Error() string { return e.Field + " " + e.Problem }

// FieldErrors are all that is wrong with a country.
type FieldErrors []FieldError

func (e FieldErrors) Error() string {
	texts := make([]string, len(e))
	for i, field := range e {
		texts[i] = field.Error()
	}
	return strings.Join(texts, "; ")
}

// Validate returns nil, or [FieldErrors] that name each wrong field as "countries.CODE.…", in a fixed order.
func (c Country) Validate() error {
	v := validation{prefix: "countries." + c.Code + "."}
	v.require(len(c.Code) == 2 && isUpper(c.Code), "code", "must be an ISO 3166-1 alpha-2 code in upper case")
	v.requireCurrency(c.Currency, "currency")
	if _, ok := c.TaxRates[StandardRate]; !ok {
		v.fail("tax_rates."+StandardRate, "is missing")
	}
	for _, category := range slices.Sorted(maps.Keys(c.TaxRates)) {
		rate := c.TaxRates[category]
		v.require(category != "", "tax_rates", "has a category without a name")
		v.require(rate >= 0 && rate <= wholeRate, "tax_rates."+category, fmt.Sprintf("must be 0 to %d basis points", wholeRate))
	}
	v.require(c.ReturnDays >= 0, "return_days", "must not be negative")
	seen := map[string]bool{}
	for i, method := range c.Shipping {
		field := fmt.Sprintf("shipping[%d]", i)
		v.require(!seen[method.ID], field+".id", "occurs twice")
		seen[method.ID] = true
		v.checkMethod(method, field)
		if _, ok := method.Prices[c.Currency]; !ok {
			v.fail(field+".prices."+string(c.Currency), "is missing: it is the country's currency")
		}
	}
	if len(v.errors) == 0 {
		return nil
	}
	return v.errors
}

// validation collects what is wrong.
type validation struct {
	prefix string
	errors FieldErrors
}

func (v *validation) fail(field, problem string) {
	v.errors = append(v.errors, FieldError{Field: v.prefix + field, Problem: problem})
}

func (v *validation) require(ok bool, field, problem string) {
	if !ok {
		v.fail(field, problem)
	}
}

func (v *validation) requireCurrency(c money.Currency, field string) {
	known, err := money.ParseCurrency(string(c))
	v.require(err == nil && known == c, field, "must be an ISO 4217 code in upper case that can be charged")
}

func (v *validation) checkMethod(m ShippingMethod, field string) {
	v.require(m.ID != "" && len(m.ID) <= longestID, field+".id", fmt.Sprintf("must have 1 to %d characters", longestID))
	v.require(m.Title[""] != "" || m.Title[defaultLanguage] != "", field+".title", "needs a default, under \"\" or \""+defaultLanguage+"\"")
	for _, c := range slices.Sorted(maps.Keys(m.Prices)) {
		name := field + ".prices." + string(c)
		v.requireCurrency(c, name)
		v.require(m.Prices[c] >= 0, name, "must not be negative")
		v.require(m.Prices[c]%c.Step() == 0, name, fmt.Sprintf("must be a multiple of %d, as charges in it are", c.Step()))
	}
	v.require(m.MinDays >= 0, field+".min_days", "must not be negative")
	v.require(m.MaxDays >= m.MinDays && m.MaxDays <= longestDays, field+".max_days", fmt.Sprintf("must be min_days to %d", longestDays))
}

func isUpper(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' }) < 0
}
