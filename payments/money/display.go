package money

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Display is the amount as readers of a language expect it, by CLDR, with all of ISO's digits: "€ 49,90" in nl, "49,90 kr" in nb for
// NOK. The spaces inside don't break. What is neither en, nl, nb, de nor fr is read as en; an unknown currency counts minor units.
func (m Money) Display(language string) string {
	if _, known := units[m.Currency]; !known {
		return m.String()
	}
	f, ok := formats[language]
	if !ok {
		f = formats["en"]
	}
	digits, negative := strings.CutPrefix(m.Decimal(), "-")
	sign := ""
	if negative {
		sign = f.minus
	}
	whole, fraction, divided := strings.Cut(digits, ".")
	number := inThrees(whole, f.group)
	if divided {
		number += f.point + fraction
	}
	return strings.NewReplacer("-", sign, "¤", f.symbol(m.Currency), "#", number).Replace(f.pattern)
}

// format is how a language writes amounts.
type format struct {
	pattern             string // "-" is the sign, "¤" the symbol, "#" the number
	minus, group, point string
	symbols             map[Currency]string // where it has its own
}

// formats are CLDR's (release 48), written out for the languages that Kassa speaks. The library that has all of CLDR's computes tables
// of decimals whenever a program begins, which takes an eighth of a function's start; the tests hold these against it.
var formats = map[string]format{
	"en": {"-¤#", "-", ",", ".", nil},
	"nl": {"¤\u00a0-#", "-", ".", ",", map[Currency]string{
		"AUD": "AU$", "CAD": "C$", "FJD": "FJ$", "JPY": "JP¥", "SBD": "SI$", "THB": "฿", "USD": "US$",
	}},
	"nb": {"-#\u00a0¤", "−", "\u00a0", ",", map[Currency]string{"NOK": "kr"}},
	"de": {"-#\u00a0¤", "-", ".", ",", map[Currency]string{"AUD": "AU$", "THB": "฿"}},
	"fr": {"-#\u00a0¤", "-", "\u202f", ",", map[Currency]string{
		"ARS": "$AR", "AUD": "$AU", "BMD": "$BM", "BND": "$BN", "BZD": "$BZ", "CAD": "$CA", "CLP": "$CL", "COP": "$CO", "FJD": "$FJ",
		"FKP": "£FK", "GBP": "£GB", "GIP": "£GI", "LBP": "£LB", "MXN": "$MX", "NAD": "$NA", "NZD": "$NZ", "SBD": "$SB", "SGD": "$SG",
		"SRD": "$SR", "TTD": "$TT", "USD": "$US", "UYU": "$UY", "WST": "$WS", "XPF": "FCFP",
	}},
}

// symbols are those of languages that have none of their own; all other currencies are written as their code.
var symbols = map[Currency]string{
	"AUD": "A$", "BRL": "R$", "CAD": "CA$", "CNY": "CN¥", "EUR": "€", "GBP": "£", "HKD": "HK$", "ILS": "₪", "INR": "₹", "JPY": "¥",
	"KRW": "₩", "MXN": "MX$", "NZD": "NZ$", "PHP": "₱", "TWD": "NT$", "USD": "$", "VND": "₫", "XAF": "FCFA", "XCD": "EC$", "XCG": "Cg.",
	"XOF": "F\u202fCFA", "XPF": "CFPF",
}

// symbol is what stands for a currency. Where the pattern sets it right at the number, one that ends in a letter stands apart
// (CLDR's currencySpacing).
func (f format) symbol(c Currency) string {
	s, ok := f.symbols[c]
	if !ok {
		s, ok = symbols[c]
	}
	if !ok {
		s = string(c)
	}
	if last, _ := utf8.DecodeLastRuneInString(s); strings.Contains(f.pattern, "¤#") && unicode.IsLetter(last) {
		s += "\u00a0"
	}
	return s
}

// inThrees parts digits into groups of three, from the right.
func inThrees(digits, by string) string {
	var b strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(by)
		}
		b.WriteRune(digit)
	}
	return b.String()
}
