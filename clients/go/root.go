package countersign

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	// grace is how long a list, or a directory key, verifies after its end, in milliseconds.
	grace = 14 * day
	// keyInFile is how long a key counts in a licence file after it began to sign.
	keyInFile   = 460 * day
	freshFor    = 3_600_000
	minAge      = 60_000
	keyListPath = "/.well-known/countersign-keys.json"
	listName    = "signed-keys"
)

type keyListError string

func (e keyListError) Error() string {
	return "the key list of the server is not believed: " + string(e)
}

type signedList struct {
	document                      map[string]any
	sequence                      int64
	issuedAt, expiresAt           int64
	directoryKID                  string
	rootVersion                   int
	directoryFrom, directoryUntil int64
	keys                          []PublicKey
	revoked                       map[string]bool
	// endorsements lead from the pinned roots to the root that signed; to be remembered.
	endorsements []any
}

func asObject(value any) map[string]any {
	object, _ := value.(map[string]any)
	return object
}

func signedBy(key PublicKey, statement map[string]any, check CheckSignature) bool {
	encoded, isText := statement["signature"].(string)
	if statement["signature_algorithm"] != algorithm || !isText {
		return false
	}
	others := make(map[string]any, len(statement))
	for name, value := range statement {
		if name != "signature" {
			others[name] = value
		}
	}
	text, ok := canonicalJSON(others)
	signature := unbase64(encoded, base64.StdEncoding)
	return ok && signature != nil && check(key, text, signature)
}

func signedByAny(keys []PublicKey, statement map[string]any, check CheckSignature) bool {
	for _, key := range keys {
		if signedBy(key, statement, check) {
			return true
		}
	}
	return false
}

func readStatementKey(statement map[string]any) (PublicKey, error) {
	keys, err := readKeys(map[string]any{"pem": statement["pem"]}, 0)
	if err != nil || len(keys) != 1 {
		return PublicKey{}, keyListError("malformed")
	}
	return keys[0], nil
}

// readEntry: an entry of a later form hides no other.
func readEntry(entry any) []PublicKey {
	signsFrom, ok := parseTime(asObject(entry)["signs_from"])
	keys, err := readKeys(entry, 0)
	if !ok || err != nil {
		return nil
	}
	for i := range keys {
		keys[i].signsFrom = signsFrom
	}
	return keys
}

// follow: each endorsement by a root that is trusted so far adds one more.
func follow(pinned []PublicKey, remembered []any, check CheckSignature) (roots []PublicKey, endorsements []any) {
	roots = append(roots, pinned...)
	for _, one := range remembered {
		endorsement := asObject(one)
		if endorsement["kind"] != "root" || !signedByAny(roots, endorsement, check) {
			continue
		}
		if key, err := readStatementKey(endorsement); err == nil {
			roots, endorsements = append(roots, key), append(endorsements, endorsement)
		}
	}
	return roots, endorsements
}

func checkRoot(root map[string]any, roots []PublicKey, endorsements []any, check CheckSignature) ([]any, error) {
	if signedByAny(roots, root, check) {
		return endorsements, nil
	}
	endorsement := asObject(root["endorsement"])
	if endorsement == nil {
		return nil, keyListError("bad_root_signature")
	}
	if endorsement["kind"] != "root" || !signedByAny(roots, endorsement, check) {
		return nil, keyListError("unknown_root")
	}
	key, err := readStatementKey(endorsement)
	if err != nil {
		return nil, err
	}
	if endorsement["root_version"] != root["root_version"] || !signedBy(key, root, check) {
		return nil, keyListError("bad_root_signature")
	}
	return append(append([]any{}, endorsements...), endorsement), nil
}

var trailingNumber = regexp.MustCompile(`\d{1,9}$`)

// readSignedList checks root statement and list, in that order.
func readSignedList(document any, pinned []PublicKey, check CheckSignature, remembered []any) (*signedList, error) {
	root, list := asObject(asObject(document)["root"]), asObject(asObject(document)["list"])
	from, okFrom := parseTime(root["valid_from"])
	until, okUntil := parseTime(root["valid_until"])
	issued, okIssued := parseTime(list["issued_at"])
	expires, okExpires := parseTime(list["expires_at"])
	entries, okEntries := list["keys"].([]any)
	revocations, okRevoked := list["revoked"].([]any)
	number, _ := list["sequence"].(json.Number)
	sequence, err := strconv.ParseInt(string(number), 10, 64)
	isWhole := err == nil && sequence >= 1 && sequence <= largestInteger
	isKind := root["kind"] == "directory" && list["kind"] == "keys"
	if !isKind || !isWhole || !okFrom || !okUntil || !okIssued || !okExpires || !okEntries || !okRevoked {
		return nil, keyListError("malformed")
	}
	roots, endorsements := follow(pinned, remembered, check)
	if endorsements, err = checkRoot(root, roots, endorsements, check); err != nil {
		return nil, err
	}
	directory, err := readStatementKey(root)
	if err != nil {
		return nil, err
	}
	if !signedBy(directory, list, check) {
		return nil, keyListError("bad_list_signature")
	}
	rootName, _ := root["root_version"].(string)
	version, _ := strconv.Atoi(trailingNumber.FindString(rootName))
	read := &signedList{
		document: map[string]any{"root": root, "list": list}, sequence: sequence, issuedAt: issued, expiresAt: expires,
		directoryKID: directory.KID, rootVersion: version, directoryFrom: from, directoryUntil: until,
		revoked: map[string]bool{}, endorsements: endorsements,
	}
	for _, entry := range entries {
		read.keys = append(read.keys, readEntry(entry)...)
	}
	for _, revocation := range revocations {
		for _, name := range []string{"key_version", "kid"} {
			if text, isText := asObject(revocation)[name].(string); isText {
				read.revoked[text] = true
			}
		}
	}
	return read, nil
}

