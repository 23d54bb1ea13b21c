// The kernels of the builds that ship, in this Node and in Node 24: the same checks that ctest runs natively.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PROGRAMS } from './programs.js';

const script = fileURLToPath(new URL('wasm.js', import.meta.url));
const { NODE24 } = process.env; // as scripts/test.js finds it

/** @returns {Promise<{ code: number | string, output: string }>} */
const run = (node, args) =>
  new Promise((resolve) => {
    execFile(node, args, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, output: stdout + stderr }));
  });

/** @param {RegExp} path that 8-bit products must take there, so that none goes untested unnoticed */
function kernels(build, path, node, flags = []) {
  // Attention in 8 bits runs on dot products only.
  for (const program of PROGRAMS.filter((name) => name !== 'attention_i8' || /dot/.test(path.source))) {
    test(program, async () => {
      const { code, output } = await run(node, [...flags, script, build, program]);
      assert.equal(code, 0, output);
      assert.match(output, /^\d+ checks, 0 failed$/m);
      if (program === 'linear_i8') assert.match(output, path);
    });
  }
}

const WIDE = /path: wide$/m;
for (const build of ['scalar', 'simd', 'simd-mt']) {
  describe(`${build}, Node ${process.versions.node}`, () => kernels(build, WIDE, process.execPath));
}

const skip = NODE24 ? false : 'Node 24 is not there (npm has it for Linux on x64 only)';
for (const build of ['scalar', 'simd', 'simd-mt']) {
  describe(`${build}, Node 24`, { skip }, () => kernels(build, WIDE, NODE24));
}
for (const build of ['relaxed', 'relaxed-mt']) {
  describe(`${build}, Node 24`, { skip }, () => kernels(build, /path: (pairs|dot-unsigned)$/m, NODE24));
  describe(`${build}, Node 24, as on processors without VNNI`, { skip }, () =>
    kernels(build, /path: pairs$/m, NODE24, ['--no-enable-avx-vnni', '--no-enable-avx-vnni-int8']),
  );
}
