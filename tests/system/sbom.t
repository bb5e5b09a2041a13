#!/bin/bash
# sbom check and show: real packages, real producers, every kind of difference.
. "$(dirname "$0")/../support/tap.sh"
command -v python3 >/dev/null || skip_all "python3 is not here"
make="python3 $TOP/tests/support/sbom_make.py"
check() { "$FIREBREAK" sbom check "$@"; }
# made FORMAT ALGS…: an SBOM of app in made.json
made() { $make "$1" app "${@:2}" >made.json; }

# A small product, in every format and version, as a folder and as every kind of archive.
mkdir -p "$TMP/app/lib"
printf 'MZ app' >"$TMP/app/app.exe"
printf 'MZ ffmpeg' >"$TMP/app/lib/ffmpeg.dll"
printf 'MZ d3d' >"$TMP/app/lib/d3dcompiler_47.dll"
: >"$TMP/app/empty"
cd "$TMP" || exit 1
for f in cdx:1.2 cdx:1.3 cdx:1.4 cdx:1.5 cdx:1.6 cdx:1.7 spdx2:2.2 spdx2:2.3 spdx3:3.0.0 spdx3:3.0.1; do
	$make "$f" app >"$f.json"
	run 0 "$f: the folder" check "$f.json" app
done
made cdx:1.8
run 5 "cdx:1.8 is refused" check made.json app

tar cf app.tar app
tar czf app.tgz app
tar cJf app.tar.xz app
(cd app && tar cf ../flat.tar.gz -z .)
python3 - <<'PY'
import zipfile, os
with zipfile.ZipFile('app.zip', 'w', zipfile.ZIP_DEFLATED) as z:
    for r, d, f in os.walk('app'):
        for n in sorted(f):
            z.write(os.path.join(r, n))
PY
command -v zstd >/dev/null && zstd -q app.tar -o app.tar.zst
for a in app.tar app.tgz app.tar.xz flat.tar.gz app.zip app.tar.zst app/lib/ffmpeg.dll; do
	[ -e "$a" ] || continue
	for f in cdx:1.6 spdx2:2.3 spdx3:3.0.1; do
		run 0 "$f: $a" check "$f.json" "$a"
	done
done

# Every difference is found and named, in every format, in a folder and in an archive.
broken() { # NAME CODES PATH…: a copy of app is in ./bad; what it must say
	local name=$1 want=$2
	shift 2
	tar czf bad.tgz bad
	for f in cdx:1.6 spdx2:2.3 spdx3:3.0.1; do
		for what in bad bad.tgz; do
			run 1 "$name: $f, $what" check "$f.json" "$what"
			for code in $want; do
				like "$out" "fail +sbom\.$code:" "$name: says $code"
			done
			for p in "$@"; do
				like "$out" "fail .*$p" "$name: names $p"
			done
		done
	done
}
fresh() { rm -rf bad && cp -r app bad; }
fresh; printf 'NZ ffmpeg' >bad/lib/ffmpeg.dll
broken "one byte" mismatch lib/ffmpeg.dll
fresh; echo evil >bad/lib/evil.dll
broken "one added" unlisted lib/evil.dll
fresh; rm bad/app.exe
broken "one removed" absent app.exe
fresh; mv bad/lib/ffmpeg.dll x; mv bad/lib/d3dcompiler_47.dll bad/lib/ffmpeg.dll; mv x bad/lib/d3dcompiler_47.dll
broken "a swapped pair" mismatch lib/ffmpeg.dll lib/d3dcompiler_47.dll
fresh; mv bad/lib/ffmpeg.dll bad/lib/FFmpeg.dll
broken "another case" renamed lib/FFmpeg.dll
fresh; mv bad/app.exe bad/lib/
broken "moved" renamed lib/app.exe

