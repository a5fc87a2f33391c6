package awsmessenger_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
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

func attributes(token, enabled, stamp string) http.HandlerFunc {
	entry := func(key, value string) string {
		return "<entry><key>" + key + "</key><value>" + value + "</value></entry>"
	}
	return xml("GetEndpointAttributes", "<Attributes>"+entry("Enabled", enabled)+entry("Token", token)+entry("CustomUserData", stamp)+"</Attributes>")
}

var set = xml("SetEndpointAttributes", "")

// TestRegister tells what SNS is asked when a message is to go to a token, step by step. A dead endpoint is enabled again only by an
// app that has told of its token since.
func TestRegister(t *testing.T) {
	t.Parallel()
	told := time.Date(2026, 3, 2, 11, 0, 0, 5e6, time.FixedZone("east", 3600))
	const now, before = "2026-03-02T10:00:00.005Z", "2026-02-01T10:00:00Z"
	exists := snsError(400, "InvalidParameter", "Invalid parameter: Token Reason: Endpoint "+iosDevice+" already exists with the same Token, but different attributes.")
	for name, c := range map[string]struct {
		script  []http.HandlerFunc
		actions string
		want    string // the endpoint, or how it was refused
	}{
		"a new device":            {[]http.HandlerFunc{created(iosDevice), attributes("t2", "true", now)}, "Create Get", iosDevice},
		"dead":                    {[]http.HandlerFunc{created(iosDevice), attributes("t2", "false", now)}, "Create Get", nobody},
		"dead, and told of since": {[]http.HandlerFunc{exists, attributes("t2", "false", before), set}, "Create Get Set", iosDevice},
		"told of since":           {[]http.HandlerFunc{exists, attributes("t2", "true", before), set}, "Create Get Set", iosDevice},
		"made by others":          {[]http.HandlerFunc{exists, attributes("t2", "true", ""), set}, "Create Get Set", iosDevice},
		"known, other token":      {[]http.HandlerFunc{created(iosDevice), attributes("t1", "true", now), set}, "Create Get Set", iosDevice},
		"no such token": {[]http.HandlerFunc{snsError(400, "InvalidParameter", "Invalid parameter: Token Reason: t2 is bad")}, "Create",
			nobody},
		"not allowed":      {[]http.HandlerFunc{snsError(403, "AuthorizationError", "t2")}, "Create", forNow},
		"lost, then taken": {[]http.HandlerFunc{lost, created(iosDevice), attributes("t2", "true", now)}, "Create Create Get", iosDevice},
		"enabling goes bad": {[]http.HandlerFunc{exists, attributes("t2", "false", before), snsError(403, "AuthorizationError", "t2")},
			"Create Get Set", forNow},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, c.script...)
			got, err := s.push(false).Register(t.Context(), "ios", "t2", told)
			if err != nil {
				got = outcome(err)
			}
			if got != c.want {
				t.Errorf("%s, %v", got, err)
			}
			if err != nil && strings.Contains(fmt.Sprint(err, errors.Unwrap(err)), "t2") {
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
	if _, err := s.push(false).Register(t.Context(), "windows", "t", told); outcome(err) != forGood || len(s.got()) != 0 {
		t.Errorf("a platform without an app: %v", err)
	}
}
