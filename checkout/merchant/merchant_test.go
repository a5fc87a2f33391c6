package merchant_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kassa/checkout"
	"kassa/checkout/merchant"
	"kassa/payments/money"
)

// Whatever write goes wrong, refused or with its answer lost, the request again has the effect once and leaves one record.
func TestChangesSurviveTheStore(t *testing.T) {
	t.Parallel()
	shop, err := os.ReadFile("../../functions/internal/coldstart/coldstarttest/shop.json")
	if err != nil {
		t.Fatal(err)
	}
	requests := map[string]struct {
		methods []string
		do      func(c *clerk) error
		holds   func(c *clerk) bool
	}{
		"move stock": {[]string{"BeginRecord", "AddStock", "EndRecord"}, func(c *clerk) error {
			_, _, err := c.products.Move(c.Context(), merchant.MoveStock{Key: "k", Request: "r", Moves: []merchant.Move{{SKU: "mug", Delta: 4}}})
			return err
		}, func(c *clerk) bool { return c.free("mug") == 7 }},
		"import": {[]string{"BeginRecord", "PutProducts", "EndRecord"}, func(c *clerk) error {
			_, _, err := c.products.Import(c.Context(), merchant.Import{
				Key: "k", Request: "r", Format: merchant.FormatCSV, Body: strings.NewReader("sku,title,price.EUR,stock\ncup,Cup,100,5\n"),
			})
			return err
		}, func(c *clerk) bool { return c.free("cup") == 5 }},
		"settings": {[]string{"PutSettings"}, func(c *clerk) error {
			_, err := c.settings.Put(c.Context(), merchant.PutSettings{Key: "k", Document: shop})
			return err
		}, func(c *clerk) bool { v, err := c.store.Settings(c.Context()); return err == nil && v.Number == 1 }},
		"key": {[]string{"PutKey"}, func(c *clerk) error {
			root := merchant.Key{ID: "root", Scopes: merchant.Scopes()}
			_, _, _, err := c.keys.Create(c.Context(), merchant.CreateKey{By: root, Request: "r", Name: "x", Scopes: merchant.Scopes()})
			return err
		}, func(c *clerk) bool {
			keys, _, err := c.store.Keys(c.Context(), 10, "")
			return err == nil && len(keys) == 1
		}},
	}
	for name, r := range requests {
		for _, method := range r.methods {
			for _, lost := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/lost=%v", name, method, lost), func(t *testing.T) {
					t.Parallel()
					c := newClerk(t)
					c.shelve("mug", 3)
					c.store.method, c.store.lost, c.store.times = method, lost, 1
					if err := r.do(c); err == nil && method != "EndRecord" {
						t.Error("the store failed, and the request is answered as if it had not")
					} else if err != nil && checkout.ErrorCode(err) != checkout.CodeUnavailable {
						t.Errorf("it fails with %v", err)
					}
					if method == "BeginRecord" && !lost && len(c.records()) == 0 && r.holds(c) {
						t.Error("a change was made without a record")
					}
					for range 2 {
						if err := r.do(c); err != nil {
							t.Errorf("again: %v", err)
						}
					}
					all := c.records()
					if len(all) != 1 || all[0].Outcome != merchant.OutcomeDone || all[0].Key == "" || !r.holds(c) {
						t.Errorf("records %+v, the change holds: %v", all, r.holds(c))
					}
				})
			}
		}
	}
}

// endless makes the rows of a file as they are read, so that the file itself needs no memory.
type endless struct {
	row, rows int
	rest      string
	peak      *uint64
}