# Digests: weak, of another algorithm, upper case, several.
made cdx:1.6 sha1
run 2 "SHA-1 alone" check made.json app
like "$out" 'missing +sbom\.weak' "says that it is weak"
made spdx2:2.3 md5
run 2 "MD5 alone" check made.json app
made cdx:1.6 sha1,sha512
run 0 "SHA-1 and SHA-512" check made.json app
made spdx3:3.0.1 sha3_384
run 0 "SHA3-384" check made.json app
made spdx2:2.3 blake2b
run 0 "BLAKE2b-512" check made.json app
$make cdx:1.6 app | sed 's/"SHA-256"/"SHA3-256"/' >alg.json
run 1 "a digest under another algorithm's name" check alg.json app
like "$out" 'sbom\.mismatch' "is a mismatch"
$make cdx:1.6 app | sed 's/"SHA-256"/"SHA-1"/' >len.json
run 5 "a digest of another length is refused" check len.json app
like "$err" 'len.json: offset [0-9]+: a SHA-1 digest has 40 hex digits, not 64' "with file and offset"
$make cdx:1.6 app sha256 upper >upper.json
run 0 "upper case" check upper.json app
like "$out" 'sbom\.upper-case' "is noted"

# Options, single files, JSON, show.
echo readme >app/README.md
run 1 "an unlisted file" check cdx:1.6.json app
run 0 "that is allowed" check cdx:1.6.json app --allow-unlisted '*.md'
rm app/README.md
ln -s /etc/passwd app/link
run 2 "a link that leads out" check cdx:1.6.json app
like "$out" 'missing +sbom\.link: the link link leads out, to /etc/passwd' "is named"
rm app/link
run 1 "JSON" check cdx:1.6.json bad --json
is "$(printf '%s' "$out" | python3 -c 'import json,sys; d=json.load(sys.stdin); print(d["verdict"], d["sbom"]["format"], d["artifacts"][0]["reasons"][0]["code"])')" \
	"FAIL CycloneDX sbom.renamed" "has verdict, format and codes"
run 0 "show" "$FIREBREAK" sbom show spdx3:3.0.1.json
like "$out" '^file +lib/ffmpeg.dll' "lists files"
run 1 "several: the worst counts" check cdx:1.6.json app bad
printf 'SPDXVersion: SPDX-2.3\n' >x.spdx
run 5 "tag-value is refused" check x.spdx app
like "$err" 'SPDX in tag-value form is not read here' "by name"

# verify --sbom: an SBOM that nobody signed beside evidence that counts.
V="$FIREBREAK verify"
openssl ecparam -name prime256v1 -genkey -noout -out k.pem 2>/dev/null
openssl ec -in k.pem -pubout -out k.pub 2>/dev/null
(cd app && tar cf ../ship.tar .)
openssl dgst -sha256 -sign k.pem -out ship.sig ship.tar
good="--evidence ship.sig --key k.pub"
run 0 "verify: a signature" $V ship.tar $good
for f in cdx:1.6 spdx2:2.3 spdx3:3.0.1; do
	run 0 "verify: and an SBOM that fits ($f)" $V ship.tar $good --sbom $f.json
	like "$out" 'note +sbom\.unsigned: 4 of 4 shipped files have the digest' "is a remark"
	is "$(grep -cE 'proven +(sbom|evidence\.sbom)' <<<"$out")" 0 "and proves nothing"
done
run 2 "verify: an SBOM that fits, alone" $V ship.tar --sbom cdx:1.6.json
like "$out" 'provenance\.none' "is no evidence"
for need in sbom sbom-contents; do
	run 2 "verify: it does not satisfy $need" $V ship.tar $good --sbom cdx:1.6.json --require signature,$need
	like "$out" 'sbom\.none: a signed ' "which wants a signed one"
done
run 0 "verify: JSON" $V ship.tar $good --sbom cdx:1.6.json --json
is "$(printf '%s' "$out" | python3 -c 'import json,sys; d=json.load(sys.stdin)["artifacts"][0]; print([e["as"] for e in d["evidence"]])')" \
	"['signature']" "does not count it"
