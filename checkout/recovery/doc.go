// Package recovery brings back carts that nobody finished: it finds them, understands why they were left, follows them up once,
// at a decent hour and with consent, and measures whether that helped. It also sends what an order needs told: receipts,
// refunds, shipping.
package recovery
