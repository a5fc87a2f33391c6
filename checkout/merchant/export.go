package merchant

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

// ExportPerson asks to see what is kept of somebody.
type ExportPerson struct {
	Key string // id of the merchant's key that asks
	Whose
	From string // where to search on: Next of the answer before; "" = from the start
}

// Export shows what is kept of a person. It changes nothing but the journal, which has who asked, and the person by a hash. CodeInvalid
// for nobody.
func (s *People) Export(ctx context.Context, in ExportPerson) (Export, error) {
	now, who := s.Now(), in.Whose
	if err := who.validate(in.From); err != nil {
		return Export{}, err
	}
	if err := s.Journal.Note(ctx, in.Key, "person.export", strings.Join(who.people(), " ")); err != nil {
		return Export{}, err
	}
	all, err := s.gather(ctx, who, in.From)
	if err != nil {
		return Export{}, err
	}
	out := Export{
		At: now, Email: checkout.NormalizeEmail(who.Email), Customer: who.Customer, Profile: profileOf(all.profile), Next: all.next,
		History: each(all.entries, entryOf), Sessions: []ExportedSession{}, Carts: []ExportedCart{}, Messages: []ExportedMessage{},
		Measured: []ExportedMeasured{},
	}
	for _, f := range all.files {
		if f.cart != nil {
			out.Carts = append(out.Carts, cartOf(*f.cart))
		}
		for _, session := range f.sessions {
			out.Sessions = append(out.Sessions, sessionOf(session, now))
			if err := s.messages(ctx, session, &out); err != nil {
				return Export{}, err
			}
		}
	}
	ids := who.people()
	for _, id := range all.cartIDs() {
		ids = append(ids, recovery.ContactOfCart(id))
	}
	return out, s.reached(ctx, who, ids, &out)
}

func (s *People) messages(ctx context.Context, session checkout.Session, out *Export) error {
	for _, id := range recovery.SendingsOf(session) {
		m, err := s.Messages.Sending(ctx, id)
		if checkout.ErrorCode(err) == checkout.CodeNotFound {
			continue
		}
		if err != nil {
			return fmt.Errorf("read message %s: %w", id, err)
		}
		out.Messages = append(out.Messages, messageOf(m))
	}
	return nil
}

// reached adds contacts and figures under ids, and who holds the phones of these contacts.
func (s *People) reached(ctx context.Context, who Whose, ids []string, out *Export) error {
	contacts, err := s.contacts(ctx, ids)
	if err != nil {
		return fmt.Errorf("read contacts: %w", err)
	}
	phones, err := s.phones(ctx, who, contacts)
	if err != nil {
		return fmt.Errorf("read phones: %w", err)
	}
	out.Contacts = each(append(contacts, phones...), contactOf)
	for _, id := range ids {
		m, err := s.Measured.MeasuredPerson(ctx, id)
		if err != nil {
			return fmt.Errorf("read figures: %w", err)
		}
		if m.Version > 0 {
			out.Measured = append(out.Measured, measuredOf(m))
		}
	}
	return nil
}

// contacts reads those of some contacts that there are, in the order of their ids.
func (s *People) contacts(ctx context.Context, ids []string) (found []recovery.Contact, err error) {
	for part := range slices.Chunk(ids, recovery.MaxBatch) {
		stored, err := s.Contacts.Contacts(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, id := range part {
			if c, ok := stored[id]; ok {
				found = append(found, c)
			}
		}
	}
	return found, nil
}

// phones are the records of who holds the phones of some contacts, but for phones that are somebody else's by now.
func (s *People) phones(ctx context.Context, who Whose, of []recovery.Contact) ([]recovery.Contact, error) {
	var ids []string
	for _, c := range of {
		for _, d := range c.Devices {
			ids = append(ids, recovery.ContactOfToken(d.Token))
		}
	}
	slices.Sort(ids)
	found, err := s.contacts(ctx, slices.Compact(ids))
	me := checkout.PersonOfCustomer(who.Customer)
	return slices.DeleteFunc(found, func(phone recovery.Contact) bool { return phone.Holder != "" && phone.Holder != me }), err
}
