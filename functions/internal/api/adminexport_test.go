package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
	"kassa/checkout/recovery/wording"
	"kassa/checkout/statistics"
	"kassa/payments/money"
)

// What a customer did who bought, withdrew and got money back, left a cart, and is just paying for another one, is told to the last
// step, and everything of it is described.
func TestExportTellsAStory(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	me := s.bearer(t, "ada")
	s.call(t, http.MethodPut, "/devices/phone-of-ada", `{"push_token":"apns","platform":"ios","permission":"granted","locale":"nl-NL",`+
		`"time_zone":"Europe/Amsterdam","consent":{"marketing":true,"wording":"2026-01"}}`, me).want(http.StatusOK)
	order := s.withdrawn(t, me)
	left := s.remindedOf(t, me)
	open := s.call(t, http.MethodPost, "/carts", `{"line_items":[`+itemsOf("mug")+`],"discounts":{"codes":["nope"]}}`, me, s.key()).
		want(http.StatusCreated).at("id")
	id := s.call(t, http.MethodPost, "/checkout-sessions", `{"cart_id":"`+open+`"}`, me, s.key()).want(http.StatusCreated).at("id")
	body := strings.Replace(paidBody, "pm_card_visa", "pm_card_authenticationRequired", 1)
	s.call(t, http.MethodPost, "/checkout-sessions/"+id+"/complete", body, me, s.key()).want(http.StatusOK).
		wantAt("status", "requires_escalation")

	w := s.do(t, http.MethodPost, "/admin/people/export", `{"email":"ada@example.com","customer":"ada"}`).want(http.StatusOK)
	find := func(list, id string) string {
		for i := 0; w.at(fmt.Sprintf("%s.%d", list, i)) != ""; i++ {
			if at := fmt.Sprintf("%s.%d.", list, i); w.at(at+"id") == id {
				return at
			}
		}
		t.Fatalf("no %s among %s: %s", id, list, w.Body)
		return ""
	}
	paid, cart := find("sessions", checkout.SessionOfOrder(order)), find("carts", left)
	paying, person := find("sessions", id), find("contacts", checkout.PersonOfCustomer("ada"))
	w.wantAt("history.0.order_id", order, "history.0.total.minor", "1785", "profile.agreed.order_id", order,
		"profile.destinations.0.street_address", "Keizersgracht 1", "profile.declines.1", "", "profile.provider_customer", w.at(paid+"provider_customers.0"),
		paid+"tries.0.reason", "declined", paid+"tries.1.reason", "", paid+"quote.line_items.0.unit_price.minor", "1290",
		paid+"quote.delivery.id", "standard", paid+"quote.shipping.minor", "495", paid+"quote.total.currency", "EUR", paid+"payment.status", "paid",
		paid+"order.fulfillments.0.tracking_number", "3S1", paid+"order.withdrawals.0.reason", "too small", paid+"order.refunds.0.amount.minor",
		"1290", paid+"order.refunds.0.withdrawal_id", w.at(paid+"order.withdrawals.0.id"), paid+"order.refunds.0.line_items.0.id", "li_mug",
		cart+"abandonment.follow_ups.0.state", "sent", cart+"buyer.consent.marketing", "true",
		paying+"attempt.handler_id", "apple_pay", paying+"quote.refused_codes.0.reason", "unknown", paying+"waits", "paying",
		paying+"cards.0.last_digits", "4242", person+"devices.0.push_token", "apns", person+"consents.0.channel", "push",
		person+"consents.0.wording", "2026-01", person+"arm.arm", "holdout", "messages.0.reason", "receipt", "measured.0.arms.0.arm", "holdout",
		"measured.0.purchases.0.net.minor", "495")
	find("contacts", recovery.ContactOfToken("apns"))
	session, err := s.store.Session(t.Context(), checkout.SessionOfOrder(order))
	if err != nil {
		t.Fatal(err)
	}
	if text := w.Body.String(); strings.Contains(text, "_secret_") || strings.Contains(text, session.Order.Page) {
		t.Errorf("the export opens something: %s", text)
	}
}

