#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# inspect: the 3CX shape in every container, hostile archives, output, exit codes, nothing left behind;
# and the same through verify and the release gate. Takes some seconds.

. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/prov.sh"
. "$(dirname "$0")/../support/pe.sh"
VENDOR=$TESTDEPS/npm/node_modules/electron-winstaller/vendor
[ -f "$VENDOR/signtool.exe" ] || skip_all "no electron-winstaller in $TESTDEPS"
command -v zip >/dev/null && command -v python3 >/dev/null || skip_all "no zip or python3"
has() { command -v "$1" >/dev/null; }
cd "$TMP" || exit 1
mkdir spool app app/resources js
export TMPDIR=$TMP/spool
fb() { run "$1" "$2" "$FIREBREAK" inspect "${@:3}"; }
spool_is_empty() { is "$(ls -A spool)" "" "$1"; }

# A package of the kind that Electron apps are, of real files.
cp "$VENDOR/Setup.exe" app/app.exe
cp "$VENDOR/winterop.dll" app/ffmpeg.dll
cp "$VENDOR/signtool.exe" app/d3dcompiler_47.dll
cp /bin/true app/helper
mkdir js/lib
echo 'console.log(1)' >js/main.js
cp "$VENDOR/rcedit.exe" js/lib/rcedit.exe
python3 "$TOP/tests/support/diff_plant.py" asar js app/resources/app.asar
cp -r app bad
stuff bad/d3dcompiler_47.dll 1024

