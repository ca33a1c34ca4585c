package evergrant_test

import (
	"context"
	"fmt"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/evergranttest"
)

// A Keeper over a store and a provider. Programs use sqlstore and meta; here both are
// in memory.
func ExampleNew() {
	clock := evergranttest.NewClock(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
	keeper, err := evergrant.New(evergrant.Config{
		Store:    evergranttest.NewStore(),
		Provider: newFakeMeta(clock),
		Now:      clock.Now,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	row := evergrant.Held{Value: evergrant.NewSecret("a short-lived token")}
	row.Username, row.TokenKind = "acme", evergrant.ShortLived
	imported, err := keeper.Import(ctx, []evergrant.Incoming{{Row: 1, Held: row}})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := keeper.Convert(ctx, imported[0].Held.ID, false)
	fmt.Println(result.Username, result.Outcome, result.TokenKind, result.ExpiresAt.Format(time.DateOnly), err)
	// Output: acme converted long 2026-04-30 <nil>
}

// A caller whose call was refused with error 190 asks for a better token, and repeats
// its call once. All callers at the same time share one refresh.
func ExampleKeeper_Recover() {
	clock := evergranttest.NewClock(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
	keeper, err := evergrant.New(evergrant.Config{Store: evergranttest.NewStore(), Provider: newFakeMeta(clock), Now: clock.Now})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	refused := evergrant.NewSecret("refused by Instagram")
	row := evergrant.Held{Value: refused}
	row.TokenKind, row.IssuedAt = evergrant.LongLived, clock.Now().Add(-30*24*time.Hour)
	imported, err := keeper.Import(ctx, []evergrant.Incoming{{Row: 1, Held: row}})
	if err != nil {
		fmt.Println(err)
		return
	}
	held, err := keeper.Recover(ctx, imported[0].Held.ID, refused)
	fmt.Println(held.Value, held.Value.Equal(refused), err)
	// Output: [redacted] false <nil>
}

// What fails, fails with a class; what is not lost is never thrown away.
func ExampleFailure() {
	f := &evergrant.Failure{Class: evergrant.Lost, Endpoint: "refresh", Status: 400, Code: 190, Subcode: 460, Message: "the password was changed"}
	fmt.Println(f)
	fmt.Println(f.Class, f.Answered())
	// Output:
	// instagram refresh: error 190/460: the password was changed
	// lost true
}
