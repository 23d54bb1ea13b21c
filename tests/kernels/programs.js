// What there is to run, for run.js and wasm.test.js.

/** The builds that ship. */
export const BUILDS = ['scalar', 'simd', 'simd-mt', 'relaxed', 'relaxed-mt'];

/** X_test.c of this folder, as CMakeLists.txt lists them. */
export const PROGRAMS = [
  'activate',
  'linear',
  'backward',
  'quantize',
  'linear_i8',
  'attention',
  'attention_i8',
  'rows',
  'logreg',
];
