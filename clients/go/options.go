package countersign

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"
)

// Options of Hold. URL, LicenseKey, Product and Keys must be given; or LicenseFile, Product and Keys.
type Options struct {
	// URL of the licence server, such as https://licenses.example.com.
	URL string
	// LicenseKey as it was issued, or as people send it: case, spaces, dashes and invisible characters do not matter.
	LicenseKey string
	// LicenseFile, in place of URL and LicenseKey, is the text of the licence file that an administrator has borrowed for
	// this machine. Nobody is asked anything.
	LicenseFile string
	// Product that this program is: a licence for another one is refused.
	Product string
	// Keys is RootKey with the root that the program was built with, or PinnedKeys.
	Keys KeySource
	// Application is the salt of the hardware id and the folder of the default storage. Default: Product.
	Application string
	// HardwareID of at most 256 characters. Default: HardwareID of this machine. One seat a hardware id.
	HardwareID string
	// UserEmail is shown to the administrators of the licence, like the three that follow. It proves nothing.
	UserEmail string
	// Hostname. Default: this machine's.
	Hostname string
	// Platform. Default: operating system and processor, such as linux-amd64.
	Platform string
	// ClientVersion of the program.
	ClientVersion string
	// HideMachine sends neither host name nor platform.
	HideMachine bool
	// ProcessID tells this process from others, up to 128 characters, where each process takes a seat of its own.
	// Default: random.
	ProcessID string
	// TakeOver: where each user has one seat and moves it only on purpose, take it from the machine that has it.
	TakeOver bool
	// UserToken gives the user's verified token (the part behind "Bearer"), where the licence is for named users and they
	// sign in instead of having a key of their own. It is called before each acquire and borrow, since tokens end. At the
	// start it may wait for a person; while a seat is held it has as long as a request (Timeout).
	UserToken func(context.Context) (string, error)
	// Storage keeps the licence of a run for a start without the server. Default: a folder of the user's.
	Storage Storage
	// OnEvent is told of everything from the first attempt on, in order; the seat waits for it, so it must not wait for the
	// seat (see Seat).
	OnEvent func(Event)
	// Wait for a free seat when all are in use, in the queue where the licence has one. Default 0.
	Wait time.Duration
	// Patience with a server that does not answer, at the start. Default 30 s; negative: none.
	Patience time.Duration
	// Timeout of one request. Default 10 s.
	Timeout time.Duration
	// HTTPClient replaces the default one, which takes its proxy from the environment and follows no redirect.
	HTTPClient *http.Client
	// Clock replaces the clocks of this machine.
	Clock ClockSource
}

const (
	longestHardwareID = 256
	longestProcessID  = 128
	usualTimeout      = 10 * time.Second
	usualPatience     = 30 * time.Second
)

// read fills in the defaults. It fails for options that cannot be meant, and names them.
func (o Options) read() (Options, error) {
	if err := o.readSource(); err != nil {
		return o, err
	}
	if o.Product = cleanText(o.Product); o.Product == "" {
		return o, emptyOption("Product")
	}
	if o.Keys == nil {
		return o, fmt.Errorf("countersign: Keys is missing: give RootKey with the root key that `countersign root` prints")
	}
	if o.HardwareID = cleanText(o.HardwareID); utf8.RuneCountInString(o.HardwareID) > longestHardwareID {
		return o, fmt.Errorf("countersign: HardwareID is longer than %d characters", longestHardwareID)
	}
	if o.ProcessID = cleanText(o.ProcessID); utf8.RuneCountInString(o.ProcessID) > longestProcessID {
		return o, fmt.Errorf("countersign: ProcessID is longer than %d characters", longestProcessID)
	}
	if o.Wait < 0 || o.Timeout < 0 {
		return o, fmt.Errorf("countersign: Wait and Timeout are 0 or more")
	}
	if o.Application = cleanText(o.Application); o.Application == "" {
		o.Application = o.Product
	}
	if o.Hostname = cleanText(o.Hostname); o.Hostname == "" {
		o.Hostname, _ = os.Hostname()
	}
	if o.Platform = cleanText(o.Platform); o.Platform == "" {
		o.Platform = runtime.GOOS + "-" + runtime.GOARCH
	}
	if o.HideMachine {
		o.Hostname, o.Platform = "", ""
	}
	if o.Patience == 0 {
		o.Patience = usualPatience
	}
	if o.Timeout == 0 {
		o.Timeout = usualTimeout
	}
	if o.Clock == nil {
		o.Clock = SystemClock()
	}
	return o, nil
}

func emptyOption(name string) error {
	return fmt.Errorf("countersign: %s is empty (is the variable set that it is read from?)", name)
}

// readSource: a licence file, or a licence server.
func (o *Options) readSource() (err error) {
	if o.LicenseFile = strings.TrimSpace(o.LicenseFile); o.LicenseFile != "" {
		o.URL, o.LicenseKey = "", ""
		return nil
	}
	if o.URL, err = readURL(o.URL); err != nil {
		return err
	}
	if o.LicenseKey = NormalizeLicenseKey(o.LicenseKey); o.LicenseKey == "" {
		return emptyOption("LicenseKey")
	}
	return nil
}

func readURL(given string) (string, error) {
	if cleanText(given) == "" {
		return "", emptyOption("URL")
	}
	text := cleanText(strings.TrimSuffix(strings.TrimPrefix(cleanText(given), "<"), ">"))
	address, err := url.Parse(text)
	if err != nil || (address.Scheme != "http" && address.Scheme != "https") || address.Host == "" ||
		address.User != nil || strings.ContainsAny(text, "?#") {
		// Not the text: it may hold a password.
		return "", fmt.Errorf("countersign: URL: give the http or https address of the licence server alone, without name and password, query and fragment")
	}
	return strings.TrimRight(text, "/"), nil
}
