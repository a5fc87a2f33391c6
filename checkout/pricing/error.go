package pricing

import (
	"errors"
	"fmt"
)

// Reasons why [Price] fails, besides money's own ErrOverflow, ErrCurrencyMismatch, ErrNotChargeable and ErrUnknownCurrency.
// What concerns one item is wrapped in an [ItemError].
var (
	ErrQuantity           = errors.New("quantity must be at least 1")
	ErrNegative           = errors.New("amount is negative")
	ErrUnknownTaxCategory = errors.New("country has no valid tax rate for the category")
	ErrUnknownOption      = errors.New("no such shipping option")
	ErrNoShipping         = errors.New("country has no shipping in the currency")
	ErrRegionMissing      = errors.New("country is sold to by region, and none is given")
	ErrRegionExcluded     = errors.New("region isn't sold to")
	ErrRule               = errors.New("discount rule can't be used")
)

// ItemError says which item can't be priced.
type ItemError struct {
	LineID, SKU string
	Err         error
}

func (e *ItemError) Error() string { return fmt.Sprintf("item %s: %v", e.SKU, e.Err) }

func (e *ItemError) Unwrap() error { return e.Err }
