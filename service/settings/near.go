package settings

import "strings"

// nearest returns the known name that a wrong one was probably meant to be, or
// nothing when none is near.
func nearest(wrong string, known []string) string {
	wrong = keyOf(strings.ToUpper(strings.NewReplacer(".", "_", "-", "_", " ", "_").Replace(clip(wrong))))
	best, least := "", 1+max(2, len(wrong)/4)
	for _, name := range known {
		if d := distance(wrong, name); d < least {
			best, least = name, d
		}
	}
	return best
}

// clip bounds the work that a hostile name can cause.
func clip(name string) string { return name[:min(len(name), 64)] }

// distance is the number of single-byte edits between two names (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// UnknownEnv lists the variables of the environment that look like ours and are
// none, each with the name that may be meant (or nothing). They are no error: a
// later version may know them. EVERGRANT_TEST_… belongs to the tests.
func UnknownEnv(environ []string) map[string]string {
	known := map[string]bool{ConfigEnv: true}
	var names []string
	for _, row := range Table() {
		known[row.Env] = true
		names = append(names, row.Env)
		if row.Filed {
			known[row.FileEnv()] = true
			names = append(names, row.FileEnv())
		}
	}
	unknown := map[string]string{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		ours := strings.HasPrefix(name, prefix) || strings.HasPrefix(name, "INSTAGRAM_")
		if !ours || value == "" || known[name] || strings.HasPrefix(name, prefix+"TEST_") {
			continue
		}
		unknown[name] = nearestEnv(name, names)
	}
	return unknown
}

func nearestEnv(wrong string, known []string) string {
	best, least := "", 4
	for _, name := range known {
		if d := distance(clip(wrong), name); d < least {
			best, least = name, d
		}
	}
	return best
}
