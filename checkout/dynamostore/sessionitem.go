package dynamostore

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"kassa/checkout"
	"kassa/payments"
)

// Attributes of a session's item:
//
//	i  id       p  op of the last commit          w  kind and shard of the watch index, h  its key; absent = unwatched
//	v  version  j  everything else, as a row      n  notices: id → row;         o  there while there are any
//	x  TTL, for sessions that ended without any money

// keep is how long a session is kept that ended without any money: nothing was paid, and its intent, if it had one, can take none any
// more. It knows who nearly bought, which nobody needs for longer.
const keep = 90 * 24 * time.Hour

// sessionRow is everything that no condition and no index needs.
func sessionRow(s *checkout.Session) row {
	return row{of: s, elsewhere: []any{&s.ID, &s.Version, &s.Op, &s.Watch, &s.Notices}, fields: []any{
		&s.Status, &s.CreatedAt, later{&s.UpdatedAt, &s.CreatedAt}, later{&s.ExpiresAt, &s.CreatedAt}, marked{&s.Create},
		nested(contextRow(&s.Context)), nested(buyerRow(&s.Buyer)),
		optional[checkout.Destination]{&s.Destination, destinationRow(s)}, &s.Option, &s.Ships,
		nested(quoteRow(&s.Quote, &s.CreatedAt)), &s.Epoch, &s.Customer,
		rows[checkout.PayMark]{&s.Pays, payRow},
		list[checkout.Mark]{&s.Marks, func(m *checkout.Mark) any { return marked{m} }},
		rows[checkout.Message]{&s.Messages, messageRow},
		&s.Attempts, optional[checkout.Intent]{&s.Intent, intentRow(s)}, optional[checkout.Attempt]{&s.Attempt, attemptRow(s)},
		holds{s, &s.Holds}, optional[checkout.Order]{&s.Order, orderRow(s)},
		list[time.Time]{&s.Declines, func(t *time.Time) any { return later{t, &s.CreatedAt} }},
		rows[checkout.ProviderRefund]{&s.Refunds, refundRow(s)}, &s.Review,
		usual[string]{&s.CartID, func() string { return checkout.CartOfSession(s.ID) }},
		usual[int]{&s.Round, func() int { return roundOf(s.ID) }},
		optional[checkout.Wallet]{&s.Wallet, walletRow}, optional[checkout.Left]{&s.Left, leftRow(s)},
		&s.Collect, &s.Codes,
		rows[checkout.Destination]{&s.Known, destinationRow(s)},
		redeemed{s},
	}}
}

// roundOf returns the round that a session's id names.
func roundOf(id string) int {
	round, err := strconv.Atoi(id[strings.LastIndexByte(id, '_')+1:])
	if err != nil {
		return 0
	}
	return round
}

func encodeSession(s checkout.Session) (item, error) {
	it := item{"i": text(s.ID), "v": number(s.Version)}
	if s.Op != "" {
		it["p"] = text(s.Op)
	}
	if s.Watch.Kind != checkout.WatchNone {
		it["w"], it["h"] = text(shardOf(watchKind(s.Watch.Kind), s.ID)), blob(dueKey(s.Watch.At, s.ID))
	}
	if len(s.Notices) > 0 {
		notices, err := encodeNotices(s.Notices)
		if err != nil {
			return nil, err
		}
		it["n"], it[AttributeNotices] = mapped(notices), text("1")
	}
	untouched := (s.Intent == nil || s.Intent.Status == payments.StatusCanceled) && len(s.Refunds) == 0 && s.Review == "" && len(s.Notices) == 0
	if s.Status == checkout.StatusCanceled && s.Watch.Kind == checkout.WatchNone && untouched && !s.UpdatedAt.IsZero() {
		it[AttributeExpires] = number(s.UpdatedAt.Add(keep).Unix())
	}
	return it, putRows(it, map[string]row{"j": sessionRow(&s)})
}

func watchKind(kind checkout.WatchKind) string { return string(kind) + "#" }

func noticeRow(n *checkout.Notice) row { return row{of: n, fields: []any{&n.Kind, &n.At, &n.Ref}} }

func encodeNotices(notices map[string]checkout.Notice) (item, error) {
	m := make(item, len(notices))
	for id, n := range notices {
		data, err := pack(noticeRow(&n))
		if err != nil {
			return nil, err
		}
		m[id] = text(string(data))
	}
	return m, nil
}

func decodeSession(it item) (checkout.Session, error) {
	r := &stored{item: it}
	s := checkout.Session{ID: r.text("i"), Version: r.number("v"), Op: r.text("p")}
	if kind, _, ok := strings.Cut(r.text("w"), "#"); ok {
		s.Watch = checkout.Watch{Kind: checkout.WatchKind(kind), At: dueTime(r.binary("h"))}
	}
	r.row("j", sessionRow(&s))
	s.Notices = r.notices("n")
	return s, failed("decode session", s.ID, r.err)
}

// notices reads the notices of an item.
func (s *stored) notices(name string) (all map[string]checkout.Notice) {
	notices := s.within(name)
	for id := range notices.item {
		var n checkout.Notice
		notices.row(id, noticeRow(&n))
		if all == nil {
			all = make(map[string]checkout.Notice, len(notices.item))
		}
		all[id] = n
	}
	s.fail(notices.err)
	return all
}

// holds are the session's, by the place of their line in its quote where they are those of a line.
type holds struct {
	of *checkout.Session
	at *[]checkout.Hold
}

func (h holds) target() any { return h.at }

func (h holds) encode() ([]byte, error) {
	if len(*h.at) == 0 {
		return nil, nil
	}
	all := make([]any, len(*h.at))
	for i, hold := range *h.at {
		all[i] = []any{hold.SKU, hold.Quantity}
		for j, l := range h.of.Quote.Lines {
			if l.SKU == hold.SKU && l.Quantity == hold.Quantity {
				all[i] = j
				break
			}
		}
	}
	return marshal(all)
}

func (h holds) decode(data []byte) error {
	if data == nil {
		return nil
	}
	var all []json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	*h.at = make([]checkout.Hold, len(all))
	for i, data := range all {
		if err := h.one(data, &(*h.at)[i]); err != nil {
			return err
		}
	}
	return nil
}

func (h holds) one(data []byte, hold *checkout.Hold) error {
	if data[0] == '[' {
		return json.Unmarshal(data, &[]any{&hold.SKU, &hold.Quantity})
	}
	var line int
	if err := json.Unmarshal(data, &line); err != nil {
		return err
	}
	if line < 0 || line >= len(h.of.Quote.Lines) {
		return fmt.Errorf("a hold is of line %d of %d", line, len(h.of.Quote.Lines))
	}
	*hold = checkout.Hold{SKU: h.of.Quote.Lines[line].SKU, Quantity: h.of.Quote.Lines[line].Quantity}
	return nil
}
