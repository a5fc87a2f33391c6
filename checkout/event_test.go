package checkout_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"kassa/checkout"
	"kassa/payments/money"
)

// eventSchemas returns the schemas that we publish, by id, with formats checked.
func eventSchemas(t *testing.T) (*jsonschema.Compiler, map[string]*jsonschema.Schema) {
	t.Helper()
	files, err := filepath.Glob("../docs/events/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("schemas: %v %v", files, err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schemas := map[string]*jsonschema.Schema{}
	for _, file := range files {
		content, err := os.ReadFile(file) //nolint:gosec // one of ours
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		id, _ := doc.(map[string]any)["$id"].(string)
		if err := compiler.AddResource(id, doc); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		kind := strings.TrimSuffix(filepath.Base(file), ".v1.json")
		if id != "urn:kassa:event:"+kind+":1" {
			t.Errorf("%s has id %q", file, id)
		}
		if schemas[kind], err = compiler.Compile(id); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	return compiler, schemas
}

// published returns events of every kind, of sessions in every state that they can tell of, as they go over the wire.
func published(t *testing.T) []checkout.Event {
	t.Helper()
	p := newPostroom(t, func(c *checkout.OutboxConfig) { c.Carts = c.Store.(*outboxStore).Store })
	whole := p.order("0000000000000000000000000a", "order.placed", "payment.review")
	edit := func(name string, change func(*checkout.Session)) string {
		id := p.order(name, "order.placed", "payment.review")
		s, err := p.store.Store.Session(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		change(&s)
		s.Version, s.Op = s.Version+1, "edit"
		if err := p.store.Commit(t.Context(), checkout.Commit{Session: s}); err != nil {
			t.Fatal(err)
		}
		return id
	}
	about := func(name, kind, ref string, change func(*checkout.Session)) string {
		return edit(name, func(s *checkout.Session) {
			s.Notices = map[string]checkout.Notice{noticeID(name, 0): {Kind: kind, At: noted, Ref: ref}}
			change(s)
		})
	}
	refunded := []checkout.Refund{
		{ID: "rf_1", Amount: money.New(500, "EUR"), Cause: checkout.CauseWithdrawn, State: checkout.RefundDone, Reason: "requested_by_customer"},
		{ID: "re_Elsewhere1", Amount: money.New(90, "EUR"), State: checkout.RefundPending},
	}
	p.deliver(
		about("0000000000000000000000000f", checkout.NoticeOrderRefunded, "rf_1", func(s *checkout.Session) { s.Order.Refunds = refunded }),
		about("0000000000000000000000000g", checkout.NoticeOrderRefunded, "re_Elsewhere1", func(s *checkout.Session) { s.Order.Refunds = refunded }),
		about("0000000000000000000000000h", checkout.NoticeOrderFulfilled, "fu_1", func(*checkout.Session) {}),
		about("0000000000000000000000000j", checkout.NoticeOrderCanceled, "", func(*checkout.Session) {}),
		about("0000000000000000000000000k", checkout.NoticeOrderWithdrawn, "wd_1", func(s *checkout.Session) {
			s.Order.Withdrawals = []checkout.Withdrawal{{ID: "wd_1", Reason: "Anna is not pleased", RefundBy: noted}}
		}),
		about("0000000000000000000000000m", checkout.NoticeCaptured, "", func(*checkout.Session) {}),
		about("0000000000000000000000000n", checkout.NoticeLateDecline, "",
			func(s *checkout.Session) { s.Order, s.Status = nil, checkout.StatusReady }),
	)
	p.deliver(whole,
		edit("0000000000000000000000000b", func(s *checkout.Session) { s.Order.Authorized = true }),
		edit("0000000000000000000000000c", func(s *checkout.Session) { s.Order.Amount.Minor, s.Order.IntentID = 0, "" }),
		edit("0000000000000000000000000d", func(s *checkout.Session) {
			s.Order, s.Review, s.Status = nil, "amount_mismatch", checkout.StatusCanceled
			delete(s.Notices, noticeID("0000000000000000000000000d", 0))
		}),
		edit("0000000000000000000000000e", func(s *checkout.Session) { s.Review = "" }),
	)
	p.deliver(
		p.abandoned("ct_000000000000000000000000p", checkout.NoticeCartAbandoned, "no_checkout"),
		p.abandoned("ct_000000000000000000000000q", checkout.NoticeCartRecovered, "or_000000000000000000000000q_0"),
	)
	if len(p.bus.taken) != 18 {
		t.Fatalf("%d events", len(p.bus.taken))
	}
	for i := range p.bus.taken {
		p.bus.taken[i].ID = "0123456789abcdef" // as notify makes them; here they are readable
	}
	return p.bus.taken
}

// abandoned stores a cart that was left and followed up, with a notice.
func (p *postroom) abandoned(id, kind, ref string) string {
	p.Helper()
	err := p.store.CreateCart(p.Context(), checkout.Cart{
		ID: id, Version: 1, Lines: []checkout.LineItem{{ID: "li_mug", SKU: "mug", Quantity: 2}}, Buyer: checkout.Buyer{Email: "anna@example.com"},
		Abandonment: &checkout.Abandonment{Revision: 1, Reason: "no_checkout", LeftAt: noted, FollowUps: []checkout.FollowUp{
			{Stage: "push", Channel: "push", ClaimedAt: noted.Add(-time.Hour), Provider: "1"},
		}},
		Notices: map[string]checkout.Notice{noticeID(id, 0): {Kind: kind, At: noted, Ref: ref}},
	})
	if err != nil {
		p.Fatal(err)
	}
	return id
}

func decoded(t *testing.T, v any) map[string]any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc.(map[string]any)
}

func TestEventsKeepTheirSchemas(t *testing.T) {
	t.Parallel()
	compiler, schemas := eventSchemas(t)
	kinds := map[string]bool{}
	for _, e := range published(t) {
		doc := decoded(t, e)
		if err := schemas[e.Kind].Validate(doc); err != nil {
			t.Errorf("%s: %v", e.Kind, err)
		}
		data, err := compiler.Compile(e.DataSchema)
		if err != nil {
			t.Fatalf("dataschema %s: %v", e.DataSchema, err)
		}
		if err := data.Validate(doc["data"]); err != nil {
			t.Errorf("%s: data: %v", e.Kind, err)
		}
		kinds[e.Kind] = true
	}
	if got, want := slices.Sorted(maps.Keys(kinds)), slices.Sorted(maps.Keys(schemas)); !slices.Equal(got, want) {
		t.Errorf("events of %v, schemas of %v", got, want)
	}
}

// TestSchemasDescribeEveryField keeps schemas from being emptier than the events, and strict where they say something.
func TestSchemasDescribeEveryField(t *testing.T) {
	t.Parallel()
	_, schemas := eventSchemas(t)
	seen := map[string]map[string]bool{}
	for _, e := range published(t) {
		doc := decoded(t, e)
		if seen[e.Kind] == nil {
			seen[e.Kind] = map[string]bool{}
		}
		each := func(path string, m map[string]any) {
			for field, value := range m {
				seen[e.Kind][path+field] = true
				m[field] = []any{"of another type"}
				if schemas[e.Kind].Validate(doc) == nil {
					t.Errorf("%s: %s%s may be anything", e.Kind, path, field)
				}
				m[field] = value
			}
		}
		each("", doc)
		each("data.", doc["data"].(map[string]any))
	}
	for kind, schema := range schemas {
		described := map[string]bool{}
		for field := range schema.Properties {
			described[field] = true
		}
		for field := range schema.Properties["data"].Ref.Properties {
			described["data."+field] = true
		}
		if diff := cmp.Diff(described, seen[kind]); diff != "" {
			t.Errorf("%s: fields described and published (-described +published):\n%s", kind, diff)
		}
	}
}

func TestEventsTellNothingPersonal(t *testing.T) {
	t.Parallel()
	for _, e := range published(t) {
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"anna", "Anna", "Vries", "+316", "Keizersgracht", "1015", "Amsterdam", "pi_secret", "subject-of"} {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s tells %q: %s", e.Kind, secret, text)
			}
		}
	}
}

// TestExampleInTheDocsIsAnEvent keeps the README of the events true.
func TestExampleInTheDocsIsAnEvent(t *testing.T) {
	t.Parallel()
	_, schemas := eventSchemas(t)
	readme, err := os.ReadFile("../docs/events/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```json\n")
	example, _, _ := strings.Cut(rest, "```")
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(example))
	if err != nil {
		t.Fatalf("%s: %v", example, err)
	}
	entry := doc.(map[string]any)
	if err := schemas[entry["detail-type"].(string)].Validate(entry["detail"]); err != nil {
		t.Error(err)
	}
	for kind := range schemas {
		if !strings.Contains(string(readme), "| `"+kind+"` |") {
			t.Errorf("the README doesn't list %s", kind)
		}
	}
}
