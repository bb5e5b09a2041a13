#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# firebreak watch on an interface, with real programs on both ends of a cable: every name is seen.
. "$(dirname "$0")/../support/tap.sh"
. "$TOP/tests/support/netns.sh"

printf 'type,value\ndomain,nothing.invalid\n' >"$TMP/none.csv"

# ---- the server's side
cert() { # NAME
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$TMP/$1.key" -out "$TMP/$1.pem" \
		-days 3 -subj "/CN=$1" -addext "subjectAltName=DNS:$1,DNS:*.$1" 2>/dev/null
}
cert tls.example
printf 'nameserver 10.77.0.2\noptions timeout:1 attempts:1\n' >"$TMP/resolv.conf"
if command -v unbound >/dev/null; then
	cat >"$TMP/unbound.conf" <<-CONF
		server:
		  interface: 10.77.0.2
		  interface: fd77::2
		  access-control: 0.0.0.0/0 allow
		  access-control: ::/0 allow
		  do-daemonize: no
		  use-syslog: no
		  chroot: ""
		  username: ""
		  directory: "$TMP"
		  pidfile: ""
		  module-config: "iterator"
		  local-zone: "example." static
		  local-data: "dig.example. A 10.77.0.2"
		  local-data: "dig6.example. AAAA fd77::2"
		  local-data: "tcp.example. A 192.0.2.7"
		  local-data: "long.example. TXT '$(printf 'x%.0s' $(seq 200))'"
		  local-data: "svc.example. HTTPS 1 . alpn=h2 ipv4hint=192.0.2.9"
		  local-data: "web.example. A 10.77.0.2"
		  local-data: "quic.example. A 10.77.0.2"
		  local-data: "tls.example. A 10.77.0.2"
		  local-data: "a.tls.example. AAAA fd77::2"
		remote-control:
		  control-enable: no
	CONF
	bg $S unbound -d -c "$TMP/unbound.conf"
	until_ok 5 on $C python3 -c 'import socket; socket.create_connection(("10.77.0.2", 53), 1)'
	dns=$?
fi
mkdir "$TMP/www"
echo hello >"$TMP/www/index.html"
bg $S python3 -m http.server --bind 10.77.0.2 --directory "$TMP/www" 80
bg $S openssl s_server -accept 443 -cert "$TMP/tls.example.pem" -key "$TMP/tls.example.key" -www
until_ok 5 on $C python3 -c 'import socket
for port in 80, 443: socket.create_connection(("10.77.0.2", port), 1)'
if command -v gtlsserver >/dev/null && command -v gtlsclient >/dev/null; then
	bg $S gtlsserver -q 10.77.0.2 4433 "$TMP/tls.example.key" "$TMP/tls.example.pem"
	quic=0
	until_ok 5 on $S grep -q ':1151 ' /proc/net/udp
fi

# saw NAME JQ-LIKE…: a line that holds each of these texts
saw() {
	local name=$1 lines
	shift
	lines=$(cat "$TMP/names.json")
	for t in "$@"; do
		lines=$(grep -F -- "$t" <<<"$lines")
	done
	[ -n "$lines" ]
	ok $? "$name"
}

live names --workers 2 --indicators "$TMP/none.csv" --stats
ok $? "watching"

if [ "${dns:-1}" -eq 0 ] && command -v dig >/dev/null; then
	on $C dig +short dig.example >"$TMP/dig.out"
	on $C dig +short @fd77::2 dig6.example AAAA >>"$TMP/dig.out"
	on $C dig +short +tcp tcp.example >>"$TMP/dig.out"
	on $C dig +short svc.example TYPE65 >>"$TMP/dig.out"
	on $C dig +short nowhere.example >>"$TMP/dig.out"
	on $C dig +short +bufsize=512 long.example TXT >>"$TMP/dig.out"
	like "$(cat "$TMP/dig.out")" '^10\.77\.0\.2$' "the resolver answers"
fi
if command -v curl >/dev/null; then
	on $C curl -s -m5 -o /dev/null http://web.example/path/to?q=1
	on $C curl -s -m5 -k -o /dev/null --tls-max 1.2 https://tls.example/
	on $C curl -s -m5 -k -o /dev/null --tlsv1.3 https://a.tls.example/ # over IPv6
fi
for v in 1_2 1_3; do
	echo | on $C openssl s_client -connect 10.77.0.2:443 -servername s$v.tls.example -alpn h2 -tls$v >/dev/null 2>&1
done
echo | on $C openssl s_client -connect '[fd77::2]:443' -servername six.tls.example >/dev/null 2>&1
echo | on $C openssl s_client -connect 10.77.0.2:443 -noservername >/dev/null 2>&1
if [ "${quic:-1}${dns:-1}" = 00 ]; then
	# (other versions: watch_quic.t)
	on $C timeout 5 gtlsclient -q --exit-on-all-streams-close quic.example 4433 https://quic.example/ >/dev/null 2>&1
