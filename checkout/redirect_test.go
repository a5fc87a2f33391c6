package checkout_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/pricing"
	"kassa/payments"
	"kassa/payments/money"
	"kassa/payments/sandbox"
)

// redirects are the methods that the shopper approves elsewhere: where each is at home, and how the provider leads there.
var redirects = map[string]struct {
	country  string
	currency money.Currency
	platform string
	action   string
}{
	"ideal":      {"NL", "EUR", "ios", "redirect_to_url"},
	"bancontact": {"BE", "EUR", "android", "redirect_to_url"},
	"swish":      {"SE", "SEK", "ios", "swish_handle_redirect_or_display_qr_code"},
	"klarna":     {"NL", "EUR", "ios", "redirect_to_url"},
	"paypal":     {"BE", "EUR", "web", "redirect_to_url"},
	"alipay":     {"NL", "EUR", "android", "alipay_handle_redirect"},
	"wechat_pay": {"NL", "EUR", "web", "wechat_pay_display_qr_code"},
}

// abroad opens the session of a mug for a country.
func (w *world) abroad(country string, currency money.Currency, platform string) (token, id string) {
	w.Helper()
	cart, err := w.carts.Create(w.Context(), checkout.CreateCartInput{Request: w.request(""), Lines: linesOf("mug", 1),
		Context: checkout.Context{Country: country, Language: "en", Currency: string(currency), Platform: platform}})
	w.ok(err)
	view, err := w.sessions.Create(w.Context(), checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID,
		Change: everything(country)})
	w.ok(err)
	if view.Session.Status != checkout.StatusReady {
		w.Fatalf("session is %s: %v", view.Session.Status, view.Messages)
	}
	return cart.Token, view.Session.ID
}

// methodOf makes a payment method as an app does, with the publishable key.
func (w *world) methodOf(kind string) string {
	w.Helper()
	a, err := w.provider.Do(w.Context(), sandbox.Request{Method: http.MethodPost, Path: "/v1/payment_methods", Params: url.Values{"type": {kind}},
		Key: "pk_test_world"})
	w.ok(err)
	var made struct{ ID string }
	w.ok(json.Unmarshal(a.Body, &made))
	return made.ID
}

func sellsInSweden(c *checkout.Config) {
	c.Shop = europeanShop()
	sweden := c.Shop.Countries["SE"]
	sweden.Shipping = []pricing.ShippingMethod{{ID: "standard", Title: map[string]string{"en": "Post"}, Prices: map[money.Currency]int64{"SEK": 4900},
		MaxDays: 3}}
	c.Shop.Countries["SE"] = sweden
}

func newEurope(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, sellsInSweden)
	mug := demoProducts()[0]
	mug.Prices["SEK"] = 17900
	w.stock(mug)
	return w
}

// Each of them through prepare and through complete: approved, refused, and approved at a bank that takes its time.
func TestRedirectMethods(t *testing.T) {
	t.Parallel()
	for kind, at := range redirects {
		begin := map[string]func(w *world, token, id string) string{
			"prepare": func(w *world, token, id string) string {
				view := w.prepare(token, id)
				if a := w.sheet(view, "payment_method_data[type]", kind); a.Status != http.StatusOK {
					w.Fatalf("the sheet is answered %d: %s", a.Status, a.Body)
				}
				w.read(token, id)
				return view.Session.Intent.ID
			},
			"complete": func(w *world, token, id string) string {
				return w.pay(token, id, w.methodOf(kind)).Session.Intent.ID
			},
		}
		ends := map[string]func(w *world, token, id, intent string){
			"approved": func(w *world, token, id, intent string) {
				w.ok(w.provider.Authenticate(intent, true))
				w.read(token, id)
				w.wantPaidOnce(id)
			},
			"refused": func(w *world, token, id, intent string) {
				w.ok(w.provider.Authenticate(intent, false))
				w.read(token, id)
				w.wait(24*time.Minute, 3*time.Minute) // a sheet may still be open
				w.wantUnpaid(id)
				w.wantStatus(id, checkout.StatusReady)
			},
			"approved at a slow bank": func(w *world, token, id, intent string) {
				w.ok(w.provider.AuthenticateLater(intent))
				if s := w.read(token, id).Session; s.Status != checkout.StatusInProgress {
					w.Fatalf("session is %s", s.Status)
				}
				w.wait(12*time.Minute, 3*time.Minute)
				w.wantPaidOnce(id)
			},
			"never": func(w *world, _, id, _ string) {
				w.wait(33*time.Minute, 3*time.Minute)
				w.wantUnpaid(id)
			},
		}
		for through, start := range begin {
			for name, end := range ends {
				t.Run(kind+" through "+through+", "+name, func(t *testing.T) {
					t.Parallel()
					w := newEurope(t)
					token, id := w.abroad(at.country, at.currency, at.platform)
					intent := start(w, token, id)
					s := w.wantStatus(id, checkout.StatusEscalated)
					if s.Intent.Action.Type != at.action || s.Intent.Action.URL == "" {
						t.Fatalf("action %+v", s.Intent.Action)
					}
					end(w, token, id, intent)
				})
			}
		}
	}
}

// A method that isn't offered is refused by the provider, for what is sent is what is offered.
func TestMethodThatIsNotOffered(t *testing.T) {
	t.Parallel()
	w := newEurope(t)
	token, id := w.abroad("BE", "EUR", "ios")
	view := w.pay(token, id, w.methodOf("ideal")) // a Dutch bank, for a Belgian
	if m := wantMessage(t, view.Messages, checkout.MsgPaymentFailed, "$.payment"); m.Args["reason"] != string(payments.ReasonInvalidToken) {
		t.Errorf("reason %s", m.Args["reason"])
	}
	w.wantUnpaid(id)
}
