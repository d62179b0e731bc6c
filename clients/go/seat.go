package countersign

import (
	"context"
	"math"
	"math/rand"
	"sync"
	"time"
)

// Seat is kept until it is released, lost, or the context of Hold is done. Its methods may be called from any goroutine.
type Seat struct {
	*around
	mutex   sync.Mutex
	state   string
	license License
	leave   chan struct{}
	leaving sync.Once
	done    chan struct{}

	// What the goroutine of the seat alone knows.
	lease          *lease
	interval       float64
	failures       int
	renewNotBefore float64
	verdict        string
}

type lease struct {
	sessionID string
	endsAt    float64
}

func keep(ctx context.Context, a *around, license License, first answer) *Seat {
	seat := &Seat{around: a, state: "held", license: license, leave: make(chan struct{}), done: make(chan struct{}), interval: defaultInterval}
	var pause float64
	if first.granted != nil {
		seat.hold(license, first.granted)
		pause = seat.interval * (0.25 + 0.75*rand.Float64()) // so that those who started together part
	} else {
		pause = seat.fail(first.unavailable)
	}
	go seat.renewUntilEnd(ctx, pause)
	return seat
}

// State is held, offline, lost or released.
func (s *Seat) State() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.state
}

// License is the latest one that verified.
func (s *Seat) License() License {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.license
}

// HasFeature tells whether the licence has a feature that is not switched off by false.
func (s *Seat) HasFeature(name string) bool { return s.License().HasFeature(name) }

// Feature gives true for a feature that is listed, its value where features carry values, nil for one that is not there.
func (s *Seat) Feature(name string) any { return s.License().Feature(name) }

// Done is closed when the seat is lost or given back: what must not go on without it ends then.
func (s *Seat) Done() <-chan struct{} { return s.done }

// Release gives the seat back, and waits for that; repeating it does nothing. A seat that cannot be given back ends with
// its lease.
func (s *Seat) Release() {
	s.leaving.Do(func() { close(s.leave) })
	<-s.done
}

func (s *Seat) setState(state string) (before string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	before, s.state = s.state, state
	return before
}

func (s *Seat) over() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

func (s *Seat) renewUntilEnd(ctx context.Context, pause float64) {
	for !s.over() {
		if s.sleep(ctx, pause) {
			s.giveBack()
			return
		}
		pause = s.step()
	}
}

// sleep gives true when the seat is to be given back. Timers stand still while a machine sleeps, so a long pause is cut
// into pieces, between which the clock is looked at.
func (s *Seat) sleep(ctx context.Context, pause float64) bool {
	pause = math.Max(shortestWait, math.Min(pause, s.License().Times.end()-s.clock.now()))
	due, monotonicDue := s.clock.now()+pause, s.Clock.Monotonic()+pause
	noted := math.Inf(-1)
	for {
		left := math.Min(due-s.clock.now(), monotonicDue-s.Clock.Monotonic())
		if left <= 0 {
			left = 0
		} else if math.IsInf(noted, -1) || (s.State() == "offline" && s.Clock.Monotonic()-noted >= timeNotedEvery) {
			noted = s.Clock.Monotonic()
			s.cache.noteTime(math.Min(left, timeNotedEvery))
		}
		length := time.Duration(left * milliseconds)
		if length > longestSleep {
			length = longestSleep
		}
		select {
		case <-ctx.Done():
			return true
		case <-s.leave:
			return true
		case <-time.After(length):
			if left <= 0 {
				return false
			}
		}
	}
}

// step is one call, and what follows from its answer. It gives the milliseconds until the next one.
func (s *Seat) step() float64 {
	now, times := s.clock.now(), s.License().Times
	if refusalAt(times, now) != "" {
		return s.askAgain(now, lastQuestion, false)
	}
	if s.lease == nil {
		return s.askAgain(now, 0, false)
	}
	strict := times.ValidUntil != nil && float64(*times.ValidUntil) <= s.lease.endsAt
	if !strict && times.ValidUntil != nil && now >= s.renewNotBefore {
		signed := now
		if times.SignedAt != nil {
			signed = float64(*times.SignedAt)
		}
		if now >= signed+(float64(*times.ValidUntil)-signed)/2 {
			s.renewNotBefore = now + renewalPause
			s.emit(Event{Type: "renewing", ValidUntil: float64(*times.ValidUntil)})
			return s.askAgain(now, 0, true)
		}
	}
	return s.beat(strict)
}

func (s *Seat) askAgain(since float64, timeout time.Duration, renewing bool) float64 {
	reply, license := s.acquire(timeout)
	switch {
	case reply.granted != nil && license.Valid:
		return s.hold(license, reply.granted)
	case reply.granted != nil:
		s.refusedLicense(license)
		return s.judge(s.hold(s.License(), reply.granted), &since)
	case reply.refused != nil:
		if reply.refused.code == "no_seats_available" {
			s.emit(Event{Type: "denied", SeatsUsed: reply.refused.seatsUsed, SeatsTotal: reply.refused.seatsTotal})
		}
		return s.lose(reply.refused.code)
	case s.verdict != "":
		return s.lose(s.verdict)
	case renewing && s.lease != nil:
		return s.beat(false) // a licence that could not be renewed hinders no heartbeat
	}
	return s.judge(s.fail(reply.unavailable), &since)
}

