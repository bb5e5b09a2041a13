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
