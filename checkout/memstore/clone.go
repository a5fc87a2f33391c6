package memstore

import (
	"reflect"
	"sync"
)

// clone returns a copy of v that shares nothing with it that could be changed. It follows exported fields, so that a field
// that a type gets one day is not forgotten; what has none to follow, such as a time.Time, is a value by itself.
func clone[T any](v T) T {
	detach(reflect.ValueOf(&v).Elem())
	return v
}

// detach replaces every reference in v by a copy of its own.
func detach(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for _, i := range referring(v.Type()) {
			detach(v.Field(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			detach(v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			own := reflect.New(v.Type().Elem())
			own.Elem().Set(v.Elem())
			detach(own.Elem())
			v.Set(own)
		}
	case reflect.Slice:
		if !v.IsNil() {
			own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(own, v)
			if !refers(v.Type().Elem()) {
				v.Set(own)
				return
			}
			for i := range own.Len() {
				detach(own.Index(i))
			}
			v.Set(own)
		}
	case reflect.Map:
		if !v.IsNil() {
			own := reflect.MakeMapWithSize(v.Type(), v.Len())
			for entries := v.MapRange(); entries.Next(); {
				value := reflect.New(v.Type().Elem()).Elem()
				value.Set(entries.Value())
				detach(value)
				own.SetMapIndex(entries.Key(), value)
			}
			v.Set(own)
		}
	default: // a value
	}
}

// followed are the fields that detach visits, by struct type: most hold no reference.
var followed sync.Map

func referring(t reflect.Type) []int {
	if found, ok := followed.Load(t); ok {
		return found.([]int) //nolint:errcheck // nothing else is stored
	}
	var fields []int
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && refers(f.Type) {
			fields = append(fields, i)
		}
	}
	followed.Store(t, fields)
	return fields
}

// refers reports whether values of a type hold a reference that detach follows.
func refers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return true
	case reflect.Array:
		return refers(t.Elem())
	case reflect.Struct:
		return len(referring(t)) > 0
	default:
		return false
	}
}
