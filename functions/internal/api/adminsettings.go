package api

import (
	"context"
	"errors"
	"strconv"
	"time"

	"kassa/checkout"
	"kassa/checkout/merchant"
	"kassa/checkout/settings"
	"kassa/functions/internal/edge"
	"kassa/functions/internal/ucp"
)

// MerchantSettings shows and changes the shop's settings. *merchant.Settings is one.
type MerchantSettings interface {
	Current(ctx context.Context) (settings.Version, error)
	Version(ctx context.Context, number int64) (settings.Version, error)
	History(ctx context.Context, before int64) ([]settings.Version, int64, error)
	Put(ctx context.Context, in merchant.PutSettings) (settings.Version, error)
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
