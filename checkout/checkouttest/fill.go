package checkouttest

import (
	"fmt"
	"reflect"
	"strconv"
	"time"

	"kassa/checkout"
	"kassa/payments/money"
)

// populated returns a T of which nothing is zero, however deep, and no two values are alike, so that a store that forgets or
// mixes up a field can't hide it. Numbers are larger than a float64 can count. It fails on a type that it can't fill.
func populated[T any](t *trial) T {
	var v T
	f := filler{t: t}
	if err := f.fill(reflect.ValueOf(&v).Elem(), reflect.TypeFor[T]().Name()); err != nil {
		t.fail("%w", err)
	}
	return v
}

// only returns a value that has nothing but one of its fields, populated.
func only[T any](t *trial, field string) T {
	full := populated[T](t)
	var v T
	reflect.ValueOf(&v).Elem().FieldByName(field).Set(reflect.ValueOf(full).FieldByName(field))
	return v
}

// fieldsOf lists the fields of a struct, but for some.
func fieldsOf[T any](except ...string) []string {
	var names []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		skip := len(f.Index) > 1
		for _, name := range except {
			skip = skip || name == f.Name
		}
		if !skip {
			names = append(names, f.Name)
		}
	}
	return names
}

type filler struct {
	t *trial
	n int
}

// known fills types of which not every value is one.
func (f *filler) known(path string) map[reflect.Type]any {
	return map[reflect.Type]any{
		reflect.TypeFor[time.Time]():          start.Add(time.Duration(f.n) * time.Millisecond),
		reflect.TypeFor[money.Currency]():     money.Currency([]string{"EUR", "NOK", "USD", "JPY"}[f.n%4]),
		reflect.TypeFor[checkout.WatchKind](): checkout.WatchPayment,
		reflect.TypeFor[checkout.Mark]():      checkout.NewMark(path, strconv.Itoa(f.n), path),
		reflect.TypeFor[checkout.LineItem]():  line("L."+strconv.Itoa(f.n), int64(f.n)),
	}
}

func (f *filler) fill(v reflect.Value, path string) error {
	f.n++
	if value, ok := f.known(path)[v.Type()]; ok {
		v.Set(reflect.ValueOf(value))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(path + "#" + strconv.Itoa(f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(int64(f.n))
	case reflect.Int64:
		v.SetInt(1<<60 + int64(f.n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return f.fill(v.Elem(), path)
	case reflect.Struct:
		return f.fields(v, path)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			if err := f.fill(v.Index(i), path); err != nil {
				return err
			}
		}
	case reflect.Map:
		return f.entries(v, path)
	default:
		return fmt.Errorf("%s is a %s: the suite can't fill that", path, v.Type())
	}
	return nil
}

func (f *filler) fields(v reflect.Value, path string) error {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() {
			return fmt.Errorf("%s.%s is unexported: no store can keep it", path, field.Name)
		}
		if err := f.fill(v.Field(i), path+"."+field.Name); err != nil {
			return err
		}
	}
	return nil
}

func (f *filler) entries(v reflect.Value, path string) error {
	v.Set(reflect.MakeMap(v.Type()))
	for range 2 {
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		if err := f.fill(key, path); err != nil {
			return err
		}
		if err := f.fill(value, path); err != nil {
			return err
		}
		v.SetMapIndex(key, value)
	}
	return nil
}
