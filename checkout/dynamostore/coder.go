package dynamostore

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"kassa/checkout"
	"kassa/payments/money"
)

// Coders of fields (see row.go).

// later is an instant by its distance in milliseconds from another one, which stands before it in the row.
type later struct{ at, than *time.Time }

func (l later) target() any { return l.at }

func (l later) encode() ([]byte, error) { //nolint:unparam // a coder
	if l.at.IsZero() {
		return nil, nil
	}
	distance := l.at.UnixMilli() - l.than.UnixMilli()
	if distance == 0 {
		return []byte(`""`), nil
	}
	return strconv.AppendInt(nil, distance, 10), nil
}

func (l later) decode(data []byte) error {
	if data == nil {
		return nil
	}
	var distance int64
	if string(data) != `""` {
		if err := json.Unmarshal(data, &distance); err != nil {
			return err
		}
	}
	*l.at = time.UnixMilli(l.than.UnixMilli() + distance).UTC()
	return nil
}

// nested is a row within a row.
type nested row

func (n nested) target() any { return n.of }

func (n nested) encode() ([]byte, error) {
	data, err := pack(row(n))
	if len(data) == len("[]") {
		return nil, err
	}
	return data, err
}

func (n nested) decode(data []byte) error {
	if data == nil {
		data = []byte("[]") // what follows from other values is to be set all the same
	}
	return unpack(data, row(n))
}

// optional is a row that may be absent as a whole.
type optional[T any] struct {
	at  **T
	row func(*T) row
}

func (o optional[T]) target() any { return o.at }

func (o optional[T]) encode() ([]byte, error) {
	if *o.at == nil {
		return nil, nil
	}
	return pack(o.row(*o.at))
}

func (o optional[T]) decode(data []byte) error {
	if data == nil {
		return nil
	}
	*o.at = new(T)
	return unpack(data, o.row(*o.at))
}

// rows is a list of rows.
type rows[T any] struct {
	at  *[]T
	row func(*T) row
}

func (r rows[T]) target() any { return r.at }

func (r rows[T]) encode() ([]byte, error) { return r.list().encode() }

func (r rows[T]) decode(data []byte) error { return r.list().decode(data) }

func (r rows[T]) list() list[T] {
	return list[T]{r.at, func(v *T) any { return whole(r.row(v)) }}
}

// whole is a row that is written even if it holds nothing.
type whole row

func (w whole) target() any { return w.of }

func (w whole) encode() ([]byte, error) { return pack(row(w)) }

func (w whole) decode(data []byte) error { return unpack(data, row(w)) }

// list is a list of fields of one kind.
type list[T any] struct {
	at    *[]T
	field func(*T) any
}

func (l list[T]) target() any { return l.at }

func (l list[T]) encode() ([]byte, error) {
	if len(*l.at) == 0 {
		return nil, nil
	}
	all := make([]json.RawMessage, len(*l.at))
	for i := range *l.at {
		data, err := encode(l.field(&(*l.at)[i]))
		if err != nil {
			return nil, err
		}
		if all[i] = data; data == nil {
			all[i] = unset
		}
	}
	return marshal(all)
}

func (l list[T]) decode(data []byte) error {
	var all []json.RawMessage
	if data == nil {
		return nil
	}
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	*l.at = make([]T, len(all))
	for i, data := range all {
		if bytes.Equal(data, unset) {
			data = nil
		}
		if err := decode(data, l.field(&(*l.at)[i])); err != nil {
			return err
		}
	}
	return nil
}

// usual is a field that mostly follows from those before it in the row, and is written only where it doesn't.
type usual[T comparable] struct {
	at   *T
	from func() T
}

func (u usual[T]) target() any { return u.at }

func (u usual[T]) encode() ([]byte, error) {
	if *u.at == u.from() {
		return nil, nil
	}
	data, err := encode(u.at)
	if data == nil { // zero, where that is not usual
		return []byte("[]"), err
	}
	return append(append([]byte("["), data...), ']'), err
}

