// Package oidc verifies the tokens of signed-in customers: JWTs of one OpenID Connect issuer, whichever it is. It trusts what the
// deployment names, the issuer and the audience, and nothing that a token says about itself: algorithms come from a list, keys
// from the issuer's own discovery document, and no address in a token (jku, x5u) is ever fetched.
package oidc

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"kassa/checkout"
)

// algorithms are those that are taken: signatures that only the issuer can make. "none" is not among them, nor is any HMAC, with
// which whoever knows the public key could sign (RFC 8725 §2.1, §3.1).
var algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512,
}

// leeway is how far the issuer's clock may be from ours.
const leeway = time.Minute

// maxToken and maxSubject bound what is looked at. OIDC Core §2: a subject has at most 255 ASCII characters.
const (
	maxToken   = 8 << 10
	maxSubject = 255
)

// Config is what a Verifier is made of.
type Config struct {
	Issuer    string   // as tokens have it in iss; https, or http on this machine
	Audiences []string // a token must be for one of them
	Now       func() time.Time
	Logger    *slog.Logger
	HTTP      *http.Client // nil: one of its own, which reads the system's roots when it first fetches
}

// Verifier verifies tokens. It fetches nothing before the first token comes. Safe for concurrent use.
type Verifier struct {
	config Config
	keys   *keys
}

// New returns a Verifier, or an error that names what is wrong in the configuration.
func New(c Config) (*Verifier, error) {
	if err := trusted(c.Issuer); err != nil {
		return nil, errors.New("OIDC_ISSUER " + err.Error())
	}
	if len(c.Audiences) == 0 {
		return nil, errors.New("OIDC_AUDIENCE is missing: a token for another app of the same issuer must not open this shop")
	}
	for _, a := range c.Audiences {
		if strings.TrimSpace(a) == "" {
			return nil, errors.New("OIDC_AUDIENCE has an empty audience")
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Verifier{config: c, keys: newKeys(c)}, nil
}

// FromEnvironment returns the Verifier of the variables OIDC_ISSUER and OIDC_AUDIENCE (several are separated by commas); nil if
// both are empty: nobody signs in then.
func FromEnvironment(issuer, audience string, c Config) (*Verifier, error) {
	if issuer == "" && audience == "" {
		return nil, nil
	}
	c.Issuer, c.Audiences = issuer, nil
	for a := range strings.SplitSeq(audience, ",") {
		if a = strings.TrimSpace(a); a != "" {
			c.Audiences = append(c.Audiences, a)
		}
	}
	return New(c)
}

// trusted refuses addresses that somebody on the way could answer for.
func trusted(address string) error {
	u, err := url.Parse(address)
	switch {
	case address == "":
		return errors.New("is missing")
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("must be an absolute URL without query and fragment")
	case u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return errors.New("must be https")
}

func loopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// Subject returns whom a token was made for. CodeUnauthorized for one that can't be trusted, CodeUnavailable if the issuer's keys
// can't be had. It implements edge.Customers.
func (v *Verifier) Subject(ctx context.Context, token string) (string, error) {
	if len(token) > maxToken {
		return "", untrusted("is too long")
	}
	parsed, err := jwt.ParseSigned(token, algorithms)
	if err != nil || len(parsed.Headers) != 1 {
		return "", untrusted("is no signed JWT of an algorithm that is taken here")
	}
	header := parsed.Headers[0]
	if !typed(header.ExtraHeaders[jose.HeaderType]) {
		return "", untrusted("is of another type")
	}
	found, err := v.keys.find(ctx, header.KeyID, header.Algorithm)
	if err != nil {
		return "", err
	}
	for _, key := range found {
		var claims jwt.Claims
		if parsed.Claims(key, &claims) == nil {
			return v.subject(claims)
		}
	}
	return "", untrusted("has no signature of the issuer")
}

// typed keeps out JWTs that issuers sign for other ends, such as logout tokens (RFC 8725 §3.11): JWT is an ID token's, at+jwt an
// access token's (RFC 9068).
func typed(header any) bool {
	name, isText := header.(string)
	switch strings.TrimPrefix(strings.ToLower(name), "application/") {
	case "", "jwt", "at+jwt":
		return header == nil || isText
	}
	return false
}

// subject checks the claims of a token that the issuer has signed.
func (v *Verifier) subject(claims jwt.Claims) (string, error) {
	err := claims.ValidateWithLeeway(jwt.Expected{
		Issuer: v.config.Issuer, AnyAudience: v.config.Audiences, Time: v.config.Now(),
	}, leeway)
	switch {
	case errors.Is(err, jwt.ErrExpired):
		return "", untrusted("has expired")
	case err != nil:
		return "", untrusted("is not for this shop, or not yet")
	case claims.Expiry == nil: // the library lets it pass
		return "", untrusted("never expires")
	case claims.Subject == "" || len(claims.Subject) > maxSubject || strings.ContainsFunc(claims.Subject, unprintable):
		return "", untrusted("names nobody")
	}
	return claims.Subject, nil
}

func unprintable(r rune) bool { return r < ' ' || r > '~' }

func untrusted(text string) error {
	return &checkout.Error{Code: checkout.CodeUnauthorized, Message: "the token " + text}
}
