package pricing

import (
	"slices"
	"time"

	"kassa/payments/money"
)

// offerShipping lists the offers as they are priced in a stack, with their delivery windows.
func (q *Quote) offerShipping(in Input, b contents, s stack) {
	for i, o := range b.offers {
		earliest, latest := in.Rulebook.window(in, o)
		option := Option{ID: o.method.ID, Title: o.method.TitleIn(in.Language), Carrier: o.method.Carrier, Price: s.shipping[i].price,
			Tax: money.Zero(q.Currency), Earliest: earliest, Latest: latest}
		if !s.shipping[i].discount.IsZero() {
			option.Discount = s.shipping[i].discount
		}
		if o.location != nil {
			option.Pickup = o.location.ID
		}
		q.Options = append(q.Options, option)
	}
}

// day is a date: days since 1 January 1970.
type day int64

const daySeconds = 24 * 60 * 60

func dayOf(t time.Time) day {
	year, month, date := t.Date()
	return day(time.Date(year, month, date, 0, 0, 0, 0, time.UTC).Unix() / daySeconds)
}

func (d day) midnight() time.Time { return time.Unix(int64(d)*daySeconds, 0).UTC() }

// weekday counts from Sunday, as 1 January 1970 was a Thursday.
func (d day) weekday() time.Weekday { return time.Weekday(((d+4)%7 + 7) % 7) }

// week tells for each weekday, from Sunday, whether it is one of some.
type week [7]bool

// workingWeek is Monday to Friday.
var workingWeek = week{false, true, true, true, true, true, false}

var weekdayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// weekOf reads names of weekdays; none mean otherwise.
func weekOf(names []string, otherwise week) week {
	if len(names) == 0 {
		return otherwise
	}
	var w week
	for _, name := range names {
		if i := slices.Index(weekdayNames, name); i >= 0 {
			w[i] = true
		}
	}
	return w
}

// calendar tells on which days something is done: on some weekdays, without holidays.
type calendar struct {
	week     week
	holidays map[day]bool
}

func (c calendar) open(d day) bool { return c.week[d.weekday()] && !c.holidays[d] }

// onOrAfter is the first open day from d on. There is one: no week is without a day, and holidays are a list that ends.
func (c calendar) onOrAfter(d day) day {
	for !c.open(d) {
		d++
	}
	return d
}

// after is the n-th open day after d, and for n = 0 the first from d on.
func (c calendar) after(d day, n int) day {
	if n == 0 {
		return c.onOrAfter(d)
	}
	for range n {
		d = c.onOrAfter(d + 1)
	}
	return d
}

// window is the first and the last day on which an order of now arrives, or can be collected.
//
// With a zone in the settings an order leaves on the shop's first working day that isn't a holiday of its home, which is today until the
// cut-off; MinDays and MaxDays then count days on which the method delivers (or the location is open) that are no holidays of where it
// goes. Without one there are neither cut-off nor holidays, and the count starts in UTC with the working day that today is or follows.
func (b *Rulebook) window(in Input, o offer) (earliest, latest time.Time) {
	if b == nil || b.zone == nil {
		today, days := dayOf(in.Now.UTC()), calendar{week: workingWeek}
		least := 0
		for !days.open(today) { // from a weekend the count starts on Friday, as nothing moves before Monday
			today--
			least = 1
		}
		return days.after(today, max(o.method.MinDays, least)).midnight(), days.after(today, max(o.method.MaxDays, least)).midnight()
	}
	local := in.Now.In(b.zone)
	leaves := dayOf(local)
	if local.Hour()*60+local.Minute() >= b.cutOff(o.method) {
		leaves++
	}
	leaves = calendar{b.working, b.holidays[b.home]}.onOrAfter(leaves)
	arrives := calendar{weekOf(o.method.Weekdays, b.working), b.holidays[in.Country.Code]}
	if o.location != nil {
		arrives.week = o.location.week()
	}
	return arrives.after(leaves, o.method.MinDays).midnight(), arrives.after(leaves, o.method.MaxDays).midnight()
}

// cutOff is the minute of the day from which on an order leaves a day later.
func (b *Rulebook) cutOff(m *ShippingMethod) int {
	if m.CutOff != "" {
		return minuteOf(m.CutOff)
	}
	return b.cutOffMinute
}

// minuteOf reads a time of day as HH:MM, of settings that were validated; otherwise it is midnight at the end of the day.
func minuteOf(text string) int {
	if !isTime(text) {
		return 24 * 60
	}
	digit := func(i int) int { return int(text[i] - '0') }
	return (digit(0)*10+digit(1))*60 + digit(3)*10 + digit(4)
}
