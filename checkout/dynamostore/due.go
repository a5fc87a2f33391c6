package dynamostore

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"kassa/checkout"
)

// Shards is into how many partitions an index of what is due is spread. One takes 1,000 writes a second and a full one
// throttles its table; eight carry as much as a new on-demand table does.
const Shards = 8

// shardOf returns the index partition of an item, within a kind.
func shardOf(kind, id string) string {
	return kind + strconv.Itoa(shardIn(Shards, id))
}

// shardIn returns one of n shards, n ≤ 256.
func shardIn(n int, id string) int {
	sum := sha256.Sum256([]byte(id))
	return int(sum[0]) % n
}

func shardsOf(kind string) []string {
	shards := make([]string, Shards)
	for i := range shards {
		shards[i] = kind + strconv.Itoa(i)
	}
	return shards
}

// A due key orders an index: six bytes of milliseconds, eight of a hash of the id. The hash makes keys unique, so that a
// page can begin right behind any of them, whatever the shard, and the whole index has one order.
const (
	dueKeySize = 14
	dueOffset  = 1 << 47 // makes milliseconds before 1970 sort before those after
)

func dueKey(at time.Time, id string) []byte {
	sum := sha256.Sum256([]byte(id))
	return append(dueStart(at), sum[:8]...)
}

// dueStart is the part of due keys that stands for an instant.
func dueStart(at time.Time) []byte {
	ms := min(max(at.UnixMilli()+dueOffset, 0), 2*dueOffset-1)
	return binary.BigEndian.AppendUint64(nil, uint64(ms))[2:]
}

// dueEnd is the last key that falls into an instant's millisecond.
func dueEnd(at time.Time) []byte {
	return append(dueStart(at), bytes.Repeat([]byte{0xff}, dueKeySize-6)...)
}

func dueTime(key []byte) time.Time {
	if len(key) != dueKeySize {
		return time.Time{}
	}
	ms := binary.BigEndian.Uint64(append([]byte{0, 0}, key[:6]...))
	return time.UnixMilli(int64(ms) - dueOffset).UTC() //nolint:gosec // 48 bits
}

// dueIndex is an index of what is due.
type dueIndex struct {
	table, name      string
	partition, order string // attributes
	partitions       []string
}

// dueEntry is an index entry, with whatever the index projects.
type dueEntry struct {
	id   string
	key  []byte
	item item
}

// DueCarts implements checkout.CartStore: oldest first over all shards.
func (s *Store) DueCarts(ctx context.Context, q checkout.DueQuery) (checkout.DuePage, error) {
	page, err := s.duePage(ctx, dueIndex{s.names.Carts, IndexDue, "s", "d", shardsOf("")}, q)
	return page, failed("query", "due carts", err)
}

// Watched implements checkout.SessionStore: oldest first over all shards.
func (s *Store) Watched(ctx context.Context, kind checkout.WatchKind, q checkout.DueQuery) (checkout.DuePage, error) {
	page, err := s.duePage(ctx, dueIndex{s.names.Sessions, IndexWatch, "w", "h", shardsOf(watchKind(kind))}, q)
	return page, failed("query", "watched sessions", err)
}

func (s *Store) duePage(ctx context.Context, index dueIndex, q checkout.DueQuery) (checkout.DuePage, error) {
	entries, cursor, err := s.due(ctx, index, q)
	if err != nil {
		return checkout.DuePage{}, err
	}
	page := checkout.DuePage{Cursor: cursor}
	for _, e := range entries {
		page.Items = append(page.Items, checkout.DueItem{ID: e.id, At: dueTime(e.key)})
	}
	return page, nil
}

// due reads a page of an index: some of each partition, in parallel, merged as far as all of them have been read.
func (s *Store) due(ctx context.Context, index dueIndex, q checkout.DueQuery) ([]dueEntry, string, error) {
	after, err := parseCursor(q)
	if err != nil {
		return nil, "", err
	}
	upTo := dueEnd(q.Before)
	if bytes.Compare(after, upTo) > 0 {
		return nil, "", nil
	}
	read, err := s.queryAll(ctx, index, after, upTo, q.Limit)
	if err != nil {
		return nil, "", err
	}
	entries, more := merge(read, after)
	if len(entries) > q.Limit {
		entries, more = entries[:q.Limit], true
	}
	if !more || len(entries) == 0 {
		return entries, "", nil
	}
	return entries, base64.RawURLEncoding.EncodeToString(entries[len(entries)-1].key), nil
}

