package countersign

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
)

// Storage keeps small texts between runs. They are signed, or checked against what is signed, so changing them gains
// nothing but a refusal.
type Storage interface {
	// Get gives an empty text for a name under which nothing is kept.
	Get(name string) (string, error)
	// Set replaces what is kept under the name, wholly or not at all.
	Set(name, text string) error
}

type memoryStorage struct{ texts sync.Map }

// MemoryStorage forgets everything with the process.
func MemoryStorage() Storage { return &memoryStorage{} }

func (m *memoryStorage) Get(name string) (string, error) {
	text, _ := m.texts.Load(name)
	found, _ := text.(string)
	return found, nil
}

func (m *memoryStorage) Set(name, text string) error {
	m.texts.Store(name, text)
	return nil
}

type fileStorage string

// FileStorage keeps a file a name in a directory of its own, which only its owner may read. Each text is written beside its
// place and then moved, so that a crash leaves the old one or the new one. Clients of every language share the form.
func FileStorage(directory string) Storage { return fileStorage(directory) }

var unsafeInName = regexp.MustCompile(`[^\w.-]`)

func (f fileStorage) path(name string) string {
	return filepath.Join(string(f), unsafeInName.ReplaceAllString(name, "_")+".txt")
}

func (f fileStorage) Get(name string) (string, error) {
	text, err := os.ReadFile(f.path(name))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	return string(text), err
}

func (f fileStorage) Set(name, text string) error {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return err
	}
	draft := f.path(name) + "." + randomHex()
	if err := os.WriteFile(draft, []byte(text), 0o600); err != nil {
		_ = os.Remove(draft)
		return err
	}
	if err := os.Rename(draft, f.path(name)); err != nil {
		_ = os.Remove(draft)
		return err
	}
	return nil
}

func randomHex() string {
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		panic(err) // there is no safe way on without random numbers
	}
	return hex.EncodeToString(random[:])
}

// stateDirectory is where a user's programs keep what they must not lose, by the custom of each system.
func stateDirectory(application string) (string, error) {
	name := unsafeInName.ReplaceAllString(application, "_")
	if strings.Trim(name, ".") == "" {
		name = "_"
	}
	if local := os.Getenv("LOCALAPPDATA"); runtime.GOOS == "windows" && local != "" {
		return filepath.Join(local, "countersign", name), nil
	}
	if state := os.Getenv("XDG_STATE_HOME"); runtime.GOOS != "windows" && runtime.GOOS != "darwin" && filepath.IsAbs(state) {
		return filepath.Join(state, "countersign", name), nil
	}
	home, err := os.UserHomeDir()
	if err != nil || !filepath.IsAbs(home) {
		return "", errors.New("this user has no home directory")
	}
	switch runtime.GOOS {
	case "windows":
		return filepath.Join(home, "AppData", "Local", "countersign", name), nil
	case "darwin":
		return filepath.Join(home, "Library", "Application Support", "countersign", name), nil
	}
	return filepath.Join(home, ".local", "state", "countersign", name), nil
}

// guardedStorage never fails: what cannot be kept in the place that was meant is kept in memory until the program ends.
type guardedStorage struct {
	place     Storage
	memory    Storage
	onFailure func(error)
	once      sync.Once
}

func guard(place Storage, err error, onFailure func(error)) *guardedStorage {
	guarded := &guardedStorage{place: place, memory: MemoryStorage(), onFailure: onFailure}
	if err != nil {
		guarded.fail(err)
	}
	return guarded
}

func (g *guardedStorage) fail(err error) { g.once.Do(func() { g.onFailure(err) }) }

func (g *guardedStorage) Get(name string) (string, error) {
	if g.place != nil {
		text, err := g.place.Get(name)
		if err != nil {
			g.fail(err)
		} else if text != "" {
			return text, nil
		}
	}
	return g.memory.Get(name)
}

func (g *guardedStorage) Set(name, text string) error {
	if g.place != nil {
		if err := g.place.Set(name, text); err != nil {
			g.fail(err)
		}
	}
	return g.memory.Set(name, text)
}
