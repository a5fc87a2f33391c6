package eventbridgebus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"kassa/checkout"
	"kassa/checkout/eventbridgebus"
)

// request is a PutEvents call as it comes over the wire.
type request struct {
	Entries []struct {
		EventBusName, Source, DetailType, Detail string
		Time                                     float64
	}
}

// bridge answers calls as EventBridge does: it takes every entry, unless told otherwise.
type bridge struct {
	*testing.T
	url string

	mu     sync.Mutex
	calls  []request
	script []func(w http.ResponseWriter, r request) // one for each call, nil = take all; then all are taken
}

func newBridge(t *testing.T, script ...func(w http.ResponseWriter, r request)) *bridge {
	b := &bridge{T: t, script: script}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

func (b *bridge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if got := r.Header.Get("X-Amz-Target"); got != "AWSEvents.PutEvents" {
		b.Errorf("call of %q", got)
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=AKIDTEST/") {
		b.Errorf("call is not signed: %q", r.Header.Get("Authorization"))
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		b.Error(err)
	}
	var in request
	if err := json.Unmarshal(body, &in); err != nil {
		b.Errorf("body %s: %v", body, err)
	}
	b.mu.Lock()
	answer := takeAll
	if len(b.script) > 0 {
		if b.script[0] != nil {
			answer = b.script[0]
		}
		b.script = b.script[1:]
	}
	b.calls = append(b.calls, in)
	b.mu.Unlock()
	answer(w, in)
}

// got lists the ids of the events of every call.
func (b *bridge) got() [][]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var ids [][]string
	for _, call := range b.calls {
		var of []string
		for _, e := range call.Entries {
			var detail struct{ ID string }
			if err := json.Unmarshal([]byte(e.Detail), &detail); err != nil {
				b.Errorf("detail %s: %v", e.Detail, err)
			}
			of = append(of, detail.ID)
		}
		ids = append(ids, of)
	}
	return ids
}

func takeAll(w http.ResponseWriter, r request) { refuse(nil)(w, r) }

// refuse takes all entries but some, which fail with a code, by their place.
func refuse(codes map[int]string) func(http.ResponseWriter, request) {
	return func(w http.ResponseWriter, r request) {
		out := map[string]any{"FailedEntryCount": len(codes)}
		entries := make([]map[string]string, len(r.Entries))
		for i := range r.Entries {
			entries[i] = map[string]string{"EventId": fmt.Sprintf("11111111-2222-3333-4444-%012d", i)}
			if code, ok := codes[i]; ok {
				entries[i] = map[string]string{"ErrorCode": code, "ErrorMessage": "quotes " + r.Entries[i].Detail}
			}
		}
		out["Entries"] = entries
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_ = json.NewEncoder(w).Encode(out)
	}
}

