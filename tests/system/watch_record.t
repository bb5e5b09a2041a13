#!/bin/bash
# firebreak watch and the record: who asked, resolved, said hello; journals of captures, whole, cut
# and damaged; counts; what somebody else may not do.
. "$(dirname "$0")/../support/tap.sh"

command -v python3 >/dev/null || skip_all "python3 is not installed"
cd "$TMP" || exit 1
python3 - <<'PY'
import socket, struct
out = []
def udp(src, sport, dst, dport, body, at):
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(body), 1, 0, 64, 17, 0,
                     socket.inet_aton(src), socket.inet_aton(dst))
    p = bytes(12) + b"\x08\x00" + ip + struct.pack("!HHHH", sport, dport, 8 + len(body), 0) + body
    out.append(struct.pack("<IIII", at, 0, len(p), len(p)) + p)
def name(s):
    return b"".join(bytes([len(x)]) + x.encode() for x in s.split(".")) + b"\0"
def ask(client, what, addr, at, alias=None):
    q = name(what) + b"\0\x01\0\x01"
    udp(client, 4000, "10.0.0.53", 53, struct.pack("!HHHHHH", 7, 0x100, 1, 0, 0, 0) + q, at)
    rr, n, owner = b"", 1, b"\xc0\x0c"
    if alias:
        rr, n, owner = b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, 60, len(name(alias))) + name(alias), 2, name(alias)
    rr += owner + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton(addr)
    udp("10.0.0.53", 53, client, 4000, struct.pack("!HHHHHH", 7, 0x8180, 1, n, 0, 0) + q + rr, at)
def write(path):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1) + b"".join(out))
    out.clear()
T = 1679486400
for i in range(3):
    ask("10.0.0.5", "www.example.com", "192.0.2.1", T + 60 * i, "cdn.example.net")
ask("10.0.0.6", "www.example.com", "192.0.2.2", T + 600)
write("a.pcap")
for i in range(40000):
    ask("10.0.%d.%d" % (i >> 8 & 255, i & 255), "n%d.example.org" % i, "198.51.100.7", T)
write("many.pcap")
PY
state() {
	rm -rf s
	"$FIREBREAK" ledger init --state s >/dev/null 2>&1
}
watch() {
	"$FIREBREAK" watch --events hits --state s "$@"
}
seen() {
	"$FIREBREAK" seen --state s "$@"
}

state
run 0 "a capture" watch a.pcap
is "$(ls s/seen | grep -c '\.net$')" 1 "is kept in a journal"
is "$(stat -c '%a' s/seen s/seen/*.net | tr '\n' ' ')" "700 600 " "which is the owner's alone"
run 1 "who asked for a name" seen www.example.com
is "$out" "www.example.com
    $TMP/a.pcap: client 10.0.0.5
        first 2023-03-22T12:00:00Z, last 2023-03-22T12:02:00Z, 3 times
    $TMP/a.pcap: client 10.0.0.5, answer 192.0.2.1
        first 2023-03-22T12:00:00Z, last 2023-03-22T12:02:00Z, 3 times
    $TMP/a.pcap: client 10.0.0.6
        first 2023-03-22T12:10:00Z, last 2023-03-22T12:10:00Z, 1 times
    $TMP/a.pcap: client 10.0.0.6, answer 192.0.2.2
        first 2023-03-22T12:10:00Z, last 2023-03-22T12:10:00Z, 1 times" \
	"when, how often, and what the answer was"
is "$(ls s/seen | grep -c '\.net$')" 0 "the journal has gone into the record"
run 1 "the end of a chain" seen cdn.example.net
like "$out" "client 10.0.0.5, asked for www.example.com" "by the name that was asked for"
run 1 "an address" seen 192.0.2.0/24 --json
is "$(printf '%s\n' "$out" | grep -c 'answer for www.example.com')" 2 "both of the network"
python3 "$TOP/tests/system/watch_capture.py" shared.pcap shared
run 0 "hellos without a name" watch shared.pcap
like "$(seen one.example)" "client 10.6.0.1, address 198.51.100.7, ja4 " "are of the name that was resolved"
is "$(seen good.example newest.example | grep -c ja4)" 0 "unless several could be meant"
state
run 0 "the capture again" watch a.pcap
seen www.example.com >/dev/null
run 0 "the same capture once more" watch a.pcap
run 1 "counts add up" seen www.example.com
like "$out" "6 times" "to six"
like "$(seen)" "^7 observations: 0 of files" "and nothing new is there"
run 0 "with --no-record" watch a.pcap --no-record
is "$(ls s/seen | grep -c '\.net$')" 0 "nothing is kept"

# ---- more than the table holds
state
run 0 "120,000 observations" watch many.pcap --workers 1
run 0 "are all in the record" seen nothing.example
like "$(seen)" "^120000 observations" "every one"
run 1 "the last" seen n39999.example.org

# ---- damage
state
watch a.pcap >/dev/null
cp s/seen/*.net journal
size=$(wc -c <journal)
bad=0
for cut in 1 8 23 24 25 40 100 200 $((size - 1)); do
	state
	mkdir -m 700 s/seen
	head -c "$cut" journal >s/seen/0123456789abcdef.net
	seen www.example.com >o 2>e
	code=$?
	if [ $code -ne 6 ] && [ $code -ne 0 ] || ! grep -q 'cut or damaged' e || [ -e s/seen/*.net ]; then
		bad=$((bad + 1))
		echo "# $cut bytes: $code, $(head -c 200 e)"
	fi
done
is "$bad" 0 "a journal that was cut is told, and removed"
bad=0
for at in 3 9 13 17 30 60 90 120 $((size - 3)); do
	state
	mkdir -m 700 s/seen
	python3 - "$at" <<'PY'
import sys
b = bytearray(open("journal", "rb").read())
b[int(sys.argv[1])] ^= 0x41
open("s/seen/0123456789abcdef.net", "wb").write(b)
PY
	seen www.example.com >o 2>e
	if [ $? -eq 1 ] || ! grep -q 'cut or damaged' e; then
		bad=$((bad + 1))
		echo "# byte $at: $(head -c 200 e)"
	fi
done
is "$bad" 0 "one that was changed is not believed"
state
mkdir -m 700 s/seen
{ cat journal; head -c 50 journal; } >s/seen/0123456789abcdef.net
run 1 "what came before the damage" seen www.example.com
like "$err" "cut or damaged" "stands"

# ---- one that is being written
state
watch a.pcap >/dev/null
journal=$(echo s/seen/*.net)
exec 9>>"$journal"
flock -n 9
run 0 "a journal that is being written" seen www.example.com
ok "$([ -s "$journal" ]; echo $?)" "is left alone"
exec 9>&-
run 1 "until it is done" seen www.example.com

# ---- others
state
chmod 777 s/seen 2>/dev/null || mkdir -m 700 s/seen && chmod 777 s/seen
run 0 "a folder that others may write to" watch a.pcap
like "$err" "not recorded: .*others may write" "is not written to"
printf 'type,value\nip,192.0.2.2\n' >new.csv
state
watch a.pcap >/dev/null
run 1 "intel retro takes journals in, too" "$FIREBREAK" intel retro --state s --indicators new.csv
like "$out" "192.0.2.2" "and finds the address"
tap_done
