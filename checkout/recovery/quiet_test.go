package recovery_test

import (
	"testing"
	"time"

	"kassa/checkout/recovery"
)

func TestQuietHoursEndAtTheFirstAllowedMinute(t *testing.T) {
	t.Parallel()
	night := recovery.QuietHours{}
	for _, tt := range []struct {
		name, zone, at, want string
		quiet                recovery.QuietHours
	}{
		{"by day", "Europe/Amsterdam", "2026-07-01T12:00:30+02:00", "2026-07-01T12:00:30+02:00", night},
		{"the last minute of the day", "Europe/Amsterdam", "2026-07-01T20:59:59+02:00", "2026-07-01T20:59:59+02:00", night},
		{"before midnight", "Europe/Amsterdam", "2026-07-01T21:00:00+02:00", "2026-07-02T09:00:00+02:00", night},
		{"after midnight", "Europe/Amsterdam", "2026-07-02T00:30:10+02:00", "2026-07-02T09:00:00+02:00", night},
		{"the first minute", "Europe/Amsterdam", "2026-07-02T09:00:00+02:00", "2026-07-02T09:00:00+02:00", night},
		{"the night that is an hour shorter", "Europe/Amsterdam", "2026-03-28T22:00:00+01:00", "2026-03-29T09:00:00+02:00", night},
		{"the night that is an hour longer", "Europe/Amsterdam", "2026-10-24T22:00:00+02:00", "2026-10-25T09:00:00+01:00", night},
		{"an end that the clock jumps over", "Europe/Amsterdam", "2026-03-29T01:10:00+01:00", "2026-03-29T03:00:00+02:00",
			recovery.QuietHours{From: "01:00", To: "02:30"}},
		{"an end that comes twice", "Europe/Amsterdam", "2026-10-25T01:10:00+02:00", "2026-10-25T02:30:00+02:00",
			recovery.QuietHours{From: "01:00", To: "02:30"}},
		{"between the two", "Europe/Amsterdam", "2026-10-25T02:10:00+01:00", "2026-10-25T02:30:00+01:00",
			recovery.QuietHours{From: "01:00", To: "02:30"}},
		{"west of the date line", "Pacific/Kiritimati", "2026-01-01T07:30:00Z", "2026-01-01T19:00:00Z", night},
		{"east of the date line", "Pacific/Pago_Pago", "2026-01-01T08:30:00Z", "2026-01-01T20:00:00Z", night},
		{"a day that a place jumped over", "Pacific/Apia", "2011-12-30T08:30:00Z", "2011-12-30T19:00:00Z", night},
		{"a zone of odd minutes", "Asia/Kathmandu", "2026-01-01T16:00:00Z", "2026-01-02T03:15:00Z", night},
		{"across noon", "Europe/Amsterdam", "2026-07-01T12:30:00+02:00", "2026-07-01T14:00:00+02:00", recovery.QuietHours{From: "12:00", To: "14:00"}},
		{"never quiet", "Europe/Amsterdam", "2026-07-01T03:00:00+02:00", "2026-07-01T03:00:00+02:00", recovery.QuietHours{From: "00:00", To: "00:00"}},
	} {
		zone, err := time.LoadLocation(tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		got := tt.quiet.Allowed(moment(t, tt.at), zone)
		if want := moment(t, tt.want); !got.Equal(want) {
			t.Errorf("%s: allowed from %v, want %v", tt.name, got.In(zone), want.In(zone))
		}
		if tt.quiet.Quiet(got, zone) {
			t.Errorf("%s: %v is quiet", tt.name, got.In(zone))
		}
	}
}

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
