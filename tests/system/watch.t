#!/bin/bash
# firebreak watch: what its lines hold, that each is valid JSON whatever was on the wire, hits of
# every kind, new indicators while it runs, files that rotate, bad captures, exit codes.
. "$(dirname "$0")/../support/tap.sh"

for p in python3 openssl; do
	command -v $p >/dev/null || skip_all "$p is not installed"
done
cd "$TMP" || exit 1
cap() {
	python3 "$TOP/tests/system/watch_capture.py" "$@"
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -out c.pem -days 30 \
	-set_serial 0x00ab12cd -subj '/O=Ev"il\\/CN=cert-bad.example' \
	-addext 'subjectAltName=DNS:*.San-Bad.example,DNS:san-bad.example,DNS:x.example' 2>/dev/null
openssl x509 -in c.pem -outform DER -out c.der
sha1=$(sha1sum <c.der | cut -c 1-40)
sha256=$(sha256sum <c.der | cut -c 1-64)
for w in plain hostile again many refused beacon; do
	cap $w.pcap $w
done
cap tls.pcap tls c.der
printf 'type,value\ndomain,nothing.invalid\n' >none.csv
watch() {
	"$FIREBREAK" watch "$@" --state "$TMP/nowhere"
}

# ---- options
run 3 "nothing to watch" watch
like "$err" "interface IF or --read FILE" "and what to do about it"
run 3 "another word for --events" watch plain.pcap --events some
run 3 "no workers" watch plain.pcap --workers 0
run 3 "little memory" watch plain.pcap --memory 1M
run 3 "memory of nothing" watch plain.pcap --memory 12X
run 3 "rotation of standard output" watch plain.pcap --rotate 1M
run 3 "rotation at no size" watch plain.pcap --output o --rotate never
run 3 "standard input twice" watch - -
run 3 "a file and an interface" watch plain.pcap --interface lo
if [ "$(id -u)" = 0 ]; then
	run 3 "an interface that is not there" watch --interface fb-none --indicators none.csv
	like "$err" "fb-none" "is named"
else
	skip "an interface that is not there" "not root"
fi
run 3 "processes of a capture" watch plain.pcap --processes
run 3 "promiscuous mode of a capture" watch plain.pcap --promiscuous
for o in reporter routes join; do
	run 3 "--$o without signals" watch plain.pcap --$o me
	like "$err" "--$o goes with --signal" "and it is said"
done
run 5 "routes that are not there" watch plain.pcap --signal --routes gone.yaml --indicators none.csv
run 6 "a case in no state" watch plain.pcap --signal --join 2099-0001 --indicators none.csv
is "$out" "" "before any line"
if [ -z "$SANITIZED" ]; then
	run 4 "more memory than there is" watch plain.pcap --memory 9000000G --indicators none.csv
	like "$err" "--memory" "and what to change"
else
	skip "more memory than there is" "a sanitizer ends who asks for it"
fi
run 4 "counts that cannot be written" watch plain.pcap --stats-file gone/s --indicators none.csv
like "$err|$out" "gone/s: No such file or directory\|$" "are told before anything else"

# ---- lines
run 0 "a harmless capture" watch plain.pcap --json --indicators none.csv
printf '%s\n' "$out" >plain.json
run 4 "losses are no clean result" watch hostile.pcap --json --indicators none.csv
printf '%s\n' "$out" >hostile.json
like "$err" "^firebreak watch: not everything could be read: [0-9]+ losses" "and it is said"
run 0 "TLS" watch tls.pcap --json --indicators none.csv
printf '%s\n' "$out" >tls.json
cat >check.py <<'PY'
import json, sys
bad = 0
def no_pairs_twice(pairs):
    global bad
    keys = [k for k, _ in pairs]
    bad += len(keys) != len(set(keys))
    return dict(pairs)
for path in sys.argv[1:]:
    for line in open(path, "rb").read().split(b"\n"):
        if line:
            d = json.loads(line.decode("utf-8"), object_pairs_hook=no_pairs_twice)
            bad += any(c < 0x20 or c == 0x7f for c in line)
            bad += any(0x80 <= ord(c) <= 0x9f for c in line.decode("utf-8"))
            bad += d["_path"] not in ("dns", "ssl", "x509", "http", "conn", "intel", "stats", "notice", "signal")
sys.exit(bad)
PY
python3 check.py plain.json hostile.json tls.json
ok $? "every line is valid JSON, without control characters"
# get FILE 'condition on d' 'expression': values, one a line
get() {
	python3 -c '
import json, sys
for l in open(sys.argv[1], "rb"):
	d = json.loads(l)
	if eval(sys.argv[2]):
		print(eval(sys.argv[3]))' "$@"
}
is "$(get plain.json 'd["_path"] == "dns" and d["id.orig_h"] == "10.0.0.3" and d["event.action"] == "response"' \
	'd["query"], d["answers"], d["TTLs"], d["rcode_name"], d["qtype_name"], d["trans_id"], d["ts"]')" \
	"('start.example', ['mid.chain.example', 'end.bad-target.example', '203.0.113.66'], [300, 300, 300], 'NOERROR', 'A', 4, 1679486400.006)" \
	"a chain of names"
is "$(get plain.json 'd["_path"] == "dns" and d.get("rcode") == 3' 'd["rcode_name"], d["rejected"], d["packet"]')" \
	"('NXDOMAIN', True, 8)" "a name that is not there"
is "$(get plain.json 'd["_path"] == "http"' '[d.get(k) for k in ("method", "host", "host_port", "uri", "user_agent", "referrer", "version")]')" \
	"['GET', 'web.bad-host.example', 8080, '/gate/index.php?id=7', 'curl/7', 'http://r.example/', '1.1']
['POST', 'ok.example', None, '/news.html', None, None, '1.0']" "requests"
is "$(get plain.json 'd["_path"] == "conn" and d["id.resp_p"] == 4444' \
	'[d[k] for k in ("proto", "conn_state", "history", "orig_pkts", "resp_pkts", "orig_ip_bytes", "event.reason", "ts", "duration")]')" \
	"['tcp', 'SF', 'ShAaFf', 4, 2, 160, 'closed', 1679486400.027, 0.005]" "a connection"
is "$(get tls.json 'd.get("event.action") == "client_hello"' '[d.get(k) for k in ("server_name", "ech", "server_name_public", "resolved_from", "tls.client.version", "tls.client.next_protocols")]')" \
	"[None, None, None, 'hidden.resolved.example', 'TLSv13', ['h2', 'http/1.1']]
['www.sni-bad.example', None, None, None, 'TLSv13', ['h2', 'http/1.1']]
['public.ech.example', True, True, 'inner.example', 'TLSv13', ['h2', 'http/1.1']]" \
	"hellos: without a name, with one, with a public one"
is "$(get tls.json 'd.get("event.action") == "server_hello"' '[d.get(k) for k in ("version", "cipher", "next_protocol")]' | sort -u)" \
	"['TLSv12', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'h2']" "what servers chose"
is "$(get tls.json 'd["_path"] == "x509"' '[d.get(k) for k in ("fingerprint", "sha1", "certificate.version", "certificate.serial", "certificate.cn", "san.dns", "chain_index", "client_cert", "certificate.self_issued")]')" \
	"['$sha256', '$sha1', 3, 'AB12CD', 'cert-bad.example', ['*.San-Bad.example', 'san-bad.example', 'x.example'], 0, False, True]" "a certificate"
is "$(get tls.json 'd["_path"] in ("ssl", "x509") and d["id.orig_h"] == "10.2.0.2"' 'd["uid"]' | sort -u | wc -l)" 1 \
	"one uid for all of a connection"
is "$(get hostile.json 'd.get("qtype") == 16 and "answers" in d' 'ascii(d["answers"])')" \
	"['TXT 5 he\"l\\n TXT 4 \\ufffd\\ufffd\\ufffd\\ufffd TXT 3 \\xe9\\\\']" "text that is none"
run 4 "the same for people" watch hostile.pcap --indicators none.csv
printf '%s' "$out" | LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f]'
[ $? -eq 1 ]
ok $? "no control characters there either"
is "$(printf '%s' "$out" | grep -c 'HIT')" 0 "and no hits"

