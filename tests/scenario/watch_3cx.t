#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# 2023-03-22 again, in two network namespaces: a stand-in for the desktop app resolves the names that
# were published and opens TLS to a stand-in server. Hits become one case with its timeline.
. "$(dirname "$0")/../support/tap.sh"
. "$TOP/tests/support/netns.sh"

for p in unbound openssl curl; do
	command -v $p >/dev/null || skip_all "$p is not installed"
done
state=$TMP/state
fb() { "$FIREBREAK" "$@" --state "$state"; }
names=$(awk -F, '$1 == "domain" { print $2 }' "$TOP/share/cases/3cx-2023/indicators.csv" | head -n 4)

# ---- the stand-in server: every name leads to it, the first one through an alias
{
	cat <<-CONF
		server:
		  interface: 10.77.0.2
		  access-control: 0.0.0.0/0 allow
		  do-daemonize: no
		  use-syslog: no
		  chroot: ""
		  username: ""
		  directory: "$TMP"
		  pidfile: ""
		  module-config: "iterator"
		  local-zone: "." static
		  local-data: "honest.example. A 10.77.0.2"
		  local-data: "update.honest.example. CNAME $(head -n 1 <<<"$names")."
	CONF
	for n in $names; do
		printf '  local-data: "%s. A 10.77.0.2"\n' "$n"
	done
	printf 'remote-control:\n  control-enable: no\n'
} >"$TMP/unbound.conf"
bg $S unbound -d -c "$TMP/unbound.conf"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$TMP/k.pem" -out "$TMP/c.pem" -days 3 \
	-subj /CN=stand-in 2>/dev/null
bg $S openssl s_server -accept 443 -cert "$TMP/c.pem" -key "$TMP/k.pem" -www
printf 'nameserver 10.77.0.2\noptions timeout:2 attempts:2\n' >"$TMP/resolv.conf"
until_ok 5 on $C python3 -c 'import socket
for port in 53, 443: socket.create_connection(("10.77.0.2", port), 1)'
ok $? "the stand-in server stands"

# ---- the watch, and the stand-in client
run 0 "a state" fb ledger init
began=$(date -u +%Y-%m-%dT%H:%M:%SZ)
live watch --state "$state" --case 3cx-2023 --signal --reporter sensor-1 --pcap-hits "$TMP/hits" --stats
ok $? "the watch began"
on $C curl -s -m5 -k -o /dev/null https://honest.example/
on $C curl -s -m5 -k -o /dev/null https://update.honest.example/
for n in $names; do
	on $C curl -s -m5 -k -o /dev/null "https://$n/update"
done
first=$(head -n 1 <<<"$names")
until_ok 10 bash -c "grep -c '\"_path\":\"signal\"' '$TMP/watch.json' | grep -qx 4"
ok $? "signals are reported while the watch goes on"
live_end
is $live_rc 1 "hits"
is "$(stat_of "$TMP/watch.json" lost_kernel)" 0 "nothing was dropped"

# ---- hits
hits=$(grep '"_path":"intel"' "$TMP/watch.json")
for n in $names; do
	is "$(grep -c "\"seen.indicator\":\"$n\".*\"seen.where\":\"SSL::IN_SERVER_NAME\"" <<<"$hits")" 1 "TLS: $n"
	[ "$(grep -c "\"seen.indicator\":\"$n\".*\"seen.where\":\"DNS::IN_REQUEST\"" <<<"$hits")" -ge 1 ]
	ok $? "DNS: $n"
done
like "$hits" "\"seen.indicator\":\"$first\".*\"seen.where\":\"DNS::IN_RESPONSE\".*\"query\":\"update.honest.example\"" \
	"an alias of one is told with the name that was asked for"
is "$(grep -c '"seen.indicator":"[a-z.]*honest.example"' <<<"$hits")" 0 "an honest name is none"
is "$(grep -vc '"campaign":"3cx-2023"' <<<"$hits")" 0 "all are of the campaign"
is "$(grep -vc '"id.orig_h":"10.77.0.1"' <<<"$hits")" 0 "and of the one client"
if command -v tcpdump >/dev/null; then
	for f in "$TMP"/hits/*.pcap*; do
		tcpdump -nr "$f" 2>/dev/null | grep -q '10.77.0.1' || echo "$f"
	done >"$TMP/bad"
	is "$(cat "$TMP/bad")" "" "each hit's packets were kept"
fi
[ "$(ls "$TMP/hits" | wc -l)" -ge 4 ]
ok $? "in files"

# ---- one case
run 0 "the cases" fb case list --json
is "$(grep -o '"id":"[0-9]*-[0-9]*"' <<<"$out" | sort -u | wc -l)" 1 "there is one"
case=$(grep -o '"id":"[0-9]*-[0-9]*"' <<<"$out" | head -n 1 | cut -d '"' -f 4)
run 0 "the case" fb case show "$case" --json
printf '%s\n' "$out" >"$TMP/case.json"
for n in $names; do
	like "$out" "$n" "it names $n"
done
python3 - "$TMP/case.json" "$began" $names <<'PY'
import json, sys
case, began, names = json.load(open(sys.argv[1])), sys.argv[2], sys.argv[3:]
order = []
for t in case["timeline"]:
    if t["what"] == "signal":
        assert t["text"].startswith("sensor-1 reports downstream-impact: 10.77.0.1 ") and t["seen"][:19] >= began[:19], t
        order += [n for n in names if n in t["text"]]
assert order == names, (order, names)
seen = [s["signal"]["seen"] for s in case["signals"]]
assert seen == sorted(seen) and len(seen) == len(names), seen
PY
ok $? "its timeline: in the order in which the client came to them, by the sensor"
run 0 "for people" fb case show "$case"
like "$out" "$first" "the first name"
run 0 "the ledger is sound" fb ledger verify

# ---- the same packets again, from the captures of the hits
run 1 "hunted again in what was kept" "$FIREBREAK" watch --read "$(find "$TMP/hits" -name '*.pcap*' | sort | head -n 1)" \
	--case 3cx-2023 --events hits --state "$TMP/nowhere" --json
like "$out" '"campaign":"3cx-2023"' "it is still a hit"
tap_done
