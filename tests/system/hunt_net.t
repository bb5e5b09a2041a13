#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# firebreak hunt on captures: every kind of thing that an indicator can name, from DNS to certificates and
# URLs, in tunnels and in pieces.
. "$(dirname "$0")/../support/tap.sh"

command -v python3 >/dev/null || skip_all "no python3"
command -v openssl >/dev/null || skip_all "no openssl"
make=$TOP/tests/system/watch_capture.py
cd "$TMP" || exit 1
hunt() { "$FIREBREAK" hunt --state "$TMP/none" "$@"; }
# rows: a line a hit, of the object on stdin
rows='import json, sys
for x in sorted(json.load(sys.stdin)["hits"], key=lambda x: (x["packet"], x["kind"], x["how"], x["observed"], x["indicator"]["value"])):
    print(*[x.get(k) for k in ("kind", "how", "observed", "client", "server", "asked")], x["indicator"]["value"])'

openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -outform DER -out cert.der -days 3650 -set_serial 0xab12cd \
	-subj "/CN=*.cert-bad.example" -addext "subjectAltName=DNS:www.san-bad.example" 2>/dev/null
python3 "$make" plain.pcap plain
python3 "$make" tls.pcap tls cert.der
sha256=$(sha256sum <cert.der | cut -d' ' -f1)

cat >plain.csv <<'CSV'
type,value
domain,bad.example
domain,end.bad-target.example
ipv4,203.0.113.66
ipv6,2001:db8:bad::/48
ip-port,203.0.113.77:4444
ip-port,203.0.114.9:444
domain,bad-host.example
url,http://ok.example/news.html
url-path,/gate/index.php
CSV
run 1 "names, addresses, hosts and URLs" hunt --pcap plain.pcap --indicators plain.csv --json
is "$(python3 -c "$rows" <<<"$out")" "\
dns query deep.sub.bad.example 10.0.0.2 192.0.2.53 None bad.example
address answered 203.0.113.66 10.0.0.3 192.0.2.53 start.example 203.0.113.66
dns target end.bad-target.example 10.0.0.3 192.0.2.53 start.example end.bad-target.example
address answered 2001:db8:bad::5 10.0.0.5 192.0.2.53 v6.example 2001:db8:bad::/48
http host web.bad-host.example 10.0.0.6 198.51.100.80 None bad-host.example
http url http://web.bad-host.example:8080/gate/index.php?id=7 10.0.0.6 198.51.100.80 None /gate/index.php
http url http://ok.example/news.html 10.0.0.7 198.51.100.81 None http://ok.example/news.html
address server 203.0.113.77 10.0.0.8 203.0.113.77 None 203.0.113.77:4444" "are found, each once"
run 1 "the same for people" hunt --pcap plain.pcap --indicators plain.csv
like "$out" '10.0.0.6 asked by HTTP for web.bad-host.example \(198.51.100.80\)' "a host"
like "$out" '10.0.0.8 talked to 203.0.113.77 \(203.0.113.77\)' "an address without a name"

hello=$("$FIREBREAK" watch --read tls.pcap --json --events all --indicators plain.csv --state "$TMP/none" |
	grep '"www.sni-bad.example"' | grep '"_path":"ssl"' | head -n 1)
