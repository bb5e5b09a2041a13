#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The openssl command as oracle, both ways: our keys and signatures there, its keys and signatures
# here, and what it makes that we refuse.
. "$(dirname "$0")/../support/tap.sh"

command -v openssl >/dev/null || skip_all "no openssl command"
tool=$BUILD/tests/conformance/key_tool
cd "$TMP" || exit 1
head -c 100000 /dev/urandom >msg
head -c 100000 /dev/urandom >other

# The digest that a kind signs with; empty: its own.
digest() {
	case $1 in
	ecdsa-p384) echo sha384 ;;
	ed25519) ;;
	*) echo sha256 ;;
	esac
}

peer_verify() { # KIND PUB MSG SIG
	local d
	d=$(digest "$1")
	if [ "$d" ]; then
		openssl dgst "-$d" -verify "$2" -signature "$4" "$3"
	else
		openssl pkeyutl -verify -rawin -pubin -inkey "$2" -sigfile "$4" -in "$3"
	fi
}

peer_sign() { # KIND PRIV MSG SIG [openssl dgst options]
	local d kind=$1 priv=$2 msg=$3 sig=$4
	shift 4
	d=$(digest "$kind")
	if [ "$d" ]; then
		openssl dgst "-$d" "$@" -sign "$priv" -out "$sig" "$msg"
	else
		openssl pkeyutl -sign -rawin -inkey "$priv" -out "$sig" -in "$msg"
	fi
}

for kind in ecdsa-p256 ecdsa-p384 ed25519 rsa; do
	# ours there
	run 0 "$kind: generate" "$tool" generate $kind our.pem our.pub
	run 0 "$kind: openssl reads the private half" openssl pkey -in our.pem -check -noout
	run 0 "$kind: and the public half" openssl pkey -pubin -in our.pub -pubcheck -noout
	is "$(openssl pkey -in our.pem -pubout)" "$(cat our.pub)" "$kind: they belong together"
	id=$(openssl pkey -pubin -in our.pub -outform DER | openssl dgst -sha256 -r | cut -d' ' -f1)
	run 0 "$kind: its id" "$tool" kind our.pub
	is "$out" "$kind sha256:$id" "$kind: is the digest of the SPKI"
	run 0 "$kind: sign" "$tool" sign our.pem msg our.sig
	run 0 "$kind: openssl verifies" peer_verify $kind our.pub msg our.sig
	run 1 "$kind: and not for another message" peer_verify $kind our.pub other our.sig

	# theirs here
	case $kind in
	ecdsa-p256) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out their.pem ;;
	ecdsa-p384) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out their.pem ;;
	ed25519) openssl genpkey -algorithm ed25519 -out their.pem ;;
	rsa) openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out their.pem ;;
	esac 2>/dev/null
	openssl pkey -in their.pem -pubout -out their.pub
	openssl pkey -in their.pem -pubout -outform DER -out their.der
	run 0 "$kind: their private key is read" "$tool" private their.pem
	is "${out%% *}" $kind "$kind: as what it is"
	same=$out
	run 0 "$kind: their public key in PEM" "$tool" kind their.pub
	is "$out" "$same" "$kind: has the same id"
	run 0 "$kind: their public key in DER" "$tool" kind their.der
	is "$out" "$same" "$kind: has the same id"
	openssl req -x509 -key their.pem -subj /CN=x -days 1 -out their.crt 2>/dev/null
	openssl x509 -in their.crt -outform DER -out their.crt.der
	run 0 "$kind: their certificate in PEM" "$tool" kind their.crt
	is "$out" "$same" "$kind: has the same id"
	run 0 "$kind: their certificate in DER" "$tool" kind their.crt.der
	is "$out" "$same" "$kind: has the same id"
	peer_sign $kind their.pem msg their.sig
	run 0 "$kind: their signature verifies" "$tool" verify their.pub msg their.sig
	run 1 "$kind: and not for another message" "$tool" verify their.pub other their.sig
	run 1 "$kind: nor under another key" "$tool" verify our.pub msg their.sig
	cat their.pub our.pub >two.pub
	run 1 "$kind: two keys in one file are refused" "$tool" kind two.pub
	(cat their.der; printf '\0') >long.der
	run 1 "$kind: a byte behind the DER is refused" "$tool" kind long.der
	run 1 "$kind: a private key is no public one" "$tool" kind their.pem
	run 1 "$kind: nor the other way round" "$tool" private their.pub
	openssl pkey -in their.pem -aes256 -passout pass:x -out enc.pem
	run 1 "$kind: an encrypted key is refused" "$tool" private enc.pem
	like "$out" 'encrypted' "$kind: and it says why"
	sed 's/ENCRYPTED //' enc.pem >lie.pem
	run 1 "$kind: also under another label" "$tool" private lie.pem
	is "$out" "error: lie.pem: not a usable private key; accepted: ECDSA P-256, P-384, P-521, Ed25519, RSA\
 of 2048 to 8192 bits" "$kind: without asking for a passphrase"
