// A program for Node that a bundler made one file of, with the library in it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { fromRoot, temporaryFolder, tiny } from '../support.js';

const run = promisify(execFile);

const PROGRAM = `
import { load } from 'bertlet';
async function main() {
  for (const worker of [true, false]) {
    const bert = await load(process.argv[2], { worker, threads: 1 });
    console.log((await bert.embed('a good movie')).length);
    await bert.dispose();
  }
}
main().catch(({ name, code, message }) => console.log(name, code, message));`;

for (const [format, name] of [
  ['cjs', 'app.cjs'],
  ['esm', 'app.mjs'],
]) {
  test(`esbuild, --format=${format}: runs where the package is installed; elsewhere an error says what to do`, async (t) => {
    const folder = await temporaryFolder(t);
    await mkdir(join(folder, 'node_modules'));
    await symlink(fromRoot('.'), join(folder, 'node_modules/bertlet'));
    await writeFile(join(folder, 'main.js'), PROGRAM);
    const bundle = join(folder, 'out', name);
    const entryPoints = [join(folder, 'main.js')];
    // It warns of import.meta, which is empty in CommonJS.
    await build({ entryPoints, outfile: bundle, bundle: true, platform: 'node', format, logLevel: 'error' });
    const output = async (file) => (await run(process.execPath, [file, tiny()])).stdout;
    assert.equal(await output(bundle), '32\n32\n');

    const alone = await temporaryFolder(t);
    await cp(bundle, join(alone, name));
    assert.match(
      await output(join(alone, name)),
      /^BertletError NO_WASM bertlet was bundled into .*--external:bertlet/,
    );
  });
}
