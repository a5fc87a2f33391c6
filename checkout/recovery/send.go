package recovery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery/wording"
)

// Estimator prices carts as their owners would see them now.
type Estimator interface {
	// Estimate returns the cart with its quote, and messages about what can't be had.
	Estimate(ctx context.Context, cart checkout.Cart) (checkout.CartView, error)
}

// Minter makes single-use codes.
type Minter interface {
	// Mint returns the code of a discount rule for one cart, the same whenever it is asked, and what it gives in a language; false
	// if the rule isn't there or gives nothing for the cart.
	Mint(ctx context.Context, rule string, cart checkout.Cart, until time.Time, language string) (code, title string, ok bool, err error)
}

// SenderConfig is what a Sender is made of.
type SenderConfig struct {
	Config
	Estimator  Estimator
	Messengers map[Channel]Messenger
	Links      Links
	Minter     Minter // nil: no incentives
	Ledger     Ledger // nil: nobody counts
}

// Sender sends the follow-ups that the sweep has claimed, each if it is still true and at most once. It is the outbox's consumer
// of follow_up.due. Safe for concurrent use.
type Sender struct{ SenderConfig }

// NewSender returns the consumer. CodeInvalid if something that it needs is missing or contradicts itself.
func NewSender(c SenderConfig) (*Sender, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	if c.Estimator == nil || len(c.Links.secrets) == 0 {
		return nil, &checkout.Error{Code: checkout.CodeInvalid, Path: "config", Message: "a sender needs an estimator and link secrets"}
	}
	return &Sender{c}, nil
}

const (
	handover      = 30 * time.Second // a worker that is sending is not disturbed for so long; its call ends long before
	outcomeTime   = 1500 * time.Millisecond
	refusedRest   = 10 * time.Minute    // until a message that was refused for now is tried again
	maxTries      = 6                   // of one message
	confirmRest   = 7 * 24 * time.Hour  // between two requests to confirm consent, whoever asks for them
	contactLife   = 90 * 24 * time.Hour // of a contact that says nothing about consent
	conflictTries = 6
)

// Consume sends the follow-up that a notice tells of, or records why not. Nil says that there is nothing left to do about it. The
// notice may come any number of times.
func (s *Sender) Consume(ctx context.Context, item checkout.OutboxItem) error {
	now := s.Now()
	for range conflictTries {
		again, err := s.attend(ctx, now, item.Cart.ID, item.Ref)
		if !again || err != nil {
			return err
		}
	}
	return &checkout.Error{Code: checkout.CodeUnavailable, Message: "cart " + item.Cart.ID + " is being changed by others"}
}

// attend looks at one follow-up; again if somebody changed what the look was based on.
func (s *Sender) attend(ctx context.Context, now time.Time, cartID, stage string) (again bool, err error) {
	v, err := s.reader().one(ctx, cartID)
	if checkout.ErrorCode(err) == checkout.CodeNotFound {
		return false, nil // and its follow-up with it
	}
	if err != nil {
		return false, err
	}
	if v.cart.Abandonment == nil {
		return false, nil
	}
	fu, ok := followUpOf(*v.cart.Abandonment, stage)
	if !ok {
		return false, nil // the shopper has been back, and the stage is to come anew
	}
	switch State(fu.State) {
	case StateClaimed:
	case StateSending:
		if now.Before(fu.At.Add(handover)) {
			return false, &checkout.Error{Code: checkout.CodeUnavailable, Message: "another worker is sending a follow-up of cart " + cartID}
		}
		// Whoever was sending has died, before or after the provider took it. Nobody can tell, so nobody tries again.
		return s.write(ctx, v, fu, StateUnknown, "", now, time.Time{})
	case StateSent, StateUnknown, StateSkipped, StateRefused, StatePostponed:
		return false, s.tell(ctx, v, fu)
	}
	return s.decide(ctx, now, v, fu)
}

