package checkout

import (
	"errors"
	"strconv"
	"strings"
)

// ValidSKU reports whether a sku has the form that every product's has: 1 to 64 letters, digits, dots, underscores and hyphens.
func ValidSKU(sku string) bool {
	return sku != "" && len(sku) <= 64 && strings.IndexFunc(sku, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		return !letter && (r < '0' || r > '9') && r != '.' && r != '_' && r != '-'
	}) < 0
}

// LineID returns the id of a sku's line, and SKUOfLine the way back: a cart has one line per sku, and stores neither twice.
func LineID(sku string) string { return "li_" + sku }

// SKUOfLine returns the sku of a line's id, "" if it is none.
func SKUOfLine(id string) string {
	if len(id) < 4 || id[:3] != "li_" || !ValidSKU(id[3:]) {
		return ""
	}
	return id[3:]
}

// mergeLines makes lines of what was asked for: one per sku, quantities added, in the order of their first mention.
func mergeLines(in []LineInput) ([]LineItem, error) {
	var lines []LineItem
	at := make(map[string]int, len(in))
	for i, l := range in {
		path := linePath(i)
		if !ValidSKU(l.SKU) {
			return nil, invalid(path+".item.id", "is no sku: 1 to 64 of letters, digits, '.', '_' and '-'")
		}
		if l.Quantity < 1 || l.Quantity > MaxQuantity {
			return nil, invalid(path+".quantity", "must be between 1 and 999")
		}
		j, again := at[l.SKU]
		if !again {
			at[l.SKU] = len(lines)
			lines = append(lines, LineItem{ID: LineID(l.SKU), SKU: l.SKU, Quantity: l.Quantity})
			continue
		}
		if lines[j].Quantity += l.Quantity; lines[j].Quantity > MaxQuantity {
			return nil, invalid(path+".quantity", "the lines of one sku add up to more than 999")
		}
	}
	if len(lines) > MaxLines {
		return nil, invalid(linePath(MaxLines), "a cart holds at most 100 lines")
	}
	return lines, nil
}

// atPath moves an error from one place in the request to another.
func atPath(err error, from, to string) error {
	var e *Error
	if errors.As(err, &e) && len(e.Path) >= len(from) && e.Path[:len(from)] == from {
		e.Path = to + e.Path[len(from):]
	}
	return err
}

func linePath(i int) string { return "$.line_items[" + strconv.Itoa(i) + "]" }
