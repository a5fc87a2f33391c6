package lambdatest_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
	"kassa/functions/internal/lambdatest"
)

// What files have in the places of the link's token, of the shopper and of the device, besides sampleHash and sampleToken.
const (
	sampleLink   = "krl_5a0c1d2e.cn5jdF83.c2lnbmF0dXJl"
	sampleBuyer  = "zoe@example.com"
	sampleBounce = "ada@example.com"
	sampleDevice = "0d9e7c1a-6f0b-4d0e-9f55-3b1c4a5e7d20"
	samplePhone  = "740f4707bebcf74f9b7c25d48e3358945f6aa01da5ddb387462c7eaf61bb78ad"
	sampleKey    = "5f0c9c2e-7d1b-4b8e-9a63-2f6f0f6b1c31" // of the request that makes the cart
)

// month is a shop over some weeks, with functions whose clock is moved. Of sweep and outbox there are two processes each: schedules
// and streams may have runs overlap.
type month struct {
	*testing.T
	*account
	clock         string // the file that says how far it is ahead
	functions     map[string]*process
	sweep, outbox []*process
	read          map[string]bool // records of streams
}

func newMonth(t *testing.T) *month {
	t.Helper()
	m := &month{
		T: t, account: newAccount(t), clock: filepath.Join(t.TempDir(), "later"), functions: map[string]*process{}, read: map[string]bool{},
	}
	for _, f := range []string{"cart", "checkout"} {
		m.functions[f] = m.later(t, f, m.clock)
	}
	for _, f := range []string{"feedback", "admin", "webhook"} { // these are told the time, or need none
		m.functions[f] = m.start(t, f)
	}
	for range 2 {
		m.sweep, m.outbox = append(m.sweep, m.later(t, "sweep", m.clock)), append(m.outbox, m.later(t, "outbox", m.clock))
	}
	m.takeWebhooks(m.functions["webhook"])
	return m
}

// send hands a file of events/ to its function, with pairs of what stands in it and what is there instead.
func (m *month) send(file string, instead ...string) reply {
	m.Helper()
	function, _, _ := strings.Cut(file, "-")
	return ask(m, m.functions[function], m.event(file, instead...))
}

func (m *month) event(file string, instead ...string) []byte {
	m.Helper()
	return []byte(strings.NewReplacer(instead...).Replace(string(sample(m, "events/"+file+".json"))))
}

// report hands feedback about an address to its function.
func (m *month) report(file, address string) {
	m.Helper()
	answer, err := m.functions["feedback"].Invoke(m.Context(), m.event(file, sampleBounce, address))
	if err != nil || string(answer) != nothing {
		m.Fatalf("%s: answer %s, %v", file, answer, err)
	}
}

// leaves has somebody fill a cart, agree to hear about it, and go.
func (m *month) leaves(email string) shopper {
	m.Helper()
	_, own, _ := strings.Cut(key(), ": ")
	w := m.send("cart-leave", sampleBuyer, email, sampleKey, own).want(http.StatusCreated)
	return shopper{cart: w.at("id"), me: w.at("access_token")}
}

// ids put a shopper's own ids in the places of the files'.
func (s shopper) ids() []string {
	return []string{sampleHash, strings.TrimPrefix(s.cart, "ct_"), sampleToken, s.me}
}

// at lets time pass until so long after the beginning, and everything happen that schedules and streams do then.
func (m *month) at(ahead string) {
	m.Helper()
	write(m, m.clock, ahead)
	for _, answer := range m.together(m.sweep, m.event("sweep-carts")) {
		if answer != nothing {
			m.Fatalf("the sweep answers %s", answer)
		}
	}
	m.handOn()
}

// handOn hands the outbox what streams tell: two of its processes at once, then once more.
func (m *month) handOn() {
	m.Helper()
	for _, from := range []source{m.ofCarts(), m.ofSessions()} {
		records := m.unread(from)
		if len(records) == 0 {
			continue
		}
		batch := m.batch(from, records)
		m.together(m.outbox, batch) // who comes second may have to come again
		for range 2 {
			if answer, err := m.outbox[0].Invoke(m.Context(), batch); err != nil || string(answer) != failed() {
				m.Fatalf("the outbox answers %s, %v, log: %s", answer, err, m.outbox[0].Logs())
			}
		}
	}
}

// unread are the records of a stream that nobody has read so far.
func (m *month) unread(from source) []json.RawMessage {
	m.Helper()
	records := slices.DeleteFunc(m.told(m, from), func(r json.RawMessage) bool { return m.read[changeOf(m, r).EventID] })
	for _, r := range records {
		m.read[changeOf(m, r).EventID] = true
	}
	return records
}

