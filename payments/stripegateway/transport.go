package stripegateway

import (
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	maxCall   = 10 * time.Second // stripe-go's own bound is 80 s, longer than any gateway in front of us waits
	maxAnswer = 4 << 20          // bytes; a page of 100 intents is well below
)

// seen is what the headers of an answer said. stripe-go keeps it only for answers that it can decode, and those that it
// can't are the ones that matter.
type seen struct {
	status    int
	requestID string
	replayed  bool // Stripe's Idempotent-Replayed: the stored answer to this key, not a fresh one
}

type seenKey struct{}

// observe returns a context whose requests leave in seen what their answers said.
func observe(ctx context.Context) (context.Context, *seen) {
	s := &seen{}
	return context.WithValue(ctx, seenKey{}, s), s
}

// observer fills seen and bounds the answer; a longer one is cut, cannot be decoded, and is thereby unknown.
type observer struct{ next http.RoundTripper }

func (o observer) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := o.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if s, ok := r.Context().Value(seenKey{}).(*seen); ok {
		*s = seen{
			status:    res.StatusCode,
			requestID: res.Header.Get("Request-Id"),
			replayed:  res.Header.Get("Idempotent-Replayed") == "true",
		}
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, maxAnswer), res.Body}
	return res, nil
}

// httpClient is a copy of c, or a new client, that observes answers and follows no redirect: net/http would turn a
// redirected POST into a GET and hand us the answer to another question.
func httpClient(c *http.Client) *http.Client {
	var own http.Client
	if c != nil {
		own = *c
	} else {
		own.Transport = transport()
	}
	if own.Transport == nil {
		own.Transport = http.DefaultTransport
	}
	own.Transport = observer{own.Transport}
	if own.Timeout <= 0 || own.Timeout > maxCall {
		own.Timeout = maxCall
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// transport notices a connection that died while a Lambda environment was frozen by a ping, within seconds, and not by the
// shopper's deadline.
func transport() http.RoundTripper {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 3 * time.Second}).DialContext,
		TLSHandshakeTimeout: 3 * time.Second,
		ForceAttemptHTTP2:   true,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: 2 * time.Second, PingTimeout: time.Second},
		MaxIdleConnsPerHost: 16,
		IdleConnTimeout:     90 * time.Second,
	}
}
