package merchant

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"kassa/checkout"
)

// ErasePerson asks to have somebody erased.
type ErasePerson struct {
	Key         string // id of the merchant's key that asks
	Request     string // idempotency key
	Fingerprint string
	Whose
	From string // where to search on: Next of the answer before; "" = from the start
}

// Erased is what came of it, in numbers and ids.
type Erased struct {
	Done     bool      `json:"done"`               // nothing is left; else ask again, with another key and From
	Sessions int       `json:"sessions"`           // that now know nobody, orders among them
	Carts    int       `json:"carts"`              // removed
	Provider string    `json:"provider,omitempty"` // the payment provider's customer, deleted there with the last of what is left
	Waiting  []Waiting `json:"waiting,omitempty"`
	Next     string    `json:"next,omitempty"` // what the next request searches from; "" = from the start, if it is not done
}

// Waiting is a session that could not be erased yet, and with it its cart.
type Waiting struct {
	SessionID string        `json:"session_id"`
	OrderID   string        `json:"order_id,omitempty"`
	Why       checkout.Wait `json:"why"`
}

// Erase forgets a person, as far as nothing waits: how they are reached and what they agreed to, their carts, profile, figures, and in
// orders who they are. What waits is told and left as it is, with the list of orders that leads there. Every step may be repeated, so
// whoever asks again finishes what is left. There is one record of it, which names the person by a hash.
func (s *People) Erase(ctx context.Context, in ErasePerson) (Erased, bool, error) {
	now := s.Now()
	if err := in.validate(in.From); err != nil {
		return Erased{}, false, err
	}
	result, replayed, err := s.Journal.Do(ctx, Change{
		Key: in.Key, Request: in.Request, Fingerprint: in.Fingerprint, Action: "person.erase", Target: strings.Join(in.people(), " "),
	}, func(ctx context.Context, _ string) (any, error) {
		return s.erase(ctx, now, in.Whose, in.From)
	})
	var erased Erased
	if err == nil {
		err = json.Unmarshal(result, &erased)
	}
	return erased, replayed, err
}

func (s *People) erase(ctx context.Context, now time.Time, who Whose, from string) (Erased, error) {
	// First of all nobody writes to them any more.
	if err := s.Reached.Erase(ctx, who.Email, who.Customer); err != nil {
		return Erased{}, fmt.Errorf("erase contact: %w", err)
	}
	all, err := s.gather(ctx, who, from)
	if err != nil {
		return Erased{}, err
	}
	if err := s.Reached.Erase(ctx, "", who.Customer, all.cartIDs()...); err != nil { // whose the carts' phones are
		return Erased{}, fmt.Errorf("erase contacts of carts: %w", err)
	}
	for _, id := range all.strays(who, now) {
		if err := s.deleteCustomer(ctx, id); err != nil {
			return Erased{}, err
		}
	}
	out := Erased{Provider: all.profile.Provider, Next: all.next}
	for _, f := range slices.Backward(all.files) { // what led to others goes after them
		if err := s.eraseFile(ctx, now, who, f, &out); err != nil {
			return Erased{}, err
		}
	}
	for _, id := range who.people() {
		if err := s.Measured.ForgetMeasured(ctx, id); err != nil {
			return Erased{}, fmt.Errorf("forget figures: %w", err)
		}
	}
	switch {
	case len(out.Waiting) > 0: // profile and history lead to it, or the same search
		out.Next = from
		return out, nil
	case out.Next != "":
		return out, nil
	}
	return s.close(ctx, who, all, out)
}

// close forgets what led to everything else.
func (s *People) close(ctx context.Context, who Whose, all gathered, out Erased) (Erased, error) {
	if err := s.deleteCustomer(ctx, all.profile.Provider); err != nil {
		return Erased{}, err
	}
	if p := checkout.PersonOfCustomer(who.Customer); p != "" {
		if err := s.Profiles.RemovePerson(ctx, p); err != nil {
			return Erased{}, fmt.Errorf("remove profile: %w", err)
		}
	}
	for _, id := range who.people() {
		if err := s.History.ForgetOrders(ctx, id, all.entries); err != nil {
			return Erased{}, fmt.Errorf("forget history: %w", err)
		}
	}
	now, err := s.orders(ctx, who)
	if err != nil {
		return Erased{}, err
	}
	for _, e := range now {
		if !slices.ContainsFunc(all.entries, func(known checkout.OrderEntry) bool { return known.OrderID == e.OrderID }) { // placed meanwhile
			out.Waiting = append(out.Waiting, Waiting{SessionID: checkout.SessionOfOrder(e.OrderID), OrderID: e.OrderID, Why: checkout.WaitTelling})
		}
	}
	out.Done = len(out.Waiting) == 0
	return out, nil
}

// vaultLimit bounds one call of the payment provider.
const vaultLimit = 8 * time.Second

// deleteCustomer deletes a customer, with the cards that are kept, at the payment provider. CodeUnavailable if it can't be told that
// it is deleted: asking again is safe.
func (s *People) deleteCustomer(ctx context.Context, id string) error {
	if id == "" || s.Vault == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, vaultLimit)
	defer cancel()
	if err := s.Vault.DeleteCustomer(ctx, id); err != nil {
		text := "the payment provider has not confirmed that its customer " + id + " is deleted"
		return &checkout.Error{Code: checkout.CodeUnavailable, Message: text, RetryAfter: vaultLimit, Err: err}
	}
	return nil
}
