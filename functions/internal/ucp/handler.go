package ucp

import (
	"slices"
	"strings"

	"kassa/checkout"
	"kassa/payments/money"
)

// googlePayName is the registry's name of Google Pay's handler; all others are named in the shop's own domain.
const googlePayName = "com.google.pay"

// handlers are the ways to pay that a view offers, each with a config that is ready to open it.
func (w *Wire) handlers(s speaker, v checkout.SessionView) map[string][]handler {
	out := map[string][]handler{}
	for _, o := range v.Offers {
		name := w.namespace + "." + o.Handler
		h := handler{ID: o.Handler, Version: Version, Instruments: []availableInstrument{{"card"}}}
		switch o.Handler {
		case checkout.HandlerApplePay:
			h.Config = w.applePay(s, v)
		case checkout.HandlerGooglePay:
			name, h.Config = googlePayName, w.googlePay(s, v)
		case checkout.HandlerSavedCard:
			h.Config = struct{}{} // the instruments are in payment
		default:
			h.Config = w.stripe(v, o)
			h.Instruments = instruments(o.Methods)
		}
		out[name] = append(out[name], h)
	}
	return out
}

func instruments(methods []string) []availableInstrument {
	out := make([]availableInstrument, 0, len(methods))
	for _, m := range methods {
		out = append(out, availableInstrument{m})
	}
	return out
}

// stripeConfig opens the provider's own sheet (Stripe PaymentSheet with a deferred intent).
type stripeConfig struct {
	PublishableKey string   `json:"publishableKey"`
	Merchant       string   `json:"merchantDisplayName"`
	Country        string   `json:"merchantCountryCode"`
	Mode           string   `json:"mode"`
	Currency       string   `json:"currency"` // lower case, as Stripe's SDKs take it
	Amount         int64    `json:"amount"`   // in Stripe's units
	Methods        []string `json:"paymentMethodTypes"`
	ReturnURL      string   `json:"returnURL"`
}

func (w *Wire) stripe(v checkout.SessionView, o checkout.Offer) stripeConfig {
	total := v.Session.Quote.Total
	amount, err := total.ToProvider()
	if err != nil {
		amount = total.Minor // pricing keeps totals chargeable; a total that isn't is refused before anything is charged
	}
	return stripeConfig{
		PublishableKey: w.shop.Wallets.PublishableKey, Merchant: w.shop.Name, Country: w.shop.Country, Mode: "payment",
		Currency: strings.ToLower(string(total.Currency)), Amount: amount, Methods: o.Methods, ReturnURL: w.shop.ReturnURL,
	}
}

// sheetItem is a line of a wallet's sheet.
type sheetItem struct {
	kind, label string
	amount      money.Money
}

// sheetItems are the entries of a session's totals but the last: they sum to the total.
func (s speaker) sheetItems(q checkout.Quote) []sheetItem {
	var out []sheetItem
	for _, t := range s.totals(q) {
		if t.Type != typeTotal {
			out = append(out, sheetItem{t.Type, t.Text, money.New(t.Amount, q.Currency)})
		}
	}
	return out
}

// missingContact says what a sheet must still ask the shopper for. Each field may be a further step for them, so that
// nothing is asked for that is known or not needed.
type missingContact struct{ address, name, email bool }

func (w *Wire) missingFrom(x checkout.Session) missingContact {
	d := x.Destination
	m := missingContact{email: x.Buyer.Email == ""}
	switch {
	case x.Ships && x.Collect:
		m.name = x.Buyer.LastName == ""
	case x.Ships:
		m.address = d == nil || d.Street == "" || d.City == "" || d.Country == "" ||
			d.Region == "" && len(w.shop.Countries[d.Country].Regions) > 0
		m.name = m.address || d.LastName == "" && x.Buyer.LastName == ""
	case x.Quote.Estimated:
		m.address = true // the country decides about tax
	}
	return m
}

// settled reports whether nothing that the sheet may ask for can change the total any more.
func (w *Wire) settled(x checkout.Session) bool {
	return !x.Quote.Estimated && !w.missingFrom(x).address
}

// networks translates the shop's card networks, leaving out those that a wallet doesn't know.
func networks(own []string, names map[string]string) []string {
	out := []string{}
	for _, n := range own {
		if name, ok := names[n]; ok && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
