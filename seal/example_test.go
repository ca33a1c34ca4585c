package seal_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/evergrant/evergrant/seal"
)

func exampleFile() (path string, remove func()) {
	dir, err := os.MkdirTemp("", "seal")
	if err != nil {
		panic(err)
	}
	return filepath.Join(dir, "keyset.json"), func() { _ = os.RemoveAll(dir) }
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func Example() {
	path, remove := exampleFile()
	defer remove()
	keys, err := seal.Create(context.Background(), path, seal.Options{})
	check(err)

	sealed, _, err := keys.Seal([]byte("the token"), seal.Bind(7, "channels.token"))
	check(err)
	token, err := keys.Open(sealed, seal.Bind(7, "channels.token"))
	check(err)
	fmt.Printf("%s\n", token)

	_, err = keys.Open(sealed, seal.Bind(8, "channels.token"))
	fmt.Println("in another row:", errors.Is(err, seal.ErrTampered))
	// Output:
	// the token
	// in another row: true
}

func ExampleLoad() {
	path, remove := exampleFile()
	defer remove()
	_, err := seal.Load(context.Background(), path, seal.Options{})
	fmt.Println(errors.Is(err, seal.ErrNoKeyset))
	// Output: true
}

func ExampleCreate() {
	path, remove := exampleFile()
	defer remove()
	keys, err := seal.Create(context.Background(), path, seal.Options{})
	check(err)
	fmt.Println(len(keys.Keys()), "key")
	_, err = seal.Create(context.Background(), path, seal.Options{})
	fmt.Println("again:", errors.Is(err, seal.ErrKeysetExists))
	// Output:
	// 1 key
	// again: true
}

func ExampleLoadOrCreate() {
	path, remove := exampleFile()
	defer remove()
	for range 2 {
		_, created, err := seal.LoadOrCreate(context.Background(), path, seal.Options{})
		check(err)
		fmt.Println("created:", created)
	}
	// Output:
	// created: true
	// created: false
}

// Rotation: a new key, everything sealed again, then the old key goes.
func ExampleKeyring_Rotate() {
	path, remove := exampleFile()
	defer remove()
	ctx := context.Background()
	keys, err := seal.Create(ctx, path, seal.Options{})
	check(err)
	ad := seal.Bind(7, "channels.token")
	sealed, oldID, err := keys.Seal([]byte("the token"), ad)
	check(err)

	newID, err := keys.Rotate(ctx)
	check(err)
	token, err := keys.Open(sealed, ad)
	check(err)
	sealed, id, err := keys.Seal(token, ad)
	check(err)
	fmt.Println("sealed with the new key:", id == newID)

	check(keys.Retire(ctx, oldID))
	token, err = keys.Open(sealed, ad)
	check(err)
	fmt.Printf("%s\n", token)
	// Output:
	// sealed with the new key: true
	// the token
}

func ExampleKeyring_Retire() {
	path, remove := exampleFile()
	defer remove()
	keys, err := seal.Create(context.Background(), path, seal.Options{})
	check(err)
	err = keys.Retire(context.Background(), keys.Primary())
	fmt.Println("still in use:", errors.Is(err, seal.ErrPrimary))
	// Output: still in use: true
}

func ExampleKeyIDOf() {
	path, remove := exampleFile()
	defer remove()
	keys, err := seal.Create(context.Background(), path, seal.Options{})
	check(err)
	sealed, _, err := keys.Seal([]byte("the token"), seal.Bind(7, "channels.token"))
	check(err)
	id, err := seal.KeyIDOf(sealed)
	check(err)
	fmt.Println(id == keys.Primary())
	// Output: true
}

func ExampleBind() {
	fmt.Printf("%q\n", seal.Bind(7, "channels.token"))
	// Output: "evergrant/1\x00\x00\x00\x00\x00\x00\x00\x00\achannels.token"
}

func ExampleOpenKMS() {
	path, remove := exampleFile()
	defer remove()
	ctx := context.Background()
	key := bytes.Repeat([]byte("k"), 32) // for a try; a real one is random
	kms, err := seal.OpenKMS(ctx, "base64key://"+base64.URLEncoding.EncodeToString(key))
	check(err)
	defer func() { _ = kms.Close() }()
	_, err = seal.Create(ctx, path, seal.Options{KMS: kms})
	check(err)

	_, err = seal.Load(ctx, path, seal.Options{})
	fmt.Println("without the KMS:", errors.Is(err, seal.ErrWrapped))
	// Output: without the KMS: true
}
