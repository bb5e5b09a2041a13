#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# OpenPGP signatures against gpgv and sqv: keys made here, good and bad signatures of every kind, every
# bit flip (strided; FB_STRIDE=1 for all) and truncation. Where we are stricter the table says so.
. "$(dirname "$0")/../support/tap.sh"
for t in gpg gpgv; do command -v $t >/dev/null || skip_all "$t is not installed"; done
tool=$BUILD/tests/conformance/pgp_tool
stride=${FB_STRIDE:-97}
export GNUPGHOME=$TMP/gnupg
mkdir -m 700 "$GNUPGHOME"
trap 'gpgconf --kill all 2>/dev/null; rm -rf "$TMP"' EXIT
cd "$TMP" || exit 1
g() { gpg -q --batch --no-tty --trust-model always "$@" 2>>"$TMP/gpg.log"; }
key() { g --passphrase '' --quick-gen-key "$1 <$1@test>" "$2" "${3:-sign}" "${4:-never}"; g --export "$1@test" >"$1.gpg"; }
fpr() { gpg --list-keys --with-colons "$1@test" 2>/dev/null | awk -F: '/^fpr/ { print $10; exit }'; }

key ed ed25519
key rsa rsa2048
key small rsa1024
key p256 nistp256
key dsa dsa2048
key other ed25519
g --faked-system-time 20240101T000000 --passphrase '' --quick-gen-key "exp <exp@test>" ed25519 sign 10d
g --export exp@test >exp.gpg
key rev ed25519
key sub rsa2048 cert
g --passphrase '' --quick-add-key "$(fpr sub)" ed25519 sign never
g --export sub@test >sub.gpg
g --armor --export ed@test >ed.asc
cat ed.gpg rsa.gpg small.gpg p256.gpg dsa.gpg exp.gpg sub.gpg >all.gpg
cat ed.asc >two.asc; g --armor --export rsa@test >>two.asc
[ -s sub.gpg ] && [ -s dsa.gpg ] || skip_all "gpg cannot make the test keys"

printf 'Origin: x\nSuite: s  \n- dash\nFrom me\n\n\ttab\nlast line\n' >t
printf 'Origin: y\n' >u
head -c 3000000 /dev/urandom >big
now=$(date -u +%Y-%m-%dT%H:%M:%SZ -d '+1 minute')

# clear NAME WANT GPGV-EXIT FILE KEYRING
clear() {
	"$tool" -t "$now" clear "$4" "$5" >"$TMP/.text" 2>"$TMP/.err"
	is "$(head -n 1 "$TMP/.err" | sed 's/:.*//')" "$2" "clear: $1"
	gpgv --status-fd 2 --homedir /nonexistent --keyring "./$5" --output - "$4" >"$TMP/.gpgv" 2>/dev/null
	is $? "$3" "clear: $1: gpgv's exit"
	[ "$2" != GOOD ] || cmp -s "$TMP/.text" "$TMP/.gpgv"
	ok $? "clear: $1: the text"
}
# beside NAME WANT GPGV-EXIT SQV-EXIT SIG FILE KEYRING
beside() {
	"$tool" -t "$now" detached "$5" "$6" "$7" >/dev/null 2>"$TMP/.err"
	is "$(head -n 1 "$TMP/.err" | sed 's/:.*//')" "$2" "beside: $1"
	gpgv --homedir /nonexistent --keyring "./$7" "$5" "$6" >/dev/null 2>&1
	is $? "$3" "beside: $1: gpgv's exit"
	if command -v sqv >/dev/null; then
		sqv --keyring "$7" "$5" "$6" >/dev/null 2>&1
		is $? "$4" "beside: $1: sqv's exit"
	else
		skip "beside: $1: sqv's exit" "sqv is not installed"
	fi
}

