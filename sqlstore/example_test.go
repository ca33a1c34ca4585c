package sqlstore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/seal"
	"github.com/evergrant/evergrant/sqlstore"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()

	db, err := sqlstore.Open(ctx, sqlstore.Config{URL: "sqlite://" + filepath.Join(dir, "evergrant.db")})
	if err != nil {
		fmt.Println(err)
		return
	}
	keys, err := db.SealedWith(ctx)
	fmt.Println("a new database is sealed with", len(keys), "keys", err)
	keyring, err := seal.Create(ctx, filepath.Join(dir, "keyset.json"), seal.Options{}) // only for a new database
	if err != nil {
		fmt.Println(err)
		return
	}
	store, err := db.Unlock(ctx, keyring)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = store.Close() }()

	c, err := store.Create(ctx, evergrant.Held{
		Channel: evergrant.Channel{App: evergrant.DefaultApp, Username: "acme", Status: evergrant.Connected},
		Value:   evergrant.NewSecret("IGAA…"),
	}, evergrant.Event{Type: evergrant.EventConnected})
	fmt.Println("created", c.ID, c.Username, err)

	lease, held, err := store.Acquire(ctx, c.ID, "example", time.Minute)
	if err != nil {
		fmt.Println(err)
		return
	}
	held.SetToken(evergrant.Token{Value: evergrant.NewSecret("IGAB…"), Kind: evergrant.LongLived})
	c, err = store.Commit(ctx, lease, held, evergrant.Event{Type: evergrant.EventRefreshed})
	fmt.Println("version", c.Version, err)
	// Output:
	// a new database is sealed with 0 keys <nil>
	// created 1 acme <nil>
	// version 2 <nil>
}
