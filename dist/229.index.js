export const id = 229;
export const ids = [229];
export const modules = {

/***/ 967:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   V: () => (/* binding */ SYSTEM_CLOCK)
/* harmony export */ });
/* harmony import */ var node_timers_promises__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(8500);
// Time and randomness. Tests pass their own clock, so that waiting is simulated.

const SYSTEM_CLOCK = {
    now: () => performance.now(),
    sleep: (milliseconds, signal) => (0,node_timers_promises__WEBPACK_IMPORTED_MODULE_0__.setTimeout)(milliseconds, undefined, signal && { signal }),
    timeout: milliseconds => AbortSignal.timeout(milliseconds),
    random: Math.random,
};


/***/ }),

/***/ 6229:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  connect: () => (/* binding */ connect)
});

// UNUSED EXPORTS: openTenant

// EXTERNAL MODULE: ./build/js/errors.js
var errors = __webpack_require__(2027);
// EXTERNAL MODULE: ./build/js/runner/clock.js
var runner_clock = __webpack_require__(967);
// EXTERNAL MODULE: ./node_modules/undici/index.js
var undici = __webpack_require__(6752);
;// CONCATENATED MODULE: ./build/js/tenant/limits.js
// Auth0's rate limits: which limit a request counts against, what a response's headers say, and how messages name a limit
// and its end. Pure.
const GROUPS = ['readingUsers', 'writingUsers', 'rest'];
const TOKEN_PATH = '/oauth/token';
const NAMES = {
    readingUsers: 'rate limit for reading users',
    writingUsers: 'rate limit for writing users',
    rest: 'rate limit of the Management API',
    tokens: 'quota for access tokens',
};
/** A nearer end is not mentioned. */
const SOON_MS = 60_000;
/** A later end is ignored. */
const MAX_BELIEVED_MS = 24 * 60 * 60 * 1000;
function limitOf({ method, path }) {
    if (path === TOKEN_PATH)
        return 'tokens';
    if (!/^\/api\/v2\/users(-by-email)?(\/|$)/.test(path))
        return 'rest';
    return method === 'GET' ? 'readingUsers' : 'writingUsers';
}
/** @returns undefined if one of `x-ratelimit-limit`, `-remaining` and `-reset` is missing or invalid */
function readBucket(headers, now) {
    const limit = wholeNumber(headers['x-ratelimit-limit']);
    const remaining = wholeNumber(headers['x-ratelimit-remaining']);
    const reset = readReset(headers, now);
    if (limit === undefined || limit === 0 || remaining === undefined || reset === undefined)
        return undefined;
    return { limit, remaining: Math.min(remaining, limit), resetAt: reset.at };
}
/** When the tenant accepts requests again: by `retry-after` in seconds, or for a 429 by its bucket's reset. */
function readEnd({ status, headers }, now) {
    const after = wholeNumber(headers['retry-after']);
    if (after !== undefined)
        return { at: now.at + after * 1000, time: serverTime(headers, now) + after * 1000 };
    return status === 429 ? readReset(headers, now) : undefined;
}
/** By `x-ratelimit-reset` in UNIX seconds. */
function readReset(headers, now) {
    const reset = wholeNumber(headers['x-ratelimit-reset']);
    if (reset === undefined)
        return undefined;
    return { at: now.at + Math.max(0, reset * 1000 - serverTime(headers, now)), time: reset * 1000 };
}
/** What is waited for; names the limit and its end only if the end is more than a minute away. */
function describeWait({ limit, other, end }, now) {
    const until = farTime(end, now);
    if (until === undefined)
        return limit === undefined ? other : 'the rate limit';
    return `${limit === undefined ? other : `the ${NAMES[limit]}`}, until ${until}`;
}
function describeExhausted(limit, { origin, until }) {
    return `The ${NAMES[limit]} of ${origin} is used up${until === undefined ? '' : ` until ${until}`}`;
}
/** The time of day, such as `14:05 UTC`, if it is more than a minute away and less than a day. */
function farTime(end, now) {
    if (end === undefined || end.at - now <= SOON_MS || end.at - now >= MAX_BELIEVED_MS)
        return undefined;
    const time = new Date(end.time);
    // A response may have the last date that JavaScript can represent, and a later one is invalid.
    return Number.isNaN(time.getTime()) ? undefined : `${time.toISOString().slice(-13, -8)} UTC`;
}
function serverTime({ date: header }, { time }) {
    const date = Date.parse(String(header));
    return Number.isNaN(date) ? time : date;
}
function wholeNumber(header) {
    return /^\d{1,12}$/.test(String(header)) ? Number(header) : undefined;
}

;// CONCATENATED MODULE: ./build/js/tenant/pace.js
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

/** The rate while the tenant does not describe its bucket. */
const BLIND_CEILING = 10 / 1000;
const MIN_BLIND_CEILING = 0.5 / 1000;
/** A refusal halves the blind ceiling; each success raises it again by this factor. */
const BLIND_GROWTH = 1.01;
const MAX_IN_FLIGHT = 48;
/** The initial number of requests in flight; each response allows one more. */
const FIRST_IN_FLIGHT = 8;
/** The share of the bucket that is added to the margin after each series of refusals, because others take more. */
const MARGIN = 0.04;
/** Auth0's windows are at most a minute. The longest wait for a reset without a request. */
const MAX_RESET_WAIT_MS = 60_000;
/** Milliseconds for a request, and for a whole bucket, on the slowest of Auth0's plans. */
const SLOWEST_REFILL_MS = 500;
const SLOWEST_FILL_MS = 6_000;
/** A reset that is further away is a window's end: plans that refill gradually have filled a bucket by then. */
const WINDOWED_MS = 10_000;
/** How late a reset may be announced: times are in whole seconds, and responses take time. */
const RESET_SLACK_MS = 2_000;
/** How long to send nothing in order to measure the refill. */
const SOUNDING_MS = 250;
/** A refill is accepted after this many requests' worth of it, and measured again after the time below. */
const ENOUGH = 3;
const MEASURED_FOR_MS = 2_000;
/** How soon to check again while requests are in flight. */
const LOOK_AGAIN_MS = 5;
const NEW_VIEW = {
    sent: 0,
    settled: 0,
    seen: undefined,
    mark: undefined,
    refill: undefined,
    recent: [],
    refused: false,
    margin: 0,
    blind: false,
};
function startPace(limits) {
    return {
        limits,
        views: { readingUsers: NEW_VIEW, writingUsers: NEW_VIEW, rest: NEW_VIEW },
        lastSentAt: Number.NEGATIVE_INFINITY,
        blindCeiling: maxBlindCeiling(limits),
    };
}
function sending(pace, { group, now }) {
    const { sent } = pace.views[group];
    return { ...withView(pace, { group, sent: sent + 1 }), lastSentAt: now };
}
/** A request that was about to be sent was not sent. */
function withdrawn(pace, group) {
    const { sent } = pace.views[group];
    return withView(pace, { group, sent: sent - 1 });
}
function received(pace, outcome) {
    const { group, kind } = outcome;
    // A bucket that refused a request is empty, whatever its headers say.
    const bucket = outcome.bucket && kind === 'throttled' ? { ...outcome.bucket, remaining: 0 } : outcome.bucket;
    const settled = withSettled(pace, { ...outcome, bucket });
    const described = withSeen(settled, { ...outcome, bucket });
    if (kind === 'throttled')
        return slowedDown(described, group);
    return kind === 'worked' ? confirmed(described, group) : described;
}
/** Whole milliseconds until the group's next request may be sent; 0 means now. */
function delayBefore(pace, turn) {
    return Math.max(0, Math.ceil(exactDelay(pace, turn)));
}
/**
 * A request must fit into the bucket according to its own group's responses, and to the latest response of each group that
 * may share the bucket. The first request of a group may count against any bucket.
 */