fresh; printf 'NZ ffmpeg' >bad/lib/ffmpeg.dll; echo evil >bad/lib/evil.dll
(cd bad && tar cf ../bad.tar .)
openssl dgst -sha256 -sign k.pem -out bad.sig bad.tar
run 1 "verify: well signed, and not what the SBOM names" $V bad.tar --evidence bad.sig --key k.pub --sbom spdx2:2.3.json
like "$out" 'fail +sbom\.mismatch: lib/ffmpeg.dll' "names the file that differs"
like "$out" 'fail +sbom\.unlisted: lib/evil.dll' "and the one too many"
like "$out" "evidence spdx2:2.3.json sha256:$(sha256sum spdx2:2.3.json | cut -d' ' -f1)" "and the SBOM by digest"
like "$out" 'proven +signature\.accepted' "the signature stays one"
run 1 "verify: several artifacts" $V ship.tar bad.tar $good --evidence bad.sig --sbom cdx:1.6.json
made cdx:1.6 sha1
run 2 "verify: an SBOM that leaves a gap is not passed over" $V ship.tar $good --sbom made.json
like "$out" 'sbom\.weak' "the gap is told"
run 2 "verify: of a digest there is nothing to compare" $V "sha256:$(sha256sum ship.tar | cut -d' ' -f1)" --sbom cdx:1.6.json
like "$out" 'sbom\.no-file' "which is told"
printf 'x' >>ship.tar
run 1 "verify: a damaged archive" $V ship.tar --sbom cdx:1.6.json
run 5 "verify: a malformed SBOM" $V app.zip --sbom len.json
like "$err" 'len.json: offset [0-9]+: a SHA-1 digest has 40' "is named with its offset"
run 5 "verify: an SBOM that is not there" $V app.zip --sbom nothing.json

# Hostile archives against an honest SBOM.
python3 - <<'PY'
import tarfile, io
def tar(name, *entries):
    with tarfile.open(name, 'w:gz') as t:
        for path, kind, data in entries:
            i = tarfile.TarInfo(path)
            i.type = kind
            if kind == tarfile.SYMTYPE:
                i.linkname = data
                t.addfile(i)
            else:
                i.size = len(data)
                t.addfile(i, io.BytesIO(data))
R, S = tarfile.REGTYPE, tarfile.SYMTYPE
tar('abs.tgz', ('/etc/x', R, b'1'))
tar('up.tgz', ('a/../../x', R, b'1'))
tar('twice.tgz', ('a', R, b'1'), ('./a', R, b'2'))
tar('through.tgz', ('a', S, '/tmp'), ('a/x', R, b'1'))
tar('bomb.tgz', ('a', R, bytes(100 << 20)))
PY
for h in 'abs:an absolute path' 'up:leads out' 'twice:twice' 'through:behind a symbolic link' 'bomb:a decompression bomb'; do
	run 1 "${h%%:*}.tgz" check cdx:1.6.json "${h%%:*}.tgz"
	like "$out" "sbom\.archive: .*refused: .*${h#*:}" "is refused: ${h#*:}"
done

# Archives that two programs unpack differently: the good bytes for one, others for the next.
mkdir two && printf 'good\n' >two/a && cp two/a two/b && $make cdx:1.6 two >two.json && rm two/b
$make cdx:1.6 two >one.json
python3 - <<'PY'
import io, struct, tarfile, zlib
good, evil = b'good\n', b'evil\n'

def hard_tar():
    t = tarfile.open('hard.tar', 'w', format=tarfile.PAX_FORMAT)
    i = tarfile.TarInfo('a')
    i.size = len(evil)
    t.addfile(i, io.BytesIO(evil))
    i = tarfile.TarInfo('b')
    i.type, i.linkname, i.size, i.pax_headers = tarfile.LNKTYPE, 'a', len(good), {'comment': 'x'}
    b = i.tobuf(tarfile.PAX_FORMAT) + good.ljust(512, b'\0')
    t.fileobj.write(b)
    t.offset += len(b)
    t.close()

# GNU tar and Python give "a" the path of the global header.
def global_tar(out, **headers):
    with tarfile.open(out, "w", format=tarfile.PAX_FORMAT, pax_headers=headers) as t:
        i = tarfile.TarInfo('a')
        i.size = len(good)
        t.addfile(i, io.BytesIO(good))

# Extended headers in front of "q": (type, content).
def extended(out, *headers):
    data = b''
    for kind, text in headers + ((b'0', good),):
        i = tarfile.TarInfo('q')
        i.type, i.size = kind, len(text)
        data += i.tobuf(tarfile.USTAR_FORMAT) + text + bytes(-len(text) % 512)
    open(out, 'wb').write(data + bytes(1024))

