package countersign

import (
	"context"
	"net/http"
	"time"
)

// Hold acquires a seat, and keeps it until it is released, lost, or ctx is done. It fails with *Error when there is no seat,
// with ctx's error when that ends first, and with another error for options that cannot be meant.
//
// When ctx is done while the server is asked, its answer is waited for up to five seconds more, so that a seat that was
// granted meanwhile is given back. A program gives its seat back by `defer seat.Release()`; signal.NotifyContext makes
// signals end ctx.
func Hold(ctx context.Context, options Options) (*Seat, error) {
	read, err := options.read()
	if err != nil {
		return nil, err
	}
	h := newHolder(read)
	first, err := h.acquireFirst(ctx)
	if err != nil {
		h.closeConnections()
		return nil, err
	}
	return keep(ctx, h, first), nil
}

// holder is everything that one seat is kept with.
type holder struct {
	Options
	machine string
	clock   *TrustedClock
	api     *seatAPI
	cache   *cache
	keys    KeySource
	// closeConnections ends those that no request uses, and the goroutines that read them.
	closeConnections func()
}

func newHolder(options Options) *holder {
	h := &holder{Options: options, clock: NewTrustedClock(options.Clock)}
	place, err := options.Storage, error(nil)
	if place == nil {
		var folder string
		if folder, err = stateDirectory(options.Application); err == nil {
			place = FileStorage(folder)
		}
	}
	storage := guard(place, err, func(error) { h.emit(Event{Type: "storage_unavailable", Message: noMemory}) })
	if h.machine = options.HardwareID; h.machine == "" {
		h.machine = cleanText(hardwareID(options.Application, storage))
	}
	client := options.HTTPClient
	h.closeConnections = func() {}
	if client == nil {
		client = newHTTPClient()
		h.closeConnections = client.CloseIdleConnections
	}
	h.api = &seatAPI{url: options.URL, program: randomHex(), client: client, timeout: options.Timeout}
	if options.UserToken != nil {
		h.api.tokens = &tokenSource{userToken: options.UserToken}
	}
	if h.ProcessID == "" {
		h.ProcessID = h.api.program
	}
	h.cache = newCache(storage, options.LicenseKey, h.machine, h.clock)
	surroundings := KeySurroundings{
		Storage: storage, Now: h.clock.present,
		OnStale: func(until time.Time, _ error) {
			h.emit(Event{Type: "keys_not_updated", Message: staleKeys, ValidUntil: until})
		},
	}
	if options.URL != "" {
		surroundings.Fetch = h.api.fetch
	}
	h.keys = options.Keys.Connect(surroundings)
	return h
}

// newHTTPClient has connections of its own, so that they can be closed with the seat.
func newHTTPClient() *http.Client {
	client := &http.Client{CheckRedirect: noRedirect}
	if usual, isUsual := http.DefaultTransport.(*http.Transport); isUsual {
		client.Transport = usual.Clone()
	}
	return client
}

func (h *holder) emit(event Event) {
	if h.OnEvent != nil {
		h.OnEvent(event)
	}
}

func (h *holder) refusedLicense(license License) {
	h.emit(Event{Type: "refused_license", Reason: license.Reason, Message: license.Message})
}

func (h *holder) verify(ctx context.Context, license any, nonce string, asked *[3]float64) License {
	return Verify(ctx, license, h.keys, VerifyOptions{
		Clock: h.clock, Nonce: nonce, asked: asked, Kind: "seat", Product: h.Product, HardwareID: h.machine,
	})
}