run 0 "a refused connection" watch refused.pcap --json --indicators none.csv
printf '%s\n' "$out" >refused.json
is "$(get refused.json True '(d["conn_state"], d["history"])')" "('REJ', 'Sr')" "is told as Zeek tells it"

# ---- every key is documented
python3 - "$TOP/docs/watch.md" plain.json hostile.json tls.json <<'PY'
import json, sys
text = open(sys.argv[1]).read()
keys = {k for f in sys.argv[2:] for l in open(f) for k in json.loads(l)}
missing = [k for k in sorted(keys) if "`%s`" % k not in text]
print("# not in docs/watch.md:", missing) if missing else None
sys.exit(bool(missing))
PY
ok $? "every key that was told is in docs/watch.md"
missing=$(grep -ho 'LINE_K[A-Z]*(&*l, "[^"]*"\|,\\"[a-z0-9_.]*\\":' "$TOP"/src/cli/watch_*.c | sed 's/.*, "//; s/^,\\"//; s/[\\":]*$//' |
	sort -u | while read -r k; do grep -q "\`$k\`" "$TOP/docs/watch.md" || echo "$k"; done)
is "$missing" "" "and every key that can be told"

# ---- the counts
run 0 "counts" watch plain.pcap --json --indicators none.csv --stats --events hits --stats-file st.json
is "$(get st.json True '[d[k] for k in ("_path", "packets", "dns_queries", "dns_responses", "dns_answers", "http_requests", "flows", "hits", "losses", "first")]')" \
	"['stats', 38, 5, 5, 6, 2, 4, 0, 0, '2023-03-22T12:00:00.001Z']" "are those of the capture"
