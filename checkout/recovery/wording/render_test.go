package wording_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"kassa/checkout"
	"kassa/checkout/recovery/wording"
)

// TestNothingIsSaidThatMustNotBe: advertising in a service message, an e-mail that says nothing of who writes or how to be left alone, and
// whatever else would be sent half.
func TestNothingIsSaidThatMustNotBe(t *testing.T) {
	t.Parallel()
	mail := followUp(t, "nl", wording.Email, wording.Left, false)
	for name, c := range map[string]struct {
		of     wording.Facts
		change func(*wording.Facts)
		want   string // the field that is named
	}{
		"an offer on a receipt": {service(t, "nl", wording.Receipt),
			func(f *wording.Facts) { f.Incentive = &wording.Incentive{Code: "X", Title: "10%"} }, "incentive"},
		"unsubscribing from a receipt": {service(t, "nl", wording.Receipt), func(f *wording.Facts) { f.Unsubscribe = "https://kade9.example/u" },
			"incentive"},
		"no way to unsubscribe":      {mail, func(f *wording.Facts) { f.Unsubscribe = "" }, "unsubscribe"},
		"unsubscribing in the clear": {mail, func(f *wording.Facts) { f.Unsubscribe = "http://kade9.example/u" }, "unsubscribe"},
		"nobody writes":              {mail, func(f *wording.Facts) { f.Shop.Trader.Name = "" }, "messages.trader.name"},
		"from nowhere":               {mail, func(f *wording.Facts) { f.Shop.Trader.Address = "" }, "messages.trader.address"},
		"no way to answer": {service(t, "nl", wording.Receipt), func(f *wording.Facts) { f.Shop.Trader.Email = "" },
			"messages.trader.email"},
		"no link": {mail, func(f *wording.Facts) { f.Link = "/r/x" }, "link"},
		"a script for a link": {followUp(t, "nl", wording.Push, wording.Left, false),
			func(f *wording.Facts) { f.Link = "javascript:alert(1)" }, "link"},
		"an empty cart":           {mail, func(f *wording.Facts) { f.Lines = nil }, "lines"},
		"an offer without a code": {mail, func(f *wording.Facts) { f.Incentive = &wording.Incentive{Title: "10%"} }, "incentive"},
		"a receipt of no order":   {service(t, "nl", wording.Receipt), func(f *wording.Facts) { f.Order = nil }, "order"},
		"a refund of nothing":     {service(t, "nl", wording.Refunded), func(f *wording.Facts) { f.Refund = nil }, "refund"},
		"shipped nothing":         {service(t, "nl", wording.Shipped), func(f *wording.Facts) { f.Parcel = nil }, "parcel"},
		"a service nobody knows":  {service(t, "nl", "newsletter"), func(*wording.Facts) {}, "reason"},
		"a receipt as a push":     {service(t, "nl", wording.Receipt), func(f *wording.Facts) { f.Channel = wording.Push }, "channel"},
		"SMS":                     {mail, func(f *wording.Facts) { f.Channel = "sms" }, "channel"},
	} {
		c.change(&c.of)
		r, err := wording.Render(c.of)
		var e *checkout.Error
		if !errors.As(err, &e) || e.Code != checkout.CodeInvalid || e.Path != c.want {
			t.Errorf("%s: error %v, want one at %s", name, err, c.want)
		}
		if r != (wording.Rendered{}) {
			t.Errorf("%s: something was rendered all the same", name)
		}
		for _, personal := range []string{"Ada", "TOKEN", "kade9.example"} {
			if err != nil && strings.Contains(err.Error(), personal) {
				t.Errorf("%s: the error tells %s: %v", name, personal, err)
			}
		}
	}
}

