/**
 * A promise in a comment of the code, with the change that breaks it and the test that must notice. `find` occurs exactly
 * once in its file; `make promises` makes each change in a copy of the tree, and expects that test to fail.
 */
export interface BrokenPromise {
  promise: string
  file: string
  find: string
  replace: string
  /** The test file that must fail. */
  test: string
}
