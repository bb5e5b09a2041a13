#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What somebody tried who had read the code: each was possible once.

. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/prov.sh"

S=$TMP/state
export FIREBREAK_STATE=$S
cd "$TMP" || exit 1
fb() { "$FIREBREAK" "$@"; }
keep() { rm -rf kept && cp -a "$S" kept; }
back() { rm -rf "$S" && cp -a kept "$S"; }

for k in alice bob builder; do keypair $k || exit 1; done
printf 'version: 1\nrequire: [provenance]\nbuilders: ["https://ci"]\nsigners: [builder.pub]\n' >p.yaml
for v in 1 2 3; do
	mkdir v$v
	printf 'application %s\n' $v >v$v/app
	provenance builder https://ci v$v/app >v$v.json
done
echo 'nothing new' >readme
provenance builder https://ci v2/app readme >again.json
fb release init stable --policy p.yaml --owner team --person alice=alice.pub --person bob=bob.pub >/dev/null
fb release publish stable 1 v1/app --evidence v1.json >/dev/null
fb release publish stable 2 v2/app --evidence v2.json >/dev/null
keep

# ---- the second person: one name in two spellings; a deadline that only --clock says has passed
F="release freeze stable --reason bad --expires 7d --condition case-closed:2026-0001"
U="release unfreeze stable --as bob --sign-key bob.key --evidence p.yaml"
for owner in 'bob ' 'B o B'; do
	back
	fb release freeze stable --as alice --reason bad --expires 7d --owner "$owner" >/dev/null
	run 6 "unfreeze by bob, where the owner is '$owner'" fb $U
	like "$err" "owns this freeze" "is the same person"
done
back
fb $F --as alice --owner team >/dev/null
run 6 "unfreeze with --clock past the expiry" fb $U --clock 2040-01-01T00:00:00Z
like "$err" "case-closed:2026-0001" "the condition still counts"

# ---- a freeze made beforehand for the same case, with holes in it
back
fb release freeze stable --as bob --reason x --owner bob --expires 7d --case 2026-0001 --allow 3 >/dev/null
run 0 "the real freeze of that case" fb release freeze stable --as alice --reason bad --owner team \
	--expires 7d --case 2026-0001 --json
like "$out" '"already":false' "is a freeze of its own"
run 6 "publish what only the first one lets through" fb release publish stable 3 v3/app --evidence v3.json

# ---- withdrawn bytes with a new file beside them
back
fb release rollback stable --reason bad >/dev/null
run 6 "publish withdrawn bytes and a readme" fb release publish stable 4 v2/app readme --evidence again.json
like "$err" "withdrawn as 2" "says why"

# ---- one artifact, reported by three people by three digests
back
for a in md5 sha1 sha256; do
	run 0 "reported by $a" fb signal report --kind downstream-impact --reporter "r-$a" --summary x \
		--subject "$a:$(${a}sum v2/app | cut -d' ' -f1)" --json
	like "$out" '"case":"[0-9]+-0001"' "is the same case"
done
like "$(fb release status stable)" "is frozen" "and freezes the channel"
run 5 "a reporter who looks like another" fb signal report --kind downstream-impact --summary x \
	--reporter "$(printf 'r-md5\xe2\x80\x8b')" --subject "sha256:$(sha256sum v2/app | cut -d' ' -f1)"

# ---- an SBOM by the beginning of its type's name
envelope builder '{"_type":"https://in-toto.io/Statement/v1","subject":['"$(subjects v1/app)"'],'"\
"'"predicateType":"https://spdx.dev/Documentary","predicate":{}}' >sbom.json
printf 'version: 1\nrequire: [sbom]\nsigners: [builder.pub]\n' >sbom.yaml
run 2 "a type that only begins like SPDX" fb verify v1/app --evidence sbom.json --policy sbom.yaml

# ---- a false positive dated years ahead is none now
back
D=sha256:aa124a4b4df12b34e74ee7f6c683b2ebec4ce9a8edcf9be345823b4fdcf5d868
fb signal report --kind downstream-impact --subject $D --reporter a --summary x >/dev/null
C=$(fb case list --json | grep -o '"id":"[^"]*"' | head -n 1 | cut -d'"' -f4)
run 0 "dismissed by a clock years ahead" fb case decide "$C" --verdict false-positive --why x --owner o \
	--evidence p.yaml --expires 2040-01-20T00:00:00Z --clock 2040-01-01T00:00:00Z
run 0 "the case today" fb case show "$C" --json
like "$out" '"state":"needs-decision"' "needs a decision"
back

# ---- the database: a freeze that a query does not find is a freeze that is lifted
if command -v sqlite3 >/dev/null; then
	fb release freeze stable --as alice --reason bad --owner team --expires 7d >/dev/null
	keep
	while IFS='|' read -r name sql; do
		back
		sqlite3 "$S/firebreak.db" "$sql"
		run 4 "publish after: $name" fb release publish stable 3 v3/app --evidence v3.json
		like "$err" "firebreak ledger verify" "$name: is noticed"
		run 1 "ledger verify after: $name" fb ledger verify
	done <<-E
		its subject changed|UPDATE entry SET subject = 'channel:other' WHERE kind = 'release.freeze'
		its kind changed|UPDATE entry SET kind = 'release.thaw' WHERE kind = 'release.freeze'
		its columns and body changed|UPDATE entry SET subject = 'channel:other', body = CAST(replace(CAST(body AS TEXT), 'channel:stable', 'channel:other') AS BLOB) WHERE kind = 'release.freeze'
		the index leaves it out|PRAGMA writable_schema = ON; CREATE INDEX x ON entry (subject, seq) WHERE kind <> 'release.freeze'; UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'x') WHERE name = 'entry_subject'; DELETE FROM sqlite_schema WHERE name = 'x'
	E
	back
	run 6 "publish when nothing was altered" fb release publish stable 3 v3/app --evidence v3.json
	like "$err" "is frozen" "is refused by the freeze"
else
	skip "altered databases" "no sqlite3"
fi

tap_done
