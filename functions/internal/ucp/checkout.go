package ucp

import (
	"slices"
	"time"

	"kassa/checkout"
)

// session is UCP's checkout with the fulfillment, discount and buyer consent extensions. CartID, what the law wants said (terms,
// returns, withdrawal, the pay button), AccessToken and payment.action are ours.
type session struct {
	UCP         meta             `json:"ucp"`
	ID          string           `json:"id"`
	CartID      string           `json:"cart_id"`
	Status      checkout.Status  `json:"status"`
	LineItems   []lineItem       `json:"line_items"`
	Buyer       *buyer           `json:"buyer,omitempty"`
	Context     *shoppingContext `json:"context,omitempty"`
	Currency    string           `json:"currency"`
	Totals      []total          `json:"totals"`
	Estimated   bool             `json:"totals_estimated"`
	Fulfillment fulfillment      `json:"fulfillment"`
	Discounts   discounts        `json:"discounts"`
	Payment     payment          `json:"payment"`
	Messages    []message        `json:"messages"`
	Links       []link           `json:"links"`
	Terms       string           `json:"terms_version"`
	Returns     string           `json:"returns_version"`
	Withdrawal  *withdrawal      `json:"withdrawal,omitempty"`
	ReturnDays  *int             `json:"return_days,omitempty"`
	PayButton   string           `json:"pay_button,omitempty"`
	ContinueURL string           `json:"continue_url,omitempty"`
	ExpiresAt   *time.Time       `json:"expires_at,omitempty"`
	Order       *confirmation    `json:"order,omitempty"`
	AccessToken string           `json:"access_token,omitempty"`
}

// payment never echoes instruments: credentials flow to us only. It lists the cards that the shopper has saved, which can be
// paid with by their id.
type payment struct {
	Instruments []savedCard `json:"instruments"`
	Action      *action     `json:"action,omitempty"`
}

// savedCard is UCP's card_payment_instrument.
type savedCard struct {
	ID      string      `json:"id"`
	Handler string      `json:"handler_id"`
	Type    string      `json:"type"`
	Display cardDisplay `json:"display"`
}

type cardDisplay struct {
	Brand  string `json:"brand"`
	Digits string `json:"last_digits"`
	Month  int    `json:"expiry_month,omitempty"`
	Year   int    `json:"expiry_year,omitempty"`
}

// action is what the shopper must do before the money can move, for the provider's SDK. Of type payment_sheet it opens the
// provider's sheet; the key and the customer of that are only there in the answer that prepared it.
type action struct {
	Type           string `json:"type"`
	ClientSecret   string `json:"client_secret,omitempty"`
	URL            string `json:"url,omitempty"`
	ReturnURL      string `json:"return_url,omitempty"`
	PublishableKey string `json:"publishable_key,omitempty"`
	Customer       string `json:"customer,omitempty"`
	EphemeralKey   string `json:"ephemeral_key,omitempty"`
}

type confirmation struct {
	ID        string `json:"id"`
	Permalink string `json:"permalink_url"`
}

// Checkout returns what a session looks like in a language.
func (w *Wire) Checkout(language string, v checkout.SessionView) any {
	s, x := speaker{language}, v.Session
	out := session{
		UCP: success(nameCheckout, "fulfillment", "discount", "buyer_consent"), ID: x.ID, CartID: x.CartID, Status: x.Status,
		LineItems: s.lineItems(x.Quote), Buyer: buyerFrom(x.Buyer), Context: contextFrom(x.Context), Currency: string(x.Quote.Currency),
		Totals: s.totals(x.Quote), Estimated: x.Quote.Estimated, Fulfillment: w.fulfillment(s, x), Discounts: s.discounts(x.Codes, x.Quote),
		Payment: payment{Instruments: savedCards(v), Action: w.action(v)}, Messages: s.messages(v.Messages), Links: w.links(),
		Terms: w.shop.Terms, ContinueURL: w.continueURL(x), AccessToken: v.Token,
	}
	handlers := w.handlers(s, v)
	out.UCP.Handlers = &handlers
	out.Returns, out.Withdrawal = w.shop.ReturnsVersion(), w.withdrawal(s, w.shop.WithdrawalDays(x))
	if country, ok := w.shop.CountryOf(x); ok {
		out.ReturnDays, out.PayButton = &country.ReturnDays, w.payButton(s, country)
	}
	if !x.Status.Final() {
		out.ExpiresAt = timeOf(x.ExpiresAt)
	}
	if x.Order != nil && x.Status == checkout.StatusCompleted {
		out.Terms, out.Returns, out.Withdrawal = x.Order.Terms, x.Order.Returns, w.withdrawal(s, x.Order.WithdrawalDays)
		out.Order = &confirmation{x.Order.ID, w.shop.OrderPage(*x.Order)}
	}
	return out
}

// continueURL is where the shopper can go on: at the bank or app that waits for them, else in the shop's own page or app.
func (w *Wire) continueURL(x checkout.Session) string {
	switch {
	case x.Status.Final():
		return ""
	case x.Status == checkout.StatusEscalated && x.Intent != nil && x.Intent.Action != nil && x.Intent.Action.URL != "":
		return x.Intent.Action.URL
	}
	return w.page("checkout", x.ID)
}

// savedCards lists what can be paid with at once.
func savedCards(v checkout.SessionView) []savedCard {
	out := []savedCard{}
	offered := slices.ContainsFunc(v.Offers, func(o checkout.Offer) bool { return o.Handler == checkout.HandlerSavedCard })
	if v.Session.Wallet == nil || !offered {
		return out
	}
	for _, c := range v.Session.Wallet.Cards {
		out = append(out, savedCard{c.ID, checkout.HandlerSavedCard, "card", cardDisplay{c.Brand, c.Last4, c.ExpMonth, c.ExpYear}})
	}
	return out
}

func (w *Wire) action(v checkout.SessionView) *action {
	x := v.Session
	if x.Status != checkout.StatusEscalated || x.Intent == nil || x.Intent.Action == nil {
		return nil
	}
	a := x.Intent.Action
	out := &action{Type: a.Type, ClientSecret: x.Intent.ClientSecret, URL: a.URL, ReturnURL: a.ReturnURL}
	if out.ReturnURL == "" && x.Attempt != nil {
		out.ReturnURL = x.Attempt.ReturnURL
	}
	if a.Type == checkout.ActionSheet {
		out.PublishableKey = w.shop.Wallets.PublishableKey
	}
	if v.Sheet != nil {
		out.Customer, out.EphemeralKey = v.Sheet.Customer, v.Sheet.EphemeralKey
	}
	return out
}
