package checkout

import "kassa/payments/money"

// Product is one thing that can be bought, as the catalogue has it now. A quote freezes what it needs of it.
type Product struct {
	SKU         string                   `json:"sku"` // [A-Za-z0-9._-]{1,64}
	Title       string                   `json:"title"`
	Titles      map[string]string        `json:"titles,omitempty"` // by language, where it differs from Title
	Description string                   `json:"description,omitempty"`
	ImageURL    string                   `json:"image_url,omitempty"`
	Category    string                   `json:"category,omitempty"`     // for search; discounts and shipping go by it too
	Categories  []string                 `json:"categories,omitempty"`   // more of them for discounts and shipping: bulky, fixed_price …
	TaxCategory string                   `json:"tax_category,omitempty"` // "" = standard
	Prices      map[money.Currency]int64 `json:"prices"`                 // minor units; no entry = not sold in that currency
	Weight      int64                    `json:"weight_grams,omitempty"` // of one; 0 = doesn't count for shipping
	Digital     bool                     `json:"digital,omitempty"`      // nothing to ship
	Inactive    bool                     `json:"inactive,omitempty"`     // not sold now
	Stock       *int64                   `json:"stock,omitempty"`        // what is free now; nil = not kept, always available
}

// TitleIn returns the product's title in a language, or its own.
func (p Product) TitleIn(language string) string {
	if t := p.Titles[language]; t != "" {
		return t
	}
	return p.Title
}

// allCategories are those that discounts and shipping go by.
func (p Product) allCategories() []string {
	if p.Category == "" {
		return p.Categories
	}
	return append([]string{p.Category}, p.Categories...)
}

// Price returns the unit price in a currency; false if it isn't sold in it.
func (p Product) Price(c money.Currency) (money.Money, bool) {
	minor, ok := p.Prices[c]
	return money.New(minor, c), ok && !p.Inactive
}

// Available caps a wanted quantity to what is free.
func (p Product) Available(wanted int64) int64 {
	if p.Stock == nil || *p.Stock >= wanted {
		return wanted
	}
	return max(*p.Stock, 0)
}
