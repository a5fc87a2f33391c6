package settings

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// encoding/json alone is too generous for a file that decides about money: it takes names in any case, lets the last of two
// equal names win and ignores what it doesn't know, or refuses it without saying where it stands.

// maxDepth is how deep a document may be nested.
const maxDepth = 32

// Decode fills target, a pointer to a struct, with a JSON object, of which every name must be one that is read. CodeInvalid, with
// the field's JSONPath, for everything else; then target is not to be used.
func Decode(document []byte, target any) error {
	err := json.Unmarshal(document, target)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return invalid("$", fmt.Sprintf("no JSON: %v at byte %d", err, syntax.Offset))
	}
	w := walker{rest: document, known: map[reflect.Type]map[string]reflect.Type{}}
	if err := w.document(reflect.TypeOf(target)); err != nil {
		return err
	}
	return typeError(err)
}

// walker goes through JSON, which is known to be well formed, beside the type that it is to fill, and refuses what json.Unmarshal
// takes and nobody meant. Every start of a function pays for it: nothing is made that only an error would need.
type walker struct {
	rest  []byte // not read yet
	place []step // where that is
	known map[reflect.Type]map[string]reflect.Type
}

// step leads to a member of an object or, if it has no name, to an element of a list.
type step struct {
	name  *string
	index int
}

func (w *walker) document(t reflect.Type) error {
	if w.peek() != '{' {
		return invalid("$", "a JSON object is expected")
	}
	return w.value(t)
}

// value walks one value. A nil type is one whose names are its own affair, such as a type that decodes itself: there only
// doubled names are refused.
func (w *walker) value(t reflect.Type) error {
	first := w.peek()
	nested := first == '{' || first == '['
	switch {
	case nested && len(w.place) >= maxDepth:
		return w.fault("nested more than " + strconv.Itoa(maxDepth) + " deep")
	case first == '{':
		return w.object(t)
	case first == '[':
		return w.array(elementOf(t))
	case first == '"':
		w.text()
	default: // a number, true, false or null
		w.rest = w.rest[max(0, bytes.IndexAny(w.rest, ",]} \t\r\n")):]
	}
	return nil
}

func (w *walker) array(element reflect.Type) error {
	for i := 0; w.more(']'); i++ {
		w.place = append(w.place, step{index: i})
		if err := w.value(element); err != nil {
			return err
		}
		w.place = w.place[:len(w.place)-1]
	}
	return nil
}

func (w *walker) object(t reflect.Type) error {
	members, element := w.membersOf(t), elementOf(t)
	seen := map[string]bool{}
	for w.more('}') {
		name := w.text()
		w.place = append(w.place, step{name: &name})
		if seen[name] {
			return w.fault("the name stands there twice")
		}
		seen[name] = true
		member := element
		if members != nil {
			known := false
			if member, known = members[name]; !known {
				return w.fault(unknown(members, name))
			}
		}
		w.peek()
		w.rest = w.rest[1:] // the colon
		if err := w.value(member); err != nil {
			return err
		}
		w.place = w.place[:len(w.place)-1]
	}
	return nil
}

// peek returns the first byte of what comes after white space.
func (w *walker) peek() byte {
	w.rest = bytes.TrimLeft(w.rest, " \t\r\n")
	return w.rest[0]
}

// more steps over the bracket or comma before the next element; false if there is none, after the closing bracket.
func (w *walker) more(closing byte) bool {
	last := w.peek() == closing
	w.rest = w.rest[1:]
	if !last && w.peek() == closing { // nothing in the brackets
		last, w.rest = true, w.rest[1:]
	}
	return !last
}

// text reads a string.
func (w *walker) text() string {
	w.peek()
	end := 1
	for ; w.rest[end] != '"'; end++ {
		if w.rest[end] == '\\' {
			end++
		}
	}
	quoted := w.rest[:end+1]
	w.rest = w.rest[end+1:]
	if bytes.IndexByte(quoted, '\\') < 0 && utf8.Valid(quoted) {
		return string(quoted[1:end])
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // it is a string
	return s
}

// fault refuses the value at which the walker is.
func (w *walker) fault(message string) error {
	path := "$"
	for _, s := range w.place {
		if s.name == nil {
			path += "[" + strconv.Itoa(s.index) + "]"
		} else {
			path = child(path, *s.name)
		}
	}
	return invalid(path, message)
}

func unknown(members map[string]reflect.Type, name string) string {
	for known := range members {
		if strings.EqualFold(known, name) {
			return "the name is written " + known
		}
	}
	return "there is no such field"
}

var (
	decodesItself = reflect.TypeFor[json.Unmarshaler]()
	readsText     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// plain strips pointers off a type; nil if it decodes itself.
func plain(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || reflect.PointerTo(t).Implements(decodesItself) || reflect.PointerTo(t).Implements(readsText) {
		return nil
	}
	return t
}

// elementOf is the type of the elements of a list or a map; nil if it is neither.
func elementOf(t reflect.Type) reflect.Type {
	if t = plain(t); t == nil || t.Kind() != reflect.Slice && t.Kind() != reflect.Array && t.Kind() != reflect.Map {
		return nil
	}
	return t.Elem()
}

// membersOf are the names that a struct reads, those of what it embeds included; nil if it is no struct.
func (w *walker) membersOf(t reflect.Type) map[string]reflect.Type {
	if t = plain(t); t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	if members, ok := w.known[t]; ok {
		return members
	}
	members := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case !f.IsExported() || name == "-" || f.Anonymous && name == "":
			continue
		case name == "":
			name = f.Name
		}
		members[name] = f.Type
	}
	w.known[t] = members
	return members
}

// child is the JSONPath of a member.
func child(path, name string) string {
	for i, r := range name {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return path + "['" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(name) + "']"
		}
	}
	return path + "." + name
}

// typeError names the field that has a value of a wrong type.
func typeError(err error) error {
	if err == nil {
		return nil
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return invalid("$."+strings.TrimPrefix(wrong.Field, "Shop."), "a "+wrong.Value+" can't stand here, want "+wrong.Type.String())
	}
	return invalid("$", err.Error())
}
