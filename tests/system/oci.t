#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# inspect: OCI image layouts, as folder and as tar: blobs, descriptors, layers and what is wrong.

. "$(dirname "$0")/../support/tap.sh"
command -v python3 >/dev/null || skip_all "python3 is not installed"
cd "$TMP" || exit 1

cat >make.py <<'PY'
# make.py DIR WHAT: an image of two layers, one gzipped, one plain; WHAT is what is wrong with it.
import gzip, hashlib, io, json, os, sys, tarfile
top, what = sys.argv[1:3]
os.makedirs(top + '/blobs/sha256')


def put(data, name=None, write=True):
    digest = hashlib.sha256(data).hexdigest()
    if write:
        with open('%s/blobs/sha256/%s' % (top, name or digest), 'wb') as f:
            f.write(data)
    return {'digest': 'sha256:' + (name or digest), 'size': len(data)}


def layer(name, content):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w') as t:
        i = tarfile.TarInfo(name)
        i.size = len(content)
        t.addfile(i, io.BytesIO(content))
    return out.getvalue()


one, two = layer('app/x', b'hello'), layer('app/.wh.y', b'')
diff = ['sha256:' + hashlib.sha256(x).hexdigest() for x in (one, two)]
if what == 'diff':
    diff[0] = diff[1]
if what == 'fewer':
    diff.pop()
layers = [put(gzip.compress(one, mtime=0)), put(two, write=what != 'missing')]
if what == 'blob':
    layers[1] = put(two, hashlib.sha256(b'else').hexdigest())
if what == 'size':
    layers[1]['size'] += 1
config = put(json.dumps({'architecture': 'amd64', 'os': 'linux',
                         'rootfs': {'type': 'layers', 'diff_ids': diff}}).encode())
manifest = put(b'{"layers"' if what == 'malformed' else
               json.dumps({'schemaVersion': 2, 'config': config, 'layers': layers}).encode())
nested = put(json.dumps({'schemaVersion': 2, 'manifests': [manifest]}).encode())
if what == 'more':
    put(b'{"hidden": true}')
json.dump({'schemaVersion': 2, 'manifests': [nested]}, open(top + '/index.json', 'w'))
json.dump({'imageLayoutVersion': '1.0.0'}, open(top + '/oci-layout', 'w'))
PY

check() { # WHAT EXIT REGEX
	python3 make.py "$1" "$1" && tar -C "$1" -cf "$1.tar" .
	for image in "$1" "$1.tar"; do
		run "$2" "$image" "$FIREBREAK" inspect --tree "$image"
		like "$out" "$3" "  $3"
	done
}
check good 2 'app/.wh.y'
is "$(grep -c 'oci\.' <<<"$out")" 0 "nothing is wrong with a good image"
check blob 1 'fail +oci.digest: the blob is not what its name says'
check size 1 'fail +oci.size: it says that the blob sha256:[0-9a-f]* has 10241 bytes; it has 10240'
check missing 2 'oci.missing: it names the blob sha256:[0-9a-f]*, which is not there'
check more 2 'warn +oci.unreferenced'
check diff 1 'fail +oci.diff-id: the layer is not the one'
check fewer 1 'fail +oci.diff-id: it names 1 layers, the manifest 2'
check malformed 1 'fail +oci.malformed: it is no JSON object'
tap_done
