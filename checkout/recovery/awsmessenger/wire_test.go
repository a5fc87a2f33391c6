package awsmessenger_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"kassa/checkout/recovery"
	"kassa/checkout/recovery/awsmessenger"
)

// call is what came over the wire.
type call struct {
	method, path string
	body         string
	form         url.Values // SNS speaks AWS's query protocol
}

// service answers as SES or SNS does, each call by the next function of its script, then with success.
type service struct {
	*testing.T
	url string

	mu     sync.Mutex
	calls  []call
	script []http.HandlerFunc
}

func newService(t *testing.T, script ...http.HandlerFunc) *service {
	s := &service{T: t, script: script}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=AKIDTEST/") {
		s.Errorf("call is not signed: %q", r.Header.Get("Authorization"))
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.Error(err)
	}
	form, _ := url.ParseQuery(string(body))
	s.mu.Lock()
	s.calls = append(s.calls, call{r.Method, r.URL.Path, string(body), form})
	answer := taken
	if len(s.script) > 0 {
		answer, s.script = s.script[0], s.script[1:]
	}
	s.mu.Unlock()
	answer(w, r)
}

func (s *service) got() []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]call{}, s.calls...)
}

func taken(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/v2/email") {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"MessageId":"ses-1"}`)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprint(w, `<PublishResponse><PublishResult><MessageId>sns-1</MessageId></PublishResult></PublishResponse>`)
}

// sesError and snsError are errors as the two answer them, with texts that quote what was sent.
func sesError(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Amzn-Errortype", code)
		w.WriteHeader(status)
		fmt.Fprint(w, `{"message":"no: ada@example.com"}`)
	}
}

func snsError(status int, code, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, `<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`, code, text)
	}
}

// lost ends the connection instead of answering: the message may have been taken.
func lost(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// late answers once the caller has stopped waiting.
func late(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func (s *service) aws() aws.Config {
	return aws.Config{
		Region: "eu-west-1", BaseEndpoint: &s.url, RetryMaxAttempts: 5,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDTEST", SecretAccessKey: "secret"}, nil
		}),
	}
}

func (s *service) email() *awsmessenger.Email {
	s.Helper()
	e, err := awsmessenger.NewEmail(awsmessenger.EmailConfig{
		AWS: s.aws(), From: "orders@kade9.example", Name: "Kade 9", ReplyTo: "hello@kade9.example", ConfigurationSet: "kassa",
	})
	if err != nil {
		s.Fatal(err)
	}
	return e
}

const (
	iosApp     = "arn:aws:sns:eu-west-1:111122223333:app/APNS/kassa"
	androidApp = "arn:aws:sns:eu-west-1:111122223333:app/GCM/kassa"
	iosDevice  = "arn:aws:sns:eu-west-1:111122223333:endpoint/APNS/kassa/5e3e9847-3183-3f18-a7e8-671c3a57d4b3"
	droid      = "arn:aws:sns:eu-west-1:111122223333:endpoint/GCM/kassa/5e3e9847-3183-3f18-a7e8-671c3a57d4b3"
)

func (s *service) push(sound bool) *awsmessenger.Push {
	s.Helper()
	p, err := awsmessenger.NewPush(awsmessenger.PushConfig{AWS: s.aws(), IOS: iosApp, Android: androidApp, Sound: sound})
	if err != nil {
		s.Fatal(err)
	}
	return p
}

func mailTo(to string) recovery.Message {
	return recovery.Message{
		ID: "fu_1:email", Channel: recovery.ChannelEmail, Kind: recovery.KindFollowUp, Reason: "no_checkout", Stage: "email", To: to, Locale: "nl",
		Subject: "Je winkelwagen is bewaard", Text: "Hallo Ada,\n", HTML: "<p>Hallo Ada,</p>", Link: "https://kade9.example/r/t",
		Unsubscribe: "https://kade9.example/unsubscribe/t",
	}
}

func pushTo(to, platform string) recovery.Message {
	return recovery.Message{
		ID: "fu_1", Channel: recovery.ChannelPush, Kind: recovery.KindFollowUp, Reason: "left", Stage: "push", To: to, Platform: platform,
		Locale: "fr", Subject: "Votre panier est conservé", Text: "Vous pouvez reprendre où vous en étiez.", Link: "https://kade9.example/r/t",
	}
}

func decode(t *testing.T, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return out
}
