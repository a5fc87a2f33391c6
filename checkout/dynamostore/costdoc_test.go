package dynamostore_test

import (
	"fmt"
	"strings"
)

// Prices of DynamoDB on demand in us-east-1, in dollars per million request units (since November 2024).
const (
	pricePerMillionWrites = 0.625
	pricePerMillionReads  = 0.125
)

// A usual purchase and a usual abandoned cart, of three lines whose stock is kept.
const (
	usualLines     = 3
	perCheckout    = 1000
	abandonedShare = 0.70
	openedShare    = 0.5 // of abandoned carts: those whose shopper opened a checkout
	stages         = 3   // of the plan for abandoned carts
)

// bought and left are how often a purchase and an abandoned cart do what.
var (
	bought = []step{
		{rowCreate, 1}, {rowAdd, 2}, {rowChange, 1}, {rowRead, 2}, {rowOpen, 1}, {rowPatch, 2}, {rowBefore, 1}, {rowPlace, 1},
		{rowLateWebhook, 1}, {rowStatus, 1}, {rowNotices, 1}, {rowClose, 1},
	}
	left = []step{
		{rowCreate, 1}, {rowAdd, 2}, {rowChange, 1}, {rowRead, 1}, {rowOpen, openedShare}, {rowPatch, openedShare}, {rowExpiry, openedShare},
		{rowStep, stages - 1}, {rowClose, 1}, {rowSend, stages},
	}
)

type step struct {
	row   string
	often float64
}

// units are write and read request units.
type units struct{ write, read float64 }

func (u units) dollars() float64 {
	return (u.write*pricePerMillionWrites + u.read*pricePerMillionReads) / 1e6
}

func (u units) plus(o units) units { return units{u.write + o.write, u.read + o.read} }

func (u units) times(n float64) units { return units{u.write * n, u.read * n} }

func sum(rows []measured, steps []step) (total units) {
	for _, s := range steps {
		cost := first(rows, s.row).cost
		total = total.plus(units{cost.Write(), cost.Read()}.times(s.often))
	}
	return total
}

// first is the first measurement of a row: where nothing out of the ordinary has happened yet.
func first(rows []measured, name string) measured {
	for _, r := range rows {
		if r.name == name {
			return r
		}
	}
	return measured{}
}

// document is docs/cost.md.
func document(all map[int][]measured) string {
	var d strings.Builder
	d.WriteString(`# What Kassa costs in DynamoDB

<!-- Written by a test from what it measured: go test ./checkout/dynamostore -run TestBudgets -update -->

Every row is driven through the services, on DynamoDB Local, with a meter on the wire that counts requests and reckons their
units by AWS's rules from the items before and after. Where DynamoDB Local tells what a request has cost (requests about a
single item), the two agree. The caches of products and of counted uses are warm; conflicts and throttles, which are retried,
are not counted.

`)
	fmt.Fprintf(&d, `- **s**, **c**: size of session and cart in KB, rounded up. **k**: products in it whose stock is kept: all but ten of 100 lines.
- A cart has about %s, once it remembers 16 requests.
- A session has about %s when it is opened, and up to %d bytes more while it is paid.
- **complete** is its two rows together: three trips, and the provider's call between them.
- **WRU**, **RRU**: write and read request units, indexes included.

`, linear(all, func(rows []measured) int { return worst(rows, rowAdd).cart }),
		linear(all, func(rows []measured) int { return worst(rows, rowOpen).session }), roundUp(paying(all[1])))
	table(&d, all)
	d.WriteString(rules)
	dollars(&d, all[usualLines])
	return d.String()
}

// linear tells a size by its part for each line, to the next ten bytes, so that not every byte changes this document.
func linear(all map[int][]measured, of func([]measured) int) string {
	least, most := of(all[1]), of(all[100])
	each := (most - least + 98) / 99
	return fmt.Sprintf("%d bytes + %d a line", roundUp(least-each), each)
}

func roundUp(n int) int { return (n + 9) / 10 * 10 }

func paying(rows []measured) int {
	return worst(rows, rowFurther).session - worst(rows, rowOpen).session
}

func table(d *strings.Builder, all map[int][]measured) {
	d.WriteString("| operation | trips | WRU | ")
	for _, n := range cartSizes {
		fmt.Fprintf(d, "%s: WRU, RRU | ", lineCount(n))
	}
	d.WriteString("\n|---|---|---|" + strings.Repeat("---|", len(cartSizes)) + "\n")
	for _, b := range budgets {
		fmt.Fprintf(d, "| %s | %d | %s | ", b.name, worst(all[1], b.name).cost.Trips(), b.writes)
		for _, n := range cartSizes {
			cost := worst(all[n], b.name).cost
			fmt.Fprintf(d, "%v, %v | ", cost.Write(), cost.Read())
		}
		d.WriteString("\n")
	}
}

func lineCount(n int) string {
	if n == 1 {
		return "1 line"
	}
	return fmt.Sprintf("%d lines", n)
}

