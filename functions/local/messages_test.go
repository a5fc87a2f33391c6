package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kassa/checkout/memstore"
	"kassa/checkout/recovery"
)

// sent lists what /dev/messages tells, and holds its fields against the documented ones.
func (s shopper) sent() []message {
	s.t.Helper()
	return s.do(http.MethodGet, "/dev/messages", "").want(http.StatusOK).sent()
}

func (a reply) sent() []message {
	a.t.Helper()
	var whole struct {
		Messages []map[string]any `json:"messages"`
	}
	var out struct {
		Messages []message `json:"messages"`
	}
	if err := json.Unmarshal(a.body, &whole); err != nil {
		a.t.Fatal(err)
	}
	if err := json.Unmarshal(a.body, &out); err != nil {
		a.t.Fatal(err)
	}
	for _, m := range whole.Messages {
		for _, field := range strings.Fields("channel to locale kind reason stage subject text html link sent_at") {
			if _, ok := m[field]; !ok {
				a.t.Errorf("a message lacks %s", field)
			}
		}
		if len(m) != 11 {
			a.t.Errorf("a message has %d fields", len(m))
		}
	}
	return out.Messages
}

// received waits for so many messages.
func (s shopper) received(n int) []message {
	s.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; {
		got := s.sent()
		if len(got) >= n || time.Now().After(end) {
			if len(got) != n {
				s.t.Fatalf("%d messages, want %d: %+v", len(got), n, got)
			}
			return got
		}
		<-time.After(50 * time.Millisecond)
	}
}

func mailboxAt(t *testing.T, path string, f *faults) *mailbox {
	t.Helper()
	b, err := openMailbox(path, func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }, f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.close() })
	return b
}

func mail(subject string) recovery.Message {
	return recovery.Message{
		ID: "m1", Channel: recovery.ChannelEmail, Kind: recovery.KindService, Reason: "receipt", To: "ada@example.com", Locale: "nl",
		Subject: subject, Text: "line one\nline two", HTML: "<p>Hallo & dag</p>", Link: "https://kade9.example/o/1",
	}
}

// A message that was taken survives everything; one that was being written when the process died is as if it had never been sent.
func TestMailboxKeepsWhatItTook(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kassa.messages.jsonl")
	b := mailboxAt(t, path, newFaults())
	for _, subject := range []string{"first", "second"} {
		if _, err := b.Send(t.Context(), mail(subject)); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(path) // before it is closed: a kill loses nothing
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+"2", append(kept, []byte(`{"channel":"email","to":"torn`)...), 0o600); err != nil {
		t.Fatal(err)
	}
	again := mailboxAt(t, path+"2", newFaults())
	if _, err := again.Send(t.Context(), mail("third")); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range mailboxAt(t, path+"2", newFaults()).all() {
		got = append(got, m.Subject)
	}
	if strings.Join(got, " ") != "first second third" {
		t.Errorf("kept %v", got)
	}
	if err := os.WriteFile(path+"3", append([]byte("nonsense\n"), kept...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openMailbox(path+"3", time.Now, newFaults()); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a spoiled file is opened: %v", err)
	}
}

// TestReceiptFollowsThePurchase is the README's purchase, seen from the mailbox: one receipt, in the shopper's language, whatever is
// repeated, and nothing that advertises.
func TestReceiptFollowsThePurchase(t *testing.T) {
	t.Parallel()
	s := start(t)
	shell(t, s.firstPurchase())
	m := s.received(1)[0]
	if m.Channel != "email" || m.Kind != "service" || m.Reason != "receipt" || m.Stage != "" || m.To == "" || !strings.HasPrefix(m.Link, "https://kade9.example/o/or_") {
		t.Errorf("message %+v", m)
	}
	for _, want := range []string{"Kade 9 B.V., Wijnhaven 9", "KvK 55501090"} {
		if !strings.Contains(m.Text, want) || !strings.Contains(m.HTML, want) {
			t.Errorf("the receipt lacks %q:\n%s", want, m.Text)
		}
	}
	s.advance("3h")
	s.received(1)
	page := s.do(http.MethodGet, "/dev/messages", "", "Accept", "text/html,*/*").want(http.StatusOK)
	if !strings.Contains(string(page.body), "<iframe sandbox=\"allow-same-origin\" srcdoc=\"&lt;!doctype html&gt;") || !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") {
		t.Errorf("the page is\n%.600s", page.body)
	}
}

// TestSendGoesWrong breaks the hand-over of a receipt in every way, in a process that may die of it. A day later there never are two, and
// where there is none the record says why.
func TestSendGoesWrong(t *testing.T) {
	t.Parallel()
	for fault, c := range map[string]struct {
		messages int
		state    recovery.State
	}{
		"send.refused":     {1, recovery.StateSent}, // and tried again
		"send.lost":        {1, recovery.StateUnknown},
		"send.kill_before": {0, recovery.StateUnknown},
		"send.kill_after":  {1, recovery.StateUnknown},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			store := filepath.Join(t.TempDir(), "kassa.db")
			p := launch(t, store)
			c1 := p.fill(lever)
			p.fault(fault)
			done := p.buy(c1, c1.purchase("pm_card_visa", leverTotal), key()).want(http.StatusCreated).wantAt("status", "completed")
			if strings.Contains(fault, "kill") {
				p.died()
				p = launch(t, store)
			}
			p.advance("2h")
			p.advance("24h")
			if got := p.sent(); len(got) != c.messages || c.messages == 1 && got[0].Reason != "receipt" {
				t.Errorf("%d messages: %+v", len(got), got)
			}
			p.interrupt()
			s, err := memstore.Open(store)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			r, err := s.Sending(t.Context(), recovery.SendingID(done.at("id"), "receipt", ""))
			if err != nil || r.State != c.state {
				t.Errorf("the record is %+v, %v", r, err)
			}
		})
	}
}
