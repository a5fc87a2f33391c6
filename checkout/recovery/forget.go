package recovery

import (
	"context"
	"fmt"
	"slices"

	"kassa/checkout"
)

// Erase forgets a person (GDPR, article 17): by e-mail address, customer's subject, carts' ids, any of them. What stays is that the person
// said no and may not be reached, under a hash, because forgetting that would bring the messages back; and links are dead.
func (r *Registry) Erase(ctx context.Context, email, customer string, cartIDs ...string) error {
	now := r.Now()
	people := slices.DeleteFunc([]string{checkout.PersonOfEmail(email), checkout.PersonOfCustomer(customer)},
		func(id string) bool { return id == "" })
	ids := slices.Clone(people)
	for _, cart := range cartIDs {
		ids = append(ids, ContactOfCart(cart))
	}
	if err := r.forgetPhones(ctx, ids, checkout.PersonOfCustomer(customer)); err != nil {
		return err
	}
	for _, cart := range cartIDs {
		if err := r.Contacts.ForgetContact(ctx, ContactOfCart(cart)); err != nil {
			return err
		}
	}
	for _, id := range people {
		_, err := r.reader().changeContact(ctx, id, r.NewID(), func(c *Contact) bool {
			kept := Contact{ID: c.ID, Version: c.Version, Suppressed: c.Suppressed, RevokedAt: now}
			for channel := range map[Channel]bool{ChannelEmail: true, ChannelPush: true, ChannelSMS: true} {
				kept.consent(channel, Consent{State: ConsentWithdrawn, At: now, Source: "erasure"})
			}
			*c = kept
			return true
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// forgetPhones removes what is kept of who holds the phones of some contacts, unless a phone is somebody else's by now.
func (r *Registry) forgetPhones(ctx context.Context, ids []string, customer string) error {
	owners, err := batched(ctx, ids, r.Contacts.Contacts)
	if err != nil {
		return fmt.Errorf("read contacts: %w", err)
	}
	var tokens []string
	for _, c := range owners {
		for _, d := range c.Devices {
			tokens = append(tokens, ContactOfToken(d.Token))
		}
	}
	phones, err := batched(ctx, tokens, r.Contacts.Contacts)
	if err != nil {
		return fmt.Errorf("read phones: %w", err)
	}
	for id, phone := range phones {
		if phone.Holder != "" && phone.Holder != customer {
			continue
		}
		if err := r.Contacts.ForgetContact(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