function exactDelay(pace, { group, waiting, now }) {
    const view = pace.views[group];
    const spacing = pace.lastSentAt + 1 / ceilingOf(pace, view) - now;
    if (spacing > 0)
        return spacing;
    if (inFlightOf(view) >= Math.min(FIRST_IN_FLIGHT + view.settled, MAX_IN_FLIGHT))
        return LOOK_AGAIN_MS;
    if (view.blind)
        return 0;
    // One request at a time finds out which bucket it is.
    const probed = GROUPS.map(each => pace.views[each]).filter(each => isNew(each) && inFlightOf(each) > 0);
    if (view.seen === undefined && probed.length > 0)
        return LOOK_AGAIN_MS;
    // A new group would never get its turn if the others took the whole refill.
    const newcomers = view.seen === undefined ? [] : waiting.filter(each => isNew(pace.views[each]));
    const observers = sharersOf(pace, group).filter(each => isLatest(pace, each));
    const shared = observers.map(observer => ({ observer, sharers: sharersOf(pace, observer) }));
    const sources = [{ observer: group, sharers: [group] }, ...shared];
    const reservedForOthers = newcomers.length;
    return Math.max(...sources.map(source => delayBy(pace, { ...source, reservedForOthers, now })));
}
function isBlind({ views }) {
    return GROUPS.some(group => views[group].blind);
}
function isNew({ seen, blind }) {
    return seen === undefined && !blind;
}
function inFlightOf({ sent, settled }) {
    return sent - settled;
}
/** A ceiling in the inputs replaces this guess. */
function maxBlindCeiling({ ceiling }) {
    return ceiling === undefined ? BLIND_CEILING : ceiling / 1000;
}
function ceilingOf({ limits, blindCeiling }, { blind }) {
    const ceiling = limits.ceiling === undefined ? Number.POSITIVE_INFINITY : limits.ceiling / 1000;
    return blind ? Math.min(ceiling, blindCeiling) : ceiling;
}
/** The groups that may share a bucket with this one, including itself. */
function sharersOf({ views }, group) {
    const limit = views[group].seen?.limit;
    return GROUPS.filter(each => {
        const other = views[each].seen?.limit;
        return limit === undefined || other === undefined || limit === other;
    });
}
/** Whether no other group has a later description of a bucket of this size. */
function isLatest({ views }, group) {
    const { seen } = views[group];
    return !GROUPS.some(each => views[each].seen?.limit === seen?.limit && sentAtOf(views[each]) > sentAtOf(views[group]));
}
function sentAtOf({ seen }) {
    return seen?.sentAt ?? Number.NEGATIVE_INFINITY;
}
function delayBy({ views, limits }, { observer, sharers, reservedForOthers, now }) {
    const { seen, refill, margin } = views[observer];
    if (seen === undefined)
        return 0;
    const level = levelOf({ seen, refill, sharerViews: sharers.map(group => views[group]), now });
    // In whole requests, as Auth0 counts them; one is always allowed, whatever the headroom.
    const reserve = Math.min(Math.max(Math.ceil(seen.limit * limits.headroom), margin), seen.limit - 1);
    const missing = Math.min(reserve + reservedForOthers + 1, seen.limit) - level;
    if (missing <= 0 && refill !== undefined)
        return 0;
    // Until the refill is known, only half of what may be spent is spent, so that the refill can be measured.
    if (missing <= (reserve - seen.limit) / 2)
        return 0;
    const filled = refill ? missing / refill : Number.POSITIVE_INFINITY;
    if (sharers.some(group => inFlightOf(views[group]) > 0))
        return Math.min(filled, LOOK_AGAIN_MS);
    if (missing <= 0)
        return seen.at + SOUNDING_MS - now;
    return Math.min(filled, seen.at + delayByReset(seen, { missing, spendable: seen.limit - reserve }) - now);
}
/**
 * A reset adds at least one request: according to Auth0's documentation it is the time at which more requests are added,
 * according to its limiter the time at which the bucket is full. A window fills the bucket at once. If only one request may
 * be spent, the bucket is full by the announced time, but how much earlier can never be observed.
 */
function delayByReset(seen, { missing, spendable }) {
    const announced = seen.resetAt - seen.at;
    if (isWindowed(seen))
        return Math.min(announced, MAX_RESET_WAIT_MS);
    const next = spendable === 1 && announced <= RESET_SLACK_MS ? Math.min(announced, SLOWEST_REFILL_MS) : announced;
    return next + Math.max(0, missing - 1) * Math.min(SLOWEST_REFILL_MS, SLOWEST_FILL_MS / seen.limit);
}
/**
 * The minimum level of the bucket. One of the responses since the request of the latest one was sent belongs to the
 * request that was counted last; requests in flight, and those whose responses had no description, may be counted after
 * it.
 */
function levelOf({ seen, refill = 0, sharerViews, now }) {
    const readings = sharerViews.flatMap(({ recent }) => recent.filter(({ at }) => at >= seen.sentAt));
    const levels = readings.map(({ at, remaining = seen.limit }) => Math.min(seen.limit, remaining + refill * (now - at)));
    const silent = readings.filter(({ remaining }) => remaining === undefined);
    return sharerViews.reduce((level, view) => level - inFlightOf(view), Math.min(...levels) - silent.length);
}
function withSettled(pace, { group, sent, bucket, now }) {
    const { settled, recent, seen } = pace.views[group];
    const reading = { at: now, remaining: bucket?.remaining };
    const from = seen?.sentAt ?? sent.lastSentAt;
    return withView(pace, { group, settled: settled + 1, recent: [...recent.filter(({ at }) => at >= from), reading] });
}
function withSeen(pace, { group, sent, bucket, now }) {
    if (bucket === undefined)
        return pace;
    const view = pace.views[group];
    const seen = {
        ...bucket,
        at: now,
        sentAt: sent.lastSentAt,
        settledBefore: sent.views[group].settled,
        sentByThen: view.sent,
    };
    // Responses overtake each other; an older one adds nothing.
    if (seen.sentAt < sentAtOf(view))
        return pace;
    const sibling = GROUPS.filter(each => each !== group)
        .map(each => pace.views[each])
        .find(each => continues(each, seen));
    if (view.seen?.limit !== seen.limit) {
        return withView(pace, { group, seen, mark: seen, refill: sibling?.refill, blind: false });
    }
    const { mark, refill } = measure(view, seen);
    // Each measurement is too low by what the other group took, so the higher one counts.
    const isCurrent = sibling?.seen !== undefined && now - sibling.seen.at < MEASURED_FOR_MS;
    const refills = [refill, isCurrent ? sibling.refill : undefined].filter(each => each !== undefined);
    return withView(pace, { group, seen, mark, refill: refills.length === 0 ? undefined : Math.max(...refills) });
}
/** Whether a description continues another group's: then the groups share the bucket. */
function continues({ seen: last, refill = 0 }, seen) {
    if (last?.limit !== seen.limit || isWindowed(last) !== isWindowed(seen))
        return false;
    const expected = last.remaining + refill * (seen.at - last.at);
    return seen.remaining < Math.min(seen.limit - 1, expected + seen.limit / 10);
}
/** Whether a reset may be the end of a window, at which the bucket is filled all at once. */
function isWindowed({ at, resetAt }) {
    return resetAt - at > WINDOWED_MS;
}
/** Assumes the worst case, because a refill that is too low costs no speed, but one that is too high costs the reserve. */
function measure({ mark, refill }, seen) {
    // A refill at the end of a window will not repeat soon.
    const crossed = mark && seen.at > mark.resetAt - RESET_SLACK_MS && isWindowed(seen);
    if (mark === undefined || crossed)
        return { mark: seen, refill };
    // The request may have been counted before the mark.
    if (seen.sentAt < mark.at)
        return { mark, refill };
    const taken = 1 + Math.max(0, seen.settledBefore - mark.sentByThen);
    // Descriptions are in whole requests: there may have been almost one more, unless the bucket was full.
    const filled = Math.max(0, seen.remaining - Math.min(mark.remaining + 1, mark.limit - 1) + taken);
    const elapsed = Math.max(1, seen.at - mark.sentAt);
    // A bucket that is full may have been full for a long time.
    if (seen.remaining >= seen.limit - 1)
        return { mark: seen, refill: Math.max(refill ?? 0, filled / elapsed) };
    if (elapsed < SOUNDING_MS || (filled < ENOUGH && elapsed < MEASURED_FOR_MS))
        return { mark, refill };
    const isDone = filled >= ENOUGH && elapsed >= MEASURED_FOR_MS;
    return { mark: isDone ? seen : mark, refill: filled / elapsed };
}
function confirmed(pace, group) {
    const blindCeiling = Math.min(pace.blindCeiling * BLIND_GROWTH, maxBlindCeiling(pace.limits));
    const blind = pace.views[group].seen === undefined;
    return { ...withView(pace, { group, refused: false, blind }), blindCeiling };
}
/** Once for each series of refusals: halves the rate, and raises the margin. */
function slowedDown(pace, group) {
    const { seen, refill, margin, refused, blind } = pace.views[group];
    if (refused)
        return pace;
    if (blind) {
        const blindCeiling = Math.max(pace.blindCeiling / 2, MIN_BLIND_CEILING);
        return { ...withView(pace, { group, refused: true }), blindCeiling };
    }
    if (seen === undefined)
        return pace;
    const more = Math.ceil(seen.limit * MARGIN);
    return withView(pace, { group, refused: true, mark: undefined, refill: refill && refill / 2, margin: margin + more });
}
function withView(pace, { group, ...change }) {
    return { ...pace, views: { ...pace.views, [group]: { ...pace.views[group], ...change } } };
}

