package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"kassa/checkout/merchant"
	"kassa/checkout/settings"
)

// New settings are in force within a minute, for requests and for schedules, and those of a restart.
func TestNewSettingsAreInForceWithinAMinute(t *testing.T) {
	t.Parallel()
	s := start(t)
	links := func() string { return s.open(s.fill("beans-kade-250")).at("links.0.url") }
	before := links()
	seed, err := s.seed()
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.ReplaceAll(seed, []byte(before), []byte("https://kade9.example/new-terms"))
	if before == "" || bytes.Equal(changed, seed) {
		t.Fatalf("no link %q in %s", before, seed)
	}
	v := settings.Version{Number: 1, At: s.clock.Now(), By: "root", Op: "op", Document: changed}
	if err := s.store.PutSettings(t.Context(), v, merchant.Record{ID: "au_1", At: v.At}); err != nil {
		t.Fatal(err)
	}
	s.advance(time.Minute.String())
	if got := links(); got != "https://kade9.example/new-terms" {
		t.Errorf("a minute later the first link is %s", got)
	}
	if shop, err := s.openingShop(t.Context(), "pk_test_sandbox"); err != nil || shop.Links[0].URL != "https://kade9.example/new-terms" {
		t.Errorf("a restart would begin with %+v, %v", shop.Links, err)
	}
	s.do(http.MethodGet, "/health", "").want(http.StatusOK)
}

// Settings that contradict themselves reach no service, since services don't judge them: the last good ones stay in force, and a restart
// refuses them by their field.
func TestBadSettingsReachNoService(t *testing.T) {
	t.Parallel()
	s := start(t)
	seed, err := s.seed()
	if err != nil {
		t.Fatal(err)
	}
	bad := bytes.Replace(seed, []byte(`"default_country":"NL"`), []byte(`"default_country":"XX"`), 1)
	if bytes.Equal(bad, seed) {
		t.Fatalf("no default country in %s", seed)
	}
	v := settings.Version{Number: 1, At: s.clock.Now(), By: "root", Op: "op", Document: bad}
	if err := s.store.PutSettings(t.Context(), v, merchant.Record{ID: "au_1", At: v.At}); err != nil {
		t.Fatal(err)
	}
	s.advance(time.Minute.String())
	if total := s.open(s.fill("beans-kade-250")).at("totals"); total == "" {
		t.Error("the shop doesn't sell any more")
	}
	if _, err := s.openingShop(t.Context(), "pk_test_sandbox"); err == nil || !strings.Contains(err.Error(), "default_country") {
		t.Errorf("a restart begins with them: %v", err)
	}
	if live, err := s.keepServices(t.Context()); err == nil {
		t.Errorf("services are made of them: %v", live)
	}
}
