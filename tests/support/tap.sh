# SPDX-License-Identifier: Apache-2.0
# tap.sh: TAP for shell tests. Source it; run checks; end with tap_done.
#
#   TOP        the source tree          FIREBREAK  the program under test
#   SHARED     ../shared/data or ""     TMP        a scratch directory, removed at exit

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${BUILD:-$TOP/build}
FIREBREAK=${FIREBREAK:-$BUILD/firebreak}
SHARED=$TOP/../shared/data
[ -d "$SHARED" ] || SHARED=
# What tools/deps.sh --test put there: npm packages, unpacked Debian packages.
TESTDEPS=${TESTDEPS:-$TOP/.cache/testdeps}
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
export LC_ALL=C NO_COLOR=1
unset XDG_STATE_HOME FIREBREAK_STATE
tap_n=0
tap_bad=0

# ok STATUS NAME: reports by the exit status given
ok() {
	tap_n=$((tap_n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_n - $2"
	else
		echo "not ok $tap_n - $2"
		tap_bad=$((tap_bad + 1))
	fi
}

# is GOT WANT NAME
is() {
	[ "$1" = "$2" ]
	local rc=$?
	ok $rc "$3"
	if [ $rc -ne 0 ]; then
		printf '%s\n' "got:  $1" "want: $2" | sed 's/^/# /'
	fi
}

# like TEXT REGEX NAME (extended regular expression)
like() {
	printf '%s\n' "$1" | grep -Eq -- "$2"
	local rc=$?
	ok $rc "$3"
	if [ $rc -ne 0 ]; then
		printf '%s\n' "want match: $2" "in: $1" | head -n 20 | sed 's/^/# /'
	fi
}

# run EXPECTED_EXIT NAME COMMAND...: leaves stdout in $out, stderr in $err
run() {
	local want=$1 name=$2
	shift 2
	"$@" >"$TMP/.out" 2>"$TMP/.err" </dev/null
	local rc=$?
	out=$(cat "$TMP/.out")
	err=$(cat "$TMP/.err")
	[ $rc -eq "$want" ]
	local good=$?
	ok $good "$name (exit $want)"
	if [ $good -ne 0 ]; then
		echo "# exit $rc, command: $*"
		head -c 2000 "$TMP/.out" "$TMP/.err" | sed 's/^/# /'
	fi
}

skip() { # NAME REASON
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $2"
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

tap_done() {
	echo "1..$tap_n"
	[ "$tap_bad" -eq 0 ]
	exit
}
