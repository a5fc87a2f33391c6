package edge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/functions/internal/edge"
	"kassa/functions/internal/ucp"
)

// door is a router with one route of each kind of body, and what it logs.
type door struct {
	*edge.Router
	log  bytes.Buffer
	seen *edge.Request
}

func newDoor(t *testing.T, customers edge.Customers, handle edge.Handler) *door {
	t.Helper()
	wire, err := ucp.New(checkout.Shop{Languages: []string{"en", "nl"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	d := &door{}
	keep := func(ctx context.Context, r *edge.Request) (edge.Answer, error) {
		d.seen = r
		return handle(ctx, r)
	}
	at := time.Unix(1_700_000_000, 0)
	d.Router = edge.NewRouter(edge.Config{
		Wire: wire, Logger: slog.New(slog.NewJSONHandler(&d.log, nil)), Customers: customers,
		Now:   func() time.Time { at = at.Add(7 * time.Millisecond); return at },
		NewID: func() string { return "req_made" },
	},
		edge.Route{Method: "GET", Pattern: "/things/{id}", Handle: keep},
		edge.Route{Method: "POST", Pattern: "/things", Body: edge.JSON, Handle: keep},
		edge.Route{Method: "PATCH", Pattern: "/things/{id}", Body: edge.MergePatch, Handle: keep},
		edge.Route{Method: "POST", Pattern: "/raw", Body: edge.RawBody, Limit: 8, Handle: keep},
	)
	return d
}

func fine(context.Context, *edge.Request) (edge.Answer, error) {
	return edge.Answer{Body: map[string]string{"ok": "yes"}}, nil
}

func (d *door) call(t *testing.T, method, path string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, body)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

func code(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var doc struct{ Messages []struct{ Code string } }
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || len(doc.Messages) == 0 {
		t.Fatalf("no error response: %v %s", err, w.Body)
	}
	return doc.Messages[0].Code
}

// Every code of the domain has its status, and what has none is internal.
func TestStatuses(t *testing.T) {
	t.Parallel()
	secret := errors.New("table kassa-carts is on fire")
	for _, c := range []struct {
		err    error
		status int
		code   string
		retry  string
	}{
		{&checkout.Error{Code: checkout.CodeInvalid, Path: "$.a"}, 400, "invalid", ""},
		{&checkout.Error{Code: checkout.CodeMissingKey}, 400, "missing_key", ""},
		{&checkout.Error{Code: checkout.CodeUnauthorized}, 401, "unauthorized", ""},
		{&checkout.Error{Code: checkout.CodeForbidden}, 403, "forbidden", ""},
		{&checkout.Error{Code: checkout.CodeNotFound}, 404, "not_found", ""},
		{&checkout.Error{Code: checkout.CodeKeyReused}, 409, "idempotency_conflict", ""},
		{&checkout.Error{Code: checkout.CodeVersionConflict}, 409, "version_conflict", ""},
		{&checkout.Error{Code: checkout.CodeCartLocked, CheckoutID: "cs_1"}, 409, "cart_locked", ""},
		{&checkout.Error{Code: checkout.CodeCartCanceled}, 409, "cart_canceled", ""},
		{&checkout.Error{Code: checkout.CodePaymentInProgress, RetryAfter: 2500 * time.Millisecond}, 409, "payment_in_progress", "3"},
		{&checkout.Error{Code: checkout.CodePaymentInProgress}, 409, "payment_in_progress", "2"},
		{&checkout.Error{Code: checkout.CodeAlreadyCompleted}, 409, "already_completed", ""},
		{&checkout.Error{Code: checkout.CodeAlreadyCanceled}, 409, "already_canceled", ""},
		{&checkout.Error{Code: checkout.CodeRateLimited, RetryAfter: time.Millisecond}, 429, "rate_limited", "1"},
		{&checkout.Error{Code: checkout.CodeRateLimited}, 429, "rate_limited", "60"},
		{&checkout.Error{Code: checkout.CodeUnavailable, Err: secret}, 503, "unavailable", "1"},
		{&checkout.Error{Code: checkout.CodeNothingSellable, Messages: []checkout.Message{{Type: checkout.MessageError, Code: "out_of_stock"}}}, 200,
			"out_of_stock", ""},
		{&checkout.Error{Code: checkout.CodeNothingSellable}, 200, "nothing_sellable", ""},
		{&checkout.Error{Code: checkout.CodeInternal, Message: secret.Error(), Err: secret}, 500, "internal", ""},
		{&checkout.Error{Code: "unheard_of", Message: secret.Error()}, 500, "internal", ""},
		{secret, 500, "internal", ""},
		{fmt.Errorf("read cart: %w", context.DeadlineExceeded), 503, "unavailable", "1"},
		{fmt.Errorf("read cart: %w", &checkout.Error{Code: checkout.CodeNotFound, Message: secret.Error()}), 404, "not_found", ""},
	} {
		d := newDoor(t, nil, func(context.Context, *edge.Request) (edge.Answer, error) { return edge.Answer{}, c.err })
		w := d.call(t, "GET", "/things/1", nil)
		if w.Code != c.status || code(t, w) != c.code || w.Header().Get("Retry-After") != c.retry {
			t.Errorf("%v: %d %s, Retry-After %q", c.err, w.Code, w.Body, w.Header().Get("Retry-After"))
		}
		if strings.Contains(w.Body.String(), "fire") {
			t.Errorf("internals: %s", w.Body)
		}
		if logged := strings.Contains(d.log.String(), "fire"); logged != (c.status >= 500 && strings.Contains(c.err.Error(), "fire")) {
			t.Errorf("%v: logged %v: %s", c.err, logged, d.log.String())
		}
		if failed := strings.Contains(d.log.String(), `"level":"ERROR"`); failed != (c.status >= 500) { // alarms count them
			t.Errorf("%v: logged as an error %v: %s", c.err, failed, d.log.String())
		}
		if (c.status == 401) != (w.Header().Get("WWW-Authenticate") == "Bearer") {
			t.Errorf("%v: WWW-Authenticate %q", c.err, w.Header().Get("WWW-Authenticate"))
		}
	}
}

// Every code that the domain has is in the table.
func TestEveryCodeHasAStatus(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../../../checkout/error.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, line := range strings.Split(string(source), "\n") {
		_, rest, ok := strings.Cut(line, `Code = "`)
		if !ok {
			continue
		}
		found++
		c, _, _ := strings.Cut(rest, `"`)
		d := newDoor(t, nil, func(context.Context, *edge.Request) (edge.Answer, error) {
			return edge.Answer{}, &checkout.Error{Code: checkout.Code(c)}
		})
		if got := code(t, d.call(t, "GET", "/things/1", nil)); got != c {
			t.Errorf("%s is answered as %s", c, got)
		}
	}
	if found < 15 {
		t.Errorf("only %d codes found", found)
	}
}

// A panic is a 500 that tells nothing; the log has where it was, and not what it said.
func TestPanics(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil, func(context.Context, *edge.Request) (edge.Answer, error) { panic("ada@example.com") })
	w := d.call(t, "GET", "/things/1", nil)
	if w.Code != 500 || code(t, w) != "internal" || strings.Contains(w.Body.String()+d.log.String(), "ada@") {
		t.Errorf("%d %s %s", w.Code, w.Body, d.log.String())
	}
	if !strings.Contains(d.log.String(), "edge_test.go") {
		t.Errorf("the log doesn't say where: %s", d.log.String())
	}
	aborted := newDoor(t, nil, func(context.Context, *edge.Request) (edge.Answer, error) { panic(http.ErrAbortHandler) })
	defer func() {
		if recover() != http.ErrAbortHandler { //nolint:errorlint // a panic's value is compared as it is
			t.Error("the server must see ErrAbortHandler")
		}
	}()
	aborted.call(t, "GET", "/things/1", nil)
}

// One line a request, with ids and numbers.
func TestLog(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil, fine)
	d.call(t, "GET", "/things/ct_1?token=kat_1_x", nil, "Authorization: Bearer kat_1_x", "Cookie: a=b")
	want := `"msg":"request","request_id":"req_made","method":"GET","route":"/things/{id}","status":200,"duration_ms":7,"id":"ct_1"}` + "\n"
	if got := d.log.String(); !strings.HasSuffix(got, want) || strings.Count(got, "\n") != 1 || strings.Contains(got, "kat_") {
		t.Errorf("got %s, want …%s", got, want)
	}
}

// broken is a body that fails while it is read.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

func TestBodies(t *testing.T) {
	t.Parallel()
	typed := "Content-Type: application/json"
	for name, c := range map[string]struct {
		method, path string
		body         io.Reader
		headers      []string
		status       int
	}{
		"raw":                  {"POST", "/raw", strings.NewReader("12345678"), nil, 200},
		"raw, too long":        {"POST", "/raw", strings.NewReader("123456789"), nil, 413},
		"JSON":                 {"POST", "/things", strings.NewReader("{}"), []string{typed}, 200},
		"JSON in UTF-8":        {"POST", "/things", strings.NewReader("{}"), []string{`Content-Type: application/json; charset="UTF-8"`}, 200},
		"JSON, other charset":  {"POST", "/things", strings.NewReader("{}"), []string{typed + "; charset=utf-16"}, 415},
		"untyped":              {"POST", "/things", strings.NewReader("{}"), nil, 415},
		"merge patch":          {"PATCH", "/things/1", strings.NewReader("{}"), []string{"Content-Type: application/merge-patch+json"}, 200},
		"JSON patch":           {"PATCH", "/things/1", strings.NewReader("{}"), []string{"Content-Type: application/json-patch+json"}, 415},
		"64 KiB":               {"POST", "/things", strings.NewReader(`"` + strings.Repeat("x", 64<<10-2) + `"`), []string{typed}, 200},
		"64 KiB and one":       {"POST", "/things", strings.NewReader(`"` + strings.Repeat("x", 64<<10-1) + `"`), []string{typed}, 413},
		"too slow":             {"POST", "/things", broken{os.ErrDeadlineExceeded}, []string{typed}, 408},
		"cut off":              {"POST", "/things", broken{io.ErrUnexpectedEOF}, []string{typed}, 400},
		"none on a GET":        {"GET", "/things/1", nil, nil, 200},
		"any on a GET":         {"GET", "/things/1", strings.NewReader("{{{"), nil, 200},
		"HEAD":                 {"HEAD", "/things/1", nil, nil, 200},
		"endless JSON":         {"POST", "/things", io.MultiReader(strings.NewReader(`"`), neverEnding{}), []string{typed}, 413},
		"id that is no id":     {"GET", "/things/a%20b", nil, nil, 404},
		"id of all kinds":      {"GET", "/things/azAZ09._-", nil, nil, 200},
		"id behind z":          {"GET", "/things/a%7Bb", nil, nil, 404},
		"id between Z and a":   {"GET", "/things/a%5Bb", nil, nil, 404},
		"id with an accent":    {"GET", "/things/caf%C3%A9", nil, nil, 404},
		"id that is too long":  {"GET", "/things/" + strings.Repeat("x", 81), nil, nil, 404},
		"another version":      {"GET", "/things/1", nil, []string{`UCP-Agent: version="2026-04-09"`}, 422},
		"no dictionary at all": {"GET", "/things/1", nil, []string{`UCP-Agent: Mozilla/5.0 (version=1)`}, 200},
	} {
		if w := newDoor(t, nil, fine).call(t, c.method, c.path, c.body, c.headers...); w.Code != c.status {
			t.Errorf("%s: %d, want %d: %s", name, w.Code, c.status, w.Body)
		}
	}
}

type neverEnding struct{}

func (neverEnding) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// The version that a UCP-Agent header asks for; what is no dictionary counts as absent (RFC 8941 §4.2).
func TestUCPAgent(t *testing.T) {
	t.Parallel()
	for header, status := range map[string]int{
		`profile="https://agent.example/p"`:                        200,
		`profile="https://agent.example/p", version="2026-04-08"`:  200,
		`profile="https://agent.example/p";version="2026-04-08"`:   200,
		`profile="https://agent.example/p", version="2026-08-25"`:  422,
		`profile="https://agent.example/p" ; version="2026-01-11"`: 422,
		`version=2026-01-11`: 422,
		`profile="https://agent.example/p, version=\"2026-01-11\""`: 200,
		`profile="https://agent.example/p, version="2026-01-11"`:    200,
		`Profile="x", version="2026-01-11"`:                         200,
		`profile="x",`:                                              200,
		`version="2026-01-11",`:                                     200,
		`version="2026-01-11", =`:                                   200,
		`version="2026-01-11", profile="x`:                          200,
		"version=\"2026-01-11\", profile=\"\x7f\"":                  200,
		``: 200,
		`x;y;version="2026-01-11", profile="https://agent.example/p?a=1;b=2"`: 422,
	} {
		w := newDoor(t, nil, fine).call(t, "GET", "/things/1", nil, "UCP-Agent: "+header)
		if w.Code != status {
			t.Errorf("%s: %d, want %d", header, w.Code, status)
		}
	}
}

// What handlers are told about a call.
func TestRequests(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil, fine)
	d.call(t, "POST", "/things", strings.NewReader(`{"context":{"language":"nl-NL"},"n":1.0}`), "Content-Type: application/json",
		`Idempotency-Key: "a\"b\\c"`, `If-Match: "12"`, "Authorization: bearer kat_1_abc", "Accept-Language: en", "Request-Id: r-1")
	r := d.seen
	if r.Call.Key != `a"b\c` || r.Call.IfVersion != 12 || r.Call.Caller.Token != "kat_1_abc" || r.Language != "nl" || r.Accepted != "en" || r.ID != "r-1" {
		t.Errorf("%+v", r)
	}
	same := r.Call.Fingerprint
	for body, equal := range map[string]bool{`{"n":1,"context":{"language":"nl-NL"}}`: true, `{"n":2,"context":{"language":"nl-NL"}}`: false} {
		d.call(t, "POST", "/things", strings.NewReader(body), "Content-Type: application/json")
		if (d.seen.Call.Fingerprint == same) != equal {
			t.Errorf("%s: fingerprint %s, %s", body, d.seen.Call.Fingerprint, same)
		}
	}
	d.call(t, "GET", "/things/1", nil)
	one := d.seen.Call.Fingerprint
	d.call(t, "GET", "/things/2", nil)
	if one == "" || one == d.seen.Call.Fingerprint {
		t.Error("the fingerprint leaves out the path")
	}
	d.call(t, "GET", "/things/1", nil, "Request-Id: two words")
	if d.seen.ID != "req_made" {
		t.Errorf("request id %q", d.seen.ID)
	}
}

