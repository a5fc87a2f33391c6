package settings

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// encoding/json alone is too generous for a file that decides about money: it takes names in any case, lets the last of two
// equal names win and ignores what it doesn't know, or refuses it without saying where it stands. To walk through the document before
// it, and to have it learn of types how they would be written too, was an eighth of every start of a function.

// maxDepth is how deep a document may be nested.
const maxDepth = 32

// Decode fills target, a pointer to a struct that holds nothing yet, with a JSON object, of which every name must be one that is read.
// CodeInvalid, with the field's JSONPath, for everything else; then target is not to be used. Tags are those of encoding/json, to
// which all types are left that decode themselves or are none of these: structs, slices, maps by text, pointers, texts, whole numbers,
// booleans.
func Decode(document []byte, target any) error {
	var syntax *json.SyntaxError
	if err := json.Unmarshal(document, new(json.RawMessage)); errors.As(err, &syntax) {
		return invalid("$", fmt.Sprintf("no JSON: %v at byte %d", err, syntax.Offset))
	}
	d := decoder{rest: document, known: map[reflect.Type]map[string][]int{}}
	if d.peek() != '{' {
		return invalid("$", "a JSON object is expected")
	}
	return d.value(reflect.ValueOf(target).Elem())
}

// decoder reads JSON that is known to be well formed.
type decoder struct {
	rest  []byte // not read yet
	place []step // where that is
	known map[reflect.Type]map[string][]int
}

// step leads to a member of an object or, if it has no name, to an element of a list. A fault makes its path of them.
type step struct {
	name  *string
	index int
}

// value reads a value into v. One that is not valid stands for what somebody else decodes: there only doubled names are refused.
func (d *decoder) value(v reflect.Value) error {
	first := d.peek()
	nested := first == '{' || first == '['
	switch {
	case nested && len(d.place) >= maxDepth:
		return d.fault("nested more than " + strconv.Itoa(maxDepth) + " deep")
	case !v.IsValid() && nested:
		return d.nested(v)
	case !v.IsValid():
		d.scalar()
		return nil
	case decodesItself(v.Type()):
		return d.other(v)
	case first == 'n': // null
		d.scalar()
		return nil
	}
	switch kind := v.Kind(); {
	case kind == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return d.value(v.Elem())
	case kind == reflect.Struct && first == '{', kind == reflect.Map && first == '{' && v.Type().Key().Kind() == reflect.String,
		kind == reflect.Slice && first == '[':
		return d.nested(v)
	case kind == reflect.String && first == '"':
		v.SetString(d.text())
		return nil
	case kind == reflect.Bool && (first == 't' || first == 'f'):
		v.SetBool(string(d.scalar()) == "true")
		return nil
	case v.CanInt() && !nested && first != '"':
		start := d.rest
		if n, err := strconv.ParseInt(string(d.scalar()), 10, v.Type().Bits()); err == nil {
			v.SetInt(n)
			return nil
		}
		d.rest = start
	}
	return d.other(v)
}

// nested reads an object or a list.
func (d *decoder) nested(v reflect.Value) error {
	if d.peek() == '[' {
		return d.array(v)
	}
	return d.object(v)
}

func (d *decoder) array(v reflect.Value) error {
	if v.IsValid() {
		v.Set(reflect.MakeSlice(v.Type(), 0, 4))
	}
	for i := 0; d.more(']'); i++ {
		var element reflect.Value
		if v.IsValid() {
			v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
			element = v.Index(i)
		}
		d.place = append(d.place, step{index: i})
		if err := d.value(element); err != nil {
			return err
		}
		d.place = d.place[:len(d.place)-1]
	}
	return nil
}

