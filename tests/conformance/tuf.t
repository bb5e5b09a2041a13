#!/bin/bash
# The TUF client against Sigstore's real repository over HTTP and HTTPS, against servers that misbehave,
# and against tuf-js on everything that test_tuf_attacks does. About 20 s, most of it tuf-js.
. "$(dirname "$0")/../support/tap.sh"

TOOL=$BUILD/tests/conformance/tuf_tool
WHEN=2026-08-25T00:00:00Z # within the validity of what ../shared/data has
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; rm -rf "$TMP"' EXIT
command -v python3 >/dev/null || skip_all "no python3 for the server"

serve() { # ARG...: sets $port
	exec 9< <(exec python3 "$TOP/tests/support/tuf_server.py" "$@" 2>"$TMP/server.log")
	pids+=($!)
	read -r port <&9
}

# Publishes Sigstore's repository as it is served: version and hash prefixes.
publish() { # DIR
	local src=$SHARED/trust/root-signing f h
	mkdir -p "$1/targets/registry.npmjs.org"
	cp "$src"/metadata/root_history/*.json "$src/metadata/timestamp.json" "$1"
	cp "$src/metadata/snapshot.json" "$1/165.snapshot.json"
	cp "$src/metadata/targets.json" "$1/14.targets.json"
	cp "$src/metadata/registry.npmjs.org.json" "$1/8.registry.npmjs.org.json"
	(cd "$src/targets" && find . -type f) | while read -r f; do
		h=$(sha256sum <"$src/targets/$f" | cut -c 1-64)
		cp "$src/targets/$f" "$1/targets/$(dirname "$f")/$h.$(basename "$f")"
	done
	chmod -R u+w "$1"
}

# tool STORE COMMAND ARG...: one run of the client at $WHEN against $url
tool() {
	local store=$1
	shift
	mkdir -p "$store" "$TMP/out"
	"$TOOL" --metadata-dir "$store" --metadata-url "$url" --target-base-url "$url/targets" \
		--target-dir "$TMP/out" --clock "$WHEN" "$@"
}

# --- the real repository ---

if [ -n "$SHARED" ]; then
	publish "$TMP/repo"
	serve "$TMP/repo"
	url=http://127.0.0.1:$port
	run 0 "starts from Sigstore's root 1" tool "$TMP/s1" init "$TMP/repo/1.root.json"
	run 0 "follows 15 roots to a target and a delegated one" tool "$TMP/s1" \
		--target-name trusted_root.json --target-name registry.npmjs.org/keys.json download
	cmp -s "$TMP/s1/root.json" "$TMP/repo/15.root.json"
	ok $? "root 15 is trusted now"
	cmp -s "$TMP/out/trusted_root.json" "$SHARED/trust/root-signing/targets/trusted_root.json" &&
		cmp -s "$TMP/out/trusted_root.json" "$TOP/share/trust/sigstore-trusted-root.json"
	ok $? "trusted_root.json is the one that is shipped"
	cmp -s "$TMP/out/registry.npmjs.org%2Fkeys.json" "$SHARED/trust/root-signing/targets/registry.npmjs.org/keys.json"
	ok $? "keys.json came through the delegation to registry.npmjs.org"
	run 0 "starts from the shipped root" tool "$TMP/s2" init "$TOP/share/trust/sigstore-tuf-root.json"
	run 0 "and gets there" tool "$TMP/s2" --target-name trusted_root.json download

	for n in $(seq 2 15); do
		rm -rf "$TMP/s3"
		mv "$TMP/repo/$n.root.json" "$TMP/held"
		tool "$TMP/s3" init "$TMP/repo/1.root.json" >/dev/null
		out=$(tool "$TMP/s3" refresh)
		like "$out" '^(expired 5.3.10|ok)' "without root $n: $(printf %.60s "$out")"
		[ "$n" -eq 15 ] && first=$(printf %.20s "$out")
		mv "$TMP/held" "$TMP/repo/$n.root.json"
	done
	is "$first" "expired 5.3.10: root" "without root 15 the update is refused"
	cp "$TMP/repo/7.root.json" "$TMP/held"
	cp "$TMP/repo/8.root.json" "$TMP/repo/7.root.json"
	rm -rf "$TMP/s3"
	tool "$TMP/s3" init "$TMP/repo/1.root.json" >/dev/null
	like "$(tool "$TMP/s3" refresh)" '^rollback 5.3.5' "a root left out is refused"
	mv "$TMP/held" "$TMP/repo/7.root.json"
	WHEN=2026-08-29T00:00:00Z
	like "$(tool "$TMP/s1" refresh)" '^expired 5.4.4' "after the timestamp's week: freeze"
	WHEN=2026-08-25T00:00:00Z

	# --- TLS ---

	if command -v openssl >/dev/null; then
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test \
			-addext "subjectAltName=IP:127.0.0.1" -keyout "$TMP/key.pem" -out "$TMP/ca.pem" 2>/dev/null
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test \
			-addext "subjectAltName=DNS:elsewhere.example" -keyout "$TMP/key2.pem" -out "$TMP/other.pem" 2>/dev/null
		plain=$port
		serve "$TMP/repo" --tls "$TMP/ca.pem" "$TMP/key.pem"
		url=https://127.0.0.1:$port
		tool "$TMP/s4" init "$TMP/repo/1.root.json" >/dev/null
		like "$(tool "$TMP/s4" refresh)" '^io 5.3.3: 2.root.json: cannot fetch.*certificate' \
			"an unknown authority is refused"
		export TUF_TOOL_CA=$TMP/ca.pem
		is "$(tool "$TMP/s4" refresh)" ok "HTTPS with its authority given"
		serve "$TMP/repo" --tls "$TMP/other.pem" "$TMP/key2.pem"
		url=https://127.0.0.1:$port
		TUF_TOOL_CA=$TMP/other.pem
		like "$(tool "$TMP/s4" refresh)" '^io 5.3.3: .*(name|match)' "a certificate for another name is refused"
		serve "$TMP/repo" --tls "$TMP/ca.pem" "$TMP/key.pem" --redirect "http://127.0.0.1:$plain"
		url=https://127.0.0.1:$port
		TUF_TOOL_CA=$TMP/ca.pem
		like "$(tool "$TMP/s4" refresh)" '^io 5.3.3: .*[Pp]rotocol' "a redirect from https to http is not followed"
		unset TUF_TOOL_CA
	else
		skip "TLS" "no openssl"
	fi

	# --- servers that misbehave ---

	misbehave() { # REGEX NAME SERVER-ARG...
		local regex=$1 name=$2 store=$TMP/s.$RANDOM
		shift 2
		serve "$TMP/repo" "$@"
		url=http://127.0.0.1:$port
		tool "$store" init "$TMP/repo/15.root.json" >/dev/null
		like "$(tool "$store" --target-name trusted_root.json download)" "$regex" "$name"
	}
	misbehave '^oversize 5.4.1' "timestamp without an end" --endless timestamp.json
	misbehave '^oversize 5.5.1' "snapshot without an end" --endless 165.snapshot.json
	misbehave '^oversize 5.3.3' "root without an end" --endless 16.root.json
	misbehave '^oversize 5.7.3' "target without an end" --endless "targets/$(sha256sum <"$TMP/out/trusted_root.json" | cut -c 1-64).trusted_root.json"
	misbehave '^io 5.4.1: .*([Tt]imed out|too slow)' "a server that stalls" --stall timestamp.json
	misbehave '^io 5.3.3: .*status 500' "an error is not 'there is no newer root'" --status 16.root.json 500
	misbehave '^ok' "403 is, as object stores answer" --status 16.root.json 403
	misbehave '^ok' "so is 404 with a page larger than any root" --big404
	url=http://127.0.0.1:1
	tool "$TMP/s9" init "$TMP/repo/15.root.json" >/dev/null
	like "$(tool "$TMP/s9" refresh)" '^io 5.3.3' "nobody there"
	url=http://localhost:$port
	is "$(tool "$TMP/s9" refresh)" ok "localhost is loopback"
	url=http://localhost.example.com:$port
	like "$(tool "$TMP/s9" refresh)" 'plain http is taken for loopback' "plain http by another name is refused"
else
	skip "Sigstore's repository" "../shared/data is not there"
fi

# --- the oracle ---

# Where tuf-js 5.0.1 decides otherwise, and why it is wrong.
declare -A wrong=(
	["delegated_twice 4"]="5.6.3, 5.6.7: a role that is in memory is not verified for the second delegator"
	["key_p384 1"]="ecdsa-sha2-nistp384 is verified with SHA-256"
	["root_alias_key 2"]="5.4.2: one key under two names counts twice"
	["timestamp_duplicate_member 2"]="JSON.parse takes the last of two members of one name"
	["timestamp_version_0 1"]="4.3: a version is greater than 0"
)
if ! command -v node >/dev/null || [ ! -d "$TESTDEPS/npm/node_modules/tuf-js" ]; then
	skip "tuf-js" "not installed (tools/deps.sh --test)"
else
	"$BUILD/tests/unit/test_tuf_attacks.t" --write "$TMP/attacks"
	node "$TOP/tests/support/tuf_peer.mjs" "$TESTDEPS" "$TMP/attacks" 2030-01-01T00:00:00Z >"$TMP/peer" 2>"$TMP/peer.err"
	ok $? "tuf-js went through all cases"
	agree=0 odd=
	while read -r name n want got words; do
		if [ "$want" = "$got" ]; then
			agree=$((agree + 1))
		elif [ -n "${wrong["$name $n"]:-}" ]; then
			echo "# $name $n: we ${want}, tuf-js $got: ${wrong["$name $n"]}"
			unset "wrong[$name $n]"
		else
			odd+="$name $n: want $want, got $got $words; "
		fi
	done <"$TMP/peer"
	is "$odd" "" "tuf-js agrees on $agree of $(wc -l <"$TMP/peer") stages, and where it does not we know why"
	is "${!wrong[*]}" "" "every known difference was seen"
	[ "$agree" -ge 190 ]
	ok $? "enough of them"
fi
tap_done
