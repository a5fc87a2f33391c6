package main

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// visitor is somebody with a cart, an address and a phone of their own, and what they know.
type visitor struct {
	cart
	email   string
	agreed  bool             // to hear about what they leave
	lines   map[string]int   // of the cart, as the shop has acknowledged them
	session string           // the last one
	shown   int64            // the total that they saw last
	agreeTo map[string]int64 // the most that they have agreed to pay, by session
	page    string           // of the bank that waits for them
	secret  string           // of the payment whose sheet is open in their app
	order   string           // id; "" = none that they know of
	silence time.Time        // since when nothing may come about carts; zero = it may
	left    bool             // they have canceled the cart
	last    func() reply     // their last request, made again
	answer  reply            // to it
}

func (v *visitor) String() string { return strings.TrimSuffix(v.email, "@example.com") }

// say notes what happened.
func (s *simulation) say(format string, args ...any) {
	s.told = append(s.told, fmt.Sprintf(format, args...))
}

// ask makes a visitor's request, under a key of its own.
func (s *simulation) ask(v *visitor, method, path, body string) reply {
	s.t.Helper()
	headers := []string{"Idempotency-Key", key()}
	if v.token != "" {
		headers = append(headers, "Authorization", v.auth())
	}
	again := func() reply { return s.insist(method, path, body, headers...) }
	v.answer, v.last = again(), again
	if method == http.MethodGet {
		v.last = nil
	}
	s.say("%v: %s %s %.60s → %d %s %s", v, method, path, body, v.answer.status, v.answer.at("status"), v.answer.at("messages.0.code"))
	return v.answer
}

func one[T any](s *simulation, of ...T) T { return of[s.random.IntN(len(of))] }

func (s *simulation) step() {
	s.t.Helper()
	if n := len(s.visitors); n == 0 || n < 6 && s.random.IntN(4) == 0 {
		s.arrive()
		return
	}
	v := one(s, s.visitors...)
	if v.token == "" {
		return // turned away at the door
	}
	steps := []func(*visitor){
		s.edit, s.edit, s.look, s.open, s.open, s.pay, s.pay, s.pay, s.pay, s.buyAtOnce, s.buyAtOnce, s.payTwice, s.prepare, s.prepare, s.confirm,
		s.confirm, s.confirm, s.useCode, s.visitBank, s.visitBank, s.visitBank, s.read, s.repeat, s.repeat, s.cancel, s.sayNo, s.comeBack, s.pry,
		s.giveUp, s.office, s.office,
	}
	switch s.random.IntN(8) {
	case 0:
		fault := one(s, s.faults...)
		s.insist(http.MethodPost, "/dev/fault", `{"at":"`+fault+`"}`).want(http.StatusOK)
		s.say("fault %s", fault)
	case 1:
		s.wait()
	default:
		one(s, steps...)(v)
	}
}

// wait lets time pass: in all less than carts live without an edit.
func (s *simulation) wait() {
	s.t.Helper()
	by := one(s, 10*time.Second, 10*time.Second, 2*time.Minute, 2*time.Minute, 2*time.Minute, 11*time.Minute,
		25*time.Minute, 61*time.Minute, 7*time.Hour, 21*time.Hour, 70*time.Hour)
	if s.passed += by; s.passed > 15*24*time.Hour {
		return
	}
	s.say("%v pass", by)
	s.pass(by.String())
}

// repeat makes the last request again, as a phone does that didn't hear the answer.
func (s *simulation) repeat(v *visitor) {
	s.t.Helper()
	if v.last == nil || v.answer.status >= http.StatusMultipleChoices || v.answer.at("id") == "" ||
		strings.HasPrefix(v.answer.at("id"), "cs_") && len(v.answer.messageCodes()) > 0 {
		return // what was refused, in whole or in part, is thought over again
	}
	a := v.last()
	for range 3 {
		if a.status != http.StatusConflict || a.header.Get("Retry-After") == "" {
			break
		}
		s.pass("1m") // somebody is still at it
		a = v.last()
	}
	s.say("%v: the same again → %d %s", v, a.status, a.at("status"))
	if a.status != v.answer.status || a.at("id") != v.answer.at("id") {
		s.t.Errorf("%v asks again: %d %s\nbefore: %d %s", v, a.status, a.body, v.answer.status, v.answer.body)
	}
	if strings.HasPrefix(a.at("id"), "cs_") {
		s.note(v, a)
	}
}

// pry tries somebody else's things.
func (s *simulation) pry(v *visitor) {
	s.t.Helper()
	other := one(s, s.visitors...)
	if other == v || other.token == "" {
		return
	}
	for _, path := range []string{"/carts/" + other.id, "/checkout-sessions/" + other.session, "/orders/" + other.order} {
		if !strings.HasSuffix(path, "/") {
			s.insist(http.MethodGet, path, "", "Authorization", v.auth()).want(http.StatusNotFound)
		}
	}
	s.insist(http.MethodPost, "/carts/"+other.id+"/line-items", `{"item":{"id":"mug-quay"},"quantity":9}`, "Authorization", v.auth(),
		"Idempotency-Key", key()).want(http.StatusNotFound)
}
