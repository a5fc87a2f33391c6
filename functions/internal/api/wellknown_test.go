package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"kassa/checkout"
	"kassa/functions/internal/api"
	"kassa/functions/internal/ucp"
)

// What the shop says about itself is the same for everybody, and caches may keep it: UCP wants a minute at least.
func TestWellKnown(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for _, path := range []string{"/.well-known/ucp", "/.well-known/apple-app-site-association", "/.well-known/assetlinks.json"} {
		w := s.call(t, http.MethodGet, path, "").want(http.StatusOK)
		if got := w.Header().Get("Cache-Control"); got != "public, max-age=300" || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: Cache-Control %q, Content-Type %q", path, got, w.Header().Get("Content-Type"))
		}
	}
}

// Only what is kept is promised: UCP's order capability wants signed webhooks, which the shop doesn't send.
func TestProfilePromisesWhatIsKept(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	w := s.call(t, http.MethodGet, "/.well-known/ucp", "").want(http.StatusOK)
	var doc struct {
		UCP struct {
			Services     map[string][]struct{ Endpoint string }
			Capabilities map[string][]struct{ Extends []string }
			Handlers     map[string][]struct{ ID string } `json:"payment_handlers"`
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if _, promised := doc.UCP.Capabilities["dev.ucp.shopping.order"]; promised {
		t.Error("it promises orders")
	}
	for name, c := range doc.UCP.Capabilities {
		for _, parent := range c[0].Extends {
			if _, ok := doc.UCP.Capabilities[parent]; !ok {
				t.Errorf("%s extends %s, which is not declared", name, parent)
			}
		}
	}
	if e := doc.UCP.Services["dev.ucp.shopping"][0].Endpoint; e != "https://shop.example" {
		t.Errorf("the endpoint is %s", e)
	}
	// Whatever a checkout says of itself, the profile has said.
	cart, me := s.newCart(t, `,"context":{"address_country":"NL"}`, "mug")
	open := s.call(t, http.MethodPost, "/checkout-sessions", `{"cart_id":"`+cart+`"}`, me, s.key()).want(http.StatusCreated)
	ucpOf, _ := open.doc["ucp"].(map[string]any)
	for name := range ucpOf["capabilities"].(map[string]any) {
		if _, ok := doc.UCP.Capabilities[name]; !ok {
			t.Errorf("a checkout has %s, which is not declared", name)
		}
	}
	handlers := ucpOf["payment_handlers"].(map[string]any)
	if len(handlers) == 0 {
		t.Error("nothing is offered")
	}
	for name := range handlers {
		if _, ok := doc.UCP.Handlers[name]; !ok {
			t.Errorf("a checkout offers %s, which is not declared", name)
		}
	}
}

// A shop without apps has no association files: an empty one would take links away from apps of before.
func TestNoAppsNoAssociation(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	bare := shop()
	bare.Apps = checkout.Apps{}
	wire, err := ucp.New(bare, "")
	if err != nil {
		t.Fatal(err)
	}
	e := s.edge
	e.Wire = wire
	s.cart = api.Cart(api.CartDeps{Edge: e})
	for _, path := range []string{"/.well-known/apple-app-site-association", "/.well-known/assetlinks.json"} {
		s.call(t, http.MethodGet, path, "").want(http.StatusNotFound)
	}
}

func TestAppsOpenTheShopsPages(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	w := s.call(t, http.MethodGet, "/.well-known/apple-app-site-association", "")
	for _, path := range []string{"/cart/*", "/checkout/*", "/o/*", "/r/*", "/app/r/*", "/return"} {
		if !strings.Contains(w.Body.String(), `"/":"`+path+`"`) {
			t.Errorf("the app doesn't open %s: %s", path, w.Body)
		}
	}
}

func TestOneProduct(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	w := s.call(t, http.MethodPost, "/catalog/product", `{"id":"mug","context":{"address_country":"NO"}}`, "Accept-Language: nl").want(http.StatusOK)
	w.wantAt("product.id", "mug", "product.title", "Mok", "product.variants.0.price.currency", "NOK", "ucp.status", "success")
	s.call(t, http.MethodPost, "/catalog/product", `{"id":"nix"}`).want(http.StatusOK).wantAt("ucp.status", "error", "messages.0.code", "not_found",
		"messages.0.path", "$.id")
	s.call(t, http.MethodPost, "/catalog/product", `{}`).want(http.StatusBadRequest).wantAt("messages.0.path", "$.id")
}
