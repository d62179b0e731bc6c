package countersign

import "context"

// keysMayCome: the keys are fetched from a server, too, and it may be that which does not answer.
var keysMayCome = map[string]bool{"keys_unavailable": true, "unknown_key": true, "keys_expired": true}

// readFile begins with a licence file, for a machine without a network.
func (h *holder) readFile(ctx context.Context) (firstHold, error) {
	h.cache.load() // the latest time that was seen
	license := h.verify(ctx, h.LicenseFile, "", nil)
	if err := ctx.Err(); err != nil {
		return firstHold{}, err
	}
	if !license.Valid {
		return firstHold{}, h.invalid(h.LicenseFile, license)
	}
	if !license.isBorrowed() {
		return firstHold{}, explainedError("license_invalid", "The licence in the file is not borrowed.")
	}
	h.cache.save(h.LicenseFile)
	return firstHold{license: license}, nil
}

// nothing is why the licence of an earlier run does not stand in for the server.
type nothing struct{ reason, message string }

var nothingKept = map[string]string{
	"":         "No licence of an earlier run is kept here.",
	"released": "The last run gave its seat back, so its licence was not kept.",
	"strict":   "This licence works only while the server answers, so nothing was kept.",
	"refused":  "The licence of the last run was ended by the server.",
}

// readKept gives the licence of an earlier run, if it is still good, or why there is none.
func (h *holder) readKept(ctx context.Context) (License, nothing) {
	kept, why := h.cache.load()
	if kept == nil {
		return License{}, nothing{"none", nothingKept[why]}
	}
	license := h.verify(ctx, kept, "", nil)
	if license.Valid && !license.WorksOffline() {
		return License{}, nothing{"none", nothingKept["strict"]}
	}
	if license.Valid {
		h.cache.noteTime(timeNotedEvery)
		return license, nothing{}
	}
	h.refusedLicense(license)
	return License{}, nothing{license.Reason, "The licence of the last run is not used: " + license.Message}
}

// invalid tells a wrong clock from a licence that is wrong itself.
func (h *holder) invalid(given any, license License) *Error {
	failure := explainedError("license_invalid", license.Message)
	switch license.Reason {
	case "not_yet_valid", "stale", "expired":
		there := "another time"
		if signed, ok := parseTime(asObject(given)["signed_at"]); ok {
			there = formatTime(float64(signed))
		}
		failure = explainedError("clock_wrong", "it is "+formatTime(millis(h.Clock.Now()))+" here and "+there+" there")
	}
	failure.Reason = license.Reason
	return failure
}
