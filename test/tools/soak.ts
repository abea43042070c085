// Counts of tests that are worth more the longer they run: a few in `npm test`, all of them in `npm run soak`.

const isSoak = process.env.SOAK === 'true'

/** Whether every whole run is one of the built action, in a process of its own, and not only one of each kind. */
export const EVERY_RUN_BUILT = isSoak

/** Whether every failure is provoked with every credential, and not only those that may quote it. */
export const EVERY_CREDENTIAL = isSoak
/** The share of a hostile manifest's full size, and of the time that it may take. */
export const HOSTILE_SHARE = isSoak ? 1 : 1 / 5
/** Mistakes in a hostile ledger or saved plan: at most more than a call can have arguments. */
export const HOSTILE_MISTAKES = isSoak ? 200_000 : 20_000
/** Users of most runs that are cancelled. */
export const CANCELLED_TEAM = isSoak ? 1_000 : 200
/** Files of a repository of which GitHub lists no more at once: in truth, it lists 100,000. */
export const LARGE_REPOSITORY = isSoak ? 100_000 : 10_000
/** Users of a manifest and of a ledger. */
export const LARGE_TEAM = isSoak ? 50_000 : 10_000
/** Commits of a ledger. */
export const LONG_HISTORY = isSoak ? 500 : 50
/** Requests to GitHub at which an apply is killed: before its first commit, within it, and within its last. */
export const KILLED_AT = isSoak ? [1, 4, 7, 9, 10, 11, 13, 14] : [4, 9, 11, 14]
/** Runs with a fault at a fifth of their requests. */
export const BAD_DAYS = isSoak ? 100 : 8
/** Over all targets. */
export const FUZZED_INPUTS = isSoak ? 100_000 : 500
/** Of the requests at which a run is killed, every first or every fourth. */
export const KILL_EVERY = isSoak ? 1 : 4
/** Seeds of sequences of 20 revisions, which are played at the same time, and how many sequences each seed has. */
export const SEQUENCE_SEEDS = isSoak ? [137, 138, 139, 140, 141, 142] : [137]
export const SEQUENCES = isSoak ? 50 : 1
