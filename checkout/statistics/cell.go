package statistics

import (
	"regexp"
	"strings"
	"sync"
	"time"

	"kassa/checkout"
	"kassa/payments"
)

// Cell is what counts are kept for.
type Cell struct {
	Day      string            // in the shop's zone: 2026-03-29
	Channel  string            // of a follow-up; "" = what shoppers did by themselves
	Platform payments.Platform // "" = not known
}

// Counts are numbers by name; names are in names.go. What is not in it is zero.
type Counts map[string]int64

// Plus adds other counts to these.
func (c Counts) Plus(others Counts) {
	for name, n := range others {
		if c[name] += n; c[name] == 0 {
			delete(c, name)
		}
	}
}

// Increment adds to a cell, once.
type Increment struct {
	ID string // of what happened: the same whenever it is told again
	Cell
	Counts Counts
	// Until is when its id may be forgotten: none that comes so late is counted.
	Until time.Time
}

// Memory is how long ids of increments are remembered, from when it happened. What is told later than that isn't counted, for
// nobody would know whether it had been.
const Memory = 90 * 24 * time.Hour

const dayForm = "2006-01-02"

// DayOf returns the day of an instant in a zone.
func DayOf(at time.Time, zone *time.Location) string { return at.In(zone).Format(dayForm) }

// namePattern is made when the first count is checked: every start of a function would pay for patterns of its package.
var namePattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][A-Za-z0-9_.-]+$`) })

func isPrintable(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r < '!' || r > '~' }) < 0
}

// The most that these may have, counted apart: a bound in a pattern is a copy of what it bounds for each of its steps, which
// the start of every function would have to make.
const (
	maxName = 80
	minName = 3
	maxPart = 16
	maxID   = 256
)

func isPart(s string) bool {
	return len(s) <= maxPart && strings.IndexFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' }) < 0
}

// Validate reports what no store could keep. CodeInvalid.
func (i Increment) Validate() error {
	if len(i.ID) > maxID || !isPrintable(i.ID) {
		return invalid("id", "an increment's id is 1 to 256 printable characters")
	}
	if i.Until.IsZero() {
		return invalid("until", "an increment's id must be remembered for some time")
	}
	return Change{i.Cell, i.Counts}.Validate()
}

// ValidateIncrements is Validate for increments that are to be added together. CodeInvalid.
func ValidateIncrements(increments []Increment) error {
	if len(increments) > MaxIncrements {
		return invalid("increments", "too many increments at once")
	}
	for _, i := range increments {
		if err := i.Validate(); err != nil {
			return err
		}
	}
	return nil
}

// Change adds to a cell, as often as it is made: it stands in the commit of what it follows from.
type Change struct {
	Cell
	Counts Counts // negative ones take away
}

// Validate is Increment's.
func (c Change) Validate() error {
	switch {
	case !ValidDay(c.Day):
		return invalid("day", "must be a date: 2026-03-29")
	case !isPart(c.Channel), !isPart(string(c.Platform)):
		return invalid("cell", "channel and platform are up to 16 lower-case letters")
	case len(c.Counts) == 0 || len(c.Counts) > MaxCounts:
		return invalid("counts", "a change has 1 to 40 counts")
	}
	for name := range c.Counts {
		if len(name) < minName || len(name) > maxName || !namePattern().MatchString(name) {
			return invalid("counts", "is no name of a count: "+name)
		}
	}
	return nil
}

// ValidateChanges reports what no store could make together with a person. CodeInvalid.
func ValidateChanges(changes []Change) error {
	if len(changes) > MaxChanges {
		return invalid("changes", "too many changes at once")
	}
	cells := map[Cell]bool{}
	for _, c := range changes {
		if err := c.Validate(); err != nil {
			return err
		}
		if cells[c.Cell] {
			return invalid("changes", "a cell is changed twice")
		}
		cells[c.Cell] = true
	}
	return nil
}

// MaxCounts is how many counts a change may have.
const MaxCounts = 40

// ValidDay reports whether a text is a day.
func ValidDay(day string) bool {
	at, err := time.Parse(dayForm, day)
	return err == nil && at.Format(dayForm) == day
}

func invalid(path, message string) *checkout.Error {
	return &checkout.Error{Code: checkout.CodeInvalid, Path: path, Message: message}
}