is "$out" "$(cat st.json)" "the last line, and the file"
is "$(get st.json True '[k for k in d if "`%s`" % k not in open("'"$TOP"'/docs/watch.md").read()]')" "[]" "every count is documented"
for n in 1 2 3; do
	watch plain.pcap tls.pcap many.pcap --json --indicators none.csv --workers $n | sha256sum
done | uniq | wc -l >n
is "$(cat n)" 1 "any number of workers tells the same"
run 0 "standard input" bash -c "cat plain.pcap | $FIREBREAK watch - --json --indicators none.csv --state nowhere"
is "$out" "$(cat plain.json)" "gives the same"
run 0 "a pipe with a name" watch <(cat plain.pcap) --json --indicators none.csv
is "$out" "$(cat plain.json)" "gives the same, too"

# ---- hits
ja3=$(get tls.json 'd.get("server_name") == "www.sni-bad.example"' 'd["ja3"]')
ja4=$(get tls.json 'd.get("server_name") == "www.sni-bad.example"' 'd["ja4"]')
cat >bad.csv <<CSV
type,value,source,confidence,category,campaign,exact,valid_until
domain,bad.example,feed-a,90,c2,camp,,
domain,bad.example,feed-b,40,malware,,,
domain,sub.bad.example,feed-c,80,c2,,true,
domain,end.bad-target.example,feed-a,70,c2,,,
ipv4,203.0.113.66,feed-a,60,c2,,,
ipv6,2001:db8:bad::/48,feed-a,60,c2,,,
ip-port,203.0.113.77:4444,feed-a,60,c2,,,
ip-port,203.0.114.9:444,feed-a,60,c2,,,
ipv4,203.0.114.0/24,feed-a,60,c2,,,
domain,bad-host.example,feed-a,60,c2,,,
url,http://ok.example/news.html,feed-a,60,phishing,,,
url-path,/gate/index.php,feed-a,60,c2,,,
domain,hidden.resolved.example,feed-a,60,c2,,,
domain,sni-bad.example,feed-a,60,c2,,,
domain,public.ech.example,feed-a,60,c2,,,
domain,cert-bad.example,feed-a,60,c2,,,
domain,san-bad.example,feed-a,60,c2,,,
cert,$sha1,feed-a,60,c2,,,
cert,$sha256,feed-a,60,c2,,,
cert-serial,ab12cd,feed-a,60,c2,,,
ja3,$ja3,feed-a,60,c2,,,
ja4,$ja4,feed-a,60,c2,,,
domain,gone.example,old,90,c2,,,2020-01-01
CSV
run 1 "hits" watch plain.pcap tls.pcap --json --events hits --indicators bad.csv
printf '%s\n' "$out" >hits.json
python3 check.py hits.json
ok $? "are valid JSON"
is "$(get hits.json 'd["_path"] != "intel"' 'd')" "" "and nothing else is told"
# seen WHERE VALUE INDICATOR HOW: exactly once or more
hit() {
	n=$(get hits.json "d['seen.where'] == '$1' and d['seen.indicator'] == '$2' and d['threat.indicator.name'] == '$3' and d['match'] == '$4'" 1 | wc -l)
	[ "$n" -ge 1 ]
	ok $? "$1: $2 is $3 ($4)"
}
hit DNS::IN_REQUEST deep.sub.bad.example bad.example parent
hit DNS::IN_RESPONSE deep.sub.bad.example bad.example parent
hit DNS::IN_RESPONSE end.bad-target.example end.bad-target.example same
hit DNS::IN_RESPONSE 203.0.113.66 203.0.113.66 same
hit DNS::IN_RESPONSE 2001:db8:bad::5 2001:db8:bad::/48 network
hit Conn::IN_RESP 203.0.113.77 203.0.113.77:4444 port
hit Conn::IN_RESP 203.0.114.9 203.0.114.0/24 network
hit HTTP::IN_HOST_HEADER web.bad-host.example bad-host.example parent
hit HTTP::IN_URL http://ok.example/news.html http://ok.example/news.html same
hit HTTP::IN_URL 'http://web.bad-host.example:8080/gate/index.php?id=7' /gate/index.php same
hit Conn::IN_RESOLVED hidden.resolved.example hidden.resolved.example same
hit SSL::IN_SERVER_NAME www.sni-bad.example sni-bad.example parent
hit SSL::IN_SERVER_NAME public.ech.example public.ech.example same
hit X509::IN_CERT cert-bad.example cert-bad.example same
hit X509::IN_CERT san-bad.example san-bad.example same
hit X509::IN_CERT "$sha1" "$sha1" same
hit X509::IN_CERT "$sha256" "$sha256" same
hit X509::IN_CERT ab12cd ab12cd same
hit SSL::IN_CLIENT_HELLO "$ja3" "$ja3" same
hit SSL::IN_CLIENT_HELLO "$ja4" "$ja4" same
is "$(get hits.json 'd["threat.indicator.name"] in ("sub.bad.example", "203.0.114.9:444", "gone.example")' 'd["threat.indicator.name"]')" "" \
	"what is exact, on another port or expired is not"
