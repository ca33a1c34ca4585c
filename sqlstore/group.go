package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// maxGroup bounds how many writes one transaction of SQLite carries.
const maxGroup = 128

// How a task may share a transaction.
type sharing int

const (
	single  sharing = iota // one statement: SQLite itself undoes a failed one
	several                // several statements: undone together by a savepoint
	alone                  // a transaction of its own
)

// A group is the one writer of a SQLite file. Writes that wait at the same time
// become one transaction, since what costs is the flush to disk at its end.
type group struct {
	db    *sql.DB
	queue chan *task
	quit  chan struct{} // closed when no more tasks are taken
	done  chan struct{} // closed when the writer has ended
	once  sync.Once
	err   error

	// Of the writer alone:
	conn *sql.Conn // nil: not connected
	q    *prepared
}

// A task is one write and its way back to the caller.
type task struct {
	ctx     context.Context
	fn      work
	sharing sharing
	state   atomic.Int32 // waiting, begun or withdrawn
	result  chan error
}

const (
	waiting = iota
	begun
	withdrawn
)

func newGroup(db *sql.DB) *group {
	db.SetMaxOpenConns(1)
	g := &group{db: db, queue: make(chan *task), quit: make(chan struct{}), done: make(chan struct{})}
	go g.loop()
	return g
}

// do hands fn to the writer and waits for its result. When ctx ends before fn has
// begun, fn never runs; once it has begun its result is waited for, since only the
// result tells whether it was stored.
func (g *group) do(ctx context.Context, fn work, how sharing) error {
	t := &task{ctx: ctx, fn: fn, sharing: how, result: make(chan error, 1)}
	select {
	case g.queue <- t:
	case <-ctx.Done():
		return ctx.Err()
	case <-g.quit:
		return errClosed
	}
	select {
	case err := <-t.result:
		return err
	case <-ctx.Done():
		if t.state.CompareAndSwap(waiting, withdrawn) {
			return ctx.Err()
		}
		return <-t.result
	}
}

func (g *group) close() error {
	g.once.Do(func() {
		close(g.quit)
		<-g.done
		g.err = joined(g.disconnect(), g.db.Close())
	})
	return g.err
}

// loop is the writer.
func (g *group) loop() {
	defer close(g.done)
	var next *task // taken from the queue, but not fit for the group before
	for {
		first := next
		next = nil
		if first == nil {
			select {
			case first = <-g.queue:
			case <-g.quit:
				return
			}
		}
		tasks := []*task{first}
		if first.sharing != alone {
			tasks, next = g.collect(tasks)
		}
		g.run(tasks)
	}
}

// collect takes what waits now. The queue has no buffer, so what waits are callers
// blocked in do.
func (g *group) collect(tasks []*task) (all []*task, next *task) {
	for len(tasks) < maxGroup {
		select {
		case t := <-g.queue:
			if t.sharing == alone {
				return tasks, t
			}
			tasks = append(tasks, t)
		default:
			return tasks, nil
		}
	}
	return tasks, nil
}

// run executes the tasks that were not withdrawn, as one transaction if possible,
// and answers each.
func (g *group) run(tasks []*task) {
	live := tasks[:0]
	for _, t := range tasks {
		if t.state.CompareAndSwap(waiting, begun) {
			live = append(live, t)
		}
	}
	if len(live) == 0 {
		return
	}
	if len(live) > 1 {
		errs, err := g.together(live)
		if err == nil {
			for i, t := range live {
				t.result <- errs[i]
			}
			return
		}
		// The transaction as a whole is lost, for instance because the disk is full
		// for one of its tasks. Nothing of it was stored, so each may try alone.
	}
	for _, t := range live {
		t.result <- g.solo(t)
	}
}

// together runs tasks in one transaction. It returns an error for each task, or the
// one that undid them all.
func (g *group) together(tasks []*task) (errs []error, err error) {
	ctx := context.Background() // no caller's end may interrupt the others
	errs = make([]error, len(tasks))
	if err := g.begin(ctx); err != nil { // for all: a busy file is not waited for once more by each
		for i := range errs {
			errs[i] = err
		}
		return errs, nil
	}
	for i, t := range tasks {
		if err := g.step(ctx, t, &errs[i]); err != nil {
			return nil, joined(err, g.abandon())
		}
	}
	if _, err := g.q.exec(ctx, "commit"); err != nil {
		return nil, joined(err, g.abandon())
	}
	return errs, nil
}

// step runs one task of a group. Its return value ends the group; a failure that
// concerns the task alone goes to *own.
func (g *group) step(ctx context.Context, t *task, own *error) error {
	if t.sharing == single {
		if *own = t.fn(ctx, g.q); endsTransaction(*own) {
			return *own
		}
		return nil
	}
	if _, err := g.q.exec(ctx, "savepoint task"); err != nil {
		return err
	}
	if *own = t.fn(ctx, g.q); endsTransaction(*own) {
		return *own
	}
	if *own != nil {
		if _, err := g.q.exec(ctx, "rollback to task"); err != nil {
			return err
		}
	}
	_, err := g.q.exec(ctx, "release task")
	return err
}

// solo runs one task in a transaction of its own.
func (g *group) solo(t *task) error {
	ctx := context.Background()
	if t.sharing == alone {
		ctx = t.ctx
	}
	if err := g.begin(ctx); err != nil {
		return err
	}
	if err := t.fn(ctx, g.q); err != nil {
		return joined(err, g.abandon())
	}
	if _, err := g.q.exec(context.WithoutCancel(ctx), "commit"); err != nil {
		return joined(err, g.abandon())
	}
	return nil
}

func (g *group) begin(ctx context.Context) error {
	if g.conn == nil {
		conn, err := g.db.Conn(ctx)
		if err != nil {
			return fmt.Errorf("open for writing: %w", err)
		}
		g.conn, g.q = conn, &prepared{on: conn}
	}
	_, err := g.q.exec(ctx, "begin immediate")
	return err
}

// abandon undoes the open transaction. When SQLite has undone it already, or the
// connection is in doubt, a new connection is made for the next task.
func (g *group) abandon() error {
	if _, err := g.q.exec(context.Background(), "rollback"); err == nil {
		return nil
	}
	return g.disconnect()
}

// disconnect closes the connection for good, not back into the pool: closing it
// ends whatever was open in it.
func (g *group) disconnect() error {
	if g.conn == nil {
		return nil
	}
	err := g.q.close()
	_ = g.conn.Raw(func(any) error { return driver.ErrBadConn }) // marks it as broken
	if cerr := g.conn.Close(); !errors.Is(cerr, sql.ErrConnDone) {
		err = joined(err, cerr)
	}
	g.conn, g.q = nil, nil
	return err
}

// endsTransaction reports whether SQLite may have rolled the whole transaction back
// when err occurred; read 2026-09: https://sqlite.org/lang_transaction.html
func endsTransaction(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_CORRUPT:
		return true
	}
	return false
}