// batch is the event that Lambda's poller makes of records: in the shape of the sample.
func (m *month) batch(from source, records []json.RawMessage) []byte {
	m.Helper()
	file := map[string]string{m.tables.Carts: "outbox-follow-up", m.tables.Sessions: "outbox-order-placed"}[from.table]
	var shape struct{ Records []map[string]json.RawMessage }
	must(m, json.Unmarshal(m.event(file), &shape))
	var event struct{ Records []map[string]json.RawMessage }
	for _, r := range records {
		filled, own := maps.Clone(shape.Records[0]), map[string]json.RawMessage{}
		must(m, json.Unmarshal(r, &own))
		for _, name := range []string{"eventID", "eventName", "dynamodb"} {
			filled[name] = own[name]
		}
		event.Records = append(event.Records, filled)
	}
	out, err := json.Marshal(event)
	must(m, err)
	return out
}

// wantLikeSample checks that the sample of the carts' stream is what the table streams of such a cart, attribute by attribute.
func (m *month) wantLikeSample() {
	m.Helper()
	var file struct{ Records []json.RawMessage }
	must(m, json.Unmarshal(m.event("outbox-follow-up"), &file))
	shapes := [2]map[string]string{}
	for i, record := range []json.RawMessage{file.Records[0], m.told(m, m.ofCarts())[0]} {
		shapes[i] = map[string]string{}
		for name, value := range changeOf(m, record).DynamoDB.NewImage {
			shapes[i][name] = strings.Join(slices.Sorted(maps.Keys(value)), " ")
		}
	}
	if !maps.Equal(shapes[0], shapes[1]) {
		m.Errorf("events/outbox-follow-up.json has an image of %v, the table streams %v", shapes[0], shapes[1])
	}
}

// together hands an event to processes at once.
func (m *month) together(all []*process, event []byte) []string {
	m.Helper()
	answers, errs := make([]string, len(all)), make([]error, len(all))
	var group sync.WaitGroup
	for i, f := range all {
		group.Go(func() {
			var answer []byte
			answer, errs[i] = f.Invoke(m.Context(), event)
			answers[i] = string(answer)
		})
	}
	group.Wait()
	for i := range all {
		if errs[i] != nil {
			m.Fatalf("%s: %v, log: %s", all[i].name, errs[i], all[i].Logs())
		}
	}
	return answers
}

// wantSent checks how many messages there are of each sort since the beginning, and that none was sent twice.
func (m *month) wantSent(pushes, mails int) {
	m.Helper()
	if p, l := m.phones.got(), m.mail.got(); len(p) != pushes || len(l) != mails {
		m.Fatalf("%d push messages and %d e-mails were sent, want %d and %d: %+v %+v", len(p), len(l), pushes, mails, p, l)
	}
	m.wantMailedOnce(m)
}

// day is a day of the report, counted from now.
func day(from int) string { return time.Now().AddDate(0, 0, from).UTC().Format(time.DateOnly) }

// TestCartsThatWereLeft tells of carts that were left, through the binaries, with the events that reach them on AWS: by the API, by
// schedules, by streams, by SES's feedback.
func TestCartsThatWereLeft(t *testing.T) {
	t.Parallel()
	m := newMonth(t)
	write(t, m.clock, "0s")
	m.comesBack()
	m.heedsWhatPeopleSay()
	m.outlivesItsWorkers()
	for _, f := range append(slices.Concat(m.sweep, m.outbox), slices.Collect(maps.Values(m.functions))...) {
		for _, personal := range []string{"@example.com", "Zoë", "Keizersgracht", "krl_", "kat_", "740f4707"} {
			if strings.Contains(f.Logs(), personal) {
				t.Errorf("%s logs %q: %s", f.name, personal, f.Logs())
			}
		}
	}
}

