package checkout

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// NoticeStore is what the outbox needs of a store that keeps sessions. The contracts of store.go hold for it.
type NoticeStore interface {
	// Session is that of SessionStore: as last written.
	Session(ctx context.Context, id string) (Session, error)

	// RemoveNotices takes those of the notices that the session still has out of it, conditional on their ids, and touches
	// nothing else: what another writer has added meanwhile stays. Notices that are gone, and a session that is gone, are
	// success.
	//
	// Version, Op and UpdatedAt stay as they are. The version is the client's ETag and what every commit is based on: were
	// it raised, a delivery that nobody sees would refuse a shopper's edit, or make the commit of a payment's outcome start
	// over. The price is that a commit made from a read before the removal writes the notice back. It is then delivered once
	// more, under the same id, which every consumer must expect anyway; none is ever lost by it.
	RemoveNotices(ctx context.Context, sessionID string, noticeIDs []string) error

	// Noticed returns a page of ids of sessions that have notices, read from the items themselves, in no order and as
	// many as suit the store, perhaps none; "" = there is no more. Eventually consistent.
	Noticed(ctx context.Context, cursor string) (sessionIDs []string, next string, err error)
}

// CartNoticeStore is NoticeStore for carts.
type CartNoticeStore interface {
	// Cart is that of CartStore: as last written.
	Cart(ctx context.Context, id string) (Cart, error)

	// RemoveCartNotices is RemoveNotices for a cart. The revision of its abandonment stays too: a change of that made from a read
	// before the removal writes the notice back.
	RemoveCartNotices(ctx context.Context, cartID string, noticeIDs []string) error

	// NoticedCarts is Noticed for carts.
	NoticedCarts(ctx context.Context, cursor string) (cartIDs []string, next string, err error)
}

// OutboxItem is a notice on its way to those who want to know.
type OutboxItem struct {
	ID string // the same whenever the item comes again
	Notice
	Session Session // that it is about, as it stands now; zero for one of a cart
	Cart    Cart    // that it is about, as it stands now; zero for one of a session
}

// Consumer takes in the notices of some kind: it tells a person, or counts.
type Consumer interface {
	// Consume takes in one item; nil says that it has had its effect, durably. The item may come again, at once or days
	// later, and in another order than its like: a second time must change nothing, which its ID serves for. Deadlines are
	// the context's.
	Consume(ctx context.Context, item OutboxItem) error
}

// JoinConsumers puts together who wants to know of notices, by their kind.
func JoinConsumers(all ...map[string][]Consumer) map[string][]Consumer {
	joined := map[string][]Consumer{}
	for _, some := range all {
		for kind, consumers := range some {
			joined[kind] = append(joined[kind], consumers...)
		}
	}
	return joined
}

// Publisher hands integration events to a bus, where others subscribe to them.
type Publisher interface {
	// Publish hands over events and returns the ids of those that the bus has taken, also beside an error. An event that
	// isn't among them may have been taken all the same. CodeInvalid for one that the bus will never take. Deadlines are
	// the context's.
	Publish(ctx context.Context, events []Event) (taken []string, err error)
}

// OutboxConfig is what an Outbox is made of.
type OutboxConfig struct {
	Store     NoticeStore
	Carts     CartNoticeStore       // nil: carts have no notices here
	Bookmarks Bookmarks             // nil: every Drain begins at the beginning
	Publisher Publisher             // nil: nobody subscribes to integration events
	Consumers map[string][]Consumer // by kind of notice
	Namespace string                // reversed domain of the shop, before the kind in an event's type: com.example.shop
	BaseURL   string                // of the shop, https: the source of its events
	Logger    *slog.Logger          // ids only
}

// Outbox hands on what commits have noted: integration events to the bus, every other kind to its consumers. A notice goes to
// all of them at least once, and is then removed. Runs may overlap. Safe for concurrent use.
type Outbox struct {
	OutboxConfig
}

// NewOutbox returns the service of the outbox function. CodeInvalid if something that it needs is missing.
func NewOutbox(c OutboxConfig) (*Outbox, error) {
	if c.Store == nil {
		return nil, invalid("config", "an outbox needs a store of notices")
	}
	if c.Publisher != nil && (c.Namespace == "" || c.BaseURL == "") {
		return nil, invalid("config", "integration events need the shop's namespace and base URL")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Outbox{c}, nil
}

const (
	deliveries    = 8               // sessions and carts at once: each waits for the bus most of the time
	outboxReserve = 5 * time.Second // of the invocation: no session is begun so late. callReserve of it serves to remove
)

// Deliver hands on the notices of sessions and carts, each as it stands now, whatever led here: a stale, doubled or late hint
// costs a read. It returns why it couldn't, by id; what failed, or was not begun before ctx ends, is to be delivered again.
func (o *Outbox) Deliver(ctx context.Context, ids []string) map[string]error {
	_, failed := o.deliver(ctx, ids)
	return failed
}

// Drain hands on every notice that there is: first what an earlier run has not come to, then once round, until ctx ends. It reads
// every session and every cart: on AWS, where streams tell of notices as they come, once a day is enough.
func (o *Outbox) Drain(ctx context.Context) (Tally, error) { return o.drain(ctx, false) }

// ResumeDrain hands on what the last Drain has not come to; nothing if that came to an end.
func (o *Outbox) ResumeDrain(ctx context.Context) (Tally, error) { return o.drain(ctx, true) }

// listed is all of a kind that may have notices.
type listed struct {
	job string
	*round
	page func(ctx context.Context, cursor string) (ids []string, next string, err error)
}

// drain takes pages of sessions and of carts in turn, so that many of the one never keep the others waiting for days.
func (o *Outbox) drain(ctx context.Context, resume bool) (Tally, error) {
	begin, cancel := before(ctx, outboxReserve)
	defer cancel()
	queue := []listed{{"drain.sessions", nil, o.Store.Noticed}}
	if o.Carts != nil {
		queue = append(queue, listed{"drain.carts", nil, o.Carts.NoticedCarts})
	}
	for i := range queue {
		var err error
		if queue[i].round, err = startRound(ctx, o.Bookmarks, queue[i].job, resume); err != nil {
			return Tally{}, err
		}
	}
	queue = slices.DeleteFunc(queue, func(l listed) bool { return l.done })
	var total Tally
	for len(queue) > 0 && begin.Err() == nil {
		l := queue[0]
		tally, err := o.drainPage(ctx, begin, l)
		if total = total.plus(tally); err != nil {
			return total, err
		}
		if queue = queue[1:]; !l.done {
			queue = append(queue, l)
		}
	}
	total.Unfinished = len(queue) > 0
	return total, ctx.Err()
}

// drainPage hands on the notices of a page. Where time was up before all were begun, the next run has the page again.
func (o *Outbox) drainPage(ctx, begin context.Context, l listed) (Tally, error) {
	ids, next, err := l.page(ctx, l.cursor)
	if err != nil {
		return Tally{}, fmt.Errorf("list what has notices: %w", err)
	}
	changed, failed := o.deliver(ctx, ids)
	tally := Tally{Looked: len(ids), Changed: changed, Failed: len(failed)}
	if begin.Err() != nil {
		return tally, nil
	}
	return tally, l.turn(ctx, next)
}
