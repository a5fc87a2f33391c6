package checkout

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"kassa/checkout/pricing"
	"kassa/payments/money"
)

// price fills in out.quote. What can't be had, such as a country that we don't ship to, an option that it doesn't have or a line that
// can't be taxed there, is said in a message and priced without.
func (q quoter) price(ctx context.Context, in quoteInput, out *quoted) error {
	input := pricing.Input{
		Currency: in.currency, Option: in.option, Language: in.language, Now: in.now, Rulebook: q.rulebook, Codes: in.codes,
		Rules: q.minted(in.madeFor, in.codes), UsedUp: map[string]bool{}, FirstOrder: true,
	}
	input.VATCountry, _ = pricing.VATCountry(in.buyer.VATID)
	q.locate(in, &input, out)
	for {
		quote, err := q.priced(in, &input, out)
		if err != nil {
			return err
		}
		again, err := q.exhaust(ctx, in, quote, &input)
		if err != nil {
			return err
		}
		if !again {
			out.quote = provisional(quote, in.buyer)
			return nil
		}
	}
}

// provisional marks discounts for first orders while nobody knows whose order it is.
func provisional(q pricing.Quote, b Buyer) pricing.Quote {
	for i := range q.Applied {
		if q.Applied[i].FirstOrder && PersonOfEmail(b.Email) == "" {
			q.Applied[i].Provisional = true
		}
	}
	return q
}

// locate says where the order goes to: an order that is collected goes nowhere, and is priced for the location.
func (q quoter) locate(in quoteInput, input *pricing.Input, out *quoted) {
	country, region := in.country, in.region
	if in.collect && slices.ContainsFunc(out.items, shippable) {
		if country == "" {
			country = q.shop.DefaultCountry
		}
		switch option, ok := q.pickup(in.option, country); {
		case ok:
			location, _ := q.rulebook.Pickup(option)
			input.Option, country, region = option, location.Country, location.Region
			if q.onlyPickup(option, country) {
				out.option = option
			}
		default:
			out.messages = append(out.messages, errorMessage(MsgNoPickup, SeverityRecoverable, "$.fulfillment.methods[0].type",
				"country", country))
			out.collect, out.option, input.Option, country = false, "", "", in.country
		}
	}
	if c, ok := q.shop.Countries[country]; ok {
		input.Country, input.Region = &c, region
	} else if country != "" {
		out.messages = append(out.messages, undeliverable(country))
	}
}

// pickup is the pick-up that a quote is made for: the chosen one, and while none is, the first in the country.
func (q quoter) pickup(option, country string) (string, bool) {
	if _, ok := q.rulebook.Pickup(option); ok {
		return option, true
	}
	for _, m := range q.shop.Countries[country].Shipping {
		if m.Pickup != "" {
			return m.ID, true
		}
	}
	return "", false
}

// onlyPickup reports whether there is no choice among pick-ups.
func (q quoter) onlyPickup(option, country string) bool {
	return !slices.ContainsFunc(q.shop.Countries[country].Shipping,
		func(m pricing.ShippingMethod) bool { return m.Pickup != "" && m.ID != option })
}

// priced prices the items that can be, and leaves out what can't. Each round leaves out something more.
func (q quoter) priced(in quoteInput, input *pricing.Input, out *quoted) (pricing.Quote, error) {
	for {
		input.Items = out.items
		out.ships = slices.ContainsFunc(out.items, shippable)
		quote, err := pricing.Price(*input)
		var item *pricing.ItemError
		switch {
		case err == nil:
			return quote, nil
		case errors.Is(err, money.ErrOverflow):
			return quote, &Error{Code: CodeInvalid, Path: "$.line_items", Message: "the total is more than can be counted", Err: err}
		case errors.Is(err, pricing.ErrUnknownOption):
			out.messages = append(out.messages, errorMessage(MsgUnknownOption, SeverityRecoverable,
				"$.fulfillment.methods[0].groups[0].selected_option_id", "option", in.option))
			out.option, input.Option = "", ""
		case errors.Is(err, pricing.ErrRegionMissing):
			out.messages = append(out.messages, warning(MsgMissing, "$.context.address_region"))
			input.Country = nil
		case errors.Is(err, pricing.ErrRegionExcluded), errors.Is(err, pricing.ErrNoShipping):
			out.messages = append(out.messages, undeliverable(input.Country.Code))
			input.Country = nil
		case errors.As(err, &item) && out.leaveOut(item.SKU):
		default:
			return quote, fmt.Errorf("price %d lines: %w", len(out.items), err)
		}
	}
}

// leaveOut drops an item that can't be priced, because of how the shop has settled it, with a message; false if there is none.
func (q *quoted) leaveOut(sku string) bool {
	i := slices.IndexFunc(q.items, func(item pricing.Item) bool { return item.SKU == sku })
	if i < 0 {
		return false
	}
	q.messages = append(q.messages, errorMessage(MsgItemUnavailable, SeverityRecoverable, linePath(q.places[i]), "sku", sku,
		"title", q.items[i].Title))
	q.items, q.places, q.lines = slices.Delete(q.items, i, i+1), slices.Delete(q.places, i, i+1), slices.Delete(q.lines, i, i+1)
	delete(q.kept, sku)
	return true
}

func shippable(item pricing.Item) bool { return item.Shippable }

func undeliverable(country string) Message {
	return errorMessage(MsgUndeliverable, SeverityBuyerInput, "$.fulfillment.methods[0].destinations[0].address_country",
		"country", country)
}

// keptCurrency tells that a cart keeps its currency where another one was asked for: its prices are in one.
func keptCurrency(c Context, kept money.Currency) []Message {
	wanted, err := money.ParseCurrency(c.Currency)
	if c.Currency == "" || err == nil && wanted == kept {
		return nil
	}
	return []Message{warning(MsgCurrencyKept, "$.context.currency", "currency", string(kept), "wanted", c.Currency)}
}
