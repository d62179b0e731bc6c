package countersign

import (
	"context"
	"errors"
	"strings"
	"time"
)

// tokenSource asks the program for a user's token. A function that waits for a person is not called again before it has
// answered, and a late answer serves the next request.
type tokenSource struct {
	userToken func(context.Context) (string, error)
	pending   chan givenToken
}

type givenToken struct {
	token string
	err   error
}

var errNoTokenYet = errors.New("it has not answered yet")

// ask gives the token. limit: how long it is waited for, or 0 for as long as ctx lasts. The function's own context ends with
// ctx alone, so that a person whose sign-in takes longer than one request need not begin again.
func (s *tokenSource) ask(ctx context.Context, limit time.Duration) (string, error) {
	if s.pending == nil {
		answer := make(chan givenToken, 1)
		s.pending = answer
		go func() {
			token, err := s.userToken(ctx)
			answer <- givenToken{strings.TrimSpace(token), err}
		}()
	}
	var late <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case given := <-s.pending:
		s.pending = nil
		return given.token, given.err
	case <-late:
		return "", errNoTokenYet
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
