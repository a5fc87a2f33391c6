package memstore

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"kassa/checkout"
)

// entry is something that falls due.
type entry struct {
	at time.Time
	id string
}

func (e entry) compare(o entry) int {
	if c := e.at.Compare(o.at); c != 0 {
		return c
	}
	return strings.Compare(e.id, o.id)
}

// pageSize bounds a page of a timeline: what an insertion may have to move.
const pageSize = 512

// timeline keeps entries ordered by time and id, in pages that are never empty. Finding the first takes a few steps however
// many there are.
type timeline struct{ pages [][]entry }

// find returns where e is, or would go.
func (t *timeline) find(e entry) (page, i int, found bool) {
	page, exact := slices.BinarySearchFunc(t.pages, e, func(p []entry, e entry) int { return p[0].compare(e) })
	if exact {
		return page, 0, true
	}
	if page == 0 {
		return 0, 0, false
	}
	i, found = slices.BinarySearchFunc(t.pages[page-1], e, entry.compare)
	return page - 1, i, found
}

func (t *timeline) add(e entry) {
	page, i, found := t.find(e)
	if found {
		return
	}
	if len(t.pages) == 0 {
		t.pages = [][]entry{{e}}
		return
	}
	entries := slices.Insert(t.pages[page], i, e)
	t.pages[page] = entries
	if len(entries) > pageSize {
		half := len(entries) / 2
		t.pages[page] = slices.Clone(entries[:half])
		t.pages = slices.Insert(t.pages, page+1, slices.Clone(entries[half:]))
	}
}

func (t *timeline) remove(e entry) {
	page, i, found := t.find(e)
	if !found {
		return
	}
	if t.pages[page] = slices.Delete(t.pages[page], i, i+1); len(t.pages[page]) == 0 {
		t.pages = slices.Delete(t.pages, page, page+1)
	}
}

// due returns a page of what is due, oldest first. CodeInvalid for a query that can't be answered.
func (t *timeline) due(q checkout.DueQuery) (checkout.DuePage, error) {
	page, i, err := t.start(q)
	if err != nil {
		return checkout.DuePage{}, err
	}
	var out checkout.DuePage
	for ; page < len(t.pages); page, i = page+1, 0 {
		for _, e := range t.pages[page][i:] {
			if e.at.After(q.Before) {
				return out, nil
			}
			if len(out.Items) == q.Limit {
				out.Cursor = cursor(out.Items[q.Limit-1])
				return out, nil
			}
			out.Items = append(out.Items, checkout.DueItem{ID: e.id, At: e.at})
		}
	}
	return out, nil
}

// start returns where a query's page begins.
func (t *timeline) start(q checkout.DueQuery) (page, i int, err error) {
	if q.Limit < 1 {
		return 0, 0, invalid("a page needs room for at least one item")
	}
	if q.Cursor == "" {
		return 0, 0, nil
	}
	last, err := parseCursor(q.Cursor)
	if err != nil {
		return 0, 0, err
	}
	page, i, found := t.find(last)
	if found {
		i++
	}
	return page, i, nil
}

func cursor(last checkout.DueItem) string {
	return fmt.Sprintf("%d.%d.%s", last.At.Unix(), last.At.Nanosecond(), last.ID)
}

func parseCursor(text string) (entry, error) {
	seconds, rest, _ := strings.Cut(text, ".")
	nanos, id, ok := strings.Cut(rest, ".")
	s, err1 := strconv.ParseInt(seconds, 10, 64)
	n, err2 := strconv.ParseInt(nanos, 10, 64)
	if !ok || err1 != nil || err2 != nil {
		return entry{}, invalid("no cursor of ours")
	}
	return entry{time.Unix(s, n), id}, nil
}
