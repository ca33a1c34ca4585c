package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/evergrant/evergrant/seal"
	"github.com/evergrant/evergrant/service"
	"github.com/evergrant/evergrant/sqlstore"
)

// storage examines database, migrations and keyset, without writing to any.
func (x *examination) storage(ctx context.Context) {
	raw := x.Settings.DatabaseURL.Reveal()
	db, err := sqlstore.Open(ctx, sqlstore.Config{URL: raw, Now: x.Now, Log: x.Log})
	if err != nil {
		x.add("database", Fail, service.ExplainDatabase(raw, err).Error(), "see the message; EVERGRANT_DATABASE_URL names the database")
		return
	}
	defer func() { _ = db.Close() }() // it was only read
	have, want := db.Schema()
	if have == 0 {
		x.add("database", Warn, db.Name()+" does not exist yet, or is empty", "evergrant import makes it, together with its keyset")
		return
	}
	x.add("database", OK, db.Name()+" answers", "")
	if have < want {
		x.add("migrations", Warn, fmt.Sprintf("the schema has version %d, this program uses %d", have, want), "the next command brings it forward; take a backup before")
	} else {
		x.add("migrations", OK, fmt.Sprintf("the schema has version %d", have), "")
	}
	keys, err := db.SealedWith(ctx)
	if err != nil {
		x.add("keyset", Fail, err.Error(), "see the message")
		return
	}
	keyring := x.keyset(ctx, keys)
	if keyring == nil || have < want || !slices.Contains(keys, keyring.Primary()) {
		return // opening the store would write
	}
	if store, err := db.Unlock(ctx, keyring); err != nil {
		x.add("keyset", Fail, err.Error(), "restore the keyset that belongs to this database")
	} else {
		x.fleet(ctx, store)
	}
}

// keyset examines the keyset file, and whether it holds the keys that the database
// uses; nil when it does not.
func (x *examination) keyset(ctx context.Context, keys []string) *seal.Keyring {
	kms, err := service.OpenKMS(ctx, x.Settings)
	if err != nil {
		x.add("keyset", Fail, err.Error(), "check EVERGRANT_KMS_URL")
		return nil
	}
	if kms != nil {
		defer func() { _ = kms.Close() }() // it was only asked
	}
	keyring, err := seal.Load(ctx, x.Settings.KeysetFile, seal.Options{KMS: kms, Now: x.Now, Logger: x.Log})
	if err != nil {
		remedy := "see the message"
		if errors.Is(err, seal.ErrNoKeyset) {
			remedy = "restore the keyset from a backup: without it the stored tokens cannot be read"
		}
		x.add("keyset", Fail, err.Error(), remedy)
		return nil
	}
	var missing []string
	held := keyring.Keys()
	for _, id := range keys {
		if !slices.ContainsFunc(held, func(k seal.Key) bool { return k.ID == id }) {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		x.add("keyset", Fail, fmt.Sprintf("keyset %s lacks key %s, which the database uses", x.Settings.KeysetFile, strings.Join(missing, ", ")),
			"restore the keyset that belongs to this database")
		return nil
	}
	x.add("keyset", OK, fmt.Sprintf("keyset %s holds every key that the database uses", x.Settings.KeysetFile), "")
	return keyring
}

// fleet looks at what is stored.
func (x *examination) fleet(ctx context.Context, store *sqlstore.Store) {
	stats, err := store.Stats(ctx)
	if err != nil {
		x.add("fleet", Fail, err.Error(), "see the message")
		return
	}
	var total, needOwner int64
	for status, n := range stats.ByStatus {
		total += n
		if status == "paused" || status == "reconnect_required" {
			needOwner += n
		}
	}
	if needOwner > 0 {
		x.add("fleet", Warn, fmt.Sprintf("%d of %d channels need their owner", needOwner, total), "evergrant status --status reconnect_required, and paused")
	} else {
		x.add("fleet", OK, fmt.Sprintf("%d channels, none needs its owner", total), "")
	}
	if at := stats.EarliestExpiry; !at.IsZero() && !at.After(x.Now()) {
		x.add("fleet", Warn, "a connected channel's token has expired on "+at.UTC().Format("2006-01-02"), "run evergrant auto-refresh; is its timer running?")
	}
	x.brake(ctx, store)
}
