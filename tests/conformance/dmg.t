#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Disk images: the files in them against the tree they were made of and against 7zz and dmg2img;
# damaged, foreign and hostile ones.
. "$(dirname "$0")/../support/tap.sh"

UNPACK=$BUILD/tests/system/unpack_tool
MAKE="python3 $TOP/tests/support/dmg_make.py"
command -v python3 >/dev/null || skip_all "no python3"
cd "$TMP" || exit 1

mkdir -p tree/App.app/Contents/MacOS tree/deep/a/b/c
seq 1 40000 | tr '0-9' 'a-j' >tree/App.app/Contents/MacOS/app
seq 1 60000 >tree/numbers.txt
seq 1 500 >tree/small.txt
seq 1 40000 >tree/scattered
echo hello >tree/deep/a/b/c/x
ln tree/deep/a/b/c/x tree/hard
ln -s ../numbers.txt tree/deep/link
: >tree/empty
printf 'u' >tree/umläut
printf 'c' >'tree/with:colon'
for i in $(seq 1 120); do echo "$i" >"tree/deep/f$i"; done

want() { # what is in a tree, as ours lists it
	(cd "$1" && find . -type f -exec sha256sum {} + | sed 's|  \./| |' | LC_ALL=C sort)
}
have() { # files with their digests; a hard link has its target's
	"$UNPACK" list "$1" >.list 2>.why
	local rc=$?
	awk '{ p = $0; sub("^[^ ]+ [^ ]+ [^ ]+ [^ ]+ ", "", p) }
		$1 == "f" && p !~ /:rsrc$/ { print $3 " " p; d[p] = $3 }
		$1 == "h" { split(p, a, " -> "); print d[a[2]] " " a[1] }' .list | LC_ALL=C sort
	return $rc
}

$MAKE hfs tree t.img zlib=small.txt zlibfork=numbers.txt scatter=scattered rsrc=empty
$MAKE hfs tree x.img hfsx name=Other
want tree >want
for m in raw zlib bzip2 lzma adc; do
	$MAKE udif t.img $m.dmg $m
	is "$(have $m.dmg | diff want - | head -5)" "" "$m: the files are those of the tree"
done
$MAKE udif x.img hfsx.dmg zlib 65536
is "$(have hfsx.dmg | diff want - | head -5)" "" "HFSX, small chunks"
have zlib.dmg >/dev/null
like "$(cat .list)" 'l 1 - 0 deep/link -> \.\./numbers.txt' "a symbolic link"
like "$(cat .list)" 'h 1 - 0 deep/a/b/c/x -> hard|h 1 - 0 hard -> deep/a/b/c/x' "a hard link"
like "$(cat .list)" '^f 1 [0-9a-f]{64} 2517 empty:rsrc$' "a resource fork"
is "$(grep -c 'Private' .list)" 0 "the folder with the inodes is not shown"

if command -v 7zz >/dev/null; then
	for m in zlib bzip2 adc raw; do
		7zz x -y -o7z.$m $m.dmg >/dev/null 2>&1
		f=7z.$m/Test/numbers.txt
		is "$(sha256sum <"$f" | cut -d' ' -f1)" "$(sha256sum <tree/numbers.txt | cut -d' ' -f1)" "7zz reads $m.dmg, too"
	done
else
	skip "7zz as oracle" "no 7zz"
fi
if command -v dmg2img >/dev/null; then
	for m in zlib bzip2 adc; do
		dmg2img -i $m.dmg -o d2i.$m >/dev/null 2>&1
		cmp -s d2i.$m t.img
		ok $? "dmg2img makes the volume of $m.dmg"
	done
else
	skip "dmg2img as oracle" "no dmg2img"
fi
if command -v xorriso >/dev/null; then
	# A hybrid: an ISO image with an HFS+ volume in Apple's partition map.
	xorriso -as mkisofs -quiet -hfsplus -o hybrid.img tree/deep >/dev/null 2>&1
	$MAKE udif hybrid.img hybrid.dmg zlib
	want tree/deep >want.deep
	is "$(have hybrid.dmg | diff want.deep - | head -5)" "" "xorriso's HFS+ volume, found by its partition map"
else
	skip "xorriso's HFS+ volume" "no xorriso"
fi

# --- not read: closed, with the reason ---
refused() { # EXIT REGEX FILE NAME
	run "$1" "$4" "$UNPACK" list "$3"
	like "$err" "$2" "$4: says so"
}
$MAKE udif t.img lzfse.dmg lzfse
refused 5 'LZFSE' lzfse.dmg "LZFSE chunks"
head -c 1000000 /dev/zero >apfs.img
printf 'NXSB' | dd of=apfs.img bs=1 seek=32 conv=notrunc status=none
$MAKE udif apfs.img apfs.dmg zlib
refused 5 'APFS' apfs.dmg "an APFS volume"
$MAKE hfs tree lzvn.img lzvn=small.txt
$MAKE udif lzvn.img lzvn.dmg zlib
refused 5 'LZVN' lzvn.dmg "a file compressed with LZVN"
is "$(grep -c ' numbers.txt$' "$TMP/.out")" 1 "and yet the others are listed"

# --- damaged ---
poke() { # FILE OFFSET BYTES OUT
	cp "$1" "$4"
	printf "$3" | dd of="$4" bs=1 seek="$2" conv=notrunc status=none
}
size=$(stat -c %s zlib.dmg)
poke zlib.dmg 5000 '\377\377' bad.dmg
refused 3 'damaged: (the checksum|the chunk)' bad.dmg "a byte of the data changed"
poke zlib.dmg $((size - 512 + 91)) '\001\001' bad.dmg
refused 3 'checksum' bad.dmg "another checksum"
poke zlib.dmg $((size - 512 + 216)) '\377' bad.dmg
refused 3 'outside of the file' bad.dmg "a property list beyond the end"
poke zlib.dmg $((size - 600)) '<' bad.dmg
refused 3 'property list' bad.dmg "a property list that is none"
(cat zlib.dmg; tail -c 512 zlib.dmg) >twice.dmg
FLAT=1 "$UNPACK" tree twice.dmg >.tree 2>/dev/null
like "$(cat .tree)" "^note .*$((size - 512)) 512 " "bytes that no part claims are noted"

# --- every block of the volume's own structures flipped: an answer, never a crash ---
$MAKE hfs tree/deep/a small.img
$MAKE udif small.img small.dmg raw
n=0
bad=0
for at in $(seq 1024 1777 40000); do
	poke small.dmg "$at" '\377\001' flip.dmg
	# the checksum of the data is taken away, so that the volume is read
	printf '\0' | dd of=flip.dmg bs=1 seek=$(($(stat -c %s flip.dmg) - 512 + 83)) conv=notrunc status=none
	"$UNPACK" list flip.dmg >/dev/null 2>.why
	rc=$?
	n=$((n + 1))
	case $rc in 0 | 2 | 3 | 5) ;; *) bad=$((bad + 1)) ;; esac
	grep -q 'stopped\|attack\|signal' .why && bad=$((bad + 1))
done
is "$bad" 0 "$n changed volumes: each has an answer"
tap_done
