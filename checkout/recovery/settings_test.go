package recovery_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"kassa/checkout/recovery"
)

func TestSettingsThatContradictThemselvesNameTheField(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ field, settings string }{
		{"zone", `{"zone": "Europe/Atlantis"}`},
		{"zone", `{"zone": "Local"}`},
		{"plan[1].after", `{"plan": [{"name": "a", "after": "1h", "channel": "push"}, {"name": "b", "after": "1h", "channel": "email"}]}`},
		{"plan[1].after", `{"plan": [{"name": "a", "after": "20h", "channel": "push"}, {"name": "b", "after": "1h", "channel": "email"}]}`},
		{"plan[1].after", `{"plan": [{"name": "a", "after": "1h", "channel": "push"}, {"name": "b", "after": "1h14m", "channel": "email"}]}`},
		{"plan[0].after", `{"plan": [{"name": "a", "after": "1m", "channel": "push"}]}`},
		{"plan[0].after", `{"plan": [{"name": "a", "after": "1000h", "channel": "push"}]}`},
		{"plan[1].name", `{"plan": [{"name": "a", "after": "1h", "channel": "push"}, {"name": "a", "after": "2h", "channel": "email"}]}`},
		{"plan[0].name", `{"plan": [{"name": "", "after": "1h", "channel": "push"}]}`},
		{"plan[0].channel", `{"plan": [{"name": "a", "after": "1h", "channel": "sms"}]}`},
		{"plan[0].channel", `{"plan": [{"name": "a", "after": "1h", "channel": "pigeon"}]}`},
		{"plan[0].incentive", `{"plan": [{"name": "a", "after": "1h", "channel": "email", "incentive": true}]}`},
		{"plans.payment_declined[0].incentive", `{"incentive": {"rule": "ten"}, "plans": {"payment_declined": [{"name": "a", "after": "1h", "channel": "email", "incentive": true}]}}`},
		{"plans.comparison[0].incentive", `{"incentive": {"rule": "ten", "reasons": ["shipping_cost"]}, "plans": {"comparison": [{"name": "a", "after": "1h", "channel": "email", "incentive": true}]}}`},
		{"plans.bored", `{"plans": {"bored": []}}`},
		{"plans.payment_declined[1].after", `{"plans": {"payment_declined": [{"name": "a", "after": "1h", "channel": "push"}, {"name": "b", "after": "1h", "channel": "email"}]}}`},
		{"consent.double_opt_in[1]", `{"consent": {"double_opt_in": ["DE", "Germany"]}}`},
		{"quiet.from", `{"quiet": {"from": "25:00", "to": "09:00"}}`},
		{"quiet.to", `{"quiet": {"from": "21:00", "to": "9:00"}}`},
		{"quiet.to", `{"quiet": {"from": "21:00"}}`},
		{"caps[0].count", `{"caps": [{"count": 0, "within": "24h"}]}`},
		{"caps[1].within", `{"caps": [{"count": 1, "within": "24h"}, {"count": 1, "within": "10s"}]}`},
		{"holdout.percent", `{"holdout": {"percent": 51}}`},
		{"holdout.percent", `{"holdout": {"percent": -1}}`},
		{"incentive.rule", `{"incentive": {"rule": ""}}`},
		{"incentive.for", `{"incentive": {"rule": "ten", "for": "1m"}}`},
		{"incentive.reasons[0]", `{"incentive": {"rule": "ten", "reasons": ["boredom"]}}`},
		{"window", `{"window": "9999h"}`},
		{"app_link", `{"app_link": "http://shop.example/app"}`},
		{"app_link", `{"app_link": "https:///app"}`},
		{"plan", `{"plan": [{"name": "s0", "after": "1h", "channel": "push"}, {"name": "s1", "after": "2h", "channel": "push"}, {"name": "s2", "after": "3h", "channel": "push"}, {"name": "s3", "after": "4h", "channel": "push"}, {"name": "s4", "after": "5h", "channel": "push"}, {"name": "s5", "after": "6h", "channel": "push"}, {"name": "s6", "after": "7h", "channel": "push"}]}`},
	} {
		var s recovery.Settings
		if err := json.Unmarshal([]byte(tt.settings), &s); err != nil {
			t.Errorf("%s: %v", tt.settings, err)
			continue
		}
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), "("+tt.field+")") {
			t.Errorf("%s: got %v, want an error at %s", tt.settings, err, tt.field)
		}
	}
}

func TestSettingsThatShopsUse(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{}`,
		`{"plan": [{"name": "s0", "after": "1h", "channel": "push"}, {"name": "s1", "after": "2h", "channel": "push"}, {"name": "s2", "after": "3h", "channel": "push"}, {"name": "s3", "after": "4h", "channel": "push"}, {"name": "s4", "after": "5h", "channel": "push"}, {"name": "s5", "after": "6h", "channel": "push"}]}`,
		`{"since": "2026-01-01T00:00:00Z", "zone": "Europe/Amsterdam", "holdout": {"percent": 50, "salt": "spring"},
		  "quiet": {"from": "00:00", "to": "00:00"}, "incentive": {"rule": "ten", "for": "48h", "reasons": ["shipping_cost"]},
		  "plan": [{"name": "soon", "after": "15m", "channel": "push"}, {"name": "late", "after": "30m", "channel": "email", "incentive": true}],
		  "plans": {"out_of_stock": [], "payment_declined": [{"name": "soon", "after": "10m", "channel": "push"}]},
		  "consent": {"double_opt_in": [], "soft_opt_in": true, "wording": "2"}, "caps": [{"count": 1, "within": "20h"}]}`,
	} {
		var s recovery.Settings
		if err := errors.Join(json.Unmarshal([]byte(text), &s), s.Validate()); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestDurationsAreText(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(recovery.DefaultPlan()[1])
	if want := `{"name":"email","after":"20h0m0s","channel":"email"}`; err != nil || string(data) != want {
		t.Errorf("got %s, %v; want %s", data, err, want)
	}
	var d recovery.Duration
	for _, bad := range []string{`3600`, `"soon"`, `null0`} {
		if err := json.Unmarshal([]byte(bad), &d); err == nil {
			t.Errorf("%s is read as %v", bad, time.Duration(d))
		}
	}
}