ja3=$(sed -n 's/.*"ja3":"\([^"]*\)".*/\1/p' <<<"$hello")
ja4=$(sed -n 's/.*"ja4":"\([^"]*\)".*/\1/p' <<<"$hello")
cat >tls.csv <<CSV
type,value
domain,sni-bad.example
domain,public.ech.example
domain,cert-bad.example
domain,san-bad.example
cert,$sha256
cert-serial,ab12cd
ja3,$ja3
ja4,$ja4
CSV
run 1 "hellos and certificates" hunt --pcap tls.pcap --indicators tls.csv --json --stix out.stix --sarif out.sarif
printf '%s\n' "$out" >tls.json
is "$(python3 -c "$rows" <tls.json)" "\
fingerprint ja3 $ja3 10.2.0.2 198.51.100.102 None $ja3
fingerprint ja4 $ja4 10.2.0.2 198.51.100.102 None $ja4
tls sni www.sni-bad.example 10.2.0.2 198.51.100.102 None sni-bad.example
certificate certificate $sha256 10.2.0.2 198.51.100.102 None $sha256
certificate certificate-name cert-bad.example 10.2.0.2 198.51.100.102 None cert-bad.example
certificate certificate-name www.san-bad.example 10.2.0.2 198.51.100.102 None san-bad.example
certificate certificate-serial ab12cd 10.2.0.2 198.51.100.102 None ab12cd
tls public-sni public.ech.example 10.2.0.3 198.51.100.103 None public.ech.example" "are found"
run 1 "the same for people" hunt --pcap tls.pcap --indicators tls.csv
like "$out" '10.2.0.2 opened TLS to www.sni-bad.example' "a name"
like "$out" "10.2.0.2 said hello as $ja4" "a fingerprint"
like "$out" "10.2.0.2 was shown the certificate $sha256" "a certificate"
like "$out" '1 TLS hellos hide the host name' "and what is hidden"
is "$(python3 -c '
import json
b = json.load(open("out.stix"))["objects"]
print(sorted({o["type"] for o in b if o["type"] in ("x509-certificate", "domain-name", "network-traffic")}))')" \
	"['domain-name', 'network-traffic', 'x509-certificate']" "STIX has the certificate"
like "$(cat out.sarif)" '"hunt/certificate"' "and SARIF its rule"

# --- tunnels and pieces: the query of packet 3 of plain.pcap inside VXLAN, that cut up ---
python3 - <<'PY'
import socket, struct
d = open("plain.pcap", "rb").read()
head, d, frames = d[:24], d[24:], []
while d:
    n = struct.unpack("<I", d[8:12])[0]
    frames.append(d[16:16 + n])
    d = d[16 + n:]


def ip(proto, body, ident=7, frag=0):
    return bytes(12) + b"\x08\0" + struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), ident, frag, 64, proto, 0) + \
        socket.inet_aton("192.0.2.201") + socket.inet_aton("192.0.2.202") + body


vxlan = b"\x08\0\0\0\0\0\x2a\0" + frames[2]
udp = struct.pack("!HHHH", 50000, 4789, 8 + len(vxlan), 0) + vxlan
cut = [ip(17, udp[i:i + 48], 9, i // 8 | (0x2000 if i + 48 < len(udp) else 0)) for i in range(0, len(udp), 48)]
with open("tunnel.pcap", "wb") as f:
    f.write(head)
    for i, x in enumerate([ip(17, udp)] + cut[::-1]):
        f.write(struct.pack("<IIII", 1679486400 + i, 0, len(x), len(x)) + x)
PY
run 1 "a query in a tunnel, whole and in pieces" hunt --pcap tunnel.pcap --indicators plain.csv --json
is "$(python3 -c 'import json, sys
d = json.load(sys.stdin)
print([(x["observed"], x["client"], x["packet"], x["last_packet"], x["count"]) for x in d["hits"]])
c = d["captures"][0]["counts"]
print(c["tunnelled"], c["fragments"], c["lost_fragments"])' <<<"$out")" "\
[('deep.sub.bad.example', '10.0.0.2', 1, 3, 2)]
2 2 0" "is found twice"

quic=$SHARED/net/ja4/pcap/quic-tls-handshake.pcapng
if [ -n "$SHARED" ] && [ -f "$quic" ]; then
	printf 'value\ngoogle.com\n' >quic.csv
	run 1 "QUIC" hunt --pcap "$quic" --indicators quic.csv --json
	like "$(python3 -c "$rows" <<<"$out")" '^tls quic-sni www.google.com 192.168.1.168 ' "its names are found"
else
	skip "QUIC" "no ../shared/data/net/ja4"
fi
tap_done
