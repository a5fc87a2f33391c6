package lambdatest_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"
)

// authority vouches for servers of this machine as Amazon's do for theirs: by a chain of three RSA certificates, which a client
// has to check.
type authority struct {
	root   []byte // PEM
	server tls.Certificate
}

func newAuthority(t testing.TB) authority {
	t.Helper()
	issue := func(name string, issuer *x509.Certificate, by *rsa.PrivateKey, serial int64) ([]byte, *x509.Certificate, *rsa.PrivateKey) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		must(t, err)
		now := time.Now()
		c := &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
			BasicConstraintsValid: true, IsCA: name != "server", KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		}
		if name == "server" {
			c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
		}
		if issuer == nil {
			issuer, by = c, key
		}
		der, err := x509.CreateCertificate(rand.Reader, c, issuer, &key.PublicKey, by)
		must(t, err)
		parsed, err := x509.ParseCertificate(der)
		must(t, err)
		return der, parsed, key
	}
	rootDER, root, rootKey := issue("root", nil, nil, 1)
	middleDER, middle, middleKey := issue("middle", root, rootKey, 2)
	serverDER, _, serverKey := issue("server", middle, middleKey, 3)
	return authority{
		root:   pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER}),
		server: tls.Certificate{Certificate: [][]byte{serverDER, middleDER}, PrivateKey: serverKey},
	}
}

// serve lets functions call a handler over TLS.
func (c authority) serve(t testing.TB, h http.Handler, http2 bool) string {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{c.server}, MinVersion: tls.VersionTLS12}
	s.EnableHTTP2 = http2
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

// beside writes a file of the roots in another file and of this authority's.
func (c authority) beside(t testing.TB, roots []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "roots.pem")
	write(t, name, string(roots)+string(c.root))
	return name
}
