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
build "$TMP/a/much/deeper/folder"
one=$TMP/a/much/deeper/folder/out
# The build at hand is the other one, unless it was set up in a way of its own.
other=$BUILD
cmp -s "$one/firebreak" "$other/firebreak" || { build "$TMP/b" && other=$TMP/b/out; }
for f in firebreak libfirebreak.so.0.1.0 libfirebreak.a; do
	[ -s "$one/$f" ]
	ok $? "$f was built"
	is "$(sha256sum <"$one/$f")" "$(sha256sum <"$other/$f")" "$f is the same in both folders"
done
tap_done