is "$(get hits.json 'd["seen.where"] == "DNS::IN_REQUEST" and d["id.orig_h"] == "10.0.0.2"' \
	'[d[k] for k in ("sources", "category", "campaign", "expired", "matched", "seen.indicator_type", "threat.indicator.type", "packet", "count", "id.resp_h")]')" \
	"[['feed-a', 'feed-b'], 'c2', 'camp', False, ['Intel::DOMAIN'], 'Intel::DOMAIN', 'domain', 3, 1, '192.0.2.53']" \
	"a hit says who, what and where"
is "$(get hits.json 'd["seen.indicator"] == "203.0.113.66"' 'd["query"], d["id.orig_h"]')" "('start.example', '10.0.0.3')" \
	"and what was asked for"
is "$(get hits.json 'd["seen.indicator"] == "public.ech.example"' 'd["server_name_public"]')" "True" "a public name is marked"
python3 - "$TOP/docs/watch.md" hits.json <<'PY'
import json, sys
text = open(sys.argv[1]).read()
sys.exit(any("`%s`" % k not in text for l in open(sys.argv[2]) for k in json.loads(l)))
PY
ok $? "every key of a hit is documented"
is "$(get hits.json 'd["seen.where"] == "X509::IN_CERT" and d["seen.indicator"] == "san-bad.example"' 'd["count"]')" 1 \
	"a name and its wildcard are one hit"
