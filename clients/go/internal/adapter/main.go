// The adapter of the client in Go (clients/conformance/README.md).
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
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

func (c shiftedClock) Now() time.Time {
	return c.ClockSource.Now().Add(time.Duration(offset.Load()) * time.Millisecond)
}

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
	switch event.Type {
	case "released":
		told["confirmed"], told["still_held"] = event.Confirmed, event.StillHeld
	case "queued":
		told["position"], told["queue_length"] = event.Position, event.QueueLength
	case "borrowed":
		told["borrowed_until_ms"] = event.BorrowedUntil.UnixMilli()
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
	ctx    context.Context
	mutex  sync.Mutex
	seat   *countersign.Seat
	giveUp context.CancelFunc
	// under way: what does not answer at once.
	underWay sync.WaitGroup
}

func (a *adapter) held() *countersign.Seat {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return a.seat
}

func failed(err error) map[string]any {
	var failure *countersign.Error
	switch {
	case errors.Is(err, context.Canceled) && !errors.As(err, &failure):
		return map[string]any{"ok": false, "code": "aborted"}
	case !errors.As(err, &failure):
		return map[string]any{"ok": false, "code": err.Error()}
	}
	answer := map[string]any{"ok": false, "code": failure.Code}
	if failure.Reason != "" {
		answer["reason"] = failure.Reason
	}
	if failure.MaxLength > 0 {
		answer["max_seconds"] = int64(failure.MaxLength.Seconds())
	}
	if !failure.BorrowedUntil.IsZero() {
		answer["borrowed_until_ms"] = failure.BorrowedUntil.UnixMilli()
	}
	return answer
}

func (a *adapter) hold(ctx context.Context, given map[string]any) map[string]any {
	root, err := countersign.RootKey(text(given, "root"))
	if err != nil {
		panic(err)
	}
	takeOver, _ := given["take_over"].(bool)
	options := countersign.Options{
		URL: text(given, "url"), LicenseKey: text(given, "license_key"), LicenseFile: text(given, "license_file"),
		Product: text(given, "product"), Keys: root, Storage: countersign.FileStorage(text(given, "storage")),
		HardwareID: text(given, "hardware_id"), Application: text(given, "application"),
		ProcessID: text(given, "process_id"), TakeOver: takeOver,
		Patience: duration(given, "patience_ms"), OnEvent: tell, Clock: shiftedClock{countersign.SystemClock()},
	}
	if wait := duration(given, "wait_ms"); wait > 0 {
		options.Wait = wait
	}
	if timeout := duration(given, "timeout_ms"); timeout > 0 {
		options.Timeout = timeout
	}
	if token, isGiven := given["user_token"].(string); isGiven {
		once, _ := given["user_token_once"].(bool)
		asked := false
		options.UserToken = func(ctx context.Context) (string, error) {
			if token == "" {
				return "", errors.New("signed out")
			}
			if once && asked {
				<-ctx.Done() // the user is asked again, and never answers
				return "", ctx.Err()
			}
			asked = true
			return token, nil
		}
	}
	seat, err := countersign.Hold(ctx, options)
	if err != nil {
		return failed(err)
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.seat = seat
	return stateOf(seat)
}

func stateOf(seat *countersign.Seat) map[string]any {
	answer := map[string]any{"ok": true, "state": seat.State()}
	if until := seat.BorrowedUntil(); !until.IsZero() {
		answer["borrowed_until_ms"] = until.UnixMilli()
	}
	return answer
}

func (a *adapter) borrow(command map[string]any) map[string]any {
	var seconds int64
	if number, isNumber := command["seconds"].(json.Number); isNumber {
		seconds, _ = number.Int64()
	}
	seat := a.held()
	if err := seat.Borrow(a.ctx, time.Duration(seconds)*time.Second); err != nil {
		return failed(err)
	}
	return stateOf(seat)
}

func (a *adapter) returnBorrowed() map[string]any {
	seat := a.held()
	if err := seat.ReturnBorrowed(a.ctx); err != nil {
		return failed(err)
	}
	return stateOf(seat)
}

func (a *adapter) carryOut(command map[string]any) map[string]any {
	switch command["do"] {
	case "borrow":
		return a.borrow(command)
	case "return_borrowed":
		return a.returnBorrowed()
	case "release":
		a.held().Release()
		return stateOf(a.held())
	case "state":
		answer := stateOf(a.held())
		license := a.held().License()
		answer["tier"] = license.Text("tier")
		return answer
	case "cancel":
		a.giveUp()
		return map[string]any{"ok": true}
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
			id = countersign.HardwareID(text(command, "application"))
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
	a := &adapter{ctx: ctx, giveUp: func() {}}
	a.run(commands())
	stop() // what waits gives up
	a.underWay.Wait()
	if seat := a.held(); seat != nil {
		seat.Release()
	}
}

// commands are the lines of the input, until it ends.
func commands() <-chan []byte {
	lines := make(chan []byte)
	go func() {
		defer close(lines)
		input := bufio.NewReaderSize(os.Stdin, 1<<20)
		for {
			line, err := input.ReadBytes('\n')
			if err != nil {
				return
			}
			lines <- line
		}
	}()
	return lines
}

func (a *adapter) run(lines <-chan []byte) {
	for {
		select {
		case <-a.ctx.Done():
			return
		case line, more := <-lines:
			if !more {
				return
			}
			decoder := json.NewDecoder(bytes.NewReader(line))
			decoder.UseNumber()
			var command map[string]any
			if err := decoder.Decode(&command); err != nil {
				panic(err)
			}
			switch command["do"] {
			case "exit":
				return
			case "hold": // may take long, and is given up by cancel
				ctx, cancel := context.WithCancel(a.ctx)
				a.giveUp = cancel
				a.underWay.Add(1)
				go func() {
					defer a.underWay.Done()
					answer(command, a.hold(ctx, command["options"].(map[string]any)))
				}()
			default:
				answer(command, a.carryOut(command))
			}
		}
	}
}

func answer(command, with map[string]any) {
	with["id"] = command["id"]
	say(with)
}
