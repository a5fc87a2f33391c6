package main

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"kassa/functions/internal/oidc/issuer"
	"kassa/payments/sandbox"
)

// dev are the routes under /dev/ by which people and tests move the clock, break things and look behind the scenes. They
// exist in this process only.
type dev struct {
	clock    *clock
	schedule *schedule
	faults   *faults
	mailbox  *mailbox
	sandbox  *sandbox.Provider // nil: the provider is elsewhere
	issuer   *issuer.Issuer    // nil: customers sign in elsewhere
	log      *slog.Logger
}

// handler serves /dev/* to programs on this machine.
func (d dev) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /dev/clock", d.showClock)
	mux.HandleFunc("POST /dev/clock", d.moveClock)
	mux.HandleFunc("GET /dev/messages", d.messages)
	mux.HandleFunc("GET /dev/ledger", d.ledger)
	mux.HandleFunc("GET /dev/fault", d.showFaults)
	mux.HandleFunc("POST /dev/fault", d.armFault)
	if d.issuer != nil {
		mux.Handle(issuerPath+"/", http.StripPrefix(issuerPath, d.issuer.Handler()))
	}
	return onlyLocal(http.NewCrossOriginProtection().Handler(mux))
}

// onlyLocal hides what it guards from everyone but this machine, and from web pages that had their own name resolve to this
// machine (DNS rebinding): those come with that name as Host.
func onlyLocal(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil || !peer.Addr().Unmap().IsLoopback() || !loopbackHost(r.Host) {
			http.NotFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func loopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || host == "[::1]" || err == nil && addr.Unmap().IsLoopback()
}

const maxAdvance = 400 * 24 * time.Hour

type clockState struct {
	Now    time.Time `json:"now"`
	Offset string    `json:"offset"` // ahead of the real time
}

func (d dev) showClock(w http.ResponseWriter, _ *http.Request) { d.answerClock(w) }

func (d dev) answerClock(w http.ResponseWriter) {
	answerJSON(w, http.StatusOK, clockState{d.clock.Now(), d.clock.Offset().Round(time.Millisecond).String()})
}

func (d dev) moveClock(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Advance string `json:"advance"`
	}
	if !readJSON(w, r, &in) {
		return
	}
	by, err := time.ParseDuration(in.Advance)
	if err != nil || by < 0 || by > maxAdvance {
		refuseJSON(w, `advance must be a duration from 0s to 9600h, such as "90s" or "1h30m"; the clock never goes back`, nil)
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // a month of webhooks takes its time
	if err := d.schedule.advance(r.Context(), by); err != nil {
		d.log.ErrorContext(r.Context(), "clock can't be moved", "error", err.Error())
		answerJSON(w, http.StatusInternalServerError,
			map[string]string{"error": "not everything that fell due could be done; the clock stands where that was: see the log"})
		return
	}
	d.answerClock(w)
}

// entry is a charge as the provider has it: amounts in its smallest units, its words for currency and status.
type entry struct {
	ID        string               `json:"id"`
	SessionID string               `json:"session_id"`
	Amount    int64                `json:"amount"`
	Currency  string               `json:"currency"`
	Status    sandbox.ChargeStatus `json:"status"`
	Refunded  int64                `json:"refunded"`
}

func (d dev) ledger(w http.ResponseWriter, _ *http.Request) {
	if d.sandbox == nil {
		answerJSON(w, http.StatusNotFound, map[string]string{"error": "the ledger is the sandbox's; this process charges through Stripe's test mode"})
		return
	}
	charges := []entry{}
	for _, c := range d.sandbox.Ledger() {
		charges = append(charges, entry{c.ID, c.SessionID, c.Amount, c.Currency, c.Status, c.Refunded})
	}
	answerJSON(w, http.StatusOK, map[string][]entry{"charges": charges})
}

func (d dev) showFaults(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, http.StatusOK, map[string]any{"armed": d.faults.waiting(), "names": faultNames()})
}

const maxFaults = 1000

func (d dev) armFault(w http.ResponseWriter, r *http.Request) {
	var in struct {
		At    string `json:"at"`
		Times *int   `json:"times"`
	}
	if !readJSON(w, r, &in) {
		return
	}
	times := 1
	if in.Times != nil {
		times = *in.Times
	}
	if times < 0 || times > maxFaults {
		refuseJSON(w, "times must be 0 (take the fault back) to 1000", nil)
		return
	}
	if err := d.faults.arm(in.At, times); err != nil {
		refuseJSON(w, err.Error(), faultNames())
		return
	}
	answerJSON(w, http.StatusOK, map[string]any{"armed": d.faults.waiting()})
}

func readJSON(w http.ResponseWriter, r *http.Request, to any) bool {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<16))
	if err == nil {
		err = decode(body, to)
	}
	if errors.Is(err, io.EOF) {
		err = errors.New("a JSON object is needed")
	}
	if err != nil {
		refuseJSON(w, err.Error(), nil)
	}
	return err == nil
}

func refuseJSON(w http.ResponseWriter, problem string, names []string) {
	answerJSON(w, http.StatusBadRequest, struct {
		Error string   `json:"error"`
		Names []string `json:"names,omitempty"`
	}{problem, names})
}

func answerJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller may be gone
}
