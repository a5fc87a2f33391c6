package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestClockStopsAtEachInstantThatFallsDue(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.fill("mug-quay")
	open := s.open(c)
	s.advance("30h")
	ended, err := s.store.Session(t.Context(), open.at("id"))
	if err != nil {
		t.Fatal(err)
	}
	if late := ended.UpdatedAt.Sub(ended.ExpiresAt); ended.Status != "canceled" || late < 0 || late > time.Minute {
		t.Errorf("the session is %s, %v after it expired", ended.Status, late)
	}
	// The way there takes real time, which the clock need not be moved by.
	if ahead := s.clock.Offset(); ahead > 30*time.Hour || ahead < 30*time.Hour-time.Minute {
		t.Errorf("the clock is %v ahead", ahead)
	}
}

func TestClockRefusesWhatIsNoAdvance(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, body := range []string{
		`{"advance":"-1h"}`, `{"advance":"tomorrow"}`, `{"advance":"9601h"}`, `{"advance":3600}`, `{}`, ``, `{"advance":"1h"} x`, `{"by":"1h"}`,
	} {
		s.do(http.MethodPost, "/dev/clock", body).want(http.StatusBadRequest)
	}
	if ahead := s.clock.Offset(); ahead != 0 {
		t.Errorf("the clock is %v ahead", ahead)
	}
}

func TestUnknownFaultGetsTheList(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, name := range []string{"", "provider_call", "provider_call.kill_during", "webhook.kill_during", "send.kill_during", "commit.lost", "before_commit.gone"} {
		a := s.do(http.MethodPost, "/dev/fault", `{"at":"`+name+`","times":1}`).want(http.StatusBadRequest)
		var names []string
		if err := json.Unmarshal([]byte(a.at("names")), &names); err != nil || !slices.Equal(names, faultNames()) {
			t.Errorf("%q is answered with %s", name, a.body)
		}
	}
	for _, times := range []string{"-1", "1001"} {
		s.do(http.MethodPost, "/dev/fault", `{"at":"send.lost","times":`+times+`}`).want(http.StatusBadRequest)
	}
	if got := s.faults.waiting(); len(got) != 0 {
		t.Errorf("refused faults are armed: %v", got)
	}
	if n := len(faultNames()); n != 5*5+2 {
		t.Errorf("there are %d faults", n)
	}
}

func TestFaultsAreTakenBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, name := range faultNames() {
		s.do(http.MethodPost, "/dev/fault", `{"at":"`+name+`","times":3}`).want(http.StatusOK)
		s.do(http.MethodGet, "/dev/fault", "").want(http.StatusOK).wantAt("armed.0.at", name).wantAt("armed.0.times", "3")
		s.do(http.MethodPost, "/dev/fault", `{"at":"`+name+`","times":0}`).want(http.StatusOK).wantAt("armed", "[]")
	}
	c := s.fill("beans-kade-250")
	s.buy(c, c.purchase("pm_card_visa", beans), key()).want(http.StatusCreated).wantAt("status", "completed")
}

// Whatever goes wrong once, the purchase ends by itself: one charge and one order. Where the store refused to begin, nothing
// was begun.
func TestFaultsEndWell(t *testing.T) {
	t.Parallel()
	for name, wants := range map[string]struct {
		status int
		state  string
	}{
		"before_commit.refused": {http.StatusServiceUnavailable, ""},
		"before_commit.lost":    {http.StatusServiceUnavailable, "completed"},
		"before_commit.late":    {http.StatusServiceUnavailable, "completed"},
		"provider_call.refused": {http.StatusCreated, "completed"},
		"provider_call.lost":    {http.StatusCreated, "completed"},
		"provider_call.late":    {http.StatusCreated, "completed"},
		"after_commit.refused":  {http.StatusCreated, "completed"},
		"after_commit.lost":     {http.StatusCreated, "completed"},
		"after_commit.late":     {http.StatusCreated, "completed"},
		"webhook.refused":       {http.StatusCreated, "completed"},
		"webhook.lost":          {http.StatusCreated, "completed"},
		"webhook.late":          {http.StatusCreated, "completed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.faults.lateFor = time.Millisecond // real callers wait in real seconds
			c := s.fill(lever)
			s.fault(name)
			k, body := key(), c.purchase("pm_card_visa", leverTotal)
			s.buy(c, body, k).want(wants.status)
			s.advance("2m")
			if charges := s.charges(); (len(charges) == 1) != (wants.state == "completed") || len(charges) > 1 {
				t.Fatalf("after two minutes the ledger has %+v", charges)
			}
			done := s.buy(c, body, k).want(http.StatusCreated).wantAt("status", "completed")
			s.wantCharge(done.at("id"), leverTotal)
			if waiting := s.faults.waiting(); len(waiting) != 0 {
				t.Errorf("the fault never happened: %v", waiting)
			}
		})
	}
}

func TestRefusedWebhookComesAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.do(http.MethodPost, "/dev/fault", `{"at":"webhook.refused","times":20}`).want(http.StatusOK)
	c := s.fill("beans-kade-250")
	s.buy(c, c.purchase("pm_card_visa", beans), key()).want(http.StatusCreated)
	s.advance("0s")
	refused := len(s.provider.Undelivered())
	if refused == 0 {
		t.Fatal("every webhook got through")
	}
	s.do(http.MethodPost, "/dev/fault", `{"at":"webhook.refused","times":0}`).want(http.StatusOK)
	s.advance("1h")
	if waiting := s.provider.Undelivered(); len(waiting) != 0 {
		t.Errorf("after an hour %d of %d still wait: %+v", len(waiting), refused, waiting)
	}
}

func TestDevIsForThisMachineOnly(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, c := range []struct {
		peer, host, origin string
		want               int
	}{
		{"127.0.0.1:5000", "127.0.0.1:3000", "", http.StatusOK},
		{"[::1]:5000", "localhost:3000", "", http.StatusOK},
		{"[::ffff:127.0.0.1]:5000", "[::1]:3000", "", http.StatusOK},
		{"192.168.1.20:5000", "127.0.0.1:3000", "", http.StatusNotFound},
		{"127.0.0.1:5000", "evil.example:3000", "", http.StatusNotFound},
		{"127.0.0.1:5000", "127.0.0.1.evil.example", "", http.StatusNotFound},
		{"127.0.0.1:5000", "127.0.0.1:3000", "https://evil.example", http.StatusForbidden},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+c.host+"/dev/fault",
			strings.NewReader(`{"at":"send.lost","times":0}`))
		r.RemoteAddr = c.peer
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		w := httptest.NewRecorder()
		s.app.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%+v is answered %d", c, w.Code)
		}
	}
	s.do(http.MethodGet, "/dev/messages", "").want(http.StatusOK).wantAt("messages", "[]")
	s.do(http.MethodGet, "/dev/nothing", "").want(http.StatusNotFound)
}
