package countersign

import (
	"context"
	"math"
	"time"
)

const (
	deniedPause   = 20 * time.Second // doubling up to the next, the last half of each at random
	longestDenied = 5 * time.Minute
	// farewell is how long a call may go on when its context is done: its answer may name a session to be given back.
	farewell = 5 * time.Second
)

// firstHold is how a seat begins: granted by the server; from the licence of an earlier run, for a failure, while there is
// no server; or, with neither, from a licence file.
type firstHold struct {
	license License
	granted *granted
	failure *unavailable
}

// lingering is done a while after another context, or by the function that it gives.
func lingering(ctx context.Context, after time.Duration) (context.Context, context.CancelFunc) {
	later, cancel := context.WithCancel(context.Background())
	go func() {
		select {
		case <-later.Done():
			return
		case <-ctx.Done():
		}
		timer := time.NewTimer(after)
		defer timer.Stop()
		select {
		case <-later.Done():
		case <-timer.C:
			cancel()
		}
	}()
	return later, cancel
}

// pause gives ctx's error when that is done first.
func pause(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// acquireFirst asks until there is a seat. It fails when there is none, and none is waited for any longer.
func (h *holder) acquireFirst(ctx context.Context) (firstHold, error) {
	if h.LicenseFile != "" {
		return h.readFile(ctx)
	}
	calls, cancel := lingering(ctx, farewell)
	defer cancel()
	place := newQueue(h)
	defer func() { place.leave(calls) }()
	wait := &waiting{holder: h, begun: time.Now()}
	var got answer
	for {
		if err := ctx.Err(); err != nil {
			h.giveBackUnwanted(calls, got)
			return firstHold{}, err
		}
		var license License
		got, license = h.acquireFirstSeat(calls, place.seconds)
		place.answered(got)
		if ctx.Err() != nil {
			continue
		}
		var failure error
		again := false
		switch {
		case got.granted != nil && license.Valid:
			return firstHold{license: license, granted: got.granted}, nil
		case got.granted != nil:
			h.refusedLicense(license)
			failure = h.invalid(got.granted.license, license)
			if again = keysMayCome[license.Reason] && wait.afterFailure(ctx, 0); !again {
				h.giveBackUnwanted(calls, got)
			}
		case got.queued != nil:
			failure = newError("no_seats_available")
			again = wait.inQueue(ctx, got.queued.pollAfter)
		case got.refused != nil:
			failure = refusalError(got.refused)
			isFull := got.refused.code == "no_seats_available" || got.refused.code == "queue_full"
			again = isFull && wait.afterDenial(ctx, got.refused)
		default:
			kept, why := h.readKept(ctx)
			if kept.Valid {
				return firstHold{license: kept, failure: got.unavailable}, nil
			}
			failure = unavailableError(got.unavailable, why)
			again = wait.afterFailure(ctx, got.unavailable.retryAfter)
		}
		if !again {
			return firstHold{}, failure
		}
	}
}

// giveBackUnwanted: a borrowed seat stays this machine's.
func (h *holder) giveBackUnwanted(ctx context.Context, got answer) {
	if got.granted != nil && !got.granted.borrowed {
		h.api.release(ctx, got.granted.sessionID)
	}
}

// waiting is how long it is tried: Patience while nothing answers, Wait while all seats are taken. Each method gives false
// at its end, and true after a pause, which ctx may have ended.
type waiting struct {
	*holder
	begun, silentSince time.Time
	failures, denials  int
}

func (w *waiting) afterFailure(ctx context.Context, retryAfter time.Duration) bool {
	if w.silentSince.IsZero() {
		w.silentSince, w.failures = time.Now(), 0
	}
	w.failures++
	next := retryDelay(w.failures, shortestWait, longestAtStart, milliseconds(retryAfter))
	within := w.Patience >= 0 && time.Since(w.silentSince)+duration(next) <= w.Patience
	// A server that says when to come back is there, and is waited for as long as a free seat is.
	if !within && !(retryAfter > 0 && time.Since(w.begun)+duration(next) <= w.Wait) {
		return false
	}
	_ = pause(ctx, duration(next))
	return true
}

// inQueue: the server says when to ask again, and until when it keeps the place.
func (w *waiting) inQueue(ctx context.Context, pollAfter time.Duration) bool {
	w.silentSince = time.Time{}
	left := w.Wait - time.Since(w.begun)
	if left <= 0 {
		return false
	}
	if pollAfter > left {
		pollAfter = left
	}
	_ = pause(ctx, pollAfter)
	return true
}

func (w *waiting) afterDenial(ctx context.Context, refusal *refused) bool {
	longest := math.Min(float64(longestDenied), float64(deniedPause)*math.Pow(2, float64(w.denials)))
	next := time.Duration(longest * (0.5 + random()/2))
	w.denials++
	w.silentSince = time.Time{}
	again := time.Since(w.begun)+next <= w.Wait
	event := Event{Type: "denied", SeatsUsed: refusal.seatsUsed, SeatsTotal: refusal.seatsTotal}
	if again {
		event.RetryAt = timeOf(w.clock.now() + milliseconds(next))
	}
	w.emit(event)
	if again {
		_ = pause(ctx, next)
	}
	return again
}
