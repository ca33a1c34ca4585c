//go:build kms_cloud

package main

// The drivers of key management services outside this machine. They are left out by
// default: they bring four large SDKs into a program that holds other people's tokens,
// and make it almost half as large again. base64key:// is always there.
import (
	_ "gocloud.dev/secrets/awskms"
	_ "gocloud.dev/secrets/azurekeyvault"
	_ "gocloud.dev/secrets/gcpkms"
	_ "gocloud.dev/secrets/hashivault"
)