// requireNewer refuses a list by an earlier root, by an earlier statement of the root, or with a lower number. A directory
// key that the root has named since begins at any number.
func requireNewer(list, known *signedList) error {
	if known == nil {
		return nil
	}
	later := int64(list.rootVersion - known.rootVersion)
	if later == 0 {
		later = list.directoryFrom - known.directoryFrom
	}
	switch {
	case later < 0:
		return keyListError("older_root_statement")
	case later > 0 && list.directoryKID != known.directoryKID:
		return nil
	case list.sequence < known.sequence:
		return keyListError("lower_sequence")
	}
	return nil
}

func (l *signedList) find(name KeyName, alsoRevoked map[string]bool, until func(PublicKey) float64) ([]PublicKey, string) {
	found := named(l.keys, name)
	names := []string{name.KeyVersion, name.KID}
	for _, key := range found {
		names = append(names, key.KID, key.KeyVersion)
	}
	for _, one := range names {
		if l.revoked[one] || alsoRevoked[one] {
			return nil, "revoked"
		}
	}
	for i := range found {
		found[i].trustedFrom, found[i].trustedUntil = float64(l.directoryFrom), until(found[i])
	}
	return found, ""
}

func (l *signedList) endOnline(PublicKey) float64 {
	return math.Min(float64(l.expiresAt), float64(l.directoryUntil)) + grace
}

func (l *signedList) endInFile(key PublicKey) float64 {
	if l.issuedAt > l.directoryUntil+grace {
		return math.Inf(-1)
	}
	return math.Min(float64(key.signsFrom+keyInFile), float64(l.directoryUntil+grace+longestFile))
}

// KeySurroundings is what a key source works with. Hold fills in what the program leaves out.
type KeySurroundings struct {
	// URL of the licence server, from which the key list is fetched. Default: none, and nothing is fetched.
	URL string
	// Fetch replaces the usual way of getting a text from the licence server: a path begins with a slash.
	Fetch func(ctx context.Context, path string) (string, error)
	// Storage keeps the key list for the next run. Default: MemoryStorage.
	Storage Storage
	// Now is the time by which lists are judged. Default: time.Now.
	Now func() time.Time
	// CheckSignature replaces CheckPKCS1.
	CheckSignature CheckSignature
	// OnStale is told when the list could not be fetched although the server answers; the known one serves until then.
	OnStale func(until time.Time, cause error)
}

type rootKey struct {
	roots []PublicKey
	KeySurroundings
	// turn is held by who uses the members below.
	turn      chan struct{}
	recalled  bool
	told      bool
	held      *signedList
	fetchedAt float64
	failedAt  float64
	failure   error
}

// RootKey gives the keys that follow from the root's public key, or from every root there has been, in PEM form.
func RootKey(pems ...string) (KeySource, error) { return RootKeyIn(KeySurroundings{}, pems...) }

// RootKeyIn is RootKey with surroundings of the program's own.
func RootKeyIn(surroundings KeySurroundings, pems ...string) (KeySource, error) {
	texts := make([]string, len(pems))
	for i, pem := range pems {
		texts[i] = strings.ReplaceAll(pem, `\n`, "\n")
		if !strings.Contains(texts[i], "-----BEGIN PUBLIC KEY-----") {
			return nil, errors.New("RootKey: give the root key in PEM form, as `countersign root` prints it")
		}
	}
	roots, err := readKeys(texts, 0)
	if err != nil {
		return nil, err
	}
	if len(roots) == 0 {
		return nil, errors.New("RootKey: give the root key in PEM form, as `countersign root` prints it")
	}
	return newRootKey(roots, surroundings), nil
}

