// Package statistics counts what happens in the shop, by day, channel and platform, and reports it: from carts to orders, where
// they were left, what follow-ups did, and whether they helped.
//
// Nothing is counted while a shopper waits. Facts come from notices (Counter is a consumer of the outbox) and from package
// recovery (Counter is its Ledger), often more than once, late and in any order. What they say is put into increments, each with an
// id that follows from what happened; the store adds an increment once for its id. So a report is the same however often and in
// whatever order the facts came.
//
//	fact ─► increments, by id ─► cells: day × channel × platform ─► Report
//	     └► person: arm, purchases within the window ─► cells of the arms ─► recovery.MeasureLift
package statistics
