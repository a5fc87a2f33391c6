package wording

import (
	"slices"
	"strconv"
)

// plural is the case of a whole number that isn't negative, by CLDR's rules for cardinals (supplemental/plurals.xml, CLDR 48).
func plural(language string, n int64) string {
	switch {
	case language == "fr" && n != 0 && n%1_000_000 == 0:
		return "many" // un million d'articles
	case n == 1, n == 0 && language == "fr":
		return "one"
	}
	return "other"
}

// pluralCases are the cases that a language tells apart.
func pluralCases(language string) []string {
	if language == "fr" {
		return []string{"one", "many", "other"}
	}
	return []string{"one", "other"}
}

func knowsCase(language, name string) bool {
	return name[0] == '=' || slices.Contains(pluralCases(language), name)
}

// grouped is a whole number as the language's readers write it (CLDR's grouping separators).
func grouped(language string, n int64) string {
	digits := strconv.FormatInt(n, 10)
	separator := map[string]string{"nl": ".", "de": ".", "nb": nbsp, "fr": "\u202f"}[language]
	if separator == "" {
		separator = ","
	}
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + separator + digits[at:]
	}
	return digits
}

const nbsp = "\u00a0"

// percent is a rate in basis points and hundredths of one, such as 21 % or 6.625 %.
func percent(language string, points, rest int64) string {
	millionths := points*100 + rest
	whole, fraction := strconv.FormatInt(millionths/10_000, 10), strconv.FormatInt(10_000+millionths%10_000, 10)[1:]
	for len(fraction) > 0 && fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	mark, sign := ",", nbsp+"%"
	switch language {
	case "nl":
		sign = "%"
	case "fr":
		sign = "\u202f%"
	case "nb", "de":
	default:
		mark, sign = ".", "%"
	}
	if fraction != "" {
		whole += mark + fraction
	}
	return whole + sign
}
