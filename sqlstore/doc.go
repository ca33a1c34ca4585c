// Package sqlstore keeps Evergrant's channels in SQLite or PostgreSQL. It implements
// [evergrant.Store] over database/sql, and leaves to package seal how tokens are
// encrypted, and to the root package what becomes of them.
//
// Use: [Open] connects and looks, without writing; [DB.SealedWith] tells which sealing
// keys the database uses; [DB.Unlock] checks them against a keyring, brings the schema
// forward and gives a [Store]. All types are safe for concurrent use by goroutines,
// and a database by processes.
//
// # What is stored
//
// The schema stands in migrations/sqlite and migrations/postgres: apps, keys, channels,
// events, brakes, and goose's evergrant_schema. Ids of Meta are text. Times are UTC
// milliseconds; null is the zero time; a number outside the years 1 to 9999 is an
// error, and the strict tables of SQLite take nothing but numbers. Ids of channels
// are never given twice; callers may choose ids up to 2^53-1, where JSON numbers end.
//
// Tokens are sealed, bound to the channel's id and to the column
// ("channels.token_sealed", "channels.prev_sealed"; see [seal.Bind]), and name their
// key, which must stand in table keys. So a key that is in use cannot be retired: the
// database refuses it. Each key has a check value there, a known text sealed with it;
// it tells a wrong keyset before anything is written.
//
// # Leases
//
// A lease lives in the channel's row: owner, end, and a number that grows with each
// lease. It is counted by the database's clock, never by a worker's. Taking one is a
// single update statement; [Store.Commit] is a transaction that writes only if number
// and version are still those that were read.
//
// # SQLite
//
// One connection writes, up to four read; the file is in WAL mode, so they do not
// wait for each other. synchronous is FULL: a commit has reached the disk when the call
// returns, so a loss of power cannot take back a token that Instagram has handed out.
// (With NORMAL it could.) Since the flush is what costs, writes that wait at the same
// time share one transaction, each behind a savepoint of its own; if that transaction
// fails as a whole, each write is run again alone. In a measurement of 20,000
// transactions (lease and write of 10,000 channels) by 64 workers on two cores that
// took 2.2 s; see BenchmarkAcquireCommit.
//
// The file is created with mode 0600, in a folder of mode 0700. Beside it lies
// FILE.lock, an empty file that processes lock while they migrate. Other processes
// are waited for up to 10 seconds. Sources, read 2026-09:
// https://sqlite.org/wal.html, https://sqlite.org/pragma.html#pragma_synchronous
//
// # PostgreSQL
//
// Version 13 or newer, through pgx, up to 16 connections of a process (see Config). Any
// parameter of pgx may stand in the URL; behind a pooler that shares sessions between
// clients, default_query_exec_mode=exec is needed. Migrations are guarded by an
// advisory lock. A connection that is lost during a commit leaves its outcome unknown:
// the call fails with [ErrUnavailable], and repeating it is safe.
package sqlstore
