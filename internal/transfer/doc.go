// Package transfer brings channels in from CSV and NDJSON files and writes them
// out again.
//
// [Import] reads rows, checks each field and hands good rows in batches to an
// [Importer], which decides what becomes of them (the Keeper). [Export] pages
// through a [Source] (the store). Neither opens files, logs, or looks at a clock.
// Both are streams: memory depends on the batch and on the longest line, never on
// the number of rows. Calls share no state, so any number may run at once.
//
// # Columns
//
// Names are compared without case and without surrounding space. CSV names them in
// its first row, separated by commas, semicolons or tabs; NDJSON in each object.
//
//	access_token                         required; visible ASCII, at most 4096 bytes
//	id                                   positive whole number, kept as the channel's id
//	tenant, user_id                      text, at most 255 bytes
//	account_id, instagram_user_id        digits, at most 64 of them; kept as text
//	app_scoped_id                        the same
//	username                             a leading @ is dropped, at most 64 bytes
//	contact                              text, at most 320 bytes (the longest mail address)
//	locale                               fa or en, also as fa-IR or Persian; any other language counts as none
//	token_kind                           short, long, unknown; also short_lived, long-lived token and the like;
//	                                     without one, the importer concludes it from the token's life
//	issued_at                            a time, see below
//	expires_at, token_expires_at         a time; when given, the expiry's source is "imported"
//	is_connect                           t f true false 1 0 yes no; a false row is skipped
//	status                               "disconnected" without a token is skipped; otherwise ignored
//
// Of two names for one column, the first is preferred and the second fills its
// gaps. The other names that an export or the Django original holds (page_id,
// updated_at, created_at, refreshed_at, expiry_source and so on) are accepted and
// ignored: updated_at says when a row changed, which is not a token's age. Names
// that nobody knows are ignored too, with one warning.
//
// In every column an empty value and the words null, NULL, None and \N mean that
// there is none. Surrounding space, and the invisible direction marks that
// right-to-left spreadsheets leave, are cut off.
//
// # Times
//
// RFC 3339; "2006-01-02 15:04[:05[.999999]]" with or without a zone (+00, +0330,
// +03:30, Z), where none means UTC; "2006-01-02"; Unix seconds, or milliseconds
// above 1e11. Results are UTC, cut to the millisecond. Years outside 2010 to 2100
// are refused: they are Jalali dates, zeros and typing errors.
//
// # What an export keeps
//
// An export with tokens can be imported on another machine and gives the same
// channels, tokens and times. It does not carry the previous token, the history, or
// the state of retries. In CSV a value that a spreadsheet would run as a formula
// (one that begins with = + - @) gets an apostrophe in front, and Import takes it
// away again; NDJSON holds values exactly as they are.
package transfer
