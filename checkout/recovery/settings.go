package recovery

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // Lambda's image has no time zones

	"kassa/checkout"
	"kassa/checkout/recovery/wording"
)

// Settings are how a shop follows up carts that were left. The zero value follows up nothing.
type Settings struct {
	// Since is when follow-up was switched on: carts made before are never touched. Zero = it is off.
	Since time.Time `json:"since,omitzero"`
	// Zone is the shop's IANA time zone, which counts wherever a recipient's is not known. "" = UTC.
	Zone string `json:"zone,omitempty"`
	// Plan is the stages of follow-up, by the time since the shopper last did something; none = DefaultPlan. Plans are other
	// ones for carts that were left for a reason.
	Plan  []Stage            `json:"plan,omitempty"`
	Plans map[Reason][]Stage `json:"plans,omitempty"`

	Consent   ConsentRules `json:"consent,omitzero"`
	Quiet     QuietHours   `json:"quiet,omitzero"`
	Caps      []Cap        `json:"caps,omitempty"` // of follow-ups to one person over all carts; none = DefaultCaps
	Holdout   Holdout      `json:"holdout,omitzero"`
	Incentive *Incentive   `json:"incentive,omitempty"` // nil: none is offered
	// Window is how long after a follow-up an order of its cart counts as recovered, and how long people of both arms are
	// watched. 0 = 7 days.
	Window Duration `json:"window,omitempty"`
	// AppLink is an https URL that opens the app (a universal link, an App Link): the landing page of a recovery link hands the token
	// to it as its last path segment. "" = base_url/app/r.
	AppLink string `json:"app_link,omitempty"`
	// Messages are how the shop presents itself in messages, service messages too: colour, sender, trader, texts of its own.
	Messages wording.Settings `json:"messages,omitzero"`
}

// Stage is one step of a plan.
type Stage struct {
	Name      string   `json:"name"`  // under which it is recorded: keep it
	After     Duration `json:"after"` // since the shopper last did something
	Channel   Channel  `json:"channel"`
	Incentive bool     `json:"incentive,omitempty"` // it offers the incentive, where there is one for the cart's reason
}

// DefaultPlan is the plan of a shop that has none.
func DefaultPlan() []Stage {
	return []Stage{
		{Name: "push", After: Duration(time.Hour), Channel: ChannelPush},
		{Name: "email", After: Duration(20 * time.Hour), Channel: ChannelEmail},
		{Name: "incentive", After: Duration(68 * time.Hour), Channel: ChannelEmail, Incentive: true},
	}
}

// ConsentRules are what counts as consent to follow-ups.
type ConsentRules struct {
	// Wording is the version of the text that buyers agree to (UCP buyer.consent.marketing); kept with each consent.
	Wording string `json:"wording,omitempty"`
	// DoubleOptIn are the countries where consent by e-mail counts once the address's owner has confirmed it. nil = DE and AT,
	// where courts ask for it; an empty list = nowhere.
	DoubleOptIn []string `json:"double_opt_in,omitempty"`
	// SoftOptIn counts people who have bought before as having agreed to e-mail, unless they say no (Directive 2002/58/EC,
	// article 13(2)). Off: the law of the country must allow it and the shop must have told them at the purchase.
	SoftOptIn bool `json:"soft_opt_in,omitempty"`
}

