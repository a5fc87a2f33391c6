package dynamostore_test

import (
	"fmt"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kassa/checkout"
	"kassa/payments"
	"kassa/payments/money"
)

// leaves calls visit with every settable value within v that holds no others, and its path.
func leaves(v reflect.Value, path string, visit func(path string, v reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			leaves(v.Elem(), path, visit)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() || v.Type() == reflect.TypeFor[checkout.Mark]() {
			visit(path, v)
			return
		}
		for i := range v.NumField() {
			leaves(v.Field(i), path+"."+v.Type().Field(i).Name, visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			leaves(v.Index(i), fmt.Sprintf("%s[%d]", path, i), visit)
		}
	case reflect.Map:
	default:
		visit(path, v)
	}
}

// other changes a value to another one, n of which there are.
func other(v reflect.Value, n int) {
	switch {
	case n == 0:
		v.SetZero()
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(noon.Add(time.Duration(n) * time.Hour)))
	case v.Type() == reflect.TypeFor[checkout.Mark]():
		v.Set(reflect.ValueOf(checkout.Mark{Key: "not hex", Print: "nor this"}))
	case v.Type() == reflect.TypeFor[money.Currency]():
		v.SetString("NOK")
	case v.CanInt():
		v.SetInt(v.Int() + 1)
	case v.Kind() == reflect.String:
		v.SetString(v.String() + "é")
	case v.Kind() == reflect.Bool:
		v.SetBool(!v.Bool())
	}
}

// What usually follows from other values is not stored. Where it doesn't follow, it comes back all the same: a session of a
// real purchase is stored exactly, whichever of its values is another one.
func TestSessionIsExactWhateverIsUnusual(t *testing.T) {
	t.Parallel()
	m := newMetered(t, 2)
	m.codes = []string{"SPRING26", "NOT-A-CODE"}
	cart := m.create()
	id := m.open(cart)
	m.till.pay = unanswered
	m.ok(m.complete(cart, id))
	attempt, err := m.store.Session(t.Context(), id)
	m.ok(err)
	m.till.pay = declined
	m.clock.Advance(time.Hour)
	_, err = m.reconciler.Run(t.Context())
	m.ok(err)
	m.pay(cart, id, rowFurther)
	order, err := m.store.Session(t.Context(), id)
	m.ok(err)
	store, tried := open(t, quick(t, m.names, http.DefaultTransport)), 0
	for _, usual := range []checkout.Session{attempt, order} {
		var paths []string
		leaves(reflect.ValueOf(&usual), "", func(path string, _ reflect.Value) { paths = append(paths, path) })
		for _, path := range paths {
			for n := range 2 {
				if path == ".ID" || path == ".Version" || path == ".Op" || path == ".Watch.Kind" || path == ".Watch.At" {
					continue
				}
				tried++
				want := detachedCopy(t, store, usual, tried)
				leaves(reflect.ValueOf(&want), "", func(at string, v reflect.Value) {
					if at == path {
						other(v, n)
					}
				})
				m.ok(store.Commit(t.Context(), checkout.Commit{Session: want}))
				got, err := store.Session(t.Context(), want.ID)
				m.ok(err)
				if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("with another %s, a session comes back differently (-want +got):\n%s", path, diff)
				}
			}
		}
	}
	if tried < 200 {
		t.Errorf("only %d values were tried", tried)
	}
}

// detachedCopy returns a session of its own, not yet stored but otherwise the same, by way of the store.
func detachedCopy(t *testing.T, store checkout.SessionStore, s checkout.Session, n int) checkout.Session {
	t.Helper()
	s.ID, s.Version, s.Op = checkout.SessionID(s.CartID, 10_000+2*n), 1, fmt.Sprint("copy", n)
	if err := store.Commit(t.Context(), checkout.Commit{Session: s}); err != nil {
		t.Fatal(err)
	}
	got, err := store.Session(t.Context(), s.ID)
	if err != nil {
		t.Fatal(err)
	}
	got.ID, got.Op = checkout.SessionID(s.CartID, 10_001+2*n), fmt.Sprint("other", n)
	return got
}

// put stores an item as it is.
func put(t *testing.T, table string, it map[string]types.AttributeValue) {
	t.Helper()
	_, err := client(t, http.DefaultTransport).PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: it})
	if err != nil {
		t.Fatal(err)
	}
}

