package wording

import (
	"net/url"
	"strings"

	"kassa/payments/money"
)

// letter is an e-mail before it becomes HTML and plain text: both say the same.
type letter struct {
	Language  string
	Shop      string
	Logo      string
	Home      string
	Paint     paint
	Subject   string
	Preheader string // what inboxes show beside the subject
	Number    string // of the order
	Heading   string
	Greeting  string
	Intro     []string // paragraphs
	Code      *code
	Items     []item
	Sums      []row
	Button    link
	Note      string
	Sections  []section
	Footer    []string
	Leave     *link // unsubscribe
	LeaveText string
	Links     []link
}

type item struct{ Title, Quantity, Total, Picture string }

type row struct {
	Label, Value string
	Strong       bool
}

type link struct{ Text, URL string }

// code is an incentive's.
type code struct{ Label, Code, Offer, Until string }

// section is a titled part below the button.
type section struct {
	Title      string
	Paragraphs []string
	Table      [][]string // the first row is its head
	Small      bool       // law's text
}

// letter begins an e-mail: what all have in common.
func (w writer) letter(key string, v values) letter {
	l := letter{
		Language: w.language, Shop: apart(clean(w.Shop.Name)), Logo: w.picture(w.Shop.Logo), Home: w.Shop.BaseURL, Paint: painted(w.Shop.Colour),
		Subject: oneLine(w.say(key+".subject", v)), Greeting: w.greeting(),
	}
	l.Heading = l.Subject
	if w.has(key + ".heading") {
		l.Heading = w.say(key+".heading", v)
	}
	if w.has(key + ".body") {
		l.Intro = paragraphs(w.say(key+".body", v))
	}
	return l
}

// finish adds the button, and what stands below every e-mail.
func (w writer) finish(l *letter, button, footer string) {
	l.Button = link{w.say(button, w.fields()), w.Link}
	l.Footer = append([]string{w.say(footer, w.fields())}, w.imprint()...)
	for _, at := range w.Shop.Links {
		text := clean(at.Title)
		if w.has("link." + at.Type) {
			text = w.say("link."+at.Type, nil)
		}
		if text != "" && secure(at.URL) {
			l.Links = append(l.Links, link{text, at.URL})
		}
	}
}

// imprint says who writes (Directive 2000/31/EC, article 5).
func (w writer) imprint() []string {
	t := w.Shop.Trader
	lines := []string{clean(t.Name) + ", " + clean(t.Address)}
	contact := []string{clean(t.Email)}
	if t.Phone != "" {
		contact = append(contact, w.say("trader.phone", values{"value": clean(t.Phone)}))
	}
	lines = append(lines, strings.Join(contact, " · "))
	var register []string
	if t.Registration != "" {
		register = append(register, clean(t.Registration))
	}
	if t.VATID != "" {
		register = append(register, w.say("trader.vat_id", values{"value": clean(t.VATID)}))
	}
	if len(register) > 0 {
		lines = append(lines, strings.Join(register, " · "))
	}
	return lines
}

func (w writer) item(line Line) item {
	return item{
		Title: apart(cut(clean(line.Title), 150)), Total: w.amount(line.Total), Picture: w.picture(line.ImageURL),
		Quantity: w.say("item.quantity", values{"quantity": line.Quantity, "unit": w.amount(line.Unit)}),
	}
}

// picture is the absolute address of a picture; "" if it isn't one that mail clients load.
func (w writer) picture(at string) string {
	if at == "" {
		return ""
	}
	base, err := url.Parse(w.Shop.BaseURL)
	if err != nil {
		return ""
	}
	ref, err := base.Parse(at)
	if err != nil || ref.Scheme != "https" || ref.Host == "" || len(at) > 500 {
		return ""
	}
	return ref.String()
}

// amount is an amount as the reader expects it.
func (w writer) amount(m money.Money) string { return m.Display(w.language) }

// minus is an amount that is taken off.
func (w writer) minus(m money.Money) string {
	return w.amount(money.New(-m.Minor, m.Currency))
}