# --- clear-signed texts
for k in ed rsa p256 dsa sub; do g -u $k@test --clearsign -o $k.cs t; clear "$k" GOOD 0 $k.cs $k.gpg; done
g -u ed@test --digest-algo SHA256 --clearsign -o h256.cs t; clear "SHA-256" GOOD 0 h256.cs ed.gpg
g -u ed@test --digest-algo SHA384 --clearsign -o h384.cs t; clear "SHA-384" GOOD 0 h384.cs ed.gpg
: >empty; g -u ed@test --clearsign -o empty.cs empty; clear "no text" GOOD 0 empty.cs ed.gpg
printf 'no newline' >nonl; g -u ed@test --clearsign -o nonl.cs nonl; clear "no last newline" GOOD 0 nonl.cs ed.gpg
sed 's/$/\r/' ed.cs >crlf.cs; clear "CR LF lines (gpgv takes them)" BROKEN 0 crlf.cs ed.gpg
sed 's/^Origin: x$/Origin: x \t/' ed.cs >ws.cs; clear "white space at the end, which is not signed" GOOD 0 ws.cs ed.gpg
g -u ed@test -u rsa@test --clearsign -o two.cs t
clear "two signatures, both keys" GOOD 0 two.cs all.gpg
clear "two signatures, one key" GOOD 2 two.cs ed.gpg
clear "two signatures, no key of them" STRANGER 2 two.cs p256.gpg
clear "another's key" STRANGER 2 ed.cs other.gpg
sed 's/^Origin: x/Origin: z/' ed.cs >bad.cs; clear "a changed text" BAD 1 bad.cs ed.gpg
sed 's/^Origin: x/Origin: z/' two.cs >bad2.cs; clear "a changed text, two signatures" BAD 1 bad2.cs all.gpg
clear "a changed text, a stranger's" STRANGER 2 bad.cs other.gpg
# One of two signatures is over another text: armor of both packets over t.
g -u ed@test --textmode --detach-sign -o ed.tsig t
g -u rsa@test --textmode --detach-sign -o rsa.tsig u
armor() { { sed '/^-----BEGIN PGP SIGNATURE/,$d' ed.cs; cat "$@" | gpg --enarmor 2>/dev/null |
	sed 's/ARMORED FILE/SIGNATURE/; /^Comment/d'; } }
armor ed.tsig rsa.tsig >one-bad.cs; clear "two signatures, the second wrong" BAD 1 one-bad.cs all.gpg
armor rsa.tsig ed.tsig >bad-one.cs; clear "two signatures, the first wrong" BAD 1 bad-one.cs all.gpg
g --faked-system-time 20240102T000000 -u exp@test --clearsign -o exp.cs t
clear "an expired key (gpgv: exit 0)" UNUSABLE 0 exp.cs exp.gpg
g -u rev@test --clearsign -o rev.cs t
sed 's/^:---/---/' "$GNUPGHOME/openpgp-revocs.d/$(fpr rev).rev" | g --import
g --export rev@test >rev.gpg
clear "a revoked key (gpgv: exit 0)" UNUSABLE 0 rev.cs rev.gpg
g -u rsa@test --digest-algo SHA1 --clearsign -o sha1.cs t; clear "SHA-1 (gpgv takes it unasked)" UNUSABLE 0 sha1.cs rsa.gpg
g -u rsa@test --digest-algo RIPEMD160 --clearsign -o rmd.cs t; clear "RIPEMD-160 (gpgv takes it)" UNUSABLE 0 rmd.cs rsa.gpg
g -u rsa@test --digest-algo SHA224 --clearsign -o h224.cs t; clear "SHA-224 (gpgv takes it)" UNUSABLE 0 h224.cs rsa.gpg
g -u small@test --clearsign -o small.cs t; clear "RSA-1024 (gpgv takes it)" UNUSABLE 0 small.cs small.gpg
g --faked-system-time "$(date -u +%Y%m%dT%H%M%S -d '+2 days')" -u ed@test --clearsign -o fut.cs t
clear "from the future (gpgv takes it)" UNUSABLE 0 fut.cs ed.gpg
g -u ed@test --default-sig-expire 1 --faked-system-time "$(date -u +%Y%m%dT%H%M%S)" --clearsign -o sexp.cs t
[ -s sexp.cs ] && "$tool" -t 2031-01-01T00:00:00Z clear sexp.cs ed.gpg >/dev/null 2>"$TMP/.err"
like "$(cat "$TMP/.err")" '^UNUSABLE.*signature expired' "clear: an expired signature, by our clock"

