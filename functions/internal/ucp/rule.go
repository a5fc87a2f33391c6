package ucp

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"kassa/checkout"
)

// The tags of forms (request.go) are those of the validator that Go's field prefers, github.com/go-playground/validator, of which forms
// need this little. The library itself loads tables of countries, currencies and media types when a program begins: with what it
// imports that was a tenth of what a start of these functions takes.
//
// A tag is a list of rules. The first that is broken is the fault of its field. Rules before "dive" are about a list, those after it
// about its elements. Structs are always gone into.

const enough = 20 // faults: more would only echo a broken client's body

// checkForm reports what is wrong with a form, a pointer to a struct: Faults, or an error of ours.
func checkForm(form any) error {
	var c checker
	c.structure(reflect.ValueOf(form).Elem(), "$")
	if err := errors.Join(c.mistakes...); err != nil {
		return fmt.Errorf("validate %T: %w", form, err)
	}
	if len(c.faults) == 0 {
		return nil
	}
	return c.faults[:min(len(c.faults), enough)]
}

type checker struct {
	faults   Faults
	mistakes []error // of ours, in tags
}

func (c *checker) structure(v reflect.Value, path string) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		c.value(v.Field(i), path+"."+name, f.Tag.Get("validate"))
	}
}

// value checks a value by the rules of a tag.
func (c *checker) value(v reflect.Value, path, tag string) {
	absent := (v.Kind() == reflect.Pointer || v.Kind() == reflect.Slice) && v.IsNil()
	if v.Kind() == reflect.Pointer && !absent {
		v = v.Elem()
	}
	for tag != "" {
		var rule string
		rule, tag, _ = strings.Cut(tag, ",")
		switch {
		case rule == "omitempty" && absent:
			return
		case rule == "omitempty":
		case rule == "required" && absent:
			c.faults = append(c.faults, missingAt(path))
			return
		case rule == "required":
		case rule == "dive":
			for i := range v.Len() {
				c.value(v.Index(i), path+"["+strconv.Itoa(i)+"]", tag)
			}
			return
		default:
			if !c.keeps(v, path, rule) {
				return
			}
		}
	}
	if v.Kind() == reflect.Struct {
		c.structure(v, path)
	}
}

// keeps reports whether a value keeps a rule.
func (c *checker) keeps(v reflect.Value, path, rule string) bool {
	name, argument, _ := strings.Cut(rule, "=")
	ok, expected := true, ""
	if known, ours := rules[name]; ours {
		s := v.String()
		ok, expected = s == "" || utf8.RuneCountInString(s) <= known.max && known.form(s), known.text
	} else if bound, err := strconv.ParseInt(argument, 10, 64); err == nil && (name == "min" || name == "max") {
		ok = name == "min" && sizeOf(v) >= bound || name == "max" && sizeOf(v) <= bound
		expected = map[string]string{"min": "at least ", "max": "at most "}[name] + argument
		if v.Kind() == reflect.Slice {
			expected += " elements"
		}
	} else if name == "oneof" {
		ok = false
		for choice := range strings.FieldsSeq(argument) {
			ok = ok || v.String() == choice
		}
		expected = "one of " + argument
	} else {
		c.mistakes = append(c.mistakes, fmt.Errorf("%s: there is no rule %q", path, rule))
	}
	switch {
	case ok:
	case name == "min" && v.Kind() == reflect.String:
		c.faults = append(c.faults, missingAt(path))
	default:
		c.faults = append(c.faults, Fault{Code: faultInvalid, Path: path, Text: "expected: " + expected, Severity: checkout.SeverityRecoverable})
	}
	return ok
}

// sizeOf is what min and max bound: a number itself, characters of a text, elements of a list.
func sizeOf(v reflect.Value) int64 {
	switch v.Kind() {
	case reflect.Int64:
		return v.Int()
	case reflect.Slice:
		return int64(v.Len())
	default:
		return int64(utf8.RuneCountInString(v.String()))
	}
}

func missingAt(path string) Fault {
	return Fault{Code: faultMissing, Path: path, Text: "this field is required", Severity: checkout.SeverityRecoverable}
}
