//go:build soak

package main

import (
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/dynamostore/dynamotest"
	"kassa/payments/money"
)

// Load and bad weather on DynamoDB Local, through HTTP: `make soak`. The figures of the last run stand in docs/soak.md.

const (
	soakTime = time.Minute
	shoppers = 32
)

// soaked runs one shopper's loop many times at once for soakTime and returns how often it ended and how long the slowest
// hundredth took.
func soaked(n int, loop func()) (rate float64, p50, p99 time.Duration) {
	var (
		group sync.WaitGroup
		lock  sync.Mutex
		took  []time.Duration
	)
	begin := time.Now()
	for range n {
		group.Go(func() {
			for time.Since(begin) < soakTime {
				at := time.Now()
				loop()
				lock.Lock()
				took = append(took, time.Since(at))
				lock.Unlock()
			}
		})
	}
	group.Wait()
	rate = float64(len(took)) / time.Since(begin).Seconds()
	slices.Sort(took)
	return rate, took[len(took)/2], took[len(took)*99/100]
}

// onDynamo starts a Kassa on DynamoDB Local, and a shopper with so many connections.
func onDynamo(t *testing.T, wire http.RoundTripper, connections int) inside {
	t.Helper()
	s := startWith(t, options{dynamodb: dynamotest.Endpoint(t), tables: rand.Text() + "-", wire: wire})
	s.http.Transport = &http.Transport{MaxIdleConnsPerHost: connections}
	t.Cleanup(s.http.CloseIdleConnections)
	return s
}

// load is how busy the machine is: processes that want to run, as a mean over the last minute, beside how many can.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	mean, _, _ := strings.Cut(string(text), " ")
	return fmt.Sprintf("%s of %d", mean, runtime.NumCPU())
}

