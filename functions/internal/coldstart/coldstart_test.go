package coldstart_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"

	"kassa/checkout"
	"kassa/functions/internal/coldstart"
	"kassa/functions/internal/coldstart/coldstarttest"
	"kassa/functions/internal/parameter"
	"kassa/functions/internal/parameter/parametertest"
)

// published are the SHA-256 fingerprints at https://www.amazontrust.com/repository/.
var published = map[string]string{
	"Amazon Root CA 1": "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
	"Amazon Root CA 2": "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
	"Amazon Root CA 3": "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
	"Amazon Root CA 4": "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
	"Starfield Services Root Certificate Authority - G2": "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
}

func TestRootsAreAmazons(t *testing.T) {
	t.Parallel()
	rest, err := os.ReadFile("roots.pem")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for block, rest := pem.Decode(rest); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(block.Bytes)
		found[c.Subject.CommonName] = hex.EncodeToString(sum[:])
		if err := c.CheckSignatureFrom(c); !c.IsCA || err != nil {
			t.Errorf("%s is no root: %v", c.Subject.CommonName, err)
		}
	}
	for name, want := range published {
		if found[name] != want {
			t.Errorf("%s has fingerprint %s, want %s", name, found[name], want)
		}
	}
	if len(found) != len(published) {
		t.Errorf("%d roots, want %d: %v", len(found), len(published), found)
	}
}

// word is a function that keeps the text of one parameter.
func word(ctx context.Context, f *coldstart.Function) (any, error) {
	name := f.Parameter("KASSA_SHOP_PARAMETER")
	kept, err := coldstart.Keep(ctx, f, nil,
		func(v parameter.Values) (string, error) { return v[name], nil })
	return kept.Get, err
}

