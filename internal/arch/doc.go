// Package arch holds tests only: the rules of this module that a compiler does not
// check, so that no reviewer has to.
//
//   - which package may import which, and which foreign modules (imports_test.go)
//   - every package says what it is for (docs_test.go), every file stays readable (files_test.go)
//   - who may read the clock (clock_test.go), who may open a secret (reveal_test.go)
//   - no token and no key lies in the tree (secrets_test.go)
//   - the guides name the settings, commands, targets and files that exist (guides_test.go, commands_test.go)
//
// The tests read the module's files, without the network. A package that does not
// exist yet is no failure; one that exists without a rule is.
package arch
