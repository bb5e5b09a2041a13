# SPDX-License-Identifier: Apache-2.0
# How many of each form of trail a maltrail file holds.
function port(p) { return p ~ /^[1-9][0-9]*$/ && p + 0 <= 65535 }
function quad(s,   i) {
	if (s !~ /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/ || s ~ /(^|\.)0[0-9]/) return 0
	split(s, o, ".")
	for (i = 1; i <= 4; i++) if (o[i] > 255) return 0
	return 1
}
function long_label(s,   l, c) {
	for (c = length(s) > 63 ? split(s, l, ".") : 0; c > 0; c--) if (length(l[c]) > 63) return 1
	return 0
}
{ sub(/^ +/, "") }
/^\// {
	p = $0
	sub(/[\/?]+$/, "", p)
	n[p ~ /[ "<>]/ || length(p) < 3 ? "bad" : "url-path"]++
	next
}
/:\/\/[^\/]*\/*$/ { sub(/^[a-z]+:\/\//, ""); sub(/\/+$/, "") }
/^\[[0-9a-f:]+\]:[0-9]+$/ { n["ip-port"]++; next }
/^[0-9][0-9.]*:[0-9]+$/ {
	k = index($0, ":")
	n[quad(substr($0, 1, k - 1)) && port(substr($0, k + 1)) ? "ip-port" : "bad"]++
	next
}
/^[0-9.]+\/[0-9]+$/ { n["ipv4"]++; next }
/^[0-9.]+$/ { n[quad($0) ? "ipv4" : "bad"]++; next }
/:\/\// || /^[A-Za-z0-9_.:-]+\// { n["url"]++; next }
/[\\^$*+()|{}]/ || /\[/ { n["a regular expression"]++; next }
/^\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$/ && !/\.[0-9]+$/ {
	n[long_label($0) ? "bad" : "domain"]++
	next
}
{ n["bad"]++ }
END { for (k in n) print k "\t" n[k] }