func (e *endless) Read(p []byte) (int, error) {
	if e.rest == "" {
		if e.row == e.rows {
			return 0, io.EOF
		}
		if e.row == 0 {
			e.rest = "sku,title,description,price.EUR\n"
		}
		e.row++
		e.rest += fmt.Sprintf("sku-%d,Title,%s,100\n", e.row%20, strings.Repeat("x", 1000))
		if e.row%50 == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			*e.peak = max(*e.peak, m.HeapAlloc)
		}
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// 5,000 rows need no more memory than 50. (Not parallel: others would allocate meanwhile.)
func TestImportNeedsTheSameMemoryForManyRows(t *testing.T) {
	c := newClerk(t)
	need := func(rows int) uint64 {
		var peak uint64
		out, _, err := c.products.Import(t.Context(), merchant.Import{
			Key: "k", Request: fmt.Sprint(rows), Format: merchant.FormatCSV, Body: &endless{rows: rows, peak: &peak},
		})
		if err != nil || out.Stored != rows {
			t.Fatalf("%+v, %v", out, err)
		}
		return peak
	}
	few, many := need(50), need(5000)
	t.Logf("heap: %d KB with 50 rows, %d KB with 5,000", few>>10, many>>10)
	if many > few+256<<10 {
		t.Errorf("5,000 rows need %d KB, 50 need %d", many>>10, few>>10)
	}
	if c.store.puts < 100 {
		t.Errorf("%d writes of products: rows are gathered", c.store.puts)
	}
}

// What a spreadsheet would take for a formula is harmless in an export, and the same again when it is imported.
func TestExportsHoldNoFormulas(t *testing.T) {
	t.Parallel()
	c := newClerk(t)
	texts := []string{`=HYPERLINK("http://evil.example")`, "+1", "-1", "@SUM(A1)", "'=quoted", "''=twice", "'plain", "it's"}
	var products []checkout.Product
	for i, text := range texts {
		products = append(products, checkout.Product{SKU: fmt.Sprintf("p%d", i), Title: "x", Description: text})
	}
	if err := c.store.PutProducts(t.Context(), products); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if _, err := c.products.Export(t.Context(), &out, merchant.FormatCSV, 100, ""); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{",=", ",+", ",-", ",@", `,"=`} {
		if strings.Contains(out.String(), bad) {
			t.Errorf("a cell begins like a formula: %s", out.String())
		}
	}
	file := strings.ReplaceAll(out.String(), "stock\n", "stock,price.EUR\n")
	lines := strings.Split(strings.TrimSpace(file), "\n")
	for i := range lines[1:] {
		lines[i+1] += ",1"
	}
	in, _, err := c.products.Import(t.Context(), merchant.Import{Key: "k", Request: "r", Format: merchant.FormatCSV, Body: strings.NewReader(strings.Join(lines, "\n"))})
	if err != nil || in.Refused != 0 || in.Stored != len(texts) {
		t.Fatalf("%+v, %v", in, err)
	}
	found, err := c.store.Products(t.Context(), []string{"p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"})
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		if got := found[fmt.Sprintf("p%d", i)].Description; got != text {
			t.Errorf("%q came back as %q", text, got)
		}
	}
}

// What is exported and imported again is the same product, in every format: no field gets lost on the way through a spreadsheet.
func TestNothingOfAProductIsLostInAFile(t *testing.T) {
	t.Parallel()
	stock := int64(7)
	whole := checkout.Product{
		SKU: "machine", Title: "Machine", Titles: map[string]string{"nl": "Machine"}, Description: "For six cups", ImageURL: "https://shop.example/m.jpg",
		Category: "machines", Categories: []string{"bulky", "fixed price"}, TaxCategory: "vouchers", Prices: map[money.Currency]int64{"EUR": 49900},
		Weight: 11500, Digital: true, Inactive: true, Stock: &stock,
	}
	for i, v := 0, reflect.ValueOf(whole); i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("nobody tries what becomes of %s", v.Type().Field(i).Name)
		}
	}
	for _, format := range []merchant.Format{merchant.FormatCSV, merchant.FormatJSON, merchant.FormatLines} {
		c := newClerk(t)
		if err := c.store.Store.PutProducts(t.Context(), []checkout.Product{whole}); err != nil {
			t.Fatal(err)
		}
		var file strings.Builder
		if _, err := c.products.Export(t.Context(), &file, format, 10, ""); err != nil {
			t.Fatal(err)
		}
		out, _, err := c.products.Import(t.Context(), merchant.Import{Key: "k", Request: "r", Format: format, Body: strings.NewReader(file.String())})
		if err != nil || out.Stored != 1 {
			t.Fatalf("%s: %+v, %v\n%s", format, out, err, &file)
		}
		found, err := c.store.Products(t.Context(), []string{whole.SKU})
		if diff := cmp.Diff(whole, found[whole.SKU]); err != nil || diff != "" {
			t.Errorf("%s: %v, it came back changed (-before +after):\n%s\nfrom\n%s", format, err, diff, &file)
		}
	}
}

