package merchant

import (
	"errors"
	"log/slog"
	"time"

	"kassa/checkout"
)

// DeskConfig is what a Desk is made of.
type DeskConfig struct {
	Settings SettingsStore
	Keys     KeyStore
	Records  RecordStore
	Catalog  checkout.Catalog
	History  checkout.OrderHistory
	Orders   *checkout.Orders
	People   PeopleConfig  // stores; the rest of it is the desk's
	Shop     checkout.Shop // as it is set now
	Seed     []byte        // document of the settings, in force while the store has none
	Root     []string      // hashes of the root key: see KeysConfig
	Now      func() time.Time
	NewID    func() string
	Logger   *slog.Logger // ids only
}

// Desk is all services of the merchant's.
type Desk struct {
	Settings *Settings
	Keys     *Keys
	Journal  *Journal
	Products *Products
	Orders   *Orders
	People   *People
}

// NewDesk returns the merchant's services. CodeInvalid if something that they need is missing.
func NewDesk(c DeskConfig) (*Desk, error) {
	var d Desk
	var errs [6]error
	d.Settings, errs[0] = NewSettings(SettingsConfig{Store: c.Settings, Seed: c.Seed, Now: c.Now, NewID: c.NewID, Logger: c.Logger})
	d.Keys, errs[1] = NewKeys(KeysConfig{Store: c.Keys, Root: c.Root, Now: c.Now, NewID: c.NewID, Logger: c.Logger})
	d.Journal, errs[2] = NewJournal(JournalConfig{Store: c.Records, Now: c.Now, NewID: c.NewID, Logger: c.Logger})
	d.Products, errs[3] = NewProducts(ProductsConfig{Catalog: c.Catalog, Journal: d.Journal, Shop: c.Shop})
	d.Orders, errs[4] = NewOrders(OrdersConfig{Changes: c.Orders, Capture: c.Orders, History: c.History, Journal: d.Journal, Now: c.Now})
	c.People.History, c.People.Journal, c.People.Now, c.People.NewID = c.History, d.Journal, c.Now, c.NewID
	d.People, errs[5] = NewPeople(c.People)
	return &d, errors.Join(errs[:]...)
}
