package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Type is the JSON type of a Value.
type Type int

// Types of values. The zero Value is null.
const (
	Null Type = iota
	Bool
	Number
	String
	Array
	Object
)

var typeNames = [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}

// String names the type as an English noun with its article.
func (t Type) String() string { return typeNames[t] }

// Value is a parsed JSON value: no name occurs twice in an object, text is whole Unicode, numbers are in range.
type Value struct {
	kind   Type
	truth  bool
	text   string // of a string
	number number
	items  []Value
	fields []field // in the order of the text
}

type field struct {
	name  string
	value Value
}

// Type returns the value's JSON type.
func (v Value) Type() Type { return v.kind }

// Field returns a member of an object; false if there is none, or v is no object.
func (v Value) Field(name string) (Value, bool) {
	for _, f := range v.fields {
		if f.name == name {
			return f.value, true
		}
	}
	return Value{}, false
}

// Items returns the elements of an array.
func (v Value) Items() []Value { return v.items }

// Text returns the text of a string, "" for everything else.
func (v Value) Text() string { return v.text }

// Parse reads a body: one JSON value of at most MaxBytes and MaxDepth, without duplicate names, trailing data or broken text.
func Parse(body []byte) (Value, error) {
	switch {
	case len(body) > MaxBytes:
		return Value{}, &Error{Path: "$", Kind: TooLarge, Reason: fmt.Sprintf("the body has more than %d bytes", MaxBytes)}
	case len(bytes.TrimSpace(body)) == 0:
		return Value{}, &Error{Path: "$", Reason: "the body is empty, JSON is expected"}
	case !utf8.Valid(body):
		return Value{}, &Error{Path: "$", Reason: "the body is not valid UTF-8"}
	}
	if err := syntax(body); err != nil {
		return Value{}, err
	}
	if loneSurrogate(body) {
		return Value{}, &Error{Path: "$", Reason: "an escape stands for half a character (lone surrogate)"}
	}
	p := parser{dec: json.NewDecoder(bytes.NewReader(body))}
	p.dec.UseNumber()
	return p.value("$", 1)
}

// syntax refuses what is not exactly one JSON value.
func syntax(body []byte) error {
	if json.Valid(body) {
		return nil
	}
	var raw json.RawMessage
	err := json.Unmarshal(body, &raw)
	var se *json.SyntaxError
	if errors.As(err, &se) {
		return &Error{Path: "$", Reason: "the body is not one JSON value: fault at byte " + strconv.FormatInt(se.Offset, 10)}
	}
	return &Error{Path: "$", Reason: "the body is not one JSON value"}
}

// loneSurrogate reports an escape \ud800–\udfff without its other half in valid JSON text. encoding/json would read it as
// U+FFFD, so that different texts became equal.
func loneSurrogate(body []byte) bool {
	for i := 0; i+1 < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		i++
		if body[i] != 'u' {
			continue
		}
		switch r := escape(body, i-1); {
		case r >= 0xdc00 && r <= 0xdfff:
			return true
		case r >= 0xd800 && r <= 0xdbff:
			if low := escape(body, i+5); low < 0xdc00 || low > 0xdfff {
				return true
			}
			i += 6
		}
	}
	return false
}

// escape returns the code unit of the \uXXXX at i, -1 if there is none.
func escape(body []byte, i int) int64 {
	if i+6 > len(body) || body[i] != '\\' || body[i+1] != 'u' {
		return -1
	}
	n, err := strconv.ParseInt(string(body[i+2:i+6]), 16, 32)
	if err != nil {
		return -1
	}
	return n
}

// parser builds Values from tokens. The text is valid JSON, so tokens come in their right order and none fails.
type parser struct{ dec *json.Decoder }

func (p parser) value(path string, depth int) (Value, error) {
	tok, err := p.dec.Token()
	if err != nil {
		return Value{}, &Error{Path: path, Reason: "the body is not one JSON value"}
	}
	switch t := tok.(type) {
	case json.Delim:
		if depth > MaxDepth {
			return Value{}, &Error{Path: "$", Reason: fmt.Sprintf("the body is nested more than %d deep", MaxDepth)}
		}
		if t == '[' {
			return p.array(path, depth)
		}
		return p.object(path, depth)
	case string:
		return Value{kind: String, text: t}, nil
	case json.Number:
		n, ok := parseNumber(t.String())
		if !ok {
			return Value{}, &Error{Path: path, Reason: "the number is out of range"}
		}
		return Value{kind: Number, number: n}, nil
	case bool:
		return Value{kind: Bool, truth: t}, nil
	}
	return Value{}, nil
}

func (p parser) array(path string, depth int) (Value, error) {
	v := Value{kind: Array}
	for p.dec.More() {
		item, err := p.value(path+"["+strconv.Itoa(len(v.items))+"]", depth+1)
		if err != nil {
			return Value{}, err
		}
		v.items = append(v.items, item)
	}
	_, err := p.dec.Token() // the closing bracket
	return v, err
}

func (p parser) object(path string, depth int) (Value, error) {
	v := Value{kind: Object}
	seen := map[string]bool{}
	for p.dec.More() {
		tok, err := p.dec.Token()
		if err != nil {
			return Value{}, err
		}
		name, _ := tok.(string)
		at := child(path, name)
		if seen[name] {
			return Value{}, &Error{Path: at, Reason: "the name occurs twice"}
		}
		seen[name] = true
		member, err := p.value(at, depth+1)
		if err != nil {
			return Value{}, err
		}
		v.fields = append(v.fields, field{name, member})
	}
	_, err := p.dec.Token() // the closing brace
	return v, err
}

// child returns the JSONPath of a member. A name that the shorthand can't express is quoted, and one that is no sane name
// is not repeated.
func child(path, name string) string {
	if shorthand(name) {
		return path + "." + name
	}
	if len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) || holdsCardNumber(name) {
		name = "?"
	}
	return path + "['" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(name) + "']"
}

func shorthand(name string) bool {
	if name == "" || len(name) > 64 || name[0] >= '0' && name[0] <= '9' {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
}
