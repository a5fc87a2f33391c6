package main

import (
	"context"
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
)

// cases are the files in events/, what stands in the store when they come, and what comes of it. Every file is one of them.
var cases = map[string]struct {
	notices map[string][]string
	fails   map[string]int
	came    map[string]int
	failed  []int // records, by their place
	left    []string
}{
	"outbox-order-placed": {
		notices: map[string][]string{a: {"order.placed"}},
		came:    map[string]int{a + " order.placed": 1},
	},
	"outbox-insert": {
		notices: map[string][]string{b: {"order.placed"}},
		came:    map[string]int{b + " order.placed": 1},
	},
	"outbox-review": {
		notices: map[string][]string{a: {"order.placed", "payment.review"}},
		came:    map[string]int{a + " order.placed": 1, a + " payment.review": 1},
	},
	"outbox-batch": {
		notices: map[string][]string{a: {"order.placed"}, b: {"order.placed"}, c: {"order.placed"}, d: {"order.placed"}},
		fails:   map[string]int{b: 1, d: 1},
		came:    map[string]int{a + " order.placed": 1, c + " order.placed": 1},
		failed:  []int{1, 3},
		left:    []string{b, d},
	},
	"outbox-poison": {
		notices: map[string][]string{a: {"order.placed"}, b: {"order.placed"}, c: {"order.placed"}},
		came:    map[string]int{a + " order.placed": 1, c + " order.placed": 1},
		failed:  []int{1},
		left:    []string{b}, // for the drain: the item itself is sound
	},
	"outbox-spoiled-image": { // nobody reads it
		notices: map[string][]string{a: {"order.placed"}},
		came:    map[string]int{a + " order.placed": 1},
	},
	"outbox-duplicate": {
		notices: map[string][]string{a: {"order.placed", "payment.review"}, b: {"order.placed"}},
		came:    map[string]int{a + " order.placed": 1, a + " payment.review": 1, b + " order.placed": 1},
	},
	"outbox-out-of-order": {
		notices: map[string][]string{a: {"payment.review"}, b: {"order.placed"}},
		came:    map[string]int{a + " payment.review": 1, b + " order.placed": 1},
	},
	"outbox-stale-image": { // its notice has been delivered and removed
		notices: map[string][]string{a: nil},
	},
	"outbox-remove": { // the session is gone
	},
	"outbox-follow-up": {
		notices: map[string][]string{cart: {"follow_up.due", "cart.abandoned"}},
		came:    map[string]int{cart + " follow_up.due": 1, cart + " cart.abandoned": 1},
	},
	"outbox-follow-up-again": { // four records of one cart, one of them twice: they say no more than where to look
		notices: map[string][]string{cart: {"follow_up.due"}},
		came:    map[string]int{cart + " follow_up.due": 1},
	},
}

// jobs are the files that are no batches; see TestJobs.
var jobFiles = []string{"outbox-drain", "outbox-resume", "outbox-unknown-job"}

func TestEveryEventOfTheStream(t *testing.T) {
	t.Parallel()
	for name, want := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFunction(t, want.notices)
			maps.Copy(f.bus.fails, want.fails)
			event := eventFile(t, name)
			out, err := f.handle(t.Context(), event)
			if err != nil {
				t.Fatal(err)
			}
			if want.came == nil {
				want.came = map[string]int{}
			}
			if diff := cmp.Diff(want.came, f.bus.counted()); diff != "" {
				t.Errorf("came (-want +got):\n%s", diff)
			}
			var failed []string
			for _, i := range want.failed {
				failed = append(failed, numbers(t, event)[i])
			}
			if got := failures(out); !slices.Equal(got, failed) {
				t.Errorf("failed %v, want %v", got, failed)
			}
			slices.Sort(want.left)
			if got := f.left(); !slices.Equal(got, want.left) {
				t.Errorf("left %v, want %v", got, want.left)
			}
			if text, err := json.Marshal(out); err != nil || !strings.HasPrefix(string(text), `{"batchItemFailures":[`) {
				t.Errorf("the answer is %s, %v", text, err) // null would be taken for a success
			}
			for _, personal := range []string{"anna@", "zoe@", "Zoë", "Keizersgracht", "de Vries"} {
				if strings.Contains(f.logs.String(), personal) {
					t.Errorf("the log tells %q: %s", personal, f.logs)
				}
			}
		})
	}
	files, err := filepath.Glob("../../events/outbox-*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if _, told := cases[name]; !told && !slices.Contains(jobFiles, name) {
			t.Errorf("nobody sends events/%s.json", name)
		}
	}
}

// TestEventsAreLambdas has AWS's own type read the files, all but the one that is spoiled on purpose.
func TestEventsAreLambdas(t *testing.T) {
	t.Parallel()
	for name := range cases {
		var event events.DynamoDBEvent
		err := json.Unmarshal(eventFile(t, name), &event)
		spoiled := name == "outbox-poison" || name == "outbox-spoiled-image"
		if spoiled != (err != nil) {
			t.Errorf("%s: %v", name, err)
		}
		if spoiled {
			continue // with it AWS's type gives up the whole batch, which is why the handler does not use it
		}
		for i, r := range event.Records {
			if r.Change.SequenceNumber != numbers(t, eventFile(t, name))[i] || r.EventSource != "aws:dynamodb" {
				t.Errorf("%s: record %d is %+v", name, i, r)
			}
		}
	}
}

