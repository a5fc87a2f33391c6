package checkout

import (
	"context"
	"slices"
	"time"

	"kassa/payments"
)

// Vault keeps shoppers' cards, at the provider. Errors are as Gateway's; what a call makes, it makes once for each key.
type Vault interface {
	// Customer makes the provider's customer for a person, and returns its id; another one, if the one that this key made was deleted.
	Customer(ctx context.Context, r payments.CustomerRequest) (string, error)
	// EphemeralKey returns a secret by which an app's sheet may show and use the customer's cards for an hour. version is that of
	// the provider's API which the sheet speaks.
	EphemeralKey(ctx context.Context, customer, version string) (string, error)
	// SavedCards lists the customer's cards, the latest first; one that was entered twice is there twice, under one Number.
	SavedCards(ctx context.Context, customer string) ([]payments.SavedCard, error)
	// ForgetCard takes a card away from its customer; one that is gone is success.
	ForgetCard(ctx context.Context, card, key string) error
	// DeleteCustomer deletes a customer with all cards (erasure); one that is gone is success. Payments keep what they hold.
	DeleteCustomer(ctx context.Context, customer string) error
}

// ProviderCustomers keeps which of the provider's customers a customer of ours is. *People does. The contracts of store.go hold
// for it.
type ProviderCustomers interface {
	// ProviderCustomer returns the provider's id; "" if there is none yet.
	ProviderCustomer(ctx context.Context, customer string) (string, error)
	// RememberProviderCustomer keeps it and returns the one that counts: the first, where two were made.
	RememberProviderCustomer(ctx context.Context, customer, provider string) (string, error)
}

// vaultLimit bounds what a shopper waits for saved cards: they are a convenience.
const vaultLimit = 2 * time.Second

// withWallet looks up, once for a session, what its signed-in shopper has saved. It costs them a read, and if they have ever
// kept a card a call to the provider; guests nothing. What can't be learned is not there.
func (s *Sessions) withWallet(ctx context.Context, sess Session) Session {
	if sess.Customer == "" || s.vault == nil || s.customers == nil || sess.Wallet != nil {
		return sess
	}
	ctx, cancel := context.WithTimeout(ctx, vaultLimit)
	defer cancel()
	id, err := s.customers.ProviderCustomer(ctx, sess.Customer)
	if err != nil {
		s.log.WarnContext(ctx, "provider's customer can't be read", "session", sess.ID, "error_code", string(ErrorCode(err)))
		return sess
	}
	w := &Wallet{Customer: id}
	if id != "" {
		cards, err := s.vault.SavedCards(ctx, id)
		if err != nil {
			s.log.WarnContext(ctx, "saved cards can't be listed", "session", sess.ID, "class", string(payments.ClassOf(err)))
			return sess
		}
		w.Cards = shownCards(cards)
	}
	sess.Wallet = w
	return sess
}

// shownCards are the cards that a shopper is shown, each once, however often it was entered.
func shownCards(cards []payments.SavedCard) (shown []SavedCard) {
	seen := map[string]bool{}
	for _, c := range cards {
		if c.Number != "" && seen[c.Number] || len(shown) == MaxSavedCards {
			continue
		}
		seen[c.Number] = true
		shown = append(shown, SavedCard{c.ID, c.Brand, c.Last4, c.ExpMonth, c.ExpYear})
	}
	return shown
}

// withCustomer makes sure that a signed-in shopper has a customer at the provider, where the payment needs one: to keep a card, or
// for the sheet to show some. If there can't be one, the payment goes on without.
func (s *Sessions) withCustomer(ctx context.Context, sess Session, p payment) Session {
	if !p.keepCard && p.instrument.Kind != payments.InstrumentSheet {
		return sess
	}
	sess = s.withWallet(ctx, sess)
	if sess.Wallet == nil || sess.Wallet.Customer != "" {
		return sess
	}
	ctx, cancel := callContext(ctx)
	defer cancel()
	person := PersonOfCustomer(sess.Customer)
	id, err := s.vault.Customer(ctx, payments.CustomerRequest{Key: "cust:" + person, Person: person})
	if err != nil {
		s.log.WarnContext(ctx, "no customer at the provider", "session", sess.ID, "class", string(payments.ClassOf(err)))
		return sess
	}
	if id, err = s.customers.RememberProviderCustomer(ctx, sess.Customer, id); err != nil {
		s.log.WarnContext(ctx, "provider's customer can't be remembered", "session", sess.ID, "error_code", string(ErrorCode(err)))
		return sess // a card kept there would be lost
	}
	w := *sess.Wallet
	w.Customer = id
	sess.Wallet = &w
	return sess
}

// ForgetCard takes a saved card away from the signed-in caller, as often as it was entered; one that isn't theirs is left alone, and
// like one that is gone it is success. Sessions that list it still show it, and can't pay with it. CodeUnauthorized without a
// customer, CodeUnavailable.
func (s *Sessions) ForgetCard(ctx context.Context, caller Caller, card string) error {
	switch {
	case caller.Customer == "":
		return signInFirst()
	case s.vault == nil || s.customers == nil:
		return nil
	}
	id, err := s.customers.ProviderCustomer(ctx, caller.Customer)
	if err != nil || id == "" {
		return err
	}
	callCtx, cancel := callContext(ctx)
	defer cancel()
	cards, err := s.vault.SavedCards(callCtx, id)
	for _, copied := range copiesOf(card, cards) {
		if err == nil {
			err = s.vault.ForgetCard(callCtx, copied, s.forgetKey(copied))
		}
	}
	if err != nil {
		return &Error{Code: CodeUnavailable, Message: "the card could not be forgotten", RetryAfter: askAgain, Err: err}
	}
	return nil
}

// forgetKey is the provider's key for forgetting a card. A card can be forgotten once only, so every try has a key of its own: a 500
// that the provider stores under one must not be replayed for a day.
func (s *Sessions) forgetKey(card string) string { return "forget:" + card + ":" + s.newID() }

// copiesOf are the ids of all cards that have a card's number, its own last, so that a repeated call finds what an earlier one has left;
// none if it isn't among the cards.
func copiesOf(card string, cards []payments.SavedCard) (ids []string) {
	i := slices.IndexFunc(cards, func(c payments.SavedCard) bool { return c.ID == card })
	if i < 0 {
		return nil
	}
	for j, c := range cards {
		if j != i && c.Number != "" && c.Number == cards[i].Number {
			ids = append(ids, c.ID)
		}
	}
	return append(ids, card)
}

// owns reports whether a card is one of those that the session's shopper has saved.
func (w *Wallet) owns(card string) bool {
	return w != nil && slices.ContainsFunc(w.Cards, func(c SavedCard) bool { return c.ID == card })
}
