package statistics

import "context"

// Store keeps counts. The contracts of checkout's stores hold for it (see checkout/store.go). Counts are eventually consistent to
// read, people are not.
type Store interface {
	// AddIncrements adds increments to their cells, each once for its id, whoever else adds it, and however many others come with it.
	// At most MaxIncrements at once; those of one id count as one. CodeInvalid for one that can't be kept: then none is added.
	AddIncrements(ctx context.Context, increments []Increment) error

	// Cells returns a page of what was counted from day q.From through q.To, ordered by day. A cell may come in several
	// parts, on several pages: they are to be added up.
	Cells(ctx context.Context, q CellQuery) (CellPage, error)

	// MeasuredPerson returns a person as last written (strongly consistent); one with nothing but the id if there is none.
	MeasuredPerson(ctx context.Context, id string) (Person, error)

	// PutMeasured stores a person if the stored one is at p.Version−1 (at Version 1: if there is none), and with it makes the
	// changes of cells: all of it or nothing. At most MaxChanges, each of another cell. CodeVersionConflict if it has another version,
	// unless it is just as it is to be: then this commit took effect before.
	PutMeasured(ctx context.Context, p Person, changes []Change) error

	// ForgetMeasured removes a person (erasure); none is success. What was counted stays: it names nobody.
	ForgetMeasured(ctx context.Context, id string) error
}

// Limits of one write.
const (
	MaxIncrements = 48
	MaxChanges    = 16
)

// CellQuery asks for a page of cells.
type CellQuery struct {
	From, To string // days, both included
	Cursor   string // from the page before; "" = from the start
}

// CellPage is a page of cells.
type CellPage struct {
	Cells  []Change
	Cursor string // "" = there is no more
}
