package merchant

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"kassa/checkout"
	"kassa/checkout/settings"
	"kassa/payments/money"
)

// Format is how products are written in a file.
type Format string

// Formats of products.
const (
	FormatCSV   Format = "csv"   // RFC 4180, UTF-8, with a header; commas or semicolons
	FormatJSON  Format = "json"  // an array of products
	FormatLines Format = "jsonl" // a product on each line
)

// maxRow bounds one row, in bytes.
const maxRow = 64 << 10

// rows are read one at a time, so that a file may be longer than memory. next returns io.EOF at the end; errors that are no faults
// of one row end the reading.
type rows interface {
	next() (row int, p checkout.Product, faults []RowError, err error)
}

func rowsOf(f Format, r io.Reader) (rows, error) {
	switch f {
	case FormatCSV:
		return newTable(r)
	case FormatJSON:
		return newArray(r)
	case FormatLines:
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, maxRow)
		return &objectLines{lines: lines}, nil
	}
	return nil, invalid("$", "products come as text/csv, application/json or application/x-ndjson")
}

func unreadable(row int, err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // not to be taken for the end of the rows
	}
	return &checkout.Error{Code: checkout.CodeInvalid, Path: "$", Message: "row " + strconv.Itoa(row) + " can't be read: " + err.Error(), Err: err}
}

// object reads one product from JSON. Whatever is wrong with it is a fault of its row.
func object(text []byte) (p checkout.Product, faults []RowError) {
	switch {
	case len(text) > maxRow:
		return p, []RowError{{Message: "a row has at most 65536 bytes"}}
	case !utf8.Valid(text): // which would be replaced without a word
		return p, []RowError{{Message: notUTF8}}
	}
	err := settings.Decode(text, &p)
	var e *checkout.Error
	if errors.As(err, &e) {
		return p, []RowError{{Field: strings.TrimPrefix(e.Path, "$."), Message: e.Message}}
	}
	return p, nil
}

type objectLines struct {
	lines *bufio.Scanner
	row   int
}

func (o *objectLines) next() (int, checkout.Product, []RowError, error) {
	for o.lines.Scan() {
		o.row++
		if text := bytes.TrimSpace(o.lines.Bytes()); len(text) > 0 {
			p, faults := object(text)
			return o.row, p, faults, nil
		}
	}
	if err := o.lines.Err(); err != nil {
		return 0, checkout.Product{}, nil, unreadable(o.row+1, err)
	}
	return 0, checkout.Product{}, nil, io.EOF
}

// array reads the elements of a JSON array.
type array struct {
	dec *json.Decoder
	row int
}

func newArray(r io.Reader) (*array, error) {
	a := &array{dec: json.NewDecoder(r)}
	if token, err := a.dec.Token(); err != nil || token != json.Delim('[') {
		return nil, invalid("$", "a JSON array of products is expected")
	}
	return a, nil
}

func (a *array) next() (int, checkout.Product, []RowError, error) {
	if !a.dec.More() {
		if _, err := a.dec.Token(); err != nil {
			return 0, checkout.Product{}, nil, unreadable(a.row+1, err)
		}
		if _, err := a.dec.Token(); !errors.Is(err, io.EOF) {
			return 0, checkout.Product{}, nil, invalid("$", "there is more after the end of the array")
		}
		return 0, checkout.Product{}, nil, io.EOF
	}
	var text json.RawMessage
	a.row++
	if err := a.dec.Decode(&text); err != nil {
		return 0, checkout.Product{}, nil, unreadable(a.row, err)
	}
	p, faults := object(text)
	return a.row, p, faults, nil
}

// table reads CSV. A row is counted as a spreadsheet shows it: empty ones count, a cell's own line breaks don't.
type table struct {
	csv     *csv.Reader
	columns []string
	row     int // the last that was read
	line    int // of the file, the first behind that row
}

const (
	byteOrderMark = "\ufeff"
	notUTF8       = "is not in UTF-8: save the file as CSV UTF-8"
)

func newTable(r io.Reader) (*table, error) {
	in := bufio.NewReaderSize(r, maxRow)
	start, _ := in.Peek(maxRow / 2)
	switch {
	case bytes.HasPrefix(start, []byte(byteOrderMark)):
		_, _ = in.Discard(len(byteOrderMark))
	case bytes.HasPrefix(start, []byte{0xff, 0xfe}), bytes.HasPrefix(start, []byte{0xfe, 0xff}): // the mark of UTF-16
		return nil, invalid("$", "the file "+notUTF8)
	}
	t := &table{csv: csv.NewReader(in), line: 1}
	header, _, _ := strings.Cut(strings.TrimLeft(string(start), byteOrderMark+"\r\n"), "\n")
	if strings.Contains(header, ";") && !strings.Contains(header, ",") {
		t.csv.Comma = ';' // as spreadsheets write it where the comma is for decimals
	}
	names, err := t.read()
	if err != nil {
		return nil, invalid("$", "the first row must be a header that names the columns: "+err.Error())
	}
	seen := map[string]bool{}
	for _, name := range names {
		name = strings.TrimSpace(name)
		if seen[name] {
			return nil, invalid("$", "the header has the column "+name+" twice")
		}
		if !known(name) {
			return nil, invalid("$", "the header has a column that nobody reads: "+name)
		}
		seen[name] = true
		t.columns = append(t.columns, name)
	}
	if !seen["sku"] {
		return nil, invalid("$", "the header has no column sku")
	}
	t.csv.ReuseRecord = true
	return t, nil
}

