#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Names, fingerprints, certificates and requests as firebreak watch and as tshark tell them: of
# captures at hand, and of TLS 1.0 to 1.3, DTLS and STARTTLS by openssl in a network namespace. AGREE=all: of
# every capture of ../shared/data/net/ja4 (40 s).
. "$(dirname "$0")/../support/tap.sh"

command -v tshark >/dev/null || skip_all "no tshark"

agree() { # capture name
	local out rc
	out=$(python3 "$HERE/net_agree.py" "$FIREBREAK" "$1" 2>&1)
	rc=$?
	[ $rc = 0 ] || printf '%s\n' "$out" | grep only | sed 's/^/# /'
	ok $rc "$2: $(printf '%s' "$out" | sed 's/^[^ ]* //; s/;.*//' | tr '\n' ' ')"
}
HERE=$(dirname "$0")

dir=$SHARED/net/ja4/pcap
some="https-connect.pcap http1.pcapng latest.pcapng socks-https-example.pcap ssh2.pcapng"
[ "$AGREE" = all ] && some=$(cd "$dir" && echo *.pcap*)
if [ -n "$SHARED" ] && [ -d "$dir" ]; then
	for pcap in $some; do
		agree "$dir/$pcap" "$pcap"
	done
else
	skip "captures at hand" "no ../shared/data/net/ja4"
fi

# Every server and client at once; all their packets in one file.
cat >"$TMP/talk.sh" <<'EOF'
cd "$1" && ip link set lo up || exit 9
old=DEFAULT:@SECLEVEL=0
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -out c.pem -days 30 \
	-subj "/O=Two, words/CN=server.example" -addext "subjectAltName=DNS:server.example,DNS:*.server.example" || exit 9
tcpdump -Z root -i lo -B 65536 -s 66000 -U -w talk.pcap --immediate-mode 2>tcpdump.err &
dump=$!
for _ in $(seq 600); do grep -q "listening on" tcpdump.err && break; sleep .05; done
talk() { # port, server's options -- client's options
	local port=$1 side=s server=() client=()
	shift
	for o; do
		[ "$o" = -- ] && { side=c; continue; }
		[ $side = s ] && server+=("$o") || client+=("$o")
	done
	openssl s_server -accept 127.0.0.1:$port -cert c.pem -key k.pem -quiet "${server[@]}" >/dev/null 2>&1 &
	local pid=$!
	for _ in $(seq 600); do ss -Hlntu "sport = :$port" | grep -q . && break; sleep .05; done
	timeout 30 openssl s_client -connect 127.0.0.1:$port -servername host$port.example "${client[@]}" </dev/null >/dev/null 2>&1
	kill $pid
}
clients=()
talk 4401 -tls1_2 -- -tls1_2 -alpn h2,http/1.1 & clients+=($!)
talk 4402 -tls1_3 -- -tls1_3 & clients+=($!)
talk 4403 -groups P-384 -- -groups X25519:P-384 & clients+=($!)
talk 4404 -tls1_2 -Verify 1 -- -tls1_2 -cert c.pem -key k.pem & clients+=($!)
talk 4405 -tls1 -cipher $old -- -tls1 -cipher $old & clients+=($!)
talk 4406 -dtls1_2 -- -dtls1_2 & clients+=($!)
talk 4407 -dtls1_2 -mtu 300 -- -dtls1_2 -mtu 300 & clients+=($!)
talk 4408 -dtls1 -cipher $old -- -dtls1 -cipher $old & clients+=($!)
python3 "$2/starttls_server.py" c.pem k.pem 4501 >ready &
starttls=$!
for _ in $(seq 600); do grep -q ready ready && break; sleep .05; done
port=4501
for p in smtp imap pop3 ftp postgres ldap; do
	timeout 30 openssl s_client -connect 127.0.0.1:$port -starttls $p -servername $p.example </dev/null >/dev/null 2>&1 &
	clients+=($!)
	port=$((port + 1))
done
wait "${clients[@]}"
kill $starttls
# Until tcpdump has written what came last.
for _ in $(seq 200); do
	printf 'this is the last' >/dev/udp/127.0.0.1/9
	grep -q 'this is the last' talk.pcap && break
	sleep .05
done
kill -INT $dump
wait $dump
exit 0
EOF
if ! unshare -n true 2>/dev/null; then
	skip "openssl's connections" "no network namespaces here"
elif ! command -v tcpdump >/dev/null; then
	skip "openssl's connections" "no tcpdump"
elif ! unshare -n bash "$TMP/talk.sh" "$TMP" "$(realpath "$HERE")" >/dev/null 2>&1 || [ ! -s "$TMP/talk.pcap" ]; then
	skip "openssl's connections" "tcpdump cannot capture here"
else
	agree "$TMP/talk.pcap" "TLS 1.0 to 1.3, DTLS 1.0 and 1.2, STARTTLS by openssl"
	watched=$("$FIREBREAK" watch --read "$TMP/talk.pcap" --json --events all --stats 2>/dev/null)
	for name in host440{1,2,3,4,5,6,7,8} smtp imap pop3 ftp postgres ldap; do
		printf '%s' "$watched" | grep -q "\"event.action\":\"client_hello\".*\"server_name\":\"$name.example\""
		ok $? "$name.example is told"
	done
	is "$(printf '%s' "$watched" | grep -c hello_retry_request)" 1 "one HelloRetryRequest"
	is "$(printf '%s' "$watched" | grep -c '"client_cert":true')" 1 "one certificate of a client"
	is "$(printf '%s' "$watched" | sed -n 's/.*"lost_bad_tls":\([0-9]*\).*/\1/p')" 0 "nothing that does not parse"
fi
tap_done