def cpio(name, *contents):
    def entry(path, data, ino, links):
        f = [ino, 0o100644 if ino else 0, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(path) + 1, 0]
        h = b'070701' + b''.join(b'%08X' % v for v in f) + path + b'\0'
        return h + bytes(-len(h) % 4) + data + bytes(-len(data) % 4)
    out = b''.join(entry(p, d, 1, 2) for p, d in zip((b'a', b'b'), contents))
    open(name, 'wb').write(out + entry(b'TRAILER!!!', b'', 0, 1))

def local(n, d, extra=b''):
    return struct.pack('<IHHHHHIIIHH', 0x04034b50, 20, 0, 0, 0, 0x21, zlib.crc32(d), len(d), len(d),
                       len(n), len(extra)) + n + extra + d
def central(n, d, off, extra=b'', comment=b''):
    return struct.pack('<IHHHHHHIIIHHHHHII', 0x02014b50, 20, 20, 0, 0, 0, 0x21, zlib.crc32(d), len(d),
                       len(d), len(n), len(extra), len(comment), 0, 0, 0, off) + n + extra + comment
def end(size, off, comment=b'', claims=None):
    return struct.pack('<IHHHHIIH', 0x06054b50, 0, 0, 1, 1, size, off,
                       len(comment) if claims is None else claims) + comment
def one_zip(name, entry, extra=b''):
    l, c = local(entry, good, extra), central(entry, good, 0, extra)
    open(name, 'wb').write(l + c + end(len(c), len(l)))

# a second zip in the comment, whose own comment would go beyond the file
l, c = local(b'a', evil), central(b'a', evil, 0)
at = len(l) + len(c) + 22
l2, c2 = local(b'a', good), central(b'a', good, at)
open('ends.zip', 'wb').write(l + c + end(len(c), len(l), l2 + c2 + end(len(c2), at + len(l2), claims=7)))
# a zip64 end in the comment of the last entry
at = len(l) + 46 + 1
dir2 = at + len(l2)
c2 = central(b'a', good, at)
more = l2 + c2 + struct.pack('<IQHHIIQQQQ', 0x06064b50, 44, 45, 45, 0, 0, 1, 1, len(c2), dir2)
more += struct.pack('<IIQI', 0x07064b50, 0, dir2 + len(c2), 1)
c = central(b'a', evil, 0, comment=more)
open('locator.zip', 'wb').write(l + c + end(len(c), len(l)))
one_zip('nul.zip', b'a\0.exe')
name = b'evil'
one_zip('name.zip', name, struct.pack('<HHBI', 0x7075, 6, 1, zlib.crc32(name)) + b'a')
one_zip('same.zip', b'a', struct.pack('<HHBI', 0x7075, 6, 1, zlib.crc32(b'a')) + b'a')
L, X = (b'L', b'a\0'), (b'x', b'10 path=b\n')
extended('lx.tar', L, X)
extended('xl.tar', (b'x', b'10 path=a\n'), (b'L', b'b\0'))
extended('ll.tar', L, (b'L', b'b\0'))
extended('l.tar', L)
extended('kl.tar', (b'K', b'c\0'), L)
extended('x.tar', (b'x', b'10 path=a\n'))
hard_tar()
global_tar('global.tar', path='start.sh')
global_tar('comment.tar', comment='0123456789abcdef', mtime='1')
cpio('last.cpio', b'', good)
cpio('each.cpio', good, good)
cpio('two.cpio', evil, good)
PY
for h in 'hard.tar:a hard link that brings content' 'two.cpio:a hard link with other content'; do
	run 1 "${h%%:*}" check two.json "${h%%:*}"
	like "$out" "sbom\.archive: .*refused: .*${h#*:}" "is refused: ${h#*:}"
done
run 0 "a cpio whose last hard link brings the content" check two.json last.cpio
run 0 "a cpio whose hard links all bring it" check two.json each.cpio
for h in 'ends:a zip with two ends' 'locator:a zip64 end record' 'nul:its name is not the same' \
	'name:its name is not the same'; do
	run 1 "${h%%:*}.zip" check one.json "${h%%:*}.zip"
	like "$out" "sbom\.archive: .*refused: .*${h#*:}" "is refused: ${h#*:}"
done
for h in lx xl ll; do
	run 1 "$h.tar" check one.json "$h.tar"
	like "$out" 'sbom\.archive: .*(refused: an entry with two names|damaged)' "two names are refused"
done
for h in l kl x; do
	run 0 "$h.tar: an extended header" check one.json "$h.tar"
