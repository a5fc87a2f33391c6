package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"kassa/checkout/dynamostore/dynamotest"
)

// asMain makes a test binary the command itself, so that tests can start, kill and restart real processes.
const asMain = "KASSA_TEST_AS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// shopper speaks HTTP with a running Kassa.
type shopper struct {
	t    *testing.T
	base string
	http *http.Client
}

func newShopper(t *testing.T, base string) shopper {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	return shopper{t, base, client}
}

// reply is an answer and its document.
type reply struct {
	t       *testing.T
	status  int
	header  http.Header
	body    []byte
	content map[string]any
}

// try makes a request whose connection may break. Headers are pairs.
func (s shopper) try(method, path, body string, headers ...string) (reply, error) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.base+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := s.http.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer answer.Body.Close()
	a := reply{t: s.t, status: answer.StatusCode, header: answer.Header}
	if a.body, err = io.ReadAll(answer.Body); err != nil {
		return reply{}, err
	}
	_ = json.Unmarshal(a.body, &a.content) // pages of banks are no JSON
	return a, nil
}

func (s shopper) do(method, path, body string, headers ...string) reply {
	s.t.Helper()
	a, err := s.try(method, path, body, headers...)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

func (a reply) want(status int) reply {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// at returns what stands at a dotted path as text, "" for nothing.
func (a reply) at(path string) string {
	var v any = a.content
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(in) {
				return ""
			}
			v = in[i]
		default:
			return ""
		}
	}
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	text, _ := json.Marshal(v)
	return string(text)
}

func (a reply) wantAt(path, want string) reply {
	a.t.Helper()
	if got := a.at(path); got != want {
		a.t.Fatalf("%s is %q, want %q: %s", path, got, want, a.body)
	}
	return a
}

func (a reply) total() int64 {
	a.t.Helper()
	totals, _ := a.content["totals"].([]any)
	for _, entry := range totals {
		if e, _ := entry.(map[string]any); e["type"] == "total" {
			amount, _ := e["amount"].(float64)
			return int64(amount)
		}
	}
	a.t.Fatalf("no total in %s", a.body)
	return 0
}

// messageCodes lists the codes of the messages.
func (a reply) messageCodes() []string {
	var codes []string
	messages, _ := a.content["messages"].([]any)
	for _, m := range messages {
		entry, _ := m.(map[string]any)
		codes = append(codes, fmt.Sprint(entry["code"]))
	}
	return codes
}

var keys atomic.Int64

// key makes an idempotency key that no other request has.
func key() string { return fmt.Sprintf("test-key-of-a-shopper-%08d", keys.Add(1)) }

// cart is a cart and the credential for it.
type cart struct{ id, token string }

// fill makes a cart of a sku for each one named.
func (s shopper) fill(skus ...string) cart {
	s.t.Helper()
	lines := make([]string, len(skus))
	for i, sku := range skus {
		lines[i] = `{"item":{"id":"` + sku + `"},"quantity":1}`
	}
	body := `{"line_items":[` + strings.Join(lines, ",") + `],"context":{"address_country":"NL"},"buyer":{"email":"ada@example.com"}}`
	a := s.do(http.MethodPost, "/carts", body, "Idempotency-Key", key()).want(http.StatusCreated)
	return cart{a.at("id"), a.at("access_token")}
}

const home = `"fulfillment":{"methods":[{"type":"shipping","destinations":[{"first_name":"Ada","last_name":"Visser",` +
	`"street_address":"Wijnhaven 9","address_locality":"Rotterdam","postal_code":"3011 WH","address_country":"NL"}]}]}`

// paid is a body's part that pays with a test card.
func paid(card string, total int64) string {
	return `"payment":{"instruments":[{"id":"1","handler_id":"stripe","type":"card","selected":true,"credential":` +
		`{"type":"stripe_payment_method","token":"` + card + `"}}]},"expected_total":` + strconv.FormatInt(total, 10)
}

// purchase is the body of the one request that pays a cart.
func (c cart) purchase(card string, total int64) string {
	return `{"cart_id":"` + c.id + `",` + home + `,` + paid(card, total) + `}`
}

func (c cart) auth() string { return "Bearer " + c.token }

// buy pays a cart in one request.
func (s shopper) buy(c cart, body, idempotencyKey string) reply {
	s.t.Helper()
	return s.do(http.MethodPost, "/checkout-sessions", body, "Authorization", c.auth(), "Idempotency-Key", idempotencyKey)
}

// open opens the sheet: a session with an address, not yet paid.
func (s shopper) open(c cart) reply {
	s.t.Helper()
	return s.buy(c, `{"cart_id":"`+c.id+`",`+home+`}`, key()).want(http.StatusCreated).wantAt("status", "ready_for_complete")
}

func (s shopper) complete(c cart, session, card string, total int64) reply {
	s.t.Helper()
	return s.do(http.MethodPost, "/checkout-sessions/"+session+"/complete", `{`+paid(card, total)+`}`,
		"Authorization", c.auth(), "Idempotency-Key", key())
}

