package countersign

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"countersign.example/client/internal/nfkc"
)

// invisible tells characters that are not seen: Default_Ignorable_Code_Point of Unicode, format and control characters.
func invisible(r rune) bool {
	switch {
	case r == 0xad, r == 0x34f, r == 0x61c, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5, r == 0x2065, r == 0x3164, r == 0xffa0:
		return true
	case r >= 0x180b && r <= 0x180f, r >= 0xfe00 && r <= 0xfe0f, r >= 0xfff0 && r <= 0xfff8, r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return unicode.Is(unicode.Cf, r) || unicode.IsControl(r)
}

// isSpace is white space as the clients of the other languages have it: a byte order mark is, and NEL is a control character.
func isSpace(r rune) bool { return r == 0xfeff || (r != 0x85 && unicode.IsSpace(r)) }

const quotes = "\"'`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a\u300c\u300d\u300e\u300f\u301d\u301e\u301f"

// cleanText is a short text that names something, as people hand it in: Unicode's compatibility form, nothing invisible, no
// quotes around it, plain dashes, white space of every kind as one space.
func cleanText(text string) string {
	var out strings.Builder
	space := false
	for _, r := range nfkc.Of(text) {
		switch {
		case isSpace(r):
			space = true
			continue
		case invisible(r):
			continue
		case unicode.Is(unicode.Pd, r) || r == 0x2212 || r == 0x2e5d || r == 0x10d6e:
			r = '-'
		}
		if space && out.Len() > 0 {
			out.WriteByte(' ')
		}
		space = false
		out.WriteRune(r)
	}
	plain := out.String()
	first, size := utf8.DecodeRuneInString(plain)
	last, width := utf8.DecodeLastRuneInString(plain)
	if len(plain) > size && strings.ContainsRune(quotes, first) && strings.ContainsRune(quotes, last) {
		if inner := strings.TrimSpace(plain[size : len(plain)-width]); inner != "" {
			return inner
		}
	}
	return plain
}

// NormalizeLicenseKey gives the letters and digits of a licence key as somebody typed, dictated or pasted it, in upper case.
func NormalizeLicenseKey(typed string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return r
		}
		return -1
	}, nfkc.ToUpper(nfkc.Of(typed)))
}

// decodeText is the text of a file as Windows, mail programs and editors write it: UTF-8 or UTF-16, with or without a mark.
func decodeText(data []byte) string {
	text := string(data)
	if len(data) > 1 {
		little := (data[0] == 0xff && data[1] == 0xfe) || (data[0] != 0 && data[1] == 0)
		big := (data[0] == 0xfe && data[1] == 0xff) || (data[0] == 0 && data[1] != 0)
		if little || big {
			units := make([]uint16, len(data)/2)
			for i := range units {
				a, b := uint16(data[2*i]), uint16(data[2*i+1])
				if little {
					a, b = b, a
				}
				units[i] = a<<8 | b
			}
			text = string(utf16.Decode(units))
		}
	}
	return lines(strings.TrimPrefix(strings.ToValidUTF8(text, "\ufffd"), "\ufeff"))
}

func lines(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

// unbase64 gives nil for anything but the one canonical spelling: decoders let line ends and stray bits pass.
func unbase64(text string, encoding *base64.Encoding) []byte {
	data, err := encoding.Strict().DecodeString(text)
	if err != nil || encoding.EncodeToString(data) != text {
		return nil
	}
	if data == nil {
		return []byte{}
	}
	return data
}

var (
	quotedLine  = regexp.MustCompile(`(?m)^[ \t]*(?:[>|][ \t]?)+`)
	softLine    = regexp.MustCompile(`=[ \t]*\n`)
	licenseFile = regexp.MustCompile(`BEGIN COUNTERSIGN LICENSE[-\x{2010}-\x{2015}]*([^\x{2010}-\x{2015}-]*)[-\x{2010}-\x{2015}]*END COUNTERSIGN LICENSE`)
	escapedLine = regexp.MustCompile(`\\[nr]`)
	wordQuotes  = regexp.MustCompile(`[\x{201c}-\x{201f}]`)
)

func readable(text string) string {
	if strings.Contains(text, "\x00") {
		text = strings.NewReplacer("\x00", "", "\ufffd", "").Replace(text)
	}
	return lines(strings.ReplaceAll(text, "\ufeff", ""))
}

func unquote(text string) string {
	unmarked := quotedLine.ReplaceAllString(text, "")
	if !strings.Contains(unmarked, "=3D") && !strings.Contains(unmarked, "=\n") {
		return unmarked
	}
	return strings.ReplaceAll(softLine.ReplaceAllString(unmarked, ""), "=3D", "=")
}

// extractLicense finds what looks like the licence in a text that people hand on: a JSON object, or a token's three parts.
func extractLicense(text string) string {
	plain := unquote(readable(text))
	if token := findToken(plain); token != "" {
		return token
	}
	if object := findObject(plain); object != "" {
		return object
	}
	return strings.TrimSpace(plain)
}

// extractLicenseFile gives the base64 of a licence file, wherever it stands in a text and however it was wrapped.
func extractLicenseFile(text string) (string, bool) {
	found := licenseFile.FindStringSubmatch(unquote(readable(text)))
	if found == nil {
		return "", false
	}
	encoded := strings.Map(func(r rune) rune {
		if r == '=' || isSpace(r) || invisible(r) {
			return -1
		}
		return r
	}, escapedLine.ReplaceAllString(found[1], ""))
	return encoded + strings.Repeat("=", (4-len(encoded)%4)%4), true
}

const signatureLength = 683

func isTokenCharacter(r rune) bool {
	return r == '_' || r == '.' || r == '=' || r == '-' || (r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)))
}

func findToken(text string) string {
	start := strings.Index(text, "eyJ")
	if start < 0 || strings.HasPrefix(strings.TrimSpace(text), "{") {
		return ""
	}
	if start > 0 && isTokenCharacter(rune(text[start-1])) && text[start-1] != '=' {
		return ""
	}
	var token strings.Builder
	dots, sinceDot := 0, 0
	for _, r := range text[start:] {
		if isSpace(r) || invisible(r) {
			if dots == 2 && sinceDot >= signatureLength {
				break
			}
			continue
		}
		if !isTokenCharacter(r) {
			break
		}
		token.WriteRune(r)
		sinceDot++
		if r == '.' {
			dots, sinceDot = dots+1, 0
		}
	}
	if dots > 2 {
		return strings.TrimRight(token.String(), ".")
	}
	return token.String()
}

func findObject(text string) string {
	start := strings.Index(text, "{")
	if start < 0 {
		return ""
	}
	candidate := text[start:endOfObject(text, start)]
	joined := strings.ReplaceAll(candidate, "\n", "")
	for _, one := range []string{candidate, joined, wordQuotes.ReplaceAllString(joined, `"`)} {
		if json.Valid([]byte(one)) {
			return one
		}
	}
	return candidate
}

func endOfObject(text string, start int) int {
	depth, quoted := 0, false
	for at := start; at < len(text); at++ {
		switch c := text[at]; {
		case quoted && c == '\\':
			at++
		case c == '"':
			quoted = !quoted
		case !quoted && c == '{':
			depth++
		case !quoted && c == '}':
			depth--
			if depth == 0 {
				return at + 1
			}
		}
	}
	return len(text)
}
