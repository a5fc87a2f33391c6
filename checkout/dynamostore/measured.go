package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout"
	"kassa/checkout/statistics"
	"kassa/payments/money"
)

func measuredRow(p *statistics.Person) row {
	return row{of: p, elsewhere: []any{&p.ID, &p.Version}, fields: []any{
		rows[statistics.Entry]{&p.Entries, entryRow}, rows[statistics.Purchase]{&p.Purchases, purchaseRow}, &p.Until,
	}}
}

func entryRow(e *statistics.Entry) row {
	return row{of: e, fields: []any{&e.Stratum, &e.Deal, &e.Arm, &e.At, &e.Ends, &e.Day, &e.Closed}}
}

func purchaseRow(b *statistics.Purchase) row {
	return row{of: b, fields: []any{&b.OrderID, &b.At, &b.Version, amount{at: &b.Net, base: new(money.Currency)}, &b.Void}}
}

// MeasuredPerson implements statistics.Store.
func (s *Store) MeasuredPerson(ctx context.Context, id string) (statistics.Person, error) {
	var out *dynamodb.GetItemOutput
	_, err := s.call(ctx, func(ctx context.Context) (err error) {
		out, err = s.client.GetItem(ctx, &dynamodb.GetItemInput{
			TableName: &s.names.Statistics, Key: statisticsKey(personPrefix+id, noOrder), ConsistentRead: aws.Bool(true),
		}, once)
		return err
	})
	if err != nil {
		return statistics.Person{}, failed("read measured person", id, err)
	}
	return decodeMeasured(id, out.Item)
}

func decodeMeasured(id string, it item) (statistics.Person, error) {
	r := &stored{item: it}
	p := statistics.Person{ID: id, Version: r.number("v")}
	r.row("j", measuredRow(&p))
	return p, failed("decode measured person", id, r.err)
}

// PutMeasured implements statistics.Store.
func (s *Store) PutMeasured(ctx context.Context, p statistics.Person, changes []statistics.Change) error {
	if err := statistics.ValidateChanges(changes); err != nil {
		return err
	}
	put, err := s.putOf(p)
	if err != nil {
		return failed("encode measured person", p.ID, err)
	}
	actions := append([]types.TransactWriteItem{{Put: put}}, s.cellUpdates(changes, p.ID)...)
	_, err = s.transact(ctx, actions...)
	why := reasons(err)
	if len(why) != len(actions) || reasonCode(why[0]) != conditionFailed {
		return failed("put measured person", p.ID, err)
	}
	there, err := decodeMeasured(p.ID, why[0].Item)
	if err != nil || there.Same(p) { // a try before this one put it, or another worker the very same
		return err
	}
	return &checkout.Error{Code: checkout.CodeVersionConflict, Message: "person " + p.ID + " has changed"}
}

func (s *Store) putOf(p statistics.Person) (*types.Put, error) {
	it := statisticsKey(personPrefix+p.ID, noOrder)
	it["v"] = number(p.Version)
	if !p.Until.IsZero() {
		it[AttributeExpires] = number(p.Until.Unix())
	}
	return putVersion(s.names.Statistics, it, p.Version), putRows(it, map[string]row{"j": measuredRow(&p)})
}

// ForgetMeasured implements statistics.Store.
func (s *Store) ForgetMeasured(ctx context.Context, id string) error {
	return failed("forget measured person", id, s.drop(ctx, s.names.Statistics, statisticsKey(personPrefix+id, noOrder)))
}
