package ucp

import (
	"strconv"
	"strings"

	"kassa/checkout/pricing"
)

// withdrawal is what consumers must be told before they order, and again after (Directive 2011/83/EU, articles 6(1)(h) and
// 8(7)): that they may withdraw, how long, and by which form.
type withdrawal struct {
	Days int    `json:"days"` // from the day that the goods come
	Text string `json:"text"`
	Form string `json:"form_url"`
}

// linkWithdrawal is the type of a shop's link to its own withdrawal form.
const linkWithdrawal = "withdrawal_form"

func (w *Wire) withdrawal(s speaker, days int) *withdrawal {
	if days == 0 {
		return nil
	}
	text := strings.ReplaceAll(s.label("withdrawal"), "{days}", strconv.Itoa(days))
	return &withdrawal{Days: days, Text: text, Form: w.withdrawalForm(s)}
}

// modelForm is where the directive stands, whose annex I(B) is the model withdrawal form, in a language. Norway has taken it over, but
// the EU doesn't publish in Norwegian.
func modelForm(language string) string {
	if language == "nb" {
		language = "en"
	}
	return "https://eur-lex.europa.eu/legal-content/" + strings.ToUpper(language) + "/TXT/?uri=CELEX:32011L0083"
}

func (w *Wire) withdrawalForm(s speaker) string {
	for _, l := range w.shop.Links {
		if l.Type == linkWithdrawal {
			return l.URL
		}
	}
	return modelForm(s.language)
}

// payButton is the label of the button that orders: the shop's own, else the law's words where it wants any.
func (w *Wire) payButton(s speaker, country pricing.Country) string {
	if country.PayButton == "" && w.shop.LawOf(country.Code).PayButton {
		return s.label("pay_button")
	}
	return country.PayButton
}
