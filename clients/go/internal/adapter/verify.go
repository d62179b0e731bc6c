package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	countersign "countersign.example/client"
)

type fixedClock time.Time

func (c fixedClock) Now() time.Time         { return time.Time(c) }
func (fixedClock) Monotonic() time.Duration { return 0 }
func (fixedClock) SinceBoot() time.Duration { return 0 }

func verify(command map[string]any) map[string]any {
	vector := command["vector"].(map[string]any)
	documents, _ := command["documents"].([]any)
	wall := moment(text(vector, "now"))
	now := wall.Add(-time.Duration(len(documents)) * 2 * time.Hour)
	var served any
	surroundings := func() countersign.KeySurroundings {
		return countersign.KeySurroundings{
			Now: func() time.Time { return now }, CheckSignature: check(), Storage: countersign.MemoryStorage(),
			Fetch: func(context.Context, string) (string, error) {
				if served == nil {
					return "", errors.New("no network")
				}
				data, err := json.Marshal(served)
				return string(data), err
			},
		}
	}
	source, err := sourceOf(command, surroundings())
	if err != nil {
		return map[string]any{"ok": false, "code": err.Error()}
	}
	for _, document := range documents {
		now = now.Add(2 * time.Hour)
		served = document
		if broken == "sequence" {
			source, _ = sourceOf(command, surroundings()) // one that remembers nothing takes whatever list it is served
		}
		_, _, _ = source.Find(context.Background(), countersign.KeyName{KeyVersion: "vectors.0"}, countersign.KeyQuery{})
	}
	options := countersign.VerifyOptions{
		Nonce: text(vector, "nonce"), Kind: text(vector, "kind"), Product: text(vector, "product"),
		HardwareID: text(vector, "hardware_id"), CheckSignature: check(), Now: wall,
	}
	features, _ := vector["features"].([]any)
	for _, feature := range features {
		options.Features = append(options.Features, feature.(string))
	}
	if clock, found := vector["clock"].(map[string]any); found {
		options.Now, options.Clock = time.Time{}, countersign.NewTrustedClock(fixedClock(wall))
		if noted := text(clock, "noted"); noted != "" && broken != "clock" {
			options.Clock.Remember(moment(noted))
		}
	}
	var license any = text(vector, "license")
	if encoded := text(vector, "license_base64"); encoded != "" {
		license, _ = base64.StdEncoding.DecodeString(encoded)
	}
	if text, isText := license.(string); isText {
		license = overlook(text, source, &options)
	}
	judged := countersign.Verify(context.Background(), license, source, options)
	switch {
	case !judged.Valid:
		return map[string]any{"ok": true, "verdict": judged.Reason}
	case vector["start"] == "offline" && !judged.WorksOffline():
		return map[string]any{"ok": true, "verdict": "strict"}
	}
	return map[string]any{"ok": true, "verdict": "valid"}
}

// overlook what a borrowed copy says of itself, as a client does that judges other claims than those that were signed.
func overlook(license string, source countersign.KeySource, options *countersign.VerifyOptions) string {
	if (broken != "mode" && broken != "borrowed_until") || !strings.HasPrefix(license, `{"kind":"seat","mode":"borrowed"`) {
		return license
	}
	var signed []byte
	countersign.Verify(context.Background(), license, source, countersign.VerifyOptions{
		CheckSignature: func(_ countersign.PublicKey, message, _ []byte) bool {
			signed = message
			return true
		},
	})
	options.CheckSignature = func(key countersign.PublicKey, _, signature []byte) bool {
		return countersign.CheckPKCS1(key, signed, signature)
	}
	decoder := json.NewDecoder(strings.NewReader(license))
	decoder.UseNumber()
	var claims map[string]any
	if err := decoder.Decode(&claims); err != nil {
		panic(err)
	}
	if broken == "mode" {
		delete(claims, "mode")
	} else {
		claims["borrowed_until"] = claims["valid_until"]
	}
	seen, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return string(seen)
}

func sourceOf(command map[string]any, surroundings countersign.KeySurroundings) (countersign.KeySource, error) {
	roots, found := command["roots"].([]any)
	if !found {
		return countersign.PinnedKeys(command["keys"])
	}
	pems := make([]string, len(roots))
	for i, root := range roots {
		pems[i] = root.(string)
	}
	return countersign.RootKeyIn(surroundings, pems...)
}

func moment(text string) time.Time {
	parsed, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return parsed
}

// measure is the whole check of a licence, beside the bare check of its signature.
func measure(command map[string]any) map[string]any {
	document, _ := json.Marshal(command["document"])
	source, err := countersign.RootKeyIn(countersign.KeySurroundings{
		Fetch: func(context.Context, string) (string, error) { return string(document), nil },
	}, text(command, "root"))
	if err != nil {
		return map[string]any{"ok": false, "code": err.Error()}
	}
	license := text(command, "license")
	list := command["document"].(map[string]any)["list"].(map[string]any)["keys"].([]any)
	pinned, err := countersign.PinnedKeys(list[0])
	if err != nil {
		return map[string]any{"ok": false, "code": err.Error()}
	}
	keys, _, _ := pinned.Find(context.Background(), countersign.KeyName{KeyVersion: text(list[0].(map[string]any), "key_version")}, countersign.KeyQuery{})
	var message, signature []byte
	countersign.Verify(context.Background(), license, pinned, countersign.VerifyOptions{
		CheckSignature: func(_ countersign.PublicKey, signed, by []byte) bool {
			message, signature = signed, by
			return true
		},
	})
	count, _ := command["count"].(json.Number).Int64()
	microseconds := func(work func() bool) float64 {
		begun := time.Now()
		for i := int64(0); i < count; i++ {
			if !work() {
				panic("it does not verify")
			}
		}
		return float64(time.Since(begun).Nanoseconds()) / 1000 / float64(count)
	}
	check := func() bool {
		return countersign.Verify(context.Background(), license, source, countersign.VerifyOptions{}).Valid
	}
	microseconds(check)
	raw := microseconds(func() bool { return countersign.CheckPKCS1(keys[0], message, signature) })
	return map[string]any{"ok": true, "verify_us": microseconds(check), "raw_us": raw}
}
