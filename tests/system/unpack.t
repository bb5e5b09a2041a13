#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# unpack: what is made to hurt is refused, with a reason and within 64 MiB; what is honest is the same
# as other programs unpack it, byte for byte. About 20 seconds.

. "$(dirname "$0")/../support/tap.sh"
command -v python3 >/dev/null || skip_all "python3 is not installed"
TOOL=$BUILD/tests/system/unpack_tool
mkdir "$TMP/h" && cd "$TMP/h" || exit 1
python3 "$TOP/tests/support/hostile.py" . || skip_all "the archives cannot be made"

# --- hostile ---------------------------------------------------------------------------------
SANITIZED=$(strings "$TOOL" 2>/dev/null | grep -c __asan_init)
most=0
hurts() { # EXIT REGEX FILE
	run "$1" "$3" "$TOOL" hash "$3"
	like "$err$out" "$2" "  $(echo "$err" | cut -c1-150)"
	local rss
	rss=$(echo "$out" | sed -n 's/^rss //p')
	[ "${rss:-0}" -le "$most" ] || most=$rss
}
hurts 2 'absolute path' absolute.tar
hurts 2 'leads out' up.tar
hurts 2 'leads out' up-inside.tar
hurts 2 'behind a symbolic link' behind-link.tar
hurts 2 'hard link to ../../etc/passwd' link-out.tar
hurts 2 'same path twice' twice.tar
hurts 2 'leads out' up.zip
hurts 2 'leads out' backslash.zip
hurts 2 'drive letter' drive.zip
hurts 2 'same path twice' twice.zip
hurts 2 'not a directory' below-file.zip
hurts 2 'not the same for all' nul.zip
hurts 2 'decompression bomb' zeros.zip
hurts 2 'decompression bomb' zeros.tar.gz
hurts 2 'compressed more than once' twice-compressed.tar.gz
hurts 2 'header in front of it has another name' overlap.zip
hurts 2 'more than 65536 entries' many.zip
hurts 2 'more than 65536 entries' many.tar.gz
hurts 2 'paths take more than 16 MiB' names.tar.gz
hurts 3 'header too large' pax.tar.gz
hurts 3 'header too large' longname.tar.gz
hurts 3 'memory' giant.tar.zst
hurts 0 'tar' small-64.tar.xz
hurts 5 'encrypted' encrypted.zip
hurts 5 'nsupported' method.zip
hurts 0 'zip' deep.zip
if [ "$SANITIZED" = 0 ]; then # a sanitizer cannot live within a limit on memory
	hurts 2 'more than the 40 MiB .*dictionary of 64 MiB' large-64.tar.xz
	hurts 2 'more than the 40 MiB .*dictionary of 3072 MiB' small-giant.tar.xz
	hurts 2 'more than the 40 MiB' string-table.ar.gz
	hurts 3 '' sparse-map.tar.gz
	[ "$most" -gt 4096 ] && [ "$most" -le 65536 ]
	ok $? "memory of parent and worker together: at most $most KiB"
	run 0 "with more memory the large one is read" env MEMORY=$((96 << 20)) "$TOOL" hash large-64.tar.xz
fi
run 0 "100,000 entries that were asked for (zip)" env ENTRIES=100000 MEMORY=$((96 << 20)) "$TOOL" hash many.zip
like "$out" "^100000 entries" "are read"
run 0 "and of a tar" env ENTRIES=100000 "$TOOL" hash many.tar.gz
like "$out" "^100000 entries" "are read"
run 2 "a worker that takes too long" env TIMEOUT=1 "$TOOL" hash large.tar
like "$err" "did not finish within" "is killed: $err"
is "$(stat -c %Y%s ./* | sort | md5sum)" "$(stat -c %Y%s ./* | sort | md5sum)" "nothing was written"

# --- gzip ------------------------------------------------------------------------------------
python3 - <<'P'
import gzip, io, tarfile, zipfile

