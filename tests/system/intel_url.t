#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a URL is looked up as; a MISP feed's folder, and what of it is for detection.
. "$(dirname "$0")/../support/tap.sh"

S=$TMP/state
fb() { "$FIREBREAK" "$@" --state "$S"; }
hits() { fb intel show "$1" --json | python3 -c '
import json, sys
for l in sys.stdin:
    d = json.loads(l)
    print(d["type"], d["matched"], d["confidence"], d["value"])'; }

printf '%s\n' '/public/hydra.php' evil.example http://203.0.113.7 203.0.113.8:8080 \
	'b.example/x/' '/x.php?id=' >"$TMP/trails"
run 0 "trails" fb intel import --format maltrail --source maltrail "$TMP/trails"
u=https://a.example/public/hydra.php
is "$(hits $u)" "url-path /public/hydra.php 25 $u" "a path on any host, half as sure"
u='http://a.example/y/hydra.php?q=1'
is "$(hits "$u")" "" "but not its last segment, where the trail says more"
u='http://a.example/x.php?id=77'
is "$(hits "$u")" "url-path /x.php?id= 25 $u" "a path with a query, whatever its value"
u=http://sub.evil.example/index.php
is "$(hits $u)" "domain evil.example 50 $u" "the host, and its parents"
u=https://203.0.113.7:8443/
is "$(hits $u)" "ipv4 203.0.113.7 50 $u" "the address, on any port"
u=http://203.0.113.8:8080/z
is "$(hits $u)" "ip-port 203.0.113.8:8080 50 $u" "the address with its port"
is "$(hits http://203.0.113.8/z)" "" "and on no other"
u='http://b.example/x/y.exe?a=b'
is "$(hits "$u")" "url b.example/x/ 50 $u" "what is below a folder, told once"
is "$(hits /public/hydra.php)" "url-path /public/hydra.php 25 /public/hydra.php" "a path, asked without its host"
run 0 "a path that nobody names" fb intel show /usr/bin/nothing
like "$out" 'Nobody names path /usr/bin/nothing' "may be one of a file"

id=5c5be78a-3908-47c6-bf16-4487ca1f6a5d
mkdir "$TMP/feed"
att() { printf '{"type":"domain","category":"Network activity","value":"%s","to_ids":%s}' "$1" "$2"; }
printf '{"Event":{"info":"i","date":"2023-03-29","Attribute":[%s,%s]}}' "$(att bad.example true)" \
	"$(att host.example false)" >"$TMP/feed/$id.json"
echo "{\"$id\":{},\"6${id#5}\":{}}" >"$TMP/feed/manifest.json"
echo "d41d8cd98f00b204e9800998ecf8427e,$id" >"$TMP/feed/hashes.csv"
run 0 "a MISP feed" fb intel import "$TMP/feed"
like "$out" '1 added, 0 updated, 1 rejected' "what it marks for detection"
like "$out" '1 files that its manifest names are not there' "and what it lacks"
is "$(hits bad.example | cut -d' ' -f1,2)" "domain bad.example" "is found"
is "$(hits host.example)" "" "and no other"
run 0 "all of it" fb intel import --context "$TMP/feed"
is "$(hits host.example | cut -d' ' -f1,2)" "domain host.example" "is found when it is asked for"
tap_done
