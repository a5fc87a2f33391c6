package checkout

import (
	"context"
	"time"
)

// This file is what a session has of its customer: whose it is, and where it begins for somebody who is known.

// owned gives a session the owner of its cart: whoever claims a cart has its sessions too. An order keeps its own: its cart can't
// be claimed any more.
func owned(sess Session, cart Cart) Session {
	if cart.ID != "" && cart.ID == sess.CartID && sess.Order == nil {
		sess.Epoch, sess.Customer = cart.Epoch, cart.Customer
	}
	return sess
}

// introduced begins a session of a customer who agreed to be remembered with contact and addresses, the last chosen one
// selected, so that paying takes one call. A sale doesn't wait for it: if nobody can be asked, it begins as a stranger's.
func (s *Sessions) introduced(ctx context.Context, now time.Time, sess Session) Session {
	if sess.Customer == "" || s.people == nil {
		return sess
	}
	p, err := personOf(ctx, s.people, now, PersonOfCustomer(sess.Customer))
	if err != nil {
		s.log.WarnContext(ctx, "profile can't be read", "session", sess.ID, "error_code", string(ErrorCode(err)))
		return sess
	}
	sess.Declines = allDeclines(sess.Declines, p.Declines)
	if p.Provider == "" && s.vault != nil && sess.Wallet == nil {
		sess.Wallet = &Wallet{} // nothing is saved there: withWallet need not ask
	}
	if p.Agreed == nil {
		return sess
	}
	for _, f := range []struct {
		to   *string
		from string
	}{
		{&sess.Buyer.Email, p.Buyer.Email}, {&sess.Buyer.FirstName, p.Buyer.FirstName},
		{&sess.Buyer.LastName, p.Buyer.LastName}, {&sess.Buyer.Phone, p.Buyer.Phone},
	} {
		if *f.to == "" {
			*f.to = f.from
		}
	}
	if preference(sess.Buyer.Consent) == nil { // as agreed; the shopper can see it, and take it back
		agreed := true
		sess.Buyer.Consent = sess.Buyer.Consent.changed(BuyerPatch{Consent: &Consent{Preferences: &agreed}})
	}
	sess.Known = p.Destinations
	if sess.Destination == nil {
		sess.Destination = preselected(p.Destinations, sess.Context.Country)
	}
	return sess
}

// preselected is the address that was chosen last in the country that the cart is for, else the last one at all.
func preselected(known []Destination, country string) *Destination {
	if len(known) == 0 {
		return nil
	}
	d := known[0]
	for _, other := range known {
		if other.Country == country {
			d = other
			break
		}
	}
	return &d
}

// selecting takes the destination that a change names by its id, one that the session knows. CodeInvalid for one that it doesn't:
// goods must not go to another place than was meant.
func selecting(s Session, ch SessionChange) (Session, error) {
	if s.Collect || ch.Destination != nil || ch.Location == nil || *ch.Location == "" || s.Destination != nil && s.Destination.ID == *ch.Location {
		return s, nil
	}
	for _, d := range s.Known {
		if d.ID == *ch.Location {
			s.Destination = &d
			return s, nil
		}
	}
	return s, invalid(locationPath, "the checkout has no destination of this id")
}
