package main

import (
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"

	"kassa/functions/internal/edge"
	"kassa/functions/internal/oidc"
	"kassa/functions/internal/oidc/issuer"
)

// Our own issuer signs in whoever asks, programs on this machine only, for one audience.
const (
	issuerPath    = "/dev/oidc"
	localAudience = "kassa-local"
)

// openSignIn returns who verifies customers' tokens: those of the issuer in the environment, or of our own. Where this process
// can't be reached from this machine by a loopback address there are guests only: nobody could get at a token.
func (a *app) openSignIn(book *notebook) (edge.Customers, error) {
	name, audience := a.settings.issuer, a.settings.audience
	if name == "" {
		own, err := url.Parse(a.url())
		if err != nil || !loopbackHost(own.Host) {
			return nil, err
		}
		name, audience = a.url()+issuerPath, localAudience
		if a.issuer, err = openIssuer(name, book, a.clock); err != nil {
			return nil, err
		}
	}
	verifier, err := oidc.FromEnvironment(name, audience, oidc.Config{Now: a.clock.Now, Logger: a.log})
	if err != nil {
		return nil, err // and no verifier: a nil pointer in an interface is none
	}
	return verifier, nil
}

// openIssuer returns the issuer whose key the notebook keeps, so that tokens outlive a restart.
func openIssuer(name string, book *notebook, c *clock) (*issuer.Issuer, error) {
	key, err := x509.ParsePKCS8PrivateKey(book.page.SigningKey)
	if err != nil {
		return nil, fmt.Errorf("read the signing key: %w", err)
	}
	signer, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("read the signing key: it is of another kind")
	}
	return issuer.New(name, localAudience, c.Now, signer)
}
