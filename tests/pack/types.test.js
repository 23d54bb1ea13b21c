// The types as TypeScript sees them in a project that has the package installed, strict and without skipLibCheck.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { fromRoot, temporaryFolder } from '../support.js';

const run = promisify(execFile);

/**
 * What tsc says of files in a project.
 * @param {string} folder
 * @param {Record<string, string>} files
 * @param {object} options of the compiler
 */
async function check(folder, files, options) {
  await mkdir(join(folder, 'node_modules'), { recursive: true });
  await symlink(fromRoot('.'), join(folder, 'node_modules/bertlet'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const compilerOptions = { strict: true, noEmit: true, target: 'es2023', skipLibCheck: false, types: [], ...options };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: Object.keys(files) }));
  return run(fromRoot('node_modules/.bin/tsc'), ['-p', folder]).then(
    ({ stdout }) => stdout,
    ({ stdout }) => stdout,
  );
}

const read = (/** @type {string} */ path) => readFile(fromRoot(path), 'utf8');

for (const [module, moduleResolution] of [
  ['nodenext', 'nodenext'],
  ['preserve', 'bundler'],
]) {
  test(`neither DOM nor Node's types are needed, by import and require: ${moduleResolution}`, async (t) => {
    const names = moduleResolution === 'bundler' ? ['uses.mts'] : ['uses.mts', 'uses.cts'];
    const files = Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await read(`tests/pack/types/${name}`)])),
    );
    const options = { lib: ['es2023'], module, moduleResolution };
    assert.equal(await check(await temporaryFolder(t), files, options), '');
  });
}

test('the examples of the README and the docs', async (t) => {
  const documents = [
    'README.md',
    ...(await readdir(fromRoot('docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
  ];
  /** @type {Record<string, string>} */
  const files = { 'prelude.d.ts': await read('tests/pack/types/prelude.d.ts') };
  for (const document of documents)
    for (const [i, [, , code]] of [
      ...(await read(document)).matchAll(/^```(js|ts|javascript|typescript)\n([^]*?)^```/gm),
    ].entries())
      files[`${document.replace(/\W/g, '-')}-${i + 1}.mts`] = `${code}\nexport {};\n`;
  assert.ok(Object.keys(files).length > 10);
  const options = { lib: ['es2023', 'dom'], module: 'preserve', moduleResolution: 'bundler' };
  assert.equal(await check(await temporaryFolder(t), files, options), '');
});
