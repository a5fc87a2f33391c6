package ucp

import (
	"strings"

	"kassa/checkout"
)

// profile is UCP's business profile (discovery/profile_schema.json), by which platforms find out what a shop can do.
type profile struct {
	UCP declaration `json:"ucp"`
}

type declaration struct {
	Version      string                `json:"version"`
	Services     map[string][]service  `json:"services"`
	Capabilities map[string][]declared `json:"capabilities"`
	Handlers     map[string][]handler  `json:"payment_handlers"`
}

type service struct {
	Version   string `json:"version"`
	Spec      string `json:"spec"`
	Transport string `json:"transport"`
	Schema    string `json:"schema"`
	Endpoint  string `json:"endpoint"`
}

type declared struct {
	Version string   `json:"version"`
	Spec    string   `json:"spec"`
	Schema  string   `json:"schema"`
	Extends []string `json:"extends,omitempty"`
}

// published is where UCP keeps the documents of the release.
const published = "https://ucp.dev/" + Version + "/"

func describedAs(spec, schema string, extends ...string) []declared {
	return []declared{{
		Version: Version, Spec: published + "specification/" + spec, Schema: published + "schemas/shopping/" + schema + ".json",
		Extends: extends,
	}}
}

// Profile returns what the shop declares at /.well-known/ucp: capabilities all of whose MUSTs are kept. Orders are not among
// them: that capability wants signed webhooks.
func (w *Wire) Profile() any {
	return profile{declaration{
		Version: Version,
		Services: map[string][]service{"dev.ucp.shopping": {{
			Version: Version, Spec: published + "specification/overview", Transport: "rest",
			Schema: published + "services/shopping/rest.openapi.json", Endpoint: strings.TrimSuffix(w.shop.BaseURL, "/"),
		}}},
		Capabilities: map[string][]declared{
			nameCart:     describedAs("cart", "cart"),
			nameCheckout: describedAs("checkout", "checkout"),
			nameSearch:   describedAs("catalog/search", "catalog_search"),
			nameLookup:   describedAs("catalog/lookup", "catalog_lookup"),

			"dev.ucp.shopping.fulfillment":   describedAs("fulfillment", "fulfillment", nameCheckout),
			"dev.ucp.shopping.discount":      describedAs("discount", "discount", nameCheckout, nameCart),
			"dev.ucp.shopping.buyer_consent": describedAs("buyer-consent", "buyer_consent", nameCheckout),
		},
		Handlers: w.declaredHandlers(),
	}}
}

// appleDeclared and stripeDeclared are what the configs of all of a shop's checkouts have in common.
type appleDeclared struct {
	MerchantID   string   `json:"merchantIdentifier"`
	Country      string   `json:"countryCode"`
	Networks     []string `json:"supportedNetworks"`
	Capabilities []string `json:"merchantCapabilities"`
}

type stripeDeclared struct {
	PublishableKey string `json:"publishableKey"`
	Merchant       string `json:"merchantDisplayName"`
	Country        string `json:"merchantCountryCode"`
}

// declaredHandlers are the ways to pay that checkouts may offer; each says which it does. The shop's own are described where
// its API is.
func (w *Wire) declaredHandlers() map[string][]handler {
	out := map[string][]handler{}
	cards, own := []availableInstrument{{"card"}}, w.page("openapi.yaml")
	if w.shop.Wallets.AppleMerchantID != "" {
		out[w.namespace+"."+checkout.HandlerApplePay] = []handler{{
			ID: checkout.HandlerApplePay, Version: Version, Spec: own, Instruments: cards, Config: appleDeclared{
				MerchantID: w.shop.Wallets.AppleMerchantID, Country: w.shop.Country,
				Networks: networks(w.shop.Wallets.Networks, appleNetworks), Capabilities: appleCapabilities,
			},
		}}
	}
	if w.shop.Wallets.GooglePay {
		out[googlePayName] = []handler{{ID: checkout.HandlerGooglePay, Version: Version, Instruments: cards, Config: w.googleDeclared()}}
	}
	for _, id := range []string{checkout.HandlerStripe, checkout.HandlerSavedCard} {
		out[w.namespace+"."+id] = []handler{{
			ID: id, Version: Version, Spec: own, Config: stripeDeclared{w.shop.Wallets.PublishableKey, w.shop.Name, w.shop.Country},
		}}
	}
	return out
}
