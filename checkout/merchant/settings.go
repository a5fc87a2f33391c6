package merchant

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"kassa/checkout"
	"kassa/checkout/settings"
)

// SettingsStore keeps versions of the settings. The contracts of checkout/store.go hold for it.
type SettingsStore interface {
	settings.Reader

	// SettingsVersion returns one version; CodeNotFound if there is none with this number.
	SettingsVersion(ctx context.Context, number int64) (settings.Version, error)

	// PutSettings stores a version as the newest, and the record of that, both or nothing. The newest so far must be the one
	// before it (none, for the first); otherwise it changes nothing and returns CodeVersionConflict.
	PutSettings(ctx context.Context, v settings.Version, r Record) error
}

// Settings lets the merchant read and change the settings.
type Settings struct{ SettingsConfig }

// SettingsConfig is what Settings is made of.
type SettingsConfig struct {
	Store  SettingsStore
	Seed   []byte // the deployment's own document, in force while there is no version
	Now    func() time.Time
	NewID  func() string
	Logger *slog.Logger
}

// NewSettings returns the service of the settings. CodeInvalid if something that it needs is missing.
func NewSettings(c SettingsConfig) (*Settings, error) {
	if c.Store == nil || c.Now == nil || c.NewID == nil {
		return nil, invalid("config", "settings need a store, a clock and ids")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Settings{c}, nil
}

// Current returns what is in force: the newest version or, with number 0, the deployment's own document.
func (s *Settings) Current(ctx context.Context) (settings.Version, error) {
	v, err := s.Store.Settings(ctx)
	if checkout.ErrorCode(err) == checkout.CodeNotFound {
		return settings.Version{Document: s.Seed}, nil
	}
	return v, err
}

// Version returns one version. CodeNotFound if there is none.
func (s *Settings) Version(ctx context.Context, number int64) (settings.Version, error) {
	return s.Store.SettingsVersion(ctx, number)
}

// MaxHistory is how many versions a page of the history has.
const MaxHistory = 20

// History returns versions before a number (0: from the newest), newest first, and the number to go on before; 0 = no more.
func (s *Settings) History(ctx context.Context, before int64) ([]settings.Version, int64, error) {
	if before <= 0 {
		newest, err := s.Current(ctx)
		if err != nil {
			return nil, 0, err
		}
		before = newest.Number + 1
	}
	var page []settings.Version
	for n := before - 1; n >= 1 && len(page) < MaxHistory; n-- {
		v, err := s.Store.SettingsVersion(ctx, n)
		if err != nil {
			return nil, 0, fmt.Errorf("read version %d: %w", n, err)
		}
		page = append(page, v)
	}
	next := before - int64(len(page))
	if next <= 1 || len(page) == 0 {
		next = 0
	}
	return page, next, nil
}

// PutSettings is a change of the settings.
type PutSettings struct {
	Key       string // id of the key that asks
	IfVersion int64  // from If-Match; 0 = whatever is in force
	Document  []byte
}

// Put takes a document as the next version, if it is valid as a whole. The document that is in force already stays what it is,
// so that a repeated request changes nothing. CodeVersionConflict if another version is in force than the request was made
// for, or if others have put some at the same time.
func (s *Settings) Put(ctx context.Context, in PutSettings) (settings.Version, error) {
	now := s.Now()
	if _, err := settings.Parse(in.Document); err != nil {
		return settings.Version{}, err
	}
	document, err := compact(in.Document)
	if err != nil {
		return settings.Version{}, err
	}
	newest, err := s.Current(ctx)
	if err != nil {
		return settings.Version{}, fmt.Errorf("read settings: %w", err)
	}
	if newest.Number > 0 && bytes.Equal(newest.Document, document) {
		return newest, nil
	}
	if in.IfVersion != 0 && in.IfVersion != newest.Number {
		return settings.Version{}, versionConflict(newest.Number)
	}
	v := settings.Version{Number: newest.Number + 1, At: now, By: in.Key, Op: s.NewID(), Document: document}
	r := Record{
		ID: derived("au_", "settings", strconv.FormatInt(v.Number, 10), v.Op), At: now, Key: in.Key, Action: "settings.put", Target: "settings",
		Before: number(newest.Number), After: number(v.Number), Outcome: OutcomeDone, Op: v.Op,
	}
	if err := s.Store.PutSettings(ctx, v, r); err != nil {
		return settings.Version{}, fmt.Errorf("put settings: %w", err)
	}
	s.Logger.InfoContext(ctx, "settings changed", "version", v.Number, "key", in.Key)
	return v, nil
}

func versionConflict(is int64) error {
	return &checkout.Error{
		Code: checkout.CodeVersionConflict, Message: "the settings are at version " + strconv.FormatInt(is, 10) + ": read them again and repeat the change",
	}
}

func number(n int64) json.RawMessage { return json.RawMessage(strconv.FormatInt(n, 10)) }

// compact is a document without white space between its parts.
func compact(document []byte) ([]byte, error) {
	var out bytes.Buffer
	if err := json.Compact(&out, document); err != nil {
		return nil, errors.Join(invalid("$", "the settings are no JSON"), err)
	}
	return out.Bytes(), nil
}
