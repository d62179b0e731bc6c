package countersign

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strings"
)

const (
	algorithm      = "RSA_SIGN_PKCS1_4096_SHA256"
	signatureBytes = 512
	deepest        = 8
)

// PublicKey is a key as it is used, with the names by which licences refer to it.
type PublicKey struct {
	// KID is the RFC 7638 thumbprint, or what the material names instead.
	KID string
	// KeyVersion is empty where the material has no such name (a JWKS): then it is tried for every version.
	KeyVersion string
	// Public has 4096 bits.
	Public *rsa.PublicKey
	// Milliseconds since the epoch between which the source vouches for the key.
	trustedFrom, trustedUntil float64
	signsFrom                 int64
}

// CheckSignature tells whether a key has signed a message.
type CheckSignature func(key PublicKey, message, signature []byte) bool

// CheckPKCS1 is RSASSA-PKCS1-v1_5 with SHA-256. The signature must be as long as the modulus.
func CheckPKCS1(key PublicKey, message, signature []byte) bool {
	digest := sha256.Sum256(message)
	return len(signature) == signatureBytes && rsa.VerifyPKCS1v15(key.Public, crypto.SHA256, digest[:], signature) == nil
}

// KeyName is how a licence names its key: by one of the two.
type KeyName struct{ KeyVersion, KID string }

// ErrKeysUnavailable says that nothing is known of any key.
var ErrKeysUnavailable = errors.New("the public keys could not be fetched: check the URL and the connection, or pin the keys")

// KeyQuery is what a licence says of the keys, before its signature is checked.
type KeyQuery struct {
	// KeysSequence is the number of the key list that the signer had.
	KeysSequence int64
	// Fresh: the licence is an answer to a request of this moment, so the network is there to fetch with.
	Fresh bool
}

// KeySource is where public keys come from.
type KeySource interface {
	// Find gives the keys that may have a name, or why none is believed: "revoked", "untrusted_keys".
	// The query may fetch, until ctx is done.
	Find(ctx context.Context, name KeyName, query KeyQuery) (keys []PublicKey, refusal string, err error)
	// InFile gives the keys of a licence file, which brings its key list along.
	InFile(document map[string]any) KeySource
	// Connect gives the same source with these surroundings, where the program has named none.
	Connect(surroundings KeySurroundings) KeySource
}

var (
	pemForm      = regexp.MustCompile(`-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----`)
	pemFrame     = regexp.MustCompile(`-----(BEGIN|END) PUBLIC KEY-----|\s`)
	spkiRSA4096  = mustHex("30820222300d06092a864886f70d01010105000382020f003082020a0282020100")
	spkiExponent = mustHex("0203010001")
)

func mustHex(text string) []byte {
	data, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return data
}

func notKeys(why string) error {
	return fmt.Errorf("not public keys: %s; take them from /api/v1/public-keys or /.well-known/jwks.json of the server", why)
}

// readKeys reads SPKI PEM, a JWK, a JWKS (RFC 7517), the list of GET /api/v1/public-keys, or a list of these.
func readKeys(material any, depth int) ([]PublicKey, error) {
	if depth > deepest {
		return nil, notKeys("it is nested too deeply")
	}
	switch one := material.(type) {
	case []byte:
		return readKeyText(decodeText(one), depth+1)
	case string:
		return readKeyText(one, depth+1)
	case []string:
		items := make([]any, len(one))
		for i, text := range one {
			items[i] = text
		}
		return readKeys(items, depth)
	case []any:
		var keys []PublicKey
		for _, item := range one {
			more, err := readKeys(item, depth+1)
			if err != nil {
				return nil, err
			}
			keys = append(keys, more...)
		}
		return keys, nil
	case map[string]any:
		if list, found := one["keys"].([]any); found {
			return readKeys(list, depth+1)
		}
		if text, found := one["pem"].(string); found {
			return readPEM(text, one)
		}
		n, hasN := one["n"].(string)
		e, hasE := one["e"].(string)
		if one["kty"] == "RSA" && hasN && hasE {
			return readNumbers(n, e, one)
		}
		return nil, notKeys("it has neither pem nor the members of an RSA JWK")
	}
	return nil, notKeys("it is neither PEM nor JSON")
}

