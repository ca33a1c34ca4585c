// Package seal encrypts small secrets, such as access tokens, for storage at rest.
//
// It leaves the storing to its caller. A [Keyring] holds one keyset: several
// keys of which one, the primary, seals; all of them open. Every sealed value
// names its key and is bound to the place where it is stored (see [Bind]), so that
// a value copied to another row or column does not open.
//
// A Keyring is safe for concurrent use by goroutines, and its file by processes.
// Times are UTC, to the second.
//
// # Sealed values
//
//	byte 0       0x01
//	bytes 1-4    key id, big endian
//	bytes 5-28   random salt (12 bytes) and nonce (12 bytes)
//	then         ciphertext, as long as the plaintext, and a 16-byte tag
//
// This is Tink's wire format for XAES-256-GCM: a fresh AES-256-GCM key is derived
// for each value, so random nonces do not run out. Read 2026-09:
// https://developers.google.com/tink/wire-format and https://c2sp.org/XAES-256-GCM
//
// # The keyset file
//
// JSON, in one of two forms:
//
//	{"format":"evergrant-keyset/1","clear":BODY}
//	{"format":"evergrant-keyset/1","wrapped":"base64"}
//
// BODY is {"id","keys":[{"id","created_at"}],"keyset"}: a name that the keyset keeps
// for life, what Tink does not record about its keys, and the keyset in Tink's
// JSON. In the second form BODY is encrypted with a data key that only a key
// management service (KMS) can unwrap, so the KMS sees 34 bytes, whatever the
// keyset's size.
//
// The file is refused when others than its owner could read or change it. There is
// one exception: a file that nobody may write may be readable by its group (0440),
// which is how systemd and Kubernetes hand secrets to a service.
//
// Creation never replaces a file. A change writes a new file beside the old one,
// flushes it, and renames it over the old one; it holds a lock on FILE.lock, so
// that changes by several processes follow one another.
//
// # Rotation while processes run
//
// [Keyring.Seal] looks at the file's metadata before it seals, and reads the file
// again when it has changed; [Keyring.Open] does so when a value names a key that
// it does not have. So [Keyring.Rotate] in one process is noticed by all others.
//
// [Keyring.Retire] is different: what a retired key sealed is lost. A store must
// first refuse, in one transaction, new values that name the key, and show that no
// stored value names it; only then may it be retired. A value sealed a moment before,
// but not yet stored, is then refused by the store, and can be sealed again.
package seal
