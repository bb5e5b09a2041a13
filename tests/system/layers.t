#!/bin/bash
# The layer lint: the tree is clean, and the lint really sees a leak.
. "$(dirname "$0")/../support/tap.sh"

run 0 "the tree keeps its layers" "$TOP/tools/layers"
is "$out" "" "nothing to say about it"

# leak ROOM LINE NAME: one file with that line must be refused
leak() {
	rm -rf "$TMP/src"
	mkdir -p "$TMP/src/$1"
	printf '%s\n' "$2" >"$TMP/src/$1/x.c"
	run 1 "$3" "$TOP/tools/layers" "$TMP/src"
	like "$out" "x\.c:1: " "$3: names file and line"
}

leak base '#include "model/digest.h"' "base must not include model"
leak wire '#include "crypto/hash.h"' "wire must not include crypto"
leak release '#include "trust/verify.h"' "release must not include trust"
leak incident '#include "release/release.h"' "peers must not include each other"
leak trust '#include <openssl/evp.h>' "OpenSSL belongs to crypto"
leak cli '#include <sqlite3.h>' "SQLite belongs to store"
leak cellar '#include "base/span.h"' "an unlisted room is refused"
leak cli '#include "../base/span.h"' "a path that hides its room is refused"
leak wire '	char *p = malloc(3);' "a parser that allocates is refused"

mkdir -p "$TMP/good/trust"
printf '#include "crypto/hash.h"\n#include "trust/x.h"\n#include <stdio.h>\n' >"$TMP/good/trust/x.c"
run 0 "what is allowed passes" "$TOP/tools/layers" "$TMP/good"
tap_done
