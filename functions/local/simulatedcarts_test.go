package main

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
)

var wares = []string{"beans-kade-250", "beans-kade-250", "mug-quay", "tea-mint-50", "tea-oolong-80", lever}

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
	v.id, v.token, v.shown = a.at("id"), a.at("access_token"), a.total()
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
	if a.status == http.StatusOK {
		v.shown = a.total()
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
