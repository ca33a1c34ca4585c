package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evergrant/evergrant"
)

// Import implements [evergrant.Store]. It is one transaction for each call; calls
// with about a thousand rows are best.
//
// A row sees what the rows before it in the same call have done. A row whose id
// finds one channel and whose account id another is matched by its id, and rejected
// if the account would then belong to two. A channel whose lease is held is updated
// like any other; the holder's Commit is then refused with [evergrant.ErrStale].
// Fingerprints are those of in.Held.Imported, or else of in.Held.Value.
func (s *Store) Import(ctx context.Context, rows []evergrant.Incoming, decide evergrant.ImportDecision) ([]evergrant.ImportOutcome, error) {
	var outcomes []evergrant.ImportOutcome
	err := s.sealing(ctx, func() error {
		var noted []func()
		err := s.db.backend.long(ctx, func(ctx context.Context, q querier) error {
			im := &importing{s: s, q: q, now: normal(s.db.now()), view: newView(), apps: map[string]bool{}}
			var err error
			outcomes, err = im.run(ctx, rows, decide)
			noted = im.noted
			return err
		})
		if err != nil {
			return err
		}
		for _, note := range noted {
			note()
		}
		return nil
	})
	if err != nil {
		return nil, s.fail(fmt.Sprintf("import %d rows", len(rows)), err)
	}
	return outcomes, nil
}

// Preview implements [evergrant.Store]: it reads, decides and forgets.
func (s *Store) Preview(ctx context.Context, rows []evergrant.Incoming, decide evergrant.ImportDecision) ([]evergrant.ImportOutcome, error) {
	im := &importing{s: s, q: s.db.backend.reader(), now: normal(s.db.now()), view: newView(), dry: true}
	outcomes, err := im.run(ctx, rows, decide)
	if err != nil {
		return nil, s.fail(fmt.Sprintf("preview %d rows", len(rows)), err)
	}
	return outcomes, nil
}

// importing is one run of an import's transaction.
type importing struct {
	dry   bool // decide only: nothing is written, and new channels get no id
	s     *Store
	q     querier
	now   time.Time
	view  *view
	apps  map[string]bool // registered by this run, or known before
	noted []func()        // to be run after the commit
	ids   []int64         // allocated for new channels, not used yet
	queue []created       // not inserted yet
}

// created is a new channel and the event that tells of it.
type created struct {
	held  evergrant.Held
	event evergrant.Event
}

func (im *importing) run(ctx context.Context, rows []evergrant.Incoming, decide evergrant.ImportDecision) ([]evergrant.ImportOutcome, error) {
	clean := make([]evergrant.Incoming, len(rows))
	bad := make([]error, len(rows))
	for i, in := range rows {
		clean[i].Row = in.Row
		if clean[i].Held, bad[i] = cleanHeld(in.Held); bad[i] == nil {
			bad[i] = checkID(in.Held.ID)
		}
	}
	if err := im.load(ctx, clean); err != nil {
		return nil, err
	}
	if err := im.allocate(ctx, clean, bad); err != nil {
		return nil, err
	}
	outcomes := make([]evergrant.ImportOutcome, 0, len(rows))
	for i, in := range clean {
		if bad[i] != nil {
			outcomes = append(outcomes, rejected(in, bad[i].Error()))
			continue
		}
		out, err := im.row(ctx, in, decide)
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", in.Row, err)
		}
		outcomes = append(outcomes, out)
	}
	return outcomes, im.flush(ctx)
}

// allocate reserves ids for the rows that chose none and match nothing, above all
// ids that rows of this call chose.
func (im *importing) allocate(ctx context.Context, rows []evergrant.Incoming, bad []error) (err error) {
	var n int
	var highest int64
	for i, in := range rows {
		switch {
		case bad[i] != nil:
		case in.Held.ID != 0:
			highest = max(highest, in.Held.ID)
		case im.view.match(in.Held) == nil:
			n++
		}
	}
	if im.dry || n == 0 && highest == 0 {
		return nil
	}
	im.ids, err = im.s.db.dialect.allocate(ctx, im.q, n, highest)
	return err
}

func rejected(in evergrant.Incoming, reason string) evergrant.ImportOutcome {
	return evergrant.ImportOutcome{Row: in.Row, Verdict: evergrant.ImportRejected, Reason: reason, Held: in.Held}
}