// decide sends a claimed follow-up, postpones it or skips it.
func (s *Sender) decide(ctx context.Context, now time.Time, v view, fu checkout.FollowUp) (again bool, err error) {
	if why := s.untrue(now, v, fu); why != "" {
		return s.skip(ctx, now, v, fu, why)
	}
	if v.paying() {
		return s.write(ctx, v, fu, StatePostponed, WhyPaying, now, now.Add(payingRest))
	}
	place := v.place(s.Settings)
	if fu.Stage != confirmStage {
		if at := s.Settings.Quiet.Allowed(now, place); at.After(now) {
			return s.postpone(ctx, now, v, fu, WhyQuiet, at)
		}
	}
	m, why, err := s.draft(ctx, now, v, &fu)
	if err != nil {
		return false, err
	}
	if why != "" {
		return s.skip(ctx, now, v, fu, why)
	}
	verdict, err := s.admit(ctx, now, v, fu)
	switch {
	case err != nil:
		return false, err
	case verdict.holdout:
		return s.skip(ctx, now, v, fu, WhyHoldout)
	case verdict.confirmed:
		return s.skip(ctx, now, v, fu, WhyCapped)
	case !verdict.until.IsZero():
		at := s.Settings.Quiet.Allowed(verdict.until, place)
		if at.After(v.cart.ExpiresAt) && !v.cart.ExpiresAt.IsZero() {
			return s.skip(ctx, now, v, fu, WhyCapped)
		}
		return s.postpone(ctx, now, v, fu, WhyCapped, at)
	}
	return s.send(ctx, now, v, fu, m)
}

// untrue says why a follow-up is not to be sent at all; "" = it is.
func (s *Sender) untrue(now time.Time, v view, fu checkout.FollowUp) string {
	if why := v.ended(now, s.Settings); why != "" {
		return why
	}
	left := v.cart.Abandonment.LeftAt
	switch {
	case v.boughtSince(left):
		return WhyBought
	case len(v.cart.Lines) == 0:
		return WhyEmpty
	case v.leftAt().After(left):
		return WhyActive
	}
	open := v.unreachable(Channel(fu.Channel), s.Settings.Consent, s.Shop.DefaultCountry)
	if fu.Stage == confirmStage {
		if open == "" {
			return WhyEnded // it has been confirmed meanwhile
		}
		if open == WhyUnconfirmed {
			return ""
		}
		return open
	}
	if open == "" && !slices.ContainsFunc(s.Settings.PlanFor(Reason(v.cart.Abandonment.Reason)), func(st Stage) bool { return st.Name == fu.Stage }) {
		return WhyInactive
	}
	return open
}

// admission is what the person's contact has to say about a message.
type admission struct {
	holdout   bool
	confirmed bool      // a confirmation was asked for a moment ago
	until     time.Time // not before; zero = now
}

// admit counts a message among the person's, if that has room for it, and deals the person an arm. It is one conditional write of
// the contact, so that workers on several carts of one person can't send more than the caps allow.
func (s *Sender) admit(ctx context.Context, now time.Time, v view, fu checkout.FollowUp) (admission, error) {
	var a admission
	_, err := s.reader().changeContact(ctx, v.person, s.NewID(), func(c *Contact) bool {
		a = admission{}
		if fu.Stage == confirmStage {
			return s.admitConfirm(c, now, v, fu, &a)
		}
		changed := s.deal(c, v, now)
		if s.Settings.Holdout.Percent > 0 && c.Arm.Arm == ArmHoldout {
			a.holdout = true
			return changed
		}
		if slices.ContainsFunc(c.Sends, func(o Send) bool { return o.ID == fu.ID }) {
			return changed // an earlier try has counted it
		}
		if a.until = s.Settings.roomAt(c.Sends, now); a.until.After(now) {
			return changed
		}
		a.until = time.Time{}
		count(c, Send{fu.ID, Channel(fu.Channel), now})
		agree(c, v, Channel(fu.Channel), s.Settings.Consent, now)
		c.ExpiresAt = later(c.ExpiresAt, now.Add(contactLife))
		return true
	})
	return a, err
}

