package countersign

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

var messages = map[string]string{
	"malformed":         "This is no licence: pass the license_data or license_token of an acquire answer, unchanged.",
	"unsigned":          "The licence carries no signature: the server could not sign. Ask again later.",
	"unknown_key":       "The licence names a key that is not among the keys given: update the pinned keys.",
	"keys_unavailable":  "The public keys could not be fetched and none are cached: check the connection, or pin the keys.",
	"untrusted_keys":    "The key list is not signed on behalf of the root key that is pinned here: check the URL, and which root key is pinned.",
	"keys_expired":      "The key list that is known here is too old: connect, so that a newer one can be fetched, and check the clock of this machine.",
	"revoked":           "The licence was signed with a key that has been revoked: acquire it again.",
	"wrong_nonce":       "The licence does not repeat the nonce of the request: it is an answer to another one, or a recording.",
	"wrong_kind":        "What was signed is no licence of a seat: pass the licence of an acquire answer.",
	"bad_signature":     "The signature does not fit: the licence was changed after signing, or is a forgery. Acquire it again.",
	"not_yet_valid":     "The licence was signed in the future of this clock: set the clock of this machine.",
	"clock_turned_back": "The clock of this machine is behind a time that has been seen before: set it, or go online once.",
	"expired":           "The licence has ended: renew it with your vendor.",
	"stale":             "This copy of the licence has been offline for too long: connect and acquire it again.",
	"wrong_hardware":    "The licence was issued to another machine: acquire one on this machine.",
	"missing_feature":   "The licence does not include a feature that was asked for: ask your vendor for it.",
	"wrong_product":     "The licence is for another product: use the licence key of this one.",
}

// License is a licence that was judged: look at Valid first.
type License struct {
	// Valid: it is signed by one of the keys, in time, and what was asked for.
	Valid bool
	// Reason says why it is not to be relied on, and Message what to do, for a person.
	Reason, Message string
	// Form is "signed-json", "jws" or "batch".
	Form string
	// Claims are the members that were signed, as they were signed; numbers are json.Number.
	Claims map[string]any
	times  licenseTimes
}

// Feature gives true for a feature that is listed, its value where features carry values, nil for one that is not there.
func (l License) Feature(name string) any {
	switch features := l.Claims["features"].(type) {
	case []any:
		for _, one := range features {
			if one == name {
				return true
			}
		}
	case map[string]any:
		return features[name]
	}
	return nil
}

// HasFeature tells whether a feature is there and not switched off by false.
func (l License) HasFeature(name string) bool {
	value := l.Feature(name)
	return value != nil && value != false
}

// Text gives a claim that is a text, else an empty one.
func (l License) Text(claim string) string {
	text, _ := l.Claims[claim].(string)
	return text
}

func timeOr(moment *int64) time.Time {
	if moment == nil {
		return time.Time{}
	}
	return time.UnixMilli(*moment)
}

// SignedAt is when the licence was signed; the zero time where it does not say.
func (l License) SignedAt() time.Time { return timeOr(l.times.signedAt) }

// ExpiresAt is when the licence itself ends; the zero time for one that does not end.
func (l License) ExpiresAt() time.Time { return timeOr(l.times.expiresAt) }

// ValidUntil is until when this copy works without asking the server; the zero time for one that bounds nothing.
func (l License) ValidUntil() time.Time { return timeOr(l.times.validUntil) }

// isBorrowed tells whether the seat is this machine's until the copy ends, with or without the server.
func (l License) isBorrowed() bool { return l.Claims["mode"] == "borrowed" }

// WorksOffline tells whether a copy may serve a start without the server; one that does not say so is strict.
func (l License) WorksOffline() bool {
	seconds, _ := l.Claims["offline_seconds"].(json.Number)
	number, err := seconds.Float64()
	return l.isBorrowed() || (err == nil && number > 0)
}

func refuse(reason string) License { return License{Reason: reason, Message: messages[reason]} }

type signed struct {
	form      string
	name      KeyName
	message   []byte
	signature []byte
	claims    map[string]any
	document  map[string]any
}

const (
	mostWrappings = 4
	maxBatch      = 65_536
)

// parse reads a licence in whichever form it comes, and judges nothing.
func parse(data any) (*signed, string) {
	value := data
	for i := 0; i <= mostWrappings; i++ {
		if bytes, isBytes := value.([]byte); isBytes {
			value = decodeText(bytes)
		}
		if text, isText := value.(string); isText {
			if file, found := extractLicenseFile(text); found {
				return parseFile(file)
			}
			text = extractLicense(text)
			if !strings.HasPrefix(text, "{") {
				return parseToken(text)
			}
			value = parseExactly(text)
		}
		object := asObject(value)
		if object == nil {
			return nil, "malformed"
		}
		wrapped := false
		for _, member := range []string{"license_file", "license_token", "license_data"} {
			if inner, found := object[member]; found {
				value, wrapped = inner, true
				break
			}
		}
		if !wrapped {
			return parseData(object)
		}
	}
	return nil, "malformed"
}

