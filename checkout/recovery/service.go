package recovery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery/wording"
)

// ServiceConfig is what a Service is made of.
type ServiceConfig struct {
	Shop     checkout.Shop
	Settings Settings
	Log      SendLog
	Contacts ContactStore
	Email    Messenger        // nil: no service message is sent, and each is recorded as such
	Now      func() time.Time // read once for each message
	NewID    func() string
	Logger   *slog.Logger // ids only
}

// Service writes to people what their orders and payments need told: receipts, refunds, shipping. Such messages need no consent, and never
// advertise. Of each there is one record, written before it is handed over: at most one message is ever handed over, and where none may
// have been, the record says why. Safe for concurrent use.
type Service struct {
	ServiceConfig
}

// NewService returns a Service. CodeInvalid if something that it needs is missing.
func NewService(c ServiceConfig) (*Service, error) {
	if c.Log == nil || c.Contacts == nil || c.Now == nil || c.NewID == nil {
		return nil, &checkout.Error{Code: checkout.CodeInvalid,
			Message: "service messages need records, contacts, a clock and ids"}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{c}, nil
}

// told is which message a notice leads to.
var told = map[string]string{
	checkout.NoticeOrderPlaced:    wording.Receipt,
	checkout.NoticeOrderRefunded:  wording.Refunded,
	checkout.NoticeOrderCanceled:  wording.Canceled,
	checkout.NoticeOrderFulfilled: wording.Shipped,
	checkout.NoticeOrderWithdrawn: wording.Withdrawn,
	checkout.NoticeLateDecline:    wording.DeclinedLate,
	checkout.NoticePaymentReview:  wording.PaymentReturned, // where money goes back
}

// Consumers returns what takes in notices, by their kind.
func (s *Service) Consumers() map[string][]checkout.Consumer {
	consumers := make(map[string][]checkout.Consumer, len(told))
	for kind, reason := range told {
		consumers[kind] = []checkout.Consumer{teller{s, reason}}
	}
	return consumers
}

// teller implements checkout.Consumer for the notices of a kind.
type teller struct {
	*Service
	reason string
}

// Claims and records of service messages.
const (
	// sendLease is how long somebody may be at a message: longer than any invocation lasts. Whoever is at it for longer has died.
	sendLease = 2 * time.Minute
	// sendKept is how long a record is kept: no notice waits for so long.
	sendKept = 400 * 24 * time.Hour
)

// SendingID is the id of the record of a service message.
func SendingID(sessionID, reason, ref string) string {
	id := "sm_" + strings.TrimPrefix(sessionID, "cs_") + "_" + reason
	if ref != "" {
		id += "_" + ref
	}
	return id
}

// SendingsOf are the ids of all records that a session's service messages may have.
func SendingsOf(s checkout.Session) []string {
	var ids []string
	add := func(reason, ref string) { ids = append(ids, SendingID(s.ID, reason, ref)) }
	for _, reason := range []string{wording.Receipt, wording.Canceled, wording.DeclinedLate} {
		add(reason, "")
	}
	for _, back := range s.Refunds {
		add(wording.PaymentReturned, back.IntentID)
	}
	if s.Order == nil {
		return ids
	}
	for _, r := range s.Order.Refunds {
		add(wording.Refunded, r.ID)
	}
	for _, f := range s.Order.Fulfillments {
		add(wording.Shipped, f.ID)
	}
	for _, w := range s.Order.Withdrawals {
		add(wording.Withdrawn, w.ID)
	}
	return ids
}

// Consume implements checkout.Consumer: it sends the message once, whatever comes how often. What there is nothing to tell of makes no
// record.
func (t teller) Consume(ctx context.Context, item checkout.OutboxItem) error {
	now := t.Now()
	if t.reason != wording.PaymentReturned {
		return t.tell(ctx, now, item)
	}
	var failures []error
	for _, back := range item.Session.Refunds { // the notice names none: of each there is a message
		if goesBack(back) {
			item.Ref = back.IntentID
			failures = append(failures, t.tell(ctx, now, item))
		}
	}
	return errors.Join(failures...)
}

// tell sends one message.
func (t teller) tell(ctx context.Context, now time.Time, item checkout.OutboxItem) error {
	r := Sending{
		ID: SendingID(item.Session.ID, t.reason, item.Ref), Version: 1, Op: t.NewID(), SessionID: item.Session.ID, Reason: t.reason,
		Ref:    item.Ref,
		Person: checkout.PersonOfEmail(item.Session.Buyer.Email), State: StateSending, At: now, ExpiresAt: now.Add(sendKept),
	}
	m, why, err := t.write(ctx, now, item, r)
	if err != nil {
		return err
	}
	if why != "" {
		r.State, r.Why = StateSkipped, why
	}
	r, mine, err := t.claim(ctx, now, r)
	if err != nil || !mine {
		return err
	}
	if r.State == StateSkipped {
		t.Logger.WarnContext(ctx, "service message is not sent", "sending", r.ID, "why", r.Why)
		return nil
	}
	return t.send(ctx, r, m)
}

// write makes the message, or says why there is to be none.
func (t teller) write(ctx context.Context, now time.Time, item checkout.OutboxItem, r Sending) (m Message, why string, err error) {
	if r.Person == "" {
		return m, WhyNoChannel, nil
	}
	if t.Email == nil || t.Settings.Messages.From == "" || t.Settings.Messages.Trader.Name == "" {
		return m, WhyNoSender, nil
	}
	// Phones are known by the customer or by the cart, and tell where the reader is.
	contacts, err := t.Contacts.Contacts(ctx, []string{r.Person, checkout.PersonOfCustomer(item.Session.Customer),
		ContactOfCart(item.Session.CartID)})
	if err != nil {
		return m, "", fmt.Errorf("read contacts of %s: %w", r.ID, err)
	}
	contact := contacts[r.Person]
	// A complaint is about advertising. A receipt is owed all the same; what nobody can receive is not.
	if cause := contact.Suppressed[ChannelEmail].Cause; cause == CauseBounce || cause == CauseGone {
		return m, WhySuppressed, nil
	}
	facts, why := t.facts(now, item)
	if why != "" {
		return m, why, nil
	}
	facts.Zone = t.Settings.zone(zoneOf(slices.Collect(maps.Values(contacts))))
	words, err := wording.Render(facts)
	if err != nil {
		t.Logger.ErrorContext(ctx, "service message can't be written", "sending", r.ID, "error", err.Error())
		return m, WhyUnwritten, nil
	}
	return Message{
		ID: r.ID, Channel: ChannelEmail, Kind: KindService, Reason: r.Reason, To: strings.TrimSpace(item.Session.Buyer.Email),
		Locale: facts.Locale, Subject: words.Subject, Text: words.Text, HTML: words.HTML, Link: facts.Link,
	}, "", nil
}

// claim writes the record before the message is handed over. It is not the caller's if the message has had its turn; an error if somebody
// else may be at it now.
func (t teller) claim(ctx context.Context, now time.Time, r Sending) (Sending, bool, error) {
	err := t.put(ctx, r)
	var conflict *SendingConflict
	if !errors.As(err, &conflict) || conflict.Sending == nil {
		return r, err == nil, err
	}
	there := *conflict.Sending
	switch {
	case there.State == StateRefused && there.Why == "": // for now
		r.Version = there.Version + 1
		err = t.put(ctx, r)
		return r, err == nil, err
	case there.State != StateSending:
		return r, false, nil
	case now.Sub(there.At) < sendLease:
		return r, false, &checkout.Error{Code: checkout.CodeUnavailable, Message: "somebody is at the message " + r.ID}
	}
	// Whoever was at it died before or after the message was handed over. It is not sent again: it may have arrived.
	return r, false, t.settle(ctx, there, StateUnknown, "", nil)
}

// send hands the message over, and writes what became of it.
func (t teller) send(ctx context.Context, r Sending, m Message) error {
	id, err := t.Email.Send(ctx, m)
	var refusal *Refusal
	switch {
	case err == nil:
		r.ProviderID = id
		return t.settle(ctx, r, StateSent, "", nil)
	case !errors.As(err, &refusal):
		return t.settle(ctx, r, StateUnknown, "", err)
	case refusal.Retry:
		if settled := t.settle(ctx, r, StateRefused, "", err); settled != nil {
			return settled
		}
		return &checkout.Error{Code: checkout.CodeUnavailable, Message: "the message " + r.ID + " is not taken now"}
	case refusal.Gone:
		return t.settle(ctx, r, StateRefused, WhyGone, err)
	}
	return t.settle(ctx, r, StateRefused, WhyRefused, err)
}

// settle writes what became of a message. The time to do so is kept even if that of the send is up.
func (t teller) settle(ctx context.Context, r Sending, to State, why string, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	r.Version, r.Op, r.State, r.Why = r.Version+1, t.NewID(), to, why
	level, attributes := slog.LevelInfo, []any{"sending", r.ID, "state", string(to)}
	if to != StateSent {
		level = slog.LevelWarn
	}
	if cause != nil {
		attributes = append(attributes, "error", cause.Error())
	}
	t.Logger.Log(ctx, level, "service message", attributes...)
	err := t.put(ctx, r)
	var conflict *SendingConflict
	if errors.As(err, &conflict) {
		return nil // somebody has settled it
	}
	return err
}

// put writes a record, once more if that wasn't answered: a claim that was written and not answered would keep everybody from sending.
func (t teller) put(ctx context.Context, r Sending) error {
	err := t.Log.PutSending(ctx, r)
	var conflict *SendingConflict
	if err == nil || errors.As(err, &conflict) {
		return err
	}
	return t.Log.PutSending(ctx, r)
}

// settleTime is what is kept to write an outcome. The outbox keeps as much back of an invocation.
const settleTime = 1500 * time.Millisecond
