package ucp

import (
	"net/url"
	"strings"
)

// appleAssociation is Apple's apple-app-site-association: which of the shop's pages its apps open (Supporting associated
// domains).
type appleAssociation struct {
	Links struct {
		Details []appleDetails `json:"details"`
	} `json:"applinks"`
}

type appleDetails struct {
	IDs        []string         `json:"appIDs"`
	Components []appleComponent `json:"components"`
}

type appleComponent struct {
	Path    string `json:"/"`
	Comment string `json:"comment"`
}

// AppleAssociation returns which pages Apple's devices open in the shop's app; false if it has none.
func (w *Wire) AppleAssociation() (any, bool) {
	if len(w.shop.Apps.Apple) == 0 {
		return nil, false
	}
	components := []appleComponent{
		{"/cart/*", "a cart to go on with"}, {"/checkout/*", "a checkout to go on with"}, {"/o/*", "an order"},
		{"/r/*", "a cart that was left"}, {"/app/r/*", "the same, from the page behind a link"},
	}
	back, err := url.Parse(w.shop.ReturnURL)
	if err == nil && back.Scheme == "https" && strings.HasPrefix(w.shop.ReturnURL, "https://"+w.host()+"/") {
		components = append(components, appleComponent{back.EscapedPath(), "the way back from a bank"})
	}
	var out appleAssociation
	out.Links.Details = []appleDetails{{w.shop.Apps.Apple, components}}
	return out, true
}

// host is where the shop's pages lie.
func (w *Wire) host() string {
	base, err := url.Parse(w.shop.BaseURL)
	if err != nil {
		return ""
	}
	return base.Host
}

// assetLink is a statement of Digital Asset Links: an app may open all of the shop's pages that it asks for.
type assetLink struct {
	Relation []string    `json:"relation"`
	Target   assetTarget `json:"target"`
}

type assetTarget struct {
	Namespace    string   `json:"namespace"`
	Package      string   `json:"package_name"`
	Fingerprints []string `json:"sha256_cert_fingerprints"`
}

// AssetLinks returns which Android apps open the shop's pages; false if it has none.
func (w *Wire) AssetLinks() (any, bool) {
	var out []assetLink
	for _, app := range w.shop.Apps.Android {
		out = append(out, assetLink{
			Relation: []string{"delegate_permission/common.handle_all_urls"},
			Target:   assetTarget{"android_app", app.Package, app.Fingerprints},
		})
	}
	return out, len(out) > 0
}
