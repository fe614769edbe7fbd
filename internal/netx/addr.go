package netx

import (
	"net/netip"
	"slices"
)

// refused are the ranges that are not the public internet (IANA special-purpose registries), beyond
// what netip knows by name.
var refused = func() []netip.Prefix {
	var out []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "240.0.0.0/4", "255.255.255.255/32",
		"100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fec0::/10",
		"64:ff9b:1::/48", // local-use NAT64
	} {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}()

var (
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
	sixTo = netip.MustParsePrefix("2002::/16")
	v4in6 = netip.MustParsePrefix("::/96") // IPv4-compatible, deprecated
)

// Public reports whether an address is on the public internet. An IPv6 address that carries an IPv4
// address (mapped, compatible, NAT64, 6to4) is judged by the IPv4 address inside.
func Public(a netip.Addr) bool {
	if !a.IsValid() {
		return false
	}
	a = a.WithZone("").Unmap()
	if a.Is6() {
		b := a.As16()
		switch {
		case nat64.Contains(a):
			return Public(netip.AddrFrom4([4]byte(b[12:16])))
		case sixTo.Contains(a):
			return Public(netip.AddrFrom4([4]byte(b[2:6])))
		case v4in6.Contains(a):
			return false
		}
	}
	if a.IsUnspecified() || a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsInterfaceLocalMulticast() {
		return false
	}
	for _, p := range refused {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// keys are where clouds tell their machines who they are, with keys: Amazon, Google, Azure and others, Amazon's containers and IPv6, Alibaba, Oracle.
var keys = []netip.Addr{
	netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("169.254.170.2"), netip.MustParseAddr("169.254.170.23"), netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("fd00:ec2::23"),
	netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("192.0.0.192"),
}

// Metadata reports whether an address is one at which a cloud gives keys to its machines: nobody has business there on Kanal's behalf.
func Metadata(a netip.Addr) bool {
	a = a.WithZone("").Unmap()
	if b := a.As16(); a.Is6() && nat64.Contains(a) {
		a = netip.AddrFrom4([4]byte(b[12:16]))
	} else if a.Is6() && sixTo.Contains(a) {
		a = netip.AddrFrom4([4]byte(b[2:6]))
	}
	return slices.Contains(keys, a)
}

// Neighbourhood is whom a limit counts as one: an IPv4 address, however it is written, or the /64 of an IPv6 address, since a single customer line has all of it.
func Neighbourhood(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if a = a.Unmap().WithZone(""); a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