// report appends a line of the results to the file that make soak names.
func report(t *testing.T, format string, args ...any) {
	t.Helper()
	line := fmt.Sprintf(format, args...) + " " + load() + " |"
	t.Log(line)
	if name := os.Getenv("KASSA_SOAK_RESULTS"); name != "" {
		f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := fmt.Fprintln(f, line); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSoakCartWrites(t *testing.T) {
	s := onDynamo(t, nil, shoppers)
	var bad atomic.Int64
	carts := make(chan cart, shoppers)
	for range shoppers {
		carts <- s.fill("beans-kade-250")
	}
	rate, p50, p99 := soaked(shoppers, func() {
		c := <-carts
		a := s.do(http.MethodPatch, "/carts/"+c.id+"/line-items/li_beans-kade-250", fmt.Sprintf(`{"quantity":%d}`, 1+mathrand.IntN(99)),
			"Authorization", c.auth())
		if a.status != http.StatusOK {
			bad.Add(1)
			t.Errorf("%d %s", a.status, a.body)
		}
		carts <- c
	})
	report(t, "| cart writes | %.0f/s | %v | %v | %d |", rate, p50.Round(time.Millisecond), p99.Round(time.Millisecond), bad.Load())
	if rate < 300 {
		t.Errorf("%.0f cart writes/s, want 300", rate)
	}
}

func TestSoakCheckouts(t *testing.T) {
	s := onDynamo(t, nil, shoppers)
	var bad, bought atomic.Int64
	rate, p50, p99 := soaked(shoppers, func() {
		c := s.fill("beans-kade-250")
		open := s.do(http.MethodPost, "/checkout-sessions", c.opening(), "Authorization", c.auth(), "Idempotency-Key", key())
		done := s.do(http.MethodPost, "/checkout-sessions/"+open.at("id")+"/complete", "{"+paid("pm_card_visa", beans)+"}",
			"Authorization", c.auth(), "Idempotency-Key", key())
		if open.status >= 400 || done.status >= 400 || done.at("status") != "completed" {
			bad.Add(1)
			t.Errorf("%d, %d %s", open.status, done.status, done.body)
			return
		}
		bought.Add(1)
	})
	report(t, "| whole checkouts (cart, session, complete) | %.0f/s | %v | %v | %d |", rate, p50.Round(time.Millisecond), p99.Round(time.Millisecond),
		bad.Load())
	if charges := int64(len(s.provider.Ledger())); charges != bought.Load() {
		t.Errorf("%d charges for %d purchases", charges, bought.Load())
	}
	if rate < 40 {
		t.Errorf("%.0f checkouts/s, want 40", rate)
	}
}

// weather spoils 30 % of requests by a throttle and 10 % by losing the answer after the effect.
func weather(string) dynamotest.Way {
	switch n := mathrand.IntN(10); {
	case n < 3:
		return dynamotest.Throttled
	case n < 4:
		return dynamotest.Lost
	}
	return dynamotest.Passes
}

func TestSoakBadWeather(t *testing.T) {
	hostile := dynamotest.NewHostile(http.DefaultTransport)
	s := onDynamo(t, hostile, 8)
	hostile.Always(weather)
	var began, unavailable atomic.Int64
	var sessions sync.Map
	rate, p50, p99 := soaked(8, func() {
		k, create := key(), key()
		began.Add(1)
		filled := s.insist(&unavailable, http.MethodPost, "/carts",
			`{"line_items":[{"item":{"id":"beans-kade-250"},"quantity":1}],"context":{"address_country":"NL"},"buyer":{"email":"ada@example.com"}}`,
			"Idempotency-Key", create)
		c := cart{filled.at("id"), filled.at("access_token")}
		done := s.insist(&unavailable, http.MethodPost, "/checkout-sessions", c.purchase("pm_card_visa", beans), "Authorization", c.auth(),
			"Idempotency-Key", k)
		sessions.Store(done.at("id"), c)
	})
	hostile.Always(func(string) dynamotest.Way { return dynamotest.Passes })
	s.advance("15m")
	charges := map[string]int64{}
	for _, c := range s.provider.Ledger() {
		charges[c.SessionID] += c.Captured - c.Refunded
	}
	ordered := 0
	sessions.Range(func(id, c any) bool {
		a := s.do(http.MethodGet, "/checkout-sessions/"+id.(string), "", "Authorization", c.(cart).auth()).want(http.StatusOK)
		status, charged := a.at("status"), charges[id.(string)]
		switch {
		case status == "completed" && charged == beans:
			ordered++
		case status == "ready_for_complete" && charged == 0:
		default:
			t.Errorf("session %s is %s, the shop keeps %d", id, status, charged)
		}
		return true
	})
	share := 100 * float64(ordered) / float64(began.Load())
	report(t, "| purchases with 30 %% throttles and 10 %% lost answers | %.0f/s, %.2f %% paid | %v | %v | %d, repeated |",
		rate, share, p50.Round(time.Millisecond), p99.Round(time.Millisecond), unavailable.Load())
	if share < 99 {
		t.Errorf("%.2f %% of %d purchases were paid", share, began.Load())
	}
}

// insist repeats a request under its key, as an app does, until it is decided. It counts the answers that the store was not
// to be had.
func (s shopper) insist(unavailable *atomic.Int64, method, path, body string, headers ...string) reply {
	for range 200 {
		a := s.do(method, path, body, headers...)
		if a.status == http.StatusServiceUnavailable {
			unavailable.Add(1)
		}
		if a.status < 400 && a.at("status") != "complete_in_progress" {
			return a
		}
		if a.status >= 400 && a.status != http.StatusConflict && a.status != http.StatusServiceUnavailable {
			s.t.Errorf("%s %s: %d %s", method, path, a.status, a.body)
			return a
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Errorf("%s %s was never decided", method, path)
	return reply{t: s.t}
}

func TestSoakHammer(t *testing.T) {
	s := onDynamo(t, nil, 200)
	begin := time.Now()
	const rounds = 50
	for range rounds {
		c := s.fill("beans-kade-250")
		open := s.do(http.MethodPost, "/checkout-sessions", c.opening(), "Authorization", c.auth(), "Idempotency-Key", key())
		k, bodies := key(), sync.Map{}
		var group sync.WaitGroup
		for range 200 {
			group.Go(func() {
				a := s.do(http.MethodPost, "/checkout-sessions/"+open.at("id")+"/complete", "{"+paid("pm_card_visa", beans)+"}", "Authorization",
					c.auth(), "Idempotency-Key", k)
				switch {
				case a.status == http.StatusOK && a.at("status") == "completed":
					bodies.Store(string(a.body), true)
				case a.status == http.StatusConflict && a.header.Get("Retry-After") != "":
				default:
					t.Errorf("%d %s", a.status, a.body)
				}
			})
		}
		group.Wait()
		distinct := 0
		bodies.Range(func(any, any) bool { distinct++; return true })
		if distinct != 1 {
			t.Errorf("%d distinct answers of success", distinct)
		}
	}
	report(t, "| 200 identical completes at once, %d rounds: %d charges | %.0f requests/s | | | 0 |",
		rounds, len(s.provider.Ledger()), 200*rounds/time.Since(begin).Seconds())
	if n := len(s.provider.Ledger()); n != rounds {
		t.Errorf("%d charges in %d rounds", n, rounds)
	}
}

func TestSoakLastUnits(t *testing.T) {
	s := onDynamo(t, nil, 100)
	const buyers, units = 1000, 100
	stock := int64(units)
	lamp := checkout.Product{SKU: "soak-lamp", Title: "Lamp", Prices: map[money.Currency]int64{"EUR": 5000}, Stock: &stock}
	if err := s.store.PutProducts(t.Context(), []checkout.Product{lamp}); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	var orders, refused, unavailable atomic.Int64
	queue := make(chan struct{}, 100)
	begin := time.Now()
	for range buyers {
		group.Go(func() {
			queue <- struct{}{}
			defer func() { <-queue }()
			c := s.fill("soak-lamp")
			a := s.insist(&unavailable, http.MethodPost, "/checkout-sessions", c.purchase("pm_card_visa", 5000+495),
				"Authorization", c.auth(), "Idempotency-Key", key())
			if a.at("status") == "completed" {
				orders.Add(1)
			} else {
				refused.Add(1)
			}
		})
	}
	group.Wait()
	report(t, "| %d buyers of %d units: %d orders, %d refused | in %v | | | %d |",
		buyers, units, orders.Load(), refused.Load(), time.Since(begin).Round(time.Second), unavailable.Load())
	if orders.Load() != units || len(s.provider.Ledger()) != units || unavailable.Load() != 0 {
		t.Errorf("%d orders and %d charges for %d units, %d answers 503", orders.Load(), len(s.provider.Ledger()), units, unavailable.Load())
	}
	s.advance("30m") // whatever is held still, comes back
	left, err := s.store.Products(t.Context(), []string{lamp.SKU})
	if err != nil || *left[lamp.SKU].Stock != 0 {
		t.Errorf("%v are left after all were sold, %v", *left[lamp.SKU].Stock, err)
	}
}

// Twenty writers on one cart, each with a line of its own and one that all share: no edit is lost, none sees a conflict.
func TestSoakWriters(t *testing.T) {
	const writers, edits = 20, 40
	s := onDynamo(t, nil, writers)
	c := s.fill("beans-kade-250")
	found, err := s.store.Search(t.Context(), checkout.ProductQuery{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var own []string
	for _, p := range found.Products {
		if p.SKU != "beans-kade-250" && !p.Inactive && len(own) < writers {
			own = append(own, p.SKU)
		}
	}
	var group sync.WaitGroup
	begin := time.Now()
	for _, sku := range own {
		group.Go(func() {
			for i := range edits {
				line := []string{sku, "beans-kade-250"}[i%2]
				s.do(http.MethodPost, "/carts/"+c.id+"/line-items", `{"item":{"id":"`+line+`"},"quantity":1}`,
					"Authorization", c.auth(), "Idempotency-Key", key()).expect(http.StatusOK)
			}
		})
	}
	group.Wait()
	report(t, "| %d writers on one cart, %d edits each | %.0f/s | | | 0 |", writers, edits, writers*edits/time.Since(begin).Seconds())
	kept, err := s.store.Cart(t.Context(), c.id)
	if err != nil {
		t.Fatal(err)
	}
	quantities := map[string]int64{}
	for _, l := range kept.Lines {
		quantities[l.SKU] = l.Quantity
	}
	if shared := quantities["beans-kade-250"] - 1; shared != writers*edits/2 || len(quantities) != writers+1 {
		t.Errorf("%d lines, %d added to the one that all share, want %d", len(quantities), shared, writers*edits/2)
	}
	for _, sku := range own {
		if quantities[sku] != edits/2 {
			t.Errorf("%d of %s, want %d", quantities[sku], sku, edits/2)
		}
	}
}

// expect notes an answer with another status, from any goroutine.
func (a reply) expect(status int) {
	if a.status != status {
		a.t.Errorf("status %d, want %d: %s", a.status, status, a.body)
	}
}

// opening is the body that opens the sheet.
func (c cart) opening() string { return `{"cart_id":"` + c.id + `",` + home + `}` }
