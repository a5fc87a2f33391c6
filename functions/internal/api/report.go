package api

import (
	"context"
	"errors"

	"kassa/checkout"
	"kassa/checkout/statistics"
	"kassa/functions/internal/edge"
)

// MerchantReports reports what was counted. *statistics.Reports is one.
type MerchantReports interface {
	Report(ctx context.Context, in statistics.ReportInput) (statistics.Report, error)
}

func (a adminRoutes) report(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	q := r.HTTP.URL.Query()
	report, err := a.Reports.Report(ctx, statistics.ReportInput{From: q.Get("from"), To: q.Get("to")})
	var e *checkout.Error
	if errors.As(err, &e) && e.Code == checkout.CodeInvalid { // its path is no place in a body
		return edge.Answer{}, &checkout.Error{Code: e.Code, Message: "the query's " + e.Path + " " + e.Message}
	}
	return edge.Answer{Body: report}, err
}
