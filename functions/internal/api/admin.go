package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"kassa/checkout"
	"kassa/checkout/merchant"
	"kassa/checkout/settings"
	"kassa/functions/internal/edge"
	"kassa/functions/internal/strictjson"
	"kassa/functions/internal/ucp"
)

// MerchantSettings shows and changes the shop's settings. *merchant.Settings is one.
type MerchantSettings interface {
	Current(ctx context.Context) (settings.Version, error)
	Version(ctx context.Context, number int64) (settings.Version, error)
	History(ctx context.Context, before int64) ([]settings.Version, int64, error)
	Put(ctx context.Context, in merchant.PutSettings) (settings.Version, error)
}

// MerchantKeys hands out keys. *merchant.Keys is one.
type MerchantKeys interface {
	Create(ctx context.Context, in merchant.CreateKey) (k merchant.Key, token string, replayed bool, err error)
	Revoke(ctx context.Context, by merchant.Key, id string) (merchant.Key, error)
	Keys(ctx context.Context, cursor string) ([]merchant.Key, string, error)
}

// MerchantRecords shows what was changed. *merchant.Journal is one.
type MerchantRecords interface {
	Records(ctx context.Context, limit int, cursor string) ([]merchant.Record, string, error)
}

// MerchantProducts changes the catalogue. *merchant.Products is one.
type MerchantProducts interface {
	Import(ctx context.Context, in merchant.Import) (merchant.Imported, bool, error)
	Export(ctx context.Context, w io.Writer, f merchant.Format, limit int, cursor string) (string, error)
	Move(ctx context.Context, in merchant.MoveStock) ([]merchant.Moved, bool, error)
	Low(ctx context.Context, most int64) ([]checkout.Product, error)
}

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

// maxFile bounds a file of products. Lambda takes events of 6 MB, and a file is larger in one than by itself.
const maxFile = 6 << 20

// Admin returns the function admin: everything of the merchant's. Each route names the scope that a key needs for it.
func Admin(d AdminDeps) Handler {
	a := adminRoutes{d}
	return handler(d.Edge, append(append(a.orderRoutes(), a.peopleRoutes()...),
		edge.Route{Method: http.MethodGet, Pattern: "/admin/settings", Scope: merchant.ScopeSettings, Handle: a.settings},
		edge.Route{Method: http.MethodPut, Pattern: "/admin/settings", Scope: merchant.ScopeSettings, Body: edge.RawBody, Limit: settings.MaxDocument, Handle: a.putSettings},
		edge.Route{Method: http.MethodGet, Pattern: "/admin/settings/versions", Scope: merchant.ScopeSettings, Handle: a.versions},
		edge.Route{Method: http.MethodGet, Pattern: "/admin/settings/versions/{id}", Scope: merchant.ScopeSettings, Handle: a.version},
		edge.Route{Method: http.MethodGet, Pattern: "/admin/products", Scope: merchant.ScopeProducts, Handle: a.exportProducts},
		edge.Route{Method: http.MethodPost, Pattern: "/admin/products", Scope: merchant.ScopeProducts, Body: edge.Stream, Limit: maxFile, Handle: a.importProducts},
		edge.Route{Method: http.MethodGet, Pattern: "/admin/stock", Scope: merchant.ScopeProducts, Handle: a.lowStock},
		edge.Route{Method: http.MethodPost, Pattern: "/admin/stock", Scope: merchant.ScopeProducts, Body: edge.JSON, Handle: a.moveStock},
		edge.Route{Method: http.MethodGet, Pattern: "/admin/report", Scope: merchant.ScopeReport, Handle: a.report},
		edge.Route{Method: http.MethodGet, Pattern: "/admin/keys", Scope: merchant.ScopeKeys, Handle: a.keys},
		edge.Route{Method: http.MethodPost, Pattern: "/admin/keys", Scope: merchant.ScopeKeys, Body: edge.JSON, Handle: a.createKey},
		edge.Route{Method: http.MethodDelete, Pattern: "/admin/keys/{id}", Scope: merchant.ScopeKeys, Handle: a.revokeKey},
		edge.Route{Method: http.MethodGet, Pattern: "/admin/audit", Scope: merchant.ScopeKeys, Handle: a.audit},
	)...)
}

// document is an answer that is a settings document, so that what is read can be changed and put again.
func document(v settings.Version, err error) (edge.Answer, error) {
	return edge.Answer{Text: v.Document, Type: ucp.MediaType, Version: v.Number}, err
}

func (a adminRoutes) settings(ctx context.Context, _ *edge.Request) (edge.Answer, error) {
	return document(a.Settings.Current(ctx))
}

func (a adminRoutes) version(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	number, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return edge.Answer{}, &checkout.Error{Code: checkout.CodeNotFound}
	}
	return document(a.Settings.Version(ctx, number))
}

