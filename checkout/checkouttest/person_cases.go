package checkouttest

import (
	"time"

	"kassa/checkout"
)

// newPerson returns the first version of a person of whom everything is known, not yet stored.
func (t *trial) newPerson() checkout.Person {
	p := populated[checkout.Person](t)
	p.ID, p.Version, p.Op = t.id("pc_"), 1, t.id("op")
	return p
}

func (t *trial) putPerson(p checkout.Person) checkout.Person {
	if !t.failed() {
		t.ok("put the person", t.People.PutPerson(t.ctx, p))
	}
	return p
}

func (t *trial) nextPerson(p checkout.Person) checkout.Person {
	p.Version++
	p.Op = t.id("op")
	return p
}

// knows fails the case unless a person is stored as wanted.
func (t *trial) knows(want checkout.Person) {
	if t.failed() {
		return
	}
	p, err := t.People.Person(t.ctx, want.ID)
	t.ok("read the person", err)
	t.same("the stored person", p, want)
}

func (t *trial) nobody(id string) {
	if !t.failed() {
		_, err := t.People.Person(t.ctx, id)
		t.code("read somebody who should not be there", err, checkout.CodeNotFound)
	}
}

// putRefused puts a person, which must be refused with the one who is there.
func (t *trial) putRefused(p checkout.Person, stands *checkout.Person) {
	if t.failed() {
		return
	}
	conflict := t.conflict("put the person", t.People.PutPerson(t.ctx, p))
	t.same("the conflict", conflict, checkout.Conflict{Person: stands})
	if stands != nil {
		t.knows(*stands)
	} else {
		t.nobody(p.ID)
	}
}

func personCases() []Case {
	cases := []Case{
		story("person/every field survives", func(t *trial) { t.knows(t.putPerson(t.newPerson())) }),
		story("person/none is not found", func(t *trial) { t.nobody(t.id("pc_")) }),
		story("person/no id is not found", func(t *trial) { t.nobody("") }),
		story("person/the next version takes the place of the last", func(t *trial) {
			next := t.nextPerson(t.putPerson(t.newPerson()))
			next.Agreed, next.Destinations, next.Buyer, next.Cart = nil, nil, checkout.Buyer{}, ""
			t.knows(t.putPerson(next))
		}),
		story("person/put once more is success, and changes nothing", func(t *trial) {
			p := t.putPerson(t.newPerson())
			again := p
			again.Cart = "ct_other"
			t.putPerson(again)
			t.knows(p)
		}),
		story("person/the first version is refused where there is one", func(t *trial) {
			p := t.putPerson(t.newPerson())
			again := p
			again.Op = t.id("op")
			t.putRefused(again, &p)
		}),
		story("person/a later version is refused where there is none", func(t *trial) {
			t.putRefused(t.nextPerson(t.newPerson()), nil)
		}),
		story("person/a version that is not the next is refused", func(t *trial) {
			p := t.putPerson(t.newPerson())
			t.putRefused(t.nextPerson(t.nextPerson(p)), &p)
		}),
		story("person/without an op nobody recognises himself", func(t *trial) {
			p := t.newPerson()
			p.Op = ""
			t.putPerson(p)
			t.putRefused(p, &p)
		}),
		story("person/removed is gone, and may come again", func(t *trial) {
			p := t.putPerson(t.newPerson())
			for range 2 {
				t.ok("remove", t.People.RemovePerson(t.ctx, p.ID))
				t.nobody(p.ID)
			}
			p.Op = t.id("op")
			t.knows(t.putPerson(p))
		}),
		story("person/20 writers of one version: one wins", func(t *trial) {
			p := t.putPerson(t.newPerson())
			tries := make([]checkout.Person, 20)
			for i := range tries {
				tries[i] = t.nextPerson(p)
				tries[i].Cart = tries[i].Op
			}
			won := t.winners(together(len(tries), func(i int) error { return t.People.PutPerson(t.ctx, tries[i]) }))
			t.same("how many won", won, 1)
		}),
		story("copy/of a person who is put, read, and in a conflict", func(t *trial) {
			given, want := twins[checkout.Person](t)
			given.ID, given.Version, given.Op = t.id("pc_"), 1, t.id("op")
			want.ID, want.Version, want.Op = given.ID, 1, given.Op
			t.putPerson(given)
			again := given
			again.Op = t.id("op")
			spoil(given)
			t.knows(want)
			if !t.failed() {
				p, err := t.People.Person(t.ctx, want.ID)
				t.ok("read", err)
				spoil(p)
				spoil(t.conflict("put again", t.People.PutPerson(t.ctx, again)))
			}
			t.knows(want)
		}),
	}
	for _, field := range fieldsOf[checkout.Person]("ID", "Version", "Op") {
		cases = append(cases, story("person/field "+field+" survives alone", func(t *trial) {
			p := only[checkout.Person](t, field)
			p.ID, p.Version, p.Op = t.id("pc_"), 1, t.id("op")
			if field == "UpdatedAt" || field == "ExpiresAt" {
				p.CreatedAt = start.Add(-time.Hour)
			}
			t.knows(t.putPerson(p))
		}))
	}
	return cases
}
