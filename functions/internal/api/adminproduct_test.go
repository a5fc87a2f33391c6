package api_test

import (
	"net/http"
	"strings"
	"testing"
)

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
	s.do(t, http.MethodPost, "/admin/products", "{\"sku\":\"a\",\"title\":\"A\",\"prices\":{\"EUR\":1}}\n\n{\"sku\":",
		"Content-Type: application/x-ndjson", s.key()).
		want(http.StatusOK).wantAt("stored", "1", "errors.0.row", "3")

	// What is exported says the same when it is imported.
	for _, format := range []string{"csv", "jsonl", "json"} {
		path := "/admin/products?format=" + format
		out := s.do(t, http.MethodGet, path, "").want(http.StatusOK)
		in := s.do(t, http.MethodPost, "/admin/products", out.Body.String(), "Content-Type: "+out.Header().Get("Content-Type"),
			s.key()).want(http.StatusOK)
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
	s.do(t, http.MethodGet, "/admin/stock?at_most=7", "").want(http.StatusOK).wantAt("products.0.sku", "gone", "products.1.sku", "scarce",
		"products.1.stock", "7")
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
