// Package strictjson reads request bodies that can be understood in one way only.
//
// encoding/json is generous where an API must not be: it matches names in any case, lets the last of two equal names win,
// replaces broken text and says little about where it stumbled. Here a body is first parsed into a [Value], whose shape
// (size, depth, names, text) is checked once, and then decoded by exact names. Every refusal is an [*Error] that names the
// place as a JSONPath (RFC 9535) and never quotes the value found there.
package strictjson

// Limits of a body.
const (
	MaxBytes = 64 << 10
	MaxDepth = 32
)

// Error is a refused body. Reason is English, for developers.
type Error struct {
	Path   string // JSONPath of the place at fault; "$" for the body as a whole
	Reason string
	Kind   Kind
}

// Kind says what was refused.
type Kind int

// Kinds of refusals.
const (
	Malformed  Kind = iota // not JSON, or JSON that can be read in two ways
	TooLarge               // more than MaxBytes
	WrongType              // a number where text belongs …
	Unknown                // a name that the target doesn't have
	CardNumber             // what looks like the number of a payment card
)

// Error implements error.
func (e *Error) Error() string { return e.Path + ": " + e.Reason }
