package recovery

import (
	"maps"
	"slices"
	"time"

	"kassa/checkout"
)

func followUpOf(a checkout.Abandonment, stage string) (checkout.FollowUp, bool) {
	i := slices.IndexFunc(a.FollowUps, func(fu checkout.FollowUp) bool { return fu.Stage == stage })
	if i < 0 {
		return checkout.FollowUp{}, false
	}
	return a.FollowUps[i], true
}

// claim makes a stage somebody's to send.
func claim(f *checkout.CartFollow, v view, stage Stage, now time.Time) {
	fu, _ := followUpOf(f.Abandonment, stage.Name) // one that was postponed keeps what is known of it
	fu.ID, fu.Stage, fu.Channel = messageID(v.cart.ID, stage.Name, stage.Channel), stage.Name, string(stage.Channel)
	fu.ClaimedAt, fu.State, fu.At, fu.Why, fu.Reason = now, string(StateClaimed), now, "", f.Abandonment.Reason
	put(&f.Abandonment, fu)
	withdraw(f, stage.Name)
	f.Notify(checkout.NoticeFollowUpDue, stage.Name, now)
}

// overtake skips a stage for a later one that is due as well.
func overtake(f *checkout.CartFollow, t turn, now time.Time) {
	fu, known := followUpOf(f.Abandonment, t.Name)
	if !known {
		fu = checkout.FollowUp{ID: messageID(f.CartID, t.Name, t.Channel), Stage: t.Name, Channel: string(t.Channel), ClaimedAt: now}
	}
	fu.State, fu.At, fu.Why = string(StateSkipped), now, WhyOvertaken
	if t.open != "" {
		fu.Why = t.open
	}
	put(&f.Abandonment, fu)
	withdraw(f, t.Name)
}

// put stores a follow-up in the place of the one of its stage.
func put(a *checkout.Abandonment, fu checkout.FollowUp) {
	for i := range a.FollowUps {
		if a.FollowUps[i].Stage == fu.Stage {
			a.FollowUps[i] = fu
			return
		}
	}
	a.FollowUps = append(a.FollowUps, fu)
}

// withdraw takes back the notices of a stage.
func withdraw(f *checkout.CartFollow, stage string) {
	f.Notices = maps.Clone(f.Notices)
	maps.DeleteFunc(f.Notices, func(_ string, n checkout.Notice) bool { return n.Kind == checkout.NoticeFollowUpDue && n.Ref == stage })
}

// messageID is the id of the message of a stage of a cart: one for each channel, ever.
func messageID(cartID, stage string, channel Channel) string {
	return "fu_" + hashed("follow-up", cartID, stage, string(channel))
}
