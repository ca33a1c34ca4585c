// Package bench holds no code, only the benchmarks of whole jobs: the scan for due
// channels, a sweep over Meta's answers, an import, sealing, and start-up. Single
// functions are measured where they are written.
//
// Each benchmark measures the program and a yardstick in turns, in one run on one
// machine, and reports the medians and the median of the ratios of the turns: a
// number without its yardstick says more about the machine than about the program.
// Nothing here fails because something took long. What the numbers were, and what
// they mean, is in docs/performance.md.
//
// One operation of a benchmark is one turn, so "-benchtime 5x" asks for five turns.
// The sweep takes at least three.
//
// The fleet of a million channels is made once, by the first benchmark that needs
// it, and shared. The simulator runs in a process of its own, so that its work is not
// counted as the program's; it shares the processors all the same.
package bench