func (s *Seat) beat(strict bool) float64 {
	reply, license := s.heartbeat(s.lease.sessionID, strict)
	if reply.unavailable != nil {
		return s.judge(s.fail(reply.unavailable), nil)
	}
	if reply.renewed == nil {
		s.lease, s.verdict = nil, ""
		switch reply.ended {
		case "admin_released", "moved", "self_released", "recalled":
			return s.lose(reply.ended) // somebody has taken the seat on purpose, so it is not asked for again
		case "license_suspended", "license_expired":
			s.verdict = reply.ended
		}
		return s.askAgain(s.clock.now(), 0, false)
	}
	s.lease.endsAt = float64(reply.renewed.leaseEndsAt)
	if license != nil && license.Valid {
		s.mutex.Lock()
		s.license = *license
		s.mutex.Unlock()
	} else if license != nil {
		s.refusedLicense(*license)
	}
	s.failures = 0
	if s.setState("held") == "offline" {
		s.emit(Event{Type: "online", LeaseEndsAt: s.lease.endsAt})
	}
	return s.judge(s.nextHeartbeat(), nil)
}

func (s *Seat) nextHeartbeat() float64 { return s.interval * (1 - rand.Float64()/8) }

func (s *Seat) hold(license License, grant *granted) float64 {
	s.mutex.Lock()
	s.state, s.license = "held", license
	s.mutex.Unlock()
	s.lease = &lease{grant.sessionID, float64(grant.leaseEndsAt)}
	s.interval, s.failures, s.verdict = float64(grant.interval)/milliseconds, 0, ""
	event := Event{Type: "held", LeaseEndsAt: s.lease.endsAt, SeatsUsed: grant.seatsUsed, SeatsTotal: grant.seatsTotal}
	if until := license.Times.ValidUntil; until != nil {
		event.ValidUntil = float64(*until)
	}
	s.emit(event)
	return s.nextHeartbeat()
}

func (s *Seat) fail(failure *unavailable) float64 {
	before := s.setState("offline")
	s.failures++
	retryAfter := float64(failure.retryAfter) / milliseconds
	retry := retryDelay(s.failures, s.interval*firstRetry, s.interval, retryAfter)
	event := Event{Type: "offline", Code: failure.code, Message: failure.message}
	if s.lease != nil {
		event.LeaseEndsAt = s.lease.endsAt
		// Once more before the lease is over, and not at its last moment.
		last := s.lease.endsAt - s.clock.now() - s.interval*(0.05+0.9*rand.Float64())
		if last > shortestWait && last < retry {
			retry = math.Max(last, retryAfter)
		}
	}
	if until := s.License().Times.ValidUntil; until != nil {
		event.ValidUntil = float64(*until)
	}
	if before != "offline" {
		s.emit(event)
	}
	return retry
}

// judge: a licence that is over ends the seat once the server has been asked since its end.
func (s *Seat) judge(pause float64, askedSince *float64) float64 {
	if s.over() {
		return pause
	}
	times, now := s.License().Times, s.clock.now()
	refusal := refusalAt(times, now)
	if refusal != "expired" && refusal != "stale" {
		return pause
	}
	if askedSince == nil || *askedSince < times.end() {
		return s.askAgain(now, lastQuestion, false)
	}
	if refusal == "expired" {
		return s.lose("license_expired")
	}
	return s.lose("offline_too_long")
}

func (s *Seat) lose(reason string) float64 {
	s.setState("lost")
	s.cache.forget("refused")
	message, found := losses[reason]
	if !found {
		message = advice[reason]
	}
	s.emit(Event{Type: "lost", Reason: reason, Message: message})
	if s.lease != nil {
		s.api.release(s.lease.sessionID)
	}
	close(s.done)
	return math.Inf(1)
}

func (s *Seat) giveBack() {
	session := ""
	if s.lease != nil {
		session = s.lease.sessionID
	} else if s.failures > 0 {
		session = s.License().Text("session_id") // that of an earlier run, which stands in its licence
	}
	s.setState("released")
	outcome := answer{released: &released{}}
	for attempt := 1; session != "" && attempt <= releaseAttempts; attempt++ {
		if outcome = s.api.release(session); outcome.released != nil || attempt == releaseAttempts {
			break
		}
		time.Sleep(time.Duration(attempt) * 500 * time.Millisecond)
	}
	confirmed := outcome.released != nil
	stillHeld := confirmed && outcome.released.stillHeld
	if confirmed && !stillHeld {
		s.cache.forget("released")
	}
	s.emit(Event{Type: "released", Confirmed: confirmed, StillHeld: stillHeld})
	close(s.done)
}
