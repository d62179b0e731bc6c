// The adapter of the client in Go (clients/conformance/README.md).
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	countersign "countersign.example/client"
)

const hour = 3_600_000

var (
	broken  string
	offset  atomic.Int64
	writing sync.Mutex
)

func say(message map[string]any) {
	writing.Lock()
	defer writing.Unlock()
	text, err := json.Marshal(message)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}

type shiftedClock struct{ countersign.ClockSource }

func (c shiftedClock) Now() float64 { return c.ClockSource.Now() + float64(offset.Load()) }

type fixedClock float64

func (c fixedClock) Now() float64     { return float64(c) }
func (fixedClock) Monotonic() float64 { return 0 }
func (fixedClock) SinceBoot() float64 { return 0 }

// anyForm, as a library does that takes the form of a signature from elsewhere.
func anyForm(key countersign.PublicKey, message, signature []byte) bool {
	digest := sha256.Sum256(message)
	return countersign.CheckPKCS1(key, message, signature) ||
		rsa.VerifyPSS(key.Public, crypto.SHA256, digest[:], signature, nil) == nil
}

func check() countersign.CheckSignature {
	if broken == "signature" {
		return anyForm
	}
	return countersign.CheckPKCS1
}

func tell(event countersign.Event) {
	told := map[string]any{"type": event.Type}
	if event.Code != "" {
		told["code"] = event.Code
	}
	if event.Reason != "" {
		told["reason"] = event.Reason
	}
	if event.Type == "released" {
		told["confirmed"], told["still_held"] = event.Confirmed, event.StillHeld
	}
	say(map[string]any{"event": told})
}

func text(object map[string]any, name string) string {
	found, _ := object[name].(string)
	return found
}

func duration(object map[string]any, name string) time.Duration {
	number, isNumber := object[name].(json.Number)
	if !isNumber {
		return 0
	}
	milliseconds, _ := number.Int64()
	if milliseconds == 0 {
		return -1
	}
	return time.Duration(milliseconds) * time.Millisecond
}

type adapter struct {
	ctx  context.Context
	seat *countersign.Seat
}

func (a *adapter) hold(given map[string]any) map[string]any {
	root, err := countersign.RootKey(text(given, "root"))
	if err != nil {
		panic(err)
	}
	options := countersign.Options{
		URL: text(given, "url"), LicenseKey: text(given, "license_key"), Product: text(given, "product"), Keys: root,
		Storage: countersign.FileStorage(text(given, "storage")), HardwareID: text(given, "hardware_id"),
		Application: text(given, "application"), Patience: duration(given, "patience_ms"), OnEvent: tell,
		Clock: shiftedClock{countersign.SystemClock()},
	}
	if wait := duration(given, "wait_ms"); wait > 0 {
		options.Wait = wait
	}
	if timeout := duration(given, "timeout_ms"); timeout > 0 {
		options.Timeout = timeout
	}
	a.seat, err = countersign.Hold(a.ctx, options)
	var failure *countersign.Error
	if errors.As(err, &failure) {
		answer := map[string]any{"ok": false, "code": failure.Code}
		if failure.Reason != "" {
			answer["reason"] = failure.Reason
		}
		return answer
	}
	if err != nil {
		return map[string]any{"ok": false, "code": err.Error()}
	}
	return map[string]any{"ok": true, "state": a.seat.State()}
}

func verify(command map[string]any) map[string]any {
	vector := command["vector"].(map[string]any)
	documents, _ := command["documents"].([]any)
	wall := float64(milliseconds(text(vector, "now")))
	now := wall - float64(len(documents)*2*hour)
	var served any
	surroundings := func() countersign.KeySurroundings {
		return countersign.KeySurroundings{
			Now: func() float64 { return now }, CheckSignature: check(), Storage: countersign.MemoryStorage(),
			Fetch: func(string) (string, error) {
				if served == nil {
					return "", errors.New("no network")
				}
				data, err := json.Marshal(served)
				return string(data), err
			},
		}
	}
	source, err := sourceOf(command, surroundings())
	if err != nil {
		return map[string]any{"ok": false, "code": err.Error()}
	}
	for _, document := range documents {
		now += 2 * hour
		served = document
		if broken == "sequence" {
			source, _ = sourceOf(command, surroundings()) // one that remembers nothing takes whatever list it is served
		}
		_, _, _ = source.Find(countersign.KeyName{KeyVersion: "vectors.0"}, countersign.KeyQuery{})
	}
	options := countersign.VerifyOptions{
		Nonce: text(vector, "nonce"), Kind: text(vector, "kind"), Product: text(vector, "product"),
		HardwareID: text(vector, "hardware_id"), CheckSignature: check(), Now: wall,
	}
	features, _ := vector["features"].([]any)
	for _, feature := range features {
		options.Features = append(options.Features, feature.(string))
	}
	if clock, found := vector["clock"].(map[string]any); found {
		options.Now, options.Clock = 0, countersign.NewTrustedClock(fixedClock(wall))
		if noted := text(clock, "noted"); noted != "" && broken != "clock" {
			options.Clock.Remember(float64(milliseconds(noted)))
		}
	}
	var license any = text(vector, "license")
	if encoded := text(vector, "license_base64"); encoded != "" {
		license, _ = base64.StdEncoding.DecodeString(encoded)
	}
	judged := countersign.Verify(license, source, options)
	switch {
	case !judged.Valid:
		return map[string]any{"ok": true, "verdict": judged.Reason}
	case vector["start"] == "offline" && !judged.WorksOffline():
		return map[string]any{"ok": true, "verdict": "strict"}
	}
	return map[string]any{"ok": true, "verdict": "valid"}
}

