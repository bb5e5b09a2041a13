#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# msi.t: installers taken apart and judged. Oracles: osslsigncode (signing, verdicts on files made
# here), msiextract, msiinfo. About 10 s.
. "$(dirname "$0")/../support/tap.sh"
for p in osslsigncode wixl msiextract msiinfo msibuild gcab openssl python3; do
	command -v $p >/dev/null || skip_all "no $p"
done
. "$TOP/tests/support/msi.sh"
A=$BUILD/tests/conformance/anatomy_tool
U=$BUILD/tests/system/unpack_tool
PLANT=$TOP/tests/conformance/msi_plant.py
cd "$MK" || exit 1
[ -s one.msi ] || skip_all "wixl made nothing"

# --- honest files
is "$($A show one.msi)" "UNKNOWN msi one.msi
  note msi.unsigned: an MSI without a signature: nothing inside it vouches for it" "an unsigned installer: nothing odd"
sign one.msi s.msi -h sha256
sign one.msi d.msi -h sha256 -add-msi-dse
for f in s d; do
	like "$($A show $f.msi)" '^PASS msi' "$f.msi passes"
	is "$($A show $f.msi | grep -cE '^  (warn|fail)')" 0 "  nothing is held against it"
	osslsigncode verify -CAfile cert.pem -in $f.msi >out 2>&1
	ok $? "  osslsigncode agrees"
	want=$(sed -n 's/^Calculated DigitalSignature *: *//p' out | head -1 | tr -d ' ' | tr A-F a-f)
	like "$($A show $f.msi)" "proven msi.digest:.*sha256:$want is" "  on the digest"
done
like "$($A show s.msi)" 'note msi.metadata-uncovered' "what a plain signature leaves out is said"
like "$($A show d.msi)" 'proven msi.metadata:' "MsiDigitalSignatureEx is checked"
for h in sha1 sha384 sha512; do
	for dse in '' -add-msi-dse; do
		sign one.msi h.msi -h $h $dse
		like "$($A show h.msi)" '^PASS msi' "$h $dse"
	done
done
sign s.msi again.msi -h sha384
like "$($A show again.msi)" '^PASS msi' "signed anew"
CUB=$TESTDEPS/npm/node_modules/electron-winstaller/vendor/darice.cub
if [ -f "$CUB" ]; then
	is "$($A show "$CUB" | tail -n +2)" "  note msi.unsigned: an MSI without a signature: nothing inside it vouches for it" \
		"a database that Microsoft made: nothing odd"
else
	skip "a database that Microsoft made" "no electron-winstaller"
fi

# --- planted
plant() { # KIND CODE
	for f in s d; do
		python3 "$PLANT" "$1" $f.msi p.msi
		out=$($A show p.msi)
		like "$out" '^FAIL msi' "$1 in $f.msi fails"
		like "$out" "fail msi\.$2:" "  as $2"
	done
}
plant append after-end
plant sectors after-end
plant free free-sector
plant lost lost-sector
plant unlisted unlisted
plant unused unused-entry
plant slack slack
plant minislack mini-slack
plant padding mini-slack
plant grown signature-slack
plant rename table-unlisted
plant string digest
plant entrytime entry-time
python3 "$PLANT" append s.msi p.msi
osslsigncode verify -CAfile cert.pem -in p.msi >/dev/null 2>&1
is $? 0 "osslsigncode takes bytes behind the end (CVE-2020-1464)"

# --- every byte: what may change is listed in docs/msi.md
free() { # FILE: the free bytes without their places, joined
	$A flip "$1" x >out
	grep -v '^flips' out
}
# The subject of a certificate whose issuer is not there (which of its bits are tried depends on where it
# stands, and that on the serial number), the transaction number, the one entry too many
# in osslsigncode's mini FAT; without MsiDigitalSignatureEx the state bits of the root; its times.
sum() { awk '/^free/ { n += $3 } END { print n + 0 }'; }
sign tiny.msi ts.msi -h sha256
sign tiny.msi td.msi -h sha256 -add-msi-dse
free ts.msi >free.s
free td.msi >free.d
ok $(($(sum <free.s) > 4 + 15 + 1 + 20)) "of a signed one at most 40 bytes can change"
ok $(($(sum <free.d) > 4 + 15 + 1 + 16)) "with MsiDigitalSignatureEx at most 36"
like "$(cat free.s)" '^free 52 4: msi.transaction' "the transaction number, which nobody reads"
like "$($A cut td.msi)" "^cuts ([0-9]+) refused \1$" "no prefix passes"

