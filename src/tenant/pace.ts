// When the next request may go: answers' rate-limit headers and a clock in, a delay out. Pure; times are milliseconds of
// the local clock, rates are requests a millisecond.
//
//   reading users ──► bucket of 40    Each group of endpoints is paced by its own answers. Groups whose answers name the
//   writing users ──► bucket of 20    same limit may share one bucket: together they never take more than one.
//   the rest      ──► bucket of 10
//
//   limit  ┬ an answer said: 31 remain                 A request goes if the bucket holds one more than the reserve
//          │ − 4 that it may not have counted          even in the worst case: every request counts as taken after the
//          │ + what was filled in since, as learned    answer unless that is impossible.
//   level  ┼ 27
//          │ spent by us
//   reserve┴ headroom: left to others. Here we wait for the refill, or for the reset while no refill is known.

import { type Bucket, GROUPS, type Group } from './limits.ts'

export interface PaceLimits {
  /** The share of the bucket, 0 to below 1, that is left to other traffic. */
  readonly headroom: number
  /** Requests a second that are never exceeded; undefined if the tenant alone decides. */
  readonly ceiling: number | undefined
}

/** What went to and fro. */
export interface Traffic {
  /** Token requests and retries included. */
  readonly requests: number
  /** Milliseconds that a rate limit held requests back. */
  readonly waited: number
  /** What is being waited for; undefined while requests go out. */
  readonly waitingFor: string | undefined
  /** Responses have no rate-limit headers, so the pace is a cautious guess. */
  readonly blind: boolean
}

export interface Pace {
  readonly limits: PaceLimits
  readonly views: Readonly<Record<Group, View>>
  readonly lastSentAt: number
  /** For groups whose answers describe no bucket. */
  readonly blindCeiling: number
}

/** What a group's own answers say about its bucket. */
interface View {
  readonly sent: number
  /** Attempts that are over, with or without an answer. */
  readonly settled: number
  /** The bucket as described to the latest request whose answer does so. */
  readonly seen: Seen | undefined
  /** What later descriptions are compared with, to see what was filled in between. */
  readonly mark: Seen | undefined
  /** How fast the bucket fills at least, less what others take; undefined until that is measured. */
  readonly refill: number | undefined
  /** What the attempts said that were over after the request of `seen` was sent, that one included. */
  readonly recent: readonly Said[]
  /** A request was refused, and none has worked since. */
  readonly refused: boolean
  /** Requests that are left in the bucket whatever the headroom, because there were refusals. */
  readonly margin: number
  /** Answers have no rate-limit headers. */
  readonly blind: boolean
}

interface Said {
  readonly at: number
  /** undefined without a description: the request may have been counted all the same. */
  readonly remaining: number | undefined
}

interface Seen extends Bucket {
  /** When the answer came. */
  readonly at: number
  /** When its request was sent. */
  readonly sentAt: number
  /** How many attempts of its group were over by then, and so certainly counted before. */
  readonly settledBefore: number
  /** How many requests this group had sent when the answer came. */
  readonly sentByThen: number
}

/** A group's request whose turn may have come. */
export interface Turn {
  readonly group: Group
  /** Groups that have requests waiting. */
  readonly waiting: readonly Group[]
  readonly now: number
}

/** What became of an attempt. */
export interface Outcome {
  readonly group: Group
  /** The pace right after `sending`. */
  readonly sent: Pace
  readonly kind: 'worked' | 'throttled' | 'failed'
  readonly bucket: Bucket | undefined
  readonly now: number
}

/** Requests that may go while the tenant does not describe its bucket. */
const BLIND_CEILING = 10 / 1000
const MIN_BLIND_CEILING = 0.5 / 1000
/** A refusal halves the blind ceiling; each answer that worked raises it again by this factor. */
const BLIND_GROWTH = 1.01
export const MAX_IN_FLIGHT = 48
/** So many requests in flight are a beginning; each answer makes room for one more. */
const FIRST_IN_FLIGHT = 8
/** The share of the bucket that is also left alone after each row of refusals: others take more than was seen. */
const MARGIN = 0.04
/** Auth0's windows are a minute at most. A reset that is further away is not waited for without looking. */
const MAX_RESET_WAIT_MS = 60_000
/** Milliseconds for a request, and for a whole bucket, on the slowest of Auth0's plans. */
const SLOWEST_REFILL_MS = 500
const SLOWEST_FILL_MS = 6_000
/** All plans that fill a bucket bit by bit have filled it by then, rounded up twice. */
const WINDOWED_MS = 10_000
/** A reset may be announced this much too late: the times are in whole seconds, and answers take a while. */
const RESET_SLACK_MS = 2_000
/** How long the bucket is left alone to see what fills it. */
const SOUNDING_MS = 250
/** A refill is believed after this many requests' worth of it, and measured anew after the longer time. */
const ENOUGH = 3
const MEASURED_FOR_MS = 2_000
/** How soon to look again while answers are under way that will tell more. */
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
  return { ...withView(pace, group, { sent: sent + 1 }), lastSentAt: now }
}

