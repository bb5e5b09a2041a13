#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# State directories in difficult places: a full disk, a read-only mount, a read-only directory,
# another user's. Nothing acknowledged is lost, errors are clear, and what can be read is read.
# Needs root, or user namespaces for the mounts; says what it skips.

if [ -z "${INSIDE:-}" ]; then
	for ns in "unshare -m" "unshare -rm"; do
		if $ns sh -c 'mount -t tmpfs none /mnt' 2>/dev/null; then
			INSIDE=1 exec $ns "$0" "$@"
		fi
	done
	INSIDE=no
fi
. "$(dirname "$0")/../support/tap.sh"
WRITER=$BUILD/tests/system/ledger_writer
[ -x "$WRITER" ] || skip_all "$WRITER is not built"
[ "$INSIDE" = 1 ] || skip_all "cannot mount anything: neither root nor user namespaces"
fb() { "$FIREBREAK" "$@"; }
count() { fb ledger show --state "$1" --kind test. --json | grep -o '"seq":' | wc -l; }

# ---- full disk
# small DIR KIB: mounts a tmpfs of 8 MiB of which so much is left; rm DIR/filler makes room again
small() {
	mkdir "$1"
	mount -t tmpfs -o size=8m none "$1" || skip_all "no tmpfs"
	head -c $((8192 - $2))k /dev/zero >"$1/filler"
}
small "$TMP/small" 640
F=$TMP/small/state
run 0 "init on a small file system" fb ledger init --state "$F"
"$WRITER" add "$F" x 20 || exit 1
before=$(count "$F")
is "$before" 20 "some entries"
run 1 "appending until it is full" "$WRITER" add "$F" x 100000
like "$err" "^ENOSPC .*no space left on the device; nothing was changed" "the error is clear"
head -c 600000 /dev/zero >"$TMP/small/rest" 2>/dev/null
run 0 "on the full disk the ledger verifies" fb ledger verify --state "$F"
after=$(count "$F")
[ "$after" -gt "$before" ]
ok $? "all that was acknowledged is there ($after entries)"
run 1 "a blob on the full disk" "$WRITER" blob "$F" 100000
like "$err" "^ENOSPC .*no space left on the device" "the error is clear"
is "$(ls "$F/blobs/tmp")" "" "no temporary is left"
run 1 "an entry on the full disk" "$WRITER" add "$F" x 1
like "$err" "^ENOSPC " "the error is clear"
run 4 "init on the full disk" fb ledger init --state "$TMP/small/other"
like "$err" "No space left|no space left" "the error is clear"
is "$(printf '%s\n' "$err" | wc -l)" 1 "one line"
rm "$TMP/small/rest" "$TMP/small/filler"
run 0 "with room again, it goes on" "$WRITER" add "$F" x 50
is "$(count "$F")" $((after + 50)) "nothing is lost"
run 0 "and it is sound" fb ledger verify --state "$F"
run 0 "what init left half made is finished" fb ledger init --state "$TMP/small/other"
run 0 "and sound" fb ledger verify --state "$TMP/small/other"

# A full disk, nothing open: SQLite wants a shared-memory file even for reading.
"$WRITER" add "$F" x 1
head -c 9000000 /dev/zero >"$TMP/small/rest" 2>/dev/null
[ ! -e "$F/firebreak.db-wal" ] && [ -e "$F/firebreak.db" ]
ok $? "a state directory at rest on a full disk"
run 0 "it verifies" fb ledger verify --state "$F"
run 0 "it can be shown" fb ledger show --state "$F"
rm "$TMP/small/rest"

