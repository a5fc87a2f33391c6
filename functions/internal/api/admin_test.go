package api_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
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
		Carts: store, Contacts: store, Shop: config.Shop, Settings: recovery.Settings{}, Now: s.clock, NewID: func() string { return s.newID("0123456789abcdefghijklmn") },
	}})
	if err != nil {
		t.Fatal(err)
	}
	desk, err := merchant.NewDesk(merchant.DeskConfig{
		Settings: store, Keys: store, Records: store, Catalog: store, History: store, Orders: orders, People: merchant.PeopleConfig{Sessions: store, Carts: store, Profiles: store, Contacts: store, Reached: reached, Messages: store, Measured: store},
		Shop: config.Shop, Seed: seed, Root: []string{merchant.HashOf(rootKey)},
		Now: s.clock, NewID: func() string { return s.newID("0123456789abcdefghijklmn") }, Logger: slog.New(slog.NewJSONHandler(s.log, nil)),
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
	s.admin = api.Admin(api.AdminDeps{Edge: e, Settings: desk.Settings, Keys: desk.Keys, Records: desk.Journal, Products: desk.Products, Orders: desk.Orders, Changes: desk.Orders, Shop: config.Shop, Reports: reports, People: desk.People})
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
	s.do(t, http.MethodPut, "/admin/settings", renamed(" ")).want(http.StatusBadRequest).wantAt("messages.0.path", "$.name", "messages.0.code", "invalid")
	s.do(t, http.MethodPut, "/admin/settings", strings.Replace(seed.Body.String(), `"terms"`, `"trems"`, 1)).want(http.StatusBadRequest).wantAt("messages.0.path", "$.trems")
	contradictory := strings.Replace(renamed(""), `"default_country":"NL"`, `"default_country":"JP"`, 1)
	s.do(t, http.MethodPut, "/admin/settings", contradictory).want(http.StatusBadRequest).wantAt("messages.0.path", "$.name", "messages.1.path", "$.default_country")

	first := s.do(t, http.MethodPut, "/admin/settings", renamed("One")).want(http.StatusOK).wantAt("version", "1", "key", "root")
	if first.Header().Get("ETag") != `"1"` {
		t.Errorf("ETag %s", first.Header().Get("ETag"))
	}
	s.do(t, http.MethodPut, "/admin/settings", renamed("One")).want(http.StatusOK).wantAt("version", "1")
	s.do(t, http.MethodPut, "/admin/settings", renamed("Two"), `If-Match: "1"`).want(http.StatusOK).wantAt("version", "2")
	s.do(t, http.MethodPut, "/admin/settings", renamed("Three"), `If-Match: "1"`).want(http.StatusConflict).wantAt("messages.0.code", "version_conflict")
	s.do(t, http.MethodPut, "/admin/settings", renamed("Two"), `If-Match: "1"`).want(http.StatusOK).wantAt("version", "2") // the same request once more
	if w := s.do(t, http.MethodGet, "/admin/settings", "").want(http.StatusOK).wantAt("name", "Two"); w.Header().Get("ETag") != `"2"` {
		t.Errorf("ETag %s", w.Header().Get("ETag"))
	}

	old := s.do(t, http.MethodGet, "/admin/settings/versions/1", "").want(http.StatusOK).wantAt("name", "One")
	s.do(t, http.MethodPut, "/admin/settings", old.Body.String()).want(http.StatusOK).wantAt("version", "3")
	s.do(t, http.MethodGet, "/admin/settings", "").want(http.StatusOK).wantAt("name", "One")
	s.do(t, http.MethodGet, "/admin/settings/versions", "").want(http.StatusOK).wantAt("versions.0.version", "3", "versions.2.version", "1", "versions.3", "")
	s.do(t, http.MethodGet, "/admin/settings/versions?before=2", "").want(http.StatusOK).wantAt("versions.0.version", "1", "versions.1", "")
	s.do(t, http.MethodGet, "/admin/settings/versions/9", "").want(http.StatusNotFound)
	s.do(t, http.MethodGet, "/admin/settings/versions/x", "").want(http.StatusNotFound)
	s.do(t, http.MethodPut, "/admin/settings", `{"name":"`+strings.Repeat("x", 256<<10)+`"}`).want(http.StatusRequestEntityTooLarge)
}

// Each route takes keys with its own scope; all others are refused, whatever they open elsewhere.
func TestKeysReachTheirScopesOnly(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, guest := s.newCart(t, "", "mug")
	tokens := map[merchant.Scope]string{}
	for _, scope := range merchant.Scopes() {
		_, tokens[scope] = s.newKey(t, scope)
	}
	for _, route := range s.admin.Routes {
		path := strings.ReplaceAll(route.Pattern, "{id}", "1")
		if !slices.Contains(merchant.Scopes(), route.Scope) || !strings.HasPrefix(path, "/admin/") {
			t.Errorf("%s %s has scope %q", route.Method, path, route.Scope)
		}
		for _, credential := range []string{"", guest, auth("kat_1_AAAA"), auth("ey.customer.jwt"), auth("kad_root_00000000000000000000000000000000"), auth("kad_x_" + strings.Repeat("a", 30)), auth(strings.Repeat("k", 40))} {
			headers := []string{s.key()}
			if credential != "" {
				headers = append(headers, credential)
			}
			if w := s.call(t, route.Method, path, "{}", headers...); w.Code != http.StatusUnauthorized {
				t.Errorf("%s %s with %q answers %d", route.Method, path, credential, w.Code)
			}
		}
		for scope, token := range tokens {
			body := "{}"
			if route.Method == http.MethodGet {
				body = ""
			}
			w := s.call(t, route.Method, path, body, auth(token))
			if refused := w.Code == http.StatusForbidden; refused == (scope == route.Scope) || w.Code == http.StatusUnauthorized {
				t.Errorf("%s %s, of scope %s, answers a key with %s %d", route.Method, path, route.Scope, scope, w.Code)
			}
		}
	}
	for _, token := range []string{rootKey, tokens[merchant.ScopeOrders]} {
		s.call(t, http.MethodGet, "/carts/ct_1", "", auth(token)).want(http.StatusUnauthorized)
		s.call(t, http.MethodPost, "/checkout-sessions", `{"line_items":[]}`, auth(token), s.key()).want(http.StatusUnauthorized)
	}
	if strings.Contains(s.log.String(), rootKey) || strings.Contains(s.log.String(), tokens[merchant.ScopeKeys]) {
		t.Error("the log holds a key")
	}
}

func TestKeysAreHandedOutExpireAndAreRevoked(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	key := s.key()
	body := `{"name":"boss","scopes":["keys","products","products"],"expires_at":"2026-11-30T00:00:00Z"}`
	w := s.do(t, http.MethodPost, "/admin/keys", body, key).want(http.StatusCreated).wantAt("scopes", `["keys","products"]`, "created_by", "root")
	boss, token := w.at("id"), w.at("token")
	if w.Header().Get("Location") != "/admin/keys/"+boss || !strings.HasPrefix(token, "kad_"+boss+"_") {
		t.Errorf("key %s at %s, token %s", boss, w.Header().Get("Location"), token)
	}
	if again := s.do(t, http.MethodPost, "/admin/keys", body, key).want(http.StatusCreated).wantAt("id", boss, "token", ""); again.Header().Get("Idempotent-Replayed") != "true" {
		t.Error("the repetition is not marked")
	}
	s.do(t, http.MethodPost, "/admin/keys", strings.Replace(body, "boss", "other", 1), key).want(http.StatusConflict).wantAt("messages.0.code", "idempotency_conflict")
	s.do(t, http.MethodPost, "/admin/keys", body).want(http.StatusBadRequest).wantAt("messages.0.code", "missing_key")
	for path, bad := range map[string]string{
		"$.name":       `{"name":" ","scopes":["keys"]}`,
		"$.scopes":     `{"name":"x","scopes":[]}`,
		"$.scopes[1]":  `{"name":"x","scopes":["keys","all"]}`,
		"$.expires_at": `{"name":"x","scopes":["keys"],"expires_at":"2026-11-23T09:30:00Z"}`,
		"$.scope":      `{"name":"x","scope":["keys"]}`,
	} {
		s.do(t, http.MethodPost, "/admin/keys", bad, s.key()).want(http.StatusBadRequest).wantAt("messages.0.path", path)
	}

	// A key gives what it has: scopes and time.
	mine := []string{auth(token)}
	s.call(t, http.MethodPost, "/admin/keys", `{"name":"x","scopes":["refunds"]}`, append(mine, s.key())...).want(http.StatusForbidden).wantAt("messages.0.path", "$.scopes[0]")
	s.call(t, http.MethodPost, "/admin/keys", `{"name":"x","scopes":["keys"],"expires_at":"2027-01-01T00:00:00Z"}`, append(mine, s.key())...).want(http.StatusForbidden)
	child := s.call(t, http.MethodPost, "/admin/keys", `{"name":"x","scopes":["products"]}`, append(mine, s.key())...).want(http.StatusCreated).
		wantAt("expires_at", "2026-11-30T00:00:00Z", "created_by", boss)

	list := s.do(t, http.MethodGet, "/admin/keys", "").want(http.StatusOK)
	if strings.Contains(list.Body.String(), "token") || strings.Contains(list.Body.String(), merchant.HashOf(token)) {
		t.Errorf("the list shows secrets: %s", list.Body)
	}
	seen := ""
	for i := range 2 {
		if list.at(fmt.Sprintf("keys.%d.id", i)) == boss {
			seen = list.at(fmt.Sprintf("keys.%d.last_used", i))
		}
	}
	if seen != "2026-11-23" {
		t.Errorf("the key was last used on %q", seen)
	}
	s.call(t, http.MethodDelete, "/admin/keys/"+child.at("id"), "", mine...).want(http.StatusOK).wantAt("revoked_at", "2026-11-23T09:30:00Z")
	s.pass(time.Hour)
	s.call(t, http.MethodDelete, "/admin/keys/"+child.at("id"), "", mine...).want(http.StatusOK).wantAt("revoked_at", "2026-11-23T09:30:00Z")
	s.call(t, http.MethodGet, "/admin/stock", "", auth(child.at("token"))).want(http.StatusUnauthorized)
	s.do(t, http.MethodDelete, "/admin/keys/root", "").want(http.StatusNotFound)
	s.call(t, http.MethodGet, "/admin/stock", "", mine...).want(http.StatusOK)
	s.pass(7 * 24 * time.Hour)
	s.call(t, http.MethodGet, "/admin/stock", "", mine...).want(http.StatusUnauthorized)
}

const file = `sku,title,price.EUR,stock
cup,Cup,1500,9
,No sku,100,
saucer,Saucer,-5,1
plate,Plate,12.50,x
`

func TestProductsAreImportedRowByRow(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	csv, key := "Content-Type: text/csv; charset=utf-8", s.key()
	s.do(t, http.MethodPost, "/admin/products?dry_run=true", file, csv).want(http.StatusOK).wantAt("stored", "1", "refused", "3", "dry_run", "true")
	s.call(t, http.MethodPost, "/catalog/lookup", `{"ids":["cup"]}`).want(http.StatusOK).wantAt("products", "[]")
	w := s.do(t, http.MethodPost, "/admin/products", file, csv, key).want(http.StatusOK).wantAt("rows", "4", "stored", "1", "refused", "3",
		"errors.0.row", "3", "errors.0.field", "sku", "errors.1.row", "4", "errors.1.field", "price.EUR", "errors.1.sku", "saucer",
		"errors.2.row", "5", "errors.2.field", "price.EUR", "errors.3.row", "5", "errors.3.field", "stock", "errors.4", "")
	again := s.do(t, http.MethodPost, "/admin/products", file, csv, key).want(http.StatusOK)
	if again.Body.String() != w.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("the repetition answers %s", again.Body)
	}
	s.do(t, http.MethodPost, "/admin/products", file+"x,X,1,\n", csv, key).want(http.StatusConflict).wantAt("messages.0.code", "idempotency_conflict")
	s.do(t, http.MethodPost, "/admin/products", file, csv).want(http.StatusBadRequest).wantAt("messages.0.code", "missing_key")
	s.do(t, http.MethodPost, "/admin/products", file, "Content-Type: text/html", s.key()).want(http.StatusUnsupportedMediaType)
	s.do(t, http.MethodPost, "/admin/products", "sku,title\nx,"+strings.Repeat("x", 6<<20), csv, s.key()).want(http.StatusRequestEntityTooLarge)
	s.do(t, http.MethodPost, "/admin/products", `[{"sku":"spoon","title":"Spoon","prices":{"EUR":700},"weight":3},{"sku":"fork","title":"Fork","prices":{"EUR":800}}]`, s.key()).
		want(http.StatusOK).wantAt("stored", "1", "errors.0.row", "1", "errors.0.field", "weight")
	s.do(t, http.MethodPost, "/admin/products", "{\"sku\":\"a\",\"title\":\"A\",\"prices\":{\"EUR\":1}}\n\n{\"sku\":", "Content-Type: application/x-ndjson", s.key()).
		want(http.StatusOK).wantAt("stored", "1", "errors.0.row", "3")

	// What is exported says the same when it is imported.
	for _, format := range []string{"csv", "jsonl", "json"} {
		path := "/admin/products?format=" + format
		out := s.do(t, http.MethodGet, path, "").want(http.StatusOK)
		in := s.do(t, http.MethodPost, "/admin/products", out.Body.String(), "Content-Type: "+out.Header().Get("Content-Type"), s.key()).want(http.StatusOK)
		in.wantAt("refused", "0", "errors", "[]")
		if back := s.do(t, http.MethodGet, path, ""); back.Body.String() != out.Body.String() || !strings.Contains(back.Body.String(), "cup") {
			t.Errorf("%s: exported\n%s\nthen\n%s", format, out.Body, back.Body)
		}
	}
	page := s.do(t, http.MethodGet, "/admin/products?format=csv&limit=2", "").want(http.StatusOK)
	link, ok := strings.CutSuffix(strings.TrimPrefix(page.Header().Get("Link"), "<"), `>; rel="next"`)
	if !ok || strings.Count(page.Body.String(), "\n") != 3 {
		t.Fatalf("a page of two: Link %s\n%s", page.Header().Get("Link"), page.Body)
	}
	next := s.do(t, http.MethodGet, link, "").want(http.StatusOK)
	if strings.Count(next.Body.String(), "\n") != 3 || next.Body.String() == page.Body.String() {
		t.Errorf("the next page is\n%s", next.Body)
	}
	s.do(t, http.MethodGet, "/admin/products?format=xml", "").want(http.StatusBadRequest)
	s.do(t, http.MethodGet, "/admin/products?limit=0", "").want(http.StatusBadRequest)
}

