package ucp

import (
	"strconv"

	"kassa/checkout"
	"kassa/payments/money"
)

// products is UCP's answer to a catalog search or lookup.
type products struct {
	UCP        meta        `json:"ucp"`
	Products   []product   `json:"products"`
	Pagination *pagination `json:"pagination,omitempty"`
	Messages   []message   `json:"messages"`
}

type pagination struct {
	Cursor string `json:"cursor,omitempty"`
	More   bool   `json:"has_next_page"`
}

// product is UCP's; each of ours has itself as its only variant.
type product struct {
	ID          string      `json:"id"`
	Title       string      `json:"title"`
	Description description `json:"description"`
	Categories  []category  `json:"categories,omitempty"`
	PriceRange  priceRange  `json:"price_range"`
	Media       []media     `json:"media,omitempty"`
	Variants    []variant   `json:"variants"`
}

type description struct {
	Plain string `json:"plain"`
}

type category struct {
	Value    string `json:"value"`
	Taxonomy string `json:"taxonomy"`
}

type priceRange struct {
	Min price `json:"min"`
	Max price `json:"max"`
}

type price struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	Display  string `json:"display"`
}

type media struct {
	Type string `json:"type"`
	URL  string `json:"url"`
	Alt  string `json:"alt_text"`
}

type variant struct {
	ID           string        `json:"id"`
	SKU          string        `json:"sku"`
	Title        string        `json:"title"`
	Description  description   `json:"description"`
	Price        price         `json:"price"`
	Availability availability  `json:"availability"`
	Inputs       []correlation `json:"inputs,omitempty"`
}

type availability struct {
	Available bool   `json:"available"`
	Status    string `json:"status"`
}

type correlation struct {
	ID    string `json:"id"`
	Match string `json:"match"`
}

// Products returns a page of a search, priced in the currency that a cart with this context would have. What isn't sold in
// it is left out.
func (w *Wire) Products(language string, c checkout.Context, page checkout.ProductPage) any {
	s, currency := speaker{language}, w.shop.CurrencyFor(c)
	out := products{UCP: success(nameSearch), Products: []product{}, Messages: []message{}}
	for _, p := range page.Products {
		if shown, ok := s.product(p, currency); ok {
			out.Products = append(out.Products, shown)
		}
	}
	out.Pagination = &pagination{Cursor: page.Cursor, More: page.Cursor != ""}
	return out
}

// Lookup returns the products of ids in their order, each once, and a message for each id that names none.
func (w *Wire) Lookup(language string, c checkout.Context, ids []string, found []checkout.Product) any {
	s, currency := speaker{language}, w.shop.CurrencyFor(c)
	out := products{UCP: success(nameLookup), Products: []product{}, Messages: []message{}}
	bySKU := make(map[string]checkout.Product, len(found))
	for _, p := range found {
		bySKU[p.SKU] = p
	}
	seen := make(map[string]bool, len(ids))
	for i, id := range ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		shown, ok := s.product(bySKU[id], currency)
		if !ok {
			out.Messages = append(out.Messages, s.message(checkout.Message{
				Type: checkout.MessageInfo, Code: checkout.MsgNotFound, Path: "$.ids[" + strconv.Itoa(i) + "]",
				Args: map[string]string{"sku": id},
			}))
			continue
		}
		shown.Variants[0].Inputs = []correlation{{id, "exact"}}
		out.Products = append(out.Products, shown)
	}
	return out
}

// productDetail is UCP's answer about one product.
type productDetail struct {
	UCP      meta      `json:"ucp"`
	Product  product   `json:"product"`
	Messages []message `json:"messages"`
}

// Product returns the product of an id; false if the shop doesn't sell it in the currency that a cart with this context
// would have. It has no options to choose by.
func (w *Wire) Product(language string, c checkout.Context, found []checkout.Product) (any, bool) {
	if len(found) != 1 {
		return nil, false
	}
	shown, ok := speaker{language}.product(found[0], w.shop.CurrencyFor(c))
	return productDetail{UCP: success(nameLookup), Product: shown, Messages: []message{}}, ok
}

func (s speaker) product(p checkout.Product, currency money.Currency) (product, bool) {
	minor, ok := p.Prices[currency]
	if !ok {
		return product{}, false
	}
	title, amount := p.TitleIn(s.language), money.New(minor, currency)
	cost := price{minor, string(currency), s.shown(amount)}
	out := product{
		ID: p.SKU, Title: title, Description: description{p.Description}, PriceRange: priceRange{cost, cost},
		Variants: []variant{{
			ID: p.SKU, SKU: p.SKU, Title: title, Description: description{p.Description}, Price: cost, Availability: availabilityOf(p),
		}},
	}
	if p.Category != "" {
		out.Categories = []category{{p.Category, "merchant"}}
	}
	if p.ImageURL != "" {
		out.Media = []media{{"image", p.ImageURL, title}}
	}
	return out, true
}

func availabilityOf(p checkout.Product) availability {
	switch {
	case p.Inactive:
		return availability{false, "discontinued"}
	case p.Available(1) == 0:
		return availability{false, "out_of_stock"}
	}
	return availability{true, "in_stock"}
}
