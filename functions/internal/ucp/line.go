package ucp

import (
	"kassa/checkout"
	"kassa/checkout/pricing"
)

// lineItem is UCP's (types/line_item.json). Display is ours.
type lineItem struct {
	ID       string  `json:"id"`
	Item     item    `json:"item"`
	Quantity int64   `json:"quantity"`
	Totals   []total `json:"totals"`
}

type item struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Price    int64  `json:"price"`
	Display  string `json:"display"`
	ImageURL string `json:"image_url,omitempty"`
}

func (s speaker) lineItems(q checkout.Quote) []lineItem {
	out := make([]lineItem, 0, len(q.Lines))
	for _, l := range q.Lines {
		out = append(out, lineItem{ID: l.LineID, Item: s.item(l), Quantity: l.Quantity, Totals: s.lineTotals(q, l)})
	}
	return out
}

func (s speaker) item(l pricing.Line) item {
	return item{ID: l.SKU, Title: l.Title, Price: l.Unit.Minor, Display: s.shown(l.Unit), ImageURL: l.ImageURL}
}

func lineIDs(q checkout.Quote) []string {
	out := make([]string, 0, len(q.Lines))
	for _, l := range q.Lines {
		out = append(out, l.LineID)
	}
	return out
}
