package merchant

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kassa/checkout"
)

// file is a cart of a person's with all of its sessions.
type file struct {
	cartID   string
	cart     *checkout.Cart // nil: its life has ended
	rounds   int            // the last that is known
	sessions []checkout.Session
}

// gathered is what leads to everything of a person.
type gathered struct {
	profile checkout.Person
	entries []checkout.OrderEntry
	files   []file
	next    string // where the search goes on; "" = it is over
}

func (g gathered) cartIDs() []string {
	ids := make([]string, len(g.files))
	for i, f := range g.files {
		ids[i] = f.cartID
	}
	return ids
}

// strays are customers at the payment provider that only sessions of the person lead to, because a profile is forgotten before an
// order is: those that no session needs any more.
func (g gathered) strays(who Whose, now time.Time) []string {
	needed := map[string]bool{"": true, g.profile.Provider: true}
	var found []string
	for _, f := range g.files {
		for _, session := range f.sessions {
			switch ids := accounts(session); {
			case session.Waits(now) != "":
				for _, id := range ids {
					needed[id] = true
				}
			case who.Customer != "" && session.Customer == who.Customer:
				found = append(found, ids...)
			}
		}
	}
	slices.Sort(found)
	return slices.DeleteFunc(slices.Compact(found), func(id string) bool { return needed[id] })
}

// accounts are the customers at the payment provider that a session names, each once: after an erasure the payment may be under another
// than the cards.
func accounts(s checkout.Session) []string {
	var ids []string
	if s.Wallet != nil {
		ids = append(ids, s.Wallet.Customer)
	}
	if s.Intent != nil {
		ids = append(ids, s.Intent.Customer)
	}
	if s.Attempt != nil {
		ids = append(ids, s.Attempt.Customer)
	}
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return id == "" })
}

// gather finds carts and sessions by the orders of the person, by the current cart, by a search of all that names them, from where an
// earlier one ended, and by the links of follow-ups that led from one of their carts to another.
func (s *People) gather(ctx context.Context, who Whose, from string) (gathered, error) {
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
	all.next, err = s.search(ctx, who, from, func(id string) {
		if cart := checkout.CartOfSession(id); cart != "" {
			meet(cart, checkout.RoundOfSession(id))
			return
		}
		meet(id, 0)
	})
	if err != nil {
		return all, err
	}
	for i := 0; i < len(queue); i++ {
		f, err := s.file(ctx, queue[i], known[queue[i]])
		if err != nil {
			return all, err
		}
		all.files = append(all.files, f)
		for _, id := range linked(f.cart) {
			other, err := s.Carts.Cart(ctx, id)
			if err == nil && who.are(other.Customer, other.Buyer.Email) {
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
	f.rounds = rounds
	all := make([]int, rounds+1)
	for round := range all {
		all[round] = round
	}
	f.sessions, err = s.sessions(ctx, id, all...)
	return f, err
}

// sessions reads those sessions of a cart that there are.
func (s *People) sessions(ctx context.Context, cartID string, rounds ...int) ([]checkout.Session, error) {
	var found []checkout.Session
	for _, round := range rounds {
		session, err := s.Sessions.Session(ctx, checkout.SessionID(cartID, round))
		switch {
		case err == nil:
			found = append(found, session)
		case checkout.ErrorCode(err) != checkout.CodeNotFound:
			return nil, fmt.Errorf("read a session of cart %s: %w", cartID, err)
		}
	}
	return found, nil
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