func TestOnlyTrustedServersAreAsked(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(parametertest.New(map[string]string{"/t/shop": "x"}))
	defer server.Close()
	bundle := filepath.Join(t.TempDir(), "roots.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(bundle, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	a := coldstarttest.New(t, "KASSA_SHOP_PARAMETER")
	a.Env["AWS_ENDPOINT_URL_SSM"] = server.URL
	coldstarttest.Refuses(t, a, word, "certificate")

	a.Env["AWS_CA_BUNDLE"] = bundle
	if _, err := a.Start(word); err != nil {
		t.Errorf("a server that the bundle vouches for is refused: %v", err)
	}
	a.Env["AWS_ENDPOINT_URL"] = server.URL
	delete(a.Env, "AWS_ENDPOINT_URL_SSM")
	if _, err := a.Start(word); err != nil {
		t.Errorf("AWS_ENDPOINT_URL is not followed: %v", err)
	}
	a.Env["AWS_CA_BUNDLE"] = filepath.Join(t.TempDir(), "none.pem")
	coldstarttest.Refuses(t, a, word, "AWS_CA_BUNDLE")
}

func TestEnvironmentSaysAllThatIsWrongAtOnce(t *testing.T) {
	t.Parallel()
	e := coldstart.NewEnvironment([]string{"KASSA_A=1", "KASSA_B=", "STRIPE_MODE=prod", "KASSA_TYPO=x", "OIDC_ISSUER=y", "PATH=/bin", "KASSA_UNSET="})
	if got := e.Required("KASSA_A"); got != "1" {
		t.Errorf("KASSA_A is %q", got)
	}
	e.Required("KASSA_B")
	e.Required("KASSA_C")
	e.Optional("KASSA_D")
	e.OneOf("STRIPE_MODE", "test", "live")
	want := strings.Join([]string{
		"environment variable KASSA_B is empty", "environment variable KASSA_C is missing",
		`environment variable STRIPE_MODE is "prod": want test or live`,
		"environment variable KASSA_TYPO is no setting of this function", "environment variable OIDC_ISSUER is no setting of this function",
	}, "\n")
	if got := e.Err().Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestShopSettingsNameTheirMistake(t *testing.T) {
	t.Parallel()
	f := &coldstart.Function{Now: time.Now}
	for text, want := range map[string]string{
		`{"nmae": "x"}`: "nmae", `{"name": ""}`: "name", `{} {}`: "after top-level value", `{`: "unexpected end", `[]`: "object",
	} {
		_, err := f.Config(parameter.Values{"/kassa/shop": text}, "/kassa/shop")
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "/kassa/shop") {
			t.Errorf("%s: error %v, want %q and the parameter's name", text, err, want)
		}
	}
}

func TestTokenSecretsRotate(t *testing.T) {
	t.Parallel()
	first, second := strings.Repeat("a", 32), strings.Repeat("b", 32)
	tokens := func(text string) checkout.Tokens {
		t.Helper()
		made, err := coldstart.Tokens(parameter.Values{"/kassa/t": text}, "/kassa/t")
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	made := tokens(first).Token("crt_1", 1)
	during := tokens(second + "," + first)
	if during.Access(checkout.Caller{Token: made}, "crt_1").Epoch != 1 {
		t.Error("a token of the old secret is refused during rotation")
	}
	if during.Token("crt_1", 1) != tokens(second).Token("crt_1", 1) {
		t.Error("new tokens are not made with the first secret")
	}
	if _, err := coldstart.Tokens(parameter.Values{"/kassa/t": "short"}, "/kassa/t"); err == nil || !strings.Contains(err.Error(), "/kassa/t") || strings.Contains(err.Error(), "short,") {
		t.Errorf("error %v", err)
	}
}

// What is asked for after Keep would never be read: such a start must not pass.
func TestAskingLateIsRefused(t *testing.T) {
	t.Parallel()
	coldstarttest.Refuses(t, coldstarttest.New(t, "KASSA_SHOP_PARAMETER"), func(ctx context.Context, f *coldstart.Function) (any, error) {
		kept, err := coldstart.Keep(ctx, f, nil, func(parameter.Values) (string, error) { return "", nil })
		f.Parameter("KASSA_SHOP_PARAMETER")
		return kept.Get, err
	}, "KASSA_SHOP_PARAMETER is no setting")
}

// A job whose time is up is no failure: what it left is due again.
func TestJobEndsBeforeItsInvocation(t *testing.T) {
	t.Parallel()
	stuck := errors.New("stuck")
	for name, c := range map[string]struct {
		run  coldstart.Run[string]
		want error
		logs string
	}{
		"late": {func(_ string, ctx context.Context) (checkout.Tally, error) {
			<-ctx.Done()
			return checkout.Tally{Looked: 3}, ctx.Err()
		}, nil, `"looked":3,"changed":0,"failed":0,"unfinished":true`},
		"stops early": {func(string, context.Context) (checkout.Tally, error) {
			return checkout.Tally{Looked: 2, Unfinished: true}, nil
		}, nil, `"looked":2,"changed":0,"failed":0,"unfinished":true`},
		"fails": {func(string, context.Context) (checkout.Tally, error) { return checkout.Tally{}, stuck }, stuck, `"unfinished":false`},
	} {
		a := coldstarttest.New(t, "KASSA_SHOP_PARAMETER")
		var job func(context.Context, json.RawMessage) error
		_, err := a.Start(func(ctx context.Context, f *coldstart.Function) (any, error) {
			f.Parameter("KASSA_SHOP_PARAMETER")
			kept, err := coldstart.Keep(ctx, f, nil, func(parameter.Values) (string, error) { return "", nil })
			job = coldstart.Jobs(f, kept, map[string]coldstart.Run[string]{"x": c.run})
			return job, err
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2100*time.Millisecond)
		if err := job(ctx, json.RawMessage(`{"job":"x"}`)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if ctx.Err() != nil {
			t.Errorf("%s: the job ran into the end of its invocation", name)
		}
		cancel()
		if logged := a.Logs.String(); !strings.Contains(logged, c.logs) {
			t.Errorf("%s: log %s", name, logged)
		}
	}
}

// A line that is a metric says so in CloudWatch's embedded format, and counts once; others, and functions that are not told where to count,
// leave it out.
func TestLinesAreCounted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		namespace string
		log       func(*slog.Logger, context.Context)
		name      string // of the metric; "" = none
		value     float64
	}{
		{"Kassa/shop", func(l *slog.Logger, ctx context.Context) {
			l.ErrorContext(ctx, "payment needs a person", "session", "cs_1")
		}, "PaymentsToReview", 1},
		{"Kassa/shop", func(l *slog.Logger, ctx context.Context) { l.InfoContext(ctx, "job", "job", "reconcile", "failed", 3) }, "UndecidedSessions", 3},
		{"Kassa/shop", func(l *slog.Logger, ctx context.Context) { l.InfoContext(ctx, "job", "job", "sweep", "failed", 3) }, "", 0},
		{"Kassa/shop", func(l *slog.Logger, ctx context.Context) {
			l.InfoContext(ctx, "session changed", "from", "x", "to", "completed")
		}, "OrdersPlaced", 1},
		{"Kassa/shop", func(l *slog.Logger, ctx context.Context) {
			l.InfoContext(ctx, "session changed", "from", "x", "to", "canceled")
		}, "", 0},
		{"Kassa/shop", func(l *slog.Logger, ctx context.Context) { l.InfoContext(ctx, "request", "status", 200) }, "", 0},
		{"", func(l *slog.Logger, ctx context.Context) { l.ErrorContext(ctx, "payment needs a person") }, "", 0},
	} {
		a := coldstarttest.New(t)
		a.Env["KASSA_METRICS"] = c.namespace
		before := time.Now().Add(-time.Second).UnixMilli()
		if _, err := a.Start(func(ctx context.Context, f *coldstart.Function) (any, error) {
			c.log(f.Log, ctx)
			return func() {}, nil
		}); err != nil {
			t.Fatal(err)
		}
		var line map[string]any
		if err := json.Unmarshal([]byte(a.Logs.String()), &line); err != nil {
			t.Fatalf("%v: %s", err, a.Logs.String())
		}
		told, _ := line["_aws"].(map[string]any)
		if c.name == "" {
			if told != nil || line["Service"] != nil {
				t.Errorf("it counts %s", a.Logs.String())
			}
			continue
		}
		at, _ := told["Timestamp"].(float64)
		want := []any{map[string]any{
			"Namespace": "Kassa/shop", "Dimensions": []any{[]any{"Service"}}, "Metrics": []any{map[string]any{"Name": c.name, "Unit": "Count"}},
		}}
		if diff := cmp.Diff(want, told["CloudWatchMetrics"]); diff != "" || line[c.name] != c.value || line["Service"] != "kassa" || int64(at) < before {
			t.Errorf("%s: %s\n%s", c.name, a.Logs.String(), diff)
		}
	}
}

func TestLinesAreLambdas(t *testing.T) {
	t.Parallel()
	a := coldstarttest.New(t)
	a.Env["AWS_LAMBDA_LOG_LEVEL"] = "WARN"
	_, err := a.Start(func(ctx context.Context, f *coldstart.Function) (any, error) {
		ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: "r-1"})
		f.Log.InfoContext(ctx, "too quiet")
		f.Log.With("a", 1).WarnContext(ctx, "heard", "b", 2)
		return func() {}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var line map[string]any
	dec := json.NewDecoder(bytes.NewReader([]byte(a.Logs.String())))
	if err := dec.Decode(&line); err != nil || dec.More() {
		t.Fatalf("want one line of JSON, have %s", a.Logs.String())
	}
	for name, want := range map[string]any{"level": "WARN", "message": "heard", "requestId": "r-1", "a": 1.0, "b": 2.0} {
		if line[name] != want {
			t.Errorf("%s is %v, want %v", name, line[name], want)
		}
	}
	text, _ := line["timestamp"].(string)
	if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
		t.Errorf("timestamp %v", err)
	}
}
