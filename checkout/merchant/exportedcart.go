package merchant

import (
	"strings"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
	"kassa/payments/money"
)

// ExportedCart is a cart, with how it was left and what was sent about it.
type ExportedCart struct {
	ID          string               `json:"id"`
	Customer    string               `json:"customer,omitempty"`
	Currency    money.Currency       `json:"currency"`
	Context     ExportedContext      `json:"context,omitzero"`
	Buyer       ExportedBuyer        `json:"buyer,omitzero"`
	Lines       []ExportedCartLine   `json:"line_items"`
	Codes       []string             `json:"codes,omitempty"`
	Session     string               `json:"session_id,omitempty"` // that is paying it, or has paid it
	Canceled    bool                 `json:"canceled,omitempty"`
	LeftFor     string               `json:"left_for,omitempty"`
	Abandonment *ExportedAbandonment `json:"abandonment,omitempty"`
	Declines    []time.Time          `json:"declines,omitempty"`
	Claimed     bool                 `json:"claimed,omitempty"` // it was a guest's
	Into        string               `json:"merged_into_cart_id,omitempty"`
	Merged      []ExportedMerge      `json:"merged,omitempty"` // what became of its lines there
	ExportedTimes
}

// ExportedCartLine is so many of a product in a cart.
type ExportedCartLine struct {
	ID       string `json:"id"`
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
}

// ExportedAbandonment is how a cart was left, and what came of it.
type ExportedAbandonment struct {
	Reason    string             `json:"reason,omitempty"`
	LeftAt    time.Time          `json:"left_at,omitzero"`
	Closed    string             `json:"closed,omitempty"` // why nothing more is sent
	FollowUps []ExportedFollowUp `json:"follow_ups"`
	Recovered string             `json:"recovered_order_id,omitempty"`
	FromCart  string             `json:"from_cart_id,omitempty"` // whose follow-up's link brought what is in this one
	FromStage string             `json:"from_stage,omitempty"`
}

// ExportedFollowUp is a message about a cart, sent or not.
type ExportedFollowUp struct {
	ID        string         `json:"id"`
	Stage     string         `json:"stage"`
	Channel   string         `json:"channel"`
	ClaimedAt time.Time      `json:"claimed_at"` // when it was due
	State     recovery.State `json:"state"`
	At        time.Time      `json:"at"` // of State
	Why       string         `json:"why,omitempty"`
	Provider  string         `json:"provider_id,omitempty"`
	Person    string         `json:"contact_id,omitempty"` // whom it was for
	Reason    string         `json:"reason,omitempty"`     // that it told
	Incentive string         `json:"incentive,omitempty"`  // code that it offered
	OpenedAt  time.Time      `json:"opened_at,omitzero"`   // when its link was used
	OpenedAs  string         `json:"opened_cart_id,omitempty"`
}

// ExportedMerge is a line that came into another cart, where the larger quantity stayed.
type ExportedMerge struct {
	SKU    string `json:"sku"`
	Before int64  `json:"before,omitempty"` // in that cart
	Merged int64  `json:"merged"`
}

func cartOf(c checkout.Cart) ExportedCart {
	out := ExportedCart{
		ID: c.ID, Customer: c.Customer, Currency: c.Currency, Context: ExportedContext(c.Context), Buyer: ExportedBuyer(c.Buyer),
		Lines: each(c.Lines, func(l checkout.LineItem) ExportedCartLine { return ExportedCartLine(l) }), Codes: c.Codes, Session: c.Session,
		Canceled: c.Canceled, LeftFor: c.Left, Abandonment: abandonmentOf(c.Abandonment), Declines: c.Declines,
		ExportedTimes: ExportedTimes{c.CreatedAt, c.UpdatedAt, c.ExpiresAt},
	}
	if claimed := c.Claimed; claimed != nil {
		merge := func(l checkout.LineChange) ExportedMerge { return ExportedMerge(l) }
		out.Claimed, out.Into, out.Merged = true, claimed.Into, each(claimed.Changes, merge)
	}
	return out
}

func abandonmentOf(a *checkout.Abandonment) *ExportedAbandonment {
	if a == nil {
		return nil
	}
	cart, stage, _ := strings.Cut(a.From, " ")
	return &ExportedAbandonment{a.Reason, a.LeftAt, a.Closed, each(a.FollowUps, followUpOf), a.Recovered, cart, stage}
}

func followUpOf(f checkout.FollowUp) ExportedFollowUp {
	return ExportedFollowUp{
		f.ID, f.Stage, f.Channel, f.ClaimedAt, recovery.State(f.State), f.At, f.Why, f.Provider, f.Person, f.Reason, f.Incentive, f.OpenedAt,
		f.OpenedAs,
	}
}