// TestServiceMessagesDoNotAdvertise looks for what advertising is made of, in every service message and language; the same words are
// found in follow-ups, so that the search finds something.
func TestServiceMessagesDoNotAdvertise(t *testing.T) {
	t.Parallel()
	selling := regexp.MustCompile(`(?i)kortingscode|rabattkode|rabattcode|promo|% off|10.?%|unsubscribe|afmelden|abmelden|désabonner|meld deg av|KOM-7F3K`)
	style := regexp.MustCompile(`(?s)<style>.*?</style>|style="[^"]*"|width="[^"]*"`)
	for _, language := range checkout.Languages {
		names, facts := cases(t, language)
		for _, name := range names {
			r := render(t, facts[name])
			found := selling.FindString(r.Subject + r.Text + style.ReplaceAllString(r.HTML, ""))
			switch {
			case facts[name].Service && found != "":
				t.Errorf("%s, %s: says %q", language, name, found)
			case !facts[name].Service && facts[name].Channel == wording.Email && found == "":
				t.Errorf("%s, %s: a follow-up without a way out", language, name)
			}
		}
	}
}

// TestEveryPageRendersEverywhere holds all e-mails against what common clients can do.
func TestEveryPageRendersEverywhere(t *testing.T) {
	t.Parallel()
	for _, language := range checkout.Languages {
		names, facts := cases(t, language)
		for _, name := range names {
			f := facts[name]
			r := render(t, f)
			if f.Channel == wording.Push {
				if n := utf8.RuneCountInString(r.Subject); n > 65 || strings.HasSuffix(r.Subject, "…") || r.HTML != "" {
					t.Errorf("%s, %s: title of %d characters: %s", language, name, n, r.Subject)
				}
				if n := utf8.RuneCountInString(r.Text); n > 178 || strings.HasSuffix(r.Text, "…") {
					t.Errorf("%s, %s: body of %d characters: %s", language, name, n, r.Text)
				}
				continue
			}
			page := r.HTML
			for _, never := range []string{"<script", "<link", "@import", "<form", "ZgotmplZ", "{{", "%!", "<nil>", "javascript:"} {
				if strings.Contains(page, never) {
					t.Errorf("%s, %s: has %s", language, name, never)
				}
			}
			if strings.ContainsAny(r.Subject+r.Text, "{}") {
				t.Errorf("%s, %s: a field was left open", language, name)
			}
			for _, always := range []string{"<!doctype html>", `lang="` + language + `"`, f.Link, "Kade 9 B.V., Wijnhaven 9", "hello@kade9.example", `name="color-scheme"`} {
				if name == "service shipped" && always == f.Link {
					always = f.Parcel.TrackingURL
				}
				if !strings.Contains(page, always) {
					t.Errorf("%s, %s: HTML lacks %s", language, name, always)
				}
				if plain := always; !strings.ContainsAny(plain, "<\"") && !strings.Contains(r.Text, plain) {
					t.Errorf("%s, %s: text lacks %s", language, name, plain)
				}
			}
			for _, image := range regexp.MustCompile(`<img[^>]*>`).FindAllString(page, -1) {
				if !regexp.MustCompile(`alt="[^"]+"`).MatchString(image) || !strings.Contains(image, `src="https://`) {
					t.Errorf("%s, %s: %s", language, name, image)
				}
			}
			if !f.Service && (!strings.Contains(page, f.Unsubscribe) || !strings.Contains(r.Text, f.Unsubscribe)) {
				t.Errorf("%s, %s: no way to unsubscribe", language, name)
			}
			if n := utf8.RuneCountInString(r.Subject); n > 78 && f.Reason != wording.NoCheckout {
				t.Errorf("%s, %s: subject of %d characters", language, name, n)
			}
		}
	}
}

// hostile are texts from people who want something: carts and catalogues carry them into messages.
var hostile = []string{
	"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "</td></table><h1>", "a\r\nBcc: everyone@example.com", "{{.Link}}", "{code}", "#",
	"javascript:alert(1)", "\u202egnp.exe", "\x00\x1b[31m", "&lt;b&gt;", "${7*7}", "'; DROP TABLE carts;--", "=HYPERLINK(\"x\")", "\u2028\u2029",
	strings.Repeat("W", 3000),
}

