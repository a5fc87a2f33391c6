package checkout

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"kassa/checkout/pricing"
	"kassa/payments/money"
)

// quoter prices lines with what the catalogue says about them.
type quoter struct {
	catalog Catalog
	shop    Shop
}

// quoteInput is what a quote is asked for.
type quoteInput struct {
	lines    []LineItem
	currency money.Currency
	country  string
	option   string
	language string
	// frozen holds the unit prices of a quote that still stands; nil prices anew.
	frozen *Quote
	// cut takes quantities down to what is in stock; without it they stay, with a warning.
	cut bool
	now time.Time
}

// quoted is a quote and what had to be said on the way to it.
type quoted struct {
	quote    pricing.Quote
	ships    bool            // something in it must be shipped
	lines    []LineItem      // what was asked for, less what can't be sold (and, when cutting, what isn't there)
	kept     map[string]bool // skus whose stock is kept
	messages []Message
	option   string // as asked for, unless it isn't offered there
}

// quote prices the lines that can be sold. What can't is left out, with a message at the line's place in in.lines.
func (q quoter) quote(ctx context.Context, in quoteInput) (quoted, error) {
	products, err := q.catalog.Products(ctx, skusOf(in.lines))
	if err != nil {
		return quoted{}, fmt.Errorf("read products: %w", err)
	}
	out := quoted{kept: make(map[string]bool), option: in.option}
	var items []pricing.Item
	for i, line := range in.lines {
		product, known := products[line.SKU]
		item, message := q.item(in, line, product, known)
		path := linePath(i)
		if message.Code != "" {
			message.Path = path
			out.messages = append(out.messages, message)
			continue
		}
		if product.Stock != nil {
			out.kept[line.SKU] = true
			item.Quantity, message = stocked(product, line, in.cut, in.language)
			if message.Code != "" {
				if message.Path = path; item.Quantity > 0 {
					message.Path = linePath(len(out.lines)) // where the answer has it
				}
				out.messages = append(out.messages, message)
			}
			if item.Quantity == 0 {
				continue
			}
		}
		out.ships = out.ships || item.Shippable
		line.Quantity = item.Quantity
		out.lines = append(out.lines, line)
		items = append(items, item)
	}
	err = q.price(in, items, &out)
	return out, err
}

// item makes a priced item of a line, or says why it can't be sold.
func (q quoter) item(in quoteInput, line LineItem, product Product, known bool) (pricing.Item, Message) {
	if !known {
		return pricing.Item{}, errorMessage(MsgNotFound, SeverityRecoverable, "", "sku", line.SKU)
	}
	unit, ok := product.Price(in.currency)
	if in.frozen != nil {
		if frozen, found := in.frozen.unit(line.SKU); found {
			unit, ok = frozen, true
		}
	}
	if !ok {
		return pricing.Item{}, errorMessage(MsgItemUnavailable, SeverityRecoverable, "",
			"sku", line.SKU, "title", product.TitleIn(in.language))
	}
	return pricing.Item{
		LineID: line.ID, SKU: line.SKU, Title: product.TitleIn(in.language), ImageURL: product.ImageURL,
		Quantity: line.Quantity, Unit: unit, TaxCategory: product.TaxCategory, Shippable: !product.Digital,
	}, Message{}
}

// stocked returns how much of a line can be had, and what to say if that is less than asked for.
func stocked(product Product, line LineItem, cut bool, language string) (int64, Message) {
	free := product.Available(line.Quantity)
	if free == line.Quantity {
		return line.Quantity, Message{}
	}
	args := []string{"sku", line.SKU, "title", product.TitleIn(language), "requested", strconv.FormatInt(line.Quantity, 10),
		"quantity", strconv.FormatInt(free, 10)}
	switch {
	case !cut && free == 0:
		return line.Quantity, warning(MsgOutOfStock, "", args...)
	case !cut:
		return line.Quantity, warning(MsgLowStock, "", args...)
	case free == 0:
		return 0, errorMessage(MsgOutOfStock, SeverityRecoverable, "", args...)
	}
	return free, warning(MsgQuantityAdjusted, "", args...)
}

// price fills in out.quote. A country that we don't ship to, or an option that it doesn't have, is said in a message and
// priced without.
func (q quoter) price(in quoteInput, items []pricing.Item, out *quoted) error {
	input := pricing.Input{Currency: in.currency, Items: items, Option: in.option, Language: in.language, Now: in.now}
	if country, ok := q.shop.Countries[in.country]; ok {
		input.Country = &country
	} else if in.country != "" {
		out.messages = append(out.messages, undeliverable(in.country))
	}
	quote, err := pricing.Price(input)
	if errors.Is(err, pricing.ErrUnknownOption) {
		out.messages = append(out.messages, errorMessage(MsgUnknownOption, SeverityRecoverable,
			"$.fulfillment.methods[0].groups[0].selected_option_id", "option", in.option))
		out.option, input.Option = "", ""
		quote, err = pricing.Price(input)
	}
	if errors.Is(err, pricing.ErrNoShipping) {
		out.messages = append(out.messages, undeliverable(in.country))
		input.Country = nil
		quote, err = pricing.Price(input)
	}
	if errors.Is(err, money.ErrOverflow) {
		return &Error{Code: CodeInvalid, Path: "$.line_items", Message: "the total is more than can be counted", Err: err}
	}
	if err != nil {
		return fmt.Errorf("price %d lines: %w", len(items), err)
	}
	out.quote = quote
	return nil
}

func undeliverable(country string) Message {
	return errorMessage(MsgUndeliverable, SeverityBuyerInput, "$.fulfillment.methods[0].destinations[0].address_country",
		"country", country)
}

// unit returns the unit price that the quote froze for a sku.
func (q Quote) unit(sku string) (money.Money, bool) {
	for _, l := range q.Lines {
		if l.SKU == sku {
			return l.Unit, true
		}
	}
	return money.Money{}, false
}

// sameLines reports whether the quote prices exactly these lines.
func (q Quote) sameLines(lines []LineItem) bool {
	if len(q.Lines) != len(lines) {
		return false
	}
	for i, l := range lines {
		if q.Lines[i].SKU != l.SKU || q.Lines[i].Quantity != l.Quantity {
			return false
		}
	}
	return true
}

func linePath(i int) string { return "$.line_items[" + strconv.Itoa(i) + "]" }

func skusOf(lines []LineItem) []string {
	skus := make([]string, len(lines))
	for i, l := range lines {
		skus[i] = l.SKU
	}
	return skus
}