# --- what is around the signed text
{ echo 'Before: 1'; cat ed.cs; } >before.cs; clear "text before (gpgv skips it)" BROKEN 0 before.cs ed.gpg
{ cat ed.cs; echo 'After: 1'; } >after.cs; clear "text behind (gpgv skips it)" BROKEN 0 after.cs ed.gpg
{ cat ed.cs; echo; echo; } >blank.cs; clear "blank lines behind" GOOD 0 blank.cs ed.gpg
cat ed.cs ed.cs >twice.cs; clear "two texts" BROKEN 2 twice.cs ed.gpg
{ cat ed.cs; echo; cat bad.cs; } >twice-bad.cs; clear "a good text, then a bad one" BROKEN 2 twice-bad.cs ed.gpg
g -u ed@test --clearsign -o nested.cs bad.cs; clear "a bad one inside a good one is text" GOOD 0 nested.cs ed.gpg
like "$("$tool" -t "$now" clear nested.cs ed.gpg 2>/dev/null)" '^-----BEGIN PGP SIGNED' "clear: the inner one comes out as text"
sed '/^Hash:/a Comment: x' ed.cs >hdr.cs; "$tool" -t "$now" clear hdr.cs ed.gpg >/dev/null 2>"$TMP/.err"
like "$(cat "$TMP/.err")" '^BROKEN' "clear: a header that is not Hash"
sed 's/^- - dash/- dash/' ed.cs >esc.cs; "$tool" -t "$now" clear esc.cs ed.gpg >/dev/null 2>"$TMP/.err"
like "$(cat "$TMP/.err")" '^(BROKEN|BAD)' "clear: a lost dash escape"
sed 's/^- - dash/-dash/' ed.cs >esc2.cs; "$tool" -t "$now" clear esc2.cs ed.gpg >/dev/null 2>"$TMP/.err"
like "$(cat "$TMP/.err")" '^BROKEN' "clear: a dash that is not escaped"
awk 'BEGIN { printf "Long: "; for (i = 0; i < 30000; i++) printf "x"; print "" }' >long; g -u ed@test --clearsign -o long.cs long
# gpg cuts a line of more than 19,995 characters; a longer one put behind it must not come through.
sed '/^Long/s/$/xxxx/' long.cs >longer.cs
"$tool" -t "$now" clear longer.cs ed.gpg >"$TMP/.text" 2>"$TMP/.err"
like "$(head -n 1 "$TMP/.err")" '^BAD' "clear: a line longer than gpgv reads"
head -c 200000 /dev/zero | "$tool" -t "$now" clear /dev/stdin ed.gpg >/dev/null 2>"$TMP/.err"; like "$(cat "$TMP/.err")" 'BROKEN|not a regular' "clear: zeros"
g -u ed@test --sign -o inline t; clear "a signed message that is not clear" BROKEN 0 inline ed.gpg

# --- beside a file
for k in ed rsa p256 dsa sub; do g -u $k@test --detach-sign -o $k.sig t; beside "$k" GOOD 0 0 $k.sig t $k.gpg; done
g -u ed@test --armor --detach-sign -o ed.sig.asc t; beside "armored" GOOD 0 0 ed.sig.asc t ed.gpg
g -u ed@test --detach-sign -o big.sig big; beside "three megabytes" GOOD 0 0 big.sig big ed.gpg
g -u ed@test --detach-sign -o empty.sig empty; beside "an empty file" GOOD 0 0 empty.sig empty ed.gpg
beside "another file" BAD 1 1 ed.sig u ed.gpg
beside "another's key" STRANGER 2 1 ed.sig t other.gpg
g -u ed@test -u rsa@test --detach-sign -o two.sig t
beside "two signatures" GOOD 0 0 two.sig t all.gpg
beside "two signatures, one key" GOOD 2 0 two.sig t rsa.gpg
g -u rsa@test --detach-sign -o rsa-u.sig u; cat ed.sig rsa-u.sig >mix.sig
beside "two signatures, one wrong (sqv counts the good one)" BAD 1 0 mix.sig t all.gpg
g -u rsa@test --digest-algo SHA1 --detach-sign -o sha1.sig t; beside "SHA-1 (gpgv takes it unasked)" UNUSABLE 0 1 sha1.sig t rsa.gpg
g -u small@test --detach-sign -o small.sig t; beside "RSA-1024 (gpgv takes it)" UNUSABLE 0 1 small.sig t small.gpg
g --faked-system-time 20240102T000000 -u exp@test --detach-sign -o exp.sig t; beside "an expired key (sqv: good when it was made)" UNUSABLE 0 0 exp.sig t exp.gpg
g -u rev@test --detach-sign -o rev.sig t; [ -s rev.sig ] || g --faked-system-time 20240102T000000 -u rev@test --detach-sign -o rev.sig t
beside "text signature: line ends are not signed (both take it)" UNUSABLE 0 0 ed.tsig t ed.gpg
beside "a signed message as signature" BROKEN 2 1 inline t ed.gpg
beside "a text as signature" BROKEN 2 1 t t ed.gpg
head -c 20 ed.sig >cut.sig; beside "cut" BROKEN 2 1 cut.sig t ed.gpg

