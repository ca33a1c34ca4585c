// Package evergranttest helps to test programs that use Evergrant: a clock that a
// test moves, and a store in memory.
//
// All of it is safe for concurrent use. Times are UTC, to the millisecond. Nothing
// here belongs into production: the store keeps tokens in clear, and forgets them.
package evergranttest
