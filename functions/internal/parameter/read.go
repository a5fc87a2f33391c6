// Package parameter reads what a deployment keeps in the Systems Manager Parameter Store, secrets and the shop's settings, and
// keeps what is made of it up to date: a changed parameter takes effect within five minutes, in environments that have
// long been running too.
package parameter

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Values are the texts of parameters by name, without the white space around them.
type Values map[string]string

// MaxNames is how many parameters one call may read (Systems Manager, GetParameters).
const MaxNames = 10

// Read reads parameters in one call. All must exist and hold something; what is wrong is said by name, and no error holds a
// value.
func (c *Client) Read(ctx context.Context, names ...string) (Values, error) {
	found, err := c.get(ctx, names)
	if err != nil {
		return nil, fmt.Errorf("read parameters %s: %w", strings.Join(names, ", "), err)
	}
	values := make(Values, len(names))
	for _, p := range found {
		values[p.Name] = strings.TrimSpace(p.Value)
	}
	var missing, empty []string
	for _, name := range names {
		switch text, ok := values[name]; {
		case !ok:
			missing = append(missing, name)
		case text == "":
			empty = append(empty, name)
		}
	}
	switch {
	case len(missing) > 0:
		return nil, fmt.Errorf("no such parameter: %s", strings.Join(missing, ", "))
	case len(empty) > 0:
		return nil, fmt.Errorf("parameter is empty: %s", strings.Join(empty, ", "))
	}
	return values, nil
}

// Pair returns the secrets that a parameter holds: one or, during rotation, two, with a comma or a line break between them.
// Which one makes new signatures is the first. The error names the parameter.
func (v Values) Pair(name string) ([]string, error) {
	secrets := strings.FieldsFunc(v[name], func(r rune) bool { return r == ',' || r == '\n' || r == '\r' || r == ' ' || r == '\t' })
	if len(secrets) < 1 || len(secrets) > 2 {
		return nil, fmt.Errorf("parameter %s holds %d secrets: want one or, during rotation, two with a comma between them", name,
			len(secrets))
	}
	return secrets, nil
}

func (v Values) equal(o Values) bool { return maps.Equal(v, o) }

// sorted returns names in order, so that equal reads are equal requests.
func sorted(names []string) []string { return slices.Compact(slices.Sorted(slices.Values(names))) }