;// CONCATENATED MODULE: ./build/js/tenant/exchange.js
// One exchange with the tenant's host: a request in, a response or a fault out. The only file that calls undici.



const TIMEOUT_MS = 20_000;
const CONNECT_TIMEOUT_MS = 10_000;
const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** @param origin reached through the runner's proxy, whose variables prepareEnvironment has corrected */
function openDispatcher(origin) {
    const options = {
        connections: MAX_IN_FLIGHT,
        allowH2: false,
        connect: { timeout: CONNECT_TIMEOUT_MS },
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
        maxResponseSize: MAX_BODY_BYTES,
    };
    // Plain HTTP is only allowed for a loopback address, and a proxy would send it elsewhere.
    return origin.startsWith('http:') ? new undici/* Agent */.g6(options) : new undici/* EnvHttpProxyAgent */.J2(options);
}
async function exchange(request, options) {
    const { dispatcher, origin, clock, signal, headers, attempts } = options;
    const { method, path, query, body = null } = request;
    const attempt = { request, attempts, sentAt: clock.now() };
    const overdue = clock.timeout(TIMEOUT_MS);
    try {
        // The path is sent as it is, because a URL parser would resolve a user id of two dots.
        const response = await dispatcher.request({
            origin,
            path: query === undefined ? path : `${path}?${query}`,
            method,
            headers: { accept: 'application/json', 'user-agent': 'auth0-permissions-action', ...headers },
            body,
            signal: AbortSignal.any([signal, overdue]),
        });
        const text = await response.body.text();
        return { ...attempt, status: response.statusCode, headers: response.headers, body: parse(text) };
    }
    catch (error) {
        const isLate = overdue.aborted && !signal.aborted;
        const fault = isLate ? new Error(`the response took longer than ${TIMEOUT_MS / 1000} s`) : (0,errors/* errorOf */.Mz)(error);
        return { ...attempt, fault };
    }
}
function parse(text) {
    try {
        return text === '' ? undefined : JSON.parse(text);
    }
    catch {
        return text;
    }
}
/** As in messages; without the query. */
function nameOf({ method, path }) {
    return `${method} ${path}`;
}

// EXTERNAL MODULE: external "node:events"
var external_node_events_ = __webpack_require__(8474);
// EXTERNAL MODULE: ./node_modules/zod/v4/classic/schemas.js + 9 modules
var schemas = __webpack_require__(7597);
// EXTERNAL MODULE: ./build/js/runner/secrets.js
var secrets = __webpack_require__(4700);
;// CONCATENATED MODULE: ./build/js/tenant/responses.js
// Reads responses: data by a schema, or an error with Auth0's own message and with advice.




/** The path of the Management API. */
const BASE = '/api/v2';
/** Auth0's maximum number of items per page. */
const PER_PAGE = 100;
const optionalText = schemas/* string */.YjP().optional().catch(undefined);
/** The forms of the Management API and of the token endpoint. */
const errorBody = schemas/* object */.Ikc({
    message: optionalText,
    errorCode: optionalText,
    error: optionalText,
    error_description: optionalText,
});
/** Headers in which Auth0, and the network in front of it, put the request id that their support asks for. */
const REQUEST_ID_HEADERS = ['ot-baggage-auth0-request-id', 'x-auth0-requestid', 'cf-ray'];
const MAX_QUOTE = 300;
function responseError(response, { summary, ...verdict }) {
    const { message, errorCode, error, error_description: description } = errorIn(response);
    const words = message ?? description ?? (typeof response.body === 'string' ? response.body : undefined);
    // A response may quote the request. Redact before shortening, because a secret that is cut would not be recognized.
    const text = words && (0,secrets/* redact */.E$)(words);
    return new errors/* TenantError */.rZ(summary, {
        ...verdict,
        request: nameOf(response.request),
        attempts: response.attempts,
        status: response.status,
        errorCode: errorCode ?? error,
        message: text !== undefined && text.length > MAX_QUOTE ? `${text.slice(0, MAX_QUOTE)}…` : text,
        requestId: REQUEST_ID_HEADERS.map(name => response.headers[name]).find(value => typeof value === 'string'),
    });
}
function errorIn({ body }) {
    return errorBody.safeParse(body).data ?? {};
}
/** @returns undefined if the response is not a redirect */
function redirectAdvice({ status, headers }) {
    if (status < 300 || status > 399)
        return undefined;
    const target = URL.parse(String(headers.location))?.host;
    const where = target === undefined ? '' : ` to ${target}`;
    return `It redirects${where}, and redirects are never followed; set the input domain to the tenant's own domain.`;
}
function isUnknownUser(response) {
    return response.status === 404 && errorIn(response).errorCode === 'inexistent_user';
}
/** @throws TenantError for a response that is not a success, or has an unexpected format */
function read(response, { schema, unread }) {
    if (response.status < 200 || response.status > 299)
        throw refusal(response, unread);
    const { data, error } = schema.safeParse(response.body);
    if (error === undefined)
        return data;
    const [where] = error.issues.map(({ path, message }) => `at ${path.join('.') || 'the top level'}: ${message}`);
    throw responseError(response, { ...STRANGE, summary: `${unread}: unexpected response format ${where}` });
}
const STRANGE = { reach: 'user', advice: 'Check the input domain, and any proxy in between.' };
function refusal(response, summary) {
    return responseError(response, { summary, ...meaningOf(response) });
}
/** What a response's status means for the rest of the run, and what to do. */
function meaningOf(response) {
    const redirected = redirectAdvice(response);
    if (redirected !== undefined)
        return { reach: 'run', advice: redirected };
    const { errorCode } = errorIn(response);
    switch (response.status) {
        case 400:
            return { reach: 'operation', advice: errorCode === 'invalid_uri' ? INVALID_ID : 'The request had no effect.' };
        case 401:
            return { reach: 'run', advice: INVALID_TOKEN };
        case 403:
            return { reach: 'user', advice: errorCode === 'insufficient_scope' ? MISSING_SCOPE : FORBIDDEN };
        default:
            return STRANGE;
    }
}
const INVALID_ID = 'A user id has the form connection|identifier, such as auth0|5f7c8ec7c33c6c004bbafe82; correct it.';
const INVALID_TOKEN = 'The token has expired or is for another tenant; check the credential and the inputs domain and audience.';
const MISSING_SCOPE = 'Authorize the application for the missing scope of the Auth0 Management API.';
const FORBIDDEN = 'Auth0, or a proxy in between, does not allow this; its message says why.';
/** The path leads to this user only, whatever the id contains. */
function userPath(user) {
    // encodeURIComponent does not encode dots, but URL parsers resolve a segment of one or two dots.
    const segment = encodeURIComponent(user).replace(/^\.{1,2}$/, dots => dots.replaceAll('.', '%2E'));
    return `${BASE}/users/${segment}`;
}

;// CONCATENATED MODULE: ./build/js/tenant/failure.js
// Requests that failed for good: network faults, and responses that ask for a retry → errors that say what to do.




