package sandbox

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// form reads the parameters of one call. The first thing wrong with them is kept in err, and reading goes on with zero
// values, so that the decoders stay free of error handling; the call is refused before it executes.
type form struct {
	values map[string][]string
	err    *apiError
}

// newForm groups list parameters: tags[0]=a and tags[]=a are both an element of "tags[]".
func newForm(raw url.Values) *form {
	type item struct {
		key   string
		index int
		value string
	}
	var items []item
	for key, values := range raw {
		name, index := listKey(key)
		for _, v := range values {
			items = append(items, item{name, index, v})
		}
	}
	slices.SortStableFunc(items, func(a, b item) int { return a.index - b.index })
	f := &form{values: make(map[string][]string, len(items))}
	for _, i := range items {
		f.values[i.key] = append(f.values[i.key], i.value)
	}
	return f
}

func listKey(key string) (string, int) {
	open := strings.LastIndexByte(key, '[')
	if open <= 0 || !strings.HasSuffix(key, "]") {
		return key, 0
	}
	inside := key[open+1 : len(key)-1]
	if inside == "" {
		return key, 0
	}
	index, err := strconv.Atoi(inside)
	if err != nil || index < 0 {
		return key, 0
	}
	return key[:open] + "[]", index
}

func (f *form) fail(e *apiError) {
	if f.err == nil {
		f.err = e
	}
}

func (f *form) has(key string) bool { return len(f.values[key]) > 0 }

// hasUnder says whether key or anything inside it was sent.
func (f *form) hasUnder(key string) bool {
	if f.has(key) {
		return true
	}
	for k := range f.values {
		if strings.HasPrefix(k, key+"[") {
			return true
		}
	}
	return false
}

func (f *form) text(key string) string {
	if v := f.values[key]; len(v) > 0 {
		return v[len(v)-1]
	}
	return ""
}

// required is a text that must be there and not be empty.
func (f *form) required(key string) string {
	v := f.text(key)
	switch {
	case !f.has(key):
		f.fail(invalid("parameter_missing", key, "Missing required param: %s.", key))
	case v == "":
		f.fail(invalid("parameter_invalid_empty", key, "You passed an empty string for '%s'. "+
			"We assume empty values are an attempt to unset a parameter; however '%s' cannot be unset.", key, key))
	}
	return v
}

// positive is an integer above zero.
func (f *form) positive(key string) int64 {
	v := f.text(key)
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		f.fail(invalid("parameter_invalid_integer", key, "Invalid integer: %s", v))
		return 0
	}
	if n < 1 {
		f.fail(invalid("parameter_invalid_integer", key, "This value must be greater than or equal to 1."))
	}
	return n
}

func (f *form) boolean(key string) bool {
	switch v := f.text(key); {
	case !f.has(key), v == "false":
		return false
	case v == "true":
		return true
	default:
		f.fail(invalid("", key, "Invalid boolean: %s", v))
		return false
	}
}

func (f *form) choice(key string, options ...string) string {
	v := f.text(key)
	if f.has(key) && !slices.Contains(options, v) {
		f.fail(invalid("", key, "Invalid %s: must be one of %s", key, strings.Join(options, ", ")))
	}
	return v
}

func (f *form) email(key string) string {
	v := f.text(key)
	if at := strings.LastIndexByte(v, '@'); v != "" && (at < 1 || !strings.Contains(v[at:], ".")) {
		f.fail(invalid("email_invalid", key, "Invalid email address: %s", v))
	}
	return v
}

// under lists name[x]=v as x → v.
func (f *form) under(name string) map[string]string {
	found := map[string]string{}
	for key, values := range f.values {
		if inner, ok := strings.CutPrefix(key, name+"["); ok && strings.HasSuffix(inner, "]") {
			found[strings.TrimSuffix(inner, "]")] = values[len(values)-1]
		}
	}
	return found
}

// metadata reads a metadata change within Stripe's limits: 50 keys of 40 characters with values of 500.
func (f *form) metadata() func(map[string]string) map[string]string {
	cleared, changes := f.has("metadata") && f.text("metadata") == "", f.under("metadata")
	for _, k := range slices.Sorted(maps.Keys(changes)) {
		if utf8.RuneCountInString(k) > 40 || strings.ContainsAny(k, "[]") {
			f.fail(invalid("", "metadata",
				"Metadata keys may be up to 40 characters long and may not contain square brackets; '%s' does not comply.", k))
		}
		if utf8.RuneCountInString(changes[k]) > 500 {
			f.fail(invalid("", "metadata", "Metadata values can have up to 500 characters, but you passed in a value that is %d characters.",
				utf8.RuneCountInString(changes[k])))
		}
	}
	return func(old map[string]string) map[string]string {
		merged := map[string]string{}
		if !cleared {
			maps.Copy(merged, old)
		}
		for k, v := range changes {
			if merged[k] = v; v == "" {
				delete(merged, k)
			}
		}
		return merged
	}
}

func tooMuchMetadata(m map[string]string) *apiError {
	if len(m) > 50 {
		return invalid("", "metadata", "You can only specify up to 50 metadata keys, but you specified %d.", len(m))
	}
	return nil
}

// accepted is the set of parameters an operation knows; * stands for any one name.
type accepted struct {
	exact    map[string]bool
	patterns [][]string
}

func accept(groups ...[]string) accepted {
	a := accepted{exact: map[string]bool{"expand[]": true}}
	for _, key := range slices.Concat(groups...) {
		if strings.Contains(key, "*") {
			a.patterns = append(a.patterns, strings.Split(key, "["))
		} else {
			a.exact[key] = true
		}
	}
	return a
}

func keys(names ...string) []string { return names }

func inside(prefix string, names ...string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		head, rest, nested := strings.Cut(n, "[")
		out[i] = prefix + "[" + head + "]"
		if nested {
			out[i] += "[" + rest
		}
	}
	return out
}

func (a accepted) knows(key string) bool {
	if a.exact[key] {
		return true
	}
	parts := strings.Split(key, "[")
	return slices.ContainsFunc(a.patterns, func(p []string) bool {
		if len(p) != len(parts) {
			return false
		}
		for i := range p {
			if p[i] != "*]" && p[i] != parts[i] {
				return false
			}
		}
		return true
	})
}

func (a accepted) check(f *form) {
	for _, key := range slices.Sorted(maps.Keys(f.values)) {
		if !a.knows(key) {
			f.fail(invalid("parameter_unknown", key, "Received unknown parameter: %s", key))
			return
		}
	}
}
