#!/bin/bash
# Every command that reads a file, given every kind of bad file: one line that names the file, the
# exit code for it, no crash, and a state directory that is what it was.
. "$(dirname "$0")/../support/tap.sh"

state=$TMP/state

# ---- an honest state to spoil
command -v openssl >/dev/null || skip_all "openssl is not installed"
openssl genpkey -algorithm ed25519 -out "$TMP/alice.key" 2>/dev/null
openssl pkey -in "$TMP/alice.key" -pubout -out "$TMP/alice.pub" 2>/dev/null
id=sha256:$(openssl pkey -in "$TMP/alice.key" -pubout -outform DER 2>/dev/null | sha256sum | cut -c 1-64)
printf 'version: 1\nrequire: [provenance]\nsigners: ["%s"]\n' "$id" >"$TMP/policy.yaml"
echo artifact >"$TMP/artifact"
digest=sha256:$(sha256sum <"$TMP/artifact" | cut -c 1-64)
run 0 "there is a channel" "$FIREBREAK" release init stable --policy "$TMP/policy.yaml" \
	--key "$TMP/alice.pub" --owner alice --person "alice=$TMP/alice.pub" --state "$state"
run 0 "there is a signal" "$FIREBREAK" signal report --kind downstream-impact --subject "$digest" \
	--reporter r1 --summary "a report" --state "$state"
case=$(date -u +%Y)-0001
run 0 "there is a case" "$FIREBREAK" case show "$case" --state "$state"

# ---- bad files
bad=$TMP/bad
mkdir "$bad"
: >"$bad/empty"
printf '{"a":' >"$bad/truncated"
printf '{"a":1,"a":2}' >"$bad/duplicate-key"
printf '{"a":"\xff\xfe"}' >"$bad/not-utf8"
printf 'a\0b' >"$bad/nul"
head -c 100000 /dev/zero | tr '\0' '[' >"$bad/nested"
printf 'a: &x [1]\nb: *x\n' >"$bad/cyclic"
head -c 4096 "$FIREBREAK" | openssl enc -aes-128-ctr -K 00 -iv 00 >"$bad/random" 2>/dev/null
truncate -s 300M "$bad/oversized"

printf '\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\1\0\0\0' >"$TMP/none.pcap"

before() {
	(
		cd "$state" || exit
		find . -type f ! -name '*-wal' ! -name '*-shm' ! -name '*.db' | sort | xargs sha256sum
		"$FIREBREAK" ledger show --json --state "$state"
	) | sha256sum
}
want=$(before)

# try NAME EXITS COMMAND...: {} is the bad file. EXITS: the codes that are allowed, "5" or "1 5".
try() {
	local name=$1 exits=$2 f rc wrong=0
	shift 2
	for f in "$bad"/*; do
		timeout 60 "$FIREBREAK" "${@//\{\}/$f}" --state "$state" --quiet >"$TMP/.out" 2>"$TMP/.err" </dev/null
		rc=$?
		if [[ " $exits " != *" $rc "* ]]; then
			echo "# $name: $(basename "$f"): exit $rc, wanted $exits: $(head -c 300 "$TMP/.err")"
			wrong=1
		fi
		# A verdict, and a hunt that was not complete, is an answer on stdout that names the file; an
		# error is one line on stderr.
		if [ -s "$TMP/.out" ]; then
			grep -q "$(basename "$f")" "$TMP/.out" || {
				echo "# $name: the answer does not name $(basename "$f")"
				wrong=1
			}
		elif [ "$rc" -ge 3 ]; then
			if [ "$(wc -l <"$TMP/.err")" -ne 1 ]; then
				echo "# $name: $(basename "$f"): $(wc -l <"$TMP/.err") lines on stderr"
				head -c 600 "$TMP/.err" | sed 's/^/#   /'
				wrong=1
			fi
			if ! grep -q "$(basename "$f")" "$TMP/.err"; then
				echo "# $name: the error does not name $(basename "$f"): $(head -c 300 "$TMP/.err")"
				wrong=1
			fi
		fi
	done
	ok $wrong "$name: every bad file is refused"
}

try "verify --policy" 5 verify "$TMP/artifact" --policy {}
try "verify --key" 5 verify "$TMP/artifact" --key {}
try "verify --evidence" "1 5" verify "$TMP/artifact" --evidence {}
try "release init --policy" 5 release init other --policy {} --owner alice
try "release init --person" 5 release init other --policy "$TMP/policy.yaml" --owner a --person "a={}"
try "release policy" 5 release policy stable --policy {}
try "release check" 5 release check {} --vkey "$state/keys/ledger.vkey"
try "signal report --file" 5 signal report --file {}
try "signal report --routes" 5 signal report --kind downstream-impact --subject "$digest" --reporter r9 --summary x --routes {}
try "case decide --sign-key" 5 case decide "$case" --verdict confirmed --why x --sign-key {}
try "advise --publisher" 5 advise "$case" --publisher {} --out "$TMP/adv"
try "advise --case-data" 5 advise "$case" --case-data {} --out "$TMP/adv"
try "intel import csv" 5 intel import {} --format csv
try "intel import stix" 5 intel import {} --format stix
try "hunt --indicators" 5 hunt "$TMP/artifact" --indicators {}
try "hunt --pcap" 4 hunt --pcap {} --case 3cx-2023
try "watch --read" 5 watch --read {} --case 3cx-2023
try "watch --indicators" 5 watch --read "$TMP/none.pcap" --indicators {}
try "drill run" 5 drill run {}
try "ledger check" 5 ledger check {} --vkey "$state/keys/ledger.vkey"
try "ledger check --vkey" 5 ledger check "$TMP/artifact" --vkey {}
try "ledger verify --checkpoint" "1 5" ledger verify --checkpoint {}
is "$(before)" "$want" "after all of it the state is what it was"

# ---- state directories that are not ours to use
mkdir "$TMP/foreign"
echo x >"$TMP/foreign/file"
run 6 "a folder of something else is not taken over" "$FIREBREAK" ledger verify --state "$TMP/foreign"
run 6 "no state directory" "$FIREBREAK" ledger verify --state "$TMP/nowhere"
[ ! -e "$TMP/nowhere" ]
ok $? "reading does not make one"
tap_done
