package settings

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
)

// encoding/json alone is too generous for a file that decides about money: it takes names in any case, lets the last of two
// equal names win and ignores what it doesn't know, or refuses it without saying where it stands.

// maxDepth is how deep a document may be nested.
const maxDepth = 32

// Decode fills target, a pointer to a struct, with a JSON object, of which every name must be one that is read. CodeInvalid, with
// the field's JSONPath, for everything else.
func Decode(document []byte, target any) error {
	if err := check(document, reflect.TypeOf(target)); err != nil {
		return err
	}
	if err := json.Unmarshal(document, target); err != nil {
		return typeError(err)
	}
	return nil
}

// check refuses what json.Unmarshal would take and nobody meant.
func check(document []byte, t reflect.Type) error {
	w := walker{json.NewDecoder(bytes.NewReader(document))}
	w.dec.UseNumber()
	if err := w.value("$", t, 1); err != nil {
		return err
	}
	if _, err := w.dec.Token(); !errors.Is(err, io.EOF) {
		return invalid("$", "there is more after the end of the JSON")
	}
	return nil
}

// walker goes through a document beside the type that it is to fill.
type walker struct{ dec *json.Decoder }

// value walks one value. A nil type is one whose names are its own affair, such as a type that decodes itself: there only
// doubled names are refused.
func (w walker) value(path string, t reflect.Type, depth int) error {
	token, err := w.dec.Token()
	if err != nil {
		return malformed(err)
	}
	delim, nested := token.(json.Delim)
	if path == "$" && delim != '{' {
		return invalid("$", "a JSON object is expected")
	}
	if !nested {
		return nil
	}
	if depth > maxDepth {
		return invalid(path, "nested more than "+strconv.Itoa(maxDepth)+" deep")
	}
	if delim == '[' {
		return w.array(path, elementOf(t), depth)
	}
	return w.object(path, t, depth)
}

func (w walker) array(path string, element reflect.Type, depth int) error {
	for i := 0; w.dec.More(); i++ {
		if err := w.value(path+"["+strconv.Itoa(i)+"]", element, depth+1); err != nil {
			return err
		}
	}
	_, err := w.dec.Token()
	return malformed(err)
}

func (w walker) object(path string, t reflect.Type, depth int) error {
	members := membersOf(t)
	seen := map[string]bool{}
	for w.dec.More() {
		token, err := w.dec.Token()
		if err != nil {
			return malformed(err)
		}
		name, _ := token.(string)
		at := child(path, name)
		if seen[name] {
			return invalid(at, "the name stands there twice")
		}
		seen[name] = true
		member := elementOf(t)
		if members != nil {
			known := false
			if member, known = members[name]; !known {
				return invalid(at, unknown(members, name))
			}
		}
		if err := w.value(at, member, depth+1); err != nil {
			return err
		}
	}
	_, err := w.dec.Token()
	return malformed(err)
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
func membersOf(t reflect.Type) map[string]reflect.Type {
	if t = plain(t); t == nil || t.Kind() != reflect.Struct {
		return nil
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

func malformed(err error) error {
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax):
		return invalid("$", fmt.Sprintf("no JSON: %v at byte %d", err, syntax.Offset))
	case errors.Is(err, io.EOF):
		return invalid("$", "no JSON: unexpected EOF")
	}
	return invalid("$", "no JSON: "+err.Error())
}

// typeError names the field that has a value of a wrong type.
func typeError(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return invalid("$."+strings.TrimPrefix(wrong.Field, "Shop."), "a "+wrong.Value+" can't stand here, want "+wrong.Type.String())
	}
	return invalid("$", err.Error())
}
