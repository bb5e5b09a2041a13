#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# intoto.sh [RUNS]: one verification from the shell, firebreak against in-toto-verify, of the same
# chain: two steps, three links, Ed25519, RSA and ECDSA. CPU and wall ms a process. Never fails.

TOP=$(cd "$(dirname "$0")/../.." && pwd)
FIREBREAK=${FIREBREAK:-${BUILD:-$TOP/build}/firebreak}
RUNS=${1:-20}
TIMEFORMAT='%U %S %R'
command -v in-toto-verify >/dev/null || { echo "in-toto is not installed"; exit 0; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 0
{
	in-toto-keygen -t ed25519 alice
	in-toto-keygen -t rsa bob
	in-toto-keygen -t ecdsa carl
	/usr/bin/python3 - <<'EOF'
from in_toto.models.layout import Layout, Step
from in_toto.models.metadata import Metablock
from securesystemslib.interface import import_ed25519_privatekey_from_file, import_publickeys_from_file
keys = import_publickeys_from_file(["bob.pub", "carl.pub", "alice.pub"], ["rsa", "ecdsa", "ed25519"])
ids = list(keys)
layout = Layout(expires="2035-01-01T00:00:00Z", keys=keys)
write = Step(name="write", pubkeys=ids[:1], expected_products=[["CREATE", "foo.py"], ["DISALLOW", "*"]])
pack = Step(name="pack", pubkeys=ids[1:], threshold=2, expected_products=[["CREATE", "foo.tar"]],
            expected_materials=[["MATCH", "foo.py", "WITH", "PRODUCTS", "FROM", "write"], ["DISALLOW", "*"]])
layout.steps = [write, pack]
m = Metablock(signed=layout)
m.sign(import_ed25519_privatekey_from_file("alice"))
m.dump("root.layout")
EOF
	in-toto-run -n write -k bob -p foo.py -- touch foo.py
	in-toto-run -n pack -k carl -t ecdsa -m foo.py -p foo.tar -- touch foo.tar
	rm foo.tar
	in-toto-run -n pack -k alice -t ed25519 -m foo.py -p foo.tar -- touch foo.tar
} >/dev/null 2>&1

# "CPU WALL" in ms for one run, mean; what it runs has to succeed.
measure() {
	local t n=$1
	shift
	"$@" >/dev/null 2>&1 || { echo "0 0"; return; }
	t=$({ time for ((i = 0; i < n; i++)); do "$@" >/dev/null 2>&1; done; } 2>&1)
	awk -v n="$n" '{ printf "%.2f %.2f", ($1 + $2) * 1000 / n, $3 * 1000 / n }' <<<"$t"
}

start=$(measure $((RUNS * 5)) /bin/true)
ours=$(measure $((RUNS * 5)) "$FIREBREAK" intoto verify --layout root.layout --key alice.pub)
theirs=$(measure "$RUNS" in-toto-verify -l root.layout -k alice.pub -t ed25519)
echo "in-toto, one verification, ms a process (CPU, wall):"
echo "  /bin/true                $start"
echo "  firebreak intoto verify  $ours"
echo "  in-toto-verify           $theirs"
awk -v a="$theirs" -v b="$ours" 'BEGIN {
	split(a, t); split(b, o)
	if (o[1] > 0 && t[1] > 0)
		printf "  ratio                    %.0f x CPU, %.0f x wall\n", t[1] / o[1], t[2] / o[2]
}'
