// The limits of a file that reads well: small functions, shallow nesting, few parameters, no promise left floating.
import tseslint from 'typescript-eslint'

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'node_modules/', '**/generated/**', 'test/real/go/**'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      complexity: ['error', 10],
      'max-depth': ['error', 3],
      'max-params': ['error', 4],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      eqeqeq: 'error',
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // What is taken out of an object is left out of its rest.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // A method that returns a promise by contract, and has nothing to await today.
      '@typescript-eslint/require-await': 'off',
      // `return refuse()` is how a function that returns nothing ends early.
      '@typescript-eslint/no-confusing-void-expression': 'off',
    },
  },
  {
    files: ['src/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'URL', property: 'canParse', message: 'It is wrong on Node 20: use parseURL of platform/url.ts.' },
      ],
    },
  },
  {
    // Tests are lists of sentences: a describe block is as long as it has sentences.
    files: ['test/**', 'bench/**', 'demo/**', 'sandbox/**', 'scripts/**', 'examples/**'],
    rules: {
      'max-lines-per-function': 'off',
      'no-console': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Test files share a process: a module that was imported before stays as it is.
      'no-restricted-properties': ['error', { object: 'vi', property: 'mock', message: 'Pass a dependency in.' }],
    },
  },
  { files: ['**/*.mjs', '**/*.js'], ...tseslint.configs.disableTypeChecked },
)
