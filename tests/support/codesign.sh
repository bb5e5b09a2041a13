# SPDX-License-Identifier: Apache-2.0
# codesign.sh: certificates and signatures for Authenticode tests, by openssl and osslsigncode. Source it
# after tap.sh, in an empty folder. Needs openssl.

mkdir -p ca
cat >ca/ca.cnf <<'END'
[ca]
default_ca = it
[it]
new_certs_dir = ca
database = ca/index
serial = ca/serial
default_md = sha256
policy = any
email_in_dn = no
unique_subject = no
[any]
commonName = supplied
END
: >ca/index
echo 1000 >ca/serial

CODE="basicConstraints=CA:FALSE keyUsage=critical,digitalSignature extendedKeyUsage=codeSigning"
STAMP="basicConstraints=CA:FALSE keyUsage=critical,digitalSignature extendedKeyUsage=critical,timeStamping"
CA="basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign,cRLSign"

new_key() { # NAME KIND: rsa:2048, P-256 …
	case $2 in
	rsa:*) openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:${2#rsa:}" -out "$1.key" 2>/dev/null ;;
	*) openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$1.key" 2>/dev/null ;;
	esac
}

# NAME ISSUER KIND FROM TO EXTENSION…: dates as YYYYMMDD; ISSUER "-": itself
issue() {
	local name=$1 issuer=$2 kind=$3 from=$4 to=$5 sign
	shift 5
	printf '%s\n' "$@" >"$name.ext"
	new_key "$name" "$kind"
	openssl req -new -key "$name.key" -out "$name.csr" -subj "/CN=Test $name" 2>/dev/null
	sign="-cert $issuer.crt -keyfile $issuer.key"
	[ "$issuer" = - ] && sign="-selfsign -keyfile $name.key"
	# shellcheck disable=SC2086
	openssl ca -batch -config ca/ca.cnf $sign -md "${MD:-sha256}" -startdate "${from}000000Z" -enddate "${to}000000Z" \
		-extfile "$name.ext" -in "$name.csr" -out "$name.crt" -notext 2>/dev/null
}

ossl() {
	osslsigncode "$@" >ossl.out 2>&1
}

# OUT SIGNER [OPTION…]: signs $IN (pe.exe) with SIGNER.pem (its chain) and SIGNER.key
ac_sign() {
	local out=$1 who=$2
	shift 2
	rm -f "$out"
	ossl sign -certs "$who.pem" -key "$who.key" -h sha256 "$@" -in "${IN:-pe.exe}" -out "$out"
}

# Options that stamp with TSA.pem and TSA.key at a time (seconds).
stamped_by() {
	printf -- '-TSA-certs %s.pem -TSA-key %s.key -TSA-time %s' "$1" "$1" "$2"
}
