#!/bin/bash
# trust update and trust show: which trusted root is in use, what an update leaves behind when it
# succeeds, fails, is killed or is not alone. The rules of TUF: tests/conformance/tuf.t.
. "$(dirname "$0")/../support/tap.sh"

WHEN=2026-08-25T00:00:00Z
SHIPPED=6494e21ea73fa7ee769f85f57d5a3e6a08725eae1e38c755fc3517c9e6bc0b66
state=$TMP/state
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; rm -rf "$TMP"' EXIT
trust() { "$FIREBREAK" trust "$@" --state "$state"; }
files() { (cd "$1" && find . -type f -exec sha256sum {} + | LC_ALL=C sort -k2); }
value() { # PYTHON-EXPRESSION on d, the JSON in $out
	printf '%s' "$out" | python3 -c "import json,sys; d=json.load(sys.stdin); print($1)"
}

run 0 "show without a state directory" trust show
like "$out" "^trusted root   built-in, 6494e21ea73f… \(version 14, current until 2026-08-28\)" "the built-in one, with its date"
like "$out" 'rekor.sigstore.dev +2021-01-12T11:53:27Z to now' "its logs and their windows"
like "$out" 'fulcio.sigstore.dev +2021-03-07T03:20:29Z to 2022-12-31' "its authorities and theirs"
[ ! -e "$state" ]
ok $? "nothing is written"
run 0 "show --json" trust show --json
is "$(value 'd["trusted_root"]["digest"]')" "sha256:$SHIPPED" "the digest"
is "$(value 'len(d["members"])')" 7 "seven logs and authorities"
run 0 "another file" trust show --trusted-root "$TOP/share/trust/sigstore-trusted-root.json"
like "$out" '^trusted root   .*sigstore-trusted-root.json, 6494e21ea73f…$' "is named"
run 5 "no trusted root" trust show --trusted-root "$TOP/share/trust/sigstore-tuf-root.json"
run 5 "no such file" trust show --trusted-root "$TMP/nothing"
like "$err" 'nothing' "is named"
run 3 "plain http to elsewhere" trust update --mirror http://example.com
like "$err" 'plain http is taken for loopback' "says why"
run 3 "--offline and --mirror" trust update --mirror https://example.com --offline "$TMP"
run 5 "no such folder" trust update --offline "$TMP/nothing"
run 5 "a root that is none" trust update --root /dev/null --offline "$TMP"
run 5 "--root without a place" trust update --root "$TOP/share/trust/sigstore-tuf-root.json"
like "$err" 'give --mirror URL or --offline DIR' "says what is missing"
mkdir "$TMP/empty"
rm -rf "$state"
run 1 "an empty folder" trust update --offline "$TMP/empty" --clock "$WHEN"
like "$err" '^firebreak trust update: refused, missing \(TUF 5.4.1\): timestamp.json: .*; still in use: built-in' "is refused, with the step"

[ -n "$SHARED" ] || {
	skip "updates" "../shared/data is not there"
	tap_done
}

