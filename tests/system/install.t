#!/bin/bash
# make install DESTDIR=, the library from outside, the completion, and the Debian package.
. "$(dirname "$0")/../support/tap.sh"

[ -z "${SANITIZED:-}" ] || skip_all "the product build is what is installed"
command -v meson >/dev/null || skip_all "meson is not installed"

root=$TMP/root
run 0 "make install DESTDIR=" make -s -C "$TOP" BUILD="$BUILD" DESTDIR="$root" install
for f in bin/firebreak include/firebreak.h share/firebreak/scenarios/3cx-2023.scn \
	share/firebreak/routes/default.yaml share/bash-completion/completions/firebreak; do
	[ -s "$root/usr/$f" ]
	ok $? "installs /usr/$f"
done
lib=$(dirname "$(find "$root/usr" -name 'libfirebreak.so.0')")
[ -e "$lib/libfirebreak.so" ] && [ -e "$lib/libfirebreak.a" ] && [ -e "$lib/pkgconfig/firebreak.pc" ]
ok $? "installs the shared and static library and its .pc file"

# Only the public names leave the shared library.
is "$(nm -D --defined-only "$lib/libfirebreak.so.0" | awk '{print $3}' | grep -v '^firebreak_')" "" \
	"the library exports firebreak_* only"

cat >"$TMP/use.c" <<'C'
#include <firebreak.h>
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv)
{
	struct firebreak_options o = { .size = sizeof(o), .expect = argv[2] };
	struct firebreak *fb;
	enum firebreak_verdict v = FIREBREAK_PASS;
	char err[FIREBREAK_ERROR_MAX] = "", *json = NULL;

	if (firebreak_open(&fb, &o, err) < 0) {
		printf("open: %s\n", err);
		return 9;
	}
	int rc = firebreak_verify(fb, argv[1], &v, &json, err);
	printf("%d %s\n%s\n", v, err, json ? json : "");
	firebreak_free(json);
	firebreak_close(fb);
	return rc < 0 ? 8 : v == FIREBREAK_PASS ? 0 : 1;
}
C
echo hello >"$TMP/artifact"
good=sha256:$(sha256sum <"$TMP/artifact" | cut -c 1-64)
libs='-lcrypto -lsqlite3 -lyaml -lseccomp -lm'
if command -v gcc >/dev/null; then
	run 0 "a program builds against the shared library" \
		gcc -I"$root/usr/include" "$TMP/use.c" -o "$TMP/use" -L"$lib" -lfirebreak
	# shellcheck disable=SC2086
	run 0 "and against the static one" \
		gcc -I"$root/usr/include" "$TMP/use.c" -o "$TMP/use-static" "$lib/libfirebreak.a" $libs
	export LD_LIBRARY_PATH=$lib
	run 0 "the library says PASS for the expected digest" "$TMP/use" "$TMP/artifact" "$good"
	like "$out" '"verdict": ?"PASS"' "with the JSON of verify"
	run 1 "FAIL for another digest" "$TMP/use-static" "$TMP/artifact" "sha256:$(printf %064d 0)"
	run 8 "an error for a file that is not there" "$TMP/use" "$TMP/nowhere" "$good"
	like "$out" "nowhere" "that names the file"
	unset LD_LIBRARY_PATH
else
	skip "library" "no gcc"
fi

# The installed program finds its data beside itself.
run 0 "the installed program plays from its own share folder" \
	"$root/usr/bin/firebreak" drill run 3cx-2023 --variant d --state "$TMP/state" --out "$TMP/drill" --quiet

offers() { # WORDS...: what the completion offers for the last word
	(
		PATH=$root/usr/bin:$PATH
		# shellcheck disable=SC1091
		. "$root/usr/share/bash-completion/completions/firebreak"
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		compopt() { :; }
		_firebreak
		printf '%s\n' "${COMPREPLY[@]}"
	)
}
like "$(offers firebreak ver)" '^verify$' "completion: commands"
like "$(offers firebreak release fr)" '^freeze$' "completion: second words"
like "$(offers firebreak verify --evi)" '^--evidence=$' "completion: options"
like "$(offers firebreak drill run --var)" '^--variant=$' "completion: options of two-word commands"

if command -v dpkg-deb >/dev/null; then
	run 0 "make deb" make -s -C "$TOP" BUILD="$BUILD" deb
	deb=$(printf '%s\n' "$out" | tail -n 1)
	mkdir "$TMP/deb"
	run 0 "the package unpacks" dpkg-deb -x "$deb" "$TMP/deb"
	run 0 "and its program runs" "$TMP/deb/usr/bin/firebreak" --version
	like "$(dpkg-deb -f "$deb" Depends)" 'libssl3.*libsqlite3|libsqlite3.*libssl3' "its dependencies are the libraries it links"
	is "$(find "$TMP/deb" -perm /022 ! -type l)" "" "nothing in it is writable by others"
	gz=$(find "$TMP/deb/usr/share/man" -name 'firebreak*.1*' 2>/dev/null | wc -l)
	[ "$gz" -ge 9 ]
	ok $? "man pages are in it ($gz)"
else
	skip "deb" "dpkg-deb is not installed"
fi
tap_done
