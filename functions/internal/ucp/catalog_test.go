package ucp_test

import (
	"encoding/json"
	"strings"
	"testing"

	"kassa/checkout"
	"kassa/payments/money"
)

// Each id is answered once, by the product or by a message that names where it stood.
func TestLookup(t *testing.T) {
	t.Parallel()
	prices := map[money.Currency]int64{"EUR": 1290}
	found := []checkout.Product{
		{SKU: "mug", Title: "Mug", Prices: prices, Category: "kitchen"},
		{SKU: "bag", Title: "Bag", Prices: prices},
		{SKU: "cup", Title: "Cup", Prices: map[money.Currency]int64{"USD": 1}},
	}
	encoded, err := json.Marshal(wire(t).Lookup("en", checkout.Context{Country: "NL"}, []string{"mug", "none", "mug", "cup", "bag", "none"}, found))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Products []struct {
			ID         string
			Categories []struct{ Value string }
		}
		Messages []struct{ Path string }
	}
	if err := json.Unmarshal(encoded, &got); err != nil {
		t.Fatal(err)
	}
	var ids, paths []string
	for _, p := range got.Products {
		ids = append(ids, p.ID)
		for _, c := range p.Categories {
			ids = append(ids, c.Value)
		}
	}
	for _, m := range got.Messages {
		paths = append(paths, m.Path)
	}
	if strings.Join(ids, " ") != "mug kitchen bag" || strings.Join(paths, " ") != "$.ids[1] $.ids[3]" {
		t.Errorf("products and categories %v, nothing at %v: %s", ids, paths, encoded)
	}
}
