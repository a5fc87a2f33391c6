// Package ucp speaks the Universal Commerce Protocol, release 2026-04-08: the shapes of its requests and answers, and how
// they map to the domain. It is the only package that knows the release.
//
// What UCP lacks is added as further fields, which its open objects allow: display strings, a cart's access token,
// payment.action, expected_total, details of messages. Nothing here decides anything: a request becomes the domain's input
// or a refusal that names the field, a view becomes JSON.
package ucp

import (
	"fmt"
	"strings"
	"time"

	"kassa/checkout"
)

// Version is the release of UCP that is served.
const Version = "2026-04-08"

// MediaType is that of all answers.
const MediaType = "application/json"

// Wire maps between UCP and the domain for one shop. Safe for concurrent use.
type Wire struct {
	shop      checkout.Shop
	namespace string
}

// DefaultNamespace is the reversed domain of a shop that has set none.
const DefaultNamespace = "com.example.shop"

// reversed reports the form of UCP's types/reverse_domain_name.json, ^[a-z][a-z0-9]*(?:\.[a-z][a-z0-9_]*)+$. A pattern would be compiled
// in each start of a function.
func reversed(domain string) bool {
	labels := strings.Split(domain, ".")
	for i, label := range labels {
		allowed := "abcdefghijklmnopqrstuvwxyz0123456789_"
		if i == 0 {
			allowed = strings.TrimSuffix(allowed, "_")
		}
		if label == "" || label[0] < 'a' || label[0] > 'z' || strings.Trim(label, allowed) != "" {
			return false
		}
	}
	return len(labels) > 1
}

// New returns the wire of a shop whose own payment handlers are named in a reversed domain; a hyphen in it becomes an underscore, "" is
// [DefaultNamespace]. It fails if the namespace has not the form that UCP demands.
func New(shop checkout.Shop, namespace string) (*Wire, error) {
	if namespace == "" {
		namespace = DefaultNamespace
	}
	own := strings.ReplaceAll(namespace, "-", "_")
	if !reversed(own) {
		return nil, fmt.Errorf("namespace %q is no reversed domain in lower case, such as %s", namespace, DefaultNamespace)
	}
	return &Wire{shop: shop, namespace: own}, nil
}

// Language returns the first of the wanted languages that the shop speaks, else its own.
func (w *Wire) Language(wanted ...string) string { return w.shop.Language(wanted...) }

// meta is the "ucp" member of an answer.
type meta struct {
	Version      string                  `json:"version"`
	Status       string                  `json:"status"`
	Capabilities map[string][]capability `json:"capabilities,omitempty"`
	Handlers     *map[string][]handler   `json:"payment_handlers,omitempty"` // checkouts always have it
}

type capability struct {
	Version string `json:"version"`
	Extends string `json:"extends,omitempty"`
}

// handler is a way to pay, as an answer offers it.
type handler struct {
	ID          string                `json:"id"`
	Version     string                `json:"version"`
	Spec        string                `json:"spec,omitempty"` // profiles only
	Instruments []availableInstrument `json:"available_instruments,omitempty"`
	Config      any                   `json:"config"`
}

type availableInstrument struct {
	Type string `json:"type"`
}

const (
	nameCart     = "dev.ucp.shopping.cart"
	nameCheckout = "dev.ucp.shopping.checkout"
	nameOrder    = "dev.ucp.shopping.order"
	nameSearch   = "dev.ucp.shopping.catalog.search"
	nameLookup   = "dev.ucp.shopping.catalog.lookup"
)

func success(name string, extensions ...string) meta {
	m := meta{Version: Version, Status: "success", Capabilities: map[string][]capability{name: {{Version: Version}}}}
	for _, e := range extensions {
		m.Capabilities["dev.ucp.shopping."+e] = []capability{{Version: Version, Extends: name}}
	}
	return m
}

type link struct {
	Type  string `json:"type"`
	URL   string `json:"url"`
	Title string `json:"title,omitempty"`
}

func (w *Wire) links() []link {
	out := make([]link, 0, len(w.shop.Links))
	for _, l := range w.shop.Links {
		out = append(out, link(l))
	}
	return out
}

// page returns the URL of one of the shop's pages.
func (w *Wire) page(parts ...string) string {
	return strings.TrimSuffix(w.shop.BaseURL, "/") + "/" + strings.Join(parts, "/")
}

// Speaks returns the shop's language for a BCP 47 tag, "" if it doesn't speak it.
func (w *Wire) Speaks(tag string) string {
	l := w.shop.Language(tag)
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if l == primary || l == "nb" && (primary == "no" || primary == "nn") {
		return l
	}
	return ""
}

func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	utc := t.UTC().Truncate(time.Second)
	return &utc
}
