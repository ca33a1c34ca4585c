package schedule_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evergrant/evergrant/schedule"
)

// midnight begins day 0 of the plans in these tests.
var midnight = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return midnight.Add(d) }

func slot(id int64, when time.Duration) schedule.Slot {
	return schedule.Slot{ID: id, At: at(when)}
}

// pinned is a slot that must not move below that instant.
func pinned(id int64, when, earliest time.Duration) schedule.Slot {
	return schedule.Slot{ID: id, At: at(when), Earliest: at(earliest)}
}

func TestSpread(t *testing.T) {
	for _, tt := range []struct {
		name   string
		slots  []schedule.Slot
		from   time.Duration // after midnight of day 0
		perDay int
		want   string // id@instant after midnight of day 0, in order
	}{
		{"no slots", nil, 0, 1, "[]"},
		{"no cap: only put in order", []schedule.Slot{slot(2, day), slot(1, 0), slot(3, day)}, 0, 0, "[1@0s 2@24h0m0s 3@24h0m0s]"},
		{"a negative cap is none", []schedule.Slot{slot(2, day), slot(1, day)}, 0, -1, "[2@24h0m0s 1@24h0m0s]"},
		{"within the cap nothing moves", []schedule.Slot{slot(1, day), slot(2, day+1)}, 0, 2, "[1@24h0m0s 2@24h0m0.000000001s]"},
		{"overflow moves to the day before", []schedule.Slot{slot(1, 2*day), slot(2, 2*day)}, 0, 1, "[2@24h0m0s 1@48h0m0s]"},
		{"overflow moves on while days are full", []schedule.Slot{slot(1, 2*day), slot(2, 2*day), slot(3, day)}, 0, 1, "[3@0s 2@24h0m0s 1@48h0m0s]"},
		{"days far apart", []schedule.Slot{slot(1, 20*day), slot(2, 20*day), slot(3, day)}, 0, 1, "[3@24h0m0s 2@456h0m0s 1@480h0m0s]"},
		{"evenly over the new day", []schedule.Slot{slot(1, 2*day), slot(2, 2*day), slot(3, 2*day), slot(4, 2*day)}, 0, 2, "[3@24h0m0s 4@36h0m0s 1@48h0m0s 2@48h0m0s]"},
		{"evenly over what is left of today", []schedule.Slot{slot(1, day), slot(2, day), slot(3, day), slot(4, day)}, 12 * time.Hour, 2, "[3@12h0m0s 4@18h0m0s 1@24h0m0s 2@24h0m0s]"},
		{"never before from", []schedule.Slot{slot(1, time.Hour), slot(2, time.Hour)}, 30 * time.Minute, 1, "[1@1h0m0s 2@1h0m0s]"},
		{"never before its own earliest", []schedule.Slot{pinned(1, 2*day, 2*day), pinned(2, 2*day, 30*time.Hour)}, 0, 1, "[2@30h0m0s 1@48h0m0s]"},
		{"what cannot move keeps its place", []schedule.Slot{slot(1, day), slot(2, day), pinned(3, day+time.Hour, day), pinned(4, day+time.Hour, day)}, 0, 2, "[1@0s 2@12h0m0s 3@25h0m0s 4@25h0m0s]"},
		{"more that cannot move than fit: they stay", []schedule.Slot{pinned(1, day, day), pinned(2, day, day), slot(3, day)}, 0, 1, "[3@0s 1@24h0m0s 2@24h0m0s]"},
		{"the freest moves", []schedule.Slot{slot(1, 2*day), pinned(2, 2*day, day), slot(3, day)}, 0, 1, "[3@0s 1@24h0m0s 2@48h0m0s]"},
		{"without room anywhere it stays on its own day", []schedule.Slot{slot(1, 0), slot(2, day), slot(3, 2*day), slot(4, 2*day)}, 0, 1, "[1@0s 2@24h0m0s 3@48h0m0s 4@48h0m0s]"},
		{"what is overdue fills from's day", []schedule.Slot{slot(1, -9*day), slot(2, day), slot(3, day)}, 0, 1, "[1@-216h0m0s 2@24h0m0s 3@24h0m0s]"},
		{"a zero instant means at once", []schedule.Slot{{ID: 1}, slot(2, day), slot(3, day)}, 0, 1, "[1@zero 2@24h0m0s 3@24h0m0s]"},
		{"an earliest after its instant is no reason to be late", []schedule.Slot{pinned(1, day, 3*day), slot(2, day)}, 0, 1, "[2@0s 1@24h0m0s]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := show(schedule.Spread(tt.slots, at(tt.from), tt.perDay)); got != tt.want {
				t.Errorf("Spread = %s;\n   want = %s", got, tt.want)
			}
		})
	}
}

func show(slots []schedule.Slot) string {
	out := []string{}
	for _, s := range slots {
		when := "zero"
		if !s.At.IsZero() {
			when = s.At.Sub(midnight).String()
		}
		out = append(out, fmt.Sprintf("%d@%s", s.ID, when))
	}
	return fmt.Sprint(out)
}

