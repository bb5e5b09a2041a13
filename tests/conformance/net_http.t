#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The HTTP requests of every capture at hand against tshark's, one by one. Differences that are meant:
# the port of a host stands apart; a CONNECT's host is its target's; a target may have spaces.
. "$(dirname "$0")/../support/tap.sh"

captures=${SHARED:+$SHARED/net/ja4/pcap}
[ -d "$captures" ] || { skip_all "no captures in ../shared/data/net/ja4"; }
command -v tshark >/dev/null || { skip_all "no tshark"; }
command -v python3 >/dev/null || { skip_all "no python3"; }

[ -z "$SANITIZED" ] || skip_all "ja4.t has these captures read under the sanitizers"

theirs() {
	tshark -r "$1" -Y 'http.request && tcp' -T fields -e http.request.method \
		-e http.host -e http.request.uri -e http.user_agent 2>/dev/null |
		awk -F'\t' -v OFS='\t' '{ sub(/:[0-9]+$/, "", $2); $2 = tolower($2)
			if ($1 == "CONNECT") { $2 = $3; sub(/:[0-9]+$/, "", $2) } print }'
}

ours() { # CAPTURE…
	"$FIREBREAK" watch --no-sandbox --json "$@" 2>/dev/null |
		python3 -c 'import json, sys
for d in map(json.loads, sys.stdin):
    if d["_path"] == "http":
        print(d["method"], d.get("host", ""), d["uri"].split(" ")[0], d.get("user_agent", ""), sep="\t")'
}

# Those in which tshark (4.0) finds a request; the number of requests of the others must be 0.
with=' CVE-2018-6794.pcap http-empty-useragent.pcap http1-with-cookies.pcapng http1.pcapng
 https-connect.pcap latest.pcapng single-packets.pcap ssh2.pcapng tls3.pcapng gre-erspan-vxlan.pcap '
none=()
for f in "$captures"/*; do
	case $with in
	*" $(basename "$f") "* | *" $(basename "$f")"$'\n'*)
		is "$(ours "$f" | sort)" "$(theirs "$f" | sort)" "$(basename "$f"): the same requests"
		;;
	*)
		none+=("$f")
		;;
	esac
done
[ ${#none[@]} -gt 20 ]
ok $? "others: ${#none[@]}"
is "$(ours "${none[@]}")" "" "no request where there is none"
tap_done