// Files that can't be read at all are refused as a whole, with the reason.
func TestUnreadableFilesAreRefused(t *testing.T) {
	t.Parallel()
	for body, format := range map[string]merchant.Format{
		"":                          merchant.FormatCSV,
		"title\nx\n":                merchant.FormatCSV,
		"sku,sku\n":                 merchant.FormatCSV,
		"sku,weight\n":              merchant.FormatCSV,
		"sku,title.\n":              merchant.FormatCSV,
		"sku,title\nx,\"open":       merchant.FormatCSV,
		"{}":                        merchant.FormatJSON,
		"[{}":                       merchant.FormatJSON,
		"[] []":                     merchant.FormatJSON,
		strings.Repeat("x", 70<<10): merchant.FormatLines,
	} {
		c := newClerk(t)
		_, _, err := c.products.Import(t.Context(), merchant.Import{Key: "k", Request: "r", Format: format, Body: strings.NewReader(body), DryRun: true})
		if checkout.ErrorCode(err) != checkout.CodeInvalid {
			t.Errorf("%.20q: %v", body, err)
		}
	}
	for body, field := range map[string]string{
		"sku,title,price.EUR\nx,X,1,2\n":                  "",
		"sku,title,price.EUR\nx y,X,1\n":                  "sku",
		"sku,title,price.EUR\nx,,1\n":                     "title",
		"sku,title,price.EUR\nx,X,9.95\n":                 "price.EUR",
		"sku,title,price.XXX9\nx,X,9\n":                   "price.XXX9",
		"sku,title,price.EUR,stock\nx,X,9,-1\n":           "stock",
		"sku,title,price.EUR,digital\nx,X,9,maybe\n":      "digital",
		"sku,title,price.EUR,image_url\nx,X,9,ftp://x\n":  "image_url",
		"sku,title,price.EUR,tax_category\nx,X,9,books\n": "tax_category",
		"sku;title;title.xx;price.EUR\nx;X;Y;9\n":         "title.xx",
		"sku,title,price.EUR,weight_grams\nx,X,9,-1\n":    "weight_grams",
		"sku,title,price.EUR,weight_grams\nx,X,9,1.5\n":   "weight_grams",
		"sku,title,price.EUR,categories\nx,X,9,bulky|\n":  "categories",
	} {
		c := newClerk(t)
		out, _, err := c.products.Import(t.Context(), merchant.Import{Format: merchant.FormatCSV, Body: strings.NewReader("\ufeff" + body), DryRun: true})
		if err != nil || out.Refused != 1 || out.Errors[0].Field != field || out.Errors[0].Row != 2 {
			t.Errorf("%q: %+v, %v", body, out, err)
		}
	}
}

// Files come as programs write them: with empty rows, cells of several lines, quotes, line ends and separators of every kind. Rows are
// counted as a spreadsheet shows them.
func TestFilesOfSpreadsheets(t *testing.T) {
	t.Parallel()
	read := func(f merchant.Format, body string) merchant.Imported {
		t.Helper()
		c := newClerk(t)
		out, _, err := c.products.Import(t.Context(), merchant.Import{Key: "k", Request: "r", Format: f, Body: strings.NewReader(body)})
		if err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		return out
	}
	for body, row := range map[string]int{
		"sku,title,price.EUR\na,A,1\nb y,B,1\n":                               3,
		"sku,title,price.EUR\r\na,A,1\r\nb y,B,1\r\n":                         3,
		"\n\nsku,title,price.EUR\n\na,A,1\n\n\nb y,B,1\n":                     8,
		"sku,title,price.EUR\n,,\na,A,1\n, ,\nb y,B,1\n,,\n":                  5,
		"sku,title,price.EUR,description\r\na,A,1,\"x\r\ny\n\"\r\nb y,B,1,\n": 3,
		"sku,\"title\",price.EUR\n\"a\",\"A \"\"B\"\", c\",\"1\"\nb y,B,1\n":  3,
		"\ufeffsku;title;price.EUR\na;\"A; B\";1\nb y;B;1\n":                  3,
		"sku,title,price.EUR\na,A,1\nb,B\n":                                   3,
		"sku;title;price.EUR\na;A;1\nb;B;9,95\n":                              3,
		"sku,title,price.EUR\na,A,1\nb,Caf\xe9,1\n":                           3,
	} {
		out := read(merchant.FormatCSV, body)
		if out.Rows != 2 || out.Stored != 1 || out.Refused != 1 || out.Errors[0].Row != row {
			t.Errorf("%q: %+v, want row %d refused", body, out, row)
		}
	}
	euros := read(merchant.FormatCSV, "sku;title;price.EUR\nb;B;9,95\n").Errors[0]
	if euros.Field != "price.EUR" || !strings.Contains(euros.Message, "995") {
		t.Errorf("a price in euros: %+v", euros)
	}
	for format, body := range map[merchant.Format]string{
		merchant.FormatCSV: "sku,title,price.EUR\nb,Caf\xe9,1\n", merchant.FormatJSON: "[{\"sku\":\"b\",\"title\":\"Caf\xe9\",\"prices\":{\"EUR\":1}}]",
	} {
		if fault := read(format, body).Errors[0]; !strings.Contains(fault.Message, "UTF-8") {
			t.Errorf("a title in another encoding, in %s: %+v", format, fault)
		}
	}
	_, _, err := newClerk(t).products.Import(t.Context(), merchant.Import{
		Format: merchant.FormatCSV, DryRun: true, Body: strings.NewReader("\xff\xfes\x00k\x00u\x00"),
	})
	if err == nil || !strings.Contains(err.Error(), "UTF-8") {
		t.Errorf("UTF-16: %v", err)
	}
}

