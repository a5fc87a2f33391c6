package wording_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery/wording"
)

// ownTexts reads our texts as a shop would hand them in.
func ownTexts(t testing.TB) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	for _, language := range checkout.Languages {
		data, err := os.ReadFile(filepath.Join("texts", language+".json"))
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string]string{}
		if err := json.Unmarshal(data, &texts); err != nil {
			t.Fatal(err)
		}
		all[language] = texts
	}
	return all
}

func settings(language, key, text string) wording.Settings {
	return wording.Settings{Texts: map[string]map[string]string{language: {key: text}}}
}

// fieldsAt lists the fields that an error names.
func fieldsAt(err error) []string {
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return nil
	}
	var paths []string
	for _, each := range joined.Unwrap() {
		var e *checkout.Error
		if errors.As(each, &e) && e.Code == checkout.CodeInvalid {
			paths = append(paths, e.Path)
		}
	}
	return paths
}

// Our own texts pass what a shop's must pass, so that any of them is a place to begin.
func TestOurTextsKeepTheRules(t *testing.T) {
	t.Parallel()
	all := ownTexts(t)
	if err := (wording.Settings{Texts: all}).Validate("messages"); err != nil {
		t.Error(err)
	}
	for language, texts := range all {
		for key := range all["en"] {
			if texts[key] == "" {
				t.Errorf("%s has no text for %s", language, key)
			}
		}
		for key, text := range texts {
			if all["en"][key] == "" {
				t.Errorf("%s has a text for %s, which nothing says", language, key)
			}
			if strings.ContainsAny(text, "'\"") {
				t.Errorf("%s, %s: straight quotes in %q", language, key, text)
			}
		}
	}
}

func TestTextsThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		language, key, text string
		want                string // in the message; "" = accepted
	}{
		"another text":          {"nl", "receipt.subject", "Bedankt! {order}", ""},
		"a plural":              {"en", "email.left.body", "{count, plural, =0 {Nothing} one {# thing} other {# things}} left", ""},
		"a field in a plural":   {"en", "cart.preheader", "{others, plural, one {{item} and one more} other {{item} and # more}}", ""},
		"French counts a many":  {"fr", "shipped.body_plain", "{count, plural, one {# article} many {# d’articles} other {# articles}}", ""},
		"unknown language":      {"sv", "receipt.subject", "Tack", "no language of ours"},
		"unknown key":           {"nl", "receipt.subjct", "Bedankt", "no text has this key"},
		"unknown field":         {"nl", "receipt.subject", "Bedankt {naam}", "no field {naam}"},
		"field of another text": {"nl", "confirm.subject", "Bevestig {order}", "no field {order}"},
		"unknown field, plural": {"nl", "receipt.body", "{orders, plural, one {a} other {b}}", "no field {orders}"},
		"field within a plural": {"nl", "email.left.body", "{count, plural, one {{code}} other {b}}", "no field {code}"},
		"plural of a text":      {"nl", "receipt.subject", "{shop, plural, one {a} other {b}}", "no number"},
		"no such case":          {"nl", "shipped.body_plain", "{count, plural, few {a} other {b}}", "plural case few"},
		"German has no many":    {"de", "shipped.body_plain", "{count, plural, many {a} other {b}}", "plural case many"},
		"no other":              {"nl", "shipped.body_plain", "{count, plural, one {a}}", "without the case other"},
		"a case twice":          {"nl", "shipped.body_plain", "{count, plural, one {a} one {b} other {c}}", `"one" twice`},
		"not closed":            {"nl", "receipt.subject", "Bedankt {order", "without its }"},
		"not opened":            {"nl", "receipt.subject", "Bedankt order}", "without its {"},
		"plural not closed":     {"nl", "shipped.body_plain", "{count, plural, one {a} other {b}", "without its }"},
		"Go's templates":        {"nl", "receipt.subject", "Bedankt {{.Order}}", "no field's name"},
		"another kind":          {"nl", "receipt.subject", "{order, select, other {a}}", "another kind than plural"},
		"empty":                 {"nl", "receipt.subject", " ", "is empty"},
		"two lines":             {"nl", "receipt.subject", "Bedankt\r\nBcc: x@example.com", "one line"},
		"too long for a push":   {"nl", "push.left.title", strings.Repeat("x", 66), "at most 65"},
		"a product in a push":   {"nl", "push.left.title", "{item}", "no field {item}"},
		"a body may have two":   {"nl", "receipt.body", "Bedankt\n\nTot ziens", ""},
		"depth": {"nl", "shipped.body_plain", strings.Repeat("{count, plural, other {", 5) + strings.Repeat("}}", 5),
			"too many plurals"},
		"not UTF-8":              {"nl", "receipt.subject", "Bedankt \xff", "UTF-8"},
		"name only in greetings": {"nl", "receipt.body", "Dag {first_name}", "no field {first_name}"},
	} {
		err := settings(c.language, c.key, c.text).Validate("recovery.messages")
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
		want := "recovery.messages.texts." + c.language
		if c.language != "sv" {
			want += "." + c.key
		}
		if got := fieldsAt(err); err != nil && !slices.Equal(got, []string{want}) {
			t.Errorf("%s: names %v, want %s", name, got, want)
		}
	}
}

func TestSettingsNameWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := wording.Settings{
		Colour: "teal", Logo: "http://kade9.example/logo.png", From: "Kade <a@kade9.example>", ReplyTo: "nobody",
		Trader: wording.Trader{Name: "Kade\nBcc: x", Email: "hello"}, Texts: map[string]map[string]string{"nl": {"b": "x", "a": "x"}},
	}
	want := []string{"m.colour", "m.logo", "m.from", "m.reply_to", "m.trader.email", "m.trader.name", "m.texts.nl.a", "m.texts.nl.b"}
	if got := fieldsAt(s.Validate("m")); !slices.Equal(got, want) {
		t.Errorf("named %v, want %v", got, want)
	}
	if err := (wording.Settings{}).Validate("m"); err != nil {
		t.Errorf("a shop that sends nothing: %v", err)
	}
	for colour, ok := range map[string]bool{"#0b5d5e": true, "#0B5D5E": true, "0b5d5e": false, "#0b5": false, "#0b5d5e00": false, "#0b5d5g": false} {
		if err := (wording.Settings{Colour: colour}).Validate("m"); (err == nil) != ok {
			t.Errorf("colour %s: %v", colour, err)
		}
	}
}

// TestShopsOwnText says what a shop says, in the language it says it in, and only where it does.
func TestShopsOwnText(t *testing.T) {
	t.Parallel()
	f := followUp(t, "nl", wording.Email, wording.Left, false)
	f.Shop.Texts = map[string]map[string]string{
		"nl": {"email.left.subject": "Nog {count, plural, one {# ding} other {# dingen}} & meer",
			"email.left.body": "Regel {shop}\n\nTweede <b>regel</b>"},
		"de": {"email.left.subject": "Anders"},
	}
	r := render(t, f)
	if r.Subject != "Nog 3 dingen & meer" || !strings.Contains(r.Text, "Regel Kade 9\n\nTweede <b>regel</b>\n") {
		t.Errorf("%s\n%s", r.Subject, r.Text)
	}
	if !strings.Contains(r.HTML, "Tweede &lt;b&gt;regel&lt;/b&gt;") {
		t.Error("a shop's text came into the page as markup")
	}
	f.Locale = "en"
	if got := render(t, f).Subject; got != "Your cart at Kade 9 is saved" {
		t.Errorf("in English: %s", got)
	}
}

