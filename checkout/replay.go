package checkout

import (
	"context"
	"strconv"
	"time"
)

// minGuestKey is the shortest idempotency key of a caller without a principal: the key alone then tells whose replay may
// see the cart's token. A UUID has 36 characters.
const minGuestKey = 22

// requireKey checks the key of a request that makes or pays something. CodeMissingKey, CodeInvalid.
func (r Request) requireKey() error {
	switch {
	case r.Key == "":
		return &Error{Code: CodeMissingKey, Message: "this request needs an Idempotency-Key header"}
	case len(r.Key) > 255:
		return &Error{Code: CodeInvalid, Message: "Idempotency-Key is longer than 255 characters"}
	case r.Caller.Principal() == "" && len(r.Key) < minGuestKey:
		return &Error{Code: CodeInvalid, Message: "Idempotency-Key of a guest needs at least 22 characters: use a UUID"}
	}
	return nil
}

// mark returns what is remembered of the request; one without a key is remembered under a fresh id, by which its own write
// is recognised when it is retried.
func (r Request) mark(newID func() string) Mark {
	if r.Key == "" {
		return NewMark("write", newID(), "")
	}
	return NewMark("key", r.Key, r.Fingerprint)
}

func keyReused() error {
	return &Error{Code: CodeKeyReused, Message: "this Idempotency-Key was used for another request"}
}

// matches refuses a change that was meant for another version (If-Match, RFC 9110 §13.1.1).
func (r Request) matches(sess Session) error {
	if r.IfVersion == 0 || r.IfVersion == sess.Version {
		return nil
	}
	return &Error{Code: CodeVersionConflict, Message: "the session is at version " + strconv.FormatInt(sess.Version, 10),
		CheckoutID: sess.ID}
}

// replay answers a request whose key the session remembers; done is false for a new key. The result is shown as the session
// is now; a declined key repeats its decline while the session is unpaid. An undecided attempt whose lease was given up is
// driven forward by its own key.
func (s *Sessions) replay(ctx context.Context, now time.Time, sess Session, mark Mark) (view SessionView, done bool, err error) {
	earlier, paid, known := sess.marked(mark.Key)
	if !known {
		return SessionView{}, false, nil
	}
	if earlier.Print != mark.Print {
		return SessionView{}, true, keyReused()
	}
	if a := sess.Attempt; paid && a != nil {
		if a.Mark != mark || now.Before(a.LeaseUntil) {
			return SessionView{}, true, s.inProgress(now, sess)
		}
		if sess, err = s.drive(ctx, now, sess); err != nil {
			return SessionView{}, true, err
		}
	}
	view = s.shown(sess)
	view.Replayed = true
	if sess.Status == StatusCompleted {
		return view, true, nil
	}
	for _, p := range sess.Pays {
		if p.Mark == mark && p.Reason != "" && !hasCode(view.Messages, MsgPaymentFailed) {
			view.Messages = append([]Message{declineMessage(p.Reason)}, view.Messages...)
		}
	}
	return view, true, nil
}

func hasCode(messages []Message, code string) bool {
	for _, m := range messages {
		if m.Code == code {
			return true
		}
	}
	return false
}

// inProgress refuses what would start a second attempt while one is undecided: two could both be paid.
func (s *Sessions) inProgress(now time.Time, sess Session) error {
	wait := max(sess.Attempt.LeaseUntil.Sub(now), time.Second)
	return &Error{Code: CodePaymentInProgress, Message: "a payment of this session is under way", CheckoutID: sess.ID,
		RetryAfter: min(wait, 5*time.Second)}
}
