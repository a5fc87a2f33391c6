package ucp

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"kassa/checkout"
	"kassa/checkout/pricing"
	"kassa/functions/internal/strictjson"
)

// Faults are all that is wrong with the form of a request, in the order of its fields.
type Faults []Fault

// Error implements error. It names codes and fields, never values.
func (f Faults) Error() string {
	texts := make([]string, len(f))
	for i, fault := range f {
		texts[i] = fault.Code + " at " + fault.Path
	}
	return strings.Join(texts, ", ")
}

// Codes of faults, beside the domain's.
const (
	faultInvalid = string(checkout.CodeInvalid)
	faultMissing = checkout.MsgMissing
	faultCard    = "card_number"
)

func invalid(path, text string) error {
	return Faults{{Code: faultInvalid, Path: path, Text: text, Severity: checkout.SeverityRecoverable}}
}

func missing(path string) error {
	return Faults{missingAt(path)}
}

// bounded is a rule for a text: its length in characters and its form. "" always passes: under a merge patch it clears.
type bounded struct {
	max  int
	form func(string) bool
	text string // what is expected, for the client's developer
}

// formOf returns the form of texts that consist of these characters and of as many of them.
func formOf(least, most int, of func(rune) bool) func(string) bool {
	return func(s string) bool {
		n := utf8.RuneCountInString(s)
		return n >= least && n <= most && strings.IndexFunc(s, func(r rune) bool { return !of(r) }) < 0
	}
}

func letter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

func digit(r rune) bool { return r >= '0' && r <= '9' }

// wordOf are letters, digits and the marks that are given.
func wordOf(marks string) func(rune) bool {
	return func(r rune) bool { return letter(r) || digit(r) || strings.ContainsRune(marks, r) }
}

// languageTag reports a tag of a language and parts that say more (BCP 47).
func languageTag(s string) bool {
	language, rest, more := strings.Cut(s, "-")
	if !formOf(2, 8, letter)(language) {
		return false
	}
	for part := range strings.SplitSeq(rest, "-") {
		if more && !formOf(1, 8, wordOf(""))(part) {
			return false
		}
	}
	return true
}

func platform(s string) bool { return s == "ios" || s == "android" || s == "web" }

// phoneNumber reports what people write. Wallets give phone numbers so: the rule is wider than E.164.
func phoneNumber(s string) bool {
	return formOf(3, 32, func(r rune) bool { return digit(r) || strings.ContainsRune(" ().\u00a0/-", r) })(strings.TrimPrefix(s, "+"))
}

// rules are those that the tags of forms name, beside the few that ruleOf knows.
var rules = map[string]bounded{
	"sku":      {64, formOf(1, 64, wordOf("._-")), "1 to 64 letters, digits, dots, hyphens or underscores"},
	"ident":    {64, formOf(1, 64, wordOf("_-")), "an id of this API"},
	"country":  {2, formOf(2, 2, letter), "an ISO 3166-1 alpha-2 country code such as NL"},
	"currency": {3, formOf(3, 3, letter), "an ISO 4217 currency code such as EUR"},
	"language": {35, languageTag, "a BCP 47 language tag such as nl or de-CH"},
	"platform": {7, platform, "ios, android or web"},
	"mail":     {254, mailAddress, "an e-mail address"},
	"phone":    {32, phoneNumber, "a phone number, best in E.164 form such as +31612345678"},
	"short":    {64, printable, "text of at most 64 characters"},
	"name":     {100, printable, "text of at most 100 characters"},
	"address":  {200, printable, "text of at most 200 characters"},
	"query":    {200, printable, "text of at most 200 characters"},
	"code":     {100, spacedCode, "text of at most 100 characters"},
	"vat":      {32, vatID, "the VAT id of a business in the EU, such as BE0123456749"},
	"token":    {16 << 10, printable, "text of at most 16384 characters"},
}

// printable reports text without control characters; line breaks are none that an address line needs.
func printable(s string) bool { return !strings.ContainsFunc(s, unicode.IsControl) }

// spacedCode reports what may be a code as people type and paste it, with spaces of all sorts.
func spacedCode(s string) bool { return printable(strings.Join(strings.Fields(s), "")) }

func vatID(s string) bool {
	_, ok := pricing.VATCountry(s)
	return ok
}

// mailAddress reports a bare address with a domain, as senders need it.
func mailAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s {
		return false
	}
	local, domain, _ := strings.Cut(s, "@")
	return len(local) <= 64 && strings.Contains(domain, ".") && !strings.ContainsAny(s, " \"<>()[],;:\\")
}

// decode fills a form from a body and checks it; the error is Faults, or one of strictjson.
func decode(body strictjson.Value, form any, mode strictjson.Mode) error {
	if err := strictjson.RefuseCardNumbers(body); err != nil {
		return err
	}
	if err := strictjson.Decode(body, form, mode); err != nil {
		return err
	}
	return checkForm(form)
}
