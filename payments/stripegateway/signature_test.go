package stripegateway_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"

	"kassa/payments"
	"kassa/payments/stripegateway"
)

const (
	whsecNew = "whsec_new"
	whsecOld = "whsec_old"
)

var signedAt = time.Unix(1700000000, 0)

func verifier(t testing.TB, secrets ...string) *stripegateway.Verifier {
	t.Helper()
	v, err := stripegateway.NewVerifier(secrets, false)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// sum is Stripe's v1 signature, written here a second time.
func sum(secret, timestamp, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "." + body))
	return hex.EncodeToString(mac.Sum(nil))
}

func sign(secret, body string) string {
	return "t=1700000000,v1=" + sum(secret, "1700000000", body)
}

func eventBody(kind string, about object) string {
	return object{
		"id": "evt_1", "object": "event", "type": kind, "created": 1700000000, "livemode": false,
		"api_version": "2023-10-16", "request": "req_1", "data": object{"object": about},
	}.String()
}

func TestNewVerifier(t *testing.T) {
	t.Parallel()
	for _, secrets := range [][]string{nil, {""}, {"whsec_"}, {"sk_test_abc"}, {"whsec_abc "}, {whsecNew, "abc"}, {whsecNew, whsecOld, "whsec_third"}} {
		if v, err := stripegateway.NewVerifier(secrets, false); err == nil || v != nil || strings.Contains(err.Error(), "abc") {
			t.Errorf("%q: %v", secrets, err)
		}
	}
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	body := eventBody("payment_intent.succeeded", intentObject())
	good, old := sum(whsecNew, "1700000000", body), sum(whsecOld, "1700000000", body)
	other := strings.Repeat("0", 64)
	at := func(timestamp string) string { return "t=" + timestamp + ",v1=" + sum(whsecNew, timestamp, body) }
	for name, test := range map[string]struct {
		header string
		want   error
	}{
		"valid":               {sign(whsecNew, body), nil},
		"of the SDK":          {webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: []byte(body), Secret: whsecNew, Timestamp: signedAt}).Header, nil},
		"second secret":       {sign(whsecOld, body), nil},
		"second of several":   {"t=1700000000,v1=" + other + ",v1=" + good, nil},
		"both while rolling":  {"t=1700000000,v1=" + old + ",v1=" + good + ",v0=" + other, nil},
		"timestamp last":      {"v1=" + good + ",t=1700000000", nil},
		"one unreadable":      {"t=1700000000,v1=zz,v1=" + good, nil},
		"five minutes old":    {at("1699999700"), nil},
		"five minutes ahead":  {at("1700000300"), nil},
		"too old":             {at("1699999699"), stripegateway.ErrTimestamp},
		"too far ahead":       {at("1700000301"), stripegateway.ErrTimestamp},
		"an hour ahead":       {at("1700003600"), stripegateway.ErrTimestamp},
		"at zero":             {at("0"), stripegateway.ErrTimestamp},
		"missing":             {"", stripegateway.ErrSignature},
		"no match":            {"t=1700000000,v1=" + other, stripegateway.ErrSignature},
		"unknown secret":      {sign("whsec_third", body), stripegateway.ErrSignature},
		"of another body":     {sign(whsecNew, body+"\n"), stripegateway.ErrSignature},
		"of another time":     {"t=1700000001,v1=" + good, stripegateway.ErrSignature},
		"v0 alone":            {"t=1700000000,v0=" + good, stripegateway.ErrSignature},
		"cut short":           {"t=1700000000,v1=" + good[:62], stripegateway.ErrSignature},
		"empty":               {"t=1700000000,v1=", stripegateway.ErrSignature},
		"no timestamp":        {"v1=" + good, stripegateway.ErrSignature},
		"empty timestamp":     {at(""), stripegateway.ErrSignature},
		"two timestamps":      {"t=1700000000,t=1700000000,v1=" + good, stripegateway.ErrSignature},
		"negative timestamp":  {at("-1700000000"), stripegateway.ErrSignature},
		"signed timestamp":    {at("+1700000000"), stripegateway.ErrSignature},
		"padded timestamp":    {at("01700000000"), stripegateway.ErrSignature},
		"timestamp in hex":    {at("0x6553f100"), stripegateway.ErrSignature},
		"timestamp too large": {at("99999999999999999999"), stripegateway.ErrSignature},
		"not a pair":          {sign(whsecNew, body) + ",v1", stripegateway.ErrSignature},
		"a space":             {strings.Replace(sign(whsecNew, body), ",", ", ", 1), stripegateway.ErrSignature},
		"a long header":       {sign(whsecNew, body) + strings.Repeat(",v1="+other, 100), stripegateway.ErrSignature},
	} {
		e, err := verifier(t, whsecNew, whsecOld).Event(signedAt, []byte(body), test.header)
		if !errors.Is(err, test.want) || (err == nil) != (e.ID == "evt_1") {
			t.Errorf("%s: event %q, error %v; want error %v", name, e.ID, err, test.want)
		}
	}
}

func TestEachBitCounts(t *testing.T) {
	t.Parallel()
	body := []byte(eventBody("payment_intent.succeeded", intentObject()))
	header := sign(whsecNew, string(body))
	v := verifier(t, whsecNew)
	for i := range body {
		body[i] ^= 1
		if _, err := v.Event(signedAt, body, header); !errors.Is(err, stripegateway.ErrSignature) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		body[i] ^= 1
	}
	if _, err := v.Event(signedAt, body, header); err != nil {
		t.Fatal(err)
	}
}

func TestLargeBody(t *testing.T) {
	t.Parallel()
	body := eventBody("payment_intent.succeeded", intentObject())
	for padding, want := range map[int]error{256<<10 - len(body): nil, 256<<10 - len(body) + 1: stripegateway.ErrTooLarge} {
		padded := body + strings.Repeat(" ", padding)
		if _, err := verifier(t, whsecNew).Event(signedAt, []byte(padded), sign(whsecNew, padded)); !errors.Is(err, want) {
			t.Errorf("%d bytes: %v, want %v", len(padded), err, want)
		}
	}
}

// FuzzVerifier looks for a forgery: a body or a timestamp that is accepted and was never signed.
func FuzzVerifier(f *testing.F) {
	body := eventBody("payment_intent.succeeded", intentObject())
	header := sign(whsecNew, body)
	good := sum(whsecNew, "1700000000", body)
	for _, h := range []string{header, header + ",v0=1", "t=1700000000,v1=" + strings.ToUpper(good), "v1=" + good + ",t=01700000000", ""} {
		f.Add(body, h, int64(0))
	}
	f.Add(body+" ", header, int64(1))
	f.Add(body, header, int64(301))
	f.Add(`{"id":"evt_1"}`, "t=1700000000,v1="+strings.Repeat("0", 64), int64(-1))
	v := verifier(f, whsecNew, whsecOld)
	f.Fuzz(func(t *testing.T, b, h string, skew int64) {
		e, err := v.Event(signedAt.Add(time.Duration(skew%100000)*time.Second), []byte(b), h)
		if err != nil {
			if e != (payments.Event{}) {
				t.Errorf("an event beside the error: %+v", e)
			}
			return
		}
		if b != body {
			t.Errorf("accepted a body that was never signed: %q", b)
		}
		if pairs := "," + h + ","; !strings.Contains(pairs, ",t=1700000000,") || !strings.Contains(strings.ToLower(pairs), ",v1="+good+",") {
			t.Errorf("accepted a header that was never made: %q", h)
		}
		if skew %= 100000; skew > 300 || skew < -300 {
			t.Errorf("accepted %d s away", skew)
		}
	})
}
