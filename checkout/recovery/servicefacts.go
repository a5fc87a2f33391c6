package recovery

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery/wording"
)

// facts are what a service message tells of a session; false if there is nothing of the kind to tell.
func (t teller) facts(now time.Time, item checkout.OutboxItem) (wording.Facts, bool) {
	s := item.Session
	f := wording.Facts{
		Shop: t.Settings.brand(t.Shop), Now: now, Locale: t.Shop.Language(s.Context.Language), Channel: wording.Email, Service: true,
		Reason: t.reason, FirstName: s.Buyer.FirstName, Lines: orderLines(s.Quote), Total: s.Quote.Total,
		Link: pageOf(t.Shop, "checkout", s.ID),
	}
	if f.FirstName == "" && s.Destination != nil {
		f.FirstName = s.Destination.FirstName
	}
	if s.Order != nil {
		f.Order = t.order(s)
		f.Link = pageOf(t.Shop, "o", s.Order.ID)
	}
	switch t.reason {
	case wording.Receipt:
		return f, f.Order != nil
	}
	return f, false
}

// brand is the shop as messages show it.
func (s Settings) brand(shop checkout.Shop) wording.Shop {
	return wording.Shop{Name: shop.Name, BaseURL: shop.BaseURL, Links: shop.Links, Zone: s.zone(""), Settings: s.Messages}
}

// pageOf is the address of a page of the shop's.
func pageOf(shop checkout.Shop, parts ...string) string {
	at := strings.TrimSuffix(shop.BaseURL, "/")
	for _, part := range parts {
		at += "/" + url.PathEscape(part)
	}
	return at
}

// orderLines are the lines before discounts and added tax, which stand below them.
func orderLines(q checkout.Quote) []wording.Line {
	lines := make([]wording.Line, len(q.Lines))
	for i, l := range q.Lines {
		lines[i] = wording.Line{Title: l.Title, Quantity: l.Quantity, Unit: l.Unit, Total: l.Subtotal, ImageURL: l.ImageURL}
	}
	return lines
}

func (t teller) order(s checkout.Session) *wording.Order {
	o := &wording.Order{
		ID: s.Order.ID, PlacedAt: s.Order.PlacedAt, Quote: s.Quote.Quote, Country: countryOf(t.Shop, s), Ships: s.Ships,
		Authorized: s.Order.Authorized, Terms: s.Order.Terms, ReturnDays: t.Shop.Countries[countryOf(t.Shop, s)].ReturnDays,
	}
	if d := s.Destination; d != nil && s.Ships {
		o.Address = addressLines(*d, s.Buyer)
	}
	return o
}

// countryOf is where an order goes to, which decides whose law the buyer has on his side.
func countryOf(shop checkout.Shop, s checkout.Session) string {
	if s.Destination != nil && s.Destination.Country != "" {
		return s.Destination.Country
	}
	if s.Context.Country != "" {
		return s.Context.Country
	}
	return shop.DefaultCountry
}

func addressLines(d checkout.Destination, b checkout.Buyer) []string {
	name := strings.TrimSpace(d.FirstName + " " + d.LastName)
	if name == "" {
		name = strings.TrimSpace(b.FirstName + " " + b.LastName)
	}
	lines := []string{name, d.Street, d.Extended, strings.TrimSpace(d.PostalCode + " " + d.City), d.Region, d.Country}
	return slices.DeleteFunc(lines, func(line string) bool { return line == "" })
}
