// Package fire holds no code, only tests of whole processes under fire: the real
// binary, several at once, killed with SIGKILL, on real databases, against the
// simulator over HTTP. Single decisions are tested where they are made.
//
// The tests build the binary once. Random choices print their seed; give it again in
// EVERGRANT_TEST_SEED.
package fire
