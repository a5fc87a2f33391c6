package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

// leave fills a cart of € 46.85 as somebody in the Netherlands who agrees to hear about it, and whose phone shows messages.
func (s shopper) leave(email, phone string) cart {
	s.t.Helper()
	a := s.do(http.MethodPost, "/carts", `{"line_items":[{"item":{"id":"beans-kade-250"},"quantity":2},{"item":{"id":"cup-espresso-2"},"quantity":1}],
		"context":{"address_country":"NL","language":"nl"},"buyer":{"email":"`+email+`","consent":{"marketing":true}}}`,
		"Idempotency-Key", key()).want(http.StatusCreated)
	c := cart{a.at("id"), a.at("access_token")}
	s.do(http.MethodPut, "/devices/"+phone, `{"cart_id":"`+c.id+`","push_token":"apns-of-`+phone+`","platform":"ios","permission":"granted",
		"locale":"nl-NL","time_zone":"Europe/Amsterdam"}`, "Authorization", c.auth()).want(http.StatusOK).wantAt("reachable", "true")
	return c
}

// linkTo returns the path of the page of ours that a message links to.
func (m message) linkTo(t *testing.T, page string) string {
	t.Helper()
	path := regexp.MustCompile(`https://kade9\.example(/` + page + `/krl_[A-Za-z0-9._-]+)`).FindStringSubmatch(m.Link + "\n" + m.Text)
	if path == nil {
		t.Fatalf("no link to %s in %+v", page, m)
	}
	return path[1]
}

// wantText asserts what a message says, whichever spaces stand in its amounts.
func (m message) wantText(t *testing.T, texts ...string) {
	t.Helper()
	said := strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(m.Subject + "\n" + m.Text)
	for _, want := range texts {
		if !strings.Contains(said, want) {
			t.Errorf("the %s of stage %s lacks %q:\n%s", m.Channel, m.Stage, want, said)
		}
	}
}

// report is the merchant's report, once it says something at a place.
func (in inside) report(t *testing.T, place, want string) reply {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; {
		a := in.do(http.MethodGet, "/admin/report", "", "Authorization", "Bearer "+in.book.page.AdminKey).want(http.StatusOK)
		if a.at(place) == want || time.Now().After(end) {
			return a.wantAt(place, want)
		}
		<-time.After(50 * time.Millisecond)
	}
}

// A cart is left, followed up by a push and an e-mail, brought back by the e-mail's link on another phone, and bought. It counts as
// recovered, and nobody hears of it again.
func TestCartThatWasLeftIsRecovered(t *testing.T) {
	t.Parallel()
	s := start(t)
	left := s.leave("ada@example.com", "phone-of-ada")
	s.advance("59m")
	s.received(0)
	s.advance("1m")
	push := s.received(1)[0]
	if push.Channel != recovery.ChannelPush || push.To != "apns-of-phone-of-ada" || push.Stage != "push" || push.Reason != "no_checkout" || push.Kind != recovery.KindFollowUp {
		t.Errorf("the push is %+v", push)
	}
	push.wantText(t, "Je winkelwagen is bewaard", "Bij Kade 9 liggen 3 artikelen voor je klaar.")
	s.advance("20h")
	mail := s.received(2)[1]
	if mail.Channel != recovery.ChannelEmail || mail.To != "ada@example.com" || mail.Locale != "nl" || mail.Stage != "email" || mail.Kind != recovery.KindFollowUp {
		t.Errorf("the e-mail is %+v", mail)
	}
	mail.wantText(t, "Kade huisespresso, 250 g", "2 × € 9,95 = € 19,90", "Steengoed espressokopjes, set van 2", "1 × € 22,00", "€ 46,85")

	link := mail.linkTo(t, "r")
	before := s.do(http.MethodGet, "/carts/"+left.id, "", "Authorization", left.auth()).want(http.StatusOK)
	for range 3 { // scanners of mail follow links, from anywhere
		page := s.do(http.MethodGet, link, "", "User-Agent", "scanner").want(http.StatusOK)
		if !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") || strings.Contains(string(page.body), "espresso") {
			t.Errorf("the page is\n%s", page.body)
		}
	}
	if after := s.do(http.MethodGet, "/carts/"+left.id, "", "Authorization", left.auth()); string(after.body) != string(before.body) {
		t.Errorf("the link changed the cart:\n%s\n%s", before.body, after.body)
	}
	s.report(t, "total.clicked", "0")

	exchange := func(device string) reply {
		return s.do(http.MethodPost, "/recoveries", `{"token":"`+strings.TrimPrefix(link, "/r/")+`","device_id":"`+device+`"}`)
	}
	back := exchange("another-phone-of-ada").want(http.StatusOK)
	own := cart{back.at("id"), back.at("access_token")}
	if own.id == left.id || own.token == "" || back.total() != 4685 || strings.Contains(string(back.body), "ada@example.com") {
		t.Fatalf("the link brought %s", back.body)
	}
	exchange("another-phone-of-ada").want(http.StatusOK).wantAt("id", own.id)
	exchange("phone-of-mallory").want(http.StatusNotFound)

	body := `{"cart_id":"` + own.id + `","buyer":{"email":"ada@example.com"},` + home + `,` + paid("pm_card_visa", 4685) + `}`
	s.wantCharge(s.buy(own, body, key()).want(http.StatusCreated).wantAt("status", "completed").at("id"), 4685)
	if m := s.received(3)[2]; m.Kind != recovery.KindService || m.Reason != "receipt" || m.To != "ada@example.com" {
		t.Errorf("the receipt is %+v", m)
	}
	s.advance("240h")
	s.received(3)
	s.report(t, "total.recovered", "1").wantAt("total.recovered_revenue", `{"EUR":4685}`).wantAt("total.followed_up", `{"email":1,"push":1}`).
		wantAt("total.abandoned", `{"no_checkout":1}`).wantAt("total.clicked", "1").wantAt("total.orders", "1")
}

