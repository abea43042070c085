export const id = 878;
export const ids = [878];
export const modules = {

/***/ 878:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  openGitHub: () => (/* binding */ openGitHub)
});

// EXTERNAL MODULE: ./build/js/runner/clock.js
var runner_clock = __webpack_require__(967);
// EXTERNAL MODULE: ./node_modules/@actions/github/lib/github.js + 22 modules
var github = __webpack_require__(2413);
// EXTERNAL MODULE: ./node_modules/zod/v4/classic/schemas.js + 11 modules
var schemas = __webpack_require__(2857);
// EXTERNAL MODULE: ./node_modules/zod/v4/classic/coerce.js
var coerce = __webpack_require__(9567);
// EXTERNAL MODULE: ./build/js/errors.js
var errors = __webpack_require__(2027);
;// CONCATENATED MODULE: ./build/js/github/client.js
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
function openClient({ token, repository, signal, clock }) {
    const octokit = (0,github/* getOctokit */.Q)(token, { log: SILENT });
    octokit.hook.before('request', options => {
        options.request.signal = clock.timeout(REQUEST_TIMEOUT_MS);
    });
    const cancelled = rejectionOf(signal, signal);
    const late = new AbortController();
    const startTimeout = () => clock.timeout(FINAL_WRITE_TIMEOUT_MS).addEventListener('abort', () => late.abort(signal.reason));
    if (signal.aborted)
        startTimeout();
    else
        signal.addEventListener('abort', startTimeout, { once: true });
    const tooLate = rejectionOf(late.signal, signal);
    const send = async (doing, work, form, stop) => {
        for (let attempt = 1;; attempt++) {
            const outcome = await Promise.race([attemptOnce(work, form), stop]);
            if (outcome.kind === 'answer')
                return outcome.answer;
            const pause = outcome.limit ?? (outcome.passing ? backoff(attempt) : undefined);
            if (pause === undefined || pause > MAX_LIMIT_WAIT_MS || attempt === MAX_ATTEMPTS)
                throw outcome.failure(doing);
            await Promise.race([clock.sleep(pause), stop]);
        }
    };
    const backoff = (attempt) => FIRST_BACKOFF_MS * 2 ** (attempt - 1) * (0.5 + clock.random() / 2);
    const read = async (doing, work, form) => {
        signal.throwIfAborted();
        return send(doing, work, form, cancelled);
    };
    return {
        rest: octokit.rest,
        graphql: octokit.graphql,
        repository,
        read,
        write: (doing, work, form) => send(doing, work, form, tooLate),
        pages: async function* (doing, ask, form) {
            for (let page = 1; page <= MAX_PAGES; page++) {
                const found = await read(doing, () => ask({ per_page: PER_PAGE, page }), form);
                yield* found;
                if (found.length < PER_PAGE)
                    return;
            }
            throw new errors/* GitHubError */.y_(`GitHub returned more than ${MAX_PAGES} pages, so this run could not ${doing}.`, undefined);
        },
    };
}
/** @returns rejects with the reason of the cancellation once `signal` is aborted */
function rejectionOf(signal, cancellation) {
    const rejection = new Promise((_, reject) => {
        const stop = () => reject(cancellation.reason);
        if (signal.aborted)
            stop();
        else
            signal.addEventListener('abort', stop, { once: true });
    });
    rejection.catch(ignore);
    return rejection;
}
async function attemptOnce(work, form) {
    try {
        const { data } = await work();
        const { data: answer } = form.safeParse(data);
        if (answer !== undefined)
            return { kind: 'answer', answer };
        // A truncated response arrives as an empty text, and must not count as an empty list.
        const failure = (doing) => new errors/* GitHubError */.y_(`GitHub's response was incomplete or unexpected, so this run could not ${doing}.`, undefined);
        return { kind: 'failure', limit: undefined, passing: true, failure };
    }
    catch (error) {
        if (error instanceof errors/* NotSentError */.SD)
            throw error;
        const limit = limitOf(error);
        // A rate limit may also be a 403, which is not a missing permission then.
        const status = limit === undefined ? statusOf(error) : 429;
        const passing = status === undefined || status === 408 || status >= 500;
        const failure = (doing) => new errors/* GitHubError */.y_(`This run could not ${doing} on GitHub (${status ?? 'no response'}): ${(0,errors/* errorOf */.Mz)(error).message}.`, status, { cause: error });
        return { kind: 'failure', limit, passing, failure };
    }
}
/** Only `report/` writes to the log. */
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };
function ignore() { }
const limited = schemas/* object */.Ikc({
    status: schemas/* union */.KCZ([schemas/* literal */.euz(403), schemas/* literal */.euz(429)]),
    message: schemas/* string */.YjP(),
    response: schemas/* object */.Ikc({
        headers: schemas/* object */.Ikc({
            'retry-after': coerce/* number */.ai().optional(),
            'x-ratelimit-remaining': coerce/* number */.ai().optional(),
            'x-ratelimit-reset': coerce/* number */.ai().optional(),
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
const answered = schemas/* object */.Ikc({ response: schemas/* object */.Ikc({ status: schemas/* int */.Whr() }) });
/** undefined if no response arrived, for which the client invents a status. */
function statusOf(error) {
    return answered.safeParse(error).data?.response.status;
}

;// CONCATENATED MODULE: ./build/js/github/comments.js
// Comments on a pull request, and their author.

/** The author of comments that a job's own token writes. */
const ACTIONS_BOT = 'github-actions[bot]';
const answers = {
    created: schemas/* object */.Ikc({ id: schemas/* int */.Whr() }),
    comments: schemas/* array */.YOg(schemas/* object */.Ikc({ id: schemas/* int */.Whr(), user: schemas/* object */.Ikc({ login: schemas/* string */.YjP() }).nullish(), body: schemas/* string */.YjP().nullish() })),
};
function openComments({ rest: { issues }, graphql, repository, write, pages }) {
    return {
        login: async () => {
            try {
                const { viewer } = await graphql('{ viewer { login } }');
                return viewer.login;
            }
            catch {
                return ACTIONS_BOT;
            }
        },
        list: async (pullRequest) => {
            const list = { ...repository, issue_number: pullRequest };
            const found = await Array.fromAsync(pages('read the comments', page => issues.listComments({ ...list, ...page }), answers.comments));
            return found.map(({ id, user, body }) => ({ id, author: user?.login ?? '', body: body ?? '' }));
        },
        add: async (pullRequest, body) => {
            const work = () => issues.createComment({ ...repository, issue_number: pullRequest, body });
            await write('write a comment', work, answers.created);
        },
        edit: async (comment, body) => {
            const work = () => issues.updateComment({ ...repository, comment_id: comment, body });
            await write('edit a comment', work, answers.created);
        },
    };
}

;// CONCATENATED MODULE: ./build/js/github/git.js
// GitHub's Git database in this project's words: branches, trees, blobs, commits, and how two commits are related.


const sha = schemas/* string */.YjP().min(1);
const git_answers = {
    refs: schemas/* array */.YOg(schemas/* object */.Ikc({ ref: schemas/* string */.YjP(), object: schemas/* object */.Ikc({ sha }) })),
    repository: schemas/* object */.Ikc({ default_branch: schemas/* string */.YjP().min(1) }),
    tree: schemas/* object */.Ikc({
        tree: schemas/* array */.YOg(schemas/* object */.Ikc({ path: schemas/* string */.YjP().min(1), type: schemas/* enum */.k5n(['blob', 'tree', 'commit']), sha })),
        truncated: schemas/* boolean */.zMY().default(false),
    }),
    blob: schemas/* union */.KCZ([schemas/* string */.YjP().min(1), schemas/* instanceof */.Nlp(ArrayBuffer).transform(bytes => Buffer.from(bytes).toString('utf8'))]),
    comparison: schemas/* object */.Ikc({ status: schemas/* enum */.k5n(['identical', 'ahead', 'behind', 'diverged']) }),
    created: schemas/* object */.Ikc({ sha }),
    moved: schemas/* object */.Ikc({ object: schemas/* object */.Ikc({ sha }) }),
};
const FILE_MODE = '100644';
function openGit(client) {
    return {
        headOf: branch => readHead(client, branch),
        defaultBranch: () => readDefaultBranch(client),
        tree: (treeish, depth) => readTree(client, { treeish, depth }),
        blobText: sha => readBlob(client, sha),
        compare: (base, head) => compareCommits(client, { base, head }),
        commit: commit => createCommit(client, commit),
        moveBranch: move => moveBranch(client, move),
    };
}
async function readHead({ rest, repository, read }, branch) {
    // This endpoint tells a branch that does not exist from one that the token cannot read.
    const ref = `heads/${branch}`;
    const ask = () => rest.git.listMatchingRefs({ ...repository, ref });
    const refs = await read(`read the branch ${branch}`, ask, git_answers.refs);
    return refs.find(each => each.ref === `refs/${ref}`)?.object.sha;
}
async function readDefaultBranch({ rest, repository, read }) {
    const found = await read('read the repository', () => rest.repos.get({ ...repository }), git_answers.repository);
    return found.default_branch;
}
async function readTree({ rest, repository, read }, { treeish, depth }) {
    const recursive = depth === 'recursive' ? { recursive: '1' } : {};
    const ask = () => rest.git.getTree({ ...repository, tree_sha: treeish, ...recursive });
    const { tree, truncated } = await read(`read the files of ${treeish}`, ask, git_answers.tree);
    return { entries: tree, truncated };
}
function readBlob({ rest, repository, read }, file_sha) {
    const ask = () => rest.git.getBlob({ ...repository, file_sha, mediaType: { format: 'raw' } });
    return read(`read the file ${file_sha}`, ask, git_answers.blob);
}
async function compareCommits({ rest, repository, read }, { base, head }) {
    const ask = () => rest.repos.compareCommitsWithBasehead({ ...repository, basehead: `${base}...${head}`, per_page: 1 });
    try {
        return (await read(`compare ${base} with ${head}`, ask, git_answers.comparison)).status;
    }
    catch (error) {
        if (error instanceof errors/* GitHubError */.y_ && error.status === 404)
            return undefined;
        throw error;
    }
}
async function createCommit({ rest: { git }, repository, write }, { path, text, parents, message }) {
    const create = (ask) => write('write a commit', ask, git_answers.created);
    const blob = await create(() => git.createBlob({ ...repository, content: text, encoding: 'utf-8' }));
    const file = { path, mode: FILE_MODE, type: 'blob', sha: blob.sha };
    const tree = await create(() => git.createTree({ ...repository, tree: [file] }));
    const commit = { ...repository, message, tree: tree.sha, parents: [...parents] };
    return (await create(() => git.createCommit(commit))).sha;
}
async function moveBranch(client, { branch, from, to }) {
    const { rest, repository, write } = client;
    const ask = from === undefined
        ? () => rest.git.createRef({ ...repository, ref: `refs/heads/${branch}`, sha: to })
        : () => rest.git.updateRef({ ...repository, ref: `heads/${branch}`, sha: to, force: false });
    try {
        await write(`move the branch ${branch}`, ask, git_answers.moved);
        return true;
    }
    catch (error) {
        if (!(error instanceof errors/* GitHubError */.y_) || !isOvertaken(error))
            throw error;
        // An earlier attempt may have succeeded although its response was lost.
        return (await readHead(client, branch)) === to;
    }
}
/** By the message, because a branch's rules give the same status. */
function isOvertaken({ status, message }) {
    return status === 422 && /not a fast forward|reference (already exists|does not exist)/i.test(message);
}

;// CONCATENATED MODULE: ./build/js/github/github.js
// GitHub in this project's terms: the entry point of this folder.




function openGitHub({ clock = runner_clock/* SYSTEM_CLOCK */.V, ...options }) {
    const client = openClient({ ...options, clock });
    return { git: openGit(client), comments: openComments(client) };
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
