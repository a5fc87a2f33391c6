package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/memstore"
	"kassa/checkout/merchant"
	"kassa/checkout/recovery"
	"kassa/checkout/statistics"
	"kassa/functions/internal/api"
)

// rootKey is the merchant's first key.
const rootKey = "kad_root_0123456789abcdef0123456789abcdef"

func auth(token string) string { return "Authorization: Bearer " + token }

// manage gives the stack its admin function.
func (s *stack) manage(t *testing.T, store *memstore.Store, config checkout.Config) {
	t.Helper()
	seed, err := json.Marshal(config.Shop)
	if err != nil {
		t.Fatal(err)
	}
	orders, err := checkout.NewOrders(config)
	if err != nil {
		t.Fatal(err)
	}
	reached, err := recovery.NewRegistry(recovery.RegistryConfig{Config: recovery.Config{
		Carts: store, Contacts: store, Shop: config.Shop, Settings: recovery.Settings{}, Now: s.clock,
		NewID: func() string { return s.newID("0123456789abcdefghijklmn") },
	}})
	if err != nil {
		t.Fatal(err)
	}
	desk, err := merchant.NewDesk(merchant.DeskConfig{
		Settings: store, Keys: store, Records: store, Catalog: store, History: store, Orders: orders,
		People: merchant.PeopleConfig{Sessions: store, Carts: store, Profiles: store, Contacts: store, Reached: reached, Messages: store,
			Measured: store, Search: store, Vault: config.Vault},
		Shop: config.Shop, Seed: seed, Root: []string{merchant.HashOf(rootKey)},
		Now: s.clock, NewID: func() string { return s.newID("0123456789abcdefghijklmn") }, Logger: s.log.logger(),
	})
	if err != nil {
		t.Fatal(err)
	}
	reports, err := statistics.NewReports(store, time.UTC, s.clock)
	if err != nil {
		t.Fatal(err)
	}
	e := s.edge
	e.Keys, e.Customers = desk.Keys, nil
	s.admin = api.Admin(api.AdminDeps{Edge: e, Settings: desk.Settings, Keys: desk.Keys, Records: desk.Journal, Products: desk.Products,
		Orders: desk.Orders, Changes: desk.Orders, Shop: config.Shop, Reports: reports, People: desk.People})
}

// do makes a request of the merchant's with the root key.
func (s *stack) do(t *testing.T, method, path, body string, headers ...string) reply {
	t.Helper()
	return s.call(t, method, path, body, append([]string{auth(rootKey)}, headers...)...)
}

// newKey hands out a key and returns its id and token.
func (s *stack) newKey(t *testing.T, scopes ...merchant.Scope) (id, token string) {
	t.Helper()
	list, _ := json.Marshal(scopes)
	w := s.do(t, http.MethodPost, "/admin/keys", `{"name":"a till","scopes":`+string(list)+`}`, s.key()).want(http.StatusCreated)
	return w.at("id"), w.at("token")
}

func TestSettingsArePutWholeAndKept(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	seed := s.do(t, http.MethodGet, "/admin/settings", "").want(http.StatusOK)
	if seed.at("name") != "Fjord & Fern" || seed.Header().Get("ETag") != "" {
		t.Fatalf("the deployment's own settings are %s, ETag %s", seed.Body, seed.Header().Get("ETag"))
	}
	renamed := func(name string) string {
		return strings.Replace(seed.Body.String(), `"name":"Fjord \u0026 Fern"`, `"name":"`+name+`"`, 1)
	}
	s.do(t, http.MethodPut, "/admin/settings", renamed(" ")).want(http.StatusBadRequest).wantAt("messages.0.path", "$.name", "messages.0.code",
		"invalid")
	s.do(t, http.MethodPut, "/admin/settings", strings.Replace(seed.Body.String(), `"terms"`, `"trems"`,
		1)).want(http.StatusBadRequest).wantAt("messages.0.path", "$.trems")
	contradictory := strings.Replace(renamed(""), `"default_country":"NL"`, `"default_country":"JP"`, 1)
	s.do(t, http.MethodPut, "/admin/settings", contradictory).want(http.StatusBadRequest).wantAt("messages.0.path", "$.name", "messages.1.path",
		"$.default_country")

	first := s.do(t, http.MethodPut, "/admin/settings", renamed("One")).want(http.StatusOK).wantAt("version", "1", "key", "root")
	if first.Header().Get("ETag") != `"1"` {
		t.Errorf("ETag %s", first.Header().Get("ETag"))
	}
	s.do(t, http.MethodPut, "/admin/settings", renamed("One")).want(http.StatusOK).wantAt("version", "1")
	s.do(t, http.MethodPut, "/admin/settings", renamed("Two"), `If-Match: "1"`).want(http.StatusOK).wantAt("version", "2")
	s.do(t, http.MethodPut, "/admin/settings", renamed("Three"), `If-Match: "1"`).want(http.StatusConflict).wantAt("messages.0.code",
		"version_conflict")
	s.do(t, http.MethodPut, "/admin/settings", renamed("Two"), `If-Match: "1"`).want(http.StatusOK).wantAt("version", "2") // the same request once more
	if w := s.do(t, http.MethodGet, "/admin/settings", "").want(http.StatusOK).wantAt("name", "Two"); w.Header().Get("ETag") != `"2"` {
		t.Errorf("ETag %s", w.Header().Get("ETag"))
	}

	old := s.do(t, http.MethodGet, "/admin/settings/versions/1", "").want(http.StatusOK).wantAt("name", "One")
	s.do(t, http.MethodPut, "/admin/settings", old.Body.String()).want(http.StatusOK).wantAt("version", "3")
	s.do(t, http.MethodGet, "/admin/settings", "").want(http.StatusOK).wantAt("name", "One")
	s.do(t, http.MethodGet, "/admin/settings/versions", "").want(http.StatusOK).wantAt("versions.0.version", "3", "versions.2.version", "1",
		"versions.3", "")
	s.do(t, http.MethodGet, "/admin/settings/versions?before=2", "").want(http.StatusOK).wantAt("versions.0.version", "1", "versions.1", "")
	s.do(t, http.MethodGet, "/admin/settings/versions/9", "").want(http.StatusNotFound)
	s.do(t, http.MethodGet, "/admin/settings/versions/x", "").want(http.StatusNotFound)
	s.do(t, http.MethodPut, "/admin/settings", `{"name":"`+strings.Repeat("x", 256<<10)+`"}`).want(http.StatusRequestEntityTooLarge)
}

