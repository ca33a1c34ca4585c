package sqlstore

import "context"

// A dialect is what differs between the two databases.
type dialect interface {
	// fault says what a driver's error means.
	fault(err error) fault
	// now is the SQL for the database's own clock, in UTC milliseconds.
	now() string
	// fold is the SQL for a column with its ASCII letters in lower case.
	fold(column string) string
	// among is the SQL for "column is one of the parameter's values".
	among(column, param string) string
	// texts and numbers make the argument that among takes.
	texts(values []string) any
	numbers(values []int64) any
	// lockRows ends a select whose rows must not change before the transaction ends.
	lockRows() string
	// allocate reserves n ids that were never used before, above the given one, inside
	// a transaction. With n 0 it only tells the database that ids up to it were chosen.
	allocate(ctx context.Context, q querier, n int, above int64) ([]int64, error)
	// next is the SQL for the n-th parameter where all are used once and in order.
	next(n int) string
	// insertMany is how many rows one insert statement should carry.
	insertMany() int
	// lockKeys keeps others from registering keys before the transaction ends.
	lockKeys(ctx context.Context, q querier) error
	// hasTable reports whether a table is visible.
	hasTable(ctx context.Context, q querier, name string) (bool, error)
}

// A backend is an open database: how reads and writes reach it.
type backend interface {
	// reader serves reads outside of transactions.
	reader() querier
	// statement runs fn, which must be one single statement.
	statement(ctx context.Context, fn work) error
	// transaction runs fn as one transaction. Both may run fn more than once, and
	// commit it together with the work of others. When ctx ends before fn has
	// begun, fn does not run; later its end is not noticed.
	transaction(ctx context.Context, fn work) error
	// long runs fn as a transaction of its own, under ctx throughout.
	long(ctx context.Context, fn work) error
	// migrate brings the schema forward while no other process does.
	migrate(ctx context.Context) error
	close() error
}

// work is a piece of writing. Its ctx is the one to use for its statements.
type work func(ctx context.Context, q querier) error
