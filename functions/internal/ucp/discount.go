package ucp

import (
	"strconv"

	"kassa/checkout"
	"kassa/checkout/pricing"
)

// discounts is UCP's: the codes of a cart, and what the quote takes off for which reason. Codes that give nothing stay among them; a
// message at their place says why.
type discounts struct {
	Codes   []string  `json:"codes"`
	Applied []applied `json:"applied"`
}

// applied is a discount. Display is ours.
type applied struct {
	Title       string       `json:"title"`
	Code        string       `json:"code,omitempty"`
	Amount      int64        `json:"amount"`
	Display     string       `json:"display"`
	Automatic   bool         `json:"automatic"`
	Method      string       `json:"method"`
	Priority    int          `json:"priority,omitempty"`
	Provisional bool         `json:"provisional,omitempty"`
	Allocations []allocation `json:"allocations"`
}

type allocation struct {
	Path   string `json:"path"`
	Amount int64  `json:"amount"`
}

// methodAcross says that a discount is spread over what it is for, in proportion.
const methodAcross = "across"

func (s speaker) discounts(codes []string, q checkout.Quote) discounts {
	out := discounts{Codes: append([]string{}, codes...), Applied: []applied{}}
	rest := q.Discount
	for _, a := range q.Applied {
		rest.Minor -= a.Amount.Minor
		d := applied{
			Title: a.Title, Code: a.Code, Amount: a.Amount.Minor, Display: s.shown(a.Amount), Automatic: a.Automatic,
			Method: methodAcross, Priority: a.Priority, Provisional: a.Provisional, Allocations: make([]allocation, 0, len(a.Allocations)),
		}
		for _, part := range a.Allocations {
			d.Allocations = append(d.Allocations, allocation{allocationPath(part), part.Amount.Minor})
		}
		out.Applied = append(out.Applied, d)
	}
	if rest.Minor > 0 {
		out.Applied = append(out.Applied, applied{
			Title: s.label("discount"), Amount: rest.Minor, Display: s.shown(rest), Automatic: true, Method: methodAcross,
			Allocations: []allocation{{"$.totals[?@.type=='" + typeSubtotal + "']", rest.Minor}},
		})
	}
	return out
}

func allocationPath(a pricing.Allocation) string {
	if a.Line == pricing.AllocatedToShipping {
		return "$.totals[?@.type=='" + typeFulfillment + "']"
	}
	return "$.line_items[" + strconv.Itoa(a.Line) + "]"
}
