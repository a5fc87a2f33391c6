package ucp

import (
	"slices"
	"strconv"
	"strings"

	"kassa/checkout"
	"kassa/functions/internal/strictjson"
)

// CreateInput reads the body of POST /checkout-sessions. With cart_id, lines, discount codes and context are the cart's, and the
// body's are ignored (UCP, cart.json).
func CreateInput(body Body, fallback string) (checkout.CreateSessionInput, error) {
	form, err := sessionBody(body, strictjson.Mode{})
	if err != nil {
		return checkout.CreateSessionInput{}, err
	}
	in := checkout.CreateSessionInput{CartID: value(form.CartID), Change: form.change(), ExpectedTotal: form.ExpectedTotal}
	if in.CartID == "" && len(form.Lines) == 0 {
		return checkout.CreateSessionInput{}, missing("$.line_items")
	}
	if in.CartID != "" {
		in.Change.Lines, in.Change.Codes, in.Change.Context = nil, nil, checkout.ContextPatch{Platform: in.Change.Context.Platform}
	} else if in.Change.Context.Language == nil && fallback != "" {
		in.Change.Context.Language = &fallback
	}
	if in.Instrument, err = form.Payment.instrument(false); err != nil {
		return checkout.CreateSessionInput{}, err
	}
	in.KeepCard = form.Payment.keepsCard()
	return in, nil
}

// PutInput reads the body of PUT /checkout-sessions/{id}: what it doesn't mention goes back to its default, but for the
// buyer, and for lines and discount codes, which are the cart's.
func PutInput(body Body) (checkout.SessionChange, error) {
	form, err := sessionBody(body, strictjson.Mode{})
	if err != nil {
		return checkout.SessionChange{}, err
	}
	ch := form.change()
	for _, f := range []**string{
		&ch.Context.Country, &ch.Context.Region, &ch.Context.PostalCode, &ch.Option,
	} {
		orEmpty(f)
	}
	if form.Buyer != nil {
		for _, f := range []**string{&ch.Buyer.Email, &ch.Buyer.FirstName, &ch.Buyer.LastName, &ch.Buyer.Phone, &ch.Buyer.VATID} {
			orEmpty(f)
		}
		ch.Buyer.ClearConsent = true
	}
	if ch.Collect == nil {
		ch.Collect = new(bool)
	}
	if *ch.Collect {
		orEmpty(&ch.Location)
	} else if ch.Destination == nil && !form.Fulfillment.keepsDestination() {
		ch.ClearDestination = true
	}
	return ch, nil
}

func orEmpty(s **string) {
	if *s == nil {
		*s = new(string)
	}
}

// PatchInput reads the body of PATCH /checkout-sessions/{id}, a JSON Merge Patch (RFC 7396): absent keeps, null clears, and
// arrays replace. A fulfillment method that mentions neither destinations nor which one is selected leaves the destination
// alone, so that a wallet sheet can change the shipping option without repeating an address that it may not even know.
func PatchInput(body Body) (checkout.SessionChange, error) {
	form, err := sessionBody(body, strictjson.Mode{NullClears: true})
	if err != nil {
		return checkout.SessionChange{}, err
	}
	ch := form.change()
	if c := ch.Buyer.Consent; c != nil && *c == (checkout.Consent{}) {
		ch.Buyer.Consent, ch.Buyer.ClearConsent = nil, true // null
	}
	if f := form.Fulfillment; f != nil && f.Methods != nil && len(f.Methods) == 0 {
		ch.ClearDestination, ch.Collect = true, new(bool)
		orEmpty(&ch.Option)
	}
	return ch, nil
}

// CompleteInput reads the body of POST /checkout-sessions/{id}/complete. Lines are not read.
func CompleteInput(body Body) (checkout.CompleteInput, error) {
	form, err := sessionBody(body, strictjson.Mode{})
	if err != nil {
		return checkout.CompleteInput{}, err
	}
	instrument, err := form.Payment.instrument(true)
	if err != nil {
		return checkout.CompleteInput{}, err
	}
	ch := form.change()
	ch.Lines, ch.Codes = nil, nil
	return checkout.CompleteInput{
		Change: ch, Instrument: instrument, ExpectedTotal: form.ExpectedTotal, KeepCard: form.Payment.keepsCard(),
	}, nil
}

// PrepareInput reads the body of POST /checkout-sessions/{id}/prepare: complete's, without an instrument, which the provider's sheet
// will ask for. Lines are not read.
func PrepareInput(body Body) (checkout.PrepareInput, error) {
	form, err := sessionBody(body, strictjson.Mode{})
	if err != nil {
		return checkout.PrepareInput{}, err
	}
	ch := form.change()
	ch.Lines, ch.Codes = nil, nil
	return checkout.PrepareInput{Change: ch, ExpectedTotal: form.ExpectedTotal, KeepCard: form.Payment.keepsCard()}, nil
}

