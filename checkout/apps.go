package checkout

import (
	"regexp"
	"strconv"
	"sync"
)

// Apps are the shop's own apps, which open the shop's links instead of a browser (Apple: universal links; Android: App
// Links). A shop without any serves no association files.
type Apps struct {
	Apple   []string     `json:"apple,omitempty"` // app ids: team id, a dot, bundle id
	Android []AndroidApp `json:"android,omitempty"`
}

// AndroidApp is an app and what it is signed with.
type AndroidApp struct {
	Package      string   `json:"package"`      // com.example.shop
	Fingerprints []string `json:"fingerprints"` // SHA-256 of the signing certificates, as keytool and Play Console print them: AB:CD:…
}

// Made for the shops that have apps: every start of a function would pay for patterns of its package.
var (
	appleApp    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Z0-9]{10}\.[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$`) })
	androidApp  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$`) })
	fingerprint = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9A-F]{2}(:[0-9A-F]{2})*$`) })
)

// fingerprintLength is that of a SHA-256 as 32 pairs of digits with colons between.
const fingerprintLength = 32*3 - 1

// validate reports every app that a telephone would not recognise.
func (a Apps) validate(bad func(field, text string)) {
	for i, id := range a.Apple {
		if !appleApp().MatchString(id) {
			bad("apps.apple["+strconv.Itoa(i)+"]", "must be an app id: ten characters of the team, a dot, the bundle id")
		}
	}
	for i, app := range a.Android {
		at := "apps.android[" + strconv.Itoa(i) + "]"
		if !androidApp().MatchString(app.Package) {
			bad(at+".package", "must be a package name, such as com.example.shop")
		}
		if len(app.Fingerprints) == 0 {
			bad(at+".fingerprints", "at least one is needed")
		}
		for j, f := range app.Fingerprints {
			if len(f) != fingerprintLength || !fingerprint().MatchString(f) {
				bad(at+".fingerprints["+strconv.Itoa(j)+"]",
					"must be a SHA-256 as 32 pairs of capital hexadecimal digits with colons between")
			}
		}
	}
}
