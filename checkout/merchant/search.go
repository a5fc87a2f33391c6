package merchant

import (
	"context"
	"fmt"
	"strings"
	"time"

	"kassa/checkout"
)

// Named is a cart or a session that says whose it is. Personal data.
type Named struct {
	ID       string
	Customer string // "" = a guest's
	Email    string // as it was typed; "" = none
}

// Searcher goes through all carts and sessions, for what no index leads to: carts that were never bought, and sessions that are no
// orders or whose facts are not handed on yet. It is the slow way, dearer with everything that is kept. Pages come in no order, have
// as much as suits the store, perhaps nothing, and are eventually consistent; the cursor of the next is "" when there is no more.
type Searcher interface {
	// NamedCarts returns a page of the carts that name a customer or an e-mail address.
	NamedCarts(ctx context.Context, cursor string) (page []Named, next string, err error)

	// NamedSessions is NamedCarts for sessions, but for orders without notices.
	NamedSessions(ctx context.Context, cursor string) (page []Named, next string, err error)
}

// searchReserve is what is kept of a request's time to do something with what was found.
const searchReserve = 14 * time.Second

// Kinds of things that are searched, one after the other. They begin the cursor of a search.
const (
	cursorOfCarts    = "c."
	cursorOfSessions = "s."
)

// search tells found of everything that names somebody, from where an earlier search ended, as long as there is time. It returns
// where to go on; "" = all was searched.
func (s *People) search(ctx context.Context, who Whose, from string, found func(id string)) (next string, err error) {
	if from == "" {
		from = cursorOfCarts
	}
	end := ctx
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		end, cancel = context.WithDeadline(ctx, deadline.Add(-searchReserve))
		defer cancel()
	}
	for first := true; first || end.Err() == nil; first = false {
		page, next, err := s.page(ctx, from)
		if err != nil {
			return "", err
		}
		for _, n := range page {
			if who.are(n.Customer, n.Email) {
				found(n.ID)
			}
		}
		if from = next; from == "" {
			return "", nil
		}
	}
	return from, nil
}

// page reads a page of a search, and returns the cursor of the next.
func (s *People) page(ctx context.Context, from string) (page []Named, next string, err error) {
	if cursor, ok := strings.CutPrefix(from, cursorOfCarts); ok {
		page, next, err = s.Search.NamedCarts(ctx, cursor)
		if next == "" {
			return page, cursorOfSessions, wrapped(err)
		}
		return page, cursorOfCarts + next, wrapped(err)
	}
	page, next, err = s.Search.NamedSessions(ctx, strings.TrimPrefix(from, cursorOfSessions))
	if next != "" {
		next = cursorOfSessions + next
	}
	return page, next, wrapped(err)
}

func wrapped(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("search: %w", err)
}

// are reports whether somebody is the one who is named.
func (w Whose) are(customer, email string) bool {
	own := checkout.NormalizeEmail(w.Email)
	return w.Customer != "" && customer == w.Customer || own != "" && checkout.NormalizeEmail(email) == own
}
