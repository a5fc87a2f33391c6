package sandbox

import (
	"slices"
	"strconv"
)

var pageKeys = keys("limit", "starting_after", "ending_before")

var rangeKeys = slices.Concat(keys("created"), inside("created", "gt", "gte", "lt", "lte"))

type pageSpec struct {
	limit         int
	after, before string
	url           string
}

func readPage(c *call) pageSpec {
	p := pageSpec{limit: 10, after: c.form.text("starting_after"), before: c.form.text("ending_before"), url: c.path}
	if c.form.has("limit") {
		n, err := strconv.Atoi(c.form.text("limit"))
		if err != nil || n < 1 || n > 100 {
			c.form.fail(invalid("parameter_invalid_integer", "limit", "Invalid limit: must be between 1 and 100."))
		}
		p.limit = n
	}
	if p.after != "" && p.before != "" {
		c.form.fail(invalid("parameters_exclusive", "starting_after",
			"You may only specify one of these parameters: starting_after, ending_before."))
	}
	return p
}

type listing struct {
	Object  string `json:"object"`
	Data    []any  `json:"data"`
	HasMore bool   `json:"has_more"`
	URL     string `json:"url"`
}

// list answers one page of what pick shows and takes, the newest first.
func list[T any](p pageSpec, tb *table[T], pick func(T) (any, bool)) (any, *apiError) {
	for param, id := range map[string]string{"starting_after": p.after, "ending_before": p.before} {
		if _, ok := tb.get(id); id != "" && !ok {
			return nil, missingParam(tb.name, param, id)
		}
	}
	out := listing{Object: "list", Data: []any{}, URL: p.url}
	skipping := p.after != ""
	for id, v := range tb.newest {
		if id == p.before {
			break
		}
		shown, wanted := pick(v)
		switch {
		case skipping:
			skipping = id != p.after
		case !wanted:
		case p.before != "":
			out.Data = append(out.Data, shown)
		case len(out.Data) == p.limit:
			out.HasMore = true
			return out, nil
		default:
			out.Data = append(out.Data, shown)
		}
	}
	if extra := len(out.Data) - p.limit; extra > 0 {
		out.Data, out.HasMore = out.Data[extra:], true
	}
	return out, nil
}

// timeRange is Stripe's created filter, in Unix seconds.
type timeRange struct{ from, to int64 }

func readRange(f *form) timeRange {
	r := timeRange{from: -1 << 62, to: 1 << 62}
	at := func(key string, set func(int64)) {
		if !f.has(key) {
			return
		}
		n, err := strconv.ParseInt(f.text(key), 10, 64)
		if err != nil {
			f.fail(invalid("parameter_invalid_integer", key, "Invalid integer: %s", f.text(key)))
		}
		set(n)
	}
	at("created", func(n int64) { r = timeRange{n, n} })
	at("created[gt]", func(n int64) { r.from = max(r.from, n+1) })
	at("created[gte]", func(n int64) { r.from = max(r.from, n) })
	at("created[lt]", func(n int64) { r.to = min(r.to, n-1) })
	at("created[lte]", func(n int64) { r.to = min(r.to, n) })
	return r
}

func (r timeRange) holds(unix int64) bool { return unix >= r.from && unix <= r.to }
