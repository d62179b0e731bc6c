package countersign

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
)

const (
	maxDepth       = 64
	largestInteger = 1<<53 - 1
)

// A surrogate of an escape sequence that is not half of a pair, which the decoder would replace in silence.
var surrogate = regexp.MustCompile(`\\+u[dD][89a-fA-F][0-9a-fA-F]{2}`)

// parseExactly gives nil for what is no JSON, for numbers that are not written as integers, and for lone surrogates.
func parseExactly(text string) any {
	if hasLoneSurrogate(text) {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return nil
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil
	}
	if !hasIntegersAlone(value) {
		return nil
	}
	return value
}

func hasLoneSurrogate(text string) bool {
	found := surrogate.FindAllStringIndex(text, -1)
	for i := 0; i < len(found); i++ {
		escape := text[found[i][0]:found[i][1]]
		if strings.Count(escape, `\`)%2 == 0 {
			continue // an escaped backslash, and letters after it
		}
		high := strings.ToLower(escape[len(escape)-3:])[0] < 'c'
		paired := high && i+1 < len(found) && found[i+1][0] == found[i][1] &&
			strings.Count(text[found[i+1][0]:found[i+1][1]], `\`) == 1 &&
			strings.ToLower(text[found[i+1][1]-3 : found[i+1][1]])[0] >= 'c'
		if !paired {
			return true
		}
		i++
	}
	return false
}

func hasIntegersAlone(value any) bool {
	switch one := value.(type) {
	case json.Number:
		return !strings.ContainsAny(string(one), ".eE")
	case []any:
		for _, item := range one {
			if !hasIntegersAlone(item) {
				return false
			}
		}
	case map[string]any:
		for _, item := range one {
			if !hasIntegersAlone(item) {
				return false
			}
		}
	}
	return true
}

// canonicalJSON gives the bytes that are signed: sorted names, no white space, ASCII. False for a value without such a form.
func canonicalJSON(value any) ([]byte, bool) {
	var out bytes.Buffer
	if !write(&out, value, 0) {
		return nil, false
	}
	return out.Bytes(), true
}

func write(out *bytes.Buffer, value any, depth int) bool {
	switch one := value.(type) {
	case nil:
		out.WriteString("null")
	case bool:
		out.WriteString(strconv.FormatBool(one))
	case int:
		out.WriteString(strconv.Itoa(one))
	case json.Number:
		number, err := strconv.ParseInt(string(one), 10, 64)
		if err != nil || number > largestInteger || number < -largestInteger {
			return false
		}
		out.WriteString(strconv.FormatInt(number, 10))
	case string:
		quote(out, one)
	case []any:
		if depth >= maxDepth {
			return false
		}
		out.WriteByte('[')
		for i, item := range one {
			if i > 0 {
				out.WriteByte(',')
			}
			if !write(out, item, depth+1) {
				return false
			}
		}
		out.WriteByte(']')
	case map[string]any:
		if depth >= maxDepth {
			return false
		}
		names := make([]string, 0, len(one))
		for name := range one {
			names = append(names, name)
		}
		sort.Strings(names) // by bytes of UTF-8, which is by code point
		out.WriteByte('{')
		for i, name := range names {
			if i > 0 {
				out.WriteByte(',')
			}
			quote(out, name)
			out.WriteByte(':')
			if !write(out, one[name], depth+1) {
				return false
			}
		}
		out.WriteByte('}')
	default:
		return false
	}
	return true
}

var short = map[rune]string{'\n': `\n`, '\r': `\r`, '\t': `\t`, '\b': `\b`, '\f': `\f`, '"': `\"`, '\\': `\\`}

func quote(out *bytes.Buffer, text string) {
	out.WriteByte('"')
	for _, r := range text {
		if escape, found := short[r]; found {
			out.WriteString(escape)
		} else if r >= ' ' && r <= '~' {
			out.WriteRune(r)
		} else if r > 0xffff {
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(out, `\u%04x\u%04x`, high, low)
		} else {
			fmt.Fprintf(out, `\u%04x`, r)
		}
	}
	out.WriteByte('"')
}
