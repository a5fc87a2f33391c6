package lambdahttp_test

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"kassa/functions/internal/lambdahttp"
)

// event is a request as API Gateway hands it over.
func event(method, path string) events.APIGatewayV2HTTPRequest {
	return events.APIGatewayV2HTTPRequest{
		Version: "2.0", RawPath: path,
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			Stage: "$default", DomainName: "api.shop.example",
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: method, Path: path, Protocol: "HTTP/1.1", SourceIP: "203.0.113.77"},
		},
	}
}

// seen is what a handler sees of a request.
type seen struct {
	Method, Path, Escaped, Query, Host, RemoteAddr, URI, Body, Cookie string
	Accept                                                            []string
	Length                                                            int64
}

func see(t *testing.T, e events.APIGatewayV2HTTPRequest) seen {
	t.Helper()
	var got seen
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = seen{Method: r.Method, Path: r.URL.Path, Escaped: r.URL.EscapedPath(), Query: r.URL.Query().Get("q"), Host: r.Host,
			RemoteAddr: r.RemoteAddr, URI: r.RequestURI, Body: string(body), Accept: r.Header.Values("Accept"), Length: r.ContentLength}
		if c, err := r.Cookie("b"); err == nil {
			got.Cookie = c.Value
		}
	})
	out, err := lambdahttp.Adapt(h)(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	if out.StatusCode == http.StatusBadRequest {
		got.Method = "refused"
	}
	return got
}