func TestPlurals(t *testing.T) {
	t.Parallel()
	text := "{count, plural, =0 {none} one {one #} other {other #}}"
	for language, wants := range map[string]map[int64]string{
		"en": {0: "none", 1: "one 1", 2: "other 2", 1000: "other 1,000", 1_000_000: "other 1,000,000"},
		"nl": {1: "one 1", 2: "other 2", 21: "other 21", 10_000: "other 10.000"},
		"nb": {1: "one 1", 2: "other 2", 1000: "other 1\u00a0000"},
		"de": {1: "one 1", 2: "other 2", 1000: "other 1.000"},
		"fr": {1: "one 1", 2: "other 2", 1000: "other 1\u202f000"},
	} {
		for n, want := range wants {
			f := followUp(t, language, wording.Email, wording.Left, false)
			f.Lines = []wording.Line{{Title: "x", Quantity: n, Unit: eur(1), Total: eur(1)}}
			f.Shop.Texts = map[string]map[string]string{language: {"email.left.subject": text}}
			if got := render(t, f).Subject; got != want {
				t.Errorf("%s, %d: %q, want %q", language, n, got, want)
			}
		}
	}
	french := followUp(t, "fr", wording.Email, wording.Left, false)
	french.Shop.Texts = map[string]map[string]string{"fr": {"email.left.subject": "{count, plural, one {un} many {million} other {autre}}"}}
	for n, want := range map[int64]string{0: "un", 1: "un", 2: "autre", 1_000_000: "million", 2_000_000: "million", 1_500_000: "autre"} {
		french.Lines = []wording.Line{{Title: "x", Quantity: n, Unit: eur(1), Total: eur(1)}}
		if got := render(t, french).Subject; got != want {
			t.Errorf("%d in French: %q, want %q", n, got, want)
		}
	}
}

// TestTimesAreTheRecipients tells the same instant in the zone of whoever reads it, on both sides of a change of the clock and of the
// date line.
func TestTimesAreTheRecipients(t *testing.T) {
	t.Parallel()
	until := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC) // half an hour before Europe's clocks go back
	for _, c := range []struct {
		language, zone string
		later          time.Duration
		want           string
	}{
		{"en", "Europe/Amsterdam", 0, "25 October 2026 at 02:30 (CEST)"},
		{"en", "Europe/Amsterdam", time.Hour, "25 October 2026 at 02:30 (CET)"},
		{"nl", "America/Los_Angeles", 0, "24 oktober 2026 om 17:30 (PDT)"},
		{"nb", "Pacific/Auckland", 0, "25. oktober 2026 kl. 13:30 (NZDT)"},
		{"de", "Pacific/Kiritimati", 0, "25. Oktober 2026 um 14:30 Uhr (UTC+14)"},
		{"fr", "Asia/Kathmandu", 7 * 24 * time.Hour, "1er novembre 2026 à 06:15 (UTC+5:45)"},
		{"fr", "America/St_Johns", 0, "24 octobre 2026 à 22:00 (NDT)"},
		{"en", "America/Sao_Paulo", 0, "24 October 2026 at 21:30 (UTC−3)"},
		{"en", "", 0, "25 October 2026 at 02:30 (CEST)"}, // not known: the shop's
	} {
		f := followUp(t, c.language, wording.Email, wording.Left, true)
		f.Zone, f.Incentive.Until = nil, until.Add(c.later)
		if c.zone != "" {
			f.Zone = zone(t, c.zone)
		}
		if got := render(t, f).Text; !strings.Contains(strings.ReplaceAll(got, "\u00a0", " "), c.want) {
			t.Errorf("%s in %s: want %q in\n%s", c.language, c.zone, c.want, got)
		}
	}
}

func TestLocales(t *testing.T) {
	t.Parallel()
	for locale, want := range map[string]string{"nl-BE": "nl", "no": "nb", "nn-NO": "nb", "de_AT": "de", "FR": "fr", "sv": "en", "": "en"} {
		f := followUp(t, want, wording.Email, wording.Left, false)
		f.Locale = locale
		if got := render(t, f); !strings.Contains(got.HTML, `<html lang="`+want+`"`) {
			t.Errorf("%q is not read as %s", locale, want)
		}
	}
}
