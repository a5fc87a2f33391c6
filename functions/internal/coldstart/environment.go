package coldstart

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Environment is what a function was started with. What is wrong with it is gathered, so that one refusal names everything.
type Environment struct {
	values map[string]string
	asked  map[string]bool
	errs   []error
}

// own are the prefixes of variables that are ours: one that nobody asks for is a mistake of whoever set it.
var own = []string{"KASSA_", "STRIPE_", "OIDC_"}

// NewEnvironment reads pairs of NAME=value, as os.Environ returns them.
func NewEnvironment(pairs []string) *Environment {
	e := &Environment{values: map[string]string{}, asked: map[string]bool{}}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		e.values[name] = value
	}
	return e
}

// Required returns a variable that must be there and hold something.
func (e *Environment) Required(name string) string {
	e.asked[name] = true
	value, ok := e.values[name]
	switch {
	case !ok:
		e.errs = append(e.errs, fmt.Errorf("environment variable %s is missing", name))
	case strings.TrimSpace(value) == "":
		e.errs = append(e.errs, fmt.Errorf("environment variable %s is empty", name))
	}
	return value
}

// Optional returns a variable; one that is not there is "".
func (e *Environment) Optional(name string) string {
	e.asked[name] = true
	return e.values[name]
}

// OneOf returns a required variable that must have one of these values.
func (e *Environment) OneOf(name string, choices ...string) string {
	value := e.Required(name)
	if strings.TrimSpace(value) != "" && !slices.Contains(choices, value) {
		e.errs = append(e.errs, fmt.Errorf("environment variable %s is %q: want %s", name, value, strings.Join(choices, " or ")))
	}
	return value
}

// Err names everything that is missing, empty or wrong in the environment, and everything of ours that nobody has asked for.
// Call it when all has been asked for.
func (e *Environment) Err() error {
	errs := slices.Clone(e.errs)
	var unknown []string
	for name, value := range e.values {
		mine := slices.ContainsFunc(own, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		if mine && !e.asked[name] && value != "" {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		errs = append(errs, fmt.Errorf("environment variable %s is no setting of this function", name))
	}
	return errors.Join(errs...)
}
