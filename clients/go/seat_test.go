package countersign

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"
)

func TestNothingRunsAfterRelease(t *testing.T) {
	s := startServer(t, lends)
	seat := hold(t, s.options(t))
	if count, _ := goroutines(); count == 0 {
		t.Fatal("a seat that is held has a goroutine")
	}
	seat.Release()
	seat.Release()
	if seat.State() != "released" || len(s.of("release")) != 1 {
		t.Fatalf("%s after %d releases", seat.State(), len(s.of("release")))
	}
	nothingRuns(t)
}

func TestNothingRunsWhereThereIsNoSeat(t *testing.T) {
	s := startServer(t, func(*server, request) (int, map[string]any) { return problem(402, "no_seats_available") })
	if _, err := Hold(context.Background(), s.options(t)); code(err) != "no_seats_available" {
		t.Fatal(err)
	}
	nothingRuns(t)
}

func TestTheContextOfHoldGivesTheSeatBack(t *testing.T) {
	s := startServer(t, lends)
	ctx, cancel := context.WithCancel(context.Background())
	seat, err := Hold(ctx, s.options(t))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	<-seat.Done()
	if len(s.of("release")) != 1 || seat.State() != "released" {
		t.Fatal("the seat was not given back")
	}
	nothingRuns(t)
}

func TestASeatThatIsGrantedTooLateIsGivenBack(t *testing.T) {
	answers := make(chan struct{})
	s := startServer(t, func(s *server, r request) (int, map[string]any) {
		if r.action == "acquire" {
			<-answers
		}
		return lends(s, r)
	})
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error)
	go func() {
		_, err := Hold(ctx, s.options(t))
		result <- err
	}()
	s.until("acquire")
	cancel()
	close(answers)
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if given := s.of("release"); len(given) != 1 || given[0].body["session_id"] != "session-1" {
		t.Fatal("the seat was not given back")
	}
	nothingRuns(t)
}

func TestReleaseContextGivesUp(t *testing.T) {
	silent := make(chan struct{})
	s := startServer(t, func(s *server, r request) (int, map[string]any) {
		if r.action == "release" {
			<-silent
		}
		return lends(s, r)
	})
	defer close(silent)
	seat := hold(t, s.options(t))
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		s.until("release")
		cancel()
	}()
	if err := seat.ReleaseContext(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if seat.State() != "released" {
		t.Fatal(seat.State())
	}
	<-seat.Done()
}

func TestALostSeatIsDoneAtOnce(t *testing.T) {
	silent := make(chan struct{})
	s := startServer(t, func(s *server, r request) (int, map[string]any) {
		switch r.action {
		case "acquire":
			status, body := s.grant(r, nil)
			body["heartbeat_interval_seconds"] = 1
			return status, body
		case "heartbeat":
			return http.StatusGone, map[string]any{"code": "session_ended", "reason": "moved"}
		}
		<-silent
		return http.StatusOK, nil
	})
	var lost Event
	options := s.options(t)
	options.OnEvent = func(event Event) { lost = event }
	seat := hold(t, options)
	<-seat.Done()
	close(silent)
	seat.Release()
	if seat.State() != "lost" || lost.Reason != "moved" || lost.Message == "" {
		t.Fatal(seat.State(), lost)
	}
	if err := seat.Borrow(context.Background(), 0); code(err) != "not_held" {
		t.Fatal(err)
	}
	nothingRuns(t)
}

func TestEveryMethodFromEveryGoroutine(t *testing.T) {
	s := startServer(t, lends)
	seat := hold(t, s.options(t))
	var all sync.WaitGroup
	for i := 0; i < 8; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			if i == 5 {
				seat.Release()
			}
			if err := seat.Borrow(context.Background(), time.Hour); err != nil && code(err) != "not_held" {
				t.Error(err)
			}
			_, _, _, _ = seat.State(), seat.License(), seat.HasFeature("export"), seat.BorrowedUntil()
			_ = seat.ReleaseContext(context.Background())
		}(i)
	}
	all.Wait()
	nothingRuns(t)
}

func TestAUserIsKnownByTheirToken(t *testing.T) {
	s := startServer(t, func(s *server, r request) (int, map[string]any) {
		if r.action == "acquire" && r.authorization != "Bearer token-1" {
			return problem(401, "unauthenticated")
		}
		return lends(s, r)
	})
	options := s.options(t)
	if _, err := Hold(context.Background(), options); code(err) != "unauthenticated" {
		t.Fatal(err)
	}
	signedOut := errors.New("signed out")
	options.UserToken = func(context.Context) (string, error) { return "", signedOut }
	if _, err := Hold(context.Background(), options); code(err) != "user_token_failed" || !errors.Is(err, signedOut) {
		t.Fatal(err)
	}
	options.UserToken = func(context.Context) (string, error) { return "token-1", nil }
	options.TakeOver, options.ProcessID = true, " “4711” "
	seat := hold(t, options)
	if err := seat.Borrow(context.Background(), 0); err != nil {
		t.Fatal(err)
	}
	seat.Release()
	for _, action := range []string{"acquire", "borrow", "heartbeat", "release"} {
		for _, one := range s.of(action) {
			isAsking := action == "acquire" || action == "borrow"
			if !isAsking && one.authorization != "" {
				t.Fatalf("%s sends the token", action)
			}
			if isAsking && one.authorization != "" && (one.body["process_id"] != "4711" || one.body["take_over"] != true) {
				t.Fatal(one.body)
			}
		}
	}
	if s.of("borrow")[0].authorization != "Bearer token-1" {
		t.Fatal("borrow does not send the token")
	}
}
