#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A Debian archive from its signature down to a package, against apt itself: an archive made here and
# attacked in many ways, each also given to apt-get (update, download) from a file: URI. About 40 s.
. "$(dirname "$0")/../support/tap.sh"
for t in gpg gpgv apt-ftparchive dpkg-deb xz apt-get; do command -v $t >/dev/null || skip_all "$t is not installed"; done
tool=$BUILD/tests/conformance/deb_tool
export GNUPGHOME=$TMP/gnupg
mkdir -m 700 "$GNUPGHOME"
trap 'gpgconf --kill all 2>/dev/null; rm -rf "$TMP"' EXIT
cd "$TMP" || exit 1
g() { gpg -q --batch --no-tty --trust-model always "$@" 2>>"$TMP/gpg.log"; }
arch=$(dpkg --print-architecture)

for k in ed:ed25519 rsa:rsa2048 other:ed25519 rev:ed25519; do
	g --passphrase '' --quick-gen-key "${k%:*} <${k%:*}@test>" "${k#*:}" sign never
	g --export "${k%:*}@test" >"${k%:*}.gpg"
done
g --faked-system-time 20240101T000000 --passphrase '' --quick-gen-key "exp <exp@test>" ed25519 sign 10d
g --export exp@test >exp.gpg
fpr=$(gpg --list-keys --with-colons ed@test 2>/dev/null | awk -F: '/^fpr/ { print $10; exit }')

# --- the archive: two packages, a source package, Packages and Sources
mkdir -p repo/pool src/DEBIAN
pkg() { # NAME VERSION
	printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: T <t@test>\nDescription: test\n' "$1" "$2" >src/DEBIAN/control
	dpkg-deb --root-owner-group -b src "$3" >/dev/null
}
pkg fb-hello 1:1.0-1 repo/pool/fb-hello_1.0-1_all.deb
pkg fb-other 2.0 repo/pool/fb-other_2.0_all.deb
pkg fb-hello 1:1.0-1 evil.deb && printf '\n' >>evil.deb
head -c 5000 /dev/urandom >repo/pool/fb_1.0.orig.tar.xz
dsc() { printf 'Format: 3.0 (quilt)\nSource: fb\nBinary: fb-hello\nArchitecture: all\nVersion: 1.0-1\nMaintainer: T <t@test>\nChecksums-Sha256:\n %s %s fb_1.0.orig.tar.xz\nFiles:\n %s %s fb_1.0.orig.tar.xz\n' \
	"$(sha256sum <repo/pool/fb_1.0.orig.tar.xz | cut -c1-64)" 5000 "$(md5sum <repo/pool/fb_1.0.orig.tar.xz | cut -c1-32)" 5000; }
dsc >plain.dsc; g -u ed@test --clearsign -o repo/pool/fb_1.0-1.dsc plain.dsc