run 1 "the same twice in a message" watch again.pcap --json --events hits --indicators bad.csv
printf '%s\n' "$out" >again.json
is "$(get again.json 'd["seen.indicator"] == "203.0.113.66"' 'd["count"]')" 1 "is one hit"
is "$(get again.json 'd["threat.indicator.name"] == "bad.example"' 'd["seen.where"], d["seen.indicator"]')" \
	"('DNS::IN_RESPONSE', 'x.bad.example')
('DNS::IN_RESPONSE', 'y.bad.example')" "of very many names each says where it was"
run 1 "with what had expired" watch plain.pcap --json --events hits --indicators bad.csv --include-expired
is "$(printf '%s\n' "$out" | grep -c '"expired":true')" 2 "it is marked"
run 1 "hits for people" watch plain.pcap --events hits --indicators bad.csv
like "$out" "HIT +10\.0\.0\.2 -> 192\.0\.2\.53:53  deep\.sub\.bad\.example, matches bad\.example: c2 by feed-a, confidence [0-9]+, in dns" \
	"one line, with what it was seen in"
run 1 "names of a hello, for people" watch tls.pcap --events hits --indicators bad.csv
like "$out" "HIT .*, in tls t1[23][di][0-9]{4}.._[0-9a-f]{12}_[0-9a-f]{12}" "with the client's fingerprint"
run 1 "the same" watch tls.pcap --json --events hits --indicators bad.csv
printf '%s\n' "$out" >fingers.json
is "$(get fingers.json 'd["seen.where"] == "SSL::IN_SERVER_NAME"' 'len(d["ja4"])' | sort -u)" 36 "in JSON, too"
run 1 "the case that comes with firebreak" bash -c "'$BUILD/tests/system/capture_tool' 3cx.pcap 2023-03-22T12:00:00Z dns 10.0.0.9 akamaicontainer.com 198.51.100.9 && XDG_STATE_HOME=$TMP/none HOME=$TMP FIREBREAK_STATE= '$FIREBREAK' watch 3cx.pcap --events hits"
like "$out" "akamaicontainer\.com" "is looked for when there is nothing else"

# ---- evidence
run 1 "packets of hits" watch plain.pcap --json --events hits --indicators bad.csv --pcap-hits ev
file=$(printf '%s\n' "$out" >ev.json; get ev.json 'd["seen.where"] == "DNS::IN_REQUEST"' 'd.get("evidence.file")' | head -n 1)
is "$(sha256sum <"ev/$file" | cut -c 1-64)" "$(get ev.json "d.get('evidence.file') == '$file'" 'd["evidence.sha256"][7:]' | head -n 1)" \
	"are written, and their digest is told"
is "$(stat -c %a "ev/$file" ev)" "600
700" "for nobody else"
run 1 "they can be watched" watch "ev/$file" --json --events hits --indicators bad.csv
like "$out" "deep\.sub\.bad\.example" "and show the same"

# What is there is somebody's evidence, or a trap.
echo other >other
cp "ev/$file" kept
cp other "ev/$file"
run 1 "a file of another capture with the name" watch plain.pcap --json --events hits --indicators bad.csv --pcap-hits ev
is "$(cat "ev/$file")" other "stays"
cmp -s kept "ev/${file%.pcap}-2.pcap"
ok $? "and the packets are beside it"
n=$(ls ev | wc -l)
run 1 "once more" watch plain.pcap --json --events hits --indicators bad.csv --pcap-hits ev
is "$(ls ev | wc -l)" "$n" "makes no more files"
ln -sf "$TMP/other" "ev/$file"
rm "ev/${file%.pcap}-2.pcap"
mkfifo "ev/${file%.pcap}-2.pcap"
run 1 "a link and a pipe there" watch plain.pcap --json --events hits --indicators bad.csv --pcap-hits ev
is "$(cat other)" other "are left alone"
cmp -s kept "ev/${file%.pcap}-3.pcap"
ok $? "the packets have the next name"
mkfifo in
"$FIREBREAK" watch --read in --json --events hits --indicators bad.csv --state "$TMP/nowhere" --pcap-hits gone --output gone.json \
	--stats-file gone.st 2>gone.err &
