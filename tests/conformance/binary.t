#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Facts of binaries against readelf and pefile: over programs and libraries of this machine, over the
# Windows programs in the test material, and over files made here with lld.
. "$(dirname "$0")/../support/tap.sh"

tool=$BUILD/tests/conformance/binary_tool
oracle=$TOP/tests/conformance/binary_oracle.py
py=/usr/bin/python3
files=${BINARY_FILES:-20} # of each folder

# agree NAME KIND FILE...: no difference, nothing odd
agree() {
	local name=$1 kind=$2 got
	shift 2
	got=$("$tool" facts "$@" | $py "$oracle" "$kind" 2>&1)
	like "$(tail -n 1 <<<"$got")" '^[1-9][0-9]* files, 0 differences, 0 odd$' "$name ($# files)"
	grep -v 'files, 0 differences, 0 odd' <<<"$got" | head -n 20 | sed 's/^/# /'
}

# some N: N of the lines, from all over
some() {
	awk -v want="$1" '{ f[NR] = $0 }
		END { step = NR > want ? NR / want : 1; for (i = 1; i <= NR; i += step) print f[int(i)] }'
}

# elfs FOLDER: $files of its ELF files, from all over it
elfs() {
	find "$1" -maxdepth 1 -type f -size -3M -size +4k 2>/dev/null | LC_ALL=C sort |
		some $((2 * files)) | while read -r f; do
		read -r -N 4 head <"$f" 2>/dev/null
		[ "$head" = $'\x7fELF' ] && echo "$f"
	done 2>/dev/null | head -n "$files"
}

