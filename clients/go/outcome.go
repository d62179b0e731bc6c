package countersign

import (
	"math"
	"time"
)

func (r *renewer) heldState() string {
	if r.isBorrowed() {
		return "borrowed"
	}
	return "held"
}

func (r *renewer) tellBorrowed(license License) {
	r.emit(Event{Type: "borrowed", BorrowedUntil: license.ValidUntil(), ValidUntil: license.ValidUntil()})
}

// hold the seat with this licence. Like the others it gives the milliseconds until the next call.
func (r *renewer) hold(license License, grant *granted) float64 {
	before := r.seat.License()
	r.seat.setLicense(license)
	was := r.seat.setState(r.heldState())
	r.lease = &lease{grant.sessionID, float64(grant.leaseEndsAt)}
	r.interval, r.failures, r.verdict = milliseconds(grant.interval), 0, ""
	if !license.isBorrowed() {
		r.emit(Event{
			Type: "held", LeaseEndsAt: timeOf(r.lease.endsAt), ValidUntil: license.ValidUntil(),
			SeatsUsed: grant.seatsUsed, SeatsTotal: grant.seatsTotal,
		})
	} else if was != "borrowed" || !before.ValidUntil().Equal(license.ValidUntil()) {
		r.tellBorrowed(license)
	}
	return nextHeartbeat(r.pace())
}

func (r *renewer) fail(failure *unavailable) float64 {
	license, retryAfter := r.seat.License(), milliseconds(failure.retryAfter)
	r.failures++
	retry := retryDelay(r.failures, r.pace()*firstRetry, r.pace(), retryAfter)
	if license.isBorrowed() {
		// A borrowed seat needs no server, so its absence is no news.
		if r.seat.setState("borrowed") != "borrowed" {
			r.tellBorrowed(license)
		}
		return retry
	}
	event := Event{Type: "offline", Code: failure.code, Message: failure.message, ValidUntil: license.ValidUntil()}
	if r.lease != nil {
		event.LeaseEndsAt = timeOf(r.lease.endsAt)
		left := r.lease.endsAt - r.clock.now()
		last := lastBefore(left, r.interval)
		if last > shortestWait && last < retry {
			retry = last
			if retryAfter < left-shortestWait { // Retry-After is kept as long as the lease lasts
				retry = math.Max(last, retryAfter)
			}
		}
	}
	if r.seat.setState("offline") != "offline" {
		r.emit(event)
	}
	return retry
}

// judge: a licence that is over ends the seat once the server has been asked since its end.
func (r *renewer) judge(pause float64, askedSince *float64) float64 {
	if isClosed(r.seat.done) || r.isLeaving() {
		return pause
	}
	license, now := r.seat.License(), r.clock.now()
	refusal := refusalAt(license.times, now)
	if refusal != "expired" && refusal != "stale" {
		return pause
	}
	if askedSince == nil || *askedSince < license.times.end() {
		return r.askLast(now)
	}
	return r.lose(endReason(license, refusal))
}

func endReason(license License, refusal string) string {
	switch {
	case refusal == "expired":
		return "license_expired"
	case license.isBorrowed():
		return "borrow_ended"
	}
	return "offline_too_long"
}

func (r *renewer) lose(reason string) float64 {
	r.seat.setState("lost")
	r.cache.forget("refused")
	message, found := losses[reason]
	if !found {
		message = advice[reason]
	}
	r.emit(Event{Type: "lost", Reason: reason, Message: message})
	close(r.seat.done) // before the call: nobody waits for it
	if r.lease != nil && !r.isBorrowed() {
		r.api.release(r.seat.calls, r.lease.sessionID)
	}
	return math.Inf(1)
}

func (r *renewer) giveBack() {
	if r.isBorrowed() {
		r.released(true, true) // a borrowed seat outlives the program
		return
	}
	session := ""
	if r.lease != nil {
		session = r.lease.sessionID
	} else if r.failures > 0 {
		session = r.seat.License().Text("session_id") // that of an earlier run, which stands in its licence
	}
	r.seat.setState("released")
	outcome := &released{}
	for attempt := 1; session != ""; attempt++ {
		outcome = r.api.release(r.seat.calls, session).released
		if outcome != nil || attempt == releaseAttempts || pause(r.seat.calls, time.Duration(attempt)*releasePause) != nil {
			break
		}
	}
	// Not allowed: another program of this machine has borrowed the seat meanwhile.
	r.released(outcome != nil, outcome != nil && (outcome.stillHeld || outcome.notAllowed))
}

// released: a seat that was not given back for certain is as after a crash: this machine's for its lease, and its copy
// with it.
func (r *renewer) released(isConfirmed, isStillHeld bool) {
	r.seat.setState("released")
	if isConfirmed && !isStillHeld {
		r.cache.forget("released")
	}
	r.emit(Event{Type: "released", Confirmed: isConfirmed, StillHeld: isStillHeld})
	close(r.seat.done)
}
