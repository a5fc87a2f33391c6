package merchant

import (
	"context"
	"fmt"
	"strings"

	"kassa/checkout"
)

// file is a cart of a person's with all of its sessions.
type file struct {
	cartID   string
	cart     *checkout.Cart // nil: its life has ended
	sessions []checkout.Session
}

// gathered is what leads to everything of a person.
type gathered struct {
	profile checkout.Person
	entries []checkout.OrderEntry
	files   []file
}

func (g gathered) cartIDs() []string {
	ids := make([]string, len(g.files))
	for i, f := range g.files {
		ids[i] = f.cartID
	}
	return ids
}

// gather finds carts and sessions by the orders of the person, by the current cart, and by the links of follow-ups that led from one
// of their carts to another.
func (s *People) gather(ctx context.Context, who Whose) (gathered, error) {
	var all gathered
	var err error
	if p := checkout.PersonOfCustomer(who.Customer); p != "" {
		if all.profile, err = s.Profiles.Person(ctx, p); err != nil && checkout.ErrorCode(err) != checkout.CodeNotFound {
			return all, fmt.Errorf("read profile: %w", err)
		}
	}
	known := map[string]int{} // carts, and up to which round their sessions are known
	var queue []string
	meet := func(cart string, round int) {
		if _, met := known[cart]; !met && cart != "" {
			queue = append(queue, cart)
		}
		known[cart] = max(known[cart], round)
	}
	if all.entries, err = s.orders(ctx, who); err != nil {
		return all, err
	}
	for _, e := range all.entries {
		session := checkout.SessionOfOrder(e.OrderID)
		meet(checkout.CartOfSession(session), checkout.RoundOfSession(session))
	}
	meet(all.profile.Cart, 0)
	for i := 0; i < len(queue); i++ {
		f, err := s.file(ctx, queue[i], known[queue[i]])
		if err != nil {
			return all, err
		}
		all.files = append(all.files, f)
		for _, id := range linked(f.cart) {
			other, err := s.Carts.Cart(ctx, id)
			if err == nil && who.owns(other) {
				meet(id, other.Round)
			}
			if err != nil && checkout.ErrorCode(err) != checkout.CodeNotFound {
				return all, fmt.Errorf("read cart %s: %w", id, err)
			}
		}
	}
	return all, nil
}

// orders are all that the history has of a person, each once.
func (s *People) orders(ctx context.Context, who Whose) ([]checkout.OrderEntry, error) {
	var all []checkout.OrderEntry
	seen := map[string]bool{}
	for _, id := range who.people() {
		for cursor, more := "", true; more; more = cursor != "" {
			page, next, err := s.History.OrdersOf(ctx, id, 100, cursor)
			if err != nil {
				return nil, fmt.Errorf("read history: %w", err)
			}
			for _, e := range page {
				if !seen[e.OrderID] {
					seen[e.OrderID] = true
					all = append(all, e)
				}
			}
			cursor = next
		}
	}
	return all, nil
}

// file reads a cart and its sessions, of every round.
func (s *People) file(ctx context.Context, id string, rounds int) (file, error) {
	f := file{cartID: id}
	cart, err := s.Carts.Cart(ctx, id)
	switch {
	case err == nil:
		f.cart, rounds = &cart, max(rounds, cart.Round)
	case checkout.ErrorCode(err) != checkout.CodeNotFound:
		return f, fmt.Errorf("read cart %s: %w", id, err)
	}
	for round := range rounds + 1 {
		session, err := s.Sessions.Session(ctx, checkout.SessionID(id, round))
		switch {
		case err == nil:
			f.sessions = append(f.sessions, session)
		case checkout.ErrorCode(err) != checkout.CodeNotFound:
			return f, fmt.Errorf("read a session of cart %s: %w", id, err)
		}
	}
	return f, nil
}

// linked are the carts that follow-ups connect with one.
func linked(c *checkout.Cart) []string {
	if c == nil || c.Abandonment == nil {
		return nil
	}
	var ids []string
	if from, _, ok := strings.Cut(c.Abandonment.From, " "); ok {
		ids = append(ids, from)
	}
	for _, f := range c.Abandonment.FollowUps {
		if f.OpenedAs != "" {
			ids = append(ids, f.OpenedAs)
		}
	}
	return ids
}
