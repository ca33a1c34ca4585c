package service

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gocloud.dev/secrets"
	_ "gocloud.dev/secrets/localsecrets" // base64key://, for tests and for keys that a secret manager injects

	"github.com/evergrant/evergrant/seal"
	"github.com/evergrant/evergrant/service/settings"
)

// cloudSchemes are the services whose drivers a binary may have been built with.
func cloudSchemes() []string {
	return []string{"awskms", "azurekeyvault", "gcpkms", "hashivault"}
}

// OpenKMS opens the key management service that wraps the keyset; nil when there is
// none. Which services there are depends on the drivers that the program imports.
func OpenKMS(ctx context.Context, s *settings.Settings) (*secrets.Keeper, error) {
	if s.KMSURL.Empty() {
		return nil, nil
	}
	raw := s.KMSURL.Reveal()
	scheme, _, _ := strings.Cut(raw, "://")
	if slices.Contains(cloudSchemes(), scheme) && !secrets.DefaultURLMux().ValidKeeperScheme(scheme) {
		return nil, fmt.Errorf("EVERGRANT_KMS_URL: %w: this program was built without %s; build it with -tags kms_cloud", seal.ErrKMS, scheme)
	}
	return seal.OpenKMS(ctx, raw)
}