func parseFile(encoded string) (*signed, string) {
	data := unbase64(encoded, base64.StdEncoding)
	if data == nil || !utf8.Valid(data) {
		return nil, "malformed"
	}
	inside := asObject(parseExactly(string(data)))
	license := asObject(inside["license"])
	root, hasRoot := inside["root"]
	list, hasList := inside["list"]
	if license == nil || !hasRoot || !hasList {
		return nil, "malformed"
	}
	parsed, reason := parseData(license)
	if parsed != nil {
		parsed.document = map[string]any{"root": root, "list": list}
	}
	return parsed, reason
}

func parseData(data map[string]any) (*signed, string) {
	claims := make(map[string]any, len(data))
	for name, value := range data {
		if name != "signature" {
			claims[name] = value
		}
	}
	if data["signature"] == nil {
		return nil, "unsigned"
	}
	encoded, isText := data["signature"].(string)
	version, hasVersion := claims["key_version"].(string)
	if !isText || !hasVersion {
		return nil, "malformed"
	}
	if claims["signature_algorithm"] != algorithm {
		return nil, "unknown_key"
	}
	// What is no proof is a member like any other, and signed as such or not at all.
	batch, isBatch := claims["batch"].(map[string]any)
	if isBatch {
		delete(claims, "batch")
	}
	text, ok := canonicalJSON(claims)
	signature := unbase64(encoded, base64.StdEncoding)
	if !ok || signature == nil {
		return nil, "malformed"
	}
	parsed := &signed{form: "signed-json", name: KeyName{KeyVersion: version}, message: text, signature: signature, claims: claims}
	if isBatch {
		parsed.form = "batch"
		if parsed.message = batchText(text, batch, version); parsed.message == nil {
			return nil, "malformed"
		}
	}
	return parsed, ""
}