func TestStockIsMovedOnce(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	body := `{"moves":[{"sku":"scarce","delta":4},{"sku":"gone","delta":-1},{"sku":"mug","delta":1}]}`
	key := s.key()
	for range 3 {
		s.do(t, http.MethodPost, "/admin/stock", body, key).want(http.StatusOK).
			wantAt("moves.0.code", "", "moves.1.code", "invalid", "moves.2.code", "not_found")
	}
	s.do(t, http.MethodGet, "/admin/stock?at_most=7", "").want(http.StatusOK).wantAt("products.0.sku", "gone", "products.1.sku", "scarce", "products.1.stock", "7")
	s.do(t, http.MethodGet, "/admin/stock", "").want(http.StatusOK).wantAt("products.0.sku", "gone", "products.1", "")
	s.do(t, http.MethodPost, "/admin/stock", `{"moves":[{"sku":"scarce","delta":5}]}`, key).want(http.StatusConflict)
	for path, bad := range map[string]string{
		"$.moves":          `{"moves":[]}`,
		"$.moves[0].sku":   `{"moves":[{"sku":"a b","delta":1}]}`,
		"$.moves[0].delta": `{"moves":[{"sku":"scarce","delta":0}]}`,
		"$.moves[1].sku":   `{"moves":[{"sku":"scarce","delta":1},{"sku":"scarce","delta":1}]}`,
		"$.moves[0].by":    `{"moves":[{"sku":"scarce","by":1}]}`,
	} {
		s.do(t, http.MethodPost, "/admin/stock", bad, s.key()).want(http.StatusBadRequest).wantAt("messages.0.path", path)
	}
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
		w.wantAt("records.0.action", change.action, "records.0.key", "root", "records.0.outcome", "done", "records.0.at", s.clock().Format(time.RFC3339))
		if strings.Contains(w.Body.String(), "Ada") {
			t.Errorf("a record names a person: %s", w.Body)
		}
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

// buyMug buys a mug and returns the order's id, which the history knows.
func (s *stack) buyMug(t *testing.T) string {
	t.Helper()
	w := s.call(t, http.MethodPost, "/checkout-sessions", `{"line_items":[{"item":{"id":"mug"},"quantity":2}],"buyer":{"email":"Ada@Example.com","first_name":"Ada"},`+
		`"fulfillment":{"methods":[{"type":"shipping","destinations":[{"street_address":"Wijnhaven 9","address_locality":"Rotterdam","postal_code":"3011 WH","address_country":"NL"}]}]},`+
		`"payment":{"instruments":[{"id":"1","handler_id":"stripe","type":"card","selected":true,"credential":{"type":"stripe_payment_method","token":"pm_card_visa"}}]},`+
		`"expected_total":3075}`, s.key()).want(http.StatusCreated).wantAt("status", "completed")
	id := w.at("order.id")
	session, err := s.store.Session(t.Context(), w.at("id"))
	if err != nil {
		t.Fatal(err)
	}
	if err := (checkout.HistoryConsumer{History: s.store}).Consume(t.Context(), checkout.OutboxItem{Session: session}); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestOrdersAreFoundAndChanged(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	var ids []string
	for range 5 {
		ids = append(ids, s.buyMug(t))
		s.pass(30 * time.Hour)
	}
	newest := ids[4]
	search := func(body string) reply {
		return s.do(t, http.MethodPost, "/admin/orders/search", body).want(http.StatusOK)
	}
	search(`{"email":" ada@example.COM "}`).wantAt("orders.0.id", newest, "orders.4.id", ids[0], "orders.5", "", "orders.0.state", "placed", "orders.0.total", "3075", "cursor", "")
	page := search(`{"email":"ada@example.com","limit":2}`).wantAt("orders.0.id", newest, "orders.2", "")
	search(`{"email":"ada@example.com","limit":3,"cursor":"`+page.at("cursor")+`"}`).wantAt("orders.0.id", ids[2], "orders.2.id", ids[0], "cursor", "")
	search(`{"email":"eve@example.com"}`).wantAt("orders", "[]")
	search(`{"order_id":"`+ids[1]+`"}`).wantAt("orders.0.id", ids[1])
	search(`{"order_id":"or_none"}`).wantAt("orders", "[]")
	search(`{"customer":"ada"}`).wantAt("orders", "[]")
	for _, bad := range []string{`{}`, `{"email":"a@b.c","customer":"x"}`, `{"email":"a@b.c","limit":51}`, `{"email":"a@b.c","limit":0}`} {
		if w := s.call(t, http.MethodPost, "/admin/orders/search", bad, auth(rootKey)); w.Code != http.StatusBadRequest {
			t.Errorf("%s answers %d", bad, w.Code)
		}
	}
	s.do(t, http.MethodGet, "/admin/orders?day=2026-11-23", "").want(http.StatusOK).wantAt("orders.0.id", ids[0], "orders.1", "")
	s.do(t, http.MethodGet, "/admin/orders?day=23.11.2026", "").want(http.StatusBadRequest)
	var listed []string
	for link := "/admin/orders?limit=2"; link != ""; {
		w := s.do(t, http.MethodGet, link, "").want(http.StatusOK)
		for i := 0; w.at(fmt.Sprintf("orders.%d.id", i)) != ""; i++ {
			listed = append(listed, w.at(fmt.Sprintf("orders.%d.id", i)))
		}
		link, _ = strings.CutSuffix(strings.TrimPrefix(w.Header().Get("Link"), "<"), `>; rel="next"`)
	}
	slices.Reverse(listed)
	if !slices.Equal(listed, ids) {
		t.Errorf("listed are %v, want %v", listed, ids)
	}

	path := "/admin/orders/" + newest
	show := s.do(t, http.MethodGet, path, "").want(http.StatusOK).wantAt("order.id", newest, "merchant.destination.address_locality", "Rotterdam", "merchant.refundable", "3075")
	line := show.at("merchant.lines.0.id")
	key, body := s.key(), `{"line_items":[{"id":"`+line+`","quantity":1}],"carrier":"PostNL","tracking_number":"3S1","tracking_url":"https://postnl.example/3S1"}`
	s.do(t, http.MethodPost, path+"/fulfil", body, key, `If-Match: "99"`).want(http.StatusConflict).wantAt("messages.0.code", "version_conflict")
	tag := "If-Match: " + show.Header().Get("ETag")
	s.do(t, http.MethodPost, path+"/fulfil", body, key, tag).want(http.StatusOK).wantAt("merchant.state", "partly_fulfilled", "merchant.lines.0.fulfilled", "1")
	if w := s.do(t, http.MethodPost, path+"/fulfil", body, key, tag).want(http.StatusOK).wantAt("merchant.lines.0.fulfilled", "1"); w.Header().Get("Idempotent-Replayed") != "true" {
		t.Error("the repetition is not marked")
	}
	s.do(t, http.MethodPost, path+"/fulfil", `{}`, key).want(http.StatusConflict).wantAt("messages.0.code", "idempotency_conflict")
	s.do(t, http.MethodPost, path+"/fulfil", `{}`).want(http.StatusBadRequest).wantAt("messages.0.code", "missing_key")
	s.do(t, http.MethodPost, path+"/cancel", `{}`, s.key()).want(http.StatusConflict)
	withdrawn := s.do(t, http.MethodPost, path+"/withdraw", `{"line_items":[{"id":"`+line+`","quantity":1}],"reason":"by letter"}`, s.key()).want(http.StatusOK).
		wantAt("merchant.withdrawals.0.noted_by_merchant", "true", "merchant.withdrawals.0.reason", "by letter")
	refund := `{"line_items":[{"id":"` + line + `","quantity":1,"restock":true}],"reason":"requested_by_customer","withdrawal":"` + withdrawn.at("merchant.withdrawals.0.id") + `"}`
	key = s.key()
	for range 3 {
		s.do(t, http.MethodPost, path+"/refund", refund, key).want(http.StatusOK).wantAt("merchant.refunds.0.state", "done", "merchant.refunds.0.amount", "1290", "merchant.refunds.1", "")
	}
	s.do(t, http.MethodPost, path+"/refund", `{"amount":1786}`, s.key()).want(http.StatusConflict).wantAt("messages.0.code", "not_refundable")
	s.do(t, http.MethodPost, path+"/refund", `{"all":true}`, s.key()).want(http.StatusOK).wantAt("merchant.refundable", "0")
	s.do(t, http.MethodPost, path+"/refund", `{"total":1}`, s.key()).want(http.StatusBadRequest).wantAt("messages.0.path", "$.total")
	s.do(t, http.MethodPost, "/admin/orders/"+ids[0]+"/cancel", `{"reason":"gone"}`, s.key()).want(http.StatusOK).wantAt("merchant.state", "canceled")
	s.do(t, http.MethodPost, "/admin/orders/or_none/cancel", `{}`, s.key()).want(http.StatusNotFound)
	s.do(t, http.MethodGet, "/admin/orders/or_none", "").want(http.StatusNotFound)
	refunded := int64(0)
	for _, c := range s.provider.Ledger() {
		refunded += c.Refunded
	}
	if refunded != 2*3075 {
		t.Errorf("%d went back, want two orders' 6150", refunded)
	}
	s.do(t, http.MethodGet, "/admin/audit", "").want(http.StatusOK).wantAt("records.0.action", "order.cancel", "records.0.target", ids[0], "records.0.outcome", "done")
}

// The method matrix says of each way to pay whether it is offered, and why not.
func TestMethodsHaveReasons(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	w := s.do(t, http.MethodGet, "/admin/methods?country=NL&platform=ios&total=1000", "").want(http.StatusOK).wantAt("currency", "EUR", "total", "1000")
	seen := map[string]string{}
	for i := 0; w.at(fmt.Sprintf("methods.%d.method", i)) != ""; i++ {
		at := fmt.Sprintf("methods.%d.", i)
		if seen[w.at(at+"method")] = w.at(at + "why"); (w.at(at+"why") == "") != (w.at(at+"offered") == "true") {
			t.Errorf("%s is offered: %s, because %q", w.at(at+"method"), w.at(at+"offered"), w.at(at+"why"))
		}
	}
	if why, ok := seen["card"]; !ok || why != "" || seen["saved_card"] != "nothing_saved" || seen["ideal"] != "not_enabled" {
		t.Errorf("verdicts are %v", seen)
	}
	s.do(t, http.MethodGet, "/admin/methods?total=-1", "").want(http.StatusBadRequest)
}
