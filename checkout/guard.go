package checkout

import (
	"context"
	"slices"
	"time"
)

// Guard against card testing (Stripe, "Protect yourself from card testing": limit attempts): so many declines within a time, then
// whoever caused them has to wait. They are counted for a cart, which keeps them over its sessions, and for a customer, over
// all of their carts. Counting costs the happy path nothing: the commit that gives a cart back after a decline writes them, and
// what opens a session reads them anyway.
var guards = []struct {
	declines int
	window   time.Duration
}{{5, 10 * time.Minute}, {10, 24 * time.Hour}}

// maxDeclines is how many the longest guard has to know.
const maxDeclines = 10

// cooldown is how long no payment is taken, after these declines, oldest first.
func cooldown(now time.Time, declines []time.Time) (wait time.Duration) {
	for _, g := range guards {
		if n := len(declines); n >= g.declines {
			wait = max(wait, g.window-now.Sub(declines[n-g.declines]))
		}
	}
	return wait
}

// declined returns declines with one more at their end, as many as are remembered.
func declined(before []time.Time, now time.Time) []time.Time {
	out := append(slices.Clone(before), now)
	return slices.Clip(out[max(0, len(out)-maxDeclines):])
}

// allDeclines are those of two lists, in their order: what stands in both is one decline, which both have counted.
func allDeclines(one, two []time.Time) []time.Time {
	out := slices.Clone(one)
	left := slices.Clone(one)
	for _, t := range two {
		if i := slices.IndexFunc(left, t.Equal); i >= 0 {
			left = slices.Delete(left, i, i+1)
		} else {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return slices.Clip(out[max(0, len(out)-maxDeclines):])
}

// blame counts a decline for the session's customer, who might go on with another cart. What can't be written is lost: the cart
// has it too.
func (s *Sessions) blame(ctx context.Context, now time.Time, sess Session) {
	if sess.Customer == "" || s.profiles == nil || !slices.ContainsFunc(sess.Declines, now.Equal) {
		return
	}
	_, err := s.profiles.change(ctx, now, PersonOfCustomer(sess.Customer), func(p *Person) bool {
		p.Declines = declined(p.Declines, now)
		return true
	})
	if err != nil {
		s.log.WarnContext(ctx, "decline can't be counted for its customer", "session", sess.ID, "error_code", string(ErrorCode(err)))
	}
}