// TestNoTextBecomesMarkup puts hostile texts, and mixtures of them, wherever text comes from, and compares the tags of the page with those of
// a harmless one.
func TestNoTextBecomesMarkup(t *testing.T) {
	t.Parallel()
	tags, quoted := regexp.MustCompile(`<[a-z!/][^>]*>`), regexp.MustCompile(`"[^"]*"`)
	names := func(page string) []string {
		var out []string
		for _, tag := range tags.FindAllString(quoted.ReplaceAllString(page, `""`), -1) {
			name, _, _ := strings.Cut(tag, " ")
			out = append(out, name+fmt.Sprint(strings.Count(tag, "=")))
		}
		return out
	}
	dice := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		s := ""
		for range 1 + dice.IntN(2) {
			s += hostile[dice.IntN(len(hostile))]
		}
		return s
	}
	fill := func(f *wording.Facts, text func() string) {
		f.FirstName, f.Shop.Name = text(), "Shop "+text()
		f.Shop.Trader.Address, f.Shop.Trader.Registration = "At "+text(), "Reg "+text()
		for i := range f.Lines {
			f.Lines[i].Title = "T " + text()
		}
		if f.Incentive != nil {
			f.Incentive.Title, f.Incentive.Code = "I "+text(), "C "+text()
		}
		if f.Order != nil {
			f.Order.Method, f.Order.Terms, f.Order.Address = "M "+text(), "V "+text(), []string{"A " + text()}
			f.Order.Quote.Options[0].Title = "O " + text()
		}
	}
	for i := range 60 {
		make := func() wording.Facts {
			if i%2 == 0 {
				return followUp(t, checkout.Languages[i%5], wording.Email, leftBy[i%len(leftBy)], i%4 == 0)
			}
			return service(t, checkout.Languages[i%5], wording.Receipt)
		}
		harmless, f := make(), make()
		fill(&harmless, func() string { return "word" })
		fill(&f, text)
		want, got := render(t, harmless), render(t, f)
		if a, b := names(want.HTML), names(got.HTML); !slices.Equal(a, b) {
			t.Fatalf("text became markup in\n%s", got.HTML)
		}
		if strings.ContainsFunc(got.Subject, func(r rune) bool { return r < ' ' }) || strings.ContainsAny(got.Text, "\x00\x1b\r\u202e") {
			t.Fatalf("control characters in %q", got.Subject)
		}
	}
}

// TestStrangersCantSpeakThroughUs: whoever fills a cart names a person and an address, and can't have us say to it what he likes.
func TestStrangersCantSpeakThroughUs(t *testing.T) {
	t.Parallel()
	for name, greeted := range map[string]bool{
		"Ada": true, "Jean-Luc": true, "D’Arcy": true, "José María": true, "Åse": true, "李": true, "O'Neil": true,
		"": false, "WIN at http://evil.example": false, "evil.example": false, "Free money!!!": false, "+31 6 1234": false,
		"click here to claim your prize now": false, strings.Repeat("a", 41): false, "<b>": false, "12345": false, "--": false,
	} {
		f := followUp(t, "en", wording.Email, wording.Left, false)
		f.FirstName = name
		text := render(t, f).Text
		if got := !strings.HasPrefix(text, "Hi,\n"); got != greeted {
			t.Errorf("%q: %s", name, strings.SplitN(text, "\n", 2)[0])
		}
	}
}

