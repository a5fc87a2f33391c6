package merchant

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

// eraseFile erases a cart and its sessions. Of these, what names the person goes last: it alone leads whoever asks again to the others.
func (s *People) eraseFile(ctx context.Context, now time.Time, who Whose, f file, out *Erased) error {
	named := func(session checkout.Session) bool { return who.are(session.Customer, session.Buyer.Email) }
	unnamed, last := slices.DeleteFunc(slices.Clone(f.sessions), named), f.cart != nil && who.are(f.cart.Customer, f.cart.Buyer.Email)
	sessions := append(unnamed, slices.DeleteFunc(f.sessions, func(session checkout.Session) bool { return !named(session) })...)
	waits := slices.ContainsFunc(sessions, func(session checkout.Session) bool { return session.Waits(now) != "" })
	gone := f.cart == nil || waits || len(linked(f.cart)) > 0 && len(out.Waiting) > 0 // or it stays
	before := len(out.Waiting)
	if !gone && !last {
		if err := s.eraseCart(ctx, f, out); err != nil || len(out.Waiting) > before {
			return err
		}
		gone = true
	}
	if err := s.eraseSessions(ctx, now, sessions, out); err != nil {
		return err
	}
	if err := s.Measured.ForgetMeasured(ctx, recovery.ContactOfCart(f.cartID)); err != nil {
		return fmt.Errorf("forget figures of cart %s: %w", f.cartID, err)
	}
	if !gone && len(out.Waiting) == before {
		if err := s.eraseCart(ctx, f, out); err != nil {
			return err
		}
	}
	if f.cart == nil || f.cart.Session != "" || len(out.Waiting) > before {
		return nil
	}
	late, err := s.sessions(ctx, f.cartID, f.rounds, f.rounds+1) // opened since they were read; none can be any more
	if err != nil {
		return err
	}
	return s.eraseSessions(ctx, now, late, out)
}

// eraseCart removes a cart, unless somebody is at it.
func (s *People) eraseCart(ctx context.Context, f file, out *Erased) error {
	err := s.Carts.EraseCart(ctx, f.cartID, f.cart.Version, f.cart.Session)
	var moved *checkout.Conflict
	switch {
	case errors.As(err, &moved):
		out.Waiting = append(out.Waiting, Waiting{SessionID: checkout.SessionID(f.cartID, f.cart.Round), Why: checkout.WaitPaying})
		return nil
	case err != nil:
		return err
	}
	out.Carts++
	return nil
}

// eraseSessions erases those sessions that don't wait.
func (s *People) eraseSessions(ctx context.Context, now time.Time, sessions []checkout.Session, out *Erased) error {
	for _, session := range sessions {
		if why := session.Waits(now); why != "" {
			out.wait(session, why)
			continue
		}
		did, err := s.eraseSession(ctx, now, session)
		var moved *checkout.Conflict
		switch {
		case errors.As(err, &moved): // somebody is at it
			out.wait(session, checkout.WaitPaying)
		case err != nil:
			return fmt.Errorf("erase session %s: %w", session.ID, err)
		case did:
			out.Sessions++
		}
	}
	return nil
}

func (e *Erased) wait(s checkout.Session, why checkout.Wait) {
	w := Waiting{SessionID: s.ID, Why: why}
	if s.Order != nil {
		w.OrderID = s.Order.ID
	}
	e.Waiting = append(e.Waiting, w)
}

// eraseSession erases who bought, and to whom its messages went. The messages come first: they are found by what the session tells.
func (s *People) eraseSession(ctx context.Context, now time.Time, session checkout.Session) (bool, error) {
	commit, needed := session.Erasing(now, s.NewID())
	if !needed { // and neither do its messages
		return false, nil
	}
	for _, id := range recovery.SendingsOf(session) {
		m, err := s.Messages.Sending(ctx, id)
		if checkout.ErrorCode(err) == checkout.CodeNotFound || err == nil && m.Person == "" {
			continue
		}
		if err != nil {
			return false, fmt.Errorf("read message %s: %w", id, err)
		}
		m.Version, m.Op, m.Person = m.Version+1, s.NewID(), ""
		err = s.Messages.PutSending(ctx, m)
		var moved *recovery.SendingConflict
		if errors.As(err, &moved) { // it is just being sent
			return false, &checkout.Conflict{Session: &session}
		}
		if err != nil {
			return false, fmt.Errorf("erase message %s: %w", id, err)
		}
	}
	err := s.Sessions.Commit(ctx, commit)
	var conflict *checkout.Conflict
	if errors.As(err, &conflict) && conflict.Session == nil && commit.Cart != nil { // the cart has gone its own way
		commit.Cart = nil
		err = s.Sessions.Commit(ctx, commit)
	}
	return err == nil, err
}
