package countersign

import (
	"math"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ClockSource has the clocks of a machine.
type ClockSource interface {
	// Now is the time as the machine has it.
	Now() time.Time
	// Monotonic only ever grows, from any beginning.
	Monotonic() time.Duration
	// SinceBoot goes on while the machine sleeps; 0 where there is no such clock.
	SinceBoot() time.Duration
}

type systemClock struct{ begun time.Time }

// SystemClock is this machine's.
func SystemClock() ClockSource { return systemClock{time.Now()} }

func (systemClock) Now() time.Time             { return time.Now() }
func (c systemClock) Monotonic() time.Duration { return time.Since(c.begun) }

func (systemClock) SinceBoot() time.Duration {
	text, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return 0
	}
	seconds, err := strconv.ParseFloat(strings.SplitN(string(text), " ", 2)[0], 64)
	if err != nil {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

// TrustedClock is time that does not run backwards because somebody turned the clock. Two things are trusted: the time of
// signing of a licence whose signature fits, below which time never goes, and that of an answer that repeats the nonce of
// its request, which is the present and also corrects a clock that was wrong. From the first licence that was accepted on,
// the largest of what the three clocks of the machine have moved counts.
type TrustedClock struct {
	source       ClockSource
	mutex        sync.Mutex
	signed, seen float64
	anchor       *float64
	then         [3]float64
}

// NewTrustedClock has seen nothing yet.
func NewTrustedClock(source ClockSource) *TrustedClock {
	return &TrustedClock{source: source, signed: math.Inf(-1), seen: math.Inf(-1)}
}

func (c *TrustedClock) asked() [3]float64 {
	return [3]float64{millis(c.source.Now()), milliseconds(c.source.Monotonic()), milliseconds(c.source.SinceBoot())}
}

func (c *TrustedClock) floor() float64 { return math.Max(c.signed, c.seen) }

func (c *TrustedClock) best() float64 {
	if c.anchor == nil {
		return math.Max(millis(c.source.Now()), c.floor())
	}
	moved := 0.0
	for i, now := range c.asked() {
		moved = math.Max(moved, now-c.then[i])
	}
	return math.Max(*c.anchor+moved, c.floor())
}

func (c *TrustedClock) now() float64 {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.best()
}

func (c *TrustedClock) turnedBack() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.anchor == nil && millis(c.source.Now()) < c.floor()-clockTolerance
}

func (c *TrustedClock) sawSigned(moment float64) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.signed = math.Max(c.signed, moment)
}

func (c *TrustedClock) sawAnswer(moment float64, asked *[3]float64) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if asked == nil {
		now := c.asked()
		asked = &now
	}
	// Not the larger of the two: a time that was wrong once must not last.
	c.signed, c.seen, c.anchor, c.then = moment, moment, &moment, *asked
}

func (c *TrustedClock) accepted() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.anchor == nil {
		moment := math.Max(millis(c.source.Now()), c.floor())
		c.anchor, c.then = &moment, c.asked()
	}
}

// latest gives false before anything was seen.
func (c *TrustedClock) latest() (float64, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if math.IsInf(c.floor(), -1) {
		return 0, false
	}
	if c.anchor == nil {
		return c.floor(), true
	}
	return c.best(), true
}

// present is now, for who looks at it as a time.
func (c *TrustedClock) present() time.Time { return timeOf(c.now()) }

// Remember takes a time that an earlier run has seen: the clock does not go below it.
func (c *TrustedClock) Remember(moment time.Time) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.seen = math.Max(c.seen, millis(moment))
}
