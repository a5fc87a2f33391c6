package dynamostore

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout"
	"kassa/payments/money"
)

// Attributes of a cart's item:
//
//	i  id                              t  session that holds it; absent = none
//	v  version                         n  round; absent = 0
//	g  epoch of the guest's token      z  canceled; absent = not
//	c  customer; absent = a guest's    y  created      u  updated      e  expires      x  TTL
//	m  currency                        s  shard of the due index, d  its key; absent = never due
//	k  context, b  buyer: rows         a, f  mark of the request that made it
//	q  how it came into its customer's hands: a row
//	w  discount codes; absent = none   D  latest declines; absent = none
//	h  fields that are not in this list yet: a row, written once
//	l  lines: sku → quantity           r, p  the last marks, keys and prints
//	o  order of lines: slot → number   L  why it was canceled
//	j  abandonment: a row, R its revision; absent = never left
//	N  notices: id → row, O there while there are any
//
// Lines are two maps because an edit doesn't know whether the line exists: if_not_exists works on l.#sku and o.#slot, but
// not inside a map that may be absent. A line's number in o is the cart's version when it was added, so that later ones come
// last; lines that came together have numbers ≤ 0.
//
// The lists of marks always have 16 elements, empty ones at first, because an edit drops the oldest without knowing how many
// there are (SET r[99] = :key REMOVE r[0]; list_append would overlap with REMOVE and is refused).

// grace is how long a cart outlives its end before TTL may take it: far longer than a slow bank needs, so that no cart goes
// while money hangs on it.
const grace = 60 * 24 * time.Hour

// graced is when TTL may take what ends at a time; zero = never.
func graced(end time.Time) time.Time {
	if end.IsZero() {
		return end
	}
	return end.Add(grace)
}

func encodeCart(c checkout.Cart) (item, error) {
	it := item{
		"i": text(c.ID), "v": number(c.Version), "l": mapped(quantities(c.Lines)), "o": mapped(places(c.Lines)),
		"r": halves(c.Marks, func(m checkout.Mark) string { return m.Key }),
		"p": halves(c.Marks, func(m checkout.Mark) string { return m.Print }),
	}
	for name, v := range map[string]types.AttributeValue{
		"g": unlessZero(c.Epoch), "c": unlessEmpty(c.Customer), "m": unlessEmpty(string(c.Currency)), "t": unlessEmpty(c.Session),
		"n": unlessZero(int64(c.Round)), "L": unlessEmpty(c.Left), "y": unlessNever(c.CreatedAt), "u": unlessNever(c.UpdatedAt),
		"w": unlessNone(c.Codes), "D": instants(c.Declines),
	} {
		if v != nil {
			it[name] = v
		}
	}
	if c.Canceled {
		it["z"] = number(1)
	}
	if c.Create != (checkout.Mark{}) {
		it["a"], it["f"] = hashed(c.Create.Key), hashed(c.Create.Print)
	}
	if !c.Due.IsZero() {
		it["s"], it["d"] = text(shardOf("", c.ID)), blob(dueKey(c.Due, c.ID))
	}
	for name, v := range lifetime(c.ExpiresAt) {
		if v != nil {
			it[name] = v
		}
	}
	if c.Claimed != nil {
		claimed, err := claimedValue(c.Claimed)
		if err != nil {
			return nil, err
		}
		it["q"] = claimed
	}
	all := map[string]row{"k": contextRow(&c.Context), "b": buyerRow(&c.Buyer), "h": newCartFields(&c)}
	if a := c.Abandonment; a != nil {
		it["R"], all["j"] = number(a.Revision), abandonmentRow(a)
	}
	if len(c.Notices) > 0 {
		notices, err := encodeNotices(c.Notices)
		if err != nil {
			return nil, err
		}
		it["N"], it[AttributeCartNotices] = mapped(notices), text("1")
	}
	return it, putRows(it, all)
}

// rowValue returns a row as an attribute; nil if it holds nothing.
func rowValue(r row) (types.AttributeValue, error) {
	data, err := nested(r).encode()
	if data == nil || err != nil {
		return nil, err
	}
	return text(string(data)), nil
}

// newCartFields is the row of what a cart has beyond the attributes above.
func newCartFields(c *checkout.Cart) row {
	return row{of: c, elsewhere: []any{
		&c.ID, &c.Version, &c.Epoch, &c.Customer, &c.Currency, &c.Context, &c.Buyer, &c.Lines, &c.Session, &c.Round, &c.Canceled,
		&c.CreatedAt, &c.UpdatedAt, &c.ExpiresAt, &c.Due, &c.Create, &c.Marks, &c.Claimed, &c.Left, &c.Abandonment, &c.Notices,
		&c.Codes, &c.Declines,
	}}
}

