package main

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
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

var wares = []string{"beans-kade-250", "beans-kade-250", "mug-quay", "tea-mint-50", "tea-oolong-80", lever}

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
		s.edit, s.edit, s.edit, s.look, s.open, s.open, s.pay, s.pay, s.pay, s.buyAtOnce, s.payTwice, s.visitBank, s.visitBank, s.read, s.read,
		s.repeat, s.repeat, s.cancel, s.sayNo, s.comeBack, s.pry, s.giveUp, s.office,
	}
	switch s.random.IntN(4) {
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
	by := one(s, 10*time.Second, 2*time.Minute, 11*time.Minute, 25*time.Minute, 61*time.Minute, 7*time.Hour, 21*time.Hour, 70*time.Hour)
	if s.passed += by; s.passed > 15*24*time.Hour {
		return
	}
	s.say("%v pass", by)
	s.pass(by.String())
}

// arrive has somebody fill a cart.
func (s *simulation) arrive() {
	s.t.Helper()
	v := &visitor{email: fmt.Sprintf("visitor-%d@example.com", len(s.visitors)), agreed: s.random.IntN(3) > 0, lines: map[string]int{},
		agreeTo: map[string]int64{}}
	var lines []string
	for range 1 + s.random.IntN(2) {
		sku, n := one(s, wares...), 1+s.random.IntN(3)
		if _, twice := v.lines[sku]; !twice {
			lines = append(lines, fmt.Sprintf(`{"item":{"id":%q},"quantity":%d}`, sku, n))
			v.lines[sku] = n
		}
	}
	a := s.ask(v, http.MethodPost, "/carts", fmt.Sprintf(
		`{"line_items":[%s],"context":{"address_country":"NL","language":"nl"},"buyer":{"email":%q,"consent":{"marketing":%t}}}`,
		strings.Join(lines, ","), v.email, v.agreed)).want(http.StatusCreated)
	v.id, v.token = a.at("id"), a.at("access_token")
	s.visitors = append(s.visitors, v)
	if s.random.IntN(2) == 0 {
		s.ask(v, http.MethodPut, "/devices/phone-of-"+v.String(), `{"cart_id":"`+v.id+`","push_token":"apns-of-`+v.String()+
			`","platform":"ios","permission":"granted","locale":"nl-NL","time_zone":"Europe/Amsterdam"}`).want(http.StatusOK)
	}
}

// edit changes a line. An edit that is acknowledged is in the cart from then on; one that is refused changes nothing.
func (s *simulation) edit(v *visitor) {
	s.t.Helper()
	sku, n := one(s, wares...), 1+s.random.IntN(3)
	had := v.lines[sku]
	line := "/carts/" + v.id + "/line-items"
	var a reply
	switch {
	case had == 0:
		a = s.ask(v, http.MethodPost, line, fmt.Sprintf(`{"item":{"id":%q},"quantity":%d}`, sku, n))
	case s.random.IntN(3) == 0:
		n = 0
		a = s.ask(v, http.MethodDelete, line+"/li_"+sku, "")
	default:
		a = s.ask(v, http.MethodPatch, line+"/li_"+sku, fmt.Sprintf(`{"quantity":%d}`, n))
	}
	switch {
	case a.status == http.StatusOK && n == 0:
		delete(v.lines, sku)
	case a.status == http.StatusOK:
		v.lines[sku] = n
	case a.status != http.StatusConflict || a.at("messages.0.code") != "cart_locked" && !v.left:
		s.t.Errorf("%v's edit is refused: %d %s", v, a.status, a.body)
	}
}

// look shows the cart.
func (s *simulation) look(v *visitor) {
	s.t.Helper()
	if a, ok := s.cartOf(v); ok {
		v.shown = a.total()
	}
}

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

func (s *simulation) cancel(v *visitor) {
	s.t.Helper()
	if v.session != "" && s.random.IntN(2) == 0 {
		s.note(v, s.ask(v, http.MethodPost, "/checkout-sessions/"+v.session+"/cancel", ""))
	}
}

// giveUp cancels the cart.
func (s *simulation) giveUp(v *visitor) {
	s.t.Helper()
	if s.random.IntN(4) > 0 {
		return
	}
	if a := s.ask(v, http.MethodPost, "/carts/"+v.id+"/cancel", ""); a.status == http.StatusOK {
		v.left = true
		if v.silence.IsZero() {
			v.silence = s.now()
		}
	}
}

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

// cartOf shows a cart and asserts that it has what was acknowledged. One that is empty may be gone.
func (s *simulation) cartOf(v *visitor) (a reply, ok bool) {
	s.t.Helper()
	a = s.ask(v, http.MethodGet, "/carts/"+v.id, "")
	if len(v.lines) == 0 && a.status == http.StatusNotFound {
		return a, false
	}
	if has := linesIn(a.want(http.StatusOK)); !maps.Equal(has, v.lines) {
		s.t.Errorf("%v's cart has %v, acknowledged is %v", v, has, v.lines)
	}
	return a, true
}

// linesIn are the quantities in an answer, by sku.
func linesIn(a reply) map[string]int {
	has := map[string]int{}
	lines, _ := a.content["line_items"].([]any)
	for i := range lines {
		n, _ := strconv.Atoi(a.at(fmt.Sprintf("line_items.%d.quantity", i)))
		has[a.at(fmt.Sprintf("line_items.%d.item.id", i))] = n
	}
	return has
}
