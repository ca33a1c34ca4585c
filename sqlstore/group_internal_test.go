package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// newTestGroup returns a writer over an empty table, and a task that blocks it until
// the returned function is called: what waits meanwhile becomes one group.
func newTestGroup(t *testing.T) (g *group, block func() (release func())) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "group.db")
	if err := createFile(path); err != nil {
		t.Fatal(err)
	}
	g = newGroup(mustOpen(writerDSN(path)))
	t.Cleanup(func() {
		if err := g.close(); err != nil {
			t.Error(err)
		}
	})
	put(t, g, "create table t (n integer primary key) strict")
	return g, func() func() {
		started, released, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			ended <- g.do(t.Context(), func(context.Context, querier) error {
				close(started)
				<-released
				return nil
			}, alone)
		}()
		<-started
		return func() {
			close(released)
			if err := <-ended; err != nil {
				t.Errorf("the blocking task: %v", err)
			}
		}
	}
}

func put(t *testing.T, g *group, statement string) {
	t.Helper()
	if err := g.do(t.Context(), func(ctx context.Context, q querier) error {
		_, err := q.exec(ctx, statement)
		return err
	}, single); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func numbers(t *testing.T, g *group) (list string) {
	t.Helper()
	err := g.do(t.Context(), func(ctx context.Context, q querier) error {
		return one(ctx, q, func(row scanner) error { return row.Scan(&list) }, "select coalesce(group_concat(n, ' ' order by n), '') from t")
	}, single)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestGroupIsolatesFailures(t *testing.T) { synctest.Test(t, groupIsolatesFailures) }

func groupIsolatesFailures(t *testing.T) {
	g, block := newTestGroup(t)
	release := block()
	errWork := errors.New("work failed")
	insert := func(fail error, values ...int) work {
		return func(ctx context.Context, q querier) error {
			for _, n := range values {
				if _, err := q.exec(ctx, "insert into t (n) values ($1)", n); err != nil {
					return err
				}
			}
			return fail
		}
	}
	tasks := []struct {
		fn      work
		sharing sharing
		fails   bool
	}{
		{insert(nil, 1), single, false},
		{insert(nil, 2, 3), several, false},
		{insert(errWork, 4, 5), several, true},       // undone, as a whole
		{insert(nil, 100, 6, 7, 100), several, true}, // fails half-way, undone
		{insert(nil, 8), single, false},
		{insert(nil, 9, 10), alone, false},
	}
	results := make([]error, len(tasks))
	var wg sync.WaitGroup
	for i, tt := range tasks {
		wg.Go(func() {
			results[i] = g.do(t.Context(), tt.fn, tt.sharing)
		})
	}
	synctest.Wait() // all tasks wait for the writer now
	release()
	wg.Wait()
	for i, tt := range tasks {
		if (results[i] != nil) != tt.fails {
			t.Errorf("task %d: got error %v; want one: %v", i, results[i], tt.fails)
		}
	}
	if got, want := numbers(t, g), "1 2 3 8 9 10"; got != want {
		t.Errorf("stored %s; want %s", got, want)
	}
}

// When one task ends the common transaction, all others are run again by themselves,
// and each exactly once takes effect.
func TestGroupSurvivesLostTransaction(t *testing.T) { synctest.Test(t, groupSurvivesLostTransaction) }

func groupSurvivesLostTransaction(t *testing.T) {
	g, block := newTestGroup(t)
	put(t, g, "create table big (b blob) strict")
	release := block()
	const others = 10
	results := make([]error, others)
	var wg sync.WaitGroup
	for i := range others {
		wg.Go(func() {
			results[i] = g.do(t.Context(), func(ctx context.Context, q querier) error {
				_, err := q.exec(ctx, "insert into t (n) values ($1)", i)
				return err
			}, single)
		})
	}
	var full error
	wg.Go(func() {
		full = g.do(t.Context(), func(ctx context.Context, q querier) error {
			return joined(firstErr(q.exec(ctx, "pragma max_page_count = 20")), firstErr(q.exec(ctx, "insert into big values (zeroblob(1000000))")))
		}, several)
	})
	synctest.Wait() // all tasks wait for the writer now
	release()
	wg.Wait()
	if (sqliteDialect{}).fault(full) != faultFull {
		t.Errorf("the large task: got error %v; want that the disk is full", full)
	}
	for i, err := range results {
		if err != nil {
			t.Errorf("task %d: %v", i, err)
		}
	}
	if got, want := numbers(t, g), "0 1 2 3 4 5 6 7 8 9"; got != want {
		t.Errorf("stored %s; want %s", got, want)
	}
}

func firstErr(_ int64, err error) error { return err }

func TestGroupWithdrawsWaitingTask(t *testing.T) { synctest.Test(t, groupWithdrawsWaitingTask) }

func groupWithdrawsWaitingTask(t *testing.T) {
	g, block := newTestGroup(t)
	release := block()
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() {
		result <- g.do(ctx, func(context.Context, querier) error {
			t.Error("the withdrawn task ran")
			return nil
		}, single)
	}()
	synctest.Wait()
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v; want %v", err, context.Canceled)
	}
	release()
	put(t, g, "insert into t (n) values (1)") // the writer goes on
}

func TestGroupClosed(t *testing.T) {
	g, _ := newTestGroup(t)
	if err := g.close(); err != nil {
		t.Fatal(err)
	}
	if err := g.do(t.Context(), nil, single); !errors.Is(err, errClosed) {
		t.Errorf("got error %v; want %v", err, errClosed)
	}
}

func TestJoinedIsOneLine(t *testing.T) {
	first, second := errors.New("first"), fmt.Errorf("second\n\tline")
	err := oneLine(joined(nil, first, nil, second))
	if got, want := err.Error(), "first; second line"; got != want || !errors.Is(err, first) || !errors.Is(err, second) || strings.Contains(got, "\n") {
		t.Errorf("joined = %q; want %q, matching both", got, want)
	}
	if joined(nil, nil) != nil {
		t.Error("joining nothing gave an error")
	}
}
