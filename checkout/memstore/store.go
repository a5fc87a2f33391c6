// Package memstore is the embedded store: carts, sessions, products and the inbox in memory and, given a file, in bbolt.
//
// Memory answers every read. A write checks its conditions against memory, is written to the file in one bbolt transaction
// and becomes visible only when that has been synced, so that nobody ever saw what a power cut takes back. Writes that
// arrive while the disk is busy share the next transaction; each still is all or nothing by itself.
//
// It is for tests, the simulator and the local run: one process, and everything fits in memory.
package memstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"kassa/checkout"
	"kassa/checkout/merchant"
	"kassa/checkout/recovery"
	"kassa/checkout/settings"
	"kassa/checkout/statistics"
)

var (
	_ checkout.CartStore    = (*Store)(nil)
	_ checkout.CartEraser   = (*Store)(nil)
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

// lockWait is how long Open waits for another process that is just closing the file.
const lockWait = time.Second

// Store implements the stores of checkout. Safe for concurrent use; what goes in and comes out is copied.
type Store struct {
	db            *bolt.DB // nil: memory only
	beforeDurable func(ctx context.Context)

	queueing sync.Mutex // guards queue
	queue    []*write
	writing  sync.Mutex   // held by the one who runs a batch of writes; guards drafts and batches of tables
	state    sync.RWMutex // guards all below, and the durable items of tables
	failure  error        // closed, or a transaction whose outcome is unknown: no more answers

	carts    *table[checkout.Cart]
	sessions *table[checkout.Session]
	products *table[checkout.Product]
	stockOps *table[stockOp]
	inbox    *table[checkout.InboxItem]
	people   *table[checkout.Person]
	contacts *table[recovery.Contact]
	versions *table[settings.Version]
	records  *table[merchant.Record]
	counted  *table[counted]
	cells    *table[statistics.Change]
	measured *table[statistics.Person]
	sendings *table[recovery.Sending]
	keys     *table[merchant.Key]
	placed   *table[placed]
	marks    *table[string] // cursors, by job

	redemptions *table[int64] // uses, by key

	dueCarts  timeline
	watched   map[checkout.WatchKind]*timeline
	received  timeline
	recorded  timeline
	histories map[string]*timeline // of orders, by whose they are
	issued    timeline
	skus      []string // of products, sorted
}

// Option changes how a Store works.
type Option func(*Store)

// BeforeDurable has fn called in the middle of each commit: after its items are in the bbolt transaction, before that is
// synced. ctx is the one of the call being committed. The place to kill a process, to see that it loses nothing.
func BeforeDurable(fn func(ctx context.Context)) Option {
	return func(s *Store) { s.beforeDurable = fn }
}

// New returns an empty store that lives in memory only.
func New(options ...Option) *Store {
	s := &Store{
		beforeDurable: func(context.Context) {},
		watched:       map[checkout.WatchKind]*timeline{checkout.WatchWaiting: {}, checkout.WatchPayment: {}},
	}
	s.carts = newTable("carts", s.indexCart)
	s.sessions = newTable("sessions", s.indexSession)
	s.products = newTable("products", s.indexProduct)
	s.stockOps = newTable[stockOp]("stock_ops", nil)
	s.inbox = newTable("inbox", s.indexInbox)
	s.people = newTable[checkout.Person]("people", nil)
	s.redemptions = newTable[int64]("redemptions", nil)
	s.contacts = newTable[recovery.Contact]("contacts", nil)
	s.versions = newTable[settings.Version]("settings", nil)
	s.records = newTable("records", s.indexRecord)
	s.counted = newTable[counted]("counted", nil)
	s.cells = newTable[statistics.Change]("cells", nil)
	s.measured = newTable[statistics.Person]("measured", nil)
	s.sendings = newTable[recovery.Sending]("sendings", nil)
	s.keys = newTable("keys", s.indexKey)
	s.marks = newTable[string]("bookmarks", nil)
	s.histories = map[string]*timeline{}
	s.placed = newTable("placed", s.indexPlaced)
	for _, o := range options {
		o(s)
	}
	return s
}

// Open returns the store kept in a file, which it makes, with its folder, if there is none. A file that another process has
// open is an error.
func Open(path string, options ...Option) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of store %s: %w", path, err)
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: lockWait, FreelistType: bolt.FreelistMapType})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("open store %s: another process has it open: stop that one or choose another file", path)
	}
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	s := New(options...)
	s.db = db
	if err := s.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("load store %s: %w", path, err), db.Close())
	}
	return s, nil
}

func (s *Store) load() error {
	return s.db.Update(func(tx *bolt.Tx) error {
		for _, t := range s.tables() {
			if err := t.load(tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// Close waits for the running writes and closes the file. Calls that come later fail with CodeUnavailable.
func (s *Store) Close() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.state.Lock()
	s.failure = unavailable("the store is closed", nil)
	s.state.Unlock()
	if s.db == nil {
		return nil
	}
	return s.db.Close()
}

func (s *Store) tables() []tabled {
	return []tabled{
		s.carts, s.sessions, s.products, s.stockOps, s.inbox, s.people, s.redemptions, s.contacts, s.sendings,
		s.versions, s.records, s.keys, s.placed, s.marks,
		s.counted, s.cells, s.measured,
	}
}

// ready fails with CodeUnavailable if the call has no time left, or the store can't serve it.
func (s *Store) ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return unavailable("the call has ended", err)
	}
	return s.failure
}

// view runs a read. What it takes out of tables never changes, so that it may be copied after view has returned.
func (s *Store) view(ctx context.Context, read func() error) error {
	s.state.RLock()
	defer s.state.RUnlock()
	if err := s.ready(ctx); err != nil {
		return err
	}
	return read()
}

func unavailable(message string, err error) error {
	return &checkout.Error{Code: checkout.CodeUnavailable, Message: message, Err: err}
}

func notFound(what, id string) error {
	return &checkout.Error{Code: checkout.CodeNotFound, Message: "no " + what + " " + id}
}

func invalid(message string) error {
	return &checkout.Error{Code: checkout.CodeInvalid, Message: message}
}
