package countersign

import "testing"

func TestCleanText(t *testing.T) {
	for given, expected := range map[string]string{
		" “my\u00a0program” ":         "my program",
		"Bu\u0308ro \u2013 PC\u200b7": "B\u00fcro - PC7",
		"a \u200b b":                  "a b",
		"a\ufeffb":                    "a b",
		"a\u0085b":                    "ab",
		"''":                          "''",
	} {
		if got := cleanText(given); got != expected {
			t.Errorf("%+q: %+q, not %+q", given, got, expected)
		}
	}
}
