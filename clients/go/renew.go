package countersign

import (
	"context"
	"math"
	"time"
)

const (
	lastQuestion    = 4 * time.Second // less than the 5 s by which a lease outlives its end on the server
	longestSleep    = 30 * time.Second
	releaseAttempts = 3
	releasePause    = 500 * time.Millisecond
)

type lease struct {
	sessionID string
	endsAt    float64
}

// renewer is what the goroutine of a seat knows. Times are milliseconds, on the trusted clock. There is one call at a time.
type renewer struct {
	*holder
	// ctx is that of Hold.
	ctx  context.Context
	seat *Seat
	// lease is the session, as far as it is known to be alive.
	lease    *lease
	interval float64
	// failures: calls without an answer, in a row.
	failures       int
	renewNotBefore float64
	// verdict is what the session ended for, while the server is asked whether that still holds.
	verdict string
	// isFile: the licence is a file, for a machine without a network, and nobody is asked anything.
	isFile            bool
	due, monotonicDue float64
}

func (r *renewer) begin(first firstHold) {
	switch {
	case first.granted != nil:
		r.hold(first.license, first.granted)
		r.schedule(firstHeartbeat(r.pace()))
	case first.failure != nil:
		r.schedule(r.fail(first.failure))
	default:
		r.seat.setState("borrowed")
		r.tellBorrowed(first.license)
		r.schedule(math.Inf(1))
	}
}

func (r *renewer) renewUntilEnd() {
	defer close(r.seat.gone)
	defer r.closeConnections()
	defer r.seat.stopCalls()
	for !isClosed(r.seat.done) {
		wished, isLeaving := r.wait()
		switch {
		case isLeaving:
			r.giveBack()
		case wished != nil:
			r.carryOut(*wished)
		default:
			r.schedule(r.step())
		}
	}
}

// schedule the next call. The end of the licence is looked at when it comes, whatever else is due.
func (r *renewer) schedule(pause float64) {
	now := r.clock.now()
	pause = math.Max(shortestWait, math.Min(pause, r.seat.License().times.end()-now))
	r.due, r.monotonicDue = now+pause, milliseconds(r.Clock.Monotonic())+pause
	r.cache.noteTime(math.Min(pause, timeNotedEvery))
}

// wait until the next call is due, the program wishes for something, or the seat is to be given back. Timers stand still
// while a machine sleeps, so a long pause is cut into pieces, between which the clock is looked at.
func (r *renewer) wait() (wished *wish, isLeaving bool) {
	noted := milliseconds(r.Clock.Monotonic())
	for {
		monotonic := milliseconds(r.Clock.Monotonic())
		left := math.Max(0, math.Min(r.due-r.clock.now(), r.monotonicDue-monotonic))
		isAlone := r.seat.State() == "offline" || r.seat.State() == "borrowed"
		if isAlone && monotonic-noted >= timeNotedEvery {
			noted = monotonic // the hours without the server are not to be lived twice
			r.cache.noteTime(math.Min(left, timeNotedEvery))
		}
		timer := time.NewTimer(time.Duration(math.Min(float64(duration(left)), float64(longestSleep))))
		select {
		case <-r.ctx.Done():
			isLeaving = true
		case <-r.seat.leave:
			isLeaving = true
		case one := <-r.seat.wishes:
			if isLeaving = r.isLeaving(); isLeaving {
				one.result <- newError("not_held")
			} else {
				wished = &one
			}
		case <-timer.C:
		}
		timer.Stop()
		if isLeaving || wished != nil || left <= 0 {
			return wished, isLeaving
		}
	}
}

// isJustOver: the server's clock is behind by as long as an answer takes, so at the end of a licence it may still grant the
// copy that is over.
func (r *renewer) isJustOver() bool {
	late := r.clock.now() - r.seat.License().times.end()
	return late >= 0 && late < milliseconds(lastQuestion)
}

func (r *renewer) isLeaving() bool { return isClosed(r.seat.leave) || isClosed(r.ctx.Done()) }

func (r *renewer) isBorrowed() bool { return r.seat.License().isBorrowed() }

// pace: a borrowed seat is this machine's anyway, and is looked at now and then, whether it was recalled.
func (r *renewer) pace() float64 {
	if r.isBorrowed() {
		return math.Max(r.interval, borrowedInterval)
	}
	return r.interval
}

