#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# QUIC of a stack that is not ours (ngtcp2's client and server of Debian), captured and read: each
# connection once, with its name and version, whatever the server made of it.
. "$(dirname "$0")/../support/tap.sh"
cd "$TMP" || exit 1
export FIREBREAK
PATH=$PATH:/usr/sbin
for p in gtlsclient gtlsserver tcpdump ip openssl; do
	command -v $p >/dev/null || {
		skip 'QUIC' "$p is not installed (tools/deps.sh --test)"
		tap_done
		exit
	}
done
unshare -nm true 2>/dev/null || {
	skip 'QUIC' 'no network namespace'
	tap_done
	exit
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -subj /CN=quic.test -days 2 2>/dev/null
echo hello >index.html
cat >talk.sh <<'W'
ip link set lo up
tcpdump -i lo -B 65536 -s 66000 -w all.pcap --immediate-mode -U -Z root udp 2>dump.log & dump=$!
servers=
serve() { # PORT OPTIONS…
	gtlsserver -q "${@:2}" -d . 127.0.0.1 "$1" key.pem cert.pem >"server.$1" 2>&1 &
	servers="$servers $!"
}
serve 4433
serve 4434 --validate-addr
serve 4435 --preferred-versions=v2draft,v1
serve 4436 --groups=-GROUP-ALL:+GROUP-SECP384R1
for i in $(seq 100); do
	grep -q listening dump.log && [ "$(grep -c ':115[1234] ' /proc/net/udp)" = 4 ] && break
	sleep 0.02
done
say() { # NAME PORT OPTIONS…
	timeout 10 gtlsclient -q --exit-on-all-streams-close "${@:3}" "$1.quic.test" "$2" "https://$1.quic.test/" >"client.$1" 2>&1
	echo "$1 $?"
}
say plain 4433
say nocid 4433 --scid=
say retry 4434
say reserved 4433 --version=0x1a2a3a4a --preferred-versions=v1
say draft2 4433 --version=v2draft
say changed 4435 --version=v1 --other-versions=v2draft,v1 --preferred-versions=v2draft,v1
say again 4433 --session-file=session --tp-file=tp
say early 4433 --session-file=session --tp-file=tp
say again-hello 4436 --groups=-GROUP-ALL:+GROUP-SECP521R1:+GROUP-SECP384R1
say lossy 4433 --tx-loss=0.15
sleep 0.2
kill $servers $dump
wait $dump
W
for n in plain nocid retry reserved draft2 changed again early again-hello lossy; do echo "127.0.0.1 $n.quic.test"; done >hosts
unshare -nm sh -c 'mount --bind hosts /etc/hosts && exec bash talk.sh' >said 2>/dev/null
is "$(grep -v lossy said | grep -vc ' 0$')" 0 'ngtcp2 speaks with itself'
n=$(wc -l <said)
run 0 'watch reads it' "$FIREBREAK" watch --read all.pcap --json --stats --case 3cx-2023
printf '%s\n' "$out" >events
field() { grep -o "\"$1\":\"[^\"]*\"" | cut -d'"' -f4; }
is "$(grep '"_path":"ssl"' events | field server_name | sort -u)" "$(awk '{ print $1 ".quic.test" }' said | sort)" 'each name'
for v in 'plain 1' 'nocid 1' 'retry 1' 'reserved 1' 'draft2 unknown-709a50c4' 'changed 1' 'early 1' 'lossy 1'; do
	is "$(grep "\"server_name\":\"${v% *}[.]quic" events | field quic.version | paste -sd' ')" "${v#* }" "${v% *}: once, version ${v#* }"
done
stats=$(tail -1 events)
like "$stats" "\"quic_initials\":$n,\"quic_client_hellos\":$((n + 1))," 'each connection is counted once, one said hello twice'
is "$(grep -o '"lost_[a-z_]*":[1-9][0-9]*' <<<"$stats")" '' 'and nothing is lost'
is "$(grep -c '"cipher":"TLS_' events)" "$(grep -o '"tls_server_hellos":[0-9]*' <<<"$stats" | cut -d: -f2)" 'the servers answer with a cipher'
# A name and a fingerprint that came over QUIC are looked for like any other.
ja4=$(grep '"server_name":"retry[.]quic' events | field ja4)
like "$ja4" '^q13d[0-9]{4}h[0-9a-z]_[0-9a-f]{12}_[0-9a-f]{12}$' 'JA4 of a QUIC client'
printf 'type,value\ndomain,nocid.quic.test\nja4,%s\n' "$ja4" >bad.csv
run 1 'watch looks for them' "$FIREBREAK" watch --read all.pcap --json --events hits --indicators bad.csv
is "$(field seen.indicator <<<"$out" | sort -u | paste -sd' ')" "nocid.quic.test $ja4" 'both are hits'
if command -v tshark >/dev/null; then
	tshark -r all.pcap -d udp.port==4433,quic -d udp.port==4434,quic -Y 'quic && tls.handshake.type == 1' \
		-T fields -e tls.handshake.extensions_server_name 2>/dev/null | sort -u >tshark.names
	is "$(comm -23 tshark.names <(grep '"_path":"ssl"' events | field server_name | sort -u))" '' 'tshark sees no name that we do not'
else
	skip 'tshark' 'tshark is not installed'
fi
tap_done
