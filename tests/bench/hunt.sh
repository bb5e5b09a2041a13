#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# hunt: what a hunt costs against tools that hash or scan, on one tree, all in this run. The runs of the
# tools that are compared alternate, and the best of RUNS counts: CPU seconds of all processes, and
# wall-clock seconds. Prints, never fails. Usage: hunt.sh [BUILD] [TREE] [RUNS]
#
# TREE should have 2 GiB and 50,000 files at least. Peers that are not installed are left out (Debian:
# rhash hashdeep clamav yara).

TOP=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=$(cd "${1:-${BUILD:-$TOP/build}}" && pwd) || exit 1
TREE=${2:-/usr/lib} RUNS=${3:-3}
FIREBREAK=$BUILD/firebreak
TIMEFORMAT='%U %S %R'
dir=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# run NAME COMMAND…: remembers the best CPU and wall time of NAME.
run() {
	local name=$1 t
	shift
	t=$({ time "$@" >out 2>err; } 2>&1)
	echo "$t" | awk '{ print $1 + $2, $3 }' >>"time.$name"
}
best() { awk -v f="$2" 'NR == 1 || $f < b { b = $f } END { printf "%.3f", b }' "time.$1"; }
# row NAME TEXT BASE: its times, and their ratios to those of BASE.
row() {
	[ -f "time.$1" ] || return 0
	awk -v text="$2" -v c="$(best "$1" 1)" -v w="$(best "$1" 2)" -v bc="$(best "$3" 1)" -v bw="$(best "$3" 2)" \
		'BEGIN { printf "  %-40s %8.2f %8.2f   %5.2f %5.2f\n", text, c, w, c / bc, w / bw }'
}
heading() {
	printf '\n%-42s %8s %8s   ratios to %s\n' "$1" "CPU s" "wall s" "$2"
}
have() { command -v "$1" >/dev/null; }
hunt() { "$FIREBREAK" hunt --quiet --state "$dir/state" "$@"; }
# An indicator that nobody has, of each of these kinds.
indicators() {
	local k
	for k in "$@"; do
		case $k in
		md5) printf 'md5,%032d\n' 7 ;;
		sha1) printf 'sha1,%040d\n' 7 ;;
		sha256) printf 'sha256,%064d\n' 7 ;;
		sha512) printf 'sha512,%0128d\n' 7 ;;
		esac
	done | sed 's/^[^,]*,//'
}

read -r files bytes < <(find "$TREE" -type f -printf '%s\n' 2>/dev/null | awk '{ n++; s += $1 } END { printf "%d %.0f\n", n, s }')
printf 'tree: %s, %d files, %.2f GB; %d CPUs; best of %d\n' "$TREE" "$files" "$(awk -v b="$bytes" 'BEGIN { print b / 1e9 }')" "$(nproc)" "$RUNS"
[ "$files" -ge 50000 ] && [ "$bytes" -ge 2147483648 ] || echo "# smaller than what the figures are meant for"

indicators sha256 >sha256.txt
indicators md5 sha1 sha256 >trio.txt
indicators sha512 >sha512.txt
find "$TREE" -type f -print0 2>/dev/null | xargs -0 -r cat >/dev/null 2>&1 # into the page cache

# --- digests ---

for ((i = 0; i < RUNS; i++)); do
	run fb256 hunt --no-record --indicators sha256.txt "$TREE"
	have rhash && run rhash256 rhash --sha256 -r "$TREE"
	run fb256one hunt --no-record --jobs 1 --indicators sha256.txt "$TREE"
	run fb3 hunt --no-record --indicators trio.txt "$TREE"
	have rhash && run rhash3 rhash --md5 --sha1 --sha256 -r "$TREE"
done
# The slow ones once.
have hashdeep && run deep256 hashdeep -j1 -c sha256 -r "$TREE"
have hashdeep && run deep3 hashdeep -j1 -c md5,sha1,sha256 -r "$TREE"
run sum256 sh -c 'find "$0" -type f -print0 | xargs -0 -r sha256sum' "$TREE"
run fb512 hunt --no-record --indicators sha512.txt "$TREE"
have rhash && run rhash512 rhash --sha512 -r "$TREE"

