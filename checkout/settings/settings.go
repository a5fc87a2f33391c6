// Package settings is the shop's settings as the merchant keeps them: one JSON document, taken whole or not at all.
//
// Its versions are numbered from 1 and kept: an old one is put again to go back to it. Nobody deploys anything for a change.
// Every function asks its store for the newest version about once a minute and makes its services anew when that has moved.
package settings

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

// Settings is all that a shop has decided. The fields of Shop stand at the top of the document.
type Settings struct {
	checkout.Shop
	Recovery recovery.Settings `json:"recovery"`
}

// MaxDocument bounds a document, in bytes. A DynamoDB item holds 400 KB, so that every document fits that is allowed.
const MaxDocument = 256 << 10

// Version is a document as it was put.
type Version struct {
	Number   int64     // from 1, without gaps
	At       time.Time // when it was put
	By       string    // id of the merchant's key that put it
	Op       string    // id of the write, by which a retried one recognises itself
	Document []byte    // compact JSON, valid when it was put
}

// Reader is what functions need of a store to see new settings. The contracts of checkout/store.go hold for it.
type Reader interface {
	// Settings returns the newest version (strongly consistent). CodeNotFound if none was ever put: then the deployment's
	// own parameter counts.
	Settings(ctx context.Context) (Version, error)
}

// Parse reads a document. CodeInvalid, with the field's path, for text that is no JSON object, for names that nothing reads or
// that stand there twice, for values of a wrong type, and for settings that contradict themselves; the last are all named,
// each by an error of its own behind errors.Join.
func Parse(document []byte) (Settings, error) {
	var s Settings
	if len(document) > MaxDocument {
		return s, invalid("$", "settings have at most 262144 bytes")
	}
	if err := Decode(document, &s); err != nil {
		return s, err
	}
	err := s.Validate()
	s.lookInTime()
	return s, err
}

// lookInTime has carts looked at by the time at which the first message may be due: a plan that begins after twenty minutes is kept,
// whatever durations.idle is.
func (s *Settings) lookInTime() {
	first := s.Recovery.First()
	if idle := s.Durations.Idle; s.Recovery.Active() && (idle > first || idle == 0 && first < time.Hour) {
		s.Durations.Idle = first
	}
}

// Validate reports every contradiction in the settings, each naming its field by a JSONPath into the document.
func (s Settings) Validate() error {
	return errors.Join(at("$.", s.Shop.Validate()), at("$.recovery.", s.Recovery.Validate()), at("$.recovery.", s.agree()))
}

// agree reports where what is said of follow-up contradicts what is said of the shop.
func (s Settings) agree() error {
	var errs []error
	if i := s.Recovery.Incentive; i != nil && i.Rule != "" && !s.mints(i.Rule) {
		errs = append(errs, invalid("incentive.rule", "is no rule of pricing.discounts that is minted"))
	}
	for _, language := range slices.Sorted(maps.Keys(s.Recovery.Messages.Texts)) {
		if slices.Contains(checkout.Languages, language) && !slices.Contains(s.Languages, language) {
			errs = append(errs, invalid("messages.texts."+language, "is a language that the shop doesn't speak"))
		}
	}
	return errors.Join(errs...)
}

// mints reports whether codes can be made of a discount rule.
func (s Settings) mints(rule string) bool {
	for _, r := range s.Pricing.Discounts {
		if r.ID == rule {
			return r.Minted
		}
	}
	return false
}

// at places errors of a part in the document.
func at(place string, err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // errors.Join's own
		placed := make([]error, 0, len(joined.Unwrap()))
		for _, one := range joined.Unwrap() {
			placed = append(placed, at(place, one))
		}
		return errors.Join(placed...)
	}
	var e *checkout.Error
	if !errors.As(err, &e) {
		return err
	}
	placed := *e
	placed.Path = place + strings.TrimPrefix(e.Path, "$.")
	return &placed
}

func invalid(path, message string) *checkout.Error {
	return &checkout.Error{Code: checkout.CodeInvalid, Path: path, Message: message}
}
