#!/bin/bash
# firebreak hunt: hashes against sha256sum, names whole and below, captures over UDP, TCP and TLS,
# expiry, what cannot be read, signals, and bad input.
. "$(dirname "$0")/../support/tap.sh"

TOOL=$BUILD/tests/system/capture_tool
S=$TMP/state
fb() { "$FIREBREAK" "$@" --state "$S"; }
json() { printf '%s' "$out" | python3 -c "
import json,sys
d=json.load(sys.stdin)
h=d.get('hits',[])
print($1)"; }

cd "$TMP" || exit 1
mkdir -p ep/app/deep 'ep/odd
name'
for i in $(seq 1 40); do head -c $((i * 977)) /dev/zero | tr '\0' "\\$(printf %o $((i + 40)))" >"ep/app/f$i"; done
cp ep/app/f7 ep/app/deep/copy-of-f7
cp ep/app/f9 'ep/odd
name/x'
echo z >ep/app/deep/3CXDesktopApp-18.12.416.MSI
: >ep/app/empty
ln -s /etc/passwd ep/link

# --- files, with sha256sum and grep as the oracle ---
{
	echo 'type,value,source,category,confidence'
	echo "sha256,$(sha256sum <ep/app/f7 | cut -d' ' -f1),edr,malware,90"
	echo "sha1,$(sha1sum <ep/app/f9 | tr a-z A-Z | cut -d' ' -f1),edr,malware,90"
	echo "md5,$(md5sum <ep/app/f20 | cut -d' ' -f1),edr,malware,90"
	echo "sha512,$(sha512sum <ep/app/f30 | cut -d' ' -f1),edr,malware,90"
	echo "sha256,$(echo not there | sha256sum | cut -d' ' -f1),edr,malware,90"
	echo "sha256,$(: | sha256sum | cut -d' ' -f1),edr,malware,90"
} >edr.csv
run 1 "files by digest" fb hunt ep --indicators edr.csv --json
find ep -type f -print0 | sort -z | while IFS= read -r -d '' p; do
	for tool in sha256sum sha1sum md5sum sha512sum; do
		sum=$($tool <"$p" | cut -d' ' -f1)
		[ -s "$p" ] && grep -iq "$sum" edr.csv && printf '%s\n' "${p//$'\n'/_}"
	done
done | sort >want.txt
json '"\n".join(sorted(x["path"].replace("\n","_") for x in h))' >got.txt
is "$(cat got.txt)" "$(cat want.txt)" "the same files as sha256sum, sha1sum, md5sum, sha512sum and grep find"
is "$(wc -l <want.txt)" 6 "which are six"
is "$(json 'd["indicators"]["sets"][0]["rejected"]')" 1 "the digest of an empty file is no indicator"
is "$(json 'd["incomplete"]')" False "nothing was left out"
is "$(json 'd["files"]["count"]')" "$(find ep -type f -printf x | wc -c)" "every file was read"
is "$(json 'd["files"]["links_not_followed"]')" 1 "links are not followed"
is "$(printf '%s' "$out" | python3 -c 'import json, sys; print(json.load(sys.stdin)["recorded"])')" False \
	"nothing is recorded without a state"
run 1 "as text" fb hunt ep --indicators edr.csv
like "$out" '^Nothing was recorded.*firebreak ledger init' "which is said"
like "$out" 'ep/app/deep/copy-of-f7  by its digest' "names file"
like "$out" 'malware, confidence 90, named by edr' "and what is said about it"
like "$out" 'odd.x0aname' "a line feed in a name is escaped"
like "$out" '^6 hits in 44 files' "and the sum"
run 0 "a tree without" fb hunt ep/app/f1 --indicators edr.csv
like "$out" '^0 hits in 1 files' "says so"

run 1 "file names in any case" fb hunt ep --case 3cx-2023 --json
is "$(json '[(x["kind"], x["indicator"]["value"]) for x in h]')" \
	"[('file-name', '3cxdesktopapp-18.12.416.msi')]" "match as a whole"
run 1 "without a state the shipped case is hunted" env XDG_STATE_HOME="$TMP/no" HOME="$TMP" \
	FIREBREAK_STATE="$TMP/no/state" "$FIREBREAK" hunt ep
like "$out" 'Indicators: case 3cx-2023' "and it says so"
run 6 "a state that was named must be there" fb hunt ep

# --- the wire ---
"$TOOL" wire.pcap 2023-03-22T14:00:00Z \
	dns 192.0.2.10 www.AkamaiContainer.com 198.51.100.1 \
	dns 192.0.2.10 notakamaicontainer.com 198.51.100.1 \
	dns 192.0.2.10 akamaicontainer.com.example.net 198.51.100.1 \
	dns 192.0.2.10 com 198.51.100.1 \
	chain 192.0.2.11 cdn.example.com edge.msstorageboxes.com 198.51.100.2 \
	dnstcp 192.0.2.12 officeaddons.com \
	tls 192.0.2.13 198.51.100.3 api.pbxsources.com \
	tls 192.0.2.13 198.51.100.3 xpbxsources.com \
	tls 192.0.2.14 23.254.211.230 plain.example \
	dns 192.0.2.15 harmless.example 172.93.201.88 \
	dns 2001:db8::10 sourceslabs.com 2001:db8::1
run 1 "a capture" fb hunt --pcap wire.pcap --case 3cx-2023 --json
cat >want.txt <<'TXT'
address 172.93.201.88 172.93.201.88 192.0.2.15 harmless.example
address 23.254.211.230 23.254.211.230 192.0.2.14 None
address 23.254.211.230:443 23.254.211.230 192.0.2.14 None
dns akamaicontainer.com www.akamaicontainer.com 192.0.2.10 None
dns msstorageboxes.com edge.msstorageboxes.com 192.0.2.11 cdn.example.com
dns officeaddons.com officeaddons.com 192.0.2.12 None
dns sourceslabs.com sourceslabs.com 2001:db8::10 None
tls pbxsources.com api.pbxsources.com 192.0.2.13 None
TXT
json '"\n".join(sorted("%s %s %s %s %s" % (x["kind"], x["indicator"]["value"], x["observed"], x["client"], x.get("asked")) for x in h))' >got.txt
is "$(cat got.txt)" "$(cat want.txt)" "exactly the names, sub-domains, chains and addresses that are there"
is "$(json '[x["time"] for x in h if x["observed"] == "www.akamaicontainer.com"]')" \
	"['2023-03-22T14:00:00Z']" "with the time of the packet"
is "$(json '[(x["packet"], x["last_packet"], x["count"]) for x in h if x["observed"] == "www.akamaicontainer.com"]')" \
	"[(1, 2, 2)]" "query and answer are one hit"
is "$(json '[c["source"] for c in h[0]["indicator"]["claims"]]')" \
	"['maltrail', 'sigma', 'signature-base', 'sophos', 'splunk', 'volexity']" "and every source"
run 1 "as text" fb hunt --pcap wire.pcap --case 3cx-2023
like "$out" 'wire.pcap, packet 1, 2023-03-22T14:00:00Z' "names packet and time"
like "$out" '192.0.2.11 was answered with edge.msstorageboxes.com \(192.0.2.53\)' "client and server"
like "$out" 'asked for: cdn.example.com' "and the name first asked for"
like "$out" 'Not looked for: 5 email' "and what it cannot see"
printf 'value,exact\nakamaicontainer.com,true\n' >exact.csv
run 0 "an exact domain does not match below it" fb hunt --pcap wire.pcap --indicators exact.csv
printf 'value,valid_until\nakamaicontainer.com,2023-03-22T14:00:00Z\n' >expired.csv
run 0 "an indicator that had expired" fb hunt --pcap wire.pcap --indicators expired.csv
like "$out" '1 matches of indicators that had expired' "is counted"
run 0 "and shown" fb hunt --pcap wire.pcap --indicators expired.csv --include-expired
like "$out" 'named by expired.csv \(expired\)' "when asked for"
printf 'value,valid_until\nakamaicontainer.com,2023-03-23\n' >later.csv
run 1 "one that expired after it was seen" fb hunt --pcap wire.pcap --indicators later.csv
run 1 "files and captures together" fb hunt ep --pcap wire.pcap --indicators edr.csv --case 3cx-2023 --json
is "$(json 'len(h)')" 15 "all of them"

# --- paths as they are ---
long=ep/$(printf 'd%.0s' $(seq 120))/$(printf 'e%.0s' $(seq 120))
mkdir -p "$long"
cp ep/app/f7 "$long/$(printf 'bad\377name')"
run 1 "a long path that is not UTF-8" fb hunt ep/d* --indicators edr.csv
like "$out" "^$long/bad.xffname  by its digest" "is shown whole, and escaped"
run 1 "and with --json" fb hunt ep/d* --indicators edr.csv --json
is "$(json 'bytes.fromhex(h[0]["path_hex"]).endswith(b"/bad\xffname")')" True "as bytes, too"
run 1 "several processes" fb hunt ep/app --indicators edr.csv --jobs 3 --json
is "$(json 'len(h)')" 5 "find the same"
run 3 "how many is no number" fb hunt ep --case 3cx-2023 --jobs many
rm -r ep/d*

# --- what cannot be looked at ---
head -c 400 wire.pcap >cut.pcap
run 1 "hits in a capture that is cut off" fb hunt --pcap cut.pcap --case 3cx-2023 --json
is "$(json 'd["incomplete"]')" True "are hits, and incomplete"
like "$(json 'd["problems"][0]["text"]')" 'packet' "with the packet"
run 4 "nothing in it" fb hunt --pcap cut.pcap --indicators exact.csv
like "$out" 'not everything could be looked at' "is incomplete"
for f in edr.csv missing.pcap ep; do
	run 4 "not a capture: $f" fb hunt --pcap "$f" --case 3cx-2023
	like "$out" "Not looked at .1.:" "$f is listed"
done
run 4 "a path that is not there" fb hunt nowhere --case 3cx-2023
like "$out" 'nowhere: ' "is listed"
if [ "$(id -u)" -ne 0 ]; then
	mkdir -p locked/in && echo s >locked/3cxdesktopapp-18.12.416.msi
	chmod 0 locked/in locked/3cxdesktopapp-18.12.416.msi
	run 1 "a file that cannot be read" fb hunt locked --case 3cx-2023 --json
	is "$(json '[x["read"] for x in h]')" "[False]" "still has a name"
	is "$(json 'd["problems_total"]')" 2 "and what could not be read is listed"
	chmod 700 locked/in
else
	skip "files that cannot be read" "root reads everything"
fi

# --- bad indicators, bad usage: nothing is hunted ---
printf 'type,value\n"broken' >broken.csv
run 5 "a malformed indicator file" fb hunt ep --indicators broken.csv
like "$err" 'broken.csv:2: quotes that do not end' "names file and line"
printf 'mutex\n' >useless.txt
run 5 "an indicator file with nothing in it" fb hunt ep --indicators useless.txt
run 5 "a missing one" fb hunt ep --indicators none.csv
run 5 "an unknown case" fb hunt ep --case 4cx-2024
like "$err" 'no case of that name comes with firebreak; 3cx-2023 does' "which there is, is said"
printf 'type,value\ncert-serial,0e97881c6ca137964203bc454224756c\nmutex,M\n' >serial.csv
run 0 "a serial number" fb hunt ep --indicators serial.csv
like "$out" '^Not looked for: 1 mutex' "is looked for in programs"
run 3 "a case outside the share folder" fb hunt ep --case ../../etc
run 3 "nothing to hunt in" fb hunt --case 3cx-2023
run 3 "a reporter without a signal" fb hunt ep --case 3cx-2023 --reporter x
[ ! -e "$S" ]
ok $? "hunting made no state"

# --- the state ---
run 0 "into the state" fb intel import edr.csv
run 1 "hunting with the state" fb hunt ep --json
is "$(json 'len(h)')" 6 "finds the same"
like "$(json 'd["indicators"]["sets"][0]["name"]')" "^state $TMP/state" "and names it"

# --- signals ---
run 1 "hits become signals" fb hunt ep --pcap wire.pcap --indicators edr.csv --case 3cx-2023 --signal \
	--reporter acme-soc --json
is "$(json 'len(h)')" 15 "of 15 hits"
is "$(json 'len(d["signals"])')" 13 "13 are different: copies of a file are one"
is "$(json 'sorted({s["signal"]["kind"] for s in d["signals"]})')" "['downstream-impact']" "of the one kind"
is "$(json 'sorted({s["signal"]["reporter"] for s in d["signals"]})')" "['acme-soc']" "by the reporter"
is "$(json 'len([1 for s in d["signals"] if "subject" in s["signal"]])')" 5 "five of them about a file"
is "$(json 'sorted({s["signal"]["seen"] for s in d["signals"] if s["signal"]["source"] == "hunt.tls"})')" \
	"['2023-03-22T14:00:16Z']" "seen when the packet was"
sum=$(sha256sum wire.pcap | cut -d' ' -f1)
is "$(json '{e for s in d["signals"] for e in s["signal"]["evidence"]}')" "{'sha256:$sum'}" \
	"with the capture as evidence"
run 0 "they are in cases" fb signal list --json
is "$(printf '%s' "$out" | python3 -c 'import json,sys; print(len(json.load(sys.stdin)["signals"]))')" 13 \
	"all of them"
run 6 "a case that is not there" fb hunt ep --indicators edr.csv --signal --join 2019-0001
tap_done