exec 9>in
until [ -e gone.json ]; do sleep 0.05; done
rmdir gone
cat plain.pcap >&9
exec 9>&-
wait $!
is "$?" 1 "evidence that cannot be written (exit 1)"
is "$(wc -l <gone.json)" "$(wc -l <ev.json)" "takes no hit away"
is "$(wc -l <gone.err)" 1 "is told once"
is "$(get gone.st True 'd["evidence_left_out"] > 0')" True "and counted"

# ---- signals
run 0 "a state" "$FIREBREAK" ledger init --state st
run 1 "hits become signals" "$FIREBREAK" watch plain.pcap tls.pcap --events hits --indicators bad.csv --signal \
	--reporter acme --state st --clock 2023-03-23T00:00:00Z
like "$out" "case 2023-0001 opened" "in a case"
run 0 "one case" "$FIREBREAK" case list --json --state st
is "$(printf '%s' "$out" | grep -o '"id":"20[0-9-]*"' | sort -u)" '"id":"2023-0001"' "one case for all of them"
run 0 "it" "$FIREBREAK" case show 2023-0001 --json --state st
like "$out" '"seen":"2023-03-22T12:00:00.003Z"' "the time is that of the packet"
like "$out" "10\.0\.0\.2 asked DNS for deep\.sub\.bad\.example" "who asked for what"
like "$out" "$(sha256sum <plain.pcap | cut -c 1-64)" "the capture is evidence"
run 1 "the same once more" "$FIREBREAK" watch plain.pcap --json --events hits --indicators bad.csv --signal \
	--reporter acme --state st --clock 2023-03-24T00:00:00Z
like "$out" '"_path":"signal".*"case":"2023-0001","case_outcome":"repeated"' "is only recorded"

# ---- new indicators while it runs
run 0 "a state with indicators" "$FIREBREAK" intel import none.csv --state live
mkfifo pipe
"$FIREBREAK" watch - --json --events all --state live --output lines.json <pipe 2>live.err &
pid=$!
exec 9>pipe
for _ in $(seq 100); do # until it takes SIGHUP
	grep -q '^SigCgt:.*[13579bdf]$' /proc/$pid/status && break
	sleep 0.1