// comesBack follows somebody who is reminded by push and by e-mail, opens the e-mail's link on another phone, and buys.
func (m *month) comesBack() {
	m.Helper()
	left := m.leaves(sampleBuyer)
	m.send("cart-device", left.ids()...).want(http.StatusOK).wantAt("reachable", "true")
	m.at("50m")
	m.wantSent(0, 0)
	m.at("1h")
	m.wantSent(1, 0)
	m.wantLikeSample()
	push := m.phones.got()[0]
	push.wantText(m.T, "Je winkelwagen is bewaard", "Bij Kade 9 liggen 2 artikelen voor je klaar.")
	if push.to != samplePhone || push.token(m.T, "r") == "" {
		m.Errorf("the push is %+v", push)
	}
	m.at("20h")
	m.wantSent(1, 1)
	mail := m.mail.got()[0]
	mail.wantText(m.T, "Zoë", "Kade huisespresso, 250 g", "2 × € 9,95 = € 19,90")
	if mail.to != sampleBuyer || mail.tags["kind"] != "follow_up" || mail.tags["stage"] != "email" || mail.token(m.T, "unsubscribe") == "" ||
		!strings.Contains(plain.Replace(mail.html), "Kade huisespresso") {
		m.Errorf("the e-mail is %+v", mail)
	}

	link := mail.token(m.T, "r")
	for range 2 { // scanners of mail follow links
		m.send("cart-land-forged", sampleLink, link).want(http.StatusOK)
	}
	back := m.send("cart-recover-forged", sampleLink, link, sampleDevice, "another-phone").want(http.StatusOK)
	again := m.send("cart-recover-forged", sampleLink, link, sampleDevice, "another-phone").want(http.StatusOK)
	own := shopper{cart: back.at("id"), me: back.at("access_token")}
	if own.cart == left.cart || own.cart != again.at("id") || strings.Contains(back.body, sampleBuyer) {
		m.Fatalf("the link brings %s", back.body)
	}
	m.send("cart-recover-forged", sampleLink, link, sampleDevice, "phone-of-mallory").want(http.StatusNotFound)

	own.session = m.send("checkout-create", own.ids()...).want(http.StatusCreated).at("id")
	own.total = m.send("checkout-complete", own.ids()...).want(http.StatusOK).wantAt("status", "completed").total()
	m.wantPaidOnce(m, own)
	must(m, m.provider.Run(m.Context(), m.now())) // the webhook finds it done
	if left := m.provider.Undelivered(); len(left) > 0 {
		m.Errorf("the webhook has not taken %+v", left)
	}
	m.handOn()
	m.wantSent(1, 2)
	if receipt := m.mail.got()[1]; receipt.tags["kind"] != "service" || receipt.to != sampleBuyer {
		m.Errorf("the receipt is %+v", receipt)
	}
	for _, later := range []string{"68h", "260h"} {
		m.at(later)
	}
	m.wantSent(1, 2)
	m.send("admin-report", "2026-11-01", day(-1), "2026-11-23", day(12)).want(http.StatusOK).wantAt(
		"total.recovered", "1", "total.recovered_revenue", `{"EUR":2985}`, "total.followed_up", `{"email":1,"push":1}`,
		"total.abandoned", `{"no_checkout":1}`, "total.clicked", "1", "total.orders", "1")
}

// heedsWhatPeopleSay follows several people who leave at once. Bob comes back for a discount; Cleo's address bounces before the first
// e-mail; Dora complains about it; Eve unsubscribes with one tap.
func (m *month) heedsWhatPeopleSay() {
	m.Helper()
	before := len(m.mail.got())
	write(m, m.clock, "300h")
	bob, cleo, dora, eve := m.leaves("bob@example.com"), m.leaves("cleo@example.com"), m.leaves("dora@example.com"), m.leaves("eve@example.com")
	m.report("feedback-bounce", "cleo@example.com")
	m.at("320h")
	m.wantSent(1, before+3)
	letters := map[string]letter{}
	for _, l := range m.mail.got()[before:] {
		letters[l.to] = l
	}
	if got := slices.Sorted(maps.Keys(letters)); !slices.Equal(got, []string{"bob@example.com", "dora@example.com", "eve@example.com"}) {
		m.Fatalf("e-mails went to %q", got)
	}
	m.report("feedback-complaint", "dora@example.com")
	m.report("feedback-transient-bounce", "bob@example.com") // changes nothing
	no := letters["eve@example.com"].token(m.T, "unsubscribe")
	m.send("feedback-unsubscribe-get", sampleLink, no).want(http.StatusOK)
	m.send("feedback-unsubscribe-post", sampleLink, no).want(http.StatusOK)
	m.at("368h")
	m.wantSent(1, before+4)
	m.redeems(bob, m.mail.got()[before+3])
	m.wantClosed(cleo, recovery.WhySuppressed)
	m.wantClosed(dora, recovery.WhyEnded)
	m.wantClosed(eve, recovery.WhyEnded)
	m.leaves("eve@example.com") // no is no for her next cart too
	m.at("400h")
	m.at("480h")
	m.wantSent(1, before+5) // with Bob's receipt
}

