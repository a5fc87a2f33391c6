package statistics

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
	"kassa/payments"
)

// What things are counted as. Each increment follows from something that never changes once it is there, so that it is the same
// whenever, and by whatever notice, it is found.

// ofCart counts a cart, on the day on which it was made.
func (c *Counter) ofCart(cart checkout.Cart) Increment {
	return c.increment("cart:"+cart.ID, cart.CreatedAt, "", payments.Platform(cart.Context.Platform), Counts{countCarts: 1})
}

// ofSession counts a session and its attempts on the day on which it was opened, and its order on that of the order.
func (c *Counter) ofSession(s checkout.Session) []Increment {
	platform := payments.Platform(s.Context.Platform)
	opened := func(id string, counts Counts) Increment { return c.increment(id, s.CreatedAt, "", platform, counts) }
	all := []Increment{opened("session:"+s.ID, Counts{countSessions: 1})}
	for n, p := range s.Pays {
		if p.Refused {
			continue // it never became an attempt
		}
		all = append(all, opened("attempt:"+s.ID+":"+strconv.Itoa(n), Counts{countAttempts: 1}))
		if p.Reason != "" {
			all = append(all, opened("declined:"+s.ID+":"+strconv.Itoa(n), Counts{countDeclined + named(string(p.Reason)): 1}))
		}
	}
	if s.Order != nil {
		all = append(append(all, c.ofOrder(s)), c.ofReturns(s)...)
	}
	return all
}

// ofOrder counts an order, what it brought, and how long and how many requests it took from the first tap to it.
func (c *Counter) ofOrder(s checkout.Session) Increment {
	o := s.Order
	took := max(0, int64(o.PlacedAt.Sub(s.CreatedAt)/time.Second))
	counts := Counts{countOrders: 1, countSeconds: took, countWithin + strconv.FormatInt(withinOf(took), 10): 1,
		countRequests: requestsOf(s)}
	counts.Plus(amountCount(countRevenue, o.Amount))
	return c.increment("order:"+o.ID, o.PlacedAt, "", payments.Platform(s.Context.Platform), counts)
}

// within are the bounds, in seconds, by which orders are sorted by how long they took; the last is longer than any session lives.
var within = []int64{5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 86400}

func withinOf(seconds int64) int64 {
	for _, bound := range within {
		if seconds <= bound {
			return bound
		}
	}
	return within[len(within)-1]
}

// requestsOf is how many requests changed a session until it was paid: the one that opened it, edits and tries to pay, each
// counted once, whichever it was. A session remembers its last MaxMarks edits, so it is a lower bound where there were more.
func requestsOf(s checkout.Session) int64 {
	seen := map[string]bool{s.Create.Key: true}
	for _, m := range s.Marks {
		seen[m.Key] = true
	}
	for _, p := range s.Pays {
		seen[p.Key] = true
	}
	return int64(len(seen))
}

// ofFact counts what follow-ups do.
func (c *Counter) ofFact(f recovery.Fact) Increment {
	var channel recovery.Channel
	counts := Counts{}
	switch f.Kind {
	case recovery.FactAbandoned:
		counts[countAbandoned+named(string(f.Reason))] = 1
	case recovery.FactSent:
		channel, counts[countFollowed+named(f.Stage)] = f.Channel, 1
	case recovery.FactSkipped:
		channel, counts[countSkipped+named(f.Why)] = f.Channel, 1
	case recovery.FactClicked:
		channel, counts[countClicked] = f.Channel, 1
	case recovery.FactRecovered:
		channel, counts[countRecovered] = f.Channel, 1
		counts.Plus(amountCount(countRegained, f.Amount))
	case recovery.FactEligible, recovery.FactOrdered: // those are of a person
	}
	return c.increment("fact:"+f.ID, f.At, channel, f.Platform, counts)
}

// ofFollowUps counts what became of a cart's follow-ups, as far as the cart shows it: under the ids of the facts that tell the same,
// so that one of which nobody has told is found all the same.
func (c *Counter) ofFollowUps(cart checkout.Cart) []Increment {
	if cart.Abandonment == nil {
		return nil
	}
	var all []Increment
	for _, fu := range cart.Abandonment.FollowUps {
		fact := recovery.Fact{At: fu.At, Channel: recovery.Channel(fu.Channel), Stage: fu.Stage,
			Platform: payments.Platform(cart.Context.Platform)}
		if state := recovery.State(fu.State); (state == recovery.StateSent || state == recovery.StateUnknown) && !strings.HasPrefix(fu.Stage, "~") {
			fact.Kind, fact.ID = recovery.FactSent, "sent:"+fu.ID
			all = append(all, c.ofFact(fact))
		}
		if !fu.OpenedAt.IsZero() {
			fact.Kind, fact.ID, fact.At = recovery.FactClicked, "clicked:"+fu.ID, fu.OpenedAt
			all = append(all, c.ofFact(fact))
		}
	}
	return all
}

// named is a word as the end of a count's name.
func named(word string) string {
	word = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' {
			return r
		}
		return '_'
	}, word)
	if word == "" {
		return "none"
	}
	return word[:min(len(word), 60)]
}

// dealOf names a deal of arms by its salt.
func dealOf(salt string) string {
	sum := sha256.Sum256([]byte("deal:" + salt))
	return hex.EncodeToString(sum[:4])
}
