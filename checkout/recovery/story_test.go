package recovery_test

import (
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

// TestACartIsFollowedUpAndRecovered is the story of the README: a push after an hour, an e-mail after twenty, the link, the
// purchase, and no third message.
func TestACartIsFollowedUpAndRecovered(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	ada.phone("Europe/Amsterdam")
	w.pass(59 * time.Minute)
	w.sent()
	w.pass(2 * time.Minute)
	w.sent("push/push")
	push := w.postman.last()
	if push.To != "push-"+ada.id || push.Platform != "ios" || push.Locale != "nl" || push.Reason != "no_checkout" || !strings.HasPrefix(push.Link, "https://shop.example.com/r/krl_") {
		t.Errorf("push is %+v", push)
	}
	w.pass(24 * time.Hour)
	w.sent("push/push", "email/email")
	mail := w.postman.last()
	if mail.To != "ada@example.com" || mail.Locale != "en" || !strings.Contains(mail.Text, "Blue mug") || !strings.Contains(mail.Unsubscribe, "/unsubscribe/krl_") {
		t.Errorf("mail is %+v", mail)
	}
	// She opens the link on her tablet, which makes it a cart of its own there, and buys.
	_, token, _ := strings.Cut(mail.Link, "/r/")
	restored, err := w.returns.Return(t.Context(), recovery.ReturnInput{Token: token, Device: "her tablet"})
	w.ok(err)
	if restored.Cart.ID == ada.id || restored.Token == "" || len(restored.Cart.Lines) != 1 || restored.Cart.Lines[0].Quantity != 2 || restored.Cart.Buyer != (checkout.Buyer{}) {
		t.Fatalf("restored is %+v", restored.Cart)
	}
	tablet := &shopper{w: w, id: restored.Cart.ID, token: restored.Token}
	email := "ada@example.com"
	v, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(tablet.token), CartID: tablet.id,
		Change: checkout.SessionChange{Destination: destination(), Buyer: checkout.BuyerPatch{Email: &email}}})
	w.ok(err)
	if v.Session.Status != checkout.StatusReady {
		t.Fatalf("session is %s: %v", v.Session.Status, v.Messages)
	}
	order := tablet.pay("pm_card")
	if order.Session.Order == nil {
		t.Fatalf("session is %s", order.Session.Status)
	}
	w.tick()
	w.pass(10 * 24 * time.Hour)
	w.sent("push/push", "email/email")
	ada.closed(recovery.WhyBought)
	recovered := w.ledger.of(recovery.FactRecovered)
	if len(recovered) != 1 || recovered[0].OrderID != order.Session.Order.ID || recovered[0].CartID != ada.id || recovered[0].Stage != "email" || recovered[0].Amount != order.Session.Order.Amount {
		t.Errorf("recovered are %+v", recovered)
	}
}