func (s *Sender) admitConfirm(c *Contact, now time.Time, v view, fu checkout.FollowUp, a *admission) bool {
	if n := len(c.Confirms); n > 0 && now.Before(c.Confirms[n-1].Add(confirmRest)) {
		a.confirmed = !slices.ContainsFunc(c.Sends, func(o Send) bool { return o.ID == fu.ID })
		return false
	}
	c.Confirms = append(slices.Clone(c.Confirms), now)
	c.Confirms = c.Confirms[max(0, len(c.Confirms)-3):]
	count(c, Send{fu.ID, ChannelEmail, now})
	c.Consents = withConsent(c.Consents, ChannelEmail, Consent{State: ConsentPending, At: now, Wording: s.Settings.Consent.Wording, Source: "buyer:" + v.cart.ID})
	c.ExpiresAt = later(c.ExpiresAt, now.Add(contactLife))
	return true
}

// deal gives a person an arm when it is eligible for the first time in this deal.
func (s *Sender) deal(c *Contact, v view, now time.Time) (changed bool) {
	if c.Arm != nil && (c.Arm.Salt == s.Settings.Holdout.Salt || s.Settings.Holdout.Percent == 0) {
		return false
	}
	c.Arm = &Assignment{Arm: ArmOf(s.Settings.Holdout.Salt, v.person, s.Settings.Holdout.Percent), At: now, Salt: s.Settings.Holdout.Salt}
	return true
}

func count(c *Contact, send Send) {
	c.Sends = append(slices.Clone(c.Sends), send)
	c.Sends = c.Sends[max(0, len(c.Sends)-maxSends):]
}

// agree records what the message relies on: the consent that came with the cart.
func agree(c *Contact, v view, channel Channel, rules ConsentRules, now time.Time) {
	if _, known := c.Consents[channel]; known || v.marketing() == nil {
		return
	}
	c.Consents = withConsent(c.Consents, channel, Consent{State: ConsentGiven, At: v.cart.UpdatedAt, Wording: rules.Wording, Source: "buyer:" + v.cart.ID})
	c.SeenAt = now
}

func withConsent(all map[Channel]Consent, channel Channel, consent Consent) map[Channel]Consent {
	out := map[Channel]Consent{channel: consent}
	for ch, c := range all {
		if ch != channel {
			out[ch] = c
		}
	}
	return out
}

// roomAt is the first instant, from now on, at which no cap stands against one more message.
func (s Settings) roomAt(sends []Send, now time.Time) time.Time {
	at := now
	for _, limit := range s.caps() {
		var within []time.Time
		for _, o := range sends {
			if o.At.After(now.Add(-limit.Within.std())) {
				within = append(within, o.At)
			}
		}
		if len(within) >= limit.Count {
			slices.SortFunc(within, time.Time.Compare)
			at = later(at, within[len(within)-limit.Count].Add(limit.Within.std()))
		}
	}
	return at
}

// send hands a message over, once: only who has written "sending" on the cart as it was read may, and nobody after him.
func (s *Sender) send(ctx context.Context, now time.Time, v view, fu checkout.FollowUp, m Message) (again bool, err error) {
	messenger := s.Messengers[m.Channel]
	if messenger == nil {
		return s.skip(ctx, now, v, fu, WhyNoChannel)
	}
	f := v.cart.Following(s.NewID())
	fu.State, fu.At, fu.Tries, fu.Person = string(StateSending), now, fu.Tries+1, v.person
	put(&f.Abandonment, fu)
	cart, err := s.Carts.FollowCart(ctx, f)
	if again, err := conflicted(err); again || err != nil {
		return again, err
	}
	v.cart = cart
	callCtx, cancel := reserved(ctx, outcomeTime)
	id, err := messenger.Send(callCtx, m)
	cancel()
	return false, s.outcome(ctx, now, v, fu, m, id, err)
}

// reserved is ctx, ended some time before its deadline, so that the outcome of a call can still be written.
func reserved(ctx context.Context, reserve time.Duration) (context.Context, context.CancelFunc) {
	if end, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, end.Add(-reserve))
	}
	return context.WithCancel(ctx)
}

