package checkout

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"kassa/checkout/pricing"
	"kassa/payments/money"
)

// quoter prices lines with what the catalogue says about them and the shop has settled.
type quoter struct {
	catalog  Catalog
	shop     Shop
	rulebook *pricing.Rulebook

	secrets     [][]byte     // of the codes for single carts
	redemptions Redemptions  // nil: commits alone find out
	history     OrderHistory // nil: everybody's order is the first
}

// newQuoter makes the settings ready to price by, once. CodeInvalid if they contradict themselves.
func newQuoter(c Config) (quoter, error) {
	book, err := c.Shop.Pricing.Rulebook(c.Shop.Countries)
	if err != nil {
		return quoter{}, &Error{Code: CodeInvalid, Path: "pricing", Message: err.Error()}
	}
	secrets := c.CodeSecrets
	if len(secrets) == 0 {
		secrets = c.Tokens.secrets
	}
	if slices.ContainsFunc(secrets, func(s []byte) bool { return len(s) < 32 }) {
		return quoter{}, &Error{Code: CodeInvalid, Path: "config", Message: "a secret of codes needs at least 32 bytes"}
	}
	return quoter{catalog: c.Catalog, shop: c.Shop, rulebook: book, secrets: secrets, redemptions: c.Redemptions, history: c.History}, nil
}

// quoteInput is what a quote is asked for.
type quoteInput struct {
	lines    []LineItem
	currency money.Currency
	country  string
	region   string // of the country, as typed
	option   string
	collect  bool // it is collected: the option is a pick-up then, "" for none chosen yet
	codes    []string
	madeFor  []string // ids of the carts whose minted codes hold: this one, and the one that a recovery link restored it from
	buyer    Buyer
	customer string
	known    uses
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
	collect  bool   // as asked for, unless nothing can be collected there

	items  []pricing.Item
	places []int // of the items in what was asked for
}

// quote prices the lines that can be sold. What can't is left out, with a message at the line's place in in.lines.
func (q quoter) quote(ctx context.Context, in quoteInput) (quoted, error) {
	products, err := q.catalog.Products(ctx, skusOf(in.lines))
	if err != nil {
		return quoted{}, fmt.Errorf("read products: %w", err)
	}
	out := quoted{kept: make(map[string]bool), option: in.option, collect: in.collect}
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
		line.Quantity = item.Quantity
		out.lines = append(out.lines, line)
		out.items, out.places = append(out.items, item), append(out.places, i)
	}
	err = q.price(ctx, in, &out)
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
		Categories: product.allCategories(), Weight: product.Weight,
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

func skusOf(lines []LineItem) []string {
	skus := make([]string, len(lines))
	for i, l := range lines {
		skus[i] = l.SKU
	}
	return skus
}

// Estimator prices carts for those who are neither their owners nor sell anything. Safe for concurrent use.
type Estimator struct {
	quoter quoter
	now    func() time.Time
}

// NewEstimator returns an Estimator. CodeInvalid if something that it needs is missing.
func NewEstimator(c Config) (*Estimator, error) {
	if c.Catalog == nil || c.Now == nil {
		return nil, invalid("config", "an estimator needs a catalog and a clock")
	}
	q, err := newQuoter(c)
	if err != nil {
		return nil, err
	}
	return &Estimator{q, c.Now}, nil
}

// Estimate returns what of the cart can be had now, as many of each as there are, with its quote, and messages about the rest. The
// stored cart keeps all of it.
func (e *Estimator) Estimate(ctx context.Context, cart Cart) (CartView, error) {
	now := e.now()
	out, err := e.quoter.quote(ctx, quoteInput{
		lines: cart.Lines, currency: cart.Currency, country: cart.Context.Country, region: cart.Context.Region,
		madeFor: cart.origins(), codes: cart.Codes, buyer: cart.Buyer, language: cart.Context.Language, cut: true, now: now,
	})
	if err != nil {
		return CartView{}, err
	}
	cart.Lines = out.lines
	return CartView{Cart: cart, Quote: Quote{Quote: out.quote, CartVersion: cart.Version, PricedAt: now}, Messages: out.messages}, nil
}