func (p *paymentForm) keepsCard() bool { return p != nil && p.KeepCard != nil && *p.KeepCard }

func sessionBody(body Body, mode strictjson.Mode) (sessionForm, error) {
	var form sessionForm
	if err := decode(body, &form, mode); err != nil {
		return sessionForm{}, err
	}
	if form.Lines != nil && len(form.Lines) == 0 {
		return sessionForm{}, invalid("$.line_items", "a checkout needs at least one line")
	}
	return form, form.Fulfillment.check()
}

// change is what the form mentions.
func (f sessionForm) change() checkout.SessionChange {
	ch := checkout.SessionChange{Lines: lines(f.Lines), Codes: f.Discounts.typed()}
	if b := f.Buyer; b != nil {
		ch.Buyer = checkout.BuyerPatch{
			Email: b.Email, FirstName: b.FirstName, LastName: b.LastName, Phone: mapped(b.Phone, phone), Consent: consentOf(b.Consent),
			VATID: b.VATID,
		}
	}
	if c := f.Context; c != nil {
		ch.Context = checkout.ContextPatch{
			Country: mapped(c.Country, strings.ToUpper), Region: c.Region, PostalCode: c.PostalCode, Language: c.Language,
			Currency: c.Currency, Platform: c.Platform,
		}
	}
	if m := f.Fulfillment.method(); m != nil {
		m.change(&ch)
	}
	return ch
}

// change is how the goods are to be had. Without a type the method is the one that there is: what is selected may then be an address or
// a location.
func (m *methodForm) change(ch *checkout.SessionChange) {
	if t := value(m.Type); t != "" {
		collect := t == typePickup
		ch.Collect = &collect
	}
	if len(m.Groups) > 0 {
		ch.Option = m.Groups[0].Option
	}
	ch.Location = m.Selected
	if value(m.Type) == typePickup {
		if i := m.selected(); i >= 0 {
			ch.Location = m.Destinations[i].ID
		}
		return
	}
	ch.Destination = m.destination()
	ch.ClearDestination = ch.Destination == nil && (m.Destinations != nil || m.Selected != nil && *m.Selected == "")
}

func mapped(s *string, f func(string) string) *string {
	if s == nil {
		return nil
	}
	out := f(*s)
	return &out
}

func (f *fulfillmentForm) method() *methodForm {
	if f == nil || len(f.Methods) == 0 {
		return nil
	}
	return &f.Methods[0]
}

// keepsDestination reports whether the form names a destination that the session has already.
func (f *fulfillmentForm) keepsDestination() bool {
	m := f.method()
	return m != nil && m.Destinations == nil && value(m.Selected) != ""
}

func (f *fulfillmentForm) check() error {
	m := f.method()
	if m == nil {
		return nil
	}
	for i, d := range m.Destinations {
		if at := "$.fulfillment.methods[0].destinations[" + strconv.Itoa(i) + "]"; value(m.Type) == typePickup && d.isAddress() {
			return invalid(at, "an order is collected at one of the shop's locations: its id is enough, and no address is taken")
		} else if value(m.Type) == typePickup && value(d.ID) == "" {
			return missing(at + ".id")
		}
	}
	if m.Destinations == nil || value(m.Selected) == "" {
		return nil
	}
	if m.selected() < 0 {
		return invalid("$.fulfillment.methods[0].selected_destination_id", "none of the destinations has this id")
	}
	return nil
}

// isAddress reports whether a destination has anything that a location's id doesn't tell.
func (d destinationForm) isAddress() bool {
	for _, v := range []*string{d.FirstName, d.LastName, d.Phone, d.Street, d.Extended, d.City, d.Region, d.PostalCode, d.Country} {
		if value(v) != "" {
			return true
		}
	}
	return false
}

// selected is the index of the destination that counts: the selected one, else the first.
func (m *methodForm) selected() int {
	if id := value(m.Selected); id != "" {
		return slices.IndexFunc(m.Destinations, func(d destinationForm) bool { return value(d.ID) == id })
	}
	return min(0, len(m.Destinations)-1)
}

// destination is the address that counts, nil for none. A wallet's address before it has authorized has no street, no name
// and perhaps no country.
func (m *methodForm) destination() *checkout.Destination {
	i := m.selected()
	if i < 0 {
		return nil
	}
	d := m.Destinations[i]
	out := checkout.Destination{
		ID: value(d.ID), FirstName: value(d.FirstName), LastName: value(d.LastName), Phone: phone(value(d.Phone)),
		Street: value(d.Street), Extended: value(d.Extended), City: value(d.City), Region: value(d.Region),
		PostalCode: value(d.PostalCode), Country: strings.ToUpper(value(d.Country)),
	}
	if out.ID == "" {
		out.ID = destinationID
	}
	return &out
}

func instrumentPath(i int) string { return "$.payment.instruments[" + strconv.Itoa(i) + "]" }
