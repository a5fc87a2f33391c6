package lambdatest_test

import (
	"maps"
	"strings"
	"testing"

	"kassa/functions/internal/lambdatest"
)

// TestRefusals starts every function with each of its variables missing and empty, with one that it does not know, and with
// each parameter unreadable. Its process must end before the first event, and its log must name the culprit. Without those that are
// optional it starts.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, f := range functions {
		t.Run(f, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			whole := a.environment(t, f)
			spare := optional(t, f)
			for name, value := range a.variables(t, f) {
				if spare[name] {
					continue // empty is Stripe, a shop with guests only, or a channel that is not used
				}
				refuses(t, f, whole, "environment variable "+name+" is missing", func(env map[string]string) { delete(env, name) })
				refuses(t, f, whole, "environment variable "+name+" is empty", func(env map[string]string) { env[name] = "" })
				if strings.HasSuffix(name, "_PARAMETER") {
					refuses(t, f, whole, "no such parameter: /kassa/gone", func(env map[string]string) { env[name] = "/kassa/gone" })
					a.parameters.Put(value+"-empty", " ")
					refuses(t, f, whole, "parameter is empty: "+value+"-empty", func(env map[string]string) { env[name] = value + "-empty" })
				}
			}
			if len(spare) > 0 {
				bare := maps.Clone(whole)
				maps.DeleteFunc(bare, func(name, _ string) bool { return spare[name] })
				a.start(t, f, func(c *lambdatest.Config) { c.Env = pairs(bare) }).Close()
			}
			refuses(t, f, whole, "KASSA_CART_TABEL is no setting", func(env map[string]string) { env["KASSA_CART_TABEL"] = "x" })
			if _, signsIn := whole["OIDC_ISSUER"]; signsIn {
				refuses(t, f, whole, "OIDC_AUDIENCE is missing", func(env map[string]string) { env["OIDC_ISSUER"] = "https://id.example" })
				refuses(t, f, whole, "OIDC_ISSUER is missing", func(env map[string]string) { env["OIDC_AUDIENCE"] = "app" })
			}
			refuses(t, f, whole, "AWS_REGION is missing", func(env map[string]string) { delete(env, "AWS_REGION") })
			a.parameters.Fail("AccessDeniedException")
			refuses(t, f, whole, "AccessDeniedException", func(map[string]string) {})
		})
	}
}

func refuses(t *testing.T, function string, whole map[string]string, want string, spoil func(map[string]string)) {
	t.Helper()
	env := maps.Clone(whole)
	spoil(env)
	f, err := lambdatest.Start(t.Context(), lambdatest.Config{Binary: binary(t, function), Env: pairs(env)})
	if err == nil {
		f.Close()
		t.Errorf("%s starts, want: %s", function, want)
		return
	}
	if !strings.Contains(err.Error(), "exit status 1") || !strings.Contains(err.Error(), want) {
		t.Errorf("%s says %v, want: %s", function, err, want)
	}
	for _, secret := range []string{secretKey, whsec, strings.Repeat("k", 32)} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s shows a secret: %v", function, err)
		}
	}
}
