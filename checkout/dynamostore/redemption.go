package dynamostore

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout"
)

// A redemption's item: i the key under which uses are counted, n how many there are. There is none before the first use.

var _ checkout.Redemptions = (*Store)(nil)

// Redeemed implements checkout.Redemptions. Eventually consistent.
func (s *Store) Redeemed(ctx context.Context, keys []string) (map[string]int64, error) {
	counts := make(map[string]int64, len(keys))
	asked := slices.Compact(slices.Sorted(slices.Values(keys)))
	asked = slices.DeleteFunc(asked, func(k string) bool { return k == "" })
	for chunk := range slices.Chunk(asked, maxActions) { // as many as DynamoDB reads at once
		items := make([]item, len(chunk))
		for i, k := range chunk {
			items[i] = key(k)
		}
		found, err := s.batch(ctx, map[string][]item{s.names.Redemptions: items}, false)
		if err != nil {
			return nil, failed("read", "redemptions", err)
		}
		for _, it := range found[s.names.Redemptions] {
			r := &stored{item: it}
			if n := r.number("n"); n > 0 {
				counts[r.text("i")] = n
			}
			if r.err != nil {
				return nil, failed("decode redemption", r.text("i"), r.err)
			}
		}
	}
	return counts, nil
}

// redemptionUpdate counts a use, if there is one left, or gives one back.
func (s *Store) redemptionUpdate(c checkout.RedemptionChange) *types.Update {
	x := &expression{}
	switch {
	case c.Delta > 0 && c.Limit > 0:
		x.when("(attribute_not_exists(n) OR n < " + x.value(number(c.Limit)) + ")")
	case c.Delta > 0:
		x.when("n < " + x.value(number(c.Limit)))
	default:
		x.when("n >= " + x.value(number(-c.Delta)))
	}
	x.set = append(x.set, "n = if_not_exists(n, "+x.value(number(0))+") + "+x.value(number(c.Delta)))
	return &types.Update{
		TableName: &s.names.Redemptions, Key: key(c.Key), UpdateExpression: x.update(), ConditionExpression: x.condition(),
		ExpressionAttributeValues: x.values,
	}
}

// refusedRedemptions sorts the changes that failed: used are the keys without a use left, void those of which there is nothing to give
// back.
func (t *transaction) refusedRedemptions(why []types.CancellationReason) (void, used []string) {
	for i, r := range why {
		change := t.commit.Redemptions[i]
		switch {
		case reasonCode(r) != conditionFailed:
		case change.Delta > 0:
			used = append(used, change.Key)
		default:
			void = append(void, change.Key)
		}
	}
	return void, used
}

func notCounted(changes []checkout.RedemptionChange, void []string) []checkout.RedemptionChange {
	return slices.DeleteFunc(slices.Clone(changes), func(c checkout.RedemptionChange) bool { return slices.Contains(void, c.Key) })
}

// distinct refuses a key that is named twice: DynamoDB writes an item once in a transaction.
func distinct(changes []checkout.RedemptionChange) error {
	seen := make(map[string]bool, len(changes))
	for _, c := range changes {
		if seen[c.Key] || c.Key == "" {
			return invalid("a commit counts under a key once: " + c.Key)
		}
		seen[c.Key] = true
	}
	return nil
}
