// Package lambdahttp puts an http.Handler behind an API Gateway HTTP API (payload format 2.0), so that functions are written,
// tested and run locally as plain HTTP.
package lambdahttp

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// Adapt returns a Lambda handler that serves events with h.
//
// The address of the caller is the one that API Gateway saw, never a header's. The context, and with it the invocation's
// deadline, becomes the request's. A body arrives as the bytes that were sent, whether API Gateway coded them or not, so
// that signatures over them hold.
func Adapt(h http.Handler) func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	return func(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		r, err := request(ctx, event)
		if err != nil {
			return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusBadRequest}, nil // the caller's fault: an error would count as ours
		}
		w := recorder{header: http.Header{}}
		h.ServeHTTP(&w, r)
		return w.response(r.Method), nil
	}
}

func request(ctx context.Context, event events.APIGatewayV2HTTPRequest) (*http.Request, error) {
	body := []byte(event.Body)
	if event.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(event.Body); err != nil {
			return nil, fmt.Errorf("decode body: %w", err)
		}
	}
	if !strings.HasPrefix(event.RawPath, "/") { // else a path could name a host
		return nil, errors.New("path without a leading slash")
	}
	target := requestURI(event)
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, fmt.Errorf("parse path: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, event.RequestContext.HTTP.Method, "/", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	r.URL, r.RequestURI = u, target
	for name, value := range event.Headers {
		r.Header.Set(name, value) // repeated ones are joined with commas, as RFC 9110 §5.3 has it
	}
	if len(event.Cookies) > 0 {
		r.Header.Set("Cookie", strings.Join(event.Cookies, "; "))
	}
	r.Host = r.Header.Get("Host")
	if r.Host == "" {
		r.Host = event.RequestContext.DomainName
	}
	r.Header.Del("Host")
	r.ContentLength = int64(len(body))
	r.RemoteAddr = net.JoinHostPort(event.RequestContext.HTTP.SourceIP, "0")
	r.Proto, r.ProtoMajor, r.ProtoMinor = protocol(event.RequestContext.HTTP.Protocol)
	return r, nil
}

// requestURI is the path without the stage, and the query. API Gateway hands paths on with some characters escaped and others
// not; what can be read as escaped text is.
func requestURI(event events.APIGatewayV2HTTPRequest) string {
	path := event.RawPath
	if stage := event.RequestContext.Stage; stage != "" && stage != "$default" {
		if rest, ok := strings.CutPrefix(path, "/"+stage+"/"); ok {
			path = "/" + rest
		}
	}
	u := url.URL{Path: path, RawQuery: event.RawQueryString}
	if decoded, err := url.PathUnescape(path); err == nil {
		u.Path, u.RawPath = decoded, path
	}
	target := u.EscapedPath()
	if u.RawQuery != "" {
		target += "?" + u.RawQuery
	}
	return target
}

func protocol(name string) (string, int, int) {
	if major, minor, ok := http.ParseHTTPVersion(name); ok {
		return name, major, minor
	}
	return "HTTP/1.1", 1, 1
}

// recorder gathers an answer. It is one invocation's own.
type recorder struct {
	header http.Header
	sent   http.Header // as it was when the status was written; later changes don't count
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (w *recorder) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	if w.status != 0 || status < http.StatusOK { // interim answers can't be sent
		return
	}
	w.status, w.sent = status, w.header.Clone()
}

// Write implements http.ResponseWriter.
func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		if w.header.Get("Content-Type") == "" {
			w.header.Set("Content-Type", http.DetectContentType(p))
		}
		w.WriteHeader(http.StatusOK)
	}
	return w.body.Write(p)
}

func (w *recorder) response(method string) events.APIGatewayV2HTTPResponse {
	w.WriteHeader(http.StatusOK) // does nothing if there is a status
	out := events.APIGatewayV2HTTPResponse{StatusCode: w.status, Headers: map[string]string{}}
	for name, values := range w.sent {
		if name == "Set-Cookie" {
			out.Cookies = values
			continue
		}
		out.Headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	if method == http.MethodHead {
		return out
	}
	if body := w.body.Bytes(); utf8.Valid(body) {
		out.Body = string(body)
	} else {
		out.Body, out.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return out
}