func str(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
func num(v string) types.AttributeValue { return &types.AttributeValueMemberN{Value: v} }

// Items that older or newer code has written are read.
func TestItemsOfOtherVersions(t *testing.T) {
	t.Parallel()
	names := fresh(t)
	store := open(t, quick(t, names, http.DefaultTransport))
	want := checkout.Session{ID: "cs_old_3", CartID: "ct_old", Round: 3, Version: 7, Status: checkout.StatusReady}
	for name, row := range map[string]string{
		"older": `["ready_for_complete"]`,
		"newer": `["ready_for_complete",{"+":{"NotYetInvented":{"x":[1]}}}]`,
		"with a field from before it had a place": `[{"+":{"Status":"ready_for_complete"}}]`,
	} {
		put(t, names.Sessions, map[string]types.AttributeValue{"i": str("cs_old_3"), "v": num("7"), "j": str(row)})
		got, err := store.Session(t.Context(), "cs_old_3")
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

// An item that none of us has written is an error, and no panic.
func TestSpoiltItems(t *testing.T) {
	t.Parallel()
	names := fresh(t)
	store := open(t, quick(t, names, http.DefaultTransport))
	for _, row := range []string{
		`x`, `{}`, `[1]`, `["ready",{}]`, `["ready",1,true]`, `["ready",1,1,1,"AAAA"]`, `["ready",1,1,1,[1]]`,
		`["ready",1,1,1,0,0,0,0,0,0,[1,1,1,["EUR",1,[["a"]],[1]]]]`, `["ready",1,1,1,0,0,0,0,0,0,[1,1,1,["EUR",1,[["a"]],[9,"x"]]]]`,
		`["ready",1,1,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,[7]]`, `[{"+":{"Status":1}}]`, `[{"+":1}]`,
	} {
		put(t, names.Sessions, map[string]types.AttributeValue{"i": str("cs_x_0"), "v": num("1"), "j": str(row)})
		if got, err := store.Session(t.Context(), "cs_x_0"); checkout.ErrorCode(err) != checkout.CodeInternal || err == nil {
			t.Errorf("%s is read as %+v, %v", row, got, err)
		}
	}
	for name, it := range map[string]map[string]types.AttributeValue{
		"text for a number":   {"v": str("x")},
		"fraction":            {"v": num("1.5")},
		"lines without a map": {"l": str("x")},
		"line of text":        {"l": &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"a": str("b")}}},
		"marks without list":  {"r": str("x"), "p": str("y")},
		"spoilt context":      {"k": str("[")},
	} {
		it["i"] = str("ct_x")
		put(t, names.Carts, it)
		if got, err := store.Cart(t.Context(), "ct_x"); checkout.ErrorCode(err) != checkout.CodeInternal || err == nil {
			t.Errorf("%s: a cart is read as %+v, %v", name, got, err)
		}
	}
}

// attribute returns a number that an item has.
func (n *network) attribute(table, id, name string) (ok bool, value string) {
	n.Helper()
	out, err := client(n, http.DefaultTransport).GetItem(n.Context(), &dynamodb.GetItemInput{
		TableName: &table, Key: map[string]types.AttributeValue{"i": str(id)},
	})
	n.ok(err)
	v, ok := out.Item[name].(*types.AttributeValueMemberN)
	if !ok {
		return false, ""
	}
	return true, v.Value
}

// Whom TTL may take: carts long after their end, sessions that ended without any money; nothing else.
func TestWhatTTLMayTake(t *testing.T) {
	t.Parallel()
	story := behind(t, fresh(t))
	cart, session := story.newCart(), story.newSession()
	session.Notices, session.Watch = nil, checkout.Watch{}
	expiry := func(change func(*checkout.Session)) (found bool, at string) {
		session.Version, session.Op = session.Version+1, fmt.Sprint("op", session.Version)
		next := session
		if change != nil {
			change(&next)
		}
		story.ok(story.calm.Commit(t.Context(), checkout.Commit{Session: next}))
		return story.attribute(story.names.Sessions, session.ID, "x")
	}
	story.ok(story.calm.CreateCart(t.Context(), cart))
	if ok, at := story.attribute(story.names.Carts, cart.ID, "x"); !ok || at != fmt.Sprint(cart.ExpiresAt.AddDate(0, 0, 60).Unix()) {
		t.Errorf("TTL of the cart is %q", at)
	}
	session.Version = 0
	if ok, _ := expiry(nil); ok {
		t.Error("TTL may take an open session")
	}
	session.Status = checkout.StatusCanceled
	if ok, at := expiry(nil); !ok || at != fmt.Sprint(session.UpdatedAt.AddDate(0, 0, 90).Unix()) {
		t.Errorf("TTL of a canceled session is %q", at)
	}
	if ok, _ := expiry(func(s *checkout.Session) { s.Intent = &checkout.Intent{ID: "pi_1", Status: payments.StatusCanceled} }); !ok {
		t.Error("TTL never takes a session whose payment was declined and given up")
	}
	for name, change := range map[string]func(*checkout.Session){
		"completed":         func(s *checkout.Session) { s.Status = checkout.StatusCompleted },
		"with an intent":    func(s *checkout.Session) { s.Intent = &checkout.Intent{ID: "pi_1", Status: payments.StatusProcessing} },
		"with a refund":     func(s *checkout.Session) { s.Refunds = []checkout.ProviderRefund{{Done: true}} },
		"under review":      func(s *checkout.Session) { s.Review = "late" },
		"still watched":     func(s *checkout.Session) { s.Watch.Kind = checkout.WatchPayment },
		"with notices left": func(s *checkout.Session) { s.Notices = map[string]checkout.Notice{"n": {Kind: "k"}} },
	} {
		if ok, _ := expiry(change); ok {
			t.Errorf("TTL may take a session %s", name)
		}
	}
}
