package checkout

import (
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

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

// Wallets is what the wallet sheets are opened with. Nothing in it is secret.
type Wallets struct {
	PublishableKey     string   `json:"publishable_key"`
	ProviderVersion    string   `json:"provider_version"`     // stripe:version of Google Pay's tokenization
	AppleMerchantID    string   `json:"apple_merchant_id"`    // "" = Apple Pay is not offered
	GooglePay          bool     `json:"google_pay"`           // offered
	GoogleMerchantID   string   `json:"google_merchant_id"`   // needed in production
	GoogleMerchantName string   `json:"google_merchant_name"` // "" = Name
	Networks           []string `json:"networks"`             // visa, mastercard, amex …
	Test               bool     `json:"test"`                 // Google's TEST environment
}

// Durations are how long things last; zero means the default, which stands beside each.
type Durations struct {
	Quote   time.Duration `json:"quote"`   // 30 min: unit prices hold
	Session time.Duration `json:"session"` // 6 h
	Hold    time.Duration `json:"hold"`    // 10 min: hold while a prepared payment waits in the provider's sheet
	Action  time.Duration `json:"action"`  // 20 min: hold while the shopper acts at a bank
	Lease   time.Duration `json:"lease"`   // 60 s
	Idle    time.Duration `json:"idle"`    // 1 h: a cart is due that long after it was made
}

type duration struct {
	name    string // in JSON
	at      *time.Duration
	initial time.Duration
}

func (d *Durations) all() []duration {
	return []duration{
		{"quote", &d.Quote, 30 * time.Minute}, {"session", &d.Session, 6 * time.Hour}, {"hold", &d.Hold, 10 * time.Minute},
		{"action", &d.Action, 20 * time.Minute}, {"lease", &d.Lease, time.Minute}, {"idle", &d.Idle, time.Hour},
	}
}

func (d Durations) orDefault() Durations {
	for _, f := range d.all() {
		if *f.at == 0 {
			*f.at = f.initial
		}
	}
	return d
}

// UnmarshalJSON implements json.Unmarshaler: durations are text, such as "20m" or "1h30m". A number is taken for nanoseconds. The error
// names the field.
func (d *Durations) UnmarshalJSON(data []byte) error {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(data, &given); err != nil {
		return err
	}
	for _, f := range d.all() {
		value, ok := given[f.name]
		delete(given, f.name)
		var text string
		var err error
		switch {
		case !ok:
		case json.Unmarshal(value, &text) == nil:
			*f.at, err = time.ParseDuration(text)
		default:
			err = json.Unmarshal(value, f.at)
		}
		if err != nil {
			return &json.UnmarshalTypeError{Field: f.name, Value: "value that is no duration such as 20m or 1h30m", Type: reflect.TypeFor[time.Duration]()}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		return &json.UnmarshalTypeError{Field: name, Value: "name that nothing reads", Type: reflect.TypeFor[Durations]()}
	}
	return nil
}

var countryCode = regexp.MustCompile(`^[A-Z]{2}$`)

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
	if !countryCode.MatchString(s.Country) {
		bad("country", "must be the ISO 3166-1 alpha-2 code of the merchant account")
	}
	if _, ok := s.Countries[s.DefaultCountry]; !ok {
		bad("default_country", "must be one of countries")
	}
	if len(s.Languages) == 0 {
		bad("languages", "at least one is needed")
	}
	for _, l := range s.Languages {
		if !slices.Contains(Languages, l) {
			bad("languages", "unknown language "+l)
		}
	}
	errs = append(errs, s.checkPrices()...)
	for i, l := range s.Links {
		if u, err := url.Parse(l.URL); err != nil || u.Scheme != "https" || u.Host == "" {
			bad("links["+strconv.Itoa(i)+"].url", "must be an absolute https URL")
		}
	}
	for _, d := range s.Durations.all() {
		if *d.at < 0 {
			bad("durations."+d.name, "can't be negative")
		}
	}
	s.validateLaw(bad)
	s.Apps.validate(bad)
	if s.Terms == "" {
		bad("terms", "the version of the terms is kept with every order")
	}
	if s.Wallets.PublishableKey == "" {
		bad("wallets.publishable_key", "wallet sheets can't open without it")
	}
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
		if c.Code != code || !countryCode.MatchString(code) {
			errs = append(errs, invalid("countries."+code+".code", "must be the country's own ISO 3166-1 alpha-2 code"))
		}
		add("", c.Validate())
	}
	add("pricing.", s.Pricing.Validate(s.Countries))
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
	if want, err := money.ParseCurrency(c.Currency); err == nil {
		for _, country := range s.Countries {
			if country.Currency == want {
				return want
			}
		}
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
