// The rule that holds the rooms to their order, on small houses with one fault each.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { findProblems } from '../../scripts/rooms.js';
import { fromRoot } from '../support.js';

/** What the rule says of a house of these files. */
function problemsOf(files) {
  const root = mkdtempSync(join(tmpdir(), 'bertlet-rooms-'));
  try {
    for (const folder of ['js', 'web', 'src']) mkdirSync(join(root, folder));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
    return findProblems(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

test('this house', () => {
  assert.deepEqual(findProblems(fromRoot('')), []);
});

test('a house in order', () => {
  const files = {
    'js/api/model.js':
      "import { call } from '../rpc/connection.js';\n/** @typedef {import('../engine/engine.js').Engine} E */\n" +
      "export const here = () => import('../engine/engine.js');\n",
    'js/rpc/connection.js': "export * from '../errors.js';\n",
    'js/engine/engine.js': "export const later = () => import('../core/core.js');\n",
    'js/core/core.js': "import '#platform';\n",
    'js/node/platform.js': '',
    'web/platform.js': '',
    'web/workerd/platform.js': "export const wasm = () => import('./core.wasm');\n",
    'js/errors.js': '',
    'src/bertlet.h': '',
    'src/model/encoder.c': '#include "bertlet.h"\n#include "encoder.h"\n#include <math.h>\n',
    'src/model/encoder.h': '#include "kernels/kernels.h"\n',
    'src/kernels/kernels.h': '',
  };
  assert.deepEqual(problemsOf(files), []);
});

const faults = {
  'an import from above': [
    { 'js/core/core.js': "import '../io/http.js';\n", 'js/io/http.js': '' },
    ['js/core/core.js imports js/io/http.js from a room above its own.'],
  ],
  'a type from above': [
    { 'js/core/core.js': "/** @type {import('../io/http.js').Http} */\n", 'js/io/http.js': '' },
    ['js/core/core.js imports js/io/http.js from a room above its own.'],
  ],
  'an import that waits': [
    { 'js/io/http.js': "export const later = () => import('../api/model.js');\n", 'js/api/model.js': '' },
    ['js/io/http.js imports js/api/model.js from a room above its own.'],
  ],
  'the worker in the page': [
    { 'js/api/model.js': "export { run } from '../engine/engine.js';\n", 'js/engine/engine.js': '' },
    ['js/api/model.js runs in the page and imports js/engine/engine.js, which is for the worker.'],
  ],
  'the room beside': [
    { 'js/train/frozen/tokens.js': "import '../baseline/tfidf.js';\n", 'js/train/baseline/tfidf.js': '' },
    ['js/train/frozen/tokens.js imports js/train/baseline/tfidf.js from the room beside its own.'],
  ],
  'a circle, by a type': [
    { 'js/io/a.js': "import './b.js';\n", 'js/io/b.js': "/** @type {import('./a.js').A} */\n" },
    ['These files import each other in a circle: js/io/a.js, js/io/b.js.'],
  ],
  'no room': [{ 'js/attic.js': '' }, ['js/attic.js is in no room that scripts/rooms.js knows.']],
  'nothing there': [{ 'js/io/a.js': "import './b.js';\n" }, ['js/io/a.js imports js/io/b.js, which is not there.']],
  'an include from above': [
    { 'src/kernels/pack.c': '#include "model/model.h"\n', 'src/model/model.h': '' },
    ['src/kernels/pack.c imports src/model/model.h from a room above its own.'],
  ],
};
for (const [name, [files, expected]] of Object.entries(faults))
  test(name, () => assert.deepEqual(problemsOf(files), expected));