// withdrawn is an order of a customer's who kept the card, withdrew from it and got the money back.
func (s *stack) withdrawn(t *testing.T, me string) (orderID string) {
	t.Helper()
	cart := s.call(t, http.MethodPost, "/carts", `{"line_items":[`+itemsOf("mug")+`],"context":{"address_country":"NL","platform":"ios"}}`, me,
		s.key()).want(http.StatusCreated).at("id")
	body := `{"cart_id":"` + cart + `","buyer":{"email":"ada@example.com","consent":{"preferences":true}},` + address + `,` +
		strings.Replace(paidBody[1:], `"instruments"`, `"keep_card":true,"instruments"`, 1)
	s.call(t, http.MethodPost, "/checkout-sessions", strings.Replace(body, "pm_card_visa", "pm_card_chargeDeclined", 1), me, s.key()).
		want(http.StatusCreated).wantAt("status", "ready_for_complete")
	s.pass(time.Second)
	w := s.call(t, http.MethodPost, "/checkout-sessions", body, me, s.key()).want(http.StatusCreated).wantAt("status", "completed")
	id, order := w.at("id"), w.at("order.id")
	if failed := s.outbox.Deliver(t.Context(), []string{id}); len(failed) > 0 {
		t.Fatal(failed)
	}
	session, err := s.store.Session(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := (checkout.HistoryConsumer{History: s.store}).Consume(t.Context(), checkout.OutboxItem{Session: session}); err != nil {
		t.Fatal(err)
	}
	change := func(what, body string) reply {
		return s.do(t, http.MethodPost, "/admin/orders/"+order+"/"+what, body, s.key()).want(http.StatusOK)
	}
	change("fulfil", `{"carrier":"PostNL","tracking_number":"3S1"}`)
	why := change("withdraw", `{"reason":"too small"}`).at("merchant.withdrawals.0.id")
	change("refund", `{"line_items":[{"id":"li_mug","quantity":1,"restock":true}],"withdrawal":"`+why+`"}`)
	sending := recovery.Sending{ID: recovery.SendingID(id, wording.Receipt, ""), Version: 1, SessionID: id, Reason: wording.Receipt,
		Person: checkout.PersonOfEmail("ada@example.com"), State: recovery.StateSent, ProviderID: "ses-1", At: s.clock(), ExpiresAt: s.clock().Add(time.Hour)}
	measured := statistics.Person{ID: checkout.PersonOfCustomer("ada"), Version: 1, Until: s.clock().AddDate(1, 0, 0),
		Entries:   []statistics.Entry{{Arm: recovery.ArmHoldout, At: s.clock(), Ends: s.clock().AddDate(0, 0, 7)}},
		Purchases: []statistics.Purchase{{OrderID: order, At: s.clock(), Version: 1, Net: money.New(495, "EUR")}}}
	if err := s.store.PutSending(t.Context(), sending); err != nil {
		t.Fatal(err)
	}
	if err := s.store.PutMeasured(t.Context(), measured, nil); err != nil {
		t.Fatal(err)
	}
	return order
}

// remindedOf is a cart of a customer's that was left and followed up.
func (s *stack) remindedOf(t *testing.T, me string) (cartID string) {
	t.Helper()
	id := s.call(t, http.MethodPost, "/carts", `{"line_items":[`+itemsOf("mug")+`],"buyer":{"email":"ada@example.com","consent":{"marketing":true}}}`, me,
		s.key()).want(http.StatusCreated).at("id")
	cart, err := s.store.Cart(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	person, f := checkout.PersonOfCustomer("ada"), cart.Following("op")
	f.Abandonment.Reason, f.Abandonment.LeftAt, f.Abandonment.Closed = "no_checkout", s.clock(), recovery.WhyEnded
	f.Abandonment.FollowUps = []checkout.FollowUp{{ID: "fu_1", Stage: "push", Channel: string(recovery.ChannelPush), ClaimedAt: s.clock(),
		State: string(recovery.StateSent), At: s.clock(), Provider: "sns-1", Person: person}}
	if _, err := s.store.FollowCart(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	contacts, err := s.store.Contacts(t.Context(), []string{person})
	if err != nil {
		t.Fatal(err)
	}
	c := contacts[person]
	c.Version, c.Op, c.Confirms = c.Version+1, "followed", []time.Time{s.clock()}
	c.Suppressed = map[recovery.Channel]recovery.Suppression{recovery.ChannelEmail: {Cause: recovery.CauseBounce, At: s.clock()}}
	c.Sends = []recovery.Send{{ID: "fu_1", Channel: recovery.ChannelPush, At: s.clock()}}
	c.Arm = &recovery.Assignment{Arm: recovery.ArmHoldout, At: s.clock(), Salt: "a", Percent: 10}
	if err := s.store.PutContact(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return id
}
