package recovery

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery/wording"
)

// draft puts a follow-up into words, and notes on it what it offers; why if there is nothing to say.
func (s *Sender) draft(ctx context.Context, now time.Time, v view, fu *checkout.FollowUp) (m Message, why string, err error) {
	channel := Channel(fu.Channel)
	m = Message{ID: fu.ID, Channel: channel, Kind: KindFollowUp, Reason: v.cart.Abandonment.Reason, Stage: fu.Stage,
		Locale: s.Shop.Language(v.language)}
	facts := wording.Facts{
		Shop: s.Settings.brand(s.Shop), Locale: m.Locale, Zone: v.place(channel, s.Settings), Channel: string(channel),
		Reason: m.Reason, FirstName: v.buyer.FirstName,
	}
	switch channel {
	case ChannelPush:
		device, _ := v.device()
		m.To, m.Platform, m.Told = device.Token, device.Platform, device.UpdatedAt
		if device.Locale != "" {
			m.Locale = s.Shop.Language(device.Locale)
			facts.Locale = m.Locale
		}
	default:
		m.To = strings.TrimSpace(v.buyer.Email)
	}
	if fu.Stage == confirmStage {
		return s.draftConfirm(ctx, now, v, m, facts)
	}
	estimate, err := s.Estimator.Estimate(ctx, v.cart)
	if err != nil {
		return Message{}, "", fmt.Errorf("price cart %s: %w", v.cart.ID, err)
	}
	if facts.Lines = available(estimate); len(facts.Lines) == 0 {
		return Message{}, WhyNoStock, nil
	}
	facts.Total, facts.Estimate, facts.Country = estimate.Quote.Total, &estimate.Quote.Quote, orElse(v.country, s.Shop.DefaultCountry)
	m.Link = pageOf(s.Shop, "r", s.Links.Token(Link{PurposeReturn, v.cart.ID, fu.Stage, channel, now}))
	facts.Link = m.Link
	if channel == ChannelEmail {
		m.Unsubscribe = pageOf(s.Shop, "unsubscribe", s.Links.Token(Link{PurposeUnsubscribe, v.person, fu.Stage, channel, now}))
		facts.Unsubscribe, facts.Customer = m.Unsubscribe, v.soft()
	}
	if facts.Incentive, err = s.incentive(ctx, now, v, *fu, m.Locale); err != nil {
		return Message{}, "", err
	}
	if facts.Incentive != nil {
		fu.Incentive = facts.Incentive.Code
	}
	return s.said(ctx, m, facts)
}

// draftConfirm asks the owner of an address whether the consent is his. It is no advertising, and says nothing of the cart.
func (s *Sender) draftConfirm(ctx context.Context, now time.Time, v view, m Message, facts wording.Facts) (Message, string, error) {
	m.Kind, m.Reason, m.Stage, facts.Reason, facts.Service = KindService, wording.Confirm, "", wording.Confirm, true
	m.Link = pageOf(s.Shop, "unsubscribe", "confirm", s.Links.Token(Link{PurposeConfirm, v.person, "", ChannelEmail, now}))
	facts.Link = m.Link
	return s.said(ctx, m, facts)
}

// said is the message in words. What can't be written will not be written by trying again.
func (s *Sender) said(ctx context.Context, m Message, facts wording.Facts) (Message, string, error) {
	words, err := wording.Render(facts)
	switch {
	case checkout.ErrorCode(err) == checkout.CodeInvalid:
		s.Logger.ErrorContext(ctx, "follow-up can't be written", "message", m.ID, "error", err.Error())
		return Message{}, WhyUnwritten, nil
	case err != nil:
		return Message{}, "", fmt.Errorf("put a message into words: %w", err)
	}
	m.Subject, m.Text, m.HTML = words.Subject, words.Text, words.HTML
	return m, "", nil
}

// available are the lines that can be bought now, before discounts and added tax, which stand below them: what is out of stock is not
// praised.
func available(estimate checkout.CartView) []wording.Line {
	lines := make([]wording.Line, len(estimate.Quote.Lines))
	for i, l := range estimate.Quote.Lines {
		lines[i] = wording.Line{Title: l.Title, Quantity: l.Quantity, Unit: l.Unit, Total: l.Subtotal, ImageURL: l.ImageURL}
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
