package countersign

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestHowLongAServerMaySilenceAProgram(t *testing.T) {
	for said, want := range map[string]time.Duration{
		"90": 90 * time.Second, "0": 0, "315360000": time.Hour, "18446744073709551615": time.Hour,
		"Fri, 31 Dec 9999 23:59:59 GMT": time.Hour, "Wed, 21 Oct 2015 07:28:00 GMT": 0,
		"-5": 0, "NaN": 0, "Inf": 0, "1e300": 0, "soon": 0, "": 0, strings.Repeat("9", 400): 0,
	} {
		if got := waitOf(said); got != want {
			t.Errorf("%.40q: %v", said, got)
		}
	}
	for given, want := range map[json.Number]time.Duration{
		"-1e300": 0, "-1": 0, "0": 0, "0.001": time.Second, "30": 30 * time.Second, "7200": time.Hour, "1e300": time.Hour,
	} {
		if got := pauseOf(given, time.Hour); got != want {
			t.Errorf("%v: %v", given, got)
		}
	}
}

func TestAUserIsNotAskedTwiceAtATime(t *testing.T) {
	asked, answers := 0, make(chan string)
	source := &tokenSource{userToken: func(context.Context) (string, error) {
		asked++
		return <-answers, nil
	}}
	for range [2]int{} {
		if _, err := source.ask(context.Background(), time.Millisecond); !errors.Is(err, errNoTokenYet) {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := source.ask(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	answers <- " late\n"
	// The late answer serves the next request.
	if token, err := source.ask(context.Background(), time.Minute); token != "late" || err != nil || asked != 1 {
		t.Fatal(token, err, asked)
	}
	go func() { answers <- "next" }()
	if token, err := source.ask(context.Background(), 0); token != "next" || err != nil || asked != 2 {
		t.Fatal(token, err, asked)
	}
}
