package config

import "os"

// localLinksEnv lets links to files be sent that lead to this machine or network only.
const localLinksEnv = "KANAL_ALLOW_LOCAL_LINKS"

// LocalLinks reports whether links may be sent that the outside cannot follow: where everybody is on one network, and in tests.
func LocalLinks() bool { return switchedOn(localLinksEnv) }

var localLinks = Option{
	Env: localLinksEnv, Value: "1",
	Help: "Sends files that are too large for a mail as links even when --base-url is an address of this machine or network only.",
}

// privateProvidersEnv lets providers of sign-in be on private addresses.
const privateProvidersEnv = "KANAL_ALLOW_PRIVATE_PROVIDERS"

// PrivateProviders reports whether a provider of sign-in may be on this machine or network.
func PrivateProviders() bool { return switchedOn(privateProvidersEnv) }

func switchedOn(env string) bool {
	switch os.Getenv(env) {
	case "", "0", "false", "no", "off":
		return false
	}
	return true
}

var privateProviders = Option{
	Env: privateProvidersEnv, Value: "1",
	Help: "Lets people sign in at a provider whose address is of this machine or network only. Without it that is so when --base-url is such an address itself.",
}
