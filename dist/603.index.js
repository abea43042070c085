export const id = 603;
export const ids = [603];
export const modules = {

/***/ 6616:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   V: () => (/* binding */ SYSTEM_CLOCK)
/* harmony export */ });
/* harmony import */ var node_timers_promises__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(8500);
// Time and chance, as a run uses them. Tests hand in others, so that waiting is simulated and not slept.

const SYSTEM_CLOCK = {
    now: () => performance.now(),
    sleep: (milliseconds, signal) => (0,node_timers_promises__WEBPACK_IMPORTED_MODULE_0__.setTimeout)(milliseconds, undefined, signal && { signal }),
    timeout: milliseconds => AbortSignal.timeout(milliseconds),
    random: Math.random,
};


/***/ }),

/***/ 603:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

__webpack_require__.r(__webpack_exports__);
/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   openGitHub: () => (/* binding */ openGitHub)
/* harmony export */ });
/* harmony import */ var node_events__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(8474);
/* harmony import */ var _actions_github__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(1758);
/* harmony import */ var _octokit_plugin_retry__WEBPACK_IMPORTED_MODULE_5__ = __webpack_require__(9735);
/* harmony import */ var zod__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(2857);
/* harmony import */ var zod__WEBPACK_IMPORTED_MODULE_6__ = __webpack_require__(9567);
/* harmony import */ var _clock_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(6616);
/* harmony import */ var _errors_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(2027);
// GitHub's API in this project's words: deployments, files at commits, ancestry, comments. To be loaded only where it is
// needed, as its client takes longer to load than a small run takes.






