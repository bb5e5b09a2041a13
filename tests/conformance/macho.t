#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Mach-O: our facts against LLVM's tools, on files made here and on real ones; what is planted shows.
. "$(dirname "$0")/../support/tap.sh"

TOOL=$BUILD/tests/conformance/macho_tool
for p in clang-19 ld64.lld-19 llvm-lipo-19 llvm-nm-19 llvm-otool-19 llvm-readobj-19 llvm-objdump-19 python3; do
	command -v $p >/dev/null || skip_all "no $p"
done
cd "$TMP" || exit 1

cat >libSystem.tbd <<'END'
--- !tapi-tbd
tbd-version:     4
targets:         [ x86_64-macos, arm64-macos ]
install-name:    '/usr/lib/libSystem.B.dylib'
exports:
  - targets:     [ x86_64-macos, arm64-macos ]
    symbols:     [ dyld_stub_binder, _puts, _popen, _exit ]
...
END
cat >plain.c <<'END'
int puts(const char *);
int answer = 42;
int lib_add(int a, int b) { return a + b + answer; }
void hello(void) { puts("hello"); }
END
{ cat plain.c; echo 'void *popen(const char *, const char *);
__attribute__((constructor)) static void start(void) { popen("x", "r"); }'; } >planted.c
echo 'int lib_add(int, int); int main(void) { return lib_add(1, 2); }' >main.c

link() { # ARCH OUT ARGS...
	local arch=$1 out=$2
	shift 2
	ld64.lld-19 -arch "$arch" -adhoc_codesign -o "$out" "$@" libSystem.tbd
}
for a in x86_64 arm64; do
	for s in plain planted main; do
		clang-19 --target=$a-apple-macos11 -O1 -c $s.c -o $s.$a.o || skip_all "clang has no target $a"
	done
	for s in plain planted; do
		link $a $s.$a -platform_version macos 11.0 12.0 -dylib -install_name @rpath/lib.dylib $s.$a.o
		link $a $s.$a.chained -platform_version macos 13.0 13.0 -fixup_chains -dylib \
			-install_name @rpath/lib.dylib $s.$a.o
		link $a $s.$a.offsets -platform_version macos 13.0 13.0 -fixup_chains -init_offsets -dylib \
			-install_name @rpath/lib.dylib $s.$a.o
	done
	link $a main.$a -platform_version macos 11.0 12.0 -rpath @executable_path/../lib main.$a.o plain.$a
done
llvm-lipo-19 -create plain.x86_64 plain.arm64 -output plain.fat
llvm-lipo-19 -create plain.x86_64 plain.arm64 -fat64 -output plain.fat64
llvm-lipo-19 -create planted.x86_64 plain.arm64 -output planted.fat

facts() { $TOOL facts "$1" >"$TMP/.facts"; }
ours() { # ARCH KIND: values, sorted
	sed -n "s/^$1 $2 //p" "$TMP/.facts" | LC_ALL=C sort -u
}
bare() { sed 's/^[^!]*!//' | LC_ALL=C sort -u; }

compare() { # FILE NAME
	local f=$1 a n
	facts "$f"
	is "$(cut -d' ' -f1 "$TMP/.facts" | grep -v '^-' | uniq | awk '!s[$1]++' | sort | tr '\n' ' ')" \
		"$(llvm-lipo-19 -archs "$f" | tr ' ' '\n' | grep . | sort | tr '\n' ' ')" "$2: architectures"
	for a in $(llvm-lipo-19 -archs "$f"); do
		n="$2 $a"
		is "$(ours "$a" import | bare)" \
			"$(llvm-nm-19 --arch="$a" -u -j "$f" | grep -v ':$' | grep . | LC_ALL=C sort -u)" "$n: imports"
		# __mh_execute_header is only in the trie of some
		is "$(ours "$a" export | grep -v '^__mh_')" \
			"$(llvm-nm-19 --arch="$a" -g --defined-only -j "$f" | grep -v ':$' | grep . |
				grep -v '^__mh_' | LC_ALL=C sort -u)" "$n: exports"
		is "$(ours "$a" library | sed 's/^[a-z]*:\([@/]\)/\1/' | sort)" \
			"$(llvm-objdump-19 --macho --arch="$a" --private-headers "$f" |
				awk '/cmd LC_(LOAD|REEXPORT|LAZY|LOAD_WEAK|LOAD_UPWARD).*DYLIB/ { d = 1 } d && $1 == "name" { print $2; d = 0 }' | sort -u)" \
			"$n: libraries"
		is "$(ours "$a" search | grep -v '^interpreter:')" \
			"$(llvm-objdump-19 --macho --arch="$a" --rpaths "$f" | grep -v ':$' | grep . | LC_ALL=C sort -u)" "$n: rpaths"
		is "$(ours "$a" uuid)" \
			"$(llvm-objdump-19 --macho --arch="$a" --private-headers "$f" | awk '$1 == "uuid" { print tolower($2) }')" "$n: uuid"
		is "$(ours "$a" section | grep -v ',  *0x\|^__LINKEDIT' | awk '{ print $1, $2, $3 }' | LC_ALL=C sort)" \
			"$(llvm-objdump-19 --macho --arch="$a" --private-headers "$f" | awk -v base="$(
				sed -n "s/^$a slice \([0-9]*\) .*/\1/p" "$TMP/.facts")" '
				$1 == "sectname" { s = $2 } $1 == "segname" { g = $2 }
				$1 == "addr" { a = $2; sub("0x0*", "", a) }
				$1 == "offset" && s != "" { print g "," s, "0x" (a == "" ? 0 : a), base + $2; s = "" }' |
				LC_ALL=C sort)" "$n: sections"
	done
}

