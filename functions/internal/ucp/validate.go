package ucp

import (
	"fmt"
	"net/mail"
	"reflect"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"

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
	return Faults{{Code: faultMissing, Path: path, Text: "this field is required", Severity: checkout.SeverityRecoverable}}
}

// bounded is a rule for a text: its length in characters and its form. "" always passes: under a merge patch it clears.
type bounded struct {
	max  int
	form func(string) bool
	text string // what is expected, for the client's developer
}

// only returns the form of texts that consist of these characters, of at least one.
func only(of func(rune) bool) func(string) bool {
	return func(s string) bool { return s != "" && strings.IndexFunc(s, func(r rune) bool { return !of(r) }) < 0 }
}

func letter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

func digit(r rune) bool { return r >= '0' && r <= '9' }

// wordOf are letters, digits and the marks that are given.
func wordOf(marks string) func(rune) bool {
	return func(r rune) bool { return letter(r) || digit(r) || strings.ContainsRune(marks, r) }
}

var identifier = only(wordOf("_-"))

// letters returns the form of codes of so many letters.
func letters(n int) func(string) bool {
	return func(s string) bool { return len(s) == n && only(letter)(s) }
}

// languageTag reports a tag of a language and parts that say more (BCP 47).
func languageTag(s string) bool {
	for i, part := range strings.Split(s, "-") {
		if len(part) > 8 || i == 0 && (len(part) < 2 || !only(letter)(part)) || !only(wordOf(""))(part) {
			return false
		}
	}
	return true
}

func platform(s string) bool { return s == "ios" || s == "android" || s == "web" }

func phoneNumber(s string) bool {
	s = strings.TrimPrefix(s, "+")
	return utf8.RuneCountInString(s) >= 3 && only(func(r rune) bool { return digit(r) || strings.ContainsRune(" ().\u00a0/-", r) })(s)
}

// rules are the validator's tags of ours. Wallets give phone numbers as people write them, so that the rule is wider than
// E.164.
var rules = map[string]bounded{
	"sku":      {64, only(wordOf("._-")), "1 to 64 letters, digits, dots, hyphens or underscores"},
	"ident":    {64, identifier, "an id of this API"},
	"country":  {2, letters(2), "an ISO 3166-1 alpha-2 country code such as NL"},
	"currency": {3, letters(3), "an ISO 4217 currency code such as EUR"},
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

// forms is made for the first body: a start, and requests without one, don't wait for it.
var forms = sync.OnceValue(newValidator)

func newValidator() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		return name
	})
	for tag, rule := range rules {
		check := func(fl validator.FieldLevel) bool {
			s := fl.Field().String()
			return s == "" || utf8.RuneCountInString(s) <= rule.max && rule.form(s)
		}
		if err := v.RegisterValidation(tag, check); err != nil {
			return nil // a reserved name; every test would fail
		}
	}
	return v
}

// decode fills a form from a body and checks it; the error is Faults, or one of strictjson.
func decode(body strictjson.Value, form any, mode strictjson.Mode) error {
	if err := strictjson.RefuseCardNumbers(body); err != nil {
		return err
	}
	if err := strictjson.Decode(body, form, mode); err != nil {
		return err
	}
	return check(form)
}

func check(form any) error {
	err := forms().Struct(form)
	if err == nil {
		return nil
	}
	found, ok := err.(validator.ValidationErrors) //nolint:errorlint // the validator's own documented contract
	if !ok {
		return fmt.Errorf("validate %T: %w", form, err)
	}
	const enough = 20 // more would only echo a broken client's body
	var out Faults
	for _, f := range found[:min(len(found), enough)] {
		out = append(out, faultOf(f))
	}
	return out
}

func faultOf(f validator.FieldError) Fault {
	_, path, _ := strings.Cut(f.Namespace(), ".")
	fault := Fault{Code: faultInvalid, Path: "$." + path, Severity: checkout.SeverityRecoverable}
	rule, ours := rules[f.Tag()]
	list := f.Kind() == reflect.Slice
	switch {
	case f.Tag() == "required", f.Tag() == "min" && f.Kind() == reflect.String:
		fault.Code, fault.Text = faultMissing, "this field is required"
	case ours:
		fault.Text = "expected: " + rule.text
	case f.Tag() == "min" && list:
		fault.Text = "expected: at least " + f.Param() + " elements"
	case f.Tag() == "max" && list:
		fault.Text = "expected: at most " + f.Param() + " elements"
	case f.Tag() == "min":
		fault.Text = "expected: at least " + f.Param()
	case f.Tag() == "max":
		fault.Text = "expected: at most " + f.Param()
	case f.Tag() == "oneof":
		fault.Text = "expected one of: " + f.Param()
	default:
		fault.Text = "this value can't be used"
	}
	return fault
}
