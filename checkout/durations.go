package checkout

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"time"
)

// Durations are how long things last; zero means the default, which stands beside each.
type Durations struct {
	Quote   time.Duration `json:"quote"`   // 30 min: unit prices hold
	Session time.Duration `json:"session"` // 6 h
	Hold    time.Duration `json:"hold"`    // 10 min: hold while a prepared payment waits in the provider's sheet
	Action  time.Duration `json:"action"`  // 20 min: hold while the shopper acts at a bank
	Lease   time.Duration `json:"lease"`   // 60 s
	Idle    time.Duration `json:"idle"`    // 1 h: a cart is due that long after it was made
}

type duration struct {
	name    string // in JSON
	at      *time.Duration
	initial time.Duration
}

func (d *Durations) all() []duration {
	return []duration{
		{"quote", &d.Quote, 30 * time.Minute}, {"session", &d.Session, 6 * time.Hour}, {"hold", &d.Hold, 10 * time.Minute},
		{"action", &d.Action, 20 * time.Minute}, {"lease", &d.Lease, time.Minute}, {"idle", &d.Idle, time.Hour},
	}
}

func (d Durations) orDefault() Durations {
	for _, f := range d.all() {
		if *f.at == 0 {
			*f.at = f.initial
		}
	}
	return d
}

// UnmarshalJSON implements json.Unmarshaler: durations are text, such as "20m" or "1h30m". A number is taken for nanoseconds. The error
// names the field.
func (d *Durations) UnmarshalJSON(data []byte) error {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(data, &given); err != nil {
		return err
	}
	for _, f := range d.all() {
		value, ok := given[f.name]
		delete(given, f.name)
		var text string
		var err error
		switch {
		case !ok:
		case json.Unmarshal(value, &text) == nil:
			*f.at, err = time.ParseDuration(text)
		default:
			err = json.Unmarshal(value, f.at)
		}
		if err != nil {
			return &json.UnmarshalTypeError{Field: f.name, Value: "value that is no duration such as 20m or 1h30m",
				Type: reflect.TypeFor[time.Duration]()}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		return &json.UnmarshalTypeError{Field: name, Value: "name that nothing reads", Type: reflect.TypeFor[Durations]()}
	}
	return nil
}

// Bounds of the lease: a call to the provider must fit into it, and what a dead worker has left stands still until it ends.
const (
	shortestLease = 10 * time.Second
	longestLease  = 5 * time.Minute
)

// validate reports times that can't be meant: numbers of seconds or minutes, which are taken for nanoseconds, and what is longer than
// what it lies within.
func (d Durations) validate(bad func(field, text string)) {
	for _, f := range d.all() {
		switch {
		case *f.at < 0:
			bad("durations."+f.name, "can't be negative")
		case *f.at > 0 && *f.at < time.Millisecond:
			bad("durations."+f.name, "is less than a millisecond: a number counts nanoseconds")
		}
	}
	if d.Lease > 0 && (d.Lease < shortestLease || d.Lease > longestLease) {
		bad("durations.lease", "must be "+shortestLease.String()+" to "+longestLease.String())
	}
	session := d.orDefault().Session
	if d.Hold > session {
		bad("durations.hold", "must not be longer than the session")
	}
	if d.Action > session {
		bad("durations.action", "must not be longer than the session")
	}
}
