package dynamostore

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout"
)

// A product's item: i sku, j the product as JSON, without its stock. Its stock's item, in a table of its own: i sku, q what
// is free; there is one if and only if stock is kept. The item of a change of stock by the merchant, which makes it happen
// once: i sku "/" op (no sku contains a slash), a the change.

// batchSKUs is how many products one trip reads, each with its stock: DynamoDB reads 100 items at once.
const batchSKUs = 50

// Products implements checkout.Catalog. Eventually consistent.
func (s *Store) Products(ctx context.Context, skus []string) (map[string]checkout.Product, error) {
	asked := slices.Clone(skus)
	slices.Sort(asked)
	asked = slices.DeleteFunc(slices.Compact(asked), func(sku string) bool { return sku == "" })
	chunks := slices.Collect(slices.Chunk(asked, batchSKUs))
	parts := make([]map[string]checkout.Product, len(chunks))
	err := inParallel(len(chunks), parallel, func(i int) (err error) {
		parts[i], err = s.products(ctx, chunks[i])
		return err
	})
	if err != nil {
		return nil, failed("read", "products", err)
	}
	products := make(map[string]checkout.Product, len(asked))
	for _, part := range parts {
		for sku, p := range part {
			products[sku] = p
		}
	}
	return products, nil
}

func (s *Store) products(ctx context.Context, skus []string) (map[string]checkout.Product, error) {
	keys := make([]item, len(skus))
	for i, sku := range skus {
		keys[i] = key(sku)
	}
	found, err := s.batch(ctx, map[string][]item{s.names.Products: keys, s.names.Stock: keys}, false)
	if err != nil {
		return nil, err
	}
	free, err := freeStock(found[s.names.Stock])
	if err != nil {
		return nil, err
	}
	products := make(map[string]checkout.Product, len(skus))
	for _, it := range found[s.names.Products] {
		p, err := decodeProduct(it)
		if err != nil {
			return nil, err
		}
		p.Stock = free[p.SKU]
		products[p.SKU] = p
	}
	return products, nil
}

func freeStock(items []item) (map[string]*int64, error) {
	free := make(map[string]*int64, len(items))
	for _, it := range items {
		r := &stored{item: it}
		n := r.number("q")
		free[r.text("i")] = &n
		if r.err != nil {
			return nil, failed("decode stock", r.text("i"), r.err)
		}
	}
	return free, nil
}

func decodeProduct(it item) (p checkout.Product, err error) {
	r := &stored{item: it}
	sku := r.text("i")
	if err := json.Unmarshal([]byte(r.text("j")), &p); err != nil {
		return p, failed("decode product", sku, err)
	}
	p.SKU = sku
	return p, failed("decode product", sku, r.err)
}

// parallel is how many requests a call makes at once that somebody waits for.
const parallel = 8

// inParallel runs n calls, some at a time, and returns when all have. A single one needs no goroutine, whose stack would have to grow.
func inParallel(n, atOnce int, call func(i int) error) error {
	if n == 1 {
		return call(0)
	}
	errs := make([]error, n)
	turns := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i := range n {
		turns <- struct{}{}
		all.Go(func() {
			errs[i] = call(i)
			<-turns
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// PutProducts implements checkout.Catalog: product by product, so that an error may leave some put and others not. Put again,
// all are.
func (s *Store) PutProducts(ctx context.Context, products []checkout.Product) error {
	last := make(map[string]checkout.Product, len(products))
	for _, p := range products {
		last[p.SKU] = p
	}
	skus := make([]string, 0, len(last))
	for sku := range last {
		skus = append(skus, sku)
	}
	slices.Sort(skus)
	return inParallel(len(skus), parallel, func(i int) error { return failed("put product", skus[i], s.putProduct(ctx, last[skus[i]])) })
}

// putProduct writes the stock first: a product whose stock is kept must never be seen without it, as if it were endless.
func (s *Store) putProduct(ctx context.Context, p checkout.Product) error {
	if err := s.setStock(ctx, p.SKU, p.Stock); err != nil {
		return err
	}
	it := item{"i": text(p.SKU)}
	p.SKU, p.Stock = "", nil
	data, err := marshal(p)
	if err != nil {
		return err
	}
	it["j"] = text(string(data))
	_, err = s.put(ctx, &types.Put{TableName: &s.names.Products, Item: it})
	return err
}

// setStock sets what is free where it wasn't kept, or ends that it is kept.
func (s *Store) setStock(ctx context.Context, sku string, free *int64) error {
	if free == nil {
		return s.drop(ctx, s.names.Stock, key(sku))
	}
	_, err := s.put(ctx, &types.Put{
		TableName: &s.names.Stock, Item: item{"i": text(sku), "q": number(*free)},
		ConditionExpression: aws.String("attribute_not_exists(i)"),
	})
	if _, there := refusal(err); there {
		return nil
	}
	return err
}

// AddStock implements checkout.Catalog: the change and the record that it was made are one transaction.
func (s *Store) AddStock(ctx context.Context, op, sku string, delta int64) error {
	x := &expression{}
	x.set = append(x.set, "q = q + "+x.value(number(delta)))
	x.when("attribute_exists(q)")
	if delta < 0 {
		x.when("q >= " + x.value(number(-delta)))
	} else {
		x.when("q <= " + x.value(number(math.MaxInt64-delta)))
	}
	_, err := s.transact(ctx,
		types.TransactWriteItem{Put: &types.Put{
			TableName: &s.names.Stock, Item: item{"i": text(sku + "/" + op), "a": number(delta)},
			ConditionExpression: aws.String("attribute_not_exists(i)"),
		}},
		types.TransactWriteItem{Update: &types.Update{
			TableName: &s.names.Stock, Key: key(sku), UpdateExpression: x.update(), ConditionExpression: x.condition(),
			ExpressionAttributeValues: x.values, ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}},
	)
	switch why := reasons(err); {
	case len(why) != 2:
		return failed("add stock of", sku, err)
	case reasonCode(why[0]) == conditionFailed:
		return nil // done before
	case reasonCode(why[1]) != conditionFailed:
		return failed("add stock of", sku, err)
	case why[1].Item == nil:
		return notFound("product whose stock is kept", sku)
	}
	return invalid("the stock of " + sku + " would be below zero or beyond counting")
}