src=$SHARED/trust/root-signing
repo=$TMP/repo
mkdir -p "$repo/targets"
cp "$src"/metadata/root_history/*.json "$src/metadata/timestamp.json" "$repo"
cp "$src/metadata/snapshot.json" "$repo/165.snapshot.json"
cp "$src/metadata/targets.json" "$repo/14.targets.json"
cp "$src/targets/trusted_root.json" "$repo/targets/$SHIPPED.trusted_root.json"
chmod -R u+w "$repo"

rm -rf "$state"
run 0 "an update from a copied repository" trust update --offline "$repo" --clock "$WHEN"
like "$out" '^Trusted root updated: 6494e21ea73f… \(version 14, current until 2026-08-28\)' "says what is in use"
like "$out" 'root 15, timestamp 762, snapshot 165, targets 14; 4 files fetched' "and what was fetched"
run 0 "once more" trust update --offline "$repo" --clock "$WHEN"
like "$out" 'up to date.*' "is up to date"
like "$out" '0 files fetched' "and fetched nothing but the timestamp it had"
run 0 "show" trust show --json
is "$(value 'd["trusted_root"]["source"]')" updated "it is in use"
is "$(value 'd["trusted_root"]["fetched"]')" "$WHEN" "with the time it was fetched"
is "$(find "$state" -type f | sed "s,$state/,," | LC_ALL=C sort | tr '\n' ' ')" \
	"trust/$SHIPPED.json trust/current.json trust/sigstore/root.json trust/sigstore/snapshot.json trust/sigstore/targets.json trust/sigstore/timestamp.json " \
	"nothing is written outside STATE/trust"
is "$(find "$state" -perm /022)" "" "and nothing that others may write to"
run 0 "a ledger can still be made there" "$FIREBREAK" ledger init --state "$state"

before=$(files "$state/trust")
run 1 "a mirror that stands still" trust update --offline "$repo" --clock 2026-09-01T00:00:00Z
like "$err" 'refused, expired \(TUF 5.4.4\): timestamp.json: version 762 expired at 2026-08-28T19:25:56Z .*still in use: updated' "is a freeze"
run 4 "nobody there" trust update --mirror http://127.0.0.1:1 --clock "$WHEN"
like "$err" "16.root.json: cannot fetch it: .*TUF 5.3.3.*still in use: updated" "says what was asked for"
run 4 "as JSON" trust update --mirror http://127.0.0.1:1 --clock "$WHEN" --json
is "$(value 'd["error"]["exit"]')" 4 "an error object"
is "$(files "$state/trust")" "$before" "after failures the state is as it was"

# --- another repository ---

run 0 "a repository of one's own" trust update --root "$repo/1.root.json" --offline "$repo" --clock "$WHEN"
like "$out" '17 files fetched' "starts at its root"
run 0 "show" trust show --json
like "$(value 'd["trusted_root"]["repository"]')" '^root-[0-9a-f]{16}$' "has its own folder"
run 0 "goes on with it" trust update --offline "$repo" --clock "$WHEN"
like "$out" '0 files fetched' "from where it was"
run 0 "and back to Sigstore's" trust update --root sigstore --offline "$repo" --clock "$WHEN"
run 0 "show" trust show --json
is "$(value 'd["trusted_root"]["repository"]')" sigstore "is Sigstore's again"

# --- a state that is not as we left it ---

echo '{' >"$state/trust/current.json"
run 5 "a damaged record" trust show
like "$err" 'current.json: .*; run: firebreak trust update' "is told, not passed over"
run 0 "an update mends it" trust update --offline "$repo" --clock "$WHEN"
echo >>"$state/trust/$SHIPPED.json"
run 5 "a trusted root that was changed" trust show
like "$err" 'was changed; run: firebreak trust update' "is told"
run 0 "an update mends it" trust update --offline "$repo" --clock "$WHEN"
run 0 "show" trust show
rm "$state/trust/$SHIPPED.json"
run 5 "one that is gone" trust show
run 0 "an update mends it" trust update --offline "$repo" --clock "$WHEN"
printf x >"$state/trust/sigstore/root.json"
: >"$state/trust/sigstore/timestamp.json"
ln -sf /etc/passwd "$state/trust/sigstore/targets.json"
run 0 "damaged metadata" trust update --offline "$repo" --clock "$WHEN"
[ ! -L "$state/trust/sigstore/targets.json" ] && cmp -s "$state/trust/sigstore/root.json" "$repo/15.root.json"
ok $? "is replaced"
chmod g+w "$state/trust"
run 6 "others may write" trust show
run 6 "update" trust update --offline "$repo" --clock "$WHEN"
chmod g-w "$state/trust"
python3 - "$state/trust/current.json" <<'E'
import json, sys
d = json.load(open(sys.argv[1]))
d['version'] = 13
json.dump(d, open(sys.argv[1], 'w'))
E
run 0 "an older one than the built-in" trust show --json
is "$(value 'd["trusted_root"]["source"]')" built-in "does not count"
run 0 "update" trust update --offline "$repo" --clock "$WHEN"
like "$out" 'in use    updated, 6494e21ea73f…' "says what is in use"

# --- over HTTP, not alone, killed ---

exec 9< <(exec python3 "$TOP/tests/support/tuf_server.py" "$repo" 2>/dev/null)
pids+=($!)
read -r port <&9
rm -rf "$state"
jobs=()
for i in 1 2 3 4 5 6; do
	(
		trust update --mirror "http://127.0.0.1:$port" --clock "$WHEN" --quiet >"$TMP/u$i" 2>&1
		echo $? >>"$TMP/u$i"
	) &
	jobs+=($!)
done
wait "${jobs[@]}"
is "$(cat "$TMP"/u? | grep -c '^0$')" 6 "six updates at once all succeed"
is "$(cat "$TMP"/u? | grep -c 'Trusted root updated')" 1 "one of them made the change"
run 0 "show" trust show
bad=0
for i in $(seq 20); do
	[ $((i % 2)) -eq 0 ] && rm -rf "$state/trust/sigstore" "$state/trust/current.json"
	"$FIREBREAK" trust update --state "$state" --mirror "http://127.0.0.1:$port" --clock "$WHEN" >/dev/null 2>&1 &
	pid=$!
	sleep "0.0$((i * 3 % 60 + 10))"
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	trust show >/dev/null 2>&1 || bad=$((bad + 1))
done 2>/dev/null
is "$bad" 0 "killed at 20 moments: always one that can be used"
run 0 "and the next update succeeds" trust update --mirror "http://127.0.0.1:$port" --clock "$WHEN"
is "$(find "$state" -type f | sed "s,$state/,," | grep -vE '^trust/([0-9a-f]{64}|current|sigstore/[a-z]+)\.json$')" "" \
	"nothing is left over"
tap_done