// A link that is opened where the cart is at home gives that cart, and its purchase counts as recovered just so.
func TestLinkAtHomeGivesTheCartThatWasLeft(t *testing.T) {
	t.Parallel()
	s := start(t)
	left := s.leave("ada@example.com", "phone-of-ada")
	s.advance("1h")
	token := strings.TrimPrefix(s.received(1)[0].linkTo(t, "r"), "/r/")
	s.do(http.MethodPost, "/recoveries", `{"token":"`+token+`","device_id":"phone-of-ada"}`, "Authorization", left.auth()).
		want(http.StatusOK).wantAt("id", left.id)
	s.buy(left, left.purchase("pm_card_visa", 4685), key()).want(http.StatusCreated).wantAt("status", "completed")
	s.advance("240h")
	s.received(2) // the push and the receipt
	s.report(t, "total.recovered", "1").wantAt("total.followed_up", `{"push":1}`).wantAt("total.clicked", "1")
}

// A cart that is left through all stages is offered a discount: for itself and what its link restores, and once.
func TestIncentiveForOneCartOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	left := s.leave("ada@example.com", "phone-of-ada")
	s.advance("67h59m")
	s.received(2)
	s.advance("1m")
	mail := s.received(3)[2]
	_, code, _ := strings.Cut(mail.Text, "Jouw code: ")
	if code, _, _ = strings.Cut(code, "\n"); mail.Stage != "incentive" || len(code) != 20 {
		t.Fatalf("the offer is %q in %+v", code, mail)
	}
	mail.wantText(t, "10 % korting op deze winkelwagen", "€ 46,85")

	use := func(c cart) reply {
		return s.do(http.MethodPut, "/carts/"+c.id, `{"line_items":[{"item":{"id":"beans-kade-250"},"quantity":2},{"item":{"id":"cup-espresso-2"},"quantity":1}],
			"context":{"address_country":"NL","language":"nl"},"buyer":{"email":"ada@example.com"},"discounts":{"codes":["`+code+`"]}}`,
			"Authorization", c.auth(), "Idempotency-Key", key()).want(http.StatusOK)
	}
	refused := func(c cart) {
		t.Helper()
		if a := use(c); a.total() != 4685 || strings.Join(a.messageCodes(), " ") != checkout.MsgCodeInvalid {
			t.Errorf("another cart has %s", a.body)
		}
	}
	other := s.fill("beans-kade-250")
	refused(other)
	back := s.do(http.MethodPost, "/recoveries", `{"token":"`+strings.TrimPrefix(mail.linkTo(t, "r"), "/r/")+`","device_id":"another-phone-of-ada"}`).
		want(http.StatusOK)
	restored := cart{back.at("id"), back.at("access_token")}
	if a := use(restored); a.total() != 4266 {
		t.Errorf("what the link restored has %s", a.body)
	}
	// 10 % is 199 off the beans and 220 off the cups. 21 %: 2475/1.21 = 2045 (2045.5); 9 %: 1791/1.09 = 1643 (1643.1).
	use(left).wantEntries("totals", "subtotal 4190", "discount -419", "fulfillment 495", "total 4266", "of which 3688", "of which 430",
		"of which 148")
	s.buy(left, left.purchase("pm_card_chargeDeclined", 4266), key()).want(http.StatusCreated).wantAt("status", "ready_for_complete")
	done := s.buy(left, left.purchase("pm_card_visa", 4266), key()).want(http.StatusCreated).wantAt("status", "completed")
	s.wantCharge(done.at("id"), 4266)
	s.buy(left, left.purchase("pm_card_visa", 4266), key()).wantAt("id", done.at("id")) // the same order
	refused(s.leave("ada@example.com", "phone-of-ada"))
	if a := use(restored); a.total() != 4685 {
		t.Errorf("with the code used up, what the link restored has %s", a.body)
	}
	s.wantCharge(done.at("id"), 4266)
	s.report(t, "total.recovered", "1").wantAt("total.recovered_revenue", `{"EUR":4266}`)
}

