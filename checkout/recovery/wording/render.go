package wording

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

var (
	reasons = []string{
		PaymentDeclined, AuthenticationLeft, RedirectLost, WalletDismissed, ShippingCost, OutOfStock, PriceChanged, NoCheckout, Left,
	}
	services = []string{Receipt, DeclinedLate, PaymentReturned, Refunded, Canceled, Shipped, Withdrawn, Confirm}
)

// Render puts a message into words. CodeInvalid, which names the field and never its value, if the facts lack what such a message must
// say, or hold what it must not: a service message never advertises.
func Render(f Facts) (Rendered, error) {
	if err := check(&f); err != nil {
		return Rendered{}, err
	}
	say, err := speak(f.Locale, f.Shop.Texts)
	if err != nil {
		return Rendered{}, err
	}
	w := writer{Facts: f, speaker: say, zone: cmp.Or(f.Zone, f.Shop.Zone, time.UTC)}
	if f.Channel == Push {
		return w.push(), nil
	}
	letter := w.followUp
	if f.Service {
		letter = w.service
	}
	l := letter()
	page, err := l.html()
	return Rendered{Subject: l.Subject, Text: l.plain(), HTML: page}, err
}

// check refuses facts that no message can be made of, and settles what they leave open.
func check(f *Facts) error {
	if f.Channel != Email && (f.Channel != Push || f.Service) {
		return invalid("channel", "there are no words for such messages")
	}
	if !secure(f.Link) && (f.Channel != Push || !absolute(f.Link)) {
		return invalid("link", "a message opens an absolute https URL")
	}
	if f.Channel == Email {
		for _, need := range []struct{ field, value string }{
			{"trader.name", f.Shop.Trader.Name}, {"trader.address", f.Shop.Trader.Address}, {"trader.email", f.Shop.Trader.Email},
		} {
			if need.value == "" {
				return invalid("messages."+need.field, "the law wants it in every e-mail")
			}
		}
	}
	if !f.Service {
		return checkFollowUp(f)
	}
	return checkService(f)
}

func checkFollowUp(f *Facts) error {
	switch {
	case f.Channel == Email && !secure(f.Unsubscribe):
		return invalid("unsubscribe", "a follow-up by e-mail has an https URL on which one says no")
	case len(f.Lines) == 0:
		return invalid("lines", "there is nothing to come back for")
	case f.Incentive != nil && (f.Incentive.Code == "" || f.Incentive.Title == ""):
		return invalid("incentive", "has no code or no title")
	}
	if !slices.Contains(reasons, f.Reason) {
		f.Reason = Left
	}
	return nil
}

func checkService(f *Facts) error {
	aboutOrder := []string{Receipt, Refunded, Canceled, Shipped, Withdrawn}
	aboutMoney := []string{Refunded, PaymentReturned}
	switch {
	case !slices.Contains(services, f.Reason):
		return invalid("reason", "no service message tells this")
	case f.Incentive != nil, f.Unsubscribe != "":
		return invalid("incentive", "a service message never advertises")
	case f.Order == nil && slices.Contains(aboutOrder, f.Reason):
		return invalid("order", "is missing")
	case f.Refund == nil && slices.Contains(aboutMoney, f.Reason):
		return invalid("refund", "is missing")
	case f.Parcel == nil && f.Reason == Shipped:
		return invalid("parcel", "is missing")
	}
	return nil
}

func secure(link string) bool {
	u, err := url.Parse(link)
	return err == nil && u.Scheme == "https" && u.Host != ""
}

func absolute(link string) bool {
	u, err := url.Parse(link)
	return err == nil && u.Scheme != "" && u.Scheme != "javascript" && u.Scheme != "data"
}

// writer writes one message.
type writer struct {
	Facts
	speaker
	zone *time.Location
}

// fields are those that most texts may use.
func (w writer) fields() values {
	var count int64
	for _, line := range w.Lines {
		count += line.Quantity
	}
	v := values{
		"shop": apart(clean(w.Shop.Name)), "count": count, "total": w.amount(w.Total), "others": int64(max(len(w.Lines)-1, 0)),
		"item": "",
	}
	if len(w.Lines) > 0 {
		v["item"] = apart(cut(clean(w.Lines[0].Title), 60))
	}
	if w.Incentive != nil {
		v["incentive"] = apart(clean(w.Incentive.Title))
	}
	return v
}

// greeting speaks to somebody by name only if it looks like a name: whoever fills a cart types it, and the message may go to somebody
// else, so that it must carry no text of a stranger's making.
func (w writer) greeting() string {
	name := strings.TrimSpace(w.FirstName)
	letters := strings.ContainsFunc(name, unicode.IsLetter)
	strange := strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) && !strings.ContainsRune(" -'’·", r)
	})
	if !letters || strange || utf8.RuneCountInString(name) > 40 || strings.Count(name, " ") > 3 {
		return w.say("greeting_plain", w.fields())
	}
	v := w.fields()
	v["first_name"] = apart(name)
	return w.say("greeting", v)
}

func (w writer) date(t time.Time) string { return day(w.language, t.In(w.zone)) }

func (w writer) moment(t time.Time) string {
	t = t.In(w.zone)
	return w.say("date.at", values{"date": day(w.language, t), "time": t.Format("15:04"), "zone": zoneOf(t)})
}

// oneLine makes a text of our own, with what was put into it, one line.
func oneLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if control(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text))
}

// clean makes text from elsewhere one line, without what changes the direction of the text around it.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case control(r), r == utf8.RuneError:
			return ' '
		case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0xfeff:
			return -1
		}
		return r
	}, text)
	return strings.TrimSpace(text)
}

// apart keeps a text that is written from right to left from carrying the numbers and marks around it to its other side: isolated, it
// reads as one word (Unicode Standard Annex #9, FSI and PDI).
func apart(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.In(r, leftward...) }) {
		return "\u2068" + text + "\u2069"
	}
	return text
}

var leftward = []*unicode.RangeTable{
	unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Samaritan, unicode.Mandaic, unicode.Adlam,
}

// cut shortens a text to at most so many characters, between words where it can.
func cut(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	short := string(runes[:most-1])
	if at := strings.LastIndexByte(short, ' '); at > len(short)/2 {
		short = short[:at]
	}
	return strings.TrimRight(short, " ,.;:–-") + "…"
}

func paragraphs(text string) []string {
	return slices.DeleteFunc(strings.Split(text, "\n\n"), func(p string) bool { return strings.TrimSpace(p) == "" })
}

// A push is shown on locked screens, where others may read it: it names no product and no person. Phones show about so many characters.
const (
	longestTitle = 65
	longestBody  = 178
)

func (w writer) push() Rendered {
	v := w.fields()
	return Rendered{
		Subject: cut(w.say("push."+w.Reason+".title", v), longestTitle), Text: cut(w.say("push."+w.Reason+".body", v), longestBody),
	}
}
