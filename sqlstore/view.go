package sqlstore

import (
	"context"

	"github.com/evergrant/evergrant"
)

// A view is what an import knows of the channels that its rows may match: those
// that were stored before, as changed by the rows so far.
type view struct {
	byID      map[int64]*known
	byAccount map[nameInApp]*known
	byPrint   map[nameInApp]*known
}

// nameInApp is an account id or a fingerprint, within one app.
type nameInApp struct{ app, name string }

// known is one channel of a view.
type known struct {
	held     evergrant.Held
	unsealed error // its tokens do not open: nothing may be decided over it
}

func newView() *view {
	return &view{byID: map[int64]*known{}, byAccount: map[nameInApp]*known{}, byPrint: map[nameInApp]*known{}}
}

func (v *view) add(k *known) {
	v.byID[k.held.ID] = k
	if k.held.AccountID != "" {
		v.byAccount[nameInApp{k.held.App, k.held.AccountID}] = k
	}
	if k.held.Imported != "" {
		key := nameInApp{k.held.App, k.held.Imported}
		if first := v.byPrint[key]; first == nil || first.held.ID > k.held.ID {
			v.byPrint[key] = k
		}
	}
}

// replace notes that k has become h.
func (v *view) replace(k *known, h evergrant.Held) {
	delete(v.byAccount, nameInApp{k.held.App, k.held.AccountID})
	if key := (nameInApp{k.held.App, k.held.Imported}); v.byPrint[key] == k {
		delete(v.byPrint, key)
	}
	k.held = h
	v.add(k)
}

// match finds a row's channel: by id, else by account, else by fingerprint.
func (v *view) match(in evergrant.Held) *known {
	if k := v.byID[in.ID]; k != nil {
		return k
	}
	if k := v.account(in); k != nil {
		return k
	}
	return v.byPrint[nameInApp{in.App, fingerprint(in)}] // nothing is kept under the empty one
}

// account is the channel that has h's account id; nil if there is none.
func (v *view) account(h evergrant.Held) *known {
	return v.byAccount[nameInApp{h.App, h.AccountID}] // nothing is kept under the empty one
}

// fingerprint is the one by which a row is known again.
func fingerprint(in evergrant.Held) string {
	if in.Imported != "" {
		return in.Imported
	}
	return in.Value.Fingerprint()
}

// load reads all channels that the rows may match: one query by id, and for each app
// one by account and one by fingerprint.
func (im *importing) load(ctx context.Context, rows []evergrant.Incoming) error {
	var ids []int64
	accounts, prints := map[string][]string{}, map[string][]string{} // by app
	for _, in := range rows {
		h := in.Held
		if h.ID != 0 {
			ids = append(ids, h.ID)
		}
		if h.AccountID != "" {
			accounts[h.App] = append(accounts[h.App], h.AccountID)
		}
		if fp := fingerprint(h); fp != "" {
			prints[h.App] = append(prints[h.App], fp)
		}
	}
	d, st := im.s.db.dialect, im.s.sql
	if len(ids) > 0 {
		if err := im.loadRows(ctx, st.byIDs, d.numbers(ids)); err != nil {
			return err
		}
	}
	for app, list := range accounts {
		if err := im.loadRows(ctx, st.byAccounts, d.texts(list), app); err != nil {
			return err
		}
	}
	for app, list := range prints {
		if err := im.loadRows(ctx, st.byPrints, d.texts(list), app); err != nil {
			return err
		}
	}
	return nil
}

// loadRows adds what a query finds to the view.
func (im *importing) loadRows(ctx context.Context, query string, args ...any) error {
	return each(ctx, im.q, func(row scanner) error {
		var r sealedRow
		if err := scanHeld(row, &r); err != nil {
			return err
		}
		if im.view.byID[r.held.ID] != nil {
			return nil
		}
		h, err := im.s.open(r)
		if err != nil {
			h = r.held // to be named in the rejection; its tokens stay closed
		}
		im.view.add(&known{held: h, unsealed: err})
		return nil
	}, query, args...)
}