done

# Older PEM forms of private keys.
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out k.pem 2>/dev/null
openssl pkey -in k.pem -traditional -out old.pem
run 0 "RSA PRIVATE KEY" "$tool" private old.pem
openssl rsa -in k.pem -RSAPublicKey_out -out old.pub 2>/dev/null
run 1 "RSA PUBLIC KEY is refused" "$tool" kind old.pub
like "$out" 'openssl rsa -RSAPublicKey_in -pubout' "and it says how to convert it"
openssl rsa -in k.pem -traditional -aes128 -passout pass:x -out old-enc.pem 2>/dev/null
run 1 "an encrypted RSA PRIVATE KEY is refused" "$tool" private old-enc.pem
like "$out" 'encrypted' "and it says why"
openssl ecparam -name prime256v1 -genkey -noout -out ec.pem
run 0 "EC PRIVATE KEY" "$tool" private ec.pem
openssl ecparam -name prime256v1 -genkey -out ec2.pem
run 1 "EC PARAMETERS in front of it are refused" "$tool" private ec2.pem

# RSA-PSS, other digests.
openssl pkey -in k.pem -pubout -out k.pub
for salt in digest max 0 20; do
	peer_sign rsa k.pem msg pss.sig -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:$salt
	run 0 "RSA-PSS, salt $salt" "$tool" verify k.pub msg pss.sig
done
for d in sha1 sha384 sha512; do
	openssl dgst -$d -sign k.pem -out d.sig msg
	run 1 "RSA with $d is refused" "$tool" verify k.pub msg d.sig
done
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.pem 2>/dev/null
openssl pkey -in p384.pem -pubout -out p384.pub
openssl dgst -sha256 -sign p384.pem -out d.sig msg
run 0 "P-384 with SHA-256" "$tool" verify p384.pub msg d.sig
openssl dgst -sha512 -sign p384.pem -out d.sig msg
run 1 "P-384 with SHA-512 is refused" "$tool" verify p384.pub msg d.sig
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out p521.pem 2>/dev/null
openssl pkey -in p521.pem -pubout -out p521.pub
for hash in sha512 sha256; do
	openssl dgst -$hash -sign p521.pem -out d.sig msg
	run 0 "P-521 with $hash" "$tool" verify p521.pub msg d.sig
done
openssl dgst -sha384 -sign p521.pem -out d.sig msg
run 1 "P-521 with SHA-384 is refused" "$tool" verify p521.pub msg d.sig

# Keys that we do not take, by name.
refuse() { # NAME WANT
	openssl pkey -in bad.pem -pubout -out bad.pub 2>/dev/null
	run 1 "$1 is refused" "$tool" kind bad.pub
	like "$out" "$2" "$1: by name"
	run 1 "$1: its private half too" "$tool" private bad.pem
}
for curve in secp256k1 P-224 brainpoolP256r1; do
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:$curve -out bad.pem 2>/dev/null
	refuse "$curve" 'elliptic curve (secp|brainpool)'
done
openssl ecparam -name prime256v1 -param_enc explicit -genkey -noout -out bad.pem
refuse "P-256 by explicit parameters" 'explicit parameters'
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out bad.pem 2>/dev/null
refuse "RSA-1024" 'RSA key of 1024 bits'
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out bad.pem 2>/dev/null
refuse "RSA-PSS" 'RSA-PSS'
openssl genpkey -algorithm ed448 -out bad.pem
refuse "Ed448" 'ED448'
openssl genpkey -algorithm x25519 -out bad.pem
refuse "X25519" 'X25519'
openssl dsaparam -genkey -out bad.pem 1024 2>/dev/null
openssl pkey -in bad.pem -out bad8.pem && mv bad8.pem bad.pem
refuse "DSA" 'DSA'
openssl ec -in ec.pem -conv_form compressed -pubout -out comp.pub 2>/dev/null
run 1 "a compressed point is refused" "$tool" kind comp.pub
like "$out" 'canonical' "it would be a second id of the same key"
openssl req -x509 -key ec.pem -subj /CN=x -days 1 -out ec.crt 2>/dev/null
openssl ec -in ec.pem -conv_form compressed -out comp.pem 2>/dev/null
run 0 "a private key with a compressed point" "$tool" private comp.pem
same=$out
run 0 "the certificate of that key" "$tool" kind ec.crt
is "$out" "$same" "both have the one id"

# Digests.
run 0 "hash" "$tool" hash msg
want=$(for d in md5 sha1 sha256 sha384 sha512 blake2b512 sha224 sha3-224 sha3-256 sha3-384 sha3-512; do openssl dgst -$d -r msg | cut -d' ' -f1; done; echo 100000)
is "$out" "$want" "every digest as openssl has it"
tap_done
