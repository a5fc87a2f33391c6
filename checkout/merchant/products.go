package merchant

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"kassa/checkout"
	"kassa/payments/money"
)

// Products lets the merchant change the catalogue.
type Products struct{ ProductsConfig }

// ProductsConfig is what Products is made of.
type ProductsConfig struct {
	Catalog checkout.Catalog
	Journal *Journal
	Shop    checkout.Shop
}

// NewProducts returns the service of products. CodeInvalid if something that it needs is missing.
func NewProducts(c ProductsConfig) (*Products, error) {
	if c.Catalog == nil || c.Journal == nil {
		return nil, invalid("config", "products need a catalogue and a journal")
	}
	return &Products{c}, nil
}

// Import is a file of products.
type Import struct {
	Key     string // id of the merchant's key
	Request string // idempotency key; required, but for a dry run
	Format  Format
	Body    io.Reader
	DryRun  bool // says what is wrong, and changes nothing
}

// Imported is what came of an import.
type Imported struct {
	Rows    int        `json:"rows"`             // that the file has
	Stored  int        `json:"stored"`           // products made or replaced; in a dry run, that would be
	Refused int        `json:"refused"`          // rows with something wrong
	Errors  []RowError `json:"errors"`           // the first of what is wrong
	DryRun  bool       `json:"dry_run"`          //
	Digest  string     `json:"digest,omitempty"` // SHA-256 of the file
}

const (
	chunk     = 50  // products that are stored at once
	maxErrors = 100 // that an answer names
)

// Import makes or replaces products, row by row: what is wrong with a row is said, and the others are stored. It holds a
// chunk of rows in memory, however many there are. A row says everything of its product: what it leaves out, the product no
// longer has. Stock is set where it was not kept before, and else left to Move. An error that ends it leaves the rows before it
// stored; the same file again stores all.
func (s *Products) Import(ctx context.Context, in Import) (Imported, bool, error) {
	digest := sha256.New()
	in.Body = io.TeeReader(in.Body, digest)
	sum := func() string { return hex.EncodeToString(digest.Sum(nil)) }
	if in.DryRun {
		out, err := s.read(ctx, in)
		return out, false, err
	}
	result, replayed, err := s.Journal.Do(ctx, Change{
		Key: in.Key, Request: in.Request, Fingerprint: string(in.Format), Action: "products.import", Target: "products",
	}, func(ctx context.Context, _ string) (any, error) {
		out, err := s.read(ctx, in)
		out.Digest = sum()
		return out, err
	})
	if err != nil {
		return Imported{}, false, err
	}
	var out Imported
	if err := json.Unmarshal(result, &out); err != nil {
		return Imported{}, false, fmt.Errorf("decode result: %w", err)
	}
	if replayed {
		if _, err := io.Copy(io.Discard, in.Body); err != nil {
			return Imported{}, false, unreadable(1, err)
		}
		if sum() != out.Digest {
			return Imported{}, false, keyReused()
		}
	}
	return out, replayed, nil
}

// read goes through a file and stores it.
func (s *Products) read(ctx context.Context, in Import) (Imported, error) {
	out := Imported{Errors: []RowError{}, DryRun: in.DryRun}
	from, err := rowsOf(in.Format, in.Body)
	if err != nil {
		return out, err
	}
	pending := make([]checkout.Product, 0, chunk)
	flush := func() error {
		if !in.DryRun && len(pending) > 0 {
			if err := s.Catalog.PutProducts(ctx, pending); err != nil {
				return fmt.Errorf("store products up to row %d: %w", out.Rows, err)
			}
		}
		out.Stored += len(pending)
		pending = pending[:0]
		return nil
	}
	for {
		row, p, faults, err := from.next()
		if errors.Is(err, io.EOF) {
			return out, flush()
		}
		if err != nil {
			return out, errors.Join(flush(), err)
		}
		out.Rows++
		if faults == nil {
			faults = validate(p, s.Shop)
		}
		if len(faults) > 0 {
			out.refuse(row, p.SKU, faults)
			continue
		}
		if pending = append(pending, p); len(pending) == chunk {
			if err := flush(); err != nil {
				return out, err
			}
		}
	}
}

