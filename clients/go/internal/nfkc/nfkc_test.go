package nfkc

import "testing"

func TestOf(t *testing.T) {
	for given, expected := range map[string]string{
		"":                         "",
		"plain text":               "plain text",
		"Bu\u0308ro":               "B\u00fcro",          // a decomposed accent
		"\uff23\uff33\u2460\u00b2": "CS12",               // full-width, encircled, above the line
		"\ufb01\u017f\u212b":       "fis\u00c5",          // ligature, long s, Ångström
		"\u1e9b\u0323":             "\u1e69",             // UAX 15, figure 6
		"a\u0315\u0300\u05ae":      "\u00e0\u05ae\u0315", // marks in the order of their classes
		"a\u0328\u0301":            "\u0105\u0301",       // no character for both
		"\u0958":                   "\u0915\u093c",       // a composition exclusion
		"\u1112\u1161\u11ab":       "\ud55c",             // Hangul
		"\ud55c\uae00":             "\ud55c\uae00",
		"\u0344":                   "\u0308\u0301", // a mark that decomposes
	} {
		if got := Of(given); got != expected {
			t.Errorf("%+q: %+q, not %+q", given, got, expected)
		}
	}
}

func TestToUpper(t *testing.T) {
	for given, expected := range map[string]string{"abc-1": "ABC-1", "straße ŉ": "STRASSE \u02bcN", "éω": "ÉΩ"} {
		if got := ToUpper(given); got != expected {
			t.Errorf("%+q: %+q, not %+q", given, got, expected)
		}
	}
}
