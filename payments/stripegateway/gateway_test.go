package stripegateway_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"kassa/payments"
	"kassa/payments/stripegateway"
)

func TestNew(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config stripegateway.Config
		ok     bool
	}{
		"test":                    {stripegateway.Config{SecretKey: "sk_test_abc"}, true},
		"live":                    {stripegateway.Config{SecretKey: "sk_live_abc", Live: true}, true},
		"restricted":              {stripegateway.Config{SecretKey: "rk_live_abc", PublishableKey: "pk_live_x", Live: true}, true},
		"another server":          {stripegateway.Config{SecretKey: "sk_test_abc", BaseURL: "http://127.0.0.1:12111"}, true},
		"live over https":         {stripegateway.Config{SecretKey: "sk_live_abc", BaseURL: "https://proxy.example", Live: true}, true},
		"all that a key may hold": {stripegateway.Config{SecretKey: "sk_test_azAZ09_-"}, true},
		"what it may not":         {stripegateway.Config{SecretKey: "sk_test_abc{"}, false},
		"no key":                  {stripegateway.Config{}, false},
		"live key in test":        {stripegateway.Config{SecretKey: "sk_live_abc"}, false},
		"test key in live":        {stripegateway.Config{SecretKey: "rk_test_abc", Live: true}, false},
		"publishable as secret":   {stripegateway.Config{SecretKey: "pk_test_abc"}, false},
		"secret as publishable":   {stripegateway.Config{SecretKey: "sk_test_abc", PublishableKey: "sk_test_abc"}, false},
		"publishable of the mode": {stripegateway.Config{SecretKey: "sk_test_abc", PublishableKey: "pk_live_abc"}, false},
		"prefix alone":            {stripegateway.Config{SecretKey: "sk_test_"}, false},
		"a line break":            {stripegateway.Config{SecretKey: "sk_test_abc\n"}, false},
		"live in the clear":       {stripegateway.Config{SecretKey: "sk_live_abc", BaseURL: "http://api.example", Live: true}, false},
		"no scheme":               {stripegateway.Config{SecretKey: "sk_test_abc", BaseURL: "api.example"}, false},
		"odd scheme":              {stripegateway.Config{SecretKey: "sk_test_abc", BaseURL: "ftp://api.example"}, false},
		"user in URL":             {stripegateway.Config{SecretKey: "sk_test_abc", BaseURL: "https://user@api.example"}, false},
		"query in URL":            {stripegateway.Config{SecretKey: "sk_test_abc", BaseURL: "https://api.example/?x=1"}, false},
		"not a URL":               {stripegateway.Config{SecretKey: "sk_test_abc", BaseURL: "http://[::1"}, false},
	} {
		g, err := stripegateway.New(test.config)
		if (err == nil) != test.ok || (g != nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "abc") {
			t.Errorf("%s: the error has the key in it: %v", name, err)
		}
	}
}

// Both kinds of client reach the server: the one that is made here, and one without a transport of its own.
func TestHTTPClients(t *testing.T) {
	t.Parallel()
	for name, client := range map[string]*http.Client{"own": nil, "bare": {}} {
		p := newProvider(t, answer(200, intentObject().String()))
		g, err := stripegateway.New(stripegateway.Config{SecretKey: secretKey, BaseURL: p.url + "/", HTTPClient: client})
		if err != nil {
			t.Fatal(err)
		}
		if i, err := g.Read(t.Context(), intentID); err != nil || i.Status != payments.StatusPaid {
			t.Errorf("%s: read %v, %v", name, i.Status, err)
		}
		if client != nil && (client.Transport != nil || client.CheckRedirect != nil || client.Timeout != 0) {
			t.Errorf("%s: the caller's client was changed", name)
		}
	}
}

// Every call ends within 10 s, whatever client and context it is given.
func TestCallsAreBounded(t *testing.T) {
	t.Parallel()
	for timeout, want := range map[time.Duration]time.Duration{0: 10 * time.Second, 2 * time.Second: 2 * time.Second, time.Hour: 10 * time.Second} {
		var left time.Duration
		client := &http.Client{Timeout: timeout, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if deadline, ok := r.Context().Deadline(); ok {
				left = time.Until(deadline)
			}
			return nil, errors.New("unreachable")
		})}
		g, err := stripegateway.New(stripegateway.Config{SecretKey: secretKey, HTTPClient: client})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Pay(context.WithoutCancel(t.Context()), request()); payments.ClassOf(err) != payments.ClassUnknown {
			t.Error(err)
		}
		if left <= want-time.Second || left > want {
			t.Errorf("client of %v: %v left, want %v", timeout, left, want)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// spy counts what stripe-go would have logged: messages, and samples of bodies with client secrets in them.
type spy struct{ lines atomic.Int64 }

func (s *spy) Debugf(string, ...any) { s.lines.Add(1) }
func (s *spy) Infof(string, ...any)  { s.lines.Add(1) }
func (s *spy) Warnf(string, ...any)  { s.lines.Add(1) }
func (s *spy) Errorf(string, ...any) { s.lines.Add(1) }

func TestMain(m *testing.M) {
	log := &spy{}
	stripe.DefaultLeveledLogger = log
	code := m.Run()
	if n := log.lines.Load(); n > 0 {
		fmt.Println("FAIL: stripe-go logged", n, "lines")
		code = 1
	}
	os.Exit(code)
}