// Days are UTC days, in whatever zone the instants are given.
func TestSpreadDaysAreUTC(t *testing.T) {
	tehran := time.FixedZone("+03:30", 3*3600+1800)
	late, early := at(23*time.Hour).In(tehran), at(25*time.Hour).In(tehran) // one date there, two in UTC
	in := []schedule.Slot{{ID: 1, At: late}, {ID: 2, At: early}}
	if got := schedule.Spread(in, midnight, 1); !slices.Equal(got, in) {
		t.Errorf("Spread = %v; want it unchanged", got)
	}
}

// A cap above 106,751 once overflowed the arithmetic and threw slots out of their day.
func TestSpreadHugeCap(t *testing.T) {
	const perDay = 150_000
	slots := make([]schedule.Slot, 2*perDay)
	for i := range slots {
		slots[i] = slot(int64(i), 5*day+time.Duration(i)*time.Millisecond)
	}
	load := byDay(schedule.Spread(slots, midnight, perDay), midnight)
	if want := map[int]int{4: perDay, 5: perDay}; !maps.Equal(load, want) {
		t.Errorf("load by day = %v; want %v", load, want)
	}
}

// byDay counts the slots on each day after midnight; what is overdue counts for from's.
func byDay(slots []schedule.Slot, from time.Time) map[int]int {
	load := map[int]int{}
	for _, s := range slots {
		load[dayOf(s.At, from)]++
	}
	return load
}

// dayOf is the day on which an action due then takes place, seen from from.
func dayOf(when, from time.Time) int {
	if when.Before(from) {
		when = from
	}
	return int(when.Sub(midnight) / day)
}

// surplus is how many actions lie above the cap.
func surplus(load map[int]int, perDay int) (n int) {
	for _, here := range load {
		n += max(0, here-perDay)
	}
	return n
}

// leastSurplus is the model: the slots that are left over by a maximum matching of slots
// to free seats, found by augmenting paths. It shares no idea with Spread.
func leastSurplus(slots []schedule.Slot, from time.Time, perDay int) int {
	seated := map[int][]int{} // the slots on each day
	var seat func(i int, tried map[int]bool) bool
	seat = func(i int, tried map[int]bool) bool {
		last := dayOf(slots[i].At, from)
		for d := last; d >= min(last, dayOf(slots[i].Earliest, from)); d-- {
			if tried[d] {
				continue
			}
			tried[d] = true
			if len(seated[d]) < perDay {
				seated[d] = append(seated[d], i)
				return true
			}
			for k, other := range seated[d] {
				if seat(other, tried) {
					seated[d][k] = i
					return true
				}
			}
		}
		return false
	}
	left := 0
	for i := range slots {
		if !seat(i, map[int]bool{}) {
			left++
		}
	}
	return left
}

// drawSlots draws a fleet over nine days, half of it crowded on one: some overdue, some
// bound to the days just before their own, some with contradictory bounds.
func drawSlots(t *rapid.T) []schedule.Slot {
	slots := make([]schedule.Slot, evenly(0, 40).Draw(t, "slots"))
	crowded := evenly(0, 8).Draw(t, "crowded day") * 24
	for i := range slots {
		hour := evenly(-24, 8*24).Draw(t, "hour")
		if rapid.Bool().Draw(t, "crowded") {
			hour = crowded + evenly(0, 23).Draw(t, "hour of the crowded day")
		}
		slots[i] = slot(int64(i), time.Duration(hour)*time.Hour)
		if rapid.Bool().Draw(t, "bound") {
			slots[i].Earliest = slots[i].At.Add(-time.Duration(evenly(-5, 72).Draw(t, "freedom")) * time.Hour)
		}
	}
	return slots
}

func TestSpreadProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slots := drawSlots(t)
		from := at(time.Duration(evenly(0, 30).Draw(t, "from")) * time.Hour)
		perDay := rapid.IntRange(1, 6).Draw(t, "cap")
		before := slices.Clone(slots)
		got := schedule.Spread(slots, from, perDay)

		if !slices.Equal(slots, before) {
			t.Fatalf("the argument was changed: %s; want %s", show(slots), show(before))
		}
		if len(got) != len(slots) {
			t.Fatalf("%d slots came back; want %d", len(got), len(slots))
		}
		if !slices.IsSortedFunc(got, func(a, b schedule.Slot) int { return a.At.Compare(b.At) }) {
			t.Fatalf("not in order of time: %s", show(got))
		}
		seen := map[int64]bool{}
		for _, s := range got {
			was := slots[s.ID]
			switch {
			case seen[s.ID]:
				t.Fatalf("slot %d came back twice: %s", s.ID, show(got))
			case !s.Earliest.Equal(was.Earliest):
				t.Fatalf("slot %d has earliest %v; want %v", s.ID, s.Earliest, was.Earliest)
			case s.At.After(was.At):
				t.Fatalf("slot %d moved later, from %v to %v", s.ID, was.At, s.At)
			case s.At.Before(was.At) && (s.At.Before(from) || s.At.Before(s.Earliest)):
				t.Fatalf("slot %d moved to %v; want not before %v and %v", s.ID, s.At, from, s.Earliest)
			}
			seen[s.ID] = true
		}
		if got, want := surplus(byDay(got, from), perDay), leastSurplus(slots, from, perDay); got != want {
			t.Fatalf("%d actions above the cap; want %d, the least possible", got, want)
		}
		if again := schedule.Spread(got, from, perDay); !slices.Equal(again, got) {
			t.Fatalf("spread twice = %s;\n        want %s", show(again), show(got))
		}
	})
}