// versionBody tells of a version, without its document.
type versionBody struct {
	Version int64     `json:"version"`
	At      time.Time `json:"at"`
	Key     string    `json:"key"`
}

func (a adminRoutes) putSettings(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	v, err := a.Settings.Put(ctx, merchant.PutSettings{Key: r.Merchant.ID, IfVersion: r.Call.IfVersion, Document: r.Raw})
	if err != nil {
		return edge.Answer{}, faultsOf(err)
	}
	return edge.Answer{Body: versionBody{v.Number, v.At, v.By}, Version: v.Number}, nil
}

// faultsOf names every field that is at fault, where an error is made of several.
func faultsOf(err error) error {
	joined, ok := err.(interface{ Unwrap() []error }) //nolint:errorlint // errors.Join's own
	if !ok {
		return err
	}
	var faults ucp.Faults
	for _, one := range joined.Unwrap() {
		var e *checkout.Error
		var several ucp.Faults
		switch one = faultsOf(one); {
		case errors.As(one, &several):
			faults = append(faults, several...)
		case errors.As(one, &e) && e.Code == checkout.CodeInvalid:
			faults = append(faults, ucp.Fault{Code: string(e.Code), Text: e.Message, Path: e.Path, Severity: checkout.SeverityRecoverable})
		default:
			return err
		}
	}
	return faults
}

func (a adminRoutes) versions(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	before, err := numberOf(r, "before", 0)
	if err != nil {
		return edge.Answer{}, err
	}
	page, next, err := a.Settings.History(ctx, before)
	out := struct {
		Versions []versionBody `json:"versions"`
	}{[]versionBody{}}
	for _, v := range page {
		out.Versions = append(out.Versions, versionBody{v.Number, v.At, v.By})
	}
	answer := edge.Answer{Body: out}
	if next > 0 {
		answer.Next = nextPage(r, "before", strconv.FormatInt(next, 10))
	}
	return answer, err
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

func (a adminRoutes) keys(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	page, next, err := a.Keys.Keys(ctx, r.HTTP.URL.Query().Get("cursor"))
	out := struct {
		Keys []keyBody `json:"keys"`
	}{[]keyBody{}}
	for _, k := range page {
		out.Keys = append(out.Keys, keyOf(k, ""))
	}
	return edge.Answer{Body: out, Next: nextPage(r, "cursor", next)}, err
}

// keyBody is a key as it is shown. Its token is there once, in the answer that made it.
type keyBody struct {
	ID        string           `json:"id"`
	Name      string           `json:"name"`
	Scopes    []merchant.Scope `json:"scopes"`
	Token     string           `json:"token,omitempty"`
	CreatedAt time.Time        `json:"created_at"`
	CreatedBy string           `json:"created_by"`
	ExpiresAt time.Time        `json:"expires_at,omitzero"`
	RevokedAt time.Time        `json:"revoked_at,omitzero"`
	LastUsed  string           `json:"last_used,omitempty"`
}

func keyOf(k merchant.Key, token string) keyBody {
	return keyBody{k.ID, k.Name, k.Scopes, token, k.CreatedAt, k.CreatedBy, k.ExpiresAt, k.RevokedAt, k.LastUsed}
}

func (a adminRoutes) createKey(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	var in struct {
		Name      string   `json:"name"`
		Scopes    []string `json:"scopes"`
		ExpiresAt string   `json:"expires_at"`
	}
	if err := strictjson.Decode(r.Body, &in, strictjson.Mode{RefuseUnknown: true}); err != nil {
		return edge.Answer{}, err
	}
	wish := merchant.CreateKey{By: r.Merchant, Request: r.Call.Key, Fingerprint: r.Call.Fingerprint, Name: in.Name}
	for _, scope := range in.Scopes {
		wish.Scopes = append(wish.Scopes, merchant.Scope(scope))
	}
	if in.ExpiresAt != "" {
		var err error
		if wish.ExpiresAt, err = time.Parse(time.RFC3339, in.ExpiresAt); err != nil {
			return edge.Answer{}, &checkout.Error{Code: checkout.CodeInvalid, Path: "$.expires_at", Message: "must be a time, such as 2027-01-31T00:00:00Z"}
		}
	}
	k, token, replayed, err := a.Keys.Create(ctx, wish)
	return edge.Answer{Status: http.StatusCreated, Body: keyOf(k, token), Replayed: replayed, Location: "/admin/keys/" + k.ID}, err
}

func (a adminRoutes) revokeKey(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	k, err := a.Keys.Revoke(ctx, r.Merchant, r.PathValue("id"))
	return edge.Answer{Body: keyOf(k, "")}, err
}

// recordBody is a record as it is shown.
type recordBody struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Key     string    `json:"key"`
	Action  string    `json:"action"`
	Target  string    `json:"target,omitempty"`
	Before  any       `json:"before,omitempty"`
	After   any       `json:"after,omitempty"`
	Outcome string    `json:"outcome"`
	Result  any       `json:"result,omitempty"`
}

