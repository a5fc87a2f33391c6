package checkout

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"kassa/checkout/pricing"
)

// A minted code is one that the shop made for one cart, such as what a follow-up offers: four bytes of when it ends, in minutes, and
// eight of a MAC over that, the rule and the cart. It needs no record until it is used; then it is counted like any limited code. What
// a recovery link has restored from that cart takes it too: whoever opens the message on another phone is offered the same.
const mintedBytes, mintedMAC = 12, 8

var mintedText = base32.StdEncoding.WithPadding(base32.NoPadding)

func mintedCode(secret []byte, rule, cartID string, until time.Time) string {
	code := binary.BigEndian.AppendUint32(nil, uint32(until.Unix()/60)) //nolint:gosec // until the year 10136
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(strings.Join([]string{"minted code", rule, cartID, string(code)}, "\x00")))
	return mintedText.EncodeToString(mac.Sum(code)[:mintedBytes])
}

// minted returns the rules behind those of the codes that were made for one of some carts. Each is good for one use, in whichever
// of them.
func (q quoter) minted(carts, codes []string) []pricing.DiscountRule {
	var out []pricing.DiscountRule
	for _, code := range codes {
		raw, err := mintedText.DecodeString(code)
		if err != nil || len(raw) != mintedBytes {
			continue
		}
		until := time.Unix(int64(binary.BigEndian.Uint32(raw))*60, 0).UTC()
		for _, r := range q.rulebook.Minted() {
			if slices.ContainsFunc(carts, func(cart string) bool { return q.made(code, r.ID, cart, until) }) {
				out = append(out, oneUse(r, code, until))
				break
			}
		}
	}
	return out
}

// made reports whether a code was made for a cart, with any of the secrets.
func (q quoter) made(code, rule, cart string, until time.Time) bool {
	return slices.ContainsFunc(q.secrets, func(secret []byte) bool {
		return hmac.Equal([]byte(mintedCode(secret, rule, cart, until)), []byte(code))
	})
}

func oneUse(r pricing.DiscountRule, code string, until time.Time) pricing.DiscountRule {
	r.ID, r.Code, r.Minted, r.Limit, r.PerPerson = "minted-"+code, code, false, 1, 0
	if r.Until.IsZero() || until.Before(r.Until) {
		r.Until = until
	}
	return r
}

// Mint returns the code of a minted rule for one cart, the same whenever it is asked, and what it gives in a language; false if there is
// no such rule, it gives nothing for the cart, or the Estimator has no secrets to make codes with. It holds until then, to the minute, and
// can be used once.
func (e *Estimator) Mint(ctx context.Context, rule string, cart Cart, until time.Time, language string) (code, title string, ok bool, err error) {
	rules, secrets := e.quoter.rulebook.Minted(), e.quoter.secrets
	i := slices.IndexFunc(rules, func(r pricing.DiscountRule) bool { return r.ID == rule })
	if i < 0 || len(secrets) == 0 {
		return "", "", false, nil
	}
	code = mintedCode(secrets[0], rule, cart.ID, until)
	cart.Codes = append(slices.Clone(cart.Codes), code)
	view, err := e.Estimate(ctx, cart)
	if err != nil {
		return "", "", false, err
	}
	gives := slices.ContainsFunc(view.Quote.Applied, func(a pricing.AppliedDiscount) bool { return a.Code == code })
	return code, rules[i].TitleIn(language), gives, nil
}