# --- keyrings
run 0 "an armored keyring" "$tool" -t "$now" detached ed.sig t ed.asc
run 0 "two armored keys in one file" "$tool" -t "$now" detached rsa.sig t two.asc
run 0 "several keyrings" "$tool" -t "$now" detached rsa.sig t ed.asc rsa.gpg
gpg --export-secret-keys ed@test >ed.secret 2>/dev/null
run 99 "a private key is refused" "$tool" -t "$now" detached ed.sig t ed.secret
like "$err" 'private key' "and says why"
[ -s "$GNUPGHOME/pubring.kbx" ] && run 99 "a keybox is refused" "$tool" -t "$now" detached ed.sig t "$GNUPGHOME/pubring.kbx"
mkdir -m 700 "$TMP/home" && cp ed.gpg "$TMP/home/trustedkeys.gpg"
GNUPGHOME=$TMP/home HOME=$TMP/home run 3 "the user's own keyring does not count" "$tool" -t "$now" detached ed.sig t other.gpg
cp t -- '--output=x'; g -u ed@test --detach-sign -o ./-sig.sig -- ./--output=x
run 0 "a file whose name is an option" "$tool" -t "$now" detached ./-sig.sig ./--output=x ed.gpg
[ ! -e x ]; ok $? "which wrote nothing"

# --- every bit and every length
# What may change in a signature packet without anybody noticing (RFC 9580 5.2.3): its unhashed
# subpackets, as long as they still name the key, and the two bytes of the digest behind them, which
# are a hint. Everything else, and every cut, is refused; so is any change inside armor (CRC-24).
free_of() { # SIG: "first last" byte of that region
	od -An -v -tu1 "$1" | tr -s ' \n' '  ' | awk '{
		h = $1 == 137 ? 3 : 2				# header: two or one byte of length
		u = h + 6 + $(h + 5) * 256 + $(h + 6)		# where the unhashed area begins
		n = $(u + 1) * 256 + $(u + 2)
		print u + 2, u + 2 + n + 1 }'
}
mutants() { # NAME FIRST LAST CUT COMMAND…: flips that are still good lie in FIRST…LAST, cuts are CUT
	local name=$1 first=$2 last=$3 cut=$4
	shift 4
	"$tool" -t "$now" flips "$stride" "$@" >"$TMP/.mut" 2>"$TMP/.err"
	ok $? "$name: $(tail -n 1 "$TMP/.err")"
	is "$(grep -c DIFFERENT "$TMP/.mut")" 0 "$name: no other text is ever good"
	is "$(awk -v a="$first" -v b="$last" -v c="$cut" '
		$1 == "flip" && int($2 / 8) >= a && int($2 / 8) <= b { next }
		$1 == "cut" && $2 == c { next }
		{ print }' "$TMP/.mut")" "" "$name: what is still good is on the list of the free"
}
# A cut that takes only the last LF.
mutants "a clear-signed text" -1 -1 $(($(stat -c %s ed.cs) - 1)) clear ed.cs ed.gpg
mutants "an armored signature" -1 -1 $(($(stat -c %s ed.sig.asc) - 1)) detached ed.sig.asc t ed.gpg
# shellcheck disable=SC2046
mutants "a binary signature" $(free_of ed.sig) -1 detached ed.sig t ed.gpg
# shellcheck disable=SC2046
mutants "a binary RSA signature" $(free_of rsa.sig) -1 detached rsa.sig t rsa.gpg
tap_done