# --- the 3CX shape in every container ---------------------------------------------------------
pack() { # DIR OUT
	case $2 in
	*.zip) (cd "$1" && zip -qr "../$2" .) ;;
	*.nested.jar) (cd "$1" && zip -qr ../in.zip . && cd .. && zip -q "$2" in.zip && rm in.zip) ;;
	*.tar.gz) tar -C "$1" -czf "$2" . ;;
	*.tar.xz) tar -C "$1" -cJf "$2" . ;;
	*.tgz) mkdir -p t/package && cp -r "$1"/. t/package && tar -C t -czf "$2" package && rm -r t ;;
	*.asar) python3 "$TOP/tests/support/diff_plant.py" asar "$1" "$2" ;;
	*.7z) bsdtar -C "$1" --format 7zip -cf "$2" . ;;
	*.cpio) (cd "$1" && find . -type f | cpio -o -H newc --quiet) >"$2" ;;
	*.cab) (cd "$1" && gcab -cz "../$2" ./*.dll) >/dev/null ;;
	*.msi) wxs "$1" >"$1.wxs" && wixl -o "$2" "$1.wxs" ;;
	*.deb) mkdir -p t/DEBIAN t/opt && cp -r "$1" t/opt/app && printf '%s\n' 'Package: app' 'Version: 1' \
		'Architecture: all' 'Maintainer: a <a@example.org>' 'Description: x' >t/DEBIAN/control &&
		dpkg-deb -b --root-owner-group t "$2" >/dev/null && rm -r t ;;
	*.dmg) python3 "$TOP/tests/support/dmg_make.py" hfs "$1" hfs.img &&
		python3 "$TOP/tests/support/dmg_make.py" udif hfs.img "$2" zlib && rm hfs.img ;;
	*.dll.gz) gzip -c "$1/d3dcompiler_47.dll" >"$2" ;;
	*.dll) cp "$1/d3dcompiler_47.dll" "$2" ;;
	*) cp -r "$1" "$2" ;;
	esac
}
wxs() { # DIR
	cat <<-X
	<?xml version="1.0"?><Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
	<Product Id="*" Name="App" Version="1.0.0" Manufacturer="M" Language="1033" UpgradeCode="13ea5f6c-94a6-4c6f-8b1d-2d8f4f8f7b0a">
	<Package InstallerVersion="200" Compressed="yes"/><Media Id="1" Cabinet="c.cab" EmbedCab="yes"/>
	<Directory Id="TARGETDIR" Name="SourceDir"><Directory Id="ProgramFilesFolder"><Directory Id="D" Name="App">
	<Component Id="C" Guid="8a27d7b2-0d5b-4b5c-9a4f-2e7d8f1c6a11"><File Id="F" Source="$1/d3dcompiler_47.dll"/>
	</Component></Directory></Directory></Directory>
	<Feature Id="F1" Level="1"><ComponentRef Id="C"/></Feature></Product></Wix>
	X
}
needs() {
	case $1 in
	cab) has gcab || echo gcab ;;
	msi) has wixl || echo wixl ;;
	7z) has bsdtar || echo bsdtar ;;
	cpio) has cpio || echo cpio ;;
	deb) has dpkg-deb || echo dpkg-deb ;;
	dmg) [ -f "$TOP/tests/support/dmg_make.py" ] || echo dmg_make.py ;;
	esac
}
others() { # KIND FILE: what people check such a file with, and its exit code
	local tool
	case $1 in
	dll) tool="osslsigncode verify -in" ;;
	zip | nested.jar) tool="unzip -tqq" ;;
	tar.* | tgz) tool="tar -tf" ;;
	dll.gz) tool="gzip -t" ;;
	asar) tool="node $TESTDEPS/npm/node_modules/@electron/asar/bin/asar.js list" ;;
	7z | cpio | dmg) tool="7zz t" ;;
	cab) tool="cabextract -t" ;;
	msi) tool="msiextract -l" ;;
	deb) tool="dpkg-deb -c" ;;
	*) return ;;
	esac
	has "${tool%% *}" || return
	[ "$1" != asar ] || [ -f "${tool:5:-5}" ] || return
	# osslsigncode lacks Microsoft's roots: what it says of the digest is the question.
	case $1 in
	dll) $tool "$2" 2>&1 | grep -q 'Calculated message digest.*MISMATCH' ;;
	*) ! $tool "$2" >/dev/null 2>&1 ;;
	esac
	is $? 1 "$1: $(basename "${tool%% *}") sees nothing"
}
for kind in dll dll.gz zip nested.jar tar.gz tar.xz tgz asar 7z cpio cab msi deb dmg dir; do
	lacks=$(needs $kind)
	if [ -n "$lacks" ]; then
		skip "$kind" "no $lacks"
		continue
	fi
	pack app "good.$kind" && pack bad "bad.$kind" || ok 1 "$kind: made"
	fb 2 "$kind: honest" "good.$kind"
	like "$out" "^UNKNOWN +good.$kind" "$kind: nothing wrong, nothing vouches"
	fb 1 "$kind: planted" "bad.$kind"
	like "$out" "pe.slack: 1026 bytes|pe.slack: 103[0-9] bytes|pe.slack: 10[0-9][0-9] bytes" "$kind: the stowaway is found"
	others $kind "bad.$kind"
	case $kind in dll) ;; *) like "$out" "^  .*(d3dcompiler_47|bad\.dll|bad|F)[^ ]*$" "$kind: and where it is" ;; esac
done
spool_is_empty "no temporary file is left"

# --- output -----------------------------------------------------------------------------------
fb 2 "the report" good.zip
like "$out" "^  holds +[0-9]+ files in 2 containers" "counts"
like "$out" "signed by +Microsoft Corporation \(authenticode, verifies, its chain was held against no root\): 1 file: d3dcompiler_47.dll" \
	"a signer, and what that is worth"
like "$out" "nobody: [0-9]+ files: " "and who was signed by nobody"
like "$out" "missing inspect.unvouched: " "what is missing for a PASS"
like "$out" "to do: " "and what to do"
fb 2 "the tree" --tree good.zip
like "$out" "^  asar +[0-9]+    resources/app.asar$" "containers"
like "$out" "^  pe +152576      lib/rcedit.exe  \[not signed\]$" "and what is in them, indented"
like "$out" "^  elf .*helper$" "formats by magic"
mkdir -p shut/in
touch shut/in/file
chmod 0 shut/in/file
if [ -r shut/in/file ]; then
	skip "a file in a folder that cannot be read" "root reads it"
else
	fb 4 "a file in a folder that cannot be read" shut/
	like "$err" "shut/in/file: Permission denied" "is named with the folder"
fi
chmod 700 shut/in/file
fb 2 "facts" --facts good.zip
like "$out" "^  d3dcompiler_47.dll$" "under the path inside the artifact"
like "$out" "imports +.*KERNEL32.dll!" "of programs"
fb 1 "JSON" --json bad.zip good.zip
printf '%s' "$out" | python3 -c '
import json, sys
d = json.load(sys.stdin)
a, b = d["artifacts"]
assert d["verdict"] == "FAIL" and d["errors"] == []
assert (a["verdict"], b["verdict"]) == ("FAIL", "UNKNOWN")
by = {c["path"]: c for c in a["components"]}
assert len(by) == len(a["components"])
bad = by["bad.zip!d3dcompiler_47.dll"]
assert bad["verdict"] == "FAIL" and bad["format"] == "pe" and bad["type"] == "file"
r = [x for x in bad["reasons"] if x["code"] == "pe.slack"][0]
assert r["kind"] == "fail" and r["length"] > 1000 and r["offset"] > 200000
s = bad["signatures"][0]
assert s["kind"] == "authenticode" and s["chain"] == "unchecked" and "Microsoft" in s["name"]
top = [x for x in a["reasons"] if x["code"] == "pe.slack"][0]
assert top["file"] == "bad.zip!d3dcompiler_47.dll"
inner = by["bad.zip!resources/app.asar!main.js"]
assert inner["depth"] == 2 and inner["size"] == 15 and len(inner["sha256"]) == 64
assert by["bad.zip!resources/app.asar"]["state"] == "opened"
assert a["counts"]["files"] == len([c for c in a["components"] if c["type"] == "file"])
assert sum(x["components"] for x in a["signers"]) == a["counts"]["signed"] + a["counts"]["unsigned"]
assert a["signers"][-1]["signature"] is None
' 2>&1
ok $? "has all of it"
fb 2 "facts in JSON" --json --facts good.dll
like "$out" '"binary":\{.*"imports":\[' "are a member of the component"
fb 2 "a stuffed one among honest ones is the only finding" good.zip
like "$("$FIREBREAK" inspect bad.zip good.zip)" "0 PASS, 1 FAIL, 1 UNKNOWN" "several artifacts are counted"
is "$("$FIREBREAK" inspect bad.zip | grep -c '^    fail')" 1 "one finding, once"

# --- names and links --------------------------------------------------------------------------
mkdir names
echo x >"names/$(printf 'a\342\200\256gpj.exe')"
cp "$VENDOR/rcedit.exe" names/photo.jpg
ln -s /etc/passwd names/out
(cd names && zip -qry ../names.zip .)
fb 1 "names that deceive" names.zip
like "$out" "name.bidi" "the direction of text"
like "$out" "name.disguise" "a program called a picture"
like "$out" "archive.link-out.*/etc/passwd" "a link out"
printf '%s' "$out" | LC_ALL=C grep -q "$(printf '\342\200\256')"
is $? 1 "and are not shown as they are"

# --- what Electron says of its asar -----------------------------------------------------------
sum=$(python3 -c 'import hashlib,struct,sys
b=open("app/resources/app.asar","rb").read(); n=struct.unpack_from("<I",b,12)[0]
print(hashlib.sha256(b[16:16+n]).hexdigest())')
python3 - "$TOP/tests/fuzz/corpus/taker/pe_integrity" "$sum" <<'X'
import sys
pe = open(sys.argv[1], "rb").read()[1:]
pe = pe.replace(b"cd" * 32, sys.argv[2].encode()).replace(b"resources\\\\app", b"resources\\\\app")
open("electron.exe", "wb").write(pe)
X
mkdir el el/resources
cp electron.exe el/app.exe
cp app/resources/app.asar el/resources
(cd el && zip -qr ../el.zip .)
fb 2 "a program with its asar" --json el.zip
like "$out" '"code":"asar.integrity","kind":"note"|"kind":"note",.*asar.integrity|asar.integrity.*"kind":"note"' "it is the one it was built with"
echo 'evil()' >>js/main.js
python3 "$TOP/tests/support/diff_plant.py" asar js el/resources/app.asar
(cd el && rm ../el.zip && zip -qr ../el.zip .)
fb 1 "another asar" el.zip
like "$out" "asar.integrity: its header is not the one" "is not"

# --- hostile ----------------------------------------------------------------------------------
mkdir hostile
python3 - <<'X'
import gzip, io, os, tarfile, zipfile, zlib
os.chdir("hostile")
F, S, L = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
def tar(name, *entries):
    with tarfile.open(name, "w") as t:
        for path, kind, content in entries:
            i = tarfile.TarInfo(path)
            i.type = kind
            if kind == F:
                i.size = len(content)
                t.addfile(i, io.BytesIO(content))
            else:
                i.linkname = content
                t.addfile(i)
def zipped(name, *entries):
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as z:
        for path, content in entries:
            z.writestr(path, content)
    return open(name, "rb").read()
tar("up.tar", ("../x", F, b"x"))
tar("absolute.tar", ("/etc/x", F, b"x"))
tar("behind-link.tar", ("a", S, "/tmp"), ("a/x", F, b"x"))
tar("link-out.tar", ("a", L, "../../etc/passwd"))
tar("symlink.tar", ("a", S, "../../etc/passwd"))
tar("twice.tar", ("a", F, b"1"), ("./a", F, b"2"))
zipped("up.zip", ("../x", b"x"))
zipped("backslash.zip", ("a\\..\\..\\x", b"x"))
zipped("drive.zip", ("C:\\x", b"x"))
zipped("below-file.zip", ("a", b"1"), ("a/b", b"2"))
zipped("zeros.zip", ("a", bytes(80 << 20)))
plain = zipped("plain.zip", ("aa", b"1"), ("bb", b"2"))
open("twice.zip", "wb").write(plain.replace(b"bb", b"aa"))
open("local.zip", "wb").write(plain.replace(b"bb", b"cc", 1))
open("behind.zip", "wb").write(plain + b"appended")
open("cut.zip", "wb").write(plain[:-30])
def header(i):
    h = bytearray(512)
    h[0:8] = b"f%07d" % i
    h[100:124] = b"0000644\0" + b"0000000\0" * 2
    h[124:136], h[136:148] = b"00000000000\0", b"00000000000\0"
    h[148:156], h[156] = b" " * 8, 48
    h[148:156] = b"%06o\0 " % sum(h)
    return bytes(h)
out = zlib.compressobj(1, zlib.DEFLATED, 31)
with open("many.tar.gz", "wb") as f:
    for at in range(0, 100000, 1000):
        f.write(out.compress(b"".join(header(i) for i in range(at, at + 1000))))
    f.write(out.compress(bytes(1024)) + out.flush())
os.remove("plain.zip")
X
wrong=
for f in hostile/*; do
	timeout 60 "$FIREBREAK" inspect "$f" >.o 2>.e </dev/null
	[ $? -eq 1 ] && grep -q '^    fail    archive\.' .o && [ ! -s .e ] || wrong="$wrong $f"
done
is "$wrong" "" "$(ls hostile | wc -l) hostile archives are refused with a reason"
zip -qj hidden.zip hostile/up.tar
fb 1 "one inside a zip" hidden.zip
like "$out" "^  up.tar$" "is named"
fb 1 "100,000 entries" hostile/many.tar.gz
like "$out" "more than 65536 entries" "are more than the limit"
if has /usr/bin/time; then
	/usr/bin/time -f %M -o .m "$FIREBREAK" inspect --entries 200000 --tree hostile/many.tar.gz >.o 2>.e
	like "$(head -n 1 .o)" "^UNKNOWN|^FAIL" "with a higher limit they are read"
	if grep -q __asan_init "$FIREBREAK"; then
		skip "memory" "a sanitizer has its own"
	else
		[ "$(tail -n 1 .m)" -lt 65536 ]
		ok $? "in less than 64 MiB ($(tail -n 1 .m) KiB)"
	fi
fi
spool_is_empty "no temporary file is left"

# --- limits, exit codes -----------------------------------------------------------------------
fb 1 "a limit on depth" --depth 1 good.nested.jar
like "$out" "archive.depth" "is one"
fb 1 "a limit on bytes" --bytes 100K good.zip
like "$out" "archive.bytes|archive.refused" "is one"
fb 1 "a limit on entries" --entries 3 good.zip
fb 3 "no artifact"
fb 3 "no number" --depth x good.zip
fb 3 "too deep" --depth 17 good.zip
fb 3 "no size" --bytes 12Q good.zip
fb 3 "no duration" --timeout soon good.zip
fb 5 "a file that is not there" nowhere.zip
like "$err" "^firebreak inspect: nowhere.zip: " "one line"
fb 5 "beside one that is unknown" nowhere.zip good.zip
fb 1 "beside one that fails" nowhere.zip bad.zip
mkfifo pipe
fb 5 "a pipe" pipe
run 1 "standard input" sh -c "'$FIREBREAK' inspect - <bad.zip"
like "$out" "^FAIL +-" "is an artifact"
: >empty
fb 2 "an empty file" empty

# Killed in the middle: nothing is left, nobody goes on.
(cat app/app.exe && head -c 20000000 /dev/urandom) >app/big.exe
(cd app && zip -q -0 ../slow.zip big.exe && zip -q -0 -j ../slow2.zip ../slow.zip)
TMPDIR=$TMP/none run 4 "no room for temporary files" "$FIREBREAK" inspect slow.zip
like "$err" "TMPDIR" "says what to do"
TMPDIR=$TMP/none run 4 "the same in verify" "$FIREBREAK" verify slow.zip
like "$err" "TMPDIR" "says it, too"
fb 2 "with room for them" slow2.zip
"$FIREBREAK" inspect slow2.zip >/dev/null 2>&1 &
pid=$!
sleep 0.05
kill -INT $pid 2>/dev/null
wait $pid
sleep 0.1
spool_is_empty "after SIGINT no temporary file is left"
is "$(pgrep -P $pid | wc -l)" 0 "and no worker"

ADHOC=$TESTDEPS/pairs/esbuild-darwin-arm64-0.28.1.tgz
if [ -f "$ADHOC" ]; then
	fb 2 "a program that its linker signed" "$ADHOC"
	like "$out" "signed by +ad hoc \(apple-code, verifies, and anybody could have made it\)" "is signed by nobody"
else
	skip "a program that its linker signed" "no esbuild"
fi

# --- roots ------------------------------------------------------------------------------------
"$BUILD/tests/conformance/ac_tool" cas "$VENDOR/signtool.exe" >cas.pem
fb 0 "with roots a signed file by itself passes" --authenticode-roots cas.pem --allow-sha1 good.dll
like "$out" "leads to a given root" "and says so"
fb 3 "time stamps alone" --timestamp-roots cas.pem good.dll
fb 5 "roots that are not there" --authenticode-roots nowhere good.dll

# --- verify and the gate ----------------------------------------------------------------------
run 1 "verify looks inside" "$FIREBREAK" verify bad.zip
like "$out" "anatomy +FAIL: what is in it does not hold together" "says so"
like "$out" "pe.slack: bad.zip!d3dcompiler_47.dll: " "and where"
run 2 "but not when told not to" "$FIREBREAK" verify --anatomy shallow bad.zip
run 2 "an honest one" "$FIREBREAK" verify good.zip
like "$out" "anatomy +UNKNOWN: taken apart, and nothing is wrong" "was looked at"
run 3 "no such depth" "$FIREBREAK" verify --anatomy half good.zip
export FIREBREAK_STATE=$TMP/state
for k in alice bob builder; do keypair $k || exit 1; done
printf '%s\n' 'version: 1' 'require: [provenance]' 'signers: [builder.pub]' >policy.yaml
mkdir v1 v2
cp good.zip v1/app.zip
cp bad.zip v2/app.zip
provenance builder https://ci.example v1/* >v1.json
provenance builder https://ci.example v2/* >v2.json
run 0 "a channel" "$FIREBREAK" release init stable --policy policy.yaml --owner team --person alice=alice.pub --person bob=bob.pub
run 0 "an honest package passes the gate" "$FIREBREAK" release publish stable 1.0 v1/* --evidence v1.json
run 1 "one with a tampered library inside is held" "$FIREBREAK" release publish stable 2.0 v2/* --evidence v2.json --json
like "$out" '"code":"pe.slack","file":"app.zip!d3dcompiler_47.dll"' "which is named"
like "$out" '"name":"anatomy","result":"fail"' "anatomy fails"
like "$out" '"name":"provenance","result":"pass"' "though its provenance is good"

# --- many small programs: nothing of one is kept that is not told of it ---
python3 - many.zip <<-'PY'
	import sys, zipfile
	with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as z:
	    for i in range(15000):
	        z.writestr('%d.dylib' % i, b'\xcf\xfa\xed\xfe' + bytes(100) + str(i).encode())
PY
if has /usr/bin/time && ! grep -q __asan_init "$FIREBREAK"; then
	/usr/bin/time -o rss -f %M "$FIREBREAK" inspect many.zip >/dev/null 2>&1
	rss=$(tail -1 rss)
	[ "$rss" -lt 65536 ]
	ok $? "15,000 small programs in less than 64 MiB ($rss KiB)"
fi
# --- many links out: told in time that grows with their number ---
python3 - links.tgz <<-'PY'
	import sys, tarfile
	with tarfile.open(sys.argv[1], 'w:gz') as t:
	    for i in range(50000):
	        x = tarfile.TarInfo('l%d' % i)
	        x.type, x.linkname = tarfile.SYMTYPE, '../' * 50 + str(i)
	        t.addfile(x)
PY
run 1 "50,000 links out of an archive" timeout 30 "$FIREBREAK" inspect --json links.tgz
is "$(jq '[.artifacts[0].components[].reasons[]?|select(.code=="archive.link-out")]|length' <<<"$out")" \
	4097 "are told up to a limit, and how many more"

# --- names that are one for Windows ---
python3 - same.zip apart.zip <<-'PY'
	import sys, zipfile
	for name, files in ((sys.argv[1], ('a.dll', 'a.dll::$DATA', 'b.dll', 'b.dll.', 'D. /c', 'd/c')),
	    (sys.argv[2], ('a.dll', 'a..dll', 'a.dll2', '.b', 'b', 'x/.y', 'x/y'))):
	    with zipfile.ZipFile(name, 'w') as z:
	        for f in files:
	            z.writestr(f, f)
PY
run 1 "names that Windows takes for others" "$FIREBREAK" inspect --json same.zip
is "$(jq -r '.artifacts[0].components[]|select(.reasons[]?.code=="name.same").path' <<<"$out")" \
	$'same.zip!a.dll::$DATA\nsame.zip!b.dll.\nsame.zip!d/c' "are told"
run 2 "names that it does not" "$FIREBREAK" inspect apart.zip

# --- bytes behind a 7z ---
if has 7zz; then
	echo x >behind.txt
	7zz a -bd behind.7z behind.txt >/dev/null
	run 2 "a 7z" "$FIREBREAK" inspect behind.7z
	echo payload >>behind.7z
	run 1 "a 7z with bytes behind it" "$FIREBREAK" inspect --json behind.7z
	is "$(jq -r '.artifacts[0].reasons[].code' <<<"$out")" archive.behind "is told"
fi

tap_done
