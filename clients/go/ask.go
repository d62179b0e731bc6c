package countersign

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"math"
	"time"
)

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
	until := license.times.validUntil
	return license.isBorrowed() || (license.WorksOffline() && (until == nil || *until > leaseEndsAt))
}

func (h *holder) refreshRequest() map[string]any {
	return map[string]any{"license_key": h.LicenseKey, "hardware_id": h.machine, "token_format": "batch"}
}

func (h *holder) acquireRequest() map[string]any {
	request := h.refreshRequest()
	for name, value := range map[string]string{
		"user_email": h.UserEmail, "hostname": h.Hostname, "platform": h.Platform,
		"client_version": h.ClientVersion, "process_id": h.ProcessID,
	} {
		if value != "" {
			request[name] = value
		}
	}
	if h.TakeOver {
		request["take_over"] = true
	}
	return request
}

// acquire asks for a seat, and verifies the licence that comes with it. What may serve a later start is kept.
// timeout: less than the usual, or 0.
func (h *holder) acquire(ctx context.Context, timeout time.Duration) (answer, License) {
	request := h.acquireRequest()
	return h.ask(ctx, request, func() answer { return h.api.acquire(ctx, request, timeout, false) })
}

// acquireFirstSeat is the same at the start. queueSeconds: for how long the machine waits in the queue, or 0.
func (h *holder) acquireFirstSeat(ctx context.Context, queueSeconds int64) (answer, License) {
	request := h.acquireRequest()
	if queueSeconds > 0 {
		request["queue"] = map[string]any{"max_wait_seconds": queueSeconds}
	}
	return h.ask(ctx, request, func() answer { return h.api.acquire(ctx, request, 0, true) })
}

// borrow is the same for a borrowed seat. length 0: as long as the licence allows.
func (h *holder) borrow(ctx context.Context, length time.Duration) (answer, License) {
	request := h.acquireRequest()
	if length > 0 {
		request["borrow_seconds"] = int64(math.Ceil(length.Seconds()))
	}
	return h.ask(ctx, request, func() answer { return h.api.borrow(ctx, request) })
}

func (h *holder) ask(ctx context.Context, request map[string]any, send func() answer) (answer, License) {
	nonce, asked := drawNonce(), h.clock.asked()
	request["nonce"] = nonce
	got := send()
	if got.granted == nil {
		return got, License{}
	}
	license := h.verify(ctx, got.granted.license, nonce, &asked)
	if license.Valid && outlives(license, got.granted.leaseEndsAt) {
		h.cache.save(got.granted.license)
	} else if license.Valid {
		h.cache.forget("strict")
	}
	return got, license
}

// heartbeat prolongs the lease and, with refresh, the copy of the licence as well; nil when no licence came.
func (h *holder) heartbeat(ctx context.Context, session string, refresh bool) (answer, *License) {
	if !refresh {
		return h.api.heartbeat(ctx, session, nil), nil
	}
	nonce, asked, request := drawNonce(), h.clock.asked(), h.refreshRequest()
	request["nonce"] = nonce
	got := h.api.heartbeat(ctx, session, request)
	if got.renewed == nil || got.renewed.license == nil {
		return got, nil
	}
	license := h.verify(ctx, got.renewed.license, nonce, &asked)
	if license.Valid && outlives(license, got.renewed.leaseEndsAt) {
		h.cache.save(got.renewed.license)
	}
	return got, &license
}
