package recovery

import (
	"slices"
	"time"
)

// device returns the phone that push messages for the cart go to.
func (v view) device() (Device, bool) {
	var latest Device
	found := false
	for _, c := range v.contacts {
		if d, ok := c.Device(); ok && (!found || d.UpdatedAt.After(latest.UpdatedAt)) {
			latest, found = d, true
		}
	}
	return latest, found
}

// place is the recipient's time zone: that of the phone that a push goes to, else of the phone last heard of, else the shop's.
func (v view) place(channel Channel, s Settings) *time.Location {
	if d, ok := v.device(); ok && channel == ChannelPush {
		if _, ok := loadZone(d.Zone); ok {
			return s.zone(d.Zone)
		}
	}
	return s.zone(zoneOf(v.contacts))
}

// zoneOf is the zone that the phone last heard of has told; "" = none has.
func zoneOf(contacts []Contact) (zone string) {
	var told time.Time
	for _, c := range contacts {
		for _, d := range c.Devices {
			if _, ok := loadZone(d.Zone); ok && (zone == "" || d.UpdatedAt.After(told)) {
				zone, told = d.Zone, d.UpdatedAt
			}
		}
	}
	return zone
}

// unreachable says why a follow-up may not go over a channel; "" = it may.
func (v view) unreachable(channel Channel, rules ConsentRules, home string) string {
	switch channel {
	case ChannelEmail:
		if v.buyer.Email == "" {
			return WhyNoChannel
		}
	case ChannelPush:
		if _, ok := v.device(); !ok {
			return WhyNoChannel
		}
	case ChannelSMS:
		return WhyNoChannel // not before STOP is wired
	}
	doubly := channel == ChannelEmail && rules.doubleOptIn(orElse(v.country, home))
	agreed := false
	for _, c := range v.contacts {
		if c.refuses(channel) {
			return WhySuppressed // whoever agrees with this address now, its owner has said no
		}
		switch consent := c.Consents[channel]; consent.State {
		case ConsentPending:
			return WhyUnconfirmed
		case ConsentGiven: // what came with a cart of a country that doesn't ask for confirmation is none in one that does
			agreed = agreed || consent.confirmed() || !doubly
		case ConsentWithdrawn: // which refuses has told
		}
	}
	answer := v.marketing()
	switch {
	case answer != nil && !*answer:
		return WhyNoConsent
	case agreed:
		return ""
	case answer == nil:
		if channel == ChannelEmail && rules.SoftOptIn && v.boughtSince(time.Time{}) {
			return ""
		}
		return WhyNoConsent
	case doubly:
		return WhyUnconfirmed
	}
	return ""
}

// soft reports whether an e-mail that may go relies on an earlier purchase alone, and on nobody's consent.
func (v view) soft() bool {
	given := func(c Contact) bool { return c.Consents[ChannelEmail].State == ConsentGiven }
	return v.marketing() == nil && !slices.ContainsFunc(v.contacts, given)
}

// refuses reports whether its owner, or the channel itself, has said no: that counts from the moment at which it was acknowledged.
func (c Contact) refuses(channel Channel) bool {
	_, suppressed := c.Suppressed[channel]
	return suppressed || c.Consents[channel].State == ConsentWithdrawn
}

func orElse(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
