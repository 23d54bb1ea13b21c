// The tests of the kernels, by hand:
//
//   node tests/kernels/run.js [--build BUILD] [--node NODE] [--seed N] [--bench] [PROGRAM...]
//
//   --build    scalar, simd, simd-mt, relaxed, relaxed-mt: the WebAssembly build that ships; native (default): both sets of
//              kernels, the SIMD ones through SIMDe
//   --node     "node24" or a path: the Node that runs it. By default this one, but for relaxed SIMD, which Node 20 lacks, Node 24
//   --seed     other random data
//   --bench    times instead of checks: of the build's kernels, in ns, and how often the scalar ones take as long
//   PROGRAM    linear, attention_i8, ...: X_test.c of this folder, by default all of them
//
// Builds what has changed first. `npm test` runs all of it: ctest, and wasm.test.js.
import { parseArgs } from 'node:util';
import { buildNative, buildWasm } from '../../scripts/build.js';
import { ensureNode24 } from '../../scripts/setup.js';
import { main, run } from '../../scripts/shell.js';
import { BUILDS, PROGRAMS } from './programs.js';

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      build: { type: 'string', default: 'native' },
      node: { type: 'string' },
      seed: { type: 'string', default: '1' },
      bench: { type: 'boolean', default: false },
    },
  });
  const { build, seed } = values;
  if (build !== 'native' && !BUILDS.includes(build)) throw new Error(`--build knows native, ${BUILDS.join(', ')}.`);
  const unknown = positionals.find((name) => !PROGRAMS.includes(name));
  if (unknown) throw new Error(`There is no "${unknown}", but ${PROGRAMS.join(', ')}.`);

  if (build === 'native') await buildNative('native');
  else await buildWasm('kernel_tests');
  const wanted = values.node ?? (build.startsWith('relaxed') ? 'node24' : process.execPath);
  const node = wanted === 'node24' ? await ensureNode24() : wanted;
  if (!node) throw new Error('npm has no Node 24 for this machine: give the path of yours to --node.');

  const options = ['--seed', seed, ...(values.bench ? ['--bench'] : [])];
  let failed = 0;
  for (const name of positionals.length > 0 ? positionals : PROGRAMS) {
    process.stderr.write(`${name}\n`);
    const [command, ...args] =
      build === 'native'
        ? [`build/native/tests/kernels/kernels_${name}`]
        : [node, 'tests/kernels/wasm.js', build, name];
    const { code } = await run(command, [...args, ...options], { allowFailure: true });
    if (code !== 0) failed += 1;
  }
  if (failed > 0) throw new Error(`${failed} failed`);
});