fi
live_end
is $live_rc 0 "nothing was lost, nothing was hit"
[ $live_rc -eq 0 ] || tail -n 1 "$TMP/names.json" "$TMP/names.err" | sed 's/^/# /'

if [ "${dns:-1}" -eq 0 ] && command -v dig >/dev/null; then
	saw "dig, IPv4" '"_path":"dns"' '"query":"dig.example"' '"answers":["10.77.0.2"]' '"id.orig_h":"10.77.0.1"'
	saw "dig, over IPv6" '"query":"dig6.example"' '"answers":["fd77::2"]' '"id.resp_h":"fd77::2"'
	saw "dig, over TCP" '"query":"tcp.example"' '"answers":["192.0.2.7"]' '"proto":"tcp"'
	saw "an HTTPS record" '"query":"svc.example"' '192.0.2.9'
	saw "a name that is not there" '"query":"nowhere.example"' 'NXDOMAIN'
	saw "a long TXT record" '"query":"long.example"' '"event.action":"response"'
	is "$(grep -c '"_path":"dns".*"event.action":"query"' "$TMP/names.json")" "$(stat_of "$TMP/names.json" dns_queries)" \
		"queries are counted"
else
	skip "DNS" "unbound or dig is not installed"
fi
if command -v curl >/dev/null && [ "${dns:-1}" -eq 0 ]; then
	saw "curl, HTTP" '"_path":"http"' '"host":"web.example"' '"uri":"/path/to?q=1"'
	saw "curl, TLS 1.2" '"_path":"ssl"' '"server_name":"tls.example"' '"event.action":"client_hello"'
	saw "its certificate" '"_path":"x509"' 'CN=tls.example' '*.tls.example'
	saw "curl, TLS 1.3 over IPv6" '"_path":"ssl"' '"server_name":"a.tls.example"' '"id.resp_h":"fd77::2"'
	saw "resolved by its own query" '"query":"a.tls.example"' '"qtype_name":"AAAA"'
else
	skip "curl" "not installed, or no resolver"
fi
for n in s1_2 s1_3 six; do
	saw "openssl s_client, $n" '"_path":"ssl"' "\"server_name\":\"$n.tls.example\"" '"ja4":"t'
done
saw "TLS 1.2, chosen" '"event.action":"server_hello"' '"version":"TLSv12"'
saw "TLS 1.3, chosen" '"event.action":"server_hello"' '"version":"TLSv13"'
is "$(stat_of "$TMP/names.json" tls_no_sni)" 1 "a hello without a name"
if [ "${quic:-1}${dns:-1}" = 00 ]; then
	saw "QUIC" '"server_name":"quic.example"' '"ja4":"q' '"service":"quic,ssl"'
else
	skip "QUIC" "no gtlsclient and gtlsserver (ngtcp2), or no resolver"
fi
is "$(stat_of "$TMP/names.json" losses)" 0 "no loss of any kind"

# ---- the processes behind it
why=$("$BUILD/tests/system/socket_tool" 2>&1 >/dev/null </dev/null)
if [ -n "$why" ]; then
	skip "--processes" "$why"
elif [ "${dns:-1}" -eq 0 ] && command -v dig >/dev/null && command -v curl >/dev/null; then
	live names --workers 2 --indicators "$TMP/none.csv" --stats --processes
	on $C dig +short dig.example >/dev/null
	on $C dig +short +tcp tcp.example >/dev/null
	on $C curl -s -m5 -o /dev/null http://web.example/
	echo | on $C openssl s_client -connect 10.77.0.2:443 -servername who.tls.example >/dev/null 2>&1
	live_end
	saw "dig asked" '"query":"dig.example"' '"event.action":"query"' '"process.name":"dig"' "\"process.executable\":\"$(realpath "$(command -v dig)")\""
	saw "dig was answered" '"query":"dig.example"' '"event.action":"response"' '"process.name":"dig"'
	saw "dig asked over TCP" '"query":"tcp.example"' '"process.name":"dig"'
	saw "curl asked" '"query":"web.example"' '"process.name":"curl"'
	saw "curl fetched" '"host":"web.example"' '"process.name":"curl"' '"user.id"'
	saw "openssl said hello" '"server_name":"who.tls.example"' '"process.name":"openssl"'
	is "$(grep -c '"process.pid"' "$TMP/names.json")" "$(grep -cE '"_path":"(dns|ssl|http|x509|conn)"' "$TMP/names.json")" \
		"no line without its process"
	[ "$(stat_of "$TMP/names.json" processes_noted)" -ge 5 ]
	ok $? "they are counted"
	is "$(stat_of "$TMP/names.json" processes_missed)" 0 "none was missed"
