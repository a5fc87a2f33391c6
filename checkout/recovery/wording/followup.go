package wording

import "strconv"

// most is how many lines of a cart a follow-up shows; it says how many more there are.
const most = 8

// followUp writes an e-mail about a cart that was left.
func (w writer) followUp() letter {
	v := w.fields()
	key := "email." + w.Reason
	if w.Incentive != nil {
		key = "incentive." + w.Reason
	}
	l := w.letter(key, v)
	l.Preheader = w.say("cart.preheader", v)
	if i := w.Incentive; i != nil {
		l.Code = &code{Label: w.say("label.code", nil), Code: clean(i.Code), Offer: w.say("incentive.offer", v)}
		if !i.Until.IsZero() {
			v["until"] = w.moment(i.Until)
			l.Code.Until = w.say("incentive.until", v)
		}
	}
	for _, line := range w.Lines[:min(len(w.Lines), most)] {
		l.Items = append(l.Items, w.item(line))
	}
	if more := len(w.Lines) - most; more > 0 {
		l.Items = append(l.Items, item{Title: "+ " + strconv.Itoa(more)})
	}
	l.Sums = []row{{w.say("cart.total", v), w.amount(w.Total), true}}
	if q := w.Estimate; q != nil && q.Total != q.Subtotal { // shipping, taxes and discounts are not to be guessed from the difference
		l.Sums = w.sums(*q, w.Country, "cart.total")
	}
	if !w.Now.IsZero() {
		v["now"] = w.moment(w.Now)
		l.Note = w.say("cart.note", v)
	}
	button := key + ".button"
	if w.Incentive != nil {
		button = "incentive.button"
	}
	footer := "footer.consent"
	if w.Customer {
		footer = "footer.customer"
	}
	w.finish(&l, button, footer)
	l.Leave = &link{w.say("footer.unsubscribe", v), w.Unsubscribe}
	l.LeaveText = w.say("footer.unsubscribe_text", v)
	return l
}