func (u usual[T]) decode(data []byte) error {
	if data == nil {
		*u.at = u.from()
		return nil
	}
	values := []json.RawMessage{}
	if err := json.Unmarshal(data, &values); err != nil || len(values) == 0 {
		return err
	}
	return decode(values[0], u.at)
}

// around is a text that mostly contains another one, which stands before it in the row: what comes before and after that.
type around struct {
	at   *string
	core func() string
}

func (a around) target() any { return a.at }

func (a around) encode() ([]byte, error) {
	if before, after, ok := strings.Cut(*a.at, a.core()); ok && a.core() != "" {
		return marshal([]string{before, after})
	}
	return encode(a.at)
}

func (a around) decode(data []byte) error {
	if data == nil || data[0] != '[' {
		return decode(data, a.at)
	}
	var before, after string
	err := json.Unmarshal(data, &[]any{&before, &after})
	*a.at = before + a.core() + after
	return err
}

// amount is an amount of money, mostly in the currency of what it stands in: usually zero, or what follows from others.
type amount struct {
	at   *money.Money
	base *money.Currency
	from func() int64 // nil: zero
}

func (a amount) usual() money.Money {
	m := money.Zero(*a.base)
	if a.from != nil {
		m.Minor = a.from()
	}
	return m
}

func (a amount) target() any { return a.at }

func (a amount) encode() ([]byte, error) {
	switch {
	case *a.at == a.usual():
		return nil, nil
	case a.at.Currency == *a.base && a.at.Minor != 0:
		return strconv.AppendInt(nil, a.at.Minor, 10), nil
	}
	return marshal([]any{a.at.Minor, a.at.Currency})
}

func (a amount) decode(data []byte) error {
	*a.at = a.usual()
	if data == nil {
		return nil
	}
	if data[0] == '[' {
		return json.Unmarshal(data, &[]any{&a.at.Minor, &a.at.Currency})
	}
	a.at.Currency = *a.base
	return json.Unmarshal(data, &a.at.Minor)
}

// given is an amount that mostly isn't there at all.
type given struct {
	at   *money.Money
	base *money.Currency
}

func (g given) target() any { return g.at }

func (g given) encode() ([]byte, error) {
	if *g.at == (money.Money{}) {
		return nil, nil
	}
	data, err := amount{at: g.at, base: g.base}.encode()
	if data == nil { // zero, where there mostly is nothing
		return marshal([]any{0, *g.base})
	}
	return data, err
}

func (g given) decode(data []byte) error {
	if data == nil {
		*g.at = money.Money{}
		return nil
	}
	return amount{at: g.at, base: g.base}.decode(data)
}

// marked is a mark: 32 hex digits in base64, if it is that.
type marked struct{ at *checkout.Mark }

func (m marked) target() any { return m.at }

func (m marked) encode() ([]byte, error) {
	if *m.at == (checkout.Mark{}) {
		return nil, nil
	}
	if b, err := hex.DecodeString(m.at.Key + m.at.Print); err == nil && len(b) == 16 && len(m.at.Key) == 16 &&
		hex.EncodeToString(b) == m.at.Key+m.at.Print {
		return marshal(b)
	}
	return marshal([]string{m.at.Key, m.at.Print})
}

func (m marked) decode(data []byte) error {
	if data == nil {
		return nil
	}
	if data[0] == '[' {
		return json.Unmarshal(data, &[]any{&m.at.Key, &m.at.Print})
	}
	var b []byte
	if err := json.Unmarshal(data, &b); err != nil {
		return err
	}
	digits := hex.EncodeToString(b)
	if len(digits) != 32 {
		return fmt.Errorf("a mark has %d bytes", len(b))
	}
	m.at.Key, m.at.Print = digits[:16], digits[16:]
	return nil
}