D=dists/test/main/binary-$arch
index() { # in repo $1
	mkdir -p "$1/$D" "$1/dists/test/main/source"
	(cd "$1" && apt-ftparchive -q packages pool >"$D/Packages" && apt-ftparchive -q sources pool >dists/test/main/source/Sources 2>/dev/null
	xz -kf "$D/Packages" dists/test/main/source/Sources; gzip -nkf "$D/Packages")
}
release() { # in repo $1; options for apt-ftparchive
	local r=$1
	shift
	rm -f "$r"/dists/test/*Release*
	(cd "$r" && apt-ftparchive -q -o APT::FTPArchive::Release::Origin=Test -o APT::FTPArchive::Release::Suite=stable \
		-o APT::FTPArchive::Release::Codename=test -o APT::FTPArchive::Release::Components=main \
		-o APT::FTPArchive::Release::Architectures="$arch" "$@" release dists/test >"$TMP/Release.new" && mv "$TMP/Release.new" dists/test/Release)
}
sign() { # repo $1; options for gpg
	local r=$1
	shift
	rm -f "$r/dists/test/InRelease"
	g "${@:--u}" ${1:+} --clearsign -o "$r/dists/test/InRelease" "$r/dists/test/Release"
}
signed() { sign "$1" -u ed@test; }
fresh() { rm -rf r && cp -a repo r; }
again() { release r && signed r; }
index repo && release repo && signed repo

# --- apt, in a root of its own
mkdir -p apt/{etc/apt.conf.d,etc/preferences.d,etc/trusted.gpg.d,state/lists/partial,cache/archives/partial} && : >apt/status
cat >apt.conf <<-END
	Dir::State "$TMP/apt/state"; Dir::State::status "$TMP/apt/status"; Dir::Cache "$TMP/apt/cache"; Dir::Etc "$TMP/apt/etc";
	Dir::Log "$TMP/apt"; APT::Sandbox::User "root"; APT::Architecture "$arch"; APT::Architectures { "$arch"; };
	Acquire::Languages "none"; APT::Update::Error-Mode "any"; Acquire::Retries "0";
END
# apt_takes KEYRING: "yes" if apt updates from r and downloads fb-hello, else "no"
apt_takes() {
	rm -rf apt/state/lists/* apt/cache/* dl && mkdir -p apt/state/lists/partial apt/cache/archives/partial dl
	echo "deb [signed-by=$TMP/$1] file:$TMP/r test main" >apt/etc/sources.list
	if APT_CONFIG=$TMP/apt.conf apt-get -q update >apt.log 2>&1 && grep -qv '^W:' apt.log &&
		(cd dl && APT_CONFIG=$TMP/apt.conf apt-get -q download fb-hello >>../apt.log 2>&1 && ls ./*.deb >/dev/null); then echo yes; else echo no; fi
}

# chain NAME VERDICT CODE APT [KEYRING]: r, as it is now
chain() {
	local key=${5:-ed.gpg} f ev=()
	for f in ${EV:-dists/test/InRelease $D/Packages.xz}; do ev+=(-e "r/$f"); done
	"$tool" ${OPT:-} -k "$key" "${ev[@]}" "r/${DEB:-pool/fb-hello_1.0-1_all.deb}" >"$TMP/.out" 2>"$TMP/.err"
	is "$(head -n 1 "$TMP/.out" | cut -d' ' -f1)" "$2" "$1"
	like "$(cat "$TMP/.out" "$TMP/.err")" "$3" "$1: says $3"
	[ "$4" = - ] || is "$(apt_takes "$key")" "$4" "$1: apt takes it: $4"
}

# --- good
fresh
chain "InRelease, Packages.xz" PASS 'proven debian.listed: .*is fb-hello 1:1.0-1 \(all\) in main/binary-.*Packages.xz of Test test \(stable\), dated .* by OpenPGP key '"$fpr" yes
EV="dists/test/InRelease $D/Packages" chain "plain Packages" PASS debian.listed -
EV="dists/test/InRelease $D/Packages.gz" chain "Packages.gz" PASS debian.listed -
EV="$D/Packages dists/test/InRelease" chain "in another order" PASS debian.listed -
cp r/$D/Packages.xz r/renamed; EV="dists/test/InRelease renamed" chain "under another name" PASS debian.listed -
bzip2 -k r/$D/Packages 2>/dev/null && EV="dists/test/InRelease $D/Packages.bz2" chain "compressed otherwise than the archive lists" PASS debian.listed -
if command -v lz4 >/dev/null; then lz4 -q r/$D/Packages r/p.lz4; EV="dists/test/InRelease p.lz4" chain "as apt keeps it (lz4)" PASS debian.listed -; fi
g -u ed@test --armor --detach-sign -o r/dists/test/Release.gpg r/dists/test/Release
EV="dists/test/Release dists/test/Release.gpg $D/Packages" chain "Release and Release.gpg" PASS debian.listed -
EV="dists/test/Release.gpg $D/Packages dists/test/Release" chain "in another order" PASS debian.listed -
g -u ed@test --detach-sign -o r/bin.sig r/dists/test/Release
EV="dists/test/Release bin.sig $D/Packages" chain "a binary signature" PASS debian.listed -
cp r/pool/fb-hello_1.0-1_all.deb 'r/fb-hello_1%3a1.0-1_all.deb'
DEB=fb-hello_1%3a1.0-1_all.deb chain "as apt saves it" PASS debian.listed -
EV="dists/test/InRelease dists/test/main/source/Sources.xz" DEB=pool/fb_1.0.orig.tar.xz chain "a source file, by Sources" PASS 'is fb 1.0-1 \(source\)' -
EV=pool/fb_1.0-1.dsc DEB=pool/fb_1.0.orig.tar.xz chain "a source file, by its .dsc" PASS 'debian.listed.*fb 1.0-1 \(source\)' -
EV="dists/test/InRelease dists/test/main/source/Sources.xz" DEB=pool/fb_1.0-1.dsc chain "the .dsc itself, by Sources" PASS debian.listed -
EV=dists/test/InRelease DEB=$D/Packages.xz chain "an index, by its Release" PASS 'is main/binary' -
OPT="-s $fpr" chain "the signer that is asked for" PASS debian.listed -
fresh; release r -o APT::FTPArchive::Release::Acquire-By-Hash=yes -o APT::FTPArchive::Release::ValidTime=3600 && signed r
chain "Valid-Until in an hour" PASS debian.listed yes
fresh; sign r -u ed@test -u other@test; chain "a second signature by nobody known" PASS debian.listed yes

# --- missing
fresh
EV=dists/test/InRelease chain "no Packages" UNKNOWN 'missing debian.index' -
EV=$D/Packages.xz chain "no InRelease" UNKNOWN 'missing debian.release' -
EV="dists/test/Release $D/Packages" chain "a Release without a signature" UNKNOWN 'missing debian.release' -
chain "another's key" UNKNOWN 'missing openpgp.stranger' no other.gpg
OPT="-g /nonexistent/gpgv" chain "no gpgv" UNKNOWN 'missing openpgp.no-gpgv: .*install gpgv' -
cp evil.deb r/x.deb; DEB=x.deb chain "a package that is not listed" UNKNOWN 'missing debian.unlisted' -

# --- bad packages and indices
cp evil.deb r/pool/fb-hello_1.0-1_all.deb; chain "a swapped package" FAIL 'fail artifact.replaced: .*fb-hello 1:1.0-1' no
fresh; cp r/pool/fb-other_2.0_all.deb r/pool/fb-hello_1.0-1_all.deb
chain "another package of the suite under its name" FAIL 'fail artifact.replaced' no
fresh; cp evil.deb r/pool/fb-hello_1.0-1_all.deb; index r; chain "a swapped package and Packages" FAIL 'fail evidence.index' no
fresh; sed -i 's/^Size: .*/Size: 1/' r/$D/Packages; xz -kf r/$D/Packages; gzip -nkf r/$D/Packages; again; chain "another size in Packages" FAIL artifact.digest-conflict no
fresh; sed -i '/^SHA256:/d; /^SHA512:/d; /^SHA1:/d' r/$D/Packages; xz -kf r/$D/Packages; gzip -nkf r/$D/Packages; again; chain "MD5 only in Packages" UNKNOWN 'note evidence.weak-digest' no
fresh; sed -i 's/^\(SHA256: \).*/&\n\10000000000000000000000000000000000000000000000000000000000000000/' r/$D/Packages; xz -kf r/$D/Packages; gzip -nkf r/$D/Packages; again
chain "SHA256 twice in Packages (apt takes the last)" FAIL 'evidence.malformed.*second time' no
fresh; sed -i 's|^Filename: .*|Filename: ../../../etc/passwd|' r/$D/Packages; xz -kf r/$D/Packages; gzip -nkf r/$D/Packages; again; chain "a path that leads out" FAIL 'evidence.malformed.*leads elsewhere' no
fresh; printf 'Package: x\n' >>r/$D/Packages; EV="dists/test/InRelease $D/Packages" chain "a byte more in Packages" FAIL 'evidence.(index|malformed)' -
fresh; truncate -s -20 r/$D/Packages.xz; chain "a cut xz" FAIL 'evidence.(index|malformed)' -
fresh; truncate -s -20 r/$D/Packages.xz; rm r/$D/Packages r/$D/Packages.gz; release r && signed r; chain "a cut xz that is listed" FAIL 'evidence.malformed' no
fresh; head -c 300M /dev/zero | xz -1 >r/$D/Packages.xz; rm r/$D/Packages r/$D/Packages.gz; release r && signed r; chain "a bomb that is listed" FAIL 'evidence.malformed' no
fresh; printf 'garbage' >r/$D/Packages; xz -kf r/$D/Packages; rm r/$D/Packages.gz; again; chain "garbage that is listed" FAIL 'evidence.malformed' no
fresh; mkdir -p r2 && cp -a r/. r2/; (cd r2 && rm pool/fb-hello*); index r2; cp r2/$D/Packages.xz r/$D/; chain "Packages of another suite" FAIL 'fail evidence.index' -

# --- bad Releases
attack() { # NAME SED VERDICT CODE APT: an edited Release, signed again
	fresh; sed -i "$2" r/dists/test/Release; signed r; chain "$1" "$3" "$4" "$5"
}
fresh; sed -i 's/^Origin: Test/Origin: Evil/' r/dists/test/InRelease; chain "a changed InRelease" FAIL 'fail evidence.signature' no
fresh; { printf 'Suite: evil\n\n'; cat repo/dists/test/InRelease; } >r/dists/test/InRelease; EV="dists/test/InRelease $D/Packages.xz" chain "a stanza before the signed text" UNKNOWN 'missing debian.release' no
fresh; printf '\nSuite: evil\n' >>r/dists/test/InRelease; chain "a stanza behind the signature" FAIL 'evidence.malformed.*behind' no
fresh; cat repo/dists/test/InRelease >>r/dists/test/InRelease; chain "two signed texts" FAIL 'evidence.malformed' no
fresh; g -u other@test --clearsign -o inner r/dists/test/Release; g -u ed@test --clearsign -o r/n inner; mv r/n r/dists/test/InRelease; chain "a signed text inside a signed text" FAIL 'evidence.malformed' no
fresh; cat repo/dists/test/Release >r2/two; printf '\nSuite: x\n' >>r2/two; rm r/dists/test/InRelease; g -u ed@test --clearsign -o r/dists/test/InRelease r2/two; chain "two stanzas, signed" FAIL 'evidence.malformed.*second stanza' -
attack "SHA256 twice" 's/^SHA256:/SHA256:\n&/' FAIL 'evidence.malformed.*second time' -
attack "MD5 only" '/^SHA1:/,$d' FAIL 'evidence.malformed.*no SHA256' no
attack "another size in Release" "s|^ \([0-9a-f]\{64\}\) *[0-9]* main/$D| \1 1 main/$D|; s| [0-9]* main/binary-$arch/Packages| 7 main/binary-$arch/Packages|" FAIL 'fail evidence.index' no
attack "a path that leads out" 's| \(main/source/Sources\)$| ../../\1|' FAIL 'evidence.malformed.*leads elsewhere' -
attack "no Date" '/^Date:/d' FAIL 'evidence.malformed.*no Date' -
attack "dated in the future" "s/^Date: .*/Date: $(LC_ALL=C date -u -d '+2 days' '+%a, %d %b %Y %T UTC')/" FAIL 'fail evidence.time' no
attack "expired" "s/^Date: .*/Date: Mon, 01 Jan 2024 00:00:00 UTC\nValid-Until: Mon, 08 Jan 2024 00:00:00 UTC/" FAIL 'fail evidence.expired.*2024-01-08' no
OPT=-x chain "expired, but allowed" PASS 'warn evidence.expired' -
attack "Valid-Until that is no date" 's/^Date: .*/&\nValid-Until: tomorrow/' FAIL 'evidence.malformed.*no date' no
fresh; OPT="-n 2100-01-01T00:00:00Z" chain "older than one seen before" PASS 'note evidence.older' -
fresh; OPT="-s 0000000000000000000000000000000000000000" chain "a signer that the policy does not list" FAIL 'fail evidence.signer' -

# --- bad signatures
fresh; rm r/dists/test/InRelease; g --faked-system-time 20240102T000000 -u exp@test --clearsign -o r/dists/test/InRelease r/dists/test/Release; chain "an expired key" FAIL 'fail evidence.key.*key expired' no exp.gpg
fresh; sign r -u rev@test
sed 's/^:---/---/' "$GNUPGHOME/openpgp-revocs.d/$(gpg --list-keys --with-colons rev@test 2>/dev/null | awk -F: '/^fpr/ { print $10; exit }').rev" | g --import; g --export rev@test >rev.gpg
chain "a revoked key" FAIL 'fail evidence.key.*key revoked' no rev.gpg
fresh; sign r -u rsa@test --digest-algo SHA1; chain "SHA-1" FAIL 'fail evidence.key.*weak' no rsa.gpg
fresh; sign r -u ed@test -u rsa@test; cat ed.gpg rsa.gpg >both.gpg
sed -i 's/^Origin: Test/Origin: Evil/' r/dists/test/InRelease; chain "two signatures, both wrong" FAIL 'fail evidence.signature' no both.gpg
fresh; g -u ed@test --textmode --detach-sign -o a.sig r/dists/test/Release; g -u rsa@test --textmode --detach-sign -o b.sig plain.dsc
{ sed '/^-----BEGIN PGP SIGNATURE/,$d' repo/dists/test/InRelease; cat a.sig b.sig | gpg --enarmor 2>/dev/null | sed 's/ARMORED FILE/SIGNATURE/; /^Comment/d'; } >r/dists/test/InRelease
chain "two signatures, one wrong" FAIL 'fail evidence.signature' no both.gpg
fresh; g -u ed@test --armor --detach-sign -o r/dists/test/Release.gpg plain.dsc
EV="dists/test/Release dists/test/Release.gpg $D/Packages" chain "Release.gpg of another file" FAIL 'fail evidence.signature' -

# --- the same through firebreak verify
fresh
ev=(--evidence r/dists/test/InRelease --evidence "r/$D/Packages.xz" --keyring ed.gpg)
good=r/pool/fb-hello_1.0-1_all.deb
run 0 "verify: a listed package" "$FIREBREAK" verify "$good" "${ev[@]}"
like "$out" 'package +fb-hello 1:1.0-1 \(all\)' "names the package"
like "$out" 'archive +Test test \(stable\), 20' "names the archive and its date"
like "$out" "OpenPGP key $fpr" "names the signer"
run 0 "verify: --json" "$FIREBREAK" verify --json "$good" "${ev[@]}"
like "$out" '"package":\{"architecture":"all","codename":"test","date":"20.*","name":"fb-hello","origin":"Test","path":"pool/fb-hello_1.0-1_all.deb","suite":"stable","version":"1:1.0-1"\}' "the same in JSON"
run 0 "verify: a digest instead of the file" "$FIREBREAK" verify "sha256:$(sha256sum <$good | cut -c1-64)" "${ev[@]}"
cp evil.deb r/evil.deb
run 2 "verify: a package that is not listed" "$FIREBREAK" verify r/evil.deb "${ev[@]}"
mkdir -p swapped && cp evil.deb swapped/fb-hello_1.0-1_all.deb
run 1 "verify: a swapped package among good ones" "$FIREBREAK" verify "$good" r/pool/fb-other_2.0_all.deb swapped/fb-hello_1.0-1_all.deb "${ev[@]}"
like "$out" '2 PASS, 1 FAIL, 0 UNKNOWN' "is the one that fails"
run 2 "verify: no keyring" "$FIREBREAK" verify "$good" --evidence r/dists/test/InRelease --evidence "r/$D/Packages.xz"
run 5 "verify: a keyring that is none" "$FIREBREAK" verify "$good" --keyring plain.dsc
run 5 "verify: a keyring that is not there" "$FIREBREAK" verify "$good" --keyring nowhere.gpg
printf 'version: 1\nrequire: [signature]\nsigners: ["openpgp:%s"]\n' "$fpr" >policy.yaml
run 0 "verify: a policy that lists the signer" "$FIREBREAK" verify "$good" "${ev[@]}" --policy policy.yaml
printf 'version: 1\nrequire: [signature]\nsigners: ["openpgp:%040d"]\n' 7 >policy.yaml
run 1 "verify: one that lists another" "$FIREBREAK" verify "$good" "${ev[@]}" --policy policy.yaml
like "$out" 'evidence.signer' "says so"
printf 'version: 1\nrequire: [provenance]\n' >policy.yaml
run 2 "verify: one that requires provenance" "$FIREBREAK" verify "$good" "${ev[@]}" --policy policy.yaml
sed -i "s/^Date: .*/Date: Mon, 01 Jan 2024 00:00:00 UTC\nValid-Until: Mon, 08 Jan 2024 00:00:00 UTC/" r/dists/test/Release; signed r
run 1 "verify: expired" "$FIREBREAK" verify "$good" "${ev[@]}"
run 0 "verify: --allow-expired" "$FIREBREAK" verify "$good" "${ev[@]}" --allow-expired
like "$out" 'warn +evidence.expired' "warns"
g -u ed@test --detach-sign -o $good.sig $good
run 0 "verify: a signature beside the file" "$FIREBREAK" verify $good --beside --keyring ed.gpg
run 0 "verify: counts as a signature" "$FIREBREAK" verify $good --beside --keyring ed.gpg --require signature
cp evil.deb r/over.deb && cp $good.sig r/over.deb.sig
run 1 "verify: over other bytes" "$FIREBREAK" verify r/over.deb --beside --keyring ed.gpg

# --- a signature over the package itself
fresh; g -u ed@test --armor --detach-sign -o r/x.asc r/pool/fb-hello_1.0-1_all.deb
EV=x.asc chain "a detached signature" PASS "proven openpgp.signature: .*$fpr" -
cp evil.deb r/pool/fb-hello_1.0-1_all.deb; EV=x.asc chain "over another file" FAIL 'fail evidence.signature' -
EV=x.asc chain "by a stranger" UNKNOWN 'missing openpgp.stranger' - rsa.gpg
fresh; g -u ed@test --textmode --detach-sign -o r/t.sig r/pool/fb-hello_1.0-1_all.deb
EV=t.sig chain "over its text, not its bytes" FAIL 'fail evidence.key' -

# --- every bit and every length of InRelease (strided; FB_STRIDE=1 for all)
"$BUILD/tests/conformance/pgp_tool" -t "$(date -u +%Y-%m-%dT%H:%M:%SZ -d '+1 minute')" flips "${FB_STRIDE:-397}" clear repo/dists/test/InRelease ed.gpg >mut 2>err
ok $? "InRelease: $(tail -n 1 err)"
is "$(grep -Ev "^cut $(($(stat -c %s repo/dists/test/InRelease) - 1)) same" mut)" "" "InRelease: nothing but the last line's end may change"

# --- Debian's own archive, as apt has it on this machine
key=/usr/share/keyrings/debian-archive-keyring.gpg
in=$(find /var/lib/apt/lists -name '*_dists_bookworm_InRelease' 2>/dev/null | head -n 1)
pk=$(find /var/lib/apt/lists -name "*_dists_bookworm_main_binary-${arch}_Packages*" 2>/dev/null | head -n 1)
if [ -r "$key" ] && [ "$in" ] && [ "$pk" ] && mkdir -p real && (cd real && timeout 30 apt-get -q -o APT::Sandbox::User=root download hello >/dev/null 2>&1); then
	deb=$(echo real/hello_*.deb)
	run 0 "a package of Debian's" "$tool" -k "$key" -e "$in" -e "$pk" "$deb"
	like "$out" 'is hello .* of Debian bookworm' "names the suite"
	printf x >>"$deb"
	run 1 "a byte more" "$tool" -k "$key" -e "$in" -e "$pk" "$deb"
else
	skip "a package of Debian's" "no apt lists of bookworm here, or no mirror"
fi
tap_done
