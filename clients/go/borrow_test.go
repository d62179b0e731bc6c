package countersign

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"
)

func TestBorrowSaysHowLong(t *testing.T) {
	s := startServer(t, lends)
	seat := hold(t, s.options(t))
	for _, length := range []time.Duration{0, time.Hour, time.Hour + time.Millisecond} {
		if err := seat.Borrow(context.Background(), length); err != nil {
			t.Fatal(err)
		}
	}
	if err := seat.Borrow(context.Background(), -time.Second); err == nil {
		t.Fatal("a negative length cannot be meant")
	}
	for i, expected := range []string{"", "3600", "3601"} {
		seconds, found := s.of("borrow")[i].body["borrow_seconds"]
		if found != (expected != "") || (found && seconds.(interface{ String() string }).String() != expected) {
			t.Errorf("borrow_seconds %v, not %q", seconds, expected)
		}
	}
	if until := time.Until(seat.BorrowedUntil()); seat.State() != "borrowed" || until < 59*time.Minute || until > time.Hour {
		t.Fatal(seat.State(), until)
	}
	seat.Release()
	if len(s.of("release")) != 0 {
		t.Fatal("a borrowed seat was given back")
	}
	nothingRuns(t)
}

func TestBorrowEndsWithItsContext(t *testing.T) {
	silent := make(chan struct{})
	s := startServer(t, func(s *server, r request) (int, map[string]any) {
		if r.action == "borrow" {
			<-silent
		}
		return lends(s, r)
	})
	seat := hold(t, s.options(t))
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		s.until("borrow")
		cancel()
	}()
	if err := seat.Borrow(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	close(silent)
	if err := seat.Borrow(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if seat.State() != "held" {
		t.Fatal(seat.State())
	}
	seat.Release()
	nothingRuns(t)
}

// TestABorrowWhoseAnswerWasLost: the server has borrowed the seat under a new session, and says so of the old one.
func TestABorrowWhoseAnswerWasLost(t *testing.T) {
	isBorrowed := false
	s := startServer(t, func(s *server, r request) (int, map[string]any) {
		switch {
		case r.action == "borrow":
			isBorrowed = true
			return problem(500, "internal")
		case r.action == "heartbeat" && isBorrowed:
			return http.StatusGone, map[string]any{"code": "session_ended", "reason": "borrowed"}
		case r.action == "acquire" && isBorrowed:
			return s.grant(r, map[string]any{"borrowed_until": ago(-time.Hour), "valid_until": ago(-time.Hour)})
		}
		return lends(s, r)
	})
	told := make(chan Event, 10)
	options := s.options(t)
	options.OnEvent = func(event Event) { told <- event }
	seat := hold(t, options)
	if err := seat.Borrow(context.Background(), time.Hour); code(err) != "server_failed" {
		t.Fatal(err)
	}
	for event := range told {
		if event.Type == "borrowed" {
			break
		}
	}
	if seat.State() != "borrowed" {
		t.Fatal(seat.State())
	}
	seat.Release()
}

func TestWhatRefusesABorrow(t *testing.T) {
	s := startServer(t, func(s *server, r request) (int, map[string]any) {
		if r.action == "borrow" {
			return http.StatusForbidden, map[string]any{"code": "borrow_too_long", "max_seconds": 7_200}
		}
		return lends(s, r)
	})
	seat := hold(t, s.options(t))
	defer seat.Release()
	var failure *Error
	if err := seat.Borrow(context.Background(), 24*time.Hour); !errors.As(err, &failure) || failure.MaxLength != 2*time.Hour {
		t.Fatal(err)
	}
	if err := seat.ReturnBorrowed(context.Background()); code(err) != "not_borrowed" {
		t.Fatal(err)
	}
	if seat.State() != "held" || !seat.BorrowedUntil().IsZero() {
		t.Fatal(seat.State())
	}
}

func TestAReturnThatIsNotAllowed(t *testing.T) {
	until := ago(-time.Hour)
	s := startServer(t, func(s *server, r request) (int, map[string]any) {
		if r.action == "release" {
			return http.StatusConflict, map[string]any{"code": "early_return_not_allowed", "borrowed_until": until}
		}
		return lends(s, r)
	})
	seat := hold(t, s.options(t))
	if err := seat.Borrow(context.Background(), 0); err != nil {
		t.Fatal(err)
	}
	var failure *Error
	err := seat.ReturnBorrowed(context.Background())
	if !errors.As(err, &failure) || failure.Code != "early_return_not_allowed" || formatTime(millis(failure.BorrowedUntil)) != until {
		t.Fatal(err)
	}
	if seat.State() != "borrowed" {
		t.Fatal(seat.State())
	}
	seat.Release()
	nothingRuns(t)
}
