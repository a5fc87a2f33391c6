package memstore

import "reflect"

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
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() {
				detach(f)
			}
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