// The language that is liked best; of equals the first (RFC 9110 §12.5.4).
func TestAcceptedLanguages(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"nl, en": "nl", "en, nl": "en", "fr, nl, en": "nl", "nl;q=0.5, en": "en", "en;q=0.5, nl;q=0.5": "en", "en;q=0, nl;q=0.1": "nl",
		"en;q=much, nl;q=0.1": "nl", "fr": "", "": "",
	} {
		d := newDoor(t, nil, fine)
		d.call(t, "GET", "/things/1", nil, "Accept-Language: "+header)
		if d.seen.Accepted != want {
			t.Errorf("%s: %q, want %q", header, d.seen.Accepted, want)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"abc": "abc", ` "abc" `: "abc", `"a b"`: "a b", "a b": "a b", strings.Repeat("k", 255): strings.Repeat("k", 255), `a"b`: `a"b`,
	} {
		d := newDoor(t, nil, fine)
		if w := d.call(t, "GET", "/things/1", nil, "Idempotency-Key: "+given); w.Code != 200 || d.seen.Call.Key != want {
			t.Errorf("%s: %d %+v", given, w.Code, d.seen)
		}
	}
	for _, refused := range []string{"", `""`, `"abc`, `"abc"x`, `"a\bc"`, "a\x7fb", "a\tb", "naïve", strings.Repeat("k", 256)} {
		d := newDoor(t, nil, fine)
		if w := d.call(t, "GET", "/things/1", nil, "Idempotency-Key: "+refused); w.Code != 400 || code(t, w) != "invalid" {
			t.Errorf("%q: %d", refused, w.Code)
		}
	}
}

