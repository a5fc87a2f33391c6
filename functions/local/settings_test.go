package main

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kassa/payments/sandbox"
)

func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	const secret, publishable = "STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY"
	for _, c := range []struct {
		name string
		env  []string
		want options
		err  string // part of it
	}{
		{"nothing", nil, options{store: ".kassa/kassa.db"}, ""},
		{"memory", []string{"KASSA_STORE", "memory"}, options{}, ""},
		{"file", []string{"KASSA_STORE", "file:/tmp/x.db"}, options{store: "/tmp/x.db"}, ""},
		{"no path", []string{"KASSA_STORE", "file:"}, options{}, "want file:PATH, memory or dynamodb"},
		{"unknown store", []string{"KASSA_STORE", "postgres"}, options{}, "want file:PATH, memory or dynamodb"},
		{"dynamodb nowhere", []string{"KASSA_STORE", "dynamodb"}, options{}, "needs AWS_ENDPOINT_URL_DYNAMODB"},
		{"dynamodb of an account", []string{"KASSA_STORE", "dynamodb", "AWS_ENDPOINT_URL", "https://dynamodb.eu-west-1.amazonaws.com"}, options{},
			"of your own"},
		{"dynamodb", []string{"KASSA_STORE", "dynamodb", "AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:8000"},
			options{store: dynamodbBeside, dynamodb: "http://127.0.0.1:8000", tables: tablePrefix}, ""},
		{"test mode", []string{secret, "sk_test_1", publishable, "pk_test_1", "STRIPE_API_BASE", "http://127.0.0.1:1", "STRIPE_WEBHOOK_SECRET", "whsec_1, whsec_2"},
			options{store: ".kassa/kassa.db", stripe: stripeSettings{"sk_test_1", "pk_test_1", "http://127.0.0.1:1", []string{"whsec_1", "whsec_2"}}}, ""},
		{"live secret", []string{secret, "sk_live_1", publishable, "pk_test_1"}, options{}, "live Stripe key is refused"},
		{"live restricted", []string{secret, "rk_live_1"}, options{}, "live Stripe key is refused"},
		{"live publishable", []string{publishable, "pk_live_1"}, options{}, "live Stripe key is refused"},
		{"no key at all", []string{secret, "password"}, options{}, "must start with sk_test_"},
		{"secret for publishable", []string{publishable, "sk_test_1"}, options{}, "STRIPE_PUBLISHABLE_KEY must start with pk_test_"},
		{"no publishable", []string{secret, "sk_test_1"}, options{}, "needs STRIPE_PUBLISHABLE_KEY"},
		{"base alone", []string{"STRIPE_API_BASE", "http://127.0.0.1:1"}, options{}, "needs STRIPE_SECRET_KEY"},
		{"sign-in", []string{"OIDC_ISSUER", "https://id.example", "OIDC_AUDIENCE", "app"},
			options{store: ".kassa/kassa.db", issuer: "https://id.example", audience: "app"}, ""},
		{"sign-in for any app", []string{"OIDC_ISSUER", "https://id.example"}, options{}, "OIDC_AUDIENCE"},
		{"sign-in nowhere", []string{"OIDC_AUDIENCE", "app"}, options{}, "OIDC_ISSUER"},
		{"three secrets", []string{"STRIPE_WEBHOOK_SECRET", "whsec_1,whsec_2,whsec_3"}, options{}, "more than two"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := readSettings(nil, environment(c.env...), io.Discard)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v, want %q", err, c.err)
				}
				return
			}
			c.want.addr = "127.0.0.1:3000"
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(options{}, stripeSettings{})); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
	if _, err := readSettings([]string{"-addr", ":80", "extra"}, environment(), io.Discard); err == nil {
		t.Error("an argument too many is accepted")
	}
}

// -h names every variable that is asked for, and the README has a row for each: no more, and no fewer.
func TestUsageAndReadmeNameTheVariables(t *testing.T) {
	t.Parallel()
	asked := map[string]bool{}
	for _, store := range []string{"memory", "dynamodb"} {
		_, _ = readSettings(nil, func(name string) string {
			asked[name] = true
			return map[string]string{"KASSA_STORE": store, "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:8000"}[name]
		}, io.Discard)
	}
	var usage strings.Builder
	if _, err := readSettings([]string{"-h"}, environment(), &usage); !errors.Is(err, errHelp) {
		t.Errorf("-h ends with %v", err)
	}
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Configuration\n")
	for name := range asked {
		if !strings.Contains(usage.String(), name) || !strings.Contains(section, "\n| `"+name+"` |") {
			t.Errorf("-h or the README's table does not tell of %s", name)
		}
	}
	for _, row := range regexp.MustCompile("\n\\| `([A-Z_]+)` \\|").FindAllStringSubmatch(section, -1) {
		if !asked[row[1]] {
			t.Errorf("the README's table has %s, which nothing asks for", row[1])
		}
	}
}

// A key of Stripe's test mode leaves the sandbox for any server that speaks its API.
func TestAnotherProvider(t *testing.T) {
	t.Parallel()
	elsewhere := start(t)
	if err := elsewhere.provider.Inject(sandbox.Fault{Match: "payment_intents.create", Way: sandbox.WayRateLimited}); err != nil {
		t.Fatal(err)
	}
	s := startWith(t, options{stripe: stripeSettings{secretKey: "sk_test_1", publishableKey: "pk_test_1", base: elsewhere.base}})
	c := s.fill("beans-kade-250")
	s.buy(c, c.purchase("pm_card_visa", beans), key()).want(http.StatusCreated).wantAt("status", "complete_in_progress")
	s.do(http.MethodGet, "/dev/ledger", "").want(http.StatusNotFound)
	s.do(http.MethodGet, "/v1/balance", "").want(http.StatusNotFound)
	s.advance("2m")
	if charges := elsewhere.charges(); len(charges) != 1 || charges[0].Amount != beans {
		t.Errorf("the other provider's ledger has %+v", charges)
	}
}

// Everything that Kassa refuses to start with is said, not guessed around.
func TestRefusesToStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.json")
	if err := os.WriteFile(broken, []byte(`[{"sku":"a","price":5}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		env  []string
		want string
	}{
		"catalogue": {[]string{"-catalogue", broken}, []string{"KASSA_STORE", "memory"}, `unknown field "price"`},
		"missing":   {[]string{"-catalogue", filepath.Join(dir, "none.json")}, []string{"KASSA_STORE", "memory"}, "none.json"},
		"address":   {[]string{"-addr", "256.0.0.1:0"}, []string{"KASSA_STORE", "memory"}, "listen on 256.0.0.1:0"},
		"namespace": {[]string{"-addr", "127.0.0.1:0"}, []string{"KASSA_STORE", "memory", "KASSA_NAMESPACE", "shop"}, "namespace"},
		"webhook":   {[]string{"-addr", "127.0.0.1:0"}, []string{"KASSA_STORE", "memory", "STRIPE_WEBHOOK_SECRET", "secret"}, "whsec_"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := c.args
			if name == "catalogue" || name == "missing" {
				args = append([]string{"-addr", "127.0.0.1:0"}, args...)
			}
			if err := run(t.Context(), args, environment(c.env...), io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