// QuietHours are when nobody is written to, in the recipient's time: HH:MM. From may be after To: across midnight. Both "" =
// 21:00 to 09:00; equal = never quiet.
type QuietHours struct {
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// Cap bounds how many follow-ups one person gets.
type Cap struct {
	Count  int      `json:"count"`
	Within Duration `json:"within"`
}

// DefaultCaps are those of a shop that has none: what one cart's default plan needs, and little more.
func DefaultCaps() []Cap {
	return []Cap{{2, Duration(24 * time.Hour)}, {4, Duration(7 * 24 * time.Hour)}}
}

// Holdout is the share of people who get no follow-up, so that what follow-ups bring is measured.
type Holdout struct {
	Percent int    `json:"percent,omitempty"` // 0–MaxHoldout
	Salt    string `json:"salt,omitempty"`    // another one deals the arms anew
}

// Incentive is a discount that stages may offer: a single-use code minted for the cart.
type Incentive struct {
	Rule    string   `json:"rule"`              // id of the discount rule that the code is good for
	For     Duration `json:"for,omitempty"`     // how long the code holds; 0 = 72 h
	Reasons []Reason `json:"reasons,omitempty"` // for carts left for one of these; none = those that a price can mend
}

// Mendable are the reasons that a price can mend: a discount helps nobody whose card was declined.
func Mendable() []Reason {
	return []Reason{
		ReasonWalletDismissed, ReasonPriceChanged, ReasonNoCheckout, ReasonLeft, ReasonShippingCost, ReasonPrice, ReasonComparison,
		ReasonLater, ReasonOther,
	}
}

// Offers reports whether a cart left for a reason may be offered the incentive.
func (i *Incentive) Offers(r Reason) bool {
	if i == nil {
		return false
	}
	if len(i.Reasons) == 0 {
		return slices.Contains(Mendable(), r)
	}
	return slices.Contains(i.Reasons, r)
}

// Bounds of plans.
const (
	MaxStages   = 6
	closest     = 15 * time.Minute // two stages: closer ones would arrive together
	soonest     = 10 * time.Minute // the first one: the shopper may still be paying
	latestStage = 28 * 24 * time.Hour
)

// Active reports whether carts are followed up at all.
func (s Settings) Active() bool { return !s.Since.IsZero() }

// PlanFor returns the stages for carts that were left for a reason.
func (s Settings) PlanFor(r Reason) []Stage {
	if plan, ok := s.Plans[r]; ok {
		return plan
	}
	if len(s.Plan) > 0 {
		return s.Plan
	}
	return DefaultPlan()
}

// First is the shortest time after which any plan has a stage.
func (s Settings) First() time.Duration {
	first := latestStage
	for _, plan := range s.allPlans() {
		if len(plan.stages) > 0 {
			first = min(first, plan.stages[0].After.std())
		}
	}
	return first
}

type namedPlan struct {
	field  string
	stages []Stage
}

func (s Settings) allPlans() []namedPlan {
	plans := []namedPlan{{"plan", s.PlanFor("")}}
	for _, r := range Reasons() {
		if plan, ok := s.Plans[r]; ok {
			plans = append(plans, namedPlan{"plans." + string(r), plan})
		}
	}
	return plans
}

func (s Settings) caps() []Cap {
	if len(s.Caps) > 0 {
		return s.Caps
	}
	return DefaultCaps()
}

func (s Settings) window() time.Duration {
	if s.Window == 0 {
		return 7 * 24 * time.Hour
	}
	return s.Window.std()
}

// zone returns the time zone of a name, else the shop's, else UTC.
func (s Settings) zone(name string) *time.Location {
	for _, n := range []string{name, s.Zone} {
		if loc, ok := loadZone(n); ok {
			return loc
		}
	}
	return time.UTC
}

// loadZone reads the name of a zone as IANA writes it. "Local" is a setting of the machine, not a place.
func loadZone(name string) (*time.Location, bool) {
	if name == "" || name == "Local" || strings.HasPrefix(name, ":") {
		return nil, false
	}
	loc, err := time.LoadLocation(name)
	return loc, err == nil
}

func (c ConsentRules) doubleOptIn(country string) bool {
	if c.DoubleOptIn == nil {
		return country == "DE" || country == "AT"
	}
	return slices.Contains(c.DoubleOptIn, country)
}

// Validate reports every contradiction in the settings, each naming its field.
func (s Settings) Validate() error {
	v := &validation{}
	if s.Zone != "" {
		_, known := loadZone(s.Zone)
		v.require(known, "zone", "must be an IANA time zone, such as Europe/Amsterdam")
	}
	for _, plan := range s.allPlans() {
		v.plan(plan.field, plan.stages, s.Incentive != nil || len(s.Plan) == 0 && plan.field == "plan")
	}
	for r, stages := range s.Plans {
		v.require(slices.Contains(Reasons(), r), "plans."+string(r), "is for a reason that there is not")
		for i, stage := range stages {
			v.require(!stage.Incentive || s.Incentive == nil || s.Incentive.Offers(r), fmt.Sprintf("plans.%s[%d].incentive", r, i),
				"is offered for other reasons: see incentive.reasons")
		}
	}
	for i, country := range s.Consent.DoubleOptIn {
		v.require(isCountry(country), fmt.Sprintf("consent.double_opt_in[%d]", i), "must be an ISO 3166-1 alpha-2 code")
	}
	v.quiet(s.Quiet)
	for i, c := range s.Caps {
		at := "caps[" + strconv.Itoa(i) + "]"
		v.require(c.Count >= 1 && c.Count <= maxSends, at+".count", "must be 1 to "+strconv.Itoa(maxSends))
		v.require(c.Within >= Duration(time.Minute) && c.Within <= Duration(31*24*time.Hour), at+".within", "must be 1m to 744h")
	}
	v.require(s.Holdout.Percent >= 0 && s.Holdout.Percent <= MaxHoldout, "holdout.percent", "must be 0 to 50")
	v.require(len(s.Holdout.Salt) <= 100, "holdout.salt", "must have at most 100 bytes")
	v.incentive(s.Incentive)
	v.require(s.Window >= 0 && s.Window <= Duration(latestStage), "window", "must be at most 672h")
	if s.AppLink != "" {
		v.require(isHTTPS(s.AppLink), "app_link", "must be an absolute https URL")
	}
	v.errs = append(v.errs, s.Messages.Validate("messages"))
	return errors.Join(v.errs...)
}

type validation struct{ errs []error }

func (v *validation) require(ok bool, field, problem string) {
	if !ok {
		v.errs = append(v.errs, &checkout.Error{Code: checkout.CodeInvalid, Path: field, Message: problem})
	}
}

// plan refuses stages that overlap: each must be later than the one before it by what tells two messages apart.
func (v *validation) plan(field string, stages []Stage, hasIncentive bool) {
	v.require(len(stages) <= MaxStages, field, "must have at most "+strconv.Itoa(MaxStages)+" stages")
	names := map[string]bool{}
	before := soonest - closest
	for i, s := range stages {
		at := field + "[" + strconv.Itoa(i) + "]"
		v.require(s.Name != "" && len(s.Name) <= 40 && checkout.ValidSKU(s.Name), at+".name",
			"must be 1 to 40 letters, digits, '.', '_' and '-'")
		v.require(!names[s.Name], at+".name", "is that of an earlier stage")
		names[s.Name] = true
		v.require(s.Channel == ChannelEmail || s.Channel == ChannelPush, at+".channel", "must be email or push")
		v.require(!s.Incentive || hasIncentive, at+".incentive", "needs an incentive")
		after := s.After.std()
		if i == 0 {
			v.require(after >= soonest, at+".after", "must be at least 10m: the shopper may still be at it")
		} else {
			v.require(after >= before+closest, at+".after", "overlaps with the stage before: they must be 15m apart, in their order")
		}
		v.require(after <= latestStage, at+".after", "must be at most 672h")
		before = after
	}
}

func (v *validation) quiet(q QuietHours) {
	for _, f := range []struct{ value, field string }{{q.From, "quiet.from"}, {q.To, "quiet.to"}} {
		_, ok := minuteOfDay(f.value)
		v.require(ok || f.value == "", f.field, "must be a time of day as HH:MM")
	}
	v.require((q.From == "") == (q.To == ""), "quiet.to", "needs quiet.from, and the reverse")
}

func (v *validation) incentive(i *Incentive) {
	if i == nil {
		return
	}
	v.require(i.Rule != "", "incentive.rule", "must be the id of a discount rule")
	v.require(i.For == 0 || i.For >= Duration(time.Hour) && i.For <= Duration(90*24*time.Hour), "incentive.for", "must be 1h to 2160h")
	for n, r := range i.Reasons {
		v.require(slices.Contains(Reasons(), r), fmt.Sprintf("incentive.reasons[%d]", n), "is no reason")
	}
}

func isCountry(code string) bool {
	return len(code) == 2 && strings.IndexFunc(code, func(r rune) bool { return r < 'A' || r > 'Z' }) < 0
}

// Duration is a time.Duration that JSON has as text: "20h", "1h30m".
type Duration time.Duration

func (d Duration) std() time.Duration { return time.Duration(d) }

// MarshalJSON implements json.Marshaler.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.std().String()) }

// UnmarshalJSON implements json.Unmarshaler.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	parsed, err := time.Duration(0), json.Unmarshal(data, &text)
	if err == nil {
		parsed, err = time.ParseDuration(text)
	}
	if err != nil { // of this type, because encoding/json adds the field's name to it
		return &json.UnmarshalTypeError{Value: `value that is no text such as "20h"`, Type: reflect.TypeFor[Duration]()}
	}
	*d = Duration(parsed)
	return nil
}