// customers knows one token.
type customers struct{}

func (customers) Subject(_ context.Context, token string) (string, error) {
	if token == "eyJ.good.sig" {
		return "user_1", nil
	}
	return "", &checkout.Error{Code: checkout.CodeUnauthorized}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		customers edge.Customers
		header    string
		status    int
		want      checkout.Caller
	}{
		{nil, "", 200, checkout.Caller{}},
		{nil, "Authorization: Bearer kat_1_x", 200, checkout.Caller{Token: "kat_1_x"}},
		{nil, "Authorization: Bearer eyJ.good.sig", 401, checkout.Caller{}},
		{customers{}, "Authorization: Bearer eyJ.good.sig", 200, checkout.Caller{Customer: "user_1"}},
		{customers{}, "Authorization: Bearer eyJ.bad.sig", 401, checkout.Caller{}},
		{customers{}, "Authorization: Bearer kat_1_x", 200, checkout.Caller{Token: "kat_1_x"}},
		{nil, "Authorization: Bearer", 401, checkout.Caller{}},
		{nil, "Authorization: Basic a2F0", 401, checkout.Caller{}},
		{nil, "Authorization: Bearer kat_1_x, Bearer kat_1_y", 401, checkout.Caller{}},
		{customers{}, "Authorization: Bearer e" + strings.Repeat("y", 9000), 401, checkout.Caller{}},
	} {
		d := newDoor(t, c.customers, fine)
		var headers []string
		if c.header != "" {
			headers = append(headers, c.header)
		}
		w := d.call(t, "GET", "/things/1", nil, headers...)
		if w.Code != c.status || c.status == 200 && d.seen.Call.Caller != c.want {
			t.Errorf("%.40s: %d %+v", c.header, w.Code, d.seen)
		}
	}
}