// outcome records what the provider has said. Whatever becomes of the cart meanwhile, that is written; if it can't be, the
// record stays "sending", and whoever comes next makes it unknown.
func (s *Sender) outcome(ctx context.Context, now time.Time, v view, fu checkout.FollowUp, m Message, id string, failure error) error {
	state, why, until := StateSent, "", time.Time{}
	var refusal *Refusal
	switch {
	case failure == nil:
	case !errors.As(failure, &refusal):
		state = StateUnknown
		s.Logger.WarnContext(ctx, "provider's answer is lost", "cart", v.cart.ID, "stage", fu.Stage, "channel", fu.Channel)
	case refusal.Gone:
		state, why = StateRefused, WhyGone
		if err := s.gone(ctx, now, v, m); err != nil {
			return err
		}
	case refusal.Retry && fu.Tries < maxTries:
		state, why, until = StatePostponed, WhyRefused, now.Add(refusedRest)
	default:
		state, why = StateRefused, WhyRefused
		s.Logger.ErrorContext(ctx, "provider refuses a follow-up", "cart", v.cart.ID, "stage", fu.Stage, "channel", fu.Channel)
	}
	fu.Provider = id
	for range conflictTries {
		again, err := s.write(ctx, v, fu, state, why, now, until)
		if !again || err != nil {
			return err
		}
		if v, err = s.reader().one(ctx, v.cart.ID); err != nil {
			return err
		}
		stored, ok := followUpOf(*v.cart.Abandonment, fu.Stage)
		if !ok || stored.ID != fu.ID || State(stored.State) != StateSending {
			return nil // somebody has taken it for lost
		}
	}
	return &checkout.Error{Code: checkout.CodeUnavailable, Message: "cart " + v.cart.ID + " is being changed by others"}
}

// gone suppresses an address or a device that the provider says is no more.
func (s *Sender) gone(ctx context.Context, now time.Time, v view, m Message) error {
	for _, c := range v.contacts {
		if m.Channel == ChannelEmail && c.ID != checkout.PersonOfEmail(m.To) {
			continue
		}
		_, err := s.reader().changeContact(ctx, c.ID, s.NewID(), func(c *Contact) bool { return c.lose(m.Channel, m.To, m.ID, now) })
		if err != nil {
			return err
		}
	}
	return nil
}

// lose marks an address or a device as gone; false if that is known, or it isn't the contact's.
func (c *Contact) lose(channel Channel, to, source string, now time.Time) bool {
	if channel != ChannelPush {
		if _, known := c.Suppressed[channel]; known {
			return false
		}
		c.suppress(channel, Suppression{Cause: CauseGone, At: now, Source: source})
		return true
	}
	lost := false
	c.Devices = slices.Clone(c.Devices)
	for i := range c.Devices {
		if d := &c.Devices[i]; d.Token == to && !d.Gone {
			d.Gone, lost = true, true
		}
	}
	return lost
}

func (c *Contact) suppress(channel Channel, why Suppression) {
	out := map[Channel]Suppression{channel: why}
	for ch, s := range c.Suppressed {
		if ch != channel {
			out[ch] = s
		}
	}
	c.Suppressed = out
}

// postpone has the sweep claim a stage again at a later time. If a later stage is due by then, that goes instead.
func (s *Sender) postpone(ctx context.Context, now time.Time, v view, fu checkout.FollowUp, why string, until time.Time) (bool, error) {
	return s.write(ctx, v, fu, StatePostponed, why, now, until)
}

// skip records why a follow-up is not sent. What ends all follow-up of the cart closes it.
func (s *Sender) skip(ctx context.Context, now time.Time, v view, fu checkout.FollowUp, why string) (bool, error) {
	return s.write(ctx, v, fu, StateSkipped, why, now, time.Time{})
}

// ending are the reasons after which no stage of the cart can come any more.
var ending = []string{WhyBought, WhyCanceled, WhyExpired, WhyInactive, WhyHoldout, WhyReturned}

