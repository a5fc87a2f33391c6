package awsmessenger_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"kassa/checkout"
	"kassa/checkout/recovery"
	"kassa/checkout/recovery/awsmessenger"
)

func content(text string) map[string]any { return map[string]any{"Charset": "UTF-8", "Data": text} }

func pair(name, value string) map[string]any { return map[string]any{"Name": name, "Value": value} }

// TestFollowUpOnTheWire: one call, with both bodies, RFC 8058's headers, and tags that hold ids only.
func TestFollowUpOnTheWire(t *testing.T) {
	t.Parallel()
	s := newService(t)
	id, err := s.email().Send(t.Context(), mailTo("ada@example.com"))
	if err != nil || id != "ses-1" {
		t.Fatalf("id %s, error %v", id, err)
	}
	calls := s.got()
	if len(calls) != 1 || calls[0].method != http.MethodPost || calls[0].path != "/v2/email/outbound-emails" {
		t.Fatalf("calls %+v", calls)
	}
	want := map[string]any{
		"FromEmailAddress": `"Kade 9" <orders@kade9.example>`, "ReplyToAddresses": []any{"hello@kade9.example"},
		"ConfigurationSetName": "kassa", "Destination": map[string]any{"ToAddresses": []any{"ada@example.com"}},
		"Content": map[string]any{"Simple": map[string]any{
			"Subject": content("Je winkelwagen is bewaard"),
			"Body":    map[string]any{"Text": content("Hallo Ada,\n"), "Html": content("<p>Hallo Ada,</p>")},
			"Headers": []any{
				pair("List-Unsubscribe", "<https://kade9.example/unsubscribe/t>"), pair("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
			},
		}},
		"EmailTags": []any{pair("message", "fu_1_email"), pair("kind", "follow_up"), pair("reason", "no_checkout"), pair("stage", "email")},
	}
	if diff := cmp.Diff(want, decode(t, calls[0].body)); diff != "" {
		t.Errorf("call (-want +got):\n%s", diff)
	}
}

// A service message offers nothing to unsubscribe from.
func TestServiceMessageOnTheWire(t *testing.T) {
	t.Parallel()
	s := newService(t)
	m := mailTo("ada@example.com")
	m.Kind, m.Reason, m.Stage, m.Unsubscribe, m.Subject = recovery.KindService, "receipt", "", "", "Je bestelling\r\nBcc: x@example.com"
	if _, err := s.email().Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	body := s.got()[0].body
	if strings.Contains(body, "Unsubscribe") || !strings.Contains(body, "auto-generated") || !strings.Contains(body, `"Je bestelling  Bcc: x@example.com"`) {
		t.Errorf("call %s", body)
	}
}

func TestSenderIsNamedInAnyScript(t *testing.T) {
	t.Parallel()
	s := newService(t)
	e, err := awsmessenger.NewEmail(awsmessenger.EmailConfig{AWS: s.aws(), From: "a@kade9.example", Name: "Café \"Æ\"\r\nBcc: x"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Send(t.Context(), mailTo("ada@example.com")); err != nil {
		t.Fatal(err)
	}
	from, _ := decode(t, s.got()[0].body)["FromEmailAddress"].(string)
	if !strings.HasPrefix(from, "=?utf-8?") || !strings.HasSuffix(from, "<a@kade9.example>") || strings.ContainsAny(from, "\r\n") {
		t.Errorf("from %q", from)
	}
	for _, bad := range []string{"", "kade9", "Kade <a@kade9.example>"} {
		if _, err := awsmessenger.NewEmail(awsmessenger.EmailConfig{From: bad}); checkout.ErrorCode(err) != checkout.CodeInvalid {
			t.Errorf("sender %q: %v", bad, err)
		}
	}
}

// outcome is what a caller may conclude from an error.
func outcome(err error) string {
	var r *recovery.Refusal
	switch {
	case err == nil:
		return "sent"
	case !errors.As(err, &r):
		return "unknown"
	}
	return fmt.Sprintf("refused gone=%v retry=%v", r.Gone, r.Retry)
}

const (
	forGood = "refused gone=false retry=false"
	forNow  = "refused gone=false retry=true"
	nobody  = "refused gone=true retry=false"
)

// TestWhatBecameOfAnEmail: refused, lost, late. Whatever it is, SES is called once: the SDK was told to try five times.
func TestWhatBecameOfAnEmail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"rejected": {sesError(400, "MessageRejected"), forGood},
		"sender unknown": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amzn-Errortype", "MessageRejected")
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"message":"Email address is not verified. The following identities failed the check in region EU-WEST-1: ada@example.com"}`)
		}, forNow},
		"bad request":       {sesError(400, "BadRequestException"), forGood},
		"throttled":         {sesError(429, "TooManyRequestsException"), forNow},
		"throttled, as 400": {sesError(400, "ThrottlingException"), forNow},
		"quota":             {sesError(400, "LimitExceededException"), forNow},
		"paused":            {sesError(400, "SendingPausedException"), forNow},
		"suspended":         {sesError(400, "AccountSuspendedException"), forNow},
		"not verified yet":  {sesError(400, "MailFromDomainNotVerifiedException"), forNow},
		"no such set":       {sesError(404, "NotFoundException"), forNow},
		"not allowed":       {sesError(403, "AccessDeniedException"), forNow},
		"their fault":       {sesError(500, "InternalServiceErrorException"), "unknown"},
		"unavailable":       {sesError(503, "ServiceUnavailable"), "unknown"},
		"lost":              {lost, "unknown"},
		"late":              {late, "unknown"},
		"no sense":          {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{") }, "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			answer := c.answer
			if name == "late" { // the caller stops waiting once the call is there
				answer = func(w http.ResponseWriter, r *http.Request) { cancel(); late(w, r) }
			}
			s := newService(t, answer)
			_, err := s.email().Send(ctx, mailTo("ada@example.com"))
			if got := outcome(err); got != c.want {
				t.Errorf("%s, want %s (%v)", got, c.want, err)
			}
			if strings.Contains(err.Error(), "ada@") {
				t.Errorf("the error tells the address: %v", err)
			}
			if n := len(s.got()); n != 1 {
				t.Errorf("%d calls", n)
			}
		})
	}
}

// What never left is no unknown: no connection, no time.
func TestWhatNeverLeft(t *testing.T) {
	t.Parallel()
	s := newService(t)
	config := s.aws()
	config.BaseEndpoint = aws.String("http://127.0.0.1:1") // nobody listens
	e, err := awsmessenger.NewEmail(awsmessenger.EmailConfig{AWS: config, From: "a@kade9.example"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Send(t.Context(), mailTo("ada@example.com")); outcome(err) != forNow {
		t.Errorf("no connection: %s (%v)", outcome(err), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.email().Send(ctx, mailTo("ada@example.com")); outcome(err) != forNow || len(s.got()) != 0 {
		t.Errorf("no time: %s, %d calls", outcome(err), len(s.got()))
	}
}

func TestWhatIsNoEmail(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for name, change := range map[string]func(*recovery.Message){
		"no address":      func(m *recovery.Message) { m.To = "" },
		"two":             func(m *recovery.Message) { m.To = "a@example.com, b@example.com" },
		"a name":          func(m *recovery.Message) { m.To = "Ada <a@example.com>" },
		"another channel": func(m *recovery.Message) { m.Channel = recovery.ChannelSMS },
		"no unsubscribe":  func(m *recovery.Message) { m.Unsubscribe = "" },
	} {
		m := mailTo("ada@example.com")
		change(&m)
		if _, err := s.email().Send(t.Context(), m); outcome(err) != forGood {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(s.got()); n != 0 {
		t.Errorf("%d calls", n)
	}
}

// TestSentTwiceIsTwoCalls says why callers claim before they send: SES knows no idempotency.
func TestSentTwiceIsTwoCalls(t *testing.T) {
	t.Parallel()
	s := newService(t)
	e := s.email()
	for range 2 {
		if _, err := e.Send(t.Context(), mailTo("ada@example.com")); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.got()); n != 2 {
		t.Errorf("%d calls", n)
	}
}
