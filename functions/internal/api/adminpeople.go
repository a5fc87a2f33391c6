package api

import (
	"context"
	"net/http"

	"kassa/checkout/merchant"
	"kassa/functions/internal/edge"
	"kassa/functions/internal/strictjson"
)

// MerchantPeople shows what is kept of people, and erases it. *merchant.People is one.
type MerchantPeople interface {
	Export(ctx context.Context, in merchant.ExportPerson) (merchant.Export, error)
	Erase(ctx context.Context, in merchant.ErasePerson) (merchant.Erased, bool, error)
}

// peopleRoutes are the routes about people. Whom they are about stands in the body: a URL is written down in too many places.
func (a adminRoutes) peopleRoutes() []edge.Route {
	return []edge.Route{
		{Method: http.MethodPost, Pattern: "/admin/people/export", Scope: merchant.ScopePeople, Body: edge.JSON, Handle: a.exportPerson},
		{Method: http.MethodPost, Pattern: "/admin/people/erase", Scope: merchant.ScopePeople, Body: edge.JSON, Handle: a.erasePerson},
	}
}

// whoseOf reads whom a request is about, and where a search goes on.
func whoseOf(r *edge.Request) (who merchant.Whose, from string, err error) {
	var in struct {
		Email    string `json:"email"`
		Customer string `json:"customer"`
		From     string `json:"from"`
	}
	err = strictjson.Decode(r.Body, &in, strictjson.Mode{RefuseUnknown: true})
	return merchant.Whose{Email: in.Email, Customer: in.Customer}, in.From, err
}

func (a adminRoutes) exportPerson(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	who, from, err := whoseOf(r)
	if err != nil {
		return edge.Answer{}, err
	}
	export, err := a.People.Export(ctx, merchant.ExportPerson{Key: r.Merchant.ID, Whose: who, From: from})
	return edge.Answer{Body: export}, err
}

func (a adminRoutes) erasePerson(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	who, from, err := whoseOf(r)
	if err != nil {
		return edge.Answer{}, err
	}
	erased, replayed, err := a.People.Erase(ctx, merchant.ErasePerson{
		Key: r.Merchant.ID, Request: r.Call.Key, Fingerprint: r.Call.Fingerprint, Whose: who, From: from,
	})
	return edge.Answer{Body: erased, Replayed: replayed}, err
}
