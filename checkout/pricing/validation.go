package pricing

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"kassa/payments/money"
)

// FieldError says what is wrong with a field of the settings, such as "countries.NL.tax_rates.standard".
type FieldError struct {
	Field, Problem string
}

func (e FieldError) Error() string { return e.Field + " " + e.Problem }

// FieldErrors are all that is wrong with a part of the settings.
type FieldErrors []FieldError

func (e FieldErrors) Error() string {
	texts := make([]string, len(e))
	for i, field := range e {
		texts[i] = field.Error()
	}
	return strings.Join(texts, "; ")
}

// validation collects what is wrong.
type validation struct {
	prefix string
	errors FieldErrors
}

func (v *validation) result() error {
	if len(v.errors) == 0 {
		return nil
	}
	return v.errors
}

// within runs checks of which each names its fields from here on.
func (v *validation) within(field string, check func()) {
	outer := v.prefix
	v.prefix += field + "."
	check()
	v.prefix = outer
}

func (v *validation) fail(field, problem string) {
	v.errors = append(v.errors, FieldError{Field: v.prefix + field, Problem: problem})
}

// element is a field of a list.
func element(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }

// require is asked a few hundred times in each start of a function: its texts are put together without fmt.
func (v *validation) require(ok bool, field, problem string) {
	if !ok {
		v.fail(field, problem)
	}
}

func (v *validation) requireID(id, field string) {
	v.require(id != "" && len(id) <= longestID, field, "must have 1 to "+strconv.Itoa(longestID)+" characters")
}

func (v *validation) requireTitle(title map[string]string, field string) {
	v.require(title[""] != "" || title[defaultLanguage] != "", field, "needs a default, under \"\" or \""+defaultLanguage+"\"")
}

func (v *validation) requireCountry(code, field string) {
	v.require(len(code) == 2 && isUpper(code), field, "must be an ISO 3166-1 alpha-2 code in upper case")
}

func (v *validation) requireCurrency(c money.Currency, field string) {
	known, err := money.ParseCurrency(string(c))
	v.require(err == nil && known == c, field, "must be an ISO 4217 code in upper case that can be charged")
}

// checkAmounts checks amounts by currency, of which each is at least the least.
func (v *validation) checkAmounts(amounts map[money.Currency]int64, field string, least int64) {
	problem := "must not be negative"
	if least > 0 {
		problem = "must be at least " + strconv.FormatInt(least, 10)
	}
	for _, c := range slices.Sorted(maps.Keys(amounts)) {
		name := field + "." + string(c)
		v.requireCurrency(c, name)
		v.require(amounts[c] >= least, name, problem)
		if amounts[c]%c.Step() != 0 {
			v.fail(name, fmt.Sprintf("must be a multiple of %d, as charges in it are", c.Step()))
		}
	}
}

// requireOwn demands an amount in a country's own currency where there are amounts at all.
func (v *validation) requireOwn(amounts map[money.Currency]int64, own money.Currency, field, of string) {
	if _, ok := amounts[own]; !ok && len(amounts) > 0 {
		v.fail(field+"."+string(own), "is missing: it is the currency of "+of)
	}
}

// requireSold refuses amounts in currencies that no cart can be in: nobody would ever see them.
func (v *validation) requireSold(amounts map[money.Currency]int64, sold map[money.Currency]bool, field string) {
	for _, c := range slices.Sorted(maps.Keys(amounts)) {
		if known, err := money.ParseCurrency(string(c)); err == nil && known == c {
			v.require(sold[c], field+"."+string(c), "is in a currency that the settings sell in nowhere")
		}
	}
}

// checkNames checks a list of names, of which none is empty or occurs twice.
func (v *validation) checkNames(names []string, field string) {
	seen := make(map[string]bool, len(names))
	for i, name := range names {
		v.require(name != "", element(field, i), "must not be empty")
		v.require(!seen[name], element(field, i), "occurs twice")
		seen[name] = true
	}
}

// requireKnown demands that what a list refers to exists.
func requireKnown[T any](v *validation, names []string, known map[string]T, field, kind string) {
	for i, name := range names {
		if _, ok := known[name]; !ok {
			v.fail(element(field, i), fmt.Sprintf("is no %s of the settings: %q", kind, name))
		}
	}
}

// isTime reports a time of day as HH:MM.
func isTime(text string) bool {
	if len(text) != len("HH:MM") || text[2] != ':' {
		return false
	}
	hour, minute := text[:2], text[3:]
	return isDigits(hour) && isDigits(minute) && hour <= "23" && minute <= "59"
}

func (v *validation) requireTime(text, field string) {
	v.require(isTime(text), field, "must be a time of day as HH:MM")
}

func isUpper(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' }) < 0
}

func isDigits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// isRegion reports the form of an ISO 3166-2 code without the country's.
func isRegion(s string) bool {
	return len(s) >= 1 && len(s) <= 3 && strings.IndexFunc(s, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') }) < 0
}