// between stands between the categories of one cell.
const between = "|"

// columns are those that every file may have; title.LANGUAGE and price.CURRENCY come besides.
var columns = []string{
	"sku", "title", "description", "image_url", "category", "categories", "tax_category", "weight_grams", "digital", "inactive", "stock",
}

func known(name string) bool {
	for _, column := range columns {
		if name == column {
			return true
		}
	}
	group, member, _ := strings.Cut(name, ".")
	return (group == "title" || group == "price") && member != ""
}

// read returns the next row that has something in it.
func (t *table) read() ([]string, error) {
	for {
		record, err := t.csv.Read()
		begins := t.line
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			begins = broken.StartLine
		}
		if len(record) > 0 {
			begins, _ = t.csv.FieldPos(0)
		}
		t.row += 1 + begins - t.line
		t.line = begins + 1
		full := false
		for _, cell := range record {
			t.line += strings.Count(cell, "\n")
			full = full || strings.TrimSpace(cell) != ""
		}
		if err != nil || full {
			return record, err
		}
	}
}

func (t *table) next() (int, checkout.Product, []RowError, error) {
	record, err := t.read()
	switch {
	case errors.Is(err, io.EOF):
		return 0, checkout.Product{}, nil, io.EOF
	case errors.Is(err, csv.ErrFieldCount):
		return t.row, checkout.Product{}, []RowError{{Message: fmt.Sprintf("has %d columns, the header has %d", len(record), len(t.columns))}}, nil
	case err != nil:
		return 0, checkout.Product{}, nil, unreadable(t.row, err)
	}
	var p checkout.Product
	var faults []RowError
	for i, name := range t.columns {
		if fault := setColumn(&p, name, unguarded(strings.TrimSpace(record[i]))); fault != "" {
			faults = append(faults, RowError{Field: name, Message: fault})
		}
	}
	return t.row, p, faults, nil
}

// setColumn sets what a column says of a product, and returns what is wrong with it.
func setColumn(p *checkout.Product, name, value string) string {
	whole := func(to *int64) string {
		n, err := strconv.ParseInt(value, 10, 64)
		*to = n
		if err != nil {
			return "must be a whole number"
		}
		return ""
	}
	truth := func(to *bool) string {
		switch strings.ToLower(value) {
		case "true", "yes", "1":
			*to = true
		case "", "false", "no", "0":
		default:
			return "must be true or false"
		}
		return ""
	}
	group, member, _ := strings.Cut(name, ".")
	switch {
	case name == "digital":
		return truth(&p.Digital)
	case name == "inactive":
		return truth(&p.Inactive)
	case value == "":
	case name == "stock":
		p.Stock = new(int64)
		return whole(p.Stock)
	case name == "weight_grams":
		return whole(&p.Weight)
	case name == "categories":
		for category := range strings.SplitSeq(value, between) {
			p.Categories = append(p.Categories, strings.TrimSpace(category))
		}
	case group == "price":
		if p.Prices == nil {
			p.Prices = map[money.Currency]int64{}
		}
		var minor int64
		fault := whole(&minor)
		p.Prices[money.Currency(member)] = minor
		if fault != "" {
			fault += " of minor units: 9.95 euros are 995"
		}
		return fault
	case group == "title" && member != "":
		if p.Titles == nil {
			p.Titles = map[string]string{}
		}
		p.Titles[member] = value
	default:
		*textOf(p, name) = value
	}
	return ""
}

// textOf is the field of a column that holds text.
func textOf(p *checkout.Product, name string) *string {
	switch name {
	case "sku":
		return &p.SKU
	case "title":
		return &p.Title
	case "description":
		return &p.Description
	case "image_url":
		return &p.ImageURL
	case "category":
		return &p.Category
	}
	return &p.TaxCategory
}

// A spreadsheet takes a cell that begins like a formula for one, also if it came from a stranger (OWASP, "CSV Injection"). Such
// cells are written with an apostrophe before them, which is taken off again when they are read.
const formula = "=+-@\t\r"

func guarded(value string) string {
	if bare := strings.TrimLeft(value, "'"); bare != "" && strings.ContainsRune(formula, rune(bare[0])) {
		return "'" + value
	}
	return value
}

func unguarded(value string) string {
	rest, ok := strings.CutPrefix(value, "'")
	if bare := strings.TrimLeft(rest, "'"); ok && bare != "" && strings.ContainsRune(formula, rune(bare[0])) {
		return rest
	}
	return value
}
