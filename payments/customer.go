package payments

// CustomerRequest asks the provider for a customer, once for each Key unless that one was deleted since. It says nothing about who
// the person is: the same request repeated must be the same to the byte, and what a person is called changes.
type CustomerRequest struct {
	Key    string
	Person string // our hash of the person, in the customer's metadata
}

// SavedCard is a card that a customer has kept, as it may be shown.
type SavedCard struct {
	ID       string
	Brand    string // visa, mastercard, amex …
	Last4    string
	ExpMonth int
	ExpYear  int
	Number   string // stands for the card's number: the same for a card that was entered twice; "" = not known
}