/** What was about to be sent was not. */
export function withdrawn(pace: Pace, group: Group): Pace {
  const { sent } = pace.views[group]
  return withView(pace, group, { sent: sent - 1 })
}

export function received(pace: Pace, outcome: Outcome): Pace {
  const { group, kind } = outcome
  // A bucket that a request did not fit into is empty, whatever its headers say.
  const bucket = outcome.bucket && kind === 'throttled' ? { ...outcome.bucket, remaining: 0 } : outcome.bucket
  const settled = withSettled(pace, { ...outcome, bucket })
  const described = bucket === undefined ? settled : withSeen(settled, outcome, bucket)
  if (kind === 'throttled') return slowedDown(described, group)
  return kind === 'worked' ? confirmed(described, group) : described
}

/** Whole milliseconds until the next request of the group may go; 0 is now. */
export function delayBefore(pace: Pace, turn: Turn): number {
  return Math.max(0, Math.ceil(exactDelay(pace, turn)))
}

/**
 * A request has to fit into the bucket by the answers to its own group, and by the latest answer to any group that may
 * share the bucket. The first request of a group may count against any bucket.
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
  // It would never get its turn if the others took all that comes in.
  const newcomers = view.seen === undefined ? [] : waiting.filter(each => isNew(pace.views[each]))
  const told = sharersOf(pace, group).filter(each => isLatest(pace, each))
  const shared = told.map(each => ({ told: each, among: sharersOf(pace, each) }))
  const sources = [{ told: group, among: [group] }, ...shared]
  return Math.max(...sources.map(source => delayBy(pace, { ...source, left: newcomers.length, now })))
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

/** Whoever sets a ceiling knows better than this guess. */
function maxBlindCeiling({ ceiling }: PaceLimits): number {
  return ceiling === undefined ? BLIND_CEILING : ceiling / 1000
}

function ceilingOf({ limits, blindCeiling }: Pace, { blind }: View): number {
  const ceiling = limits.ceiling === undefined ? Number.POSITIVE_INFINITY : limits.ceiling / 1000
  return blind ? Math.min(ceiling, blindCeiling) : ceiling
}

/** The groups that may share a bucket with this one, itself included. */
function sharersOf({ views }: Pace, group: Group): readonly Group[] {
  const limit = views[group].seen?.limit
  return GROUPS.filter(each => {
    const other = views[each].seen?.limit
    return limit === undefined || other === undefined || limit === other
  })
}

/** Whether no other group was told of a bucket of this size since. */
function isLatest({ views }: Pace, group: Group): boolean {
  const { seen } = views[group]
  return !GROUPS.some(each => views[each].seen?.limit === seen?.limit && sentAtOf(views[each]) > sentAtOf(views[group]))
}

function sentAtOf({ seen }: View): number {
  return seen?.sentAt ?? Number.NEGATIVE_INFINITY
}

interface Source {
  /** Whose answers count. */
  readonly told: Group
  /** Whose requests the bucket may count. */
  readonly among: readonly Group[]
  /** Requests that are left for others besides the reserve. */
  readonly left: number
  readonly now: number
}

function delayBy({ views, limits }: Pace, { told, among, left, now }: Source): number {
  const { seen, refill, margin } = views[told]
  if (seen === undefined) return 0
  const level = levelOf({ seen, refill, sharers: among.map(group => views[group]), now })
  // In whole requests, as Auth0 counts them; one may go whatever the headroom.
  const reserve = Math.min(Math.max(Math.ceil(seen.limit * limits.headroom), margin), seen.limit - 1)
  const missing = Math.min(reserve + left + 1, seen.limit) - level
  if (missing <= 0 && refill !== undefined) return 0
  // Until the refill is known, half of what may be spent is spent at once, so that there is room to see what comes in.
  if (missing <= (reserve - seen.limit) / 2) return 0
  const filled = refill ? missing / refill : Number.POSITIVE_INFINITY
  if (among.some(group => inFlightOf(views[group]) > 0)) return Math.min(filled, LOOK_AGAIN_MS)
  if (missing <= 0) return seen.at + SOUNDING_MS - now
  return Math.min(filled, seen.at + delayByReset(seen, { missing, spendable: seen.limit - reserve }) - now)
}

/**
 * A reset adds one request at least: Auth0's documentation calls it the time at which more requests are added, its
 * limiter the time at which the bucket is full. A window fills the bucket at once. A bucket of which only one request
 * may be spent is filled by the time that is announced, but how much sooner is never seen.
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
  readonly sharers: readonly View[]
  readonly now: number
}

/**
 * What the bucket holds at least. Of the answers that came since the request of the latest one was sent, one belongs to
 * the request that was counted last; requests in flight, and those whose answers said nothing, may be counted after it.
 */