func (out *Imported) refuse(row int, sku string, faults []RowError) {
	out.Refused++
	for _, f := range faults {
		if len(out.Errors) == maxErrors {
			return
		}
		f.Row = row
		if checkout.ValidSKU(sku) {
			f.SKU = sku
		}
		out.Errors = append(out.Errors, f)
	}
}

// MaxExport is how many products one export holds, at most.
const MaxExport = 5000

// enough is the size, in bytes, from which on no more products are taken into one export: Lambda answers 6 MB, and one more page of a
// hundred is less than what is left, also once quotes are escaped on the way.
const enough = 2 << 20

// Export writes products from behind a cursor in the order of their skus, and returns the cursor of the rest; "" = there is
// none. Long descriptions make it hold fewer than it may. What it writes is what Import reads.
func (s *Products) Export(ctx context.Context, w io.Writer, f Format, limit int, cursor string) (string, error) {
	if limit < 1 || limit > MaxExport {
		return "", invalid("", "an export holds 1 to "+strconv.Itoa(MaxExport)+" products")
	}
	var all []checkout.Product
	for size := 0; len(all) < limit && size < enough; {
		page, err := s.Catalog.Search(ctx, checkout.ProductQuery{Limit: min(limit-len(all), 100), Cursor: cursor})
		if err != nil {
			return "", fmt.Errorf("read products: %w", err)
		}
		all = append(all, page.Products...)
		for _, p := range page.Products {
			text, err := json.Marshal(p)
			if err != nil {
				return "", fmt.Errorf("encode product %s: %w", p.SKU, err)
			}
			size += len(text)
		}
		if cursor = page.Cursor; cursor == "" {
			break
		}
	}
	return cursor, write(w, f, all)
}

func write(w io.Writer, f Format, products []checkout.Product) error {
	switch f {
	case FormatCSV:
		return writeTable(w, products)
	case FormatJSON:
		if products == nil {
			products = []checkout.Product{}
		}
		return json.NewEncoder(w).Encode(products)
	case FormatLines:
		enc := json.NewEncoder(w)
		for _, p := range products {
			if err := enc.Encode(p); err != nil {
				return err
			}
		}
		return nil
	}
	return invalid("", "the format must be csv, json or jsonl")
}

func writeTable(w io.Writer, products []checkout.Product) error {
	languages, currencies := map[string]bool{}, map[money.Currency]bool{}
	for _, p := range products {
		for l := range p.Titles {
			languages[l] = true
		}
		for c := range p.Prices {
			currencies[c] = true
		}
	}
	header := slices.Clone(columns)
	for _, l := range slices.Sorted(maps.Keys(languages)) {
		header = append(header, "title."+l)
	}
	for _, c := range slices.Sorted(maps.Keys(currencies)) {
		header = append(header, "price."+string(c))
	}
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return err
	}
	for _, p := range products {
		record := make([]string, len(header))
		for i, name := range header {
			record[i] = guarded(column(p, name))
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func flag(b bool) string {
	if b {
		return "true"
	}
	return ""
}

// column is what a column says of a product: the reverse of setColumn.
func column(p checkout.Product, name string) string {
	switch name {
	case "digital":
		return flag(p.Digital)
	case "inactive":
		return flag(p.Inactive)
	case "stock":
		if p.Stock == nil {
			return ""
		}
		return strconv.FormatInt(*p.Stock, 10)
	case "weight_grams":
		if p.Weight == 0 {
			return ""
		}
		return strconv.FormatInt(p.Weight, 10)
	case "categories":
		return strings.Join(p.Categories, between)
	}
	if currency, ok := strings.CutPrefix(name, "price."); ok {
		minor, there := p.Prices[money.Currency(currency)]
		if !there {
			return ""
		}
		return strconv.FormatInt(minor, 10)
	}
	if language, ok := strings.CutPrefix(name, "title."); ok {
		return p.Titles[language]
	}
	return *textOf(&p, name)
}
