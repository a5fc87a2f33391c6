package dynamostore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// A row is how a structured value is stored: a JSON array of its fields by position. What has its usual value is 0, and
// zeros at the end are left out. It is a third of the size of a JSON object, and an item's size is its price.
//
// A type's row is one list of pointers to its fields, used to write and to read, so that the two can't drift apart. Lists
// only ever grow at their end: stored rows are older than the code that reads them. A field that no list has yet, because
// the domain has just got it, is stored by its name, in an object behind the array's other elements: nothing is forgotten
// for being new.
type row struct {
	of        any   // pointer to the struct
	fields    []any // pointers to its fields, or coders, by position
	elsewhere []any // pointers to fields that are stored in another place
}

// coder is a field that needs more than its Go type says.
type coder interface {
	encode() ([]byte, error)  // nil: the usual value
	decode(data []byte) error // nil data: the usual value
	target() any              // pointer to the field
}

var unset = []byte("0")

func pack(r row) ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('[')
	end := 1
	for i, f := range r.fields {
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
	if err := packNew(r, &out); err != nil {
		return nil, err
	}
	out.WriteByte(']')
	return out.Bytes(), nil
}

// packNew appends the fields that have no position.
func packNew(r row, out *bytes.Buffer) error {
	fresh := map[string]any{}
	for i := range reflect.TypeOf(r.of).Elem().NumField() {
		f := reflect.ValueOf(r.of).Elem().Field(i)
		if !f.IsZero() && !r.has(f.Addr().Interface()) {
			fresh[reflect.TypeOf(r.of).Elem().Field(i).Name] = f.Interface()
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	data, err := marshal(map[string]any{"+": fresh})
	if out.Len() > 1 {
		out.WriteByte(',')
	}
	out.Write(data)
	return err
}

func (r row) has(field any) bool {
	for _, f := range r.fields {
		if c, ok := f.(coder); ok {
			f = c.target()
		}
		if f == field {
			return true
		}
	}
	return slices.Contains(r.elsewhere, field)
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

func unpack(data []byte, r row) error {
	var values []json.RawMessage
	if err := json.Unmarshal(data, &values); err != nil {
		return err
	}
	fresh := []byte(nil)
	if last := len(values) - 1; last >= 0 && bytes.HasPrefix(values[last], []byte(`{"+":`)) {
		values, fresh = values[:last], values[last]
	}
	for i, f := range r.fields {
		var value []byte
		if i < len(values) && !bytes.Equal(values[i], unset) {
			value = values[i]
		}
		if err := decode(value, f); err != nil {
			return fmt.Errorf("field %d of %T: %w", i, r.of, err)
		}
	}
	if fresh == nil {
		return nil
	}
	return unpackNew(fresh, r)
}

// unpackNew reads the fields that had no position when the row was written. Code that is older than the row skips what it
// doesn't know.
func unpackNew(data []byte, r row) error {
	var fresh struct {
		Fields map[string]json.RawMessage `json:"+"`
	}
	if err := json.Unmarshal(data, &fresh); err != nil {
		return err
	}
	for name, value := range fresh.Fields {
		if f := reflect.ValueOf(r.of).Elem().FieldByName(name); f.IsValid() {
			if err := json.Unmarshal(value, f.Addr().Interface()); err != nil {
				return fmt.Errorf("field %s of %T: %w", name, r.of, err)
			}
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

// putRows adds rows to an item, unless they hold nothing.
func putRows(it item, all map[string]row) error {
	for name, r := range all {
		v, err := rowValue(r)
		if err != nil {
			return err
		}
		if v != nil {
			it[name] = v
		}
	}
	return nil
}