// fail answers a whole call with an error.
func fail(status int, code string) func(http.ResponseWriter, request) {
	return func(w http.ResponseWriter, _ request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Header().Set("X-Amzn-Errortype", code)
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"__type":%q,"message":"no"}`, code)
	}
}

// cut ends the connection instead of answering: the entries may have been taken.
func cut(http.ResponseWriter, request) { panic(http.ErrAbortHandler) }

func (b *bridge) bus(options ...func(*aws.Config)) *eventbridgebus.Bus {
	b.Helper()
	config := aws.Config{
		Region: "eu-west-1", BaseEndpoint: &b.url, RetryMaxAttempts: 3,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDTEST", SecretAccessKey: "secret"}, nil
		}),
	}
	for _, o := range options {
		o(&config)
	}
	bus, err := eventbridgebus.New(eventbridgebus.Config{AWS: config, Name: "kassa-bus", Source: "com.example.shop"})
	if err != nil {
		b.Fatal(err)
	}
	return bus
}

func event(id string, padding int) checkout.Event {
	return checkout.Event{
		SpecVersion: "1.0", ID: id, Source: "https://shop.example", Type: "com.example.shop.order.placed", Subject: "or_1",
		Time: time.Date(2026, 3, 2, 9, 0, 0, 250e6, time.UTC), DataContentType: "application/json",
		DataSchema: "urn:kassa:event:order.placed:1#data", Kind: "order.placed",
		Data: json.RawMessage(`{"total":1990,"padding":"` + strings.Repeat("x", padding) + `"}`),
	}
}

func eventsOf(n int) (events []checkout.Event, ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprintf("n%02d", i))
		events = append(events, event(ids[i], 0))
	}
	return events, ids
}

func wantCode(t *testing.T, err error, want checkout.Code) {
	t.Helper()
	if err == nil || checkout.ErrorCode(err) != want {
		t.Errorf("error is %v, want one with code %s", err, want)
	}
}

func TestEntryIsACloudEvent(t *testing.T) {
	t.Parallel()
	b := newBridge(t)
	taken, err := b.bus().Publish(t.Context(), []checkout.Event{event("n1", 3)})
	if err != nil || !slices.Equal(taken, []string{"n1"}) {
		t.Fatalf("taken %v, error %v", taken, err)
	}
	got := b.calls[0].Entries[0]
	if got.EventBusName != "kassa-bus" || got.Source != "com.example.shop" || got.DetailType != "order.placed" {
		t.Errorf("entry is %+v", got)
	}
	if got.Time != 1772442000 && got.Time != 1772442000.25 {
		t.Errorf("entry's time is %f", got.Time)
	}
	var detail map[string]any
	if err := json.Unmarshal([]byte(got.Detail), &detail); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"specversion": "1.0", "id": "n1", "source": "https://shop.example", "type": "com.example.shop.order.placed",
		"subject": "or_1", "time": "2026-03-02T09:00:00.25Z", "datacontenttype": "application/json",
		"dataschema": "urn:kassa:event:order.placed:1#data", "data": map[string]any{"total": 1990., "padding": "xxx"},
	}
	if diff := cmp.Diff(want, detail); diff != "" {
		t.Errorf("detail (-want +got):\n%s", diff)
	}
}

func TestNothingToPublishIsNoCall(t *testing.T) {
	t.Parallel()
	b := newBridge(t)
	if taken, err := b.bus().Publish(t.Context(), nil); err != nil || len(taken) != 0 || len(b.got()) != 0 {
		t.Errorf("taken %v, error %v, calls %v", taken, err, b.got())
	}
}

func TestAtMostTenEntriesACall(t *testing.T) {
	t.Parallel()
	b := newBridge(t)
	events, ids := eventsOf(23)
	taken, err := b.bus().Publish(t.Context(), events)
	if err != nil || !slices.Equal(taken, ids) {
		t.Errorf("taken %v, error %v", taken, err)
	}
	if diff := cmp.Diff([][]string{ids[:10], ids[10:20], ids[20:]}, b.got()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// sized is an event whose entry has so many bytes.
func sized(t *testing.T, id string, size int) checkout.Event {
	t.Helper()
	detail, err := json.Marshal(event(id, 0))
	if err != nil {
		t.Fatal(err)
	}
	return event(id, size-len(detail)-len("com.example.shop")-len("order.placed")-14)
}

func TestCallsStayBelowTheSizeLimit(t *testing.T) {
	t.Parallel()
	const limit = 256 * 1024
	b := newBridge(t)
	taken, err := b.bus().Publish(t.Context(), []checkout.Event{
		sized(t, "a", limit/2), sized(t, "b", limit/2), sized(t, "c", limit/2+1), sized(t, "d", limit/2), sized(t, "e", limit),
	})
	if err != nil || !slices.Equal(taken, []string{"a", "b", "c", "d", "e"}) {
		t.Errorf("taken %v, error %v", taken, err)
	}
	if diff := cmp.Diff([][]string{{"a", "b"}, {"c"}, {"d"}, {"e"}}, b.got()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestTooLargeAnEntryIsRefusedAlone(t *testing.T) {
	t.Parallel()
	b := newBridge(t)
	taken, err := b.bus().Publish(t.Context(), []checkout.Event{event("a", 0), sized(t, "big", 256*1024+1), event("b", 0)})
	wantCode(t, err, checkout.CodeInvalid)
	if !slices.Equal(taken, []string{"a", "b"}) || !strings.Contains(err.Error(), "big") {
		t.Errorf("taken %v, error %v", taken, err)
	}
	if diff := cmp.Diff([][]string{{"a", "b"}}, b.got()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestEntriesThatAreNotTaken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		codes map[int]string
		want  checkout.Code
	}{
		"throttled":      {map[int]string{1: "ThrottlingException"}, checkout.CodeUnavailable},
		"their fault":    {map[int]string{0: "InternalFailure", 3: "InternalException"}, checkout.CodeUnavailable},
		"our fault":      {map[int]string{2: "MalformedDetail"}, checkout.CodeInvalid},
		"not allowed":    {map[int]string{2: "NotAuthorizedForSourceException"}, checkout.CodeInvalid},
		"without a word": {map[int]string{2: ""}, checkout.CodeUnavailable},
		"all of them": {map[int]string{0: "ThrottlingException", 1: "ThrottlingException", 2: "ThrottlingException",
			3: "ThrottlingException"}, checkout.CodeUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBridge(t, refuse(c.codes))
			events, ids := eventsOf(4)
			taken, err := b.bus().Publish(t.Context(), events)
			wantCode(t, err, c.want)
			want := slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
				return c.codes[slices.Index(ids, id)] != "" || name == "without a word" && id == "n02"
			})
			if !slices.Equal(taken, want) {
				t.Errorf("taken %v, want %v", taken, want)
			}
			for _, i := range slices.Collect(maps.Keys(c.codes)) {
				if !strings.Contains(err.Error(), ids[i]) {
					t.Errorf("error doesn't name %s: %v", ids[i], err)
				}
			}
			if strings.Contains(err.Error(), "shop.example") {
				t.Errorf("error quotes the event: %v", err)
			}
			if n := len(b.got()); n != 1 {
				t.Errorf("%d calls: what was not taken comes again with its notice, not here", n)
			}
		})
	}
}

func TestAnswerThatNamesFewerEntries(t *testing.T) {
	t.Parallel()
	b := newBridge(t, func(w http.ResponseWriter, r request) {
		r.Entries = r.Entries[:1]
		takeAll(w, r)
	})
	events, _ := eventsOf(3)
	taken, err := b.bus().Publish(t.Context(), events)
	wantCode(t, err, checkout.CodeUnavailable)
	if !slices.Equal(taken, []string{"n00"}) {
		t.Errorf("taken %v", taken)
	}
}

func TestEntryThatIsTakenAndFailsIsNotTaken(t *testing.T) {
	t.Parallel()
	b := newBridge(t, func(w http.ResponseWriter, _ request) {
		fmt.Fprint(w, `{"FailedEntryCount":1,"Entries":[{"EventId":"1","ErrorCode":"InternalFailure"}]}`)
	})
	events, _ := eventsOf(1)
	taken, err := b.bus().Publish(t.Context(), events)
	wantCode(t, err, checkout.CodeUnavailable)
	if len(taken) != 0 {
		t.Errorf("taken %v", taken)
	}
}

func TestCallsThatFailOnTheOtherSideAreRepeated(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]func(http.ResponseWriter, request){
		"500":              fail(http.StatusInternalServerError, "InternalFailure"),
		"503":              fail(http.StatusServiceUnavailable, "ServiceUnavailable"),
		"throttled":        fail(http.StatusBadRequest, "ThrottlingException"),
		"no answer":        cut,
		"429":              fail(http.StatusTooManyRequests, "TooManyRequestsException"),
		"InternalExcepton": fail(http.StatusInternalServerError, "InternalException"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBridge(t, way)
			events, ids := eventsOf(2)
			taken, err := b.bus().Publish(t.Context(), events)
			if err != nil || !slices.Equal(taken, ids) {
				t.Errorf("taken %v, error %v", taken, err)
			}
			if diff := cmp.Diff([][]string{ids, ids}, b.got()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCallsThatFailForGood(t *testing.T) {
	t.Parallel()
	down := func(way func(http.ResponseWriter, request)) []func(http.ResponseWriter, request) {
		return []func(http.ResponseWriter, request){way, way, way, way, way, way}
	}
	for name, c := range map[string]struct {
		script []func(http.ResponseWriter, request)
		want   checkout.Code
		calls  int
	}{
		"500":          {down(fail(http.StatusInternalServerError, "InternalFailure")), checkout.CodeUnavailable, 3},
		"throttled":    {down(fail(http.StatusBadRequest, "ThrottlingException")), checkout.CodeUnavailable, 3},
		"no answer":    {down(cut), checkout.CodeUnavailable, 3},
		"not allowed":  {down(fail(http.StatusBadRequest, "AccessDeniedException")), checkout.CodeInternal, 1},
		"bad key":      {down(fail(http.StatusForbidden, "InvalidSignatureException")), checkout.CodeInternal, 1},
		"no such bus":  {down(fail(http.StatusBadRequest, "ResourceNotFoundException")), checkout.CodeInternal, 1},
		"not readable": {down(func(w http.ResponseWriter, _ request) { fmt.Fprint(w, `<html>`) }), checkout.CodeUnavailable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBridge(t, c.script...)
			events, _ := eventsOf(2)
			taken, err := b.bus().Publish(t.Context(), events)
			wantCode(t, err, c.want)
			if len(taken) != 0 {
				t.Errorf("taken %v", taken)
			}
			if n := len(b.got()); c.calls > 0 && n != c.calls {
				t.Errorf("%d calls, want %d", n, c.calls)
			}
		})
	}
}

func TestOneCallThatFailsLeavesTheOthers(t *testing.T) {
	t.Parallel()
	b := newBridge(t, nil, fail(http.StatusBadRequest, "AccessDeniedException"))
	events, ids := eventsOf(25)
	taken, err := b.bus().Publish(t.Context(), events)
	wantCode(t, err, checkout.CodeInternal)
	if want := slices.Concat(ids[:10], ids[20:]); !slices.Equal(taken, want) {
		t.Errorf("taken %v, want %v", taken, want)
	}
}

// TestDeadlineIsRespected has the bus answer never: the call ends with its context, and so does every retry.
func TestDeadlineIsRespected(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	hang := func(http.ResponseWriter, request) { <-done }
	b := newBridge(t, hang, hang, hang)
	t.Cleanup(func() { close(done) }) // before the server closes
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	events, _ := eventsOf(1)
	taken, err := b.bus().Publish(ctx, events)
	wantCode(t, err, checkout.CodeUnavailable)
	if len(taken) != 0 || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Errorf("taken %v, context %v", taken, ctx.Err())
	}
	if n := len(b.got()); n != 1 {
		t.Errorf("%d calls in one deadline", n)
	}
}

func TestNewNeedsABusAndASource(t *testing.T) {
	t.Parallel()
	for _, c := range []eventbridgebus.Config{{}, {Name: "b"}, {Source: "s"}} {
		_, err := eventbridgebus.New(c)
		wantCode(t, err, checkout.CodeInvalid)
	}
}
