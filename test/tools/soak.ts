// Sizes of tests that find more the longer they run: small in `npm test`, full in `npm run soak`.

const isSoak = process.env.SOAK === 'true'

/** Whether every whole run, and not only one of each kind, runs the built action in a separate process. */
export const EVERY_RUN_BUILT = isSoak

/** Whether every failure is tested with every credential, and not only failures that may quote it. */
export const EVERY_CREDENTIAL = isSoak
/** The share of a hostile manifest's full size and of its allowed time. */
export const HOSTILE_SHARE = isSoak ? 1 : 1 / 5
/** Mistakes in a hostile ledger or saved plan; in the soak, more than a call can have arguments. */
export const HOSTILE_MISTAKES = isSoak ? 200_000 : 20_000
/** Users in most cancelled runs. */
export const CANCELLED_TEAM = isSoak ? 1_000 : 200
/** Files in a repository at which the embedded GitHub truncates lists; GitHub does at 100,000. */
export const LARGE_REPOSITORY = isSoak ? 100_000 : 10_000
/** Users in a manifest and in a ledger. */
export const LARGE_TEAM = isSoak ? 50_000 : 10_000
/** Commits of a ledger's branch. */
export const LONG_HISTORY = isSoak ? 500 : 50
/** Requests to GitHub at which an apply is killed: before its first commit, during it, and during its last. */
export const KILLED_AT = isSoak ? [1, 4, 7, 9, 10, 11, 13, 14] : [4, 9, 11, 14]
/** Runs with a fault in a fifth of their requests. */
export const BAD_DAYS = isSoak ? 100 : 8
/** Inputs for all fuzz targets together. */
export const FUZZED_INPUTS = isSoak ? 100_000 : 500
/** A run is killed at every request, or at every fourth. */
export const KILL_EVERY = isSoak ? 1 : 4
/** Seeds for sequences of 20 revisions, which run concurrently, and the number of sequences per seed. */
export const SEQUENCE_SEEDS = isSoak ? [137, 138, 139, 140, 141, 142] : [137]
export const SEQUENCES = isSoak ? 50 : 1
