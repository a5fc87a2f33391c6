package coldstarttest

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"kassa/functions/internal/coldstart"
)

// Get is the event of a GET request that carries some guest's token.
func Get(path string) []byte {
	event := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RawPath: path, Headers: map[string]string{"authorization": "Bearer kat_1_AAAA"},
	}
	event.RequestContext.HTTP.Method = "GET"
	encoded, _ := json.Marshal(event)
	return encoded
}

// Jobs runs each job of a function on a schedule and checks that it asks DynamoDB in the way named beside it and logs what it
// did; and that events that name no job are refused, without an effect on others.
func Jobs(t *testing.T, start coldstart.Start, variables []string, jobs map[string]string) {
	t.Helper()
	for job, operation := range jobs {
		a := New(t, variables...)
		handler, err := a.Start(start)
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range []string{`{}`, `{"job":"nonsense"}`, `[]`, `"` + job + `"`} {
			if _, err := handler.Invoke(t.Context(), []byte(event)); err == nil {
				t.Errorf("event %s is taken", event)
			}
		}
		if n := len(a.Requests()); n != 1 {
			t.Errorf("refused events caused requests: %q", a.Requests()[1:])
		}
		ctx, cancel := context.WithTimeout(t.Context(), 28*time.Second)
		if _, err := handler.Invoke(ctx, []byte(`{"job":"`+job+`"}`)); err != nil {
			t.Errorf("job %s: %v", job, err)
		}
		cancel()
		if asked := strings.Join(a.Requests()[1:], "\n"); !strings.Contains(asked, operation+" ") {
			t.Errorf("job %s asks %s, want a %s", job, asked, operation)
		}
		if logged := a.Logs.String(); !strings.Contains(logged, `"message":"job","job":"`+job+`","looked":0,"changed":0,"failed":0,"unfinished":false`) {
			t.Errorf("job %s logs %s", job, logged)
		}
	}
}
