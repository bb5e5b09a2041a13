#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# intel_db.sh [BUILD]: the indicator database at 1.6 million real indicators and 10 million made-up
# ones (BENCH_BIG=1: 100 million, which wants 9 GB of memory and 15 GB of disk in TMPDIR), against a
# hash set, SQLite, LMDB and grep -F. Never fails on time.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
bench=$(cd "${1:-${BUILD:-$top/build}}" && pwd)/tests/bench/bench_intel_db
real=$top/../shared/data/intel/maltrail-trails.txt
[ -x "$bench" ] || { echo "intel_db: skipped, $bench is not built (make all)"; exit 0; }
if [ -f "$real" ]; then "$bench" "$real"; else echo "intel_db: skipped, ../shared/data is not there"; fi
"$bench" 10000000
[ "${BENCH_BIG:-}" = 1 ] && "$bench" 100000000 none
exit 0