fi

# ---- the interface goes away and comes back
cat >"$TMP/ask.py" <<'PY'
import socket, struct, sys
name = b"".join(bytes([len(l)]) + l for l in sys.argv[1].encode().split(b".")) + b"\0"
for i in range(int(sys.argv[2]) if len(sys.argv) > 2 else 1):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.sendto(struct.pack("!6H", i & 0xffff, 256, 1, 0, 0, 0) + name + struct.pack("!2H", 1, 1),
             (sys.argv[3] if len(sys.argv) > 3 else "10.77.0.2", 53))
PY
rm -f "$TMP/resolv.conf"
ask() {
	nsenter --net=/run/netns/$C python3 "$TMP/ask.py" "$@"
}
said() { # TEXT: within five seconds
	until_ok 5 grep -qF -- "$1" "$TMP/away.err"
	ok $? "told: $1"
}
live away --workers 2 --indicators "$TMP/none.csv" --stats
ask before.example
ip -n $C link set $CIF down
said "interface $CIF is down"
ip -n $C link set $CIF up
said "interface $CIF is up again"
ask again.example
ip -n $C link del $CIF
said "interface $CIF is gone"
plug
said "interface $CIF is back"
ask back.example
until_ok 5 grep -q '"query":"back.example"' "$TMP/away.json"
live_end
for n in before again back; do
	grep -q "\"query\":\"$n.example\"" "$TMP/away.json"
	ok $? "seen: $n"
done
is "$(stat_of "$TMP/away.json" lost_kernel)" 0 "and nothing lost"
is "$(grep -c "interface $CIF is gone" "$TMP/away.err")" 1 "told once"

# ---- what is told before anything is watched
run 3 "no such interface" nsenter --net=/run/netns/$C "$FIREBREAK" watch --interface nosuch0 --state "$TMP/nowhere" \
	--indicators "$TMP/none.csv"
like "$err" "no interface \"?nosuch0\"?; this host has: lo, $CIF" "and which there are"
nsenter --net=/run/netns/$C setpriv --reuid 65534 --clear-groups --inh-caps=-all --bounding-set=-all "$FIREBREAK" watch \
	--interface $CIF --state "$TMP/nowhere" --case 3cx-2023 >"$TMP/out" 2>"$TMP/err" </dev/null
rc=$?
[ $rc -ne 0 ] && [ $rc -lt 128 ]
ok $? "without CAP_NET_RAW (exit $rc)"
like "$(cat "$TMP/err")" "CAP_NET_RAW: run this as root, or once \"?.?setcap cap_net_raw=ep" "and what to do about it"

# With it alone, and as nobody. Names that came over another interface are there once, too.
chmod 711 "$TMP"
printf '#!/bin/sh\nexec setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all,+net_raw --ambient-caps=-all,+net_raw --bounding-set=-all,+net_raw "%s" "$@"\n' \
	"$FIREBREAK" >"$TMP/as-nobody"
chmod 755 "$TMP/as-nobody"
FIREBREAK=$TMP/as-nobody live few --interface any --workers 2 --case 3cx-2023 --stats
ok $? "with CAP_NET_RAW alone, as nobody"
ask few.example
ask lo.example 1 127.0.0.1
ask akamaicontainer.com
until_ok 5 grep -q '"seen.indicator":"akamaicontainer.com"' "$TMP/few.json"
ok $? "a hit is told while the watch goes on"
live_end
is $live_rc 1 "and at the end"
asked() { # NAME: how many queries
	grep '"event.action":"query"' "$TMP/few.json" | grep -c "\"query\":\"$1\""
}
is "$(asked few.example) $(asked lo.example)" "1 1" \
	"each packet once, on a cable and on the loopback interface"

# ---- workers have nothing
live bare --workers 2 --indicators "$TMP/none.csv"
bad=0 n=0
for p in $(pgrep -P "$live_pid"); do
	n=$((n + 1))
	grep -q '^CapEff:.0*$' /proc/"$p"/status && grep -q '^NoNewPrivs:.1' /proc/"$p"/status &&
		grep -q '^Seccomp:.2' /proc/"$p"/status && grep -qE '^Uid:.(65534.){3}' /proc/"$p"/status || bad=1
done
is "$n $bad" "2 0" "workers have no capability, no way to get one, and are nobody"
worker=$(pgrep -P "$live_pid" | head -n 1)
kill -STOP "$worker"
until_ok 60 grep -q "worker 1 of 2 does not answer" "$TMP/bare.err"
ok $? "a worker that stands still is told"
kill -CONT "$worker"
until_ok 60 grep -q "worker 1 of 2 goes on" "$TMP/bare.err"
ok $? "and that it goes on"
kill -9 "$worker"
until_ok 5 bash -c "! kill -0 $live_pid"
wait "$live_pid"
is $? 4 "a worker that dies is not overlooked"
live_pid=
like "$(cat "$TMP/bare.err")" "worker" "and told"

