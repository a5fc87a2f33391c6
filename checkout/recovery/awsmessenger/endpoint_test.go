package awsmessenger_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kassa/checkout"
)

func xml(action, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(w, "<%sResponse><%sResult>%s</%sResult></%sResponse>", action, action, body, action, action)
	}
}

func created(arn string) http.HandlerFunc {
	return xml("CreatePlatformEndpoint", "<EndpointArn>"+arn+"</EndpointArn>")
}

func attributes(token, enabled string) http.HandlerFunc {
	return xml("GetEndpointAttributes", "<Attributes><entry><key>Enabled</key><value>"+enabled+"</value></entry><entry><key>Token</key><value>"+token+"</value></entry></Attributes>")
}

var set = xml("SetEndpointAttributes", "")

// TestRegister tells what SNS is asked when an app brings its token, step by step.
func TestRegister(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		old     string
		script  []http.HandlerFunc
		actions string
		want    string // "" = an error
		code    checkout.Code
	}{
		"a new device":        {"", []http.HandlerFunc{created(iosDevice), attributes("t2", "true")}, "Create Get", iosDevice, ""},
		"known, switched off": {"", []http.HandlerFunc{created(iosDevice), attributes("t2", "false"), set}, "Create Get Set", iosDevice, ""},
		"known, other token":  {"", []http.HandlerFunc{created(iosDevice), attributes("t1", "true"), set}, "Create Get Set", iosDevice, ""},
		"another token":       {iosDevice, []http.HandlerFunc{set}, "Set", iosDevice, ""},
		"old one deleted": {iosDevice, []http.HandlerFunc{snsError(404, "NotFound", "no"), created(iosDevice + "2"), attributes("t2", "true")},
			"Set Create Get", iosDevice + "2", ""},
		"old one of another app": {droid, []http.HandlerFunc{created(iosDevice), attributes("t2", "true")}, "Create Get", iosDevice, ""},
		"made by others": {"", []http.HandlerFunc{
			snsError(400, "InvalidParameter", "Invalid parameter: Token Reason: Endpoint "+iosDevice+" already exists with the same Token, but different attributes."),
			attributes("t2", "true"),
		}, "Create Get", iosDevice, ""},
		"no such token":     {"", []http.HandlerFunc{snsError(400, "InvalidParameter", "Invalid parameter: Token Reason: t2 is bad")}, "Create", "", checkout.CodeInvalid},
		"not allowed":       {"", []http.HandlerFunc{snsError(403, "AuthorizationError", "t2")}, "Create", "", checkout.CodeUnavailable},
		"lost, then taken":  {"", []http.HandlerFunc{lost, created(iosDevice), attributes("t2", "true")}, "Create Create Get", iosDevice, ""},
		"enabling goes bad": {"", []http.HandlerFunc{created(iosDevice), attributes("t2", "false"), snsError(403, "AuthorizationError", "t2")}, "Create Get Set", "", checkout.CodeUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, c.script...)
			got, err := s.push(false).Register(t.Context(), "ios", "t2", c.old)
			if c.want != "" && (got != c.want || err != nil) || c.want == "" && (err == nil || checkout.ErrorCode(err) != c.code) {
				t.Errorf("%s, %v", got, err)
			}
			if err != nil && strings.Contains(err.Error(), "t2") {
				t.Errorf("the error tells the token: %v", err)
			}
			var actions []string
			for _, call := range s.got() {
				actions = append(actions, strings.TrimSuffix(strings.TrimSuffix(call.form.Get("Action"), "PlatformEndpoint"), "EndpointAttributes"))
			}
			if got := strings.Join(actions, " "); got != c.actions {
				t.Errorf("asked %s, want %s", got, c.actions)
			}
		})
	}
	s := newService(t)
	if _, err := s.push(false).Register(t.Context(), "windows", "t", ""); checkout.ErrorCode(err) != checkout.CodeInvalid || len(s.got()) != 0 {
		t.Errorf("a platform without an app: %v", err)
	}
}
