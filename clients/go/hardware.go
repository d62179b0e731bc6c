package countersign

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
)

// HashedHardwareID is SHA-256 with the application as salt, so that the machine's own id never leaves it; 64 hexadecimal
// characters.
func HashedHardwareID(application, machine string) string {
	digest := sha256.Sum256([]byte("countersign/hardware/v1:" + application + ":" + machine))
	return hex.EncodeToString(digest[:])
}

// HardwareID names this machine as Hold does for that Application, in this order: COUNTERSIGN_HARDWARE_ID as it is; in a
// container the host name; the operating system's machine id; a random one, kept in the default storage. Clients of every
// language give the same answer.
func HardwareID(application string) string {
	application = cleanText(application)
	var place Storage
	folder, err := stateDirectory(application)
	if err == nil {
		place = FileStorage(folder)
	}
	return cleanText(hardwareID(application, guard(place, err, func(error) {})))
}

func hardwareID(application string, storage Storage) string {
	if given := os.Getenv("COUNTERSIGN_HARDWARE_ID"); given != "" {
		return given
	}
	if isContainer() {
		host, _ := os.Hostname()
		return HashedHardwareID(application, "container:"+host)
	}
	if id := systemID(); id != "" {
		return HashedHardwareID(application, id)
	}
	kept, _ := storage.Get("hardware-id")
	if kept == "" {
		kept = randomHex()
		_ = storage.Set("hardware-id", kept)
	}
	return HashedHardwareID(application, kept)
}

func isContainer() bool {
	if _, found := os.LookupEnv("KUBERNETES_SERVICE_HOST"); found {
		return true
	}
	for _, path := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(path); err == nil {
			return true
		}
	}
	return false
}

var (
	machineID    = regexp.MustCompile(`^[0-9a-f]{32}$`)
	platformUUID = regexp.MustCompile(`"IOPlatformUUID" = "([^"]+)"`)
	machineGUID  = regexp.MustCompile(`MachineGuid\s+REG_SZ\s+(\S+)`)
)

func systemID() string {
	switch runtime.GOOS {
	case "darwin":
		return output(platformUUID, "/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice")
	case "windows":
		return output(machineGUID, "reg", "query", `HKLM\SOFTWARE\Microsoft\Cryptography`, "/v", "MachineGuid")
	}
	for _, path := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
		text, err := os.ReadFile(path)
		if id := strings.TrimSpace(string(text)); err == nil && machineID.MatchString(id) {
			return id
		}
	}
	return ""
}

func output(form *regexp.Regexp, program string, arguments ...string) string {
	text, err := exec.Command(program, arguments...).Output()
	if err != nil {
		return ""
	}
	if found := form.FindSubmatch(text); found != nil {
		return string(found[1])
	}
	return ""
}
