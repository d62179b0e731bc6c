package countersign

import (
	"math"
	"regexp"
	"strings"
	"time"
)

const (
	// clockTolerance is how far clocks that are right may differ, in milliseconds. The one tolerance there is.
	clockTolerance = 5 * 60_000
	day            = 86_400_000
	// longestFile is how long a licence file works at most, in milliseconds.
	longestFile = 366 * day
)

var timeForm = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$`)

// parseTime reads an RFC 3339 time with its zone, of the years 2000 to 9998, as milliseconds since the epoch.
func parseTime(value any) (int64, bool) {
	text, isText := value.(string)
	if !isText || !timeForm.MatchString(text) || strings.HasPrefix(text[11:], "24") {
		return 0, false
	}
	moment, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, false
	}
	milliseconds := moment.UnixMilli()
	return milliseconds, milliseconds >= 946_684_800_000 && milliseconds < 253_370_764_800_000
}

func formatTime(milliseconds float64) string {
	return time.UnixMilli(int64(milliseconds)).UTC().Format("2006-01-02T15:04:05.000Z")
}

func timeOf(milliseconds float64) time.Time { return time.UnixMicro(int64(milliseconds * 1000)) }

func millis(moment time.Time) float64 { return float64(moment.UnixMicro()) / 1000 }

// licenseTimes are milliseconds since the epoch; nil for one that bounds nothing.
type licenseTimes struct{ signedAt, expiresAt, validUntil *int64 }

func (t licenseTimes) end() float64 {
	if t.validUntil != nil {
		return float64(*t.validUntil)
	}
	if t.expiresAt != nil {
		return float64(*t.expiresAt)
	}
	return math.Inf(1)
}

// readTimes gives false when a member is there and is no time. A borrowed copy must say until when it is borrowed, and works
// no longer; in the grace after the licence's end a seat is good as long as its copy says.
func readTimes(claims map[string]any) (licenseTimes, bool) {
	var times licenseTimes
	for name, place := range map[string]**int64{"signed_at": &times.signedAt, "expires_at": &times.expiresAt, "valid_until": &times.validUntil} {
		value := claims[name]
		if value == nil {
			continue
		}
		moment, ok := parseTime(value)
		if !ok {
			return licenseTimes{}, false
		}
		*place = &moment
	}
	if claims["mode"] == "borrowed" {
		borrowed, ok := parseTime(claims["borrowed_until"])
		if !ok {
			return licenseTimes{}, false
		}
		if times.validUntil == nil || borrowed < *times.validUntil {
			times.validUntil = &borrowed
		}
	}
	if claims["kind"] == "seat" && claims["in_grace"] == true && times.validUntil != nil {
		times.expiresAt = nil
	}
	return times, true
}

func refusalAt(times licenseTimes, now float64) string {
	switch {
	case times.signedAt != nil && float64(*times.signedAt) > now+clockTolerance:
		return "not_yet_valid"
	case times.expiresAt != nil && float64(*times.expiresAt) <= now:
		return "expired"
	case times.validUntil != nil && float64(*times.validUntil) <= now:
		return "stale"
	}
	return ""
}