func TestRequests(t *testing.T) {
	t.Parallel()
	const host, ip = "api.shop.example", "203.0.113.77:0"
	for name, c := range map[string]struct {
		change func(*events.APIGatewayV2HTTPRequest)
		want   seen
	}{
		"plain": {func(*events.APIGatewayV2HTTPRequest) {}, seen{Method: "POST", Path: "/carts", Escaped: "/carts", URI: "/carts"}},
		"body": {func(e *events.APIGatewayV2HTTPRequest) { e.Body = "{}" },
			seen{Method: "POST", Path: "/carts", Escaped: "/carts", URI: "/carts", Body: "{}", Length: 2}},
		"coded body": {func(e *events.APIGatewayV2HTTPRequest) {
			e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte("\x00\xff{}\r\n")), true
		}, seen{Method: "POST", Path: "/carts", Escaped: "/carts", URI: "/carts", Body: "\x00\xff{}\r\n", Length: 6}},
		"body that is not what it says": {func(e *events.APIGatewayV2HTTPRequest) { e.Body, e.IsBase64Encoded = "{}", true },
			seen{Method: "refused"}},
		"method that is none": {func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.Method = "A B" }, seen{Method: "refused"}},
		"query": {func(e *events.APIGatewayV2HTTPRequest) { e.RawQueryString = "q=caf%C3%A9&q=2&r=%F0%9F%92%A9" },
			seen{Method: "POST", Path: "/carts", Escaped: "/carts", URI: "/carts?q=caf%C3%A9&q=2&r=%F0%9F%92%A9", Query: "café"}},
		"headers": {func(e *events.APIGatewayV2HTTPRequest) {
			e.Headers = map[string]string{"accept": "a/b,c/d", "host": "shop.example", "x-forwarded-for": "10.0.0.1"}
			e.Cookies = []string{"a=1", "b=2"}
		}, seen{Method: "POST", Path: "/carts", Escaped: "/carts", URI: "/carts", Host: "shop.example", Accept: []string{"a/b,c/d"}, Cookie: "2"}},
		"escaped path": {func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/a%2Fb/c%20d" },
			seen{Method: "POST", Path: "/a/b/c d", Escaped: "/a%2Fb/c%20d", URI: "/a%2Fb/c%20d"}},
		"decoded path": {func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/a b/ü" },
			seen{Method: "POST", Path: "/a b/ü", Escaped: "/a%20b/%C3%BC", URI: "/a%20b/%C3%BC"}},
		"lone percent": {func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/100%" },
			seen{Method: "POST", Path: "/100%", Escaped: "/100%25", URI: "/100%25"}},
		"two slashes": {func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "//evil.example/x" },
			seen{Method: "POST", Path: "//evil.example/x", Escaped: "//evil.example/x", URI: "//evil.example/x"}},
		"named stage": {func(e *events.APIGatewayV2HTTPRequest) { e.RawPath, e.RequestContext.Stage = "/prod/carts", "prod" },
			seen{Method: "POST", Path: "/carts", Escaped: "/carts", URI: "/carts"}},
		"path of IPv6": {func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.SourceIP = "2001:db8::1" },
			seen{Method: "POST", Path: "/carts", Escaped: "/carts", URI: "/carts", RemoteAddr: "[2001:db8::1]:0"}},
		"no path at all": {func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "" }, seen{Method: "refused"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := event("POST", "/carts")
			c.change(&e)
			if c.want.Method != "refused" {
				if c.want.Host == "" {
					c.want.Host = host
				}
				if c.want.RemoteAddr == "" {
					c.want.RemoteAddr = ip
				}
			}
			if diff := cmp.Diff(c.want, see(t, e)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestResponses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method string
		handle http.HandlerFunc
		want   events.APIGatewayV2HTTPResponse
	}{
		"text": {"GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Add("Vary", "A")
			w.Header().Add("Vary", "B")
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"é":`)
			_, _ = io.WriteString(w, `1}`)
		}, events.APIGatewayV2HTTPResponse{StatusCode: 201, Headers: map[string]string{"content-type": "application/json", "vary": "A, B"}, Body: `{"é":1}`}},
		"bytes": {"GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			_, _ = w.Write([]byte{0x89, 'P', 0xff})
		}, events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{"content-type": "image/png"}, Body: "iVD/", IsBase64Encoded: true}},
		"untyped": {"GET", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") },
			events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{"content-type": "text/plain; charset=utf-8"}, Body: "hello"}},
		"nothing": {"GET", func(http.ResponseWriter, *http.Request) {},
			events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{}}},
		"cookies": {"GET", func(w http.ResponseWriter, _ *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "1", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
			http.SetCookie(w, &http.Cookie{Name: "b", Value: "2", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
			w.WriteHeader(http.StatusNoContent)
		}, events.APIGatewayV2HTTPResponse{StatusCode: 204, Headers: map[string]string{}, Cookies: []string{"a=1; HttpOnly; Secure; SameSite=Lax", "b=2; HttpOnly; Secure; SameSite=Lax"}}},
		"second thoughts": {"GET", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusTeapot)
			w.Header().Set("X-Late", "1")
			w.WriteHeader(http.StatusOK)
		}, events.APIGatewayV2HTTPResponse{StatusCode: 418, Headers: map[string]string{}}},
		"HEAD": {"HEAD", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, "hello")
		}, events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{"content-type": "text/plain"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := lambdahttp.Adapt(c.handle)(t.Context(), event(c.method, "/"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The invocation's context, and with it its deadline, reaches the handler.
func TestContext(t *testing.T) {
	t.Parallel()
	type name struct{}
	ctx := context.WithValue(t.Context(), name{}, "yes")
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Value(name{}) == "yes" {
			w.WriteHeader(http.StatusTeapot)
		}
	})
	if out, err := lambdahttp.Adapt(h)(ctx, event("GET", "/")); err != nil || out.StatusCode != http.StatusTeapot {
		t.Errorf("%d %v", out.StatusCode, err)
	}
}

// FuzzRequest looks for panics: everything but the method comes from anyone.
func FuzzRequest(f *testing.F) {
	f.Add("/carts/%2e%2e", "q=%zz", "e30=", true, "a\r\nb")
	f.Add("http://evil/", "?#", "x", false, "")
	f.Fuzz(func(t *testing.T, path, query, body string, coded bool, header string) {
		e := event("POST", path)
		e.RawQueryString, e.Body, e.IsBase64Encoded, e.Headers = query, body, coded, map[string]string{"host": header, header: header}
		h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Host != "" || r.URL.Scheme != "" {
				t.Errorf("the path %q became the URL %s", path, r.URL)
			}
		})
		if _, err := lambdahttp.Adapt(h)(t.Context(), e); err != nil {
			t.Error(err)
		}
	})
}
