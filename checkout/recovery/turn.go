package recovery

import (
	"slices"
	"time"

	"kassa/checkout"
)

// turn is a stage with the time at which it is due.
type turn struct {
	Stage
	at   time.Time
	open string // why it can't be sent now; "" = it can
}

// step claims the stage that is due, and sets the time of the next look.
func (w *Sweeper) step(f *checkout.CartFollow, v view, now time.Time) {
	a := &f.Abandonment
	v.cart.Abandonment, v.cart.Notices = a, f.Notices
	if v.heldOut(w.Settings) {
		*f = closed(*f, WhyHoldout)
		return
	}
	turns := w.turns(v, now)
	again := w.confirm(f, v, turns, now)
	due := -1
	for i, t := range turns {
		if t.open == "" && !t.at.After(now) {
			due = i
		}
	}
	if due >= 0 {
		for _, t := range turns[:due] {
			overtake(f, t, now)
		}
		for _, fu := range a.FollowUps { // claimed long ago, and nobody has come to send it
			if State(fu.State) == StateClaimed && fu.Stage != confirmStage {
				overtake(f, turn{Stage: Stage{Name: fu.Stage}}, now)
			}
		}
		claim(f, v, turns[due].Stage, now)
		turns = turns[due+1:]
	}
	f.Due = again
	why := ""
	for _, t := range turns {
		at := t.at
		if due >= 0 { // a late sweep must not send them together
			at = later(at, now.Add(spacing(t)))
		}
		if at.After(now) && (f.Due.IsZero() || at.Before(f.Due)) {
			f.Due = at
		}
		why = t.open
	}
	if f.Due.IsZero() && due < 0 {
		handed := func(fu checkout.FollowUp) bool { return State(fu.State).Handed() && fu.Stage != confirmStage }
		if why == "" || slices.ContainsFunc(a.FollowUps, handed) {
			why = WhyEnded
		}
		a.Closed = why
	}
}

// spacing is the least time between a stage that is handed over and this one, however late the one before was.
func spacing(t turn) time.Duration { return min(t.After.std()/2, 12*time.Hour) }

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// turns are the stages of the cart's plan that may still be sent, in their order.
func (w *Sweeper) turns(v view, now time.Time) []turn {
	a := v.cart.Abandonment
	var last time.Time
	var turns []turn
	for _, stage := range w.Settings.PlanFor(Reason(a.Reason)) {
		t := turn{Stage: stage, at: a.LeftAt.Add(stage.After.std())}
		fu, known := followUpOf(*a, stage.Name)
		if known {
			switch state := State(fu.State); {
			case state.Handed():
				last = later(last, fu.At)
				continue
			case state == StateSkipped, state == StateRefused:
				continue
			case state == StateClaimed && v.promised(stage.Name):
				// Its notice is on its way. It is due once more when that is lost, or a later stage overtakes it.
				t.at = later(t.at, fu.ClaimedAt.Add(claimLife))
				if now.Before(t.at) {
					continue
				}
			case state == StatePostponed:
				t.at = later(t.at, fu.At)
			}
		}
		if !last.IsZero() {
			t.at = later(t.at, last.Add(spacing(t)))
		}
		t.open = v.unreachable(stage.Channel, w.Settings.Consent, w.Shop.DefaultCountry)
		turns = append(turns, t)
	}
	return turns
}

// promised reports whether a notice of a stage is still to be delivered.
func (v view) promised(stage string) bool {
	for _, n := range v.cart.Notices {
		if n.Kind == checkout.NoticeFollowUpDue && n.Ref == stage {
			return true
		}
	}
	return false
}

// heldOut reports whether the person is known to be one who gets nothing.
func (v view) heldOut(s Settings) bool {
	arm := v.contact().Arm
	return s.Holdout.Percent > 0 && arm != nil && arm.Salt == s.Holdout.Salt && arm.Arm == ArmHoldout
}

// confirm has the owner of an address asked whether it is his consent that came with the cart, once for each cart, where the
// law wants that and a stage by e-mail depends on it. It returns when that is to be tried again; zero = not.
func (w *Sweeper) confirm(f *checkout.CartFollow, v view, turns []turn, now time.Time) (again time.Time) {
	if !slices.ContainsFunc(turns, func(t turn) bool { return t.Channel == ChannelEmail && t.open == WhyUnconfirmed }) {
		return time.Time{}
	}
	fu, asked := followUpOf(f.Abandonment, confirmStage)
	switch postponed := State(fu.State) == StatePostponed; {
	case postponed && fu.At.After(now):
		return fu.At
	case !asked, postponed:
		claim(f, v, Stage{Name: confirmStage, Channel: ChannelEmail}, now)
		v.cart.Notices = f.Notices
	}
	return time.Time{}
}
