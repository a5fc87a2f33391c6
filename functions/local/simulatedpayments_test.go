package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// open begins a session, or finds the one that there is.
func (s *simulation) open(v *visitor) {
	s.t.Helper()
	s.changed(v, s.ask(v, http.MethodPost, "/checkout-sessions", `{"cart_id":"`+v.id+`",`+home+`}`))
}

// note keeps what an answer about a session says.
func (s *simulation) note(v *visitor, a reply) {
	s.t.Helper()
	if a.at("totals") == "" {
		return // refused
	}
	if id := a.at("id"); strings.HasPrefix(id, "cs_") {
		v.session = id
	}
	v.shown, v.page = a.total(), a.at("continue_url")
	if a.at("status") == "canceled" {
		v.session = ""
	}
	if a.at("status") == "completed" {
		if order := a.at("order.id"); v.order == "" {
			v.order, v.silence = order, s.now()
		} else if order != v.order {
			s.t.Errorf("%v has two orders: %s and %s", v, v.order, order)
		}
	}
}

// changed is note for requests that change a session: it may tell that there are fewer of something, or none, and then the cart has that.
func (s *simulation) changed(v *visitor, a reply) {
	s.t.Helper()
	codes := a.messageCodes()
	if a.at("totals") != "" && (slices.Contains(codes, "quantity_adjusted") || slices.Contains(codes, "out_of_stock")) {
		v.lines = linesIn(a)
	}
	s.note(v, a)
}

// card is one of the provider's test cards.
func (s *simulation) card() string {
	return one(s, "pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired", "pm_sandbox_processing",
		"pm_sandbox_processing_fails")
}

// pay agrees to the total that was seen last, which may be an old one.
func (s *simulation) pay(v *visitor) {
	s.t.Helper()
	if v.session == "" {
		s.open(v)
	}
	if v.session == "" {
		return
	}
	v.agreeTo[v.session] = max(v.agreeTo[v.session], v.shown)
	s.changed(v, s.ask(v, http.MethodPost, "/checkout-sessions/"+v.session+"/complete", `{`+paid(s.card(), v.shown)+`}`))
}

// buyAtOnce pays the cart in one request.
func (s *simulation) buyAtOnce(v *visitor) {
	s.t.Helper()
	a := s.ask(v, http.MethodPost, "/checkout-sessions", v.purchase(s.card(), v.shown))
	if id := a.at("id"); strings.HasPrefix(id, "cs_") {
		v.agreeTo[id] = max(v.agreeTo[id], v.shown)
	}
	s.changed(v, a)
}

// payTwice pays on two devices at once.
func (s *simulation) payTwice(v *visitor) {
	s.t.Helper()
	if v.session == "" || s.restart != nil {
		return // of a shop that dies, one of the two would have to wait for the other's restart
	}
	v.agreeTo[v.session] = max(v.agreeTo[v.session], v.shown)
	var both [2]reply
	var errs [2]error
	var all sync.WaitGroup
	for i, card := range []string{s.card(), s.card()} {
		all.Go(func() {
			both[i], errs[i] = s.try(http.MethodPost, "/checkout-sessions/"+v.session+"/complete", `{`+paid(card, v.shown)+`}`,
				"Authorization", v.auth(), "Idempotency-Key", key())
		})
	}
	all.Wait()
	for i, a := range both {
		if errs[i] != nil {
			s.t.Fatal(errs[i])
		}
		s.say("%v: pays on two devices → %d %s", v, a.status, a.at("status"))
		s.changed(v, a)
	}
}

// visitBank does what the bank's page asks for, or gives up there.
func (s *simulation) visitBank(v *visitor) {
	s.t.Helper()
	page, err := url.Parse(v.page)
	if err != nil || !strings.HasPrefix(v.page, "http://127.0.0.1") {
		return // a page of the shop's
	}
	result := one(s, "succeed", "succeed", "fail")
	a := s.insist(http.MethodPost, page.RequestURI(), "result="+result, "Content-Type", "application/x-www-form-urlencoded")
	s.say("%v: bank %s → %d", v, result, a.status)
	v.page = ""
}

func (s *simulation) read(v *visitor) {
	s.t.Helper()
	if v.session != "" {
		s.note(v, s.ask(v, http.MethodGet, "/checkout-sessions/"+v.session, "").want(http.StatusOK))
	}
}

// prepare opens the provider's sheet in the app.
func (s *simulation) prepare(v *visitor) {
	s.t.Helper()
	if v.session == "" {
		s.open(v)
	}
	if v.session == "" {
		return
	}
	v.agreeTo[v.session] = max(v.agreeTo[v.session], v.shown)
	a := s.ask(v, http.MethodPost, "/checkout-sessions/"+v.session+"/prepare",
		fmt.Sprintf(`{"context":{"platform":"ios"},"expected_total":%d}`, v.shown))
	s.changed(v, a)
	s.tooLate(v, a)
	if secret := a.at("payment.action.client_secret"); secret != "" {
		v.secret = secret
		if s.random.IntN(3) > 0 {
			s.confirm(v)
		}
	}
}

// tooLate has a request not repeated that wanted something of a checkout which turned out to be paid: asked again it is refused for that.
func (s *simulation) tooLate(v *visitor, a reply) {
	if a.at("status") == "completed" {
		v.last = nil
	}
}

// confirm presses the sheet's button, also of a sheet that should be closed by now.
func (s *simulation) confirm(v *visitor) {
	s.t.Helper()
	if v.secret == "" {
		return
	}
	how := one(s, "payment_method=pm_card_visa", "payment_method=pm_card_chargeDeclined", "payment_method_data[type]=ideal",
		"payment_method=pm_sandbox_processing")
	intent, _, _ := strings.Cut(v.secret, "_secret_")
	a := s.insist(http.MethodPost, "/v1/payment_intents/"+intent+"/confirm",
		how+"&return_url=https://kade9.example/app/return&client_secret="+v.secret,
		"Content-Type", "application/x-www-form-urlencoded", "Authorization", "Bearer pk_test_sandbox")
	if page := a.at("next_action.redirect_to_url.url"); page != "" {
		v.page = page
	}
	s.say("%v: sheet %s → %d %s %s", v, how, a.status, a.at("status"), a.at("error.code"))
}

// useCode takes a discount, or leaves it.
func (s *simulation) useCode(v *visitor) {
	s.t.Helper()
	if v.session != "" {
		codes := one(s, `"WELCOME10"`, `"QUAY5"`, ``)
		a := s.ask(v, http.MethodPatch, "/checkout-sessions/"+v.session, `{"discounts":{"codes":[`+codes+`]}}`)
		s.changed(v, a)
		s.tooLate(v, a)
	}
}

func (s *simulation) cancel(v *visitor) {
	s.t.Helper()
	if v.session != "" && s.random.IntN(2) == 0 {
		s.note(v, s.ask(v, http.MethodPost, "/checkout-sessions/"+v.session+"/cancel", ""))
	}
}

// office has the merchant give money back, or all of it with the goods.
func (s *simulation) office(v *visitor) {
	s.t.Helper()
	if s.admin == "" || v.order == "" {
		return
	}
	what, body := "refund", `{"amount":`+strconv.Itoa(1+s.random.IntN(900))+`}`
	if s.random.IntN(3) == 0 {
		what, body = "cancel", `{"reason":"broken in the warehouse"}`
	}
	a := s.insist(http.MethodPost, "/admin/orders/"+v.order+"/"+what, body, "Authorization", "Bearer "+s.admin, "Idempotency-Key", key())
	s.say("office: %s %v %s → %d %s", what, v, body, a.status, a.at("messages.0.code"))
}
