package coldstarttest

import (
	"slices"
	"strings"
	"testing"

	"kassa/functions/internal/coldstart"
)

// Trial starts a function whose variables are given with each of them missing, empty and misnamed, with each of its parameters gone
// and empty, and with settings of the shop that contradict themselves. It must refuse each time with a message that names the culprit;
// with nothing wrong it must start, read the parameters that it has variables for and no others, and open its connection to DynamoDB.
func Trial(t *testing.T, start coldstart.Start, variables ...string) {
	t.Helper()
	a := New(t, variables...)
	if _, err := a.Start(start); err != nil {
		t.Fatalf("nothing is wrong, and it refuses: %v", err)
	}
	var named []string
	for _, v := range variables {
		if strings.HasSuffix(v, "_PARAMETER") {
			named = append(named, own[v])
		}
	}
	if reads := a.Parameters.Asked(); len(reads) != 1 || !slices.Equal(reads[0], slices.Sorted(slices.Values(named))) {
		t.Errorf("reads of parameters %q, want one of %q", reads, named)
	}
	if len(a.Requests()) != 1 {
		t.Errorf("requests to DynamoDB %q, want one cheap read", a.Requests())
	}
	for _, v := range variables {
		refuses(t, start, variables, "environment variable "+v+" is missing", func(a *Account) { delete(a.Env, v) })
		refuses(t, start, variables, "environment variable "+v+" is empty", func(a *Account) { a.Env[v] = " " })
	}
	for _, name := range named {
		refuses(t, start, variables, "parameter is empty: "+name, func(a *Account) { a.Parameters.Put(name, "\n") })
		refuses(t, start, variables, "parameter: /gone"+name, func(a *Account) { rename(a, name) })
	}
	if name := own["KASSA_SHOP_PARAMETER"]; slices.Contains(named, name) { // no service would judge it
		bad := strings.Replace(shop, `"default_country": "NL"`, `"default_country": "XX"`, 1)
		refuses(t, start, variables, "must be one of countries", func(a *Account) { a.Parameters.Put(name, bad) })
	}
	refuses(t, start, variables, "KASSA_CART_TABLE is no setting", func(a *Account) { a.Env["KASSA_CART_TABLE"] = "x" })
	refuses(t, start, variables, "AWS_REGION is missing", func(a *Account) { delete(a.Env, "AWS_REGION") })
	refuses(t, start, variables, "AWS_ACCESS_KEY_ID", func(a *Account) { delete(a.Env, "AWS_ACCESS_KEY_ID") })
	refuses(t, start, variables, "AccessDeniedException", func(a *Account) { a.Parameters.Fail("AccessDeniedException") })
	for v := range own {
		if !slices.Contains(variables, v) {
			refuses(t, start, variables, v+" is no setting", func(a *Account) { a.Env[v] = own[v] })
		}
	}
}

// rename points the variable of a parameter to one that doesn't exist.
func rename(a *Account, parameter string) {
	for name, value := range a.Env {
		if value == parameter {
			a.Env[name] = "/gone" + parameter
		}
	}
}

func refuses(t *testing.T, start coldstart.Start, variables []string, want string, spoil func(*Account)) {
	t.Helper()
	a := New(t, variables...)
	spoil(a)
	Refuses(t, a, start, want)
}

// Refuses checks that a function does not start, that error and log say what they must, and that neither holds a secret.
func Refuses(t *testing.T, a *Account, start coldstart.Start, want string) {
	t.Helper()
	_, err := a.Start(start)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("refusal %v, want %q", err, want)
		return
	}
	logged := a.Logs.String()
	if !strings.Contains(logged, `"function refuses to start"`) || !strings.Contains(logged, want) {
		t.Errorf("the refusal is not logged: %s", logged)
	}
	for _, secret := range []string{"51abc", "whsec_abc", "0123456789"} {
		if strings.Contains(logged, secret) {
			t.Errorf("the log holds a secret: %s", logged)
		}
	}
}