func readKeyText(given string, depth int) ([]PublicKey, error) {
	text := strings.NewReplacer("\x00", "", "\ufeff", "", "\ufffd", "").Replace(given)
	text = quotedLine.ReplaceAllString(text, "")
	trimmed := strings.TrimSpace(text)
	if !strings.HasPrefix(trimmed, "{") && !strings.HasPrefix(trimmed, "[") {
		if pems := pemForm.FindAllString(text, -1); pems != nil {
			return readKeys(pemsOf(pems), depth)
		}
	}
	var value any
	if json.Unmarshal([]byte(text), &value) != nil {
		return nil, notKeys("the text is neither an SPKI PEM nor JSON")
	}
	if _, isText := value.(string); isText {
		return nil, notKeys("the text is neither an SPKI PEM nor JSON")
	}
	return readKeys(value, depth+1)
}

func pemsOf(pems []string) []any {
	items := make([]any, len(pems))
	for i, pem := range pems {
		items[i] = map[string]any{"pem": pem}
	}
	return items
}

func readPEM(text string, described map[string]any) ([]PublicKey, error) {
	der := unbase64(pemFrame.ReplaceAllString(text, ""), base64.StdEncoding)
	if len(der) != 550 || string(der[:33]) != string(spkiRSA4096) || string(der[545:]) != string(spkiExponent) {
		return nil, notKeys("the PEM holds no RSA public key of 4096 bits with the exponent 65537")
	}
	return readNumbers(base64.RawURLEncoding.EncodeToString(der[33:545]), "AQAB", described)
}

func readNumbers(n, e string, described map[string]any) ([]PublicKey, error) {
	if named, found := described["algorithm"]; found && named != algorithm {
		return nil, notKeys(fmt.Sprintf("the algorithm %v is unknown", named))
	}
	modulus := unbase64(n, base64.RawURLEncoding)
	if len(modulus) != signatureBytes || modulus[0] < 0x80 || e != "AQAB" {
		return nil, notKeys(algorithm + " needs a modulus of 4096 bits and the exponent 65537")
	}
	kid, found := described["kid"].(string)
	if !found {
		// RFC 7638, section 3: the required members in order, without white space.
		thumbprint := sha256.Sum256([]byte(`{"e":"` + e + `","kty":"RSA","n":"` + n + `"}`))
		kid = base64.RawURLEncoding.EncodeToString(thumbprint[:])
	}
	version, _ := described["key_version"].(string)
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: 65537}
	return []PublicKey{{KID: kid, KeyVersion: version, Public: public, trustedFrom: math.Inf(-1), trustedUntil: math.Inf(1)}}, nil
}

func named(keys []PublicKey, name KeyName) []PublicKey {
	var found []PublicKey
	for _, key := range keys {
		if name.KID != "" {
			if key.KID == name.KID {
				found = append(found, key)
			}
		} else if key.KeyVersion == "" || key.KeyVersion == name.KeyVersion {
			found = append(found, key)
		}
	}
	return found
}

type pinnedKeys []PublicKey

// PinnedKeys are keys that the program brings along: PEM, a JWK, a JWKS, or the list of GET /api/v1/public-keys, as text,
// bytes, or decoded JSON.
func PinnedKeys(material any) (KeySource, error) {
	keys, err := readKeys(material, 0)
	if err != nil {
		return nil, err
	}
	return pinnedKeys(keys), nil
}

func (k pinnedKeys) Find(_ context.Context, name KeyName, _ KeyQuery) ([]PublicKey, string, error) {
	return named(k, name), "", nil
}
func (k pinnedKeys) InFile(map[string]any) KeySource   { return k }
func (k pinnedKeys) Connect(KeySurroundings) KeySource { return k }
