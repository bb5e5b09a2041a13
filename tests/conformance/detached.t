#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# detached: signatures over files against the tools that make and verify them, in both directions.
. "$(dirname "$0")/../support/tap.sh"

TOOL=$BUILD/tests/conformance/detached_tool
[ -x "$TOOL" ] || skip_all "no $TOOL"
cd "$TMP" || exit 1
umask 077

have() {
	command -v "$1" >/dev/null 2>&1 || {
		skip "$2" "no $1"
		return 1
	}
}
fb() { "$FIREBREAK" "$@" </dev/null; }

printf 'x' >one
: >empty
head -c 100000 /dev/urandom >file
cp file tampered
printf '\1' | dd of=tampered bs=1 seek=50000 conv=notrunc 2>/dev/null
cmp -s file tampered && printf '\2' | dd of=tampered bs=1 seek=50000 conv=notrunc 2>/dev/null
truncate -s 64M large

# The same question through firebreak verify, where it has the options. EXIT SIGNATURE FILE OPTIONS…
verify() {
	local want=$1 sig=$2 file=$3 args=() rc
	shift 3
	while [ $# -gt 0 ]; do
		case $1 in
		-k) args+=(--key "$2") ;;
		-n) args+=(--ssh-namespace "$2") ;;
		*) return ;;
		esac
		shift 2
	done
	fb verify "$file" --evidence "$sig" "${args[@]}" >.v 2>&1
	rc=$?
	[ $rc -eq 0 ] && [ "$want" = 0 ] || { [ "$want" != 0 ] && [ $rc -ge 1 ] && [ $rc -le 2 ]; }
	ok $? "and firebreak verify says so"
	[ $rc -eq 0 ] && return
	[ "$want" = 0 ] && sed 's/^/# /' .v
}

# good KIND NAME SIGNATURE FILE OPTIONS...; bad likewise, with a word that must be in the answer
good() {
	run 0 "$2" "$TOOL" "$3" "$4" "${@:5}"
	like "$out" "^$1 good" "is $1, and good"
	verify 0 "${@:3}"
}
bad() {
	run 1 "$2" "$TOOL" "$3" "$4" "${@:5}"
	like "$out" "$1" "says why"
	verify 1 "${@:3}"
}

# --- minisign ---
if have minisign "minisign's signatures"; then
	minisign -G -W -f -p m.pub -s m.key >/dev/null 2>&1
	minisign -G -W -f -p other.pub -s other.key >/dev/null 2>&1
	for f in file one empty large; do
		minisign -S -s m.key -m $f -x $f.minisig -t "release $f" >/dev/null 2>&1 </dev/null
		good minisign "minisign: $f" $f.minisig $f -k m.pub
		like "$out" "comment \"release $f\"" "with its trusted comment"
	done
	for f in file one; do
		minisign -S -l -s m.key -m $f -x $f.old.minisig >/dev/null 2>&1 </dev/null
		good minisign "minisign, legacy: $f" $f.old.minisig $f -k m.pub
	done
	bad 'minisign bad: names key' "tampered file" file.minisig tampered -k m.pub
	bad 'minisign bad: names key' "tampered file, legacy" file.old.minisig tampered -k m.pub
	bad 'minisign stranger' "wrong key" file.minisig file -k other.pub
	sed 's/release file/release fil3/' file.minisig >comment.minisig
	bad 'did not sign the trusted comment' "changed trusted comment" comment.minisig file -k m.pub
	sed '1s/:.*/: something else/' file.minisig >free.minisig
	good minisign "changed untrusted comment" free.minisig file -k m.pub
	tail -1 m.pub >m.b64
	good minisign "the key as minisign -P takes it" file.minisig file -k m.b64
	fb key show --form pem m.pub >m.pem
	good minisign "the key as PEM" file.minisig file -k m.pem
	for f in file one empty large; do
		run 0 "we sign $f" fb sign --format minisign --key m.key --force --trusted-comment "ours $f" $f
		run 0 "minisign accepts it" minisign -V -p m.pub -m $f -x $f.minisig
		like "$out" "Trusted comment: ours $f" "with our comment"
	done
	run 1 "minisign refuses ours over another file" minisign -V -p m.pub -m tampered -x file.minisig
	run 0 "a key pair made here" fb key generate --form minisign ours.key
	minisign -S -s ours.key -m file -x x.minisig >/dev/null 2>&1 </dev/null
	run 0 "minisign signs with it" minisign -V -p ours.pub -m file -x x.minisig
	good minisign "and we verify it" x.minisig file -k ours.pub
	printf 'secret\nsecret\n' | minisign -G -f -p e.pub -s e.key >/dev/null 2>&1
	if [ -s e.key ]; then
		run 5 "an encrypted key is refused" fb sign --format minisign --key e.key file
		like "$err" 'encrypted' "with words"
	fi