// row decides over one row, and writes it or queues it for insertion.
func (im *importing) row(ctx context.Context, in evergrant.Incoming, decide evergrant.ImportDecision) (evergrant.ImportOutcome, error) {
	found := im.view.match(in.Held)
	if other := im.view.byPrint[nameInApp{in.Held.App, fingerprint(in.Held)}]; found != nil && other != nil && other != found {
		return rejected(in, fmt.Sprintf("channel %d has this very token", other.held.ID)), nil
	}
	var copied *evergrant.Held
	if found != nil {
		if found.unsealed != nil {
			return rejected(in, found.unsealed.Error()), nil
		}
		h := found.held
		copied = &h
	}
	asked := in
	if found == nil && in.Held.ID == 0 && len(im.ids) > 0 {
		asked.Held.ID = im.ids[0] // the id that it will have: decisions depend on it
	}
	out := decide(copied, asked)
	out.Row = in.Row
	if out.Verdict != evergrant.ImportCreated && out.Verdict != evergrant.ImportUpdated {
		return out, nil
	}
	if out.Verdict == evergrant.ImportUpdated && found == nil {
		return out, errors.New("the decision updates a channel, but none matches")
	}
	h, err := cleanHeld(out.Held)
	if err != nil {
		return rejected(in, err.Error()), nil
	}
	if out.Verdict == evergrant.ImportUpdated {
		h.ID = found.held.ID
	} else if found = nil; im.view.byID[h.ID] != nil {
		return rejected(in, fmt.Sprintf("channel %d exists", h.ID)), nil
	}
	if other := im.view.account(h); other != nil && other != found {
		return rejected(in, fmt.Sprintf("account %s belongs to channel %d", h.AccountID, other.held.ID)), nil
	}
	if im.dry {
		out.Held = im.pretend(found, h)
		return out, nil
	}
	if err := im.ensureApp(ctx, h.App); err != nil {
		return out, err
	}
	if found != nil {
		out.Held, err = im.update(ctx, found, h, out.Event)
	} else {
		out.Held, err = im.create(ctx, h, out.Event)
	}
	return out, err
}

// pretend lets the rows that follow see what this one would have written. In the view, a
// new channel without an id has one that no channel has.
func (im *importing) pretend(found *known, h evergrant.Held) evergrant.Held {
	if found != nil {
		im.view.replace(found, h)
		return h
	}
	seen := h
	if seen.ID == 0 {
		seen.ID = -1 - int64(len(im.view.byID))
	}
	im.view.add(&known{held: seen})
	return h
}

func (im *importing) ensureApp(ctx context.Context, app string) error {
	if im.apps[app] {
		return nil
	}
	noted, err := im.s.ensureApp(ctx, im.q, app)
	if err != nil {
		return err
	}
	im.apps[app], im.noted = true, append(im.noted, noted)
	return nil
}

// create gives a new channel its id and queues it.
func (im *importing) create(ctx context.Context, h evergrant.Held, ev evergrant.Event) (evergrant.Held, error) {
	if len(im.ids) > 0 && h.ID == im.ids[0] {
		im.ids = im.ids[1:]
	}
	if h.ID == 0 {
		if len(im.ids) == 0 { // the decision dropped an id that its row had
			ids, err := im.s.db.dialect.allocate(ctx, im.q, 1, 0)
			if err != nil {
				return h, err
			}
			im.ids = ids
		}
		h.ID, im.ids = im.ids[0], im.ids[1:]
	}
	h.CreatedAt, h.UpdatedAt, h.Version = im.now, im.now, 1
	im.view.add(&known{held: h})
	im.queue = append(im.queue, created{h, ev})
	if len(im.queue) < im.s.db.dialect.insertMany() {
		return h, nil
	}
	return h, im.flush(ctx)
}

// update writes a channel that exists; it may be one that waits in the queue.
func (im *importing) update(ctx context.Context, found *known, h evergrant.Held, ev evergrant.Event) (evergrant.Held, error) {
	if err := im.flush(ctx); err != nil {
		return h, err
	}
	before := found.held.Version
	h.CreatedAt, h.UpdatedAt, h.Version = found.held.CreatedAt, im.now, before+1
	args, err := im.s.written(h)
	if err != nil {
		return h, err
	}
	n, err := im.q.exec(ctx, im.s.sql.update, append(args, h.ID, before)...)
	if err != nil {
		return h, err
	}
	if n == 0 {
		return h, errRaced
	}
	im.view.replace(found, h)
	return h, im.s.addEvent(ctx, im.q, h.ID, im.now, ev)
}

// flush inserts what is queued.
func (im *importing) flush(ctx context.Context) error {
	n := len(im.queue)
	if n == 0 {
		return nil
	}
	args := make([]any, 0, n*len(channelInsert))
	events := make([]any, 0, n*len(eventInsert))
	for _, c := range im.queue {
		row, err := im.s.inserted(c.held)
		if err != nil {
			return err
		}
		ev, err := eventArgs(c.held.ID, im.now, c.event)
		if err != nil {
			return err
		}
		args, events = append(args, row...), append(events, ev...)
	}
	im.queue = im.queue[:0]
	inserted, err := im.q.exec(ctx, im.s.sql.insertRows(n), args...)
	if err != nil {
		return err
	}
	if inserted != int64(n) { // an id or account has come into being since load looked
		return errRaced
	}
	_, err = im.q.exec(ctx, im.s.sql.insertEvents(n), events...)
	return err
}
