package main

import (
	"net/http"
	"slices"
	"strings"
)

// mail is a message about carts to the visitor, with a link; nil if there is none.
func (s *simulation) mail(v *visitor) *message {
	s.t.Helper()
	all := s.sent()
	for _, m := range slices.Backward(all) {
		if m.To == v.email && m.Stage != "" {
			return &m
		}
	}
	return nil
}

// sayNo unsubscribes by the link of an e-mail.
func (s *simulation) sayNo(v *visitor) {
	s.t.Helper()
	m := s.mail(v)
	if m == nil || s.random.IntN(2) == 0 {
		return
	}
	link := m.linkTo(s.t, "unsubscribe")
	a := s.insist(http.MethodPost, link, "all=1", "Content-Type", "application/x-www-form-urlencoded").want(http.StatusOK)
	s.say("%v: no more messages → %d", v, a.status)
	if v.silence.IsZero() {
		v.silence = s.now()
	}
}

// comeBack opens a message's link where the cart is at home: it is that cart, and nobody else's.
func (s *simulation) comeBack(v *visitor) {
	s.t.Helper()
	m := s.mail(v)
	if m == nil {
		return
	}
	token := strings.TrimPrefix(m.linkTo(s.t, "r"), "/r/")
	a := s.ask(v, http.MethodPost, "/recoveries", `{"token":"`+token+`","device_id":"phone-of-`+v.String()+`"}`)
	v.last = nil // links end
	if a.status == http.StatusOK && a.at("id") != v.id {
		s.t.Errorf("%v's link opens %s, their cart is %s", v, a.at("id"), v.id)
	}
}
