package checkout

import (
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kassa/checkout/pricing"
	"kassa/payments/money"
)

// Languages that Kassa speaks; a shop may speak fewer.
var Languages = []string{"en", "nl", "nb", "de", "fr"}

// Shop is what one deployment's shop has decided: where it sells, for what, and how it presents itself to wallets.
type Shop struct {
	Name           string                     `json:"name"`
	BaseURL        string                     `json:"base_url"`        // https; continue_url and permalinks lie under it
	ReturnURL      string                     `json:"return_url"`      // where a bank sends the shopper back to: a universal link of the app
	Country        string                     `json:"country"`         // of the merchant's provider account
	DefaultCountry string                     `json:"default_country"` // of a shopper we know nothing of
	Languages      []string                   `json:"languages"`       // the first is the default
	Countries      map[string]pricing.Country `json:"countries"`       // where we ship to, by ISO 3166-1 alpha-2
	Links          []Link                     `json:"links"`           // terms, privacy, returns
	Terms          string                     `json:"terms"`           // version of the terms in force, kept with each order
	Returns        string                     `json:"returns"`         // version of the return policy in force, likewise; "" = that of the terms
	Law            map[string]Law             `json:"law,omitempty"`   // of countries where another one holds than Kassa knows
	Apps           Apps                       `json:"apps"`            // that open the shop's links
	Wallets        Wallets                    `json:"wallets"`
	Methods        []MethodRule               `json:"methods,omitempty"` // how it can be paid, in the order of the sheet; none = cards
	Durations      Durations                  `json:"durations"`
	Pricing        pricing.Settings           `json:"pricing"` // discounts, locations, delivery
}

// Link is a page that the law wants shown (UCP types/link.json).
type Link struct {
	Type  string `json:"type"` // privacy_policy, terms_of_service, refund_policy …
	URL   string `json:"url"`
	Title string `json:"title,omitempty"`
}

// isCountry reports the form of an ISO 3166-1 alpha-2 code.
func isCountry(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

// Validate reports every contradiction in the settings, each naming its field.
func (s Shop) Validate() error {
	var errs []error
	bad := func(field, text string) { errs = append(errs, invalid(field, text)) }
	if strings.TrimSpace(s.Name) == "" {
		bad("name", "the shop needs a name: wallets show it beside the total")
	}
	if u, err := url.Parse(s.BaseURL); err != nil || u.Scheme != "https" || u.Host == "" {
		bad("base_url", "must be an absolute https URL")
	}
	if u, err := url.Parse(s.ReturnURL); err != nil || u.Scheme == "" {
		bad("return_url", "must be an absolute URL: banks send the shopper back to it")
	}
	if !isCountry(s.Country) {
		bad("country", "must be the ISO 3166-1 alpha-2 code of the merchant account")
	}
	if _, ok := s.Countries[s.DefaultCountry]; !ok {
		bad("default_country", "must be one of countries")
	}
	if len(s.Languages) == 0 {
		bad("languages", "at least one is needed")
	}
	for i, l := range s.Languages {
		if !slices.Contains(Languages, l) {
			bad("languages", "unknown language "+l)
		} else if slices.Contains(s.Languages[:i], l) {
			bad("languages", l+" is listed already")
		}
	}
	errs = append(errs, s.checkPrices()...)
	for i, l := range s.Links {
		if l.Type == "" {
			bad("links["+strconv.Itoa(i)+"].type", "is missing: apps find the page by it")
		}
		if u, err := url.Parse(l.URL); err != nil || u.Scheme != "https" || u.Host == "" {
			bad("links["+strconv.Itoa(i)+"].url", "must be an absolute https URL")
		}
	}
	s.Durations.validate(bad)
	s.validateLaw(bad)
	s.Apps.validate(bad)
	if s.Terms == "" {
		bad("terms", "the version of the terms is kept with every order")
	}
	s.validateWallets(bad)
	s.validateMethods(bad)
	return errors.Join(errs...)
}

// checkPrices reports the contradictions in what decides about prices.
func (s Shop) checkPrices() []error {
	var errs []error
	add := func(prefix string, err error) {
		var fields pricing.FieldErrors
		errors.As(err, &fields)
		for _, f := range fields {
			field := f.Field
			if !strings.HasPrefix(field, "countries.") {
				field = prefix + field
			}
			errs = append(errs, invalid(field, f.Problem))
		}
	}
	for _, code := range slices.Sorted(maps.Keys(s.Countries)) {
		c := s.Countries[code]
		if c.Code != code || !isCountry(code) {
			errs = append(errs, invalid("countries."+code+".code", "must be the country's own ISO 3166-1 alpha-2 code"))
		}
		add("", c.Validate())
	}
	add("pricing.", s.Pricing.Validate(s.Countries))
	for i, r := range s.Pricing.Discounts {
		for j, sku := range r.Products {
			if !ValidSKU(sku) {
				errs = append(errs, invalid("pricing.discounts["+strconv.Itoa(i)+"].products["+strconv.Itoa(j)+"]",
					"is no sku that a product can have"))
			}
		}
	}
	return errs
}

// CountryOf returns the country whose law and prices a session is under: the one where it is collected, else where it is brought to,
// else what the context says. False while it is unknown, or none that the shop sells to.
func (s Shop) CountryOf(x Session) (pricing.Country, bool) {
	if x.Collect {
		for _, c := range s.Countries {
			if slices.ContainsFunc(c.Shipping, func(m pricing.ShippingMethod) bool { return m.Pickup != "" && m.ID == x.Quote.Selected }) {
				return c, true
			}
		}
	}
	c, ok := s.Countries[countryOf(x)]
	return c, ok
}

// CurrencyFor returns the currency of a new cart: the one asked for if the shop sells in it, else the country's.
func (s Shop) CurrencyFor(c Context) money.Currency {
	if want, err := money.ParseCurrency(c.Currency); err == nil && s.sellsIn(want) {
		return want
	}
	if country, ok := s.Countries[c.Country]; ok {
		return country.Currency
	}
	return s.Countries[s.DefaultCountry].Currency
}

// Language returns the first of the wanted languages that the shop speaks (their region is ignored; Norwegian "no" and "nn"
// read Bokmål), else its own.
func (s Shop) Language(wanted ...string) string {
	for _, w := range wanted {
		primary, _, _ := strings.Cut(strings.ToLower(w), "-")
		if primary == "no" || primary == "nn" {
			primary = "nb"
		}
		if slices.Contains(s.Languages, primary) {
			return primary
		}
	}
	return s.Languages[0]
}
