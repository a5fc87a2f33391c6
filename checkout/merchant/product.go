package merchant

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"kassa/checkout"
	"kassa/payments/money"
)

// Bounds of a product.
const (
	maxTitle       = 200
	maxDescription = 5000
	maxCategory    = 64
	maxURL         = 2000
	maxCategories  = 20
	maxWeight      = 1e8  // grams
	maxPrice       = 1e12 // minor units
	maxStock       = 1e9
)

// RowError is one thing that is wrong with one row of an import.
type RowError struct {
	Row     int    `json:"row"`             // from 1; in CSV as a spreadsheet counts, the header being row 1
	Field   string `json:"field,omitempty"` // column, or path in the row's object
	SKU     string `json:"sku,omitempty"`
	Message string `json:"message"`
}

// validate returns what is wrong with a product in a shop.
func validate(p checkout.Product, shop checkout.Shop) (errs []RowError) {
	bad := func(field, message string) { errs = append(errs, RowError{Field: field, Message: message}) }
	if !checkout.ValidSKU(p.SKU) {
		bad("sku", "must be 1 to 64 letters, digits, '.', '_' and '-'")
	}
	textual := func(field, text string, most int) {
		if !utf8.ValidString(text) {
			bad(field, notUTF8)
			return
		}
		if utf8.RuneCountInString(text) > most || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' }) {
			bad(field, "is too long or has control characters")
		}
	}
	if strings.TrimSpace(p.Title) == "" {
		bad("title", "is missing")
	}
	textual("title", p.Title, maxTitle)
	textual("description", p.Description, maxDescription)
	textual("category", p.Category, maxCategory)
	textual("image_url", p.ImageURL, maxURL)
	if len(p.Categories) > maxCategories {
		bad("categories", "are more than 20")
	}
	for _, category := range p.Categories {
		textual("categories", category, maxCategory)
		if strings.TrimSpace(category) != category || category == "" || strings.Contains(category, between) {
			bad("categories", "must be names such as bulky, in CSV with | between them")
		}
	}
	if p.Weight < 0 || p.Weight > maxWeight {
		bad("weight_grams", "must be a whole number of grams, not below zero")
	}
	for language, title := range p.Titles {
		textual("title."+language, title, maxTitle)
		if !slices.Contains(checkout.Languages, language) {
			bad("title."+language, "is for a language that is not spoken here")
		}
	}
	if u, err := url.Parse(p.ImageURL); p.ImageURL != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		bad("image_url", "must be an absolute https URL")
	}
	if p.TaxCategory != "" && !rated(p.TaxCategory, shop) {
		bad("tax_category", "no country of the settings taxes it, or exempts it")
	}
	if len(p.Prices) == 0 {
		bad("price", "at least one price is needed")
	}
	for currency, minor := range p.Prices {
		if _, err := money.ParseCurrency(string(currency)); err != nil {
			bad("price."+string(currency), "is in no currency (ISO 4217)")
		} else if minor < 0 || minor > maxPrice {
			bad("price."+string(currency), "must be a whole number of minor units, not below zero")
		}
	}
	if p.Stock != nil && (*p.Stock < 0 || *p.Stock > maxStock) {
		bad("stock", "must be a whole number, not below zero")
	}
	slices.SortStableFunc(errs, func(a, b RowError) int { return strings.Compare(a.Field, b.Field) })
	return errs
}

// rated reports whether some country of the shop knows a tax category; where none does, nobody can be sold the product.
func rated(category string, shop checkout.Shop) bool {
	for _, country := range shop.Countries {
		if country.Taxes(category) {
			return true
		}
	}
	return false
}
