package ucp

import (
	"encoding/json"
	"strings"

	"kassa/checkout"
	"kassa/payments"
)

// Types of credentials that are taken. Google's own name for its token's type means the same as ours.
const (
	credentialConfirmation  = "stripe_confirmation_token"
	credentialPaymentMethod = "stripe_payment_method"
	credentialGooglePay     = "google_pay_token"
	credentialGateway       = "PAYMENT_GATEWAY"
)

// instrument returns the selected instrument with its credential; nil if there is none. A single instrument that doesn't
// say whether it is selected counts where the request can mean nothing else.
func (p *paymentForm) instrument(onlyOneCounts bool) (*payments.Instrument, error) {
	if p == nil {
		return nil, nil
	}
	chosen := -1
	for i, in := range p.Instruments {
		if in.Selected == nil || !*in.Selected {
			continue
		}
		if chosen >= 0 {
			return nil, invalid(instrumentPath(i)+".selected", "another instrument is selected already")
		}
		chosen = i
	}
	if chosen < 0 && onlyOneCounts && len(p.Instruments) == 1 && p.Instruments[0].Selected == nil {
		chosen = 0
	}
	switch {
	case chosen < 0 && onlyOneCounts && len(p.Instruments) > 0:
		return nil, missing(instrumentPath(0) + ".selected")
	case chosen < 0:
		return nil, nil
	case p.Instruments[chosen].savedCard():
		return p.Instruments[chosen].readSaved(instrumentPath(chosen))
	case p.Instruments[chosen].Credential == nil && onlyOneCounts:
		return nil, missing(instrumentPath(chosen) + ".credential")
	case p.Instruments[chosen].Credential == nil:
		return nil, nil
	}
	return p.Instruments[chosen].read(instrumentPath(chosen) + ".credential")
}

// savedCard reports whether the instrument is one of those that the checkout listed: its id is all that it takes.
func (f instrumentForm) savedCard() bool {
	return *f.Handler == checkout.HandlerSavedCard && f.Credential == nil && f.ID != nil
}

func (f instrumentForm) readSaved(path string) (*payments.Instrument, error) {
	in := payments.Instrument{Handler: *f.Handler, Kind: payments.InstrumentPaymentMethod, Token: *f.ID}
	if rest, ok := strings.CutPrefix(in.Token, "pm_"); !ok || !identifier(rest) {
		return nil, invalid(path+".id", "expected the id of a saved card that the checkout listed")
	}
	return &in, nil
}

func (f instrumentForm) read(path string) (*payments.Instrument, error) {
	in := payments.Instrument{Handler: *f.Handler, Token: *f.Credential.Token}
	if in.Handler == checkout.HandlerSavedCard && *f.Credential.Type != credentialPaymentMethod {
		return nil, invalid(path+".type", "a saved card is paid with by "+credentialPaymentMethod)
	}
	switch *f.Credential.Type {
	case credentialConfirmation:
		in.Kind = payments.InstrumentConfirmationToken
		return checked(in, "ctoken_", path)
	case credentialPaymentMethod:
		in.Kind = payments.InstrumentPaymentMethod
		return checked(in, "pm_", path)
	case credentialGooglePay, credentialGateway:
		in.Kind = payments.InstrumentGooglePayToken
		in.Token = googleToken(in.Token)
		return checked(in, "tok_", path)
	}
	return nil, invalid(path+".type", "expected one of: "+strings.Join([]string{
		credentialConfirmation, credentialPaymentMethod, credentialGooglePay, credentialGateway}, ", "))
}

func checked(in payments.Instrument, prefix, path string) (*payments.Instrument, error) {
	rest, ok := strings.CutPrefix(in.Token, prefix)
	if !ok || len(in.Token) > 255 || !identifier(rest) {
		return nil, invalid(path+".token", "expected a token of the credential's type, with the prefix "+prefix)
	}
	return &in, nil
}

// googleToken takes the id out of the string that Google Pay hands over, which holds the provider's token as JSON; "" if it
// holds none.
func googleToken(s string) string {
	var token struct {
		ID string `json:"id"`
	}
	if json.Unmarshal([]byte(s), &token) != nil {
		return ""
	}
	return token.ID
}
