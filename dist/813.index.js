export const id = 813;
export const ids = [813];
export const modules = {

/***/ 813:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

__webpack_require__.r(__webpack_exports__);
/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   openLedger: () => (/* binding */ openLedger)
/* harmony export */ });
/* harmony import */ var node_path_posix__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(3916);
/* harmony import */ var p_map__WEBPACK_IMPORTED_MODULE_7__ = __webpack_require__(606);
/* harmony import */ var zod__WEBPACK_IMPORTED_MODULE_5__ = __webpack_require__(2857);
/* harmony import */ var zod__WEBPACK_IMPORTED_MODULE_6__ = __webpack_require__(4377);
/* harmony import */ var _errors_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(2027);
/* harmony import */ var _manifest_desired_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(6320);
/* harmony import */ var _manifest_load_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(1527);
/* harmony import */ var _history_js__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(8070);
// The memory between runs: one GitHub deployment an apply. It reads what earlier applies asked for, and writes what this
// one does; what follows from it is history.ts.







const note = zod__WEBPACK_IMPORTED_MODULE_5__/* .object */ .Ikc({
    manifest: zod__WEBPACK_IMPORTED_MODULE_5__/* .array */ .YOg(zod__WEBPACK_IMPORTED_MODULE_5__/* .string */ .YjP().min(1)).optional().catch(undefined),
    at: zod__WEBPACK_IMPORTED_MODULE_6__/* .datetime */ .w$().optional().catch(undefined),
    undoes: zod__WEBPACK_IMPORTED_MODULE_5__/* .int */ .Whr().optional().catch(undefined),
});
const TASK = 'auth0-permissions';
/** How many requests to GitHub at once. */
const WIDTH = 6;
function openLedger({ github, tenant, workflow }) {
    const deployments = { task: TASK, environment: `${TASK}/${tenant}` };
    const history = async () => {
        let found = _history_js__WEBPACK_IMPORTED_MODULE_4__/* .NO_HISTORY */ .Vo;
        for await (const { id, commit, createdAt, payload } of github.deployments(deployments)) {
            const { manifest, at, undoes } = note.safeParse(payload).data ?? {};
            const succeeded = (await github.statesOf(id)).includes('success');
            const entry = {
                id,
                commit,
                at: at === undefined ? createdAt : Date.parse(at),
                files: manifest,
                succeeded,
                undoes,
            };
            found = (0,_history_js__WEBPACK_IMPORTED_MODULE_4__/* .goBack */ .OE)(found, entry);
            if (found.base !== undefined)
                break;
        }
        return found;
    };
    const documentAt = async (commit, path) => {
        const text = await github.textAt(commit, path);
        const why = 'and an earlier apply granted what it says';
        if (text === undefined) {
            throw new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .ActionError */ .lZ(`The commit ${commit} or ${path} in it cannot be read, ${why}. ${INSTEAD}`);
        }
        const { documents, problems } = (0,_manifest_load_js__WEBPACK_IMPORTED_MODULE_3__/* .parseDocument */ .Tp)(path, text);
        const [document] = documents;
        if (document !== undefined)
            return document;
        const mistake = problems.map(({ message }) => message).join(' ');
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .ActionError */ .lZ(`${path} at the commit ${commit} cannot be read, ${why}: ${mistake} ${INSTEAD}`);
    };
    const revisionsOf = async (entries, files) => {
        // Attempts come in rows at the same commit.
        const wanted = new Map(entries.flatMap(({ commit, files: own = files }) => own.map(path => [`${commit} ${path}`, { commit, path }])));
        const read = await (0,p_map__WEBPACK_IMPORTED_MODULE_7__/* ["default"] */ .Ay)(wanted, async ([key, { commit, path }]) => [key, await documentAt(commit, path)], {
            concurrency: WIDTH,
        });
        const documents = new Map(read);
        return entries.map(({ commit, at, files: own = files }) => {
            const ofEntry = own.map(path => documents.get(`${commit} ${path}`)).filter(document => document !== undefined);
            return (0,_manifest_desired_js__WEBPACK_IMPORTED_MODULE_2__/* .readManifest */ .WI)(ofEntry, new Date(at)).manifest.users;
        });
    };
    const differences = async ({ commit, documents, patterns }) => {
        const present = new Set(documents.map(({ file }) => file));
        const changed = await (0,p_map__WEBPACK_IMPORTED_MODULE_7__/* ["default"] */ .Ay)(documents, async ({ file, text }) => {
            const committed = await github.textAt(commit, file);
            if (committed === undefined)
                return [`${file} is not in the commit ${commit}, or the token lacks contents: read`];
            return isSame(text, committed) ? [] : [`${file} is not what the commit ${commit} holds`];
        }, { concurrency: WIDTH });
        const globs = patterns.filter(isGlob);
        const committed = await (0,p_map__WEBPACK_IMPORTED_MODULE_7__/* ["default"] */ .Ay)(globs, async (glob) => filesOf(await github.filesIn(commit, folderOf(glob)), glob));
        const missing = [...new Set(committed.flat())].filter(file => !present.has(file));
        return [...changed.flat(), ...missing.map(file => `${file} is in the commit ${commit} and not in the workspace`)];
    };
    return {
        history,
        revisionsOf,
        differences,
        isBefore: (commit, entry) => commit === entry.commit ? Promise.resolve(false) : github.isAncestor(commit, entry.commit),
        held: async (files, commit) => {
            const found = await (0,p_map__WEBPACK_IMPORTED_MODULE_7__/* ["default"] */ .Ay)(files, path => github.textAt(commit, path), { concurrency: WIDTH });
            return files.filter((_, index) => found[index] !== undefined);
        },
        begin: async (commit, payload) => {
            const description = 'Auth0 user permissions';
            const id = await github.createDeployment({ ...deployments, commit, payload, description });
            await github.changeState(id, { state: 'in_progress', description, runUrl: workflow.runUrl });
            return id;
        },
        end: (id, converged, description) => github.changeState(id, { state: converged ? 'success' : 'failure', description, runUrl: workflow.runUrl }),
    };
}
const INSTEAD = 'Set revoke: never or revoke: all for one run: when that succeeds, the ledger does not look further back than to it.';
function isGlob(pattern) {
    return /[*?[{]/.test(pattern);
}
/** The folder that all matches of a glob are below. */
function folderOf(glob) {
    const parts = glob.replace(/^\.\//, '').split('/');
    return parts.slice(0, parts.findIndex(isGlob)).join('/');
}
function filesOf(files, glob) {
    const pattern = glob.replace(/^\.\//, '');
    return files.filter(file => (0,node_path_posix__WEBPACK_IMPORTED_MODULE_0__.matchesGlob)(file, pattern));
}
/** A checkout on Windows may have changed the line ends, and a byte order mark is not read. */
function isSame(text, committed) {
    return normal(text) === normal(committed);
}
function normal(text) {
    return text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n');
}


/***/ })

};
