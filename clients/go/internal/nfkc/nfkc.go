// Package nfkc has what Go's standard library lacks of Unicode: the compatibility form and its composition (NFKC), and
// capitals that are more than one letter. So a text that a person hands in is the same one to every client.
package nfkc

import (
	_ "embed"
	"sort"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

//go:embed table.txt
var table string

var (
	reading      sync.Once
	decomposed   = map[rune][]rune{}
	composed     = map[[2]rune]rune{}
	classes      = map[rune]int{}
	longCapitals = map[rune]string{}
)

func runes(codes string) []rune {
	var read []rune
	for _, code := range strings.Fields(codes) {
		number, err := strconv.ParseUint(code, 16, 32)
		if err != nil {
			panic(err)
		}
		read = append(read, rune(number))
	}
	return read
}

// read the table, once there is a text that needs it.
func read() {
	part := -1
	for _, line := range strings.Split(strings.TrimSpace(table), "\n") {
		if strings.HasPrefix(line, "#") {
			part++
			continue
		}
		halves := strings.SplitN(line, "=", 2)
		of := runes(halves[0])
		switch part {
		case 0:
			decomposed[of[0]] = runes(halves[1])
		case 1:
			composed[[2]rune{of[0], of[1]}] = runes(halves[1])[0]
		case 2:
			classes[of[0]], _ = strconv.Atoi(halves[1])
		case 3:
			longCapitals[of[0]] = string(runes(halves[1]))
		}
	}
}

func isASCII(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Of gives the compatibility form of a text, composed (Unicode Standard Annex 15).
func Of(text string) string {
	if isASCII(text) {
		return text
	}
	reading.Do(read)
	return string(compose(decompose(text)))
}

// ToUpper gives a text in capitals; ß has two.
func ToUpper(text string) string {
	if isASCII(text) {
		return strings.ToUpper(text)
	}
	reading.Do(read)
	var out strings.Builder
	for _, r := range text {
		if long, found := longCapitals[r]; found {
			out.WriteString(long)
		} else {
			out.WriteRune(unicode.ToUpper(r))
		}
	}
	return out.String()
}

// Hangul is composed by arithmetic (The Unicode Standard, section 3.12).
const (
	syllables, leads, vowels, trails          = 0xac00, 0x1100, 0x1161, 0x11a7
	leadCount, vowelCount, trailCount, blocks = 19, 21, 28, 19 * 21 * 28
)

func decompose(text string) []rune {
	var out []rune
	for _, r := range text {
		if index := r - syllables; index >= 0 && index < blocks {
			out = append(out, leads+index/(vowelCount*trailCount), vowels+index%(vowelCount*trailCount)/trailCount)
			if trail := index % trailCount; trail > 0 {
				out = append(out, trails+trail)
			}
		} else if parts, found := decomposed[r]; found {
			out = append(out, parts...)
		} else {
			out = append(out, r)
		}
	}
	// Marks between two characters without a class are put into the order of their classes.
	for begin := 0; begin < len(out); begin++ {
		end := begin
		for end < len(out) && classes[out[end]] > 0 {
			end++
		}
		marks := out[begin:end]
		sort.SliceStable(marks, func(i, j int) bool { return classes[marks[i]] < classes[marks[j]] })
		begin = end
	}
	return out
}

// compose each mark with the last character that begins an order, unless one of its class or a higher one stands between.
func compose(text []rune) []rune {
	out := make([]rune, 0, len(text))
	starter := -1
	for _, r := range text {
		class := classes[r]
		if starter >= 0 {
			isNext := starter == len(out)-1
			isBlocked := !isNext && (classes[out[len(out)-1]] >= class || classes[out[len(out)-1]] == 0)
			if one, found := pair(out[starter], r); found && !isBlocked {
				out[starter] = one
				continue
			}
		}
		if class == 0 {
			starter = len(out)
		}
		out = append(out, r)
	}
	return out
}

func pair(first, second rune) (rune, bool) {
	if lead, vowel := first-leads, second-vowels; lead >= 0 && lead < leadCount && vowel >= 0 && vowel < vowelCount {
		return syllables + (lead*vowelCount+vowel)*trailCount, true
	}
	if index, trail := first-syllables, second-trails; index >= 0 && index < blocks && index%trailCount == 0 &&
		trail > 0 && trail < trailCount {
		return first + trail, true
	}
	one, found := composed[[2]rune{first, second}]
	return one, found
}
