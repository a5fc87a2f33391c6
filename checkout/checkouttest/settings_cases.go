package checkouttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"kassa/checkout"
	"kassa/checkout/merchant"
	"kassa/checkout/settings"
)

// version is a version of the settings with a document of some size that hardly compresses.
func (t *trial) version(number int64, size int) settings.Version {
	var text bytes.Buffer
	for i := 0; text.Len() < size; i++ {
		fmt.Fprintf(&text, "%x ", checkout.NewMark(t.seed, fmt.Sprint(number, i), "").Key)
	}
	document, _ := json.Marshal(map[string]string{"name": text.String()}) // of text
	return settings.Version{Number: number, At: start.Add(time.Duration(number) * time.Hour), By: t.id("k"), Op: t.id("op"),
		Document: document}
}

func settingsCases() []Case {
	return []Case{
		story("settings/versions follow each other, all are kept, and each has its record", func(t *trial) {
			store := merchantStore[merchant.SettingsStore](t)
			records := merchantStore[merchant.RecordStore](t)
			if t.failed() {
				return
			}
			_, err := store.Settings(t.ctx)
			t.code("read settings that nobody has put", err, checkout.CodeNotFound)
			first, second := t.version(1, 10), t.version(2, settings.MaxDocument-100)
			put := func(v settings.Version) (merchant.Record, error) {
				r := t.record(v.At)
				r.Outcome = merchant.OutcomeDone
				return r, store.PutSettings(t.ctx, v, r)
			}
			_, err = put(second)
			t.code("put the second version first", err, checkout.CodeVersionConflict)
			r, err := put(first)
			t.ok("put the first version", err)
			t.inForce(store, first)
			t.ok("put it again, as after a lost answer", store.PutSettings(t.ctx, first, r))
			rival := t.version(1, 20)
			_, err = put(rival)
			t.code("put another first version", err, checkout.CodeVersionConflict)
			_, err = put(t.version(3, 10))
			t.code("leave out a version", err, checkout.CodeVersionConflict)
			_, err = put(second)
			t.ok("put a second version, the largest there can be", err)
			t.inForce(store, second)
			for _, v := range []settings.Version{first, second} {
				got, err := store.SettingsVersion(t.ctx, v.Number)
				t.ok("read a version", err)
				t.same("the version", got, v)
			}
			_, err = store.SettingsVersion(t.ctx, 3)
			t.code("read a version that there is not", err, checkout.CodeNotFound)
			t.eventually(func() error {
				page, _, err := records.Records(t.ctx, 100, "")
				if err != nil {
					return err
				}
				n := 0
				for _, r := range page {
					if strings.Contains(r.ID, t.seed) {
						n++
					}
				}
				return t.differs("records", n, 2)
			})
			t.oneWins(store, 3)
		}),
	}
}

func (t *trial) inForce(store settings.Reader, want settings.Version) {
	if t.failed() {
		return
	}
	got, err := store.Settings(t.ctx)
	t.ok("read settings", err)
	t.same("the settings in force", got, want)
}

// oneWins puts the same number eight times at once.
func (t *trial) oneWins(store merchant.SettingsStore, number int64) {
	versions := make([]settings.Version, 8)
	records := make([]merchant.Record, len(versions))
	for i := range versions {
		versions[i], records[i] = t.version(number, 10), t.record(start)
	}
	won := -1
	for i, err := range together(len(versions), func(i int) error { return store.PutSettings(t.ctx, versions[i], records[i]) }) {
		switch {
		case err == nil && won < 0:
			won = i
		case err == nil:
			t.fail("two of those who put version %d at once have won", number)
		default:
			t.code("put settings beside others", err, checkout.CodeVersionConflict)
		}
	}
	if won < 0 {
		t.fail("nobody of those who put version %d at once has won", number)
		return
	}
	t.inForce(store, versions[won])
}
