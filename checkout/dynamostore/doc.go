// Package dynamostore keeps carts, sessions, orders, products, stock and the inbox in DynamoDB. It alone imports DynamoDB's
// client.
//
// The tables, split by how long their items live and by who may write them:
//
//	carts     a cart is one item; written by the cart function, locked and released by sessions
//	sessions  a session is one item, and stays one when it becomes the order; kept
//	inbox     provider events that name no session; put by the webhook, which may write nothing else here
//	products  what the catalogue says; only the merchant writes it
//	stock     what is free of a product, one small item each, because commits write it and catalogue texts would make
//	          every one of these writes dearer; and one item for each change of stock that the merchant made
//	merchant  versions of the settings, of which every function reads the newest and nothing else; the merchant's keys, and
//	          records of what they have changed
//	orders    which orders a person has placed, and which were placed on a day; the orders themselves are sessions
//
// What follows from DynamoDB's prices (a write costs the whole item by the KB, whatever of it changes; answers are free):
//
//   - Nothing is read before it is written. Conditions stand in the write, ReturnValues bring the item after it, and
//     ReturnValuesOnConditionCheckFailure the item that refused it.
//   - Attribute names have one letter. What follows from another value is not stored (a session's lines keep neither
//     subtotal nor total), so that the item of a usual session is a single KB.
//   - An index has keys only, exists only for what is due, and its keys change as rarely as the domain allows.
//
// Every conditional write can be told from another's: a cart remembers the marks of its requests, a session the op of its
// last commit. A write whose answer was lost is therefore simply made again (see call.go).
//
// TTL attributes collect garbage long after the domain has stopped believing in an item; nothing depends on them.
package dynamostore
