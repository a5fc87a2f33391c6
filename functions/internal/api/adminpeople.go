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
	Export(ctx context.Context, who merchant.Whose) (merchant.Export, error)
	Erase(ctx context.Context, in merchant.ErasePerson) (merchant.Erased, bool, error)
}

// peopleRoutes are the routes about people. Whom they are about stands in the body: a URL is written down in too many places.
func (a adminRoutes) peopleRoutes() []edge.Route {
	return []edge.Route{
		{Method: http.MethodPost, Pattern: "/admin/people/export", Scope: merchant.ScopePeople, Body: edge.JSON, Handle: a.exportPerson},
		{Method: http.MethodPost, Pattern: "/admin/people/erase", Scope: merchant.ScopePeople, Body: edge.JSON, Handle: a.erasePerson},
	}
}

func whoseOf(r *edge.Request) (merchant.Whose, error) {
	var in struct {
		Email    string `json:"email"`
		Customer string `json:"customer"`
	}
	err := strictjson.Decode(r.Body, &in, strictjson.Mode{RefuseUnknown: true})
	return merchant.Whose{Email: in.Email, Customer: in.Customer}, err
}

func (a adminRoutes) exportPerson(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	who, err := whoseOf(r)
	if err != nil {
		return edge.Answer{}, err
	}
	export, err := a.People.Export(ctx, who)
	return edge.Answer{Body: export}, err
}

func (a adminRoutes) erasePerson(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	who, err := whoseOf(r)
	if err != nil {
		return edge.Answer{}, err
	}
	erased, replayed, err := a.People.Erase(ctx, merchant.ErasePerson{
		Key: r.Merchant.ID, Request: r.Call.Key, Fingerprint: r.Call.Fingerprint, Whose: who,
	})
	return edge.Answer{Body: erased, Replayed: replayed}, err
}