fi

# --- signify ---
if have signify-openbsd "signify's signatures"; then
	signify-openbsd -G -n -p s.pub -s s.sec
	signify-openbsd -G -n -p so.pub -s so.sec
	for f in file one empty large; do
		signify-openbsd -S -s s.sec -m $f -x $f.sig
		good signify "signify: $f" $f.sig $f -k s.pub
	done
	bad 'signify bad: names key' "tampered file" file.sig tampered -k s.pub
	bad 'signify stranger' "wrong key" file.sig file -k so.pub
	sed '1s/:.*/: verify with nothing/' file.sig >free.sig
	good signify "changed comment" free.sig file -k s.pub
	for f in file one empty; do
		run 0 "we sign $f" fb sign --format signify --key s.sec --force $f
		run 0 "signify accepts it" signify-openbsd -V -p s.pub -m $f -x $f.sig
	done
	run 1 "signify refuses ours over another file" signify-openbsd -V -p s.pub -m tampered -x file.sig
	run 0 "a key pair made here" fb key generate --form signify mine.sec
	signify-openbsd -S -s mine.sec -m file -x x.sig
	run 0 "signify signs with it" signify-openbsd -V -p mine.pub -m file -x x.sig
	good signify "and we verify it" x.sig file -k mine.pub

	sha256sum --tag file one >SHA256
	sha512sum --tag empty >>SHA256
	signify-openbsd -S -e -s s.sec -m SHA256 -x SHA256.sig
	for f in file one empty; do
		good signify-list "signify -e: $f" SHA256.sig $f -k s.pub
	done
	bad 'signify-list silent' "a file that the list does not name" SHA256.sig tampered -k s.pub
	mkdir d && cp tampered d/file
	bad 'signify-list replaced: .*names file with other bytes' "other bytes of its name" \
		SHA256.sig d/file -k s.pub
	bad 'signify-list stranger' "wrong key" SHA256.sig file -k so.pub
	sed 's/SHA256 (one)/SHA256 (two)/' SHA256.sig >changed.sig
	bad 'signify-list bad' "changed list" changed.sig file -k s.pub
	run 0 "we sign a list" fb sign --format signify-list --key s.sec --out ours.sig file one empty
	run 0 "signify -C accepts it" signify-openbsd -C -p s.pub -x ours.sig
	like "$out" 'one: OK' "and every file"
	echo change >>one
	run 1 "signify -C refuses a changed file" signify-openbsd -C -p s.pub -x ours.sig
	bad replaced "and so do we" ours.sig one -k s.pub
	printf 'x' >one
fi

