// SPDX-License-Identifier: Apache-2.0
// csaf-check.mjs LIB FILE…: validates CSAF 2.0 documents with @secvisogram/csaf-validator-lib.
// One line a finding: "FILE error|warning|info TEST PATH MESSAGE"; exit 1 on any error.
import { readFileSync } from 'node:fs'

const [lib, ...files] = process.argv.slice(2)
const load = (name) => import(`${lib}/${name}.js`)
const { default: validate } = await load('validate')
const schema = await load('schemaTests')
const mandatory = await load('mandatoryTests')
const optional = await load('optionalTests')
const informative = await load('informativeTests')

// Tests that look things up on the network or need a dictionary say nothing about the document.
const skip = new Set(['informativeTest_6_3_6', 'informativeTest_6_3_7', 'informativeTest_6_3_8'])
const tests = [
  schema.csaf_2_0_strict,
  ...Object.values(mandatory),
  ...Object.values(optional),
  ...Object.values(informative),
].filter((t) => !skip.has(t.name))

let bad = false
let ran = 0
for (const file of files) {
  const doc = JSON.parse(readFileSync(file, 'utf8'))
  const result = await validate(tests, doc)
  bad ||= !result.isValid
  for (const t of result.tests) {
    ran += /^mandatoryTest/.test(t.name)
    for (const [kind, list] of [['error', t.errors], ['warning', t.warnings], ['info', t.infos]])
      for (const x of list ?? []) console.log(file, kind, t.name, x.instancePath, x.message)
  }
}
console.log(`ran ${ran} mandatory tests over ${files.length} documents`)
process.exit(bad ? 1 : 0)
