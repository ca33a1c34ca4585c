// Package service wires the parts of Evergrant into a whole: settings, database,
// keyset, Meta and the Keeper. The binary runs on it, and an embedder may.
//
// [Open] does things in an order that leaves nothing half done: it opens the
// database without writing, then finds the keyset that belongs to it, and only when
// the two fit does it create or migrate anything. A keyset is created together with
// the first database and never beside one that is sealed already.
//
// No connection to Meta is made before a command needs one. What commands do is the
// Keeper's business, and how it looks is the caller's.
//
// A [Service] is safe for concurrent use. Its errors are one line each: what is
// wrong with which thing, and what to do. Durations are [time.Duration], times UTC.
package service
