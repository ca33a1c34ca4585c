package schedule

import (
	"cmp"
	"container/heap"
	"slices"
	"time"
)

// A Slot is one planned action of one channel.
type Slot struct {
	ID       int64
	At       time.Time
	Earliest time.Time // Spread never moves a slot before this; zero: any time
}

// Spread keeps every day of the plan at perDay actions or fewer, by moving overflow to
// earlier days, never to later ones. No slot moves before from, or before its own
// Earliest. What finds no room stays where it is: being late is worse than a busy day.
// When the limit can be kept, it is; else as few actions as possible lie above it. Days
// are UTC, and what is due before from counts for from's day. A perDay of 0 changes
// nothing. The slots come back in order of time; the argument is untouched. To spread
// the result again changes nothing, provided that the ids are unique.
func Spread(slots []Slot, from time.Time, perDay int) []Slot {
	out := slices.Clone(slots)
	byTime(out)
	if perDay > 0 {
		limit(out, from, perDay)
		byTime(out)
	}
	return out
}

// limit goes from the last day back. Each day keeps the slots with the least freedom to
// move, its own or pushed down from later days, and pushes the rest to the day before.
// That is "earliest deadline first" with time reversed, which serves as many as can be.
func limit(slots []Slot, from time.Time, perDay int) {
	var open pool
	var today time.Time
	for rest := len(slots); rest > 0 || len(open) > 0; today = today.Add(-day) {
		if len(open) == 0 {
			today = dayOf(later(slots[rest-1].At, from))
		}
		for ; rest > 0 && !later(slots[rest-1].At, from).Before(today); rest-- {
			s := &slots[rest-1]
			heap.Push(&open, candidate{s, later(s.Earliest, from)})
		}
		tomorrow, start := today.Add(day), later(today, from)
		step := tomorrow.Sub(start) / time.Duration(perDay)
		for i := 0; i < perDay && len(open) > 0; i++ {
			c := heap.Pop(&open).(candidate)
			if !c.slot.At.Before(tomorrow) { // pushed down: evenly over its new day
				c.slot.At = later(start.Add(time.Duration(i)*step), c.floor)
			}
		}
		for len(open) > 0 && !open[0].floor.Before(today) {
			heap.Pop(&open) // nowhere left to go: it stays where it is
		}
	}
}

// A candidate is a slot that looks for a day, and the instant before which it must not go.
type candidate struct {
	slot  *Slot
	floor time.Time
}

// A pool is a heap of candidates, the least free first. The order depends on nothing
// that Spread changes, so that spreading twice is spreading once.
type pool []candidate

func (p pool) Len() int      { return len(p) }
func (p pool) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p *pool) Push(c any)   { *p = append(*p, c.(candidate)) }

func (p pool) Less(i, j int) bool {
	return cmp.Or(p[j].floor.Compare(p[i].floor), cmp.Compare(p[i].slot.ID, p[j].slot.ID)) < 0
}

func (p *pool) Pop() any {
	n := len(*p) - 1
	c := (*p)[n]
	*p = (*p)[:n]
	return c
}

func dayOf(t time.Time) time.Time { return t.UTC().Truncate(day) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func byTime(s []Slot) {
	slices.SortStableFunc(s, func(a, b Slot) int { return a.At.Compare(b.At) })
}