if [ -x $py ] && command -v readelf >/dev/null; then
	for folder in /usr/bin /usr/lib/x86_64-linux-gnu /usr/sbin; do
		mapfile -t list < <(elfs $folder)
		[ ${#list[@]} -gt 0 ] && agree "$folder: the same as readelf" elf "${list[@]}"
	done
else
	skip 'the same as readelf' 'no readelf or no python3'
fi

mapfile -t list < <(find "$TESTDEPS" -type f \( -iname '*.exe' -o -iname '*.dll' -o -iname '*.efi.signed' \) 2>/dev/null |
	LC_ALL=C sort | some "$files")
if ! $py -c 'import pefile' 2>/dev/null; then
	skip 'the same as pefile' 'no python3-pefile'
elif [ ${#list[@]} -eq 0 ]; then
	skip 'the same as pefile' 'no test material'
else
	agree 'real Windows and EFI programs: the same as pefile' pe "${list[@]}"
fi

# field FILE EXPRESSION: of its facts f and its first slice s
field() {
	"$tool" facts "$1" | $py -c "
import json, sys
f = json.load(sys.stdin)['facts']; s = f['slices'][0]
print($2)"
}

make_dll() {
	cd "$TMP" || return
	cat >a.c <<-'C'
	typedef unsigned long long u64;
	__declspec(dllimport) int Sleep(int);
	__declspec(dllimport) int late(int);
	int _fltused, idx;
	void *__delayLoadHelper2(void *a, void *b) { return a == b ? a : b; }
	__declspec(dllexport) int run(int x) { return Sleep(x) + late(x); }
	static void __stdcall callback(void *h, unsigned r, void *p) { idx = r; }
	void (*callbacks[])(void *, unsigned, void *) = { callback, callback, 0 };
	struct { u64 start, end, index, calls; unsigned zero, flags; } _tls_used = { 0, 0, (u64)&idx, (u64)callbacks, 0, 0 };
	C
	cat >a.rc <<-'R'
	1 VERSIONINFO
	FILEVERSION 1,2,3,4
	{
	  BLOCK "StringFileInfo" { BLOCK "040904b0" {
	    VALUE "CompanyName", "Acme GmbH"
	    VALUE "FileVersion", "1.2.3.4"
	    VALUE "OriginalFilename", "a.dll"
	    VALUE "ProductName", "Anvil" } }
	}
	ElectronAsar Integrity { "[{""file"":""resources\\app.asar"",""alg"":""SHA256"",""value"":""00""}]" }
	7 RCDATA { "some data" }
	R
	printf 'LIBRARY kernel32.dll\nEXPORTS\nSleep\n' >k.def
	printf 'LIBRARY late.dll\nEXPORTS\nlate\n' >l.def
	llvm-dlltool-19 -m i386:x86-64 -d k.def -l k.lib && llvm-dlltool-19 -m i386:x86-64 -d l.def -l l.lib &&
		llvm-rc-19 /fo a.res a.rc &&
		clang-19 --target=x86_64-pc-windows-msvc -O1 -ffreestanding -fno-builtin -w -c -o a.obj a.c &&
		lld-link-19 /dll /noentry /nodefaultlib /delayload:late.dll /export:fwd=ntdll.RtlFwd \
			/export:run,@7 /debug:none /out:a.dll a.obj a.res k.lib l.lib >lld.log 2>&1
}

if ! command -v lld-link-19 >/dev/null || ! command -v llvm-rc-19 >/dev/null; then
	skip 'a DLL made with lld' 'no lld-link-19 or llvm-rc-19'
elif ! (make_dll); then
	ok 1 "a DLL is made: $(head -c 300 "$TMP/lld.log")"
else
	d=$TMP/a.dll
	is "$(field "$d" "s['libraries']")" "['delay:late.dll', 'kernel32.dll']" 'libraries, one of them delay-loaded'
	is "$(field "$d" "s['imports']")" "['kernel32.dll!Sleep', 'late.dll!late']" 'imports'
	is "$(field "$d" "s['exports']")" "['fwd', 'run']" 'exports'
	like "$(field "$d" "s['traits']")" 'forward:fwd=ntdll.RtlFwd' 'a forwarder'
	is "$(field "$d" "len(s['init'])")" 1 'TLS callbacks (the same one twice)'
	is "$(field "$d" "(f['version'], f['company'], f['product'], f['original_name'])")" \
		"('1.2.3.4', 'Acme GmbH', 'Anvil', 'a.dll')" 'version resource'
	like "$(field "$d" "f['asar_integrity']")" '^\[\{"file":"resources' "Electron's integrity resource"
	is "$(field "$d" "(s['library'], f['odd'])")" '(True, [])' 'a library, and nothing odd'
	$py -c 'import pefile' 2>/dev/null && agree 'the same as pefile' pe "$d"
fi

make_so() {
	cd "$TMP" || return
	cat >s.c <<-'C'
	static void first(void) { }
	static void second(void) { }
	__attribute__((section(".init_array"), used)) static void (*const one)(void) = first;
	__attribute__((section(".init_array"), used)) static void (*const two)(void) = second;
	int real(int x) { return x; }
	static void *choose(void) { return (void *)real; }
	int api(int x) __attribute__((ifunc("choose")));
	extern int outside(int);
	int use(int x) { return outside(x); }
	C
	gcc -shared -nostdlib -fPIC -O1 -Wl,-soname,libs.so.3 -Wl,-rpath,/opt/x -Wl,-z,pack-relative-relocs -o s.so s.c
}

if ! (make_so) 2>"$TMP/so.log"; then
	skip 'a library with packed relocations' 'no linker for them'
else
	so=$TMP/s.so
	like "$(field "$so" "s['init']")" "init_array:0x[0-9a-f]+ .first.*init_array:0x[0-9a-f]+ .second" 'initialisers through RELR, by name'
	like "$(field "$so" "s['traits']")" "'ifunc:api'.*'soname:libs.so.3'" 'IFUNC and SONAME'
	is "$(field "$so" "(s['imports'], s['exports'], s['search'])")" \
		"(['outside'], ['api', 'real', 'use'], ['runpath:/opt/x'])" 'imports, exports, search path'
	agree 'the same as readelf' elf "$so"
	facts="s['imports'], s['exports'], s['search'], s['libraries'], len(s['init'])"
	if command -v llvm-strip-19 >/dev/null; then
		llvm-strip-19 --strip-sections -o "$TMP/bare.so" "$so"
		is "$(field "$TMP/bare.so" "$facts")" "$(field "$so" "$facts")" 'without a section table: the same'
		is "$(field "$TMP/bare.so" "f['odd']")" '[]' 'and nothing odd about it'
	fi
fi

cat >"$TMP/t.c" <<-'C'
static void first(void) { }
__attribute__((section(".init_array"), used)) static void (*const one)(void) = first;
void _start(void) { for (;;) ; }
C
if gcc -static -no-pie -nostdlib -O1 -o "$TMP/static" "$TMP/t.c" 2>/dev/null; then
	like "$(field "$TMP/static" "(s['library'], s['init'], s['libraries'], f['odd'])")" \
		"^.False, .'init_array:0x[0-9a-f]+ .first.'., .., ..." 'a static program: its initialiser'
else
	skip 'a static program' 'gcc cannot make one'
fi
tap_done
