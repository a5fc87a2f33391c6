package wording

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// pattern is a text that was taken apart: literals, fields, plurals.
type pattern []part

// part is one of: a literal; a field; a plural of a field, by case; the number that the plural around it is about.
type part struct {
	literal string
	field   string
	cases   map[string]pattern // "one", "other", "=0" …
	number  bool
}

const deepest = 3 // a plural in a plural in a plural: nobody can read more

// parse takes a text apart.
func parse(text string) (pattern, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("is not UTF-8")
	}
	r := reader{rest: text}
	p, err := r.pattern(0)
	if err == nil && r.rest != "" {
		err = errors.New("has a } without its {")
	}
	return p, err
}

type reader struct{ rest string }

// pattern reads up to the end, or to a brace that closes what is around it.
func (r *reader) pattern(depth int) (pattern, error) {
	stops := "{}"
	if depth > 0 {
		stops = "{}#"
	}
	var p pattern
	for r.rest != "" && r.rest[0] != '}' {
		at := strings.IndexAny(r.rest, stops)
		switch {
		case at < 0:
			at = len(r.rest)
			fallthrough
		case at > 0:
			p, r.rest = append(p, part{literal: r.rest[:at]}), r.rest[at:]
		case r.rest[0] == '#':
			p, r.rest = append(p, part{number: true}), r.rest[1:]
		default:
			r.rest = r.rest[1:]
			made, err := r.braced(depth)
			if err != nil {
				return nil, err
			}
			p = append(p, made)
		}
	}
	return p, nil
}

var errOpen = errors.New("has a { without its }")

// braced reads what follows a brace: a field, or a plural.
func (r *reader) braced(depth int) (part, error) {
	at := strings.IndexAny(r.rest, ",{}")
	if at < 0 {
		return part{}, errOpen
	}
	name, stop := strings.TrimSpace(r.rest[:at]), r.rest[at]
	r.rest = r.rest[at+1:]
	if !isName(name) {
		return part{}, fmt.Errorf("has braces around %q, which is no field's name", short(name))
	}
	switch stop {
	case '}':
		return part{field: name}, nil
	case '{':
		return part{}, fmt.Errorf("has a brace within the field %s", name)
	}
	kind, rest, found := strings.Cut(r.rest, ",")
	if strings.TrimSpace(kind) != "plural" || !found {
		return part{}, fmt.Errorf("has {%s, …} of another kind than plural", name)
	}
	if r.rest = rest; depth == deepest {
		return part{}, errors.New("has too many plurals within each other")
	}
	cases, err := r.cases(depth + 1)
	return part{field: name, cases: cases}, err
}

// cases reads the cases of a plural, and the brace that closes it.
func (r *reader) cases(depth int) (map[string]pattern, error) {
	cases := map[string]pattern{}
	for {
		r.rest = strings.TrimLeft(r.rest, " \n\t")
		if rest, ok := strings.CutPrefix(r.rest, "}"); ok {
			r.rest = rest
			if cases["other"] == nil {
				return nil, errors.New("has a plural without the case other")
			}
			return cases, nil
		}
		at := strings.IndexAny(r.rest, "{}")
		if at < 0 || r.rest[at] == '}' {
			return nil, errOpen
		}
		name := strings.TrimSpace(r.rest[:at])
		if _, double := cases[name]; double || !isCase(name) {
			return nil, fmt.Errorf("has a plural with the case %q twice, or that is none", short(name))
		}
		r.rest = r.rest[at+1:]
		p, err := r.pattern(depth)
		if err != nil {
			return nil, err
		}
		if r.rest == "" {
			return nil, errOpen
		}
		r.rest = r.rest[1:]
		if p == nil {
			p = pattern{}
		}
		cases[name] = p
	}
}

func isName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_") == ""
}

func isCase(s string) bool {
	if digits, ok := strings.CutPrefix(s, "="); ok {
		_, err := strconv.ParseUint(digits, 10, 31)
		return err == nil
	}
	switch s {
	case "zero", "one", "two", "few", "many", "other":
		return true
	}
	return false
}

// short cuts what is quoted in an error.
func short(s string) string {
	if runes := []rune(s); len(runes) > 20 {
		return string(runes[:20]) + "…"
	}
	return s
}

// each calls f for the parts of a pattern, those within plurals too.
func (p pattern) each(f func(part)) {
	for _, part := range p {
		f(part)
		for _, inner := range part.cases {
			inner.each(f)
		}
	}
}

// values fill the fields of a pattern: texts, and numbers as int64.
type values map[string]any

// fill puts values into a pattern, by the rules of a language. The pattern has been checked: a field without a value is a mistake of
// ours, and comes out empty.
func (p pattern) fill(language string, v values) string {
	var b strings.Builder
	p.write(&b, language, v, 0)
	return b.String()
}

func (p pattern) write(b *strings.Builder, language string, v values, number int64) {
	for _, part := range p {
		n, _ := v[part.field].(int64)
		switch {
		case part.number:
			b.WriteString(grouped(language, number))
		case part.cases != nil:
			chosen, ok := part.cases["="+strconv.FormatInt(n, 10)]
			if !ok {
				chosen, ok = part.cases[plural(language, n)]
			}
			if !ok {
				chosen = part.cases["other"]
			}
			chosen.write(b, language, v, n)
		case part.field != "":
			switch value := v[part.field].(type) {
			case string:
				b.WriteString(value)
			case int64:
				b.WriteString(grouped(language, value))
			}
		default:
			b.WriteString(part.literal)
		}
	}
}
