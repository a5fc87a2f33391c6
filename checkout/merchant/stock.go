package merchant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"kassa/checkout"
)

// Move is stock that comes in (or, below zero, is written off).
type Move struct {
	SKU   string `json:"sku"`
	Delta int64  `json:"delta"`
}

// Moved is what came of a move.
type Moved struct {
	SKU     string        `json:"sku"`
	Delta   int64         `json:"delta"`
	Code    checkout.Code `json:"code,omitempty"` // why it was not made; "" = it was
	Message string        `json:"message,omitempty"`
}

// MoveStock is a list of moves.
type MoveStock struct {
	Key         string
	Request     string // idempotency key; required
	Fingerprint string
	Moves       []Move // 1–MaxMoves, each of another sku
}

// MaxMoves is how many moves one request makes.
const MaxMoves = 100

// Move moves stock, each move once, however often the request comes. Moves stand for themselves: one that can't be made, of a
// product whose stock isn't kept or would fall below zero, is told and leaves the others alone.
func (s *Products) Move(ctx context.Context, in MoveStock) ([]Moved, bool, error) {
	if err := in.validate(); err != nil {
		return nil, false, err
	}
	after, err := json.Marshal(in.Moves)
	if err != nil {
		return nil, false, fmt.Errorf("encode moves: %w", err)
	}
	result, replayed, err := s.Journal.Do(ctx, Change{
		Key: in.Key, Request: in.Request, Fingerprint: in.Fingerprint, Action: "stock.move", Target: "stock", After: after,
	}, func(ctx context.Context, id string) (any, error) {
		out := make([]Moved, len(in.Moves))
		for i, m := range in.Moves {
			out[i] = Moved{SKU: m.SKU, Delta: m.Delta}
			err := s.Catalog.AddStock(ctx, id, m.SKU, m.Delta)
			var e *checkout.Error
			switch {
			case err == nil:
			case errors.As(err, &e) && (e.Code == checkout.CodeNotFound || e.Code == checkout.CodeInvalid):
				out[i].Code, out[i].Message = e.Code, e.Message
			default:
				return nil, fmt.Errorf("move stock of %s: %w", m.SKU, err)
			}
		}
		return out, nil
	})
	if err != nil {
		return nil, false, err
	}
	var out []Moved
	if err := json.Unmarshal(result, &out); err != nil {
		return nil, false, fmt.Errorf("decode result: %w", err)
	}
	return out, replayed, nil
}

func (in MoveStock) validate() error {
	if len(in.Moves) == 0 || len(in.Moves) > MaxMoves {
		return invalid("$.moves", "1 to "+strconv.Itoa(MaxMoves)+" moves are expected")
	}
	seen := map[string]bool{}
	for i, m := range in.Moves {
		at := "$.moves[" + strconv.Itoa(i) + "]"
		switch {
		case !checkout.ValidSKU(m.SKU):
			return invalid(at+".sku", "must be 1 to 64 letters, digits, '.', '_' and '-'")
		case seen[m.SKU]:
			return invalid(at+".sku", "is moved twice: say it in one move")
		case m.Delta == 0 || m.Delta > maxStock || m.Delta < -maxStock:
			return invalid(at+".delta", "must be a whole number other than zero, of at most a billion")
		}
		seen[m.SKU] = true
	}
	return nil
}

// Low returns products of which at most so much is free, in the order of their skus, as many as an export holds.
func (s *Products) Low(ctx context.Context, most int64) ([]checkout.Product, error) {
	low := []checkout.Product{}
	for q := (checkout.ProductQuery{Limit: 100}); ; {
		page, err := s.Catalog.Search(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("read products: %w", err)
		}
		for _, p := range page.Products {
			if p.Stock != nil && *p.Stock <= most && !p.Inactive {
				low = append(low, p)
			}
		}
		if q.Cursor = page.Cursor; q.Cursor == "" || len(low) >= MaxExport {
			return low, nil
		}
	}
}
