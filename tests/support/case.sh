# SPDX-License-Identifier: Apache-2.0
# case.sh: for tests of signals, cases and advisories. Source it after tap.sh.
#
# $FB: the program, its state in $TMP/state; at TIME ARGS…: the same at a fixed time.
# The days are those of March 2023; D1 to D3 are digests that nobody ships.

FB=$FIREBREAK
export FIREBREAK_STATE=$TMP/state
D1=sha256:7986bbaee8940da11ce089383521ab420c443ab7b15ed42aed91fd31ce833896
D2=sha256:11be1803e2e307b647a8a7e02d128335c448ff741bf06bf52b332e0bbf423b03
D3=sha256:aa124a4b4df12b34e74ee7f6c683b2ebec4ce9a8edcf9be345823b4fdcf5d868

at() { # DAY[THH:MM] COMMAND…
	local t=2023-03-$1
	[[ $t == *T* ]] || t=${t}T12:00
	shift
	$FB "$@" --clock "${t}:00Z"
}

# report DAY REPORTER DIGEST [OPTION…]: a downstream-impact signal
report() {
	local day=$1 who=$2 digest=$3
	shift 3
	at "$day" signal report --kind downstream-impact --subject "$digest" --reporter "$who" \
		--summary "seen by $who" "$@"
}

entries() { # entries in the ledger; 0 when there is none
	$FB ledger checkpoint 2>/dev/null | sed -n 2p | grep . || echo 0
}

# refused EXIT NAME COMMAND…: one line on stderr, that exit code, ledger as before
refused() {
	local want=$1 name=$2 before
	before=$(entries)
	shift 2
	run "$want" "$name" "$@"
	is "$(grep -c . "$TMP/.err")" 1 "$name: one line"
	is "$(entries)" "$before" "$name: nothing recorded"
}

json() { # PATH…: values of $out, one a line; a.0.b
	python3 - "$@" <<-'PY' 3<<<"$out"
		import json, os, sys
		doc = json.load(os.fdopen(3))
		for path in sys.argv[1:]:
		    v = doc
		    for k in path.split('.'):
		        v = v[int(k)] if isinstance(v, list) else v.get(k)
		    print(v if isinstance(v, str) else json.dumps(v))
	PY
}

# sig PATH…: of the one signal that was reported with --json
sig() {
	json "${@/#/signals.0.}"
}

# channel NAME VERSION FILE: makes the channel and publishes the file as that version
channel() {
	local d
	d=$(sha256sum "$3" | cut -d' ' -f1)
	printf 'version: 1\nrequire: [digest]\ndigests: ["sha256:%s"]\n' "$d" >"$TMP/policy.yaml"
	openssl genpkey -algorithm ed25519 -out "$TMP/alice.key" 2>/dev/null
	openssl pkey -in "$TMP/alice.key" -pubout -out "$TMP/alice.pub"
	openssl genpkey -algorithm ed25519 -out "$TMP/bob.key" 2>/dev/null
	openssl pkey -in "$TMP/bob.key" -pubout -out "$TMP/bob.pub"
	at 01 release init "$1" --policy "$TMP/policy.yaml" --owner release-team --risk low \
		--person "alice=$TMP/alice.pub" --person "bob=$TMP/bob.pub" >/dev/null || return
	at 01 release publish "$1" "$2" "$3" >/dev/null
}
