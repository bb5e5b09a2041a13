#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Values in the forms that Zeek's logs give them: records of DNS, serial numbers, ciphers, requests.
. "$(dirname "$0")/../support/tap.sh"

for p in python3 openssl; do
	command -v $p >/dev/null || skip_all "$p is not installed"
done
here=$(cd "$(dirname "$0")" && pwd)
cd "$TMP" || exit 1
printf 'type,value\ndomain,nothing.invalid\n' >none.csv
told() { # what of it
	"$FIREBREAK" watch --read "$1" --json --events all --indicators none.csv --state "$TMP/nowhere" | python3 -c '
import json, sys
for d in map(json.loads, sys.stdin):
	if eval(sys.argv[1]):
		print(eval(sys.argv[2]))' "$2" "$3"
}
make() { # serial number
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -outform DER \
		-out c.der -days 9 -set_serial "$1" -subj /CN=x 2>/dev/null
	python3 "$here/net_forms.py" "$1.pcap" c.der
}

make 0xff01
is "$(told 0xff01.pcap 'd["_path"] == "dns" and "answers" in d' 'd["answers"][0]')" \
	'SPF 11 v=spf1 -all SPF 1 x
TXT 6 bytes
RRSIG 1 sig.example
RRSIG 1 <Root>
RRSIG 84 bytes
NSEC f5.example a\046b.next.example
DNSKEY 13
DNSKEY 3 bytes
DS 8 2
SSHFP: abcd
LOC:  18 22 19
NSEC3
NSEC3PARAM
BIND9 signing signal
TLSA 35 bytes' "records"
is "$(told 0xff01.pcap 'd["_path"] == "dns" and d["id.orig_h"] == "10.9.1.1"' '(d["qtype_name"], d.get("opcode"), d.get("opcode_name"), d.get("rcode_name"))')" \
	"('NBSTAT', None, None, None)
('NB', 5, 'netbios-registration', None)
('SOA', 5, 'dynamic-update', None)
('SOA', 5, 'dynamic-update', 'NXRRSet')" "NetBIOS, updates"
is "$(told 0xff01.pcap '"cipher" in d' 'd["cipher"]')" "TLS_ECDH_ANON_WITH_AES_256_CBC_SHA
TLS_AES_128_GCM_SHA256" "an anonymous cipher"
is "$(told 0xff01.pcap '"cipher" in d' 'd["version"]')" "TLSv12
TLSv13-draft14" "versions, of a draft too"
is "$(told 0xff01.pcap 'd["_path"] == "http"' '(d["method"], d.get("host"), d["uri"], d.get("version"))')" \
	"('GET', 'two.example', '/two', '2.0')
('PURGE', 'low.example', '/low', '1.1')
('GET', 'empty.example', '', '1.1')
('GET', None, '/old', None)
('CONNECT', 'mail.example', 'mail.example:25 /', '1.0')
('GET', 'ctl.example', '/ctl', '1.1')" "odd requests"
is "$(told 0xff01.pcap 'd["_path"] == "x509"' 'd["certificate.serial"]')" FF01 "a serial number without its leading zeros"
for n in -5:-05 0:00 -256:-0100 0x80:80; do
	make "${n%:*}"
	is "$(told "${n%:*}.pcap" 'd["_path"] == "x509"' 'd["certificate.serial"]')" "${n#*:}" "serial number ${n%:*}"
done
tap_done
