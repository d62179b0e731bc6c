package countersign

import "time"

// Event is what happens to a seat. Times are zero where there is none.
type Event struct {
	// Type is one of held, borrowed, queued, renewing, offline, online, denied, refused_license, keys_not_updated,
	// storage_unavailable, lost, released. Nothing comes after the last two.
	Type string
	// Message is for a person: what happened, and what to do.
	Message string
	// Code says which failure, of offline.
	Code string
	// Reason is that of lost and refused_license.
	Reason string
	// LeaseEndsAt is when others may take the seat, of held, offline and online.
	LeaseEndsAt time.Time
	// ValidUntil is until when the program may go on without the server; of keys_not_updated, until when the known keys
	// serve.
	ValidUntil time.Time
	// BorrowedUntil, of borrowed: until then the seat is this machine's.
	BorrowedUntil time.Time
	// RetryAt, of denied: when it is tried again, while Wait lasts.
	RetryAt time.Time
	// SeatsUsed and SeatsTotal, of held and denied.
	SeatsUsed, SeatsTotal int
	// Position in the queue from 1 on, of queued, which is told when it changes. PositionExact false: it is only known to be
	// as high as this.
	Position      int
	PositionExact bool
	// QueueLength, of queued: how many wait.
	QueueLength int
	// PollAfter, of queued: the server is asked again then. EstimatedWait is 0 where there is no estimate.
	PollAfter, EstimatedWait time.Duration
	// WaitUntil, of queued: until when the place is kept.
	WaitUntil time.Time
	// Confirmed, of released: the server has heard of it. StillHeld: this machine goes on with the seat, for another program
	// of it or since it is borrowed.
	Confirmed, StillHeld bool
}
