package recovery

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"kassa/checkout"
)

// Purpose is what a link is good for. A link of one purpose is nothing to another.
type Purpose string

const (
	PurposeReturn      Purpose = "r" // restores the contents of a cart, for one device
	PurposeUnsubscribe Purpose = "u" // says no to follow-ups (RFC 8058)
	PurposeConfirm     Purpose = "c" // confirms consent by the owner of the address
)

// Lives of links, from sending. A link to unsubscribe lives for ever: the law wants it to work for a month (16 CFR 316.5), people
// for years.
const (
	ReturnLife  = 72 * time.Hour
	ConfirmLife = 14 * 24 * time.Hour
)

// Link is what a token in a message stands for. It holds no personal data: ids and hashes.
type Link struct {
	Purpose Purpose
	Subject string // id of the cart, or of the contact
	Stage   string // of the follow-up
	Channel Channel
	Sent    time.Time // in whole seconds
}

// expires is when the link is dead; zero = never.
func (l Link) expires() time.Time {
	switch l.Purpose {
	case PurposeReturn:
		return l.Sent.Add(ReturnLife)
	case PurposeConfirm:
		return l.Sent.Add(ConfirmLife)
	case PurposeUnsubscribe:
	}
	return time.Time{}
}

// Links makes and checks tokens: HMAC-SHA256 over purpose, subject and time, under a key that the token names, so that a second
// secret serves while one is rotated. The first secret signs, all verify.
type Links struct{ secrets []linkSecret }

type linkSecret struct {
	id  string
	key []byte
}

// NewLinks returns Links with one or more secrets of ≥32 bytes. CodeInvalid for a shorter one, or none.
func NewLinks(secrets ...[]byte) (Links, error) {
	var l Links
	for _, s := range secrets {
		if len(s) < 32 {
			return Links{}, &checkout.Error{Code: checkout.CodeInvalid, Path: "secrets", Message: "a link secret needs at least 32 bytes"}
		}
		mac := hmac.New(sha256.New, s)
		mac.Write([]byte("kassa link key 1"))
		id := mac.Sum(nil)[:4]
		mac.Reset()
		mac.Write([]byte("kassa link secret 1"))
		l.secrets = append(l.secrets, linkSecret{hex.EncodeToString(id), mac.Sum(nil)})
	}
	if len(l.secrets) == 0 {
		return Links{}, &checkout.Error{Code: checkout.CodeInvalid, Path: "secrets", Message: "at least one link secret is needed"}
	}
	return l, nil
}

// linkPrefix marks a token, so that a leaked one is found by secret scanners.
const (
	linkPrefix = "krl_"
	maxToken   = 400
	linkMAC    = 24
)

// Token returns the token of a link.
func (l Links) Token(k Link) string {
	s := l.secrets[0]
	payload := strings.Join([]string{string(k.Purpose), k.Subject, k.Stage, string(k.Channel), strconv.FormatInt(k.Sent.Unix(), 36)}, "~")
	return linkPrefix + s.id + "." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + "." +
		base64.RawURLEncoding.EncodeToString(s.mac(payload))
}

func (s linkSecret) mac(payload string) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte("kassa link 1\x00" + s.id + "\x00" + payload))
	return h.Sum(nil)[:linkMAC]
}

// Open returns the link that a token of a purpose stands for; false if it was not made by us, for this, or is dead by now.
func (l Links) Open(token string, purpose Purpose, now time.Time) (Link, bool) {
	rest, ok := strings.CutPrefix(token, linkPrefix)
	parts := strings.Split(rest, ".")
	if !ok || len(token) > maxToken || len(parts) != 3 {
		return Link{}, false
	}
	payload, ok1 := strict64(parts[1])
	given, ok2 := strict64(parts[2])
	if !ok1 || !ok2 {
		return Link{}, false
	}
	known := false
	for _, s := range l.secrets {
		if s.id == parts[0] && hmac.Equal(given, s.mac(string(payload))) {
			known = true
		}
	}
	if !known {
		return Link{}, false
	}
	fields := strings.Split(string(payload), "~")
	if len(fields) != 5 || fields[0] != string(purpose) {
		return Link{}, false
	}
	seconds, err := strconv.ParseInt(fields[4], 36, 64)
	if err != nil {
		return Link{}, false
	}
	k := Link{Purpose: purpose, Subject: fields[1], Stage: fields[2], Channel: Channel(fields[3]), Sent: time.Unix(seconds, 0).UTC()}
	end := k.expires()
	return k, end.IsZero() || now.Before(end)
}

// strict64 decodes the one spelling that a value has.
func strict64(text string) ([]byte, bool) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return data, err == nil && base64.RawURLEncoding.EncodeToString(data) == text
}
