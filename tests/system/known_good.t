#!/bin/bash
# firebreak known-good, and inspect, verify and the gate with it: real tables of Electron's files where
# ../shared has them, a real library of Electron's (npm's gl ships one), and packages made here.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/pe.sh"

S=$TMP/state
fb() { "$FIREBREAK" "$@" --state "$S"; }
cd "$TMP" || exit 1

# --- import -------------------------------------------------------------------------------------
mkdir -p app/locales app/resources
for n in ffmpeg.dll libEGL.dll icudtl.dat resources.pak chrome_100_percent.pak locales/de.pak; do
	echo "$n of 19" >"app/$n"
done
echo asar >app/resources/app.asar
echo "program" >app/App.exe
sha() { sha1sum "$1" | cut -d' ' -f1; }
{
	echo "{"
	for n in ffmpeg.dll libEGL.dll icudtl.dat resources.pak chrome_100_percent.pak locales/de.pak; do
		echo "\"$(sha "app/$n")\": [\"v19.1.8\", \"v19.1.9\"],"
	done
	echo "\"$(echo old | sha1sum | cut -d' ' -f1)\": [\"v18.0.0\"]}"
} >electron-win32-x64.json

run 6 "no state directory" fb known-good list
run 6 "nor lists to compare with" fb inspect --known-good app
like "$err" "known-good import makes it" "says what makes them"
run 0 "a table of fingerprints" fb known-good import electron-win32-x64.json --licence WTFPL
like "$out" "7 digests of electron \(3 versions\) as list electron-win32-x64: added, 0 rejected \(fingerprints" "counts and names"
run 0 "again" fb known-good import electron-win32-x64.json --licence WTFPL
like "$out" ": unchanged" "changes nothing"
n=$(fb ledger show --json | grep -o known-good.import | wc -l)
is "$n" 1 "and is one entry in the ledger"
run 0 "list" fb known-good list --check
like "$out" "7 digests of electron, 3 versions, v18.0.0 to v19.1.9" "the list with its versions"
like "$out" "All of them hold what was imported" "the rows are checked"

head -c 60 electron-win32-x64.json >cut.json
run 5 "a table that ends early" fb known-good import cut.json --name electron-win32-x64
like "$err" "cut.json:2: offset 60" "is refused with its place"
zip -q release.zip electron-win32-x64.json
run 5 "a release instead of a list" fb known-good import release.zip
like "$err" "release.zip: no list, but zip; --from-artifact takes" "says what it is, and what to do"
run 5 "show of what is not there" fb known-good show nowhere
is "$out" "" "shows nothing"
echo "{}" >empty.json
run 5 "an empty list" fb known-good import empty.json --name electron-win32-x64 --shrink
echo "{\"$(sha app/ffmpeg.dll)\": [\"v19.1.9\"]}" >small.json
run 6 "a list that collapsed" fb known-good import small.json --name electron-win32-x64
like "$err" "has 1 digests, .* has 7; .* --shrink" "is refused with the numbers"
run 0 "the old one stands" fb known-good show "$(sha app/libEGL.dll)"
run 5 "one file of several is malformed" fb known-good import electron-win32-x64.json cut.json
printf '%s  good.txt\nzz  bad.txt\n' "$(sha256sum app/App.exe | cut -d' ' -f1)" >SHA256SUMS
run 0 "SHA256SUMS" fb known-good import SHA256SUMS --product ours --version 1.0 --json
like "$out" '"line":2,"reason":"not a digest and a name","value":"zz  bad.txt"' "a reject with its line"
run 5 "--strict" fb known-good import SHA256SUMS --name other --strict
run 0 "a file: show" fb known-good show app/App.exe
like "$out" "SHA256SUMS: ours 1.0 \(sha256\)" "its list and version"
like "$out" "^ +good.txt$" "and its path there"
run 1 "a file that nobody knows: show" fb known-good show SHA256SUMS
run 0 "remove" fb known-good remove SHA256SUMS
run 6 "remove what is not there" fb known-good remove SHA256SUMS electron-win32-x64
run 0 "nothing was removed then" fb known-good show "$(sha app/libEGL.dll)"
run 0 "a release of one's own" fb known-good import --from-artifact app --name ours-1 --version 1
like "$out" "8 digests|16 digests" "every file of it"
run 0 "it is known" fb known-good show app/resources/app.asar
like "$out" "resources/app.asar" "by its path"
run 0 "all of it" fb inspect --known-good app
like "$out" "^PASS" "a folder whose files are all known passes"
fb known-good remove ours-1 >/dev/null

