#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# intel export for resolvers: real ones load it, and answer as intel show says of each name.
. "$(dirname "$0")/../support/tap.sh"
cd "$TMP" || exit 1
now=2026-11-22T12:00:00Z
export FIREBREAK
cat >bad.csv <<'W'
type,value,source,confidence,category,valid_until,exact,side
domain,evil.example.net,ir,90,c2,2027-01-01,,bad
domain,a.b.evil.example.net,ir,90,c2,,,bad
domain,exact.bad.example.org,ir,90,c2,,true,bad
domain,over.bad.example.org,ir,90,c2,2026-01-05,,bad
domain,weak.bad.example.org,ir,10,c2,,,bad
domain,_under.score.example.org,ir,90,c2,,,bad
domain,xn--bcher-kva.example,ir,90,c2,2026-12-24T18:00:00Z,,bad
domain,github.io,ir,90,c2,,,bad
domain,tenant.github.io,ir,90,c2,,,bad
ipv4,198.51.100.0/24,ir,80,c2,,,bad
ipv4,203.0.113.7,ir,80,c2,,,bad
ipv6,2001:db8:5::/48,ir,80,c2,,,bad
domain,good.evil.example.net,wl,80,vendor,,,benign
domain,p.q.evil.example.net,wl,80,vendor,,,benign
domain,only.evil.example.net,wl,80,top-site,,true,benign
ipv4,198.51.100.53,wl,80,resolver,,,benign
W
"$FIREBREAK" intel import bad.csv --state state --clock $now >/dev/null
for f in unbound dnsdist hosts rpz; do
	run 0 "$f" "$FIREBREAK" intel export --state state --clock $now --format $f --out $f.out
	like "$err" 'ends at 2026-12-24T18:00:00Z' "$f: when the first one ends is said"
	like "$(tail -1 $f.out)" 'ends at 2026-12-24T18:00:00Z' "$f: in the file, too"
	is "$(grep -c 'over.bad\|weak.bad' $f.out)" 0 "$f: what is over or weak is not there"
	"$FIREBREAK" intel export --state state --clock $now --format $f --out $f.again 2>/dev/null
	cmp -s $f.out $f.again
	ok $? "$f: the same again"
done
is "$("$FIREBREAK" intel export --state state --clock 2027-06-01T00:00:00Z --format hosts --out later.out --json | grep -o '"first_end":[^,]*')" \
	'"first_end":null' 'when nothing in it ends, nothing is said'
is "$(grep -c 'evil.example.net$\|bcher' later.out)" 2 'and what has ended is gone'

# --- what each of them does with a name: block, pass, or nodata ---
bases='evil.example.net exact.bad.example.org over.bad.example.org weak.bad.example.org github.io
	tenant.github.io other.github.io a.b.evil.example.net b.evil.example.net good.evil.example.net
	q.evil.example.net p.q.evil.example.net r.q.evil.example.net only.evil.example.net z.b.evil.example.net
	example.net _under.score.example.org score.example.org xn--bcher-kva.example'
for b in $bases; do printf '%s\n' "$b" "x.$b" "y.x.$b"; done >names
"$FIREBREAK" intel show - --json --state state --clock $now <names 2>/dev/null | python3 -c '
import json, sys
block = {}
for l in sys.stdin:
    h = json.loads(l)
    block[h["value"]] = block.get(h["value"], False) or h["block"]
for n in open("names"):
    n = n.strip()
    print(n, "block" if block.get(n) else "pass")
' >want
is "$(grep -c block want)" 31 'there is something to block'

is "$(grep -v '^#' hosts.out | awk '{ print $2 }' | sort -u)" \
	"$(grep block want | grep -v '^[xy]\.' | cut -d' ' -f1 | grep -vx 'q.evil.example.net\|r.q.evil.example.net\|[z.]*b.evil.example.net' | sort)" \
	'hosts: the listed names'
is "$(grep -c '^0.0.0.0 ' hosts.out) $(grep -c '^:: ' hosts.out)" '7 7' 'hosts: for both families'
if unshare -m true 2>/dev/null && command -v getent >/dev/null; then
	run 0 'hosts: getent reads it' unshare -m sh -c 'mount --bind hosts.out /etc/hosts && getent ahosts evil.example.net'
	is "$(awk '{ print $1 }' <<<"$out" | sort -u | paste -sd' ')" '0.0.0.0 ::' 'hosts: nowhere'
else
	skip 'hosts: getent' 'no mount namespace'
fi