// write records a state of a follow-up on the cart as it was read. until is when the cart is due again, for what is
// postponed.
func (s *Sender) write(ctx context.Context, v view, fu checkout.FollowUp, state State, why string, now, until time.Time) (again bool, err error) {
	f := v.cart.Following(s.NewID())
	fu.State, fu.Why, fu.At = string(state), why, now
	switch {
	case state == StatePostponed:
		fu.At = until
		if f.Due.IsZero() || until.Before(f.Due) {
			f.Due = until
		}
	case slices.Contains(ending, why):
		f.Abandonment.Closed, f.Due = why, time.Time{}
	case why == WhyActive:
		f.Due = v.leftAt().Add(s.Settings.First())
	}
	put(&f.Abandonment, fu)
	cart, err := s.Carts.FollowCart(ctx, f)
	if again, err := conflicted(err); again || err != nil {
		return again, err
	}
	v.cart = cart
	return false, s.tell(ctx, v, fu)
}

func conflicted(err error) (again bool, _ error) {
	var conflict *checkout.Conflict
	if errors.As(err, &conflict) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("write a follow-up: %w", err)
	}
	return false, nil
}

// tell has what became of a follow-up counted. It is told again whenever the notice comes again, and counted once.
func (s *Sender) tell(ctx context.Context, v view, fu checkout.FollowUp) error {
	if s.Ledger == nil || fu.Stage == confirmStage {
		return nil
	}
	fact := Fact{
		At: fu.At, CartID: v.cart.ID, Platform: platformOf(v.cart), Person: v.person, Reason: Reason(v.cart.Abandonment.Reason), Stage: fu.Stage, Channel: Channel(fu.Channel),
		Why: fu.Why,
	}
	var facts []Fact
	if eligible(State(fu.State), fu.Why) {
		if arm := s.armOf(ctx, v); arm != nil {
			e := fact
			e.ID, e.Kind, e.At, e.Arm, e.Salt, e.Why = "eligible:"+v.person+":"+arm.Salt, FactEligible, arm.At, arm.Arm, arm.Salt, ""
			e.Percent = s.Settings.Holdout.Percent
			facts = append(facts, e)
		}
	}
	switch State(fu.State) {
	case StateSent, StateUnknown:
		fact.ID, fact.Kind = "sent:"+fu.ID, FactSent
	case StateSkipped, StateRefused:
		fact.ID, fact.Kind = "skipped:"+fu.ID+":"+fu.Why, FactSkipped
	case StatePostponed, StateClaimed, StateSending:
		return nil
	}
	for _, f := range append(facts, fact) {
		if err := s.Ledger.Record(ctx, f); err != nil {
			return fmt.Errorf("count a fact: %w", err)
		}
	}
	return nil
}

// eligible reports whether a follow-up has reached the point where its person was dealt an arm.
func eligible(state State, why string) bool {
	return state == StateSent || state == StateUnknown || why == WhyHoldout
}

// armOf reads the arm that the person has by now: the view may be older than it.
func (s *Sender) armOf(ctx context.Context, v view) *Assignment {
	if arm := v.contact().Arm; arm != nil && arm.Salt == s.Settings.Holdout.Salt {
		return arm
	}
	found, err := s.Contacts.Contacts(ctx, []string{v.person})
	if err != nil {
		return nil
	}
	return found[v.person].Arm
}