// Two of the merchant's people put settings at the same moment: one is told, and overwrites nothing.
func TestSettingsOfTwoAtOnce(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../functions/internal/coldstart/coldstarttest/shop.json")
	if err != nil {
		t.Fatal(err)
	}
	renamed := func(name string) []byte {
		var doc map[string]any
		if err := json.Unmarshal(document, &doc); err != nil {
			t.Fatal(err)
		}
		doc["name"] = name
		text, _ := json.Marshal(doc) // of what was JSON
		return text
	}
	c := newClerk(t)
	for i := range 2 { // from the deployment's own document, and from a version
		put := func(name string) error {
			_, err := c.settings.Put(t.Context(), merchant.PutSettings{Key: name, Document: renamed(fmt.Sprint(name, i))})
			return err
		}
		c.store.meanwhile = func() {
			if err := put("first"); err != nil {
				t.Error(err)
			}
		}
		if err := put("second"); checkout.ErrorCode(err) != checkout.CodeVersionConflict {
			t.Errorf("the second to put is told %v", err)
		}
		if v, err := c.settings.Current(t.Context()); err != nil || v.By != "first" || v.Number != int64(i+1) {
			t.Errorf("in force is version %d by %s, %v", v.Number, v.By, err)
		}
	}
	if all := c.records(); len(all) != 2 {
		t.Errorf("%d records of two changes: %+v", len(all), all)
	}
}

// An import that dies in the middle of a write has stored what came before it; the same file again stores all, leaves one record, and
// gives back nothing that was sold meanwhile.
func TestImportThatDiesHalfWayIsRepeated(t *testing.T) {
	t.Parallel()
	c := newClerk(t)
	var file strings.Builder
	file.WriteString("sku,title,price.EUR,stock\n")
	for i := range 120 {
		fmt.Fprintf(&file, "p%03d,Title,100,5\n", i)
	}
	send := func() (merchant.Imported, bool, error) {
		return c.products.Import(t.Context(), merchant.Import{Key: "k", Request: "r", Format: merchant.FormatCSV, Body: strings.NewReader(file.String())})
	}
	c.store.dies = 2
	if _, _, err := send(); checkout.ErrorCode(err) != checkout.CodeUnavailable {
		t.Fatalf("it is answered with %v", err)
	}
	if c.free("p049") != 5 || c.free("p074") != 5 || c.free("p075") != -1 {
		t.Errorf("what lies before the end is not stored: %d, %d, %d", c.free("p049"), c.free("p074"), c.free("p075"))
	}
	if err := c.store.AddStock(t.Context(), "sold", "p000", -3); err != nil {
		t.Fatal(err)
	}
	for _, again := range []bool{false, true} {
		out, replayed, err := send()
		if err != nil || replayed != again || out.Rows != 120 || out.Stored != 120 {
			t.Errorf("sent again: %+v, replayed %t, %v", out, replayed, err)
		}
	}
	if c.free("p000") != 2 || c.free("p119") != 5 {
		t.Errorf("free are %d and %d, want 2 and 5", c.free("p000"), c.free("p119"))
	}
	if all := c.records(); len(all) != 1 || all[0].Outcome != merchant.OutcomeDone {
		t.Errorf("records %+v", all)
	}
}

// However long descriptions are, an answer of an export fits into what Lambda answers, and the rest comes with the next one.
func TestExportFitsIntoAnAnswer(t *testing.T) {
	t.Parallel()
	const answer = 6 << 20 // Lambda quotas: "Invocation payload, synchronous"
	for _, format := range []merchant.Format{merchant.FormatCSV, merchant.FormatJSON} {
		c := newClerk(t)
		var products []checkout.Product
		for i := range 700 {
			products = append(products, checkout.Product{SKU: fmt.Sprintf("p%04d", i), Title: "T", Description: strings.Repeat("ф\"", 2500)})
		}
		if err := c.store.PutProducts(t.Context(), products); err != nil {
			t.Fatal(err)
		}
		got, answers := 0, 0
		for cursor, more := "", true; more; more = cursor != "" {
			var out strings.Builder
			next, err := c.products.Export(t.Context(), &out, format, 1000, cursor)
			if err != nil || out.Len() > answer {
				t.Fatalf("%s: %d bytes, %v", format, out.Len(), err)
			}
			got, answers, cursor = got+strings.Count(out.String(), "ф")/2500, answers+1, next
		}
		if got != len(products) || answers > 5 {
			t.Errorf("%s: %d products in %d answers", format, got, answers)
		}
	}
}
