// SPDX-License-Identifier: Apache-2.0
// sigstore-peer.cjs MODULES check DATA ID ISSUER: @sigstore/verify on every case of DATA: one line
// "CASE good" or "CASE bad WORDS" each.
// sigstore-peer.cjs MODULES loop SECONDS BUNDLE ROOT ARTIFACT: its bundles per CPU-second, the root
// read once.
const { existsSync, readFileSync, readdirSync } = require('node:fs')
const { createPublicKey } = require('node:crypto')
const { createRequire } = require('node:module')
const { join } = require('node:path')

const [modules, verb, ...args] = process.argv.slice(2)
const load = createRequire(modules + '/')
const { bundleFromJSON } = load('@sigstore/bundle')
const { TrustedRoot } = load('@sigstore/protobuf-specs')
const { Verifier, toSignedEntity, toTrustMaterial } = load('@sigstore/verify')

const json = (path) => JSON.parse(readFileSync(path, 'utf8'))

function verifier(rootFile, keyFile) {
  const root = TrustedRoot.fromJSON(json(rootFile))
  const keys = keyFile && ((hint) => ({
    publicKey: createPublicKey(readFileSync(keyFile)),
    validFor: () => true,
  }))
  return new Verifier(toTrustMaterial(root, keys))
}

function check(data, id, issuer) {
  for (const name of readdirSync(data).sort()) {
    const dir = join(data, name)
    const own = (file, other) => (existsSync(join(dir, file)) ? join(dir, file) : other)
    if (!existsSync(join(dir, 'bundle.sigstore.json'))) continue
    try {
      const key = own('key.pub')
      const v = verifier(own('trusted_root.json', join(data, 'production_trusted_root.json')), key)
      const bundle = bundleFromJSON(json(join(dir, 'bundle.sigstore.json')))
      const artifact = readFileSync(own('artifact', join(data, 'a.txt')))
      const text = (file, other) => (own(file) ? readFileSync(own(file), 'utf8').trim() : other)
      const policy = {
        subjectAlternativeName: text('identity', id),
        extensions: { issuer: text('issuer', issuer) },
      }
      v.verify(toSignedEntity(bundle, artifact), key ? undefined : policy)
      console.log(`${name} good`)
    } catch (e) {
      console.log(`${name} bad ${(e.code ?? e.name)}: ${e.message}`.split('\n')[0])
    }
  }
}

function loop(seconds, bundleFile, rootFile, artifactFile) {
  const v = verifier(rootFile)
  const text = readFileSync(bundleFile, 'utf8')
  const artifact = readFileSync(artifactFile)
  const once = () => v.verify(toSignedEntity(bundleFromJSON(JSON.parse(text)), artifact))
  for (let i = 0; i < 20; i++) once() // let it be compiled
  const start = process.cpuUsage()
  let n = 0
  let used
  do {
    for (let i = 0; i < 5; i++, n++) once()
    const t = process.cpuUsage(start)
    used = (t.user + t.system) / 1e6
  } while (used < seconds)
  console.log((n / used).toFixed(1))
}

if (verb === 'check') check(...args)
else loop(Number(args[0]), ...args.slice(1))
