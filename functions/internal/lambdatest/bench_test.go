package lambdatest_test

import (
	"archive/zip"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"kassa/checkout/dynamostore/dynamotest"
	"kassa/functions/internal/lambdatest"
)

// The goals of make bench. docs/performance.md holds the figures.
const (
	mostBinary  = 16.0 // MiB, arm64
	mostZipped  = 5.5  // MiB
	mostInit    = 3.0  // times the CPU of a function that does nothing
	mostFirst   = 2.0  // times the CPU of a warm event
	mostMemory  = 32.0 // MiB, resident
	memoryAfter = 300  // events
	rounds      = 41   // starts of each kind
	warmEvents  = 20
)

// BenchmarkSize builds every function as it is deployed.
func BenchmarkSize(b *testing.B) {
	var g goals
	defer g.check(b)
	for _, f := range functions {
		b.Run(f, func(b *testing.B) {
			for b.Loop() {
				name := built(b, f, "arm64")
				info, err := os.Stat(name)
				must(b, err)
				g.bound(b, mebi(info.Size()), mostBinary, "MiB")
				g.bound(b, mebi(zipped(b, name)), mostZipped, "MiB-zipped")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// goals are what was missed: a benchmark that fails does not show its figures, so the one around it does.
type goals []string

// bound reports a figure that has a goal.
func (g *goals) bound(b *testing.B, figure, most float64, unit string) {
	b.Helper()
	b.ReportMetric(figure, unit)
	if figure > most {
		*g = append(*g, fmt.Sprintf("%s: %.2f %s, want at most %.2f", b.Name(), figure, unit, most))
	}
}

func (g *goals) check(b *testing.B) {
	b.Helper()
	for _, missed := range *g {
		b.Error(missed)
	}
}

// zipped is the size of the archive that is deployed.
func zipped(b *testing.B, name string) int64 {
	b.Helper()
	in, err := os.Open(name) //nolint:gosec // ours
	must(b, err)
	defer in.Close() //nolint:errcheck // read only
	var size counter
	archive := zip.NewWriter(&size)
	w, err := archive.Create("bootstrap")
	must(b, err)
	_, err = io.Copy(w, in)
	must(b, err)
	must(b, archive.Close())
	return int64(size)
}

type counter int64

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// cost is what one process has needed.
type cost struct {
	init, first, warm lambdatest.Usage
}

// BenchmarkColdStart starts each function beside one that does nothing, in turns, and sends it the same event again and again.
// DynamoDB is reached over TLS with the roots that the function has on AWS and one more.
func BenchmarkColdStart(b *testing.B) {
	var g goals
	defer g.check(b)
	a := newAccount(b)
	secure := newAuthority(b)
	local, err := url.Parse(dynamotest.Endpoint(b))
	must(b, err)
	amazons := secure.beside(b, sample(b, "functions/internal/coldstart/roots.pem"))
	systems := secure.beside(b, systemRoots(b))
	overTLS := map[string]string{
		"AWS_CA_BUNDLE": amazons, "AWS_ENDPOINT_URL_DYNAMODB": secure.serve(b, httputil.NewSingleHostReverseProxy(local), false),
	}
	parameters := map[string]string{"AWS_ENDPOINT_URL_SSM": secure.serve(b, a.parameters, false)}
	stripe := map[string]string{"SSL_CERT_FILE": systems, "STRIPE_API_BASE": secure.serve(b, a.provider.Handler(), true)}
	noop, bare := measure(b, "noop"), measure(b, "bare")

	warm := a.warmEvents(b)
	b.Run("bare", func(b *testing.B) { // what no function with a table can be below
		env, event := with(a.environment(b, "sweep"), overTLS), request(http.MethodGet, "/", "")
		var idle, least []cost
		for b.Loop() {
			for range rounds {
				idle = append(idle, measured(b, noop, nil, event))
				least = append(least, measured(b, bare, env, event))
			}
		}
		reportCosts(b, idle, least)
	})
	for _, name := range functions {
		b.Run(name, func(b *testing.B) {
			event, env := warm[name](), a.environment(b, name)
			maps.Copy(env, overTLS)
			var idle, whole, all []cost
			for b.Loop() {
				for range rounds {
					idle = append(idle, measured(b, noop, nil, request(http.MethodGet, "/", "")))
					whole = append(whole, measured(b, binary(b, name), env, event))
					all = append(all, measured(b, binary(b, name), with(env, parameters), event))
				}
			}
			g.report(b, idle, whole, all)
			g.bound(b, mebi(memory(b, binary(b, name), with(env, parameters), event)), mostMemory, "MiB-resident")
		})
	}
	b.Run("first payment", func(b *testing.B) {
		env := with(a.environment(b, "checkout"), overTLS)
		var plain, secured []lambdatest.Usage
		for b.Loop() {
			for range rounds {
				plain = append(plain, a.firstPayment(b, env))
				secured = append(secured, a.firstPayment(b, with(env, stripe)))
			}
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(milliseconds(median(plain, cpu)), "plain-cpu-ms")
		b.ReportMetric(milliseconds(median(secured, cpu)), "cpu-ms")
		b.ReportMetric(milliseconds(median(secured, took)), "ms")
	})
}

// report reports the medians, and holds them against the goals.
func (g *goals) report(b *testing.B, idle, whole, all []cost) {
	b.Helper()
	begun, first := reportCosts(b, idle, whole)
	b.ReportMetric(milliseconds(median(all, start)), "init-with-SSM-cpu-ms")
	b.ReportMetric(milliseconds(median(all, func(c cost) time.Duration { return c.init.Took })), "init-with-SSM-ms")
	b.ReportMetric(milliseconds(median(whole, func(c cost) time.Duration { return c.first.Took })), "first-ms")
	b.ReportMetric(milliseconds(median(whole, func(c cost) time.Duration { return c.warm.Took })), "warm-ms")
	g.bound(b, begun, mostInit, "init/noop")
	g.bound(b, first, mostFirst, "first/warm")
}

// reportCosts reports the medians of processes beside those that do nothing. It returns how many times their start the start is, and
// how many times a later event the first one.
func reportCosts(b *testing.B, idle, whole []cost) (begun, first float64) {
	b.Helper()
	b.ReportMetric(0, "ns/op")
	firstEvent, later := func(c cost) time.Duration { return c.first.CPU }, func(c cost) time.Duration { return c.warm.CPU }
	for name, of := range map[string]func(cost) time.Duration{"init": start, "first": firstEvent, "warm": later} {
		b.ReportMetric(milliseconds(median(idle, of)), "noop-"+name+"-cpu-ms")
		b.ReportMetric(milliseconds(median(whole, of)), name+"-cpu-ms")
	}
	begun = float64(median(whole, start)) / float64(median(idle, start))
	first = float64(median(whole, firstEvent)) / float64(median(whole, later))
	b.ReportMetric(begun, "init/noop")
	b.ReportMetric(first, "first/warm")
	return begun, first
}

func start(c cost) time.Duration { return c.init.CPU }

// measure builds a program that others are measured against, as functions are built.
func measure(b *testing.B, name string) string {
	b.Helper()
	program := filepath.Join(folder, name)
	run(b, "go", "build", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w -buildid=", "-o", program, "./functions/internal/lambdatest/testdata/"+name)
	return program
}

func median[T any](all []T, of func(T) time.Duration) time.Duration {
	values := make([]time.Duration, len(all))
	for i, v := range all {
		values[i] = of(v)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func cpu(u lambdatest.Usage) time.Duration  { return u.CPU }
func took(u lambdatest.Usage) time.Duration { return u.Took }

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func with(env, more map[string]string) map[string]string {
	both := maps.Clone(env)
	maps.Copy(both, more)
	return both
}

// measured starts a process and sends it an event some times.
func measured(b *testing.B, program string, env map[string]string, event []byte) cost {
	b.Helper()
	f, err := lambdatest.Start(b.Context(), lambdatest.Config{Binary: program, Env: pairs(env)})
	must(b, err)
	defer f.Close()
	c := cost{init: f.Init(), first: eventCost(b, f, event)}
	warm := make([]lambdatest.Usage, warmEvents)
	for i := range warm {
		warm[i] = eventCost(b, f, event)
	}
	c.warm = lambdatest.Usage{CPU: median(warm, cpu), Took: median(warm, took)}
	return c
}

// eventCost is what a process needs for an event, until it asks for the next.
func eventCost(b *testing.B, f *lambdatest.Function, event []byte) lambdatest.Usage {
	b.Helper()
	must(b, f.Idle(b.Context()))
	before, err := f.Usage()
	must(b, err)
	began := time.Now()
	_, err = f.Invoke(b.Context(), event)
	must(b, err)
	took := time.Since(began)
	must(b, f.Idle(b.Context()))
	after, err := f.Usage()
	must(b, err)
	return lambdatest.Usage{CPU: after.CPU - before.CPU, Took: took}
}

// memory is what a process holds after many events.
func memory(b *testing.B, program string, env map[string]string, event []byte) int64 {
	b.Helper()
	f, err := lambdatest.Start(b.Context(), lambdatest.Config{Binary: program, Env: pairs(env)})
	must(b, err)
	defer f.Close()
	for range memoryAfter {
		_, err := f.Invoke(b.Context(), event)
		must(b, err)
	}
	u, err := f.Usage()
	must(b, err)
	return u.Memory
}

// warmEvents are the events that functions get most, after a purchase: each can be answered again and again.
func (a *account) warmEvents(b *testing.B) map[string]func() []byte {
	b.Helper()
	pays := a.start(b, "checkout")
	open := arrives(b, a.start(b, "cart"))
	s := arrives(b, a.start(b, "cart")).checksOut(b, pays)
	ask(b, pays, s.pays("pm_card_visa", key())).want(http.StatusOK).wantAt("status", "completed")
	always := func(event []byte) func() []byte { return func() []byte { return event } }
	return map[string]func() []byte{
		"cart":      always(request(http.MethodGet, "/carts/"+open.cart, "", open.me)),
		"checkout":  always(request(http.MethodGet, s.path(), "", s.me)),
		"webhook":   func() []byte { return a.pushed(b, "payment_intent.succeeded") }, // its signature holds for five minutes
		"outbox":    always(sample(b, "events/outbox-stale-image.json")),
		"sweep":     always([]byte(`{"job":"sweep"}`)),
		"reconcile": always([]byte(`{"job":"reconcile"}`)),
		"feedback":  always(sample(b, "events/feedback-delivery.json")),
		"admin":     always(request(http.MethodGet, "/admin/settings", "", "Authorization: Bearer "+rootKey)),
	}
}

// firstPayment is what the first payment of a fresh process needs.
func (a *account) firstPayment(b *testing.B, env map[string]string) lambdatest.Usage {
	b.Helper()
	s := arrivesFor(b, a.start(b, "cart"), "beans-kade-250").checksOut(b, a.start(b, "checkout"))
	f, err := lambdatest.Start(b.Context(), lambdatest.Config{Binary: binary(b, "checkout"), Env: pairs(env)})
	must(b, err)
	defer f.Close()
	u := eventCost(b, f, s.pays("pm_card_visa", key()))
	a.wantPaidOnce(b, s)
	return u
}

// systemRoots is the file of the roots that this machine trusts; on Lambda's it is as long.
func systemRoots(b *testing.B) []byte {
	b.Helper()
	for _, name := range []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"} {
		if roots, err := os.ReadFile(name); err == nil { //nolint:gosec // of the system
			return roots
		}
	}
	b.Fatal("this machine has no file of roots")
	return nil
}
