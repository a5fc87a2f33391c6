// Package checkout is the domain: carts, the sessions that take a cart to an order, and the one way in which money moves.
//
// It knows no AWS, no Stripe, no clock and no randomness of its own: stores, the payment gateway, `now` and ids are handed
// to it. Rules, ids and permissions live here and never in a store.
//
//	Carts      edits carts                                 (function cart)
//	Sessions   quotes, pays, cancels, shows orders         (function checkout)
//	Orders     ships, refunds, cancels, takes withdrawals  (functions admin and checkout)
//	Observer   takes in what the provider pushes           (function webhook; it can't call the provider)
//	Reconciler finishes what was left undecided            (function reconcile)
//	Sweeper    ends sessions that never had an intent      (function sweep; it can't call the provider)
//	Outbox     hands on what commits have noted            (function outbox)
//
// States of a session, and of the cart behind it:
//
//	incomplete ─► ready_for_complete ─► complete_in_progress ─► completed      cart: open ─► locked ═ closed
//	                  ▲   ▲                │        │                                  ▲        │
//	                  │   └── declined ────┘        ▼                                  └────────┘
//	                  └────── turned back ─ requires_escalation                     given back
//	        any of them but completed ─► canceled                                      canceled, expired
package checkout
