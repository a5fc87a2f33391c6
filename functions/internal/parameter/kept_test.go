package parameter_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"kassa/functions/internal/parameter"
	"kassa/functions/internal/parameter/parametertest"
)

// bench is a Parameter Store, a clock and a log.
type bench struct {
	*parametertest.Store
	url string

	mu   sync.Mutex
	time time.Time
	logs bytes.Buffer
}

func newBench(t *testing.T, values map[string]string) *bench {
	t.Helper()
	b := &bench{Store: parametertest.New(values), time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	server := httptest.NewServer(b.Store)
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

func (b *bench) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.time
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.time = b.time.Add(d)
}

func (b *bench) client() *parameter.Client {
	return &parameter.Client{
		HTTP: http.DefaultClient, Region: "eu-west-1", URL: b.url, Now: b.now,
		Credentials: credentials.StaticCredentialsProvider{Value: aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "s"}},
	}
}

// keep keeps the text of one parameter, in upper case; "bad" can't be made into anything.
func (b *bench) keep(ctx context.Context, name string) (*parameter.Kept[string], error) {
	return parameter.Keep(ctx, parameter.Config[string]{
		Client: b.client(), Names: []string{name, name}, Now: b.now, Logger: slog.New(slog.NewTextHandler(&b.logs, nil)),
		Make: func(v parameter.Values) (string, error) {
			if v[name] == "bad" {
				return "", errors.New("nothing can be made of " + name)
			}
			return strings.ToUpper(v[name]), nil
		},
	})
}

func (b *bench) want(t *testing.T, k *parameter.Kept[string], want string) {
	t.Helper()
	if got, err := k.Get(t.Context()); err != nil || got != want {
		t.Fatalf("got %q, %v; want %q", got, err, want)
	}
}

func TestChangedParameterTakesEffectWithinFiveMinutes(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]string{"/kassa/key": " old\n"})
	k, err := b.keep(t.Context(), "/kassa/key")
	if err != nil {
		t.Fatal(err)
	}
	b.want(t, k, "OLD")
	b.Put("/kassa/key", "new")
	b.pass(3 * time.Minute)
	b.want(t, k, "OLD")
	if n := len(b.Asked()); n != 1 {
		t.Errorf("%d reads within three minutes: use does not cost a trip", n)
	}
	b.pass(2 * time.Minute)
	b.want(t, k, "NEW")
}

func TestOutageLeavesTheLastGoodInUseForAnHour(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]string{"/kassa/key": "good"})
	k, err := b.keep(t.Context(), "/kassa/key")
	if err != nil {
		t.Fatal(err)
	}
	b.Fail("AccessDeniedException")
	b.pass(10 * time.Minute)
	b.want(t, k, "GOOD")
	b.want(t, k, "GOOD") // at once: nobody asks again before the pause is over
	if n := len(b.Asked()); n != 2 {
		t.Errorf("%d reads, want the first and one that failed", n)
	}
	if log := b.logs.String(); !strings.Contains(log, "/kassa/key") || !strings.Contains(log, "AccessDeniedException") {
		t.Errorf("the log does not name what could not be read, or why: %s", log)
	}
	b.pass(51 * time.Minute)
	if got, err := k.Get(t.Context()); err == nil {
		t.Errorf("an hour without a good read still answers %q", got)
	}
	b.Fail("")
	b.Put("/kassa/key", "back")
	b.pass(time.Minute)
	b.want(t, k, "BACK")
}

func TestMistakeInAChangedParameterLeavesTheLastGoodInUse(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]string{"/kassa/key": "good"})
	k, err := b.keep(t.Context(), "/kassa/key")
	if err != nil {
		t.Fatal(err)
	}
	b.Put("/kassa/key", "bad")
	b.pass(5 * time.Minute)
	b.want(t, k, "GOOD")
	b.Put("/kassa/key", "mended")
	b.pass(31 * time.Second)
	b.want(t, k, "MENDED")
}

func TestFirstReadMustSucceed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, value, fault, want string
	}{
		{"missing", "", "", "no such parameter: /kassa/other"},
		{"empty", " \n", "", "parameter is empty: /kassa/other"},
		{"useless", "bad", "", "nothing can be made of /kassa/other"},
		{"denied", "x", "AccessDeniedException", "read parameters /kassa/other: status 400 AccessDeniedException"},
		{"down", "x", "InternalServerError", "read parameters /kassa/other: status 500 InternalServerError"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			values := map[string]string{}
			if c.value != "" {
				values["/kassa/other"] = c.value
			}
			b := newBench(t, values)
			b.Fail(c.fault)
			if _, err := b.keep(t.Context(), "/kassa/other"); err == nil || err.Error() != c.want {
				t.Errorf("error %q, want %q", err, c.want)
			}
		})
	}
}

// Without parameters something is made all the same; of some of its sources it is not.
func TestFirstIsMadeOfAllItsSources(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]string{"/kassa/key": "a"})
	away := errors.New("away")
	for name, c := range map[string]struct {
		names   []string
		overlay *parameter.Overlay
		want    error
	}{
		"nothing to read": {nil, nil, nil},
		"both":            {[]string{"/kassa/key"}, &parameter.Overlay{Read: func(context.Context) (parameter.Values, error) { return nil, nil }, Life: time.Second}, nil},
		"one is away":     {[]string{"/kassa/key"}, &parameter.Overlay{Read: func(context.Context) (parameter.Values, error) { return nil, away }, Life: time.Second}, away},
	} {
		k, err := parameter.Keep(t.Context(), parameter.Config[string]{
			Client: b.client(), Names: c.names, Overlay: c.overlay, Now: b.now, Logger: slog.New(slog.DiscardHandler),
			Make: func(v parameter.Values) (string, error) { return "made of " + v["/kassa/key"], nil },
		})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil {
			b.want(t, k, "made of "+map[bool]string{true: "a"}[len(c.names) > 0])
		}
	}
}

func TestOneOfManyUsesReads(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]string{"/kassa/key": "a"})
	k, err := b.keep(t.Context(), "/kassa/key")
	if err != nil {
		t.Fatal(err)
	}
	b.Put("/kassa/key", "b")
	b.pass(5 * time.Minute)
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if got, err := k.Get(t.Context()); err != nil || got != "A" && got != "B" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	group.Wait()
	if n := len(b.Asked()); n != 2 {
		t.Errorf("%d reads for 50 uses at once", n)
	}
	b.want(t, k, "B")
}

func TestWhatPassesIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]string{"/kassa/key": "a"})
	failures := 2
	shaky := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if failures--; failures >= 0 {
			w.WriteHeader([]int{http.StatusInternalServerError, http.StatusServiceUnavailable}[failures])
			return
		}
		b.ServeHTTP(w, r)
	}))
	defer shaky.Close()
	client := b.client()
	client.URL = shaky.URL
	if v, err := client.Read(t.Context(), "/kassa/key"); err != nil || v["/kassa/key"] != "a" {
		t.Errorf("got %v, %v", v, err)
	}
}

func TestPair(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"one": "one", "one,two": "one two", "one\ntwo": "one two", "one\r\ntwo": "one two", "one\ttwo": "one two", "one , two": "one two", ",": "", "a,b,c": ""} {
		got, err := parameter.Values{"/kassa/x": text}.Pair("/kassa/x")
		if strings.Join(got, " ") != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "/kassa/x") || strings.Contains(err.Error(), "a,b,c")) {
			t.Errorf("error %q: want the name and no value", err)
		}
	}
}
