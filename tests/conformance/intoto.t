#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# intoto.t: the in-toto verifier beside Debian's in-toto 1.3.1, in both directions (about 30 s).
. "$(dirname "$0")/../support/tap.sh"

PY=/usr/bin/python3
here=$TOP/tests/conformance
tool=$BUILD/tests/conformance/intoto_tool
command -v in-toto-verify >/dev/null || skip_all "in-toto is not installed"
$PY -c "import in_toto" 2>/dev/null || skip_all "python3-in-toto is not there"

# --- random cases: the parts against theirs
for c in "olpc 1 4000" "glob 2 8000" "rules 3 4000"; do
	set -- $c
	run 0 "random cases: $1" $PY "$here/intoto_oracle.py" "$tool" "$1" "$2" "$3"
	echo "# $1: $(tail -n 1 <<<"$out")"
done

# --- canonical JSON against the one of npm's TUF client
peer=$TESTDEPS/npm/node_modules/@tufjs/canonical-json/lib/index.js
if command -v node >/dev/null && [ -f "$peer" ]; then
	cat >"$TMP/docs" <<-'EOF'
		{"b":[1,2,{"z":null,"a":true}],"a":"x\"\\y\u00e4\n"}
		{"signed":{"_type":"root","version":3,"keys":{"ff":{"keytype":"ed25519"},"0a":{}}},"":[]}
		["\ud83d\ude00",-0,0,-12,9007199254740991,"\u0001\u007f"]
	EOF
	"$tool" olpc <"$TMP/docs" >"$TMP/ours"
	node -e '
		const { canonicalize } = require(process.argv[1]);
		for (const l of require("fs").readFileSync(process.argv[2], "utf8").trim().split("\n"))
			console.log(JSON.stringify(canonicalize(JSON.parse(l))));
	' "$peer" "$TMP/docs" >"$TMP/theirs"
	# Ours is printed with DEL as an escape: compare what the strings say.
	run 0 "canonical JSON as @tufjs/canonical-json has it" $PY -c '
import json, sys
a, b = ([json.loads(l) for l in open(f)] for f in sys.argv[1:])
sys.exit(a != b or len(a) != 3)' "$TMP/ours" "$TMP/theirs"
else
	skip "canonical JSON as @tufjs/canonical-json has it" "node or the npm package is not there"
fi

# --- their chains, judged by both
$PY "$here/intoto_scenarios.py" "$TMP/chains" >"$TMP/table" 2>"$TMP/table.err"
ok $? "the scenarios are made"
sed 's/^/# /' "$TMP/table.err" | head -n 5
n=0 agree=0
verdicts=(PASS FAIL UNKNOWN)
while IFS=$'\t' read -r name theirs want code args differs; do
	n=$((n + 1))
	# shellcheck disable=SC2086
	out=$("$FIREBREAK" intoto verify $args 2>&1)
	rc=$?
	[ $rc -eq "$want" ] && { [ "$code" = - ] || grep -q " $code:" <<<"$out"; }
	good=$?
	same=$((rc == 0 ? theirs == 0 : theirs != 0))
	[ $same -eq 1 ] && agree=$((agree + 1))
	# A difference has its reason in the table, and a reason there its difference.
	{ [ $same -eq 1 ] && [ -z "$differs" ]; } || { [ $same -eq 0 ] && [ -n "$differs" ]; } || good=1
	ok $good "$name: ${verdicts[rc]:-exit $rc}, in-toto-verify $theirs${differs:+ (differs: $differs)}"
	[ $good -eq 0 ] || printf '%s\n' "want $want $code" "$out" | sed 's/^/# /' | head -n 12
done <"$TMP/table"
[ $n -ge 60 ]
ok $? "$n scenarios, $agree verdicts as in-toto-verify has them, $((n - agree)) explained"

