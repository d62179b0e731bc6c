package countersign

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	acquirePath    = "/api/v1/licenses/acquire"
	borrowPath     = "/api/v1/licenses/borrow"
	leaveQueuePath = "/api/v1/licenses/queue/leave"
	heartbeatPath  = "/api/v1/licenses/heartbeat"
	releasePath    = "/api/v1/licenses/release"
	// longestAnswer bounds what is read of an answer, in bytes.
	longestAnswer = 4 << 20
	// leaveTimeout: a program that is being ended has two seconds for everything.
	leaveTimeout = 1_500 * time.Millisecond
)

// seatAPI makes the calls. program tells the programs of one machine, which share a seat, from one another.
type seatAPI struct {
	url, program string
	client       *http.Client
	timeout      time.Duration
	tokens       *tokenSource // nil: nobody signs in
}

// noRedirect: a redirect is somebody else's answer, mostly the sign-in page of a network.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

type reply struct {
	status           int
	body, retryAfter string
}

func send(ctx context.Context, client *http.Client, request *http.Request, timeout time.Duration) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	response, err := client.Do(request.WithContext(ctx))
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer))
	return reply{response.StatusCode, string(text), response.Header.Get("retry-after")}, err
}

// fetchText gets a text of the licence server.
func fetchText(ctx context.Context, client *http.Client, url, path string, timeout time.Duration) (string, error) {
	request, err := http.NewRequest(http.MethodGet, url+path, nil)
	if err != nil {
		return "", err
	}
	got, err := send(ctx, client, request, timeout)
	if err == nil && got.status != http.StatusOK {
		err = fmt.Errorf("%s answered %d", path, got.status)
	}
	return got.body, err
}

func (a *seatAPI) fetch(ctx context.Context, path string) (string, error) {
	return fetchText(ctx, a.client, a.url, path, a.timeout)
}

func isNotInToken(letter rune) bool { return letter < '!' || letter > '~' }

type call struct {
	path string
	body map[string]any
	// timeout: less than the usual, or 0.
	timeout time.Duration
	// asUser: with the user's token, where there is one.
	asUser bool
	// isPatient: the token is waited for as long as it takes; else it has the call's timeout, and the answer what is left.
	isPatient bool
	read      func(int, map[string]any) answer
}

func (a *seatAPI) call(ctx context.Context, c call) answer {
	if c.timeout == 0 || c.timeout > a.timeout {
		c.timeout = a.timeout
	}
	text, err := json.Marshal(c.body)
	if err != nil {
		return answer{unavailable: failureOf(err)}
	}
	request, err := http.NewRequest(http.MethodPost, a.url+c.path, bytes.NewReader(text))
	if err != nil {
		return answer{unavailable: failureOf(err)}
	}
	request.Header.Set("content-type", "application/json")
	if c.asUser && a.tokens != nil {
		begun, limit := time.Now(), c.timeout
		if c.isPatient {
			limit = 0
		}
		token, err := a.tokens.ask(ctx, limit)
		if !c.isPatient {
			c.timeout -= time.Since(begun)
		}
		if err == nil && strings.IndexFunc(token, isNotInToken) >= 0 {
			err = errors.New("it is none")
		}
		if err != nil {
			return answer{unavailable: newUnavailable(userTokenFailed, err.Error(), err)}
		}
		if token != "" {
			request.Header.Set("authorization", "Bearer "+token)
		}
	}
	got, err := send(ctx, a.client, request, c.timeout)
	if err != nil {
		return answer{unavailable: failureOf(err)}
	}
	body := decode(got.body)
	if understood := c.read(got.status, body); understood != (answer{}) {
		return understood
	}
	return answer{unavailable: failureOfAnswer(got.status, body, got.retryAfter)}
}

// acquire asks for a seat. timeout: less than the usual, or 0. isPatient: the user's token may take as long as it does.
func (a *seatAPI) acquire(ctx context.Context, request map[string]any, timeout time.Duration, isPatient bool) answer {
	request["program"] = a.program
	return a.call(ctx, call{
		path: acquirePath, body: request, timeout: timeout, asUser: true, isPatient: isPatient, read: readAcquire,
	})
}

func (a *seatAPI) borrow(ctx context.Context, request map[string]any) answer {
	request["program"] = a.program
	return a.call(ctx, call{path: borrowPath, body: request, asUser: true, read: readAcquire})
}

// leaveQueue gives up the place in the queue. Whoever waits for that does not wait long.
func (a *seatAPI) leaveQueue(ctx context.Context, ticket string) {
	body := map[string]any{"ticket_id": ticket}
	done := func(int, map[string]any) answer { return answer{released: &released{}} }
	a.call(ctx, call{path: leaveQueuePath, body: body, timeout: leaveTimeout, read: done})
}

// heartbeat prolongs the lease. refresh asks for the licence, signed anew.
func (a *seatAPI) heartbeat(ctx context.Context, session string, refresh map[string]any) answer {
	body := map[string]any{"session_id": session, "program": a.program}
	if refresh != nil {
		body["refresh"] = refresh
	}
	return a.call(ctx, call{path: heartbeatPath, body: body, read: readHeartbeat})
}

func (a *seatAPI) release(ctx context.Context, session string) answer {
	body := map[string]any{"session_id": session, "program": a.program}
	return a.call(ctx, call{path: releasePath, body: body, read: readRelease})
}