# ---- the disk is full
if mkdir "$TMP/small" && mount -t tmpfs -o size=64k none "$TMP/small" 2>/dev/null; then
	live full --indicators "$TMP/none.csv" --output "$TMP/small/lines"
	ask full.example 2000
	until_ok 10 bash -c "! kill -0 $live_pid"
	ok $? "it ends when it can write no more"
	wait "$live_pid"
	is $? 4 "with its exit code"
	live_pid=
	like "$(cat "$TMP/full.err")" "small/lines.*No space left" "and says why"
	umount "$TMP/small"
else
	skip "a full disk" "no tmpfs"
fi

# ---- sent = seen + dropped
if command -v tcpreplay >/dev/null; then
	# shellcheck disable=SC2046 # words
	"$BUILD/tests/system/capture_tool" "$TMP/some.pcap" 2023-03-22T00:00:00Z $(for i in $(seq 200); do
		echo "dns 10.77.0.1 n$i.example 192.0.2.$((i % 250)) tls 10.77.0.1 192.0.2.$((i % 250)) n$i.example"
	done)
	replay() { # LOOPS OPTION: how many packets went over the cable goes to $sent, its own noise included
		local before
		before=$(passed)
		nsenter --net=/run/netns/$S tcpreplay -q -K --loop="$1" -i $SIF "$2" "$TMP/some.pcap" >"$TMP/replay.out" 2>&1 ||
			sed 's/^/# /' "$TMP/replay.out"
		sent=$((sent + $(passed) - before))
	}
	quiet() { # no reports and probes of the kernel's own between counting and ending
		nsenter --net=/run/netns/$C sysctl -qw net.ipv6.conf.all.disable_ipv6=1
		nsenter --net=/run/netns/$S sysctl -qw net.ipv6.conf.all.disable_ipv6=1
		ip -n $C link set $CIF arp off
		ip -n $S link set $SIF arp off
		local n=0 was=-1
		until [ "$(passed)" = "$was" ] || [ $((n += 1)) -gt 20 ]; do
			was=$(passed)
			sleep 0.3
		done
	}
	quiet
	for w in 1 2; do
		for rate in --pps=$((60000 / w)) --topspeed; do
			live rate --workers $w --indicators "$TMP/none.csv" --stats --events hits
			sent=0
			replay 4 $rate
			live_end
			got=$(stat_of "$TMP/rate.json" packets) lost=$(stat_of "$TMP/rate.json" lost_kernel)
			is "$((got + lost)) $((got > 7000))" "$sent 1" "workers: $w, $rate: sent = seen + dropped ($lost)"
		done
		live rate --workers $w --indicators "$TMP/none.csv" --stats --events hits --memory 16M
		sent=0
		workers=$(pgrep -P "$live_pid")
		# shellcheck disable=SC2086 # a list
		kill -STOP $workers
		replay 20 --topspeed
		# shellcheck disable=SC2086
		kill -CONT $workers
		live_end
		got=$(stat_of "$TMP/rate.json" packets) lost=$(stat_of "$TMP/rate.json" lost_kernel)
		is $((got + lost)) $sent "workers that stand still: $w: sent = seen + dropped"
		[ "$lost" -gt 0 ] && [ "$got" -gt 0 ]
		ok $? "and some were dropped ($lost)"
		is $live_rc 4 "which is no clean result"
	done

	# New indicators while packets come.
	"$FIREBREAK" ledger init --state "$TMP/state" >/dev/null 2>&1
	"$FIREBREAK" intel import "$TMP/none.csv" --state "$TMP/state" >/dev/null 2>&1
	live reload --state "$TMP/state" --stats --events hits --workers 2
	sent=0
	for i in 1 2 3; do
		printf 'type,value\ndomain,n%d.example\n' $i >"$TMP/new.$i.csv"
		("$FIREBREAK" intel import "$TMP/new.$i.csv" --state "$TMP/state" && kill -HUP "$live_pid") >/dev/null 2>&1 &
		replay 1 --pps=20000
		wait $!
	done
	replay 1 --pps=20000
	live_end
	is "$(stat_of "$TMP/reload.json" packets) $(stat_of "$TMP/reload.json" lost_kernel)" "$sent 0" \
		"no packet is lost while indicators are loaded"
	[ "$(stat_of "$TMP/reload.json" reloads)" -ge 2 ]
	ok $? "and they were"
	grep -q '"seen.indicator":"n3.example"' "$TMP/reload.json"
	ok $? "and found"
else
	skip "replay" "tcpreplay is not installed"
fi
tap_done
