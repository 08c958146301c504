/** The part of `--help` about the exit codes. */
export const CONNECT_CODES = `
The link goes to standard output, everything else to standard error.
Exit code: 0 connected (or, with --no-wait, the link was printed), 1 somebody signed in but the Agent is not connected,
2 it can't be done or determined, 3 nobody completed the sign-in in time. A failed attempt (denied, another account) is
reported, and the command keeps waiting, because the person may try again.`