// What answers carry beside their body.
func TestAnswers(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil, func(context.Context, *edge.Request) (edge.Answer, error) {
		return edge.Answer{Status: 201, Body: []int{1}, Version: 4, Location: "/things/1", Replayed: true}, nil
	})
	w := d.call(t, "GET", "/things/1", nil, "Request-Id: r-1")
	for name, want := range map[string]string{
		"ETag": `"4"`, "Location": "/things/1", "Idempotent-Replayed": "true", "Cache-Control": "no-store", "Content-Type": "application/json",
		"X-Content-Type-Options": "nosniff", "Request-Id": "r-1", "Content-Length": "3",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	text := newDoor(t, nil, func(context.Context, *edge.Request) (edge.Answer, error) {
		return edge.Answer{Text: []byte("a: b"), Type: "application/yaml", Public: true}, nil
	}).call(t, "GET", "/things/1", nil)
	if text.Body.String() != "a: b" || text.Header().Get("Cache-Control") != "" {
		t.Errorf("%v %s", text.Header(), text.Body)
	}
	wrong := newDoor(t, nil, func(context.Context, *edge.Request) (edge.Answer, error) {
		return edge.Answer{Body: func() {}}, nil
	}).call(t, "GET", "/things/1", nil)
	if wrong.Code != 500 || code(t, wrong) != "internal" {
		t.Errorf("an answer that is no JSON: %d %s", wrong.Code, wrong.Body)
	}
}

// FuzzHeaders looks for panics and for keys that come through with what a log must not hold.
func FuzzHeaders(f *testing.F) {
	f.Add(`"a\"b"`, `profile="x";version="2026-04-08"`, "nl;q=0.5, *", "Bearer kat_1_x", `"3"`)
	f.Add("", ",;=", ";;q=,", "Bearer", "*")
	f.Fuzz(func(t *testing.T, key, agent, language, authorization, match string) {
		d := newDoor(t, nil, fine)
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/things/1", nil)
		for name, v := range map[string]string{
			"Idempotency-Key": key, "Ucp-Agent": agent, "Accept-Language": language, "Authorization": authorization, "If-Match": match,
		} {
			r.Header[name] = []string{v}
		}
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%d %s", w.Code, d.log.String())
		}
		if w.Code == 200 && d.seen.Call.Key == "" {
			t.Errorf("the key %q came through as none", key)
		}
	})
}
