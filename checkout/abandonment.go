package checkout

import (
	"maps"
	"strings"
	"time"
)

// Kinds of notices that carts have.
const (
	NoticeCartAbandoned = "cart.abandoned"  // it was left; Ref is why
	NoticeCartLeftAgain = "cart.left_again" // somebody had come back to it; Ref is why they left then
	NoticeFollowUpDue   = "follow_up.due"   // a stage of its follow-up was claimed; Ref names the stage
	NoticeCartRecovered = "cart.recovered"  // a follow-up led to an order; Ref is the order's id
)

// Abandonment is what package recovery keeps with a cart that was left: the cart only carries it. It holds no personal data.
type Abandonment struct {
	Revision int64  // raised by every change of it; the cart's version stays
	Op       string // id of the last change, by which a retried one recognises itself

	Reason    string     // why the cart was left
	LeftAt    time.Time  // when the shopper last did something
	Closed    string     // why no follow-up comes any more; "" = one may
	FollowUps []FollowUp // in the order in which they were claimed
	Recovered string     // id of the order that a follow-up led to
	From      string     // cart and stage, with a space between, of the follow-up whose link brought what is in this one; "" = none did
}

// origins are the cart and the one whose contents a recovery link has brought into it.
func (c Cart) origins() []string {
	if c.Abandonment != nil {
		if from, _, found := strings.Cut(c.Abandonment.From, " "); found {
			return []string{c.ID, from}
		}
	}
	return []string{c.ID}
}

// FollowUp is one stage of the plan for one cart.
type FollowUp struct {
	ID        string    // of its message: the same whenever it is tried again
	Stage     string    // of the plan
	Channel   string    // email, push …
	ClaimedAt time.Time // by the sweep: from then on a worker owes it a send, or a reason
	State     string    // see recovery.State
	At        time.Time // of State
	Why       string    // of a state that is no send
	Tries     int       // how often it was handed to the provider
	Provider  string    // the provider's id of the message
	Person    string    // whom it was for: id of the contact
	Reason    string    // that the message told
	Incentive string    // code that the message offered; "" = none
	OpenedBy  string    // hash of the device that used its link
	OpenedAt  time.Time
	OpenedAs  string // id of the cart that the contents were restored into
}

// CartFollow is one conditional change of what recovery keeps with a cart. It leaves everything else of the cart alone, its
// version too: neither an edit nor a payment ever meets a conflict because of it.
type CartFollow struct {
	CartID  string
	Version int64  // the cart's, always a condition: nobody has edited it since it was read
	Holder  string // session that must hold the cart; "" = none may

	// Abandonment takes the place of the stored one, which must be at Abandonment.Revision−1; at Revision 1 there must be none.
	Abandonment Abandonment
	Due         time.Time         // becomes the cart's; zero = never
	Notices     map[string]Notice // all that the cart has from now on
}

// Following returns a change of the cart's abandonment that keeps everything as it is, for its caller to alter. op must be
// new.
func (c Cart) Following(op string) CartFollow {
	f := CartFollow{CartID: c.ID, Version: c.Version, Holder: c.Session, Due: c.Due, Notices: maps.Clone(c.Notices)}
	if c.Abandonment != nil {
		f.Abandonment = *c.Abandonment
		f.Abandonment.FollowUps = append([]FollowUp(nil), c.Abandonment.FollowUps...)
	}
	f.Abandonment.Revision++
	f.Abandonment.Op = op
	return f
}

// Notify adds a notice, once for each kind, reference and revision.
func (f *CartFollow) Notify(kind, ref string, now time.Time) {
	notices := maps.Clone(f.Notices)
	if notices == nil {
		notices = map[string]Notice{}
	}
	notices[shortHash(f.CartID, kind, ref, f.Abandonment.Op)] = Notice{Kind: kind, At: now, Ref: ref}
	f.Notices = notices
}