# --- our links and layouts, judged by theirs
W=$TMP/ours.d
mkdir -p "$W/links"
cd "$W" || exit 1
openssl genpkey -quiet -algorithm ed25519 -out ed25519.pem
openssl genpkey -quiet -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -out rsa.pem
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ecdsa.pem
for k in ed25519 rsa ecdsa; do
	openssl pkey -in $k.pem -pubout -out $k.pub.pem
	run 0 "intoto key: $k" "$FIREBREAK" intoto key $k.pub.pem
	printf '%s' "$out" >$k.json
	keyid=$(sed -n 's/^keyid //p' <<<"$err")
	theirs=$($PY -c '
import sys
from securesystemslib import interface
t = sys.argv[1]
k = interface.import_publickeys_from_file(["rsa.pub.pem" if t == "rsa" else t + ".json"], [t])
print(list(k)[0])' $k)
	is "$keyid" "$theirs" "the keyid of the $k key is securesystemslib's"
	echo "$keyid" >$k.id
done
step() { # NAME KEY ARGUMENTS…
	local name=$1 key=$2
	shift 2
	run 0 "intoto run: $name with $key" "$FIREBREAK" intoto run --step "$name" --key "$key.pem" --out links "$@"
}
mkdir src
step write ed25519 --product src -- sh -c 'mkdir src/sub; echo 1 >src/foo.py; echo 2 >src/sub/ü.py; echo x >src/a.pyc'
step pack rsa --material ./src/ --product out.tar --streams -- sh -c 'cat src/foo.py src/sub/*.py >out.tar; echo said'
run 0 "record start" "$FIREBREAK" intoto record start --step ship --key ecdsa.pem --material out.tar
ls .ship.*.link-unfinished >/dev/null
ok $? "leaves an unfinished link"
cp out.tar shipped.tar
run 5 "record stop with another key" "$FIREBREAK" intoto record stop --step ship --key rsa.pem --product shipped.tar
run 0 "record stop" "$FIREBREAK" intoto record stop --step ship --key ecdsa.pem --product shipped.tar --out links
[ -z "$(find . -name '.ship*')" ]
ok $? "takes the unfinished link away"
$PY - <<'EOF'
import json
keys = {open(k + ".id").read().strip(): json.load(open(k + ".json")) for k in ("ed25519", "rsa", "ecdsa")}
ids = {v["keytype"]: k for k, v in keys.items()}
assert all(v["keyid"] == k for k, v in keys.items())
def step(name, who, materials, products):
    return {"_type": "step", "name": name, "pubkeys": [ids[who]], "threshold": 1, "expected_command": [],
            "expected_materials": [r.split() for r in materials], "expected_products": [r.split() for r in products]}
json.dump({"_type": "layout", "expires": "2035-01-01T00:00:00Z", "readme": "ours", "keys": keys, "inspect": [],
           "steps": [
    step("write", "ed25519", ["DISALLOW *"], ["CREATE src/foo.py", "CREATE src/sub/ü.py", "DISALLOW *"]),
    step("pack", "rsa", ["MATCH src/* WITH PRODUCTS FROM write", "DISALLOW *"], ["CREATE out.tar", "DISALLOW *"]),
    step("ship", "ecdsa", ["MATCH out.tar WITH PRODUCTS FROM pack", "DISALLOW *"], ["CREATE shipped.tar", "DISALLOW *"])]},
    open("layout.json", "w"))
EOF
for k in ed25519 rsa ecdsa; do
	pub=$k.json
	[ $k = rsa ] && pub=rsa.pub.pem
	run 0 "intoto sign: $k" "$FIREBREAK" intoto sign --key $k.pem --out root.$k layout.json
	run 0 "in-toto-verify takes our chain, layout signed with $k" \
		in-toto-verify -l root.$k --link-dir links -k $pub -t $k
	run 0 "and so do we" "$FIREBREAK" intoto verify --layout root.$k --key $pub --links links
	run 0 "with the key as PEM, too" "$FIREBREAK" intoto verify --layout root.$k --key $k.pub.pem --links links
	cp root.$k root.both
	run 0 "a second signature" "$FIREBREAK" intoto sign --key ed25519.pem root.both
	run 0 "in-toto-verify takes both" in-toto-verify -l root.both --link-dir links -k $pub ed25519.json -t $k ed25519
done
run 0 "in-toto-sign reads what we signed" in-toto-sign --verify -f root.rsa -k rsa.pub.pem -t rsa
run 0 "an envelope" "$FIREBREAK" intoto sign --key rsa.pem --dsse --out root.dsse layout.json
run 0 "verifies" "$FIREBREAK" intoto verify --layout root.dsse --key rsa.pub.pem --links links
run 0 "a link in an envelope" "$FIREBREAK" intoto run --step ship --key ecdsa.pem --out links --dsse \
	--material out.tar --product ship2.tar -- touch ship2.tar
run 1 "whose products are not the layout's" "$FIREBREAK" intoto verify --layout root.dsse --key rsa.pub.pem --links links
like "$out" 'intoto.rule: step ship: products: DISALLOW \*: nothing accounts for ship2.tar' "says which"

# --- what they recorded and what we record of one folder
mkdir -p "$W/tree/d/.git" "$W/tree/e" && cd "$W/tree" || exit 1
echo 1 >a; echo 2 >d/b; echo 3 >d/.git/c; echo 4 >d/x.link.old; echo 5 >'d/a\b'; echo 6 >e/y~; echo 7 >e/z.pyc
ln -s ../a d/link_to_a; ln -s nowhere d/broken; ln -s ../e d/dir; echo 8 >e/f; mkfifo d/fifo
$PY -c '
import json
from in_toto.runlib import record_artifacts_as_dict as r
print(json.dumps(r([".", "./d//../d", "e/f", "nowhere"], follow_symlink_dirs=True), sort_keys=True))' >../theirs
run 0 "recording a folder" "$FIREBREAK" intoto run --step t --key "$W/ed25519.pem" --out "$W" --material . \
	--material ./d//../d --material e/f --material nowhere -- true
$PY -c 'import json, sys; print(json.dumps(json.load(open(sys.argv[1]))["signed"]["materials"], sort_keys=True))' \
	"$W"/t.*.link >../ours
is "$(cat ../ours)" "$(cat ../theirs)" "the same files with the same names as in-toto records"

# --- what an inspection gets to see and may do
cd "$W" || exit 1
$PY - <<'EOF'
import json
d = json.load(open("layout.json"))
d.update(steps=[], inspect=[{"_type": "inspection", "name": "look", "run": ["sh", "-c", "env | sort >env; pwd >pwd"],
         "expected_materials": [["ALLOW", "a"], ["DISALLOW", "*"]],
         "expected_products": [["CREATE", "env"], ["CREATE", "pwd"], ["ALLOW", "a"], ["DISALLOW", "*"]]}])
json.dump(d, open("inspect.json", "w"))
EOF
mkdir -p product/sub && echo 1 >product/a
run 0 "a layout with an inspection" "$FIREBREAK" intoto sign --key rsa.pem inspect.json
run 2 "is UNKNOWN as long as it is not run" "$FIREBREAK" intoto verify --layout inspect.json --key rsa.json
like "$out" 'intoto.inspection: inspection look: not run: sh -c env' "names the command"
[ ! -e product/env ]
ok $? "and nothing was run"
SECRET=1 run 0 "run when told to" "$FIREBREAK" intoto verify --layout inspect.json --key rsa.json --run-inspections product
is "$(grep -Ev '^(PWD|OLDPWD|SHLVL|_)=' product/env | cut -d= -f1 | tr '\n' ' ')" "HOME LANG PATH " \
	"it sees nothing of our environment"
is "$(cat product/pwd)" "$(realpath product)" "and works in the product's folder"
rm product/env product/pwd && ln -s /etc product/sub/etc
run 1 "a product with a link that leads out" "$FIREBREAK" intoto verify --layout inspect.json --key rsa.json --run-inspections product
like "$out" 'sub/etc: a link that leads out of the folder' "is not followed"
rm product/sub/etc
sed 's/env | sort >env; pwd >pwd/touch env pwd; { sleep 1; touch late; } \&/' inspect.json >late.json
run 0 "an inspection that leaves a process behind" "$FIREBREAK" intoto sign --key rsa.pem late.json
run 0 "is done when its command is" "$FIREBREAK" intoto verify --layout late.json --key rsa.json --run-inspections product
sleep 1.3
[ ! -e product/late ]
ok $? "and what it left behind is ended"

# --- the command line
run 1 "a command that fails" "$FIREBREAK" intoto run --step t --key ed25519.pem -- sh -c 'exit 7'
like "$(cat t.*.link)" '"return-value":7' "its link says so"
run 5 "a command that is not there" "$FIREBREAK" intoto run --step t2 --key ed25519.pem -- /no/such/command
[ -z "$(find . -name 't2*')" ]
ok $? "leaves no link"
ln -s . loop
run 5 "a folder that contains itself" "$FIREBREAK" intoto run --step t --key ed25519.pem --material loop/loop -- true
rm loop
run 3 "no key" "$FIREBREAK" intoto verify --layout root.rsa
run 3 "inspections without a folder" "$FIREBREAK" intoto verify --layout root.rsa --key rsa.json --run-inspections
run 3 "a parameter without a value" "$FIREBREAK" intoto verify --layout root.rsa --key rsa.json --param x
run 3 "a parameter twice" "$FIREBREAK" intoto verify --layout root.rsa --key rsa.json --param x=1 --param x=2
run 5 "a private key as key" "$FIREBREAK" intoto verify --layout root.rsa --key rsa.pem
run 5 "no such layout" "$FIREBREAK" intoto verify --layout nowhere --key rsa.json
echo '{"_type":"layout"}' >bad.json
run 5 "what is no layout is not signed" "$FIREBREAK" intoto sign --key rsa.pem bad.json
is "$(cat bad.json)" '{"_type":"layout"}' "and stays as it is"
run 2 "links that are not there" "$FIREBREAK" intoto verify --layout root.rsa --key rsa.json --links nowhere --json
like "$out" '"missing":\[\{"code":"intoto.link-missing".*"verdict":"UNKNOWN"' "are missing evidence, in JSON, too"
tap_done
