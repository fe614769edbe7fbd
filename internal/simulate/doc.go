// Package simulate is the outside world for tests: the other side of every channel, in process and without a network beyond
// loopback. It holds no rule of Kanal's and uses none of its adapters, so that both sides are never wrong together.
package simulate
