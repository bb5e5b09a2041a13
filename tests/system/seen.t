#!/bin/bash
# The record of hunts: a second hunt reads only what changed, firebreak seen answers, interrupted and
# concurrent hunts, damage, forgetting; planted files among many honest ones.
. "$(dirname "$0")/../support/tap.sh"

# On tmpfs no file counts as unchanged.
case $(stat -f -c %T "$TMP") in
tmpfs | ramfs)
	rm -rf "$TMP"
	TMP=$(mktemp -d -p "$BUILD") || exit 1
	;;
esac
S=$TMP/state
fb() { "$FIREBREAK" "$@" --state "$S"; }
json() { printf '%s' "$out" | python3 -c "
import json,sys
d=json.load(sys.stdin)
h=d.get('hits',[])
f=d.get('files',{})
print($1)"; }
lines() { printf '%s\n' "$out" | python3 -c "
import json,sys
l=[json.loads(x) for x in sys.stdin if x.strip()]
print($1)"; }

cd "$TMP" || exit 1
N=${SEEN_FILES:-4000}
[ -n "${SANITIZED:-}" ] && N=600

# --- 3CX-named stand-ins among honest files ---
python3 - "$N" <<'PY'
import os, sys, hashlib, random
n = int(sys.argv[1])
r = random.Random(3)
for i in range(n):
    d = "tree/%02d/%02d" % (i % 40, i // 40 % 50)
    os.makedirs(d, exist_ok=True)
    with open("%s/file%d.bin" % (d, i), "wb") as f:
        f.write(b"honest %d\n" % i + r.randbytes(r.choice((0, 40, 3000, 20000))))
names = ["3CXDesktopApp.exe", "3CXDesktopApp-18.12.416.msi", "ffmpeg.dll", "d3dcompiler_47.dll",
         "3CXDesktopApp-18.11.1213.dmg", "libffmpeg.dylib", "UpdateAgent"]
rows = []
for i, name in enumerate(names):
    d = "tree/%02d/%02d" % (i * 5 % 40, i)
    os.makedirs(d, exist_ok=True)
    body = b"stand-in %d " % i + r.randbytes(9000)
    open("%s/%s" % (d, name), "wb").write(body)
    alg = ("sha256", "sha1", "md5")[i % 3]
    rows.append("%s,%s,edr,malware,90" % (alg, hashlib.new(alg, body).hexdigest()))
    open("want.txt", "a").write("%s/%s\n" % (d, name))
rows += ["sha256,%s,edr,malware,90" % hashlib.sha256(b"never %d" % i).hexdigest() for i in range(500)]
open("edr.csv", "w").write("type,value,source,category,confidence\n" + "\n".join(rows) + "\n")
PY
sort want.txt >want.sorted
TOTAL=$((N + 7))
sleep 0.1 # a file that changed within a clock tick of the hunt would be read again

run 0 "a state" fb ledger init
run 1 "the first hunt" fb hunt tree --indicators edr.csv --json
is "$(json '"\n".join(sorted(x["path"] for x in h if x["kind"] == "file-digest"))')" "$(cat want.sorted)" \
	"every planted file and no honest one"
is "$(json 'f["opened"]')" "$TOTAL" "every file was read"
run 1 "the second hunt" fb hunt tree --indicators edr.csv --json
is "$(json '"\n".join(sorted(x["path"] for x in h if x["kind"] == "file-digest"))')" "$(cat want.sorted)" \
	"finds the same"
is "$(json '(f["opened"], f["unchanged"], f["count"])')" "(0, $TOTAL, $TOTAL)" "and reads nothing"
run 1 "as text" fb hunt tree --indicators edr.csv
like "$out" "^$TOTAL files \(.* were unchanged since an earlier hunt and not read again" "it says so"
like "$out" 'next: keep a copy as evidence' "and what to do about a hit"

# Files are planned in the order of their inodes and given in that of their names: what the record
# has of one must not be taken for another's. Here the names run against the inodes.
mkdir order
for i in $(seq 60 -1 10); do echo "file $i" >order/f$i; done
echo "needle in a haystack" >order/f33 # the same inode
sleep 0.1
run 0 "a folder is hunted" fb hunt order --quiet
before=$(cd "$S/seen" && ls -- *.run)
run 0 "and again" fb hunt order --quiet
is "$(cd "$S/seen" && ls -- *.run)" "$before" "nothing of it is new to the record"
run 1 "each was seen twice" fb seen --json "$(sha256sum <order/f33 | cut -d' ' -f1)"
is "$(lines '[(x["where"].split("/")[-1], x["count"]) for x in l]')" "[('f33', 2)]" "under its own name"
cat >needle.yar <<'EOF'
rule needle { strings: $a = "needle in a haystack" condition: $a }
EOF
if ldconfig -p | grep -q 'libyara\.so'; then
	run 1 "with a rule" fb hunt order --yara needle.yar --json
	is "$(json '[x["path"] for x in h]')" "['order/f33']" "it finds the file"
	run 1 "and again, from the record" fb hunt order --yara needle.yar --json
	is "$(json '([x["path"] for x in h], f["opened"])')" "(['order/f33'], 0)" "the same file"
else
	skip "with a rule, and again from the record" "libyara is not installed"
fi
rm -r order

# --- only what changed is read ---
f=tree/00/00/file0.bin
cp -p "$f" old.bin
size=$(stat -c %s "$f")
head -c "$size" /dev/zero >new.bin
cat new.bin >"$f"
touch -r old.bin "$f" # content changed, size and mtime as before: the change time tells
echo more >>tree/01/00/file1.bin
echo new >tree/02/00/brandnew
mv tree/03/00/file3.bin tree/03/00/moved.bin
sleep 0.1
run 1 "changed, grown, new and moved files" fb hunt tree --indicators edr.csv --json
is "$(json 'f["opened"]')" 4 "are read, and only these"
run 1 "one that changed" fb seen "$(sha256sum <"$f" | cut -d' ' -f1)"
like "$out" "$TMP/$f" "is known with its new digest"
run 1 "and was known" fb seen --json "$(sha256sum <old.bin | cut -d' ' -f1)"
is "$(lines '[(x["where"], x["count"]) for x in l]')" "[('$TMP/$f', 3)]" "with its old one, three times"
run 1 "--rehash" fb hunt tree --indicators edr.csv --rehash --json
is "$(json 'f["unchanged"]')" 0 "reads everything"
run 1 "--no-record" fb hunt tree --indicators edr.csv --no-record --json
is "$(json 'f["unchanged"]')" 0 "knows nothing"
printf 'value,type\n%s,sha512\n' "$(sha512sum <tree/01/00/file1.bin | cut -d' ' -f1)" >sha512.csv
run 1 "another kind of digest" fb hunt tree --indicators sha512.csv --json
is "$(json '[x["path"] for x in h]')" "['tree/01/00/file1.bin']" "is computed"
run 1 "and known then" fb hunt tree --indicators sha512.csv --json
is "$(json '(len(h), f["opened"])')" "(1, 0)" "without reading"

# --- seen ---
run 1 "seen by name, digest, path" fb seen --json 3cxDESKTOPAPP.EXE \
	"$(sha1sum <"$(sed -n 2p want.txt)" | cut -d' ' -f1)" "$TMP/$(sed -n 3p want.txt)"
is "$(lines '[x["where"] for x in l]')" \
	"$(python3 -c "print(['$TMP/' + x.strip() for x in open('want.txt')][:3])")" "finds each"
is "$(lines 'sorted({k for x in l for k in ("value","type","where","first","last","count") if k in x})')" \
	"['count', 'first', 'last', 'type', 'value', 'where']" "with all that is told of an observation"
run 0 "what was never here" fb seen "$(echo nothing | sha256sum | cut -d' ' -f1)" nothing.exe
like "$out" 'nothing.exe: never seen' "is not found"
run 1 "values on standard input" bash -c "sha256sum < '$f' | cut -d' ' -f1 | '$FIREBREAK' seen - --state '$S'"
run 0 "--check" fb seen --check
like "$out" 'every checksum is right' "verifies"
like "$out" '^[0-9]+ observations: .* \([0-9]+ bytes each\)' "and says how large"
run 3 "nothing asked" fb seen ''
run 0 "a digest that hunts need not have computed" fb seen 00249c9ae9fff21dddb2a4a6caa40033
like "$out" 'never seen .*--all-digests' "is told as such"
run 3 "an unknown type" fb seen x --type nonsense
run 3 "a value that is not of its type" fb seen x --type sha256
run 6 "no record" "$FIREBREAK" seen x --state "$TMP/none"
printf 'x' >'tree/02/00/evil'$'\e''[31m'
fb hunt tree/02/00 --indicators edr.csv --quiet >/dev/null
run 1 "a name with an escape sequence" fb seen "$(printf x | sha256sum | cut -d' ' -f1)"
like "$out" 'evil.x1b\[31m' "is escaped"

# --- interrupted, and several at once ---
S=$TMP/state2
fb ledger init >/dev/null
sleep 0.1
fb hunt tree --indicators edr.csv --quiet >/dev/null &
pid=$!
while [ ! -e "$S/seen/lock" ] && kill -0 $pid 2>/dev/null; do sleep 0.005; done
kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null
run 0 "after kill -9 the record" fb seen --check
for i in 1 2 3; do fb hunt tree --indicators edr.csv --json >"h$i.json" & done; wait
run 0 "three hunts at once leave a record" fb seen --check
run 1 "that is whole" fb hunt tree --indicators edr.csv --json
is "$(json 'f["opened"]')" 0 "nothing is read again"
is "$(python3 -c "
import json
print([len(json.load(open('h%d.json' % i))['hits']) for i in (1, 2, 3)])")" "$(json '[len(h)] * 3')" "each found all"
S=$TMP/state3
fb ledger init >/dev/null
( trap - INT; exec "$FIREBREAK" hunt / --one-file-system --indicators edr.csv --quiet --json --state "$S" >int.json ) &
pid=$!
until grep -q '^SigCgt:.*[2367abef]$' /proc/$pid/status || ! kill -0 $pid; do sleep 0.02; done 2>/dev/null # its handler
sleep 0.5; kill -INT $pid; wait $pid
rc=$?
[ $rc -eq 4 ] || [ $rc -eq 1 ]
ok $? "Ctrl-C ends a hunt (exit $rc)"
is "$(python3 -c "
import json
d=json.load(open('int.json'))
print(d['incomplete'], 'interrupted' in [p['path'] for p in d['problems']])")" "True True" "which says that it is not complete"
is "$(fb seen --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["observations"] > 0)')" True \
	"and what it read is recorded"

# --- damage ---
S=$TMP/state4
fb ledger init >/dev/null
fb hunt tree --indicators edr.csv --quiet >/dev/null
run=$(ls "$S"/seen/*.run | head -n 1)
python3 - "$run" <<'PY'
import sys
f = open(sys.argv[1], "r+b")
f.seek(30000)
b = f.read(1)
f.seek(30000)
f.write(bytes([b[0] ^ 4]))
PY
run 4 "a flipped bit" fb seen --check
like "$err" 'damaged' "is told"
run 1 "a hunt" fb hunt tree --indicators edr.csv --json
like "$err" 'record: .*damaged' "tells it"
is "$(json 'f["opened"] > 0')" True "and reads again what was known from it"
run 1 "the next one reads the rest" fb hunt tree --indicators edr.csv --json
run 1 "and the one after it" fb hunt tree --indicators edr.csv --json
is "$(json 'f["opened"]')" 0 "nothing"
run 0 "the record" fb seen --check

# --- forgetting ---
run 3 "forgetting without a time" fb seen forget
run 0 "forgetting what is a year old" fb seen forget --before 365d --json
is "$(json 'd["forgotten"]')" 0 "nothing is"
run 0 "forgetting everything" fb seen forget --before 2100-01-01T00:00:00Z
run 0 "nothing is left" fb seen "$TMP/$f"

# --- another image behind the same device number, with the same times and numbers ---
image() { # FILE: mounted at mnt
	mount -o loop,noatime "$1" mnt 2>/dev/null
}
mkdir -p mnt
truncate -s 4M one.img
if [ "$(id -u)" = 0 ] && mkfs.ext4 -q -F one.img >/dev/null 2>&1 && image one.img; then
	echo 'good content' >mnt/f
	umount mnt
	sed 's/good content/evil content/' one.img >two.img
	echo "$(echo 'evil content' | sha256sum | cut -c1-64)" >evil.lst
	S=$TMP/images
	run 0 "a state" fb intel import --source t --format list evil.lst
	image one.img
	sleep 0.1
	run 0 "the first image" fb hunt mnt --json
	umount mnt
	image two.img
	run 1 "another one at its place is read" fb hunt mnt --json
	is "$(json 'f["unchanged"]')" 0 "nothing of it is believed to be known"
	umount mnt
else
	skip "images behind one device" "cannot mount"
fi
# --- who holds a mapping with a dirty page ---
cat >hold.py <<'PY'
import mmap, time, os
os.mkdir("held")
f = open("held/f", "w+b")
f.write(b"good content\n")
f.flush()
m = mmap.mmap(f.fileno(), 0)
m[0:4] = b"good"
print("ready", flush=True)
while not os.path.exists("go"):
    time.sleep(0.02)
m[0:4] = b"evil"
os.mkdir("gone")
time.sleep(60)
PY
S=$TMP/held.state
echo "$(echo 'evil content' | sha256sum | cut -c1-64)" >evil.lst
run 0 "a state" fb intel import --source t --format list evil.lst
python3 hold.py >ready &
pid=$!
for _ in $(seq 100); do [ -s ready ] && break; sleep 0.05; done
sleep 0.1
run 0 "a file that somebody has mapped" fb hunt held --json
touch go
for _ in $(seq 100); do [ -d gone ] && break; sleep 0.05; done
if [ "$(stat -f -c %T held)" = overlayfs ]; then
	skip "written through the mapping since" "overlayfs"
else
	run 1 "written through the mapping since" fb hunt held --json
fi
kill $pid
wait $pid 2>/dev/null

# --- tmpfs: a write through a mapping changes no time ---
if [ "$(stat -f -c %T /dev/shm 2>/dev/null)" = tmpfs ] && M=$(mktemp -d -p /dev/shm); then
	S=$TMP/shm
	echo 'good content' >"$M/f"
	echo "$(echo 'evil content' | sha256sum | cut -c1-64)" >evil.lst
	run 0 "a state" fb intel import --source t --format list evil.lst
	sleep 0.1
	run 0 "a file on tmpfs" fb hunt "$M" --json
	python3 - "$M/f" <<'PY'
import mmap, sys
f = open(sys.argv[1], "r+b")
mmap.mmap(f.fileno(), 0)[0:4] = b"evil"
PY
	run 1 "written through a mapping since" fb hunt "$M" --json
	rm -rf "$M"
else
	skip "writes through a mapping" "no tmpfs"
fi
tap_done
