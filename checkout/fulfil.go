package checkout

// fulfilled returns the session with how the client wants to get the goods: brought to an address, or collected at a location. An
// option says which of the two by itself, unless the client says so too.
func (v reviser) fulfilled(s Session, ch SessionChange) (Session, []Message) {
	var notes []Message
	collected := s.Collect
	if ch.Option != nil {
		s.Option = *ch.Option
		if _, pickup := v.quoter.rulebook.Pickup(s.Option); s.Option != "" {
			s.Collect = pickup
		}
	}
	if ch.Collect != nil && *ch.Collect != s.Collect {
		if s.Collect = *ch.Collect; s.Option != "" && ch.Option != nil && *ch.Option != "" {
			notes = append(notes, errorMessage(MsgUnknownOption, SeverityRecoverable, optionPath, "option", s.Option))
		}
		s.Option = ""
	}
	if s.Collect && ch.Location != nil {
		option, ok := v.quoter.rulebook.Collect(*ch.Location)
		if !ok && *ch.Location != "" {
			notes = append(notes, errorMessage(MsgUnknownOption, SeverityRecoverable, locationPath, "location", *ch.Location))
		}
		if at, chosen := v.quoter.rulebook.Pickup(s.Option); !chosen || at.ID != *ch.Location {
			s.Option = option
		}
	}
	switch d := ch.Destination; {
	case d != nil && s.Collect && collected && ch.Collect == nil:
		notes = append(notes, warning(MsgAddressUnused, destinationPath))
		s.Buyer = named(s.Buyer, *d)
	case d != nil:
		to := *d
		s.Destination = &to
	case ch.ClearDestination:
		s.Destination = nil
	}
	return s, notes
}

const (
	optionPath      = "$.fulfillment.methods[0].groups[0].selected_option_id"
	locationPath    = "$.fulfillment.methods[0].selected_destination_id"
	destinationPath = "$.fulfillment.methods[0].destinations[0]"
)

// named lets a contact's name and phone number fill in what the buyer lacks: whoever collects is asked for a name.
func named(b Buyer, d Destination) Buyer {
	if b.FirstName == "" && b.LastName == "" {
		b.FirstName, b.LastName = d.FirstName, d.LastName
	}
	if b.Phone == "" {
		b.Phone = d.Phone
	}
	return b
}