func sourceOf(command map[string]any, surroundings countersign.KeySurroundings) (countersign.KeySource, error) {
	roots, found := command["roots"].([]any)
	if !found {
		return countersign.PinnedKeys(command["keys"])
	}
	pems := make([]string, len(roots))
	for i, root := range roots {
		pems[i] = root.(string)
	}
	return countersign.RootKeyIn(surroundings, pems...)
}

func milliseconds(moment string) int64 {
	parsed, err := time.Parse(time.RFC3339Nano, moment)
	if err != nil {
		panic(err)
	}
	return parsed.UnixMilli()
}

// measure is the whole check of a licence, beside the bare check of its signature.
func measure(command map[string]any) map[string]any {
	document, _ := json.Marshal(command["document"])
	source, err := countersign.RootKeyIn(countersign.KeySurroundings{
		Fetch: func(string) (string, error) { return string(document), nil },
	}, text(command, "root"))
	if err != nil {
		return map[string]any{"ok": false, "code": err.Error()}
	}
	license := text(command, "license")
	list := command["document"].(map[string]any)["list"].(map[string]any)["keys"].([]any)
	pinned, err := countersign.PinnedKeys(list[0])
	if err != nil {
		return map[string]any{"ok": false, "code": err.Error()}
	}
	keys, _, _ := pinned.Find(countersign.KeyName{KeyVersion: text(list[0].(map[string]any), "key_version")}, countersign.KeyQuery{})
	var message, signature []byte
	countersign.Verify(license, pinned, countersign.VerifyOptions{
		CheckSignature: func(_ countersign.PublicKey, signed, by []byte) bool {
			message, signature = signed, by
			return true
		},
	})
	count, _ := command["count"].(json.Number).Int64()
	microseconds := func(work func() bool) float64 {
		begun := time.Now()
		for i := int64(0); i < count; i++ {
			if !work() {
				panic("it does not verify")
			}
		}
		return float64(time.Since(begun).Nanoseconds()) / 1000 / float64(count)
	}
	check := func() bool { return countersign.Verify(license, source, countersign.VerifyOptions{}).Valid }
	microseconds(check)
	raw := microseconds(func() bool { return countersign.CheckPKCS1(keys[0], message, signature) })
	return map[string]any{"ok": true, "verify_us": microseconds(check), "raw_us": raw}
}

func (a *adapter) carryOut(command map[string]any) map[string]any {
	switch command["do"] {
	case "hold":
		return a.hold(command["options"].(map[string]any))
	case "release":
		a.seat.Release()
		return map[string]any{"ok": true, "state": a.seat.State()}
	case "state":
		license := a.seat.License()
		return map[string]any{"ok": true, "state": a.seat.State(), "tier": license.Text("tier")}
	case "clock":
		shift, _ := command["offset_ms"].(json.Number).Int64()
		offset.Store(shift)
		return map[string]any{"ok": true}
	case "verify":
		return verify(command)
	case "measure":
		return measure(command)
	case "hardware_id":
		id := countersign.HashedHardwareID(text(command, "application"), text(command, "machine"))
		if _, found := command["machine"]; !found {
			id = countersign.HardwareID(text(command, "application"), countersign.MemoryStorage())
		}
		return map[string]any{"ok": true, "hardware_id": id}
	case "license_key":
		return map[string]any{"ok": true, "text": countersign.NormalizeLicenseKey(text(command, "text"))}
	}
	return map[string]any{"ok": false, "code": "unknown_command"}
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == "--broken" {
		broken = os.Args[2]
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &adapter{ctx: ctx}
	defer func() {
		if a.seat != nil {
			a.seat.Release()
		}
	}()
	commands := make(chan []byte)
	go func() {
		defer close(commands)
		input := bufio.NewReaderSize(os.Stdin, 1<<20)
		for {
			line, err := input.ReadBytes('\n')
			if err != nil {
				return
			}
			commands <- line
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case line, more := <-commands:
			if !more {
				return
			}
			decoder := json.NewDecoder(bytes.NewReader(line))
			decoder.UseNumber()
			var command map[string]any
			if err := decoder.Decode(&command); err != nil {
				panic(err)
			}
			if command["do"] == "exit" {
				return
			}
			answer := a.carryOut(command)
			answer["id"] = command["id"]
			say(answer)
		}
	}
}
