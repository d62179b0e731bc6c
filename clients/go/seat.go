package countersign

import (
	"context"
	"sync"
	"time"
)

// Seat is kept until it is released, lost, or the context of Hold is done. Its methods may be called from any goroutine,
// but for Release, ReleaseContext, Borrow and ReturnBorrowed, which wait for the goroutine that calls OnEvent and so must
// not be called by OnEvent itself.
type Seat struct {
	mutex   sync.Mutex
	state   string
	license License

	leaving sync.Once
	// leave is closed when the seat is to be given back, done when it is not held any more, gone when the goroutine has ended.
	leave, done, gone chan struct{}
	wishes            chan wish
	// calls is the context of every call; stopCalls ends it at once.
	calls     context.Context
	stopCalls context.CancelFunc
}

func keep(ctx context.Context, h *holder, first firstHold) *Seat {
	seat := &Seat{
		state: "held", license: first.license, wishes: make(chan wish),
		leave: make(chan struct{}), done: make(chan struct{}), gone: make(chan struct{}),
	}
	seat.calls, seat.stopCalls = lingering(ctx, farewell)
	r := &renewer{holder: h, ctx: ctx, seat: seat, interval: defaultInterval, isFile: first.granted == nil && first.failure == nil}
	r.begin(first)
	go r.renewUntilEnd()
	return seat
}

// State is held, offline (without the server, as long as the licence allows), borrowed, lost or released.
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

// BorrowedUntil is until when the seat is this machine's whoever runs on it and without the server; the zero time for one
// that is not borrowed.
func (s *Seat) BorrowedUntil() time.Time {
	license := s.License()
	if !license.isBorrowed() {
		return time.Time{}
	}
	return license.ValidUntil()
}

// Done is closed when the seat is lost or given back: what must not go on without it ends then.
func (s *Seat) Done() <-chan struct{} { return s.done }

// Release gives the seat back, except a borrowed one, which is kept for the next start; repeating it does nothing. It waits
// until that is over, and afterwards nothing of the seat runs any more: at most the call under way and three attempts, each
// of Options.Timeout. It never fails: a seat that cannot be given back ends with its lease.
func (s *Seat) Release() { _ = s.ReleaseContext(context.Background()) }

// ReleaseContext is Release, until ctx is done: then the call under way is given up, and ctx's error is returned.
func (s *Seat) ReleaseContext(ctx context.Context) error {
	s.leaving.Do(func() { close(s.leave) })
	select {
	case <-s.gone:
		return nil
	case <-ctx.Done():
		s.stopCalls()
		<-s.gone
		return ctx.Err()
	}
}

func (s *Seat) setState(state string) (before string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	before, s.state = s.state, state
	return before
}

func (s *Seat) setLicense(license License) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.license = license
}

func isClosed(channel <-chan struct{}) bool {
	select {
	case <-channel:
		return true
	default:
		return false
	}
}
