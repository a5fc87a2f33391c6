package dynamostore

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"kassa/checkout"
	"kassa/payments/money"
)

// A row is how structured values are stored: a JSON array of fields by position. What has its usual value is 0, and
// zeros at the end are left out. It is a third of the size of JSON objects, and an item's size is its price.
//
// A type's row is one list of pointers to its fields, used to write and to read, so that the two can't drift apart. Lists
// only ever grow at their end: stored rows are older than the code that reads them.

// coder is a field that needs more than its Go type says.
type coder interface {
	encode() ([]byte, error)  // nil: the usual value
	decode(data []byte) error // nil data: the usual value
}

var unset = []byte("0")

func pack(fields []any) ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('[')
	end := 1
	for i, f := range fields {
		if i > 0 {
			out.WriteByte(',')
		}
		data, err := encode(f)
		if err != nil {
			return nil, err
		}
		if data == nil {
			out.Write(unset)
			continue
		}
		out.Write(data)
		end = out.Len()
	}
	out.Truncate(end)
	out.WriteByte(']')
	return out.Bytes(), nil
}

func encode(field any) ([]byte, error) {
	switch f := field.(type) {
	case coder:
		return f.encode()
	case *time.Time:
		return encodeTime(*f), nil
	case *bool:
		if *f {
			return []byte("1"), nil
		}
		return nil, nil
	}
	v := reflect.ValueOf(field).Elem()
	if v.IsZero() || (v.Kind() == reflect.Map || v.Kind() == reflect.Slice) && v.Len() == 0 {
		return nil, nil
	}
	return marshal(v.Interface())
}

// marshal is json.Marshal without its escapes for HTML: "Salt & pepper" has 13 bytes.
func marshal(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

func unpack(data []byte, fields []any) error {
	var row []json.RawMessage
	if err := json.Unmarshal(data, &row); err != nil {
		return err
	}
	for i, f := range fields {
		var value []byte
		if i < len(row) && !bytes.Equal(row[i], unset) {
			value = row[i]
		}
		if err := decode(value, f); err != nil {
			return fmt.Errorf("field %d: %w", i, err)
		}
	}
	return nil
}

func decode(data []byte, field any) error {
	if c, ok := field.(coder); ok {
		return c.decode(data)
	}
	if data == nil {
		return nil
	}
	switch f := field.(type) {
	case *time.Time:
		return decodeTime(data, f)
	case *bool:
		*f = true
		return nil
	}
	return json.Unmarshal(data, field)
}

const day = 24 * 60 * 60 * 1000

// encodeTime writes milliseconds, and a date's midnight as a string of days, which is half as long.
func encodeTime(t time.Time) []byte {
	if t.IsZero() {
		return nil
	}
	ms := t.UnixMilli()
	if ms%day == 0 {
		return []byte(`"` + strconv.FormatInt(ms/day, 10) + `"`)
	}
	return strconv.AppendInt(nil, ms, 10)
}

func decodeTime(data []byte, t *time.Time) error {
	digits, unit := data, int64(1)
	if data[0] == '"' {
		digits, unit = bytes.Trim(data, `"`), day
	}
	n, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		return err
	}
	*t = time.UnixMilli(n * unit).UTC()
	return nil
}

// later is an instant by its distance in milliseconds from another one, which stands before it in the row.
type later struct{ at, than *time.Time }

func (l later) encode() ([]byte, error) {
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
type nested []any

func (n nested) encode() ([]byte, error) {
	data, err := pack(n)
	if len(data) == len("[]") {
		return nil, err
	}
	return data, err
}

func (n nested) decode(data []byte) error {
	if data == nil {
		return nil
	}
	return unpack(data, n)
}

// optional is a row that may be absent as a whole.
type optional[T any] struct {
	at     **T
	fields func(*T) []any
}

func (o optional[T]) encode() ([]byte, error) {
	if *o.at == nil {
		return nil, nil
	}
	return pack(o.fields(*o.at))
}

func (o optional[T]) decode(data []byte) error {
	if data == nil {
		return nil
	}
	*o.at = new(T)
	return unpack(data, o.fields(*o.at))
}

// rows is a list of rows.
type rows[T any] struct {
	at     *[]T
	fields func(*T) []any
}

func (r rows[T]) encode() ([]byte, error) {
	if len(*r.at) == 0 {
		return nil, nil
	}
	all := make([]json.RawMessage, len(*r.at))
	for i := range *r.at {
		row, err := pack(r.fields(&(*r.at)[i]))
		if err != nil {
			return nil, err
		}
		all[i] = row
	}
	return marshal(all)
}

func (r rows[T]) decode(data []byte) error {
	var all []json.RawMessage
	if data == nil {
		return nil
	}
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	*r.at = make([]T, len(all))
	for i, row := range all {
		if err := unpack(row, r.fields(&(*r.at)[i])); err != nil {
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
	return unpack(data, []any{u.at})
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

// marked is a mark: 32 hex digits in base64, if it is that.
type marked struct{ at *checkout.Mark }

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
