require("./rolldown-runtime.js");
const require_run = require("./run.js");
const require_zod = require("./zod.js");
const require_index = require("./index.js");
let node_path_posix = require("node:path/posix");
// src/ledger/ledger.ts
const note = require_zod.object({
	manifest: require_zod._catch(require_zod.optional(require_zod.array(require_zod.string().check(require_zod._minLength(1)))), void 0),
	at: require_zod._catch(require_zod.optional(require_zod.datetime()), void 0),
	undoes: require_zod._catch(require_zod.optional(require_zod.int()), void 0)
});
const TASK = "auth0-permissions";
/** How many requests to GitHub at once. */
const WIDTH = 6;
function openLedger({ github, tenant, workflow }) {
	const deployments = {
		task: TASK,
		environment: `${TASK}/${tenant}`
	};
	const history = async () => {
		let found = require_run.NO_HISTORY;
		for await (const { id, commit, createdAt, payload } of github.deployments(deployments)) {
			const { manifest, at, undoes } = note.safeParse(payload).data ?? {};
			const succeeded = (await github.statesOf(id)).includes("success");
			found = require_run.goBack(found, {
				id,
				commit,
				at: at === void 0 ? createdAt : Date.parse(at),
				files: manifest,
				succeeded,
				undoes
			});
			if (found.base !== void 0) break;
		}
		return found;
	};
	const documentAt = async (commit, path) => {
		const text = await github.textAt(commit, path);
		const why = "and an earlier apply granted what it says";
		if (text === void 0) throw new require_index.ActionError(`The commit ${commit} or ${path} in it cannot be read, ${why}. ${INSTEAD}`);
		const { documents, problems } = require_run.parseDocument(path, text);
		const [document] = documents;
		if (document !== void 0) return document;
		const mistake = problems.map(({ message }) => message).join(" ");
		throw new require_index.ActionError(`${path} at the commit ${commit} cannot be read, ${why}: ${mistake} ${INSTEAD}`);
	};
	const revisionsOf = async (entries, files) => {
		const wanted = new Map(entries.flatMap(({ commit, files: own = files }) => own.map((path) => [`${commit} ${path}`, {
			commit,
			path
		}])));
		const read = await require_run.pMap(wanted, async ([key, { commit, path }]) => [key, await documentAt(commit, path)], { concurrency: WIDTH });
		const documents = new Map(read);
		return entries.map(({ commit, at, files: own = files }) => {
			const ofEntry = own.map((path) => documents.get(`${commit} ${path}`)).filter((document) => document !== void 0);
			return require_run.readManifest(ofEntry, new Date(at)).manifest.users;
		});
	};
	const differences = async ({ commit, documents, patterns }) => {
		const present = new Set(documents.map(({ file }) => file));
		const changed = await require_run.pMap(documents, async ({ file, text }) => {
			const committed = await github.textAt(commit, file);
			if (committed === void 0) return [`${file} is not in the commit ${commit}, or the token lacks contents: read`];
			return isSame(text, committed) ? [] : [`${file} is not what the commit ${commit} holds`];
		}, { concurrency: WIDTH });
		const globs = patterns.filter(isGlob);
		const committed = await require_run.pMap(globs, async (glob) => filesOf(await github.filesIn(commit, folderOf(glob)), glob));
		const missing = [...new Set(committed.flat())].filter((file) => !present.has(file));
		return [...changed.flat(), ...missing.map((file) => `${file} is in the commit ${commit} and not in the workspace`)];
	};
	return {
		history,
		revisionsOf,
		differences,
		isBefore: (commit, entry) => commit === entry.commit ? Promise.resolve(false) : github.isAncestor(commit, entry.commit),
		held: async (files, commit) => {
			const found = await require_run.pMap(files, (path) => github.textAt(commit, path), { concurrency: WIDTH });
			return files.filter((_, index) => found[index] !== void 0);
		},
		begin: async (commit, payload) => {
			const description = "Auth0 user permissions";
			const id = await github.createDeployment({
				...deployments,
				commit,
				payload,
				description
			});
			await github.changeState(id, {
				state: "in_progress",
				description,
				runUrl: workflow.runUrl
			});
			return id;
		},
		end: (id, converged, description) => github.changeState(id, {
			state: converged ? "success" : "failure",
			description,
			runUrl: workflow.runUrl
		})
	};
}
const INSTEAD = "Set revoke: never or revoke: all for one run: when that succeeds, the ledger does not look further back than to it.";
function isGlob(pattern) {
	return /[*?[{]/.test(pattern);
}
/** The folder that all matches of a glob are below. */
function folderOf(glob) {
	const parts = glob.replace(/^\.\//, "").split("/");
	return parts.slice(0, parts.findIndex(isGlob)).join("/");
}
function filesOf(files, glob) {
	const pattern = glob.replace(/^\.\//, "");
	return files.filter((file) => (0, node_path_posix.matchesGlob)(file, pattern));
}
/** A checkout on Windows may have changed the line ends, and a byte order mark is not read. */
function isSame(text, committed) {
	return normal(text) === normal(committed);
}
function normal(text) {
	return text.replace(/^\ufeff/, "").replaceAll("\r\n", "\n");
}
exports.openLedger = openLedger;
