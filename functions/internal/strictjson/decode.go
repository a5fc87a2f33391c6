package strictjson

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Mode says how a target is filled.
type Mode struct {
	// RefuseUnknown refuses names that the target doesn't have; else they are ignored.
	RefuseUnknown bool
	// NullClears makes null mean "clear this" (RFC 7396): a pointer to text becomes a pointer to "", a pointer to a
	// struct one to a struct whose every member is cleared, a slice an empty one. Else null means the same as absent.
	NullClears bool
}

// Decode fills target, a pointer to a struct, with an object. Names match exactly: one that differs from a member's in case
// alone is refused in every mode, because somebody wrote it and nobody would read it. Targets are made of structs, slices,
// pointers, strings, booleans, int64 and [json.RawMessage], with encoding/json's tags.
func Decode(v Value, target any, mode Mode) error {
	if v.kind != Object {
		return wrongType("$", v, Object)
	}
	return mode.fill(v, reflect.ValueOf(target).Elem(), "$")
}

func wrongType(path string, v Value, want Type) error {
	return &Error{Path: path, Kind: WrongType, Reason: fmt.Sprintf("%s is expected, this is %s", want, v.kind)}
}

var rawMessage = reflect.TypeFor[json.RawMessage]()

func (m Mode) fill(v Value, target reflect.Value, path string) error {
	if target.Type() == rawMessage {
		target.SetBytes(v.Canonical())
		return nil
	}
	if v.kind == Null {
		if m.NullClears {
			clearAll(target)
		}
		return nil
	}
	switch target.Kind() {
	case reflect.Pointer:
		fresh := reflect.New(target.Type().Elem())
		target.Set(fresh)
		return m.fill(v, fresh.Elem(), path)
	case reflect.Struct:
		return m.fillStruct(v, target, path)
	case reflect.Slice:
		return m.fillSlice(v, target, path)
	case reflect.String:
		if v.kind != String {
			return wrongType(path, v, String)
		}
		target.SetString(v.text)
	case reflect.Bool:
		if v.kind != Bool {
			return wrongType(path, v, Bool)
		}
		target.SetBool(v.truth)
	case reflect.Int64:
		if v.kind != Number {
			return wrongType(path, v, Number)
		}
		i, ok := v.number.integer()
		if !ok {
			return &Error{Path: path, Kind: WrongType, Reason: "a whole number of at most 64 bits is expected"}
		}
		target.SetInt(i)
	default:
		return fmt.Errorf("strictjson: %s: a target can't be of type %s", path, target.Type())
	}
	return nil
}

func (m Mode) fillSlice(v Value, target reflect.Value, path string) error {
	if v.kind != Array {
		return wrongType(path, v, Array)
	}
	slice := reflect.MakeSlice(target.Type(), len(v.items), len(v.items))
	for i, item := range v.items {
		at := path + "[" + strconv.Itoa(i) + "]"
		if item.kind == Null && target.Type().Elem() != rawMessage {
			return &Error{Path: at, Kind: WrongType, Reason: "null is no element"}
		}
		if err := m.fill(item, slice.Index(i), at); err != nil {
			return err
		}
	}
	target.Set(slice)
	return nil
}

func (m Mode) fillStruct(v Value, target reflect.Value, path string) error {
	if v.kind != Object {
		return wrongType(path, v, Object)
	}
	members := membersOf(target)
	for _, f := range v.fields {
		at := child(path, f.name)
		member, ok := members[f.name]
		if !ok {
			if err := m.unknown(members, f.name, at); err != nil {
				return err
			}
			continue
		}
		if err := m.fill(f.value, member, at); err != nil {
			return err
		}
	}
	return nil
}

func (m Mode) unknown(members map[string]reflect.Value, name, path string) error {
	for known := range members {
		if strings.EqualFold(known, name) {
			return &Error{Path: path, Kind: Unknown, Reason: "the name is written " + known}
		}
	}
	if m.RefuseUnknown {
		return &Error{Path: path, Kind: Unknown, Reason: "there is no such field"}
	}
	return nil
}

// membersOf returns the fields of a struct by their names in JSON.
func membersOf(target reflect.Value) map[string]reflect.Value {
	members := make(map[string]reflect.Value, target.NumField())
	for i := range target.NumField() {
		f := target.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && name != "" && name != "-" {
			members[name] = target.Field(i)
		}
	}
	return members
}

// clearAll makes a target say "cleared" in all its parts. Numbers and booleans know no other cleared than absent.
func clearAll(target reflect.Value) {
	switch {
	case target.Kind() == reflect.Slice:
		target.Set(reflect.MakeSlice(target.Type(), 0, 0))
	case target.Kind() == reflect.Pointer && target.Type().Elem().Kind() == reflect.Struct:
		fresh := reflect.New(target.Type().Elem())
		for _, member := range membersOf(fresh.Elem()) {
			clearAll(member)
		}
		target.Set(fresh)
	case target.Kind() == reflect.Pointer && target.Type().Elem().Kind() == reflect.String:
		target.Set(reflect.New(target.Type().Elem()))
	default:
		target.SetZero()
	}
}
