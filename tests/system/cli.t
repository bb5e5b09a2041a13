#!/bin/bash
# The frame of the CLI: help, typos, exit codes, JSON errors, output that cannot be written; and what
# every command of the table owes its user.
. "$(dirname "$0")/../support/tap.sh"

fb() { "$FIREBREAK" "$@"; }
one_line() { [ "$(printf '%s\n' "$err" | wc -l)" -eq 1 ]; }
error() { # WANT_EXIT REGEX ARG...: one line on stderr, nothing on stdout
	local want=$1 regex=$2
	shift 2
	run "$want" "firebreak ${*@Q}" "$FIREBREAK" "$@"
	like "$err" "$regex" "says so: ${*@Q}"
	one_line && [ -z "$out" ]
	ok $? "in one line on stderr: ${*@Q}"
}
json_error() { # KEY=VALUE python expression on d
	printf '%s' "$out" | python3 -c "import json,sys; d=json.load(sys.stdin)['error']; sys.exit(not ($1))"
}

run 0 "--help" fb --help
like "$out" '^Usage: firebreak COMMAND' "shows usage on stdout"
is "$err" "" "and nothing on stderr"
for word in help -h; do
	is "$(fb $word)" "$out" "$word is the same"
done
run 3 "no command" fb
like "$err" '^Usage: firebreak COMMAND' "shows usage on stderr"
is "$out" "" "and nothing on stdout"
run 0 "--version" fb --version
like "$out" '^firebreak [0-9]+\.[0-9]+\.[0-9]+$' "has a version"
run 0 "--complete" fb --complete
commands=$out
like "$commands" '^verify$' "lists the commands"
run 0 "--complete COMMAND" fb --complete verify
like "$out" '^--evidence=$' "lists its options"
like "$out" '^--json$' "and those of every command"
run 0 "--complete of no command" fb --complete nothing
is "$out" "" "lists nothing"

error 3 'unknown command verfy \(did you mean verify\?\)' verfy
error 3 'unknown command frobnicate; see firebreak --help' frobnicate
error 3 'unknown command ; see' ''
error 3 'unknown command \\x1b\[31m' $'\e[31m'
error 3 'the command comes first' --quiet verify
error 3 'case needs one of: list, show, decide' case
error 3 'case writeback needs one of: add, done' case writeback
error 3 'unknown command case shwo \(did you mean case show\?\); see firebreak case --help' case shwo
error 3 'unknown command case writeback ad \(did you mean case writeback add\?\)' case writeback ad
error 3 'firebreak verify: unknown option --evidense \(did you mean --evidence\?\)' verify --evidense x
error 3 'unknown option --x; see' verify --x
error 3 'unknown option -e; options are spelled out' verify -e x
error 3 'unknown option --; see' verify --=x
error 3 'verify: missing argument; usage: firebreak verify \[OPTION\]… ARTIFACT…' verify
error 3 'signal list: too many arguments' signal list extra more
error 3 'needs a value: FILE' verify x --evidence
error 3 'needs a value: FILE \(or write --evidence=--key\)' verify x --evidence --key y
error 3 'takes no value' verify x --json=1
error 3 '--state given twice' verify x --state a --state b
error 3 'not an RFC 3339 time such as' verify x --clock yesterday
error 3 'not an RFC 3339 time' verify x --clock 2026-02-29T00:00:00Z
error 3 'no state directory' verify x --state=
error 3 '--as needs a name' verify x --as=
error 3 '--as needs a name' verify x --as $'eve\nadmin'
error 3 '--as needs a name' verify x --as $'eve\xe2\x80\xae'
error 3 '--as needs a name' verify x --as "$(printf 'x%.0s' {1..129})"
error 5 'nothing-here: No such file' verify nothing-here
error 5 'verify: --json: No such file' verify -- --json

run 3 "an error as JSON" fb verify --json --evidense x
json_error 'd["command"] == "verify" and d["exit"] == 3 and "did you mean" in d["message"]'
ok $? "is an object with command, exit and message"
one_line
ok $? "and still one line on stderr"
run 3 "an unknown command as JSON" fb verfy --json
json_error '"command" not in d and d["exit"] == 3'
ok $? "is an object without a command"
run 5 "a file that is not there as JSON" fb verify --json "$TMP/"$'no\x1bthing'
[ "$(printf '%s' "$out" | tr -d '[:print:]\n' | wc -c)" -eq 0 ]
ok $? "is printable"