var (
	batchTime = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$`)
	hash      = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

func integer(value any) (int, bool) {
	number, isNumber := value.(json.Number)
	if !isNumber {
		return 0, false
	}
	whole, err := strconv.Atoi(string(number))
	return whole, err == nil
}

// batchText is what is signed for a batch: the root of its Merkle tree (RFC 9162), to which this licence's audit path leads.
func batchText(license []byte, batch map[string]any, version string) []byte {
	index, okIndex := integer(batch["leaf_index"])
	size, okSize := integer(batch["tree_size"])
	steps, okPath := batch["audit_path"].([]any)
	signedAt, okTime := batch["signed_at"].(string)
	if len(batch) != 4 || !okIndex || !okSize || !okPath || !okTime || !batchTime.MatchString(signedAt) {
		return nil
	}
	if size < 2 || size > maxBatch {
		return nil
	}
	path := make([][]byte, len(steps))
	for i, step := range steps {
		text, isText := step.(string)
		if !isText || !hash.MatchString(text) {
			return nil
		}
		path[i] = mustHex(text)
	}
	leaf := sha256.Sum256(append([]byte{0}, license...))
	root := rootOf(leaf[:], index, size, path)
	if root == nil {
		return nil
	}
	head, _ := canonicalJSON(map[string]any{
		"root": hex.EncodeToString(root), "tree_size": size, "signed_at": signedAt,
		"key_version": version, "signature_algorithm": algorithm,
	})
	return append([]byte("countersign/batch/v1\n"), head...)
}

func node(left, right []byte) []byte {
	digest := sha256.Sum256(append(append([]byte{1}, left...), right...))
	return digest[:]
}

// rootOf is the root that an inclusion proof leads to (RFC 9162, section 2.1.3.2).
func rootOf(leaf []byte, index, size int, path [][]byte) []byte {
	if index < 0 || index >= size {
		return nil
	}
	position, last, root := index, size-1, leaf
	for _, sibling := range path {
		if last == 0 {
			return nil
		}
		if position%2 == 1 || position == last {
			root = node(sibling, root)
			for position%2 == 0 && position != 0 {
				position, last = position/2, last/2
			}
		} else {
			root = node(root, sibling)
		}
		position, last = position/2, last/2
	}
	if last != 0 {
		return nil
	}
	return root
}

// parseToken: the header may hold alg, kid and typ alone; a key inside the token is never considered.
func parseToken(token string) (*signed, string) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, "malformed"
	}
	var decoded [3][]byte
	for i, part := range parts {
		if decoded[i] = unbase64(part, base64.RawURLEncoding); decoded[i] == nil {
			return nil, "malformed"
		}
	}
	if !utf8.Valid(decoded[0]) || !utf8.Valid(decoded[1]) {
		return nil, "malformed"
	}
	header, claims := asObject(parseExactly(string(decoded[0]))), asObject(parseExactly(string(decoded[1])))
	kid, hasKID := header["kid"].(string)
	if header == nil || claims == nil || !hasKID || header["typ"] != "license+jwt" || len(header) != 3 {
		return nil, "malformed"
	}
	if claims["signature_algorithm"] != algorithm || header["alg"] != "RS256" {
		return nil, "unknown_key"
	}
	if _, isText := claims["key_version"].(string); !isText {
		return nil, "malformed"
	}
	message := []byte(token[:strings.LastIndex(token, ".")])
	return &signed{form: "jws", name: KeyName{KID: kid}, message: message, signature: decoded[2], claims: claims}, ""
}

// VerifyOptions say what a licence must be; the zero value asks for nothing but its signature and its times.
type VerifyOptions struct {
	// Now is the time to judge by. The zero time: Clock's, else this machine's.
	Now time.Time
	// Clock remembers the times that were seen, so that a clock that is turned back is noticed.
	Clock *TrustedClock
	// Nonce is that of the request that the licence answers. Then it tells Clock the time.
	Nonce string
	// Kind is "seat" or "document".
	Kind string
	// Product and HardwareID that the licence must be for.
	Product, HardwareID string
	// Features that the licence must have.
	Features []string
	// CheckSignature replaces CheckPKCS1.
	CheckSignature CheckSignature
	asked          *[3]float64
}

// Verify checks a licence without asking anybody, except for keys that a fetching source does not have yet. data is
// license_data, license_token, the text of a licence file, a whole acquire answer, or any of them as text or bytes; JSON
// that was decoded must hold json.Number (json.Decoder.UseNumber).
func Verify(ctx context.Context, data any, keys KeySource, options VerifyOptions) License {
	if options.CheckSignature == nil {
		options.CheckSignature = CheckPKCS1
	}
	parsed, reason := parse(data)
	if parsed == nil {
		return refuse(reason)
	}
	if parsed.document != nil {
		keys = keys.InFile(parsed.document)
	}
	key, reason := findSigner(ctx, parsed, keys, options)
	if reason != "" {
		return refuse(reason)
	}
	times, ok := readTimes(parsed.claims)
	if parsed.document != nil {
		// A file without a time of signing has no end, and is none.
		if times.signedAt == nil {
			ok = false
		} else if end := *times.signedAt + longestFile; times.validUntil == nil || *times.validUntil > end {
			times.validUntil = &end
		}
	}
	if !ok {
		return refuse("malformed")
	}
	if options.Nonce != "" && parsed.claims["nonce"] != options.Nonce {
		return refuse("wrong_nonce")
	}
	clock := options.Clock
	if clock != nil && times.signedAt != nil {
		if options.Nonce == "" {
			clock.sawSigned(float64(*times.signedAt))
		} else {
			clock.sawAnswer(float64(*times.signedAt), options.asked)
		}
	}
	if reason := judge(parsed.claims, times, key, options); reason != "" {
		return refuse(reason)
	}
	license := License{Valid: true, Form: parsed.form, Claims: parsed.claims, times: times}
	for _, name := range options.Features {
		if !license.HasFeature(name) {
			return refuse("missing_feature")
		}
	}
	if clock != nil && options.Nonce == "" {
		clock.accepted()
	}
	return license
}

func findSigner(ctx context.Context, parsed *signed, keys KeySource, options VerifyOptions) (PublicKey, string) {
	sequence, _ := integer(parsed.claims["keys_sequence"])
	found, refusal, err := keys.Find(ctx, parsed.name, KeyQuery{KeysSequence: int64(sequence), Fresh: options.Nonce != ""})
	switch {
	case err != nil:
		return PublicKey{}, "keys_unavailable"
	case refusal != "":
		return PublicKey{}, refusal
	case len(found) == 0:
		return PublicKey{}, "unknown_key"
	}
	for _, key := range found {
		if options.CheckSignature(key, parsed.message, parsed.signature) {
			return key, ""
		}
	}
	return PublicKey{}, "bad_signature"
}

func judge(claims map[string]any, times licenseTimes, key PublicKey, options VerifyOptions) string {
	if options.Kind != "" && claims["kind"] != options.Kind {
		return "wrong_kind"
	}
	if options.Clock != nil && options.Clock.turnedBack() {
		return "clock_turned_back"
	}
	present := millis(options.Now)
	if options.Now.IsZero() && options.Clock != nil {
		present = options.Clock.now()
	} else if options.Now.IsZero() {
		present = millis(time.Now())
	}
	if refusal := refusalAt(times, present); refusal != "" {
		return refusal
	}
	if key.trustedFrom > present+clockTolerance {
		return "not_yet_valid"
	}
	if key.trustedUntil <= present {
		return "keys_expired"
	}
	product := claims["product"]
	if product == nil {
		product = "default"
	}
	if options.Product != "" && product != options.Product {
		return "wrong_product"
	}
	if options.HardwareID != "" && claims["hardware_id"] != options.HardwareID {
		return "wrong_hardware"
	}
	return ""
}
