package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"kassa/checkout"
	"kassa/checkout/merchant"
	"kassa/functions/internal/edge"
	"kassa/functions/internal/strictjson"
)

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
			return edge.Answer{}, &checkout.Error{Code: checkout.CodeInvalid, Path: "$.expires_at",
				Message: "must be a time, such as 2027-01-31T00:00:00Z"}
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
