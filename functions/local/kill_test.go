package main

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kassa/checkout/memstore"
)

// The lever machine: there is one, and it ships in the Netherlands for 4.95.
const (
	lever      = "lever-1974"
	leverTotal = 69500 + 495
)

// kill -9 at every place where a purchase can be cut in two. Started again, and a minute later, there is one charge and one
// order, or none of both and the machine is still for sale; and whoever repeats the request gets that one order.
func TestKillLosesNothing(t *testing.T) {
	t.Parallel()
	nothing := []string{"before_commit.kill_before", "before_commit.kill_during"} // no attempt was stored, so nobody may charge
	for _, fault := range []string{
		"before_commit.kill_before", "before_commit.kill_during", "before_commit.kill_after",
		"provider_call.kill_before", "provider_call.kill_after",
		"after_commit.kill_before", "after_commit.kill_during", "after_commit.kill_after",
		"webhook.kill_before", "webhook.kill_after",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			store := filepath.Join(t.TempDir(), "kassa.db")
			p := launch(t, store)
			c := p.fill(lever)
			k, body := key(), c.purchase("pm_card_visa", leverTotal)
			p.fault(fault)
			_, err := p.try(http.MethodPost, "/checkout-sessions", body, "Authorization", c.auth(), "Idempotency-Key", k)
			if err == nil && !strings.HasPrefix(fault, "webhook") && fault != "after_commit.kill_after" {
				t.Error("the request was answered by a dead process")
			}
			p.died()

			p = launch(t, store)
			p.advance("1m")
			if charges := p.charges(); slices.Contains(nothing, fault) != (len(charges) == 0) {
				t.Errorf("after a minute the ledger has %+v", charges)
			}
			leftOver := int64(1 - len(p.charges()))
			p.interrupt()
			wantStock(t, store, lever, leftOver)

			p = launch(t, store)
			done := p.buy(c, body, k).want(http.StatusCreated).wantAt("status", "completed")
			p.advance("24h")
			p.wantCharge(done.at("id"), leverTotal)
			p.session(c, done.at("id")).wantAt("order.id", done.at("order.id"))
			p.interrupt()
			wantStock(t, store, lever, 0)
		})
	}
}

// wantStock reads the store's file, which no process may have open.
func wantStock(t *testing.T, store, sku string, want int64) {
	t.Helper()
	if got := shelf(t, store, sku); got != want {
		t.Errorf("stock of %s is %d, want %d", sku, got, want)
	}
}

// shelf reads from the store's file, which no process may have open, what is free of a product whose stock is kept.
func shelf(t *testing.T, store, sku string) int64 {
	t.Helper()
	s, err := memstore.Open(store)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	products, err := s.Products(t.Context(), []string{sku})
	if err != nil {
		t.Fatal(err)
	}
	if products[sku].Stock == nil {
		t.Fatalf("no stock of %s is kept", sku)
	}
	return *products[sku].Stock
}

// An attempt that a dead process left is not retried by whoever comes first while its lease runs: it might be alive.
func TestAttemptOfTheDeadIsLeftAloneForItsLease(t *testing.T) {
	t.Parallel()
	store := filepath.Join(t.TempDir(), "kassa.db")
	p := launch(t, store)
	c := p.fill(lever)
	k, body := key(), c.purchase("pm_card_visa", leverTotal)
	p.fault("provider_call.kill_before")
	if _, err := p.try(http.MethodPost, "/checkout-sessions", body, "Authorization", c.auth(), "Idempotency-Key", k); err == nil {
		t.Error("the request was answered by a dead process")
	}
	p.died()

	p = launch(t, store)
	early := p.buy(c, body, k).want(http.StatusConflict)
	if early.header.Get("Retry-After") == "" {
		t.Errorf("no Retry-After: %s", early.body)
	}
	if charges := p.charges(); len(charges) != 0 {
		t.Errorf("the ledger has %+v", charges)
	}
	p.advance("1m")
	done := p.buy(c, body, k).want(http.StatusCreated).wantAt("status", "completed")
	p.wantCharge(done.at("id"), leverTotal)
}

// Tokens, carts and the clock survive a restart.
func TestRestartForgetsNothing(t *testing.T) {
	t.Parallel()
	store := filepath.Join(t.TempDir(), "data", "kassa.db")
	if err := mkdirFor(store); err != nil {
		t.Fatal(err)
	}
	p := launch(t, store)
	c := p.fill("mug-quay", "tea-mint-50")
	p.advance("36h")
	before := p.do(http.MethodGet, "/dev/clock", "").at("now")
	p.interrupt()

	p = launch(t, store)
	p.do(http.MethodGet, "/carts/"+c.id, "", "Authorization", c.auth()).want(http.StatusOK).wantAt("line_items.1.item.id", "tea-mint-50")
	after := p.do(http.MethodGet, "/dev/clock", "").at("now")
	was, err1 := time.Parse(time.RFC3339Nano, before)
	is, err2 := time.Parse(time.RFC3339Nano, after)
	if err1 != nil || err2 != nil || is.Before(was) {
		t.Errorf("the clock went back from %s to %s", before, after)
	}
	p.interrupt()
}

func TestLockedFileIsAClearError(t *testing.T) {
	t.Parallel()
	store := filepath.Join(t.TempDir(), "kassa.db")
	launch(t, store)
	second, base := begin(t, store)
	if base != "" {
		t.Fatal("two processes serve the same file")
	}
	err := second.cmd.Wait()
	if said := second.stderr.String(); err == nil || !strings.Contains(said, "another process has it open") || !strings.Contains(said, store) {
		t.Errorf("it ended with %v and said: %s", err, said)
	}
}
