package countersign

import (
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"time"
)

// answer of a call: exactly one member is set. What goes wrong on the way is unavailable; none of the calls fails otherwise.
type answer struct {
	granted     *granted
	queued      *queued
	refused     *refused
	renewed     *renewed
	ended       string
	released    *released
	unavailable *unavailable
}

type granted struct {
	sessionID             string
	leaseEndsAt           int64
	interval              time.Duration
	seatsUsed, seatsTotal int
	// borrowed: the seat is this machine's for a time, whoever runs on it.
	borrowed bool
	license  any
}

// queued: no seat is free, and the server keeps a place for this machine as long as it asks again in time.
type queued struct {
	ticketID              string
	position, queueLength int
	positionExact         bool
	pollAfter             time.Duration
	waitUntil             int64
	estimatedWait         time.Duration
}

type refused struct {
	code, detail          string
	seatsUsed, seatsTotal int
	maxSeconds            int64
}

type renewed struct {
	leaseEndsAt int64
	license     any
}

// released, unless notAllowed: a borrowed seat does not come back before its end.
type released struct {
	stillHeld, notAllowed bool
	borrowedUntil         int64
}

// refusals are what a server may answer to who asks for a seat.
var refusals = map[string]bool{
	"no_seats_available": true, "queue_full": true, "borrow_not_allowed": true, "borrow_too_long": true,
	"no_borrow_available": true, "machine_limit_reached": true, "unauthenticated": true, "user_not_named": true,
	"held_elsewhere": true, "license_expired": true, "license_suspended": true, "license_not_found": true,
	"invalid_request": true,
}

func decode(text string) map[string]any {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return nil
	}
	return asObject(value)
}

func textOf(value any) string {
	text, _ := value.(string)
	return text
}

func numberOf(value any) float64 {
	number, _ := value.(json.Number)
	read, _ := number.Float64()
	return read
}

func secondsOf(value any) time.Duration { return duration(1000 * math.Max(0, numberOf(value))) }

// pauseOf is a time to wait, from a second to longest; 0 for what is none.
func pauseOf(value any, longest time.Duration) time.Duration {
	seconds := secondsOf(value)
	switch {
	case seconds <= 0:
		return 0
	case seconds < time.Second:
		return time.Second
	case seconds > longest:
		return longest
	}
	return seconds
}

func licenseIn(body map[string]any) any {
	if token, isText := body["license_token"].(string); isText {
		return token
	}
	if data := asObject(body["license_data"]); data != nil {
		return data
	}
	return nil
}

func readAcquire(status int, body map[string]any) answer {
	switch status {
	case http.StatusOK, http.StatusCreated:
		return readGranted(body)
	case http.StatusAccepted:
		return readQueued(body)
	}
	code := textOf(body["code"])
	if !refusals[code] {
		return answer{}
	}
	return answer{refused: &refused{
		code: code, detail: textOf(body["detail"]), maxSeconds: int64(numberOf(body["max_seconds"])),
		seatsUsed: int(numberOf(body["seats_used"])), seatsTotal: int(numberOf(body["seats_total"])),
	}}
}

func readGranted(body map[string]any) answer {
	session, license, interval := textOf(body["session_id"]), licenseIn(body), pauseOf(body["heartbeat_interval_seconds"], 24*time.Hour)
	lease, ok := parseTime(body["expires_at"])
	if session == "" || !ok || interval <= 0 || license == nil {
		return answer{}
	}
	_, borrowed := parseTime(body["borrowed_until"])
	return answer{granted: &granted{
		sessionID: session, leaseEndsAt: lease, interval: interval, borrowed: borrowed, license: license,
		seatsUsed: int(numberOf(body["seats_used"])), seatsTotal: int(numberOf(body["seats_total"])),
	}}
}

func readQueued(body map[string]any) answer {
	ticket, position, pollAfter := textOf(body["ticket_id"]), int(numberOf(body["position"])), pauseOf(body["poll_after_seconds"], time.Hour)
	if ticket == "" || position <= 0 || pollAfter <= 0 {
		return answer{}
	}
	length := position
	if _, found := body["queue_length"]; found {
		length = int(numberOf(body["queue_length"]))
	}
	until, _ := parseTime(body["wait_until"])
	return answer{queued: &queued{
		ticketID: ticket, position: position, positionExact: body["position_exact"] != false, queueLength: length,
		pollAfter: pollAfter, waitUntil: until, estimatedWait: secondsOf(body["estimated_wait_seconds"]),
	}}
}

func readHeartbeat(status int, body map[string]any) answer {
	if status == http.StatusOK {
		if lease, ok := parseTime(body["expires_at"]); ok {
			return answer{renewed: &renewed{lease, licenseIn(body)}}
		}
		return answer{}
	}
	switch code := textOf(body["code"]); code {
	case "session_ended":
		if reason := textOf(body["reason"]); reason != "" {
			return answer{ended: reason}
		}
		return answer{ended: "unknown"}
	case "forbidden", "session_not_found":
		// Session, machine and key do not belong together: acquiring again has the last word on it.
		return answer{ended: code}
	}
	return answer{}
}

func readRelease(status int, body map[string]any) answer {
	if status == http.StatusOK {
		return answer{released: &released{stillHeld: body["still_held"] == true}}
	}
	switch code := textOf(body["code"]); code {
	case "early_return_not_allowed":
		until, _ := parseTime(body["borrowed_until"])
		return answer{released: &released{notAllowed: true, borrowedUntil: until}}
	case "session_ended", "session_not_found":
		// Where another program of this machine has borrowed the seat meanwhile, the machine goes on with it.
		return answer{released: &released{stillHeld: code == "session_ended" && textOf(body["reason"]) == "borrowed"}}
	}
	return answer{}
}
