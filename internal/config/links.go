package config

import "os"

// localLinksEnv lets links to files be sent that lead to this machine or network only.
const localLinksEnv = "KANAL_ALLOW_LOCAL_LINKS"

// LocalLinks reports whether links may be sent that the outside cannot follow: where everybody is on one network, and in tests.
func LocalLinks() bool {
	switch os.Getenv(localLinksEnv) {
	case "", "0", "false", "no", "off":
		return false
	}
	return true
}

var localLinks = Option{
	Env: localLinksEnv, Value: "1",
	Help: "Sends files that are too large for a mail as links even when --base-url is an address of this machine or network only.",
}
