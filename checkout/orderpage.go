package checkout

import (
	"context"
	"crypto/subtle"
	"strings"
)

// pageSecret is how many characters of an order's page nobody can guess: 80 bits of base32. The page tells nothing about the
// person who ordered.
const pageSecret = 16

// PageToken is what an order's public page is asked for with: the order's id and a secret that is no other's. It is no
// credential for anything else. "" for an order without a page.
func (o Order) PageToken() string {
	if o.Page == "" {
		return ""
	}
	return o.ID + "." + o.Page
}

// OrderPage returns the URL of an order's public page, for receipts and as UCP's permalink.
func (s Shop) OrderPage(o Order) string {
	name := o.PageToken()
	if name == "" {
		name = o.ID
	}
	return strings.TrimSuffix(s.BaseURL, "/") + "/o/" + name
}

// Page shows the order that a page's token names, to anybody who has the link. CodeNotFound.
func (s *Sessions) Page(ctx context.Context, token string) (SessionView, error) {
	none := &Error{Code: CodeNotFound, Message: "no order has this page"}
	orderID, secret, _ := strings.Cut(token, ".")
	id := SessionOfOrder(orderID)
	if id == "" || secret == "" {
		return SessionView{}, none
	}
	sess, err := s.store.Session(ctx, id)
	if ErrorCode(err) == CodeNotFound {
		return SessionView{}, none
	}
	if err != nil {
		return SessionView{}, err
	}
	if sess.Order == nil || sess.Order.Page == "" || subtle.ConstantTimeCompare([]byte(secret), []byte(sess.Order.Page)) != 1 {
		return SessionView{}, none
	}
	return s.shown(sess), nil
}
