#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tuf.sh: an update of Sigstore's repository with four targets (one of them delegated) from nothing, over
# loopback: this client against tuf-js, both with the same server. CPU seconds of the client alone.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILD:-$top/build}
deps=${TESTDEPS:-$top/.cache/testdeps}
src=$top/../shared/data/trust/root-signing
when=2026-08-25T00:00:00Z
targets=(trusted_root.json signing_config.v0.2.json rekor.pub registry.npmjs.org/keys.json)
[ -d "$src" ] || { echo "tuf: no ../shared/data"; exit 0; }
[ -d "$deps/npm/node_modules/tuf-js" ] && command -v node >/dev/null || { echo "tuf: no tuf-js"; exit 0; }
tmp=$(mktemp -d)
trap 'kill "$server" 2>/dev/null; rm -rf "$tmp"' EXIT

mkdir -p "$tmp/repo/targets/registry.npmjs.org" "$tmp/store"
cp "$src"/metadata/root_history/*.json "$src/metadata/timestamp.json" "$tmp/repo"
cp "$src/metadata/snapshot.json" "$tmp/repo/165.snapshot.json"
cp "$src/metadata/targets.json" "$tmp/repo/14.targets.json"
cp "$src/metadata/registry.npmjs.org.json" "$tmp/repo/8.registry.npmjs.org.json"
names=()
for t in "${targets[@]}"; do
	h=$(sha256sum <"$src/targets/$t" | cut -c 1-64)
	cp "$src/targets/$t" "$tmp/repo/targets/$(dirname "$t")/$h.$(basename "$t")"
	names+=(--target-name "$t")
done
exec 9< <(exec python3 "$top/tests/support/tuf_server.py" "$tmp/repo" 2>/dev/null)
server=$!
read -r port <&9
url=http://127.0.0.1:$port
tool=$build/tests/conformance/tuf_tool
root=$src/metadata/root.json
"$tool" --metadata-dir "$tmp/store" init "$root" >/dev/null

n=${COUNT:-100}
TIMEFORMAT='%U %S %R'
ours=$({ time "$tool" --metadata-dir "$tmp/store" --metadata-url "$url" --target-base-url "$url/targets" \
	--clock "$when" --memory "$n" "${names[@]}" download >/dev/null; } 2>&1)
theirs=$(node "$top/tests/support/tuf_peer.mjs" "$deps" --bench "$url" "$root" "$when" "$n" "${targets[@]}")
read -r u s w <<<"$ours"
read -r cpu wall <<<"$theirs"
awk -v n="$n" -v c="$(echo "$u $s" | awk '{ print $1 + $2 }')" -v w="$w" -v tc="$cpu" -v tw="$wall" 'BEGIN {
	printf "tuf: update with 4 targets: %.0f per CPU-second (tuf-js %.0f): ratio %.1f; %.1f ms each (tuf-js %.1f)\n",
		n / c, n / tc, tc / c, 1000 * w / n, 1000 * tw / n
}'
