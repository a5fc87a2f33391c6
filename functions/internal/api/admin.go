package api

import (
	"net/http"
	"net/url"
	"strconv"

	"kassa/checkout"
	"kassa/checkout/merchant"
	"kassa/checkout/settings"
	"kassa/functions/internal/edge"
)

// AdminDeps is what the admin function serves with.
type AdminDeps struct {
	Edge     edge.Config // with Keys
	Settings MerchantSettings
	Keys     MerchantKeys
	Records  MerchantRecords
	Products MerchantProducts
	Reports  MerchantReports
	Orders   MerchantOrders
	Changes  MerchantOrderChanges
	People   MerchantPeople
	Shop     checkout.Shop // for the method matrix
}

type adminRoutes struct{ AdminDeps }

// Admin returns the function admin: everything of the merchant's. Each route names the scope that a key needs for it.
func Admin(d AdminDeps) Handler {
	a := adminRoutes{d}
	return handler(d.Edge, append(append(a.orderRoutes(), a.peopleRoutes()...),
		edge.Route{Method: http.MethodGet, Pattern: "/admin/settings", Scope: merchant.ScopeSettings, Handle: a.settings},
		edge.Route{Method: http.MethodPut, Pattern: "/admin/settings", Scope: merchant.ScopeSettings, Body: edge.RawBody,
			Limit: settings.MaxDocument, Handle: a.putSettings},
		edge.Route{Method: http.MethodGet, Pattern: "/admin/settings/versions", Scope: merchant.ScopeSettings, Handle: a.versions},
		edge.Route{Method: http.MethodGet, Pattern: "/admin/settings/versions/{id}", Scope: merchant.ScopeSettings, Handle: a.version},
		edge.Route{Method: http.MethodGet, Pattern: "/admin/products", Scope: merchant.ScopeProducts, Handle: a.exportProducts},
		edge.Route{Method: http.MethodPost, Pattern: "/admin/products", Scope: merchant.ScopeProducts, Body: edge.Stream, Limit: maxFile,
			Handle: a.importProducts},
		edge.Route{Method: http.MethodGet, Pattern: "/admin/stock", Scope: merchant.ScopeProducts, Handle: a.lowStock},
		edge.Route{Method: http.MethodPost, Pattern: "/admin/stock", Scope: merchant.ScopeProducts, Body: edge.JSON, Handle: a.moveStock},
		edge.Route{Method: http.MethodGet, Pattern: "/admin/report", Scope: merchant.ScopeReport, Handle: a.report},
		edge.Route{Method: http.MethodGet, Pattern: "/admin/keys", Scope: merchant.ScopeKeys, Handle: a.keys},
		edge.Route{Method: http.MethodPost, Pattern: "/admin/keys", Scope: merchant.ScopeKeys, Body: edge.JSON, Handle: a.createKey},
		edge.Route{Method: http.MethodDelete, Pattern: "/admin/keys/{id}", Scope: merchant.ScopeKeys, Handle: a.revokeKey},
		edge.Route{Method: http.MethodGet, Pattern: "/admin/audit", Scope: merchant.ScopeKeys, Handle: a.audit},
	)...)
}

// nextPage is the request for the page after this one.
func nextPage(r *edge.Request, name, cursor string) string {
	if cursor == "" {
		return ""
	}
	q := r.HTTP.URL.Query()
	q.Set(name, cursor)
	return (&url.URL{Path: r.HTTP.URL.Path, RawQuery: q.Encode()}).String()
}

// numberOf reads a number of the query.
func numberOf(r *edge.Request, name string, otherwise int64) (int64, error) {
	text := r.HTTP.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, &checkout.Error{Code: checkout.CodeInvalid, Message: "the query's " + name + " must be a whole number, not below zero"}
	}
	return n, nil
}
