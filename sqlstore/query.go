package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
)

// A querier runs statements: on a pool, or inside one transaction.
type querier interface {
	exec(ctx context.Context, query string, args ...any) (affected int64, err error)
	query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// A scanner is one row of a result.
type scanner interface{ Scan(dest ...any) error }

// one runs a query and scans its first row, or returns sql.ErrNoRows.
func one(ctx context.Context, q querier, scan func(scanner) error, query string, args ...any) error {
	found := false
	err := each(ctx, q, func(row scanner) error {
		if found {
			return nil
		}
		found = true
		return scan(row)
	}, query, args...)
	if err == nil && !found {
		return sql.ErrNoRows
	}
	return err
}

// each runs a query and scans every row.
func each(ctx context.Context, q querier, scan func(scanner) error, query string, args ...any) (err error) {
	rows, err := q.query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := rows.Close(); err == nil {
			err = cerr
		}
	}()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// plain runs statements as they are. pgx prepares and keeps them by itself.
type plain struct {
	q interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	}
}

func (p plain) exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := p.q.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (p plain) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return p.q.QueryContext(ctx, query, args...)
}

// prepared keeps one prepared statement for each text: SQLite parses and plans a
// text anew each time otherwise. Texts come from a fixed set, so it stays small.
type prepared struct {
	on interface {
		PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
	}
	mu    sync.Mutex
	stmts map[string]*sql.Stmt
}

func (p *prepared) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.stmts[query]; s != nil {
		return s, nil
	}
	s, err := p.on.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if p.stmts == nil {
		p.stmts = make(map[string]*sql.Stmt)
	}
	p.stmts[query] = s
	return s, nil
}

func (p *prepared) exec(ctx context.Context, query string, args ...any) (int64, error) {
	s, err := p.stmt(ctx, query)
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (p *prepared) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := p.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// close releases the statements; the connection or pool stays open.
func (p *prepared) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var first error
	for text, s := range p.stmts {
		if err := s.Close(); err != nil && first == nil {
			first = fmt.Errorf("close statement: %w", err)
		}
		delete(p.stmts, text)
	}
	return first
}
