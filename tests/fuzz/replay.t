#!/bin/bash
# Every fuzz target over its corpus, with truncations and bit flips, with any compiler.
. "$(dirname "$0")/../support/tap.sh"

for t in "$BUILD"/tests/fuzz/fuzz_*; do
	[ -f "$t" ] && [ -x "$t" ] || continue
	name=${t##*/fuzz_}
	corpus=$TOP/tests/fuzz/corpus/$name
	if [ -d "$corpus" ]; then
		run 0 "$name: corpus replays" "$t" "$corpus"
	else
		ok 1 "$name has a corpus in tests/fuzz/corpus/"
	fi
done
tap_done