// TestNamesFromRightToLeft: titles and names in scripts that run leftward stand apart, so that the numbers beside them stay where they
// are read; all others are as they were.
func TestNamesFromRightToLeft(t *testing.T) {
	t.Parallel()
	f := followUp(t, "en", wording.Email, wording.NoCheckout, false)
	f.FirstName, f.Lines[0].Title = "דנה", "كوب 250 مل"
	got := render(t, f)
	for what, text := range map[string]string{"subject": got.Subject, "text": got.Text, "page": got.HTML} {
		if !strings.Contains(text, "\u2068كوب 250 مل\u2069") || strings.Count(text, "\u2068") != strings.Count(text, "\u2069") {
			t.Errorf("the %s: %+q", what, text)
		}
	}
	if !strings.HasPrefix(got.Text, "Hi \u2068דנה\u2069,\n") {
		t.Errorf("greeted %+q", got.Text[:20])
	}
	f.FirstName, f.Lines[0].Title = "Ada", "Tasse 250 ml"
	if strings.Contains(render(t, f).HTML, "\u2068") {
		t.Error("what runs rightward is set apart")
	}
}

// TestLargestReceiptIsNotClipped: 100 lines with long titles and pictures, as many as a cart may have.
func TestLargestReceiptIsNotClipped(t *testing.T) {
	t.Parallel()
	f := service(t, "de", wording.Receipt)
	f.Lines = nil
	for i := range 100 {
		f.Lines = append(f.Lines, wording.Line{
			Title: fmt.Sprintf("%03d ", i) + strings.Repeat("Ä", 200), Quantity: 999, Unit: eur(9_999_999), Total: eur(9_989_999_001),
			ImageURL: "https://cdn.kade9.example/" + strings.Repeat("p", 300) + ".jpg",
		})
	}
	page := render(t, f).HTML
	if len(page) > 102*1024 || !strings.Contains(page, "099 ÄÄ") {
		t.Errorf("%d bytes, last line %v", len(page), strings.Contains(page, "099 ÄÄ"))
	}
	if short := render(t, service(t, "de", wording.Receipt)).HTML; len(short) > 24*1024 {
		t.Errorf("an ordinary receipt has %d bytes", len(short))
	}
	f = followUp(t, "en", wording.Email, wording.NoCheckout, false)
	for range 20 {
		f.Lines = append(f.Lines, f.Lines[0])
	}
	if got := render(t, f); !strings.Contains(got.Text, "\n– + 14\n") || !strings.Contains(got.Subject, "21 more items") {
		t.Errorf("a large cart: %s\n%s", got.Subject, got.Text)
	}
}

func TestUnknownReasonIsToldAsLeft(t *testing.T) {
	t.Parallel()
	if a, b := render(t, followUp(t, "nl", wording.Email, "comparison", false)), render(t, followUp(t, "nl", wording.Email, wording.Left, false)); a != b {
		t.Errorf("%s, want %s", a.Subject, b.Subject)
	}
}

// TestColoursCanBeRead: a button's text stands out from it, and a pale brand is no text on white.
func TestColoursCanBeRead(t *testing.T) {
	t.Parallel()
	for colour, want := range map[string][2]string{
		"#0b5d5e": {"color:#ffffff", `style="color:#0b5d5e`},
		"#ffd400": {"color:#1a1a1a;text-decoration", `style="color:#1a1a1a;text-decoration:none">Kade 9`},
		"":        {"background:#1a1a1a", `style="color:#1a1a1a`},
		"#ffffff": {"color:#1a1a1a;text-decoration", `style="color:#1a1a1a;text-decoration:none">Kade 9`},
	} {
		f := followUp(t, "en", wording.Email, wording.Left, false)
		f.Shop.Colour = colour
		for _, w := range want {
			if page := render(t, f).HTML; !strings.Contains(page, w) {
				t.Errorf("%q: page lacks %s", colour, w)
			}
		}
	}
	f := service(t, "en", wording.Receipt)
	f.Shop.Logo = "https://kade9.example/logo.png"
	if page := render(t, f).HTML; !strings.Contains(page, `src="https://kade9.example/logo.png" alt="Kade 9"`) {
		t.Error("no logo")
	}
}
