package sandbox

import (
	"slices"
	"time"
)

// confirmationToken is what an app's SDK collected in its sheet, as the API shows it.
type confirmationToken struct {
	ID               string        `json:"id"`
	Object           string        `json:"object"`
	Created          int64         `json:"created"`
	ExpiresAt        int64         `json:"expires_at"`
	Livemode         bool          `json:"livemode"`
	PaymentIntent    text          `json:"payment_intent"`
	Preview          paymentMethod `json:"payment_method_preview"`
	ReturnURL        text          `json:"return_url"`
	SetupFutureUsage text          `json:"setup_future_usage"`
	SetupIntent      text          `json:"setup_intent"`
	Shipping         *shipping     `json:"shipping"`
	UseStripeSDK     bool          `json:"use_stripe_sdk"`
}

type tokenRow struct {
	Wire   confirmationToken `json:"wire"`
	Method methodRow         `json:"method"` // without an id: it gets one when the token is used
	Saved  string            `json:"saved,omitempty"`
}

var tokenKeys = slices.Concat(keys("payment_method", "return_url", "setup_future_usage", "use_stripe_sdk"), intentDataKeys, shippingKeys)

// createToken answers POST /v1/test_helpers/confirmation_tokens, which stands in for the app's SDK. use_stripe_sdk is the
// sandbox's own parameter: a token of a real SDK has it set, and then the next action carries no URL for a browser.
func createToken(c *call) work {
	f := c.form
	source := readSource(f)
	made := confirmationToken{Object: "confirmation_token", ReturnURL: text(f.text("return_url")), Shipping: readShipping(f),
		SetupFutureUsage: text(f.choice("setup_future_usage", "on_session", "off_session")), UseStripeSDK: f.boolean("use_stripe_sdk")}
	if source == (methodSource{}) {
		f.required("payment_method")
	}
	return func(t *tx) (any, *apiError) {
		row := tokenRow{Wire: made}
		if source.data != nil {
			row.Method = *source.data
		} else if m, ok := staticMethod(source.id); ok {
			row.Method = m
		} else {
			m, err := t.method(source.id, "payment_method")
			if err != nil {
				return nil, err
			}
			row.Method, row.Saved = m, m.Wire.ID
		}
		row.Wire.ID, row.Wire.Created = freshID(t, t.tokens, "ctoken"), t.unix()
		row.Wire.ExpiresAt = t.now.Add(tokenLife).Unix()
		row.Wire.Preview = row.Method.Wire
		row.Wire.Preview.ID, row.Wire.Preview.Object = "", ""
		t.tokens.put(row.Wire.ID, row)
		return row.Wire, nil
	}
}

func retrieveToken(c *call) work {
	return func(t *tx) (any, *apiError) {
		if row, ok := t.tokens.get(c.id); ok {
			return row.Wire, nil
		}
		return nil, missing("confirmation_token", c.id)
	}
}

// spend uses a token for one confirmation and gives the id of its payment method. What the call says wins over the token.
func (t *tx) spend(id string, row *intentRow, how *confirmation) (string, *apiError) {
	token, ok := t.tokens.get(id)
	switch {
	case !ok:
		return "", missingParam("confirmation_token", "confirmation_token", id)
	case token.Wire.PaymentIntent != "":
		return "", invalid("", "confirmation_token", "The confirmation token has already been used to confirm a previous PaymentIntent.")
	case !t.now.Before(time.Unix(token.Wire.ExpiresAt, 0)):
		return "", invalid("", "confirmation_token", "The confirmation token has expired.")
	}
	if how.returnURL == "" {
		how.returnURL = string(token.Wire.ReturnURL)
	}
	how.useSDK = how.useSDK || token.Wire.UseStripeSDK
	if row.Wire.SetupFutureUsage == "" {
		row.Wire.SetupFutureUsage = token.Wire.SetupFutureUsage
	}
	if row.Wire.Shipping == nil {
		row.Wire.Shipping = token.Wire.Shipping
	}
	token.Wire.PaymentIntent = text(row.Wire.ID)
	t.tokens.put(id, token)
	if token.Saved != "" {
		return token.Saved, nil
	}
	return t.newMethod(token.Method).Wire.ID, nil
}