function levelOf({ seen, refill = 0, sharers, now }: Holding): number {
  const said = sharers.flatMap(({ recent }) => recent.filter(({ at }) => at >= seen.sentAt))
  const levels = said.map(({ at, remaining = seen.limit }) => Math.min(seen.limit, remaining + refill * (now - at)))
  const silent = said.filter(({ remaining }) => remaining === undefined)
  return sharers.reduce((level, view) => level - inFlightOf(view), Math.min(...levels) - silent.length)
}

function withSettled(pace: Pace, { group, sent, bucket, now }: Outcome): Pace {
  const { settled, recent, seen } = pace.views[group]
  const said = { at: now, remaining: bucket?.remaining }
  const from = seen?.sentAt ?? sent.lastSentAt
  return withView(pace, group, { settled: settled + 1, recent: [...recent.filter(({ at }) => at >= from), said] })
}

function withSeen(pace: Pace, { group, sent, now }: Outcome, bucket: Bucket): Pace {
  const view = pace.views[group]
  const seen: Seen = {
    ...bucket,
    at: now,
    sentAt: sent.lastSentAt,
    settledBefore: sent.views[group].settled,
    sentByThen: view.sent,
  }
  // Answers overtake each other; an older one has nothing to add.
  if (seen.sentAt < sentAtOf(view)) return pace
  const sibling = GROUPS.filter(each => each !== group)
    .map(each => pace.views[each])
    .find(each => continues(each, seen))
  if (view.seen?.limit !== seen.limit) {
    return withView(pace, group, { seen, mark: seen, refill: sibling?.refill, blind: false })
  }
  const { mark, refill } = measure(view, seen)
  // What other groups take is not to be seen in their bucket's refill.
  const isCurrent = sibling?.seen !== undefined && now - sibling.seen.at < MEASURED_FOR_MS
  const refills = [refill, isCurrent ? sibling.refill : undefined].filter(each => each !== undefined)
  return withView(pace, group, { seen, mark, refill: refills.length === 0 ? undefined : Math.max(...refills) })
}

/** Whether a description goes on where one to another group left off: then the groups share the bucket. */
function continues({ seen: last, refill = 0 }: View, seen: Seen): boolean {
  if (last?.limit !== seen.limit || isWindowed(last) !== isWindowed(seen)) return false
  const expected = last.remaining + refill * (seen.at - last.at)
  return seen.remaining < Math.min(seen.limit - 1, expected + seen.limit / 10)
}

/** Whether a reset may be the end of a window, at which the bucket is filled all at once. */
function isWindowed({ at, resetAt }: Seen): boolean {
  return resetAt - at > WINDOWED_MS
}

/** In the worst case, as too low a refill costs no speed, but too high a one costs the reserve. */
function measure({ mark, refill }: View, seen: Seen): Pick<View, 'mark' | 'refill'> {
  // What comes in at the end of a window will not come again soon.
  const crossed = mark && seen.at > mark.resetAt - RESET_SLACK_MS && isWindowed(seen)
  if (mark === undefined || crossed) return { mark: seen, refill }
  // It may have been counted before the mark.
  if (seen.sentAt < mark.at) return { mark, refill }
  const taken = 1 + Math.max(0, seen.settledBefore - mark.sentByThen)
  // Descriptions are in whole requests: there may have been almost one more, unless the bucket was full.
  const filled = Math.max(0, seen.remaining - Math.min(mark.remaining + 1, mark.limit - 1) + taken)
  const elapsed = Math.max(1, seen.at - mark.sentAt)
  // A bucket that is full again may have been full for long.
  if (seen.remaining >= seen.limit - 1) return { mark: seen, refill: Math.max(refill ?? 0, filled / elapsed) }
  if (elapsed < SOUNDING_MS || (filled < ENOUGH && elapsed < MEASURED_FOR_MS)) return { mark, refill }
  const isDone = filled >= ENOUGH && elapsed >= MEASURED_FOR_MS
  return { mark: isDone ? seen : mark, refill: filled / elapsed }
}

function confirmed(pace: Pace, group: Group): Pace {
  const blindCeiling = Math.min(pace.blindCeiling * BLIND_GROWTH, maxBlindCeiling(pace.limits))
  const blind = pace.views[group].seen === undefined
  return { ...withView(pace, group, { refused: false, blind }), blindCeiling }
}

/** Once for each row of refusals: half as fast, and more is left alone. */
function slowedDown(pace: Pace, group: Group): Pace {
  const { seen, refill, margin, refused, blind } = pace.views[group]
  if (refused) return pace
  if (blind) {
    const blindCeiling = Math.max(pace.blindCeiling / 2, MIN_BLIND_CEILING)
    return { ...withView(pace, group, { refused: true }), blindCeiling }
  }
  if (seen === undefined) return pace
  const more = Math.ceil(seen.limit * MARGIN)
  return withView(pace, group, { refused: true, mark: undefined, refill: refill && refill / 2, margin: margin + more })
}

function withView(pace: Pace, group: Group, change: Partial<View>): Pace {
  return { ...pace, views: { ...pace.views, [group]: { ...pace.views[group], ...change } } }
}