// TestEventComesAgain has Lambda deliver every file twice, as it may: the second time changes nothing.
func TestEventComesAgain(t *testing.T) {
	t.Parallel()
	for name, want := range cases {
		f := newFunction(t, want.notices)
		for range 2 {
			if _, err := f.handle(t.Context(), eventFile(t, name)); err != nil {
				t.Fatal(err)
			}
		}
		for came, n := range f.bus.counted() {
			if n != 1 {
				t.Errorf("%s: %s came %d times", name, came, n)
			}
		}
	}
}

func TestShardGoesOnBehindWhatFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		event  string
		fails  map[string]int
		gaveUp []int
		left   []string
	}{
		"nothing fails":       {"outbox-batch", nil, nil, nil},
		"some fail for a bit": {"outbox-batch", map[string]int{a: 1, b: 2, d: 3}, nil, nil},
		"one fails for long":  {"outbox-batch", map[string]int{c: 99}, []int{2}, []string{c}},
		"poison":              {"outbox-poison", map[string]int{c: 2}, []int{1}, []string{b, d}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFunction(t, map[string][]string{a: {"order.placed"}, b: {"order.placed"}, "cs_bq97ds0rk2m5x8vz1tjw3hg4cn_0": {"order.placed"},
				d: {"order.placed"}})
			maps.Copy(f.bus.fails, c.fails)
			event := eventFile(t, c.event)
			var want []string
			for _, i := range c.gaveUp {
				want = append(want, numbers(t, event)[i])
			}
			if got := f.shard(event, 4); !slices.Equal(got, want) {
				t.Errorf("gave up %v, want %v", got, want)
			}
			slices.Sort(c.left)
			if got := f.left(); !slices.Equal(got, c.left) {
				t.Errorf("left %v, want %v", got, c.left)
			}
			for came, n := range f.bus.counted() {
				if n != 1 {
					t.Errorf("%s came %d times", came, n)
				}
			}
			clear(f.bus.fails)
			if _, err := f.handle(t.Context(), eventFile(t, "outbox-drain")); err != nil || len(f.left()) != 0 {
				t.Errorf("after the drain %v is left, %v", f.left(), err)
			}
		})
	}
}

func TestJobs(t *testing.T) {
	t.Parallel()
	f := newFunction(t, map[string][]string{a: {"order.placed"}, b: {"payment.review"}, c: nil})
	for _, event := range []json.RawMessage{eventFile(t, "outbox-unknown-job"), []byte(`{}`), []byte(`[]`), []byte(`"drain"`), []byte(`{"Records":{}}`)} {
		if out, err := f.handle(t.Context(), event); err == nil || len(f.bus.counted()) > 0 {
			t.Errorf("%s was taken: %v", event, out)
		}
	}
	out, err := f.handle(t.Context(), eventFile(t, "outbox-resume")) // of nothing
	if err != nil || out != nil || len(f.bus.counted()) > 0 {
		t.Errorf("resume answers %v, %v; came %v", out, err, f.bus.counted())
	}
	out, err = f.handle(t.Context(), eventFile(t, "outbox-drain"))
	if err != nil || out != nil {
		t.Errorf("drain answers %v, %v", out, err)
	}
	if diff := cmp.Diff(map[string]int{a + " order.placed": 1, b + " payment.review": 1}, f.bus.counted()); diff != "" || len(f.left()) > 0 {
		t.Errorf("came (-want +got):\n%sleft: %v", diff, f.left())
	}
}

func TestRecordWithoutANumberFailsTheBatch(t *testing.T) {
	t.Parallel()
	f := newFunction(t, map[string][]string{a: {"order.placed"}})
	out, err := f.handle(t.Context(), []byte(`{"Records":["?"]}`))
	if err != nil || !slices.Equal(failures(out), []string{""}) {
		t.Errorf("answer %v, %v", out, err)
	}
	for _, keys := range []string{`{}`, `{"i":{"N":"1"}}`, `{"i":{"S":"or_w51w6889yxk9yhjbas1rpm7htt_0"}}`, `null`, `7`} {
		out, err = f.handle(t.Context(), []byte(`{"Records":[{"dynamodb":{"SequenceNumber":"12","Keys":`+keys+`}}]}`))
		if err != nil || !slices.Equal(failures(out), []string{"12"}) {
			t.Errorf("keys %s: answer %v, %v", keys, out, err)
		}
	}
	out, err = f.handle(t.Context(), []byte(`{"Records":[]}`))
	if err != nil || len(failures(out)) != 0 {
		t.Errorf("an empty batch: %v, %v", out, err)
	}
}

// TestInvocationEndsInTime has the bus hang, and the table: the answer comes before Lambda kills the invocation, and names
// every record.
func TestInvocationEndsInTime(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"bus", "table"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFunction(t, map[string][]string{a: {"order.placed"}, b: {"order.placed"}, c: {"order.placed"}, d: {"order.placed"}})
				f.bus.hangs, f.store.hangs = what == "bus", what == "table"
				ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
				defer cancel()
				event := eventFile(t, "outbox-batch")
				out, err := f.handle(ctx, event)
				if err != nil || ctx.Err() != nil {
					t.Fatalf("%v, %v", err, ctx.Err())
				}
				if !slices.Equal(failures(out), numbers(t, event)) || len(f.left()) != 4 {
					t.Errorf("failed %v, left %v", failures(out), f.left())
				}
			})
		})
	}
}
