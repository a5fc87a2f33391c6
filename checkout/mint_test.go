package checkout_test

import (
	"bytes"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/pricing"
)

func minting(c *checkout.Config) {
	limitedShop(c)
	c.Shop.Pricing.Discounts = append(c.Shop.Pricing.Discounts, pricing.DiscountRule{
		ID: "come-back", Title: map[string]string{"en": "Welcome back", "nl": "Welkom terug"}, Minted: true, BasisPoints: 1000,
	})
}

// A code made for a cart holds for that cart alone, until its end, once; and nobody gets the rule without one.
func TestMintedCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, minting)
	estimator := must(checkout.NewEstimator(w.config))(t)
	cart, until := w.cart("mug", 1), w.clock.Now().Add(72*time.Hour)
	if !cart.Quote.Discount.IsZero() {
		t.Fatalf("the rule is given to everybody: %v", cart.Quote.Discount)
	}
	mint := func(rule string, c checkout.Cart) (string, string, bool) {
		t.Helper()
		code, title, ok, err := estimator.Mint(t.Context(), rule, c, until, "nl")
		w.ok(err)
		return code, title, ok
	}
	code, title, ok := mint("come-back", cart.Cart)
	if again, _, _ := mint("come-back", cart.Cart); !ok || title != "Welkom terug" || code != again || len(code) != 20 {
		t.Fatalf("minted %q (%q), then %q", code, title, again)
	}
	if _, _, ok := mint("once", cart.Cart); ok {
		t.Error("a rule with a code of its own is minted")
	}
	if _, _, ok := mint("come-back", w.cart("free", 1).Cart); ok {
		t.Error("a code that gives nothing is minted")
	}
	use := func(c checkout.CartView, codes ...string) checkout.CartView {
		t.Helper()
		view, err := w.carts.Replace(t.Context(), checkout.ReplaceCartInput{Request: w.request(c.Token), CartID: c.Cart.ID,
			Lines: linesOf("mug", 1), Context: checkout.Context{Country: "NL"}, Codes: codes})
		w.ok(err)
		view.Token = c.Token
		return view
	}
	other := use(w.cart("mug", 1), code)
	wantMessage(t, other.Messages, checkout.MsgCodeInvalid, "$.discounts.codes[0]")
	mine := use(cart, code)
	if mine.Quote.Total.Minor != withEach {
		t.Fatalf("the cart that it was made for costs %v", mine.Quote.Total)
	}
	open := w.open(mine)
	w.pay(mine.Token, open.Session.ID, "pm_card_visa")
	if s := w.wantPaidOnce(open.Session.ID); s.Order.Amount.Minor != withEach || w.uses("t:minted-"+code) != 1 {
		t.Errorf("paid %v, %d uses are counted", s.Order.Amount, w.uses("t:minted-"+code))
	}
	late := w.cart("mug", 1)
	code, _, _ = mint("come-back", late.Cart)
	w.clock.advance(73 * time.Hour)
	m := wantMessage(t, use(late, code).Messages, checkout.MsgCodeExpired, "$.discounts.codes[0]")
	if m.Args["reason"] != string(pricing.ReasonExpired) {
		t.Errorf("past its end it is told as %+v", m)
	}
}

// Whoever mints with a secret of codes needs no tokens, and makes codes that the carts of the same secret know: the old one too, while
// secrets are changed, and no other.
func TestMintedCodesBySecretsOfTheirOwn(t *testing.T) {
	t.Parallel()
	old, current := bytes.Repeat([]byte("o"), 32), bytes.Repeat([]byte("n"), 32)
	for name, c := range map[string]struct {
		mints, knows [][]byte
		known        bool
	}{
		"the same":       {[][]byte{current}, [][]byte{current}, true},
		"the old one":    {[][]byte{old}, [][]byte{current, old}, true},
		"another":        {[][]byte{old}, [][]byte{current}, false},
		"that of tokens": {[][]byte{current}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, minting, func(config *checkout.Config) { config.CodeSecrets = c.knows })
			config := w.config
			config.Tokens, config.CodeSecrets = checkout.Tokens{}, c.mints
			cart := w.cart("mug", 1)
			code, _, ok, err := must(checkout.NewEstimator(config))(t).Mint(t.Context(), "come-back", cart.Cart, w.clock.Now().Add(time.Hour), "en")
			if err != nil || !ok {
				t.Fatalf("minted %v, %v", ok, err)
			}
			view, err := w.carts.Replace(t.Context(), checkout.ReplaceCartInput{Request: w.request(cart.Token), CartID: cart.Cart.ID,
				Lines: linesOf("mug", 1), Context: checkout.Context{Country: "NL"}, Codes: []string{code}})
			if w.ok(err); (view.Quote.Total.Minor == withEach) != c.known {
				t.Errorf("with the code the cart costs %v", view.Quote.Total)
			}
		})
	}
	config := newWorld(t, minting).config
	config.CodeSecrets = [][]byte{current[1:]}
	if _, err := checkout.NewEstimator(config); checkout.ErrorCode(err) != checkout.CodeInvalid {
		t.Errorf("a short secret is taken: %v", err)
	}
}
