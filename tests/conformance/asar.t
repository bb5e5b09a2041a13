#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# asar: what @electron/asar packs is unpacked to the same, byte for byte; what it takes although it
# was changed is refused here.

. "$(dirname "$0")/../support/tap.sh"
command -v node >/dev/null || skip_all "node is not installed"
[ -d "$TESTDEPS/npm/node_modules/@electron/asar" ] || skip_all "no @electron/asar in $TESTDEPS"
TOOL=$BUILD/tests/system/unpack_tool
cd "$TMP" || exit 1

cat >asar.cjs <<'JS'
const asar = require(process.env.TESTDEPS + '/npm/node_modules/@electron/asar');
const crypto = require('crypto');
const [what, a, b, unpack] = process.argv.slice(2);
if (what === 'pack')
	asar.createPackageWithOptions(a, b, unpack ? { unpack, dot: true } : { dot: true });
else if (what === 'extract')
	asar.extractAll(a, b);
else
	console.log(crypto.createHash('sha256').update(asar.getRawHeader(a).headerString).digest('hex'));
JS
export TESTDEPS

# Files with mode, digest, size; links; folders.
folder() {
	(cd "$1" && find . -mindepth 1 -printf '%y %m %s %P%l\n' | while read -r type mode size path; do
		case $type in
		f) mode=$([ $((0$mode & 0100)) -ne 0 ] && echo 755 || echo 644)
		   echo "f $mode $(sha256sum <"$path" | cut -d' ' -f1) $size $path" ;;
		d) echo "d $path" ;;
		esac
	done; find . -type l -printf 'l %P -> %l\n') | LC_ALL=C sort
}
listed() {
	"$TOOL" tree "$1" 2>&1 | grep -v '^note header' |
		sed -e 's/^d [0-7]* - 0 /d /' -e 's/^l [0-7]* - 0 /l /' -e 's/ (elsewhere)$//' | LC_ALL=C sort
}

mkdir -p in/lib/deep/er in/empty
echo 'console.log(1)' >in/main.js
: >in/nothing
printf '#!/bin/sh\n' >in/lib/run.sh && chmod 755 in/lib/run.sh
head -c 4194304 /dev/zero | tr '\0' 'b' >in/lib/block         # just one block
head -c 8388608 /dev/zero >in/lib/blocks                    # two full ones
head -c 9000001 /dev/urandom >in/lib/deep/er/large.bin        # and a part
echo native >in/lib/addon.node
printf 'x' >"in/a name with ünïcode, \"quotes\" and \\"
ln -s ../main.js in/lib/up
ln -s er/large.bin in/lib/deep/down
ln -s lib/deep in/folder
node asar.cjs pack in one.asar && node asar.cjs extract one.asar out
is "$(listed one.asar)" "$(folder out)" "the tree is the one that asar extracts"
is "$(listed one.asar)" "$(folder in)" "and the one that went in"
is "$("$TOOL" tree one.asar | sed -n 's/^note header [0-9]* [0-9]* \([0-9a-f]*\) $/\1/p')" \
	"$(node asar.cjs header one.asar)" "the header's sum is the one that Electron compares"

node asar.cjs pack in two.asar '*.node'
is "$(listed two.asar)" "$(folder in)" "with a file that stays outside"
like "$("$TOOL" tree two.asar)" "lib/addon.node \(elsewhere\)" "which is told"

# One bit of a file: asar extracts it all the same.
cp one.asar bit.asar
size=$(stat -c %s bit.asar)
printf '\001' | dd of=bit.asar bs=1 seek=$((size - 100)) conv=notrunc status=none
node asar.cjs extract bit.asar bit.out
is $? 0 "asar does not see that a file was changed"
run 2 "it is refused here" "$TOOL" list bit.asar
like "$err" "refused: .*not what the" "with the reason: $err"
cp one.asar more.asar && echo more >>more.asar
run 2 "bytes behind the last file are refused" "$TOOL" list more.asar
like "$("$TOOL" tree more.asar)" "note behind $size 5" "or told with their place, if somebody asks"

# A header of 2,000 files.
mkdir many && (cd many && for d in $(seq 20); do mkdir $d; for f in $(seq 100); do echo $f >$d/$f.js; done; done)
node asar.cjs pack many many.asar
is "$("$TOOL" tree many.asar | grep -c "^f")" 2000 "2,000 files"
run 2 "more than are allowed" env ENTRIES=2000 "$TOOL" hash many.asar
like "$err" "more than 2000 entries" "are refused: $err"
tap_done
