package checkout

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"kassa/checkout/pricing"
)

// Redemptions tells how often limited discounts have been used. Commits count the uses and give them back.
type Redemptions interface {
	// Redeemed returns the number of uses under each of the keys that has any. It may be a short cache life old: what counts is what
	// Commit finds. The contracts of store.go hold for it.
	Redeemed(ctx context.Context, keys []string) (map[string]int64, error)
}

// RedemptionChange counts a use of a discount under a key, which needs fewer than Limit so far (Delta 1), or gives one back (Delta −1).
// Giving back what nobody has used changes nothing and is no conflict.
type RedemptionChange struct {
	Key   string
	Delta int64
	Limit int64 // with Delta 1
}

// uses is what a quote goes by about limited discounts.
type uses struct {
	ask   bool     // ask how often they were used; else the commit that follows finds out
	spent []string // keys that are known to have no use left
}

// maxRedemptions is how many uses one commit counts: what DynamoDB's 100 actions leave beside session, cart and MaxStockLines.
const maxRedemptions = 8

// Uses are counted under keys: of a rule in all, of a rule by one person, and of a person's one first order, whichever rule gives it.
func keyOfAll(rule string) string            { return "t:" + rule }
func keyOfPerson(rule, person string) string { return "p:" + person + ":" + rule }
func keyOfFirst(person string) string        { return "f:" + person }

// limited are the uses that a quote's discounts make for a person, "" while nobody knows who. A first order is one by itself, so that
// a rule for it needs no count by person.
func limited(q pricing.Quote, person string) []RedemptionChange {
	var out []RedemptionChange
	count := func(key string, limit int64) {
		if !slices.ContainsFunc(out, func(r RedemptionChange) bool { return r.Key == key }) {
			out = append(out, RedemptionChange{Key: key, Delta: 1, Limit: limit})
		}
	}
	for _, a := range q.Applied {
		if a.Limit > 0 {
			count(keyOfAll(a.RuleID), a.Limit)
		}
		switch {
		case person == "":
		case a.FirstOrder:
			count(keyOfFirst(person), 1)
		case a.PerPerson > 0:
			count(keyOfPerson(a.RuleID, person), a.PerPerson)
		}
	}
	return out
}

// redeemed are the uses that paying a session counts. CodeInvalid for more than a commit can hold.
func redeemed(s Session) ([]RedemptionChange, error) {
	uses := limited(s.Quote.Quote, PersonOfEmail(s.Buyer.Email))
	if len(uses) > maxRedemptions {
		return nil, invalid("$.discounts.codes", "so many limited discounts can't be used at once: take some codes back")
	}
	return uses, nil
}

// RedeemedBy returns the keys under which paying a session counts uses of limited discounts. Stores may go by it to store less.
func RedeemedBy(s Session) []string {
	var keys []string
	for _, use := range limited(s.Quote.Quote, PersonOfEmail(s.Buyer.Email)) {
		keys = append(keys, use.Key)
	}
	return keys
}

// givenBack returns the uses that a session has counted, to be given back.
func givenBack(s Session) []RedemptionChange {
	var out []RedemptionChange
	for _, key := range s.Redeemed {
		out = append(out, RedemptionChange{Key: key, Delta: -1})
	}
	return out
}

// exhaust takes out of the input what a quote gives beyond its limits, or to somebody who has ordered before; false if there is nothing.
func (q quoter) exhaust(ctx context.Context, in quoteInput, quote pricing.Quote, input *pricing.Input) (bool, error) {
	person := PersonOfEmail(in.buyer.Email)
	spent, err := q.spent(ctx, in, limited(quote, person))
	if err != nil {
		return false, err
	}
	first := input.FirstOrder && !spent[keyOfFirst(person)]
	if first && slices.ContainsFunc(quote.Applied, func(a pricing.AppliedDiscount) bool { return a.FirstOrder }) {
		if first, err = q.first(ctx, person, PersonOfCustomer(in.customer)); err != nil {
			return false, err
		}
	}
	found := first != input.FirstOrder
	input.FirstOrder = first
	for _, a := range quote.Applied {
		if spent[keyOfAll(a.RuleID)] || spent[keyOfPerson(a.RuleID, person)] {
			input.UsedUp[a.RuleID], found = true, true
		}
	}
	return found, nil
}

// spent returns those of the keys that have no use left, as far as is known before the commit that counts.
func (q quoter) spent(ctx context.Context, in quoteInput, uses []RedemptionChange) (map[string]bool, error) {
	spent := make(map[string]bool, len(in.known.spent))
	for _, key := range in.known.spent {
		spent[key] = true
	}
	if q.redemptions == nil || !in.known.ask || len(uses) == 0 {
		return spent, nil
	}
	keys := make([]string, len(uses))
	for i, use := range uses {
		keys[i] = use.Key
	}
	counts, err := q.redemptions.Redeemed(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("count uses of discounts: %w", err)
	}
	for _, use := range uses {
		if counts[use.Key] >= use.Limit {
			spent[use.Key] = true
		}
	}
	return spent, nil
}

// first reports whether none of the persons that a shopper is known as has ordered before. Of a stranger it is taken to be so, until
// there is an address.
func (q quoter) first(ctx context.Context, persons ...string) (bool, error) {
	if q.history == nil {
		return true, nil
	}
	for _, person := range persons {
		if person == "" {
			continue
		}
		orders, _, err := q.history.OrdersOf(ctx, person, 1, "")
		if err != nil {
			return false, fmt.Errorf("read the orders of a person: %w", err)
		}
		if len(orders) > 0 {
			return false, nil
		}
	}
	return true, nil
}

// spentBy returns the keys without a use left that refused a commit of this session, which has not moved.
func spentBy(err error, base Session) []string {
	var conflict *Conflict
	if !errors.As(err, &conflict) || conflict.moved(base) {
		return nil
	}
	return conflict.Used
}