func unlessZero(n int64) types.AttributeValue {
	if n == 0 {
		return nil
	}
	return number(n)
}

func unlessEmpty(s string) types.AttributeValue {
	if s == "" {
		return nil
	}
	return text(s)
}

func unlessNone(list []string) types.AttributeValue {
	if len(list) == 0 {
		return nil
	}
	return texts(list)
}

func unlessNever(t time.Time) types.AttributeValue {
	if t.IsZero() {
		return nil
	}
	return instant(t)
}

// lifetime is when a cart ends: for us, and for TTL. A cart without end has neither.
func lifetime(end time.Time) item {
	if end.IsZero() {
		return item{"e": nil, AttributeExpires: nil}
	}
	return item{"e": instant(end), AttributeExpires: number(graced(end).Unix())}
}

func quantities(lines []checkout.LineItem) item {
	m := make(item, len(lines))
	for _, l := range lines {
		m[lineKey(l.ID)] = number(l.Quantity)
	}
	return m
}

func places(lines []checkout.LineItem) item {
	m := make(item, len(lines))
	for i, l := range lines {
		m[slot(l.ID)] = number(int64(i - len(lines) + 1))
	}
	return m
}

// lineKey is a line's place in the map: its sku, which is its id without what all ids share. An id that is no line's gets a
// place that no line has.
func lineKey(lineID string) string {
	if sku := checkout.SKUOfLine(lineID); sku != "" {
		return sku
	}
	return "/"
}

// slot is where a line's place in the order is kept: 30 bits of a hash, half as long as a sku. Two lines that shared one
// would be shown in the order of their skus; nothing else depends on it.
func slot(lineID string) string {
	sum := sha256.Sum256([]byte(lineKey(lineID)))
	return base64.RawURLEncoding.EncodeToString(sum[:6])[:5]
}

func halves(marks []checkout.Mark, of func(checkout.Mark) string) types.AttributeValue {
	list := make([]types.AttributeValue, 0, checkout.MaxMarks)
	for range checkout.MaxMarks - len(marks) {
		list = append(list, blob([]byte{}))
	}
	for _, m := range marks {
		list = append(list, hashed(of(m)))
	}
	return &types.AttributeValueMemberL{Value: list}
}

func decodeCart(it item) (checkout.Cart, error) {
	s := &stored{item: it}
	c := checkout.Cart{
		ID: s.text("i"), Version: s.number("v"), Epoch: s.number("g"), Customer: s.text("c"), Currency: money.Currency(s.text("m")),
		Session: s.text("t"), Round: int(s.number("n")), Canceled: s.number("z") != 0, Left: s.text("L"),
		CreatedAt: s.instant("y"), UpdatedAt: s.instant("u"), ExpiresAt: s.instant("e"), Create: s.mark("a", "f"),
	}
	if d := s.binary("d"); d != nil {
		c.Due = dueTime(d)
	}
	s.row("k", contextRow(&c.Context))
	s.row("b", buyerRow(&c.Buyer))
	s.row("h", newCartFields(&c))
	if _, ok := it["q"]; ok {
		c.Claimed = &checkout.Claimed{}
		s.row("q", claimedRow(c.Claimed))
	}
	keys, prints := s.list("r"), s.list("p")
	for i := range min(len(keys), len(prints)) {
		if k := half(keys[i]); k != "" {
			c.Marks = append(c.Marks, checkout.Mark{Key: k, Print: half(prints[i])})
		}
	}
	c.Lines, c.Codes, c.Declines = s.lines(), s.texts("w"), s.instants("D")
	if _, left := s.item["R"]; left {
		c.Abandonment = &checkout.Abandonment{Revision: s.number("R")}
		s.row("j", abandonmentRow(c.Abandonment))
	}
	c.Notices = s.notices("N")
	return c, failed("decode cart", c.ID, s.err)
}

func (s *stored) lines() []checkout.LineItem {
	quantities, places := s.within("l"), s.within("o")
	lines := make([]checkout.LineItem, 0, len(quantities.item))
	for sku := range quantities.item {
		lines = append(lines, checkout.LineItem{ID: checkout.LineID(sku), SKU: sku, Quantity: quantities.number(sku)})
	}
	slices.SortFunc(lines, func(a, b checkout.LineItem) int {
		return cmp.Or(cmp.Compare(places.number(slot(a.ID)), places.number(slot(b.ID))), cmp.Compare(a.SKU, b.SKU))
	})
	s.fail(quantities.err)
	s.fail(places.err)
	return lines
}