const LASTING_FAULT = /^(ENOTFOUND|UND_ERR_INVALID_ARG|CERT_|ERR_TLS|ERR_SSL|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO)/;
const LATER = "Run it again when the tenant is reachable; Auth0's status page is https://status.auth0.com.";
/** Whether a fault is permanent; any other fault is worth a retry. */
function isLasting(fault) {
    return LASTING_FAULT.test(codeOf(fault)) || isRefusedTunnel(fault);
}
/** Whether a response is final, so that a retry would not change it. */
function isFinal(attempt) {
    if ('fault' in attempt)
        return false;
    const { status, body, request } = attempt;
    if (status === 429 || status === 408 || status >= 500)
        return false;
    if (status < 200 || status > 299)
        return true;
    // A success must have JSON, or after a write no body. Anything else is a truncated response or a proxy's.
    return typeof body === 'object' || (body === undefined && request.method !== 'GET');
}
function givenUp(last, { origin, limit, until, reach }) {
    if ('fault' in last) {
        const { request, attempts, fault: cause } = last;
        return new errors/* TenantError */.rZ(`No response from ${origin}: ${`${codeOf(cause)} ${cause.message}`.trim()}`, { request: nameOf(request), reach, attempts, advice: adviceOn(cause, origin) }, { cause });
    }
    const isThrottled = last.status === 429;
    const later = isThrottled ? 'Run it again when there is less other traffic.' : LATER;
    return responseError(last, {
        summary: isThrottled
            ? describeExhausted(limit, { origin, until })
            : `${origin} only returns errors${reach === 'run' ? '' : ' for this request'}`,
        reach,
        advice: until === undefined ? later : `Run it again after ${until}.`,
    });
}
/** The tenant may have done what was requested, because the last response was lost or not awaited. */
function interrupted({ request, attempts }, cause) {
    return new errors/* TenantError */.rZ('The run stopped before a response arrived, so the request may have taken effect', { request: nameOf(request), reach: 'run', attempts, advice: 'Run it again to be sure.' }, { cause });
}
function codeOf(error) {
    return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
/** undici has no error code for a tunnel that the proxy refuses. */
function isRefusedTunnel({ message }) {
    return /^Proxy response \(4\d\d\)/.test(message);
}
function adviceOn(fault, origin) {
    if (codeOf(fault) === 'ENOTFOUND') {
        const isProxy = 'hostname' in fault && fault.hostname !== new URL(origin).hostname;
        if (isProxy)
            return "Check the runner's HTTPS_PROXY: the proxy's host does not exist.";
        return 'Check the input domain: this host does not exist.';
    }
    if (isRefusedTunnel(fault))
        return "Check the runner's HTTPS_PROXY and NO_PROXY, and what the proxy allows.";
    if (!isLasting(fault))
        return LATER;
    return 'Check the input domain, and NODE_EXTRA_CA_CERTS if a proxy has its own certificate authority.';
}

;// CONCATENATED MODULE: ./build/js/tenant/outage.js
// When to send requests while the tenant fails: results of attempts and a clock in, a delay and a verdict out. Pure; times
// are milliseconds of the local clock.
//
//   in flight   ▇ ▇ ▇ ×             A 429, a named end, or three failures in a row: all requests wait,
//               ▁ × ▁ ×  ▁ ×   ▁ ✓  and one at a time probes the tenant; the pauses grow with the outage.
//               ▂ ▃ ▄ ▅ ▆ ▇         Each success allows one more request in flight, until there are as many as before.
//
// An outage of a minute fails no user. A longer one that affects several requests ends the run.
/** Failures in a row after which requests are sent one at a time. */
const PROBE_AFTER = 3;
/** The number of failed requests after which the tenant, not their users, is considered the cause. */
const DOWN_FOR_ALL = 3;
/** A pause is this share of the outage's length, so that work resumes soon after its end. */
const PAUSE_SHARE = 1 / 3;
const MIN_PAUSE_MS = 250;
const MAX_PAUSE_MS = 4_000;
/** The longest wait without a probe for an end that the tenant names. */
const MAX_HOLD_MS = 60_000;
/** The longest outage before requests fail. */
const PATIENCE_MS = 60_000;
/** The fewest failed attempts before requests fail, because the pace may allow few attempts in that time. */
const MIN_FAILURES = 3;
/** The longest outage if the tenant names an end within this time. */
const MAX_PATIENCE_MS = 300_000;
/** How soon to check again while a request is in flight. */
const outage_LOOK_AGAIN_MS = 5;
const LOOK_AGAIN_PROBING_MS = 50;
const NO_OUTAGE = {
    failures: 0,
    requests: new Set(),
    since: Number.NEGATIVE_INFINITY,
    probingSince: undefined,
    until: Number.NEGATIVE_INFINITY,
    width: Number.POSITIVE_INFINITY,
    throttled: false,
    end: undefined,
};
function withFailure(outage, failure) {
    const { request, sentAt, throttled, end, jitter, now } = failure;
    const failures = outage.failures + 1;
    const isKnown = throttled || end !== undefined || failures >= PROBE_AFTER;
    const probingSince = outage.probingSince ?? (isKnown ? now : undefined);
    const pause = Math.max(MIN_PAUSE_MS, (now - (probingSince ?? now)) * PAUSE_SHARE);
    const hold = end === undefined ? 0 : Math.min(end.at - now, MAX_HOLD_MS) + jitter * 1_000;
    return {
        failures,
        requests: new Set([...outage.requests, request]),
        since: outage.failures === 0 ? Math.max(sentAt, outage.since) : outage.since,
        probingSince,
        until: now + Math.max(hold, Math.min(pause, MAX_PAUSE_MS) * (1 - jitter / 2)),
        width: probingSince === undefined ? outage.width : 1,
        throttled,
        end,
    };
}
function withSuccess(outage, { sentAt, now }) {
    // It was sent before the others failed.
    if (outage.probingSince !== undefined && sentAt < outage.probingSince)
        return outage;
    return { ...NO_OUTAGE, since: now, width: outage.width + 1 };
}
/** Milliseconds until the next attempt may be sent; 0 or less means now. */
function delayByOutage(outage, { inFlight, now }) {
    const { probingSince, until, width } = outage;
    if (probingSince === undefined)
        return inFlight >= width ? outage_LOOK_AGAIN_MS : 0;
    return inFlight >= width ? LOOK_AGAIN_PROBING_MS : until - now;
}
/** Whether a failed attempt was sent so late in an outage that it is not retried. */
function isOverdue(outage, sentAt) {
    const { failures, since, end } = outage;
    if (failures < MIN_FAILURES && end === undefined)
        return false;
    const isNear = end !== undefined && end.at <= since + MAX_PATIENCE_MS;
    return sentAt >= Math.max(since + PATIENCE_MS, isNear ? end.at : since);
}
/** Whether the tenant itself is failing. A 429, or a response that names an end, is never about one user. */
function isDown(outage, sentAt) {
    const { requests, throttled, end } = outage;
    return isOverdue(outage, sentAt) && (throttled || end !== undefined || requests.size >= DOWN_FOR_ALL);
}

;// CONCATENATED MODULE: ./build/js/tenant/turns.js
// Decides when a request may be sent: a queue for each rate limit, which waits for the pace and for a failing tenant.





function openTurns({ clock, stopped, limits }) {
    const pauses = new Map();
    return {
        clock,
        stopped,
        traffic: {
            requests: 0,
            waited: 0,
            get waitingFor() {
                const [longest] = [...pauses].sort(([, one], [, other]) => other - one);
                return longest?.[0].reason;
            },
            blind: false,
        },
        lanes: {
            readingUsers: openLane('readingUsers'),
            writingUsers: openLane('writingUsers'),
            rest: openLane('rest'),
            tokens: openLane('tokens'),
        },
        pauses,
        epoch: Date.now() - clock.now(),
        pace: startPace(limits),
    };
}
function openLane(limit) {
    return { limit, queue: Promise.resolve(), waiting: 0, inFlight: 0, outage: NO_OUTAGE, end: undefined };
}
function laneOf({ lanes }, request) {
    return lanes[limitOf(request)];
}
/** Sends a request once, when its turn comes, after earlier ones of its lane. */
async function takeTurn(turns, { request, send }) {
    const lane = laneOf(turns, request);
    const sent = await queue(turns, request);
    let headers;
    try {
        headers = await request.headers?.();
        turns.stopped.throwIfAborted();
    }
    catch (error) {
        lane.inFlight--;
        if (lane.limit !== 'tokens')
            turns.pace = withdrawn(turns.pace, lane.limit);
        throw error;
    }
    turns.traffic.requests++;
    const attempt = await send(headers);
    noteResult(turns, { attempt, sent });
    return attempt;
}
/** @returns the pace right after the turn */
function queue(turns, request) {
    const lane = laneOf(turns, request);
    lane.waiting++;
    const mine = lane.queue.then(async () => {
        await waitForTurn(turns, request);
        lane.inFlight++;
        if (lane.limit !== 'tokens')
            turns.pace = sending(turns.pace, { group: lane.limit, now: turns.clock.now() });
        return turns.pace;
    });
    const turned = mine.finally(() => lane.waiting--);
    lane.queue = turned.catch(() => undefined);
    return turned;
}
async function waitForTurn(turns, request) {
    const { now } = turns.clock;
    const lane = laneOf(turns, request);
    for (;;) {
        turns.stopped.throwIfAborted();
        const byOutage = delayByOutage(lane.outage, { inFlight: lane.inFlight, now: now() });
        const byPace = delayByPace(turns, lane);
        if (byOutage <= 0 && byPace <= 0)
            return;
        const { throttled, end } = lane.outage;
        const byLimit = throttled || byPace > byOutage;
        const waiting = {
            limit: byLimit ? lane.limit : undefined,
            other: lane.limit === 'tokens' ? `a retry of ${nameOf(request)}` : 'the tenant to respond again',
            end: byPace > byOutage ? lane.end : end,
        };
        await pause(turns, { milliseconds: Math.max(byOutage, byPace), reason: describeWait(waiting, now()), byLimit });
    }
}
function delayByPace({ pace, lanes, clock }, { limit: group }) {
    const waiting = GROUPS.filter(each => lanes[each].waiting > 0);
    return group === 'tokens' ? 0 : delayBefore(pace, { group, waiting, now: clock.now() });
}
async function pause(turns, own) {
    const { clock, stopped, traffic, pauses } = turns;
    const from = clock.now();
    pauses.set(own, from + own.milliseconds);
    try {
        await clock.sleep(own.milliseconds, stopped);
    }
    catch {
        stopped.throwIfAborted();
    }
    finally {
        pauses.delete(own);
        if (own.byLimit)
            traffic.waited += clock.now() - from;
    }
}
/** Updates the pace and the outage. @param sent the pace right after the turn */
function noteResult(turns, { attempt, sent }) {
    const { clock, epoch } = turns;
    const { request, sentAt } = attempt;
    const lane = laneOf(turns, request);
    const now = clock.now();
    const { status, headers } = 'fault' in attempt ? { status: 0, headers: {} } : attempt;
    const at = { at: now, time: epoch + now };
    const throttled = status === 429;
    const final = isFinal(attempt);
    const end = readEnd({ status, headers }, at);
    lane.inFlight--;
    lane.end = end ?? readReset(headers, at) ?? lane.end;
    lane.outage = final
        ? withSuccess(lane.outage, { sentAt, now })
        : withFailure(lane.outage, { request, sentAt, throttled, end, jitter: clock.random(), now });
    if (lane.limit === 'tokens')
        return;
    const kind = final ? 'worked' : throttled ? 'throttled' : 'failed';
    turns.pace = received(turns.pace, { group: lane.limit, sent, kind, bucket: readBucket(headers, at), now });
    turns.traffic.blind = isBlind(turns.pace);
}

;// CONCATENATED MODULE: ./build/js/tenant/http.js
// Sends requests to the tenant's host, with turns, retries and an orderly end. It detects failed attempts, but does not
// interpret responses.







const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 16_000;
/** How long a cancelled run waits for requests in flight; the runner kills it 10 s after the first signal. */
const GRACE_MS = 4_500;
function createHttp(options) {
    const { signal, dispatcher, clock, limits } = options;
    const halted = new AbortController();
    const inFlight = new AbortController();
    signal.addEventListener('abort', () => clock.timeout(GRACE_MS).addEventListener('abort', () => inFlight.abort(signal.reason)), { once: true });
    const turns = openTurns({ clock, limits, stopped: AbortSignal.any([signal, halted.signal]) });
    const underWay = new Set();
    const state = { options, turns, inFlight: inFlight.signal, underWay };
    return {
        send: request => send(state, request),
        halt: cause => halted.abort(new errors/* NotSentError */.SD('An earlier failure affected every user.', { cause })),
        traffic: turns.traffic,
        // Waits for requests in flight, so that the tenant received all that are counted. undici's own close() would do so, too,
        // but its agents forget their connections then, and no later destroy() ends one that hangs.
        close: async () => {
            halted.abort(new errors/* NotSentError */.SD('The run has ended.'));
            await Promise.race([Promise.all(underWay), (0,external_node_events_.once)(clock.timeout(GRACE_MS), 'abort')]);
            await dispatcher.destroy();
        },
    };
}
async function send(state, request) {
    const { options, turns, inFlight: signal, underWay } = state;
    if (options.mode !== 'apply' && request.method !== 'GET' && request.path !== TOKEN_PATH) {
        throw new Error(`${nameOf(request)} in a mode that writes nothing`);
    }
    let failed;
    let since;
    try {
        for (let attempts = 1;; attempts++) {
            const attempt = await takeTurn(turns, {
                request,
                send: headers => {
                    const exchanging = exchange(request, { ...options, signal, headers, attempts });
                    underWay.add(exchanging);
                    return exchanging.finally(() => underWay.delete(exchanging));
                },
            });
            if (isFinal(attempt))
                return attempt;
            failed = attempt;
            since ??= attempt.sentAt;
            await waitForRetry(state, { failed, since });
        }
    }
    catch (error) {
        if (error instanceof errors/* NotSentError */.SD && failed !== undefined)
            throw interrupted(failed, error);
        throw error;
    }
}
/**
 * @param since when the first attempt was sent
 * @throws TenantError if the request is not retried
 */
async function waitForRetry({ options, turns }, { failed, since }) {
    const { request, attempts, sentAt } = failed;
    const { origin, clock } = options;
    const { limit, outage } = laneOf(turns, request);
    const isOver = isDown(outage, sentAt) || ('fault' in failed && isLasting(failed.fault));
    if (isOver || isOverdue({ failures: attempts, since, end: outage.end }, sentAt)) {
        const reach = isOver || limit === 'tokens' ? 'run' : 'user';
        throw givenUp(failed, { origin, limit, until: farTime(outage.end, clock.now()), reach });
    }
    // During an outage, all requests wait for the probe instead.
    if (outage.probingSince !== undefined)
        return;
    const milliseconds = Math.min(FIRST_BACKOFF_MS * 2 ** (attempts - 1), MAX_BACKOFF_MS) * (0.5 + clock.random() / 2);
    await pause(turns, { milliseconds, reason: `a retry of ${nameOf(request)}`, byLimit: false });
}

// EXTERNAL MODULE: ./build/js/access/grants.js
var grants = __webpack_require__(5558);
;// CONCATENATED MODULE: ./build/js/tenant/paging.js
// Reads lists of the Management API by numbered pages.


/** A page's total, in schemas. */
const TOTAL = schemas/* int */.Whr().nonnegative();
/** The number of times that a list is read if it changes while it is being read. */
const LIST_READS = 3;
/** More than any list has. */
const MAX_PAGES = 500;
/** Reads all items of a list until the total is reached, whatever the size of the pages. An item may occur twice. */
async function readPages(fetchPage, { keyOf, fullPages = false, first, unstable }) {
    for (let attempt = 1;; attempt++) {
        const known = attempt === 1 ? first : undefined;
        const all = [...(known?.items ?? [])];
        const found = new Set(all.map(keyOf));
        const totals = new Set(known && [known.total]);
        let next = known === undefined ? 0 : 1;
        for (;;) {
            const before = found.size;
            const { items, total, response } = await fetchPage(next++);
            totals.add(total);
            for (const item of items) {
                all.push(item);
                found.add(keyOf(item));
            }
            const isLast = found.size === before || next === MAX_PAGES || (fullPages && items.length < PER_PAGE);
            if (found.size < total && !isLast)
                continue;
            // An item that moved to another page during the read would be missed.
            if (totals.size === 1 && found.size === total)
                return all;
            if (attempt === LIST_READS)
                throw responseError(response, unstable(`${found.size} of ${total}`));
            break;
        }
    }
}
/** The query of a page with the total of the list. */
function numbered(page) {
    return `page=${page}&per_page=${PER_PAGE}&include_totals=true`;
}
/** What a user holds. @returns undefined if the tenant has no such user */
async function readPagesOf({ send }, { user, kind, schema, ...options }) {
    const unread = `The ${kind} of ${user} could not be read`;
    let isUnknown = false;
    const fetchPage = async (page) => {
        const response = await send({ method: 'GET', path: `${userPath(user)}/${kind}`, query: numbered(page) });
        isUnknown = isUnknownUser(response);
        return { ...(isUnknown ? { items: [], total: 0 } : read(response, { schema, unread })), response };
    };
    const found = await readPages(fetchPage, {
        ...options,
        unstable: count => ({
            summary: `The ${kind} of ${user} changed while they were being read: ${count} were found`,
            reach: 'user',
            advice: 'Run it again when nothing else writes to this user.',
        }),
    });
    return isUnknown ? undefined : found;
}

;// CONCATENATED MODULE: ./build/js/tenant/permissions.js
// Reads a user's permissions, direct and through roles.



const source = schemas/* object */.Ikc({
    source_type: schemas/* string */.YjP(),
    source_id: schemas/* string */.YjP().optional(),
    source_name: schemas/* string */.YjP().optional(),
});
const permissionItem = schemas/* object */.Ikc({
    permission_name: schemas/* string */.YjP(),
    resource_server_identifier: schemas/* string */.YjP(),
    // Optional in the published schema, but without it a role-derived permission would look like a grant.
    sources: schemas/* array */.YOg(source),
});
const schema = schemas/* object */.Ikc({ permissions: schemas/* array */.YOg(permissionItem), total: TOTAL })
    .transform(({ permissions, total }) => ({ items: permissions, total }));
async function readPermissions(session, user) {
    const items = await readPagesOf(session, {
        user,
        kind: 'permissions',
        schema,
        keyOf: grantIn,
        fullPages: true,
    });
    return items && liveOf(items);
}
function grantIn({ resource_server_identifier: api, permission_name: name }) {
    return (0,grants/* grantOf */.od)(api, name);
}
/** A grant is direct if any of its items says so. */
function liveOf(items) {
    const direct = new Set();
    const derived = new Map();
    for (const item of items) {
        const { sources } = item;
        const grant = grantIn(item);
        if (sources.some(isDirect))
            direct.add(grant);
        const roles = sources.filter(each => !isDirect(each)).map(roleOf);
        if (roles.length > 0)
            derived.set(grant, roles.sort(byName));
    }
    return { direct, derived };
}
function isDirect({ source_type: type }) {
    return type === 'DIRECT';
}
function roleOf({ source_id: id, source_name: name }) {
    return { role: id || 'with an unknown id', ...(name && { name }) };
}
function byName(a, b) {
    return (0,grants/* compareText */.n6)((0,grants/* nameOfRole */.r0)(a), (0,grants/* nameOfRole */.r0)(b));
}

;// CONCATENATED MODULE: ./build/js/tenant/resource-servers.js
// The tenant's APIs: Auth0's resource servers.


const PATH = `${BASE}/resource-servers`;
/** Auth0's maximum number of `identifiers` per request. */
const APIS_PER_REQUEST = 10;
const MAX_API_PAGES = 5;
const apiList = schemas/* array */.YOg(schemas/* object */.Ikc({
    identifier: schemas/* string */.YjP(),
    scopes: schemas/* array */.YOg(schemas/* object */.Ikc({ value: schemas/* string */.YjP() })).default([]),
    enforce_policies: schemas/* boolean */.zMY().nullish(),
    token_dialect: schemas/* string */.YjP().nullish(),
    token_lifetime: schemas/* number */.aig().nullish(),
}));
async function readApis({ send }, identifiers) {
    const found = new Map();
    for (let from = 0; from < identifiers.length; from += APIS_PER_REQUEST) {
        const batch = identifiers.slice(from, from + APIS_PER_REQUEST);
        const query = batch.map(id => `identifiers=${encodeURIComponent(id)}`).join('&');
        const response = await send({ method: 'GET', path: PATH, query });
        for (const api of read(response, { schema: apiList, unread: 'The APIs could not be read' })) {
            found.set(api.identifier, {
                identifier: api.identifier,
                permissions: new Set(api.scopes.map(scope => scope.value)),
                rbac: api.enforce_policies === true,
                permissionsInToken: api.token_dialect?.endsWith('_authz') === true,
                tokenLifetime: api.token_lifetime ?? undefined,
            });
        }
    }
    return found;
}
async function listIdentifiers({ send }) {
    const found = [];
    for (let page = 0; page < MAX_API_PAGES; page++) {
        const response = await send({ method: 'GET', path: PATH, query: `page=${page}&per_page=${PER_PAGE}` });
        const apis = read(response, { schema: apiList, unread: 'The APIs could not be listed' });
        found.push(...apis.map(({ identifier }) => identifier));
        if (apis.length < PER_PAGE)
            break;
    }
    return found;
}

;// CONCATENATED MODULE: ./build/js/tenant/users.js
// Finds users by an address or by a search.



/** Auth0's maximum number of users per search. */
const MAX_FOUND = 1000;
const userItem = schemas/* object */.Ikc({ user_id: schemas/* string */.YjP().min(1) }).transform(user => user.user_id);
const userPage = schemas/* object */.Ikc({ users: schemas/* array */.YOg(userItem), total: TOTAL })
    .transform(({ users, total }) => ({ items: users, total }));
const candidates = schemas/* array */.YOg(schemas/* object */.Ikc({
    user_id: schemas/* string */.YjP(),
    email: schemas/* string */.YjP().optional(),
    email_verified: schemas/* boolean */.zMY().default(false),
    identities: schemas/* array */.YOg(schemas/* object */.Ikc({ connection: schemas/* string */.YjP() })).default([]),
}));
async function findByEmail({ send }, email) {
    const query = `email=${encodeURIComponent(email)}&fields=user_id,email,email_verified,identities&include_fields=true`;
    const response = await send({ method: 'GET', path: `${BASE}/users-by-email`, query });
    const users = read(response, { schema: candidates, unread: `The users with the address ${email} could not be read` });
    return users
        .filter(user => user.email === email)
        .map(user => ({
        id: user.user_id,
        verified: user.email_verified,
        connections: user.identities.map(identity => identity.connection),
    }));
}
async function searchUsers({ send }, query) {
    const search = `q=${encodeURIComponent(query)}&fields=user_id&include_fields=true&sort=user_id:1&search_engine=v3`;
    const fetchPage = async (page) => {
        const response = await send({ method: 'GET', path: `${BASE}/users`, query: `${search}&${numbered(page)}` });
        const unread = 'The search failed';
        if (response.status === 400) {
            throw responseError(response, { summary: unread, reach: 'run', advice: 'Correct the input query.' });
        }
        const found = read(response, { schema: userPage, unread });
        if (found.total > MAX_FOUND) {
            throw responseError(response, {
                summary: `The search found ${found.total} users, but Auth0 returns at most ${MAX_FOUND}`,
                reach: 'run',
                advice: 'Narrow the input query, for example to one connection or first letter, and export in several runs.',
            });
        }
        return { ...found, response };
    };
    const users = await readPages(fetchPage, {
        keyOf: user => user,
        fullPages: true,
        unstable: found => ({
            summary: `The search results changed while they were being read: ${found} users were found`,
            reach: 'run',
            advice: 'Run it again when no users are created or deleted.',
        }),
    });
    return [...new Set(users)];
}

;// CONCATENATED MODULE: ./build/js/tenant/roles.js
// Reads the tenant's roles, and who holds them.




/**
 * Auth0 lists at most this many users of a role by page numbers; for more, each page has a checkpoint of the next. A total
 * of exactly this many may be truncated.
 */
const MAX_NUMBERED = 1000;
const roleItem = schemas/* object */.Ikc({
    id: schemas/* string */.YjP().min(1),
    name: schemas/* string */.YjP(),
    /** May be missing for roles of the tenant. */
    type: schemas/* string */.YjP().nullish(),
});
const rolePage = schemas/* object */.Ikc({ roles: schemas/* array */.YOg(roleItem), total: TOTAL })
    .transform(({ roles, total }) => ({ items: roles, total }));
const checkpointPage = schemas/* object */.Ikc({ users: schemas/* array */.YOg(userItem), next: schemas/* string */.YjP().nullish() });
async function readRoles({ send }) {
    const fetchPage = async (page) => {
        const response = await send({ method: 'GET', path: `${BASE}/roles`, query: numbered(page) });
        return { ...read(response, { schema: rolePage, unread: 'The roles could not be read' }), response };
    };
    const roles = await readPages(fetchPage, {
        keyOf: ({ id }) => id,
        unstable: found => ({
            summary: `The list of roles changed while it was being read: ${found} were found`,
            reach: 'run',
            advice: 'Run it again when nobody creates or deletes roles.',
        }),
    });
    const ofTenant = roles.filter(({ type }) => type !== 'organization');
    return new Map(ofTenant.map(({ id, name }) => [id, name]));
}
async function readRolesOf(session, user) {
    const roles = await readPagesOf(session, { user, kind: 'roles', schema: rolePage, keyOf: ({ id }) => id });
    return roles && new Set(roles.map(({ id }) => id));
}
async function readMembers(session, role) {
    const { items, total } = await fetchMembers(session, role)(0);
    const pages = Math.ceil(total / Math.max(1, items.length));
    const more = total <= items.length ? 0 : total < MAX_NUMBERED ? pages - 1 : pages;
    return { role, users: new Set(items), more, total };
}
function fetchMembers({ send }, role) {
    return async (page) => {
        const response = await send({ method: 'GET', path: membersPath(role), query: numbered(page) });
        return { ...read(response, { schema: userPage, unread: unread(role) }), response };
    };
}
async function readAllMembers(session, first) {
    const { role, users, more, total } = first;
    if (more === 0)
        return users;
    if (total >= MAX_NUMBERED)
        return readByCheckpoint(session, first);
    const members = await readPages(fetchMembers(session, role), {
        keyOf: user => user,
        first: { items: [...users], total },
        unstable: found => unstableMembers(role, found),
    });
    return new Set(members);
}
async function readByCheckpoint(session, { role, total }) {
    for (let attempt = 1;; attempt++) {
        const { members, response } = await followCheckpoints(session, { role, total });
        // A user who is missed would keep the role.
        if (members.size >= total)
            return members;
        if (attempt === LIST_READS)
            throw responseError(response, unstableMembers(role, `${members.size} of ${total}`));
    }
}
async function followCheckpoints({ send }, { role, total }) {
    const members = new Set();
    for (let from = '';;) {
        const response = await send({ method: 'GET', path: membersPath(role), query: `take=${PER_PAGE}${from}` });
        const { users, next } = read(response, { schema: checkpointPage, unread: unread(role) });
        for (const user of users)
            members.add(user);
        const isComplete = total > MAX_NUMBERED && members.size >= total;
        if (typeof next !== 'string' || users.length === 0 || isComplete)
            return { members, response };
        from = `&from=${encodeURIComponent(next)}`;
    }
}
function unstableMembers(role, found) {
    return {
        summary: `The users of the role ${role} changed while they were being read: ${found} were found`,
        reach: 'run',
        advice: 'Run it again when nothing else assigns this role.',
    };
}
function unread(role) {
    return `The users of the role ${role} could not be read`;
}
function membersPath(role) {
    return `${BASE}/roles/${encodeURIComponent(role)}/users`;
}

// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
// EXTERNAL MODULE: ./node_modules/zod/v4/classic/coerce.js
var coerce = __webpack_require__(9567);
;// CONCATENATED MODULE: ./build/js/tenant/token.js
// The Management API token: obtained with a client secret or a signed assertion, or set by the workflow; its scopes and
// renewal.




const tokenResponse = schemas/* object */.Ikc({
    access_token: schemas/* string */.YjP().min(1),
    scope: schemas/* string */.YjP().optional(),
    /** In seconds. */
    expires_in: coerce/* number */.ai().positive().optional().catch(undefined),
});
const tokenClaims = schemas/* object */.Ikc({ scope: schemas/* string */.YjP().optional() });
function openSession(options) {
    const { http, credential, clock } = options;
    let held;
    let obtaining;
    /** One request renews the token for everything that waits for it, or whose request with the same token was refused. */
    const token = async (refused) => {
        if (held !== undefined && held !== refused && clock.now() < held.renewAt)
            return held;
        obtaining ??= obtainToken(options).finally(() => {
            obtaining = undefined;
        });
        held = await obtaining;
        return held;
    };
    const send = async (request) => {
        let used;
        let refused;
        const headers = async () => {
            used = await token(refused);
            const authorization = `Bearer ${used.value}`;
            return request.body === undefined ? { authorization } : { authorization, 'content-type': 'application/json' };
        };
        const sent = { ...request, headers };
        const response = await http.send(sent);
        if (response.status !== 401 || credential.kind === 'access-token')
            return response;
        refused = used;
        return http.send(sent);
    };
    return { send, halt: http.halt, scopes: async () => (await token()).scopes };
}
async function obtainToken(options) {
    const { http, credential, mask, clock } = options;
    if (credential.kind === 'access-token') {
        const value = credential.accessToken;
        return { value, scopes: scopesOf(value), renewAt: Number.POSITIVE_INFINITY };
    }
    const sentAt = clock.now();
    const headers = async () => ({ 'content-type': 'application/x-www-form-urlencoded' });
    const body = new URLSearchParams(tokenRequest(options, credential)).toString();
    const response = await http.send({ method: 'POST', path: TOKEN_PATH, headers, body });
    if (response.status !== 200) {
        const summary = 'Auth0 refused to issue a token';
        throw responseError(response, { summary, reach: 'run', advice: token_adviceOn(response, options) });
    }
    const { data } = tokenResponse.safeParse(response.body);
    if (data === undefined) {
        const summary = 'The token endpoint returned no token';
        throw responseError(response, { summary, reach: 'run', advice: 'Check the input domain.' });
    }
    const { access_token: value, scope, expires_in: lifetime = Number.POSITIVE_INFINITY } = data;
    mask(value);
    // A little before it expires, so that no request fails because of it.
    const renewAt = sentAt + lifetime * 1000 - Math.min(30_000, lifetime * 100);
    return { value, scopes: scopesOf(value, scope), renewAt };
}
/** @see https://auth0.com/docs/get-started/authentication-and-authorization-flow/client-credentials-flow */
function tokenRequest({ domain, audience, mask }, credential) {
    const grant = { grant_type: 'client_credentials', client_id: credential.clientId, audience };
    if (credential.kind === 'client-secret')
        return { ...grant, client_secret: credential.clientSecret };
    const assertion = signAssertion(credential, `https://${domain.host}/`);
    mask(assertion);
    return {
        ...grant,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
    };
}
/** @see https://auth0.com/docs/get-started/authentication-and-authorization-flow/authenticate-with-private-key-jwt */
function signAssertion({ clientId, key, keyId, algorithm }, audience) {
    const issuedAt = Math.floor(Date.now() / 1000);
    const header = { alg: algorithm, typ: 'JWT', ...(keyId !== undefined && { kid: keyId }) };
    const lifetime = { iat: issuedAt, exp: issuedAt + 60 };
    const claims = { iss: clientId, sub: clientId, aud: audience, ...lifetime, jti: (0,external_node_crypto_.randomUUID)() };
    const signed = `${base64url(header)}.${base64url(claims)}`;
    const pss = { padding: external_node_crypto_.constants.RSA_PKCS1_PSS_PADDING, saltLength: external_node_crypto_.constants.RSA_PSS_SALTLEN_DIGEST };
    const signature = (0,external_node_crypto_.sign)(DIGESTS[algorithm], Buffer.from(signed), { key, ...(algorithm === 'PS256' && pss) });
    return `${signed}.${signature.toString('base64url')}`;
}
const DIGESTS = { RS256: 'sha256', RS384: 'sha384', PS256: 'sha256' };
function base64url(value) {
    return Buffer.from(JSON.stringify(value)).toString('base64url');
}
/** @param scope from the response */
function scopesOf(token, scope = claimedScope(token)) {
    return scope === undefined ? undefined : new Set(scope.split(' ').filter(name => name !== ''));
}
/** undefined if the token is not a JWT. Its signature is not verified. */
function claimedScope(token) {
    const [, claims, signature] = token.split('.');
    if (claims === undefined || signature === undefined)
        return undefined;
    try {
        return tokenClaims.safeParse(JSON.parse(Buffer.from(claims, 'base64url').toString())).data?.scope;
    }
    catch {
        return undefined;
    }
}
/** What to change, by Auth0's message, because several causes share status and code. */
function token_adviceOn(response, { domain, audience, credential }) {
    const redirected = redirectAdvice(response);
    if (redirected !== undefined)
        return redirected;
    const { error, error_description: words = '' } = errorIn(response);
    if (words.startsWith('Service not '))
        return audienceAdvice(domain.host, audience);
    if (words.startsWith('Client is not authorized')) {
        return 'In Auth0, authorize the application under Applications → APIs → Auth0 Management API.';
    }
    if (error === 'unauthorized_client') {
        return "In Auth0, allow the grant type Client Credentials in the application's advanced settings.";
    }
    const secret = credential.kind === 'private-key' ? 'client-private-key' : 'client-secret';
    const inputs = `Check the inputs client-id and ${secret}, which must belong to an application of the tenant ${domain.host} (input domain).`;
    if (credential.kind !== 'private-key')
        return inputs;
    const { keyId, algorithm } = credential;
    const skew = Math.round((Date.now() - Date.parse(String(response.headers.date))) / 1000);
    if (Math.abs(skew) > MAX_CLOCK_SKEW) {
        const direction = skew > 0 ? 'ahead of' : 'behind';
        return `The runner's clock is ${Math.abs(skew)} s ${direction} Auth0's, so its signatures are not valid. Correct the clock.`;
    }
    if (/algorithm/i.test(words)) {
        return `Set the input client-private-key-algorithm (${algorithm}) to the algorithm of the application's credential in Auth0.`;
    }
    const id = keyId === undefined ? '' : `, with the key ID in client-private-key-id (${keyId})`;
    return `${inputs} In Auth0, the application's Credentials tab must have the matching public key${id}, for ${algorithm}.`;
}
/** In seconds. Auth0 accepts an assertion whose validity includes its own time; this one is valid for a minute. */
const MAX_CLOCK_SKEW = 60;
/** @see https://auth0.com/docs/customize/custom-domains: the Management API's identifier has the tenant's own domain. */
function audienceAdvice(host, audience) {
    if (!audience.endsWith('/'))
        return `Set the input audience to ${audience}/, with the trailing slash.`;
    if (host.endsWith('.auth0.com'))
        return `Set the input audience to https://${host}/api/v2/, or remove it.`;
    return `The tenant has no API ${audience}. If ${host} is a custom domain, set the input audience to https://<tenant>.<region>.auth0.com/api/v2/, such as https://acme.eu.auth0.com/api/v2/: the identifier of the Auth0 Management API under Applications → APIs in Auth0.`;
}

;// CONCATENATED MODULE: ./build/js/tenant/write.js
// Grants and revokes a user's direct permissions and roles.


function kindOf({ accesses }) {
    return accesses.every(grants/* isPermission */.Yo) ? 'permissions' : 'roles';
}
async function writeAccesses({ send }, write) {
    const { method, user, accesses } = write;
    const kind = kindOf(write);
    const items = accesses.map(access => (0,grants/* isPermission */.Yo)(access) ? { resource_server_identifier: access.api, permission_name: access.permission } : access.role);
    const body = JSON.stringify({ [kind]: items });
    const response = await send({ method, path: `${userPath(user)}/${kind}`, body });
    const { done, action, unknown } = WRITES[kind][method];
    if (response.status === done)
        return;
    const summary = `${action} ${user} failed`;
    if (response.status !== 404)
        throw refusal(response, summary);
    if (isUnknownUser(response))
        throw responseError(response, { summary, reach: 'user', advice: DELETED_USER });
    // One unknown name fails the whole request.
    throw responseError(response, { summary, reach: 'operation', advice: unknown });
}
const DELETED_USER = 'The user was deleted from the tenant; remove the entry from the manifest.';
/**
 * `done`: Auth0's status for a successful write; any other may come from a proxy. `unknown`: what to do if a permission or
 * role, not the user, is unknown.
 */
const WRITES = {
    permissions: {
        POST: {
            done: 201,
            action: 'Granting permissions to',
            unknown: 'A permission does not exist on its API, so the request had no effect. Add it to the API, or remove it from the manifest.',
        },
        DELETE: {
            done: 204,
            action: 'Revoking permissions from',
            unknown: 'A permission was removed from its API, so the request had no effect. Run it again: the next run leaves it out.',
        },
    },
    roles: {
        POST: {
            done: 204,
            action: 'Assigning roles to',
            unknown: 'A role no longer exists, so the request had no effect. Remove it from the manifest.',
        },
        DELETE: {
            done: 204,
            action: 'Removing roles from',
            unknown: 'A role was deleted, so the request had no effect. Run it again: the next run leaves it out.',
        },
    },
};

;// CONCATENATED MODULE: ./build/js/tenant/tenant.js
// The Management API in this project's terms: the folder's entry point, loaded before the first request. Whatever a
// manifest contains, a request reaches only the intended endpoint of the tenant's host.











function connect(inputs, { signal, mask, clock = runner_clock/* SYSTEM_CLOCK */.V }) {
    const { domain, headroom, requestsPerSecond: ceiling, mode } = inputs;
    const dispatcher = openDispatcher(domain.origin);
    const http = createHttp({ dispatcher, origin: domain.origin, mode, limits: { headroom, ceiling }, signal, clock });
    const session = openSession({ http, ...inputs, mask, clock });
    return { tenant: openTenant(session), session, width: MAX_IN_FLIGHT, traffic: http.traffic, close: http.close };
}
/** Refusals in a row for several users, after which the token, not the user, is considered the cause. */
const FORBIDDEN_FOR_ALL = 3;
function openTenant(session) {
    const worked = new Set();
    let forbiddenInRow = 0;
    /**
     * Stops all waiting requests after a failure that affects the whole run. A 403 may concern one user or the token: the
     * token, if no request of this kind has succeeded yet, or if requests for several users are refused in a row.
     */
    const halting = async (kind, work) => {
        try {
            const result = await work;
            worked.add(kind);
            forbiddenInRow = 0;
            return result;
        }
        catch (error) {
            if (!(error instanceof errors/* TenantError */.rZ))
                throw error;
            const { reach, status, errorCode } = error.details;
            const forbidden = status === 403;
            forbiddenInRow = forbidden ? forbiddenInRow + 1 : 0;
            const unseen = errorCode === 'insufficient_scope' && !worked.has(kind);
            if (reach === 'run' || (forbidden && (unseen || forbiddenInRow >= FORBIDDEN_FOR_ALL)))
                session.halt(error);
            throw error;
        }
    };
    const write = (change) => halting(`${change.method} ${kindOf(change)}`, writeAccesses(session, change));
    return {
        apis: identifiers => halting('apis', readApis(session, identifiers)),
        identifiers: () => halting('identifiers', listIdentifiers(session)),
        // Sent once, and an export continues without them.
        roles: () => readRoles(session),
        permissionsOf: user => halting('permissionsOf', readPermissions(session, user)),
        rolesOf: user => halting('rolesOf', readRolesOf(session, user)),
        membersOf: role => halting('membersOf', readMembers(session, role)),
        allMembersOf: first => halting('membersOf', readAllMembers(session, first)),
        findByEmail: email => halting('findByEmail', findByEmail(session, email)),
        searchUsers: query => halting('searchUsers', searchUsers(session, query)),
        grant: (user, accesses) => write({ method: 'POST', user, accesses }),
        revoke: (user, accesses) => write({ method: 'DELETE', user, accesses }),
    };
}


/***/ }),

/***/ 9567:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   ai: () => (/* binding */ number)
/* harmony export */ });
/* unused harmony exports string, boolean, bigint, date */
/* harmony import */ var _core_index_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(3759);
/* harmony import */ var _schemas_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(7597);


function string(params) {
    return core._coercedString(schemas.ZodString, params);
}
function number(params) {
    return _core_index_js__WEBPACK_IMPORTED_MODULE_0__/* ._coercedNumber */ .qG(_schemas_js__WEBPACK_IMPORTED_MODULE_1__/* .ZodNumber */ .rSt, params);
}
function boolean(params) {
    return core._coercedBoolean(schemas.ZodBoolean, params);
}
function bigint(params) {
    return core._coercedBigint(schemas.ZodBigInt, params);
}
function date(params) {
    return core._coercedDate(schemas.ZodDate, params);
}


/***/ })

};
