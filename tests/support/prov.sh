# SPDX-License-Identifier: Apache-2.0
# prov.sh: keys and signed SLSA provenance made with openssl, as a build system would. Source it.

# keypair NAME: $TMP/NAME.key and $TMP/NAME.pub (Ed25519)
keypair() {
	openssl genpkey -algorithm ed25519 -out "$TMP/$1.key" 2>/dev/null &&
		openssl pkey -in "$TMP/$1.key" -pubout -out "$TMP/$1.pub" 2>/dev/null
}

# envelope KEY PAYLOAD: a DSSE envelope around an in-toto statement, on stdout
envelope() {
	local type=application/vnd.in-toto+json
	printf 'DSSEv1 %d %s %d %s' ${#type} $type ${#2} "$2" >"$TMP/.pae"
	openssl pkeyutl -sign -inkey "$TMP/$1.key" -rawin -in "$TMP/.pae" -out "$TMP/.sig"
	printf '{"payload":"%s","payloadType":"%s","signatures":[{"sig":"%s"}]}\n' \
		"$(printf '%s' "$2" | base64 -w0)" $type "$(base64 -w0 "$TMP/.sig")"
}

# subjects FILE...: in-toto subjects
subjects() {
	local f sep=
	for f in "$@"; do
		printf '%s{"name":"%s","digest":{"sha256":"%s"}}' "$sep" "$(basename "$f")" \
			"$(sha256sum "$f" | cut -c1-64)"
		sep=,
	done
}

# provenance KEY BUILDER FILE...: SLSA provenance v1 about the files, on stdout
provenance() {
	local key=$1 builder=$2
	shift 2
	envelope "$key" '{"_type":"https://in-toto.io/Statement/v1","subject":['"$(subjects "$@")"'],'"\
"'"predicateType":"https://slsa.dev/provenance/v1","predicate":{"buildDefinition":{"buildType":'"\
"'"https://ci.example/build/v1","externalParameters":{},"resolvedDependencies":[{"uri":'"\
"'"git+https://git.example/app@refs/tags/v1","digest":{"gitCommit":'"\
"'"00112233445566778899aabbccddeeff00112233"}}]},"runDetails":{"builder":{"id":"'"$builder"'"}}}}'
}

# sbom KEY FILE...: a CycloneDX statement about the files, on stdout
sbom() {
	local key=$1
	shift
	envelope "$key" '{"_type":"https://in-toto.io/Statement/v1","subject":['"$(subjects "$@")"'],'"\
"'"predicateType":"https://cyclonedx.org/bom","predicate":{"bomFormat":"CycloneDX","specVersion":'"\
"'"1.5","version":1,"components":[]}}'
}
