package countersign

import (
	"context"
	"errors"
	"time"
)

// wish is what the program asks for beside holding the seat.
type wish struct {
	ctx context.Context
	// isReturn, or else a borrow; of length 0: as long as the licence allows.
	isReturn bool
	length   time.Duration
	result   chan<- error
}

// Borrow makes the seat this machine's for so long (an hour at least, counted in whole seconds; 0: as long as the licence
// allows): it needs no server until BorrowedUntil, and outlives the program. The next start with the same key and storage
// finds it, also without a network. Borrowing a borrowed seat again makes it longer, never shorter.
//
// It fails with *Error, or with ctx's error when that is done first; the seat is held on as before. A borrow whose answer
// was not waited for may have been granted all the same: the next heartbeat finds out.
func (s *Seat) Borrow(ctx context.Context, length time.Duration) error {
	if length < 0 {
		return errors.New("countersign: Borrow: give 0 or more")
	}
	return s.wish(wish{ctx: ctx, length: length})
}

// ReturnBorrowed gives a borrowed seat back before its end, for every program of this machine; then the seat is released.
// It fails with *Error, or with ctx's error when that is done first; the seat stays borrowed.
func (s *Seat) ReturnBorrowed(ctx context.Context) error {
	return s.wish(wish{ctx: ctx, isReturn: true})
}

func (s *Seat) wish(w wish) error {
	result := make(chan error, 1)
	w.result = result
	select {
	case s.wishes <- w:
		return <-result // the call ends with ctx
	case <-s.done:
		return newError("not_held")
	case <-s.gone:
		return newError("not_held")
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
}

// carryOut a wish, and say when to call next.
func (r *renewer) carryOut(w wish) {
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-r.seat.calls.Done():
			cancel()
		case <-stop:
		}
	}()
	var err error
	switch {
	case r.isFile:
		err = newError("borrowed_as_file")
	case w.isReturn:
		err = r.returnBorrowed(ctx)
	default:
		err = r.borrowSeat(ctx, w.length)
	}
	if err != nil && w.ctx.Err() != nil {
		err = w.ctx.Err()
	}
	w.result <- err
}

func (r *renewer) borrowSeat(ctx context.Context, length time.Duration) error {
	got, license := r.borrow(ctx, length)
	switch {
	case got.granted != nil && license.Valid:
		r.schedule(r.hold(license, got.granted))
		return nil
	case got.granted != nil:
		// The seat is borrowed, under an id of its own, and the copy at hand is the one from before.
		r.schedule(r.hold(r.seat.License(), got.granted))
		failure := explainedError("license_invalid", license.Message)
		failure.Reason = license.Reason
		return failure
	}
	r.schedule(0) // a heartbeat may have become due meanwhile
	switch {
	case got.refused != nil:
		return refusalError(got.refused)
	case got.queued != nil:
		return newError("no_seats_available")
	}
	return unavailableError(got.unavailable, nothing{})
}

func (r *renewer) returnBorrowed(ctx context.Context) error {
	license := r.seat.License()
	if !license.isBorrowed() {
		return newError("not_borrowed")
	}
	session := license.Text("session_id") // of an earlier run
	if r.lease != nil {
		session = r.lease.sessionID
	}
	if session == "" {
		return newError("not_borrowed")
	}
	got := r.api.release(ctx, session)
	if got.released != nil && !got.released.notAllowed {
		r.released(true, false)
		return nil
	}
	r.schedule(0)
	if got.released == nil {
		return unavailableError(got.unavailable, nothing{})
	}
	failure := newError("early_return_not_allowed")
	if until := got.released.borrowedUntil; until > 0 {
		failure.BorrowedUntil = timeOf(float64(until))
	}
	return failure
}