def tar(*names, pax=None):
    f = io.BytesIO()
    with tarfile.open(fileobj=f, mode="w", format=tarfile.PAX_FORMAT, pax_headers=pax or {}) as t:
        for n in names:
            e = tarfile.TarInfo(n)
            e.size = 3000
            t.addfile(e, io.BytesIO(b"x" * 3000))
    return f.getvalue()

plain = tar("a", "b")
good = gzip.compress(plain)
def put(name, data):
    open("gz-" + name, "wb").write(data)
# cut in the middle of an entry: each member alone is no tar
put("members.tar.gz", gzip.compress(plain[:700]) + gzip.compress(b"") + gzip.compress(plain[700:]))
put("behind.tar.gz", good + b"\0")
put("behind-many.tar.gz", good + b"\x1f\x8b\x08\0")
put("cut.tar.gz", good[:-3])
put("crc.tar.gz", good[:-8] + bytes([good[-8] ^ 1]) + good[-7:])
put("size.tar.gz", good[:-1] + b"\1")
put("second.tar.gz", good + good[:-8] + bytes(8))
put("long.tar.gz", gzip.compress(tar("n" * 200, "m" * 200)))
put("global.tar.gz", gzip.compress(tar("n" * 200, pax={"path": "other"})))
put("global.tar", tar("n" * 200, pax={"path": "other"}))
f = io.BytesIO()
zipfile.ZipFile(f, "w").writestr("a", "b")
put("zip.gz", gzip.compress(f.getvalue()))
put("nothing.gz", gzip.compress(b""))
put("text.gz", gzip.compress(b"just text\n"))
P
run 0 "two members and an empty one" "$TOOL" list gz-members.tar.gz
is "$(echo "$out" | cut -d' ' -f 4-)" "3000 a
3000 b" "both files are there"
run 3 "a byte behind the stream" "$TOOL" hash gz-behind.tar.gz
like "$err" "bytes behind the end of the compressed stream" "  $err"
run 3 "the start of another member" "$TOOL" hash gz-behind-many.tar.gz
like "$err" "bytes behind the end of the compressed stream" "  $err"
run 3 "cut in the trailer" "$TOOL" hash gz-cut.tar.gz
like "$err" "truncated gzip input" "  $err"
for f in crc size second; do
	run 3 "gzip: another $f" "$TOOL" hash gz-$f.tar.gz
	like "$err" "damaged: the CRC or the size behind the gzip stream is another" "  $err"
done
run 0 "a tar with extended headers, gzip'd" "$TOOL" hash gz-long.tar.gz
for f in global.tar global.tar.gz; do
	run 2 "a global header: $f" "$TOOL" hash gz-$f
	like "$err" "a global pax header, which some apply to all entries and some do not" "  $err"
done
run 0 "text in gzip, as a stream" "$TOOL" raw gz-text.gz
is "$out" "just text" "is unpacked"
run 3 "another CRC, as a stream" "$TOOL" raw gz-crc.tar.gz
run 3 "bytes behind, as a stream" "$TOOL" raw gz-behind.tar.gz
run 1 "a zip in gzip" "$TOOL" hash gz-zip.gz
like "$err" "no archive of a kind that is known" "  $err"
run 1 "text in gzip" "$TOOL" hash gz-text.gz
like "$err" "no archive of a kind that is known" "  $err"

