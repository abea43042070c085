// When the next request may be sent: responses' rate-limit headers and a clock in, a delay out. One file, because its
// parts make sense only together. Pure; times are milliseconds of the local clock, rates are requests a millisecond.
//
//   reading users ──► bucket of 40    Each group of endpoints is paced by its own responses. Groups whose responses name the
//   writing users ──► bucket of 20    same limit may share one bucket: together they never use more than one.
//   the rest      ──► bucket of 10
//
//   limit  ┬ a response said: 31 remain                A request is sent if the bucket has one more than the reserve,
//          │ − 4 that it may not have counted          even in the worst case: every request counts as taken after the
//          │ + the refill since, as measured           response unless that is impossible.
//   level  ┼ 27
//          │ ours to spend
//   reserve┴ headroom for others. Below it we wait for the refill, or for the reset while no refill is known.

import { type Bucket, GROUPS, type Group } from './limits.ts'

export interface PaceLimits {
  /** The share of the bucket, 0 to below 1, that is left to other traffic. */
  readonly headroom: number
  /** The maximum requests a second; undefined if only the tenant's limit applies. */
  readonly ceiling: number | undefined
}

export interface Pace {
  readonly limits: PaceLimits
  readonly views: Readonly<Record<Group, View>>
  readonly lastSentAt: number
  /** For groups whose responses describe no bucket. */
  readonly blindCeiling: number
}

/** What a group's own responses say about its bucket. */
interface View {
  readonly sent: number
  /** Attempts that have ended, with or without a response. */
  readonly settled: number
  /** The bucket in the latest request's response that describes it. */
  readonly seen: Seen | undefined
  /** The description that later ones are compared with, to measure the refill. */
  readonly mark: Seen | undefined
  /** The bucket's minimum refill rate, less what others take; undefined until measured. */
  readonly refill: number | undefined
  /** The responses to attempts that ended after the request of `seen` was sent, including that one. */
  readonly recent: readonly Reading[]
  /** A request was refused, and none has succeeded since. */
  readonly refused: boolean
  /** Requests to leave in the bucket regardless of the headroom, because there were refusals. */
  readonly margin: number
  /** Responses have no rate-limit headers. */
  readonly blind: boolean
}

interface Reading {
  readonly at: number
  /** undefined without a description, although the request may have been counted. */
  readonly remaining: number | undefined
}

interface Seen extends Bucket {
  /** When the response arrived. */
  readonly at: number
  /** When its request was sent. */
  readonly sentAt: number
  /** The attempts of its group that had ended by then, and so certainly were counted before. */
  readonly settledBefore: number
  /** The requests that this group had sent when the response arrived. */
  readonly sentByThen: number
}

/** A group's next request. */
export interface Turn {
  readonly group: Group
  /** Groups that have requests waiting. */
  readonly waiting: readonly Group[]
  readonly now: number
}

/** The result of an attempt. */
export interface Outcome {
  readonly group: Group
  /** The pace right after `sending`. */
  readonly sent: Pace
  readonly kind: 'worked' | 'throttled' | 'failed'
  readonly bucket: Bucket | undefined
  readonly now: number
}

/** The rate while the tenant does not describe its bucket. */
const BLIND_CEILING = 10 / 1000
const MIN_BLIND_CEILING = 0.5 / 1000
/** A refusal halves the blind ceiling; each success raises it again by this factor. */
const BLIND_GROWTH = 1.01
export const MAX_IN_FLIGHT = 48
/** The initial number of requests in flight; each response allows one more. */
const FIRST_IN_FLIGHT = 8
/** The share of the bucket that is added to the margin after each series of refusals, because others take more. */
const MARGIN = 0.04
/** Auth0's windows are at most a minute. The longest wait for a reset without a request. */
const MAX_RESET_WAIT_MS = 60_000
/** Milliseconds for a request, and for a whole bucket, on the slowest of Auth0's plans. */
const SLOWEST_REFILL_MS = 500
const SLOWEST_FILL_MS = 6_000
/** A reset that is further away is a window's end: plans that refill gradually have filled a bucket by then. */
const WINDOWED_MS = 10_000
/** How late a reset may be announced: times are in whole seconds, and responses take time. */
const RESET_SLACK_MS = 2_000
/** How long to send nothing in order to measure the refill. */
const SOUNDING_MS = 250
/** A refill is accepted after this many requests' worth of it, and measured again after the time below. */
const ENOUGH = 3
const MEASURED_FOR_MS = 2_000
/** How soon to check again while requests are in flight. */
const LOOK_AGAIN_MS = 5

