package edge

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"

	"kassa/checkout"
	"kassa/functions/internal/strictjson"
	"kassa/functions/internal/ucp"
)

// maxHeaderBytes bounds a request's headers; API Gateway lets 10,240 through, and adds a few of its own.
const maxHeaderBytes = 16 << 10

const maxID = 80

// isID reports the form of all our ids, those of lines included, which end in a sku.
func isID(s string) bool { return len(s) <= maxID && isWord(s) }

// isWord reports one or more letters, digits, dots, underscores and hyphens.
func isWord(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		return !letter && (r < '0' || r > '9') && r != '.' && r != '_' && r != '-'
	}) < 0
}

// read fills in the request from headers and body.
func (r *Router) read(in *Request, route Route) error {
	h := in.HTTP.Header
	if headerBytes(h) > maxHeaderBytes {
		return refuse(codeHeaders, "the headers have more than 16384 bytes")
	}
	for _, name := range []string{"id", "line"} {
		if v := in.PathValue(name); v != "" && !isID(v) {
			return refuse(codeNotFound, "there is nothing at this path")
		}
	}
	if v := agentVersion(h.Values("Ucp-Agent")); v != "" && v != ucp.Version {
		return refuse(codeVersion, "this shop speaks UCP "+ucp.Version+" only")
	}
	var err error
	if route.Scope != "" {
		in.Merchant, err = r.merchantKey(in.HTTP, route.Scope)
	} else {
		in.Call.Caller, err = r.caller(in.HTTP)
	}
	if err != nil {
		return err
	}
	if in.Call.Key, err = idempotencyKey(h.Values("Idempotency-Key")); err != nil {
		return err
	}
	if in.Call.IfVersion, err = ifMatch(h.Values("If-Match")); err != nil {
		return err
	}
	return r.readBody(in, route)
}

func headerBytes(h http.Header) int {
	n := 0
	for name, values := range h {
		for _, v := range values {
			n += len(name) + len(v)
		}
	}
	return n
}

func (r *Router) readBody(in *Request, route Route) error {
	switch route.Body {
	case NoBody:
		in.Call.Fingerprint = fingerprint(in.HTTP, nil)
		return nil
	case RawBody:
		body, err := readAll(in.HTTP, route.Limit)
		in.Raw = body
		return err
	case Stream:
		in.HTTP.Body = http.MaxBytesReader(nil, in.HTTP.Body, route.Limit)
		return nil
	case MaybeJSON:
		if in.HTTP.ContentLength == 0 || in.HTTP.Body == nil || mediaType(in.HTTP.Header.Get("Content-Type"), JSON) != nil {
			in.Call.Fingerprint = fingerprint(in.HTTP, nil)
			return nil
		}
	case JSON, MergePatch:
	}
	if err := mediaType(in.HTTP.Header.Get("Content-Type"), route.Body); err != nil {
		return err
	}
	body, err := readAll(in.HTTP, strictjson.MaxBytes)
	if err != nil {
		return err
	}
	if in.Body, err = strictjson.Parse(body); err != nil {
		return err
	}
	if asked := r.accepted(ucp.Language(in.Body)); asked != "" {
		in.Language = asked
	}
	in.Call.Fingerprint = fingerprint(in.HTTP, in.Body.Canonical())
	return nil
}

// fingerprint is a hash of what was asked for: method, path and the meaning of the body.
func fingerprint(r *http.Request, canonical []byte) string {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(r.Method), []byte(r.URL.EscapedPath()), canonical} {
		_, _ = h.Write([]byte(strconv.Itoa(len(part)) + ":")) // a hash never fails
		_, _ = h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func mediaType(header string, kind BodyKind) error {
	t, params, err := mime.ParseMediaType(header)
	charset := params["charset"]
	ok := t == ucp.MediaType || kind == MergePatch && t == "application/merge-patch+json"
	if err != nil || !ok || charset != "" && charset != "utf-8" && charset != "UTF-8" {
		expected := ucp.MediaType
		if kind == MergePatch {
			expected = "application/merge-patch+json"
		}
		return refuse(codeMedia, "the Content-Type must be "+expected)
	}
	return nil
}

func readAll(r *http.Request, limit int64) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	var network net.Error
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return nil, refuse(codeTimeout, "the body did not arrive in time")
	case err != nil:
		return nil, &checkout.Error{Code: checkout.CodeInvalid, Path: "$", Message: "the body could not be read", Err: err}
	case int64(len(body)) > limit:
		return nil, refuse(codeTooLarge, "the body has more than "+strconv.FormatInt(limit, 10)+" bytes")
	}
	return body, nil
}
