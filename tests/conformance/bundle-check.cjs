// SPDX-License-Identifier: Apache-2.0
// bundle-check.cjs MODULES BUNDLE KEY.pem [ARTIFACT]: @sigstore/verify on a bundle that is signed with a
// managed key and has no log entry. Exit 0 and "verified", or 1 and the error's code.
const { readFileSync } = require('node:fs')
const { createPublicKey, createHash } = require('node:crypto')
const { createRequire } = require('node:module')

const [modules, bundleFile, keyFile, artifact] = process.argv.slice(2)
const load = createRequire(modules + '/')
const { bundleFromJSON } = load('@sigstore/bundle')
const { Verifier, toSignedEntity, toTrustMaterial } = load('@sigstore/verify')

const key = createPublicKey(readFileSync(keyFile))
const hint = createHash('sha256').update(key.export({ type: 'spki', format: 'der' })).digest('base64')
const trust = toTrustMaterial(
  { certificateAuthorities: [], ctlogs: [], timestampAuthorities: [], tlogs: [] },
  (h) => {
    if (h !== hint) throw new Error(`hint ${h} is not ${hint}`)
    return { publicKey: key, validFor: () => true }
  },
)
try {
  const bundle = bundleFromJSON(JSON.parse(readFileSync(bundleFile, 'utf8')))
  const entity = toSignedEntity(bundle, artifact && readFileSync(artifact))
  const none = { ctlogThreshold: 0, tlogThreshold: 0, timestampThreshold: 0 }
  new Verifier(trust, none).verify(entity)
  console.log('verified')
} catch (e) {
  console.log(`${e.code ?? e.name}: ${e.message}`)
  process.exit(1)
}
