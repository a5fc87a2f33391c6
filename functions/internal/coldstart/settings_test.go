package coldstart_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/settings"
	"kassa/functions/internal/coldstart"
	"kassa/functions/internal/coldstart/coldstarttest"
	"kassa/functions/internal/parameter"
)

// desk is a store of settings and a clock, as one function's environment has them.
type desk struct {
	mu    sync.Mutex
	put   string // document; "" = none
	fault error
	reads int
	time  time.Time
	asked func() // told of each read
}

// Settings implements settings.Reader.
func (d *desk) Settings(context.Context) (settings.Version, error) {
	if d.asked != nil {
		d.asked()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reads++
	switch {
	case d.fault != nil:
		return settings.Version{}, d.fault
	case d.put == "":
		return settings.Version{}, &checkout.Error{Code: checkout.CodeNotFound}
	}
	return settings.Version{Number: 1, Document: []byte(d.put)}, nil
}

func (d *desk) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.time
}

// set changes the desk, later.
func (d *desk) set(after time.Duration, change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.time = d.time.Add(after)
	if change != nil {
		change()
	}
}

// named starts a function that answers the shop's name, and how often it was made anew.
func (d *desk) named(t *testing.T, a *coldstarttest.Account) (get func() string, made *int) {
	t.Helper()
	d.time = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	made = new(int)
	var kept *parameter.Kept[string]
	_, err := a.Start(func(ctx context.Context, f *coldstart.Function) (any, error) {
		f.Now = d.now
		shop := f.Parameter("KASSA_SHOP_PARAMETER")
		var err error
		kept, err = coldstart.Keep(ctx, f, d, func(v parameter.Values) (string, error) {
			s, err := f.Settings(v, shop)
			*made++
			return s.Name, err
		})
		return func() {}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return func() string {
		t.Helper()
		name, err := kept.Get(t.Context())
		if err != nil {
			t.Error(err)
		}
		return name
	}, made
}

// document is a shop with a name.
func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("coldstarttest/shop.json")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(string(text), `"name": "Fjord & Fern"`, `"name": "`+name+`"`, 1)
}

// New settings are in force within a minute, in an environment that has long been running, for one read a minute.
func TestNewSettingsAreInForceWithinAMinute(t *testing.T) {
	t.Parallel()
	a, d := coldstarttest.New(t, "KASSA_SHOP_PARAMETER"), &desk{}
	get, made := d.named(t, a)
	if got := get(); got != "Fjord & Fern" {
		t.Fatalf("without settings in the store the shop is %q, not the parameter's", got)
	}
	d.set(0, func() { d.put = document(t, "Kade 9") })
	for range 3 {
		get()
	}
	if d.reads != 1 {
		t.Errorf("%d reads within the minute", d.reads)
	}
	d.set(time.Minute, nil)
	if got := get(); got != "Kade 9" || *made != 2 {
		t.Errorf("a minute later the shop is %q, made %d times", got, *made)
	}
	d.set(time.Minute, nil)
	if get(); *made != 2 || d.reads != 3 || len(a.Parameters.Asked()) != 1 {
		t.Errorf("the same version: made %d times, %d reads of settings, %d of parameters", *made, d.reads, len(a.Parameters.Asked()))
	}
}

// What can't be read or used leaves the last good settings in force.
func TestBadSettingsLeaveTheLastGoodInForce(t *testing.T) {
	t.Parallel()
	a, d := coldstarttest.New(t, "KASSA_SHOP_PARAMETER"), &desk{}
	d.put = document(t, "Kade 9")
	get, _ := d.named(t, a)
	for name, spoil := range map[string]func(){
		"read settings: down":                    func() { d.fault = errors.New("down") },
		"settings in the store: invalid":         func() { d.put, d.fault = `{"name": ""}`, nil },
		"there is no such field ($.a_new_field)": func() { d.put, d.fault = `{"a_new_field": 1}`, nil },
	} {
		d.set(time.Minute, spoil)
		if got := get(); got != "Kade 9" || !strings.Contains(a.Logs.String(), name) {
			t.Errorf("%s: the shop is %q, log %s", name, got, a.Logs.String())
		}
	}
	d.set(6*time.Second, func() { d.put, d.fault = document(t, "Mended"), nil })
	if got := get(); got != "Mended" {
		t.Errorf("mended settings are tried again soon: the shop is %q", got)
	}
}

// A start with the parameter's settings could be one with those of last year: it waits for the store's.
func TestStartNeedsTheStoresSettings(t *testing.T) {
	t.Parallel()
	d := &desk{fault: errors.New("down")}
	coldstarttest.Refuses(t, coldstarttest.New(t, "KASSA_SHOP_PARAMETER"), func(ctx context.Context, f *coldstart.Function) (any, error) {
		f.Parameter("KASSA_SHOP_PARAMETER")
		kept, err := coldstart.Keep(ctx, f, d, func(parameter.Values) (string, error) { return "", nil })
		return kept.Get, err
	}, "read settings: down")
}

// The two reads of a start overlap: neither is answered before both are asked.
func TestStartReadsParametersAndSettingsAtOnce(t *testing.T) {
	t.Parallel()
	a, first, second := coldstarttest.New(t, "KASSA_SHOP_PARAMETER"), make(chan struct{}), make(chan struct{})
	d := &desk{asked: func() { close(first); <-second }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(second)
		<-first
		a.Parameters.ServeHTTP(w, r)
	}))
	defer server.Close()
	a.Env["AWS_ENDPOINT_URL_SSM"] = server.URL
	if get, _ := d.named(t, a); get() == "" {
		t.Error("no shop")
	}
}