const NEW_VIEW: View = {
  sent: 0,
  settled: 0,
  seen: undefined,
  mark: undefined,
  refill: undefined,
  recent: [],
  refused: false,
  margin: 0,
  blind: false,
}

export function startPace(limits: PaceLimits): Pace {
  return {
    limits,
    views: { readingUsers: NEW_VIEW, writingUsers: NEW_VIEW, rest: NEW_VIEW },
    lastSentAt: Number.NEGATIVE_INFINITY,
    blindCeiling: maxBlindCeiling(limits),
  }
}

export function sending(pace: Pace, { group, now }: Pick<Turn, 'group' | 'now'>): Pace {
  const { sent } = pace.views[group]
  return { ...withView(pace, { group, sent: sent + 1 }), lastSentAt: now }
}

/** A request that was about to be sent was not sent. */
export function withdrawn(pace: Pace, group: Group): Pace {
  const { sent } = pace.views[group]
  return withView(pace, { group, sent: sent - 1 })
}

export function received(pace: Pace, outcome: Outcome): Pace {
  const { group, kind } = outcome
  // A bucket that refused a request is empty, whatever its headers say.
  const bucket = outcome.bucket && kind === 'throttled' ? { ...outcome.bucket, remaining: 0 } : outcome.bucket
  const settled = withSettled(pace, { ...outcome, bucket })
  const described = withSeen(settled, { ...outcome, bucket })
  if (kind === 'throttled') return slowedDown(described, group)
  return kind === 'worked' ? confirmed(described, group) : described
}

/** Whole milliseconds until the group's next request may be sent; 0 means now. */
export function delayBefore(pace: Pace, turn: Turn): number {
  return Math.max(0, Math.ceil(exactDelay(pace, turn)))
}

/**
 * A request must fit into the bucket according to its own group's responses, and to the latest response of each group that
 * may share the bucket. The first request of a group may count against any bucket.
 */
function exactDelay(pace: Pace, { group, waiting, now }: Turn): number {
  const view = pace.views[group]
  const spacing = pace.lastSentAt + 1 / ceilingOf(pace, view) - now
  if (spacing > 0) return spacing
  if (inFlightOf(view) >= Math.min(FIRST_IN_FLIGHT + view.settled, MAX_IN_FLIGHT)) return LOOK_AGAIN_MS
  if (view.blind) return 0
  // One request at a time finds out which bucket it is.
  const probed = GROUPS.map(each => pace.views[each]).filter(each => isNew(each) && inFlightOf(each) > 0)
  if (view.seen === undefined && probed.length > 0) return LOOK_AGAIN_MS
  // A new group would never get its turn if the others took the whole refill.
  const newcomers = view.seen === undefined ? [] : waiting.filter(each => isNew(pace.views[each]))
  const observers = sharersOf(pace, group).filter(each => isLatest(pace, each))
  const shared = observers.map(observer => ({ observer, sharers: sharersOf(pace, observer) }))
  const sources = [{ observer: group, sharers: [group] }, ...shared]
  const reservedForOthers = newcomers.length
  return Math.max(...sources.map(source => delayBy(pace, { ...source, reservedForOthers, now })))
}

export function isBlind({ views }: Pace): boolean {
  return GROUPS.some(group => views[group].blind)
}

function isNew({ seen, blind }: View): boolean {
  return seen === undefined && !blind
}

function inFlightOf({ sent, settled }: View): number {
  return sent - settled
}

/** A ceiling in the inputs replaces this guess. */
function maxBlindCeiling({ ceiling }: PaceLimits): number {
  return ceiling === undefined ? BLIND_CEILING : ceiling / 1000
}

function ceilingOf({ limits, blindCeiling }: Pace, { blind }: View): number {
  const ceiling = limits.ceiling === undefined ? Number.POSITIVE_INFINITY : limits.ceiling / 1000
  return blind ? Math.min(ceiling, blindCeiling) : ceiling
}