func newRootKey(roots []PublicKey, surroundings KeySurroundings) *rootKey {
	if surroundings.Storage == nil {
		surroundings.Storage = MemoryStorage()
	}
	if surroundings.Now == nil {
		surroundings.Now = time.Now
	}
	if surroundings.CheckSignature == nil {
		surroundings.CheckSignature = CheckPKCS1
	}
	if surroundings.Fetch == nil && surroundings.URL != "" {
		client := &http.Client{CheckRedirect: noRedirect}
		surroundings.Fetch = func(ctx context.Context, path string) (string, error) {
			return fetchText(ctx, client, surroundings.URL, path, usualTimeout)
		}
	}
	return &rootKey{turn: make(chan struct{}, 1), roots: roots, KeySurroundings: surroundings, fetchedAt: math.Inf(-1), failedAt: math.Inf(-1)}
}

func (r *rootKey) Connect(surroundings KeySurroundings) KeySource {
	if r.Fetch != nil {
		return r // the program has named its own
	}
	return newRootKey(r.roots, surroundings)
}

func (r *rootKey) recall() {
	if r.recalled {
		return
	}
	r.recalled = true
	text, err := r.Storage.Get(listName)
	if err != nil {
		return
	}
	kept := asObject(parseExactly(text))
	remembered, _ := kept["endorsements"].([]any)
	if list, err := readSignedList(kept["document"], r.roots, r.CheckSignature, remembered); err == nil {
		r.held = list
	}
}

func (r *rootKey) refresh(ctx context.Context) error {
	if r.Fetch == nil {
		return ErrKeysUnavailable
	}
	text, err := r.Fetch(ctx, keyListPath)
	if err != nil {
		return err
	}
	var remembered []any
	if r.held != nil {
		remembered = r.held.endorsements
	}
	list, err := readSignedList(parseExactly(text), r.roots, r.CheckSignature, remembered)
	if err != nil {
		return err
	}
	if err := requireNewer(list, r.held); err != nil {
		return err
	}
	r.held, r.fetchedAt = list, r.now()
	if list.endorsements == nil {
		list.endorsements = []any{}
	}
	if kept, err := json.Marshal(map[string]any{"document": list.document, "endorsements": list.endorsements}); err == nil {
		_ = r.Storage.Set(listName, string(kept)) // the list serves all the same
	}
	return nil
}

func (r *rootKey) now() float64 { return millis(r.Now()) }

func (r *rootKey) update(ctx context.Context, maxAge float64) {
	r.recall()
	if r.held != nil && (math.Abs(r.now()-r.fetchedAt) < maxAge || math.Abs(r.now()-r.failedAt) < minAge) {
		return
	}
	failure := r.refresh(ctx)
	if failure != nil && ctx.Err() != nil && r.held != nil {
		return // given up by the caller, which says nothing of the server
	}
	r.failure = failure
	r.failedAt = math.Inf(-1)
	if r.failure != nil {
		r.failedAt = r.now()
	}
}

func (r *rootKey) lookUp(name KeyName) ([]PublicKey, string, error) {
	if r.held == nil {
		var refused keyListError
		if errors.As(r.failure, &refused) {
			return nil, "untrusted_keys", nil
		}
		return nil, "", fmt.Errorf("%w (%v)", ErrKeysUnavailable, r.failure)
	}
	found, refusal := r.held.find(name, nil, r.held.endOnline)
	return found, refusal, nil
}

func (r *rootKey) Find(ctx context.Context, name KeyName, query KeyQuery) ([]PublicKey, string, error) {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return nil, "", ctx.Err()
	}
	r.update(ctx, freshFor)
	if r.held != nil && query.KeysSequence > r.held.sequence {
		r.update(ctx, minAge)
	}
	if query.Fresh && r.failure != nil && r.held != nil && !r.told && r.OnStale != nil {
		r.OnStale(timeOf(r.held.endOnline(PublicKey{})), r.failure)
	}
	r.told = r.failure != nil
	found, refusal, err := r.lookUp(name)
	if len(found) > 0 || refusal != "" {
		return found, refusal, err
	}
	r.update(ctx, minAge)
	return r.lookUp(name)
}

func (r *rootKey) InFile(document map[string]any) KeySource { return fileKeys{r, document} }

// fileKeys asks nobody; what is known of revocations counts as well.
type fileKeys struct {
	root     *rootKey
	document map[string]any
}

func (f fileKeys) Find(ctx context.Context, name KeyName, query KeyQuery) ([]PublicKey, string, error) {
	select {
	case f.root.turn <- struct{}{}:
		defer func() { <-f.root.turn }()
	case <-ctx.Done():
		return nil, "", ctx.Err()
	}
	list, err := readSignedList(f.document, f.root.roots, f.root.CheckSignature, nil)
	f.root.recall()
	// A list from before the one that the signer had is not the one that was put into the file.
	if err != nil || query.KeysSequence > list.sequence {
		return nil, "untrusted_keys", nil
	}
	var revoked map[string]bool
	if f.root.held != nil {
		revoked = f.root.held.revoked
	}
	found, refusal := list.find(name, revoked, list.endInFile)
	return found, refusal, nil
}
func (f fileKeys) InFile(map[string]any) KeySource   { return f }
func (f fileKeys) Connect(KeySurroundings) KeySource { return f }
