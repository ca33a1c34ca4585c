//go:build !linux

package pgtest

import "syscall"

// attributes: elsewhere the tests are run by an ordinary user.
func attributes() *syscall.SysProcAttr { return nil }

func giveToPostgres(string) error { return nil }
