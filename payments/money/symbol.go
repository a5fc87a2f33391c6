package money

import (
	"slices"
	"strings"
)

// layout is how a language writes amounts: CLDR 48, standard currency pattern and separators of a locale. In the patterns ¤ stands for
// the symbol and 0 for the number.
type layout struct {
	language           string
	positive, negative string
	group, point       string
}

// layouts are those of the languages that Kassa speaks, and what is written here is all that a start loads for them: the library that
// holds it for every locale computes tables of decimals when a program begins, which took a millisecond of each start. It is
// the judge in the tests, for every language, currency and size of amount.
var layouts = [...]layout{
	{"en", "¤0", "-¤0", ",", "."},
	{"nl", "¤\u00a00", "¤\u00a0-0", ".", ","},
	{"nb", "0\u00a0¤", "−0\u00a0¤", "\u00a0", ","},
	{"de", "0\u00a0¤", "-0\u00a0¤", ".", ","},
	{"fr", "0\u00a0¤", "-0\u00a0¤", "\u202f", ","},
}

// layoutOf returns the place of a language in layouts, by a BCP 47 tag whose region is ignored. Norwegian is read as Bokmål, and
// what Kassa doesn't speak as English.
func layoutOf(tag string) int {
	end := strings.IndexAny(tag, "-_")
	if end < 0 {
		end = len(tag)
	}
	language := strings.ToLower(tag[:end])
	if language == "no" || language == "nn" {
		language = "nb"
	}
	return max(0, slices.IndexFunc(layouts[:], func(l layout) bool { return l.language == language }))
}

// symbols are those of CLDR 48, in the order of layouts, for the currencies that have any; the others are written by their code.
var symbols = [...]struct {
	currency Currency
	of       [len(layouts)]string
}{
	{"ARS", [...]string{"ARS", "ARS", "ARS", "ARS", "$AR"}},
	{"AUD", [...]string{"A$", "AU$", "A$", "AU$", "$AU"}},
	{"BMD", [...]string{"BMD", "BMD", "BMD", "BMD", "$BM"}},
	{"BND", [...]string{"BND", "BND", "BND", "BND", "$BN"}},
	{"BRL", [...]string{"R$", "R$", "R$", "R$", "R$"}},
	{"BZD", [...]string{"BZD", "BZD", "BZD", "BZD", "$BZ"}},
	{"CAD", [...]string{"CA$", "C$", "CA$", "CA$", "$CA"}},
	{"CLP", [...]string{"CLP", "CLP", "CLP", "CLP", "$CL"}},
	{"CNY", [...]string{"CN¥", "CN¥", "CN¥", "CN¥", "CN¥"}},
	{"COP", [...]string{"COP", "COP", "COP", "COP", "$CO"}},
	{"EUR", [...]string{"€", "€", "€", "€", "€"}},
	{"FJD", [...]string{"FJD", "FJ$", "FJD", "FJD", "$FJ"}},
	{"FKP", [...]string{"FKP", "FKP", "FKP", "FKP", "£FK"}},
	{"GBP", [...]string{"£", "£", "£", "£", "£GB"}},
	{"GIP", [...]string{"GIP", "GIP", "GIP", "GIP", "£GI"}},
	{"HKD", [...]string{"HK$", "HK$", "HK$", "HK$", "HK$"}},
	{"ILS", [...]string{"₪", "₪", "₪", "₪", "₪"}},
	{"INR", [...]string{"₹", "₹", "₹", "₹", "₹"}},
	{"JPY", [...]string{"¥", "JP¥", "¥", "¥", "¥"}},
	{"KRW", [...]string{"₩", "₩", "₩", "₩", "₩"}},
	{"LBP", [...]string{"LBP", "LBP", "LBP", "LBP", "£LB"}},
	{"MXN", [...]string{"MX$", "MX$", "MX$", "MX$", "$MX"}},
	{"NAD", [...]string{"NAD", "NAD", "NAD", "NAD", "$NA"}},
	{"NOK", [...]string{"NOK", "NOK", "kr", "NOK", "NOK"}},
	{"NZD", [...]string{"NZ$", "NZ$", "NZ$", "NZ$", "$NZ"}},
	{"PHP", [...]string{"₱", "₱", "₱", "₱", "₱"}},
	{"SBD", [...]string{"SBD", "SI$", "SBD", "SBD", "$SB"}},
	{"SGD", [...]string{"SGD", "SGD", "SGD", "SGD", "$SG"}},
	{"SRD", [...]string{"SRD", "SRD", "SRD", "SRD", "$SR"}},
	{"THB", [...]string{"THB", "฿", "THB", "฿", "THB"}},
	{"TTD", [...]string{"TTD", "TTD", "TTD", "TTD", "$TT"}},
	{"TWD", [...]string{"NT$", "NT$", "NT$", "NT$", "NT$"}},
	{"USD", [...]string{"$", "US$", "$", "$", "$US"}},
	{"UYU", [...]string{"UYU", "UYU", "UYU", "UYU", "$UY"}},
	{"VND", [...]string{"₫", "₫", "₫", "₫", "₫"}},
	{"WST", [...]string{"WST", "WST", "WST", "WST", "$WS"}},
	{"XAF", [...]string{"FCFA", "FCFA", "FCFA", "FCFA", "FCFA"}},
	{"XCD", [...]string{"EC$", "EC$", "EC$", "EC$", "EC$"}},
	{"XCG", [...]string{"Cg.", "Cg.", "Cg.", "Cg.", "Cg."}},
	{"XOF", [...]string{"F\u202fCFA", "F\u202fCFA", "F\u202fCFA", "F\u202fCFA", "F\u202fCFA"}},
	{"XPF", [...]string{"CFPF", "CFPF", "CFPF", "CFPF", "FCFP"}},
}

// symbol is how a language, by its place in layouts, names the currency.
func (c Currency) symbol(language int) string {
	for i := range symbols {
		if symbols[i].currency == c {
			return symbols[i].of[language]
		}
	}
	return string(c)
}