# --- a zip's entry too large to be unpacked as a whole ---------------------------------------
python3 - <<'P'
import random, struct, zipfile
random.seed(1)
text = bytes(random.choices(b"abcdefgh", k=3 << 20)) * 3
with zipfile.ZipFile("large.zip", "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("large", text)
whole = bytearray(open("large.zip", "rb").read())
def put(name, data):
    open("large-" + name + ".zip", "wb").write(data)
flip = bytearray(whole)
flip[len(flip) // 2] ^= 4
put("flip", flip)
# its last block is none: the stream goes on where it ends
packed = struct.unpack_from("<I", whole, 18)[0]
open("large.txt", "wb").write(text)
cut = bytearray(whole)
cut[35 + packed - 64:35 + packed] = bytes(64)
put("end", cut)
P
run 0 "a large entry" "$TOOL" list large.zip
like "$out" "$(sha256sum large.txt | cut -d' ' -f1)" "its bytes are right"
for f in flip end; do
	run 3 "a large entry, damaged ($f)" "$TOOL" hash large-$f.zip
	like "$err" "large: its (CRC is another|compressed bytes make no sense)" "  $err"
done

# --- what surrounds a zip --------------------------------------------------------------------
is "$("$TOOL" tree front.zip | grep ^note)" "note front 0 10 - " "a program in front of a zip is told"
is "$("$TOOL" tree behind.zip | grep ^note)" "note behind $(($(stat -c %s behind.zip) - 8)) 8 - " \
	"bytes behind it are told"
run 2 "without notes both are refused" "$TOOL" list front.zip
like "$err" "10 bytes at offset 0, in front of the first entry" "with the place: $err"
run 2 "bytes behind" "$TOOL" list behind.zip
is "$("$TOOL" tree case.zip | grep ^note | tr '\n' ';')" "note case 0 0 - README;note case 0 0 - D/y;" \
	"names that differ in case only are told"
is "$("$TOOL" tree encrypted.zip 2>/dev/null | cut -d' ' -f1,3,5-)" "f - a (locked)
f 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 b" "what is locked is listed, the rest is read"

# --- honest: the same as others unpack -------------------------------------------------------
mkdir in && cd in || exit 1
mkdir -p d/e "$(printf 'n%.0s' $(seq 90))/$(printf 'm%.0s' $(seq 120))"
echo hello >a; : >empty; head -c 300001 /dev/urandom >d/random; head -c 3000000 /dev/zero >d/zeros
chmod 755 d/random
echo deep >"$(printf 'n%.0s' $(seq 90))/$(printf 'm%.0s' $(seq 120))/$(printf 'l%.0s' $(seq 100))"
echo umlaut >'d/ä ö'; ln -s ../a d/e/link; ln a d/hard
truncate -s 2000000 sparse; printf x | dd of=sparse bs=1 seek=1500000 conv=notrunc status=none
cd ..
contents() { # files and links of a folder
	(cd "$1" && find . -type f -printf '%P\n' | LC_ALL=C sort | while read -r p; do
		echo "f $(sha256sum <"$p" | cut -d' ' -f1) $p"; done
	find . -type l -printf 'l %P -> %l\n' | LC_ALL=C sort)
}
# Hard links are files with the content of another; in a cpio the last of them brings it.
given() {
	"$TOOL" "${2:-tree}" "$1" 2>&1 | awk '
		/^f/ { p = to = $0; sub(/^[^ ]+ [^ ]+ [^ ]+ [^ ]+ /, "", p); sub(/ -> .*/, "", p)
			if (/ -> /) { sub(/.* -> /, "", to); first[p] = to; if ($3 != "-") sum[to] = $3 }
			else sum[p] = $3
			files[++n] = p; next }
		/^l/ { p = $0; sub(/^[^ ]+ [^ ]+ [^ ]+ [^ ]+ /, "", p); print "l " p }
		/^[0-9]/ { print }
		END { for (i = 1; i <= n; i++) { p = files[i]; print "f " sum[p in first ? first[p] : p] " " p } }' | LC_ALL=C sort -k1,1 -k3
}
same() { # NAME FILE EXTRACT...: the program extracts into the current folder
	local name=$1 file=$PWD/$2
	shift 2
	rm -rf out && mkdir out
	(cd out && LC_ALL=C.UTF-8 "$@" "$file" >/dev/null 2>&1)
	is "$(given "$file")" "$(contents out | LC_ALL=C sort -k1,1 -k3)" "$name"
}
for f in ustar pax gnutar cpio newc 7zip; do
	command -v bsdtar >/dev/null || break
	dir=in
	LC_ALL=C.UTF-8 bsdtar -C $dir -cf "t.$f" --format "$f" a d empty sparse >/dev/null 2>&1
	same "bsdtar: $f" "t.$f" bsdtar -xf
done
if command -v bsdtar >/dev/null; then
	LC_ALL=C.UTF-8 bsdtar -C in -cf long.tar --format pax . && same "pax with long names" long.tar bsdtar -xf
	for z in gzip bzip2 xz zstd lz4; do
		LC_ALL=C.UTF-8 bsdtar -C in -cf "t.$z" --$z a d sparse && same "$z" "t.$z" bsdtar -xf
	done
fi
tar -C in --sparse --format gnu -cf gnu.tar . && same "GNU tar: sparse, long names" gnu.tar tar -xf
tar -C in --sparse --format posix -cf posix.tar . && same "GNU tar: sparse, pax" posix.tar tar -xf
if command -v zip >/dev/null && command -v unzip >/dev/null; then
	(cd in && zip -qry ../t.zip .) && same "zip" t.zip unzip -q
	(cd in && zip -qr0 - a d | cat) >stream.zip && same "zip from a pipe" stream.zip unzip -q
fi
if command -v 7zz >/dev/null; then
	(cd in && LC_ALL=C.UTF-8 7zz a -bd -ms=on ../solid.7z a d sparse >/dev/null) && same "7z, solid" solid.7z 7zz x
	(cd in && LC_ALL=C.UTF-8 7zz a -bd -tzip ../7.zip a d sparse >/dev/null) && same "zip of 7zz" 7.zip 7zz x
	(cd in && LC_ALL=C.UTF-8 7zz a -bd -m0=ppmd ../ppmd.7z a d >/dev/null) && same "7z with PPMd" ppmd.7z 7zz x
fi
# --- rpm: the header's digests ---------------------------------------------------------------
if command -v rpmbuild >/dev/null && command -v rpm2cpio >/dev/null; then
	cat >demo.spec <<-'SPEC'
		Name: demo
		Version: 1
		Release: 2
		Summary: demo
		License: MIT
		BuildArch: noarch
		%description
		demo
		%install
		mkdir -p %{buildroot}/opt && cp -a %{from} %{buildroot}/opt/demo
		%files
		/opt/demo
	SPEC
	for z in w9.gzdio w3.zstdio w2.xzdio; do
		rpmbuild -bb --quiet --define "_topdir $PWD/rpm" --define "from $PWD/in" --define "_binary_payload $z" \
			--define "_rpmfilename $z.rpm" --define "__os_install_post %{nil}" \
			--define "_build_id_links none" --define "__brp_mangle_shebangs %{nil}" demo.spec >rpm.log 2>&1
		cp "rpm/RPMS/$z.rpm" . && same "rpm, $z" "$z.rpm" sh -c 'rpm2cpio "$0" | cpio -idm'
	done
	facts=$("$TOOL" tree w3.zstdio.rpm | grep '^note fact' | cut -d' ' -f6- | tr '\n' ' ')
	like "$facts" "header-digest=sha256 payload-digest=sha256 name=demo version=1 release=2 arch=noarch" "its facts"
	like "$facts" "file-digests=sha256" "its files' digests are compared"
	rpm=w9.gzdio.rpm
	size=$(stat -c %s $rpm)
	flip() { # OFFSET
		cp $rpm bit.rpm
		printf '\377' | dd of=bit.rpm bs=1 seek="$1" conv=notrunc status=none
		cmp -s $rpm bit.rpm && printf '\376' | dd of=bit.rpm bs=1 seek="$1" conv=notrunc status=none
		"$TOOL" tree bit.rpm >/dev/null 2>"$TMP/.err"
	}
	flip $((size - 50))
	is $? 2 "a bit of the payload is refused"
	like "$(cat "$TMP/.err")" "payload is not what its header says" "with the reason"
	at=$(LC_ALL=C grep -abo 'noarch' $rpm | head -1 | cut -d: -f1)
	flip "$at"
	is $? 2 "a bit of the header is refused"
	like "$(cat "$TMP/.err")" "header is not what its header says" "with the reason"
fi
tap_done
