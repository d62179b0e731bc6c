package countersign

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	acquirePath   = "/api/v1/licenses/acquire"
	heartbeatPath = "/api/v1/licenses/heartbeat"
	releasePath   = "/api/v1/licenses/release"
	// longestAnswer bounds what is read of an answer, in bytes.
	longestAnswer = 4 << 20
)

// answer of a call: one of granted, refused, renewed, ended, released, unavailable is set. None of the calls fails otherwise.
type answer struct {
	granted     *granted
	refused     *refused
	renewed     *renewed
	ended       string
	released    *released
	unavailable *unavailable
}

type granted struct {
	sessionID             string
	leaseEndsAt           int64
	interval              time.Duration
	seatsUsed, seatsTotal int
	license               any
}

type refused struct {
	code, detail          string
	seatsUsed, seatsTotal int
}

type renewed struct {
	leaseEndsAt int64
	license     any
}

type released struct{ stillHeld bool }

type seatAPI struct {
	url, program string
	client       *http.Client
	timeout      time.Duration
}

// noRedirect: a redirect is somebody else's answer, mostly the sign-in page of a network.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (a *seatAPI) send(method, path string, body []byte, timeout time.Duration) (int, string, string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, a.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, "", "", err
	}
	if body != nil {
		request.Header.Set("content-type", "application/json")
	}
	response, err := a.client.Do(request)
	if err != nil {
		return 0, "", "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer))
	return response.StatusCode, string(text), response.Header.Get("retry-after"), err
}

func (a *seatAPI) fetch(path string) (string, error) {
	status, text, _, err := a.send(http.MethodGet, path, nil, a.timeout)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s answered %d", path, status)
	}
	return text, err
}

func (a *seatAPI) call(path string, body map[string]any, timeout time.Duration, read func(int, map[string]any) answer) answer {
	if timeout == 0 || timeout > a.timeout {
		timeout = a.timeout
	}
	text, err := json.Marshal(body)
	if err != nil {
		return answer{unavailable: failureOf(err)}
	}
	status, reply, retryAfter, err := a.send(http.MethodPost, path, text, timeout)
	if err != nil {
		return answer{unavailable: failureOf(err)}
	}
	problem := decode(reply)
	if understood := read(status, problem); understood != (answer{}) {
		return understood
	}
	return answer{unavailable: failureOfAnswer(status, problem, retryAfter)}
}

func decode(text string) map[string]any {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return nil
	}
	return asObject(value)
}

func numberOf(value any) float64 {
	number, _ := value.(json.Number)
	read, _ := number.Float64()
	return read
}

func licenseIn(body map[string]any) any {
	if token, isText := body["license_token"].(string); isText {
		return token
	}
	if data := asObject(body["license_data"]); data != nil {
		return data
	}
	return nil
}

func (a *seatAPI) acquire(request map[string]any, timeout time.Duration) answer {
	request["program"] = a.program
	return a.call(acquirePath, request, timeout, func(status int, body map[string]any) answer {
		used, total := int(numberOf(body["seats_used"])), int(numberOf(body["seats_total"]))
		if status != http.StatusOK && status != http.StatusCreated {
			code, _ := body["code"].(string)
			switch code {
			case "no_seats_available", "license_expired", "license_suspended", "license_not_found", "invalid_request",
				"queue_full", "machine_limit_reached", "unauthenticated", "user_not_named", "held_elsewhere":
				detail, _ := body["detail"].(string)
				return answer{refused: &refused{code, detail, used, total}}
			}
			return answer{}
		}
		session, _ := body["session_id"].(string)
		lease, ok := parseTime(body["expires_at"])
		seconds, license := numberOf(body["heartbeat_interval_seconds"]), licenseIn(body)
		if session == "" || !ok || seconds <= 0 || license == nil {
			return answer{}
		}
		interval := time.Duration(seconds * float64(time.Second))
		return answer{granted: &granted{session, lease, interval, used, total, license}}
	})
}

func (a *seatAPI) heartbeat(session string, refresh map[string]any) answer {
	body := map[string]any{"session_id": session, "program": a.program}
	if refresh != nil {
		body["refresh"] = refresh
	}
	return a.call(heartbeatPath, body, 0, func(status int, body map[string]any) answer {
		if status == http.StatusOK {
			if lease, ok := parseTime(body["expires_at"]); ok {
				return answer{renewed: &renewed{lease, licenseIn(body)}}
			}
			return answer{}
		}
		switch code, _ := body["code"].(string); code {
		case "session_ended":
			if reason, _ := body["reason"].(string); reason != "" {
				return answer{ended: reason}
			}
			return answer{ended: "unknown"}
		case "forbidden", "session_not_found":
			// Session, machine and key do not belong together: acquiring again has the last word on it.
			return answer{ended: code}
		}
		return answer{}
	})
}

func (a *seatAPI) release(session string) answer {
	body := map[string]any{"session_id": session, "program": a.program}
	return a.call(releasePath, body, 0, func(status int, body map[string]any) answer {
		if status == http.StatusOK {
			return answer{released: &released{body["still_held"] == true}}
		}
		if body["code"] == "session_ended" || body["code"] == "session_not_found" {
			return answer{released: &released{}}
		}
		return answer{}
	})
}