// Saying no takes a POST. One tap in the mail program ends the e-mails, the page's button all messages, for this person's next carts too.
func TestUnsubscribing(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.leave("ada@example.com", "phone-of-ada")
	s.advance("21h")
	no := s.received(2)[1].linkTo(t, "unsubscribe")
	if page := s.do(http.MethodGet, no, "").want(http.StatusOK); !strings.Contains(string(page.body), `method="post"`) {
		t.Errorf("the page is\n%s", page.body)
	}
	s.advance("48h")
	if m := s.received(3)[2]; m.Stage != "incentive" {
		t.Errorf("looking at the page has changed something: %+v", m)
	}
	const form = "application/x-www-form-urlencoded"
	s.advance("200h") // whatever the caps count is long ago
	s.do(http.MethodPost, no, "List-Unsubscribe=One-Click", "Content-Type", form).want(http.StatusOK)
	s.leave("ada@example.com", "phone-of-ada")
	s.advance("100h")
	if m := s.received(4)[3]; m.Channel != recovery.ChannelPush {
		t.Errorf("after no to e-mail comes %+v", m)
	}
	s.do(http.MethodPost, no, "all=1", "Content-Type", form).want(http.StatusOK)
	s.advance("200h")
	s.leave("ada@example.com", "phone-of-ada")
	s.leave("ADA@example.com", "new-phone-of-ada")
	s.advance("100h")
	s.received(4)
	s.do(http.MethodPost, no[:len(no)-1], "all=1", "Content-Type", form).want(http.StatusNotFound)
}

// The settings that docs/recovery.md shows are such as it says.
func TestRecoverysPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "recovery.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(page), "\n```json\n")
	block, _, _ = strings.Cut(block, "\n```\n")
	var shown struct{ Recovery recovery.Settings }
	d := json.NewDecoder(strings.NewReader("{" + block + "}"))
	d.DisallowUnknownFields()
	if err := d.Decode(&shown); err != nil {
		t.Fatal(err)
	}
	if err := shown.Recovery.Validate(); err != nil {
		t.Error(err)
	}
	if got := shown.Recovery; !slices.Equal(got.Plan, recovery.DefaultPlan()) || !slices.Equal(got.Caps, recovery.DefaultCaps()) {
		t.Errorf("these are not the defaults: %+v", got)
	}
	for _, r := range recovery.Reasons() {
		if !strings.Contains(string(page), "`"+string(r)+"`") {
			t.Errorf("it does not tell of the reason %s", r)
		}
	}
}