// parseCursor returns the key behind which a page begins. CodeInvalid for a query that can't be answered.
func parseCursor(q checkout.DueQuery) ([]byte, error) {
	if q.Limit < 1 {
		return nil, invalid("a page needs room for at least one item")
	}
	if q.Cursor == "" {
		return make([]byte, dueKeySize), nil
	}
	after, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err != nil || len(after) != dueKeySize {
		return nil, invalid("no cursor of ours")
	}
	return after, nil
}

// partitionPage is what was read of one partition.
type partitionPage struct {
	entries []dueEntry
	more    bool // the partition goes on behind the last entry
}

// merge orders what was read of all partitions, less what an earlier page had, up to where one of them has not been read.
func merge(read []partitionPage, after []byte) (entries []dueEntry, more bool) {
	var horizon []byte
	for _, p := range read {
		entries = append(entries, p.entries...)
		if last := len(p.entries) - 1; p.more && last >= 0 && (!more || bytes.Compare(p.entries[last].key, horizon) < 0) {
			horizon, more = p.entries[last].key, true
		}
	}
	entries = slices.DeleteFunc(entries, func(e dueEntry) bool {
		return bytes.Compare(e.key, after) <= 0 || more && bytes.Compare(e.key, horizon) > 0
	})
	slices.SortFunc(entries, func(a, b dueEntry) int { return cmp.Or(bytes.Compare(a.key, b.key), cmp.Compare(a.id, b.id)) })
	return entries, more
}

// cheapPage is how many entries one query returns for the half unit that is the least it costs: a keys-only entry has about
// 105 bytes of the 4 KB, index overhead of 100 bytes not counted for reads.
const cheapPage = 32

func (s *Store) queryAll(ctx context.Context, index dueIndex, after, upTo []byte, limit int) ([]partitionPage, error) {
	// One more than asked for, because the entry at after comes back too. A quarter of a long page from each of eight
	// shards is twice what is needed, so that the fullest shard rarely cuts the page short.
	each := min(limit, max(limit/4, cheapPage)) + 1
	if len(index.partitions) == 1 {
		each = limit + 1
	}
	read := make([]partitionPage, len(index.partitions))
	return read, inParallel(len(read), queriesAtOnce, func(i int) (err error) {
		read[i], err = s.query(ctx, index, index.partitions[i], after, upTo, each)
		return err
	})
}

// queriesAtOnce is over how many connections a page is read. Nobody waits for it, and a new connection costs as much CPU as
// four queries: a first sweep that opened one for each shard took four times what the next took.
const queriesAtOnce = 2

func (s *Store) query(ctx context.Context, index dueIndex, partition string, after, upTo []byte, limit int) (p partitionPage, err error) {
	var out *dynamodb.QueryOutput
	_, err = s.call(ctx, func(ctx context.Context) (err error) {
		out, err = s.client.Query(ctx, &dynamodb.QueryInput{
			TableName: &index.table, IndexName: &index.name, Limit: aws.Int32(int32(limit)), //nolint:gosec // a page
			KeyConditionExpression: aws.String(index.partition + " = :p AND " + index.order + " BETWEEN :a AND :b"),
			ExpressionAttributeValues: item{
				":p": text(partition), ":a": blob(after), ":b": blob(upTo),
			},
		}, once)
		return err
	})
	if err != nil {
		return partitionPage{}, err
	}
	for _, it := range out.Items {
		entry := &stored{item: it}
		p.entries = append(p.entries, dueEntry{entry.text("i"), entry.binary(index.order), it})
		if entry.err != nil {
			return partitionPage{}, entry.err
		}
	}
	p.more = out.LastEvaluatedKey != nil
	return p, nil
}
