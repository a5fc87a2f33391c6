package checkout

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"kassa/payments"
	"kassa/payments/money"
)

// MethodRule is how the shop offers one type of payment method. What it leaves out is as the provider has it.
type MethodRule struct {
	Type      string                   `json:"type"`                // provider's word: card, ideal, bancontact …
	Countries []string                 `json:"countries,omitempty"` // of shoppers; none = where the method is at home
	Platforms []payments.Platform      `json:"platforms,omitempty"` // ios, android, web; none = wherever it works
	Minimum   map[money.Currency]int64 `json:"minimum,omitempty"`   // least total, minor units
	Maximum   map[money.Currency]int64 `json:"maximum,omitempty"`   // greatest total, minor units
	// Capture is when money is taken: "" and "automatic" at once; "manual" holds it, the order stands, and shipping takes it.
	// Cards only: that other methods can't wait is no reason to make the shop's cards hurry.
	Capture string `json:"capture,omitempty"`
}

// Values of MethodRule.Capture.
const (
	CaptureAutomatic = "automatic"
	CaptureManual    = "manual"
)

// methods are the shop's rules, cards alone where it has none.
func (s Shop) methods() []MethodRule {
	if len(s.Methods) == 0 {
		return []MethodRule{{Type: "card"}}
	}
	return s.Methods
}

func (s Shop) methodRule(kind string) (MethodRule, bool) {
	rules := s.methods()
	i := slices.IndexFunc(rules, func(r MethodRule) bool { return r.Type == kind })
	if i < 0 {
		return MethodRule{}, false
	}
	return rules[i], true
}

// holdsCards reports whether cards are charged by holding the money first.
func (s Shop) holdsCards() bool {
	rule, ok := s.methodRule("card")
	return ok && rule.Capture == CaptureManual
}

func limitsOf(r MethodRule, c money.Currency) (least, most int64) {
	most = math.MaxInt64
	if m, ok := r.Maximum[c]; ok {
		most = m
	}
	return r.Minimum[c], most
}

// validateMethods reports every contradiction in the rules, each naming its field.
func (s Shop) validateMethods(bad func(field, text string)) {
	seen := map[string]bool{}
	for i, r := range s.Methods {
		at := "methods[" + strconv.Itoa(i) + "]"
		method, known := payments.MethodOf(r.Type)
		switch {
		case !known:
			bad(at+".type", "unknown payment method "+strconv.Quote(r.Type))
		case seen[r.Type]:
			bad(at+".type", r.Type+" is listed already")
		case method.Ended != "":
			bad(at+".type", r.Type+" can't be offered: "+method.Ended)
		case len(method.Merchants) > 0 && !slices.Contains(method.Merchants, s.Country):
			bad(at+".type", r.Type+" is not for merchant accounts of "+s.Country)
		default:
			s.validateReach(at, method, r, bad)
			s.validateLimits(at, method, r, bad)
		}
		seen[r.Type] = true
		switch r.Capture {
		case "", CaptureAutomatic:
		case CaptureManual:
			if r.Type != "card" {
				bad(at+".capture", "only cards can be captured later")
			}
		default:
			bad(at+".capture", "must be "+CaptureAutomatic+" or "+CaptureManual)
		}
	}
}

// validateReach checks where a rule offers its method: a rule that can never hold is a mistake.
func (s Shop) validateReach(at string, method payments.Method, r MethodRule, bad func(field, text string)) {
	for j, c := range r.Countries {
		field := at + ".countries[" + strconv.Itoa(j) + "]"
		if _, sold := s.Countries[c]; !isCountry(c) {
			bad(field, "must be an ISO 3166-1 alpha-2 code")
		} else if !sold {
			bad(field, "the shop sells nothing in "+c)
		}
	}
	for j, p := range r.Platforms {
		switch field := at + ".platforms[" + strconv.Itoa(j) + "]"; {
		case !slices.Contains(payments.Platforms, p):
			bad(field, "must be ios, android or web")
		case !method.At(p):
			bad(field, r.Type+" can't be opened on "+string(p))
		}
	}
	countries := r.Countries
	if len(countries) == 0 {
		countries = method.Countries
	}
	var sold []string
	reached := len(countries) == 0
	for code, c := range s.Countries {
		sold = append(sold, string(c.Currency))
		reached = reached || slices.Contains(countries, code)
	}
	if !slices.ContainsFunc(sold, func(c string) bool { return method.Takes(money.Currency(c)) }) {
		slices.Sort(sold)
		bad(at+".type", r.Type+" takes none of the shop's currencies: "+strings.Join(slices.Compact(sold), ", "))
	}
	if !reached {
		bad(at+".countries", "the shop sells to none of them: "+strings.Join(countries, ", "))
	}
}

func (s Shop) validateLimits(at string, method payments.Method, r MethodRule, bad func(field, text string)) {
	for name, limits := range map[string]map[money.Currency]int64{"minimum": r.Minimum, "maximum": r.Maximum} {
		for _, c := range slices.Sorted(maps.Keys(limits)) {
			field := at + "." + name + "." + string(c)
			switch _, err := money.ParseCurrency(string(c)); {
			case err != nil:
				bad(field, "unknown currency")
			case !method.Takes(c):
				bad(field, r.Type+" can't be charged in "+string(c))
			case !s.sellsIn(c):
				bad(field, "the shop sells nothing in "+string(c))
			case limits[c] < 0:
				bad(field, "can't be negative")
			}
		}
	}
	for _, c := range slices.Sorted(maps.Keys(r.Maximum)) {
		if r.Maximum[c] < r.Minimum[c] {
			bad(at+".maximum."+string(c), "is below the minimum")
		}
	}
}

// sellsIn reports whether carts can be in a currency.
func (s Shop) sellsIn(c money.Currency) bool {
	for _, country := range s.Countries {
		if country.Currency == c {
			return true
		}
	}
	return false
}
