package countersign

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"
)

// signer is the one key of these tests: making an RSA key of 4096 bits takes seconds.
var signer *rsa.PrivateKey

func TestMain(m *testing.M) {
	var err error
	if signer, err = rsa.GenerateKey(rand.Reader, 4096); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func signerPEM() string {
	der := append(append(append([]byte{}, spkiRSA4096...), signer.N.Bytes()...), spkiExponent...)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// sign gives the claims as a licence of the test's key.
func sign(t *testing.T, claims map[string]any) map[string]any {
	t.Helper()
	claims["key_version"], claims["signature_algorithm"] = "test.1", algorithm
	text, ok := canonicalJSON(claims)
	if !ok {
		t.Fatal("the claims have no canonical form")
	}
	digest := sha256.Sum256(text)
	signature, err := rsa.SignPKCS1v15(rand.Reader, signer, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	claims["signature"] = base64.StdEncoding.EncodeToString(signature)
	return claims
}

type request struct {
	action, authorization string
	body                  map[string]any
}

// server answers as it is told, and writes down what it was asked.
type server struct {
	*httptest.Server
	t      *testing.T
	mutex  sync.Mutex
	asked  []request
	answer func(request) (int, map[string]any)
	// arrived has one message for each request.
	arrived chan string
}

func startServer(t *testing.T, answer func(*server, request) (int, map[string]any)) *server {
	s := &server{t: t, arrived: make(chan string, 100)}
	s.answer = func(r request) (int, map[string]any) { return answer(s, r) }
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		one := request{action: path.Base(r.URL.Path), authorization: r.Header.Get("authorization")}
		decoder := json.NewDecoder(r.Body)
		decoder.UseNumber()
		_ = decoder.Decode(&one.body)
		s.mutex.Lock()
		s.asked = append(s.asked, one)
		s.mutex.Unlock()
		s.arrived <- one.action
		status, body := s.answer(one)
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) of(action string) []request {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var found []request
	for _, one := range s.asked {
		if one.action == action {
			found = append(found, one)
		}
	}
	return found
}

// until an action is asked for.
func (s *server) until(action string) {
	s.t.Helper()
	late := time.After(30 * time.Second)
	for {
		select {
		case one := <-s.arrived:
			if one == action {
				return
			}
		case <-late:
			s.t.Fatalf("nothing asked for %s", action)
		}
	}
}

func ago(length time.Duration) string { return formatTime(millis(time.Now().Add(-length))) }

// grant answers a seat; more claims replace its own.
func (s *server) grant(r request, more map[string]any) (int, map[string]any) {
	claims := map[string]any{
		"kind": "seat", "mode": "online", "product": "editor", "tier": "professional", "session_id": "session-1",
		"hardware_id": r.body["hardware_id"], "nonce": r.body["nonce"], "offline_seconds": 86_400,
		"signed_at": ago(0), "valid_until": ago(-24 * time.Hour),
	}
	answer := map[string]any{
		"session_id": "session-1", "expires_at": ago(-time.Minute), "heartbeat_interval_seconds": 20,
		"seats_used": 1, "seats_total": 1,
	}
	for name, value := range more {
		claims[name] = value
	}
	if until, found := more["borrowed_until"]; found {
		answer["borrowed_until"], claims["mode"] = until, "borrowed"
	}
	answer["license_data"] = sign(s.t, claims)
	return http.StatusCreated, answer
}

func problem(status int, code string) (int, map[string]any) {
	return status, map[string]any{"code": code}
}

// lends as the server of a licence does whose seats can be borrowed.
func lends(s *server, r request) (int, map[string]any) {
	switch r.action {
	case "acquire":
		return s.grant(r, nil)
	case "borrow":
		return s.grant(r, map[string]any{"borrowed_until": ago(-time.Hour), "valid_until": ago(-time.Hour)})
	case "heartbeat":
		return http.StatusOK, map[string]any{"expires_at": ago(-time.Minute)}
	}
	return http.StatusOK, map[string]any{}
}

func (s *server) options(t *testing.T) Options {
	keys, err := PinnedKeys(signerPEM())
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		URL: s.URL, LicenseKey: "CS-TEST", Product: "editor", Keys: keys, HardwareID: "machine-1",
		Storage: MemoryStorage(), Patience: -1,
	}
}

func hold(t *testing.T, options Options) *Seat {
	t.Helper()
	seat, err := Hold(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	return seat
}

func code(err error) string {
	if failure, isFailure := err.(*Error); isFailure {
		return failure.Code
	}
	return fmt.Sprint(err)
}

// goroutines of this package, but for those of its tests, and of the connections that it has opened.
func goroutines() (count int, stacks string) {
	var text bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&text, 2)
	for _, one := range strings.Split(text.String(), "\n\n") {
		isOurs := strings.Contains(one, "countersign.example/client.") && !strings.Contains(one, "_test.go")
		if isOurs || strings.Contains(one, "net/http.(*persistConn)") {
			count, stacks = count+1, stacks+one+"\n\n"
		}
	}
	return count, stacks
}

// nothingRuns waits a moment for goroutines that are just about to end.
func nothingRuns(t *testing.T) {
	t.Helper()
	for attempt := 0; ; attempt++ {
		count, stacks := goroutines()
		if count == 0 {
			return
		}
		if attempt == 200 {
			t.Fatal(stacks)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
