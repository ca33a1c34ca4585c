package sqlstore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/evergrant/evergrant"
)

// Channel implements [evergrant.Store].
func (s *Store) Channel(ctx context.Context, id int64) (evergrant.Channel, error) {
	var c evergrant.Channel
	err := one(ctx, s.db.backend.reader(), func(row scanner) error { return scanChannel(row, &c) },
		`select `+channelColumns+` from channels where id = $1`, id)
	if err != nil {
		return evergrant.Channel{}, s.fail(fmt.Sprintf("channel %d", id), noRows(err, evergrant.ErrNotFound))
	}
	return c, nil
}

// Held implements [evergrant.Store].
func (s *Store) Held(ctx context.Context, id int64) (evergrant.Held, error) {
	var r sealedRow
	err := one(ctx, s.db.backend.reader(), func(row scanner) error { return scanHeld(row, &r) },
		`select `+heldColumns+` from channels where id = $1`, id)
	if err != nil {
		return evergrant.Held{}, s.fail(fmt.Sprintf("channel %d", id), noRows(err, evergrant.ErrNotFound))
	}
	h, err := s.open(r)
	return h, s.fail("read tokens", err)
}

// Find implements [evergrant.Store]. The account id decides before the app-scoped
// id; of several channels with one app-scoped id the oldest is meant.
func (s *Store) Find(ctx context.Context, app, accountID, appScopedID string) (evergrant.Channel, error) {
	for _, try := range []struct{ column, id string }{{"account_id", accountID}, {"app_scoped_id", appScopedID}} {
		if try.id == "" {
			continue
		}
		found, err := s.channels(ctx, findQuery(try.column), app, try.id)
		if err != nil {
			return evergrant.Channel{}, s.fail("find channel by "+try.column, err)
		}
		if len(found) > 0 {
			return found[0], nil
		}
	}
	return evergrant.Channel{}, fmt.Errorf("find channel of account %q (app-scoped %q): %w", accountID, appScopedID, evergrant.ErrNotFound)
}

func findQuery(column string) string {
	return `select ` + channelColumns + ` from channels
		where app = $1 and ` + column + ` = $2 and ` + column + ` <> '' order by id limit 1`
}

// dueQuery must repeat the condition of the index channels_due, which holds only
// what may fall due.
const dueQuery = `select ` + channelColumns + ` from channels
	where status in ('connected', 'paused') and next_attempt_at is not null and next_attempt_at <= $1
	order by expires_at nulls first, next_attempt_at, id limit $2`

// Due implements [evergrant.Store].
func (s *Store) Due(ctx context.Context, now time.Time, limit int) ([]evergrant.Channel, error) {
	found, err := s.channels(ctx, dueQuery, now.UnixMilli(), limitOf(limit))
	return found, s.fail("list due channels", err)
}

// The likeliest canaries lie at the end of the index channels_stats. Only where there are
// too few of them, as in a small or a stricken fleet, is the fleet gone through.
const (
	canariesQuery = `select id from channels
		where token_kind = 'long' and status = 'connected' and expires_at > $1 and app = $2 and attempts = 0
		order by expires_at desc limit $3`
	anyCanariesQuery = `select id from channels
		where status = 'connected' and (expires_at is null or expires_at > $1) and app = $2
		order by attempts > 0, expires_at desc nulls last, id limit $3`
)

// Canaries implements [evergrant.Store].
func (s *Store) Canaries(ctx context.Context, app string, now time.Time, limit int) ([]int64, error) {
	var ids []int64
	for _, query := range []string{canariesQuery, anyCanariesQuery} {
		ids = nil
		err := each(ctx, s.db.backend.reader(), func(row scanner) error {
			var id int64
			err := row.Scan(&id)
			ids = append(ids, id)
			return err
		}, query, now.UnixMilli(), app, limitOf(limit))
		if err != nil {
			return nil, s.fail("find canaries", err)
		}
		if len(ids) >= limitOf(limit) {
			break
		}
	}
	return ids, nil
}

// List implements [evergrant.Store].
func (s *Store) List(ctx context.Context, f evergrant.Filter) ([]evergrant.Channel, error) {
	query, args := listQuery(s.db.dialect, f)
	found, err := s.channels(ctx, query, args...)
	return found, s.fail("list channels", err)
}

func (s *Store) channels(ctx context.Context, query string, args ...any) ([]evergrant.Channel, error) {
	var found []evergrant.Channel
	err := each(ctx, s.db.backend.reader(), func(row scanner) error {
		var c evergrant.Channel
		if err := scanChannel(row, &c); err != nil {
			return err
		}
		found = append(found, c)
		return nil
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return found, nil
}

func listQuery(d dialect, f evergrant.Filter) (query string, args []any) {
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	where := []string{"id > " + arg(f.After)}
	if len(f.Statuses) > 0 {
		where = append(where, statusCondition(f.Statuses, arg))
	}
	if f.Tenant != "" {
		where = append(where, "tenant = "+arg(f.Tenant))
	}
	if f.Query != "" {
		like := " like " + arg("%"+escapeLike(foldASCII(f.Query))+"%") + ` escape '\'`
		where = append(where, "("+d.fold("username")+like+" or "+d.fold("account_id")+like+" or "+d.fold("tenant")+like+")")
	}
	return "select " + channelColumns + " from channels where " + strings.Join(where, " and ") +
		" order by id limit " + arg(limitOf(f.Limit)), args
}

// statusCondition lets the small index of unwell channels serve when connected ones
// are not asked for. Else most rows match, and are read in order of their ids.
func statusCondition(statuses []evergrant.Status, arg func(any) string) string {
	unwell := "status <> 'connected' and "
	var params []string
	for _, st := range statuses {
		if st == evergrant.Connected {
			unwell = ""
		}
		params = append(params, arg(string(st)))
	}
	return unwell + "status in (" + strings.Join(params, ", ") + ")"
}

// foldASCII lowers what the database lowers: ASCII letters.
func foldASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, clean(s))
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

const statsQuery = `select status, token_kind, count(*), min(expires_at) from channels group by token_kind, status`

// Stats implements [evergrant.Store]. One index holds all that it reads.
func (s *Store) Stats(ctx context.Context) (evergrant.Stats, error) {
	stats := evergrant.Stats{ByStatus: map[evergrant.Status]int64{}, ByKind: map[evergrant.TokenKind]int64{}}
	err := each(ctx, s.db.backend.reader(), func(row scanner) error {
		var status evergrant.Status
		var kind evergrant.TokenKind
		var count int64
		var earliest time.Time
		if err := row.Scan(&status, &kind, &count, timeOf{&earliest}); err != nil {
			return err
		}
		stats.ByStatus[status] += count
		if status != evergrant.Disconnected {
			stats.ByKind[kind] += count
		}
		sooner := stats.EarliestExpiry.IsZero() || earliest.Before(stats.EarliestExpiry)
		if status == evergrant.Connected && !earliest.IsZero() && sooner {
			stats.EarliestExpiry = earliest
		}
		return nil
	}, statsQuery)
	if err != nil {
		return evergrant.Stats{}, s.fail("count channels", err)
	}
	return stats, nil
}
