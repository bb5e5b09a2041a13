#!/bin/bash
# The same source in two folders of different depth gives identical binaries.
. "$(dirname "$0")/../support/tap.sh"

[ -z "${SANITIZED:-}" ] || skip_all "the product build is what must be reproducible"
command -v meson >/dev/null && command -v ninja >/dev/null || skip_all "meson or ninja is not installed"

build() { # DIR
	mkdir -p "$1"
	(cd "$TOP" && tar cf - --exclude=./build* --exclude=./.cache --exclude=./.git .) | tar xf - -C "$1"
	(cd "$1" && meson setup out -Dtests=false >"$TMP/log" 2>&1 && ninja -C out >>"$TMP/log" 2>&1) ||
		tail -n 20 "$TMP/log" | sed 's/^/# /'
}
build "$TMP/a"
build "$TMP/another/much/deeper/folder"
for f in firebreak libfirebreak.so.0.1.0 libfirebreak.a; do
	a=$(sha256sum <"$TMP/a/out/$f")
	b=$(sha256sum <"$TMP/another/much/deeper/folder/out/$f")
	[ -s "$TMP/a/out/$f" ]
	ok $? "$f was built"
	is "$a" "$b" "$f is the same in both folders"
done
tap_done