# --- OpenSSH ---
if have ssh-keygen "ssh-keygen's signatures"; then
	for t in ed25519:256 ecdsa:256 ecdsa:384 ecdsa:521 rsa:3072; do
		k=ssh_${t%:*}_${t#*:}
		ssh-keygen -q -t "${t%:*}" -b "${t#*:}" -N '' -C '' -f $k
		for f in file one empty; do
			ssh-keygen -q -Y sign -n file -f $k <$f >$f.$k 2>/dev/null
			good ssh "$k: $f" $f.$k $f -k $k.pub
		done
		bad 'ssh bad: names key .*did not sign' "$k: tampered" file.$k tampered -k $k.pub
		bad 'for another namespace: file' "$k: namespace" file.$k file -k $k.pub -n git
		echo "a@b $(cat $k.pub)" >allowed_$k
		run 0 "we sign with $k" fb sign --format ssh --key $k --out ours.$k file
		run 0 "ssh-keygen accepts it" sh -c "ssh-keygen -q -Y verify -f allowed_$k -I a@b -n file -s ours.$k <file"
		run 255 "but not over another file" sh -c \
			"ssh-keygen -q -Y verify -f allowed_$k -I a@b -n file -s ours.$k <tampered"
	done
	K=ssh_ed25519_256
	ssh-keygen -q -Y sign -n file -O hashalg=sha256 -f $K <file >sha256.sig 2>/dev/null
	good ssh "sha256" sha256.sig file -k $K.pub
	ssh-keygen -q -Y sign -n 'release@example.com' -f $K <file >ns.sig 2>/dev/null
	good ssh "another namespace" ns.sig file -k $K.pub -n release@example.com
	bad 'ssh stranger: signed by key SHA256:' "wrong key" file.$K file -k ssh_rsa_3072.pub
	ssh-keygen -q -Y sign -n file -f $K <large >large.$K 2>/dev/null
	good ssh "64 MiB" large.$K large -k $K.pub

	# allowed_signers: the same question to both
	ask() { # EXPECTED NAME LINE PRINCIPAL NAMESPACE [TIME YYYYMMDDHHMM]
		local sig=file.$K
		echo "$3 $(cat $K.pub)" >allowed
		[ "$5" = file ] || sig=ns.sig
		ssh-keygen -q -Y verify -f allowed -I "$4" -n "$5" -s $sig ${6:+-O verify-time=${6}Z} <file \
			>/dev/null 2>&1
		is "$((! !$?))" "$1" "$2: ssh-keygen"
		local t=${6:-202601010000}
		"$TOOL" $sig file -k allowed -I "$4" -n "$5" \
			-t "${t:0:4}-${t:4:2}-${t:6:2}T${t:8:2}:${t:10:2}:00Z" >.o
		is "$?" "$1" "$2: ours"
	}
	ask 0 "principal" 'a@b' a@b file
	ask 1 "another principal" 'a@b' x@b file
	ask 0 "pattern" '*@b' a@b file
	ask 1 "refused by a pattern" '*@b,!a@b' a@b file
	ask 0 "namespaces" 'a@b namespaces="git,file"' a@b file
	ask 1 "other namespaces" 'a@b namespaces="git"' a@b file
	ask 0 "namespace pattern" 'a@b namespaces="*@example.com"' a@b release@example.com
	ask 0 "valid after" 'a@b valid-after="20250101Z"' a@b file 202601010000
	ask 1 "not yet" 'a@b valid-after="20270101Z"' a@b file 202601010000
	ask 0 "on the first minute" 'a@b valid-after="202601010000Z"' a@b file 202601010000
	ask 0 "valid before" 'a@b valid-before="20270101Z"' a@b file 202601010000
	ask 0 "on the last minute" 'a@b valid-before="202601010000Z"' a@b file 202601010000
	ask 1 "too late" 'a@b valid-before="20250101Z"' a@b file 202601010000
	ask 0 "both, and namespaces" \
		'a@b namespaces="file",valid-after="20250101Z",valid-before="20270101Z"' a@b file 202601010000
	TZ=America/New_York ask 1 "local time" 'a@b valid-after="20260101"' a@b file 202601010200
	TZ=America/New_York ask 0 "local time, later" 'a@b valid-after="20260101"' a@b file 202601010600
	echo "a@b cert-authority $(cat $K.pub)" >allowed
	run 5 "cert-authority is refused" "$TOOL" file.$K file -k allowed
	like "$out" 'line 1: cert-authority' "by name"
	ssh-keygen -q -s $K -I id -n a@b ssh_rsa_3072.pub
	run 5 "a certificate is refused" "$TOOL" file.$K file -k ssh_rsa_3072-cert.pub
	like "$out" 'certificates are not accepted' "by name"
	# FIDO keys without a device: the unit test signs as one would
	"$BUILD/tests/unit/test_keyring.t" fido1 fido2 >/dev/null
	printf 'content' >content
	for k in fido1 fido2; do
		echo "a@b $(cat $k)" >allowed
		run 0 "a FIDO key: ssh-keygen" sh -c "ssh-keygen -q -Y verify -f allowed -I a@b -n file -s $k.sig <content"
		good ssh "a FIDO key" $k.sig content -k $k
	done
	ssh-keygen -q -t ed25519 -N secret -f enc
	run 5 "an encrypted key is refused" fb sign --format ssh --key enc file
	like "$err" 'encrypted' "with words"
	run 0 "a key pair made here" fb key generate --form ssh --type p384 own.key
	run 0 "ssh-keygen reads it" ssh-keygen -y -f own.key
	is "$(cut -d' ' -f1,2 <<<"$out")" "$(cut -d' ' -f1,2 own.pub)" "as the same key"
fi

# --- CMS and bare signatures ---
if have openssl "openssl's signatures"; then
	openssl req -x509 -newkey rsa:2048 -nodes -keyout c_rsa.key -out c_rsa.pem -subj /CN=rsa -days 99 2>/dev/null
	for c in P-256 P-384 P-521; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:$c -nodes -keyout "c_$c.key" -out "c_$c.pem" \
			-subj "/CN=$c" -days 99 2>/dev/null
	done
	openssl genpkey -algorithm ed25519 -out c_ed.key 2>/dev/null
	openssl pkey -in c_ed.key -pubout -out c_ed.pub
	for k in rsa P-256 P-384 P-521; do
		openssl pkey -in c_$k.key -pubout -out c_$k.pub
		for o in "" -noattr -nocerts -keyid -cades "-md sha384" "-md sha512" -nosmimecap; do
			# shellcheck disable=SC2086
			openssl cms -sign -binary -in file -signer c_$k.pem -inkey c_$k.key -outform DER -out c.p7s $o
			good cms "cms $k $o" c.p7s file -k c_$k.pem
			run 1 "cms $k $o: tampered" "$TOOL" c.p7s tampered -k c_$k.pem
		done
		openssl cms -sign -binary -in file -signer c_$k.pem -inkey c_$k.key -outform PEM -out c.pem
		good cms "cms $k: PEM" c.pem file -k c_$k.pem
		good cms "cms $k: the key alone" c.pem file -k c_$k.pub
		bad 'cms stranger' "cms $k: another key" c.pem file -k c_ed.pub
		openssl smime -sign -binary -in file -signer c_$k.pem -inkey c_$k.key -outform PEM -out c.p7
		good cms "smime $k" c.p7 file -k c_$k.pem
		for f in file one empty; do
			run 0 "we sign $f with $k" fb sign --format cms --key c_$k.key --certificate c_$k.pem \
				--out ours.p7s --force $f
			run 0 "openssl cms accepts it" openssl cms -verify -binary -inform DER -in ours.p7s -content $f \
				-CAfile c_$k.pem -purpose any -out /dev/null
			good cms "and so do we" ours.p7s $f -k c_$k.pem
		done
		run 4 "openssl cms refuses it over another file" openssl cms -verify -binary -inform DER -in ours.p7s \
			-content tampered -CAfile c_$k.pem -purpose any -out /dev/null
	done
	openssl cms -sign -binary -in file -signer c_rsa.pem -inkey c_rsa.key -keyopt rsa_padding_mode:pss \
		-outform DER -out pss.p7s
	good cms "cms rsa-pss" pss.p7s file -k c_rsa.pem
	openssl cms -sign -binary -in file -signer c_rsa.pem -inkey c_rsa.key -signer c_P-256.pem \
		-inkey c_P-256.key -outform DER -out two.p7s
	good cms "two signers, the first known" two.p7s file -k c_rsa.pem
	good cms "two signers, the second known" two.p7s file -k c_P-256.pem
	for o in "-md sha1:digest algorithm" "-nodetach:holds what was signed" "-stream -outform DER:BER|good" \
		"-outform SMIME:S/MIME"; do
		# shellcheck disable=SC2086
		openssl cms -sign -binary -in file -signer c_rsa.pem -inkey c_rsa.key -outform DER ${o%%:*} -out odd 2>/dev/null
		"$TOOL" odd file -k c_rsa.pem >.o
		like "$(cat .o)" "${o#*:}" "cms ${o%%:*}: refused by name, or good"
	done

	# chains: root, intermediate, leaf; a stranger's root; usages; times
	cat >ext <<-'X'
	[ca]
	basicConstraints=critical,CA:TRUE
	keyUsage=critical,keyCertSign
	[leaf]
	basicConstraints=CA:FALSE
	keyUsage=digitalSignature
	subjectAltName=email:signer@example.com
	extendedKeyUsage=codeSigning
	[tls]
	basicConstraints=CA:FALSE
	keyUsage=digitalSignature
	extendedKeyUsage=serverAuth
	[tsa]
	extendedKeyUsage=critical,timeStamping
	X
	req() { openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -subj "/CN=$1" 2>/dev/null; }
	for r in root other; do
		req $r | openssl x509 -req -key $r.key -extfile ext -extensions ca -days 99 -out $r.pem 2>/dev/null
	done
	sub() { req "$1" | openssl x509 -req -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -extfile ext -extensions "$3" \
		-days 99 -out "$1.pem" 2>/dev/null; }
	sub inter root ca
	sub leaf inter leaf
	sub tls inter tls
	sub tsa root tsa
	openssl cms -sign -binary -in file -signer leaf.pem -inkey leaf.key -certfile inter.pem -outform DER -out leaf.p7s
	good cms "a chain to a root" leaf.p7s file -c root.pem
	like "$out" 'signer@example.com' "tells who"
	bad 'not under the given roots' "a chain to another root" leaf.p7s file -c other.pem
	bad 'cms bad: .*another file' "tampered" leaf.p7s tampered -c root.pem
	bad 'not under the given roots' "after its time" leaf.p7s file -c root.pem -t 2099-01-01T00:00:00Z
	openssl cms -sign -binary -in file -signer leaf.pem -inkey leaf.key -outform DER -out short.p7s
	bad 'not under the given roots' "without the intermediate" short.p7s file -c root.pem
	openssl cms -sign -binary -in file -signer tls.pem -inkey tls.key -certfile inter.pem -outform DER -out tls.p7s
	bad 'usages' "a TLS server's certificate" tls.p7s file -c root.pem
	good cms "which is good where it is given itself" tls.p7s file -k tls.pem

	# a time stamp proves when it was signed, so the certificate may have ended since
	cat >tsa.conf <<-'X'
	[tsa]
	serial=tsa.serial
	signer_digest=sha256
	default_policy=1.2.3
	digests=sha256
	ess_cert_id_chain=no
	ess_cert_id_alg=sha256
	X
	echo 01 >tsa.serial
	sub_days() { req "$1" | openssl x509 -req -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -extfile ext -extensions "$3" \
		-days "$4" -out "$1.pem" 2>/dev/null; }
	req tsaroot | openssl x509 -req -key tsaroot.key -extfile ext -extensions ca -days 9999 -out tsaroot.pem 2>/dev/null
	req longroot | openssl x509 -req -key longroot.key -extfile ext -extensions ca -days 9999 -out longroot.pem 2>/dev/null
	sub_days stamper tsaroot tsa 9999
	sub_days brief longroot leaf 1
	openssl cms -sign -binary -in file -signer brief.pem -inkey brief.key -outform DER -out brief.p7s
	stamp() { # SIGNED-BYTES TOKEN
		openssl ts -query -data "$1" -sha256 -cert -out q.tsq 2>/dev/null
		openssl ts -reply -config tsa.conf -section tsa -queryfile q.tsq -signer stamper.pem -inkey stamper.key \
			-token_out -out "$2" 2>/dev/null
	}
	"$TOOL" signature brief.p7s >brief.sig
	stamp brief.sig right.tst
	stamp file wrong.tst
	"$TOOL" stamp brief.p7s right.tst stamped.p7s
	"$TOOL" stamp brief.p7s wrong.tst wrong.p7s
	later=$(date -u -d '+30 days' +%FT%TZ)
	run 0 "openssl accepts the stamped one" openssl cms -verify -binary -inform DER -in stamped.p7s -content file \
		-CAfile longroot.pem -purpose any -out /dev/null
	good cms "a stamped signature today" stamped.p7s file -c longroot.pem -T tsaroot.pem
	good cms "and when its certificate has ended" stamped.p7s file -c longroot.pem -T tsaroot.pem -t "$later"
	like "$out" " at $(date -u +%F)T" "tells when it was signed"
	bad 'expired|ended|valid' "not without the stamp" brief.p7s file -c longroot.pem -T tsaroot.pem -t "$later"
	bad 'expired|ended|valid' "not with roots for no stamps" stamped.p7s file -c longroot.pem -t "$later"
	bad 'expired|ended|valid' "not with a stranger's stamp" stamped.p7s file -c longroot.pem -T root.pem -t "$later"
	bad 'expired|ended|valid' "not with a stamp of other bytes" wrong.p7s file -c longroot.pem -T tsaroot.pem \
		-t "$later"
	run 0 "firebreak verify --ca --tsa" fb verify file --evidence stamped.p7s --ca longroot.pem --tsa tsaroot.pem \
		--certificate-identity signer@example.com --certificate-oidc-issuer CN=longroot --clock "$later"
	run 2 "and not without --tsa" fb verify file --evidence stamped.p7s --ca longroot.pem \
		--certificate-identity signer@example.com --certificate-oidc-issuer CN=longroot --clock "$later"

	# bare signatures
	for k in rsa P-256 P-384 P-521; do
		h=sha256
		[ $k = P-384 ] && h=sha384
		[ $k = P-521 ] && h=sha512
		for f in file one empty; do
			openssl dgst -$h -sign c_$k.key -out raw $f
			good raw "openssl dgst $k: $f" raw $f -k c_$k.pub
			base64 -w0 raw >raw.b64
			good raw "in base64" raw.b64 $f -k c_$k.pub
			run 0 "we sign" fb sign --format raw --key c_$k.key --out ours.raw --force $f
			run 0 "openssl dgst accepts it" openssl dgst -$h -verify c_$k.pub -signature ours.raw $f
		done
		bad 'raw stranger' "tampered" raw tampered -k c_$k.pub
		bad 'raw stranger' "another key" raw empty -k c_ed.pub
	done
	for h in sha384 sha512; do
		openssl dgst -$h -sign c_rsa.key -out raw file
		good raw "rsa with $h" raw file -k c_rsa.pub
		openssl dgst -$h -sigopt rsa_padding_mode:pss -sign c_rsa.key -out raw file
		good raw "rsa-pss with $h" raw file -k c_rsa.pub
	done
	openssl pkeyutl -sign -rawin -inkey c_ed.key -in file -out raw
	good raw "ed25519" raw file -k c_ed.pub
	run 0 "we sign" fb sign --format raw --key c_ed.key --out ours.ed file
	run 0 "openssl pkeyutl accepts it" openssl pkeyutl -verify -rawin -pubin -inkey c_ed.pub -sigfile ours.ed -in file
fi

# --- Sigstore bundles and DSSE ---
if have node "bundles" && [ -d "$TESTDEPS/npm/node_modules/@sigstore/verify" ]; then
	check() { node "$TOP/tests/conformance/bundle-check.cjs" "$TESTDEPS/npm/node_modules" "$@"; }
	echo '{"buildDefinition": {"a": [1, "b"]}}' >predicate
	for k in p256 rsa ed25519; do
		fb key generate --type $k b_$k.pem >/dev/null
		if [ $k != ed25519 ]; then
			run 0 "a bundle with $k" fb sign --format sigstore --key b_$k.pem --out b.json --force file
			run 0 "@sigstore/verify accepts it" check b.json b_$k.pub file
			run 1 "not over another file" check b.json b_$k.pub tampered
		fi
		run 0 "a statement in a bundle with $k" fb sign --format sigstore --key b_$k.pem --out d.json --force \
			--predicate predicate --predicate-type https://example.com/p file one
		run 0 "@sigstore/verify accepts it" check d.json b_$k.pub
		sed 's/"payload":"ey/"payload":"fy/' d.json >changed.json
		run 1 "not changed" check changed.json b_$k.pub
	done
	run 3 "options go together" fb sign --format sigstore --key b_p256.pem --predicate predicate file
else
	skip "bundles" "no @sigstore/verify"
fi

# --- a registry's key whose time is over ---
fb key generate --type p256 npm.pem >/dev/null
npm_keys() { # EXPIRES: the key as an npm registry lists it
	openssl pkey -pubin -in npm.pub -outform DER -out npm.der
	printf '{"keys":[{"expires":"%s","keyid":"SHA256:%s","keytype":"ecdsa-sha2-nistp256","scheme":"%s","key":"%s"}]}' \
		"$1" "$(openssl dgst -sha256 -binary npm.der | openssl base64 -A)" ecdsa-sha2-nistp256 \
		"$(openssl base64 -A -in npm.der)"
}
npm_keys 2020-01-01T00:00:00.000Z >old.json
npm_keys 2090-01-01T00:00:00.000Z >new.json
echo '{}' >empty.json
fb sign --format raw --key npm.pem --out npm.sig file >/dev/null
fb sign --format dsse --key npm.pem --out npm.dsse --predicate empty.json --predicate-type https://example.com/p file >/dev/null
run 0 "a key that is valid now" fb verify file --evidence npm.sig --key new.json
for e in npm.sig npm.dsse; do
	run 1 "$e: one that is not, and nothing proves when it signed" fb verify file --evidence "$e" --key old.json
	like "$out" 'fail .*which is not valid now' "says so"
done
run 0 "given without a time, it has none" fb verify file --evidence npm.sig --key old.json --key npm.pub

# --- the options ---
fb key generate o.pem >/dev/null
run 6 "a signature that is there stays" sh -c "'$FIREBREAK' sign --format raw --key o.pem one && '$FIREBREAK' sign --format raw --key o.pem one"
run 6 "so does a key" fb key generate o.pem
is "$(stat -c %a o.pem)" 600 "a private key is nobody else's"
run 3 "no format" fb sign --key o.pem file
run 3 "an option of another format" fb sign --format raw --key o.pem --namespace x file
like "$err" 'namespace says nothing to --format raw' "says so"
run 5 "a public key" fb sign --format raw --key o.pub file
run 5 "no such file" fb sign --format raw --key o.pem nothing
run 0 "as JSON" fb sign --format raw --key o.pem --out j.sig --json file
like "$out" '"signatures":\[\{"artifact":"file","format":"raw","key":"sha256:' "says what it did"
run 0 "key show" fb key show --json o.pem o.pub
like "$out" '"type":"ed25519"' "as JSON"
tap_done
