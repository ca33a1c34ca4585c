package sim

import (
	"math/rand/v2"
	"strconv"
)

// mix hashes the seed and the parts to 64 evenly spread bits: FNV-1a with a
// separator after each part, then the finaliser of SplitMix64, because FNV alone
// leaves the high bits of short inputs poor.
func mix(seed uint64, parts ...string) uint64 {
	const prime = 1099511628211
	h := uint64(14695981039346656037) ^ seed*0x9e3779b97f4a7c15
	for _, p := range parts {
		for i := range len(p) {
			h = (h ^ uint64(p[i])) * prime
		}
		h = (h ^ 0xff) * prime
	}
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// chance turns 64 bits into a number in [0, 1).
func chance(bits uint64) float64 { return float64(bits>>11) / (1 << 53) }

// number prints n for use as a part of mix.
func number(n uint64) string { return strconv.FormatUint(n, 36) }

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// letters returns prefix and n random letters and digits drawn from bits.
func letters(prefix string, n int, bits uint64) string {
	src := rand.New(rand.NewPCG(bits, bits^0x5bd1e995))
	out := make([]byte, 0, len(prefix)+n)
	out = append(out, prefix...)
	for range n {
		out = append(out, alphabet[src.IntN(len(alphabet))])
	}
	return string(out)
}

// tokenValue makes a token's string: IGAA and 156 to 176 letters, as live ones
// look. Only the seed, the account and the serial number decide.
func tokenValue(seed uint64, account string, serial uint64) string {
	bits := mix(seed, "token", account, number(serial))
	return letters("IGAA", 156+int(bits%21), bits)
}
