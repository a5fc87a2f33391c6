package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"kassa/functions/internal/coldstart/coldstarttest"
)

var variables = []string{"KASSA_CONTACTS_TABLE", "KASSA_NAMESPACE", "KASSA_MERCHANT_TABLE", "KASSA_SHOP_PARAMETER", "KASSA_LINK_SECRETS_PARAMETER"}

const topic = "arn:aws:sns:eu-west-1:123456789012:kassa-feedback"

func began(t *testing.T) (*coldstarttest.Account, lambda.Handler) {
	t.Helper()
	a := coldstarttest.New(t, variables...)
	a.Env["KASSA_FEEDBACK_TOPICS"] = topic
	handler, err := a.Start(start)
	if err != nil {
		t.Fatal(err)
	}
	return a, handler
}

// TestPages asks for pages behind links that nobody has made: GET and POST show that they lead nowhere, and write nothing.
func TestPages(t *testing.T) {
	t.Parallel()
	a, handler := began(t)
	for _, path := range []string{"/unsubscribe/krl_x.y.z", "/unsubscribe/confirm/krl_x.y.z", "/elsewhere"} {
		out, err := handler.Invoke(t.Context(), coldstarttest.Get(path))
		var answer events.APIGatewayV2HTTPResponse
		if err != nil || json.Unmarshal(out, &answer) != nil || answer.StatusCode != 404 {
			t.Errorf("GET %s: %s, %v", path, out, err)
		}
	}
	for _, r := range a.Requests() {
		if strings.HasPrefix(r, "PutItem") {
			t.Errorf("a page wrote %s", r)
		}
	}
}

func TestFeedbackSuppresses(t *testing.T) {
	t.Parallel()
	for file, puts := range map[string]int{
		"feedback-bounce": 1, "feedback-complaint": 1, "feedback-stop": 1, "feedback-delivery": 0, "feedback-transient-bounce": 0,
		"feedback-other-topic": 0,
	} {
		a, handler := began(t)
		event, err := os.ReadFile("../../events/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := handler.Invoke(t.Context(), event); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		n := 0
		for _, r := range a.Requests() {
			if strings.HasPrefix(r, "PutItem") {
				n++
				if strings.Contains(r, "@") || strings.Contains(r, "+1") {
					t.Errorf("%s: an address is stored: %s", file, r)
				}
			}
		}
		if n != puts {
			t.Errorf("%s: %d writes, want %d", file, n, puts)
		}
		if logs := a.Logs.String(); strings.Contains(logs, "example.com") || strings.Contains(logs, "1425555") {
			t.Errorf("%s: the log has an address:\n%s", file, logs)
		}
	}
}

// TestWhatIsNoEventOfOurs fails, so that Lambda's retries and the queue behind them show it.
func TestWhatIsNoEventOfOurs(t *testing.T) {
	t.Parallel()
	_, handler := began(t)
	for _, event := range []string{
		`{}`, `[]`, `{"version": "1.0"}`, `{"job": "sweep"}`,
		`{"Records": [{"EventSource": "aws:sns", "Sns": {"TopicArn": "` + topic + `", "Message": "no JSON"}}]}`,
		`{"Records": [{"EventSource": "aws:sns", "Sns": {"TopicArn": "` + topic + `", "Message": "{}"}}]}`,
	} {
		if out, err := handler.Invoke(t.Context(), []byte(event)); err == nil {
			t.Errorf("%s: %s", event, out)
		}
	}
}
