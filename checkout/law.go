package checkout

import (
	"maps"
	"slices"
)

// Law is what a country's law wants of a shop that sells to its consumers from afar, as far as a checkout has to do with it.
// Kassa knows the laws of the European Economic Area, the United Kingdom and Switzerland; what a shop settles for a country
// takes their place, for a shop that sells to businesses alone or a country that Kassa knows nothing of.
type Law struct {
	// WithdrawalDays is how long after the goods have come a consumer may send them back without a reason; 0 = the law gives
	// no such right.
	WithdrawalDays int `json:"withdrawal_days"`
	// GrossPrices: consumers must be shown prices with the tax in them.
	GrossPrices bool `json:"gross_prices"`
	// PayButton: the button that orders must say that it obliges to pay, or there is no contract.
	PayButton bool `json:"pay_button"`
}

// consumerRights is the law of the European Union, which holds in the whole EEA: Directive 2011/83/EU on consumer rights,
// articles 9 (14 days), 8(2) (button) and 6(1)(e) (total price with taxes), and Directive 98/6/EC on the indication of
// prices. The United Kingdom has kept it (Consumer Contracts Regulations 2013; Price Marking Order 2004).
var consumerRights = Law{WithdrawalDays: 14, GrossPrices: true, PayButton: true}

// consumerRightsIn are the countries of the EU, then those of the EEA outside it, and the United Kingdom.
var consumerRightsIn = []string{
	"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL",
	"PT", "RO", "SE", "SI", "SK", "IS", "LI", "NO", "GB",
}

// LawOf returns the law that holds for consumers of a country, zero where none is known.
func (s Shop) LawOf(country string) Law {
	own, settled := s.Law[country]
	switch {
	case settled:
		return own
	case slices.Contains(consumerRightsIn, country):
		return consumerRights
	case country == "CH": // Price Disclosure Ordinance, article 4; there is no general right to withdraw
		return Law{GrossPrices: true}
	}
	return Law{}
}

// WithdrawalDays is how long the buyer of a session may withdraw: as the law of where it goes to gives consumers, or longer where the
// shop takes things back longer; 0 = the law gives no such right. Checkout, order and receipt tell of this one period.
func (s Shop) WithdrawalDays(x Session) int {
	country, ok := s.CountryOf(x)
	if !ok || x.Buyer.VATID != "" {
		return 0
	}
	days := s.LawOf(country.Code).WithdrawalDays
	if days == 0 {
		return 0
	}
	return max(days, country.ReturnDays)
}

// maxWithdrawal is what a withdrawal takes whose consumer was told nothing: 14 days and a year (Directive 2011/83/EU,
// article 10).
const maxWithdrawal = 14 + 365

// validateLaw reports where the settings contradict the law, or themselves.
func (s Shop) validateLaw(bad func(field, text string)) {
	for _, code := range slices.Sorted(maps.Keys(s.Law)) {
		if _, ok := s.Countries[code]; !ok {
			bad("law."+code, "is no country of the settings")
		}
		if days := s.Law[code].WithdrawalDays; days < 0 || days > maxWithdrawal {
			bad("law."+code+".withdrawal_days", "must be 0 to 379")
		}
	}
	for _, code := range slices.Sorted(maps.Keys(s.Countries)) {
		country, law := s.Countries[code], s.LawOf(code)
		if law.GrossPrices && !country.TaxIncluded {
			bad("countries."+code+".tax_included",
				"must be true: consumers there are shown prices with tax (a shop for businesses alone settles law."+code+")")
		}
		if country.ReturnDays > 0 && country.ReturnDays < law.WithdrawalDays {
			bad("countries."+code+".return_days", "is less than the days that the law there gives consumers to withdraw")
		}
	}
}

// ReturnsVersion is the version of the return policy in force: kept apart from the terms, or part of them.
func (s Shop) ReturnsVersion() string {
	if s.Returns == "" {
		return s.Terms
	}
	return s.Returns
}
