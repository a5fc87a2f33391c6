package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

var (
	_ checkout.CartStore    = (*Store)(nil)
	_ checkout.SessionStore = (*Store)(nil)
	_ checkout.Catalog      = (*Store)(nil)
	_ checkout.Inbox        = (*Store)(nil)
	_ checkout.PersonStore  = (*Store)(nil)

	_ checkout.NoticeStore     = (*Store)(nil)
	_ checkout.CartNoticeStore = (*Store)(nil)
	_ recovery.CartStore       = (*Store)(nil)
	_ recovery.ContactStore    = (*Store)(nil)
	_ recovery.SendLog         = (*Store)(nil)
)

// Config is what a Store is made of.
type Config struct {
	Client *dynamodb.Client
	Tables Names

	// Jitter returns a number in [0, 1), by which waits before retries are spread. Required.
	Jitter func() float64
	// Sleep waits, or fails when the context ends first. Nil waits by the context's own clock.
	Sleep func(ctx context.Context, d time.Duration) error
	// Patience is how long one request may stay unanswered before it counts as lost and is made again. 0 = 2 s; DynamoDB
	// answers in milliseconds, or something is broken.
	Patience time.Duration
}

// Names are the names of the tables.
type Names struct {
	Carts, Sessions, Inbox, Products, Stock, People string
	Contacts                                        string
	Redemptions                                     string // uses of limited discounts
	Merchant                                        string // settings, keys and records of the merchant
	Orders                                          string // who placed which
	Statistics                                      string
}

// Prefixed returns the names of the tables of one deployment.
func Prefixed(prefix string) Names {
	return Names{
		Carts: prefix + "carts", Sessions: prefix + "sessions", Inbox: prefix + "inbox",
		Products: prefix + "products", Stock: prefix + "stock", People: prefix + "people",
		Contacts: prefix + "contacts", Redemptions: prefix + "redemptions",
		Merchant: prefix + "merchant", Orders: prefix + "orders",
		Statistics: prefix + "statistics",
	}
}

// Store implements the stores of checkout. Safe for concurrent use; it keeps nothing between calls.
type Store struct {
	client   operations
	names    Names
	jitter   func() float64
	sleep    func(ctx context.Context, d time.Duration) error
	patience time.Duration
}

const defaultPatience = 2 * time.Second

// New returns a Store. CodeInvalid if something that it needs is missing. A function that is not allowed to reach a table
// may leave its name empty, and must not call what needs it.
func New(c Config) (*Store, error) {
	if c.Client == nil || c.Jitter == nil || c.Tables == (Names{}) {
		return nil, invalid("a store needs a client, tables and jitter")
	}
	s := &Store{client: operationsOf(c.Client), names: c.Tables, jitter: c.Jitter, sleep: c.Sleep, patience: c.Patience}
	if s.sleep == nil {
		s.sleep = pause
	}
	if s.patience <= 0 {
		s.patience = defaultPatience
	}
	return s, nil
}

// pause waits for d, or fails when ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	waited, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-waited.Done()
	return ctx.Err()
}

// once keeps the SDK from retrying: see call.go.
func once(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }

func notFound(what, id string) error {
	return &checkout.Error{Code: checkout.CodeNotFound, Message: "no " + what + " " + id}
}

func invalid(message string) error {
	return &checkout.Error{Code: checkout.CodeInvalid, Message: message}
}

// failed says which operation on what failed. A code, if the error has one, stays.
func failed(operation, id string, err error) error {
	var conflict *checkout.Conflict
	if err == nil || errors.As(err, &conflict) {
		return err
	}
	return fmt.Errorf("%s %s: %w", operation, id, err)
}
