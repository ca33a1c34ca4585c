package demo

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/evergrant/evergrant/internal/sim"
)

const day = 24 * time.Hour

// A kind is one sort of channel in the fleet. share is in percent of it.
type kind struct {
	name   string
	share  int
	told   string // the token's kind as the import tells it; empty: nothing is told
	token  sim.Kind
	age    time.Duration // of the youngest
	spread time.Duration // the oldest are so much older
	dead   sim.Reason    // why Meta refuses it from the start; empty: it lives
	hidden bool          // the import names no expiry
}

// kinds is the fleet: what an operator meets after years without Evergrant. Long-lived
// tokens live 60 days, so one of age 54 to 59 days expires within a week.
func kinds() []kind {
	return []kind{
		{name: "short-lived", share: 20, told: "short", token: sim.Short, age: 5 * time.Minute, spread: 45 * time.Minute},
		{name: "long-lived, expires within a week", share: 30, told: "long", token: sim.Long, age: 54 * day, spread: 5 * day},
		{name: "long-lived, healthy", share: 28, told: "long", token: sim.Long, age: 2 * day, spread: 45 * day},
		{name: "long-lived, a few hours old", share: 6, told: "long", token: sim.Long, age: time.Hour, spread: 20 * time.Hour},
		{name: "of unknown kind, short-lived in truth", share: 4, token: sim.Short, age: time.Minute, spread: 30 * time.Minute, hidden: true},
		{name: "of unknown kind, long-lived in truth", share: 4, token: sim.Long, age: 30 * day, spread: 20 * day, hidden: true},
		{name: "expired before the import", share: 3, told: "long", token: sim.Long, age: 61 * day, spread: 9 * day, dead: sim.Expired},
		{name: "revoked by its owner", share: 3, told: "long", token: sim.Long, age: 55 * day, spread: 4 * day, dead: sim.PasswordChanged},
		{name: "owner must pass a checkpoint", share: 2, told: "long", token: sim.Long, age: 55 * day, spread: 4 * day, dead: sim.Checkpoint},
	}
}

// A member is one channel of the fleet, as the world knows it.
type member struct {
	kind  int // index into kinds
	token sim.TokenInfo
}

// populate makes n channels at the simulator, in their shares. Channel ids are 1 to n,
// in the order of the result.
func populate(server *sim.Server, n int) ([]member, error) {
	list := kinds()
	var fleet []member
	for i, count := range shares(n) {
		if count == 0 {
			continue
		}
		k := list[i]
		spec := sim.TokenSpec{
			Kind: k.token, Age: sim.Duration(k.age), AgeSpread: sim.Duration(k.spread), Revoked: k.dead, Count: count,
		}
		if k.dead == sim.Expired {
			spec.Revoked = "" // it is, by its age
		}
		tokens, err := server.IssueTokens(spec)
		if err != nil {
			return nil, fmt.Errorf("make the fleet: %s: %w", k.name, err)
		}
		for _, token := range tokens {
			fleet = append(fleet, member{i, token})
		}
	}
	return fleet, nil
}

// shares is how many of n channels are of each kind: each kind at least once, as far
// as n goes, and what rounding leaves is added to the healthy ones.
func shares(n int) []int {
	const healthy = 2 // its place in kinds
	list := kinds()
	counts := make([]int, len(list))
	left := n
	for i, k := range list {
		spare := left - (len(list) - 1 - i) // when the kinds that follow get one each
		counts[i] = min(max(1, n*k.share/100), max(1, spare), left)
		left -= counts[i]
	}
	counts[healthy] += left
	return counts
}

// writeCSV writes the fleet as an operator's export would hold it.
func writeCSV(w io.Writer, fleet []member) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"id", "username", "access_token", "token_kind", "issued_at", "expires_at", "tenant"}}
	list := kinds()
	for i, m := range fleet {
		k := list[m.kind]
		issued, expires := m.token.IssuedAt.Format(time.RFC3339), m.token.ExpiresAt.Format(time.RFC3339)
		if k.hidden {
			issued, expires = "", ""
		}
		rows = append(rows, []string{strconv.Itoa(i + 1), m.token.Username, m.token.Value, k.told, issued, expires, "demo"})
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write the fleet: %w", err)
	}
	return nil
}