// Every route that changes something leaves one record, which says who, what and when, and its repetition leaves none.
func TestEveryChangeLeavesOneRecord(t *testing.T) {
	t.Parallel()
	holding := shop()
	holding.Methods = []checkout.MethodRule{{Type: "card", Capture: checkout.CaptureManual}}
	s := newStackOf(t, holding)
	id, _ := s.newKey(t, merchant.ScopeProducts)
	document := strings.Replace(s.do(t, http.MethodGet, "/admin/settings", "").Body.String(), "2026-01", "2026-02", 1)
	orders := make([]string, 5)
	for i := range orders {
		orders[i] = s.buyMug(t)
	}
	s.do(t, http.MethodPost, "/admin/orders/"+orders[3]+"/capture", "{}", s.key()).want(http.StatusOK)
	changes := map[string]struct{ path, body, action string }{
		"POST /admin/orders/{id}/fulfil":   {"/admin/orders/" + orders[0] + "/fulfil", `{"carrier":"PostNL"}`, "order.fulfil"},
		"POST /admin/orders/{id}/cancel":   {"/admin/orders/" + orders[1] + "/cancel", `{"reason":"for Ada Visser"}`, "order.cancel"},
		"POST /admin/orders/{id}/withdraw": {"/admin/orders/" + orders[2] + "/withdraw", `{"reason":"Ada called"}`, "order.withdraw"},
		"POST /admin/orders/{id}/refund":   {"/admin/orders/" + orders[3] + "/refund", `{"amount":100}`, "order.refund"},
		"POST /admin/orders/{id}/capture":  {"/admin/orders/" + orders[4] + "/capture", `{}`, "order.capture"},
		"POST /admin/people/erase":         {"/admin/people/erase", `{"email":"ada@example.com"}`, "person.erase"},
		"PUT /admin/settings":              {"/admin/settings", document, "settings.put"},
		"POST /admin/products":             {"/admin/products", `[{"sku":"fork","title":"Fork","prices":{"EUR":800}}]`, "products.import"},
		"POST /admin/stock":                {"/admin/stock", `{"moves":[{"sku":"scarce","delta":4}]}`, "stock.move"},
		"POST /admin/keys":                 {"/admin/keys", `{"name":"Ada Visser","scopes":["orders"]}`, "key.create"},
		"DELETE /admin/keys/{id}":          {"/admin/keys/" + id, "", "key.revoke"},
	}
	count := func() (n int, newest reply) {
		w := s.do(t, http.MethodGet, "/admin/audit?limit=100", "").want(http.StatusOK)
		list, _ := w.doc["records"].([]any)
		return len(list), w
	}
	for _, route := range s.admin.Routes {
		if route.Method == http.MethodGet || route.Pattern == "/admin/orders/search" || route.Pattern == "/admin/people/export" {
			continue // changes nothing
		}
		change, ok := changes[route.Method+" "+route.Pattern]
		if !ok {
			t.Errorf("nobody tries whether %s %s leaves a record", route.Method, route.Pattern)
			continue
		}
		before, _ := count()
		s.pass(time.Minute)
		key := s.key()
		for range 3 {
			if w := s.do(t, route.Method, change.path, change.body, key); w.Code >= 300 {
				t.Fatalf("%s %s: %d %s", route.Method, change.path, w.Code, w.Body)
			}
		}
		after, w := count()
		if after != before+1 {
			t.Errorf("%s %s left %d records", route.Method, route.Pattern, after-before)
		}
		w.wantAt("records.0.action", change.action, "records.0.key", "root", "records.0.outcome", "done", "records.0.at",
			s.clock().Format(time.RFC3339))
		if strings.Contains(w.Body.String(), "Ada") {
			t.Errorf("a record names a person: %s", w.Body)
		}
	}
	if log := s.log.String(); strings.Contains(log, "Ada") || strings.Contains(log, "ada@") || strings.Contains(log, "Visser") || strings.Contains(log, "Wijnhaven") {
		t.Errorf("the log names a person: %s", log)
	}
	total, _ := count()
	got, link := 0, "/admin/audit?limit=2"
	for link != "" {
		w := s.do(t, http.MethodGet, link, "").want(http.StatusOK)
		list, _ := w.doc["records"].([]any)
		got += len(list)
		link, _ = strings.CutSuffix(strings.TrimPrefix(w.Header().Get("Link"), "<"), `>; rel="next"`)
	}
	if got != total {
		t.Errorf("pages of two have %d records, one has %d", got, total)
	}
	s.do(t, http.MethodGet, "/admin/audit?limit=0", "").want(http.StatusBadRequest)
	s.do(t, http.MethodGet, "/admin/audit?cursor=x", "").want(http.StatusBadRequest)
}
