package edge

import (
	"net/http"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"

	"kassa/checkout"
	"kassa/checkout/merchant"
)

// maxRequestID is how long a caller's Request-Id may be; it is written to our log.
const maxRequestID = 128

func (r *Router) requestID(h http.Header) string {
	if id := h.Get("Request-Id"); len(id) <= maxRequestID && isWord(id) {
		return id
	}
	return r.config.NewID()
}

// guestPrefix marks a cart's capability token; all others are customers'.
const guestPrefix = "kat_"

const maxToken = 8 << 10 // a JWT of a generous issuer

// bearer returns the token of a request; "" if it has no credential.
func bearer(req *http.Request) (string, error) {
	values := req.Header.Values("Authorization")
	if len(values) == 0 {
		return "", nil
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.TrimSpace(token)
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxToken || strings.ContainsAny(token, " ,") {
		return "", refuse(checkout.CodeUnauthorized, "the Authorization header must be: Bearer, a space, one token")
	}
	return token, nil
}

// merchantKey reads the credential of a route that has a scope.
func (r *Router) merchantKey(req *http.Request, scope merchant.Scope) (merchant.Key, error) {
	token, err := bearer(req)
	if err != nil {
		return merchant.Key{}, err
	}
	if r.config.Keys == nil || !merchant.IsToken(token) {
		return merchant.Key{}, refuse(checkout.CodeUnauthorized, "this takes a key of the merchant's, as bearer token")
	}
	return r.config.Keys.Check(req.Context(), token, scope)
}

// caller reads the credential. None at all is a caller about whom nothing is known: the service says whether that will do.
func (r *Router) caller(req *http.Request) (checkout.Caller, error) {
	token, err := bearer(req)
	if token == "" || err != nil {
		return checkout.Caller{}, err
	}
	if strings.HasPrefix(token, guestPrefix) {
		return checkout.Caller{Token: token}, nil
	}
	if r.config.Customers == nil || merchant.IsToken(token) {
		return checkout.Caller{}, refuse(checkout.CodeUnauthorized, "this token is not known here")
	}
	subject, err := r.config.Customers.Subject(req.Context(), token)
	return checkout.Caller{Customer: subject}, err
}

// idempotencyKey reads the key, as it is or as a structured header's string, in quotes with backslash escapes (RFC 8941).
func idempotencyKey(values []string) (string, error) {
	if len(values) == 0 {
		return "", nil
	}
	bad := func(text string) (string, error) {
		return "", refuse(checkout.CodeInvalid, "the Idempotency-Key header "+text)
	}
	if len(values) > 1 {
		return bad("is there more than once")
	}
	key := strings.TrimSpace(values[0])
	for _, r := range key {
		if r < ' ' || r > '~' {
			return bad("has characters that are no printable ASCII")
		}
	}
	if strings.HasPrefix(key, `"`) {
		text, rest, ok := quoted(key)
		if !ok || rest != "" {
			return bad("opens a quote and does not end with it")
		}
		key = text
	}
	if key == "" || len(key) > 255 {
		return bad("must have 1 to 255 characters")
	}
	return key, nil
}

// quoted reads a structured header's string at the start of s, and returns what follows it.
func quoted(s string) (text, rest string, ok bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), s[i+1:], true
		case c == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		case c == '\\' || c < ' ' || c > '~':
			return "", "", false
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

// Patterns are made when the first header of their kind comes: every start of a function would pay for those of its packages.
var (
	tagForm    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^"([1-9][0-9]{0,17})"$`) })
	memberForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[ \t]*([a-z*][a-z0-9_.*-]*)(=)?`) })
)

// ifMatch reads the version that a change is meant for; "*" is any.
func ifMatch(values []string) (int64, error) {
	if len(values) == 0 || len(values) == 1 && strings.TrimSpace(values[0]) == "*" {
		return 0, nil
	}
	if m := tagForm().FindStringSubmatch(strings.TrimSpace(values[0])); m != nil && len(values) == 1 {
		return strconv.ParseInt(m[1], 10, 64)
	}
	return 0, refuse(checkout.CodeInvalid, `the If-Match header must be one ETag as an answer had it, such as "3"`)
}

// agentVersion returns the version that a UCP-Agent header asks for, "" for none. The header is a dictionary (RFC 8941);
// one that is no such thing counts as absent, as the RFC demands. The profile that it names is never fetched.
func agentVersion(values []string) string {
	s := strings.Join(values, ",")
	version := ""
	for s != "" {
		var name, text string
		var ok bool
		if name, text, s, ok = member(s); !ok {
			return ""
		}
		if name == "version" {
			version = text
		}
	}
	return version
}

// member reads one member of a dictionary, or one parameter of it, and the separator after it.
func member(s string) (name, text, rest string, ok bool) {
	m := memberForm().FindStringSubmatch(s)
	if m == nil {
		return "", "", "", false
	}
	name, rest = m[1], s[len(m[0]):]
	if m[2] == "=" {
		if strings.HasPrefix(rest, `"`) {
			text, rest, ok = quoted(rest)
			if !ok {
				return "", "", "", false
			}
		} else {
			end := strings.IndexAny(rest, ",; \t")
			if end < 0 {
				end = len(rest)
			}
			text, rest = rest[:end], rest[end:]
		}
	}
	rest = strings.TrimLeft(rest, " \t")
	if rest == "" {
		return name, text, "", true
	}
	if rest[0] != ',' && rest[0] != ';' || len(rest) == 1 {
		return "", "", "", false
	}
	return name, text, rest[1:], true
}

// accepted returns the language that the shop speaks and an Accept-Language header likes best (RFC 9110 §12.5.4), "" if it
// names none of them.
func (r *Router) accepted(header string) string {
	type choice struct {
		tag    string
		weight float64
	}
	var choices []choice
	for _, part := range strings.Split(header[:min(len(header), 1000)], ",") {
		tag, params, _ := strings.Cut(part, ";")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			var err error
			if weight, err = strconv.ParseFloat(q, 64); err != nil {
				continue
			}
		}
		if tag = strings.TrimSpace(tag); tag != "" && weight > 0 {
			choices = append(choices, choice{tag, weight})
		}
	}
	sort.SliceStable(choices, func(i, j int) bool { return choices[i].weight > choices[j].weight })
	for _, c := range choices {
		if l := r.config.Wire.Speaks(c.tag); l != "" {
			return l
		}
	}
	return ""
}
