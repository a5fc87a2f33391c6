package main

import (
	"fmt"
	"net/http"
	"strings"
)

// ofCart is the cart of a session or order: all ids of one cart have its random part.
func ofCart(v *visitor, session string) bool {
	return strings.Contains(session, strings.TrimPrefix(v.id, "ct_"))
}

// check asserts what holds at every moment.
func (s *simulation) check() {
	s.t.Helper()
	charges := s.charges()
	for _, v := range s.visitors {
		kept := 0
		for _, c := range charges {
			if v.id == "" || !ofCart(v, c.SessionID) {
				continue
			}
			if c.Amount > c.Refunded {
				kept++
			}
			if c.Amount > v.agreeTo[c.SessionID] {
				s.t.Errorf("%v is charged %d for %s and has agreed to %d", v, c.Amount, c.SessionID, v.agreeTo[c.SessionID])
			}
		}
		if kept > 1 {
			s.t.Errorf("%v has paid %d times: %+v", v, kept, charges)
		}
	}
	s.checkMessages()
}

// checkMessages asserts that nobody hears twice of the same, nor of a cart after they have bought it or said no.
func (s *simulation) checkMessages() {
	s.t.Helper()
	seen := map[string]bool{}
	receipts := map[string]int{}
	for _, m := range s.sent() {
		v := s.reached(m.To)
		if v == nil {
			s.t.Errorf("a message to nobody's address: %+v", m)
			continue
		}
		if m.Kind == "service" {
			if receipts[m.Reason+m.To]++; m.Reason == "receipt" && receipts[m.Reason+m.To] > 1 {
				s.t.Errorf("%v has two receipts", v)
			}
			continue
		}
		id := fmt.Sprint(m.To, m.Stage, m.Channel)
		if seen[id] {
			s.t.Errorf("%v hears twice of stage %s by %s", v, m.Stage, m.Channel)
		}
		seen[id] = true
		if !v.agreed {
			s.t.Errorf("%v has not agreed to %+v", v, m)
		}
		if !v.silence.IsZero() && m.SentAt.After(v.silence) {
			s.t.Errorf("%v wants to hear nothing since %v, and hears of stage %s at %v", v, v.silence, m.Stage, m.SentAt)
		}
	}
}

// reached is whose an address is.
func (s *simulation) reached(address string) *visitor {
	for _, v := range s.visitors {
		if address == v.email || address == "apns-of-"+v.String() {
			return v
		}
	}
	return nil
}

// end lets the roads be good again and asserts what holds then: within a quarter of an hour, but for what slow banks and people at banks
// may take, everything is decided; in the end money, orders, stock and carts agree, and who was to hear of a cart has heard.
func (s *simulation) end() {
	s.t.Helper()
	for _, name := range s.faults {
		s.insist(http.MethodPost, "/dev/fault", `{"at":"`+name+`","times":0}`).want(http.StatusOK)
	}
	s.say("the roads are good")
	s.pass("15m")
	s.pass("20m")
	for _, v := range s.visitors {
		if v.session == "" {
			continue
		}
		switch a := s.ask(v, http.MethodGet, "/checkout-sessions/"+v.session, "").want(http.StatusOK); a.at("status") {
		case "complete_in_progress", "requires_escalation":
			s.t.Errorf("%v still waits: %s", v, a.body)
		}
	}
	s.pass("240h")
	s.check()
	s.agree()
	s.heard()
	if s.quiet != nil {
		s.quiet()
	}
	s.wantNothingPersonalLogged()
	for sku, n := range s.stock {
		if got := s.onShelf(sku); got != n {
			s.t.Errorf("of %s there are %d, want %d", sku, got, n)
		}
	}
}

// agree asserts that each shopper has an order and has paid it, or neither. What they have bought leaves the stock that is expected.
func (s *simulation) agree() {
	s.t.Helper()
	charges := s.charges()
	for _, v := range s.visitors {
		kept := int64(0)
		for _, c := range charges {
			if ofCart(v, c.SessionID) {
				kept += c.Amount - c.Refunded
			}
		}
		a, _ := s.cartOf(v)
		if session := a.at("checkout_id"); session != "" {
			s.note(v, s.insist(http.MethodGet, "/checkout-sessions/"+session, "", "Authorization", v.auth()).want(http.StatusOK))
		}
		if v.order == "" {
			if kept != 0 {
				s.t.Errorf("%v has no order, and the shop keeps %d", v, kept)
			}
			continue
		}
		order := s.insist(http.MethodGet, "/orders/"+v.order, "", "Authorization", v.auth()).want(http.StatusOK)
		want := order.total()
		adjustments, _ := order.content["adjustments"].([]any)
		for i := range adjustments {
			at := fmt.Sprintf("adjustments.%d.", i)
			if order.at(at+"status") == "completed" {
				var amount int64
				_, _ = fmt.Sscan(order.at(at+"totals.0.amount"), &amount)
				want += amount
			}
		}
		if kept != want {
			s.t.Errorf("%v's order is of %d less what was given back, the shop keeps %d: %s", v, want, kept, order.body)
		}
		if want > 0 || order.total() == 0 {
			s.sold(v)
		}
	}
}

// sold takes what somebody has bought off the stock that is expected.
func (s *simulation) sold(v *visitor) {
	for sku, n := range v.lines {
		if _, kept := s.stock[sku]; kept {
			s.stock[sku] -= int64(n)
		}
	}
}

// heard asserts that whoever left a cart, and may be told of it, was.
func (s *simulation) heard() {
	s.t.Helper()
	for _, v := range s.visitors {
		if !v.agreed || v.order != "" || v.left || !v.silence.IsZero() || v.lines["beans-kade-250"] == 0 {
			continue
		}
		if s.mail(v) == nil {
			s.t.Errorf("%v left %v ten days ago and has heard nothing", v, v.lines)
		}
	}
}

// wantNothingPersonalLogged asserts that the log names nobody and nothing that opens a door.
func (s *simulation) wantNothingPersonalLogged() {
	s.t.Helper()
	logged := s.logs()
	if !strings.Contains(logged, "/carts/{id}") {
		s.t.Errorf("no request is logged:\n%s", logged)
	}
	secrets := []string{"Visser", "Wijnhaven", "example.com", "apns-of-"}
	for _, v := range s.visitors {
		secrets = append(secrets, v.token)
	}
	for _, secret := range secrets {
		if secret != "" && strings.Contains(logged, secret) {
			s.t.Errorf("the log has %q", secret)
		}
	}
}