done
for z in '' .gz .xz; do
	[ -z "$z" ] || { [ $z = .gz ] && gzip -k global.tar comment.tar; } || xz -k global.tar comment.tar
	run 1 "global.tar$z" check one.json "global.tar$z"
	like "$out" 'sbom\.archive: .*refused: a global pax header' "is refused: a global header that renames"
	run 0 "comment.tar$z: a global header as git archive makes it" check one.json "comment.tar$z"
done
run 0 "a Unicode path that is the name" check one.json same.zip

# A link out of the folder by way of a link inside it.
mkdir -p out/d/e && cp two/a out/a && ln -s ../.. out/d/e/up && ln -s d/e/up/../x out/x
run 2 "a link that climbs behind a link" check one.json out
like "$out" 'missing +sbom\.link: the link x leads out' "is a gap"

printf 'x' >>app.tgz
run 1 "a byte behind the archive" check cdx:1.6.json app.tgz
like "$out" 'bytes behind the end' "is named"

# Every kind of archive that is read, as its own tool makes it: links of both kinds among the files.
mkdir kinds && cp -r app kinds/app && cd kinds || exit 1
ln app/app.exe app/hard.exe
ln -s ../app.exe app/lib/link
$make cdx:1.6 app >k.json
if command -v cpio >/dev/null; then
	for f in newc crc odc bin; do
		(cd app && find . | cpio -o -H $f --quiet 2>/dev/null) >$f.cpio
		run 0 "cpio $f" check k.json $f.cpio
		like "$out" '\(5 of 5 files covered\)' "all its files"
	done
	cp newc.cpio two.cpio
	(cd app && echo lib/ffmpeg.dll | cpio -o -H newc --quiet) >>two.cpio
	run 1 "a second cpio behind the first" check k.json two.cpio
	like "$out" 'bytes behind the end mark of the cpio, at offset [0-9]+' "is refused"
	gzip -k newc.cpio
	run 1 "a compressed cpio" check k.json newc.cpio.gz
	like "$out" 'decompress it first' "is refused by name"
else
	skip "cpio" "no cpio"
fi
sevenzip=$(command -v 7zz || command -v 7zr || command -v 7z)
if [ -n "$sevenzip" ]; then
	for m in LZMA2 LZMA PPMd BZip2 Deflate Copy; do
		"$sevenzip" a -bd -y -snl -m0=$m $m.7z app >/dev/null 2>&1 || continue
		run 0 "7z $m" check k.json $m.7z
	done
	"$sevenzip" a -bd -y -psecret secret.7z app >/dev/null
	run 1 "an encrypted 7z" check k.json secret.7z
	like "$out" 'encrypted' "is refused by name"
	head -c 150 LZMA2.7z >short.7z
	run 1 "a 7z that is cut short" check k.json short.7z
else
	skip "7z" "no 7zz, 7zr or 7z"
fi
if command -v rpmbuild >/dev/null; then
	mkdir -p tree/opt && cp -a app tree/opt/
	$make cdx:1.6 tree >r.json
	cat >demo.spec <<-'SPEC'
		Name: demo
		Version: 1
		Release: 1
		Summary: demo
		License: MIT
		BuildArch: noarch
		%description
		demo
		%install
		mkdir -p %{buildroot}/opt
		cp -a %{from} %{buildroot}/opt/
		%post
		echo installed
		%files
		/opt/app
	SPEC
	for z in w9.gzdio w3.zstdio w2.xzdio w9.bzdio; do
		rpmbuild -bb --quiet --define "_topdir $PWD/rpm" --define "from $PWD/app" --define "_binary_payload $z" \
			--define "_rpmfilename $z.rpm" --define "__os_install_post %{nil}" demo.spec >rpm.log 2>&1
		run 2 "rpm $z" check r.json rpm/RPMS/$z.rpm
		like "$out" '\(5 of 5 files covered\)' "all its files"
		is "$(grep -c '  missing ' <<<"$out") $(grep -c 'sbom\.rpm-scripts' <<<"$out")" "1 1" "only its scripts are open"
	done
	sed 's/"content": *"./"content": "0/' r.json >wrong.json
	run 1 "rpm: other digests" check wrong.json rpm/RPMS/w9.gzdio.rpm
	gzip -k rpm/RPMS/w9.gzdio.rpm
	run 1 "an rpm in a gzip" check r.json rpm/RPMS/w9.gzdio.rpm.gz
