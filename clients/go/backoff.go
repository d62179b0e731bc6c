package countersign

import (
	"crypto/rand"
	"encoding/binary"
	"math"
	"time"
)

const (
	// Milliseconds.
	shortestWait     = 1_000
	longestAtStart   = 60_000
	renewalPause     = 120_000 // fresh signatures are asked for no more often
	defaultInterval  = 120_000 // until the server has said how often to call
	borrowedInterval = 15 * 60_000

	firstRetry = 0.2
)

func duration(milliseconds float64) time.Duration {
	if milliseconds >= math.MaxInt64/float64(time.Millisecond) {
		return math.MaxInt64
	}
	return time.Duration(milliseconds * float64(time.Millisecond))
}

// random gives 0 up to but not including 1. Not math/rand's, which begins alike in every process before Go 1.20.
func random() float64 {
	var bytes [8]byte
	if _, err := rand.Read(bytes[:]); err != nil {
		return 0.5 // nothing depends on it but that machines part
	}
	return float64(binary.BigEndian.Uint64(bytes[:])>>11) / (1 << 53)
}

func milliseconds(length time.Duration) float64 { return float64(length) / float64(time.Millisecond) }

// retryDelay is in milliseconds, half of it at random, so that those who met the same outage part.
func retryDelay(failures int, first, longest, retryAfter float64) float64 {
	wait := math.Max(shortestWait, math.Min(longest, first*math.Pow(2, float64(failures-1)))) * (0.5 + random()/2)
	if retryAfter > wait {
		// Everybody was told the same Retry-After: none comes before it, and not all of them at it.
		return retryAfter * (1 + random()/2)
	}
	return wait
}

// nextHeartbeat: the interval, or up to an eighth sooner. Never later: the lease counts on it.
func nextHeartbeat(interval float64) float64 { return interval * (1 - random()/8) }

// firstHeartbeat is somewhere within an interval, so that those who started together part.
func firstHeartbeat(interval float64) float64 { return interval * (0.25 + 0.75*random()) }

// lastBefore: once more before a lease is over, and not at its last moment.
func lastBefore(leaseEnd, interval float64) float64 {
	return leaseEnd - interval*(0.05+0.9*random())
}

// renewalDue: when half of the time between signing and the end of the offline time is over.
func renewalDue(times licenseTimes, now float64) bool {
	if times.validUntil == nil {
		return false
	}
	signed := now
	if times.signedAt != nil {
		signed = float64(*times.signedAt)
	}
	return now >= signed+(float64(*times.validUntil)-signed)/2
}
