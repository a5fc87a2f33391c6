package checkout

import (
	"strconv"
	"time"
)

// Notice is a fact written in the commit of the change it reports (the outbox).
type Notice struct {
	Kind string    `json:"kind"` // order.placed, payment.review …
	At   time.Time `json:"at"`
	Ref  string    `json:"ref,omitempty"` // what of the thing it is about: a refund's id, a stage …; "" = the thing itself
}

// notify leaves a fact in the outbox, once for each kind and session version.
func notify(s Session, kind string, now time.Time) Session { return notifyOf(s, kind, "", now) }

// notifyOf is notify for a part of the thing: a refund, a fulfillment.
func notifyOf(s Session, kind, ref string, now time.Time) Session {
	notices := make(map[string]Notice, len(s.Notices)+1)
	for id, n := range s.Notices {
		notices[id] = n
	}
	of := []string{s.ID, kind, strconv.FormatInt(s.Version, 10)}
	if ref != "" {
		of = append(of, ref)
	}
	notices[shortHash(of...)] = Notice{Kind: kind, At: now, Ref: ref}
	s.Notices = notices
	return s
}
