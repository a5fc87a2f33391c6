package sandbox

import (
	"container/heap"
	"context"
	"fmt"
	"time"
)

// Kinds of things that happen by themselves at a time.
const (
	dueDelivery = "delivery" // Ref: event
	dueResult   = "result"   // Ref: intent that is processing
	dueHold     = "hold"     // Ref: intent that waits for capture
	dueAction   = "action"   // Ref: page of the action, which lapses
	dueRefund   = "refund"   // Ref: refund
	dueRequest  = "request"  // a call that was under way for long
)

// due is something that will happen at a time.
type due struct {
	Kind    string    `json:"kind"`
	Ref     string    `json:"ref,omitempty"`
	Intent  string    `json:"intent,omitempty"`
	At      time.Time `json:"at"`
	Attempt int       `json:"attempt,omitempty"`
	Request *Request  `json:"request,omitempty"`
}

func (t *tx) schedule(d due) { t.dues.put(freshID(t, t.dues, "due"), d) }

type entry struct {
	at  time.Time
	seq uint64
	id  string
}

// agenda orders dues by time and then by creation. Entries of dues that went are dropped when they come up; one
// that moves has been taken out before.
type agenda []entry

func (a agenda) Len() int           { return len(a) }
func (a agenda) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a agenda) Less(i, j int) bool { return a[i].before(a[j]) }

// Push appends an entry, for container/heap.
func (a *agenda) Push(x any) {
	if e, ok := x.(entry); ok {
		*a = append(*a, e)
	}
}

func (e entry) before(other entry) bool {
	if e.at.Equal(other.at) {
		return e.seq < other.seq
	}
	return e.at.Before(other.at)
}

// Pop removes the last element, for container/heap.
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

func (p *Provider) enqueue(rec *record[due]) {
	e := entry{at: rec.Value.At, seq: rec.Seq, id: rec.ID}
	if rec.Value.Kind == dueDelivery {
		heap.Push(&p.deliveries, e)
	} else {
		heap.Push(&p.timers, e)
	}
}

// peek is the first living entry of an agenda.
func (p *Provider) peek(a *agenda) (entry, bool) {
	for a.Len() > 0 {
		first := (*a)[0]
		if _, ok := p.dues.get(first.id); ok {
			return first, true
		}
		heap.Pop(a)
	}
	return entry{}, false
}

// earliest is what happens next, and in which agenda it stands.
func (p *Provider) earliest() (first entry, from *agenda) {
	if e, ok := p.peek(&p.timers); ok {
		first, from = e, &p.timers
	}
	if p.held || p.send == nil {
		return first, from
	}
	if e, ok := p.peek(&p.deliveries); ok && (from == nil || e.before(first)) {
		first, from = e, &p.deliveries
	}
	return first, from
}

// Next is the earliest instant at which something falls due: a bank's late answer, the end of a hold, a webhook's delivery
// or retry. It is false when nothing waits.
func (p *Provider) Next() (time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	first, from := p.earliest()
	return first.at, from != nil
}

// Run performs everything that is due at now, in order, and what that makes due at once. Webhooks that Send refuses are
// retried later as Stripe does; only a failing file and the end of ctx are errors.
func (p *Provider) Run(ctx context.Context, now time.Time) error {
	if err := p.prune(now); err != nil {
		return fmt.Errorf("prune the sandbox: %w", err)
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		id, d, ok := p.claim(now)
		if !ok {
			return nil
		}
		if err := p.perform(ctx, id, d, now); err != nil {
			return fmt.Errorf("perform %s %s: %w", d.Kind, d.Ref, err)
		}
	}
}

// claim takes the next due thing out of its agenda, so that a delivery is sent by one caller only.
func (p *Provider) claim(now time.Time) (string, due, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	first, from := p.earliest()
	if from == nil || first.at.After(now) {
		return "", due{}, false
	}
	heap.Pop(from)
	d, _ := p.dues.get(first.id)
	return first.id, d, true
}

func (p *Provider) perform(ctx context.Context, id string, d due, now time.Time) error {
	var refusal error
	if d.Kind == dueDelivery {
		p.mu.Lock()
		e, _ := p.events.get(d.Ref)
		p.mu.Unlock()
		refusal = p.post(ctx, e, now)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.locked(now, func(t *tx) error {
		if refusal != nil {
			t.retry(id)
			return nil
		}
		if d.Kind == dueDelivery {
			t.delivered(d.Ref)
			return nil
		}
		t.dues.remove(id)
		t.happen(d)
		return nil
	})
	if rec, ok := p.dues.rows[id]; err != nil && ok {
		p.enqueue(rec)
	}
	if d.Kind == dueRequest && err == nil {
		p.arrive(*d.Request, now)
	}
	return err
}

// happen is what the clock brings.
func (t *tx) happen(d due) {
	switch d.Kind {
	case dueResult:
		t.finish(d.Ref)
	case dueHold:
		t.lapse(d.Ref)
	case dueAction:
		t.expireAction(d.Intent, d.Ref)
	case dueRefund:
		t.finishRefund(d.Ref)
	}
}

// prune forgets idempotent results after 24 h and events after 30 days. It looks once an hour.
func (p *Provider) prune(now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.pruned) < time.Hour {
		return nil
	}
	p.pruned = now
	return p.locked(now, func(t *tx) error {
		for key, r := range t.results.oldest {
			if !r.expired(now) {
				break
			}
			t.results.remove(key)
		}
		for id, e := range t.events.oldest {
			if now.Sub(time.Unix(e.Created, 0)) <= eventLife {
				break
			}
			t.events.remove(id)
			t.dues.remove(deliveryID(id))
		}
		return nil
	})
}