# ---- each size that a disk can be full at: from too small for anything to enough
bad=0
for kb in 4 8 16 24 32 40 48 64 80 96 112 128 160 192; do
	small "$TMP/d$kb" $kb
	fb ledger init --state "$TMP/d$kb/s" >/dev/null 2>"$TMP/.err"
	first=$?
	"$WRITER" fill "$TMP/d$kb/s" 1 10 100 1000 >/dev/null 2>&1
	n=$(count "$TMP/d$kb/s" 2>/dev/null)
	rm "$TMP/d$kb/filler"
	fb ledger init --state "$TMP/d$kb/s" >/dev/null 2>&1 &&
		fb ledger verify --state "$TMP/d$kb/s" >/dev/null && [ "$(count "$TMP/d$kb/s")" -ge "${n:-0}" ]
	if [ $? -ne 0 ]; then
		bad=$((bad + 1))
		echo "# $kb KiB: init $first, $(cat "$TMP/.err")"
	fi
	umount "$TMP/d$kb"
done
is "$bad" 0 "wherever the disk was full, with room again the record is sound"

# ---- read-only mount
S=$TMP/state
fb ledger init --state "$S" >/dev/null
"$WRITER" fill "$S" 3 1 1
mkdir "$TMP/ro"
mount --bind "$TMP" "$TMP/ro" && mount -o remount,ro,bind "$TMP/ro" || skip_all "no bind mount"
R=$TMP/ro/state
run 0 "read-only: verify" fb ledger verify --state "$R"
run 0 "read-only: show" fb ledger show --state "$R"
run 0 "read-only: prove" fb ledger prove 2 --state "$R"
run 4 "read-only: init" fb ledger init --state "$R"
like "$err" "cannot be written here|Read-only file system" "the error is clear"
run 1 "read-only: append" "$WRITER" add "$R" x 1
like "$err" "^EROFS " "the error is clear"
run 4 "read-only: a new one" fb ledger init --state "$TMP/ro/none"
like "$err" "cannot make this directory: Read-only file system" "the error is clear"

# A writer that was killed leaves entries in the write-ahead log. With the shared memory beside it
# they can be read in place; without it not, and nothing pretends that they are not there.
"$WRITER" add "$S" y 100000 & pid=$!
for i in $(seq 100); do
	[ "$(stat -c %s "$S/firebreak.db-wal" 2>/dev/null || echo 0)" -gt 50000 ] && break
	sleep 0.05
done
kill -9 $pid
wait $pid 2>/dev/null
[ -s "$S/firebreak.db-wal" ]
ok $? "a killed writer left a log"
run 0 "read-only, with a log: verify" fb ledger verify --state "$R"
[ "$(count "$R")" -gt 5 ]
ok $? "its entries are there"
rm "$S/firebreak.db-shm"
run 4 "read-only, with a log and no shared memory" fb ledger verify --state "$R"
like "$err" "has changes in firebreak.db-wal that cannot be merged in a read-only or full place; copy" "the error is clear"
run 0 "where it can be written all is well" fb ledger verify --state "$S"

# ---- another user's, and a directory without write permission
if command -v setpriv >/dev/null && setpriv --reuid=65534 --regid=65534 --clear-groups true 2>/dev/null; then
	chmod 711 "$TMP"
	nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
	chmod 755 "$S"
	run 6 "another user's directory" nobody "$FIREBREAK" ledger show --state "$S"
	like "$err" "belongs to user 0; run firebreak as that user" "the error is clear"
	mkdir "$TMP/theirs" && chown 65534:65534 "$TMP/theirs" && chmod 700 "$TMP/theirs"
	run 0 "a user's own" nobody "$FIREBREAK" ledger init --state "$TMP/theirs"
	nobody "$WRITER" fill "$TMP/theirs" 5
	run 6 "root does not write in it" fb ledger init --state "$TMP/theirs"
	run 0 "but may read it" fb ledger verify --state "$TMP/theirs"
	is "$(find "$TMP/theirs" -uid 0)" "" "and leaves nothing of its own there"
	chmod -R a-w "$TMP/theirs"
	run 0 "a directory without write permission: verify" nobody "$FIREBREAK" ledger verify --state "$TMP/theirs"
	run 4 "to write" nobody "$FIREBREAK" ledger init --state "$TMP/theirs"
	like "$err" "theirs.*(denied|cannot be written|read-only)" "the error is clear"
else
	skip "another user's directory" "cannot change to another user here"
fi
umount "$TMP/ro" "$TMP/small"
tap_done