func (d *decoder) object(v reflect.Value) error {
	var members map[string][]int
	dictionary := v.IsValid() && v.Kind() == reflect.Map
	if dictionary {
		v.Set(reflect.MakeMap(v.Type()))
	} else if v.IsValid() {
		members = d.membersOf(v.Type())
	}
	seen := map[string]bool{}
	for d.more('}') {
		name := d.text()
		d.place = append(d.place, step{name: &name})
		if seen[name] {
			return d.fault("the name stands there twice")
		}
		seen[name] = true
		var member reflect.Value
		if dictionary {
			member = reflect.New(v.Type().Elem()).Elem()
		} else if index, known := members[name]; known {
			member = v.FieldByIndex(index)
		} else if v.IsValid() {
			return d.fault(unknown(members, name))
		}
		d.peek()
		d.rest = d.rest[1:] // the colon
		if err := d.value(member); err != nil {
			return err
		}
		if dictionary {
			v.SetMapIndex(reflect.ValueOf(name).Convert(v.Type().Key()), member)
		}
		d.place = d.place[:len(d.place)-1]
	}
	return nil
}

// other leaves a value to encoding/json.
func (d *decoder) other(v reflect.Value) error {
	d.peek()
	start := d.rest
	if err := d.value(reflect.Value{}); err != nil {
		return err
	}
	err := json.Unmarshal(start[:len(start)-len(d.rest)], v.Addr().Interface())
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		if wrong.Field != "" {
			d.place = append(d.place, step{name: &wrong.Field})
		}
		return d.fault("a " + wrong.Value + " can't stand here, want " + wrong.Type.String())
	case err != nil:
		return d.fault(err.Error())
	}
	return nil
}

// peek returns the first byte of what comes after white space.
func (d *decoder) peek() byte {
	d.rest = bytes.TrimLeft(d.rest, " \t\r\n")
	return d.rest[0]
}

// more steps over the bracket or comma before the next element; false if there is none, after the closing bracket.
func (d *decoder) more(closing byte) bool {
	last := d.peek() == closing
	d.rest = d.rest[1:]
	if !last && d.peek() == closing { // nothing in the brackets
		last, d.rest = true, d.rest[1:]
	}
	return !last
}

// scalar reads a number, a text as it stands, true, false or null.
func (d *decoder) scalar() []byte {
	end := 0
	if d.peek() == '"' {
		for end = 1; d.rest[end] != '"'; end++ {
			if d.rest[end] == '\\' {
				end++
			}
		}
		end++
	} else if end = bytes.IndexAny(d.rest, ",]} \t\r\n"); end < 0 {
		end = len(d.rest)
	}
	read := d.rest[:end]
	d.rest = d.rest[end:]
	return read
}

// text reads a text.
func (d *decoder) text() string {
	quoted := d.scalar()
	if bytes.IndexByte(quoted, '\\') < 0 && utf8.Valid(quoted) {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // it is a text
	return s
}

// fault refuses what is read.
func (d *decoder) fault(message string) error {
	path := "$"
	for _, s := range d.place {
		if s.name == nil {
			path += "[" + strconv.Itoa(s.index) + "]"
		} else {
			path = child(path, *s.name)
		}
	}
	return invalid(path, message)
}

func unknown(members map[string][]int, name string) string {
	for known := range members {
		if strings.EqualFold(known, name) {
			return "the name is written " + known
		}
	}
	return "there is no such field"
}

var (
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func decodesItself(t reflect.Type) bool {
	if t.PkgPath() == "" && t.Kind() != reflect.Struct {
		return false // a predeclared type has no methods, and one without a name has those of what it embeds
	}
	t = reflect.PointerTo(t)
	return t.Implements(unmarshaler) || t.Implements(textUnmarshaler)
}

// membersOf are the names that a struct reads, those of what it embeds included, and where they lie in it.
func (d *decoder) membersOf(t reflect.Type) map[string][]int {
	if members, ok := d.known[t]; ok {
		return members
	}
	members := map[string][]int{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case name == "" && f.Anonymous:
			for inner, index := range d.membersOf(f.Type) {
				if _, own := members[inner]; !own {
					members[inner] = slices.Concat(f.Index, index)
				}
			}
		case !f.IsExported():
		case name == "":
			members[f.Name] = f.Index
		default:
			members[name] = f.Index
		}
	}
	d.known[t] = members
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
