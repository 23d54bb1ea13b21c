import js from '@eslint/js';
import globals from 'globals';

export default [
  { ignores: ['dist/', 'build/', 'bench/node_modules/', 'bench/models/'] },
  js.configs.recommended,
  {
    languageOptions: {
      ecmaVersion: 2024,
      sourceType: 'module',
      globals: { ...globals['shared-node-browser'], ...globals.es2021 },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      'no-throw-literal': 'error',
    },
  },
  {
    files: ['demo/**', 'web/**', 'tests/browser/**', 'tests/pack/**', 'bench/**'],
    languageOptions: { globals: { ...globals.browser, ...globals.worker } },
  },
  {
    files: ['js/node/**', 'js/cli/**', 'scripts/**', 'demo/vite.config.js', 'tests/**', 'bench/**'],
    languageOptions: { globals: globals.node },
  },
];
