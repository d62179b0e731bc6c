package countersign

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// queues answers that many polls with a place, and then with a seat.
func queues(polls int32) func(*server, request) (int, map[string]any) {
	return func(s *server, r request) (int, map[string]any) {
		if r.action == "acquire" && atomic.AddInt32(&polls, -1) >= 0 {
			return http.StatusAccepted, map[string]any{
				"ticket_id": "ticket-1", "position": 2, "queue_length": 3, "position_exact": true,
				"poll_after_seconds": 0.01, "wait_until": ago(-time.Minute), "estimated_wait_seconds": 12,
			}
		}
		return lends(s, r)
	}
}

func TestAPlaceInTheQueue(t *testing.T) {
	s := startServer(t, queues(1))
	options := s.options(t)
	options.Wait = 90 * time.Second
	var told []Event
	options.OnEvent = func(event Event) { told = append(told, event) }
	hold(t, options).Release()
	if len(told) != 3 || told[0].Type != "queued" || told[1].Type != "held" || told[2].Type != "released" {
		t.Fatal(told)
	}
	place := told[0]
	if place.Position != 2 || place.QueueLength != 3 || !place.PositionExact || place.EstimatedWait != 12*time.Second ||
		place.PollAfter != time.Second || time.Until(place.WaitUntil) > time.Minute {
		t.Fatal(place)
	}
	if len(s.of("leave")) != 0 || len(s.of("acquire")) != 2 {
		t.Fatal(len(s.of("leave")), len(s.of("acquire")))
	}
	for _, one := range s.of("acquire") {
		if seconds := numberOf(asObject(one.body["queue"])["max_wait_seconds"]); seconds != 90 {
			t.Fatal(seconds)
		}
	}
}

func TestWhoGivesUpLeavesTheQueue(t *testing.T) {
	s := startServer(t, queues(1_000))
	ctx, cancel := context.WithCancel(context.Background())
	options := s.options(t)
	options.Wait = time.Hour
	options.OnEvent = func(Event) { cancel() }
	if _, err := Hold(ctx, options); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if left := s.of("leave"); len(left) != 1 || left[0].body["ticket_id"] != "ticket-1" {
		t.Fatal(left)
	}
	nothingRuns(t)
}

func TestWhoHasWaitedLongEnoughLeavesTheQueue(t *testing.T) {
	s := startServer(t, queues(1_000))
	options := s.options(t)
	options.Wait = 50 * time.Millisecond
	if _, err := Hold(context.Background(), options); code(err) != "no_seats_available" {
		t.Fatal(err)
	}
	if len(s.of("leave")) != 1 {
		t.Fatal("the place was kept")
	}
}
