package countersign

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const userTokenFailed = "user_token_failed"

var sentences = map[string]string{
	"dns_failed":           "The name of the licence server could not be looked up: check the URL, and whether this machine is online.",
	"connection_refused":   "Nothing listens at the address of the licence server: check host and port of the URL, or ask whether the server is down.",
	"network_unreachable":  "There is no way from this machine to the licence server: check the network or the VPN.",
	"connection_blocked":   "This machine does not let the program connect: check its firewall and the rights of the program.",
	"connection_lost":      "The connection to the licence server broke off: check the network; a proxy or firewall may end it.",
	"timed_out":            "The licence server did not answer in time: check the network, or try again later.",
	"certificate_date":     "The certificate of the licence server is not valid at the time this machine believes it is: check the clock of this machine first.",
	"certificate_rejected": "The certificate of the licence server is not trusted here: a company proxy may replace it (SSL_CERT_FILE names its CA), or the URL names another host.",
	"tls_failed":           "The licence server does not speak TLS as expected: check http and https, and the port, of the URL.",
	"proxy_authentication": "The proxy asks for a name and a password: put them into HTTPS_PROXY, or ask who runs it.",
	"proxy_failed":         "The proxy did not pass the request on: check HTTPS_PROXY and NO_PROXY, or ask who runs it.",
	"not_a_license_server": "What answered is no licence server: check the URL; a proxy or the sign-in page of a network may answer in its place.",
	"rate_limited":         "The licence server asks to wait, since too much was asked of it from here: try again later.",
	"signing_unavailable":  "The licence server cannot sign licences at the moment: try again in a few minutes.",
	"server_failed":        "The licence server has a fault of its own: try again in a few minutes.",
	userTokenFailed:        "UserToken gave no token: sign in again.",
	"unreachable":          "The licence server could not be reached: check the URL and the connection.",
}

// unavailable is no usable answer. Try again later: none of these says anything of the licence.
type unavailable struct {
	code, message string
	retryAfter    time.Duration
	cause         error
}

func newUnavailable(code, detail string, cause error) *unavailable {
	return &unavailable{code: code, message: fmt.Sprintf("%s (%s)", sentences[code], strings.TrimSuffix(detail, ".")), cause: cause}
}

// failureOf tells the causes apart of what went wrong on the way to an answer.
func failureOf(err error) *unavailable { return newUnavailable(codeOf(err), err.Error(), err) }

func codeOf(err error) string {
	var (
		dns         *net.DNSError
		certificate x509.CertificateInvalidError
		authority   x509.UnknownAuthorityError
		host        x509.HostnameError
		record      tls.RecordHeaderError
		operation   *net.OpError
		timeout     net.Error
	)
	text := err.Error()
	switch {
	case errors.As(err, &certificate) && certificate.Reason == x509.Expired:
		return "certificate_date"
	case errors.As(err, &certificate), errors.As(err, &authority), errors.As(err, &host):
		return "certificate_rejected"
	case errors.As(err, &record), strings.Contains(text, "tls:"), strings.Contains(text, "server gave HTTP response to HTTPS client"):
		return "tls_failed"
	case strings.Contains(text, "Proxy Authentication Required"):
		return "proxy_authentication"
	case errors.As(err, &operation) && operation.Op == "proxyconnect":
		return "proxy_failed"
	case errors.As(err, &dns):
		return "dns_failed"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection_refused"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL):
		return "network_unreachable"
	case errors.Is(err, os.ErrPermission):
		return "connection_blocked"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "timed_out"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection_lost"
	}
	return "unreachable"
}

// failureOfAnswer is of an answer that is none of those that were asked for.
func failureOfAnswer(status int, problem map[string]any, retryAfter string) *unavailable {
	code, _ := problem["code"].(string)
	detail := fmt.Sprintf("it answered %d", status)
	if code != "" {
		detail += " " + code
	}
	failure := newUnavailable(codeOfAnswer(status, code), detail, nil)
	failure.retryAfter = waitOf(retryAfter)
	return failure
}

func codeOfAnswer(status int, code string) string {
	switch {
	case status == http.StatusProxyAuthRequired:
		return "proxy_authentication"
	case status == http.StatusTooManyRequests:
		return "rate_limited"
	case code == "signing_unavailable":
		return "signing_unavailable"
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		// An API answers, and has no such route: the address leads beside the licence server.
		return "not_a_license_server"
	case code != "":
		return "server_failed"
	case status == http.StatusBadGateway, status == http.StatusGatewayTimeout:
		return "proxy_failed"
	case status >= 500:
		return "server_failed"
	}
	return "not_a_license_server"
}

// longestRetryAfter: no answer, which may be a proxy's, silences a program for longer.
const longestRetryAfter = time.Hour

// waitOf reads Retry-After (RFC 9110, section 10.2.3): seconds, or a date.
func waitOf(retryAfter string) time.Duration {
	wait := time.Duration(0)
	if seconds, err := strconv.ParseUint(retryAfter, 10, 64); err == nil {
		wait = time.Duration(math.Min(float64(seconds), longestRetryAfter.Seconds())) * time.Second
	} else if moment, err := http.ParseTime(retryAfter); err == nil {
		wait = time.Until(moment)
	}
	switch {
	case wait < 0:
		return 0
	case wait > longestRetryAfter:
		return longestRetryAfter
	}
	return wait
}
