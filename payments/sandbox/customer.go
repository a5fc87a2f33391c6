package sandbox

import (
	"net/http"
	"slices"
)

// customer is a shopper as the API shows it.
type customer struct {
	ID          string            `json:"id"`
	Object      string            `json:"object"`
	Address     *address          `json:"address"`
	Balance     int64             `json:"balance"`
	Created     int64             `json:"created"`
	Delinquent  bool              `json:"delinquent"`
	Description text              `json:"description"`
	Email       text              `json:"email"`
	Livemode    bool              `json:"livemode"`
	Locales     []string          `json:"preferred_locales"`
	Metadata    map[string]string `json:"metadata"`
	Name        text              `json:"name"`
	Phone       text              `json:"phone"`
	Shipping    *shipping         `json:"shipping"`
	TaxExempt   string            `json:"tax_exempt"`
	Deleted     bool              `json:"deleted,omitempty"`
}

var customerKeys = slices.Concat(keys("description", "email", "metadata", "metadata[*]", "name", "phone", "preferred_locales[]",
	"payment_method", "address"), inside("address", addressKeys...), shippingKeys)

func createCustomer(c *call) work {
	change := readCustomer(c.form)
	method := c.form.text("payment_method")
	return func(t *tx) (any, *apiError) {
		made := customer{Object: "customer", Created: t.unix(), Metadata: map[string]string{}, Locales: []string{}, TaxExempt: "none"}
		change(&made)
		if err := tooMuchMetadata(made.Metadata); err != nil {
			return nil, err
		}
		made.ID = freshID(t, t.customers, "cus")
		t.customers.put(made.ID, made)
		t.emit("customer.created", made)
		if method != "" {
			m, err := t.method(method, "payment_method")
			if err != nil {
				return nil, err
			}
			t.attach(m, made.ID)
		}
		return made, nil
	}
}

func readCustomer(f *form) func(*customer) {
	email, merge := text(f.email("email")), f.metadata()
	var to *shipping
	if f.hasUnder("shipping") {
		to = readShipping(f)
	}
	return func(c *customer) {
		for key, field := range map[string]*text{"description": &c.Description, "name": &c.Name, "phone": &c.Phone} {
			if f.has(key) {
				*field = text(f.text(key))
			}
		}
		if f.has("email") {
			c.Email = email
		}
		if f.has("preferred_locales[]") {
			c.Locales = slices.Clone(f.values["preferred_locales[]"])
		}
		if f.hasUnder("address") {
			at := readAddress(f, "address")
			c.Address = &at
		}
		if f.hasUnder("shipping") {
			c.Shipping = to
		}
		c.Metadata = merge(c.Metadata)
	}
}

// customer finds a shopper named in a parameter, or with param empty in the URL. A deleted one is gone for parameters.
func (t *tx) customer(id, param string) (customer, *apiError) {
	c, ok := t.customers.get(id)
	switch {
	case param == "" && !ok:
		return c, missing("customer", id)
	case param != "" && (!ok || c.Deleted):
		return c, missingParam("customer", param, id)
	}
	return c, nil
}

func retrieveCustomer(c *call) work {
	return func(t *tx) (any, *apiError) {
		found, err := t.customer(c.id, "")
		if err == nil && found.Deleted {
			return tombstone{ID: found.ID, Object: "customer", Deleted: true}, nil
		}
		return found, err
	}
}

func updateCustomer(c *call) work {
	change := readCustomer(c.form)
	return func(t *tx) (any, *apiError) {
		found, err := t.customer(c.id, "")
		if err == nil && found.Deleted {
			err = missing("customer", c.id)
		}
		if err != nil {
			return nil, err
		}
		change(&found)
		if err := tooMuchMetadata(found.Metadata); err != nil {
			return nil, err
		}
		t.customers.put(c.id, found)
		t.emit("customer.updated", found)
		return found, nil
	}
}

type tombstone struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Deleted bool   `json:"deleted"`
}

// deleteCustomer forgets who the shopper was and detaches their payment methods.
func deleteCustomer(c *call) work {
	return func(t *tx) (any, *apiError) {
		found, err := t.customer(c.id, "")
		if err == nil && found.Deleted {
			err = missing("customer", c.id)
		}
		if err != nil {
			return nil, err
		}
		t.emit("customer.deleted", found)
		t.customers.put(c.id, customer{ID: c.id, Object: "customer", Created: found.Created, Deleted: true})
		for id, m := range t.methods.newest {
			if string(m.Wire.Customer) == c.id {
				m.Wire.Customer, m.Used = "", true
				t.methods.put(id, m)
			}
		}
		return tombstone{ID: c.id, Object: "customer", Deleted: true}, nil
	}
}

func listCustomers(c *call) work {
	page, created, email := readPage(c), readRange(c.form), c.form.text("email")
	return func(t *tx) (any, *apiError) {
		return list(page, t.customers, func(cu customer) (any, bool) {
			return cu, !cu.Deleted && created.holds(cu.Created) && (email == "" || string(cu.Email) == email)
		})
	}
}

type associated struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// ephemeralKey lets an app's SDK act for one shopper for an hour. Its secret is shown once.
type ephemeralKey struct {
	ID         string       `json:"id"`
	Object     string       `json:"object"`
	Associated []associated `json:"associated_objects"`
	Created    int64        `json:"created"`
	Expires    int64        `json:"expires"`
	Livemode   bool         `json:"livemode"`
	Secret     string       `json:"secret,omitempty"`
}

// createEphemeralKey answers POST /v1/ephemeral_keys. The version is that of the app's SDK, so it can't be left out.
func createEphemeralKey(c *call) work {
	owner := c.form.required("customer")
	if c.version == "" {
		c.form.fail(invalid("", "Stripe-Version", "You must pass the Stripe-Version header when creating an ephemeral key."))
	}
	return func(t *tx) (any, *apiError) {
		if _, err := t.customer(owner, "customer"); err != nil {
			return nil, err
		}
		made := ephemeralKey{ID: freshID(t, t.ephemeral, "ephkey"), Object: "ephemeral_key", Created: t.unix(),
			Associated: []associated{{ID: owner, Type: "customer"}}, Expires: t.now.Add(ephemeralKeyLife).Unix()}
		t.ephemeral.put(made.ID, made)
		made.Secret = t.newID("ek_test")
		return made, nil
	}
}

func deleteEphemeralKey(c *call) work {
	return func(t *tx) (any, *apiError) {
		k, ok := t.ephemeral.get(c.id)
		if !ok {
			e := missing("ephemeral key", c.id)
			e.status = http.StatusNotFound
			return nil, e
		}
		t.ephemeral.remove(c.id)
		return k, nil
	}
}