const rules = `
## Why it can't be less

No row is above its budget. What each is made of, by AWS's rules:

- A write pays for the whole item in KB, rounded up, whatever of it changes: an edit of a cart is **c**, and nothing that
  stands in the same item costs extra: marks of requests, who holds it, the round. Reading the item before or after is free
  (ReturnValues, ReturnValuesOnConditionCheckFailure).
- An index entry costs 1 to come, 1 to go, 2 to move (it is deleted and put). A cart comes into its index when it is made:
  **c+1**. A session comes into its own when it is opened, and leaves it when it becomes the order: **s+1**. Edits and wallet
  sheets move neither.
- A transaction pays twice for each of its items, to prepare and to commit. Before money is asked for, the session, its
  cart and k stock items must change together or not at all, and the session moves from the index of those that wait to that
  of those that pay: **2(s+c+k)+2**. Giving back is the same the other way round. Index entries are reckoned once: they are
  written after the transaction. (DynamoDB Local miscounts transactions; on an account, ReturnConsumedCapacity tells.)
- A limited discount has two items of some 50 bytes, one that counts its uses in all and one for the person: **4** more to take a
  use, and to give it back. A rule for first orders counts one for the person, whichever rule it is. Quotes ask how often a
  discount was used, one trip at half a unit an item, unless that was asked in the last seconds; inside complete nobody asks.
- Stock has items of its own, of less than 100 bytes, so that each of the k costs 1 and not what the product's texts weigh.
  Lines in separate items would cost at least one unit each, and a transaction for every edit.
- A claim is a transaction of two items: the cart and its customer's, **2c+2**, or the two carts, **4c**. Two writes would leave
  a cart half merged when the second one fails. Guests pay nothing for any of this.
- The order is the session's own item. Another item for it would make placing it a transaction: at least 2(s+s).
- An empty sweep asks eight shards of two indexes, half a unit each: the least that a query costs. Fewer shards would be
  cheaper and could not carry 4,000 carts a second.
- A strongly consistent read is one unit for 4 KB of each item; session and cart come in one trip.
- What becomes of a due cart is one write of it, which a rival makes fail: **c+2** if it moves in the index, to its next stage or
  to another look after the shopper was back, **c+1** if it leaves it, closed or at its last stage. Before that write, carts,
  their sessions and their contacts are read: three trips, for up to a hundred due carts together.
- A follow-up is written on the cart before the provider is called, with the outcome after, and without its notice at last: **3c**.
  The **1** is the person's contact, where caps over all carts are counted; a customer's carts without an address share them by
  another. All of it is read before that, and once more behind the first write: whatever was acknowledged by then is heard. The
  notice goes by a write of its own, because the outbox removes it once all who want it have it, and knows of none what it writes.
- A phone is kept with its cart's contact, **1**, and once more with the customer's if somebody is signed in; the other **1**, when it
  is first heard of, says who holds it.

`

func dollars(d *strings.Builder, rows []measured) {
	one, none := sum(rows, bought), sum(rows, left)
	abandoned := perCheckout * abandonedShare / (1 - abandonedShare)
	total := one.times(perCheckout).plus(none.times(abandoned))
	fmt.Fprintf(d, `## Dollars per 1,000 checkouts

On demand, us-east-1: $%.3f per million WRU, $%.3f per million RRU. Carts of %d lines, all of products whose stock is kept.
%.0f %% of carts are abandoned, so that %.0f come with 1,000 checkouts.

- A purchase: cart made, 3 edits, 2 reads; checkout opened, 2 wallet-sheet changes, paid at once; its late webhook, one
  status read, its notices removed, its cart closed by the sweep.
- An abandoned cart: made, 3 edits, 1 read; in one of %.0f a checkout is opened, changed once and expires; %d stages of
  follow-up, as if all agreed to be written to: each is claimed by the sweep and sent.

| | WRU | RRU | $ |
|---|---|---|---|
| one purchase | %.0f | %.0f | %.6f |
| one abandoned cart | %.1f | %.1f | %.6f |
| **1,000 checkouts, with the %.0f carts abandoned meanwhile** | %.0f | %.0f | **%.3f** |

Besides, whatever the traffic: sweep and reconcile every minute, %v RRU a run, are $%.2f a month. Reads of the catalogue cost
one RRU for each product and %s of cache life in a process; a search reads the whole catalogue once in such a life. Storage
($0.25 per GB-month), streams (free for Lambda), backups and everything outside DynamoDB come on top.
`, pricePerMillionWrites, pricePerMillionReads, usualLines, 100*abandonedShare, abandoned, 1/openedShare, stages,
		one.write, one.read, one.dollars(), none.write, none.read, none.dollars(), abandoned, total.write, total.read, total.dollars(),
		worst(rows, rowSweep).cost.Read()+worst(rows, rowReconcile).cost.Read(), monthly(rows), "minute")
}

func monthly(rows []measured) float64 {
	return units{0, (worst(rows, rowSweep).cost.Read() + worst(rows, rowReconcile).cost.Read()) * 60 * 24 * 30}.dollars()
}