else
	skip "rpm" "no rpmbuild"
fi
cd ..

# A program in front of a zip is in no entry: only an SBOM of the file itself can speak for it.
{ printf '#!/usr/bin/env python3\n'; cat app.zip; } >self.pyz
run 1 "a zip with a program in front" check cdx:1.6.json self.pyz
like "$out" 'sbom\.archive: .*in front' "is refused"
python3 -m zipapp -o app.pyz -p /usr/bin/python3 -m os:getpid app
run 1 "a zipapp, and the SBOM of its entries" check cdx:1.6.json app.pyz
like "$out" 'sbom\.archive: .*belong to no entry' "is refused"
mkdir dist && cp app.pyz dist/
$make cdx:1.6 dist >dist.json
run 0 "a zipapp, and the SBOM that names it" check dist.json app.pyz

# Debian packages: what dpkg lists is what we compare; the oracle is dpkg-deb.
deb=$(ls "$TESTDEPS"/deb/shim-signed_*.deb 2>/dev/null)
if [ -n "$deb" ] && command -v dpkg-deb >/dev/null; then
	dpkg-deb -R "$deb" tree
	is "$("$BUILD/tests/system/unpack_tool" list "$deb" | awk '$1=="f" && $2==2 {print $3}' | sort)" \
		"$(find tree -type f -exec sha256sum {} + | awk '{print $1}' | sort)" "unpacked as dpkg-deb does"
	$make spdx2:2.3 tree >deb.json
	run 0 "a .deb, and the SBOM of its files" check deb.json "$deb" --allow-unlisted '**'
	like "$out" "PASS .*\(([0-9]+) of \1 files covered\)" "every file is covered"
	echo '#!/bin/sh' >tree/DEBIAN/postinst
	$make spdx2:2.3 tree >deb.json
	run 1 "another postinst" check deb.json "$deb"
	like "$out" 'DEBIAN/postinst' "is named"
else
	skip "Debian packages" "not in $TESTDEPS, or no dpkg-deb"
fi

# npm: what it writes itself about a real package, and the package as npm packs it. It names packages by
# the digest of their archive, and no files.
modules=$TESTDEPS/npm/node_modules
if [ -d "$modules/wrappy" ] && command -v npm >/dev/null; then
	mkdir -p project/node_modules
	cp -r "$modules/wrappy" project/node_modules/
	cd project || exit 1
	npm pack --offline --cache "$TMP/npm" ./node_modules/wrappy >/dev/null 2>&1
	python3 - <<'PY'
import base64, glob, hashlib, json
pack, = glob.glob('wrappy-*.tgz')
version = pack[len('wrappy-'):-len('.tgz')]
with open(pack, 'rb') as f:
    integrity = 'sha512-' + base64.b64encode(hashlib.sha512(f.read()).digest()).decode()
root = {'name': 'demo', 'version': '1.0.0', 'dependencies': {'wrappy': version}}
with open('package.json', 'w') as f:
    json.dump(root, f)
with open('package-lock.json', 'w') as f:
    json.dump({'name': 'demo', 'version': '1.0.0', 'lockfileVersion': 3, 'requires': True, 'packages': {
        '': root, 'node_modules/wrappy': {'version': version, 'integrity': integrity}}}, f)
PY
	for f in cyclonedx spdx; do
		npm sbom --offline --package-lock-only --cache "$TMP/npm" --sbom-format $f >$f.json 2>npm.err
		if [ ! -s $f.json ]; then
			skip "npm sbom --sbom-format $f" "$(head -c 200 npm.err | tr '\n' ' ')"
			continue
		fi
		run 0 "npm's $f: the package's archive" check $f.json wrappy-*.tgz
		run 2 "npm's $f: the package as a folder" check $f.json node_modules/wrappy
		like "$out" 'missing +sbom\.no-files' "names no files"
		printf x >>wrappy-*.tgz
		run 1 "npm's $f: an archive with a byte more" check $f.json wrappy-*.tgz
		truncate -s -1 wrappy-*.tgz
	done
	cd ..
else
	skip "npm sbom" "no npm, or nothing in $TESTDEPS/npm"
fi
tap_done
