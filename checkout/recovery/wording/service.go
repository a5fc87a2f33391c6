package wording

import "time"

// service writes an e-mail that an order or a payment needs.
func (w writer) service() letter {
	v := w.fields()
	if o := w.Order; o != nil {
		v["order"], v["date"] = clean(o.ID), w.date(o.PlacedAt)
	}
	if r := w.Refund; r != nil {
		v["amount"] = w.amount(r.Amount)
	}
	l := w.letter(w.Reason, v)
	if w.Order != nil {
		l.Number = w.say("order.number", v)
	}
	button, footer := w.Reason+".button", "footer.service"
	switch w.Reason {
	case Receipt:
		w.receipt(&l, v)
	case Refunded:
		w.refunded(&l, v)
	case Canceled:
		w.canceled(&l, v)
	case Shipped:
		button = w.shipped(&l, v)
	case Withdrawn:
		w.withdrawn(&l, v)
	case PaymentReturned:
		w.returned(&l, v)
	case Confirm:
		footer = "footer.confirm"
	}
	if l.Preheader == "" && len(l.Intro) > 0 {
		l.Preheader = cut(oneLine(l.Intro[0]), 140)
	}
	w.finish(&l, button, footer)
	if w.Reason == Shipped && secure(w.Parcel.TrackingURL) {
		l.Button.URL = w.Parcel.TrackingURL
	}
	return l
}

func (w writer) refunded(l *letter, v values) {
	key := "refunded.partial"
	if w.Refund.Full {
		key = "refunded.full"
	}
	l.Intro = []string{w.say(key, v)}
}

// returned tells of money that went nowhere; where there is an order all the same, it was paid before.
func (w writer) returned(l *letter, v values) {
	if w.Order != nil {
		l.Heading, l.Intro = w.say("payment_returned.heading_order", v), paragraphs(w.say("payment_returned.body_order", v))
	}
}

func (w writer) canceled(l *letter, v values) {
	if w.Refund != nil && w.Refund.Amount.Minor > 0 {
		l.Intro = append(l.Intro, w.say("canceled.refund", v))
		return
	}
	l.Intro = append(l.Intro, w.say("canceled.nothing", v))
}

func (w writer) shipped(l *letter, v values) (button string) {
	p := w.Parcel
	v["carrier"] = apart(clean(p.Carrier))
	l.Intro = []string{w.say("shipped.body_plain", v)}
	if p.Carrier != "" {
		l.Intro = []string{w.say("shipped.body", v)}
	}
	if p.Tracking != "" {
		l.Intro = append(l.Intro, w.say("shipped.tracking", values{"tracking": clean(p.Tracking)}))
	}
	if p.Partial {
		l.Intro = append(l.Intro, w.say("shipped.partial", v))
	}
	w.counted(l)
	if len(w.Order.Address) > 0 {
		l.Sections = append(l.Sections, section{Title: w.say("section.delivery", nil), Paragraphs: []string{w.address()}})
	}
	if !secure(p.TrackingURL) {
		return "shipped.button_order"
	}
	return "shipped.button"
}

func (w writer) withdrawn(l *letter, v values) {
	v["date"] = w.moment(w.Now) // when it arrived is what starts the days
	key := "withdrawn.body_digital"
	if w.Order.Ships {
		key = "withdrawn.body"
	}
	l.Intro = paragraphs(w.say(key, v))
	w.counted(l)
}

// counted lists how many of what a message is about.
func (w writer) counted(l *letter) {
	for _, line := range w.Lines {
		l.Items = append(l.Items, item{
			Title: apart(cut(clean(line.Title), 150)), Quantity: grouped(w.language, line.Quantity) + " ×", Picture: w.picture(line.ImageURL),
		})
	}
}

// window is when an order comes. Its dates are midnights UTC, and no zone moves them.
func (w writer) window(earliest, latest time.Time, option string) string {
	v := values{"option": option}
	switch {
	case earliest.IsZero():
		return w.say("delivery.plain", v)
	case latest.IsZero(), latest.Equal(earliest):
		v["from"] = weekday(w.language, earliest)
		return w.say("delivery.on", v)
	}
	v["from"], v["to"] = weekday(w.language, earliest), weekday(w.language, latest)
	return w.say("delivery.between", v)
}
