package coldstart

import (
	"log/slog"
	"slices"
)

// Metric is what CloudWatch counts of lines that functions log: the line that tells a person tells the alarm too.
type Metric struct {
	Name  string
	Of    string   // attribute that is the value; "" = each line counts for one
	Where string   // attribute that decides whether a line counts; "" = every line does
	Is    []string // what it must be then
}

// Metrics are all metrics of ours, by the message of the lines. The template has alarms on them and shows them.
var Metrics = map[string]Metric{
	"payment needs a person":            {Name: "PaymentsToReview"},
	"event concerns no session of ours": {Name: "PaymentsToReview"},
	"settings could not be renewed":     {Name: "UnusableSettings"},
	"function refuses to start":         {Name: "UnusableSettings"},
	"job":                               {Name: "UndecidedSessions", Of: "failed", Where: "job", Is: []string{"reconcile", "backfill"}},
	"session changed":                   {Name: "OrdersPlaced", Where: "to", Is: []string{"completed"}},
}

// service is the one value of the one dimension that all have: the format wants a dimension, and each further value would be a metric of
// its own, at its own price.
const service = "kassa"

// embedded says what in a line are metrics (CloudWatch, "Specification: Embedded metric format").
type embedded struct {
	Timestamp int64       // ms
	Metrics   []directive `json:"CloudWatchMetrics"`
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []definition
}

type definition struct{ Name, Unit string }

// count adds to a line what makes a metric of it in a namespace, if it is one.
func count(namespace string, r *slog.Record) {
	m, ok := Metrics[r.Message]
	if !ok || namespace == "" {
		return
	}
	value, counts := slog.Int64Value(1), m.Where == ""
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case m.Where:
			counts = counts || slices.Contains(m.Is, a.Value.String())
		case m.Of:
			value = a.Value
		}
		return true
	})
	if !counts {
		return
	}
	r.AddAttrs(slog.Attr{Key: m.Name, Value: value}, slog.String("Service", service), slog.Any("_aws", embedded{
		Timestamp: r.Time.UnixMilli(),
		Metrics:   []directive{{Namespace: namespace, Dimensions: [][]string{{"Service"}}, Metrics: []definition{{Name: m.Name, Unit: "Count"}}}},
	}))
}