func (a adminRoutes) audit(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	limit, err := numberOf(r, "limit", 50)
	if err != nil {
		return edge.Answer{}, err
	}
	page, next, err := a.Records.Records(ctx, int(min(limit, 1000)), r.HTTP.URL.Query().Get("cursor"))
	out := struct {
		Records []recordBody `json:"records"`
	}{[]recordBody{}}
	for _, rec := range page {
		b := recordBody{ID: rec.ID, At: rec.At, Key: rec.Key, Action: rec.Action, Target: rec.Target, Outcome: rec.Outcome}
		if b.Outcome == "" {
			b.Outcome = "begun"
		}
		for _, part := range []struct {
			to   *any
			from []byte
		}{{&b.Before, rec.Before}, {&b.After, rec.After}, {&b.Result, rec.Result}} {
			if len(part.from) > 0 {
				*part.to = json.RawMessage(part.from)
			}
		}
		out.Records = append(out.Records, b)
	}
	return edge.Answer{Body: out, Next: nextPage(r, "cursor", next)}, err
}

// mediaTypes are the formats of files by their media type.
var mediaTypes = map[string]merchant.Format{
	"text/csv": merchant.FormatCSV, "application/json": merchant.FormatJSON, "application/x-ndjson": merchant.FormatLines,
	"application/jsonl": merchant.FormatLines,
}

func (a adminRoutes) importProducts(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	kind, _, err := mime.ParseMediaType(r.HTTP.Header.Get("Content-Type"))
	format, ok := mediaTypes[kind]
	if err != nil || !ok {
		return edge.Answer{}, edge.WrongMedia("text/csv, application/json or application/x-ndjson")
	}
	dry := r.HTTP.URL.Query().Get("dry_run")
	if dry != "" && dry != "true" && dry != "false" {
		return edge.Answer{}, &checkout.Error{Code: checkout.CodeInvalid, Message: "the query's dry_run must be true or false"}
	}
	out, replayed, err := a.Products.Import(ctx, merchant.Import{
		Key: r.Merchant.ID, Request: r.Call.Key, Format: format, Body: r.HTTP.Body, DryRun: dry == "true",
	})
	return edge.Answer{Body: out, Replayed: replayed}, err
}

func (a adminRoutes) exportProducts(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	q := r.HTTP.URL.Query()
	limit, err := numberOf(r, "limit", 1000)
	if err != nil {
		return edge.Answer{}, err
	}
	format := merchant.Format(q.Get("format"))
	if format == "" {
		format = merchant.FormatJSON
	}
	types := map[merchant.Format]string{
		merchant.FormatCSV: "text/csv; charset=utf-8", merchant.FormatJSON: ucp.MediaType, merchant.FormatLines: "application/x-ndjson",
	}
	var text bytes.Buffer
	next, err := a.Products.Export(ctx, &text, format, int(min(limit, 1<<20)), q.Get("cursor"))
	return edge.Answer{Text: text.Bytes(), Type: types[format], Next: nextPage(r, "cursor", next)}, err
}

func (a adminRoutes) lowStock(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	most, err := numberOf(r, "at_most", 5)
	if err != nil {
		return edge.Answer{}, err
	}
	low, err := a.Products.Low(ctx, most)
	type product struct {
		SKU   string `json:"sku"`
		Title string `json:"title"`
		Stock int64  `json:"stock"`
	}
	out := struct {
		Products []product `json:"products"`
	}{[]product{}}
	for _, p := range low {
		out.Products = append(out.Products, product{p.SKU, p.Title, *p.Stock})
	}
	return edge.Answer{Body: out}, err
}

func (a adminRoutes) moveStock(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	var in struct {
		Moves []struct {
			SKU   string `json:"sku"`
			Delta int64  `json:"delta"`
		} `json:"moves"`
	}
	if err := strictjson.Decode(r.Body, &in, strictjson.Mode{RefuseUnknown: true}); err != nil {
		return edge.Answer{}, err
	}
	wish := merchant.MoveStock{Key: r.Merchant.ID, Request: r.Call.Key, Fingerprint: r.Call.Fingerprint}
	for _, m := range in.Moves {
		wish.Moves = append(wish.Moves, merchant.Move(m))
	}
	moved, replayed, err := a.Products.Move(ctx, wish)
	return edge.Answer{Body: struct {
		Moves []merchant.Moved `json:"moves"`
	}{moved}, Replayed: replayed}, err
}
