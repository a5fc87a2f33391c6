// Package edge is the way in and out of every HTTP function: it reads what all requests have in common (request id, agent,
// language, credential, idempotency key, version, body), and writes every answer, refusals and failures included, in one
// shape with one log line. It decides nothing about carts or money.
package edge

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"kassa/checkout"
	"kassa/checkout/merchant"
	"kassa/functions/internal/strictjson"
	"kassa/functions/internal/ucp"
)

// Config is what an edge is made of.
type Config struct {
	Wire      *ucp.Wire
	Logger    *slog.Logger
	Now       func() time.Time
	NewID     func() string // for the ids of requests that bring none
	Customers Customers     // nil: nobody is a customer yet, every token but a guest's is refused
	Keys      Keys          // of the merchant; nil: there is no route that takes one
}

// Customers verifies the tokens of signed-in customers (OIDC). It is the one place where another kind of bearer token than
// a cart's is looked at.
type Customers interface {
	// Subject returns whom a token was made for. checkout.CodeUnauthorized for one that can't be trusted,
	// CodeUnavailable if its keys can't be had.
	Subject(ctx context.Context, token string) (string, error)
}

// Keys verifies the merchant's keys. *merchant.Keys is one.
type Keys interface {
	// Check returns the key that a token is of. checkout.CodeUnauthorized for one that is not good, CodeForbidden for one that
	// lacks the scope, CodeUnavailable if that can't be told.
	Check(ctx context.Context, token string, scope merchant.Scope) (merchant.Key, error)
}

// Handler answers one request. Errors become answers by the table in status.go.
type Handler func(ctx context.Context, r *Request) (Answer, error)

// Request is a request as handlers see it.
type Request struct {
	HTTP     *http.Request
	ID       string
	Language string // of texts: of the body's context, else of Accept-Language, else ""
	Accepted string // of Accept-Language alone, "" if the shop speaks none of them
	Call     checkout.Request
	Body     strictjson.Value // routes that take JSON
	Raw      []byte           // routes that take a raw body
	Merchant merchant.Key     // routes that have a scope: the key that was sent
}

// PathValue returns a variable of the route's pattern.
func (r *Request) PathValue(name string) string { return r.HTTP.PathValue(name) }

// Answer is what a handler answers.
type Answer struct {
	Status   int    // 0 = 200
	Body     any    // becomes JSON; nil = none
	Text     []byte // instead of Body, of the type Type
	Type     string
	Version  int64             // becomes the ETag; 0 = none
	Location string            // of what was created
	Replayed bool              // an earlier request with this key had this result
	Public   bool              // may be cached: it is the same for everybody
	MaxAge   time.Duration     // of what is Public: how long caches may keep it without asking; 0 = theirs to decide
	Header   map[string]string // further headers, such as those that keep a page safe
	Next     string            // path and query of the page after this one
}

// BodyKind says what body a route takes.
type BodyKind int

// Kinds of bodies.
const (
	NoBody     BodyKind = iota // one that comes nevertheless is not read
	JSON                       // application/json
	MergePatch                 // application/merge-patch+json (RFC 7396), or application/json
	RawBody                    // as it came, of any type
	Stream                     // of any type, and read by the handler, which sees no more than Limit
	MaybeJSON                  // application/json, or none: one of another type is not read
)

// Route is one method of one path.
type Route struct {
	Method  string
	Pattern string // of http.ServeMux, without method and host
	Body    BodyKind
	Limit   int64 // of a raw body or a stream, in bytes
	// Scope makes it a route of the merchant's, which takes a key with this scope and no other credential. A route without one
	// takes none of the merchant's keys.
	Scope  merchant.Scope
	Handle Handler
}
