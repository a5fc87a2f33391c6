package ucp

import (
	"time"

	"kassa/checkout"
)

// cart is UCP's. Status, CheckoutID and AccessToken are ours.
type cart struct {
	UCP         meta             `json:"ucp"`
	ID          string           `json:"id"`
	Status      string           `json:"status"`
	LineItems   []lineItem       `json:"line_items"`
	Buyer       *buyer           `json:"buyer,omitempty"`
	Context     *shoppingContext `json:"context,omitempty"`
	Currency    string           `json:"currency"`
	Totals      []total          `json:"totals"`
	Estimated   bool             `json:"totals_estimated"`
	Discounts   discounts        `json:"discounts"`
	Messages    []message        `json:"messages"`
	Links       []link           `json:"links"`
	ContinueURL string           `json:"continue_url,omitempty"`
	CheckoutID  string           `json:"checkout_id,omitempty"`
	ExpiresAt   *time.Time       `json:"expires_at,omitempty"`
	AccessToken string           `json:"access_token,omitempty"`
}

// States of a cart.
const (
	cartOpen     = "open"
	cartLocked   = "locked" // a session is paying it, or has paid it
	cartCanceled = "canceled"
)

// Cart returns what a cart looks like in a language.
func (w *Wire) Cart(language string, v checkout.CartView) any {
	s := speaker{language}
	out := cart{
		UCP: success(nameCart, "discount"), ID: v.Cart.ID, Status: cartOpen, LineItems: s.lineItems(v.Quote),
		Buyer: buyerFrom(v.Cart.Buyer), Context: contextFrom(v.Cart.Context), Currency: string(v.Cart.Currency),
		Totals: s.totals(v.Quote), Estimated: v.Quote.Estimated, Discounts: s.discounts(v.Cart.Codes, v.Quote),
		Messages: s.messages(v.Messages), Links: w.links(), CheckoutID: v.Cart.Session, ExpiresAt: timeOf(v.Cart.ExpiresAt),
		AccessToken: v.Token,
	}
	switch {
	case v.Cart.Canceled:
		out.Status = cartCanceled
	case v.Cart.Session != "":
		out.Status = cartLocked
	default:
		out.ContinueURL = w.page("cart", v.Cart.ID)
	}
	return out
}
