package ucp

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"kassa/checkout"
	"kassa/payments/money"
)

// message is UCP's error, warning or info. CheckoutID and Details are ours: what an app needs to act on it.
type message struct {
	Type       checkout.MessageType `json:"type"`
	Code       string               `json:"code"`
	Path       string               `json:"path,omitempty"`
	Content    string               `json:"content"`
	Severity   checkout.Severity    `json:"severity,omitempty"`
	CheckoutID string               `json:"checkout_id,omitempty"`
	Details    map[string]string    `json:"details,omitempty"`
}

// messages leaves out a warning that an error says again, as when a price has risen and the payment is refused for it.
func (s speaker) messages(list []checkout.Message) []message {
	out := make([]message, 0, len(list))
	for _, m := range list {
		again := func(other checkout.Message) bool {
			return other.Type == checkout.MessageError && other.Code == m.Code && other.Path == m.Path
		}
		if m.Type != checkout.MessageWarning || !slices.ContainsFunc(list, again) {
			out = append(out, s.message(m))
		}
	}
	return out
}

func (s speaker) message(m checkout.Message) message {
	if m.Type == checkout.MessageError && m.Severity == "" {
		m.Severity = checkout.SeverityRecoverable // an error without one would break the schema
	}
	return message{Type: m.Type, Code: m.Code, Path: m.Path, Content: s.content(m), Severity: m.Severity, Details: m.Args}
}

// content is the text of a message in the speaker's language.
func (s speaker) content(m checkout.Message) string {
	code := m.Code
	if reason, ok := reasons[m.Args["reason"]]; ok && code == checkout.MsgPaymentFailed {
		return reason.in(s.language)
	}
	t, ok := texts[code]
	if why, known := codeReasons[m.Args["reason"]]; known && strings.HasPrefix(code, codePrefix) {
		t, ok = why, true
	}
	if !ok {
		t = texts[checkout.MsgInvalid]
	}
	args := maps.Clone(m.Args)
	if args == nil {
		args = map[string]string{}
	}
	if args["title"] == "" {
		if args["title"] = args["sku"]; args["title"] == "" {
			args["title"] = s.label("item")
		}
	}
	args["field"] = s.field(m.Path)
	for _, name := range []string{"old", "new", "minimum"} {
		args[name] = s.amount(args[name], m.Args["currency"])
	}
	return fill(t.in(s.language), args)
}

// amount displays minor units, as messages have them.
func (s speaker) amount(minor, currency string) string {
	c, err := money.ParseCurrency(currency)
	n, errNumber := strconv.ParseInt(minor, 10, 64)
	if err != nil || errNumber != nil {
		return minor
	}
	return s.shown(money.New(n, c))
}

// fill puts args into the places that a text names in braces.
func fill(text string, args map[string]string) string {
	pairs := make([]string, 0, 2*len(args))
	for _, k := range slices.Sorted(maps.Keys(args)) {
		pairs = append(pairs, "{"+k+"}", args[k])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// field names the last member of a JSONPath as a shopper knows it.
func (s speaker) field(path string) string {
	name := path[strings.LastIndexByte(path, '.')+1:]
	name, _, _ = strings.Cut(name, "[")
	if t, ok := fields[name]; ok {
		return t.in(s.language)
	}
	return fields[""].in(s.language)
}

func (s speaker) label(name string) string { return labels[name].in(s.language) }

// failure is UCP's error response, on every status (types/error_response.json). It has no further members.
type failure struct {
	UCP      meta      `json:"ucp"`
	Messages []message `json:"messages"`
}

// Fault is one thing that is wrong with a request, or with us.
type Fault struct {
	Code       string
	Text       string // English, for developers; shoppers' codes have a text of their own
	Path       string // JSONPath
	Severity   checkout.Severity
	CheckoutID string // the session that stands in the way
}

// Failure returns the error response for faults, in a language where shoppers meet the code, else in English.
func (w *Wire) Failure(language string, faults ...Fault) any {
	s := speaker{language}
	out := failure{UCP: meta{Version: Version, Status: "error"}}
	for _, f := range faults {
		m := message{
			Type: checkout.MessageError, Code: f.Code, Path: f.Path, Content: f.Text, Severity: f.Severity, CheckoutID: f.CheckoutID,
		}
		if t, ok := faultTexts[f.Code]; ok {
			m.Content = t.in(s.language)
		}
		out.Messages = append(out.Messages, m)
	}
	return out
}

// Outcome returns the error response of a request of which nothing came, though nothing was wrong with its form.
func (w *Wire) Outcome(language string, list []checkout.Message) any {
	return failure{UCP: meta{Version: Version, Status: "error"}, Messages: speaker{language}.messages(list)}
}
