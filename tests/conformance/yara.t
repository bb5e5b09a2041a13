#!/bin/bash
# YARA rules: verdicts are those of yara 4.2 with the same rules, rule by rule and file by file; what
# does not compile, is too large or takes too long is told; our own rules for 3CX.
. "$(dirname "$0")/../support/tap.sh"

TOOL=$BUILD/tests/conformance/yara_tool
HERE=$TOP/tests/conformance
fb() { "$FIREBREAK" "$@" --state "$TMP/state"; }
json() { printf '%s' "$out" | python3 -c "
import json,sys
d=json.load(sys.stdin)
h=d.get('hits',[])
print($1)"; }
cd "$TMP" || exit 1
printf 'type,value,source\nsha256,%064d,nobody\n' 7 >none.csv
fb ledger init >init.log 2>&1 || cat init.log

ldconfig -p 2>/dev/null | grep -q 'libyara\.so\.9' || {
	echo 'rule a { condition: true }' >a.yar
	run 4 "without libyara" fb hunt . --indicators none.csv --yara a.yar
	like "$err" 'libyara9' "the package to install is named"
	tap_done
	exit
}

# --- stand-ins for what our own rules look for, and for what only resembles it ---
python3 - <<-'EOF'
	import os
	os.mkdir("3cx"); os.mkdir("near")
	def pe(tail=b"", magic=0x20b, body=b"", directory=True):
	    d = bytearray(1024)
	    d[:2] = b"MZ"; d[0x3c:0x40] = (0x80).to_bytes(4, "little"); d[0x80:0x84] = b"PE\0\0"
	    d[0x98:0x9a] = magic.to_bytes(2, "little")
	    d += body
	    if directory:
	        at = 0x80 + (0xa8 if magic == 0x20b else 0x98)
	        d[at:at + 4] = len(d).to_bytes(4, "little")
	    return bytes(d) + tail
	w = lambda s: s.encode("utf-16-le")
	m = bytes.fromhex("feedfacefeedface")
	x = lambda s: bytes(c ^ 0x7a for c in s)
	cmp4 = bytes.fromhex("807805FE7510807806ED750A807807FA7504")
	ico = b"\0\0\1\0\1\0" + b"\x89PNG" + b"p" * 500 + b"IEND\xaeB`\x82"
	bad = {
	    "d3dcompiler_47.dll": pe(b"cert" + m + b"rc4"), "d3dcompiler32.dll": pe(b"cert" + m, 0x10b),
	    "ffmpeg.dll": pe(body=b"3jB(2bsG#@c7"), "ffmpeg2.dll": pe(body=w("AVMonitorRefreshEvent") + w("d3dcompiler_47.dll")),
	    "ffmpeg3.dll": pe(body=cmp4 + b"d3dcompiler_47.dll"),
	    "payload.dll": pe(body=w("https://raw.githubusercontent.com/IconStorages/images/main/icon%d.ico")),
	    "icon1.ico": ico + b"$" + b"KQAAAJ4gJBgr" * 8,
	    "libffmpeg.dylib": b"\xcf\xfa\xed\xfe" + b"3cx_auth_id=%s;3cx_auth_token_content=%s;__tutma=true",
	    "fat.dylib": b"\xca\xfe\xba\xbe" + x(b"https://officestoragebox.com/x") + x(b"https://msstorageazure.com/y"),
	    "UpdateAgent": b"\xcf\xfa\xed\xfe/Library/Application Support/3CX Desktop App\0%s/.main_storage\0%s/UpdateAgent\0",
	}
	near = {
	    "before.dll": pe(b"cert", body=m), "unsigned.dll": pe(m, directory=False), "clean.dll": pe(b"cert"),
	    "marker.txt": b"notes on " + m, "electron.dll": pe(body=b"d3dcompiler_47.dll"), "once.dll": pe(b"cert" + m[:4]),
	    "report.txt": b"3jB(2bsG#@c7 AVMonitorRefreshEvent raw.githubusercontent.com/IconStorages/images/main/icon1.ico",
	    "plain.ico": ico, "short.ico": ico + b"$abc", "mac.dylib": b"\xcf\xfa\xed\xfe/UpdateAgent\0/.main_storage",
	    "one.dylib": b"\xcf\xfa\xed\xfe" + x(b"https://officestoragebox.com/x"), "MZ": b"MZ" + m, "empty": b"",
	}
	for folder, files in (("3cx", bad), ("near", near)):
	    for n, b in files.items():
	        open(folder + "/" + n, "wb").write(b)
EOF

# --- against yara ---
# same NAME DIR RULES...: each file in a namespace of its own
same() {
	local name=$1 dir=$2 f
	shift 2
	local spaces=()
	for f in "$@"; do spaces+=("${f##*/}:$f"); done
	yara -w -e -r "${spaces[@]}" "$dir" 2>yara.err | sort >want
	"$TOOL" "$@" -- "$dir" 2>tool.err | sort >got
	[ -s yara.err ] || [ -s want ] || echo "# $name: yara tells of no match"
	ok $([ ! -s yara.err ] && cmp -s want got; echo $?) "$name: $(wc -l <want) matches"
	[ -s yara.err ] && sed 's/^/# /' yara.err | head -3
	cmp -s want got || { diff want got | head -5; cat tool.err; } | sed 's/^/# /'
}

if command -v yara >/dev/null; then
	seeds="1 2 3"
	[ "${SANITIZED:-0}" = 1 ] && seeds="1"
	for seed in $seeds; do
		python3 "$HERE/yara_random.py" "$seed" 120 40 "rnd$seed"
		same "random rules $seed" "rnd$seed/files" "rnd$seed/rules.yar"
	done

	# the same in a hunt: confined workers, large files whose rules are compiled there
	same "the first of them again" rnd1/files rnd1/rules.yar
	run 1 "a hunt with them" fb hunt rnd1/files --yara rnd1/rules.yar --indicators none.csv --no-record --json
	json '"\n".join(sorted("rules.yar:" + x["matched"] + " " + x["path"] for x in h if x["kind"] == "rule"))' >got
	ok $(sed 's/ \[[^]]*\]//' want | cmp -s - got; echo $?) "tells the same $(wc -l <got) matches"
	is "$(json 'd["problems_total"]')" 0 "and nothing else"

	mkdir edge
	for n in 0 1 3 4 1023 1024 1025; do head -c "$n" /dev/zero >"edge/z$n"; done
	printf MZ >edge/mz
	printf 'MZ%0126d' 0 >edge/cut
	printf 'first second third' >edge/words
	printf 'only the second word here' >edge/second
	cat >one.yar <<-'EOF'
		import "pe"
		global rule not_large { condition: filesize < 1025 }
		private rule has_second { strings: $a = "second" condition: $a }
		private global rule any_size { condition: filesize >= 0 }
		rule refers { strings: $a = "first" condition: has_second and $a }
		rule refers_not { strings: $a = "word" condition: has_second and not refers and $a }
		rule none_of_it { strings: $a = "first" $b = "here" condition: none of them }
		rule zero_of_it { strings: $a = "first" $b = "there" condition: 0 of them }
		rule many { condition: 2 of (refers*) or any of (none_of_*) }
		rule exact { condition: filesize == 1024 }
		rule at_most { condition: filesize <= 1KB and 1023 <= filesize }
		rule empty { condition: filesize == 0 }
		rule no_head { condition: not uint16(0) == 0x5a4d }
		rule head { condition: uint16(0) == 0x5a4d }
		rule zeros { condition: uint32(0) == 0 }
		rule is_pe { condition: pe.is_pe }
		rule is_not_pe { condition: pe.is_pe == 0 }
		rule sections { condition: pe.number_of_sections == 0 or not pe.number_of_sections > 0 }
	EOF
	cat >two.yar <<-'EOF'
		global rule words_only { strings: $a = "second" condition: $a }
		rule refers { condition: true }
		rule last { strings: $a = /th(ird|ere)/ condition: $a or #a == 0 }
	EOF
	same "globals, private rules, references, edges" edge one.yar two.yar

	if [ -n "$SHARED" ] && [ -d "$SHARED/cases/3cx-2023/yara" ]; then
		yara -w -d filename= -d filepath= -d extension= -d filetype= -d owner= -e -r \
			"$SHARED"/cases/3cx-2023/yara/*.yar 3cx 2>/dev/null | sed 's/^default://' | sort >want
		"$TOOL" "$SHARED/cases/3cx-2023/yara" -- 3cx 2>tool.err | sed 's/^[^:]*://' | sort >got
		ok $(cmp -s want got; echo $?) "the public 3CX rules over stand-ins"
		like "$(cat tool.err)" '^rules 36 \(0 left out\)' "all of which compile"
	fi
else
	skip "verdicts against yara" "yara is not installed"
fi

# --- variables that rules of other scanners expect ---
mkdir -p ext/web
printf x >ext/web/a.PHP
printf MZ >ext/web/b
cat >ext.yar <<-'EOF'
	rule by_extension { condition: extension == ".php" and filename == "a.PHP" }
	rule by_path { condition: filepath contains "ext/web" and owner == "" }
	rule by_type { condition: filetype == "EXE" }
EOF
is "$("$TOOL" ext.yar -- ext 2>/dev/null | sort | tr '\n' ' ')" \
	"ext.yar:by_extension ext/web/a.PHP ext.yar:by_path ext/web/a.PHP ext.yar:by_path ext/web/b ext.yar:by_type ext/web/b " \
	"filename, filepath, extension, filetype and owner"

# --- hunts ---
mkdir tree
printf 'xx evil words here' >tree/bad
printf 'nothing' >tree/good
cat >evil.yar <<-'EOF'
	rule Evil : apt { meta: author = "A. Author" description = "what evil says" score = 61
	  strings: $none = "not there" $w = "evil words" condition: any of them }
EOF
run 1 "a rule that matches" fb hunt tree --yara evil.yar --indicators none.csv --json
is "$(json '[(x["kind"], x["path"], x["matched"], x["confidence"]) for x in h]')" \
	"[('rule', 'tree/bad', 'Evil', 61)]" "is a hit with the rule's own score"
note=$(json 'h[0]["finding"]["text"]')
like "$note" 'what evil says \(by A\. Author\)' "its author is named"
like "$note" '\$w at offset 3' "and where it matched"
is "$(json 'd["yara"]["rules"]')" 1 "rules are counted"
run 1 "again, from the record" fb hunt tree --yara evil.yar --indicators none.csv --json
is "$(json 'len(h)')" 1 "the hit is told again"
run 1 "as text" fb hunt tree --yara evil.yar --indicators none.csv
like "$out" '^YARA: 1 rules of 1 files; 1 matches\.' "the sum"
mkdir dir
cp evil.yar dir/a.yara
cp evil.yar dir/ignored.txt
run 1 "a folder of rules" fb hunt tree --yara dir --yara dir/a.yara --indicators none.csv --json
is "$(json '(d["yara"]["rule_files"], len(h))')" "(1, 1)" "what is given twice is read once"

# bad FILE REGEX NAME: exit 5 and one line; stdin is the rule file
bad() {
	cat >"$1"
	run 5 "$3" fb hunt tree --yara "$1" --indicators none.csv
	like "$err" "$2" "$3: where and why"
	is "$(printf '%s\n' "$err" | wc -l)" 1 "$3: one line"
}
bad syntax.yar 'syntax\.yar, line 5: syntax error' "a syntax error" <<-'EOF'
	rule fine { condition: true }
	rule wrong {
	  strings:
	    $a = "x"
	  condition: $a and and $a
	}
EOF
bad undef.yar 'undef\.yar, line 1: undefined identifier "nowhere"' "an unknown name" <<<'rule a { condition: nowhere }'
bad twice.yar 'twice\.yar, line 2: duplicated identifier "a"' "a name used twice" <<<'rule a { condition: true }
rule a { condition: false }'
bad incl.yar 'incl\.yar, line 1: .*include' "an include" <<<'include "/etc/passwd"'
bad magic.yar 'magic\.yar: module "magic"' "a module that opens files" <<<'import "magic" rule a { condition: magic.type() contains "x" }'
bad module.yar 'module\.yar: unknown module "nomod"' "an unknown module" <<<'import "nomod" rule a { condition: true }'
bad unended.yar 'unended\.yar, line 1' "a rule that does not end" <<<'rule a { condition: true'
bad esc.yar 'esc\.yar, line 1' "bytes of the terminal" <<<$'rule \e[31m { condition: true }'
run 5 "no such file" fb hunt tree --yara none.yar --indicators none.csv
like "$err" 'none\.yar: No such file' "is told"
mkdir nothing
run 5 "a folder without rules" fb hunt tree --yara nothing --indicators none.csv
run 3 "rules without a place" fb hunt --yara evil.yar --indicators none.csv --pcap x.pcap
run 3 "a timeout that is none" fb hunt tree --yara evil.yar --yara-timeout 0 --indicators none.csv
cat >mixed.yar <<-'EOF'
	rule wrong { condition: nowhere }
	rule Good { strings: $a = "evil words" condition: $a }
	rule also_wrong { condition: wrong and true }
	rule wrong_regex { strings: $a = /(/ condition: $a }
EOF
run 1 "with --skip-bad-rules" fb hunt tree --yara mixed.yar --skip-bad-rules --yara-warnings --indicators none.csv --json
is "$(json '(d["yara"]["left_out"], d["yara"]["rules"], len(h))')" "(3, 1, 1)" "they are left out and counted"
like "$err" 'left out: mixed\.yar, line 4' "and named on request"

# --- what is not scanned to its end ---
head -c 3000000 /dev/zero >tree/large
cat >slow.yar <<-'EOF'
	rule slow { condition: for any i in (0..filesize) : (for any j in (0..filesize) : (uint8(i) + uint8(j) == 1)) }
EOF
run 4 "a rule without end" fb hunt tree/large --yara slow.yar --yara-timeout 1 --indicators none.csv --json
like "$(json 'd["problems"]')" 'not fully scanned by the YARA rules: timeout' "ends, and the file is told"
is "$(json '(d["yara"]["not_fully_scanned"], d["incomplete"])')" "(1, True)" "and counted"
run 1 "a size limit" fb hunt tree --yara evil.yar --yara-size 1 --indicators none.csv --json
like "$(json 'd["problems"]')" "tree/large.*larger than their limit" "tells what is above it"
# A crash inside libyara: its worker is killed in the middle of the rule without end.
"$FIREBREAK" hunt tree --state "$TMP/state" --yara slow.yar --yara evil.yar --indicators none.csv --no-record --json >crash.json 2>/dev/null &
hunt=$!
worker=
for _ in $(seq 100); do
	for p in $(cat "/proc/$hunt/task/$hunt/children" 2>/dev/null); do
		grep -q '^Seccomp:.*2' "/proc/$p/status" 2>/dev/null && worker=$p
	done
	[ -n "$worker" ] && break
	sleep 0.1
done
sleep 1
ok $([ -n "$worker" ]; echo $?) "the worker is confined by seccomp"
[ -n "$worker" ] && kill -SEGV "$worker"
wait "$hunt"
is "$?" 1 "a worker that dies does not end the hunt"
out=$(cat crash.json)
like "$(json 'd["problems"]')" "tree/large.*died.*(Segmentation fault|Aborted)" "the file is told"
is "$(json '(len(h), d["incomplete"])')" "(1, True)" "and the other files are scanned"
cat >often.yar <<<'rule often { strings: $a = { 00 00 } condition: #a > 2000000 }'
run 4 "a string that matches too often" fb hunt tree/large --yara often.yar --indicators none.csv --json
like "$(json 'd["problems"]')" 'matched too often' "is told"

# --- what packages brought ---
if [ -s /var/lib/dpkg/info/dpkg.md5sums ] && (cd / && grep ' usr/bin/dpkg$' /var/lib/dpkg/info/dpkg.md5sums | md5sum -c --status); then
	cp /usr/bin/dpkg tree/copy
	echo 'rule program { condition: uint32(0) == 0x464c457f }' >any.yar
	run 1 "files of packages" fb hunt /usr/bin/dpkg tree/copy --yara any.yar --indicators none.csv --json
	is "$(json '(len(h), d["yara"]["skipped_packaged"])')" "(2, 0)" "are scanned"
	run 1 "unless it is asked not to" fb hunt /usr/bin/dpkg tree/copy --yara any.yar --yara-skip-packaged --indicators none.csv --json
	is "$(json '([x["path"] for x in h], d["yara"]["skipped_packaged"])')" "(['tree/copy'], 1)" "which is counted"
else
	skip "files of packages" "no dpkg database that fits"
fi

# --- our rules ---
run 1 "stand-ins for the 3CX files" fb hunt 3cx --yara shipped --indicators none.csv --json
is "$(json 'sorted(set(x["path"][4:] for x in h)) == sorted(__import__("os").listdir("3cx"))')" True "every one is found"
is "$(json 'len(set(x["matched"] for x in h))')" 5 "by five rules"
run 0 "what only resembles them" fb hunt near --yara shipped --indicators none.csv --json
is "$(json '(len(h), d["problems_total"])')" "(0, 0)" "is not"
run 1 "--case brings the case's rules" fb hunt 3cx/payload.dll --case 3cx-2023 --json
is "$(json 'h[0]["matched"]')" Firebreak_3CX_Icon_Storage "without being asked"
run 0 "no hit among honest programs" fb hunt --yara shipped --indicators none.csv /usr/bin --json --no-record
is "$(json '(len(h), d["yara"]["matches"])')" "(0, 0)" "none in /usr/bin"

tap_done
