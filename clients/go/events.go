package countersign

// Event is what happens to a seat. Times are milliseconds since the epoch, 0 where there is none.
type Event struct {
	// Type is one of held, renewing, offline, online, denied, refused_license, keys_not_updated, storage_unavailable,
	// lost, released.
	Type    string
	Message string
	// Code says which failure, of offline.
	Code string
	// Reason is that of lost and refused_license.
	Reason                string
	LeaseEndsAt           float64
	ValidUntil            float64
	RetryAt               float64
	SeatsUsed, SeatsTotal int
	// Confirmed, of released: the server has heard of it. StillHeld: another program of this machine goes on with the seat.
	Confirmed, StillHeld bool
}

// Error says why there is no seat. Its text says what to do; decide by Code.
type Error struct {
	Code string
	// Reason, for license_invalid and clock_wrong: what was wrong with the licence that was answered.
	Reason                string
	SeatsUsed, SeatsTotal int
	message               string
	cause                 error
}

func (e *Error) Error() string { return e.message }

// Unwrap gives what went wrong on the way to the server.
func (e *Error) Unwrap() error { return e.cause }

var advice = map[string]string{
	"no_seats_available":    "All seats of the licence are in use: close the program on another machine, or set Wait.",
	"license_not_found":     "There is no licence with this key: check how it was typed or copied.",
	"license_expired":       "The licence has ended: renew it with your vendor.",
	"license_suspended":     "The licence is suspended: ask your vendor why.",
	"license_invalid":       "The server answered a licence that does not verify, so it was not used.",
	"clock_wrong":           "The clock of this machine differs from the time of the licence server by too much: set the clock.",
	"invalid_request":       "The server does not understand the request: check the options, and update this library.",
	"queue_full":            "All seats are in use, and so is every place in the queue: try again later.",
	"machine_limit_reached": "The licence was used on as many machines as it allows today: use one of them, or try tomorrow.",
	"unauthenticated":       "The licence is for named users: use the key that is your own.",
	"user_not_named":        "You are not on the list of users of the licence: ask its administrator.",
	"held_elsewhere":        "You hold a seat on another machine: close the program there.",
}

var losses = map[string]string{
	"admin_released":     "An administrator has taken the seat back: ask for another one, or talk to them.",
	"moved":              "The seat is in use on another machine of yours now: go on there, or start again here.",
	"self_released":      "Somebody with the licence key has freed the seat: ask them, or start again.",
	"recalled":           "An administrator has taken the borrowed seat back: talk to them.",
	"license_suspended":  "The licence has been suspended: ask your vendor why.",
	"license_expired":    "The licence has ended: renew it with your vendor.",
	"license_not_found":  "The licence key is no longer known: ask for the new one.",
	"no_seats_available": "The lease ran out while the server could not be reached, and all seats are taken: try again later.",
	"offline_too_long":   "The licence could not be renewed for as long as it works offline: connect and start again.",
	"invalid_request":    "The server does not understand this version of the library: update it.",
}

var nothingKept = map[string]string{
	"":         "No licence of an earlier run is kept here.",
	"released": "The last run gave its seat back, so its licence was not kept.",
	"strict":   "This licence works only while the server answers, so nothing was kept.",
	"refused":  "The licence of the last run was ended by the server.",
}

const (
	noMemory  = "Nothing can be kept on this machine, so a start without the licence server will not be possible: check the directory of the storage, its rights and its space."
	staleKeys = "The list of public keys could not be fetched, so the known one is used until it is too old: check whether the licence server serves /.well-known/countersign-keys.json, and whether a proxy changes it."
)
