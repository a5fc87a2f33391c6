package ucp_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kassa/checkout"
	"kassa/functions/internal/ucp"
)

// constants returns the values of the string constants of a domain's file whose names have a prefix.
func constants(t *testing.T, file, prefix string) []string {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(tree, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, prefix) || len(spec.Values) == 0 {
			return true
		}
		if lit, ok := spec.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
			value, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, value)
		}
		return true
	})
	if len(out) < 5 {
		t.Fatalf("only %d constants %s… in %s", len(out), prefix, file)
	}
	return out
}

// messageOf returns a message's content as an answer has it.
func messageOf(t *testing.T, w *ucp.Wire, language string, m checkout.Message) string {
	t.Helper()
	encoded, err := json.Marshal(w.Outcome(language, []checkout.Message{m}))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Messages []struct{ Content string } }
	if err := json.Unmarshal(encoded, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Messages[0].Content
}

var placeholder = regexp.MustCompile(`\{[a-z]*\}`)

// Every code that the domain can send has a text of its own in every language, with nothing left to fill in.
func TestTexts(t *testing.T) {
	t.Parallel()
	w := wire(t)
	args := map[string]string{
		"title": "Mug", "sku": "mug", "requested": "3", "quantity": "2", "old": "100", "new": "200", "minimum": "50", "currency": "EUR",
		"wanted": "NOK",
	}
	list := []checkout.Message{}
	for _, code := range constants(t, "../../../checkout/message.go", "Msg") {
		list = append(list, checkout.Message{Type: checkout.MessageError, Code: code, Path: "$.buyer.email", Args: args})
	}
	for _, reason := range constants(t, "../../../payments/error.go", "Reason") {
		list = append(list, checkout.Message{Type: checkout.MessageError, Code: checkout.MsgPaymentFailed, Args: map[string]string{"reason": reason}})
	}
	for _, reason := range constants(t, "../../../checkout/pricing/applied.go", "Reason") {
		list = append(list, checkout.Message{Type: checkout.MessageWarning, Code: checkout.MsgCodeInvalid, Path: "$.discounts.codes[0]",
			Args: map[string]string{"reason": reason, "code": "TEN", "minimum": "5000", "currency": "EUR"}})
	}
	byText := map[string]string{}
	for _, m := range list {
		seen := []string{}
		for _, language := range checkout.Languages {
			text := messageOf(t, w, language, m)
			if text == "" || placeholder.MatchString(text) || !strings.ContainsAny(text[len(text)-1:], ".") {
				t.Errorf("%s %v in %s: %q", m.Code, m.Args["reason"], language, text)
			}
			if slices.Contains(seen, text) {
				t.Errorf("%s in %s is not translated: %q", m.Code, language, text)
			}
			seen = append(seen, text)
			name := m.Code + m.Args["reason"]
			if other, taken := byText[text]; taken && other != name {
				t.Errorf("%s and %s say the same: %q", other, name, text)
			}
			byText[text] = name
		}
	}
}

func TestTextsInDetail(t *testing.T) {
	t.Parallel()
	w := wire(t)
	for _, c := range []struct {
		language string
		m        checkout.Message
		want     string
	}{
		{"en", checkout.Message{Code: checkout.MsgPriceChanged, Args: map[string]string{"old": "4990", "new": "5990", "currency": "EUR"}},
			"The total has changed from €49.90 to €59.90. Please check before you pay."},
		{"nl", checkout.Message{Code: checkout.MsgMissing, Path: "$.fulfillment.methods[0].destinations[0].postal_code"}, "Nog nodig: postcode."},
		{"de", checkout.Message{Code: checkout.MsgMissing, Path: "$.fulfillment.methods[0].destinations"}, "Noch erforderlich: Lieferadresse."},
		{"nb", checkout.Message{Code: checkout.MsgInvalid, Path: "$.something[0]"}, "Kontroller: opplysningene dine."},
		{"nb", checkout.Message{Code: "unheard_of", Path: "$.something[0]"}, "Kontroller: opplysningene dine."},
		{"fr", checkout.Message{Code: checkout.MsgOutOfStock, Args: map[string]string{"sku": "mug"}}, "mug est épuisé."},
		{"fr", checkout.Message{Code: checkout.MsgOutOfStock}, "Cet article est épuisé."},
		{"nl", checkout.Message{Code: checkout.MsgPaymentFailed, Args: map[string]string{"reason": "card_expired"}},
			"Deze kaart is verlopen. Gebruik een andere."},
		{"en", checkout.Message{Code: checkout.MsgPaymentFailed, Args: map[string]string{"reason": "unheard_of"}},
			"The payment did not go through. You have not been charged."},
		{"en", checkout.Message{Code: checkout.MsgAmountTooSmall, Args: map[string]string{"minimum": "50", "currency": "EUR"}},
			"The total is below €0.50, the least that can be paid."},
		{"sv", checkout.Message{Code: checkout.MsgCartChanged}, "Your cart has changed. Please check it before you pay."},
		{"en", checkout.Message{Code: checkout.MsgOutOfStock, Args: map[string]string{"title": "{field}"}}, "{field} is sold out."}, // a title is no text of ours
	} {
		if got := strings.ReplaceAll(messageOf(t, w, c.language, c.m), "\u00a0", " "); got != c.want {
			t.Errorf("%s in %s: %q, want %q", c.m.Code, c.language, got, c.want)
		}
	}
}

