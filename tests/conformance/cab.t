#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# cab.t: cabinets taken apart and judged. Oracles: osslsigncode (signing, verdicts on files made here),
# cabextract, gcab. About 5 s.
. "$(dirname "$0")/../support/tap.sh"
for p in osslsigncode cabextract gcab openssl python3; do
	command -v $p >/dev/null || skip_all "no $p"
done
. "$TOP/tests/support/msi.sh"
A=$BUILD/tests/conformance/anatomy_tool
U=$BUILD/tests/system/unpack_tool
MAKE=$TOP/tests/conformance/cab_make.py
cd "$MK" || exit 1

same_as_cabextract() { # CAB NAME
	rm -rf x
	cabextract -q -d x "$1" 2>/dev/null
	want=$(cd x && find . -type f -print0 | sort -z | xargs -0 sha256sum | sed 's,  \./,  ,')
	got=$($U tree "$1" | sed -n 's/^f [0-9]* \([0-9a-f]\{64\}\) [0-9]* \(.*\)$/\1  \2/p' | LC_ALL=C sort -k2)
	is "$got" "$(LC_ALL=C sort -k2 <<<"$want")" "$2: files are those of cabextract"
}

mkdir -p sub && cp f1.txt sub/ü.txt
gcab -c stored.cab f1.txt f2.bin f3.bin
gcab -c -z zip.cab f1.txt f2.bin f3.bin
gcab -c -n -z dirs.cab f1.txt sub/ü.txt
python3 "$MAKE" many.cab mszip:f3.bin,f1.txt stored:helper.bin 'mszip:dir\deep\x.bin=f2.bin' lzx:lzx.ico=app.ico
: >nothing && python3 "$MAKE" empty.cab stored:f1.txt,nothing
for c in stored zip dirs many empty; do
	is "$($A show $c.cab)" "UNKNOWN cab $c.cab
  note cab.unsigned: a cabinet without a signature: nothing inside it vouches for it" "$c.cab: nothing odd"
	same_as_cabextract $c.cab "$c.cab"
	sign $c.cab s-$c.cab -h sha256
	like "$($A show s-$c.cab)" '^PASS cab' "signed: passes"
	is "$($A show s-$c.cab | grep -cE '^  (warn|fail)')" 0 "  nothing is held against it"
	osslsigncode verify -CAfile cert.pem -in s-$c.cab >out 2>&1
	ok $? "  osslsigncode agrees"
	want=$(sed -n 's/^Calculated message digest *: *//p' out | head -1 | tr -d ' ' | tr A-F a-f)
	like "$($A show s-$c.cab)" "proven cab.digest:.*sha256:$want is" "  on the digest"
	same_as_cabextract s-$c.cab "signed $c.cab"
done
for h in sha1 sha384; do
	sign zip.cab h.cab -h $h
	like "$($A show h.cab)" '^PASS cab' "$h"
done

# --- closed
python3 "$MAKE" quantum.cab quantum:f1.txt
run 5 "Quantum is closed" "$U" tree quantum.cab
like "$err" 'Quantum' "  with the reason"
like "$out" '^f 644 - 1892 f1.txt \(locked\)' "  and the file is told"
cp stored.cab spanned.cab
at=$(od -An -tu4 -j16 -N4 stored.cab | tr -d ' ')
printf '\375\377' | dd of=spanned.cab bs=1 seek=$((at + 8)) conv=notrunc 2>/dev/null
run 5 "a cabinet of a set is closed" "$U" tree spanned.cab
like "$err" 'another cabinet' "  with the reason"

# --- planted
plant() { # KIND CODE
	python3 "$MAKE" --plant "$1" s-zip.cab p.cab
	out=$($A show p.cab)
	like "$out" '^FAIL cab' "$1 fails"
	like "$out" "fail cab\.$2:" "  as $2"
}
plant append after-end
plant after signature-slack
plant reserve reserve-header
plant place reserve-header
plant reserved1 reserved
plant index index
plant gap signature-place
plant data digest
plant name digest
for k in append:1 after:0 reserve:0 index:0 data:1 name:1; do # as docs/msi.md says
	python3 "$MAKE" --plant ${k%:*} s-zip.cab p.cab
	osslsigncode verify -CAfile cert.pem -in p.cab >/dev/null 2>&1
	is $? ${k#*:} "  what osslsigncode 2.9 says of ${k%:*}"
done
python3 "$MAKE" --plant data zip.cab p.cab 2>/dev/null
cp zip.cab cut.cab && truncate -s -1 cut.cab
run 3 "a cabinet that is cut off is damaged" "$U" tree cut.cab
cp zip.cab flip.cab
printf 'x' | dd of=flip.cab bs=1 seek=2000 conv=notrunc 2>/dev/null
run 3 "a byte that changed is damage" "$U" tree flip.cab
python3 "$MAKE" up.cab 'stored:..\x=f1.txt'
run 2 "a path that climbs is refused" "$U" tree up.cab
python3 "$MAKE" twice.cab stored:x=f1.txt,x=app.ico
run 2 "a name twice is refused" "$U" tree twice.cab

# --- every byte
echo tiny >tiny.txt && gcab -c -z tiny.cab tiny.txt && sign tiny.cab ts.cab -h sha256
# free: the subject of a certificate whose issuer is not there
ok $(($($A flip ts.cab | awk '/^free/ { n += $3 } END { print n + 0 }') > 16)) "of a signed one at most 16 bytes can change"
like "$($A cut ts.cab)" "^cuts ([0-9]+) refused \1$" "no prefix passes"
tap_done
