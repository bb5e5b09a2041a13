#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# DNS as the sensor sees it: counts of the generator, a real server and real clients in a namespace,
# every message against tshark; multicast and NetBIOS; what `seen` and `intel retro` know of it.
. "$(dirname "$0")/../support/tap.sh"

ROWS=$BUILD/tests/conformance/dns_rows
py=$TOP/tests/conformance/net_dns.py
command -v python3 >/dev/null || skip_all "no python3"
count() { awk -F '\t' -v n="$1" '$1 == "stat" && $2 == n { print $3 }' "$TMP/rows"; }
# agree CAPTURE NAME: every message as tshark reads it
agree() {
	"$ROWS" "$1" >"$TMP/rows" 2>"$TMP/err"
	if ! command -v tshark >/dev/null; then
		skip "$2" "no tshark"
		return
	fi
	python3 "$py" agree "$TMP/rows" "$1" >"$TMP/agree"
	ok $? "$2: $(tail -n 1 "$TMP/agree")"
	grep '^#' "$TMP/agree" | head -n 20
}

# ---- a generated capture: the generator's own counts
gen=$SHARED/net/gen/gen.c
if [ -n "$SHARED" ] && [ -f "$gen" ] && cc -O1 -w -o "$TMP/gen" "$gen" -lcrypto 2>"$TMP/err"; then
	"$TMP/gen" "$TMP/x.pcap" 20000 60 25 3 6 6 12
	"$ROWS" "$TMP/x.pcap" >"$TMP/rows"
	for n in packets dns_queries dns_responses dns_answers; do
		is "$(count $n)" "$(grep -o "\"$n\":[0-9]*" "$TMP/x.pcap.truth.json" | cut -d: -f2)" \
			"$n as the generator counted"
	done
	is "$(count lost_bad_dns)" 0 "nothing is lost"
else
	skip "the generator's counts" "no ../shared/data/net/gen, or it does not build"
fi

# ---- multicast, NetBIOS and bad messages, made by hand
python3 "$py" make "$TMP/hand.pcap"
agree "$TMP/hand.pcap" "mDNS, LLMNR, NBNS"
is "$(count dns_queries) $(count dns_responses) $(count dns_answers) $(count lost_bad_dns)" "4 5 7 2" \
	"queries, responses, answers, and two bad messages, whose first records stand"
is "$(awk -F '\t' '$1 == 2 { print $2, $3 }' "$TMP/rows")" "224.0.0.251:5353 192.168.1.8:5353" \
	"a response to the group is from its sender"
is "$(awk -F '\t' '$1 == 6 { print $2, $3, $8 }' "$TMP/rows")" \
	"192.168.1.7:137 192.168.1.8:137 1|32||filesrv||192.168.1.8|20" "a NetBIOS name is decoded"

# ---- captures at hand
if [ -n "$SHARED" ] && [ -d "$SHARED/net/ja4/pcap" ]; then
	for f in gre-sample.pcap latest.pcapng ssh2.pcapng v6.pcap; do
		agree "$SHARED/net/ja4/pcap/$f" "$f"
	done
else
	skip "captures at hand" "no ../shared/data/net/ja4"
fi

# ---- a server and clients
for p in unbound kdig tcpdump unshare ip; do
	command -v $p >/dev/null || [ -x /usr/sbin/$p ] || missing=$p
done
if [ -n "$missing" ]; then
	skip "a real server" "no $missing"
	tap_done
fi
if ! unshare -n true 2>/dev/null; then
	skip "a real server" "no namespaces here"
	tap_done
fi
PATH=$PATH:/usr/sbin:/sbin
cd "$TMP" || exit 1
chmod 755 .
cat >zone <<'ZONE'
$ORIGIN example.
@ 300 IN SOA ns.example. hostmaster.example. 1 2 3 4 60
@ 300 IN NS ns.example.
ns 300 IN A 192.0.2.53
www 300 IN CNAME cdn.example.
cdn 300 IN CNAME edge.example.
edge 60 IN A 192.0.2.1
edge 60 IN A 192.0.2.2
edge 60 IN AAAA 2001:db8::1
mail 300 IN MX 10 mx.example.
mx 300 IN A 192.0.2.25
_sip._udp 300 IN SRV 1 2 5060 edge.example.
txt 300 IN TXT "hello" "world"
naptr 300 IN NAPTR 100 50 "s" "SIP+D2U" "" _sip._udp.example.
svc 300 IN HTTPS 1 . alpn=h2,h3 ipv4hint=192.0.2.7,192.0.2.8 ech=AEn+DQ== ipv6hint=2001:db8::7
svcb 300 IN SVCB 2 edge.example. port=853
old 300 IN DNAME new.example.
a.new 300 IN A 192.0.2.9
rp 300 IN RP who.example. txt.example.
*.wild 300 IN A 192.0.2.77
sub 300 IN NS ns.sub.example.
ns.sub 300 IN A 192.0.2.99
ZONE
for i in $(seq 400); do echo "many 60 IN A 10.1.$((i / 250)).$((i % 250))"; done >>zone
cat >unbound.conf <<CONF
server:
	interface: 127.0.0.1
	username: ""
	chroot: ""
	directory: "$TMP"
	pidfile: ""
	use-syslog: no
	do-daemonize: no
	access-control: 127.0.0.0/8 allow
	ede: yes
