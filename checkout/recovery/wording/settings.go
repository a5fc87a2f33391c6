package wording

import (
	"encoding/hex"
	"errors"
	"net/mail"
	"net/url"
	"strings"

	"kassa/checkout"
)

// Settings are how the shop presents itself in messages.
type Settings struct {
	Colour  string `json:"colour,omitempty"`   // of buttons and of the shop's name, #RRGGBB; "" = nearly black
	Logo    string `json:"logo,omitempty"`     // https URL of a picture that stands for the name; "" = the name itself
	From    string `json:"from,omitempty"`     // address that e-mail comes from; its domain is verified with the provider
	ReplyTo string `json:"reply_to,omitempty"` // "" = From
	Trader  Trader `json:"trader"`
	// Texts replace our own, by language and key: {"nl": {"receipt.subject": "Bedankt voor je bestelling {order}"}}. The keys, and the
	// fields that a text may use, are those of texts/.
	Texts map[string]map[string]string `json:"texts,omitempty"`
}

// Trader is who the contract is with, as receipts and legal footers name it (Directive 2011/83/EU, article 6(1)(b) to (d);
// Directive 2000/31/EC, article 5).
type Trader struct {
	Name         string `json:"name"`                   // of the company
	Address      string `json:"address"`                // one line
	Email        string `json:"email"`                  // for complaints and withdrawals
	Phone        string `json:"phone,omitempty"`        //
	Registration string `json:"registration,omitempty"` // register and number: "KvK 12345678"
	VATID        string `json:"vat_id,omitempty"`
}

// isColour reports the form #RRGGBB.
func isColour(s string) bool {
	digits, marked := strings.CutPrefix(s, "#")
	_, err := hex.DecodeString(digits)
	return marked && len(digits) == 6 && err == nil
}

// Validate reports every mistake in the settings, each by its field below at, such as "messages". A shop that has sent nothing yet may
// leave From and Trader empty: Render then refuses what can't be sent without.
func (s Settings) Validate(at string) error {
	var errs []error
	bad := func(field, text string) { errs = append(errs, invalid(at+"."+field, text)) }
	if s.Colour != "" && !isColour(s.Colour) {
		bad("colour", "must be #RRGGBB")
	}
	if u, err := url.Parse(s.Logo); s.Logo != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		bad("logo", "must be an absolute https URL")
	}
	for _, f := range []struct{ field, address string }{{"from", s.From}, {"reply_to", s.ReplyTo}, {"trader.email", s.Trader.Email}} {
		if f.address != "" && !plainAddress(f.address) {
			bad(f.field, "must be an e-mail address, without a name")
		}
	}
	for _, f := range []struct{ field, value string }{
		{"trader.name", s.Trader.Name}, {"trader.address", s.Trader.Address}, {"trader.phone", s.Trader.Phone},
		{"trader.registration", s.Trader.Registration}, {"trader.vat_id", s.Trader.VATID},
	} {
		if strings.ContainsFunc(f.value, control) || len(f.value) > 300 {
			bad(f.field, "must be one line of at most 300 bytes")
		}
	}
	errs = append(errs, checkTexts(at+".texts", s.Texts)...)
	return errors.Join(errs...)
}

func plainAddress(text string) bool {
	parsed, err := mail.ParseAddress(text)
	return err == nil && parsed.Name == "" && parsed.Address == text
}

func control(r rune) bool { return r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 }

func invalid(path, message string) *checkout.Error {
	return &checkout.Error{Code: checkout.CodeInvalid, Path: path, Message: message}
}
