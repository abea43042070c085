export const id = 737;
export const ids = [737];
export const modules = {

/***/ 3737:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   openGitHub: () => (/* binding */ openGitHub)
/* harmony export */ });
/* harmony import */ var _actions_github__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(2413);
/* harmony import */ var zod__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(961);
/* harmony import */ var zod__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(7597);
/* harmony import */ var zod__WEBPACK_IMPORTED_MODULE_5__ = __webpack_require__(9567);
/* harmony import */ var _errors_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(2027);
/* harmony import */ var _runner_clock_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(967);
// Sends requests to GitHub: with a time-out for each, retries for temporary failures, and waits for short rate limits.
// Loaded only when needed, because GitHub's client is large.




const REQUEST_TIMEOUT_MS = 15_000;
/** Time for the last writes after a cancellation; the runner kills the process 10 s after the first signal. */
const FINAL_WRITE_TIMEOUT_MS = 7_500;
/** A rate limit that ends later is reported instead of waited for. */
const MAX_LIMIT_WAIT_MS = 60_000;
const MAX_ATTEMPTS = 4;
const FIRST_BACKOFF_MS = 1_000;
/** More pages than any list here has, so that a run ends whatever GitHub returns. */
const MAX_PAGES = 100;
const PER_PAGE = 100;
function openGitHub({ token, repository, signal, clock = _runner_clock_js__WEBPACK_IMPORTED_MODULE_2__/* .SYSTEM_CLOCK */ .V }) {
    const octokit = (0,_actions_github__WEBPACK_IMPORTED_MODULE_0__/* .getOctokit */ .Q)(token, { log: SILENT });
    octokit.hook.before('request', options => {
        options.request.signal = clock.timeout(REQUEST_TIMEOUT_MS);
    });
    const cancelled = createStop();
    const tooLate = createStop();
    whenAborted(signal, () => {
        cancelled.reject(signal.reason);
        whenAborted(clock.timeout(FINAL_WRITE_TIMEOUT_MS), () => tooLate.reject(signal.reason));
    });
    const send = async ({ action, request, schema }, stop) => {
        for (let attempt = 1;; attempt++) {
            try {
                const { data } = await Promise.race([request(), stop]);
                return schema.parse(data);
            }
            catch (error) {
                if (error instanceof _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .NotSentError */ .SD)
                    throw error;
                const failure = explain(error, action);
                const backoff = FIRST_BACKOFF_MS * 2 ** (attempt - 1) * (0.5 + clock.random() / 2);
                const pause = failure.limit ?? (failure.isTemporary ? backoff : Number.POSITIVE_INFINITY);
                if (pause > MAX_LIMIT_WAIT_MS || attempt === MAX_ATTEMPTS)
                    throw failure.error;
                await Promise.race([clock.sleep(pause), stop]);
            }
        }
    };
    const read = async (options) => {
        signal.throwIfAborted();
        return send(options, cancelled.promise);
    };
    return {
        rest: octokit.rest,
        graphql: octokit.graphql,
        repository,
        read,
        write: options => send(options, tooLate.promise),
        pages: async function* ({ action, fetchPage, schema }) {
            for (let page = 1; page <= MAX_PAGES; page++) {
                const found = await read({ action, request: () => fetchPage({ per_page: PER_PAGE, page }), schema });
                yield* found;
                if (found.length < PER_PAGE)
                    return;
            }
            throw new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .GitHubError */ .y_(`GitHub returned more than ${MAX_PAGES} pages, so this run could not ${action}.`, undefined);
        },
    };
}
/** A promise that can only be rejected, and that nothing needs to await. */
function createStop() {
    const stop = Promise.withResolvers();
    stop.promise.catch(ignore);
    return stop;
}
function whenAborted(signal, work) {
    if (signal.aborted)
        work();
    else
        signal.addEventListener('abort', work, { once: true });
}
function explain(error, action) {
    // A truncated response arrives as an empty text, and must not count as an empty list.
    if (error instanceof zod__WEBPACK_IMPORTED_MODULE_3__/* .ZodError */ .G) {
        const message = `GitHub's response was incomplete or unexpected, so this run could not ${action}.`;
        return { error: new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .GitHubError */ .y_(message, undefined), isTemporary: true };
    }
    const limit = limitOf(error);
    // A rate limit may also arrive as a 403, which then does not mean a missing permission.
    const status = limit === undefined ? statusOf(error) : 429;
    const message = `This run could not ${action} on GitHub (${status ?? 'no response'}): ${(0,_errors_js__WEBPACK_IMPORTED_MODULE_1__/* .errorOf */ .Mz)(error).message}.`;
    const isTemporary = status === undefined || status === 408 || status >= 500;
    return { error: new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .GitHubError */ .y_(message, status, { cause: error }), limit, isTemporary };
}
/** Only `report/` writes to the log. */
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };
function ignore() { }
const limited = zod__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({
    status: zod__WEBPACK_IMPORTED_MODULE_4__/* .union */ .KCZ([zod__WEBPACK_IMPORTED_MODULE_4__/* .literal */ .euz(403), zod__WEBPACK_IMPORTED_MODULE_4__/* .literal */ .euz(429)]),
    message: zod__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP(),
    response: zod__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({
        headers: zod__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({
            'retry-after': zod__WEBPACK_IMPORTED_MODULE_5__/* .number */ .ai().optional(),
            'x-ratelimit-remaining': zod__WEBPACK_IMPORTED_MODULE_5__/* .number */ .ai().optional(),
            'x-ratelimit-reset': zod__WEBPACK_IMPORTED_MODULE_5__/* .number */ .ai().optional(),
        }),
    }),
});
/**
 * Milliseconds until a rate limit ends; undefined for any other error.
 * @see https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
function limitOf(error) {
    const { data } = limited.safeParse(error);
    if (data === undefined)
        return undefined;
    const { 'retry-after': after, 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': reset } = data.response.headers;
    if (after !== undefined)
        return after * 1000;
    if (remaining === 0 && reset !== undefined)
        return Math.max(0, reset * 1000 - Date.now());
    return /rate limit/i.test(data.message) ? MAX_LIMIT_WAIT_MS : undefined;
}
const responded = zod__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({ response: zod__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({ status: zod__WEBPACK_IMPORTED_MODULE_4__/* .int */ .Whr() }) });
/** undefined if no response arrived, for which the client invents a status. */
function statusOf(error) {
    return responded.safeParse(error).data?.response.status;
}


/***/ }),

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


/***/ })

};