# An upstream that has an address for every name, one each in what is listed.
cat >upstream.py <<'P'
import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.1', 5300))
print('ready', flush=True)
fixed = {b'net': '198.51.100.9', b'resolver': '198.51.100.53', b'one': '203.0.113.7', b'next': '203.0.113.8'}
while True:
    q, a = s.recvfrom(2048)
    i, n = 12, q[12]
    label = q[13:13 + n].lower()
    while q[i]:
        i += 1 + q[i]
    q = q[:i + 5]
    ip = fixed.get(label, '192.0.2.99') if q[-3:-2] == b'\x01' else None
    rr = b'\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4' + socket.inet_aton(ip) if ip else b''
    s.sendto(q[:2] + b'\x81\x80\0\1' + struct.pack('>H', bool(rr)) + b'\0\0\0\0' + q[12:] + rr, a)
P
cat >ask.py <<'P'
import random, socket, struct, sys
port, names = int(sys.argv[1]), [l.split()[0] for l in open(sys.argv[2])]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0.4)
for n in names:
    i = random.getrandbits(16)
    q = struct.pack('>HHHHHH', i, 0x100, 1, 0, 0, 0) + b''.join(bytes([len(p)]) + p.encode() for p in n.split('.')) + b'\0\0\1\0\1'
    for _ in range(10):
        s.sendto(q, ('127.0.0.1', port))
        try:
            r = s.recv(4096)
        except OSError:
            continue
        if r[:2] == q[:2]:
            break
    else:
        print(n, 'silence')
        continue
    print(n, 'block' if r[3] & 15 == 3 or r[6:8] == b'\0\0' else 'pass' if r[3] & 15 == 0 else 'error')
P
printf '%s\n' net.addr.example resolver.addr.example one.addr.example next.addr.example >addresses
printf '%s\n' 'net.addr.example block' 'resolver.addr.example pass' 'one.addr.example block' 'next.addr.example pass' >want-addresses
cat >serve.sh <<'W'
# serve.sh PORT OUT COMMAND…: asks all names, in a network of its own
port=$1 out=$2
shift 2
ip link set lo up
python3 upstream.py >ready & u=$!
"$@" >server.log 2>&1 & s=$!
for i in $(seq 50); do [ -s ready ] && break; sleep 0.05; done
head -1 names >first
for i in $(seq 60); do grep -q 'block\|pass' <<<"$(timeout 1 python3 ask.py "$port" first)" && break; sleep 0.05; done
python3 ask.py "$port" names >"$out"
python3 ask.py "$port" addresses >"$out.addresses"
kill $u $s
wait $s 2>/dev/null
true
W
server() { # NAME PORT COMMAND…
	run 0 "$1: runs" unshare -n bash serve.sh "$2" "$1.got" "${@:3}"
}
unbound_conf() { # NAME FILE LINES
	cat >"$2" <<W
server:
  chroot: ""
  username: ""
  directory: "$TMP"
  pidfile: ""
  use-syslog: no
  interface: 127.0.0.1@5301
  do-not-query-localhost: no
  module-config: "respip iterator"
  do-ip6: no
$3
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@5300
remote-control:
  control-enable: no
W
}
if ! unshare -n true 2>/dev/null || ! command -v ip >/dev/null; then
	skip 'resolvers' 'no network namespace'
	tap_done
	exit
fi
if command -v unbound >/dev/null; then
	unbound_conf unbound u.conf "include: \"$TMP/unbound.out\""
	run 0 'unbound-checkconf' unbound-checkconf u.conf
	server unbound 5301 unbound -d -c u.conf
	# One thing it cannot say: below a name that passes alone, all pass.
	is "$(diff <(grep -v '[.]only[.]' want) <(grep -v '[.]only[.]' unbound.got) 2>&1)" '' 'unbound: blocks what intel show would block'
	is "$(grep -c '[.]only[.].* pass' unbound.got)" 2 'unbound: what is ordinary passes, with what is below it'
	is "$(cat unbound.got.addresses)" "$(cat want-addresses)" 'unbound: addresses in answers'
	unbound_conf rpz r.conf "rpz:
  name: firebreak.rpz
  zonefile: \"$TMP/rpz.out\"
"
	server rpz 5301 unbound -d -c r.conf
	is "$(diff want rpz.got 2>&1)" '' 'the zone, in Unbound: blocks what intel show would block'
	is "$(cat rpz.got.addresses)" "$(cat want-addresses)" 'the zone, in Unbound: addresses in answers'
else
	skip 'unbound' 'unbound is not installed'
fi
if command -v dnsdist >/dev/null; then
	{
		echo 'setLocal("127.0.0.1:5301"); setSecurityPollSuffix("")'
		echo 'newServer({ address = "127.0.0.1:5300", healthCheckMode = "up" })'
		echo 'getServer(0):setUp()'
		echo "dofile(\"$TMP/dnsdist.out\")"
	} >d.conf
	run 0 'dnsdist --check-config' dnsdist --check-config -C d.conf
	server dnsdist 5301 dnsdist --supervised --disable-syslog -C d.conf
	is "$(diff want dnsdist.got 2>&1)" '' 'dnsdist: blocks what intel show would block'
else
	skip 'dnsdist' 'dnsdist is not installed'
fi
tap_done