done
head -c 24 many.pcap >&9
python3 - many.pcap <<'PY' >half1
import struct, sys
b = open(sys.argv[1], "rb").read()[24:]
sys.stdout.buffer.write(b[:len(b) // 2])
PY
cat half1 >&9
told() { # NUMBER: within ten seconds the line of that packet or a later one is written
	for _ in $(seq 200); do
		[ "$(grep -o '"packet":[0-9]*' lines.json | cut -d: -f2 | sort -n | tail -n 1)" -ge "$1" ] && return
		sleep 0.05
	done
} 2>/dev/null
told 2900
printf 'type,value\ndomain,many.example\n' >many.csv
run 0 "an import meanwhile" "$FIREBREAK" intel import many.csv --state live
mv lines.json lines.old
kill -HUP $pid
for _ in $(seq 200); do
	[ -f lines.json ] && break
	sleep 0.05
done
[ -f lines.json ]
ok $? "a file that was moved away is begun anew, also while nothing comes"
tail -c +$((25 + $(stat -c %s half1))) many.pcap >&9
exec 9>&-
wait $pid
is $? 1 "it ends with hits"
cat lines.old lines.json | grep '"_path":"intel"' >live.json
n=$(get live.json 'True' 'd["packet"]' | sort -n | head -n 1)
[ "${n:-0}" -gt 2000 ] && [ "$n" -le 4000 ]
ok $? "the second half has hits (from packet $n)"
is "$(get live.json 'True' 'd["packet"]' | sort -u | wc -l)" "$((6000 - n + 1))" "no packet is left out"

# ---- even intervals
run 0 "somebody calls home" watch beacon.pcap --json --indicators none.csv
printf '%s\n' "$out" >beacon.json
python3 check.py beacon.json
ok $? "hints are valid JSON"
is "$(get beacon.json 'd["_path"] == "notice"' 'd["src"], d["beacon.destination"], d["n"] > 40, round(d["beacon.interval"], -1), d["beacon.jitter"]')" \
	"('10.4.0.1', 'home.call.example', True, 600.0, 0)" "who does so, and who does not"
python3 - "$TOP/docs/watch.md" beacon.json <<'PY'
import json, sys
text = open(sys.argv[1]).read()
sys.exit(any("`%s`" % k not in text for l in open(sys.argv[2]) for k in json.loads(l)))
PY
ok $? "every key of a hint is documented"
run 0 "a table" watch beacon.pcap --events hits --beacons --indicators none.csv
like "$out" "^ +[0-9]+  10\.4\.0\.1 -> home\.call\.example  4[0-9] times, every (10m|9m 5[0-9]s), jitter 0 %" "for people"
printf 'type,value,side\ndomain,call.example,benign\ndomain,nothing.invalid,bad\n' >good.csv
run 0 "what is known to be good" watch beacon.pcap --json --indicators good.csv
is "$(printf '%s\n' "$out" | grep -c '"notice"')" 0 "is no hint"

# ---- files
run 0 "lines go to a file" watch many.pcap --json --indicators none.csv --output o.json --rotate 100K --keep 3
is "$out" "" "and not to standard output"
is "$(ls o.json*)" "o.json
o.json.1
o.json.2
o.json.3" "which rotates, and keeps so many"
python3 check.py o.json o.json.1 o.json.2 o.json.3
ok $? "no line is cut"
is "$(get o.json True 'd["packet"]' | tail -n 1)" 6000 "the newest has the last packet"
run 4 "a full disk" watch many.pcap --json --indicators none.csv --output /dev/full --stats-file full.json
is "$err" "firebreak watch: /dev/full: No space left on device; what comes after this is not written" "is one error"
printf '{"cut' >cut.json
run 0 "a file whose last line was cut" watch plain.pcap --json --indicators none.csv --output cut.json
is "$(head -n 1 cut.json)" '{"cut' "has it alone"
is "$(tail -n +2 cut.json | cmp - plain.json && echo same)" same "and every new line whole"
like "$(cat full.json)" '"packets":[1-9]' "and the counts are told"
run 0 "a pipe that closes" bash -c "'$FIREBREAK' watch many.pcap --json --indicators none.csv --state nowhere | head -n 1 >one"
is "$err" "" "is no error"
run 4 "a folder that cannot be" watch plain.pcap --pcap-hits /proc/none --indicators none.csv
run 4 "a file that cannot be" watch plain.pcap --output /proc/none --indicators none.csv

# ---- captures that are none
head -c 3000 plain.pcap >cut.pcap
run 4 "a capture that is cut" watch cut.pcap --json --indicators none.csv
like "$err" "^firebreak watch: .*cut\.pcap" "is named"
like "$out" '"query":"www\.good\.example"' "what came before is told"
run 1 "with hits" watch cut.pcap --json --events hits --indicators bad.csv
echo hello >text
run 5 "a text" watch text --json --indicators none.csv
like "$err" "text" "is named"
run 1 "a text beside a capture with hits" watch plain.pcap text --json --events hits --indicators bad.csv
like "$err" "text: neither pcap nor pcapng" "is told, and the hits count"
run 5 "for people" watch text --indicators none.csv
is "$out" "" "nothing is said to be without hits"
gzip -c plain.pcap >plain.pcap.gz
run 5 "a compressed capture" watch plain.pcap.gz --indicators none.csv
like "$err" "plain\.pcap\.gz: compressed: decompress it first, or into a pipe for watch -, with gzip -dc" "and what to do about it"
run 5 "the same in a pipe" bash -c "'$FIREBREAK' watch - --indicators none.csv <<<'BZh91AY' --state '$TMP/nowhere'"
like "$err" "standard input: compressed: .*bzip2 -dc" "too"
run 5 "a pipe without anything" bash -c "'$FIREBREAK' watch - --indicators none.csv --state '$TMP/nowhere' < <(:)"
like "$err" "standard input: empty, not a capture" "is named"
run 5 "an empty file" watch /dev/null --json --indicators none.csv
run 5 "a file that is not there" watch gone.pcap --indicators none.csv
run 5 "a malformed set" watch plain.pcap --indicators plain.pcap
tap_done
