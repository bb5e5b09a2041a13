#!/bin/bash
# known_good.sh [BUILD]: import of Electron's tables, lookups, and what comparing costs an inspection.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
fb=$(cd "${1:-$top/build}" && pwd)/firebreak
tables=$top/../shared/data/trust/known-good
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
[ -d "$tables" ] || { echo "known-good: skipped, ../shared/data is not there"; exit 0; }
cpu() { # COMMAND…: CPU seconds, the best of 3
	for _ in 1 2 3; do
		{ TIMEFORMAT='%U %S'; time "$@" >/dev/null 2>&1 || true; } 2>&1 | awk '{ print $1 + $2 }'
	done | sort -n | head -n 1
}
import() { rm -rf "$tmp/s" && "$fb" known-good import "$tables"/*.json --state "$tmp/s"; }
echo "known-good: import of 49,134 digests $(cpu import) s CPU"
import >/dev/null
echo "known-good: database $(stat -c %s "$tmp/s/firebreak.db") bytes"
python3 -c "
import json, sys
d = json.load(open(sys.argv[1]))
print(*sorted(d)[:1000])" "$tables/electron-win32-x64.json" >"$tmp/ask"
# shellcheck disable=SC2046
echo "known-good: 1,000 lookups $(cpu "$fb" known-good show --state "$tmp/s" $(cat "$tmp/ask")) s CPU"
mkdir -p "$tmp/app/locales"
for i in $(seq 1 3000); do echo "$i" >"$tmp/app/locales/x$i.pak"; done
touch "$tmp/app/ffmpeg.dll"
echo "known-good: 3,000 files inspected $(cpu "$fb" inspect "$tmp/app" --state "$tmp/s") s CPU," \
	"compared $(cpu "$fb" inspect --known-good "$tmp/app" --state "$tmp/s") s"