auth-zone:
	name: example.
	zonefile: zone
	for-downstream: yes
	for-upstream: no
remote-control:
	control-enable: no
CONF
cat >talk.sh <<'TALK'
ip link set lo up
unbound -c unbound.conf >unbound.log 2>&1 &
server=$!
tcpdump -i lo -B 65536 -s 66000 -U --immediate-mode -w live.pcap >tcpdump.log 2>&1 &
dump=$!
"$FIREBREAK" watch --interface lo --events hits --json --stats --state live >watch.out 2>watch.err &
watch=$!
for i in $(seq 50); do grep -q listening tcpdump.log && grep -q watching watch.err && break; sleep .1; done
ask() { kdig @127.0.0.1 +timeout=2 "$@" >>answers 2>&1; }
for i in $(seq 50); do ask ns.example +timeout=1 && break; sleep .1; done
for t in A AAAA HTTPS; do ask WwW.Example $t +edns +subnet=198.51.100.0/24; done
ask mail.example MX _sip._udp.example SRV txt.example TXT naptr.example NAPTR svc.example HTTPS \
	svcb.example SVCB a.old.example A rp.example RP
ask nx.example x.wild.example x.sub.example example SOA 1.2.0.192.in-addr.arpa PTR
ask +tcp +keepopen www.example mail.example MX many.example A svc.example HTTPS nx.example
ask many.example
ask 'odd\.dot\000zero.wild.example'
for i in $(seq 50); do # until the last answer is written
	sleep .1
	tcpdump -nr live.pcap 2>/dev/null | grep -q 'odd.*A 192.0.2.77' && break
done
kill -INT $watch
kill $dump $server
wait
TALK
"$FIREBREAK" ledger init --state live >/dev/null 2>&1
export FIREBREAK
unshare -n bash talk.sh 2>talk.err
if [ "$(wc -c <live.pcap)" -lt 1000 ]; then
	skip "a real server" "nothing was captured: $(tail -n 1 tcpdump.log)"
	tap_done
fi
agree live.pcap "unbound and kdig, UDP and TCP"
is "$(count lost_bad_dns)" 0 "nothing is lost"
is "$(grep -c 'many.example.*10\.1\.' rows)" 4 "400 addresses over TCP, twice, in two parts each"
if grep -q watching watch.err; then
	run 1 "what was seen on an interface" "$FIREBREAK" seen www.example 2001:db8::1 --state live
	like "$out" "network: client 127.0.0.1, answer 192.0.2.1" "a name, who asked, and what for an answer"
	like "$out" "network: client 127.0.0.1, answer for www.example" "and an IPv6 address"
else
	skip "an interface" "$(head -n 1 watch.err)"
fi
"$FIREBREAK" ledger init --state s >/dev/null 2>&1
run 0 "what was on the line" "$FIREBREAK" watch --read live.pcap --json --events hits --state s
run 1 "is in the record" "$FIREBREAK" seen www.example 192.0.2.1 edge.example --state s
like "$out" "live.pcap: client 127.0.0.1, answer 192.0.2.1" "a name, who asked, and what for an answer"
like "$out" "live.pcap: client 127.0.0.1, answer for www.example" "an address, by the name that was asked for"
like "$out" "live.pcap: client 127.0.0.1, asked for www.example" "the name at the end of the chain"
printf 'type,value\ndomain,edge.example\nip,192.0.2.77\n' >new.csv
run 1 "new indicators are hunted back over it" "$FIREBREAK" intel retro --indicators new.csv --state s
like "$out" "edge.example" "a name of a chain"
like "$out" "192.0.2.77" "an address that was only answered"
"$FIREBREAK" ledger init --state t >/dev/null 2>&1
run 0 "and with --no-record" "$FIREBREAK" watch --read live.pcap --events hits --no-record --state t
run 6 "nothing is" "$FIREBREAK" seen www.example --state t
tap_done
