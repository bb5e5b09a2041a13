#!/bin/bash
# firebreak hunt in places: packages against debsums and rpm -V, running processes, what starts by
# itself, archives and disk images against 7zz and sha256sum, facts of PE files, side-loading.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/pe.sh"

export XDG_STATE_HOME=$TMP/state
json() { printf '%s' "$out" | python3 -c "
import json,sys
d=json.load(sys.stdin)
h=d.get('hits',[])
print($1)"; }
cd "$TMP" || exit 1
echo 'sha256,0000000000000000000000000000000000000000000000000000000000000001' >none.csv
sed -i '1i type,value' none.csv
fb() { "$FIREBREAK" hunt --indicators none.csv "$@"; }

# --- dpkg ---
packages_deb() {
	local p=deb-src
	mkdir -p $p/one/DEBIAN $p/one/usr/bin $p/one/etc $p/one/usr/share/doc/one $p/two/DEBIAN $p/two/usr/bin root/var/lib/dpkg/{info,updates} root/etc
	for i in 1 2 3 4 5 6; do echo "file $i" >$p/one/usr/bin/f$i; done
	echo doc >$p/one/usr/share/doc/one/copyright
	echo conf >$p/one/etc/one.conf
	ln -s f1 $p/one/usr/bin/link
	echo x >"$p/one/usr/bin/a\\b"
	echo "a file of two" >$p/two/usr/bin/two
	echo "another f6" >$p/two/usr/bin/f6
	printf 'Package: one\nVersion: 1\nArchitecture: all\nMaintainer: a <a@example.org>\nDescription: one\n' >$p/one/DEBIAN/control
	printf 'Package: two\nVersion: 1\nArchitecture: amd64\nMulti-Arch: same\nReplaces: one\nMaintainer: a <a@example.org>\nDescription: two\n' >$p/two/DEBIAN/control
	echo /etc/one.conf >$p/one/DEBIAN/conffiles
	for k in one two; do
		(cd $p/$k && find usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
		dpkg-deb -b --root-owner-group $p/$k $k.deb >/dev/null || return 1
	done
	: >root/var/lib/dpkg/status
	: >root/var/lib/dpkg/available
	dpkg --root="$PWD/root" --force-architecture --force-script-chrootless -i one.deb two.deb >dpkg.log 2>&1
}
if ! command -v dpkg-deb >/dev/null || [ "$(id -u)" -ne 0 ]; then
	skip "packages of dpkg" "needs dpkg, and root to install into a folder"
elif ! packages_deb; then
	skip "packages of dpkg" "dpkg did not install into a folder: $(tail -n 1 dpkg.log 2>/dev/null)"
else
	run 0 "an untouched root" fb --packages --root root --json
	is "$(json 'd["packages"]["packages"], d["packages"]["changed"], d["packages"]["missing"], d["incomplete"]')" \
		"2 0 0 False" "is as packaged, also the file that another package replaced"
	echo changed >>root/usr/bin/f1
	rm root/usr/bin/f2
	rm root/usr/bin/f3 && mkdir root/usr/bin/f3
	rm root/usr/bin/f4 && echo evil >root/tmp-evil && ln -s ../../tmp-evil root/usr/bin/f4
	mv root/usr/bin/f5 root/usr/bin/f5.real && ln -s f5.real root/usr/bin/f5
	echo more >>root/etc/one.conf
	echo x >>"root/usr/bin/a\\b"
	run 1 "a root with changes" fb --packages --root root --json
	is "$(json 'sorted(x["path"] for x in h)')" "['/usr/bin/a\\\\b', '/usr/bin/f1', '/usr/bin/f3', '/usr/bin/f4']" \
		"has four changed files"
	is "$(json 'sorted((x["path"], x["what"], x["config"]) for x in d["packages"]["other"])')" \
		"[('/etc/one.conf', 'changed', True), ('/usr/bin/f2', 'missing', False)]" \
		"one missing, and a changed configuration file that is told apart"
	is "$(json 'h[0]["sources"][0]')" dpkg "says who says so"
	if command -v debsums >/dev/null; then
		debsums --root="$PWD/root" -a -s 2>&1 | grep -Eo "(root/[^ ]*)" | sed 's,^root/*,/,' | sort -u >want.txt
		json '"\n".join(sorted([x["path"] for x in h] + [x["path"] for x in d["packages"]["other"]]))' | grep -vF 'a\b' >got.txt
		is "$(cat got.txt)" "$(cat want.txt)" "the same files as debsums -a tells (it passes over names that md5sum escapes)"
	else
		skip "debsums" "not installed"
	fi
	echo 'path-exclude=/usr/bin/f2' >root/etc/dpkg.cfg && mkdir -p root/etc/dpkg && mv root/etc/dpkg.cfg root/etc/dpkg/
	run 1 "a path that dpkg leaves out" fb --packages --root root --json
	is "$(json 'd["packages"]["missing"], d["packages"]["excluded"]')" "0 1" "is not missing"
	printf '/usr/bin/f6\n/usr/bin/f6.moved\nlocal\n' >diversions
	sed -i '3s/.*/:/' diversions && cp diversions root/var/lib/dpkg/diversions
	mv root/usr/bin/f6 root/usr/bin/f6.moved
	run 1 "a diverted file" fb --packages --root root --json
	is "$(json 'd["packages"]["changed"], d["packages"]["missing"]')" "4 0" "is looked for where it went"
	sed -n 's/  usr.*//p' root/var/lib/dpkg/info/one.md5sums | head -n 1 >line
	echo "not a digest" >>root/var/lib/dpkg/info/one.md5sums
	run 4 "a malformed md5sums file" fb --packages --root root --json
	like "$(json 'd["problems"][0]["text"]')" 'one.md5sums: line [0-9]+: not a digest' "says which line"
fi
run 4 "a root without packages" fb --packages --root deb-src --json
like "$(json 'd["problems"][0]["text"]')" 'no package database' "says so"
run 3 "--root alone" fb --root root

# --- rpm ---
packages_rpm() {
	mkdir -p rpm/{BUILD,RPMS,SOURCES,SPECS,SRPMS} rroot
	cat >rpm/x.spec <<-'SPEC'
		Name: x
		Version: 1
		Release: 1
		Summary: x
		License: none
		BuildArch: noarch
		%description
		x
		%install
		mkdir -p %{buildroot}/opt/x %{buildroot}/etc
		for i in 1 2 3 4; do echo $i >%{buildroot}/opt/x/f$i; done
		ln -s f1 %{buildroot}/opt/x/link
		echo c >%{buildroot}/etc/x.conf
		%files
		/opt/x
		%ghost /opt/x/f4
		%config(noreplace) /etc/x.conf
	SPEC
	rpmbuild --define "_topdir $PWD/rpm" -bb rpm/x.spec >rpm.log 2>&1 || return 1
	rpm --root "$PWD/rroot" --dbpath /var/lib/rpm --initdb >>rpm.log 2>&1 &&
		rpm --root "$PWD/rroot" --dbpath /var/lib/rpm -i --nodeps --noscripts rpm/RPMS/noarch/x-1-1.noarch.rpm >>rpm.log 2>&1
}
if ! command -v rpmbuild >/dev/null || [ "$(id -u)" -ne 0 ]; then
	skip "packages of rpm" "needs rpmbuild, and root to install into a folder"
elif ! packages_rpm || [ ! -f rroot/var/lib/rpm/rpmdb.sqlite ]; then
	skip "packages of rpm" "rpm did not install into a folder: $(tail -n 1 rpm.log)"
else
	run 0 "an untouched rpm root" fb --packages --root rroot --json
	is "$(json 'd["packages"]["packages"], d["packages"]["changed"], d["packages"]["missing"]')" "1 0 0" "is as packaged"
	echo x >>rroot/opt/x/f1
	rm rroot/opt/x/f2
	ln -sfn f3 rroot/opt/x/link
	echo x >>rroot/etc/x.conf
	run 1 "an rpm root with changes" fb --packages --root rroot --json
	rpm --root "$PWD/rroot" --dbpath /var/lib/rpm -V --nodeps --noscripts --nomtime --nosize x 2>/dev/null |
		sed 's/.* //' | sort >want.txt
	json '"\n".join(sorted([x["path"] for x in h] + [x["path"] for x in d["packages"]["other"]]))' >got.txt
	is "$(cat got.txt)" "$(cat want.txt)" "the same files as rpm -V tells"
	is "$(json 'sorted(x["path"] for x in h)')" "['/opt/x/f1', '/opt/x/link']" "two of them changed, not counting configuration"
	cp rroot/var/lib/rpm/rpmdb.sqlite db.good
	head -c 20000 /dev/urandom | dd of=rroot/var/lib/rpm/rpmdb.sqlite bs=1 seek=4096 conv=notrunc status=none
	run 4 "a damaged rpm database" fb --packages --root rroot --json
	like "$(json 'd["problems"][0]["text"]')" 'rpm database' "is told"
	cp db.good rroot/var/lib/rpm/rpmdb.sqlite
fi

# --- archives that are not opened are told, wherever they are ---
mkdir closed
printf 'Rar!\032\007\001\000%060d' 0 >closed/a.rar
python3 - <<'PY'
import io, zipfile
z = zipfile.ZipFile("closed/b.zip", "w")
z.write("closed/a.rar", "c/a.bin")
z.close()
b = io.BytesIO()
z = zipfile.ZipFile(b, "w")
z.writestr("hidden", "payload behind a comment")
z.comment = b"x" * 3000
z.close()
open("closed/c.bin", "wb").write(b"\x90" * 5000 + b.getvalue())
PY
printf 'type,value\nsha256,%s\n' "$(printf 'payload behind a comment' | sha256sum | cut -d' ' -f1)" >hidden.csv
out=$("$FIREBREAK" hunt --indicators hidden.csv --no-record --archives closed --json)
is "$(json 'sorted((x["path"], x["text"]) for x in d["problems"])')" \
	"[('closed/a.rar', 'closed: RAR archive: not taken apart'), ('closed/b.zip!c/a.bin', 'closed: RAR archive: not taken apart')]" \
	"archives of kinds that are not opened"
is "$(json '[x["path"] for x in h]')" "['closed/c.bin!hidden']" "a zip behind other bytes and before a long comment"

# --- processes ---
cp "/bin/sleep" "$TMP/sleeper"
echo >>sleeper # others may run sleep, too
sum=$(sha256sum <sleeper | cut -d' ' -f1)
printf 'type,value\nsha256,%s\n' "$sum" >sleeper.csv
"$TMP/sleeper" 600 &
pid=$!
sleep 0.2
"$FIREBREAK" hunt --indicators sleeper.csv --processes --json >p.json
out=$(cat p.json)
is "$(json '[x["path"] for x in h if x["kind"] == "file-digest" and x["path"].endswith("/sleeper")]')" "['$TMP/sleeper']" "a running program is found by its digest"
like "$(json 'h[0].get("detail")')" "process $pid \\(sleeper\\), its program" "with the process"
rm sleeper
out=$("$FIREBREAK" hunt --indicators sleeper.csv --processes --json)
is "$(json '[(x["path"], x["state"]) for x in d["processes"]["not_as_on_disk"] if x["path"].endswith("/sleeper")]')" "[('$TMP/sleeper', 'deleted')]" "also when its file was deleted"
is "$(json 'sum(x["path"].endswith("/sleeper") for x in h)')" 1 "which is still read"
cp "/bin/true" sleeper
out=$("$FIREBREAK" hunt --indicators sleeper.csv --processes --json)
is "$(json '[x["state"] for x in d["processes"]["not_as_on_disk"] if x["path"].endswith("/sleeper")]')" "['replaced']" "and when another stands in its place"
is "$(json '[p for x in d["processes"]["not_as_on_disk"] for p in x["processes"] if "firebreak" in p["comm"]]')" "[]" "it does not hunt itself"
kill $pid
wait $pid 2>/dev/null

# What a process calls itself comes into the reason why its library could not be read.
cat >quiet.py <<'PY'
import mmap, os, sys, time
f = open(sys.argv[1], "w+b")
f.write(b"x" * 4096)
f.flush()
m = mmap.mmap(f.fileno(), 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)
os.unlink(sys.argv[1])
f.close()
print("ready", flush=True)
time.sleep(60)
PY
other=()
[ "$(id -u)" = 0 ] && other=(setpriv --reuid 65534 --clear-groups)
d=$(mktemp -d) && cp "$FIREBREAK" quiet.py sleeper.csv "$d" && chmod -R a+rwX "$d"
if [ "$(cd "$d" && "${other[@]}" cat sleeper.csv 2>/dev/null)" ]; then
	(cd "$d" && exec "${other[@]}" bash -c $'exec -a $\'q\\e[31m\' python3 quiet.py "$PWD/quiet.so"' >ready) &
	pid=$!
	for _ in $(seq 100); do [ -s "$d/ready" ] && break; sleep 0.05; done
	out=$(cd "$d" && "${other[@]}" ./"${FIREBREAK##*/}" hunt --indicators sleeper.csv --no-record --processes --json)
	like "$(json '[x["text"] for x in d["problems"] if x["path"].endswith("/quiet.so")] or "\\\\x1b"')" '\\\\x1b' \
		"the escapes of a process do not reach the terminal"
	kill $pid
	wait $pid 2>/dev/null
else
	skip "the escapes of a process" "no other user"
fi
rm -rf "$d"

# --- autostart ---
mkdir -p a/etc/{systemd/system/multi-user.target.wants,cron.d,profile.d,pam.d,udev/rules.d,xdg/autostart,init.d} a/opt a/usr/bin a/bin a/home/u/.config/autostart a/usr/lib/security
for n in svc cron job preload udev desk; do echo "#!/bin/sh # $n" >a/opt/$n; done
cp "/bin/true" a/bin/sh
echo 'root:x:0:0::/root:/bin/sh' >a/etc/passwd
printf '[Service]\nUser=web\nExecStart=-/opt/svc --flag \\\n  more\nExecStartPre=/opt/gone\n' >a/etc/systemd/system/x.service
ln -s ../x.service a/etc/systemd/system/multi-user.target.wants/x.service
ln -s /dev/null a/etc/systemd/system/masked.service
printf '# c\nPATH=/bin\n5 * * * * root cd / && /opt/cron -x; test -f /x || sh -c "/opt/job now"\n@reboot nobody $HOME/x\n' >a/etc/cron.d/c
echo '/opt/preload' >a/etc/ld.so.preload
printf 'ACTION=="add", RUN+="/opt/udev %%k"\n' >a/etc/udev/rules.d/1.rules
printf '[Desktop Entry]\nExec=/opt/desk\nHidden=true\n' >a/home/u/.config/autostart/d.desktop
chmod 777 a/opt/cron
printf 'type,value\nsha256,%s\n' "$(sha256sum <a/opt/job | cut -d' ' -f1)" >job.csv
run 1 "what starts by itself" "$FIREBREAK" hunt --indicators job.csv --autostart --root a --json
entries() { json "sorted((x['kind'], x.get('path', ''), x['missing'], x['writable'], x['off']) for x in d['autostart']['entries'] if $1)"; }
is "$(entries "x['kind'].startswith('systemd')")" \
	"[('systemd-service', '', False, False, True), ('systemd-service', '/opt/gone', True, False, False), ('systemd-service', '/opt/svc', False, False, False)]" \
	"units: programs, missing ones, masked ones"
is "$(json '[(x["trigger"], x["user"], x["line"]) for x in d["autostart"]["entries"] if x.get("path") == "/opt/svc"]')" "[('multi-user.target', 'web', 3)]" "with target, user and line"
is "$(entries "x['kind'] == 'cron' and x['resolved']")" \
	"[('cron', '/bin/sh', False, False, False), ('cron', '/opt/cron', False, True, False), ('cron', '/opt/job', False, False, False)]" \
	"cron lines: every command in them, one that anybody may write"
is "$(json '[x["command"] for x in d["autostart"]["entries"] if not x["resolved"] and x["kind"] == "cron"]')" "['\$HOME/x']" "what names no file is told"
is "$(json 'sorted(x["path"] for x in d["autostart"]["entries"] if x["kind"] in ("ld-preload", "udev"))')" "['/opt/preload', '/opt/udev']" "ld.so.preload and udev"
is "$(json '[(x["path"], x["off"], x["user"]) for x in d["autostart"]["entries"] if x["kind"] == "desktop"]')" "[('/opt/desk', True, 'u')]" "desktop entries of users, switched off ones"
is "$(json '[x["path"] for x in h]')" "['/opt/job']" "and what they start is matched"
like "$(json 'h[0]["detail"]')" 'cron c, /etc/cron.d/c line 3' "with the place that starts it"

mkdir -p 'w/Windows/System32/Tasks/M' w/windows-x 'w/Users/Bob/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup' 'w/Program Files/App'
echo exe >'w/Program Files/App/Run.EXE'
echo dll >'w/Program Files/App/x.dll'
echo bat >'w/Users/Bob/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup/s.bat'
echo rundll >w/Windows/System32/rundll32.exe
python3 - <<-'PY'
	t = '''<?xml version="1.0" encoding="UTF-16"?><Task><Triggers><LogonTrigger/></Triggers><Settings><Enabled>true</Enabled></Settings><Actions><Exec><Command>%ProgramFiles%\\app\\run</Command><Arguments>-a &amp; b</Arguments></Exec><Exec><Command>rundll32</Command><Arguments>"c:\\program files\\APP\\x.dll",Go</Arguments></Exec></Actions></Task>'''
	open('w/Windows/System32/Tasks/M/t', 'wb').write(b'\xff\xfe' + t.encode('utf-16-le'))
PY
run 0 "a Windows tree" fb --autostart --root w --json
is "$(json 'sorted(x["path"] for x in d["autostart"]["entries"])')" \
	"['/Program Files/App/Run.EXE', '/Program Files/App/x.dll', '/Users/Bob/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup/s.bat', '/Windows/System32/rundll32.exe']" \
	"start-up folders, tasks, and what rundll32 is told to load"

# --- archives and disk images ---
mkdir -p t/sub/deep img
echo hello >t/a.txt
head -c 300000 /dev/urandom >t/sub/b.bin
cp "/bin/true" t/sub/deep/x
python3 -c "import zipfile; z=zipfile.ZipFile('t/in.zip','w'); z.write('t/sub/b.bin','dir/b.bin')"
tar czf img/t.tgz t
printf 'type,value\nsha256,%s\nmd5,%s\n' "$(sha256sum <t/sub/b.bin | cut -d' ' -f1)" "$(md5sum <t/a.txt | cut -d' ' -f1)" >in.csv
run 1 "an archive" "$FIREBREAK" hunt --indicators in.csv --archives --json img
is "$(json 'sorted(x["path"] for x in h)')" "['img/t.tgz!t/a.txt', 'img/t.tgz!t/in.zip!dir/b.bin', 'img/t.tgz!t/sub/b.bin']" "is hunted down to what is in an archive in it"
run 0 "without --archives" "$FIREBREAK" hunt --indicators in.csv --json img
rm img/t.tgz
image() { # NAME: the hits in it
	run 1 "$1" "$FIREBREAK" hunt --indicators in.csv --archives --json "img/$1"
	json 'sorted(x["path"].split("!", 1)[1] for x in h)' >got.txt
	is "$(cat got.txt)" "${2:-['a.txt', 'in.zip!dir/b.bin', 'sub/b.bin']}" "$1: files, and what is in them"
	is "$(json 'd["incomplete"]')" False "$1: nothing was left out"
}
if [ ! -e /usr/lib/x86_64-linux-gnu/libtsk.so.19 ]; then
	skip "disk images" "libtsk19 is not installed"
else
	truncate -s 8M img/ext4 && mkfs.ext4 -q -d t img/ext4 2>/dev/null && image ext4 || skip "ext4" "no mkfs.ext4"
	truncate -s 8M img/ext2 && mkfs.ext2 -q -d t img/ext2 2>/dev/null && image ext2 || skip "ext2" "no mkfs.ext2"
	if command -v mkfs.vfat mcopy >/dev/null; then
		truncate -s 8M img/fat && mkfs.vfat img/fat >/dev/null && mcopy -s -i img/fat t/a.txt t/in.zip t/sub ::/
		image fat
	fi
	if command -v mkntfs ntfscp >/dev/null; then
		truncate -s 8M img/ntfs && mkntfs -q -F -f img/ntfs >/dev/null 2>&1
		ntfscp -f img/ntfs t/a.txt a.txt 2>/dev/null
		ntfscp -f -N hidden img/ntfs t/sub/b.bin a.txt 2>/dev/null
		image ntfs "['a.txt', 'a.txt:hidden']"
	fi
	if command -v xorriso >/dev/null; then
		xorriso -as mkisofs -quiet -R -J -o img/iso t 2>/dev/null
		image iso
	fi
	python3 - <<-'PY'
		import struct, os, uuid, zlib
		a, b = open('img/ext4', 'rb').read(), open('img/fat', 'rb').read()
		d = bytearray(2048 * 512 + len(a) + len(b))
		d[2048*512:2048*512+len(a)] = a
		d[2048*512+len(a):] = b
		def part(i, t, s, n): struct.pack_into('<B3sB3sII', d, 446 + 16*i, 0, b'\0\0\0', t, b'\0\0\0', s, n)
		part(0, 0x83, 2048, len(a)//512); part(1, 0x0c, 2048+len(a)//512, len(b)//512)
		d[510:512] = b'\x55\xaa'
		open('img/mbr', 'wb').write(d)
		g = bytearray(d) + bytearray(34*512)
		for i in range(446, 510): g[i] = 0
		struct.pack_into('<B3sB3sII', g, 446, 0, b'\0\0\0', 0xee, b'\0\0\0', 1, len(g)//512-1)
		ents = bytearray(128*128)
		lin = uuid.UUID('0FC63DAF-8483-4772-8E79-3D69D8477DE4').bytes_le
		for i, (s, n) in enumerate([(2048, len(a)//512), (2048+len(a)//512, len(b)//512)]): ents[i*128:i*128+128] = lin + uuid.UUID(int=i+1).bytes_le + struct.pack('<QQQ', s, s+n-1, 0) + b'p\0'.ljust(72, b'\0')
		last = len(g)//512 - 1
		def head(me, other, at):
		    h = bytearray(b'EFI PART' + struct.pack('<IIIIQQQQ', 0x10000, 92, 0, 0, me, other, 34, last-34) + uuid.UUID(int=9).bytes_le + struct.pack('<QIII', at, 128, 128, zlib.crc32(ents)))
		    struct.pack_into('<I', h, 16, zlib.crc32(h)); return h
		g[512:512+92] = head(1, last, 2); g[1024:1024+len(ents)] = ents
		g[last*512:last*512+92] = head(last, 1, last-32); g[(last-32)*512:last*512] = ents
		open('img/gpt', 'wb').write(g)
	PY
	both="['p1/a.txt', 'p1/in.zip!dir/b.bin', 'p1/sub/b.bin', 'p2/a.txt', 'p2/in.zip!dir/b.bin', 'p2/sub/b.bin']"
	image mbr "$both"
	image gpt "$both"
	if command -v 7zz >/dev/null; then
		7zz x -y -o7z img/ext4 >/dev/null 2>&1
		(cd 7z && find . -type f ! -path './\[*' ! -path './lost+found*' -print0 | sort -z | xargs -0 sha256sum | sed 's,  \./,  ,') >want.txt
		"$FIREBREAK" inspect img/ext4 --json 2>/dev/null | python3 -c "
import json,sys
for c in sorted(json.load(sys.stdin)['artifacts'][0]['components'], key=lambda c: c['path']):
	p = c['path'].split('!')[1:]
	if len(p) == 1 and c['type'] == 'file': print(c['sha256'] + '  ' + p[0])" >got.txt
		is "$(sort got.txt)" "$(sort want.txt)" "every file has the digest that 7zz extracts"
	else
		skip "7zz" "not installed"
	fi
	printf 'QFI\xfb' >img/q.qcow2 && head -c 70000 /dev/zero >>img/q.qcow2
	run 4 "an image of a virtual machine" "$FIREBREAK" hunt --indicators in.csv --archives --json img/q.qcow2
	like "$(json 'd["problems"][0]["text"]')" 'qcow2' "is told as not taken apart"
	head -c 3000000 img/ext4 >img/cut
	run 1 "an image that is cut off" "$FIREBREAK" hunt --indicators in.csv --archives --json img/cut
	is "$(json 'd["incomplete"]')" True "is not read whole, and says so" 
fi

# --- PE facts and side-loading ---
efi=$TESTDEPS/deb/grub-efi-amd64-signed/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed
if [ ! -f "$efi" ] || ! command -v osslsigncode >/dev/null; then
	skip "facts of PE files" "needs the signed grub (tools/deps.sh --test) and osslsigncode"
else
	mkdir -p 'pe/Program Files/App'
	cp "$efi" 'pe/Program Files/App/app.exe'
	osslsigncode verify "$efi" >v.txt 2>&1
	auth=$(sed -n 's/^Current message digest *: *//p' v.txt | head -n 1 | tr A-F a-f | tr -d ' ')
	serial=$(sed -n 's/.*Serial *: *//p' v.txt | head -n 1 | tr A-F a-f | sed 's/^\(00\)*//')
	printf 'type,value\nauthentihash,%s\ncert-serial,%s\n' "$auth" "$serial" >pe.csv
	run 1 "a signed program" "$FIREBREAK" hunt --indicators pe.csv --json pe
	is "$(json 'sorted(x["indicator"]["type"] for x in h)')" "['authentihash', 'cert-serial']" "has the digest and the serial number that osslsigncode tells"
	(cd pe && python3 -m zipfile -c ../pe.zip 'Program Files') && mkdir pz && mv pe.zip pz
	run 1 "the same in an archive" "$FIREBREAK" hunt --indicators pe.csv --archives --json pz
	is "$(json 'sorted(x["indicator"]["type"] for x in h)')" "['authentihash', 'cert-serial']" "has them, too"
	# A library of Windows beside it, unsigned.
	python3 - "$efi" <<-'PY'
		import struct, sys
		b = bytearray(open(sys.argv[1], 'rb').read())
		nt = struct.unpack_from('<I', b, 0x3c)[0]
		struct.pack_into('<H', b, nt + 22, struct.unpack_from('<H', b, nt + 22)[0] | 0x2000)
		plus = struct.unpack_from('<H', b, nt + 24)[0] == 0x20b
		at = nt + 24 + (112 if plus else 96) + 32
		off, n = struct.unpack_from('<II', b, at)
		struct.pack_into('<II', b, at, 0, 0)
		open('pe/Program Files/App/version.dll', 'wb').write(b[:off])
	PY
	run 1 "a library of Windows beside a program" fb --sideload --json pe
	is "$(json '[(x["kind"], x["matched"], x["path"]) for x in h]')" \
		"[('side-loading', 'library-outside-its-place', 'pe/Program Files/App/version.dll')]" "is a candidate"
	mkdir -p pe/Windows/System32 && mv 'pe/Program Files/App/version.dll' pe/Windows/System32
	run 0 "at its place" fb --sideload --json pe
	printf -- '---\nName: Version.dll\nAuthor: x\nCreated: 2022-01-01\nVendor: Microsoft\nExpectedLocations:\n  - "%%PROGRAMFILES%%\\\\Nowhere"\nVulnerableExecutables:\n  - Path: "%%SYSTEM32%%\\\\App.exe"\n    Type: Sideloading\n' >rule.yml
	mv pe/Windows/System32/version.dll 'pe/Program Files/App'
	run 1 "rules as HijackLibs has them" fb --sideload-rules rule.yml --json pe
	is "$(json '[x["matched"] for x in h]')" "['library-beside-its-program']" "name the program, too"
	printf 'Vendor: x\n' >bad.yml
	run 5 "a rule without a name" fb --sideload-rules bad.yml pe
	like "$err" 'bad.yml:1:1: a rule without a Name' "says where"
	# 3CX: bytes in the certificate table.
	cp "$efi" 'pe/Program Files/App/d3d.dll'
	f='pe/Program Files/App/d3d.dll'
	n=$(get32 "$f" "$(pe_table "$f")")
	head -c 4096 /dev/urandom >>"$f"
	add32 "$f" $(($(pe_security_off "$f") + 4)) 4096
	put32 "$f" "$(pe_table "$f")" $((n + 4096))
	rm -f 'pe/Program Files/App/version.dll'
	run 1 "bytes behind a signature" fb --sideload --json pe
	is "$(json '[(x["matched"], x["path"].split("/")[-1]) for x in h]')" "[('signed-with-unsigned-data', 'd3d.dll')]" "are a candidate by themselves"
fi
tap_done