/** The groups that may share a bucket with this one, including itself. */
function sharersOf({ views }: Pace, group: Group): readonly Group[] {
  const limit = views[group].seen?.limit
  return GROUPS.filter(each => {
    const other = views[each].seen?.limit
    return limit === undefined || other === undefined || limit === other
  })
}

/** Whether no other group has a later description of a bucket of this size. */
function isLatest({ views }: Pace, group: Group): boolean {
  const { seen } = views[group]
  return !GROUPS.some(each => views[each].seen?.limit === seen?.limit && sentAtOf(views[each]) > sentAtOf(views[group]))
}

function sentAtOf({ seen }: View): number {
  return seen?.sentAt ?? Number.NEGATIVE_INFINITY
}

interface Source {
  /** The group whose responses count. */
  readonly observer: Group
  /** The groups whose requests the bucket may count. */
  readonly sharers: readonly Group[]
  /** Requests to leave for other groups, besides the reserve. */
  readonly reservedForOthers: number
  readonly now: number
}

function delayBy({ views, limits }: Pace, { observer, sharers, reservedForOthers, now }: Source): number {
  const { seen, refill, margin } = views[observer]
  if (seen === undefined) return 0
  const level = levelOf({ seen, refill, sharerViews: sharers.map(group => views[group]), now })
  // In whole requests, as Auth0 counts them; one is always allowed, whatever the headroom.
  const reserve = Math.min(Math.max(Math.ceil(seen.limit * limits.headroom), margin), seen.limit - 1)
  const missing = Math.min(reserve + reservedForOthers + 1, seen.limit) - level
  if (missing <= 0 && refill !== undefined) return 0
  // Until the refill is known, only half of what may be spent is spent, so that the refill can be measured.
  if (missing <= (reserve - seen.limit) / 2) return 0
  const filled = refill ? missing / refill : Number.POSITIVE_INFINITY
  if (sharers.some(group => inFlightOf(views[group]) > 0)) return Math.min(filled, LOOK_AGAIN_MS)
  if (missing <= 0) return seen.at + SOUNDING_MS - now
  return Math.min(filled, seen.at + delayByReset(seen, { missing, spendable: seen.limit - reserve }) - now)
}

/**
 * A reset adds at least one request: according to Auth0's documentation it is the time at which more requests are added,
 * according to its limiter the time at which the bucket is full. A window fills the bucket at once. If only one request may
 * be spent, the bucket is full by the announced time, but how much earlier can never be observed.
 */
function delayByReset(seen: Seen, { missing, spendable }: { missing: number; spendable: number }): number {
  const announced = seen.resetAt - seen.at
  if (isWindowed(seen)) return Math.min(announced, MAX_RESET_WAIT_MS)
  const next = spendable === 1 && announced <= RESET_SLACK_MS ? Math.min(announced, SLOWEST_REFILL_MS) : announced
  return next + Math.max(0, missing - 1) * Math.min(SLOWEST_REFILL_MS, SLOWEST_FILL_MS / seen.limit)
}

interface Holding {
  readonly seen: Seen
  readonly refill: number | undefined
  readonly sharerViews: readonly View[]
  readonly now: number
}

/**
 * The minimum level of the bucket. One of the responses since the request of the latest one was sent belongs to the
 * request that was counted last; requests in flight, and those whose responses had no description, may be counted after
 * it.
 */
function levelOf({ seen, refill = 0, sharerViews, now }: Holding): number {
  const readings = sharerViews.flatMap(({ recent }) => recent.filter(({ at }) => at >= seen.sentAt))
  const levels = readings.map(({ at, remaining = seen.limit }) => Math.min(seen.limit, remaining + refill * (now - at)))
  const silent = readings.filter(({ remaining }) => remaining === undefined)
  return sharerViews.reduce((level, view) => level - inFlightOf(view), Math.min(...levels) - silent.length)
}

function withSettled(pace: Pace, { group, sent, bucket, now }: Outcome): Pace {
  const { settled, recent, seen } = pace.views[group]
  const reading = { at: now, remaining: bucket?.remaining }
  const from = seen?.sentAt ?? sent.lastSentAt
  return withView(pace, { group, settled: settled + 1, recent: [...recent.filter(({ at }) => at >= from), reading] })
}