for f in plain.fat plain.fat64 plain.arm64.chained main.x86_64; do
	compare $f $f
done
npm=$TESTDEPS/npm/node_modules
if [ -f "$npm/fsevents/fsevents.node" ]; then
	compare "$npm/fsevents/fsevents.node" fsevents
else
	skip "facts of fsevents" "no $npm/fsevents"
fi

# --- initialisers, in each form ---
for a in x86_64 arm64; do
	for k in "" .chained .offsets; do
		facts planted.$a$k
		start=$(llvm-nm-19 planted.$a | awk '$3 == "_start" { sub("^0*", "", $1); print $1 }')
		[ -z "$k" ] || start=$(llvm-nm-19 planted.$a$k | awk '$3 == "_start" { sub("^0*", "", $1); print $1 }')
		word=mod_init_func # lld takes offsets where it chains fixups
		[ -n "$k" ] && word=init_offsets
		is "$(ours $a init)" "$word:0x$start (_start)" "constructor of planted.$a$k"
		facts plain.$a$k
		is "$(ours $a init)" "" "none in plain.$a$k"
	done
done

# --- one slice changed (the shape of 3CX's libffmpeg.dylib) ---
facts planted.fat
is "$(ours arm64 init)" "" "planted: the arm64 slice has no initialiser"
like "$(ours x86_64 init)" '^mod_init_func:.*\(_start\)' "planted: the x86_64 slice has"
like "$(ours x86_64 import)" '_popen' "planted: and imports popen"

judge() { # EXIT NAME FILE
	run "$1" "$2" "$TOOL" judge "$3"
}
judge 0 "both slices signed by the linker" plain.fat
like "$out" '^UNKNOWN macho' "nobody signed: not PASS"
is "$(grep -c '^signature apple-code verifies' "$TMP/.out")" 2 "each slice's pages verify"