// wantClosed checks why nobody is written to about a cart any more.
func (m *month) wantClosed(s shopper, why string) {
	m.Helper()
	c, err := m.store.Cart(m.Context(), s.cart)
	must(m, err)
	if a := c.Abandonment; a == nil || a.Closed != why {
		m.Errorf("the follow-up ends with %+v, want %s", a, why)
	}
}

// redeems has somebody buy with the code that an e-mail offers, which nobody else can use, nor he again.
func (m *month) redeems(s shopper, offer letter) {
	m.Helper()
	_, code, _ := strings.Cut(offer.text, "Jouw code: ")
	if code, _, _ = strings.Cut(code, "\n"); offer.to != "bob@example.com" || offer.tags["stage"] != "incentive" || len(code) != 20 {
		m.Fatalf("the offer is %q in %+v", code, offer)
	}
	offer.wantText(m.T, "10 % korting op deze winkelwagen")
	use := func(s shopper) reply {
		body := `{"line_items":[{"item":{"id":"beans-kade-250"},"quantity":2}],` +
			`"context":{"address_country":"NL","language":"nl"},"discounts":{"codes":["` + code + `"]}}`
		return call(m, m.functions["cart"], http.MethodPut, "/carts/"+s.cart, body, "Authorization: Bearer "+s.me, key()).want(http.StatusOK)
	}
	refused := func() {
		m.Helper()
		other := arrives(m, m.functions["cart"])
		other.me = strings.TrimPrefix(other.me, "Authorization: Bearer ")
		if w := use(other); w.total() != "2485" || w.at("messages.0.code") != checkout.MsgCodeInvalid {
			m.Errorf("another cart has %s", w.body)
		}
	}
	refused()
	if s.total = use(s).total(); s.total != "2286" {
		m.Errorf("10 %% off 1990, and 495 for shipping, are %s", s.total)
	}
	buy := `{"cart_id":"` + s.cart + `","buyer":{"email":"bob@example.com"},` + address + `,` +
		pay("pm_card_visa", `,"expected_total":`+s.total)[1:]
	for range 2 { // the second time it is the same order
		done := call(m, m.functions["checkout"], http.MethodPost, "/checkout-sessions", buy, "Authorization: Bearer "+s.me, key())
		s.session = done.wantAt("status", "completed").at("id")
		m.wantPaidOnce(m, s)
	}
	refused()
}

// outlivesItsWorkers kills workers at the moment in which they hand a push over: before SNS gets it, and before they hear that it has.
// Nobody knows which it was, so it is not sent again, and the record says that it may have been.
func (m *month) outlivesItsWorkers() {
	m.Helper()
	pushes := len(m.phones.got())
	write(m, m.clock, "600h")
	for way, taken := range map[lambdatest.Way]int{lambdatest.Before: 0, lambdatest.After: 1} {
		write(m, m.clock, "600h")
		s := m.leaves(string(way) + "@example.com")
		m.send("cart-device", append(s.ids(), samplePhone, "token-of-"+string(way))...).want(http.StatusOK)
		write(m, m.clock, "601h")
		m.together(m.sweep[:1], m.event("sweep-carts"))
		batch := m.batch(m.ofCarts(), m.unread(m.ofCarts()))
		victim := m.later(m.T, "outbox", m.clock)
		write(m, m.clock, "601h")
		m.border.ArmAt("sns POST /", 3, way, victim.Kill) // after those that make the endpoint
		if _, err := victim.Invoke(m.Context(), batch); !errors.Is(err, lambdatest.ErrEnded) {
			m.Fatalf("the worker was to be killed %s SNS has the push: %v", way, err)
		}
		m.border.Disarm()
		write(m, m.clock, "601h5m")
		for range 2 {
			if answer, err := m.outbox[0].Invoke(m.Context(), batch); err != nil || string(answer) != failed() {
				m.Errorf("after a worker's death the outbox answers %s, %v", answer, err)
			}
		}
		c, err := m.store.Cart(m.Context(), s.cart)
		must(m, err)
		if f := c.Abandonment.FollowUps; len(f) != 1 || f[0].State != string(recovery.StateUnknown) || len(c.Notices) > 0 {
			m.Errorf("of a push that may have been sent is recorded %+v, %v", f, c.Notices)
		}
		if pushes += taken; len(m.phones.got()) != pushes {
			m.Errorf("killed %s the call, %d pushes were sent, want %d", way, len(m.phones.got()), pushes)
		}
	}
}
