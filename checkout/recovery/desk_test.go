package recovery_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/memstore"
	"kassa/checkout/pricing"
	"kassa/checkout/recovery"
	"kassa/checkout/settings"
	"kassa/payments/money"
)

// post is a provider of e-mail that takes all, or does what its script says, call by call.
type post struct {
	mu     sync.Mutex
	script []func(context.Context) error // nil = take it
	taken  []recovery.Message
	calls  int
}

func (p *post) Send(ctx context.Context, m recovery.Message) (string, error) {
	p.mu.Lock()
	p.calls++
	var does func(context.Context) error
	if len(p.script) > 0 {
		does, p.script = p.script[0], p.script[1:]
	}
	p.mu.Unlock()
	if does != nil {
		if err := does(ctx); err != nil {
			return "", err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken = append(p.taken, m)
	return fmt.Sprintf("ses-%d", len(p.taken)), nil
}

// desk is the service of service messages with all around it.
type desk struct {
	*testing.T
	store  *memstore.Store
	log    recovery.SendLog
	post   *post
	shop   settings.Settings
	now    time.Time
	logs   *bytes.Buffer
	logger *slog.Logger
	ids    int
	mu     sync.Mutex
}

// sampleShop is the sample's settings.
func sampleShop(t *testing.T) settings.Settings {
	t.Helper()
	text, err := os.ReadFile("../../functions/local/shop.json")
	if err != nil {
		t.Fatal(err)
	}
	var whole map[string]any
	if err := json.Unmarshal(text, &whole); err != nil {
		t.Fatal(err)
	}
	wallets, _ := whole["wallets"].(map[string]any)
	wallets["publishable_key"] = "pk_test_1"
	if text, err = json.Marshal(whole); err != nil {
		t.Fatal(err)
	}
	s, err := settings.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newDesk(t *testing.T, script ...func(context.Context) error) *desk {
	store, logs := memstore.New(), &bytes.Buffer{}
	return &desk{
		T: t, store: store, log: store, post: &post{script: script}, shop: sampleShop(t), logs: logs, logger: slog.New(slog.NewJSONHandler(logs, nil)),
		now: time.Date(2026, 10, 7, 15, 4, 0, 0, time.UTC),
	}
}

func (d *desk) consume(ctx context.Context, item checkout.OutboxItem) error {
	d.Helper()
	var email recovery.Messenger
	if d.post != nil {
		email = d.post
	}
	service, err := recovery.NewService(recovery.ServiceConfig{
		Shop: d.shop.Shop, Settings: d.shop.Recovery, Log: d.log, Contacts: d.store, Email: email,
		Now: func() time.Time { return d.now }, Logger: d.logger,
		NewID: func() string {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.ids++
			return fmt.Sprintf("op%d", d.ids)
		},
	})
	if err != nil {
		d.Fatal(err)
	}
	var failures []error
	for _, c := range service.Consumers()[item.Kind] {
		failures = append(failures, c.Consume(ctx, item))
	}
	if len(failures) == 0 {
		d.Fatalf("nobody takes in %s", item.Kind)
	}
	return errors.Join(failures...)
}

func (d *desk) consumed(item checkout.OutboxItem) {
	d.Helper()
	if err := d.consume(d.Context(), item); err != nil {
		d.Fatalf("%s: %v", item.Kind, err)
	}
}

// record is what became of a message.
func (d *desk) record(reason, ref string) recovery.Sending {
	d.Helper()
	r, err := d.store.Sending(d.Context(), recovery.SendingID("cs_abc_0", reason, ref))
	if err != nil {
		d.Fatal(err)
	}
	return r
}

func (d *desk) became(reason, ref string, state recovery.State, why string) {
	d.Helper()
	if r := d.record(reason, ref); r.State != state || r.Why != why || r.ExpiresAt.Sub(r.At) < 365*24*time.Hour {
		d.Errorf("%s %s became %s %q, want %s %q: %+v", reason, ref, r.State, r.Why, state, why, r)
	}
}

func (d *desk) only() recovery.Message {
	d.Helper()
	if len(d.post.taken) != 1 {
		d.Fatalf("%d messages, want one", len(d.post.taken))
	}
	return d.post.taken[0]
}

func eur(minor int64) money.Money { return money.New(minor, "EUR") }

// ordered is a session that became an order.
func ordered() checkout.Session {
	at := time.Date(2026, 10, 7, 15, 3, 0, 0, time.UTC)
	return checkout.Session{
		ID: "cs_abc_0", CartID: "ct_abc", Version: 5, Status: checkout.StatusCompleted, Ships: true,
		Context:     checkout.Context{Country: "NL", Language: "nl"},
		Buyer:       checkout.Buyer{Email: " Canary+Ada@Example.com", FirstName: "Ada", LastName: "Visser"},
		Destination: &checkout.Destination{Street: "Wijnhaven 9", PostalCode: "3011 WH", City: "Rotterdam", Country: "NL"},
		Quote: checkout.Quote{Quote: pricing.Quote{
			Currency: "EUR", Subtotal: eur(4190), Discount: eur(0), Shipping: eur(495), Tax: eur(0), Total: eur(4685), TaxIncluded: true,
			Selected: "standard",
			Lines: []pricing.Line{
				{LineID: "l1", SKU: "beans", Title: "Kade huisespresso, 250 g", Quantity: 2, Unit: eur(995), Subtotal: eur(1990), Total: eur(1990)},
				{LineID: "l2", SKU: "cups", Title: "Steengoed espressokopjes", Quantity: 1, Unit: eur(2200), Subtotal: eur(2200), Total: eur(2200)},
			},
			Taxes: []pricing.TaxLine{{Rate: 2100, Net: eur(2227), Tax: eur(468)}, {Rate: 900, Net: eur(1826), Tax: eur(164)}},
			Options: []pricing.Option{{ID: "standard", Title: "Standaard bezorging", Price: eur(495),
				Earliest: time.Date(2026, 10, 8, 0, 0, 0, 0, time.UTC), Latest: time.Date(2026, 10, 9, 0, 0, 0, 0, time.UTC)}},
		}},
		Order: &checkout.Order{
			ID: "or_abc_0", PlacedAt: at, Amount: eur(4685), IntentID: "pi_1", Terms: "2026-01", WithdrawalDays: 30, Page: "secret",
		},
	}
}

func item(kind, ref string, changes ...func(*checkout.Session)) checkout.OutboxItem {
	s := ordered()
	for _, change := range changes {
		change(&s)
	}
	return checkout.OutboxItem{ID: "n1", Notice: checkout.Notice{Kind: kind, Ref: ref}, Session: s}
}

func placed(changes ...func(*checkout.Session)) checkout.OutboxItem {
	return item(checkout.NoticeOrderPlaced, "", changes...)
}

func refunded(id string, minor int64) func(*checkout.Session) {
	return func(s *checkout.Session) {
		s.Order.Refunds = append(s.Order.Refunds, checkout.Refund{ID: id, Amount: eur(minor), State: checkout.RefundDone})
	}
}
