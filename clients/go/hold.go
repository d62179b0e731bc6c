// Package countersign holds a floating seat of a Countersign licence, and verifies licences offline. It needs the standard
// library alone.
package countersign

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"math"
	"math/rand"
	"time"
)

const (
	// Milliseconds.
	renewalPause    = 120_000
	shortestWait    = 1_000
	deniedPause     = 20_000
	longestDenied   = 300_000
	longestAtStart  = 60_000
	milliseconds    = float64(time.Millisecond)
	lastQuestion    = 4 * time.Second // less than the 5 s by which a lease outlives its end on the server
	longestSleep    = 30 * time.Second
	releaseAttempts = 3
	defaultInterval = 120_000
	firstRetry      = 0.2
)

// around is everything that one seat is kept with.
type around struct {
	Options
	machine string
	clock   *TrustedClock
	api     *seatAPI
	cache   *cache
	keys    KeySource
}

func surroundings(options Options) *around {
	a := &around{Options: options, clock: NewTrustedClock(options.Clock)}
	place, err := options.Storage, error(nil)
	if place == nil {
		var folder string
		if folder, err = stateDirectory(options.Application); err == nil {
			place = FileStorage(folder)
		}
	}
	storage := guard(place, err, func(error) { a.emit(Event{Type: "storage_unavailable", Message: noMemory}) })
	if a.machine = options.HardwareID; a.machine == "" {
		a.machine = cleanText(HardwareID(options.Application, storage))
	}
	a.api = &seatAPI{url: options.URL, program: randomHex(), client: options.HTTPClient, timeout: options.Timeout}
	a.cache = newCache(storage, options.LicenseKey, a.machine, a.clock)
	a.keys = options.Keys.Connect(KeySurroundings{
		Fetch: a.api.fetch, Storage: storage, Now: a.clock.now,
		OnStale: func(until float64, _ error) {
			a.emit(Event{Type: "keys_not_updated", Message: staleKeys, ValidUntil: until})
		},
	})
	return a
}

func (a *around) emit(event Event) {
	if a.OnEvent != nil {
		a.OnEvent(event)
	}
}

func (a *around) request() map[string]any {
	request := map[string]any{"license_key": a.LicenseKey, "hardware_id": a.machine, "token_format": "batch"}
	return request
}

func (a *around) verify(license any, nonce string, asked *[3]float64) License {
	return Verify(license, a.keys, VerifyOptions{
		Clock: a.clock, Nonce: nonce, asked: asked, Kind: "seat", Product: a.Product, HardwareID: a.machine,
	})
}

func (a *around) refusedLicense(license License) {
	a.emit(Event{Type: "refused_license", Reason: license.Reason, Message: license.Message})
}

// drawNonce: 128 random bits, one for each request: an answer that repeats them is no recording.
func drawNonce() string {
	random, err := hex.DecodeString(randomHex())
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(random)
}

// outlives: a copy that ends with its lease would be over before a later start needs it, so nothing of it is kept.
func outlives(license License, leaseEndsAt int64) bool {
	until := license.Times.ValidUntil
	return license.WorksOffline() && (until == nil || *until > leaseEndsAt)
}

// acquire asks for the seat, and verifies the licence that comes with it.
func (a *around) acquire(timeout time.Duration) (answer, License) {
	nonce, asked, request := drawNonce(), a.clock.asked(), a.request()
	request["nonce"] = nonce
	shown := map[string]string{"user_email": a.UserEmail, "hostname": a.Hostname, "platform": a.Platform, "client_version": a.ClientVersion}
	for name, value := range shown {
		if value != "" {
			request[name] = value
		}
	}
	reply := a.api.acquire(request, timeout)
	if reply.granted == nil {
		return reply, License{}
	}
	license := a.verify(reply.granted.license, nonce, &asked)
	if license.Valid && outlives(license, reply.granted.leaseEndsAt) {
		a.cache.save(reply.granted.license)
	} else if license.Valid {
		a.cache.forget("strict")
	}
	return reply, license
}

// heartbeat prolongs the lease and, with refresh, the copy of the licence as well; nil when no licence came.
func (a *around) heartbeat(session string, refresh bool) (answer, *License) {
	if !refresh {
		return a.api.heartbeat(session, nil), nil
	}
	nonce, asked, request := drawNonce(), a.clock.asked(), a.request()
	request["nonce"] = nonce
	reply := a.api.heartbeat(session, request)
	if reply.renewed == nil || reply.renewed.license == nil {
		return reply, nil
	}
	license := a.verify(reply.renewed.license, nonce, &asked)
	if license.Valid && outlives(license, reply.renewed.leaseEndsAt) {
		a.cache.save(reply.renewed.license)
	}
	return reply, &license
}

// retryDelay is in milliseconds, half of it at random, so that those who met the same outage part.
func retryDelay(failures int, first, longest, retryAfter float64) float64 {
	wait := math.Max(shortestWait, math.Min(longest, first*math.Pow(2, float64(failures-1)))) * (0.5 + rand.Float64()/2)
	if retryAfter > wait {
		// Everybody was told the same Retry-After: none comes before it, and not all of them at it.
		return retryAfter * (1 + rand.Float64()/2)
	}
	return wait
}

