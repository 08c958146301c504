/**
 * How many random cases a property is tried with. `make test` tries a fifth of them; `make fuzz`, and with it `.ci/run`, runs the
 * files that import this with all of them. Seeds are fixed, so the fifth is the beginning of the whole.
 */
export const runs = (all: number): number => (process.env.CASES === undefined ? Math.ceil(all / 5) : all)