func (s shopper) session(c cart, id string) reply {
	s.t.Helper()
	return s.do(http.MethodGet, "/checkout-sessions/"+id, "", "Authorization", c.auth()).want(http.StatusOK)
}

func (s shopper) advance(by string) {
	s.t.Helper()
	s.do(http.MethodPost, "/dev/clock", `{"advance":"`+by+`"}`).want(http.StatusOK)
}

func (s shopper) fault(name string) {
	s.t.Helper()
	s.do(http.MethodPost, "/dev/fault", `{"at":"`+name+`"}`).want(http.StatusOK)
}

// charges lists the ledger's charges that took money, as their sessions and amounts.
func (s shopper) charges() []entry {
	s.t.Helper()
	return s.do(http.MethodGet, "/dev/ledger", "").want(http.StatusOK).charges()
}

func (a reply) charges() []entry {
	a.t.Helper()
	var ledger struct{ Charges []entry }
	if err := json.Unmarshal(a.body, &ledger); err != nil {
		a.t.Fatal(err)
	}
	var taken []entry
	for _, c := range ledger.Charges {
		if c.Status != "failed" {
			taken = append(taken, c)
		}
	}
	return taken
}

// wantCharge asserts that one charge was made, for a session and an amount.
func (s shopper) wantCharge(session string, amount int64) {
	s.t.Helper()
	c := s.charges()
	if len(c) != 1 || c[0].SessionID != session || c[0].Amount != amount || c[0].Refunded != 0 || c[0].Status != "succeeded" {
		s.t.Fatalf("the ledger has %+v, want one charge of %d for %s", c, amount, session)
	}
}

// inside is a Kassa in this process, whose parts tests may reach into.
type inside struct {
	*app
	shopper
}

// onDynamoDB, set to anything, makes the tests that tell no store of their own run on DynamoDB Local: the same stories, the
// other store.
const onDynamoDB = "KASSA_TEST_DYNAMODB"

// start runs a Kassa in memory, or on DynamoDB Local with tables of its own, until the test ends.
func start(t *testing.T) inside {
	t.Helper()
	return startWith(t, anyStore(t))
}

func anyStore(t *testing.T) (s options) {
	t.Helper()
	if os.Getenv(onDynamoDB) != "" {
		s.dynamodb, s.tables = dynamotest.Endpoint(t), rand.Text()+"-"
	}
	return s
}

func startWith(t *testing.T, s options) inside {
	t.Helper()
	return startLogging(t, s, slog.New(slog.DiscardHandler))
}

func startLogging(t *testing.T, s options, log *slog.Logger) inside {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a, err := open(ctx, s, listener, log)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- a.serve(ctx) }()
	in := inside{a, newShopper(t, a.url())}
	t.Cleanup(func() {
		in.http.CloseIdleConnections()
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return in
}

// process is a Kassa of its own.
type process struct {
	shopper
	cmd    *exec.Cmd
	stderr *bytes.Buffer
	store  string
}

// launch starts a process on a store's file and waits until it serves.
func launch(t *testing.T, store string, args ...string) *process {
	t.Helper()
	p, announced := begin(t, store, args...)
	if announced == "" {
		t.Fatalf("it did not start: %v\n%s", p.cmd.Wait(), p.stderr)
	}
	p.shopper = newShopper(t, announced)
	return p
}

// begin starts a process and returns where it runs, "" if it ended instead.
func begin(t *testing.T, store string, args ...string) (*process, string) {
	t.Helper()
	p := &process{store: store, stderr: &bytes.Buffer{}}
	p.cmd = exec.CommandContext(t.Context(), os.Args[0], append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	p.cmd.Dir = filepath.Dir(store)
	p.cmd.Env = []string{asMain + "=1", "KASSA_STORE=file:" + store, "GORACE=atexit_sleep_ms=0"}
	p.cmd.Stderr = p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if base, ok := strings.CutPrefix(lines.Text(), "Kassa runs at "); ok {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return p, base
		}
	}
	return p, ""
}

// interrupt ends the process as Ctrl-C does.
func (p *process) interrupt() {
	p.t.Helper()
	p.http.CloseIdleConnections()
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Fatalf("Ctrl-C: %v\n%s", err, p.stderr)
	}
}

// died waits for the end of the process and asserts that it was kill -9.
func (p *process) died() {
	p.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- p.cmd.Wait() }()
	var err error
	select {
	case err = <-ended:
	case <-time.After(30 * time.Second):
		p.t.Fatal("the process lives on")
	}
	state, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !state.Signaled() || state.Signal() != syscall.SIGKILL {
		p.t.Fatalf("the process was not killed: %v", err)
	}
}

func mkdirFor(file string) error { return os.MkdirAll(filepath.Dir(file), 0o700) }