function withSeen(pace: Pace, { group, sent, bucket, now }: Outcome): Pace {
  if (bucket === undefined) return pace
  const view = pace.views[group]
  const seen: Seen = {
    ...bucket,
    at: now,
    sentAt: sent.lastSentAt,
    settledBefore: sent.views[group].settled,
    sentByThen: view.sent,
  }
  // Responses overtake each other; an older one adds nothing.
  if (seen.sentAt < sentAtOf(view)) return pace
  const sibling = GROUPS.filter(each => each !== group)
    .map(each => pace.views[each])
    .find(each => continues(each, seen))
  if (view.seen?.limit !== seen.limit) {
    return withView(pace, { group, seen, mark: seen, refill: sibling?.refill, blind: false })
  }
  const { mark, refill } = measure(view, seen)
  // Each measurement is too low by what the other group took, so the higher one counts.
  const isCurrent = sibling?.seen !== undefined && now - sibling.seen.at < MEASURED_FOR_MS
  const refills = [refill, isCurrent ? sibling.refill : undefined].filter(each => each !== undefined)
  return withView(pace, { group, seen, mark, refill: refills.length === 0 ? undefined : Math.max(...refills) })
}

/** Whether a description continues another group's: then the groups share the bucket. */
function continues({ seen: last, refill = 0 }: View, seen: Seen): boolean {
  if (last?.limit !== seen.limit || isWindowed(last) !== isWindowed(seen)) return false
  const expected = last.remaining + refill * (seen.at - last.at)
  return seen.remaining < Math.min(seen.limit - 1, expected + seen.limit / 10)
}

/** Whether a reset may be the end of a window, at which the bucket is filled all at once. */
function isWindowed({ at, resetAt }: Seen): boolean {
  return resetAt - at > WINDOWED_MS
}

/** Assumes the worst case, because a refill that is too low costs no speed, but one that is too high costs the reserve. */
function measure({ mark, refill }: View, seen: Seen): Pick<View, 'mark' | 'refill'> {
  // A refill at the end of a window will not repeat soon.
  const crossed = mark && seen.at > mark.resetAt - RESET_SLACK_MS && isWindowed(seen)
  if (mark === undefined || crossed) return { mark: seen, refill }
  // The request may have been counted before the mark.
  if (seen.sentAt < mark.at) return { mark, refill }
  const taken = 1 + Math.max(0, seen.settledBefore - mark.sentByThen)
  // Descriptions are in whole requests: there may have been almost one more, unless the bucket was full.
  const filled = Math.max(0, seen.remaining - Math.min(mark.remaining + 1, mark.limit - 1) + taken)
  const elapsed = Math.max(1, seen.at - mark.sentAt)
  // A bucket that is full may have been full for a long time.
  if (seen.remaining >= seen.limit - 1) return { mark: seen, refill: Math.max(refill ?? 0, filled / elapsed) }
  if (elapsed < SOUNDING_MS || (filled < ENOUGH && elapsed < MEASURED_FOR_MS)) return { mark, refill }
  const isDone = filled >= ENOUGH && elapsed >= MEASURED_FOR_MS
  return { mark: isDone ? seen : mark, refill: filled / elapsed }
}

function confirmed(pace: Pace, group: Group): Pace {
  const blindCeiling = Math.min(pace.blindCeiling * BLIND_GROWTH, maxBlindCeiling(pace.limits))
  const blind = pace.views[group].seen === undefined
  return { ...withView(pace, { group, refused: false, blind }), blindCeiling }
}

/** Once for each series of refusals: halves the rate, and raises the margin. */
function slowedDown(pace: Pace, group: Group): Pace {
  const { seen, refill, margin, refused, blind } = pace.views[group]
  if (refused) return pace
  if (blind) {
    const blindCeiling = Math.max(pace.blindCeiling / 2, MIN_BLIND_CEILING)
    return { ...withView(pace, { group, refused: true }), blindCeiling }
  }
  if (seen === undefined) return pace
  const more = Math.ceil(seen.limit * MARGIN)
  return withView(pace, { group, refused: true, mark: undefined, refill: refill && refill / 2, margin: margin + more })
}

function withView(pace: Pace, { group, ...change }: Partial<View> & { readonly group: Group }): Pace {
  return { ...pace, views: { ...pace.views, [group]: { ...pace.views[group], ...change } } }
}