run 0 "help of a command" fb verify --help
verify_help=$out
is "$(fb help verify)" "$verify_help" "help verify is the same"
is "$(fb --help verify)" "$verify_help" "--help verify too"
is "$(fb verify -h)" "$verify_help" "verify -h too"
is "$(fb verify x y z --json --help)" "$verify_help" "--help wins over everything behind it"
like "$verify_help" '^ Sigstore: whose certificates count$' "its options stand under headings"
like "$verify_help" '^  --certificate-oidc-issuer-regexp RE$' "a long one on a line of its own"
is "$(fb --complete verify | grep -Ex -- '--=?')" "" "which are no options to complete"
error 3 'unknown option --; see firebreak verify --help' verify --=x
run 0 "help of a group" fb case --help
like "$out" '^  case writeback add ' "lists its commands"
is "$(fb help case)" "$out" "help case is the same"
run 0 "help of a group in a group" fb case writeback --help
[ "$(printf '%s\n' "$out" | grep -c '^  case writeback')" -eq 2 ]
ok $? "lists only those"
run 3 "help of nothing" fb help nothing

# What cannot be said is no success; a reader that went away needs no telling.
for args in --help --version --complete "verify --help" "help case"; do
	# shellcheck disable=SC2086
	"$FIREBREAK" $args >/dev/full 2>"$TMP/err"
	is "$?" 4 "$args on a full device exits 4"
	like "$(cat "$TMP/err")" 'cannot write to stdout: No space left' "and says why"
	# shellcheck disable=SC2086
	"$FIREBREAK" $args >&- 2>"$TMP/err"
	is "$?" 4 "$args with stdout closed exits 4"
done
{
	sleep 0.2
	"$FIREBREAK" --help 2>"$TMP/err"
	echo $? >"$TMP/rc"
} | true
is "$(cat "$TMP/rc")" 4 "a reader that went away: exit 4"
is "$(cat "$TMP/err")" "" "without a word"
(exec <&- >&- 2>&- && exec "$FIREBREAK" verify "$FIREBREAK")
is "$?" 4 "with all three closed nothing is written where it does not belong"

if command -v script >/dev/null; then
	on_tty() { env "$@" script -qec "'$FIREBREAK' verify '$FIREBREAK'" /dev/null </dev/null; }
	[[ $(on_tty -u NO_COLOR TERM=xterm) == *$'\e['* ]]
	ok $? "a terminal gets colours"
	[[ $(on_tty NO_COLOR=1 TERM=xterm) != *$'\e['* ]]
	ok $? "not with NO_COLOR"
	[[ $(on_tty -u NO_COLOR TERM=dumb) != *$'\e['* ]]
	ok $? "nor on a dumb one"
else
	skip "colours" "no script(1)"
fi
[[ $(env -u NO_COLOR TERM=xterm "$FIREBREAK" verify "$FIREBREAK") != *$'\e['* ]]
ok $? "a pipe gets none"

# Every command of the table.
while read -r c; do
	# shellcheck disable=SC2086 # a command may have several words
	run 0 "$c --help" fb $c --help
	is "$err" "" "$c: nothing on stderr"
	like "$(printf '%s\n' "$out" | sed -n 1p)" "^Usage: firebreak $c \\[OPTION\\]…" "$c: usage"
	like "$(printf '%s\n' "$out" | sed -n 3p)" '^[A-Z].*[^.]\.$' "$c: a summary, capital to full stop"
	like "$out" "^ +firebreak $c( |\$)" "$c: an example"
	like "$out" '^Exit( codes)?: 0 ' "$c: its exit codes"
	long=$(printf '%s\n' "$out" | LC_ALL=C.UTF-8 awk 'length > 100 && !/^  --/')
	is "$long" "" "$c: lines of at most 100 columns"
	like "$(fb --help)" "^  $c +[A-Z].*[^.]\$" "$c: listed by firebreak --help"
	# shellcheck disable=SC2086
	error 3 "^firebreak $c: unknown option --nonesuch" $c --nonesuch
done <<<"$commands"
tap_done