if have rhash; then
	heading "SHA-256" rhash
	row fb256 "firebreak hunt" rhash256
	row fb256one "firebreak hunt --jobs 1" rhash256
	row rhash256 "rhash --sha256 -r" rhash256
	row sum256 "find | xargs sha256sum" rhash256
	row deep256 "hashdeep -j1 -c sha256 -r" rhash256
	heading "MD5, SHA-1 and SHA-256" rhash
	row fb3 "firebreak hunt" rhash3
	row rhash3 "rhash --md5 --sha1 --sha256 -r" rhash3
	row deep3 "hashdeep -j1 -c md5,sha1,sha256 -r" rhash3
	heading "SHA-512 (once)" rhash
	row fb512 "firebreak hunt" rhash512
	row rhash512 "rhash --sha512 -r" rhash512
fi

# --- memory: the largest sum of the proportional set sizes of all its processes ---

pss() {
	local p kb=0 n
	for p in "$1" $(cat "/proc/$1/task/"*/children 2>/dev/null); do
		n=$(awk '/^Pss:/ { print $2 }' "/proc/$p/smaps_rollup" 2>/dev/null)
		kb=$((kb + ${n:-0}))
	done
	echo "$kb"
}
peak() {
	local pid most=0 now
	"$FIREBREAK" hunt --quiet --state "$dir/state" "$@" >/dev/null 2>&1 &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		now=$(pss "$pid")
		[ "$now" -gt "$most" ] && most=$now
		sleep 0.05
	done
	awk -v kb="$most" 'BEGIN { printf "%.1f MiB", kb / 1024 }'
}
printf '\nmemory of all processes of the hunt (PSS): %s\n' "$(peak --no-record --indicators trio.txt "$TREE")"

# --- clamscan with a database of hashes only, on a part of the tree ---

part=$(du -s -BM --apparent-size "$TREE"/*/ 2>/dev/null | awk '$1 + 0 >= 100 && $1 + 0 <= 600 { print $2; exit }')
part=${part:-$TREE}
if have clamscan; then
	mkdir -p clam && printf '%064d:*:firebreak.bench:73\n' 7 >clam/one.hsb
	run clam clamscan -r --quiet --database=clam --scan-pe=no --scan-elf=no --scan-ole2=no --scan-pdf=no --scan-html=no \
		--scan-archive=no --scan-mail=no --scan-swf=no --scan-xmldocs=no --phishing-sigs=no --max-filesize=2000M \
		--max-scansize=2000M "$part"
	run fbpart hunt --no-record --indicators sha256.txt "$part"
	heading "a database of hashes: $part" clamscan
	row fbpart "firebreak hunt" clam
	row clam "clamscan" clam
fi

# --- a second hunt of what did not change (the record) ---

# The first hunt of a tree mostly finds nothing of it in the page cache.
evict() {
	python3 - "$TREE" <<'PY'
import os, sys
for where, _, names in os.walk(sys.argv[1]):
    for name in names:
        try:
            fd = os.open(os.path.join(where, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)
        except OSError:
            pass
PY
}
"$FIREBREAK" ledger init --state "$dir/state" >/dev/null 2>&1
evict
run first hunt --indicators trio.txt "$TREE"
run cached hunt --indicators trio.txt --rehash "$TREE"
for ((i = 0; i < RUNS; i++)); do
	run second hunt --indicators trio.txt "$TREE"
done
heading "again, nothing changed" "the first hunt"
row first "first hunt, nothing cached" first
row cached "read again (--rehash), all cached" first
row second "second hunt" first
awk -v a="$(best first 2)" -v c="$(best first 1)" -v b="$(best second 2)" -v d="$(best second 1)" \
	'BEGIN { printf "  second hunt: 1/%.0f of the time, 1/%.0f of the CPU\n", a / b, c / d }'

# --- YARA ---

RULES=${YARA_RULES:-$TOP/share/rules/yara}
if have yara && [ -e "$RULES" ]; then
	if [ -d "$RULES" ]; then
		find "$RULES" -name '*.yar*' | sort | sed 's/.*/include "&"/' >all.yar
	else
		echo "include \"$RULES\"" >all.yar
	fi
	run fbyara hunt --no-record --indicators sha256.txt --yara "$RULES" "$TREE"
	run yara yara -w -r all.yar "$TREE"
	heading "with YARA: $(basename "$RULES") (once)" "yara $(yara --version)"
	row fbyara "firebreak hunt --yara" yara
	row yara "yara -r" yara
fi
