#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# binary.sh: facts of binaries (sections hashed, entropy, strings, imports …) in MB per second of CPU
# time, beside tools that print less about the same files.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
tool=${BUILD:-$top/build}/tests/conformance/binary_tool
deps=${TESTDEPS:-$top/.cache/testdeps}

# cpu NAME BYTES COMMAND...: user and system time of a command over all files
cpu() {
	local name=$1 bytes=$2
	shift 2
	command -v "$1" >/dev/null || { printf '%-24s not installed\n' "$name"; return; }
	TIMEFORMAT='%U %S'
	local took
	took=$({ time "$@" >/dev/null 2>&1; } 2>&1 | tail -n 1)
	awk -v n="$name" -v b="$bytes" -v t="$took" 'BEGIN { split(t, x, " "); s = x[1] + x[2]
		printf "%-24s %7.2f s  %6.0f MB/s\n", n, s, s ? b / 1e6 / s : 0 }'
}

# group NAME FILE...
group() {
	local name=$1
	shift
	local bytes
	bytes=$(stat -c %s "$@" | awk '{ s += $1 } END { print s }')
	echo "$name: $# files, $((bytes / 1000000)) MB"
	"$tool" bench "$@"
	cpu 'facts (JSON)' "$bytes" "$tool" facts "$@"
	case $name in
	ELF)
		cpu 'readelf -a' "$bytes" readelf -a -W "$@"
		cpu 'llvm-readelf -a' "$bytes" llvm-readelf-19 -a "$@"
		cpu 'strings' "$bytes" strings -a "$@"
		;;
	PE)
		cpu 'llvm-readobj' "$bytes" llvm-readobj-19 --file-headers --sections --coff-imports \
			--coff-exports --coff-resources --coff-debug-directory --coff-tls-directory "$@"
		cpu 'pehash and readpe (pev)' "$bytes" bash -c 'for f; do pehash "$f"; readpe "$f"; done' - "$@"
		cpu 'pefile (imphash)' "$bytes" /usr/bin/python3 -c 'import pefile, sys
for f in sys.argv[1:]: pefile.PE(f).get_imphash()' "$@"
		;;
	esac
	cpu 'sha256sum' "$bytes" sha256sum "$@"
	echo
}

mapfile -t elf < <(find /usr/bin -maxdepth 1 -type f -size +64k -size -20M | LC_ALL=C sort | while read -r f; do
	read -r -N 4 head <"$f" 2>/dev/null
	[ "$head" = $'\x7fELF' ] && echo "$f"
done 2>/dev/null | head -n 200)
[ ${#elf[@]} -gt 0 ] && group ELF "${elf[@]}"
mapfile -t pe < <(find "$deps" -type f \( -iname '*.exe' -o -iname '*.dll' \) 2>/dev/null | LC_ALL=C sort)
[ ${#pe[@]} -gt 0 ] && group PE "${pe[@]}"
exit 0
