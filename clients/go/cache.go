package countersign

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// timeNotedEvery is how often the time is noted while a kept licence stands in for the server, in milliseconds.
const timeNotedEvery = 120_000

// cache keeps between runs the last licence of this machine, for a start without the server, and the latest time seen.
// Clients of every language share the names and the form.
type cache struct {
	storage Storage
	clock   *TrustedClock
	name    string
	isKept  bool
}

// fingerprint is FNV-1a, 32 bits: it tells a machine's few licences apart, and says next to nothing of the key.
func fingerprint(text string) string {
	value := uint32(0x811c9dc5)
	for i := 0; i < len(text); i++ {
		value = (value ^ uint32(text[i])) * 0x01000193
	}
	return fmt.Sprintf("%08x", value)
}

func newCache(storage Storage, licenseKey, hardwareID string, clock *TrustedClock) *cache {
	name := "license-" + fingerprint(NormalizeLicenseKey(licenseKey)+"\n"+hardwareID)
	return &cache{storage: storage, clock: clock, name: name}
}

// load gives the licence as it came, not verified, or why nothing is kept.
func (c *cache) load() (license any, whyNothing string) {
	text, _ := c.storage.Get(c.name + "-time")
	if seen, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(seen, 0) && !math.IsNaN(seen) {
		c.clock.Remember(timeOf(seen))
	}
	text, _ = c.storage.Get(c.name)
	kept := decode(text)
	c.isKept = kept["license"] != nil
	if c.isKept {
		return kept["license"], ""
	}
	whyNothing, _ = kept["nothing"].(string)
	return nil, whyNothing
}

func (c *cache) save(license any) {
	if text, err := json.Marshal(map[string]any{"license": license}); err == nil {
		_ = c.storage.Set(c.name, string(text)) // a guarded storage tells of its failures itself
		c.isKept = true
		c.noteTime(0)
	}
}

// noteTime keeps the time. ahead: milliseconds for which the program may run on before the next note.
func (c *cache) noteTime(ahead float64) {
	if latest, ok := c.clock.latest(); ok && c.isKept {
		_ = c.storage.Set(c.name+"-time", strconv.FormatInt(int64(math.Floor(latest+ahead)), 10))
	}
}

func (c *cache) forget(why string) {
	c.isKept = false
	_ = c.storage.Set(c.name, `{"nothing":"`+why+`"}`)
}