// draft puts a follow-up into words, and notes on it what it offers; why if there is nothing to say.
func (s *Sender) draft(ctx context.Context, now time.Time, v view, fu *checkout.FollowUp) (m Message, why string, err error) {
	channel := Channel(fu.Channel)
	m = Message{ID: fu.ID, Channel: channel, Kind: KindFollowUp, Reason: v.cart.Abandonment.Reason, Stage: fu.Stage, Locale: s.Shop.Language(v.language)}
	facts := wording.Facts{
		Shop: s.shopFacts(), Locale: m.Locale, Zone: v.place(s.Settings), Channel: string(channel), Reason: m.Reason, FirstName: v.buyer.FirstName,
	}
	switch channel {
	case ChannelPush:
		device, _ := v.device()
		m.To, m.Platform = device.Token, device.Platform
		if device.Locale != "" {
			m.Locale = s.Shop.Language(device.Locale)
			facts.Locale = m.Locale
		}
	default:
		m.To = v.buyer.Email
	}
	if fu.Stage == confirmStage {
		return s.draftConfirm(now, v, m, facts)
	}
	estimate, err := s.Estimator.Estimate(ctx, v.cart)
	if err != nil {
		return Message{}, "", fmt.Errorf("price cart %s: %w", v.cart.ID, err)
	}
	if facts.Lines = available(estimate); len(facts.Lines) == 0 {
		return Message{}, WhyNoStock, nil
	}
	facts.Total = estimate.Quote.Total
	m.Link = s.Shop.BaseURL + "/r/" + s.Links.Token(Link{PurposeReturn, v.cart.ID, fu.Stage, channel, now})
	facts.Link = m.Link
	if channel == ChannelEmail {
		m.Unsubscribe = s.Shop.BaseURL + "/unsubscribe/" + s.Links.Token(Link{PurposeUnsubscribe, v.person, fu.Stage, channel, now})
		facts.Unsubscribe = m.Unsubscribe
	}
	if facts.Incentive, err = s.incentive(ctx, now, v, *fu, m.Locale); err != nil {
		return Message{}, "", err
	}
	if facts.Incentive != nil {
		fu.Incentive = facts.Incentive.Code
	}
	return said(m, facts)
}

func (s *Sender) shopFacts() wording.Shop {
	return wording.Shop{Name: s.Shop.Name, BaseURL: s.Shop.BaseURL, Links: s.Shop.Links, Zone: s.Settings.zone(""), Settings: s.Settings.Messages}
}

// draftConfirm asks the owner of an address whether the consent is his. It is no advertising, and says nothing of the cart.
func (s *Sender) draftConfirm(now time.Time, v view, m Message, facts wording.Facts) (Message, string, error) {
	m.Kind, m.Reason, m.Stage, facts.Reason, facts.Service = KindService, wording.Confirm, "", wording.Confirm, true
	m.Link = s.Shop.BaseURL + "/unsubscribe/confirm/" + s.Links.Token(Link{PurposeConfirm, v.person, "", ChannelEmail, now})
	facts.Link = m.Link
	return said(m, facts)
}

func said(m Message, facts wording.Facts) (Message, string, error) {
	words, err := wording.Render(facts)
	if err != nil {
		return Message{}, "", fmt.Errorf("put a message into words: %w", err)
	}
	m.Subject, m.Text, m.HTML = words.Subject, words.Text, words.HTML
	return m, "", nil
}

// available are the lines that can be bought now, as they would be: what is out of stock is not praised.
func available(estimate checkout.CartView) []wording.Line {
	gone := map[string]bool{}
	for _, m := range estimate.Messages {
		if m.Code == checkout.MsgOutOfStock {
			gone[m.Args["sku"]] = true
		}
	}
	var lines []wording.Line
	for _, l := range estimate.Quote.Lines {
		if !gone[l.SKU] {
			lines = append(lines, wording.Line{Title: l.Title, Quantity: l.Quantity, Unit: l.Unit, Total: l.Total, ImageURL: l.ImageURL})
		}
	}
	return lines
}

// incentive mints the code that a stage offers, if the cart's reason is one that a price can mend.
func (s *Sender) incentive(ctx context.Context, now time.Time, v view, fu checkout.FollowUp, language string) (*wording.Incentive, error) {
	rule := s.Settings.Incentive
	reason := Reason(v.cart.Abandonment.Reason)
	offered := slices.ContainsFunc(s.Settings.PlanFor(reason), func(st Stage) bool { return st.Name == fu.Stage && st.Incentive })
	if s.Minter == nil || !offered || !rule.Offers(reason) {
		return nil, nil
	}
	life := rule.For.std()
	if life == 0 {
		life = ReturnLife
	}
	until := now.Add(life).Truncate(time.Minute)
	code, title, ok, err := s.Minter.Mint(ctx, rule.Rule, v.cart, until, language)
	if err != nil || !ok {
		return nil, err
	}
	return &wording.Incentive{Code: code, Title: title, Until: until}, nil
}
