package memstore_test

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kassa/checkout"
	"kassa/checkout/memstore"
	"kassa/checkout/merchant"
)

func asking(who merchant.Whose, from string) merchant.ExportPerson {
	return merchant.ExportPerson{Key: "root", Whose: who, From: from}
}

// exported is the export of Ada from a store.
func exported(t *testing.T, store *memstore.Store) (merchant.Export, string) {
	t.Helper()
	export, err := newPeople(t, &failing{Store: store}).Export(t.Context(), asking(ada.Whose, ""))
	must(t, err)
	text, err := json.Marshal(export)
	must(t, err)
	return export, string(text)
}

func TestExportShowsAllThatIsKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store")
	store, err := memstore.Open(path)
	must(t, err)
	known(t, store)
	export, text := exported(t, store)
	must(t, store.Close())
	shown := marks.FindAllString(text, -1)
	for _, mark := range marks.FindAllString(content(t, path), -1) {
		if name := strings.Trim(mark, "~"); hidden(name) == slices.Contains(shown, mark) {
			t.Errorf("%s: shown %t", name, slices.Contains(shown, mark))
		}
	}
	if len(export.Sessions) != 4 || len(export.Carts) != 6 || export.Next != "" || len(export.Messages) != 2 || len(export.Measured) != 4 || len(export.Contacts) != 5 {
		t.Error(text)
	}
	if strings.Contains(text, "somebody") {
		t.Error("the export names who has the phone now")
	}
}

// Every name in an export is written as those of the rest of the API.
func TestExportHasPlainNames(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	known(t, store)
	paying := attempted()
	paying.ID, paying.CartID = "cs_paying_0", "ct_paying"
	must(t, store.Commit(t.Context(), checkout.Commit{Session: paying}))
	_, text := exported(t, store)
	names := regexp.MustCompile(`"([^"]*)":`).FindAllStringSubmatch(text, -1)
	if len(names) < 400 {
		t.Fatalf("only %d names", len(names))
	}
	plain := regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	for _, name := range names {
		if !plain.MatchString(name[1]) {
			t.Errorf("%s is a name of another kind", name[1])
		}
	}
}
