package seal

import "encoding/binary"

// domain opens all associated data of this project, so that a value sealed for
// another purpose never fits.
const domain = "evergrant/1\x00"

// Bind returns the associated data for one stored secret: the row's numeric id and
// the column that holds it. Name the table too where ids of several tables could
// meet, as in "apps.client_secret". The id has a fixed width, so two different
// pairs never give the same bytes. The encoding will not change: stored values
// depend on it.
func Bind(channelID int64, column string) []byte {
	ad := make([]byte, 0, len(domain)+8+len(column))
	ad = append(ad, domain...)
	ad = binary.BigEndian.AppendUint64(ad, uint64(channelID))
	return append(ad, column...)
}
