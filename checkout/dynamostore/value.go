package dynamostore

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout"
)

type item = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func blob(b []byte) types.AttributeValue { return &types.AttributeValueMemberB{Value: b} }

func instant(t time.Time) types.AttributeValue { return number(t.UnixMilli()) }

// mapped is a map attribute.
func mapped(m item) types.AttributeValue { return &types.AttributeValueMemberM{Value: m} }

// texts is a list of texts.
func texts(list []string) types.AttributeValue {
	values := make([]types.AttributeValue, len(list))
	for i, s := range list {
		values[i] = text(s)
	}
	return &types.AttributeValueMemberL{Value: values}
}

func key(id string) item { return item{"i": text(id)} }

// hashed is one half of a mark: eight bytes, or, if it should not be the hex of eight bytes, its text.
func hashed(half string) types.AttributeValue {
	if b, err := hex.DecodeString(half); err == nil && len(b) == 8 && hex.EncodeToString(b) == half {
		return blob(b)
	}
	return text(half)
}

// stored reads the attributes of an item. What is missing reads as zero; what has another type than we write is an error,
// kept until the end.
type stored struct {
	item item
	err  error
}

func attribute[T types.AttributeValue](s *stored, name string) (v T, ok bool) {
	a, found := s.item[name]
	if !found {
		return v, false
	}
	if v, ok = a.(T); !ok && s.err == nil {
		s.err = fmt.Errorf("attribute %s is a %T", name, a)
	}
	return v, ok
}

func (s *stored) text(name string) string {
	if v, ok := attribute[*types.AttributeValueMemberS](s, name); ok {
		return v.Value
	}
	return ""
}

func (s *stored) number(name string) int64 {
	v, ok := attribute[*types.AttributeValueMemberN](s, name)
	if !ok {
		return 0
	}
	return s.integer(v.Value)
}

func (s *stored) integer(digits string) int64 {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil && s.err == nil {
		s.err = err
	}
	return n
}

func (s *stored) instant(name string) time.Time {
	if _, ok := s.item[name]; !ok {
		return time.Time{}
	}
	return time.UnixMilli(s.number(name)).UTC()
}

func (s *stored) binary(name string) []byte {
	if v, ok := attribute[*types.AttributeValueMemberB](s, name); ok {
		return v.Value
	}
	return nil
}

func (s *stored) within(name string) *stored {
	if v, ok := attribute[*types.AttributeValueMemberM](s, name); ok {
		return &stored{item: v.Value}
	}
	return &stored{}
}

func (s *stored) list(name string) []types.AttributeValue {
	if v, ok := attribute[*types.AttributeValueMemberL](s, name); ok {
		return v.Value
	}
	return nil
}

func (s *stored) texts(name string) []string {
	var list []string
	for _, v := range s.list(name) {
		t, ok := v.(*types.AttributeValueMemberS)
		if !ok {
			s.fail(fmt.Errorf("attribute %s holds a %T", name, v))
			return nil
		}
		list = append(list, t.Value)
	}
	return list
}

// instants are a list of them; none if there are none.
func instants(all []time.Time) types.AttributeValue {
	if len(all) == 0 {
		return nil
	}
	list := make([]types.AttributeValue, len(all))
	for i, t := range all {
		list[i] = instant(t)
	}
	return &types.AttributeValueMemberL{Value: list}
}

func (s *stored) instants(name string) []time.Time {
	var all []time.Time
	for _, v := range s.list(name) {
		n, ok := v.(*types.AttributeValueMemberN)
		if !ok {
			s.fail(fmt.Errorf("attribute %s holds a %T", name, v))
			return nil
		}
		all = append(all, time.UnixMilli(s.integer(n.Value)).UTC())
	}
	return all
}

// row reads a row; one that isn't there is one that holds nothing.
func (s *stored) row(name string, r row) {
	data := s.text(name)
	if data == "" {
		data = "[]"
	}
	if err := unpack([]byte(data), r); err != nil && s.err == nil {
		s.err = fmt.Errorf("attribute %s: %w", name, err)
	}
}

func (s *stored) fail(err error) {
	if err != nil && s.err == nil {
		s.err = err
	}
}

// half reads one half of a mark.
func half(v types.AttributeValue) string {
	switch v := v.(type) {
	case *types.AttributeValueMemberB:
		return hex.EncodeToString(v.Value)
	case *types.AttributeValueMemberS:
		return v.Value
	}
	return ""
}

func (s *stored) mark(key, print string) checkout.Mark {
	return checkout.Mark{Key: half(s.item[key]), Print: half(s.item[print])}
}