// What is warned of and refused for is said once, as the refusal.
func TestNothingIsSaidTwice(t *testing.T) {
	t.Parallel()
	v := ready(t)
	moved := map[string]string{"old": "100", "new": "200", "currency": "EUR"}
	v.Messages = []checkout.Message{
		{Type: checkout.MessageWarning, Code: checkout.MsgPriceChanged, Path: "$.totals", Args: moved},
		{Type: checkout.MessageWarning, Code: checkout.MsgQuantityAdjusted, Path: "$.line_items[0]"},
		{Type: checkout.MessageError, Code: checkout.MsgPriceChanged, Path: "$.totals", Args: moved, Severity: checkout.SeverityBuyerReview},
	}
	encoded, err := json.Marshal(wire(t).Checkout("en", v))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Messages []struct{ Type, Code string } }
	if err := json.Unmarshal(encoded, &doc); err != nil {
		t.Fatal(err)
	}
	if got := doc.Messages; len(got) != 2 || got[0].Code != checkout.MsgQuantityAdjusted || got[1].Type != "error" || got[1].Code != checkout.MsgPriceChanged {
		t.Errorf("got %+v", got)
	}
}

// What shoppers may meet as an error speaks their language; what developers meet says what is wrong.
func TestFailure(t *testing.T) {
	t.Parallel()
	w := wire(t)
	for _, c := range []struct{ language, code, text, want string }{
		{"nl", "cart_locked", "cart ct_1 is locked", "Deze winkelwagen wordt betaald of is al betaald."},
		{"fr", "invalid", "expected: at most 999", "expected: at most 999"},
		{"de", "internal", "", "Bei uns ist etwas schiefgegangen. Bitte versuche es noch einmal."},
	} {
		encoded, err := json.Marshal(w.Failure(c.language,
			ucp.Fault{Code: c.code, Text: c.text, Severity: checkout.SeverityRecoverable, CheckoutID: "cs_1"}))
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			UCP      struct{ Version, Status string }
			Messages []struct {
				Code, Content string
				CheckoutID    string `json:"checkout_id"`
			}
		}
		if err := json.Unmarshal(encoded, &doc); err != nil {
			t.Fatal(err)
		}
		m := doc.Messages[0]
		if doc.UCP.Status != "error" || doc.UCP.Version != ucp.Version || m.Code != c.code || m.Content != c.want || m.CheckoutID != "cs_1" {
			t.Errorf("%s in %s: %s", c.code, c.language, encoded)
		}
	}
}

func TestSpeaks(t *testing.T) {
	t.Parallel()
	w := wire(t)
	for tag, want := range map[string]string{
		"nl": "nl", "nl-BE": "nl", "NB": "nb", "no": "nb", "nn-NO": "nb", "en-GB": "en", "sv": "", "": "", "*": "",
	} {
		if got := w.Speaks(tag); got != want {
			t.Errorf("%q: %q, want %q", tag, got, want)
		}
	}
	english := shop()
	english.Languages = []string{"en"}
	w, err := ucp.New(english, "")
	if err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[string]string{"no": "", "nn-NO": "", "nl": "", "en-GB": "en"} {
		if got := w.Speaks(tag); got != want {
			t.Errorf("an English shop, %q: %q, want %q", tag, got, want)
		}
	}
}