# --- unpacked: as msiextract has it
same_as_msiextract() { # MSI NAME
	rm -rf x
	msiextract -C x "$1" >/dev/null 2>&1
	want=$(cd x && find . -type f -print0 | sort -z | xargs -0 sha256sum | sed 's,  \./,  ,')
	got=$($U tree "$1" | sed -n 's/^f [0-9]* \([0-9a-f]\{64\}\) [0-9]* \([^!].*\)$/\1  \2/p' | LC_ALL=C sort -k2)
	is "$got" "$(LC_ALL=C sort -k2 <<<"$want")" "$2"
}
same_as_msiextract one.msi "files are those of msiextract"
same_as_msiextract s.msi "and so in a signed one"
bad=
for t in $(msiinfo tables one.msi | grep -v '^_Summ\|^_Force\|^_Stream\|^_Storage'); do
	msiinfo export one.msi "$t" >want
	[ "$(wc -l <want)" -gt 3 ] || continue
	got=$($U tree one.msi | awk -v p="!tables/$t" '$1 == "f" && $5 == p { print $3 }')
	[ "$got" = "$(sha256sum <want | cut -d' ' -f1)" ] || bad="$bad $t"
done
is "$bad" "" "tables are those of msiinfo export, byte for byte"
like "$($U tree one.msi)" 'note fact .* CustomAction=RunIt.2049.helper.Go' "custom actions are facts"
like "$($U tree one.msi)" "$(sha256sum <helper.bin | cut -d' ' -f1) 7000 !streams/Binary.helper" "binaries are entries"

# Several cabinets, stored and compressed, long and short names, one file beside the installer.
mkdir -p g && cp f1.txt g/K1 && cp f2.bin g/K2 && cp f3.bin g/K3 && cp f1.txt g/K9
(cd g && gcab -c -z -n ../c1.cab K1 && gcab -c -n ../c2.cab K2 K3 K9)
t='\t' n='\r\n'
printf "DiskId${t}LastSequence${t}DiskPrompt${t}Cabinet${t}VolumeLabel${t}Source${n}i2${t}i4${t}L64${t}S255${t}S32${t}S72${n}Media${t}DiskId${n}1${t}1${t}${t}#c1.cab${t}${t}${n}2${t}3${t}${t}#c2.cab${t}${t}${n}" >Media.idt
printf "File${t}Component_${t}FileName${t}FileSize${t}Version${t}Language${t}Attributes${t}Sequence${n}s72${t}s72${t}l255${t}i4${t}S72${t}S20${t}I2${t}i4${n}File${t}File${n}K1${t}C1${t}SHORT~1.TXT|A long name.txt${t}1892${t}${t}${t}512${t}1${n}K2${t}C1${t}b.dll${t}30000${t}${t}${t}512${t}2${n}K3${t}C2${t}c.bin${t}228894${t}${t}${t}512${t}3${n}K4${t}C2${t}out.bin${t}77${t}${t}${t}0${t}4${n}" >File.idt
cp one.msi many.msi
msibuild many.msi -i Media.idt File.idt -a c1.cab c1.cab -a c2.cab c2.cab 2>/dev/null
rm -f g/K9
out=$($U tree many.msi)
like "$out" "$(sha256sum <f1.txt | cut -d' ' -f1) [0-9]+ Program Files/Acme App Long Name/A long name.txt" "long names, first cabinet"
like "$out" "$(sha256sum <f3.bin | cut -d' ' -f1) [0-9]+ Program Files/Acme App Long Name/sub/c.bin" "second cabinet"
like "$out" "^f 644 - 77 Program Files/Acme App Long Name/sub/out.bin \(elsewhere\)" "a file beside the installer is told"
like "$out" "$(sha256sum <f1.txt | cut -d' ' -f1) [0-9]+ !unlisted/c2.cab/K9" "what is in a cabinet and in no row is told"
like "$($A show many.msi)" 'warn msi.stream-unlisted: stream one.cab' "a stream that no row names is told"
sed -i '/^K4/d' File.idt
(cd g && gcab -c -n ../c2.cab K2 K3)
cp one.msi many.msi
msibuild many.msi -i Media.idt File.idt -a c1.cab c1.cab -a c2.cab c2.cab 2>/dev/null
same_as_msiextract many.msi "several cabinets: files are those of msiextract"

# --- a database that lies
printf "Directory${t}Directory_Parent${t}DefaultDir${n}s72${t}S72${t}l255${n}Directory${t}Directory${n}APPDIR${t}SUB${t}up${n}SUB${t}APPDIR${t}sub${n}" >Directory.idt
cp one.msi loop.msi && msibuild loop.msi -i Directory.idt 2>/dev/null
run 2 "directories in a circle are refused" "$U" tree loop.msi
printf "Directory${t}Directory_Parent${t}DefaultDir${n}s72${t}S72${t}l255${n}Directory${t}Directory${n}APPDIR${t}${t}..${n}SUB${t}APPDIR${t}..${n}" >Directory.idt
cp one.msi up.msi && msibuild up.msi -i Directory.idt 2>/dev/null
run 2 "directories that climb are refused" "$U" tree up.msi
python3 "$PLANT" append one.msi p.msi
like "$("$FIREBREAK" inspect p.msi 2>&1)" 'archive.behind' "inspect tells of bytes behind an unsigned installer"
tap_done
