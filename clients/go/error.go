package countersign

import "time"

// Error says why there is no seat, or why one was not borrowed or returned. Its text says what to do; decide by Code.
type Error struct {
	// Code is one of those in the client's README, such as no_seats_available or connection_refused.
	Code string
	// Reason, for license_invalid and clock_wrong: what was wrong with the licence that was answered.
	Reason string
	// Kept, where the server gave no answer: why there was no start with the licence of the last run either. none, or why
	// that was refused.
	Kept string
	// SeatsUsed and SeatsTotal, for no_seats_available and no_borrow_available.
	SeatsUsed, SeatsTotal int
	// RetryAfter, where the server said when to come back.
	RetryAfter time.Duration
	// MaxLength, for borrow_too_long: the longest for which a seat may be borrowed.
	MaxLength time.Duration
	// BorrowedUntil, for early_return_not_allowed.
	BorrowedUntil time.Time
	message       string
	cause         error
}

// Error says what happened and what a person can do about it.
func (e *Error) Error() string { return e.message }

// Unwrap gives what went wrong on the way to the server.
func (e *Error) Unwrap() error { return e.cause }

func newError(code string) *Error { return &Error{Code: code, message: advice[code]} }

func explainedError(code, detail string) *Error {
	failure := newError(code)
	if detail != "" {
		failure.message += " (" + detail + ")"
	}
	return failure
}

func refusalError(refusal *refused) *Error {
	failure := newError(refusal.code)
	if refusal.code == "invalid_request" { // to the others a detail would say the advice again
		failure = explainedError(refusal.code, refusal.detail)
	}
	failure.SeatsUsed, failure.SeatsTotal = refusal.seatsUsed, refusal.seatsTotal
	failure.MaxLength = time.Duration(refusal.maxSeconds) * time.Second
	return failure
}

func unavailableError(failure *unavailable, kept nothing) *Error {
	message := failure.message
	if kept.message != "" {
		message += " " + kept.message
	}
	return &Error{
		Code: failure.code, Kept: kept.reason, RetryAfter: failure.retryAfter, message: message, cause: failure.cause,
	}
}

var advice = map[string]string{
	"no_seats_available":       "All seats of the licence are in use: close the program on another machine, or set Wait.",
	"license_not_found":        "There is no licence with this key: check how it was typed or copied.",
	"license_expired":          "The licence has ended: renew it with your vendor.",
	"license_suspended":        "The licence is suspended: ask your vendor why.",
	"license_invalid":          "The licence does not verify, so it was not used.",
	"clock_wrong":              "The clock of this machine differs from the time of the licence server by too much: set the clock.",
	"invalid_request":          "The server does not understand the request: check the options, and update this library.",
	"queue_full":               "All seats are in use, and so is every place in the queue: try again later.",
	"machine_limit_reached":    "The licence was used on as many machines as it allows today: use one of them, or try tomorrow.",
	"unauthenticated":          "The licence is for named users: use the key that is your own.",
	"user_not_named":           "You are not on the list of users of the licence: ask its administrator.",
	"held_elsewhere":           "You hold a seat on another machine: close the program there.",
	"borrow_not_allowed":       "Seats of this licence cannot be borrowed: ask your vendor for it.",
	"borrow_too_long":          "Seats of this licence cannot be borrowed for so long: ask for less.",
	"no_borrow_available":      "As many seats are borrowed as may be at once: return one, or try again later.",
	"early_return_not_allowed": "Borrowed seats of this licence do not come back before their time.",
	"not_borrowed":             "There is no borrowed seat here.",
	"not_held":                 "The seat is not held any more: take one first.",
	"borrowed_as_file":         "The seat was borrowed as a file, by an administrator: only they can return it.",
}

var losses = map[string]string{
	"admin_released":     "An administrator has taken the seat back: ask for another one, or talk to them.",
	"moved":              "You have taken the seat to another machine: take it back by starting here again.",
	"self_released":      "Another user of the licence has freed the seat: ask for another one.",
	"borrow_ended":       "The time for which the seat was borrowed is over: connect and start again.",
	"recalled":           "An administrator has taken the borrowed seat back: ask for another one, or talk to them.",
	"license_suspended":  "The licence has been suspended: ask your vendor why.",
	"license_expired":    "The licence has ended: renew it with your vendor.",
	"license_not_found":  "The licence key is no longer known: ask for the new one.",
	"no_seats_available": "The lease ran out while the server could not be reached, and all seats are taken: try again later.",
	"offline_too_long":   "The licence could not be renewed for as long as it works offline: connect and start again.",
	"invalid_request":    "The server does not understand this version of the library: update it.",
}

const (
	noMemory  = "Nothing can be kept on this machine, so a start without the licence server will not be possible: check the directory of the storage, its rights and its space."
	staleKeys = "The list of public keys could not be fetched, so the known one is used until it is too old: check whether the licence server serves /.well-known/countersign-keys.json, and whether a proxy changes it."
)