// step is one call, and what follows from its answer. It gives the milliseconds until the next one: acquire when there is no
// session, renew past half of the offline time, else a heartbeat; at the end of the licence a last question.
func (r *renewer) step() float64 {
	now, license := r.clock.now(), r.seat.License()
	refusal := refusalAt(license.times, now)
	switch {
	case r.isFile && refusal == "":
		return math.Inf(1)
	case r.isFile:
		return r.lose(endReason(license, refusal))
	case refusal != "":
		return r.askLast(now)
	case r.lease == nil:
		return r.askAgain(now, 0, false)
	}
	// A copy that is worth no more than its lease is prolonged with each heartbeat.
	until := license.times.validUntil
	isStrict := !license.isBorrowed() && until != nil && float64(*until) <= r.lease.endsAt
	if !license.isBorrowed() && !isStrict && now >= r.renewNotBefore && renewalDue(license.times, now) {
		r.renewNotBefore = now + renewalPause
		r.emit(Event{Type: "renewing", ValidUntil: license.ValidUntil()})
		return r.askAgain(now, 0, true)
	}
	return r.beat(isStrict)
}

// askLast: the licence at hand is over. It may have been prolonged a moment ago, so the server is asked before anything ends,
// and has answered before anybody else can have the seat.
func (r *renewer) askLast(now float64) float64 {
	left := duration(r.seat.License().times.end()-now) + lastQuestion
	if left <= duration(shortestWait) || left > lastQuestion {
		left = lastQuestion
	}
	return r.askAgain(now, left, false)
}

func (r *renewer) askAgain(since float64, timeout time.Duration, isRenewing bool) float64 {
	got, license := r.acquire(r.seat.calls, timeout)
	switch {
	case r.isLeaving():
		if got.granted != nil {
			r.lease = &lease{got.granted.sessionID, float64(got.granted.leaseEndsAt)}
		}
		if license.Valid { // another program of this machine may have borrowed the seat meanwhile
			r.seat.setLicense(license)
		}
		return 0
	case got.granted != nil && license.Valid:
		return r.hold(license, got.granted)
	case got.granted != nil && license.Reason == "stale" && r.isJustOver():
		r.lease = &lease{got.granted.sessionID, float64(got.granted.leaseEndsAt)}
		return shortestWait
	case got.granted != nil:
		// The seat is ours, and the licence at hand is good for as long as it says.
		r.refusedLicense(license)
		return r.judge(r.hold(r.seat.License(), got.granted), &since)
	case got.queued != nil: // not asked for while a seat is held
		return r.lose("no_seats_available")
	case isRenewing && r.lease != nil && got.refused != nil && got.refused.code == "unauthenticated":
		return r.beat(true) // the user's token has ended and not the session, whose id is a credential of its own
	case got.refused != nil:
		if got.refused.code == "no_seats_available" {
			r.emit(Event{Type: "denied", SeatsUsed: got.refused.seatsUsed, SeatsTotal: got.refused.seatsTotal})
		}
		return r.lose(got.refused.code)
	case r.verdict != "":
		return r.lose(r.verdict)
	case isRenewing && r.lease != nil:
		return r.beat(got.unavailable.code == userTokenFailed) // a licence that could not be renewed hinders no heartbeat
	}
	return r.judge(r.fail(got.unavailable), &since)
}

func (r *renewer) beat(refresh bool) float64 {
	got, license := r.heartbeat(r.seat.calls, r.lease.sessionID, refresh)
	if got.ended != "" && got.ended != "borrowed" {
		// Borrowed by another program of this machine it goes on, under an id of its own that acquiring tells.
		r.lease = nil
	}
	switch {
	case r.isLeaving():
		return 0
	case got.unavailable != nil:
		return r.judge(r.fail(got.unavailable), nil)
	case got.renewed == nil:
		r.verdict = ""
		switch got.ended {
		case "admin_released", "moved", "self_released", "recalled":
			return r.lose(got.ended) // somebody has taken the seat on purpose, so it is not asked for again
		case "license_suspended", "license_expired":
			r.verdict = got.ended
		}
		return r.askAgain(r.clock.now(), 0, false)
	}
	r.lease.endsAt = float64(got.renewed.leaseEndsAt)
	if license != nil && license.Valid {
		r.seat.setLicense(*license)
	} else if license != nil {
		r.refusedLicense(*license)
	}
	r.failures = 0
	if r.seat.setState(r.heldState()) == "offline" {
		r.emit(Event{Type: "online", LeaseEndsAt: timeOf(r.lease.endsAt)})
	}
	return r.judge(nextHeartbeat(r.pace()), nil)
}
