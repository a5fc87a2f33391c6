package httpfunction_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"kassa/functions/internal/httpfunction"
	"kassa/functions/internal/parameter"
	"kassa/functions/internal/parameter/parametertest"
)

// The handler is made anew when a parameter changes, and a request ends before its invocation does.
func TestServe(t *testing.T) {
	t.Parallel()
	store := parametertest.New(map[string]string{"/t/word": "first"})
	server := httptest.NewServer(store)
	defer server.Close()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	var left time.Duration
	kept, err := parameter.Keep(t.Context(), parameter.Config[http.Handler]{
		Client: &parameter.Client{
			HTTP: http.DefaultClient, Region: "eu-west-1", URL: server.URL, Now: clock,
			Credentials: credentials.StaticCredentialsProvider{Value: aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "s"}},
		},
		Names: []string{"/t/word"}, Now: clock, Logger: slog.New(slog.DiscardHandler),
		Make: func(v parameter.Values) (http.Handler, error) {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				end, _ := r.Context().Deadline()
				left = time.Until(end)
				_, _ = w.Write([]byte(v["/t/word"]))
			}), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	serve := httpfunction.Serve(kept)
	event := events.APIGatewayV2HTTPRequest{Version: "2.0", RawPath: "/"}
	event.RequestContext.HTTP.Method = http.MethodGet
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	ask := func(want string) {
		t.Helper()
		if answer, err := serve(ctx, event); err != nil || answer.Body != want {
			t.Errorf("answer %+v, %v; want %q", answer, err, want)
		}
	}
	ask("first")
	if left > 9500*time.Millisecond || left < 5*time.Second {
		t.Errorf("the request has %v of an invocation's 10 s", left)
	}
	store.Put("/t/word", "second")
	now = now.Add(5 * time.Minute)
	ask("second")
	store.Fail("InternalServerError")
	now = now.Add(2 * time.Hour)
	if _, err := serve(ctx, event); err == nil {
		t.Error("settings of two hours ago are served")
	}
}
