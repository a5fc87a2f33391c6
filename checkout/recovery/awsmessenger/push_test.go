package awsmessenger_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kassa/checkout"
	"kassa/checkout/recovery"
	"kassa/checkout/recovery/awsmessenger"
)

// payloadOf reads the message that a Publish call carries for a platform's service, and its attributes.
func payloadOf(t *testing.T, c call, service string) (payload string, attributes map[string]string) {
	t.Helper()
	if c.form.Get("Action") != "Publish" || c.form.Get("MessageStructure") != "json" || c.form.Has("PhoneNumber") || c.form.Has("TopicArn") {
		t.Errorf("call %s", c.body)
	}
	message := decode(t, c.form.Get("Message"))
	payload, _ = message[service].(string)
	if len(message) != 2 || message["default"] == nil || payload == "" {
		t.Errorf("message %v", message)
	}
	attributes = map[string]string{}
	for key, values := range c.form {
		if prefix, ok := strings.CutSuffix(key, ".Name"); ok {
			attributes[values[0]] = c.form.Get(prefix + ".Value.StringValue")
		}
	}
	return payload, attributes
}

func TestPushOnTheWire(t *testing.T) {
	t.Parallel()
	const common = `Votre panier est conservé","body":"Vous pouvez reprendre où vous en étiez."}`
	for name, c := range map[string]struct {
		to, platform, service string
		sound                 bool
		payload               string
		attributes            map[string]string
	}{
		"iPhone": {iosDevice, "ios", "APNS", false,
			`{"aps":{"alert":{"title":"` + common + `,"thread-id":"carts"},"link":"https://kade9.example/r/t","message_id":"fu_1"}`,
			map[string]string{
				"AWS.SNS.MOBILE.APNS.PUSH_TYPE": "alert", "AWS.SNS.MOBILE.APNS.PRIORITY": "5",
				"AWS.SNS.MOBILE.APNS.COLLAPSE_ID": "fu_1", "AWS.SNS.MOBILE.APNS.TTL": "43200",
			}},
		"iPhone of a developer": {strings.Replace(iosDevice, "/APNS/", "/APNS_SANDBOX/", 1), "ios", "APNS_SANDBOX", true,
			`{"aps":{"alert":{"title":"` + common + `,"sound":"default","thread-id":"carts"},"link":"https://kade9.example/r/t","message_id":"fu_1"}`,
			map[string]string{
				"AWS.SNS.MOBILE.APNS.PUSH_TYPE": "alert", "AWS.SNS.MOBILE.APNS.PRIORITY": "5",
				"AWS.SNS.MOBILE.APNS.COLLAPSE_ID": "fu_1", "AWS.SNS.MOBILE.APNS_SANDBOX.TTL": "43200",
			}},
		"Android": {droid, "android", "GCM", false,
			`{"fcmV1Message":{"message":{"notification":{"title":"` + common + `,"data":{"link":"https://kade9.example/r/t","message_id":"fu_1"},` +
				`"android":{"collapse_key":"fu_1","priority":"NORMAL","ttl":"43200s","notification":{"channel_id":"carts","tag":"fu_1"}}}}}`,
			map[string]string{"AWS.SNS.MOBILE.FCM.TTL": "43200"}},
	} {
		s := newService(t)
		id, err := s.push(c.sound).Send(t.Context(), pushTo(c.to, c.platform))
		if err != nil || id != "sns-1" || len(s.got()) != 1 {
			t.Fatalf("%s: id %s, error %v", name, id, err)
		}
		if got := s.got()[0].form.Get("TargetArn"); got != c.to {
			t.Errorf("%s: to %s", name, got)
		}
		payload, attributes := payloadOf(t, s.got()[0], c.service)
		if diff := cmp.Diff(c.payload, payload); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(c.attributes, attributes); diff != "" {
			t.Errorf("%s, attributes (-want +got):\n%s", name, diff)
		}
	}
}

// TestPayloadFits: what is longer than APNs and FCM take loses of its text, by whole characters, and never of its link.
func TestPayloadFits(t *testing.T) {
	t.Parallel()
	for _, letter := range []string{"x", "é", "漢", "🛒", `"`, "<"} {
		for _, device := range [][3]string{{iosDevice, "ios", "APNS"}, {droid, "android", "GCM"}} {
			s := newService(t)
			m := pushTo(device[0], device[1])
			m.Text = strings.Repeat(letter, 5000)
			if _, err := s.push(false).Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			payload, _ := payloadOf(t, s.got()[0], device[2])
			if len(payload) > 4096 || len(payload) < 3500 || !strings.Contains(payload, m.Link) || !strings.Contains(payload, "…") || strings.Contains(payload, "\ufffd") {
				t.Errorf("%s of %s: %d bytes", letter, device[1], len(payload))
			}
		}
	}
	s := newService(t)
	m := pushTo(iosDevice, "ios")
	m.Link = "https://kade9.example/" + strings.Repeat("x", 4096)
	if _, err := s.push(false).Send(t.Context(), m); outcome(err) != forGood || len(s.got()) != 0 {
		t.Errorf("a link that doesn't fit: %v", err)
	}
}

func TestWhatBecameOfAPush(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"switched off":     {snsError(400, "EndpointDisabled", "Endpoint is disabled"), nobody},
		"deleted":          {snsError(404, "NotFound", "No endpoint found for the target arn specified"), nobody},
		"invalid":          {snsError(400, "InvalidParameter", "Invalid parameter: TargetArn"), forGood},
		"invalid value":    {snsError(400, "ParameterValueInvalid", "no"), forGood},
		"throttled":        {snsError(429, "Throttled", "Rate exceeded"), forNow},
		"throttled as 400": {snsError(400, "Throttling", "Rate exceeded"), forNow},
		"app switched off": {snsError(400, "PlatformApplicationDisabled", "no"), forNow},
		"not allowed":      {snsError(403, "AuthorizationError", "no"), forNow},
		"their fault":      {snsError(500, "InternalError", "no"), "unknown"},
		"lost":             {lost, "unknown"},
		"late":             {late, "unknown"},
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
			_, err := s.push(false).Send(ctx, pushTo(iosDevice, "ios"))
			if got := outcome(err); got != c.want {
				t.Errorf("%s, want %s (%v)", got, c.want, err)
			}
			if strings.Contains(err.Error(), "5e3e9847") {
				t.Errorf("the error tells the endpoint: %v", err)
			}
			if n := len(s.got()); n != 1 {
				t.Errorf("%d calls", n)
			}
		})
	}
}

func TestWhatIsNoPush(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for name, change := range map[string]func(*recovery.Message){
		"a phone number":  func(m *recovery.Message) { m.To = "+31612345678" },
		"a topic":         func(m *recovery.Message) { m.To = "arn:aws:sns:eu-west-1:111122223333:alarms" },
		"no platform":     func(m *recovery.Message) { m.Platform = "" },
		"another channel": func(m *recovery.Message) { m.Channel = recovery.ChannelEmail },
	} {
		m := pushTo(iosDevice, "ios")
		change(&m)
		if _, err := s.push(false).Send(t.Context(), m); outcome(err) != forGood {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(s.got()); n != 0 {
		t.Errorf("%d calls", n)
	}
	if _, err := awsmessenger.NewPush(awsmessenger.PushConfig{IOS: iosDevice}); checkout.ErrorCode(err) != checkout.CodeInvalid {
		t.Errorf("an endpoint for an app: %v", err)
	}
}
