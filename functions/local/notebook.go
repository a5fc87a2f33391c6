package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// notebook is what this process must remember besides the stores: secrets, so that carts' tokens survive a restart, and how
// far the clock was moved. With a file store it is a file beside it, readable by its owner only.
type notebook struct {
	path string // "" = memory

	mu   sync.Mutex
	page page
}

type page struct {
	TokenSecret   []byte        `json:"token_secret"`
	WebhookSecret string        `json:"webhook_secret"`
	SigningKey    []byte        `json:"signing_key"` // of our own issuer, in PKCS #8
	AdminKey      string        `json:"admin_key"`   // the merchant's
	ClockOffset   time.Duration `json:"clock_offset_ns"`
}

// beside is the path of a file that belongs to a store: kassa.db ► kassa.sandbox.db.
func beside(store, suffix string) string {
	if store == "" {
		return ""
	}
	return strings.TrimSuffix(store, filepath.Ext(store)) + suffix
}

// openNotebook reads the notebook at path, or begins one. Whoever opens it holds the store's lock.
func openNotebook(path string) (*notebook, error) {
	n := &notebook{path: path, page: page{TokenSecret: make([]byte, 32), WebhookSecret: "whsec_" + rand.Text(), AdminKey: rootKey()}}
	_, _ = rand.Read(n.page.TokenSecret) // crypto/rand never fails
	key, err := signingKey()
	if err != nil || path == "" {
		n.page.SigningKey = key
		return n, err
	}
	data, err := os.ReadFile(path) //nolint:gosec // the path is the developer's own setting
	switch {
	case errors.Is(err, fs.ErrNotExist):
		n.page.SigningKey = key
		return n, n.write(n.page)
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	made := n.page.AdminKey
	n.page.AdminKey = ""
	if err := json.Unmarshal(data, &n.page); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	old := n.page.SigningKey == nil || n.page.AdminKey == "" // older than the issuer, or than the merchant's key
	if n.page.SigningKey == nil {
		n.page.SigningKey = key
	}
	if n.page.AdminKey == "" {
		n.page.AdminKey = made
	}
	if old {
		return n, n.write(n.page)
	}
	return n, nil
}

func signingKey() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a signing key: %w", err)
	}
	return x509.MarshalPKCS8PrivateKey(key)
}

// keepOffset makes the clock's offset durable.
func (n *notebook) keepOffset(offset time.Duration) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	next := n.page
	next.ClockOffset = offset
	if err := n.write(next); err != nil {
		return err
	}
	n.page = next
	return nil
}

// write replaces the file in one step, so that a kill leaves the old page or the new one.
func (n *notebook) write(p page) (err error) {
	if n.path == "" {
		return nil
	}
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", n.path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(n.path), filepath.Base(n.path)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", n.path, err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), n.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", n.path, err), os.Remove(f.Name()))
	}
	return nil
}
