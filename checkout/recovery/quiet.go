package recovery

import (
	"net/url"
	"time"
)

// minuteOfDay reads HH:MM.
func minuteOfDay(text string) (int, bool) {
	at, err := time.Parse("15:04", text)
	return at.Hour()*60 + at.Minute(), err == nil && len(text) == len("15:04")
}

// hours returns the bounds of the quiet hours, in minutes of the day.
func (q QuietHours) hours() (from, to int) {
	if q.From == "" && q.To == "" {
		return 21 * 60, 9 * 60
	}
	from, _ = minuteOfDay(q.From)
	to, _ = minuteOfDay(q.To)
	return from, to
}

// Quiet reports whether an instant lies in the quiet hours of a place.
func (q QuietHours) Quiet(at time.Time, zone *time.Location) bool {
	from, to := q.hours()
	local := at.In(zone)
	minute := local.Hour()*60 + local.Minute()
	if from <= to {
		return from <= minute && minute < to
	}
	return minute >= from || minute < to
}

// Allowed returns the first minute from an instant on that is not quiet there: the instant itself, or the start of a minute. It asks
// the place's clock minute by minute, so that hours that are skipped or come twice, days that a place jumps over at the
// date line, and zones of odd minutes need no thought of their own.
func (q QuietHours) Allowed(at time.Time, zone *time.Location) time.Time {
	if !q.Quiet(at, zone) {
		return at
	}
	minute := at.Truncate(time.Minute)
	for range 48 * 60 {
		minute = minute.Add(time.Minute)
		if !q.Quiet(minute, zone) {
			return minute
		}
	}
	return at // quiet hours that never end are none
}

func isHTTPS(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Host != ""
}
