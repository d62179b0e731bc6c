package countersign

import (
	"context"
	"math"
	"time"
)

// longestQueued is the longest that a place is kept.
const longestQueued = 24 * time.Hour

// queue is the place in the queue of a licence whose seats are all in use, while there is one.
type queue struct {
	*holder
	// seconds for which a place is wanted; 0 where nobody waits.
	seconds int64
	place   *queued
}

func newQueue(h *holder) *queue {
	return &queue{holder: h, seconds: int64(math.Ceil(math.Min(h.Wait.Seconds(), longestQueued.Seconds())))}
}

// answered notes the place, and tells of it when it changes. Without an answer the place may still be there.
func (q *queue) answered(got answer) {
	if got.unavailable != nil {
		return
	}
	before := q.place
	q.place = got.queued
	if q.place == nil || (before != nil && before.position == q.place.position && before.queueLength == q.place.queueLength) {
		return
	}
	event := Event{
		Type: "queued", Position: q.place.position, PositionExact: q.place.positionExact, QueueLength: q.place.queueLength,
		PollAfter: q.place.pollAfter, EstimatedWait: q.place.estimatedWait,
	}
	if q.place.waitUntil > 0 {
		event.WaitUntil = timeOf(float64(q.place.waitUntil))
	}
	q.emit(event)
}

// leave gives the place up, if there is one: nobody waits behind somebody who has gone.
func (q *queue) leave(ctx context.Context) {
	if q.place != nil {
		q.api.leaveQueue(ctx, q.place.ticketID)
	}
}