// Hold acquires a seat, and keeps it until it is released, lost, or ctx is done. It fails with *Error when there is no seat,
// with ctx's error when that ends first, and with another error for options that cannot be meant.
//
// A program gives its seat back by `defer seat.Release()`; signal.NotifyContext makes signals end ctx.
func Hold(ctx context.Context, options Options) (*Seat, error) {
	read, err := options.read()
	if err != nil {
		return nil, err
	}
	a := surroundings(read)
	license, first, err := a.acquireFirst(ctx)
	if err != nil {
		return nil, err
	}
	return keep(ctx, a, license, first), nil
}

func (a *around) acquireFirst(ctx context.Context) (License, answer, error) {
	begun, silentSince := time.Now(), time.Time{}
	failures, denials := 0, 0
	pause := func(wait float64) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(wait * milliseconds)):
			return nil
		}
	}
	// failed waits after a failure; false when it is not tried any longer.
	failed := func(retryAfter time.Duration) (bool, error) {
		if silentSince.IsZero() {
			silentSince, failures = time.Now(), 0
		}
		failures++
		next := retryDelay(failures, shortestWait, longestAtStart, float64(retryAfter)/milliseconds)
		length := time.Duration(next * milliseconds)
		within := a.Patience >= 0 && time.Since(silentSince)+length <= a.Patience
		// A server that says when to come back is there, and is waited for as long as a free seat is.
		if !within && !(retryAfter > 0 && time.Since(begun)+length <= a.Wait) {
			return false, nil
		}
		return true, pause(next)
	}
	for {
		if err := ctx.Err(); err != nil {
			return License{}, answer{}, err
		}
		reply, license := a.acquire(0)
		if err := ctx.Err(); err != nil {
			if reply.granted != nil {
				a.api.release(reply.granted.sessionID)
			}
			return License{}, answer{}, err
		}
		switch {
		case reply.granted != nil && license.Valid:
			return license, reply, nil
		case reply.granted != nil:
			a.refusedLicense(license)
			switch license.Reason {
			case "keys_unavailable", "unknown_key", "keys_expired":
				if again, err := failed(0); err != nil || again {
					a.api.release(reply.granted.sessionID)
					continue
				}
			}
			a.api.release(reply.granted.sessionID)
			return License{}, answer{}, a.invalid(reply.granted, license)
		case reply.refused != nil:
			refusal := reply.refused
			failure := &Error{Code: refusal.code, SeatsUsed: refusal.seatsUsed, SeatsTotal: refusal.seatsTotal, message: advice[refusal.code]}
			if refusal.code != "no_seats_available" {
				if refusal.code == "invalid_request" && refusal.detail != "" {
					failure.message += " (" + refusal.detail + ")"
				}
				return License{}, answer{}, failure
			}
			next := math.Min(longestDenied, deniedPause*math.Pow(2, float64(denials))) * (0.5 + rand.Float64()/2)
			denials++
			silentSince = time.Time{}
			event := Event{Type: "denied", SeatsUsed: refusal.seatsUsed, SeatsTotal: refusal.seatsTotal}
			again := time.Since(begun)+time.Duration(next*milliseconds) <= a.Wait
			if again {
				event.RetryAt = a.clock.now() + next
			}
			a.emit(event)
			if !again {
				return License{}, answer{}, failure
			}
			if err := pause(next); err != nil {
				return License{}, answer{}, err
			}
		default:
			kept, why := a.readKept()
			if kept.Valid {
				return kept, reply, nil
			}
			again, err := failed(reply.unavailable.retryAfter)
			if err != nil {
				return License{}, answer{}, err
			}
			if !again {
				failure := reply.unavailable
				return License{}, answer{}, &Error{Code: failure.code, message: failure.message + " " + why, cause: failure.cause}
			}
		}
	}
}

func (a *around) invalid(grant *granted, license License) error {
	switch license.Reason {
	case "not_yet_valid", "stale", "expired":
		there := "another time"
		if signed, ok := parseTime(asObject(grant.license)["signed_at"]); ok {
			there = formatTime(float64(signed))
		}
		detail := " (it is " + formatTime(a.Clock.Now()) + " here and " + there + " there)"
		return &Error{Code: "clock_wrong", Reason: license.Reason, message: advice["clock_wrong"] + detail}
	}
	return &Error{Code: "license_invalid", Reason: license.Reason, message: advice["license_invalid"] + " (" + license.Message + ")"}
}

// readKept gives the licence of an earlier run, if it is still good, or why there is none.
func (a *around) readKept() (License, string) {
	kept, why := a.cache.load()
	if kept == nil {
		return License{}, nothingKept[why]
	}
	license := a.verify(kept, "", nil)
	if license.Valid && !license.WorksOffline() {
		return License{}, nothingKept["strict"]
	}
	if license.Valid {
		a.cache.noteTime(timeNotedEvery)
		return license, ""
	}
	a.refusedLicense(license)
	return License{}, "The licence of the last run is not used: " + license.Message
}