poke() { # FILE OFFSET BYTES OUT
	cp "$1" "$4"
	printf "$3" | dd of="$4" bs=1 seek="$2" conv=notrunc status=none
}
size=$(stat -c %s plain.fat)
facts plain.fat
text=$(sed -n 's/^x86_64 slice \([0-9]*\) .*/\1/p' "$TMP/.facts")
poke plain.fat $((text + 3000)) '\001' changed
judge 2 "one byte of the first slice" changed
like "$out" 'fail macho.digest x86_64: changed after signing: 1 of' "the page and the slice are named"
like "$out" 'apple-code verifies' "the other slice still verifies"
poke plain.fat 200 'payload' gap
judge 2 "data between header and slice" gap
like "$out" 'fail macho.gap data in the' "told as a gap"
poke plain.fat "$size" 'payload' behind
judge 2 "data behind the last slice" behind
like "$out" 'fail macho.after-slices' "told as such"
poke plain.arm64 "$(stat -c %s plain.arm64)" 'payload' behind.thin
judge 2 "data behind the signature" behind.thin
like "$out" 'fail macho.signature-place' "told as such"
poke plain.fat 7 '\001' hidden
judge 0 "an arm64 slice that the header hides" hidden
like "$out" 'warn macho.slice-hidden' "it is seen"
is "$(grep -c '^signature' "$TMP/.out")" 2 "and judged"
poke plain.fat 11 '\014' arch
judge 2 "a slice that is of another architecture" arch
head -c $((size - 100)) plain.fat >cut
judge 2 "cut" cut

# --- bits of the signature's own blobs: refused, or what an ad-hoc signature leaves to anyone ---
cat >flip.py <<'END'
import subprocess, sys, re
tool, path = sys.argv[1:]
d = bytearray(open(path, 'rb').read())
sig = int(re.search(rb'offset (\d+)', subprocess.run(['llvm-otool-19', '-l', path], capture_output=True).stdout[
    subprocess.run(['llvm-otool-19', '-l', path], capture_output=True).stdout.index(b'LC_CODE_SIGNATURE'):]
    .replace(b'dataoff', b'offset')).group(1))
free = bad = 0
places = list(range(0, sig, 211)) + list(range(sig, len(d), 5))
for i in places:
    d[i] ^= 1 << i % 8
    open('flipped', 'wb').write(d)
    d[i] ^= 1 << i % 8
    out = subprocess.run([tool, 'judge', 'flipped'], capture_output=True, text=True, errors='replace').stdout
    if out.startswith('FAIL'):
        continue
    if i < sig and not out.startswith('UNKNOWN'):
        bad += 1
    if i < sig and 'macho.adhoc' in out:
        bad += 1
        print('#', i, out.split('\n')[1])
    if i >= sig:
        free += 1
        # SuperBlob head and index are 24 bytes with padding; the directory's head and identifier follow
        if i - sig >= 24 + 88 + 16:
            bad += 1
            print('#', i - sig, out.split('\n')[1])
print(len(places), free, bad)
END
python3 flip.py "$TOOL" plain.x86_64 >flips
read -r tried free bad < <(tail -1 flips)
is "$bad" 0 "no flip of the code goes unseen ($tried flips, $free of them free: the ad-hoc directory's own fields)"

# --- a real Developer ID signature ---
sentry=$npm/@sentry/cli-darwin/bin/sentry-cli
if [ -f "$sentry" ]; then
	judge 0 "sentry-cli (Developer ID, both slices)" "$sentry"
	like "$out" '^PASS macho' "everything in it verifies"
	facts "$sentry"
	like "$(ours arm64 init)" '^mod_init_func:0x1006ce4b0 \(.*init_ctor' "a constructor behind a chained fixup"
	like "$out" 'team 97JCY7859U.*hardened runtime, time stamp 2026-09-16' "signer, runtime, time stamp"
	# The anchor comes from the file itself here: that is enough to try the chain.
	python3 - "$sentry" >cms.der <<'END'
import struct, sys
d = open(sys.argv[1], 'rb').read()
off = struct.unpack('>I', d[16:20])[0]
i = d.index(b'\xfa\xde\x0b\x01', off)
n = struct.unpack('>I', d[i + 4:i + 8])[0]
sys.stdout.buffer.write(d[i + 8:i + n])
END
	openssl pkcs7 -inform DER -in cms.der -print_certs | awk '/subject=.*CN = Apple Root CA/ { f = 1 } f' |
		sed '/END CERT/q' >root.pem
	run 0 "sentry-cli under Apple's root" "$TOOL" judge "$sentry" root.pem
	is "$(grep -c '^signature apple-code verifies anchored' "$TMP/.out")" 2 "both slices are anchored"
	is "$(grep -c '^proven macho.chain' "$TMP/.out")" 2 "by their chains"
else
	skip "a real Developer ID signature" "no $sentry"
fi
tap_done
