package countersign

import (
	"math"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ClockSource has the clocks of a machine, in milliseconds.
type ClockSource interface {
	// Now is milliseconds since the epoch, as the machine has them.
	Now() float64
	// Monotonic only ever grows, from any beginning.
	Monotonic() float64
	// SinceBoot goes on while the machine sleeps; 0 where there is no such clock.
	SinceBoot() float64
}

type systemClock struct{ begun time.Time }

// SystemClock is this machine's.
func SystemClock() ClockSource { return systemClock{time.Now()} }

func (systemClock) Now() float64 { return float64(time.Now().UnixMicro()) / 1000 }
func (c systemClock) Monotonic() float64 {
	return float64(time.Since(c.begun)) / float64(time.Millisecond)
}

func (systemClock) SinceBoot() float64 {
	text, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return 0
	}
	seconds, err := strconv.ParseFloat(strings.SplitN(string(text), " ", 2)[0], 64)
	if err != nil {
		return 0
	}
	return seconds * 1000
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
	return [3]float64{c.source.Now(), c.source.Monotonic(), c.source.SinceBoot()}
}

func (c *TrustedClock) floor() float64 { return math.Max(c.signed, c.seen) }

func (c *TrustedClock) best() float64 {
	if c.anchor == nil {
		return math.Max(c.source.Now(), c.floor())
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
	return c.anchor == nil && c.source.Now() < c.floor()-clockTolerance
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
		moment := math.Max(c.source.Now(), c.floor())
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

// Remember takes a time, in milliseconds since the epoch, that an earlier run has seen.
func (c *TrustedClock) Remember(moment float64) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.seen = math.Max(c.seen, moment)
}
