package api

import (
	"bytes"
	"context"
	"io"
	"mime"

	"kassa/checkout"
	"kassa/checkout/merchant"
	"kassa/functions/internal/edge"
	"kassa/functions/internal/strictjson"
	"kassa/functions/internal/ucp"
)

// MerchantProducts changes the catalogue. *merchant.Products is one.
type MerchantProducts interface {
	Import(ctx context.Context, in merchant.Import) (merchant.Imported, bool, error)
	Export(ctx context.Context, w io.Writer, f merchant.Format, limit int, cursor string) (string, error)
	Move(ctx context.Context, in merchant.MoveStock) ([]merchant.Moved, bool, error)
	Low(ctx context.Context, most int64) ([]checkout.Product, error)
}

// maxFile bounds a file of products. Lambda takes events of 6 MB, and a file is larger in one than by itself.
const maxFile = 6 << 20

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
