package coldstart

import (
	"time"

	"kassa/checkout/dynamostore"
)

// Store returns the store of tables, with an empty name for those that the function may not reach. It fails if anything is
// wrong with the environment: all of it is to be asked for first.
func (f *Function) Store(tables dynamostore.Names) (*dynamostore.Store, error) {
	if err := f.Env.Err(); err != nil {
		return nil, err
	}
	return dynamostore.Connect(f.AWS, tables, jitter)
}

// productLife is how old a product may be that a shopper sees; what is charged and what is there, commits find out.
const productLife = 30 * time.Second

// Catalog returns the catalogue of a store, kept in memory for as long as this environment lives.
func (f *Function) Catalog(store *dynamostore.Store) *dynamostore.CachedCatalog {
	return dynamostore.Cached(store, productLife, f.Now)
}

// useLife is how long counts of a limited discount's uses are kept in memory: as long as a shopper takes for a few steps. What counts
// is what the commit finds that takes a use.
const useLife = 10 * time.Second

// Redemptions returns the store's counts of uses as a function reads them: through a short memory.
func (f *Function) Redemptions(store *dynamostore.Store) *dynamostore.CachedRedemptions {
	return dynamostore.RedemptionsFor(store, useLife, f.Now)
}