/** Milliseconds; GitHub answers within a second or not at all. */
const TIMEOUT = 15_000;
/** What is left to say when the run is cancelled; the runner kills it 10 s after the first signal. */
const LAST_WORD = 1_500;
/** A rate limit that ends later is told, and not waited for. */
const LONGEST_LIMIT = 60_000;
const LIMIT_TRIES = 3;
const PER_PAGE = 100;
/** More than any list here has, so that a run ends whatever is answered. */
const MOST_PAGES = 100;
const state = zod__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({ state: zod__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP() });
/** An answer that was cut off comes as an empty text, and must not be taken for an empty list. */
const answers = {
    deployments: zod__WEBPACK_IMPORTED_MODULE_4__/* .array */ .YOg(zod__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({
        id: zod__WEBPACK_IMPORTED_MODULE_4__/* .int */ .Whr(),
        sha: zod__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP().min(1),
        created_at: zod__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP().transform(Date.parse).pipe(zod__WEBPACK_IMPORTED_MODULE_4__/* .number */ .aig()),
        payload: zod__WEBPACK_IMPORTED_MODULE_4__/* .unknown */ .L5J(),
    })),
    states: zod__WEBPACK_IMPORTED_MODULE_4__/* .array */ .YOg(state),
    state,
    created: zod__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({ id: zod__WEBPACK_IMPORTED_MODULE_4__/* .int */ .Whr() }),
    content: zod__WEBPACK_IMPORTED_MODULE_4__/* .union */ .KCZ([
        zod__WEBPACK_IMPORTED_MODULE_4__/* .array */ .YOg(zod__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({ type: zod__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP(), path: zod__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP().min(1) })),
        zod__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({ type: zod__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP(), content: zod__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP(), encoding: zod__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP() }),
        zod__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({ type: zod__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP() }),
    ]),
    raw: zod__WEBPACK_IMPORTED_MODULE_4__/* .union */ .KCZ([zod__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP(), zod__WEBPACK_IMPORTED_MODULE_4__/* ["instanceof"] */ .Nlp(ArrayBuffer)]),
    comparison: zod__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({ status: zod__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP() }),
    comments: zod__WEBPACK_IMPORTED_MODULE_4__/* .array */ .YOg(zod__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({ id: zod__WEBPACK_IMPORTED_MODULE_4__/* .int */ .Whr(), user: zod__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({ login: zod__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP() }).nullish(), body: zod__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP().nullish() })),
};
/** Who the token of a workflow's job writes as. */
const ACTIONS_BOT = 'github-actions[bot]';
function openGitHub({ token, repository, signal, clock = _clock_js__WEBPACK_IMPORTED_MODULE_2__/* .SYSTEM_CLOCK */ .V }) {
    const octokit = (0,_actions_github__WEBPACK_IMPORTED_MODULE_1__/* .getOctokit */ .Q)(token, { log: SILENT }, _octokit_plugin_retry__WEBPACK_IMPORTED_MODULE_5__/* .retry */ .L);
    octokit.hook.before('request', options => {
        options.request.signal = clock.timeout(TIMEOUT);
    });
    const { repos, issues } = octokit.rest;
    const cancelled = new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    cancelled.catch(ignore);
    const lastWord = () => (0,node_events__WEBPACK_IMPORTED_MODULE_0__.once)(clock.timeout(LAST_WORD), 'abort').then(() => Promise.reject(signal.reason));
    /** Waits for a rate limit, as long as that is not long. */
    const sendPatiently = async (work, attempt = 1) => {
        try {
            return await Promise.race([work(), signal.aborted ? lastWord() : cancelled]);
        }
        catch (error) {
            const pause = limitOf(error);
            if (pause === undefined || pause > LONGEST_LIMIT || attempt === LIMIT_TRIES)
                throw error;
            await Promise.race([clock.sleep(pause), cancelled]);
            return sendPatiently(work, attempt + 1);
        }
    };
    /** @throws GitHubError, NotSentError where the run stops */
    const call = async (doing, work, form) => {
        try {
            const { data } = await sendPatiently(work);
            const { data: answer } = form.safeParse(data);
            if (answer !== undefined)
                return answer;
        }
        catch (error) {
            if (error instanceof _errors_js__WEBPACK_IMPORTED_MODULE_3__/* .NotSentError */ .SD)
                throw error;
            // A rate limit comes as 403 too, and is no missing permission.
            const status = limitOf(error) === undefined ? statusOf(error) : 429;
            const { message } = (0,_errors_js__WEBPACK_IMPORTED_MODULE_3__/* .errorOf */ .Mz)(error);
            throw new _errors_js__WEBPACK_IMPORTED_MODULE_3__/* .GitHubError */ .y_(`GitHub did not let this run ${doing} (${status ?? 'no answer'}): ${message}.`, status, {
                cause: error,
            });
        }
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_3__/* .GitHubError */ .y_(`GitHub's answer was cut off or is not its own, so this run could not ${doing}.`, undefined);
    };
    /** What all pages hold, which are read as they are asked for. */
    const pagesOf = async function* (doing, ask, form) {
        for (let page = 1; page <= MOST_PAGES; page++) {
            const found = await call(doing, () => ask({ per_page: PER_PAGE, page }), form);
            yield* found;
            if (found.length < PER_PAGE)
                return;
        }
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_3__/* .GitHubError */ .y_(`GitHub's list has no end, so this run could not ${doing}.`, undefined);
    };
    const contentAt = async (commit, path) => {
        const work = () => repos.getContent({ ...repository, path, ref: commit });
        return orMissing(call(`read ${path} at ${commit}`, work, answers.content));
    };
    const textAt = async (commit, path) => {
        const file = await contentAt(commit, path);
        if (file === undefined || Array.isArray(file) || file.type !== 'file')
            return undefined;
        if ('content' in file && file.encoding === 'base64')
            return Buffer.from(file.content, 'base64').toString('utf8');
        // A file over 1 MiB comes without its content; then as text or bytes, by the type that the answer names.
        const work = () => repos.getContent({ ...repository, path, ref: commit, mediaType: { format: 'raw' } });
        const raw = await call(`read ${path} at ${commit}`, work, answers.raw);
        return typeof raw === 'string' ? raw : Buffer.from(raw).toString('utf8');
    };
    const filesIn = async (commit, folder) => {
        const entries = await contentAt(commit, folder);
        if (entries === undefined || !Array.isArray(entries))
            return [];
        // A folder within itself would be read for ever.
        const within = entries.filter(({ path }) => folder === '' || path.startsWith(`${folder}/`));
        const below = await Promise.all(within.map(({ type, path }) => (type === 'dir' ? filesIn(commit, path) : type === 'file' ? [path] : [])));
        return below.flat();
    };
    return {
        deployments: async function* (which) {
            const list = { ...repository, ...which };
            const pages = pagesOf('read the deployments', page => repos.listDeployments({ ...list, ...page }), answers.deployments);
            for await (const { id, sha, created_at, payload } of pages) {
                yield { id, commit: sha, createdAt: created_at, payload: parsed(payload) };
            }
        },
        statesOf: async (deployment) => {
            const list = { ...repository, deployment_id: deployment, per_page: PER_PAGE };
            const states = await call('read the states of a deployment', () => repos.listDeploymentStatuses(list), answers.states);
            return states.map(({ state }) => state);
        },
        createDeployment: async ({ commit, task, environment, payload, description }) => {
            const work = () => repos.createDeployment({
                ...repository,
                ref: commit,
                task,
                environment,
                payload: { ...payload },
                description,
                auto_merge: false,
                required_contexts: [],
            });
            const { id } = await call('create a deployment', work, answers.created);
            return id;
        },
        changeState: async (deployment, { state, description, runUrl }) => {
            const work = () => repos.createDeploymentStatus({
                ...repository,
                deployment_id: deployment,
                state,
                description,
                ...(runUrl !== undefined && { log_url: runUrl }),
                auto_inactive: false,
            });
            await call(`set a deployment to ${state}`, work, answers.state);
        },
        textAt,
        filesIn,
        isAncestor: async (ancestor, commit) => {
            const work = () => repos.compareCommitsWithBasehead({ ...repository, basehead: `${ancestor}...${commit}`, per_page: 1 });
            const comparison = await orMissing(call(`compare ${ancestor} with ${commit}`, work, answers.comparison));
            return comparison?.status === 'ahead';
        },
        login: async () => {
            try {
                const { viewer } = await octokit.graphql('{ viewer { login } }');
                return viewer.login;
            }
            catch {
                return ACTIONS_BOT;
            }
        },
        comments: async (pullRequest) => {
            const list = { ...repository, issue_number: pullRequest };
            const pages = pagesOf('read the comments', page => issues.listComments({ ...list, ...page }), answers.comments);
            const found = await Array.fromAsync(pages);
            return found.map(({ id, user, body }) => ({ id, author: user?.login ?? '', body: body ?? '' }));
        },
        addComment: async (pullRequest, body) => {
            const work = () => issues.createComment({ ...repository, issue_number: pullRequest, body });
            await call('write a comment', work, answers.created);
        },
        editComment: async (comment, body) => {
            const work = () => issues.updateComment({ ...repository, comment_id: comment, body });
            await call('edit a comment', work, answers.created);
        },
    };
}
/** undefined for a 404 */
async function orMissing(work) {
    try {
        return await work;
    }
    catch (error) {
        if (error instanceof _errors_js__WEBPACK_IMPORTED_MODULE_3__/* .GitHubError */ .y_ && error.status === 404)
            return undefined;
        throw error;
    }
}
/** The log is written by report.ts alone. */
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };
function ignore() { }
const limited = zod__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({
    status: zod__WEBPACK_IMPORTED_MODULE_4__/* .union */ .KCZ([zod__WEBPACK_IMPORTED_MODULE_4__/* .literal */ .euz(403), zod__WEBPACK_IMPORTED_MODULE_4__/* .literal */ .euz(429)]),
    message: zod__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP(),
    response: zod__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({
        headers: zod__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({
            'retry-after': zod__WEBPACK_IMPORTED_MODULE_6__/* .number */ .ai().optional(),
            'x-ratelimit-remaining': zod__WEBPACK_IMPORTED_MODULE_6__/* .number */ .ai().optional(),
            'x-ratelimit-reset': zod__WEBPACK_IMPORTED_MODULE_6__/* .number */ .ai().optional(),
        }),
    }),
});
/**
 * Milliseconds until a rate limit is over; undefined where the error is of another kind.
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
    return /rate limit/i.test(data.message) ? LONGEST_LIMIT : undefined;
}
const answered = zod__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({ response: zod__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({ status: zod__WEBPACK_IMPORTED_MODULE_4__/* .int */ .Whr() }) });
/** undefined where no answer came, for which the client has a status of its own. */
function statusOf(error) {
    return answered.safeParse(error).data?.response.status;
}
/** GitHub gives a payload back as it was given: an object, or a text. */
function parsed(payload) {
    if (typeof payload !== 'string')
        return payload;
    try {
        return JSON.parse(payload);
    }
    catch {
        return undefined;
    }
}


/***/ })

};
