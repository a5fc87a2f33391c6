package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// signIn returns the header of a customer, by our own issuer.
func (s shopper) signIn(subject string) []string {
	s.t.Helper()
	token := s.do("POST", "/dev/oidc/token", `{"sub":"`+subject+`"}`).want(http.StatusOK).at("access_token")
	return []string{"Authorization", "Bearer " + token}
}

const twoBags = `{"line_items":[{"item":{"id":"beans-kade-250"},"quantity":2}],"context":{"address_country":"NL"}}`

// What a customer has, their token included, outlives a kill.
func TestCustomersOutliveAKill(t *testing.T) {
	t.Parallel()
	p := launch(t, filepath.Join(t.TempDir(), "kassa.db"))
	ada := p.signIn("ada")
	guest := p.do("POST", "/carts", twoBags, "Idempotency-Key", key()).want(http.StatusCreated)
	p.do("POST", "/carts/"+guest.at("id")+"/claim", `{"access_token":"`+guest.at("access_token")+`"}`, ada...).want(http.StatusOK)
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()
	again := launch(t, p.store, "-addr", strings.TrimPrefix(p.base, "http://"))
	again.do("GET", "/carts/mine", "", ada...).want(http.StatusOK).wantAt("id", guest.at("id"))
	again.do("GET", "/carts/mine", "", again.signIn("bob")...).want(http.StatusNotFound)
	again.do("GET", "/carts/"+guest.at("id"), "", "Authorization", "Bearer "+guest.at("access_token")).want(http.StatusNotFound)
}

// The issuer signs in programs on this machine only: it is behind the same door as the rest of /dev.
func TestIssuerIsForThisMachine(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.do("POST", "/dev/oidc/token", `{"sub":"ada"}`, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site").want(http.StatusForbidden)
	s.do("GET", "/dev/oidc/.well-known/openid-configuration", "").want(http.StatusOK).wantAt("issuer", s.base+"/dev/oidc")
	s.do("POST", "/dev/oidc/token", `{}`).want(http.StatusBadRequest)
}
