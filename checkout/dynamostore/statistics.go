package dynamostore

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout/statistics"
	"kassa/payments"
)

var _ statistics.Store = (*Store)(nil)

// Items of the statistics table, by their two keys:
//
//	i "day"        r day#channel#platform#shard   every other attribute is a count, by its name
//	i "once#" id   r "-"                          an increment that was added; x TTL
//	i "person#" id r "-"                          a measured person: v version, j everything else as a row, x TTL
//
// All days are one partition, so that a range of them is one query. It takes some hundred increments a second. Two transactions on one
// item refuse each other, and a day's orders would all meet on one, so cells are spread over shards, and put together when
// they are read. An addition that is retried must not add twice: it stands in one transaction with the item
// that says that it was made.
const (
	dayPartition = "day"
	oncePrefix   = "once#"
	personPrefix = "person#"
	noOrder      = "-"
	cellShards   = 16
)

func statisticsKey(i, r string) item { return item{"i": text(i), "r": text(r)} }

// AddIncrements implements statistics.Store. Those that were added before are found by trying, and left out of the next try.
func (s *Store) AddIncrements(ctx context.Context, increments []statistics.Increment) error {
	if err := statistics.ValidateIncrements(increments); err != nil {
		return err
	}
	left := slices.Clone(increments)
	slices.SortStableFunc(left, func(a, b statistics.Increment) int { return strings.Compare(a.ID, b.ID) })
	left = slices.CompactFunc(left, func(a, b statistics.Increment) bool { return a.ID == b.ID })
	for len(left) > 0 {
		actions := s.increase(left)
		_, err := s.transact(ctx, actions...)
		if err == nil {
			return nil
		}
		why := reasons(err)
		if len(why) != len(actions) {
			return failed("add increments", left[0].ID, err)
		}
		var unknown []statistics.Increment
		for n, i := range left {
			if reasonCode(why[n]) != conditionFailed {
				unknown = append(unknown, i)
			}
		}
		if len(unknown) == len(left) {
			return failed("add increments", left[0].ID, err)
		}
		left = unknown
	}
	return nil
}

// increase is a transaction: first what remembers each increment, then what they add to each cell.
func (s *Store) increase(increments []statistics.Increment) []types.TransactWriteItem {
	var actions []types.TransactWriteItem
	cells := map[statistics.Cell]statistics.Counts{}
	for _, i := range increments {
		remembered := statisticsKey(oncePrefix+i.ID, noOrder)
		remembered[AttributeExpires] = number(i.Until.Unix())
		actions = append(actions, types.TransactWriteItem{Put: &types.Put{
			TableName: &s.names.Statistics, Item: remembered, ConditionExpression: aws.String("attribute_not_exists(i)"),
		}})
		if cells[i.Cell] == nil {
			cells[i.Cell] = statistics.Counts{}
		}
		cells[i.Cell].Plus(i.Counts)
	}
	var changes []statistics.Change
	for cell, counts := range cells {
		if len(counts) > 0 {
			changes = append(changes, statistics.Change{Cell: cell, Counts: counts})
		}
	}
	return append(actions, s.cellUpdates(changes, increments[0].ID)...)
}

// cellUpdates add to cells, in the shard that a name falls into.
func (s *Store) cellUpdates(changes []statistics.Change, name string) []types.TransactWriteItem {
	actions := make([]types.TransactWriteItem, 0, len(changes))
	shard := strconv.Itoa(shardIn(cellShards, name))
	for _, c := range changes {
		x := &expression{}
		adds := make([]string, 0, len(c.Counts))
		for count, n := range c.Counts {
			adds = append(adds, x.name(count)+" "+x.value(number(n)))
		}
		actions = append(actions, types.TransactWriteItem{Update: &types.Update{
			TableName:        &s.names.Statistics,
			Key:              statisticsKey(dayPartition, strings.Join([]string{c.Day, c.Channel, string(c.Platform), shard}, "#")),
			UpdateExpression: aws.String("ADD " + strings.Join(adds, ", ")), ExpressionAttributeNames: x.names,
			ExpressionAttributeValues: x.values,
		}})
	}
	return actions
}

// Cells implements statistics.Store: one query a page, which is as much as DynamoDB reads for one.
func (s *Store) Cells(ctx context.Context, q statistics.CellQuery) (statistics.CellPage, error) {
	if !statistics.ValidDay(q.From) || !statistics.ValidDay(q.To) {
		return statistics.CellPage{}, invalid("cells are asked for from a day to a day")
	}
	if q.From > q.To {
		return statistics.CellPage{}, nil
	}
	query := &dynamodb.QueryInput{
		TableName: &s.names.Statistics, KeyConditionExpression: aws.String("i = :i AND r BETWEEN :a AND :b"),
		// '$' comes behind '#', with which what follows a day begins.
		ExpressionAttributeValues: item{":i": text(dayPartition), ":a": text(q.From), ":b": text(q.To + "$")},
	}
	if q.Cursor != "" {
		query.ExclusiveStartKey = statisticsKey(dayPartition, q.Cursor)
	}
	var out *dynamodb.QueryOutput
	_, err := s.call(ctx, func(ctx context.Context) (err error) {
		out, err = s.client.Query(ctx, query, once)
		return err
	})
	if err != nil {
		return statistics.CellPage{}, failed("query", "cells", err)
	}
	page := statistics.CellPage{Cursor: (&stored{item: out.LastEvaluatedKey}).text("r")}
	for _, it := range out.Items {
		cell, err := decodeCell(it)
		if err != nil {
			return statistics.CellPage{}, err
		}
		page.Cells = append(page.Cells, cell)
	}
	return page, nil
}

func decodeCell(it item) (statistics.Change, error) {
	r := &stored{item: it}
	id := r.text("r")
	parts := strings.Split(id, "#")
	if len(parts) != 4 {
		return statistics.Change{}, failed("decode cell", id, invalid("no cell's key"))
	}
	c := statistics.Change{Counts: statistics.Counts{}}
	c.Day, c.Channel, c.Platform = parts[0], parts[1], payments.Platform(parts[2])
	for name := range it {
		if name != "i" && name != "r" {
			c.Counts[name] = r.number(name)
		}
	}
	return c, failed("decode cell", id, r.err)
}