# --- inspect ------------------------------------------------------------------------------------
run 2 "an honest package" fb inspect --known-good --tree app
like "$out" "6 of 6 files that claim to be Electron's are, of v19.1.8 and v19.1.9" "its release"
like "$out" "ffmpeg.dll +\[Electron v19.1.8 and v19.1.9\]" "each file's in the tree"
cp -r app planted
echo evil >planted/ffmpeg.dll
echo old >planted/d3dcompiler_47.dll
run 1 "a planted one" fb inspect --known-good planted
like "$out" "known-good.unlisted: claims to be Electron's, is in no Electron release; its 5 siblings are of v19" "names the planted file"
like "$out" "known-good.mixed: is Electron's of v18.0.0, and its 5 siblings" "and the one of another release"
run 1 "the same with the list alone" "$FIREBREAK" inspect --known-good-file electron-win32-x64.json planted --state "$TMP/none"
run 2 "one file alone" fb inspect --known-good planted/ffmpeg.dll
like "$out" "claims to be Electron's by its name, is in no Electron release" "claims, and proves nothing"
run 1 "held to it" fb inspect --known-good --known-as electron planted/ffmpeg.dll
run 3 "--known-as of no list" fb inspect --known-good --known-as nobody planted
run 0 "JSON" bash -c "'$FIREBREAK' inspect --known-good --json planted --state '$S' | python3 -c '
import json, sys
c = {x[\"path\"]: x.get(\"known\", {}).get(\"state\") for x in json.load(sys.stdin)[\"artifacts\"][0][\"components\"]}
print(*(f\"{k.split(chr(47))[-1]}={v}\" for k, v in sorted(c.items()) if v))'"
like "$out" "d3dcompiler_47.dll=mixed.*ffmpeg.dll=unlisted.*libEGL.dll=listed" "has a state for each"

# --- who must have signed what ------------------------------------------------------------------
cat >policy.yaml <<'Y'
version: 1
require: [components]
components:
  default: allow
  rules:
    - {path: ffmpeg.dll, signer: nobody, must: known-good}
Y
(cd app && zip -qr ../app.zip .)
(cd planted && zip -qr ../planted.zip .)
run 0 "verify: as the policy says" fb verify --known-good --policy policy.yaml app.zip
like "$out" "component.policy: 1 components" "is proven"
run 1 "verify: not so" fb verify --known-good --policy policy.yaml planted.zip
like "$out" "component.known-good: planted.zip!ffmpeg.dll: must be in a list of known files, and is in none" "says what"
run 2 "verify without lists" fb verify --policy policy.yaml app.zip
run 2 "verify that does not look inside" fb verify --known-good --policy policy.yaml --anatomy shallow app.zip
like "$out" "component.none" "has not seen the components"
run 0 "a channel" fb release init stable --policy policy.yaml --owner rel
run 2 "publish what is good: its risk class wants provenance, too" fb release publish stable 1.0 app.zip --json
like "$out" '"code":"component.policy","kind":"proven"' "but the components are proven by the gate"
run 1 "publish what is not" fb release publish stable 1.1 planted.zip

# --- signed files -------------------------------------------------------------------------------
GL=$TESTDEPS/pairs/gl-6.0.2.tgz
if [ ! -f "$GL" ] || ! command -v osslsigncode >/dev/null; then
	skip "real libraries" "npm's gl or osslsigncode is not there"
else
	tar xzf "$GL" --strip-components=5 package/deps/windows/dll/x64
	cp d3dcompiler_47.dll libEGL.dll app/
	sed -i "2i \"$(sha d3dcompiler_47.dll)\": [\"v19.1.9\"], \"$(sha libEGL.dll)\": [\"v19.1.9\"]," electron-win32-x64.json
	fb known-good import electron-win32-x64.json >/dev/null
	openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 3650 -subj "/O=3CX Ltd/CN=3CX Ltd" \
		-addext extendedKeyUsage=codeSigning 2>/dev/null
	resign() { osslsigncode sign -certs c.pem -key k.pem -in "$1" -out "$2" >/dev/null; }
	run 2 "real libraries" fb inspect --known-good app
	like "$out" "7 of 7 files that claim to be Electron's are, of v19.1.9" "are of one release"
	run 2 "a policy from it" fb inspect --known-good --write-policy good.yaml app --quiet
	run 0 "which it satisfies" fb inspect --known-good --policy good.yaml app
	like "$out" "^  proven +component.policy: " "and why it passes"
	printf '%s\n' 'version: 1' 'require: [components]' 'components:' '  default: allow' '  rules:' '    - {path: libEGL.dll, must: known-good}' >open.yaml
	zip -q open.zip d3dcompiler_47.dll libEGL.dll 2>/dev/null
	run 2 "a policy that leaves a program to anybody" fb inspect --known-good --policy open.yaml open.zip
	like "$out" "missing component.unvouched: " "needs somebody to vouch for it"
	run 2 "and so in verify" fb verify --known-good --policy open.yaml --require components open.zip
	like "$out" "component.unvouched" "says it, too"
	run 0 "unless the digest is expected" fb verify --known-good --policy open.yaml --require components \
		--expect "sha256:$(sha256sum <open.zip | cut -d' ' -f1)" open.zip
	run 0 "upstream's signed file by itself" fb inspect --known-good d3dcompiler_47.dll
	like "$out" "Microsoft Corporation, certificate [0-9a-f]{12}… .*" "two certificates of one name are told apart"

	cp -r app signed
	rm signed/libEGL.dll
	resign libEGL.dll signed/libEGL.dll
	run 2 "upstream's file, signed again" fb inspect --known-good signed --tree
	like "$out" "libEGL.dll .*\[signed by 3CX Ltd\] +\[Electron v19.1.9, signed again\]" "is still upstream's"
	like "$out" "7 of 7 files .* 1 of them signed again" "and counted"
	run 0 "show" fb known-good show signed/libEGL.dll
	like "$out" "electron-win32-x64: electron v19.1.9 \(sha1, without its signature\)" "finds it without its signature"
	run 1 "the policy" fb inspect --known-good --policy good.yaml signed
	like "$out" "component.signer: expected nobody, signed by 3CX Ltd" "names who signed what nobody may"

	cp -r app stuffed
	stuff stuffed/d3dcompiler_47.dll 1024
	run 1 "data inside its signature" fb inspect --known-good stuffed
	like "$out" "known-good.unlisted: claims to be Electron's, is in no Electron release; its 6 siblings" "is no file of upstream's"
	like "$out" "pe.slack" "nor is it covered"
	cp -r app patched
	flip patched/libEGL.dll 40000
	rm -f x.dll && resign patched/libEGL.dll x.dll && cp x.dll patched/libEGL.dll
	run 1 "a patched one, signed again" fb inspect --known-good patched
	like "$out" "known-good.unlisted: claims to be Electron's" "is none either"
	cp -r app cross
	cp libEGL.dll x.dll && resign x.dll y.dll && stuff y.dll 512 && cp y.dll cross/libEGL.dll
	run 1 "signed again and stuffed" fb inspect --known-good cross
	like "$out" "pe.slack" "fails by its signature"
fi

# --- the real tables ----------------------------------------------------------------------------
K=$SHARED/trust/known-good
if [ -z "$SHARED" ] || [ ! -d "$K" ]; then
	skip "Electron's tables" "../shared/data is not there"
else
	S=$TMP/real
	start=$(date +%s%N)
	run 0 "Electron's tables" fb known-good import "$K"/electron-{win32,linux,darwin}-x64.json
	echo "# 49,134 digests in $((($(date +%s%N) - start) / 1000000)) ms, $(stat -c %s "$S/firebreak.db") bytes"
	like "$out" "electron-win32-x64.json: 16336 digests of electron \(1158 versions\)" "the count of an independent reading, less the empty file"
	like "$out" "electron-darwin-x64.json: 20427 digests of electron \(1158 versions\)" "macOS"
	run 1 "the empty file" fb known-good show da39a3ee5e6b4b0d3255bfef95601890afd80709
	python3 - "$K" >ask <<'P'
import json, sys, random
random.seed(1)
for f in ("win32", "linux", "darwin"):
    d = json.load(open(f"{sys.argv[1]}/electron-{f}-x64.json"))
    for k in random.sample(sorted(d), 300):
        if k != "da39a3ee5e6b4b0d3255bfef95601890afd80709":
            print(k, f"electron-{f}-x64", len(set(d[k])))
P
	start=$(date +%s%N)
	# shellcheck disable=SC2046
	fb known-good show --json $(cut -d' ' -f1 ask) >shown
	echo "# $(wc -l <ask) lookups in $((($(date +%s%N) - start) / 1000000)) ms"
	bad=$(python3 - <<'P'
import json
got = {}
for r in json.load(open("shown"))["results"]:
    for h in r["hits"]:
        got[r["asked"], h["list"]] = len(h["versions"])
print(sum(got.get((k, l)) != int(n) for k, l, n in map(str.split, open("ask"))))
P
	)
	is "$bad" 0 "a sample of 900 has the versions of an independent reading"
	if [ -f "$GL" ]; then
		run 2 "a library of Electron's that another package ships" fb inspect --known-good "$GL"
		like "$out" "d3dcompiler_47.dll.*: in lists of what Electron shipped" "is known"
		like "$out" "known-good.name: .*libEGL.dll, .*libGLESv2.dll: named as files of Electron's and in no Electron release" "its neighbours only have the names"
		run 0 "show" fb known-good show d3dcompiler_47.dll
		like "$out" "electron-win32-x64: electron, 219 versions from v0.25.3 to v3.1.13" "in all of its releases"
	fi
fi

tap_done
