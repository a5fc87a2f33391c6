package checkout

import (
	"slices"
	"strconv"
)

// readiness is the status of a session without an open attempt.
func (s Shop) readiness(x Session) Status {
	if len(s.blockers(x)) > 0 {
		return StatusIncomplete
	}
	return StatusReady
}

// Undeliverable reports whether a session asks for something to be brought where the shop doesn't bring it.
func (s Shop) Undeliverable(x Session) bool {
	return slices.ContainsFunc(s.blockers(x), func(m Message) bool { return m.Code == MsgUndeliverable })
}

// blockers are the messages of what keeps a session from being completed. They follow from its state and are not stored.
func (s Shop) blockers(x Session) []Message {
	var out []Message
	missing := func(path string) {
		out = append(out, errorMessage(MsgMissing, SeverityRecoverable, path))
	}
	if x.Buyer.Email == "" {
		missing("$.buyer.email")
	}
	switch region := s.missingRegion(x); {
	case x.Ships:
		out = append(out, s.deliveryBlockers(x)...)
	case countryOf(x) == "" && x.Quote.Estimated:
		missing("$.context.address_country")
	case region != "":
		missing(region)
	case x.Quote.Estimated:
		out = append(out, errorMessage(MsgUndeliverable, SeverityBuyerInput, "$.context.address_country", "country", countryOf(x)))
	}
	total := x.Quote.Total
	switch minimum := total.Currency.Minimum(); {
	case total.Minor > 0 && total.Minor < minimum.Minor:
		out = append(out, errorMessage(MsgAmountTooSmall, SeverityRecoverable, "$.totals",
			"minimum", strconv.FormatInt(minimum.Minor, 10), "currency", string(total.Currency)))
	case total.Minor > maxCharge:
		out = append(out, errorMessage(MsgAmountTooLarge, SeverityRecoverable, "$.totals"))
	}
	return out
}

// maxCharge is the most that one charge may be: eight digits (Stripe API reference, amount).
const maxCharge = 99_999_999

// deliveryBlockers are what keeps a session from being delivered.
func (s Shop) deliveryBlockers(x Session) []Message {
	if x.Collect {
		return collectionBlockers(x)
	}
	const at = "$.fulfillment.methods[0].destinations"
	d := x.Destination
	if d == nil {
		return []Message{errorMessage(MsgMissing, SeverityRecoverable, at)}
	}
	var missing []string
	if d.Country != "" {
		region := s.missingRegion(x)
		if region == "" && x.Quote.Estimated {
			return []Message{undeliverable(d.Country)}
		}
		if region != "" {
			missing = append(missing, region)
		}
	}
	for _, f := range []struct{ value, field string }{
		{d.Street, "street_address"}, {d.City, "address_locality"}, {d.PostalCode, "postal_code"}, {d.Country, "address_country"},
		{d.FirstName + d.LastName + x.Buyer.FirstName + x.Buyer.LastName, "last_name"},
	} {
		if f.value == "" {
			missing = append(missing, at+"[0]."+f.field)
		}
	}
	return allMissing(missing)
}

// missingRegion is where the region is to be told, where tax depends on it and nobody has; "" where nothing is missing.
func (s Shop) missingRegion(x Session) string {
	if len(s.Countries[countryOf(x)].Regions) == 0 || regionOf(x) != "" {
		return ""
	}
	if x.Destination != nil && x.Destination.Country != "" {
		return destinationPath + ".address_region"
	}
	return "$.context.address_region"
}

func collectionBlockers(x Session) []Message {
	var missing []string
	if x.Option == "" {
		missing = append(missing, locationPath)
	}
	if x.Buyer.FirstName+x.Buyer.LastName == "" {
		missing = append(missing, "$.buyer.last_name")
	}
	return allMissing(missing)
}

func allMissing(paths []string) []Message {
	var out []Message
	for _, path := range paths {
		out = append(out, errorMessage(MsgMissing, SeverityRecoverable, path))
	}
	return out
}
