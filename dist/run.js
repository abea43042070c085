const require_rolldown_runtime = require("./rolldown-runtime.js");
const require_index = require("./index.js");
const require_zod = require("./zod.js");
let fs = require("fs");
fs = require_rolldown_runtime.__toESM(fs, 1);
let os = require("os");
os = require_rolldown_runtime.__toESM(os, 1);
let node_crypto = require("node:crypto");
let node_fs = require("node:fs");
let node_path = require("node:path");
let crypto = require("crypto");
crypto = require_rolldown_runtime.__toESM(crypto, 1);
let node_os = require("node:os");
// node_modules/p-map/index.js
function pMap(iterable, mapper, options) {
	return mapConcurrently(iterable, mapper, options, false);
}
async function mapConcurrently(iterable, mapper, { concurrency = Number.POSITIVE_INFINITY, stopOnError = true, signal } = {}, isSettled) {
	return new Promise((resolve_, reject_) => {
		validateOptions(iterable, mapper, concurrency);
		const result = [];
		const errors = [];
		let skippedCount = 0;
		let isResolved = false;
		let isIterableDone = false;
		const pendingIndexes = /* @__PURE__ */ new Set();
		let doneIndex = Number.POSITIVE_INFINITY;
		let currentIndex = 0;
		const iterator = getIterator(iterable);
		const signalListener = () => {
			reject(signal.reason);
		};
		const cleanup = () => {
			signal?.removeEventListener("abort", signalListener);
		};
		const resolve = (value) => {
			resolve_(value);
			cleanup();
		};
		const reject = (reason) => {
			if (isResolved) return;
			isResolved = true;
			reject_(reason);
			cleanup();
			if (!isIterableDone) closeIterator(iterator);
		};
		if (signal) {
			if (signal.aborted) {
				reject(signal.reason);
				return;
			}
			signal.addEventListener("abort", signalListener, { once: true });
		}
		const pull = createPuller(iterator);
		const settleIfFinished = () => {
			if (isResolved || doneIndex === Number.POSITIVE_INFINITY) return;
			for (const index of pendingIndexes) if (index < doneIndex) return;
			if (!stopOnError) {
				const collectedErrors = [];
				for (let index = 0; index < Math.min(doneIndex, errors.length); index++) if (index in errors) collectedErrors.push(errors[index]);
				if (collectedErrors.length > 0) {
					reject(new AggregateError(collectedErrors));
					return;
				}
			}
			isResolved = true;
			if (!isIterableDone) closeIterator(iterator);
			const lastIndex = Math.min(doneIndex, result.length);
			if (lastIndex === result.length && skippedCount === 0) {
				resolve(result);
				return;
			}
			resolve(result.slice(0, lastIndex).filter((value) => value !== pMapSkip));
		};
		const next = async () => {
			if (isResolved || currentIndex >= doneIndex) return;
			const index = currentIndex++;
			pendingIndexes.add(index);
			let nextItem;
			try {
				nextItem = await pull();
			} catch (error) {
				pendingIndexes.delete(index);
				if (index < doneIndex) throw error;
				settleIfFinished();
				return;
			}
			if (nextItem.done) {
				pendingIndexes.delete(index);
				doneIndex = Math.min(doneIndex, index);
				isIterableDone = true;
				settleIfFinished();
				return;
			}
			(async () => {
				try {
					const element = await nextItem.value;
					if (isResolved || index >= doneIndex) return;
					const value = await mapper(element, index);
					if (index >= doneIndex) return;
					if (value === pMapStop) {
						doneIndex = index;
						return;
					}
					if (value === pMapSkip) skippedCount++;
					result[index] = isSettled && value !== pMapSkip ? {
						status: "fulfilled",
						value
					} : value;
				} catch (error) {
					if (index >= doneIndex) return;
					if (isSettled) result[index] = {
						status: "rejected",
						reason: error
					};
					else if (stopOnError) {
						reject(error);
						return;
					} else errors[index] = error;
				} finally {
					pendingIndexes.delete(index);
					settleIfFinished();
				}
				try {
					await next();
				} catch (error) {
					reject(error);
				}
			})().then(() => new Promise(() => {})).then(resolve_);
		};
		(async () => {
			for (let index = 0; index < concurrency; index++) {
				try {
					await next();
				} catch (error) {
					reject(error);
					break;
				}
				if (isResolved || currentIndex >= doneIndex) break;
			}
		})();
	});
}
const pMapSkip = Symbol("skip");
const pMapStop = Symbol("stop");
function validateOptions(iterable, mapper, concurrency) {
	if (iterable?.[Symbol.iterator] === void 0 && iterable?.[Symbol.asyncIterator] === void 0) throw new TypeError(`Expected \`input\` to be either an \`Iterable\` or \`AsyncIterable\`, got (${typeof iterable})`);
	if (typeof mapper !== "function") throw new TypeError("Mapper function is required");
	if (!isLimit(concurrency, 1)) throw new TypeError(`Expected \`concurrency\` to be an integer from 1 and up or \`Infinity\`, got \`${concurrency}\` (${typeof concurrency})`);
}
function isLimit(value, minimum) {
	return Number.isSafeInteger(value) && value >= minimum || value === Number.POSITIVE_INFINITY;
}
function getIterator(iterable) {
	return iterable[Symbol.asyncIterator] === void 0 ? iterable[Symbol.iterator]() : iterable[Symbol.asyncIterator]();
}
async function closeIterator(iterator) {
	try {
		await iterator.return?.();
	} catch {}
}
function createPuller(iterator) {
	let isSourceDone = false;
	const markDone = (item) => {
		if (item?.done) isSourceDone = true;
	};
	return () => {
		if (isSourceDone) return { done: true };
		const result = iterator.next();
		markDone(result);
		if (typeof result?.then !== "function") return result;
		const promise = Promise.resolve(result);
		promise.then(markDone, () => {});
		return promise;
	};
}
// src/plan/grants.ts
const NO_GRANTS = /* @__PURE__ */ new Set();
const SEPARATOR = "\0";
function grantOf(api, permission) {
	return `${api}${SEPARATOR}${permission}`;
}
function partsOf(grant) {
	const at = grant.indexOf(SEPARATOR);
	return {
		api: grant.slice(0, at),
		permission: grant.slice(at + 1)
	};
}
/** By code units, so that the order is the same on every machine: by API, then by permission name. */
function sortedPermissions(grants) {
	return [...grants].sort(compareText).map(partsOf);
}
/** Order by UTF-16 code units; `localeCompare` would make a plan depend on the machine's language. */
function compareText(a, b) {
	return a < b ? -1 : a > b ? 1 : 0;
}
// src/manifest/problem.ts
const LONGEST_QUOTE = 80;
/** A value of the manifest within a message: on one line, and never long. */
function quote$1(value) {
	const text = JSON.stringify(value) ?? String(value);
	return text.length <= LONGEST_QUOTE ? text : `${text.slice(0, LONGEST_QUOTE)}\u2026`;
}
/** What would be right: the known name that is near, or else the general advice. */
function advise(name, known, otherwise) {
	const near = nearest(name, known);
	return near === void 0 ? otherwise : `Did you mean ${quote$1(near)}?`;
}
const MOST_CANDIDATES = 1e3;
const LONGEST_COMPARED = 100;
const MOST_MISTAKES = 3;
/** The known name that takes the fewest typing mistakes to become `name`: at most one for each three characters. */
function nearest(name, known) {
	if (name.length > LONGEST_COMPARED) return void 0;
	const wanted = name.toLowerCase();
	let best;
	let fewest = Math.min(MOST_MISTAKES, Math.max(1, Math.floor(name.length / 3))) + 1;
	let compared = 0;
	for (const candidate of known) {
		if (compared++ >= MOST_CANDIDATES) break;
		if (Math.abs(candidate.length - name.length) >= fewest) continue;
		const mistakes = typingMistakes(wanted, candidate.toLowerCase(), fewest);
		if (mistakes >= fewest) continue;
		fewest = mistakes;
		best = candidate;
	}
	return best;
}
/**
* The optimal string alignment distance: letters left out, added, changed, or swapped with their neighbour. Only cells
* near the diagonal are looked at: whatever is further off has taken `enough` mistakes by then.
* @returns `enough` for every distance that is no less
*/
function typingMistakes(a, b, enough) {
	let beforeLast = new Uint8Array(b.length + 1);
	let last = beforeLast.map((_, column) => Math.min(column, enough));
	let current = new Uint8Array(b.length + 1);
	for (let row = 1; row <= a.length; row++) {
		const letter = a.charCodeAt(row - 1);
		const before = a.charCodeAt(row - 2);
		const from = Math.max(1, row - enough);
		const to = Math.min(b.length, row + enough);
		let least = from === 1 ? Math.min(row, enough) : enough;
		current[from - 1] = least;
		if (to < b.length) current[to + 1] = enough;
		for (let column = from; column <= to; column++) {
			const changed = Number(last[column - 1]) + (letter === b.charCodeAt(column - 1) ? 0 : 1);
			const swapped = letter === b.charCodeAt(column - 2) && before === b.charCodeAt(column - 1) ? Number(beforeLast[column - 2]) + 1 : changed;
			const cell = Math.min(changed, swapped, Number(last[column]) + 1, Number(current[column - 1]) + 1, enough);
			current[column] = cell;
			least = Math.min(least, cell);
		}
		if (least >= enough) return enough;
		const spare = beforeLast;
		beforeLast = last;
		last = current;
		current = spare;
	}
	return Number(last[b.length]);
}
// src/manifest/read.ts
function readContents(documents) {
	const apis = [...apisOf(documents)];
	const bundles = [...bundlesOf(documents)];
	const names = {
		apis: firstOf(apis, ({ alias }) => alias),
		bundles: firstOf(bundles, ({ name }) => name)
	};
	return {
		apis,
		bundles,
		users: [...usersOf(documents)],
		names
	};
}
function firstOf(items, keyOf) {
	const first = /* @__PURE__ */ new Map();
	for (const item of items) if (!first.has(keyOf(item))) first.set(keyOf(item), item);
	return first;
}
function* apisOf(documents) {
	for (const { file, content } of documents) for (const [alias, definition] of entriesOf(fieldOf(content, "apis"))) {
		const short = textOf(definition);
		const identifier = short ?? textOf(fieldOf(definition, "identifier"));
		if (identifier === void 0) continue;
		const path = short === void 0 ? [
			"apis",
			alias,
			"identifier"
		] : ["apis", alias];
		const catalogue = fieldOf(definition, "permissions");
		yield {
			alias,
			identifier,
			catalogue: Array.isArray(catalogue) ? new Set(catalogue.flatMap((name) => textOf(name) ?? [])) : void 0,
			file,
			path,
			on: "value"
		};
	}
}
function* bundlesOf(documents) {
	for (const { file, content } of documents) for (const [name, lists] of entriesOf(fieldOf(content, "bundles"))) yield {
		name,
		lists: listsIn(lists, file, ["bundles", name])
	};
}
function* usersOf(documents) {
	for (const { file, content } of documents) for (const [index, entry] of itemsOf(fieldOf(content, "users")).entries()) yield {
		index,
		entry,
		lists: listsIn(fieldOf(entry, "permissions"), file, [
			"users",
			index,
			"permissions"
		]),
		file,
		path: ["users", index],
		on: "value"
	};
}
function listsIn(lists, file, within) {
	return entriesOf(lists).map(([key, items]) => ({
		key,
		items: itemsOf(items),
		file,
		within
	}));
}
/** The key of a list. */
function mentionOf({ key, file, within }) {
	return {
		file,
		path: [...within, key],
		on: "key"
	};
}
/** An item of a list, or what is in it at a key. */
function mentionIn({ key, file, within }, ...path) {
	return {
		file,
		path: [
			...within,
			key,
			...path
		],
		on: "value"
	};
}
/** Every list of permissions, of bundles and of users. */
function* permissionListsOf({ bundles, users }) {
	for (const { lists } of bundles) yield* lists;
	for (const { lists } of users) yield* lists;
}
/** Every `expires` that is text: of users, of their bundle entries, and of permissions. */
function* expiriesOf({ bundles, users }) {
	for (const { name, lists } of bundles) yield* expiriesIn(lists, { bundle: name });
	for (const { entry, lists, file, path, on } of users) {
		const user = textOf(fieldOf(entry, "id")) ?? textOf(fieldOf(entry, "email"));
		yield* expiryOf(entry, {
			file,
			path,
			on
		}, { user });
		for (const [index, bundle] of itemsOf(fieldOf(entry, "bundles")).entries()) yield* expiryOf(bundle, {
			file,
			path: [
				...path,
				"bundles",
				index
			],
			on
		}, {
			user,
			bundle: nameOf$1(bundle)
		});
		yield* expiriesIn(lists, { user });
	}
}
function* expiriesIn(lists, ends) {
	for (const list of lists) for (const [index, item] of list.items.entries()) if (isMapping(item)) yield* expiryOf(item, mentionIn(list, index), {
		...ends,
		permission: nameOf$1(item)
	});
}
function* expiryOf(node, { file, path, on }, ends) {
	const expires = fieldOf(node, "expires");
	if (typeof expires === "string") yield {
		expires,
		ends,
		file,
		path: [...path, "expires"],
		on
	};
}
/** The identifier that a key under `permissions` means: an alias, or else itself where it can be one. */
function identifierOf(key, { apis }) {
	return apis.get(key)?.identifier ?? (/[:/]/.test(key) ? key : void 0);
}
/** Who an entry means: two entries with the same key are the same user for sure. */
function userKey(entry) {
	const id = textOf(fieldOf(entry, "id"));
	if (id !== void 0) return JSON.stringify([id]);
	const email = textOf(fieldOf(entry, "email"));
	return email && JSON.stringify([email.toLowerCase(), textOf(fieldOf(entry, "connection")) ?? ""]);
}
/** A segment of dots is a step in a path to whoever parses one, and no user of Auth0's has such an id. */
function isUserId(id) {
	return id !== "." && id !== "..";
}
/** A name by itself, or with terms. */
function nameOf$1(item) {
	return textOf(item) ?? textOf(fieldOf(item, "name"));
}
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const INSTANT = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;
/**
* When something expires, in milliseconds since 1970: the end of the day, in UTC, of a date; or an instant.
* @returns undefined for what is neither, such as the 30th of February
*/
function parseExpiry(text) {
	const [, year, month, day] = DATE.exec(text) ?? INSTANT.exec(text) ?? [];
	if (year === void 0) return void 0;
	const midnight = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
	if (midnight.toISOString().slice(0, 10) !== `${year}-${month}-${day}`) return void 0;
	const instant = DATE.test(text) ? midnight.getTime() + 864e5 : Date.parse(text);
	return Number.isNaN(instant) ? void 0 : instant;
}
function isMapping(value) {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
function entriesOf(value) {
	return isMapping(value) ? Object.entries(value) : [];
}
function fieldOf(value, key) {
	return isMapping(value) && Object.hasOwn(value, key) ? value[key] : void 0;
}
function itemsOf(value) {
	return Array.isArray(value) ? value : [];
}
function textOf(value) {
	return typeof value === "string" && value !== "" ? value : void 0;
}
// src/manifest/schema.ts
/** Auth0's own limit for the name of a permission. */
const LONGEST_NAME$2 = 280;
/** For user ids, API identifiers and addresses; longer than any that Auth0 gives out. */
const LONGEST_ID = 1e3;
const LONGEST_REASON = 1e3;
/** No control characters, no half characters, no blanks at either end; what is empty has a message of its own. */
const CLEAN = /^([^\s\p{Cc}\p{Cs}]([^\p{Cc}\p{Cs}]*[^\s\p{Cc}\p{Cs}])?)?$/u;
function text$1(what, longest, description, ...examples) {
	const unclean = `${what} must not begin or end with a blank, nor hold control characters`;
	return require_zod.string(`${what} must be text; put it in quotes`).check(require_zod._minLength(1, `${what} must not be empty`), require_zod._maxLength(longest, `${what} must have at most ${longest} characters`), require_zod._regex(CLEAN, unclean)).register(require_zod.globalRegistry, {
		description,
		examples: [...examples],
		patternErrorMessage: unclean
	});
}
const terms = {
	expires: require_zod.optional(require_zod.string("expires must be a date such as 2026-12-31, or an instant with a zone such as 2026-12-31T18:00:00Z").register(require_zod.globalRegistry, {
		description: "Until when this is desired: a date, good through the end of that day in UTC, or an instant with a zone.",
		examples: [
			"2026-12-31",
			"2026-12-31T18:00:00Z",
			"2026-12-31T18:00:00+01:00"
		]
	})),
	reason: require_zod.optional(require_zod.string("reason must be text; put it in quotes").check(require_zod._maxLength(LONGEST_REASON, `reason must have at most ${LONGEST_REASON} characters`)).register(require_zod.globalRegistry, {
		description: "A note that plan and report show.",
		examples: ["quarter close, FIN-118"]
	}))
};
const permissionName = text$1("a permission name", LONGEST_NAME$2, "The name of one of the API's permissions.", "read:orders");
const permissionItem = require_zod.strictObject({
	name: permissionName,
	...terms
}, "a permission must be a name, or a mapping with name, expires and reason");
const permissionList = require_zod.array(require_zod.union([permissionName, permissionItem], "a permission must be a name, or a mapping with name, expires and reason"), "an API must have a list of permission names here, such as [read:orders]").register(require_zod.globalRegistry, { description: "Permissions of this API: names, or mappings with `name`, `expires` and `reason`." });
const apiKey = text$1("the name of an API", LONGEST_ID, "An alias that `apis` defines, or the identifier of an API.");
const permissions = require_zod.record(apiKey, permissionList, "permissions must name APIs, each with a list, such as orders: [read:orders]").register(require_zod.globalRegistry, { description: "Permissions by API. The key is an alias out of `apis`, or an identifier (with a `:` or `/` in it)." });
const identifier = text$1("an API identifier", LONGEST_ID, "The identifier of an API (Auth0: resource server), also called audience.", "https://orders.acme.com/");
const apiDefinition = require_zod.strictObject({
	identifier,
	permissions: require_zod.optional(require_zod.array(permissionName, "permissions of an API must be a list of names, such as [read:orders]").register(require_zod.globalRegistry, { description: "A catalogue of the permissions that the API has, so that `validate` can check names offline." }))
}, "an API must be an identifier, or a mapping with identifier and permissions");
const api = require_zod.union([identifier, apiDefinition], "an API must be an identifier, or a mapping with identifier and permissions").register(require_zod.globalRegistry, { description: "The API that this alias stands for." });
const bundleName = text$1("the name of a bundle", LONGEST_NAME$2, "A name out of `bundles`.", "support");
const bundleItem = require_zod.strictObject({
	name: bundleName,
	...terms
}, "a bundle must be a name, or a mapping with name, expires and reason");
const userEntry = require_zod.strictObject({
	id: require_zod.optional(text$1("id", LONGEST_ID, "The Auth0 user id. Give this or `email`.", "auth0|5f7c8ec7c33c6c004bbafe82")),
	email: require_zod.optional(text$1("email", LONGEST_ID, "An address with exactly one user whose address is verified. Give this or `id`.", "grace@acme.com")),
	connection: require_zod.optional(text$1("connection", LONGEST_NAME$2, "Narrows the look-up by `email` to one connection.", "Username-Password-Authentication")),
	bundles: require_zod.optional(require_zod.array(require_zod.union([bundleName, bundleItem], "a bundle must be a name, or a mapping with name, expires and reason"), "bundles must be a list of names, such as [support]").register(require_zod.globalRegistry, { description: "Bundles whose permissions this user has." })),
	permissions: require_zod.optional(permissions),
	...terms
}, "a user must be a mapping with id or email").register(require_zod.globalRegistry, {
	description: "A user, and the permissions that the user holds directly.",
	oneOf: [{ required: ["id"] }, { required: ["email"] }]
});
const manifestSchema = require_zod.strictObject({
	version: require_zod.optional(require_zod.literal(1, "version must be 1").register(require_zod.globalRegistry, { description: "The manifest's format." })),
	tenant: require_zod.optional(text$1("tenant", LONGEST_ID, "The tenant that this manifest is for; a run against another `domain` is refused.", "acme.eu.auth0.com")),
	apis: require_zod.optional(require_zod.record(text$1("an API alias", LONGEST_NAME$2, "A short name for an API."), api, "apis must give aliases their APIs, such as orders: https://orders.acme.com/").register(require_zod.globalRegistry, { description: "Short names for APIs. An API listed here counts as named by the manifest." })),
	bundles: require_zod.optional(require_zod.record(text$1("the name of a bundle", LONGEST_NAME$2, "A name for a set of permissions."), permissions, "bundles must give names their permissions").register(require_zod.globalRegistry, { description: "Named sets of permissions." })),
	users: require_zod.array(userEntry, "users must be a list of users; where nobody is listed, write users: []").register(require_zod.globalRegistry, { description: "The users whose direct permissions are managed here." })
}, "a manifest must be a mapping with users").register(require_zod.globalRegistry, {
	title: "Auth0 user permissions",
	description: "Which Auth0 users hold which API permissions directly."
});
// src/manifest/check.ts
/** What is wrong with the documents by themselves. */
function checkManifest(documents, contents) {
	return [
		...documents.flatMap((document) => checkForm(document, documents)),
		...checkTenants(documents),
		...checkDefinitions(documents, "apis"),
		...checkDefinitions(documents, "bundles"),
		...checkUsers(contents),
		...checkApiKeys(contents),
		...checkExpiries(contents),
		...checkPermissions(contents, ownCatalogue(contents))
	];
}
/** What is wrong with the documents for a tenant that has these APIs. */
function checkNames(documents, catalogue) {
	const contents = readContents(documents);
	return [...checkIdentifiers(contents, catalogue), ...checkPermissions(contents, catalogue)];
}
/** All files are for one tenant. */
function checkTenants(documents) {
	const [first, ...others] = documents.flatMap(({ file, content }) => {
		const tenant = textOf(fieldOf(content, "tenant"));
		return tenant === void 0 ? [] : {
			file,
			tenant
		};
	});
	return others.flatMap(({ file, tenant }) => {
		if (first === void 0 || hostOf(tenant) === hostOf(first.tenant)) return [];
		return [{
			file,
			path: ["tenant"],
			on: "value",
			message: `This file is for the tenant ${quote$1(tenant)}, and ${first.file} for ${quote$1(first.tenant)}; one run is for one tenant.`
		}];
	});
}
/** A manifest that names its tenant is for no other. */
function checkTenant(documents, host) {
	return documents.flatMap(({ file, content }) => {
		const tenant = textOf(fieldOf(content, "tenant"));
		if (tenant === void 0 || hostOf(tenant) === hostOf(host)) return [];
		return [{
			file,
			path: ["tenant"],
			on: "value",
			message: `This manifest is for the tenant ${quote$1(tenant)}, and the input domain is ${quote$1(host)}; correct one of them.`
		}];
	});
}
function hostOf(domain) {
	return domain.toLowerCase().replace(/^https?:\/\//, "").replace(/\/$/, "");
}
function checkForm({ file, content }, documents) {
	const remarks = issuesOf(content).flatMap((issue) => describeIssue(issue, content));
	const usersElsewhere = isMapping(content) && documents.some((other) => fieldOf(other.content, "users") !== void 0);
	return remarks.filter(({ path }) => !(usersElsewhere && path.join() === "users" && fieldOf(content, "users") === void 0)).map((remark) => ({
		file,
		...remark
	}));
}
/** Users one by one, so that the mistakes of many are not too many for one of them. */
function issuesOf(content) {
	const users = fieldOf(content, "users");
	if (!isMapping(content) || !Array.isArray(users)) return issuesIn(manifestSchema, content, []);
	const ofUsers = users.flatMap((entry, index) => issuesIn(userEntry, entry, ["users", index]));
	return [...issuesIn(manifestSchema, {
		...content,
		users: []
	}, []), ...ofUsers];
}
/** @param path where the value stands */
function issuesIn(schema, value, path) {
	try {
		const { error } = schema.safeParse(value);
		return (error?.issues ?? []).map((issue) => ({
			...issue,
			path: [...path, ...issue.path]
		}));
	} catch (error) {
		if (!(error instanceof RangeError)) throw error;
		return [{
			code: "custom",
			path: [...path],
			message: "there are more mistakes in this than can be told"
		}];
	}
}
function describeIssue(issue, content) {
	const path = issue.path.map((key) => typeof key === "number" ? key : String(key));
	const value = path.reduce((parent, key) => typeof key === "number" ? itemsOf(parent)[key] : fieldOf(parent, key), content);
	switch (issue.code) {
		case "unrecognized_keys": return issue.keys.map((key) => ({
			path: [...path, key],
			on: "key",
			message: `Unknown key ${quote$1(key)}. ${adviseKey(key, knownKeys(path))}`
		}));
		case "invalid_key": return issue.issues.map(({ message }) => ({
			path,
			on: "key",
			message: sentence(message)
		}));
		case "invalid_union": {
			const [, asMapping = []] = issue.errors;
			if (!isMapping(value)) return [{
				path,
				on: "value",
				message: describeValue(issue.message, value, path)
			}];
			return asMapping.flatMap((inner) => describeIssue({
				...inner,
				path: [...issue.path, ...inner.path]
			}, content));
		}
		default: return [{
			path,
			on: "value",
			message: describeValue(issue.message, value, path)
		}];
	}
}
function adviseKey(key, known) {
	if (key === "<<") return "Merge keys are not read; write out what they stand for, or use a bundle.";
	return advise(key, known, `Known here: ${known.join(", ")}.`);
}
function knownKeys(path) {
	if (path.length === 0) return Object.keys(manifestSchema.shape);
	if (path[0] === "apis") return Object.keys(apiDefinition.shape);
	if (path[0] === "users" && path.length === 2) return Object.keys(userEntry.shape);
	return Object.keys(path[2] === "bundles" ? bundleItem.shape : permissionItem.shape);
}
function describeValue(message, value, path) {
	if (value === void 0) return `${quote$1(path.at(-1))} is missing; ${message}.`;
	return sentence(`${message}; found ${Array.isArray(value) ? "a list" : isMapping(value) ? "a mapping" : value === null ? "nothing" : quote$1(value)}`);
}
function sentence(message) {
	return `${message[0]?.toUpperCase()}${message.slice(1)}.`;
}
/** All files share these names, so one that is in two of them must be the same in both. */
function checkDefinitions(documents, kind) {
	const first = /* @__PURE__ */ new Map();
	const remarks = [];
	for (const { file, content } of documents) for (const [name, definition] of entriesOf(fieldOf(content, kind))) {
		const mention = {
			file,
			path: [kind, name],
			on: "key"
		};
		const form = canonical(definition);
		const other = first.get(name);
		if (name === "__proto__") remarks.push({
			...mention,
			message: "The name \"__proto__\" is not allowed; choose another."
		});
		if (other === void 0) first.set(name, {
			file,
			form
		});
		else if (other.form !== form) {
			const message = `The ${kind === "apis" ? "API alias" : "bundle"} ${quote$1(name)} is defined otherwise in ${other.file}; make both the same, or rename one.`;
			remarks.push({
				...mention,
				message
			});
		}
	}
	return remarks;
}
/** The same text for the same content, whatever the order of keys and items. */
function canonical(value) {
	if (Array.isArray(value)) return `[${value.map(canonical).sort().join()}]`;
	if (!isMapping(value)) return JSON.stringify(value) ?? "";
	return `{${Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).sort().join()}}`;
}
const ADDRESS$2 = /^[^\s@]+@[^\s@]+$/;
function checkUsers({ users, names }) {
	const remarks = [];
	let [file, seen] = ["", /* @__PURE__ */ new Map()];
	for (const { entry, index, lists: _, ...mention } of users) {
		if (mention.file !== file) [file, seen] = [mention.file, /* @__PURE__ */ new Map()];
		if (!isMapping(entry)) continue;
		const remark = (field, message) => remarks.push({
			...mention,
			path: field === "" ? mention.path : [...mention.path, field],
			message
		});
		const [id, email] = [fieldOf(entry, "id"), fieldOf(entry, "email")];
		if (id === void 0 && email === void 0) remark("", "A user needs an id or an email; this entry has neither.");
		if (id !== void 0 && email !== void 0) remark("email", "A user has an id or an email, not both; remove one.");
		if (fieldOf(entry, "connection") !== void 0 && email === void 0) remark("connection", "A connection narrows the look-up by email; remove it, or give an email instead of the id.");
		const name = textOf(id);
		if (name !== void 0 && !isUserId(name)) remark("id", `${quote$1(name)} is not the id of a user, such as auth0|5f7c8ec7c33c6c004bbafe82.`);
		const address = textOf(email);
		if (address !== void 0 && !ADDRESS$2.test(address)) remark("email", `${quote$1(address)} is not an e-mail address such as grace@acme.com.`);
		const key = userKey(entry);
		const first = key === void 0 ? void 0 : seen.get(key);
		if (first !== void 0) {
			const who = quote$1(textOf(id) ?? address);
			remark(id === void 0 ? "email" : "id", `The user ${who} is listed twice in this file, first as number ${first + 1} of users; make one entry of the two.`);
		} else if (key !== void 0) seen.set(key, index);
		for (const [position, bundle] of itemsOf(fieldOf(entry, "bundles")).entries()) {
			const name = nameOf$1(bundle);
			if (name === void 0 || names.bundles.has(name)) continue;
			const path = [
				...mention.path,
				"bundles",
				position,
				...isMapping(bundle) ? ["name"] : []
			];
			const message = `There is no bundle ${quote$1(name)}.`;
			const unknown = {
				name,
				known: names.bundles,
				otherwise: "Define it under bundles."
			};
			remarks.push({
				...mention,
				path,
				message,
				unknown
			});
		}
	}
	return remarks;
}
function checkApiKeys(contents) {
	const { names } = contents;
	const remarks = [];
	for (const list of permissionListsOf(contents)) {
		const { key } = list;
		if (identifierOf(key, names) !== void 0) continue;
		const message = `There is no API alias ${quote$1(key)}.`;
		const unknown = {
			name: key,
			known: names.apis,
			otherwise: "Define it under apis, or use the API's identifier."
		};
		remarks.push({
			...mentionOf(list),
			message,
			unknown
		});
	}
	return remarks;
}
function checkExpiries(contents) {
	const remarks = [];
	for (const { expires, file, path, on } of expiriesOf(contents)) {
		if (parseExpiry(expires) !== void 0) continue;
		const message = /T\d\d:\d\d(:\d\d)?(\.\d+)?$/.test(expires) ? `${quote$1(expires)} has no zone; add Z for UTC, or an offset such as +01:00.` : `${quote$1(expires)} is not a date such as 2026-12-31, nor an instant with a zone such as 2026-12-31T18:00:00Z.`;
		remarks.push({
			file,
			path,
			on,
			message
		});
	}
	return remarks;
}
/** The names that the manifest itself says its APIs have; an API without such a list is not in it. */
function ownCatalogue({ apis }) {
	const catalogue = /* @__PURE__ */ new Map();
	for (const api of apis) {
		if (api.catalogue === void 0) continue;
		catalogue.set(api.identifier, api.catalogue.union(catalogue.get(api.identifier) ?? /* @__PURE__ */ new Set()));
	}
	return catalogue;
}
function checkPermissions(contents, catalogue) {
	const remarks = [];
	for (const list of permissionListsOf(contents)) {
		const api = identifierOf(list.key, contents.names);
		const known = api === void 0 ? void 0 : catalogue.get(api);
		if (known === void 0) continue;
		for (const [index, item] of list.items.entries()) {
			const permission = nameOf$1(item);
			if (permission === void 0 || known.has(permission)) continue;
			const mention = isMapping(item) ? mentionIn(list, index, "name") : mentionIn(list, index);
			const message = `The API ${quote$1(api)} has no permission ${quote$1(permission)}.`;
			const unknown = {
				name: permission,
				known,
				otherwise: "Correct the name, or add it to the API."
			};
			remarks.push({
				...mention,
				message,
				unknown
			});
		}
	}
	return remarks;
}
/** An alias is told about where it is defined, an identifier wherever it is used. */
function checkIdentifiers(contents, catalogue) {
	const { apis, names } = contents;
	const remarks = [];
	const check = (identifier, { file, path, on }) => {
		if (catalogue.has(identifier)) return;
		const message = `The tenant has no API ${quote$1(identifier)}.`;
		const unknown = {
			name: identifier,
			known: catalogue,
			otherwise: "Correct the identifier, or create the API."
		};
		remarks.push({
			file,
			path,
			on,
			message,
			unknown
		});
	};
	for (const api of apis) check(api.identifier, api);
	for (const list of permissionListsOf(contents)) {
		const identifier = identifierOf(list.key, names);
		if (identifier !== void 0 && !names.apis.has(list.key)) check(identifier, mentionOf(list));
	}
	return remarks;
}
// src/manifest/desired.ts
/** Equal for two users who are the same for sure. */
function userIdentity(user) {
	return JSON.stringify(user.id === void 0 ? [user.email, user.connection ?? ""] : [user.id]);
}
function readManifest(documents, now) {
	const contents = readContents(documents);
	const excess = checkAmount(contents);
	return {
		manifest: {
			apis: namedApis(contents),
			users: excess.length > 0 ? [] : listUsers(contents, now.getTime())
		},
		mistakes: [...checkManifest(documents, contents), ...excess],
		expired: findExpired(contents, now.getTime())
	};
}
function namedApis(contents) {
	const { names } = contents;
	const apis = new Set([...names.apis.values()].map((api) => api.identifier));
	for (const { key } of permissionListsOf(contents)) {
		const api = identifierOf(key, names);
		if (api !== void 0) apis.add(api);
	}
	return new Set([...apis].sort(compareText));
}
/** Permissions of all users, with those of a bundle counted for every user who has it. */
const MOST_ASKS = 5e6;
/** A small file can ask for very much: a long bundle for each of many users. It is counted before it is written out. */
function checkAmount({ names, users }) {
	const amountOf = (lists) => lists.reduce((sum, { items }) => sum + items.length, 0);
	const amounts = new Map([...names.bundles].map(([name, { lists }]) => [name, amountOf(lists)]));
	let asks = 0;
	for (const { entry, lists, file, path, on } of users) {
		asks += amountOf(lists);
		for (const bundle of itemsOf(fieldOf(entry, "bundles"))) asks += amounts.get(nameOf$1(bundle)) ?? 0;
		if (asks <= 5e6) continue;
		return [{
			file,
			path,
			on,
			message: `Up to this user, the manifest asks for ${asks} permissions; at most ${MOST_ASKS} permissions are read, with those of a bundle counted for each of its users. Split the users among several runs.`
		}];
	}
	return [];
}
const FOREVER = { until: Number.POSITIVE_INFINITY };
function listUsers({ names, users: entries }, now) {
	const users = /* @__PURE__ */ new Map();
	for (const listed of entries) {
		const { entry, file, path, on } = listed;
		const identity = identityOf(entry);
		if (identity === void 0) continue;
		const key = userIdentity(identity);
		const mention = {
			file,
			path: [...path, identity.id === void 0 ? "email" : "id"],
			on
		};
		const user = users.get(key) ?? {
			...identity,
			mention,
			grants: /* @__PURE__ */ new Map()
		};
		users.set(key, user);
		for (const [grant, span] of grantsOf(listed, names)) if (span.until > now && span.until > (user.grants.get(grant)?.until ?? 0)) user.grants.set(grant, span);
	}
	return [...users.values()];
}
function identityOf(entry) {
	const id = textOf(fieldOf(entry, "id"));
	if (id !== void 0) return isUserId(id) ? { id } : void 0;
	const email = textOf(fieldOf(entry, "email"));
	return email === void 0 ? void 0 : {
		email: email.toLowerCase(),
		connection: textOf(fieldOf(entry, "connection"))
	};
}
function* grantsOf({ entry, lists }, names) {
	const span = spanOf(entry);
	yield* grantsIn(lists, span, names);
	for (const bundle of itemsOf(fieldOf(entry, "bundles"))) {
		const name = nameOf$1(bundle);
		const known = name && names.bundles.get(name);
		if (known) yield* grantsIn(known.lists, narrow(span, spanOf(bundle)), names);
	}
}
function* grantsIn(lists, span, names) {
	for (const { key, items } of lists) {
		const api = identifierOf(key, names);
		if (api === void 0) continue;
		for (const item of items) {
			const permission = nameOf$1(item);
			if (permission !== void 0) yield [grantOf(api, permission), narrow(span, spanOf(item))];
		}
	}
}
/** The terms of a user, a bundle entry or a permission. A date that is none ends nothing; check.ts tells about it. */
function spanOf(node) {
	const expires = textOf(fieldOf(node, "expires"));
	const reason = textOf(fieldOf(node, "reason"));
	if (expires === void 0 && reason === void 0) return FOREVER;
	return {
		until: (expires === void 0 ? void 0 : parseExpiry(expires)) ?? FOREVER.until,
		...expires !== void 0 && { expires },
		...reason !== void 0 && { reason }
	};
}
/** Both at once: the earlier end, and the reason that is nearer to the permission. */
function narrow(outer, inner) {
	if (outer === FOREVER) return inner;
	if (inner === FOREVER) return outer;
	const { until, expires } = outer.until < inner.until ? outer : inner;
	const reason = inner.reason ?? outer.reason;
	return {
		until,
		...expires !== void 0 && { expires },
		...reason !== void 0 && { reason }
	};
}
function findExpired(contents, now) {
	const remarks = [];
	for (const { expires, ends, file, path } of expiriesOf(contents)) {
		if ((parseExpiry(expires) ?? FOREVER.until) > now) continue;
		const when = `${expires.includes("T") ? "at" : "on"} ${expires}`;
		const message = `${endsText(ends)} expired ${when} and is not desired any more; remove it, or give it a later end.`;
		remarks.push({
			file,
			path,
			on: "value",
			message
		});
	}
	return remarks;
}
/** As far as it has names: what is wrong with the rest of the entry is told elsewhere. */
function endsText({ user, bundle, permission }) {
	const owner = user ?? (bundle === void 0 ? void 0 : `the bundle ${quote$1(bundle)}`);
	if (owner === void 0) return "This";
	if (permission !== void 0) return `${quote$1(permission)} of ${owner}`;
	return user !== void 0 && bundle !== void 0 ? `The bundle ${quote$1(bundle)} of ${user}` : `The entry of ${owner}`;
}
// node_modules/js-yaml/dist/js-yaml.mjs
/*! js-yaml 5.5.0 https://github.com/nodeca/js-yaml @license MIT */
/**
* Returned by a scalar resolver when the source does not match its tag.
*
* @category Tags
*/
var NOT_RESOLVED = Symbol("NOT_RESOLVED");
/**
* Create a normalized scalar tag definition.
*
* @category Tags
*/
function defineScalarTag(tagName, options) {
	return {
		tagName,
		nodeKind: "scalar",
		implicit: options.implicit ?? false,
		matchByTagPrefix: options.matchByTagPrefix ?? false,
		implicitFirstChars: options.implicitFirstChars ?? null,
		resolve: options.resolve,
		identify: options.identify,
		represent: options.represent ?? ((data) => String(data)),
		representTagName: options.representTagName ?? (() => tagName)
	};
}
/**
* Create a normalized sequence tag definition.
*
* @category Tags
*/
function defineSequenceTag(tagName, options) {
	const carrierIsResult = options.finalize === void 0;
	return {
		tagName,
		nodeKind: "sequence",
		implicit: false,
		matchByTagPrefix: options.matchByTagPrefix ?? false,
		create: options.create,
		addItem: options.addItem,
		finalize: options.finalize ?? ((carrier) => carrier),
		carrierIsResult,
		identify: options.identify,
		represent: options.represent ?? ((data) => data),
		representTagName: options.representTagName ?? (() => tagName)
	};
}
/**
* Create a normalized mapping tag definition.
*
* @category Tags
*/
function defineMappingTag(tagName, options) {
	const carrierIsResult = options.finalize === void 0;
	return {
		tagName,
		nodeKind: "mapping",
		implicit: false,
		matchByTagPrefix: options.matchByTagPrefix ?? false,
		create: options.create,
		addPair: options.addPair,
		has: options.has,
		keys: options.keys,
		get: options.get,
		finalize: options.finalize ?? ((carrier) => carrier),
		carrierIsResult,
		identify: options.identify,
		represent: options.represent ?? ((data) => data),
		representTagName: options.representTagName ?? (() => tagName)
	};
}
/** @category Tags */
var strTag = defineScalarTag("tag:yaml.org,2002:str", {
	resolve: (source) => source,
	identify: (data) => typeof data === "string"
});
var NULL_VALUES$1 = [
	"",
	"~",
	"null",
	"Null",
	"NULL"
];
/** @category Tags */
var nullCoreTag = defineScalarTag("tag:yaml.org,2002:null", {
	implicit: true,
	implicitFirstChars: [
		"",
		"~",
		"n",
		"N"
	],
	resolve: (source) => {
		if (NULL_VALUES$1.indexOf(source) !== -1) return null;
		return NOT_RESOLVED;
	},
	identify: (object) => object === null,
	represent: () => "null"
});
/** @category Tags */
var nullJsonTag = defineScalarTag("tag:yaml.org,2002:null", {
	implicit: true,
	implicitFirstChars: ["n"],
	resolve: (source, isExplicit) => {
		if (source === "null" || isExplicit && source === "") return null;
		return NOT_RESOLVED;
	},
	identify: (object) => object === null,
	represent: () => "null"
});
var NULL_VALUES = [
	"",
	"~",
	"null",
	"Null",
	"NULL"
];
/** @category Tags */
var nullYaml11Tag = defineScalarTag("tag:yaml.org,2002:null", {
	implicit: true,
	implicitFirstChars: [
		"",
		"~",
		"n",
		"N"
	],
	resolve: (source) => {
		if (NULL_VALUES.indexOf(source) !== -1) return null;
		return NOT_RESOLVED;
	},
	identify: (object) => object === null,
	represent: () => "null"
});
var TRUE_VALUES$2 = [
	"true",
	"True",
	"TRUE"
];
var FALSE_VALUES$2 = [
	"false",
	"False",
	"FALSE"
];
/** @category Tags */
var boolCoreTag = defineScalarTag("tag:yaml.org,2002:bool", {
	implicit: true,
	implicitFirstChars: [
		"t",
		"T",
		"f",
		"F"
	],
	resolve: (source) => {
		if (TRUE_VALUES$2.indexOf(source) !== -1) return true;
		if (FALSE_VALUES$2.indexOf(source) !== -1) return false;
		return NOT_RESOLVED;
	},
	identify: (object) => Object.prototype.toString.call(object) === "[object Boolean]",
	represent: (object) => object ? "true" : "false"
});
var TRUE_VALUES$1 = ["true"];
var FALSE_VALUES$1 = ["false"];
/** @category Tags */
var boolJsonTag = defineScalarTag("tag:yaml.org,2002:bool", {
	implicit: true,
	implicitFirstChars: ["t", "f"],
	resolve: (source) => {
		if (TRUE_VALUES$1.indexOf(source) !== -1) return true;
		if (FALSE_VALUES$1.indexOf(source) !== -1) return false;
		return NOT_RESOLVED;
	},
	identify: (object) => Object.prototype.toString.call(object) === "[object Boolean]",
	represent: (object) => object ? "true" : "false"
});
var TRUE_VALUES = [
	"true",
	"True",
	"TRUE",
	"y",
	"Y",
	"yes",
	"Yes",
	"YES",
	"on",
	"On",
	"ON"
];
var FALSE_VALUES = [
	"false",
	"False",
	"FALSE",
	"n",
	"N",
	"no",
	"No",
	"NO",
	"off",
	"Off",
	"OFF"
];
/** @category Tags */
var boolYaml11Tag = defineScalarTag("tag:yaml.org,2002:bool", {
	implicit: true,
	implicitFirstChars: [
		"y",
		"Y",
		"n",
		"N",
		"t",
		"T",
		"f",
		"F",
		"o",
		"O"
	],
	resolve: (source) => {
		if (TRUE_VALUES.indexOf(source) !== -1) return true;
		if (FALSE_VALUES.indexOf(source) !== -1) return false;
		return NOT_RESOLVED;
	},
	identify: (object) => Object.prototype.toString.call(object) === "[object Boolean]",
	represent: (object) => object ? "true" : "false"
});
var YAML_INTEGER_IMPLICIT_PATTERN$1 = /* @__PURE__ */ new RegExp("^(?:0o[0-7]+|0x[0-9a-fA-F]+|[-+]?[0-9]+)$");
var YAML_INTEGER_EXPLICIT_PATTERN$1 = /* @__PURE__ */ new RegExp("^(?:[-+]?0b[0-1]+|[-+]?0o[0-7]+|[-+]?0x[0-9a-fA-F]+|[-+]?[0-9]+)$");
function parseYamlInteger$2(source) {
	let value = source;
	let sign = 1;
	if (value[0] === "-" || value[0] === "+") {
		if (value[0] === "-") sign = -1;
		value = value.slice(1);
	}
	if (value.startsWith("0b")) return sign * parseInt(value.slice(2), 2);
	if (value.startsWith("0o")) return sign * parseInt(value.slice(2), 8);
	if (value.startsWith("0x")) return sign * parseInt(value.slice(2), 16);
	return sign * parseInt(value, 10);
}
function resolveYamlInteger$2(source, isExplicit) {
	if (isExplicit) {
		if (!YAML_INTEGER_EXPLICIT_PATTERN$1.test(source)) return NOT_RESOLVED;
	} else if (!YAML_INTEGER_IMPLICIT_PATTERN$1.test(source)) return NOT_RESOLVED;
	const result = parseYamlInteger$2(source);
	return Number.isFinite(result) ? result : NOT_RESOLVED;
}
/** @category Tags */
var intCoreTag = defineScalarTag("tag:yaml.org,2002:int", {
	implicit: true,
	implicitFirstChars: [
		"-",
		"+",
		..."0123456789"
	],
	resolve: resolveYamlInteger$2,
	identify: (object) => Number.isInteger(object) && !Object.is(object, -0) && object.toString(10).indexOf("e") < 0,
	represent: (object) => object.toString(10)
});
var YAML_INTEGER_IMPLICIT_PATTERN = /* @__PURE__ */ new RegExp("^-?(?:0|[1-9][0-9]*)$");
var YAML_INTEGER_EXPLICIT_PATTERN = /* @__PURE__ */ new RegExp("^(?:[-+]?0b[0-1]+|[-+]?0o[0-7]+|[-+]?0x[0-9a-fA-F]+|[-+]?[0-9]+)$");
function parseYamlInteger$1(source) {
	let value = source;
	let sign = 1;
	if (value[0] === "-" || value[0] === "+") {
		if (value[0] === "-") sign = -1;
		value = value.slice(1);
	}
	if (value.startsWith("0b")) return sign * parseInt(value.slice(2), 2);
	if (value.startsWith("0o")) return sign * parseInt(value.slice(2), 8);
	if (value.startsWith("0x")) return sign * parseInt(value.slice(2), 16);
	return sign * parseInt(value, 10);
}
function resolveYamlInteger$1(source, isExplicit) {
	if (isExplicit) {
		if (!YAML_INTEGER_EXPLICIT_PATTERN.test(source)) return NOT_RESOLVED;
	} else if (!YAML_INTEGER_IMPLICIT_PATTERN.test(source)) return NOT_RESOLVED;
	const result = parseYamlInteger$1(source);
	return Number.isFinite(result) ? result : NOT_RESOLVED;
}
/** @category Tags */
var intJsonTag = defineScalarTag("tag:yaml.org,2002:int", {
	implicit: true,
	implicitFirstChars: ["-", ..."0123456789"],
	resolve: resolveYamlInteger$1,
	identify: (object) => Number.isInteger(object) && !Object.is(object, -0) && object.toString(10).indexOf("e") < 0,
	represent: (object) => object.toString(10)
});
var YAML_INTEGER_PATTERN = /* @__PURE__ */ new RegExp("^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?0x[0-9a-fA-F_]+|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+|[-+]?(?:0|[1-9][0-9_]*))$");
function parseYamlInteger(source) {
	let value = source.replace(/_/g, "");
	let sign = 1;
	if (value[0] === "-" || value[0] === "+") {
		if (value[0] === "-") sign = -1;
		value = value.slice(1);
	}
	if (value.startsWith("0b")) return sign * parseInt(value.slice(2), 2);
	if (value.startsWith("0x")) return sign * parseInt(value.slice(2), 16);
	if (value.includes(":")) {
		let result = 0;
		for (const part of value.split(":")) result = result * 60 + Number(part);
		return sign * result;
	}
	if (value !== "0" && value[0] === "0") return sign * parseInt(value, 8);
	return sign * parseInt(value, 10);
}
function resolveYamlInteger(source) {
	if (!YAML_INTEGER_PATTERN.test(source)) return NOT_RESOLVED;
	const result = parseYamlInteger(source);
	return Number.isFinite(result) ? result : NOT_RESOLVED;
}
/** @category Tags */
var intYaml11Tag = defineScalarTag("tag:yaml.org,2002:int", {
	implicit: true,
	implicitFirstChars: [
		"-",
		"+",
		..."0123456789"
	],
	resolve: resolveYamlInteger,
	identify: (object) => Number.isInteger(object) && !Object.is(object, -0) && object.toString(10).indexOf("e") < 0,
	represent: (object) => object.toString(10)
});
var YAML_FLOAT_PATTERN$1 = /* @__PURE__ */ new RegExp("^(?:[-+]?[0-9]+(?:\\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|[-+]?\\.[0-9]+(?:[eE][-+]?[0-9]+)?|[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN))$");
var YAML_FLOAT_SPECIAL_PATTERN$1 = /* @__PURE__ */ new RegExp("^(?:[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN))$");
function resolveYamlFloat$2(source) {
	if (!YAML_FLOAT_PATTERN$1.test(source)) return NOT_RESOLVED;
	let value = source.toLowerCase();
	const sign = value[0] === "-" ? -1 : 1;
	if ("+-".includes(value[0])) value = value.slice(1);
	if (value === ".inf") return sign === 1 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
	if (value === ".nan") return NaN;
	const result = sign * parseFloat(value);
	if (Number.isFinite(result) || YAML_FLOAT_SPECIAL_PATTERN$1.test(source)) return result;
	return NOT_RESOLVED;
}
function representYamlFloat$2(object) {
	if (isNaN(object)) return ".nan";
	if (object === Number.POSITIVE_INFINITY) return ".inf";
	if (object === Number.NEGATIVE_INFINITY) return "-.inf";
	if (Object.is(object, -0)) return "-0.0";
	const result = object.toString(10);
	return /^[-+]?[0-9]+e/.test(result) ? result.replace("e", ".e") : result;
}
/** @category Tags */
var floatCoreTag = defineScalarTag("tag:yaml.org,2002:float", {
	implicit: true,
	implicitFirstChars: [
		"-",
		"+",
		".",
		..."0123456789"
	],
	resolve: resolveYamlFloat$2,
	identify: (object) => typeof object === "number" && (!Number.isInteger(object) || Object.is(object, -0) || object.toString(10).indexOf("e") >= 0),
	represent: representYamlFloat$2
});
var YAML_FLOAT_IMPLICIT_PATTERN = /* @__PURE__ */ new RegExp("^-?(?:0|[1-9][0-9]*)(?:\\.[0-9]*)?(?:[eE][-+]?[0-9]+)?$");
var YAML_FLOAT_EXPLICIT_PATTERN = /* @__PURE__ */ new RegExp("^(?:[-+]?[0-9]+(?:\\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|[-+]?\\.[0-9]+(?:[eE][-+]?[0-9]+)?|[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN))$");
function resolveYamlFloat$1(source, isExplicit) {
	if (isExplicit) {
		if (!YAML_FLOAT_EXPLICIT_PATTERN.test(source)) return NOT_RESOLVED;
		let value = source.toLowerCase();
		const sign = value[0] === "-" ? -1 : 1;
		if ("+-".includes(value[0])) value = value.slice(1);
		if (value === ".inf") return sign === 1 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
		if (value === ".nan") return NaN;
		const result = sign * parseFloat(value);
		return Number.isFinite(result) ? result : NOT_RESOLVED;
	}
	if (!YAML_FLOAT_IMPLICIT_PATTERN.test(source)) return NOT_RESOLVED;
	const result = Number(source);
	if (Number.isFinite(result)) return result;
	return NOT_RESOLVED;
}
function representYamlFloat$1(object) {
	if (isNaN(object)) return ".nan";
	if (object === Number.POSITIVE_INFINITY) return ".inf";
	if (object === Number.NEGATIVE_INFINITY) return "-.inf";
	if (Object.is(object, -0)) return "-0.0";
	const result = object.toString(10);
	return /^[-+]?[0-9]+e/.test(result) ? result.replace("e", ".e") : result;
}
/** @category Tags */
var floatJsonTag = defineScalarTag("tag:yaml.org,2002:float", {
	implicit: true,
	implicitFirstChars: ["-", ..."0123456789"],
	resolve: resolveYamlFloat$1,
	identify: (object) => typeof object === "number" && (!Number.isInteger(object) || Object.is(object, -0) || object.toString(10).indexOf("e") >= 0),
	represent: representYamlFloat$1
});
var YAML_FLOAT_PATTERN = /* @__PURE__ */ new RegExp("^(?:[-+]?(?:(?:[0-9][0-9_]*)?\\.[0-9_]*)(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\\.[0-9_]*|[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN))$");
var YAML_FLOAT_SPECIAL_PATTERN = /* @__PURE__ */ new RegExp("^(?:[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN))$");
function resolveYamlFloat(source) {
	if (!YAML_FLOAT_PATTERN.test(source)) return NOT_RESOLVED;
	let value = source.toLowerCase().replace(/_/g, "");
	const sign = value[0] === "-" ? -1 : 1;
	if ("+-".includes(value[0])) value = value.slice(1);
	if (value === ".inf") return sign === 1 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
	if (value === ".nan") return NaN;
	let result = 0;
	if (value.includes(":")) {
		for (const part of value.split(":")) result = result * 60 + Number(part);
		result *= sign;
	} else result = sign * parseFloat(value);
	if (Number.isFinite(result) || YAML_FLOAT_SPECIAL_PATTERN.test(source)) return result;
	return NOT_RESOLVED;
}
function representYamlFloat(object) {
	if (isNaN(object)) return ".nan";
	if (object === Number.POSITIVE_INFINITY) return ".inf";
	if (object === Number.NEGATIVE_INFINITY) return "-.inf";
	if (Object.is(object, -0)) return "-0.0";
	const result = object.toString(10);
	return /^[-+]?[0-9]+e/.test(result) ? result.replace("e", ".e") : result;
}
/** @category Tags */
var floatYaml11Tag = defineScalarTag("tag:yaml.org,2002:float", {
	implicit: true,
	implicitFirstChars: [
		"-",
		"+",
		".",
		..."0123456789"
	],
	resolve: resolveYamlFloat,
	identify: (object) => typeof object === "number" && (!Number.isInteger(object) || Object.is(object, -0) || object.toString(10).indexOf("e") >= 0),
	represent: representYamlFloat
});
/**
* Enables merge keys in {@link CORE_SCHEMA} when added with
* {@link Schema.withTags}.
*
* @category Tags
*/
var mergeTag = defineScalarTag("tag:yaml.org,2002:merge", {
	implicit: true,
	implicitFirstChars: ["<"],
	resolve: (source, isExplicit) => {
		if (source === "<<" || isExplicit && source === "") return "<<";
		return NOT_RESOLVED;
	},
	identify: () => false
});
var BASE64_PATTERN = /^[A-Za-z0-9+/]*={0,2}$/;
function resolveYamlBinary(source) {
	const input = source.replace(/\s/g, "");
	if (input.length % 4 !== 0 || !BASE64_PATTERN.test(input)) return NOT_RESOLVED;
	const binary = atob(input);
	const result = new Uint8Array(binary.length);
	for (let index = 0; index < binary.length; index++) result[index] = binary.charCodeAt(index);
	return result;
}
function representYamlBinary(object) {
	let binary = "";
	for (let index = 0; index < object.length; index++) binary += String.fromCharCode(object[index]);
	return btoa(binary);
}
/**
* The `!!binary` tag, represented as a `Uint8Array`.
*
* @category Tags
*/
var binaryTag = defineScalarTag("tag:yaml.org,2002:binary", {
	resolve: resolveYamlBinary,
	identify: (object) => Object.prototype.toString.call(object) === "[object Uint8Array]",
	represent: representYamlBinary
});
var YAML_DATE_REGEXP = /* @__PURE__ */ new RegExp("^([0-9][0-9][0-9][0-9])-([0-9][0-9])-([0-9][0-9])$");
var YAML_TIMESTAMP_REGEXP = /* @__PURE__ */ new RegExp("^([0-9][0-9][0-9][0-9])-([0-9][0-9]?)-([0-9][0-9]?)(?:[Tt]|[ \\t]+)([0-9][0-9]?):([0-9][0-9]):([0-9][0-9])(?:\\.([0-9]*))?(?:[ \\t]*(Z|([-+])([0-9][0-9]?)(?::([0-9][0-9]))?))?$");
function makeUtcDate(year, month, day, hour = 0, minute = 0, second = 0, fraction = 0) {
	const date = new Date(Date.UTC(year, month, day, hour, minute, second, fraction));
	date.setUTCFullYear(year, month, day);
	return date;
}
function resolveYamlTimestamp(source) {
	let match = YAML_DATE_REGEXP.exec(source);
	if (match === null) match = YAML_TIMESTAMP_REGEXP.exec(source);
	if (match === null) return NOT_RESOLVED;
	const year = +match[1];
	const month = +match[2] - 1;
	const day = +match[3];
	if (!match[4]) {
		const date = makeUtcDate(year, month, day);
		if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month || date.getUTCDate() !== day) return NOT_RESOLVED;
		return date;
	}
	const hour = +match[4];
	const minute = +match[5];
	const second = +match[6];
	let fraction = 0;
	if (hour > 23 || minute > 59 || second > 59) return NOT_RESOLVED;
	if (match[7]) {
		let value = match[7].slice(0, 3);
		while (value.length < 3) value += "0";
		fraction = +value;
	}
	const date = makeUtcDate(year, month, day, hour, minute, second, fraction);
	if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month || date.getUTCDate() !== day) return NOT_RESOLVED;
	if (match[9]) {
		const offsetHour = +match[10];
		const offsetMinute = +(match[11] || 0);
		if (offsetHour > 23 || offsetMinute > 59) return NOT_RESOLVED;
		const offset = (offsetHour * 60 + offsetMinute) * 6e4;
		date.setTime(date.getTime() - (match[9] === "-" ? -offset : offset));
	}
	return date;
}
/**
* The YAML 1.1 `!!timestamp` tag, represented as a JavaScript `Date`.
*
* @category Tags
*/
var timestampTag = defineScalarTag("tag:yaml.org,2002:timestamp", {
	implicit: true,
	implicitFirstChars: [..."0123456789"],
	resolve: resolveYamlTimestamp,
	identify: (object) => object instanceof Date,
	represent: (object) => object.toISOString()
});
/** @category Tags */
var seqTag = defineSequenceTag("tag:yaml.org,2002:seq", {
	create: () => [],
	addItem: (container, item) => {
		container.push(item);
	},
	identify: Array.isArray
});
function isPlainObject(data) {
	if (data === null || typeof data !== "object" || Array.isArray(data)) return false;
	const prototype = Object.getPrototypeOf(data);
	return prototype === null || prototype === Object.prototype;
}
/**
* Provided only for YAML 1.1 compatibility and supported by the loader only.
* JavaScript has no dedicated class to represent this type, so it cannot be
* identified and dumped.
*
* ```yaml
* !!omap
*   - one: 1
*   - two: 2
* ```
*
* is loaded as
*
* ```javascript
* [
*   { one: 1 },
*   { two: 2 }
* ]
* ```
*
* @category Tags
*/
var omapTag = defineSequenceTag("tag:yaml.org,2002:omap", {
	create: () => ({
		list: [],
		seen: /* @__PURE__ */ new Set()
	}),
	addItem: (carrier, item) => {
		let key;
		if (item instanceof Map) {
			if (item.size !== 1) return "cannot resolve an ordered map item";
			key = item.keys().next().value;
		} else if (isPlainObject(item)) {
			const itemKeys = Object.keys(item);
			if (itemKeys.length !== 1) return "cannot resolve an ordered map item";
			key = itemKeys[0];
		} else return "cannot resolve an ordered map item";
		if (carrier.seen.has(key)) return "duplicate key in ordered map";
		carrier.seen.add(key);
		carrier.list.push(item);
		return "";
	},
	finalize: (carrier) => carrier.list,
	identify: () => false
});
/**
* Provided only for YAML 1.1 compatibility and supported by the loader only.
* JavaScript has no dedicated class to represent this type, so it cannot be
* identified and dumped.
*
* ```yaml
* !!pairs
*   - one: 1
*   - two: 2
* ```
*
* is loaded as
*
* ```javascript
* [
*   ['one', 1],
*   ['two', 2]
* ]
* ```
*
* @category Tags
*/
var pairsTag = defineSequenceTag("tag:yaml.org,2002:pairs", {
	create: () => [],
	addItem: (container, item) => {
		if (item instanceof Map) {
			if (item.size !== 1) return "cannot resolve a pairs item";
			container.push(item.entries().next().value);
			return "";
		}
		if (Object.prototype.toString.call(item) !== "[object Object]") return "cannot resolve a pairs item";
		const object = item;
		const keys = Object.keys(object);
		if (keys.length !== 1) return "cannot resolve a pairs item";
		container.push([keys[0], object[keys[0]]]);
		return "";
	},
	identify: () => false
});
/**
* This is the default mapping implementation. It uses `{}` objects and has only
* partial functionality due to language limitations. This choice was made
* because users expect to get JavaScript objects, and it was left unchanged to
* avoid too many breaking changes in the v5 release.
*
* Side effects:
*
* - `Object.hasOwn()` checks or `for...of` loops are required for safe use (to
*   avoid falling through to prototypes).
* - Only scalar string keys are supported properly.
* - Other scalar keys, such as `null` and numbers, are converted to strings.
*   This is historical behaviour, and it can cause side effects such as
*   problems with `!!merge`.
*
* Note that non-string scalar keys may be deprecated in future versions.
*
* Ideally, use {@link realMapTag} instead.
*
* @category Tags
*/
var mapTag = defineMappingTag("tag:yaml.org,2002:map", {
	create: () => ({}),
	identify: isPlainObject,
	represent: (o) => {
		const map = /* @__PURE__ */ new Map();
		for (const key of Object.keys(o)) map.set(key, o[key]);
		return map;
	},
	addPair: (container, key, value) => {
		if (key !== null && typeof key === "object") return "object-based map does not support complex keys";
		const normalizedKey = String(key);
		if (normalizedKey === "__proto__") Object.defineProperty(container, normalizedKey, {
			value,
			enumerable: true,
			configurable: true,
			writable: true
		});
		else container[normalizedKey] = value;
		return "";
	},
	has: (container, key) => {
		if (key !== null && typeof key === "object") return false;
		return Object.prototype.hasOwnProperty.call(container, String(key));
	},
	keys: (container) => Object.keys(container),
	get: (container, key) => {
		const normalizedKey = String(key);
		if (!Object.prototype.hasOwnProperty.call(container, normalizedKey)) return null;
		return container[normalizedKey];
	}
});
/**
* The YAML 1.1 `!!set` tag, represented as a JavaScript `Set`.
*
* @category Tags
*/
var setTag = defineMappingTag("tag:yaml.org,2002:set", {
	create: () => /* @__PURE__ */ new Set(),
	identify: (data) => data instanceof Set,
	represent: (data) => {
		const map = /* @__PURE__ */ new Map();
		for (const key of data) map.set(key, null);
		return map;
	},
	addPair: (container, key, value) => {
		if (value !== null) return "cannot resolve a set item";
		container.add(key);
		return "";
	},
	has: (container, key) => container.has(key),
	keys: (container) => container.keys(),
	get: () => null
});
function createTagDefinitionMap() {
	return {
		scalar: Object.create(null),
		sequence: Object.create(null),
		mapping: Object.create(null)
	};
}
function createTagDefinitionListMap() {
	return {
		scalar: [],
		sequence: [],
		mapping: []
	};
}
function compileTags(tags) {
	const result = [];
	for (const tag of tags) {
		let index = result.length;
		for (let previousIndex = 0; previousIndex < result.length; previousIndex++) {
			const previous = result[previousIndex];
			if (previous.nodeKind === tag.nodeKind && previous.tagName === tag.tagName && previous.matchByTagPrefix === tag.matchByTagPrefix) {
				index = previousIndex;
				break;
			}
		}
		result[index] = tag;
	}
	return result;
}
/**
* Controls tag resolution when loading and type selection when dumping.
*
* @category Schemas
*/
var Schema = class Schema {
	tags;
	/** @internal */
	implicitScalarTags;
	/**
	* Dispatch implicit scalar resolvers by `source.charAt(0)`. Each bucket holds
	* the resolvers that may match that key, in schema order; a key absent from
	* the map uses
	* {@link Schema.implicitScalarAnyFirstChar}
	* (resolvers that declared no first-char constraint, so they apply to any
	* first character).
	*/
	implicitScalarByFirstChar;
	implicitScalarAnyFirstChar;
	/**
	* The default scalar tag (`!!str`), resolved once so the composer's fallback
	* for unresolved plain scalars avoids a keyed lookup per scalar.
	*
	* @internal
	*/
	defaultScalarTag;
	/**
	* The default container tags (`!!seq` / `!!map`), used by the dumper: when a
	* value is identified by its default tag, the tag is implicit and not
	* printed. Undefined if the schema does not define them (then such values
	* can't be dumped).
	*
	* @internal
	*/
	defaultSequenceTag;
	/** @internal */
	defaultMappingTag;
	exact;
	prefix;
	constructor(tags) {
		const compiledTags = compileTags(tags);
		const implicitScalarTags = [];
		const exact = createTagDefinitionMap();
		const prefix = createTagDefinitionListMap();
		for (const tag of compiledTags) {
			if (tag.nodeKind === "scalar" && tag.implicit) {
				if (tag.matchByTagPrefix) throw new Error("Implicit scalar tags cannot match by tag prefix");
				implicitScalarTags.push(tag);
			}
			switch (tag.nodeKind) {
				case "scalar":
					if (tag.matchByTagPrefix) prefix.scalar.push(tag);
					else exact.scalar[tag.tagName] = tag;
					break;
				case "sequence":
					if (tag.matchByTagPrefix) prefix.sequence.push(tag);
					else exact.sequence[tag.tagName] = tag;
					break;
				case "mapping": if (tag.matchByTagPrefix) prefix.mapping.push(tag);
				else exact.mapping[tag.tagName] = tag;
			}
		}
		const implicitScalarAnyFirstChar = implicitScalarTags.filter((tag) => tag.implicitFirstChars === null);
		const keys = /* @__PURE__ */ new Set();
		for (const tag of implicitScalarTags) if (tag.implicitFirstChars !== null) for (const key of tag.implicitFirstChars) keys.add(key);
		const implicitScalarByFirstChar = /* @__PURE__ */ new Map();
		for (const key of keys) implicitScalarByFirstChar.set(key, implicitScalarTags.filter((tag) => tag.implicitFirstChars === null || tag.implicitFirstChars.indexOf(key) !== -1));
		const defaultScalarTag = exact.scalar["tag:yaml.org,2002:str"];
		if (!defaultScalarTag) throw new Error("schema does not define the default scalar tag (tag:yaml.org,2002:str)");
		this.tags = compiledTags;
		this.implicitScalarTags = implicitScalarTags;
		this.implicitScalarByFirstChar = implicitScalarByFirstChar;
		this.implicitScalarAnyFirstChar = implicitScalarAnyFirstChar;
		this.defaultScalarTag = defaultScalarTag;
		this.defaultSequenceTag = exact.sequence["tag:yaml.org,2002:seq"];
		this.defaultMappingTag = exact.mapping["tag:yaml.org,2002:map"];
		this.exact = exact;
		this.prefix = prefix;
	}
	/** @internal */
	lookupScalarTag(tagName) {
		const exactTag = this.exact.scalar[tagName];
		if (exactTag) return exactTag;
		for (const tag of this.prefix.scalar) if (tagName.startsWith(tag.tagName)) return tag;
	}
	/** @internal */
	lookupSequenceTag(tagName) {
		const exactTag = this.exact.sequence[tagName];
		if (exactTag) return exactTag;
		for (const tag of this.prefix.sequence) if (tagName.startsWith(tag.tagName)) return tag;
	}
	/** @internal */
	lookupMappingTag(tagName) {
		const exactTag = this.exact.mapping[tagName];
		if (exactTag) return exactTag;
		for (const tag of this.prefix.mapping) if (tagName.startsWith(tag.tagName)) return tag;
	}
	/** @internal */
	resolveImplicitScalarTag(source) {
		const candidates = this.implicitScalarByFirstChar.get(source.charAt(0)) ?? this.implicitScalarAnyFirstChar;
		for (const tag of candidates) {
			const value = tag.resolve(source, false, tag.tagName);
			if (value !== NOT_RESOLVED) return {
				value,
				tag
			};
		}
		const tag = this.defaultScalarTag;
		return {
			value: tag.resolve(source, false, tag.tagName),
			tag
		};
	}
	/**
	* Creates a new schema with the specified tags added. If a tag already
	* exists, it is replaced by the specified tag.
	*
	* @example
	*
	* ```javascript
	* import { CORE_SCHEMA, mergeTag, realMapTag } from 'js-yaml'
	*
	* const schema = CORE_SCHEMA.withTags(mergeTag, realMapTag)
	* ```
	*/
	withTags(...tags) {
		let flatTags = [];
		for (const tag of tags) flatTags = flatTags.concat(tag);
		return new Schema([...this.tags, ...flatTags]);
	}
};
/**
* The YAML 1.2 Failsafe Schema: strings, sequences, and mappings.
*
* @category Schemas
*/
var FAILSAFE_SCHEMA = new Schema([
	strTag,
	seqTag,
	mapTag
]);
new Schema([
	...FAILSAFE_SCHEMA.tags,
	nullJsonTag,
	boolJsonTag,
	intJsonTag,
	floatJsonTag
]);
/**
* The default schema for the loaders. Note, {@link CORE_SCHEMA} comes
* without the `!!merge` tag. You can easily enable it if needed.
*
* @example
* Enable {@link mergeTag}:
*
* ```javascript
* import { load, CORE_SCHEMA, mergeTag } from 'js-yaml'
*
* try {
*   load(data, { schema: CORE_SCHEMA.withTags(mergeTag) })
* } catch (e) {
*   console.error(e)
* }
* ```
*
* @category Schemas
*/
var CORE_SCHEMA = new Schema([
	...FAILSAFE_SCHEMA.tags,
	nullCoreTag,
	boolCoreTag,
	intCoreTag,
	floatCoreTag
]);
new Schema([
	...FAILSAFE_SCHEMA.tags,
	nullYaml11Tag,
	boolYaml11Tag,
	intYaml11Tag,
	floatYaml11Tag,
	timestampTag,
	mergeTag,
	binaryTag,
	omapTag,
	pairsTag,
	setTag
]).withTags({
	...intYaml11Tag,
	resolve: (source, isExplicit, tagName) => {
		const result = intYaml11Tag.resolve(source, isExplicit, tagName);
		return result === NOT_RESOLVED ? intCoreTag.resolve(source, isExplicit, tagName) : result;
	}
}, {
	...floatYaml11Tag,
	resolve: (source, isExplicit, tagName) => {
		const result = floatYaml11Tag.resolve(source, isExplicit, tagName);
		return result === NOT_RESOLVED ? floatCoreTag.resolve(source, isExplicit, tagName) : result;
	}
});
defineMappingTag("tag:yaml.org,2002:map", {
	create: () => /* @__PURE__ */ new Map(),
	addPair: (container, key, value) => {
		container.set(key, value);
		return "";
	},
	has: (container, key) => container.has(key),
	keys: (container) => container.keys(),
	get: (container, key) => container.get(key),
	identify: (data) => data instanceof Map || isPlainObject(data),
	represent: (data) => {
		if (data instanceof Map) return data;
		const map = /* @__PURE__ */ new Map();
		const obj = data;
		for (const key of Object.keys(obj)) map.set(key, obj[key]);
		return map;
	}
});
function normalizeKey(key) {
	if (Array.isArray(key)) {
		const array = Array.prototype.slice.call(key);
		for (let index = 0; index < array.length; index++) {
			if (Array.isArray(array[index])) return null;
			if (typeof array[index] === "object" && Object.prototype.toString.call(array[index]) === "[object Object]") array[index] = "[object Object]";
		}
		return String(array);
	}
	if (typeof key === "object" && Object.prototype.toString.call(key) === "[object Object]") return "[object Object]";
	return String(key);
}
defineMappingTag("tag:yaml.org,2002:map", {
	create: () => ({}),
	identify: isPlainObject,
	represent: (o) => {
		const map = /* @__PURE__ */ new Map();
		for (const key of Object.keys(o)) map.set(key, o[key]);
		return map;
	},
	addPair: (container, key, value) => {
		const normalizedKey = normalizeKey(key);
		if (normalizedKey === null) return "nested arrays are not supported inside keys";
		if (normalizedKey === "__proto__") Object.defineProperty(container, normalizedKey, {
			value,
			enumerable: true,
			configurable: true,
			writable: true
		});
		else container[normalizedKey] = value;
		return "";
	},
	has: (container, key) => {
		const normalizedKey = normalizeKey(key);
		return normalizedKey !== null && Object.prototype.hasOwnProperty.call(container, normalizedKey);
	},
	keys: (container) => Object.keys(container),
	get: (container, key) => {
		const normalizedKey = String(key);
		if (!Object.prototype.hasOwnProperty.call(container, normalizedKey)) return null;
		return container[normalizedKey];
	}
});
var DEFAULT_SNIPPET_OPTIONS = {
	maxLength: 79,
	indent: 1,
	linesBefore: 3,
	linesAfter: 2
};
function getLine(buffer, lineStart, lineEnd, position, maxLineLength) {
	let head = "";
	let tail = "";
	const maxHalfLength = Math.floor(maxLineLength / 2) - 1;
	if (position - lineStart > maxHalfLength) {
		head = " ... ";
		lineStart = position - maxHalfLength + head.length;
	}
	if (lineEnd - position > maxHalfLength) {
		tail = " ...";
		lineEnd = position + maxHalfLength - tail.length;
	}
	return {
		str: head + buffer.slice(lineStart, lineEnd).replace(/\t/g, "→") + tail,
		pos: position - lineStart + head.length
	};
}
function padStart(string, max) {
	return " ".repeat(Math.max(max - string.length, 0)) + string;
}
function makeSnippet(mark, options) {
	if (!mark.buffer) return null;
	const opts = {
		...DEFAULT_SNIPPET_OPTIONS,
		...options
	};
	const re = /\r?\n|\r|\0/g;
	const lineStarts = [0];
	const lineEnds = [];
	let match;
	let foundLineNo = -1;
	while (match = re.exec(mark.buffer)) {
		lineEnds.push(match.index);
		lineStarts.push(match.index + match[0].length);
		if (mark.position <= match.index && foundLineNo < 0) foundLineNo = lineStarts.length - 2;
	}
	if (foundLineNo < 0) foundLineNo = lineStarts.length - 1;
	let result = "";
	const lineNoLength = Math.min(mark.line + opts.linesAfter, lineEnds.length).toString().length;
	const maxLineLength = opts.maxLength - (opts.indent + lineNoLength + 3);
	for (let i = 1; i <= opts.linesBefore; i++) {
		if (foundLineNo - i < 0) break;
		const line = getLine(mark.buffer, lineStarts[foundLineNo - i], lineEnds[foundLineNo - i], mark.position - (lineStarts[foundLineNo] - lineStarts[foundLineNo - i]), maxLineLength);
		result = `${" ".repeat(opts.indent)}${padStart((mark.line - i + 1).toString(), lineNoLength)} | ${line.str}\n${result}`;
	}
	const line = getLine(mark.buffer, lineStarts[foundLineNo], lineEnds[foundLineNo], mark.position, maxLineLength);
	result += `${" ".repeat(opts.indent)}${padStart((mark.line + 1).toString(), lineNoLength)} | ${line.str}\n`;
	result += `${"-".repeat(opts.indent + lineNoLength + 3 + line.pos)}^\n`;
	for (let i = 1; i <= opts.linesAfter; i++) {
		if (foundLineNo + i >= lineEnds.length) break;
		const line = getLine(mark.buffer, lineStarts[foundLineNo + i], lineEnds[foundLineNo + i], mark.position - (lineStarts[foundLineNo] - lineStarts[foundLineNo + i]), maxLineLength);
		result += `${" ".repeat(opts.indent)}${padStart((mark.line + i + 1).toString(), lineNoLength)} | ${line.str}\n`;
	}
	return result.replace(/\n$/, "");
}
function formatError(exception, compact) {
	let where = "";
	if (!exception.mark) return exception.reason;
	if (exception.mark.name) where += `in "${exception.mark.name}" `;
	where += `(${exception.mark.line + 1}:${exception.mark.column + 1})`;
	if (!compact && exception.mark.snippet) where += `\n\n${exception.mark.snippet}`;
	return `${exception.reason} ${where}`;
}
/**
* A YAML error. Unlike an ordinary `Error`, it adds a source snippet showing
* the location of the problem to the error message, when available.
*
* @category Main
*/
var YAMLException = class YAMLException extends Error {
	reason;
	mark;
	/**
	* Optional `mark` contains source snippet data. Usually, use
	* {@link YAMLException.throwAt} instead of passing it directly.
	*/
	constructor(reason, mark) {
		super();
		this.name = "YAMLException";
		this.reason = reason;
		this.mark = mark;
		this.message = formatError(this, false);
		if (Error.captureStackTrace) Error.captureStackTrace(this, this.constructor);
	}
	/**
	* Returns the formatted error, omitting the source snippet in compact mode.
	*/
	toString(compact) {
		return `${this.name}: ${formatError(this, compact)}`;
	}
	/**
	* Builds a YAMLException with a source snippet and throws it. `source` is
	* the raw input text; `position` is an offset into it.
	*/
	static throwAt(source, position, message, filename = "") {
		let line = 0;
		let lineStart = 0;
		for (let index = 0; index < position; index++) {
			const ch = source.charCodeAt(index);
			if (ch === 10) {
				line++;
				lineStart = index + 1;
			} else if (ch === 13) {
				line++;
				if (source.charCodeAt(index + 1) === 10) index++;
				lineStart = index + 1;
			}
		}
		const mark = {
			name: filename,
			buffer: source,
			position,
			line,
			column: position - lineStart
		};
		mark.snippet = makeSnippet(mark);
		throw new YAMLException(message, mark);
	}
};
/** @category Events */
var EVENT_ID = {
	DOCUMENT: 1,
	SEQUENCE: 2,
	MAPPING: 3,
	SCALAR: 4,
	ALIAS: 5,
	POP: 6
};
/** @category Nodes */
var SCALAR_STYLE = {
	PLAIN: 1,
	SINGLE_QUOTED: 2,
	DOUBLE_QUOTED: 3,
	LITERAL_BLOCK: 4,
	FOLDED_BLOCK: 5
};
/** @category Nodes */
var COLLECTION_STYLE = {
	BLOCK: 1,
	FLOW: 2
};
/** @category Nodes */
var CHOMPING_MODE = {
	CLIP: 1,
	STRIP: 2,
	KEEP: 3
};
var NO_RANGE$3 = -1;
function simpleEscapeSequence(c) {
	switch (c) {
		case 48: return "\0";
		case 97: return "\x07";
		case 98: return "\b";
		case 116: return "	";
		case 9: return "	";
		case 110: return "\n";
		case 118: return "\v";
		case 102: return "\f";
		case 114: return "\r";
		case 101: return "\x1B";
		case 32: return " ";
		case 34: return "\"";
		case 47: return "/";
		case 92: return "\\";
		case 78: return "";
		case 95: return "\xA0";
		case 76: return "\u2028";
		case 80: return "\u2029";
		default: return "";
	}
}
var simpleEscapeCheck = new Array(256);
var simpleEscapeMap = new Array(256);
for (let i = 0; i < 256; i++) {
	simpleEscapeCheck[i] = simpleEscapeSequence(i) ? 1 : 0;
	simpleEscapeMap[i] = simpleEscapeSequence(i);
}
function charFromCodepoint(c) {
	if (c <= 65535) return String.fromCharCode(c);
	return String.fromCharCode((c - 65536 >> 10) + 55296, (c - 65536 & 1023) + 56320);
}
function fromHexCode$1(c) {
	if (c >= 48 && c <= 57) return c - 48;
	return (c | 32) - 97 + 10;
}
function escapedHexLen$1(c) {
	if (c === 120) return 2;
	if (c === 117) return 4;
	return 8;
}
function skipFoldedBreaks(input, position, end) {
	let breaks = 0;
	while (position < end) {
		const ch = input.charCodeAt(position);
		if (ch === 10) {
			breaks++;
			position++;
		} else if (ch === 13) {
			breaks++;
			position++;
			if (input.charCodeAt(position) === 10) position++;
		} else if (ch === 32 || ch === 9) position++;
		else break;
	}
	return {
		position,
		breaks
	};
}
function foldedBreaks(count) {
	if (count === 1) return " ";
	return "\n".repeat(count - 1);
}
function getPlainValue(input, start, end) {
	let result = "";
	let position = start;
	let captureStart = start;
	let captureEnd = start;
	while (position < end) {
		const ch = input.charCodeAt(position);
		if (ch === 10 || ch === 13) {
			result += input.slice(captureStart, captureEnd);
			const fold = skipFoldedBreaks(input, position, end);
			result += foldedBreaks(fold.breaks);
			position = captureStart = captureEnd = fold.position;
		} else {
			position++;
			if (ch !== 32 && ch !== 9) captureEnd = position;
		}
	}
	return result + input.slice(captureStart, captureEnd);
}
function getSingleQuotedValue(input, start, end) {
	let result = "";
	let position = start;
	let captureStart = start;
	let captureEnd = start;
	while (position < end) {
		const ch = input.charCodeAt(position);
		if (ch === 39) {
			result += input.slice(captureStart, position) + "'";
			position += 2;
			captureStart = captureEnd = position;
		} else if (ch === 10 || ch === 13) {
			result += input.slice(captureStart, captureEnd);
			const fold = skipFoldedBreaks(input, position, end);
			result += foldedBreaks(fold.breaks);
			position = captureStart = captureEnd = fold.position;
		} else {
			position++;
			if (ch !== 32 && ch !== 9) captureEnd = position;
		}
	}
	return result + input.slice(captureStart, end);
}
function getDoubleQuotedValue(input, start, end) {
	let result = "";
	let position = start;
	let captureStart = start;
	let captureEnd = start;
	while (position < end) {
		const ch = input.charCodeAt(position);
		if (ch === 92) {
			result += input.slice(captureStart, position);
			position++;
			const escaped = input.charCodeAt(position);
			if (escaped === 10 || escaped === 13) position = skipFoldedBreaks(input, position, end).position;
			else if (escaped < 256 && simpleEscapeCheck[escaped]) {
				result += simpleEscapeMap[escaped];
				position++;
			} else {
				let hexLength = escapedHexLen$1(escaped);
				let hexResult = 0;
				for (; hexLength > 0; hexLength--) {
					position++;
					const digit = fromHexCode$1(input.charCodeAt(position));
					hexResult = (hexResult << 4) + digit;
				}
				result += charFromCodepoint(hexResult);
				position++;
			}
			captureStart = captureEnd = position;
		} else if (ch === 10 || ch === 13) {
			result += input.slice(captureStart, captureEnd);
			const fold = skipFoldedBreaks(input, position, end);
			result += foldedBreaks(fold.breaks);
			position = captureStart = captureEnd = fold.position;
		} else {
			position++;
			if (ch !== 32 && ch !== 9) captureEnd = position;
		}
	}
	return result + input.slice(captureStart, end);
}
function getBlockValue(input, start, end, indent, chomping, folded) {
	const textIndent = indent < 0 ? 0 : indent;
	const region = input.slice(start, end).replace(/\r\n?/g, "\n");
	const lines = region === "" ? [] : (region.endsWith("\n") ? region.slice(0, -1) : region).split("\n");
	let result = "";
	let didReadContent = false;
	let emptyLines = 0;
	let atMoreIndented = false;
	for (const line of lines) {
		let column = 0;
		while (column < textIndent && line.charCodeAt(column) === 32) column++;
		if (indent < 0 || column >= line.length) {
			emptyLines++;
			continue;
		}
		const content = line.slice(textIndent);
		const first = content.charCodeAt(0);
		if (folded) {
			if (first === 32 || first === 9) {
				atMoreIndented = true;
				result += "\n".repeat(didReadContent ? 1 + emptyLines : emptyLines);
			} else if (atMoreIndented) {
				atMoreIndented = false;
				result += "\n".repeat(emptyLines + 1);
			} else if (emptyLines === 0) {
				if (didReadContent) result += " ";
			} else result += "\n".repeat(emptyLines);
		} else result += "\n".repeat(didReadContent ? 1 + emptyLines : emptyLines);
		result += content;
		didReadContent = true;
		emptyLines = 0;
	}
	if (chomping === CHOMPING_MODE.KEEP) result += "\n".repeat(didReadContent ? 1 + emptyLines : emptyLines);
	else if (chomping !== CHOMPING_MODE.STRIP) {
		if (didReadContent) result += "\n";
	}
	return result;
}
/**
* Decodes the scalar referenced by event offsets in `input`.
*
* @category Events
*/
function getScalarValue(input, scalar) {
	if (scalar.valueStart === NO_RANGE$3) return "";
	const { valueStart, valueEnd } = scalar;
	if (scalar.fast) return input.slice(valueStart, valueEnd);
	switch (scalar.style) {
		case SCALAR_STYLE.SINGLE_QUOTED: return getSingleQuotedValue(input, valueStart, valueEnd);
		case SCALAR_STYLE.DOUBLE_QUOTED: return getDoubleQuotedValue(input, valueStart, valueEnd);
		case SCALAR_STYLE.LITERAL_BLOCK: return getBlockValue(input, valueStart, valueEnd, scalar.indent, scalar.chomping, false);
		case SCALAR_STYLE.FOLDED_BLOCK: return getBlockValue(input, valueStart, valueEnd, scalar.indent, scalar.chomping, true);
		default: return getPlainValue(input, valueStart, valueEnd);
	}
}
var DEFAULT_TAG_HANDLERS = Object.assign(Object.create(null), {
	"!": "!",
	"!!": "tag:yaml.org,2002:"
});
function tagPercentDecode(source) {
	let result = "";
	let index = 0;
	while (index < source.length) {
		if (source.charCodeAt(index) !== 37) {
			result += source[index++];
			continue;
		}
		let ch = parseInt(source.slice(index + 1, index + 3), 16);
		index += 3;
		if (ch >= 192) {
			let remaining = ch < 224 ? 1 : ch < 240 ? 2 : 3;
			ch &= (1 << 6 - remaining) - 1;
			while (remaining-- > 0) {
				ch = ch << 6 | parseInt(source.slice(index + 1, index + 3), 16) & 63;
				index += 3;
			}
		}
		if (ch < 65536) result += String.fromCharCode(ch);
		else {
			ch -= 65536;
			result += String.fromCharCode(55296 | ch >> 10, 56320 | ch & 1023);
		}
	}
	return result;
}
function tagNameFull(rawTag, tagHandlers) {
	if (rawTag.startsWith("!<") && rawTag.endsWith(">")) return tagPercentDecode(rawTag.slice(2, -1));
	const handleEnd = rawTag.indexOf("!", 1);
	const handle = handleEnd === -1 ? "!" : rawTag.slice(0, handleEnd + 1);
	return tagPercentDecode(tagHandlers?.[handle] ?? DEFAULT_TAG_HANDLERS[handle] ?? handle) + tagPercentDecode(rawTag.slice(handle.length));
}
var NO_RANGE$2 = -1;
var MERGE_TAG_NAME = "tag:yaml.org,2002:merge";
var DEFAULT_CONSTRUCTOR_OPTIONS = {
	filename: "",
	schema: CORE_SCHEMA,
	json: false,
	maxTotalMergeKeys: 1e4,
	maxAliases: -1
};
function eventPosition$1(event) {
	if ("tagStart" in event && event.tagStart !== NO_RANGE$2) return event.tagStart;
	if ("anchorStart" in event && event.anchorStart !== NO_RANGE$2) return event.anchorStart;
	if ("valueStart" in event && event.valueStart !== NO_RANGE$2) return event.valueStart;
	if ("start" in event) return event.start;
	return 0;
}
function throwError$1(state, message) {
	YAMLException.throwAt(state.source, state.position, message, state.filename);
}
function finalizeCollection(state, position, tag, carrier) {
	try {
		return tag.finalize(carrier);
	} catch (error) {
		if (error instanceof YAMLException) throw error;
		YAMLException.throwAt(state.source, position, error instanceof Error ? error.message : String(error), state.filename);
	}
}
function constructScalar(state, event) {
	const source = getScalarValue(state.source, event);
	const rawTag = event.tagStart === NO_RANGE$2 ? "" : state.source.slice(event.tagStart, event.tagEnd);
	const strTag = state.schema.defaultScalarTag;
	if (rawTag !== "") {
		if (rawTag === "!") return {
			value: source,
			tag: strTag
		};
		const tagName = tagNameFull(rawTag, state.tagHandlers);
		const scalarTag = state.schema.lookupScalarTag(tagName);
		if (scalarTag) {
			const result = scalarTag.resolve(source, true, tagName);
			if (result === NOT_RESOLVED) throwError$1(state, `cannot resolve a node with !<${tagName}> explicit tag`);
			return {
				value: result,
				tag: scalarTag
			};
		}
		const collectionTagDef = state.schema.lookupMappingTag(tagName) ?? state.schema.lookupSequenceTag(tagName);
		if (collectionTagDef) {
			if (source !== "") throwError$1(state, `cannot resolve a node with !<${tagName}> explicit tag`);
			const carrier = collectionTagDef.create(tagName);
			return {
				value: collectionTagDef.carrierIsResult ? carrier : finalizeCollection(state, state.position, collectionTagDef, carrier),
				tag: collectionTagDef
			};
		}
		throwError$1(state, `unknown scalar tag !<${tagName}>`);
	}
	if (event.style === SCALAR_STYLE.PLAIN) return state.schema.resolveImplicitScalarTag(source);
	return {
		value: strTag.resolve(source, false, strTag.tagName),
		tag: strTag
	};
}
function collectionTagName(state, event, defaultTagName) {
	const rawTag = event.tagStart === NO_RANGE$2 ? "" : state.source.slice(event.tagStart, event.tagEnd);
	return rawTag === "" || rawTag === "!" ? defaultTagName : tagNameFull(rawTag, state.tagHandlers);
}
function isMappingTag(tag) {
	return tag.nodeKind === "mapping";
}
function chargeMergeWork(state) {
	state.totalMergeKeys++;
	if (state.maxTotalMergeKeys !== -1 && state.totalMergeKeys > state.maxTotalMergeKeys) throwError$1(state, `merge keys exceeded maxTotalMergeKeys (${state.maxTotalMergeKeys})`);
}
function mergeKeys(state, frame, source, sourceTag) {
	chargeMergeWork(state);
	for (const sourceKey of sourceTag.keys(source)) {
		chargeMergeWork(state);
		if (frame.tag.has(frame.value, sourceKey)) continue;
		const err = frame.tag.addPair(frame.value, sourceKey, sourceTag.get(source, sourceKey));
		if (err) throwError$1(state, err);
		frame.overridable ??= /* @__PURE__ */ new Set();
		frame.overridable.add(sourceKey);
	}
}
function mergeSource(state, frame, source, sourceTag) {
	state.position = frame.keyPosition;
	if (isMappingTag(sourceTag)) mergeKeys(state, frame, source, sourceTag);
	else if (sourceTag.nodeKind === "sequence" && Array.isArray(source)) {
		if (source.length > 100) throwError$1(state, "abnormal merge sequence size");
		for (const element of source) {
			const elementTag = state.nodeTags.get(element);
			if (!elementTag) throwError$1(state, "cannot merge mappings; the provided source object is unacceptable");
			mergeKeys(state, frame, element, elementTag);
		}
	} else throwError$1(state, "cannot merge mappings; the provided source object is unacceptable");
}
function addMappingValue(state, frame, key, value, tag) {
	state.position = frame.keyPosition;
	if (frame.keyIsMerge) {
		mergeSource(state, frame, value, tag);
		return;
	}
	if (!state.json && frame.tag.has(frame.value, key) && !frame.overridable?.has(key)) throwError$1(state, "duplicated mapping key");
	const err = frame.tag.addPair(frame.value, key, value);
	if (err) throwError$1(state, err);
	frame.overridable?.delete(key);
}
function addValue(state, value, tag) {
	const frame = state.frames[state.frames.length - 1];
	if (frame.kind === "document") {
		frame.value = value;
		frame.hasValue = true;
	} else if (frame.kind === "sequence") {
		if (isMappingTag(tag)) state.nodeTags.set(value, tag);
		const err = frame.tag.addItem(frame.value, value, frame.index++);
		if (err) throwError$1(state, err);
	} else if (frame.hasKey) {
		const key = frame.key;
		frame.key = void 0;
		frame.hasKey = false;
		addMappingValue(state, frame, key, value, tag);
	} else {
		frame.key = value;
		frame.keyPosition = state.position;
		frame.hasKey = true;
		frame.keyIsMerge = tag.tagName === MERGE_TAG_NAME;
	}
}
function storeAnchor(state, event, value, tag, isValueFinal) {
	if (event.anchorStart !== NO_RANGE$2) {
		const anchor = {
			value,
			tag,
			isValueFinal
		};
		state.anchors.set(state.source.slice(event.anchorStart, event.anchorEnd), anchor);
		return anchor;
	}
	return null;
}
/**
* Constructs JavaScript documents directly from parser events, without an
* intermediate AST.
*
* @category Events
*/
function constructFromEvents(events, options) {
	const state = {
		...DEFAULT_CONSTRUCTOR_OPTIONS,
		...options,
		events,
		documents: [],
		eventIndex: 0,
		position: 0,
		frames: [],
		anchors: /* @__PURE__ */ new Map(),
		nodeTags: /* @__PURE__ */ new Map(),
		tagHandlers: Object.create(null),
		totalMergeKeys: 0,
		aliasCount: 0
	};
	while (state.eventIndex < state.events.length) {
		const event = state.events[state.eventIndex++];
		state.position = eventPosition$1(event);
		switch (event.type) {
			case EVENT_ID.DOCUMENT:
				state.anchors = /* @__PURE__ */ new Map();
				state.nodeTags = /* @__PURE__ */ new Map();
				state.aliasCount = 0;
				state.tagHandlers = Object.create(null);
				for (const directive of event.directives) if (directive.kind === "tag") state.tagHandlers[directive.handle] = directive.prefix;
				state.frames.push({
					kind: "document",
					position: state.position,
					value: void 0,
					hasValue: false
				});
				break;
			case EVENT_ID.SCALAR: {
				const { value, tag } = constructScalar(state, event);
				storeAnchor(state, event, value, tag, true);
				addValue(state, value, tag);
				break;
			}
			case EVENT_ID.SEQUENCE: {
				const tagName = collectionTagName(state, event, "tag:yaml.org,2002:seq");
				const tag = state.schema.lookupSequenceTag(tagName);
				if (!tag) throwError$1(state, `unknown sequence tag !<${tagName}>`);
				const value = tag.create(tagName);
				const anchor = storeAnchor(state, event, value, tag, tag.carrierIsResult);
				state.frames.push({
					kind: "sequence",
					position: state.position,
					value,
					tag,
					anchor,
					index: 0
				});
				break;
			}
			case EVENT_ID.MAPPING: {
				const tagName = collectionTagName(state, event, "tag:yaml.org,2002:map");
				const tag = state.schema.lookupMappingTag(tagName);
				if (!tag) throwError$1(state, `unknown mapping tag !<${tagName}>`);
				const value = tag.create(tagName);
				const anchor = storeAnchor(state, event, value, tag, tag.carrierIsResult);
				state.frames.push({
					kind: "mapping",
					position: state.position,
					value,
					tag,
					anchor,
					key: void 0,
					keyPosition: state.position,
					hasKey: false,
					keyIsMerge: false,
					overridable: null
				});
				break;
			}
			case EVENT_ID.ALIAS: {
				if (state.maxAliases !== -1 && ++state.aliasCount > state.maxAliases) throwError$1(state, `aliases exceeded maxAliases (${state.maxAliases})`);
				const name = state.source.slice(event.anchorStart, event.anchorEnd);
				const anchor = state.anchors.get(name);
				if (!anchor) throwError$1(state, `unidentified alias "${name}"`);
				if (!anchor.isValueFinal) throwError$1(state, `recursive alias "${name}" is not supported for tag ${anchor.tag.tagName} because it uses finalize()`);
				addValue(state, anchor.value, anchor.tag);
				break;
			}
			case EVENT_ID.POP: {
				const frame = state.frames.pop();
				if (frame.kind === "mapping" && frame.hasKey) {
					state.position = frame.keyPosition;
					throwError$1(state, "incomplete mapping pair in event stream");
				}
				if (frame.kind === "document") state.documents.push(frame.value);
				else {
					const value = frame.tag.carrierIsResult ? frame.value : finalizeCollection(state, frame.position, frame.tag, frame.value);
					if (frame.anchor) {
						frame.anchor.value = value;
						frame.anchor.isValueFinal = true;
					}
					addValue(state, value, frame.tag);
				}
				break;
			}
		}
	}
	return state.documents;
}
var NO_RANGE$1 = -1;
var HAS_OWN = Object.prototype.hasOwnProperty;
var CONTEXT_FLOW_IN = 1;
var CONTEXT_FLOW_OUT = 2;
var CONTEXT_BLOCK_IN = 3;
var CONTEXT_BLOCK_OUT = 4;
var PATTERN_NON_PRINTABLE = /[\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x84\x86-\x9F\uFFFE\uFFFF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?:[^\uD800-\uDBFF]|^)[\uDC00-\uDFFF]/;
var PATTERN_FLOW_INDICATORS = /[,\[\]{}]/;
var PATTERN_TAG_HANDLE = /^(?:!|!!|![0-9A-Za-z-]+!)$/;
var NS_URI_CHAR = String.raw`(?:%[0-9A-Fa-f]{2}|[0-9A-Za-z\-#;/?:@&=+$,_.!~*'()\[\]])`;
var NS_TAG_CHAR = String.raw`(?:%[0-9A-Fa-f]{2}|[0-9A-Za-z\-#;/?:@&=+$.~*'()_])`;
var PATTERN_TAG_URI = new RegExp(`^(?:${NS_URI_CHAR})*$`);
var PATTERN_TAG_SUFFIX = new RegExp(`^(?:${NS_TAG_CHAR})+$`);
var PATTERN_TAG_PREFIX = new RegExp(`^(?:!(?:${NS_URI_CHAR})*|${NS_TAG_CHAR}(?:${NS_URI_CHAR})*)$`);
var DEFAULT_PARSER_OPTIONS = {
	filename: "",
	maxDepth: 100
};
function addDocumentEvent(state, explicitStart, explicitEnd) {
	state.events.push({
		type: EVENT_ID.DOCUMENT,
		explicitStart,
		explicitEnd,
		directives: state.directives
	});
}
function addSequenceEvent(state, start, anchorStart, anchorEnd, tagStart, tagEnd, style) {
	state.events.push({
		type: EVENT_ID.SEQUENCE,
		start,
		anchorStart,
		anchorEnd,
		tagStart,
		tagEnd,
		style
	});
}
function addMappingEvent(state, start, anchorStart, anchorEnd, tagStart, tagEnd, style) {
	state.events.push({
		type: EVENT_ID.MAPPING,
		start,
		anchorStart,
		anchorEnd,
		tagStart,
		tagEnd,
		style
	});
}
function insertFlowPairMappingEvent(state, snapshot) {
	state.events.splice(snapshot.eventsLength, 0, {
		type: EVENT_ID.MAPPING,
		start: snapshot.position,
		anchorStart: NO_RANGE$1,
		anchorEnd: NO_RANGE$1,
		tagStart: NO_RANGE$1,
		tagEnd: NO_RANGE$1,
		style: COLLECTION_STYLE.FLOW
	});
}
function addScalarEvent(state, valueStart, valueEnd, anchorStart, anchorEnd, tagStart, tagEnd, style, chomping = CHOMPING_MODE.CLIP, indent = -1, fast = false) {
	state.events.push({
		type: EVENT_ID.SCALAR,
		valueStart,
		valueEnd,
		anchorStart,
		anchorEnd,
		tagStart,
		tagEnd,
		style,
		chomping,
		indent,
		fast
	});
}
function addAliasEvent(state, anchorStart, anchorEnd) {
	state.events.push({
		type: EVENT_ID.ALIAS,
		anchorStart,
		anchorEnd
	});
}
function addPopEvent(state) {
	state.events.push({ type: EVENT_ID.POP });
}
function addEmptyScalarEvent(state) {
	addScalarEvent(state, NO_RANGE$1, NO_RANGE$1, NO_RANGE$1, NO_RANGE$1, NO_RANGE$1, NO_RANGE$1, SCALAR_STYLE.PLAIN);
}
function emptyProperties() {
	return {
		anchorStart: NO_RANGE$1,
		anchorEnd: NO_RANGE$1,
		tagStart: NO_RANGE$1,
		tagEnd: NO_RANGE$1
	};
}
function snapshotState(state) {
	return {
		position: state.position,
		line: state.line,
		lineStart: state.lineStart,
		lineIndent: state.lineIndent,
		firstTabInLine: state.firstTabInLine,
		eventsLength: state.events.length
	};
}
function restoreState(state, snapshot) {
	state.position = snapshot.position;
	state.line = snapshot.line;
	state.lineStart = snapshot.lineStart;
	state.lineIndent = snapshot.lineIndent;
	state.firstTabInLine = snapshot.firstTabInLine;
	state.events.length = snapshot.eventsLength;
}
function throwError(state, message) {
	YAMLException.throwAt(state.input.slice(0, state.length), state.position, message, state.filename);
}
function isEol(c) {
	return c === 10 || c === 13;
}
function isWhiteSpace(c) {
	return c === 9 || c === 32;
}
function isWsOrEol(c) {
	return isWhiteSpace(c) || isEol(c);
}
function isWsOrEolOrEnd(c) {
	return c === 0 || isWsOrEol(c);
}
function isFlowIndicator(c) {
	return c === 44 || c === 91 || c === 93 || c === 123 || c === 125;
}
function fromDecimalCode(c) {
	return c >= 48 && c <= 57 ? c - 48 : -1;
}
function fromHexCode(c) {
	if (c >= 48 && c <= 57) return c - 48;
	const lc = c | 32;
	if (lc >= 97 && lc <= 102) return lc - 97 + 10;
	return -1;
}
function escapedHexLen(c) {
	if (c === 120) return 2;
	if (c === 117) return 4;
	if (c === 85) return 8;
	return 0;
}
function isSimpleEscape(c) {
	return c === 48 || c === 97 || c === 98 || c === 116 || c === 9 || c === 110 || c === 118 || c === 102 || c === 114 || c === 101 || c === 32 || c === 34 || c === 47 || c === 92 || c === 78 || c === 95 || c === 76 || c === 80;
}
function consumeLineBreak(state) {
	if (state.input.charCodeAt(state.position) === 10) state.position++;
	else {
		state.position++;
		if (state.input.charCodeAt(state.position) === 10) state.position++;
	}
	state.line++;
	state.lineStart = state.position;
	state.lineIndent = 0;
	state.firstTabInLine = -1;
}
function skipSeparationSpace(state, allowComments) {
	let lineBreaks = 0;
	let ch = state.input.charCodeAt(state.position);
	let hasSeparation = state.position === state.lineStart || isWsOrEol(state.input.charCodeAt(state.position - 1));
	while (ch !== 0) {
		while (isWhiteSpace(ch)) {
			hasSeparation = true;
			if (ch === 9 && state.firstTabInLine === -1) state.firstTabInLine = state.position;
			ch = state.input.charCodeAt(++state.position);
		}
		if (allowComments && hasSeparation && ch === 35) do
			ch = state.input.charCodeAt(++state.position);
		while (!isEol(ch) && ch !== 0);
		if (!isEol(ch)) break;
		consumeLineBreak(state);
		lineBreaks++;
		hasSeparation = true;
		ch = state.input.charCodeAt(state.position);
		while (ch === 32) {
			state.lineIndent++;
			ch = state.input.charCodeAt(++state.position);
		}
	}
	return lineBreaks;
}
function testDocumentSeparator(state, position = state.position) {
	const ch = state.input.charCodeAt(position);
	if ((ch === 45 || ch === 46) && ch === state.input.charCodeAt(position + 1) && ch === state.input.charCodeAt(position + 2)) {
		const following = state.input.charCodeAt(position + 3);
		return following === 0 || isWsOrEol(following);
	}
	return false;
}
function skipByteOrderMark(state) {
	if (state.position === state.lineStart && state.input.charCodeAt(state.position) === 65279) {
		state.position++;
		state.lineStart = state.position;
	}
}
function testDocumentBoundary(state) {
	if (state.position !== state.lineStart) return false;
	if (testDocumentSeparator(state)) return true;
	if (state.input.charCodeAt(state.position) !== 65279) return false;
	const snapshot = snapshotState(state);
	skipByteOrderMark(state);
	skipSeparationSpace(state, true);
	const ch = state.input.charCodeAt(state.position);
	const result = state.position === state.lineStart && (ch === 37 || ch === 45 && testDocumentSeparator(state));
	restoreState(state, snapshot);
	return result;
}
function skipUntilLineEnd(state) {
	let ch = state.input.charCodeAt(state.position);
	while (ch !== 0 && !isEol(ch)) ch = state.input.charCodeAt(++state.position);
}
function checkPrintable(state, start, end) {
	const match = PATTERN_NON_PRINTABLE.exec(state.input.slice(start, end));
	if (match !== null) {
		state.position = start + match.index + match[0].length - 1;
		throwError(state, "the stream contains non-printable characters");
	}
}
function readTagProperty(state, props, inFlow) {
	if (state.input.charCodeAt(state.position) !== 33) return false;
	if (props.tagStart !== NO_RANGE$1) throwError(state, "duplication of a tag property");
	const start = state.position;
	let isVerbatim = false;
	let isNamed = false;
	let tagHandle = "!";
	let ch = state.input.charCodeAt(++state.position);
	if (ch === 60) {
		isVerbatim = true;
		ch = state.input.charCodeAt(++state.position);
	} else if (ch === 33) {
		isNamed = true;
		tagHandle = "!!";
		ch = state.input.charCodeAt(++state.position);
	}
	let suffixStart = state.position;
	let tagName;
	if (isVerbatim) {
		while (ch !== 0 && ch !== 62) ch = state.input.charCodeAt(++state.position);
		if (ch !== 62) throwError(state, "unexpected end of the stream within a verbatim tag");
		tagName = state.input.slice(suffixStart, state.position);
		state.position++;
	} else {
		while (ch !== 0 && !isWsOrEol(ch) && !(inFlow && isFlowIndicator(ch))) {
			if (ch === 33) {
				if (!isNamed) {
					tagHandle = state.input.slice(suffixStart - 1, state.position + 1);
					if (!PATTERN_TAG_HANDLE.test(tagHandle)) throwError(state, "named tag handle cannot contain such characters");
					isNamed = true;
					suffixStart = state.position + 1;
				} else throwError(state, "tag suffix cannot contain exclamation marks");
			}
			ch = state.input.charCodeAt(++state.position);
		}
		tagName = state.input.slice(suffixStart, state.position);
		if (PATTERN_FLOW_INDICATORS.test(tagName)) throwError(state, "tag suffix cannot contain flow indicator characters");
	}
	if (tagName && !(isVerbatim ? PATTERN_TAG_URI.test(tagName) : PATTERN_TAG_SUFFIX.test(tagName))) throwError(state, `tag name cannot contain such characters: ${tagName}`);
	if (!isVerbatim && tagHandle !== "!" && tagHandle !== "!!" && !HAS_OWN.call(state.tagHandlers, tagHandle)) throwError(state, `undeclared tag handle "${tagHandle}"`);
	props.tagStart = start;
	props.tagEnd = state.position;
	return true;
}
function readAnchorProperty(state, props) {
	if (state.input.charCodeAt(state.position) !== 38) return false;
	if (props.anchorStart !== NO_RANGE$1) throwError(state, "duplication of an anchor property");
	state.position++;
	const start = state.position;
	while (state.input.charCodeAt(state.position) !== 0 && !isWsOrEol(state.input.charCodeAt(state.position)) && !isFlowIndicator(state.input.charCodeAt(state.position))) state.position++;
	if (state.position === start) throwError(state, "name of an anchor node must contain at least one character");
	props.anchorStart = start;
	props.anchorEnd = state.position;
	return true;
}
function readAlias(state, props) {
	if (state.input.charCodeAt(state.position) !== 42) return false;
	if (props.anchorStart !== NO_RANGE$1 || props.tagStart !== NO_RANGE$1) throwError(state, "alias node should not have any properties");
	state.position++;
	const start = state.position;
	while (state.input.charCodeAt(state.position) !== 0 && !isWsOrEol(state.input.charCodeAt(state.position)) && !isFlowIndicator(state.input.charCodeAt(state.position))) state.position++;
	if (state.position === start) throwError(state, "name of an alias node must contain at least one character");
	addAliasEvent(state, start, state.position);
	return true;
}
function readFlowScalarBreak(state, nodeIndent) {
	skipSeparationSpace(state, false);
	if (state.lineIndent < nodeIndent) throwError(state, "deficient indentation");
}
function readSingleQuotedScalar(state, nodeIndent, props) {
	if (state.input.charCodeAt(state.position) !== 39) return false;
	state.position++;
	const start = state.position;
	let simple = true;
	while (state.input.charCodeAt(state.position) !== 0) {
		const ch = state.input.charCodeAt(state.position);
		if (ch === 39) {
			if (state.input.charCodeAt(state.position + 1) === 39) {
				simple = false;
				state.position += 2;
				continue;
			}
			const end = state.position;
			state.position++;
			addScalarEvent(state, start, end, props.anchorStart, props.anchorEnd, props.tagStart, props.tagEnd, SCALAR_STYLE.SINGLE_QUOTED, CHOMPING_MODE.CLIP, -1, simple);
			return true;
		}
		if (isEol(ch)) {
			simple = false;
			readFlowScalarBreak(state, nodeIndent);
		} else if (state.position === state.lineStart && testDocumentSeparator(state)) throwError(state, "unexpected end of the document within a single quoted scalar");
		else if (ch !== 9 && ch < 32) throwError(state, "expected valid JSON character");
		else state.position++;
	}
	throwError(state, "unexpected end of the stream within a single quoted scalar");
}
function readDoubleQuotedScalar(state, nodeIndent, props) {
	if (state.input.charCodeAt(state.position) !== 34) return false;
	state.position++;
	const start = state.position;
	let simple = true;
	while (state.input.charCodeAt(state.position) !== 0) {
		const ch = state.input.charCodeAt(state.position);
		if (ch === 34) {
			const end = state.position;
			state.position++;
			addScalarEvent(state, start, end, props.anchorStart, props.anchorEnd, props.tagStart, props.tagEnd, SCALAR_STYLE.DOUBLE_QUOTED, CHOMPING_MODE.CLIP, -1, simple);
			return true;
		}
		if (ch === 92) {
			simple = false;
			const escaped = state.input.charCodeAt(++state.position);
			if (isEol(escaped)) readFlowScalarBreak(state, nodeIndent);
			else if (isSimpleEscape(escaped)) state.position++;
			else {
				let hexLength = escapedHexLen(escaped);
				if (hexLength === 0) throwError(state, "unknown escape sequence");
				while (hexLength-- > 0) {
					state.position++;
					if (fromHexCode(state.input.charCodeAt(state.position)) < 0) throwError(state, "expected hexadecimal character");
				}
				state.position++;
			}
		} else if (isEol(ch)) {
			simple = false;
			readFlowScalarBreak(state, nodeIndent);
		} else if (state.position === state.lineStart && testDocumentSeparator(state)) throwError(state, "unexpected end of the document within a double quoted scalar");
		else if (ch !== 9 && ch < 32) throwError(state, "expected valid JSON character");
		else state.position++;
	}
	throwError(state, "unexpected end of the stream within a double quoted scalar");
}
function readBlockScalar(state, parentIndent, props) {
	const ch = state.input.charCodeAt(state.position);
	let chomping = CHOMPING_MODE.CLIP;
	let indent = -1;
	let detectedIndent = false;
	if (ch !== 124 && ch !== 62) return false;
	const style = ch === 124 ? SCALAR_STYLE.LITERAL_BLOCK : SCALAR_STYLE.FOLDED_BLOCK;
	state.position++;
	while (state.input.charCodeAt(state.position) !== 0) {
		const current = state.input.charCodeAt(state.position);
		const digit = fromDecimalCode(current);
		if (current === 43 || current === 45) {
			if (chomping !== CHOMPING_MODE.CLIP) throwError(state, "repeat of a chomping mode identifier");
			chomping = current === 43 ? CHOMPING_MODE.KEEP : CHOMPING_MODE.STRIP;
			state.position++;
		} else if (digit >= 0) {
			if (digit === 0) throwError(state, "bad explicit indentation width of a block scalar; it cannot be less than one");
			if (detectedIndent) throwError(state, "repeat of an indentation width identifier");
			indent = parentIndent + digit - 1;
			detectedIndent = true;
			state.position++;
		} else break;
	}
	let hadWhitespace = false;
	while (isWhiteSpace(state.input.charCodeAt(state.position))) {
		hadWhitespace = true;
		state.position++;
	}
	if (hadWhitespace && state.input.charCodeAt(state.position) === 35) skipUntilLineEnd(state);
	if (isEol(state.input.charCodeAt(state.position))) consumeLineBreak(state);
	else if (state.input.charCodeAt(state.position) !== 0) throwError(state, "a line break is expected");
	let contentIndent = detectedIndent ? indent : -1;
	let maxLeadingIndent = 0;
	const valueStart = state.position;
	let valueEnd = state.position;
	while (state.input.charCodeAt(state.position) !== 0) {
		const linePosition = state.position;
		let column = 0;
		while (state.input.charCodeAt(linePosition + column) === 32) column++;
		const first = state.input.charCodeAt(linePosition + column);
		if (first === 0) {
			if (contentIndent >= 0) {
				if (column > contentIndent) valueEnd = linePosition + column;
			} else if (column > 0) valueEnd = linePosition + column;
			break;
		}
		if (testDocumentBoundary(state)) break;
		if (!detectedIndent && contentIndent === -1 && isEol(first)) maxLeadingIndent = Math.max(maxLeadingIndent, column);
		if (!detectedIndent && contentIndent === -1 && !isEol(first)) {
			if (first === 9 && column < parentIndent) {
				state.position = linePosition + column;
				throwError(state, "tab characters must not be used in indentation");
			}
			if (column >= parentIndent && column < maxLeadingIndent) {
				state.position = linePosition + column;
				throwError(state, "bad indentation of a mapping entry");
			}
		}
		if (contentIndent === -1 && first !== 0 && !isEol(first) && column < parentIndent) {
			state.lineIndent = column;
			state.position = linePosition + column;
			break;
		}
		if (!detectedIndent && first !== 0 && !isEol(first) && contentIndent === -1) contentIndent = column;
		const requiredIndent = contentIndent === -1 ? parentIndent + 1 : contentIndent;
		if (first !== 0 && !isEol(first) && column < requiredIndent) {
			state.lineIndent = column;
			state.position = linePosition + column;
			break;
		}
		skipUntilLineEnd(state);
		valueEnd = state.position;
		if (isEol(state.input.charCodeAt(state.position))) {
			consumeLineBreak(state);
			valueEnd = state.position;
		}
	}
	checkPrintable(state, valueStart, valueEnd);
	addScalarEvent(state, valueStart, valueEnd, props.anchorStart, props.anchorEnd, props.tagStart, props.tagEnd, style, chomping, contentIndent);
	return true;
}
function canStartPlainScalar(state, nodeContext) {
	const ch = state.input.charCodeAt(state.position);
	const inFlow = nodeContext === CONTEXT_FLOW_IN;
	if (ch === 0 || isWsOrEol(ch) || ch === 35 || ch === 38 || ch === 42 || ch === 33 || ch === 124 || ch === 62 || ch === 39 || ch === 34 || ch === 37 || ch === 64 || ch === 96 || isFlowIndicator(ch)) return false;
	if (ch === 63 || ch === 45) {
		const following = state.input.charCodeAt(state.position + 1);
		if (isWsOrEolOrEnd(following) || inFlow && isFlowIndicator(following)) return false;
	}
	return true;
}
function readPlainScalar(state, nodeIndent, nodeContext, props) {
	if (!canStartPlainScalar(state, nodeContext)) return false;
	const start = state.position;
	let end = state.position;
	let ch = state.input.charCodeAt(state.position);
	const inFlow = nodeContext === CONTEXT_FLOW_IN;
	let multiline = false;
	while (ch !== 0) {
		if (testDocumentBoundary(state)) break;
		if (ch === 58) {
			const following = state.input.charCodeAt(state.position + 1);
			if (isWsOrEolOrEnd(following) || inFlow && isFlowIndicator(following)) break;
		} else if (ch === 35) {
			if (isWsOrEol(state.input.charCodeAt(state.position - 1))) break;
		} else if (inFlow && isFlowIndicator(ch)) break;
		else if (isEol(ch)) {
			const savedPosition = state.position;
			const savedLine = state.line;
			const savedLineStart = state.lineStart;
			const savedLineIndent = state.lineIndent;
			skipSeparationSpace(state, false);
			if (state.lineIndent >= nodeIndent) {
				multiline = true;
				ch = state.input.charCodeAt(state.position);
				continue;
			}
			state.position = savedPosition;
			state.line = savedLine;
			state.lineStart = savedLineStart;
			state.lineIndent = savedLineIndent;
			break;
		}
		if (!isWhiteSpace(ch)) end = state.position + 1;
		ch = state.input.charCodeAt(++state.position);
	}
	if (end === start) return false;
	checkPrintable(state, start, end);
	addScalarEvent(state, start, end, props.anchorStart, props.anchorEnd, props.tagStart, props.tagEnd, SCALAR_STYLE.PLAIN, CHOMPING_MODE.CLIP, -1, !multiline);
	return true;
}
function skipFlowSeparationSpace(state, nodeIndent) {
	const startLine = state.line;
	skipSeparationSpace(state, true);
	if (state.line > startLine && state.lineIndent < nodeIndent || state.firstTabInLine !== -1 && state.lineIndent < nodeIndent) throwError(state, "deficient indentation");
}
function readFlowCollection(state, nodeIndent, props) {
	const ch = state.input.charCodeAt(state.position);
	const isMapping = ch === 123;
	const start = state.position;
	let readNext = true;
	if (ch !== 91 && ch !== 123) return false;
	const terminator = isMapping ? 125 : 93;
	if (isMapping) addMappingEvent(state, start, props.anchorStart, props.anchorEnd, props.tagStart, props.tagEnd, COLLECTION_STYLE.FLOW);
	else addSequenceEvent(state, start, props.anchorStart, props.anchorEnd, props.tagStart, props.tagEnd, COLLECTION_STYLE.FLOW);
	state.position++;
	while (state.input.charCodeAt(state.position) !== 0) {
		skipFlowSeparationSpace(state, nodeIndent);
		let ch = state.input.charCodeAt(state.position);
		if (ch === terminator) {
			state.position++;
			addPopEvent(state);
			return true;
		} else if (!readNext) throwError(state, "missed comma between flow collection entries");
		else if (ch === 44) throwError(state, "expected the node content, but found ','");
		let isPair = false;
		let isExplicitPair = false;
		if (ch === 63 && isWsOrEol(state.input.charCodeAt(state.position + 1))) {
			isPair = isExplicitPair = true;
			state.position += 1;
			skipFlowSeparationSpace(state, nodeIndent);
		}
		const entryLine = state.line;
		const entryStart = snapshotState(state);
		const keyWasRead = parseNode(state, nodeIndent, CONTEXT_FLOW_IN, false, true);
		skipFlowSeparationSpace(state, nodeIndent);
		ch = state.input.charCodeAt(state.position);
		if ((isMapping || isExplicitPair || state.line === entryLine) && ch === 58) {
			isPair = true;
			state.position++;
			skipFlowSeparationSpace(state, nodeIndent);
			if (!isMapping) {
				insertFlowPairMappingEvent(state, entryStart);
				if (!keyWasRead) addEmptyScalarEvent(state);
			} else if (!keyWasRead) addEmptyScalarEvent(state);
			if (!parseNode(state, nodeIndent, CONTEXT_FLOW_IN, false, true)) addEmptyScalarEvent(state);
			skipFlowSeparationSpace(state, nodeIndent);
			if (!isMapping) addPopEvent(state);
		} else if (isMapping && isPair) {
			if (!keyWasRead) addEmptyScalarEvent(state);
			addEmptyScalarEvent(state);
		} else if (isMapping) addEmptyScalarEvent(state);
		else if (isPair) {
			insertFlowPairMappingEvent(state, entryStart);
			if (!keyWasRead) addEmptyScalarEvent(state);
			addEmptyScalarEvent(state);
			addPopEvent(state);
		}
		ch = state.input.charCodeAt(state.position);
		if (ch === 44) {
			readNext = true;
			state.position++;
		} else readNext = false;
	}
	throwError(state, "unexpected end of the stream within a flow collection");
}
function readBlockSequence(state, nodeIndent, props) {
	if (state.firstTabInLine !== -1 || state.input.charCodeAt(state.position) !== 45 || !isWsOrEolOrEnd(state.input.charCodeAt(state.position + 1))) return false;
	addSequenceEvent(state, state.position, props.anchorStart, props.anchorEnd, props.tagStart, props.tagEnd, COLLECTION_STYLE.BLOCK);
	while (state.input.charCodeAt(state.position) === 45 && isWsOrEolOrEnd(state.input.charCodeAt(state.position + 1))) {
		if (state.firstTabInLine !== -1) {
			state.position = state.firstTabInLine;
			throwError(state, "tab characters must not be used in indentation");
		}
		const entryLine = state.line;
		state.position++;
		const hadBreak = skipSeparationSpace(state, true) > 0;
		if (state.firstTabInLine !== -1 && state.input.charCodeAt(state.position) === 45 && isWsOrEolOrEnd(state.input.charCodeAt(state.position + 1))) throwError(state, "bad indentation of a sequence entry");
		if (hadBreak && state.lineIndent <= nodeIndent) addEmptyScalarEvent(state);
		else parseNode(state, nodeIndent, CONTEXT_BLOCK_IN, false, true);
		skipSeparationSpace(state, true);
		if (state.lineIndent < nodeIndent || state.position >= state.length) break;
		if (state.lineIndent > nodeIndent) throwError(state, "bad indentation of a sequence entry");
		if (state.line === entryLine && state.input.charCodeAt(state.position) === 45 && isWsOrEolOrEnd(state.input.charCodeAt(state.position + 1))) throwError(state, "bad indentation of a sequence entry");
	}
	addPopEvent(state);
	return true;
}
function readBlockMapping(state, nodeIndent, flowIndent, props) {
	let atExplicitKey = false;
	let detected = false;
	let mappingOpened = false;
	let pendingExplicitKey = false;
	if (state.firstTabInLine !== -1) return false;
	let ch = state.input.charCodeAt(state.position);
	while (ch !== 0) {
		if (!atExplicitKey && state.firstTabInLine !== -1) {
			state.position = state.firstTabInLine;
			throwError(state, "tab characters must not be used in indentation");
		}
		const following = state.input.charCodeAt(state.position + 1);
		const entryLine = state.line;
		if ((ch === 63 || ch === 58) && isWsOrEolOrEnd(following)) {
			if (!mappingOpened) {
				addMappingEvent(state, state.position, props.anchorStart, props.anchorEnd, props.tagStart, props.tagEnd, COLLECTION_STYLE.BLOCK);
				mappingOpened = true;
			}
			if (ch === 63) {
				if (atExplicitKey) addEmptyScalarEvent(state);
				detected = true;
				atExplicitKey = true;
			} else if (atExplicitKey) atExplicitKey = false;
			else {
				addEmptyScalarEvent(state);
				detected = true;
				atExplicitKey = false;
			}
			state.position += 1;
			pendingExplicitKey = true;
		} else {
			if (atExplicitKey) {
				addEmptyScalarEvent(state);
				atExplicitKey = false;
			}
			const beforeKey = snapshotState(state);
			if (!parseNode(state, flowIndent, CONTEXT_FLOW_OUT, false, true)) break;
			if (state.line === entryLine) {
				ch = state.input.charCodeAt(state.position);
				while (isWhiteSpace(ch)) ch = state.input.charCodeAt(++state.position);
				if (ch === 58) {
					ch = state.input.charCodeAt(++state.position);
					if (!isWsOrEolOrEnd(ch)) throwError(state, "a whitespace character is expected after the key-value separator within a block mapping");
					if (!mappingOpened) {
						state.events.splice(beforeKey.eventsLength, 0, {
							type: EVENT_ID.MAPPING,
							start: beforeKey.position,
							anchorStart: props.anchorStart,
							anchorEnd: props.anchorEnd,
							tagStart: props.tagStart,
							tagEnd: props.tagEnd,
							style: COLLECTION_STYLE.BLOCK
						});
						mappingOpened = true;
					}
					detected = true;
					atExplicitKey = false;
					pendingExplicitKey = false;
				} else if (detected) throwError(state, "expected ':' after a mapping key");
				else {
					if (props.anchorStart !== NO_RANGE$1 || props.tagStart !== NO_RANGE$1) {
						restoreState(state, beforeKey);
						return false;
					}
					return true;
				}
			} else if (detected) throwError(state, "can not read a block mapping entry; a multiline key may not be an implicit key");
			else {
				if (props.anchorStart !== NO_RANGE$1 || props.tagStart !== NO_RANGE$1) {
					restoreState(state, beforeKey);
					return false;
				}
				return true;
			}
		}
		if (parseNode(state, nodeIndent, CONTEXT_BLOCK_OUT, true, pendingExplicitKey)) pendingExplicitKey = false;
		if (!atExplicitKey) {
			if (pendingExplicitKey) {
				addEmptyScalarEvent(state);
				pendingExplicitKey = false;
			}
		}
		skipSeparationSpace(state, true);
		ch = state.input.charCodeAt(state.position);
		if ((state.line === entryLine || state.lineIndent > nodeIndent) && ch !== 0) throwError(state, "bad indentation of a mapping entry");
		else if (state.lineIndent < nodeIndent) break;
	}
	if (!detected) return false;
	if (atExplicitKey) addEmptyScalarEvent(state);
	if (mappingOpened) addPopEvent(state);
	return true;
}
function parseNode(state, parentIndent, nodeContext, allowToSeek, allowCompact, allowPropertyMapping = true) {
	if (state.depth >= state.maxDepth) throwError(state, `nesting exceeded maxDepth (${state.maxDepth})`);
	state.depth++;
	let indentStatus = 1;
	let atNewLine = false;
	let hasContent = false;
	let propertyStart = null;
	const props = emptyProperties();
	let allowBlockScalars = nodeContext === CONTEXT_BLOCK_OUT || nodeContext === CONTEXT_BLOCK_IN;
	let allowBlockCollections = allowBlockScalars;
	const allowBlockStyles = allowBlockScalars;
	if (allowToSeek && skipSeparationSpace(state, true)) {
		atNewLine = true;
		if (state.lineIndent > parentIndent) indentStatus = 1;
		else if (state.lineIndent === parentIndent) indentStatus = 0;
		else indentStatus = -1;
	}
	if (indentStatus === 1) while (true) {
		const ch = state.input.charCodeAt(state.position);
		const propertyState = snapshotState(state);
		if (atNewLine && indentStatus !== 1 && (ch === 33 || ch === 38)) break;
		if (atNewLine && allowBlockStyles && (props.tagStart !== NO_RANGE$1 || props.anchorStart !== NO_RANGE$1) && (ch === 33 || ch === 38)) {
			const fallbackState = snapshotState(state);
			const flowIndent = parentIndent + 1;
			if (readBlockMapping(state, state.position - state.lineStart, flowIndent, props) && state.events[fallbackState.eventsLength]?.type === EVENT_ID.MAPPING) {
				state.depth--;
				return true;
			}
			restoreState(state, fallbackState);
		}
		if (atNewLine && (ch === 33 && props.tagStart !== NO_RANGE$1 || ch === 38 && props.anchorStart !== NO_RANGE$1)) break;
		if (!readTagProperty(state, props, nodeContext === CONTEXT_FLOW_IN) && !readAnchorProperty(state, props)) break;
		if (propertyStart === null) propertyStart = propertyState;
		if (skipSeparationSpace(state, true)) {
			atNewLine = true;
			allowBlockCollections = allowBlockStyles;
			if (state.lineIndent > parentIndent) indentStatus = 1;
			else if (state.lineIndent === parentIndent) indentStatus = 0;
			else indentStatus = -1;
		} else allowBlockCollections = false;
	}
	if (allowBlockCollections) allowBlockCollections = atNewLine || allowCompact;
	if (indentStatus === 1 || nodeContext === CONTEXT_BLOCK_OUT) {
		const flowIndent = nodeContext === CONTEXT_FLOW_IN || nodeContext === CONTEXT_FLOW_OUT ? parentIndent : parentIndent + 1;
		const blockIndent = state.position - state.lineStart;
		if (indentStatus === 1) {
			if (allowBlockCollections && (readBlockSequence(state, blockIndent, props) || readBlockMapping(state, blockIndent, flowIndent, props)) || readFlowCollection(state, flowIndent, props)) hasContent = true;
			else {
				const ch = state.input.charCodeAt(state.position);
				if (propertyStart !== null && allowPropertyMapping && allowBlockStyles && !allowBlockCollections && ch !== 124 && ch !== 62) {
					const fallbackState = snapshotState(state);
					const propertyIndent = propertyStart.position - propertyStart.lineStart;
					restoreState(state, propertyStart);
					if (readBlockMapping(state, propertyIndent, flowIndent, emptyProperties()) && state.events[fallbackState.eventsLength]?.type === EVENT_ID.MAPPING) hasContent = true;
					else restoreState(state, fallbackState);
				}
				if (!hasContent && (allowBlockScalars && readBlockScalar(state, flowIndent, props) || readSingleQuotedScalar(state, flowIndent, props) || readDoubleQuotedScalar(state, flowIndent, props) || readAlias(state, props) || readPlainScalar(state, flowIndent, nodeContext, props))) hasContent = true;
			}
		} else if (indentStatus === 0) hasContent = allowBlockCollections && readBlockSequence(state, blockIndent, props);
	}
	allowBlockScalars = allowBlockScalars && !hasContent;
	if (!hasContent && (props.anchorStart !== NO_RANGE$1 || props.tagStart !== NO_RANGE$1 || allowBlockScalars)) {
		addScalarEvent(state, NO_RANGE$1, NO_RANGE$1, props.anchorStart, props.anchorEnd, props.tagStart, props.tagEnd, SCALAR_STYLE.PLAIN);
		hasContent = true;
	}
	state.depth--;
	return hasContent || props.anchorStart !== NO_RANGE$1 || props.tagStart !== NO_RANGE$1;
}
function readDirective(state) {
	if (state.lineIndent > 0 || state.input.charCodeAt(state.position) !== 37) return false;
	state.position++;
	const nameStart = state.position;
	while (state.input.charCodeAt(state.position) !== 0 && !isWsOrEol(state.input.charCodeAt(state.position))) state.position++;
	const name = state.input.slice(nameStart, state.position);
	const args = [];
	if (name.length === 0) throwError(state, "directive name must not be less than one character in length");
	while (state.input.charCodeAt(state.position) !== 0 && !isEol(state.input.charCodeAt(state.position))) {
		while (isWhiteSpace(state.input.charCodeAt(state.position))) state.position++;
		if (state.input.charCodeAt(state.position) === 35 || isEol(state.input.charCodeAt(state.position)) || state.input.charCodeAt(state.position) === 0) break;
		const start = state.position;
		while (state.input.charCodeAt(state.position) !== 0 && !isWsOrEol(state.input.charCodeAt(state.position))) state.position++;
		args.push(state.input.slice(start, state.position));
	}
	if (isEol(state.input.charCodeAt(state.position))) consumeLineBreak(state);
	if (name === "YAML") {
		if (state.directives.some((directive) => directive.kind === "yaml")) throwError(state, "duplication of %YAML directive");
		if (args.length !== 1) throwError(state, "YAML directive accepts exactly one argument");
		const match = /^([0-9]+)\.([0-9]+)$/.exec(args[0]);
		if (match === null) throwError(state, "ill-formed argument of the YAML directive");
		if (parseInt(match[1], 10) !== 1) throwError(state, "unacceptable YAML version of the document");
		state.directives.push({
			kind: "yaml",
			version: args[0]
		});
	} else if (name === "TAG") {
		if (args.length !== 2) throwError(state, "TAG directive accepts exactly two arguments");
		const [handle, prefix] = args;
		if (!PATTERN_TAG_HANDLE.test(handle)) throwError(state, "ill-formed tag handle (first argument) of the TAG directive");
		if (HAS_OWN.call(state.tagHandlers, handle)) throwError(state, `there is a previously declared suffix for "${handle}" tag handle`);
		if (!PATTERN_TAG_PREFIX.test(prefix)) throwError(state, "ill-formed tag prefix (second argument) of the TAG directive");
		state.tagHandlers[handle] = prefix;
		state.directives.push({
			kind: "tag",
			handle,
			prefix
		});
	}
	return true;
}
function readDocument(state) {
	state.directives = [];
	state.tagHandlers = Object.create(null);
	let hasDirectives = false;
	skipSeparationSpace(state, true);
	while (readDirective(state)) {
		hasDirectives = true;
		skipSeparationSpace(state, true);
	}
	let explicitStart = false;
	let explicitEnd = false;
	let allowCompact = true;
	if (state.lineIndent === 0 && state.input.charCodeAt(state.position) === 45 && state.input.charCodeAt(state.position + 1) === 45 && state.input.charCodeAt(state.position + 2) === 45 && isWsOrEolOrEnd(state.input.charCodeAt(state.position + 3))) {
		explicitStart = true;
		const markerLine = state.line;
		state.position += 3;
		skipSeparationSpace(state, true);
		allowCompact = state.line > markerLine;
	} else if (hasDirectives) throwError(state, "directives end mark is expected");
	const documentEventIndex = state.events.length;
	if (!explicitStart && state.position === state.lineStart && state.input.charCodeAt(state.position) === 46 && testDocumentSeparator(state)) {
		state.position += 3;
		skipSeparationSpace(state, true);
		return;
	}
	addDocumentEvent(state, explicitStart, false);
	if (!parseNode(state, state.lineIndent - 1, CONTEXT_BLOCK_OUT, false, allowCompact, allowCompact)) addEmptyScalarEvent(state);
	skipSeparationSpace(state, true);
	if (state.position === state.lineStart && testDocumentSeparator(state)) {
		explicitEnd = state.input.charCodeAt(state.position) === 46;
		if (explicitEnd) {
			const markerLine = state.line;
			state.position += 3;
			skipSeparationSpace(state, true);
			if (state.line === markerLine && state.position < state.length) throwError(state, "end of the stream or a document separator is expected");
		}
	}
	const documentEvent = state.events[documentEventIndex];
	if (documentEvent?.type === EVENT_ID.DOCUMENT) documentEvent.explicitEnd = explicitEnd;
	addPopEvent(state);
	if (!explicitEnd && state.position < state.length && !testDocumentBoundary(state)) throwError(state, "end of the stream or a document separator is expected");
}
/**
* Parses YAML into a flat event stream referencing source text by offsets.
*
* @category Events
*/
function parseEvents(input, options) {
	const length = input.length;
	const state = {
		...DEFAULT_PARSER_OPTIONS,
		...options,
		input: `${input}\0`,
		length,
		position: 0,
		line: 0,
		lineStart: 0,
		lineIndent: 0,
		firstTabInLine: -1,
		depth: 0,
		directives: [],
		tagHandlers: Object.create(null),
		events: []
	};
	const nullpos = input.indexOf("\0");
	if (nullpos !== -1) YAMLException.throwAt(input, nullpos, "null byte is not allowed in input", state.filename);
	while (state.position < state.length) {
		skipByteOrderMark(state);
		skipSeparationSpace(state, true);
		if (state.position >= state.length) break;
		const documentStart = state.position;
		readDocument(state);
		if (state.position === documentStart)
 /* c8 ignore next */
		throwError(state, "can not read a document");
	}
	return state.events;
}
({
	...DEFAULT_PARSER_OPTIONS,
	...DEFAULT_CONSTRUCTOR_OPTIONS
});
function hasBit(mask, bit) {
	return (mask & 1 << bit) !== 0;
}
/**
* Default scalar styling rules in application order.
* See [Scalar styling](../../docs/scalar_styling.md) for usage details.
*
* @category AST
*/
var DEFAULT_SCALAR_STYLE_RULES = {
	applyQuoteFlowKeysOption,
	doubleQuoteForInvisibles,
	doubleQuoteWhitespaceOnly,
	applyForceQuotesOption,
	tryLongOrMultilineAsBlock,
	quoteInvalidPlain,
	fallbackToDoubleQuoted
};
function _preferredQuotedStyle(layout) {
	if (layout.presenterOptions.quoteStyle === "single" && hasBit(layout.allowedStylesMask, SCALAR_STYLE.SINGLE_QUOTED)) return SCALAR_STYLE.SINGLE_QUOTED;
	return SCALAR_STYLE.DOUBLE_QUOTED;
}
function applyQuoteFlowKeysOption(layout) {
	if (!layout.presenterOptions.quoteFlowKeys) return;
	if (!layout.isKey || !layout.flowOnly || layout.style !== SCALAR_STYLE.PLAIN) return;
	layout.style = SCALAR_STYLE.DOUBLE_QUOTED;
}
function doubleQuoteForInvisibles(layout) {
	if (layout.style === SCALAR_STYLE.PLAIN && /[\t\x7F-\xA0\u2028\u2029\uFEFF\uFFFE\uFFFF]/.test(layout.node.value)) layout.style = SCALAR_STYLE.DOUBLE_QUOTED;
}
function doubleQuoteWhitespaceOnly(layout) {
	if (layout.style === SCALAR_STYLE.PLAIN && /^\s+$/.test(layout.node.value)) layout.style = SCALAR_STYLE.DOUBLE_QUOTED;
}
function applyForceQuotesOption(layout) {
	if (!layout.presenterOptions.forceQuotes) return;
	if (layout.isKey || layout.style !== SCALAR_STYLE.PLAIN) return;
	if (layout.node.tag !== layout.presenterOptions.schema.defaultScalarTag.tagName) return;
	layout.style = layout.node.value.includes("\n") ? SCALAR_STYLE.DOUBLE_QUOTED : _preferredQuotedStyle(layout);
}
function tryLongOrMultilineAsBlock(layout) {
	if (layout.style !== SCALAR_STYLE.PLAIN || layout.isKey) return;
	const value = layout.node.value;
	const multiline = value.indexOf("\n") !== -1;
	if (!hasBit(layout.allowedStylesMask, SCALAR_STYLE.LITERAL_BLOCK)) {
		if (multiline) layout.style = SCALAR_STYLE.DOUBLE_QUOTED;
		return;
	}
	const w = layout.presenterOptions.lineWidth;
	if (w === -1) {
		if (multiline) layout.style = SCALAR_STYLE.LITERAL_BLOCK;
		return;
	}
	const availableWidth = Math.max(Math.min(w, 40), w - layout.shiftOfContent);
	let position = 0;
	let shouldFold = false;
	while (position <= value.length) {
		let lineEnd = value.length;
		const nextLineBreak = value.indexOf("\n", position);
		if (nextLineBreak !== -1) lineEnd = nextLineBreak;
		const line = value.slice(position, lineEnd);
		if (line.length > availableWidth && line[0] !== " " && / [^ \t]/.test(line)) shouldFold = true;
		if (nextLineBreak === -1) break;
		position = nextLineBreak + 1;
	}
	if (shouldFold) layout.style = SCALAR_STYLE.FOLDED_BLOCK;
	else if (multiline) layout.style = SCALAR_STYLE.LITERAL_BLOCK;
}
function quoteInvalidPlain(layout) {
	if (layout.style === SCALAR_STYLE.PLAIN && !hasBit(layout.allowedStylesMask, SCALAR_STYLE.PLAIN)) layout.style = _preferredQuotedStyle(layout);
}
function fallbackToDoubleQuoted(layout) {
	if (!hasBit(layout.allowedStylesMask, layout.style)) layout.style = SCALAR_STYLE.DOUBLE_QUOTED;
}
var SRC_C_PRINTABLE = "[\\x09\\x0A\\x0D\\x20-\\x7E\\x85\\xA0-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}]";
var SRC_B_CHAR = "[\\n\\r]";
var SRC_C_BYTE_ORDER_MARK = "\\uFEFF";
var SRC_S_WHITE = "[ \\t]";
var SRC_NB_CHAR = `(?:(?!(?:${SRC_B_CHAR}|${SRC_C_BYTE_ORDER_MARK}))${SRC_C_PRINTABLE})`;
var SRC_NS_CHAR = `(?:(?!${SRC_S_WHITE})${SRC_NB_CHAR})`;
var SRC_NB_JSON = "[\\x09\\x20-\\uD7FF\\uE000-\\uFFFF\\u{10000}-\\u{10FFFF}]";
var SRC_C_INDICATOR = "[-?:,\\[\\]{}#&*!|>'\"%@`]";
var SRC_C_FLOW_INDICATOR = "[,\\[\\]{}]";
var SRC_NS_PLAIN_SAFE_FLOW_OUT = SRC_NS_CHAR;
var SRC_NS_PLAIN_SAFE_FLOW_IN = `(?:(?!${SRC_C_FLOW_INDICATOR})${SRC_NS_CHAR})`;
var SRC_NS_PLAIN_FIRST_FLOW_OUT = `(?:(?:(?!${SRC_C_INDICATOR})${SRC_NS_CHAR})|[?:-](?=${SRC_NS_PLAIN_SAFE_FLOW_OUT}))`;
var SRC_NS_PLAIN_FIRST_FLOW_IN = `(?:(?:(?!${SRC_C_INDICATOR})${SRC_NS_CHAR})|[?:-](?=${SRC_NS_PLAIN_SAFE_FLOW_IN}))`;
var SRC_NS_PLAIN_CHAR_FLOW_OUT = `(?:(?:(?![:#])${SRC_NS_PLAIN_SAFE_FLOW_OUT})|:(?=${SRC_NS_PLAIN_SAFE_FLOW_OUT}))#*`;
var SRC_NS_PLAIN_CHAR_FLOW_IN = `(?:(?:(?![:#])${SRC_NS_PLAIN_SAFE_FLOW_IN})|:(?=${SRC_NS_PLAIN_SAFE_FLOW_IN}))#*`;
var SRC_NB_NS_PLAIN_IN_LINE_FLOW_OUT = `(?:${SRC_S_WHITE}*${SRC_NS_PLAIN_CHAR_FLOW_OUT})*`;
var SRC_NB_NS_PLAIN_IN_LINE_FLOW_IN = `(?:${SRC_S_WHITE}*${SRC_NS_PLAIN_CHAR_FLOW_IN})*`;
var SRC_NS_PLAIN_ONE_LINE_FLOW_OUT = `${SRC_NS_PLAIN_FIRST_FLOW_OUT}#*${SRC_NB_NS_PLAIN_IN_LINE_FLOW_OUT}`;
var SRC_NS_PLAIN_ONE_LINE_FLOW_IN = `${SRC_NS_PLAIN_FIRST_FLOW_IN}#*${SRC_NB_NS_PLAIN_IN_LINE_FLOW_IN}`;
var SRC_NS_PLAIN_ONE_LINE_BLOCK_KEY = SRC_NS_PLAIN_ONE_LINE_FLOW_OUT;
var SRC_NS_PLAIN_ONE_LINE_FLOW_KEY = SRC_NS_PLAIN_ONE_LINE_FLOW_IN;
var SRC_S_NS_PLAIN_NEXT_LINE_FLOW_OUT = `\\n+${SRC_NS_PLAIN_CHAR_FLOW_OUT}${SRC_NB_NS_PLAIN_IN_LINE_FLOW_OUT}`;
var SRC_S_NS_PLAIN_NEXT_LINE_FLOW_IN = `\\n+${SRC_NS_PLAIN_CHAR_FLOW_IN}${SRC_NB_NS_PLAIN_IN_LINE_FLOW_IN}`;
var SRC_NS_PLAIN_MULTI_LINE_FLOW_OUT = `${SRC_NS_PLAIN_ONE_LINE_FLOW_OUT}(?:${SRC_S_NS_PLAIN_NEXT_LINE_FLOW_OUT})*`;
var SRC_NS_PLAIN_MULTI_LINE_FLOW_IN = `${SRC_NS_PLAIN_ONE_LINE_FLOW_IN}(?:${SRC_S_NS_PLAIN_NEXT_LINE_FLOW_IN})*`;
new RegExp(`^(?:${SRC_NS_PLAIN_MULTI_LINE_FLOW_OUT})$`, "u");
new RegExp(`^(?:${SRC_NS_PLAIN_MULTI_LINE_FLOW_IN})$`, "u");
new RegExp(`^(?:${SRC_NS_PLAIN_ONE_LINE_BLOCK_KEY})$`, "u");
new RegExp(`^(?:${SRC_NS_PLAIN_ONE_LINE_FLOW_KEY})$`, "u");
new RegExp(`^(?:${SRC_NB_JSON})*$`, "u");
new RegExp(`^(?:${SRC_NB_JSON}|\\n)*$`, "u");
new RegExp(`^(?:${SRC_NB_CHAR}|\\n)*$`, "u");
Object.keys(DEFAULT_SCALAR_STYLE_RULES).map((name) => Reflect.get(DEFAULT_SCALAR_STYLE_RULES, name));
EVENT_ID.DOCUMENT;
EVENT_ID.SEQUENCE;
EVENT_ID.MAPPING;
EVENT_ID.SCALAR;
EVENT_ID.ALIAS;
EVENT_ID.POP;
SCALAR_STYLE.PLAIN;
SCALAR_STYLE.SINGLE_QUOTED;
SCALAR_STYLE.DOUBLE_QUOTED;
SCALAR_STYLE.LITERAL_BLOCK;
SCALAR_STYLE.FOLDED_BLOCK;
COLLECTION_STYLE.BLOCK;
COLLECTION_STYLE.FLOW;
CHOMPING_MODE.CLIP;
CHOMPING_MODE.STRIP;
CHOMPING_MODE.KEEP;
// src/manifest/locate.ts
/** More are counted, not told one by one. */
const MOST_PROBLEMS = 1e3;
/** Problems by file, line and column. */
function locateRemarks(documents, remarks) {
	const problems = locate(documents, remarks.slice(0, MOST_PROBLEMS)).map(([remark, place]) => ({
		message: messageOf(remark),
		place
	}));
	const rest = remarks[MOST_PROBLEMS];
	return rest === void 0 ? problems : [...problems, countRest(rest.file, remarks.length)];
}
function countRest(file, all) {
	return {
		message: `There are ${all - MOST_PROBLEMS} more like these.`,
		place: {
			file,
			line: 1,
			column: 1
		}
	};
}
function messageOf({ message, unknown }) {
	return unknown === void 0 ? message : `${message} ${advise(unknown.name, unknown.known.keys(), unknown.otherwise)}`;
}
/**
* Mentions with their places, file by file and from top to bottom; the top of a file where there is nothing nearer.
* @param mentions of these documents; what is in no document has no place and is left out
*/
function locate(documents, mentions) {
	return documents.flatMap(({ file, text }) => {
		const own = mentions.filter((mention) => mention.file === file);
		if (own.length === 0) return [];
		const placeAt = placesIn(file, text);
		return findOffsets(text, own).toSorted(([, a], [, b]) => a - b).map(([mention, offset]) => [mention, placeAt(offset)]);
	});
}
/** Turns offsets of one text into places; the lines are counted once. */
function placesIn(file, text) {
	const starts = [0];
	for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", end + 1)) starts.push(end + 1);
	return (offset) => {
		let [low, high] = [0, starts.length];
		while (high - low > 1) {
			const middle = low + high >> 1;
			if (Number(starts[middle]) <= offset) low = middle;
			else high = middle;
		}
		return {
			file,
			line: low + 1,
			column: offset - Number(starts[low]) + 1
		};
	};
}
/** Every key that stands a second time in its mapping, where the parser lets the last one win, or that may do so. */
function checkKeys(file, text, events) {
	const found = [];
	walk(text, events, /* @__PURE__ */ new Set(), (keys, { key, keyAt, opens }) => {
		const within = opens ? /* @__PURE__ */ new Set() : keys;
		if (keyAt === void 0) return within;
		if (key === ALIAS) found.push({
			message: "An alias cannot be a key here; write the key out.",
			at: keyAt
		});
		else if (keys.has(String(key))) found.push({
			message: `The key ${quote$1(key)} stands twice here; make one entry of the two.`,
			at: keyAt
		});
		keys.add(String(key));
		return within;
	});
	if (found.length === 0) return [];
	const placeAt = placesIn(file, text);
	const problems = found.slice(0, MOST_PROBLEMS).map(({ message, at }) => ({
		place: placeAt(at),
		message
	}));
	return found.length > MOST_PROBLEMS ? [...problems, countRest(file, found.length)] : problems;
}
/** Where an event begins in the text; undefined for those that close. */
function startOf(event) {
	switch (event?.type) {
		case EVENT_ID.SCALAR:
			if (event.valueStart < 0) return Math.max(event.tagStart, event.anchorStart - 1);
			return isQuoted(event) ? event.valueStart - 1 : event.valueStart;
		case EVENT_ID.SEQUENCE:
		case EVENT_ID.MAPPING: return event.start;
		case EVENT_ID.ALIAS: return event.anchorStart - 1;
		default: return;
	}
}
/** Where the next event may begin. */
function endOf(event) {
	switch (event.type) {
		case EVENT_ID.SCALAR: return Math.max(event.valueEnd, event.tagEnd, event.anchorEnd);
		case EVENT_ID.ALIAS: return event.anchorEnd;
		default: return;
	}
}
function isQuoted({ style }) {
	return style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED;
}
/** The key that an alias stands for; no other key can be this, as a NUL is no character of YAML. */
const ALIAS = "\0alias";
/** Of a mapping whose next scalar is a key. */
const NO_KEY = {
	text: "",
	at: 0
};
/** Calls `enter` for every value that has a key or an index; what it returns is handed to the values within. */
function walk(text, events, root, enter) {
	const frames = [];
	const visit = (valueAt, opens) => {
		const frame = frames.at(-1);
		if (frame === void 0 || frame.kind === "document") return root;
		if (frame.kind === "list") return enter(frame.state, {
			key: frame.index++,
			keyAt: void 0,
			valueAt,
			opens
		});
		const { text: key, at } = frame.key;
		frame.key = NO_KEY;
		return enter(frame.state, {
			key,
			keyAt: at,
			valueAt,
			opens
		});
	};
	let end = 0;
	for (const event of events) {
		const frame = frames.at(-1);
		const isKey = frame?.kind === "mapping" && frame.key === NO_KEY;
		const start = startOf(event) ?? end;
		const at = start < 0 ? leftOutAt(text, end, frame) : start;
		end = Math.max(end, start < 0 ? at + 1 : endOf(event) ?? at);
		switch (event.type) {
			case EVENT_ID.DOCUMENT:
				frames.push({
					state: root,
					kind: "document",
					index: 0,
					key: NO_KEY
				});
				break;
			case EVENT_ID.SEQUENCE:
				frames.push({
					state: visit(at, true),
					kind: "list",
					index: 0,
					key: NO_KEY
				});
				break;
			case EVENT_ID.MAPPING:
				frames.push({
					state: visit(at, true),
					kind: "mapping",
					index: 0,
					key: NO_KEY
				});
				break;
			case EVENT_ID.SCALAR:
				if (isKey) frame.key = {
					text: getScalarValue(text, event),
					at
				};
				else visit(at, false);
				break;
			case EVENT_ID.ALIAS:
				if (isKey) frame.key = {
					text: ALIAS,
					at
				};
				else visit(at, false);
				break;
			case EVENT_ID.POP: frames.pop();
		}
	}
}
/** Where something is left out that would stand behind `end`: at its dash, its key, or, if it is a key, its own mark. */
function leftOutAt(text, end, frame) {
	if (frame?.kind === "mapping" && frame.key !== NO_KEY) return frame.key.at;
	const marks = frame?.kind === "list" ? /-|#.*/g : /[?:]|#.*/g;
	marks.lastIndex = end;
	let found = marks.exec(text);
	while (found?.[0].startsWith("#")) found = marks.exec(text);
	return found?.index ?? text.length;
}
const TOP = {
	key: 0,
	value: 0
};
/** The offsets of the mentions; where a path leads through an alias, or to something left out, its nearest ancestor. */
function findOffsets(text, mentions) {
	const root = { children: /* @__PURE__ */ new Map() };
	for (const { path } of mentions) want(root, path);
	walk(text, parseEvents(text, {}), root, (parent, { key, keyAt, valueAt }) => {
		const wanted = parent?.children.get(String(key));
		if (wanted !== void 0) wanted.found = {
			key: keyAt ?? valueAt,
			value: valueAt
		};
		return wanted;
	});
	return mentions.map((mention) => [mention, offsetOf(root, mention)]);
}
function offsetOf(root, { path, on }) {
	let wanted = root;
	let nearest = TOP;
	for (const key of path) {
		const next = wanted.children.get(String(key));
		if (next?.found === void 0) return nearest.value;
		wanted = next;
		nearest = next.found;
	}
	return nearest[on];
}
function want(root, path) {
	let wanted = root;
	for (const key of path) {
		const next = wanted.children.get(String(key)) ?? { children: /* @__PURE__ */ new Map() };
		wanted.children.set(String(key), next);
		wanted = next;
	}
}
// src/manifest/load.ts
const LIMITS = {
	/** Bytes of a file. */
	fileSize: 33554432,
	/** Bytes of all files. */
	totalSize: 67108864,
	files: 1e3,
	/** Lists and mappings within each other. */
	nesting: 20,
	/** Values in a file, with what stands behind each alias counted every time. */
	values: 5e6
};
/** @param patterns paths or globs, relative to the workspace */
async function loadManifest(patterns, workspace) {
	const found = await Promise.all(patterns.map((pattern) => findFiles(pattern, workspace)));
	const missing = patterns.filter((_, index) => found[index]?.length === 0);
	const paths = [...new Set(found.flat())];
	const problems = missing.map((pattern) => topOf(pattern, `No file matches ${quote$1(pattern)}; correct the input manifest, or add the file.`));
	if (paths.length > LIMITS.files) problems.push(topOf("manifest", `${paths.length} files match; at most ${LIMITS.files} are read.`));
	const documents = [];
	let left = LIMITS.totalSize;
	for (const path of paths.slice(0, LIMITS.files)) {
		const loaded = loadFile(path, workspace, left);
		documents.push(...loaded.documents);
		problems.push(...loaded.problems);
		for (const { text } of loaded.documents) left -= text.length;
	}
	return {
		documents,
		problems
	};
}
async function findFiles(pattern, workspace) {
	const literal = (0, node_path.resolve)(workspace, pattern);
	if ((0, node_fs.existsSync)(literal)) return [literal];
	if (!/[*?[{]/.test(pattern)) return [];
	return (await Array.fromAsync(node_fs.promises.glob(pattern, {
		cwd: workspace,
		withFileTypes: true
	}))).filter((match) => !match.isDirectory()).map(({ parentPath, name }) => (0, node_path.join)(parentPath, name)).sort();
}
function nameOf(path, workspace) {
	return isWithin(path, workspace) ? (0, node_path.relative)(workspace, path).split(node_path.sep).join("/") : path;
}
/** @param left how many bytes may still be read */
function loadFile(path, workspace, left) {
	try {
		return readFile(path, workspace, left);
	} catch (error) {
		if (!(error instanceof Error && "syscall" in error)) throw error;
		return {
			documents: [],
			problems: [topOf(nameOf(path, workspace), `This cannot be read: ${error.message}.`)]
		};
	}
}
/** @throws what the file system says */
function readFile(path, workspace, left) {
	const file = nameOf(path, workspace);
	const refuse = (message) => ({
		documents: [],
		problems: [topOf(file, message)]
	});
	const target = node_fs.realpathSync.native(path);
	if (isWithin(path, workspace) && !isWithin(target, node_fs.realpathSync.native(workspace))) return refuse("This is a link that leads out of the workspace; put the file itself here.");
	const stats = (0, node_fs.statSync)(target);
	if (!stats.isFile()) return refuse("This is not a file; name files, or a glob such as permissions/*.yml.");
	if (stats.size > LIMITS.fileSize) return refuse(`The file has ${stats.size} bytes; at most ${LIMITS.fileSize} are read. Split it into several files.`);
	if (stats.size > left) return refuse(`The files have more than ${LIMITS.totalSize} bytes together; this one is not read.`);
	const text = decode((0, node_fs.readFileSync)(target));
	return text === void 0 ? refuse("The file is not UTF-8 text; save it as UTF-8.") : parseDocument(file, text);
}
function decode(bytes) {
	try {
		return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
	} catch {
		return;
	}
}
function isWithin(path, folder) {
	const way = (0, node_path.relative)(folder, path);
	return way !== "" && way !== ".." && !way.startsWith(`..${node_path.sep}`) && !(0, node_path.isAbsolute)(way);
}
/** Parses one file's text. Mistakes of YAML itself end here; what the text means is not looked at. */
function parseDocument(file, text) {
	try {
		const events = parseEvents(text, { maxDepth: LIMITS.nesting });
		const [content, ...others] = constructFromEvents(events, {
			source: text,
			json: true
		});
		if (content === void 0 || content === null) return {
			documents: [],
			problems: [topOf(file, "The manifest is empty; where nobody is listed, write users: [].")]
		};
		if (others.length > 0) return {
			documents: [],
			problems: [{
				place: placesIn(file, text)(lastStart(events)),
				message: "A file must hold one YAML document; put the others into files of their own."
			}]
		};
		const excess = isWritten$1(events) ? void 0 : checkExtent(content);
		if (excess !== void 0) return {
			documents: [],
			problems: [topOf(file, excess)]
		};
		return {
			documents: [{
				file,
				text,
				content
			}],
			problems: checkKeys(file, text, events)
		};
	} catch (error) {
		if (!(error instanceof YAMLException)) throw error;
		return {
			documents: [],
			problems: [{
				place: placesIn(file, text)(Number(error.mark?.position)),
				message: `This is not valid YAML: ${error.reason}.`
			}]
		};
	}
}
/** Whether there are not too many values, each where it is written: the parser has seen then how deep they are. */
function isWritten$1(events) {
	return events.length <= LIMITS.values && events.every((event) => event.type !== EVENT_ID.ALIAS);
}
const SCALAR = {
	size: 1,
	depth: 0
};
const ENDLESS = {
	size: Number.POSITIVE_INFINITY,
	depth: Number.POSITIVE_INFINITY
};
/** Aliases make one value stand in many places, and deeper than the parser has seen it, or even within itself. */
function checkExtent(content) {
	const measured = /* @__PURE__ */ new Map();
	const measure = (value, above) => {
		if (typeof value !== "object" || value === null) return SCALAR;
		const known = measured.get(value);
		if (above + (known?.depth ?? 1) > LIMITS.nesting) return ENDLESS;
		if (known !== void 0) return known;
		let [size, depth] = [1, 1];
		for (const child of Object.values(value)) {
			const extent = measure(child, above + 1);
			if (extent === ENDLESS) return ENDLESS;
			size += extent.size;
			depth = Math.max(depth, extent.depth + 1);
		}
		const extent = {
			size,
			depth
		};
		measured.set(value, extent);
		return extent;
	};
	const { size } = measure(content, 0);
	if (size <= LIMITS.values) return void 0;
	return size === ENDLESS.size ? `Aliases nest lists and mappings more than ${LIMITS.nesting} deep, or put an alias within the value that it stands for; write out what they stand for.` : `The manifest holds ${size} values; at most ${LIMITS.values} values are read, with those behind each alias counted every time.`;
}
/** Where the last document begins; an empty one is nowhere. */
function lastStart(events) {
	const document = events.findLastIndex((event) => event.type === EVENT_ID.DOCUMENT);
	return Math.max(0, Number(startOf(events[document + 1])));
}
function topOf(file, message) {
	return {
		place: {
			file,
			line: 1,
			column: 1
		},
		message
	};
}
// src/ledger/history.ts
const NO_HISTORY = {
	base: void 0,
	attempts: []
};
/**
* One entry further back.
* @param history from the newest entry on, so far without a base
*/
function goBack({ attempts }, entry) {
	const takenBack = attempts.some(({ undoes }) => undoes === entry.id);
	return entry.succeeded && entry.undoes === void 0 && !takenBack ? {
		base: entry,
		attempts
	} : {
		base: void 0,
		attempts: [...attempts, entry]
	};
}
/** What all these revisions asked for, by the identity of the user. */
function unionOf(revisions) {
	const managed = /* @__PURE__ */ new Map();
	for (const user of revisions.flat()) {
		const identity = userIdentity(user);
		const grants = (managed.get(identity)?.grants ?? NO_GRANTS).union(new Set(user.grants.keys()));
		managed.set(identity, {
			user,
			grants
		});
	}
	return managed;
}
/** Whose grants some of the later revisions asks for otherwise than the base: listed, changed or gone. */
function changedSince(base, later) {
	const before = grantsByUser(base);
	const changed = /* @__PURE__ */ new Set();
	for (const revision of later) {
		const after = grantsByUser(revision);
		for (const [identity, grants] of after) {
			const same = before.get(identity);
			if (same === void 0 || same.symmetricDifference(grants).size > 0) changed.add(identity);
		}
		for (const identity of before.keys()) if (!after.has(identity)) changed.add(identity);
	}
	return changed;
}
function grantsByUser(revision) {
	return new Map(revision.map((user) => [userIdentity(user), new Set(user.grants.keys())]));
}
// node_modules/@actions/core/lib/utils.js
/**
* Sanitizes an input into a string so it can be passed into issueCommand safely
* @param input input to sanitize into a string
*/
function toCommandValue(input) {
	if (input === null || input === void 0) return "";
	else if (typeof input === "string" || input instanceof String) return input;
	return JSON.stringify(input);
}
/**
*
* @param annotationProperties
* @returns The command properties to send with the actual annotation command
* See IssueCommandProperties: https://github.com/actions/runner/blob/main/src/Runner.Worker/ActionCommandManager.cs#L646
*/
function toCommandProperties(annotationProperties) {
	if (!Object.keys(annotationProperties).length) return {};
	return {
		title: annotationProperties.title,
		file: annotationProperties.file,
		line: annotationProperties.startLine,
		endLine: annotationProperties.endLine,
		col: annotationProperties.startColumn,
		endColumn: annotationProperties.endColumn
	};
}
// node_modules/@actions/core/lib/command.js
/**
* Issues a command to the GitHub Actions runner
*
* @param command - The command name to issue
* @param properties - Additional properties for the command (key-value pairs)
* @param message - The message to include with the command
* @remarks
* This function outputs a specially formatted string to stdout that the Actions
* runner interprets as a command. These commands can control workflow behavior,
* set outputs, create annotations, mask values, and more.
*
* Command Format:
*   ::name key=value,key=value::message
*
* @example
* ```typescript
* // Issue a warning annotation
* issueCommand('warning', {}, 'This is a warning message');
* // Output: ::warning::This is a warning message
*
* // Set an environment variable
* issueCommand('set-env', { name: 'MY_VAR' }, 'some value');
* // Output: ::set-env name=MY_VAR::some value
*
* // Add a secret mask
* issueCommand('add-mask', {}, 'secretValue123');
* // Output: ::add-mask::secretValue123
* ```
*
* @internal
* This is an internal utility function that powers the public API functions
* such as setSecret, warning, error, and exportVariable.
*/
function issueCommand(command, properties, message) {
	const cmd = new Command(command, properties, message);
	process.stdout.write(cmd.toString() + os.EOL);
}
function issue(name, message = "") {
	issueCommand(name, {}, message);
}
const CMD_STRING = "::";
var Command = class {
	constructor(command, properties, message) {
		if (!command) command = "missing.command";
		this.command = command;
		this.properties = properties;
		this.message = message;
	}
	toString() {
		let cmdStr = CMD_STRING + this.command;
		if (this.properties && Object.keys(this.properties).length > 0) {
			cmdStr += " ";
			let first = true;
			for (const key in this.properties) if (this.properties.hasOwnProperty(key)) {
				const val = this.properties[key];
				if (val) {
					if (first) first = false;
					else cmdStr += ",";
					cmdStr += `${key}=${escapeProperty(val)}`;
				}
			}
		}
		cmdStr += `${CMD_STRING}${escapeData(this.message)}`;
		return cmdStr;
	}
};
function escapeData(s) {
	return toCommandValue(s).replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A");
}
function escapeProperty(s) {
	return toCommandValue(s).replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A").replace(/:/g, "%3A").replace(/,/g, "%2C");
}
// node_modules/@actions/core/lib/file-command.js
function issueFileCommand(command, message) {
	const filePath = process.env[`GITHUB_${command}`];
	if (!filePath) throw new Error(`Unable to find environment variable for file command ${command}`);
	if (!fs.existsSync(filePath)) throw new Error(`Missing file at path: ${filePath}`);
	fs.appendFileSync(filePath, `${toCommandValue(message)}${os.EOL}`, { encoding: "utf8" });
}
function prepareKeyValueMessage(key, value) {
	const delimiter = `ghadelimiter_${crypto.randomUUID()}`;
	const convertedValue = toCommandValue(value);
	if (key.includes(delimiter)) throw new Error(`Unexpected input: name should not contain the delimiter "${delimiter}"`);
	if (convertedValue.includes(delimiter)) throw new Error(`Unexpected input: value should not contain the delimiter "${delimiter}"`);
	return `${key}<<${delimiter}${os.EOL}${convertedValue}${os.EOL}${delimiter}`;
}
os.default.platform();
os.default.arch();
/**
* The code to exit an action
*/
var ExitCode;
(function(ExitCode) {
	/**
	* A code indicating that the action was successful
	*/
	ExitCode[ExitCode["Success"] = 0] = "Success";
	/**
	* A code indicating that the action was a failure
	*/
	ExitCode[ExitCode["Failure"] = 1] = "Failure";
})(ExitCode || (ExitCode = {}));
/**
* Registers a secret which will get masked from logs
*
* @param secret - Value of the secret to be masked
* @remarks
* This function instructs the Actions runner to mask the specified value in any
* logs produced during the workflow run. Once registered, the secret value will
* be replaced with asterisks (***) whenever it appears in console output, logs,
* or error messages.
*
* This is useful for protecting sensitive information such as:
* - API keys
* - Access tokens
* - Authentication credentials
* - URL parameters containing signatures (SAS tokens)
*
* Note that masking only affects future logs; any previous appearances of the
* secret in logs before calling this function will remain unmasked.
*
* @example
* ```typescript
* // Register an API token as a secret
* const apiToken = "abc123xyz456";
* setSecret(apiToken);
*
* // Now any logs containing this value will show *** instead
* console.log(`Using token: ${apiToken}`); // Outputs: "Using token: ***"
* ```
*/
function setSecret(secret) {
	issueCommand("add-mask", {}, secret);
}
/**
* Gets the value of an input.
* Unless trimWhitespace is set to false in InputOptions, the value is also trimmed.
* Returns an empty string if the value is not defined.
*
* @param     name     name of the input to get
* @param     options  optional. See InputOptions.
* @returns   string
*/
function getInput(name, options) {
	const val = process.env[`INPUT_${name.replace(/ /g, "_").toUpperCase()}`] || "";
	if (options && options.required && !val) throw new Error(`Input required and not supplied: ${name}`);
	if (options && options.trimWhitespace === false) return val;
	return val.trim();
}
/**
* Sets the value of an output.
*
* @param     name     name of the output to set
* @param     value    value to store. Non-string values will be converted to a string via JSON.stringify
*/
function setOutput(name, value) {
	if (process.env["GITHUB_OUTPUT"] || "") return issueFileCommand("OUTPUT", prepareKeyValueMessage(name, value));
	process.stdout.write(os.EOL);
	issueCommand("set-output", { name }, toCommandValue(value));
}
/**
* Adds an error issue
* @param message error issue message. Errors will be converted to string via toString()
* @param properties optional properties to add to the annotation.
*/
function error(message, properties = {}) {
	issueCommand("error", toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
/**
* Adds a warning issue
* @param message warning issue message. Errors will be converted to string via toString()
* @param properties optional properties to add to the annotation.
*/
function warning(message, properties = {}) {
	issueCommand("warning", toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
/**
* Adds a notice issue
* @param message notice issue message. Errors will be converted to string via toString()
* @param properties optional properties to add to the annotation.
*/
function notice$1(message, properties = {}) {
	issueCommand("notice", toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
/**
* Writes info to log with console.log.
* @param message info message
*/
function info(message) {
	process.stdout.write(message + os.EOL);
}
/**
* Begin an output group.
*
* Output until the next `groupEnd` will be foldable in this group
*
* @param name The name of the output group
*/
function startGroup(name) {
	issue("group", name);
}
/**
* End an output group.
*/
function endGroup() {
	issue("endgroup");
}
// src/secrets.ts
const known = /* @__PURE__ */ new Set();
/** As they may come back in an answer: as they are, and as a header or a form had them. */
const forms = /* @__PURE__ */ new Set();
/** Shorter text is no secret worth hiding, and would blank out every other word. */
const SHORTEST = 8;
/** Each line on its own too, as logs come in lines. */
function mask(secret) {
	const lines = secret.split(/\r?\n|\\n/).map((line) => line.trim());
	for (const part of /* @__PURE__ */ new Set([secret, ...lines.filter((line) => line.length >= SHORTEST)])) {
		if (part === "" || known.has(part)) continue;
		setSecret(part);
		known.add(part);
		if (part.length >= SHORTEST) for (const form of formsOf(part)) forms.add(form);
	}
}
function formsOf(secret) {
	const form = new URLSearchParams({ secret }).toString().slice(7);
	return [
		secret,
		JSON.stringify(secret).slice(1, -1),
		encodeURIComponent(secret),
		form,
		...base64Of(secret)
	];
}
/** On its own, and within a longer text, where it may begin at any of three places in a group of three bytes. */
function base64Of(secret) {
	const bytes = Buffer.from(secret);
	const groups = [
		0,
		1,
		2
	].map((skipped) => bytes.subarray(skipped, bytes.length - (bytes.length - skipped) % 3));
	const encodings = ["base64", "base64url"];
	return [bytes, ...groups].flatMap((each) => encodings.map((encoding) => each.toString(encoding).replace(/=+$/, "")));
}
/** The same data without secrets in any of its texts: before they are escaped, when nothing would be recognised. */
function redactAll(value) {
	if (typeof value === "string") return redact(value);
	if (Array.isArray(value)) return value.map(redactAll);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, redactAll(each)]));
}
function redact(text) {
	let redacted = text;
	for (const form of forms) redacted = redacted.replaceAll(form, "***");
	return redacted;
}
// src/inputs.ts
const MODES = [
	"validate",
	"plan",
	"apply",
	"export"
];
const REVOKE$1 = [
	"never",
	"managed",
	"all"
];
const SCOPES = ["all", "changed"];
const MISSING_USERS = ["fail", "warn"];
const ALGORITHMS = [
	"RS256",
	"RS384",
	"PS256"
];
/** What an input is when the workflow does not set it; `action.yml` says the same, and a test compares the two. */
const DEFAULTS = {
	mode: "apply",
	manifest: ".github/auth0-permissions.yml",
	"client-private-key-algorithm": "RS256",
	revoke: "managed",
	scope: "all",
	"max-revocations": "20",
	"missing-users": "fail",
	"fail-on-changes": "false",
	comment: "false",
	headroom: "25%"
};
/** @throws InputError that names every input that cannot be used */
function readInputs() {
	const secrets = {
		"client-secret": getInput("client-secret"),
		"client-private-key": getInput("client-private-key"),
		"access-token": getInput("access-token"),
		"github-token": getInput("github-token")
	};
	for (const secret of Object.values(secrets)) mask(secret);
	const problems = [];
	const reject = (input, message) => {
		problems.push({
			input,
			message: `Input ${input}: ${message}`
		});
	};
	const mode = oneOf("mode", MODES, reject);
	const manifest = lines("manifest");
	const domain = readDomain(text("domain"), reject);
	const headroom = readShare("headroom", reject);
	const requestsPerSecond = readRate("requests-per-second", reject);
	const choices = readChoices(mode, reject);
	const algorithm = oneOf("client-private-key-algorithm", ALGORITHMS, reject);
	if (mode === "validate") {
		if (problems.length > 0) throw new require_index.InputError(problems);
		return {
			mode,
			manifest,
			domain
		};
	}
	if (text("domain") === "") reject("domain", `mode ${mode ?? "apply"} needs it: the tenant's domain, such as acme.eu.auth0.com.`);
	const credential = readCredential(secrets, algorithm, reject);
	const audience = readAudience(domain, reject);
	const subjects = mode === "export" ? readSubjects(manifest, reject) : {
		users: [],
		query: void 0
	};
	const complete = mode && domain && audience && headroom !== void 0 && credential && choices && subjects;
	if (problems.length > 0 || !complete) throw new require_index.InputError(problems);
	const access = {
		manifest,
		domain,
		audience,
		credential,
		headroom,
		requestsPerSecond
	};
	if (mode !== "export") {
		const githubToken = secrets["github-token"];
		return {
			mode,
			...access,
			...choices,
			githubToken: githubToken === "" ? void 0 : githubToken
		};
	}
	return {
		mode,
		...access,
		...subjects
	};
}
/** What a plan may do, and what becomes of it. */
function readChoices(mode, reject) {
	const revoke = oneOf("revoke", REVOKE$1, reject);
	const scope = oneOf("scope", SCOPES, reject);
	const maxRevocations = readCount("max-revocations", reject);
	const missingUsers = oneOf("missing-users", MISSING_USERS, reject);
	const planFile = optional("plan-file");
	const approvedPlan = readDigest("approved-plan", reject);
	const failOnChanges = readBoolean("fail-on-changes", reject);
	const comment = readBoolean("comment", reject);
	if (planFile !== void 0 && mode !== void 0 && mode !== "apply") reject("plan-file", `mode ${mode} computes a plan of its own; leave it out, or use mode: apply.`);
	if (mode !== "export") {
		for (const input of ["users", "query"]) if (text(input) !== "") reject(input, "only mode export knows it; list users in the manifest.");
	}
	if (!revoke || !scope || maxRevocations === void 0 || !missingUsers) return void 0;
	if (failOnChanges === void 0 || comment === void 0) return void 0;
	return {
		revoke,
		scope,
		maxRevocations,
		missingUsers,
		planFile,
		approvedPlan,
		failOnChanges,
		comment
	};
}
/** Whom to export, and that there is one path to write to. */
function readSubjects(manifest, reject) {
	const [path, ...others] = manifest;
	if (path === void 0 || others.length > 0 || /[*?[{]/.test(path)) reject("manifest", "mode export writes one file; give its path.");
	const users = lines("users");
	const query = optional("query");
	for (const id of users.filter((user) => !isUserId(user))) reject("users", `${quote(id)} is neither the id of a user nor an address.`);
	if (users.length > 0 || query !== void 0) return {
		users,
		query
	};
	return reject("users", "mode export needs users (ids or e-mail addresses, one a line) or query (a search).");
}
function text(input) {
	const value = getInput(input);
	return value === "" && input in DEFAULTS ? DEFAULTS[input] : value;
}
function optional(input) {
	const value = text(input);
	return value === "" ? void 0 : value;
}
function lines(input) {
	return text(input).split("\n").map((line) => line.trim()).filter((line) => line !== "");
}
/** As YAML 1.2 has them, and `getBooleanInput` too. */
function readBoolean(input, reject) {
	const value = text(input);
	if (/^(true|True|TRUE)$/.test(value)) return true;
	if (/^(false|False|FALSE)$/.test(value)) return false;
	return reject(input, `${quote(value)} is not known; use true or false.`);
}
function readDigest(input, reject) {
	const value = optional(input);
	if (value === void 0 || /^sha256:[0-9a-f]{64}$/.test(value)) return value;
	return reject(input, `${quote(value)} is not a digest; use the output plan-digest, sha256: and 64 hexadecimal digits in lower case.`);
}
function oneOf(input, allowed, reject) {
	const value = text(input);
	return allowed.find((each) => each === value) ?? reject(input, `${quote(value)} is not known; use ${listed$2(allowed)}.`);
}
function readCount(input, reject) {
	const value = text(input);
	return /^\d{1,9}$/.test(value) ? Number(value) : reject(input, `${quote(value)} is not a whole number; use 0 or more, such as ${DEFAULTS["max-revocations"]}.`);
}
function readShare(input, reject) {
	const [, percent] = /^(\d{1,2}(?:\.\d{1,3})?) ?%$/.exec(text(input)) ?? [];
	return percent === void 0 ? reject(input, `${quote(text(input))} is not a share; use a percentage from 0% to 99%, such as 25%.`) : Number(percent) / 100;
}
function readRate(input, reject) {
	const value = text(input);
	if (value === "") return void 0;
	const rate = /^\d{1,6}(\.\d{1,3})?$/.test(value) ? Number(value) : 0;
	return rate > 0 ? rate : reject(input, `${quote(value)} is not a number above 0, such as 5 or 0.5.`);
}
const DOMAIN_FORM = "use the tenant's domain or custom domain, such as acme.eu.auth0.com";
function readDomain(value, reject) {
	if (value === "") return void 0;
	const url = URL.parse(value.includes("://") ? value : `https://${value}`);
	const named = quote(value);
	if (!url || /^\/|\\/.test(value)) return reject("domain", `${named} is not a domain; ${DOMAIN_FORM}.`);
	if (url.username !== "" || url.password !== "") return reject("domain", `it holds a user or password; ${DOMAIN_FORM}.`);
	if (url.pathname !== "/" || url.search !== "" || url.hash !== "" || /[?#]/.test(value)) return reject("domain", `${named} has a path or a query; ${DOMAIN_FORM}.`);
	const loopback = isLoopback(url.hostname);
	if (url.protocol === "http:" && !loopback) return reject("domain", `${named} is plain HTTP, which is allowed to a loopback address alone; use https://.`);
	if (url.protocol !== "https:" && url.protocol !== "http:") return reject("domain", `${named} is not an https:// address; ${DOMAIN_FORM}.`);
	if (!loopback && !/^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9-]+$/.test(url.hostname)) return reject("domain", `${named} is not a full domain; ${DOMAIN_FORM}.`);
	return {
		host: url.host,
		origin: url.origin
	};
}
function isLoopback(hostname) {
	return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
/** @see https://auth0.com/docs/secure/tokens/access-tokens/management-api-access-tokens */
function readAudience(domain, reject) {
	const value = getInput("audience");
	if (value === "") return domain && `https://${domain.host}/api/v2/`;
	return URL.canParse(value) ? value : reject("audience", `${quote(value)} is not an address; use the Management API's identifier, such as https://acme.eu.auth0.com/api/v2/.`);
}
function readCredential(secrets, algorithm, reject) {
	const { "client-secret": clientSecret, "client-private-key": privateKey, "access-token": accessToken } = secrets;
	const credentials = {
		"client-secret": clientSecret,
		"client-private-key": privateKey,
		"access-token": accessToken
	};
	const [first, second] = Object.entries(credentials).filter(([, value]) => value !== "").map(([input]) => input);
	if (first === void 0) return reject("client-secret", "no credential is given; set client-secret, client-private-key or access-token.");
	if (second !== void 0) return reject(second, `it is given beside ${first}; use one credential: ${listed$2(Object.keys(credentials))}.`);
	const keyId = getInput("client-private-key-id");
	if (keyId !== "" && privateKey === "") return reject("client-private-key-id", "it goes with client-private-key; leave it out with another credential.");
	if (accessToken !== "") return /^[\x21-\x7e]+$/.test(accessToken) ? {
		kind: "access-token",
		accessToken
	} : reject("access-token", "it holds blanks or other characters that no token has; give the bare token, without \"Bearer\".");
	const clientId = getInput("client-id");
	if (clientId === "") return reject("client-id", `${first} needs it: the id of the machine-to-machine application.`);
	if (clientSecret !== "") return {
		kind: "client-secret",
		clientId,
		clientSecret
	};
	const key = readPrivateKey(privateKey, reject);
	return key && algorithm && {
		kind: "private-key",
		clientId,
		key,
		keyId: keyId === "" ? void 0 : keyId,
		algorithm
	};
}
function readPrivateKey(pem, reject) {
	try {
		const key = (0, node_crypto.createPrivateKey)(pem.includes("\n") ? pem : pem.replaceAll("\\n", "\n"));
		if (key.asymmetricKeyType === "rsa") return key;
		return reject("client-private-key", `it is a key of type ${key.asymmetricKeyType}; Auth0 takes RSA keys.`);
	} catch {
		return reject("client-private-key", "it is not a PEM private key without passphrase (-----BEGIN PRIVATE KEY-----).");
	}
}
function quote(value) {
	const shown = redact(value);
	return JSON.stringify(shown.length > 80 ? `${shown.slice(0, 80)}\u2026` : shown);
}
function listed$2(names) {
	return `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
// src/plan/plan.ts
function countOperations(users) {
	return users.reduce((counts, user) => ({
		grants: counts.grants + user.grant.length,
		revocations: counts.revocations + user.revoke.length
	}), {
		grants: 0,
		revocations: 0
	});
}
/** A plan that takes back what was done of this one, as far as it is known what was there before. */
function undoOf(plan, outcomes, entry) {
	const befores = new Map(plan.users.map(({ user, before }) => [user, before]));
	const users = outcomes.flatMap(({ user, granted, revoked }) => {
		const before = befores.get(user);
		if (before === void 0 || granted.length + revoked.length === 0) return [];
		return {
			user,
			grant: revoked.map(withoutTerms),
			revoke: granted.map(withoutTerms),
			before: after(before, granted, revoked)
		};
	});
	const complete = outcomes.length === plan.users.length && outcomes.every(({ status }) => status === "done");
	return {
		format: 1,
		tenant: plan.tenant,
		source: {
			...plan.source,
			...entry !== void 0 && { entry }
		},
		...entry !== void 0 && { undoes: entry },
		users: users.sort((a, b) => compareText(a.user, b.user)),
		holders: complete ? plan.holders.map(({ before, after, ...grant }) => ({
			...grant,
			before: after,
			after: before
		})) : []
	};
}
/** The manifest's terms end with what it asked for. */
function withoutTerms({ api, permission, roles }) {
	return {
		api,
		permission,
		roles
	};
}
/** What is held once these are granted and revoked. */
function after(before, granted, revoked) {
	return sortedPermissions(setOf([...before, ...granted]).difference(setOf(revoked)));
}
/**
* A saved plan's user, in the state of now: as it was when the plan was computed, or as an earlier run of this very plan
* left it.
*/
function resume(saved, live) {
	const before = saved.before ?? [];
	const none = [];
	const left = [
		saved,
		{
			...saved,
			grant: none,
			before: after(before, saved.grant, none)
		},
		{
			...saved,
			revoke: none,
			before: after(before, none, saved.revoke)
		},
		{
			...saved,
			grant: none,
			revoke: none,
			before: after(before, saved.grant, saved.revoke)
		}
	].find((step) => setOf(step.before ?? []).symmetricDifference(live).size === 0);
	if (left === void 0) return { kind: "moved" };
	return {
		kind: "ready",
		left: left.grant.length + left.revoke.length === 0 ? void 0 : left
	};
}
function setOf(permissions) {
	return new Set(permissions.map(({ api, permission }) => grantOf(api, permission)));
}
// src/report/record.ts
function derivedOf({ id, live }) {
	return [...live?.derived ?? []].map(([grant, roles]) => ({
		user: id,
		...partsOf(grant),
		roles
	}));
}
function reportOf(record, { run, started }) {
	const { errors, failures, warnings, notices, commit, ledger, traffic, ...rest } = record;
	return {
		format: 1,
		run: run ?? null,
		commit: commit || null,
		started: started.toISOString(),
		...conclude(record),
		...withNulls(rest),
		errors: errors.map(reportFinding),
		failures: failures.map(reportFinding),
		warnings: warnings.map(reportFinding),
		notices: notices.map(reportFinding),
		ledger: ledger === void 0 ? null : withNulls(ledger),
		traffic: withNulls(traffic)
	};
}
function reportFinding({ message, place, user, email }) {
	return {
		message,
		place: place ?? null,
		user: user ?? null,
		id: (user === email ? void 0 : user) ?? null,
		email: email ?? null
	};
}
function withNulls(known) {
	return Object.fromEntries(Object.entries(known).map(([key, value]) => [key, value ?? null]));
}
/** The addresses that list users, by id. */
function emailsOf({ emails }) {
	return new Map(emails.map(({ user, email }) => [user, email]));
}
function newRecord() {
	return {
		mode: void 0,
		revoke: void 0,
		scope: void 0,
		tenant: void 0,
		commit: void 0,
		files: [],
		users: 0,
		stopped: void 0,
		cancelled: false,
		drift: false,
		exported: void 0,
		errors: [],
		warnings: [],
		notices: [],
		failures: [],
		plan: void 0,
		digest: void 0,
		approval: void 0,
		outcomes: [],
		emails: [],
		left: [],
		read: 0,
		derived: [],
		unmanaged: [],
		advice: [],
		ledger: void 0,
		planFile: void 0,
		undoPlanFile: void 0,
		traffic: {
			requests: 0,
			waited: 0,
			waitingFor: void 0,
			blind: false
		},
		duration: 0
	};
}
/** Of users whom the end of the run alone left unfinished one sentence tells; the outcomes say who they are. */
function unfinishedOf(outcomes, cancelled) {
	const [first, ...others] = shortfallsOf(outcomes, 0);
	if (first === void 0) return [];
	const parts = [`${counted(first.count, "user")} ${first.what}`, ...others.map(shortfallText)];
	const why = cancelled ? "as the run was cancelled. Run it again: it finishes the rest." : "as an earlier request failed for all. The next run finishes the rest.";
	return [{ message: `${parts.join(" and ")}, ${why}` }];
}
/** How users did not get what they should, as far as there are any. @param failed of whom a failure tells */
function shortfallsOf(outcomes, failed) {
	const inPart = outcomes.filter(({ interrupted }) => interrupted).length;
	const untouched = outcomes.filter(({ status }) => status === "not attempted").length;
	return [
		{
			count: failed,
			what: "failed"
		},
		{
			count: inPart,
			what: `${inPart === 1 ? "was" : "were"} changed in part`
		},
		{
			count: untouched,
			what: `${untouched === 1 ? "was" : "were"} not attempted`
		}
	].filter(({ count }) => count > 0);
}
/** How many users did not get what they should. @param failed of whom a failure tells */
function shortfallOf(outcomes, failed) {
	return shortfallsOf(outcomes, failed).reduce((sum, { count }) => sum + count, 0);
}
function shortfallText({ count, what }) {
	return `${grouped(count)} ${what}`;
}
function conclude(record) {
	const totals = record.mode === "apply" ? totalsDone(record) : totalsPlanned(record);
	const result = resultOf(record, totals);
	return {
		result,
		...totals,
		sentence: sentenceOf(record, result, totals)
	};
}
function totalsPlanned({ plan, outcomes, users, failures, traffic }) {
	const planned = plan?.users ?? [];
	return {
		changed: planned.length > 0,
		...countOperations(planned),
		users,
		usersChanged: planned.length,
		usersFailed: shortfallOf(outcomes, failures.length),
		requests: traffic.requests
	};
}
function totalsDone({ outcomes, users, failures, traffic }) {
	const written = outcomes.filter(({ granted, revoked }) => granted.length + revoked.length > 0);
	return {
		changed: written.length > 0,
		grants: written.reduce((sum, { granted }) => sum + granted.length, 0),
		revocations: written.reduce((sum, { revoked }) => sum + revoked.length, 0),
		users,
		usersChanged: written.length,
		usersFailed: shortfallOf(outcomes, failures.length),
		requests: traffic.requests
	};
}
function resultOf({ mode, stopped, users }, { changed, usersFailed }) {
	if (stopped !== void 0) return changed && mode === "apply" ? "partial" : "failed";
	if (usersFailed > 0) return usersFailed < users || changed ? "partial" : "failed";
	if (!changed) return "unchanged";
	return mode === "apply" ? "applied" : "planned";
}
function sentenceOf(record, result, totals) {
	const { mode, stopped, errors } = record;
	const { grants, revocations, users, usersChanged } = totals;
	if (record.cancelled) return `Cancelled: ${doneSoFar(mode, totals)}.`;
	switch (stopped) {
		case "inputs": return `The ${errors.length === 1 ? "input is" : "inputs are"} not usable; no request was sent.`;
		case "manifest": return `The manifest has ${counted(errors.length, "mistake")}; nothing was written.`;
		case "refused": return `Refused for ${counted(errors.length, "reason")}; nothing was written.`;
		case "error": return `Failed: ${doneSoFar(mode, totals)}.`;
		case void 0:
	}
	if (record.exported !== void 0) {
		const { path, grants: held } = record.exported;
		return `Exported: ${path} lists ${counted(users, "user")} with ${counted(held, "direct permission")}.`;
	}
	const changes = `${counted(grants, "grant")} and ${counted(revocations, "revocation")}`;
	if (result === "unchanged") {
		const [lookedAt, partial] = record.scope === "changed" && record.read < users ? [record.read, "in scope "] : [users, ""];
		return mode === "validate" ? `The manifest is valid; it lists ${counted(users, "user")}.` : `Unchanged: every one of ${counted(lookedAt, "listed user")} ${partial}has what the manifest says.`;
	}
	const would = mode === "apply" ? `changed: ${changes}` : `would change: ${changes}`;
	return `${shortfallsText(record, users)}${grouped(usersChanged)} of ${counted(users, "user")} ${would}.`;
}
function shortfallsText({ outcomes, failures }, users) {
	const [first, ...others] = shortfallsOf(outcomes, failures.length);
	if (first === void 0) return "";
	const parts = [`${grouped(first.count)} of ${counted(users, "user")} ${first.what}`, ...others.map(shortfallText)];
	const last = parts.pop();
	return `${parts.length === 0 ? last : `${parts.join(", ")} and ${last}`}; `;
}
function doneSoFar(mode, { changed, grants, revocations, usersChanged }) {
	if (mode !== "apply" || !changed) return "nothing was written";
	return `${counted(grants, "grant")} and ${counted(revocations, "revocation")} were done for ${counted(usersChanged, "user")}`;
}
function counted(count, noun) {
	return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}
/** A number as people read it: `12,400`, on every machine. */
function grouped(count) {
	return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
// src/report/text.ts
/** Control characters (ANSI sequences, newlines), and what reorders, hides or joins text without being seen. */
const UNSEEN$1 = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}]/gu;
/**
* One line that can be printed anywhere: unseen characters are spelt out as `\u{\u2026}`, and neither of the runner's two
* command syntaxes is left: `::x::` at the start of a line, leading blanks or not, and `##[x]` anywhere in it.
*/
function plain(text) {
	return text.replace(UNSEEN$1, (character) => `\\u{${Number(character.codePointAt(0)).toString(16)}}`).replaceAll("##[", "##\\[").replace(/^(\s*):(?=:)/, "$1\\:");
}
const ENTITIES = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	"\"": "&quot;",
	"'": "&#39;",
	$: "&#36;"
};
/** At most so many characters (UTF-16 code units), none of them cut in half; what is left out is marked. */
function clip(text, most) {
	if (text.length <= most) return text;
	const head = text.slice(0, most - 1);
	return `${/[\ud800-\udbff]$/.test(head) ? head.slice(0, -1) : head}\u2026`;
}
/**
* A name, id or address for an HTML block of a summary or comment. In an HTML block Markdown has no force, and within
* `<code>` GitHub makes no mention, reference or emoji out of anything.
*/
function code(text) {
	return `<code>${escapeHtml(plain(text))}</code>`;
}
/**
* Letters with the punctuation of a sentence, or a small number: nothing that GitHub would take for more than that. What
* could be the beginning of a commit's hash is no word.
*/
const WORD = /^[("]*(?![0-9a-f]{7})(Auth0(['\u2019]s)?|[A-Za-z]+(['\u2019-][a-z]+)*|\d+|\d{1,3}(,\d{3})+)?[).,;:!?"]*$/;
/** A sentence for an HTML block: its words as they are, and everything that is not a plain word as `code`. */
function prose(sentence) {
	return plain(sentence).split(" ").map((token) => WORD.test(token) ? escapeHtml(token) : codeToken(token)).join(" ");
}
/** A sentence's punctuation stays outside of the code. */
function codeToken(token) {
	return token.replace(/^([("]*)(.*?)([).,;:!?"]*)$/s, (_, before, inner, after) => `${escapeHtml(before)}<code>${escapeHtml(inner)}</code>${escapeHtml(after)}`);
}
/**
* A user as people know them: `grace@acme.com (auth0|65a1\u2026)`, or the id alone.
* @param show makes both harmless where they are shown
*/
function userText({ user, email }, show) {
	return namesText(namesOf({
		user,
		email
	}), show);
}
/** Whom a message is about, as far as it does not say so itself: what stands before it, or nothing. */
function aboutText({ message, ...named }, show) {
	const unsaid = namesOf(named).filter((name) => !message.includes(name));
	return unsaid.length === 0 ? "" : `${namesText(unsaid, show)}: `;
}
function namesOf({ user, email }) {
	return [.../* @__PURE__ */ new Set([email, user])].filter((name) => name !== void 0);
}
function namesText(names, show) {
	const [first = "", ...others] = names.map(show);
	return others.length === 0 ? first : `${first} (${others.join(", ")})`;
}
/** An address that can be nothing but that, and whose end is seen. */
const ADDRESS$1 = /^https?:\/\/[A-Za-z0-9.-]+(:\d{1,5})?(\/[A-Za-z0-9._~%/?=&-]*)?$/;
const LONGEST_ADDRESS = 500;
/**
* A link to a page of GitHub for an HTML block, or the address as `code` where it is not plainly one.
* @param words of our own
*/
function link(address, words) {
	return address.length <= LONGEST_ADDRESS && ADDRESS$1.test(address) ? `<a href="${escapeHtml(address)}">${words}</a>` : code(clip(address, LONGEST_ADDRESS));
}
function escapeHtml(text) {
	return text.replace(/[&<>"'$]/g, (character) => String(ENTITIES[character]));
}
// src/report/summary.ts
/** GitHub shows nothing of a summary over 1,048,576 bytes, and other commands of the same step may add to it. */
const SUMMARY_LIMIT = 7e5;
/** What is longer is folded. */
const FOLD_AFTER = 20;
/** Of one user, so that one with a thousand permissions does not fill the page. */
const MOST_LINES = 25;
/** Auth0 has names of up to 280 characters. */
const LONGEST_NAME$1 = 300;
const LONGEST_MESSAGE = 2e3;
const MOST_FILES = 10;
const SUMMARY = {
	limit: SUMMARY_LIMIT,
	whole: "the report file (output <code>report-file</code>) has all of them",
	foldFacts: false,
	notes: []
};
function renderSummary(record) {
	return renderReport(record, SUMMARY);
}
/** Headings start at the second level: GitHub has a title of its own above. */
function renderReport(record, medium) {
	const lists = listsOf(record);
	for (let room = medium.limit;;) {
		const report = renderWithin(record, medium, shortenLists(lists, room, medium.whole));
		const excess = Buffer.byteLength(report) - medium.limit;
		if (excess <= 0 || room === 0) return report;
		room = Math.max(0, room - Math.max(excess, Math.ceil(medium.limit / 100)));
	}
}
function renderWithin(record, medium, lists) {
	const conclusion = conclude(record);
	return [
		`## Auth0 permissions: ${headingOf(record, conclusion)}`,
		lead(record, conclusion),
		...alert("NOTE", paragraphs(medium.notes)),
		...attention(record, lists),
		...changes(record, lists),
		...asides(record, lists),
		...facts(record, conclusion, medium),
		""
	].join("\n\n");
}
const RESULT_WORDS = {
	unchanged: "nothing to change",
	planned: "changes planned",
	applied: "changes applied",
	partial: "partly done",
	failed: "failed"
};
function headingOf({ mode, stopped, cancelled, exported }, { result, changed }) {
	if (cancelled) return "cancelled";
	if (exported !== void 0) return "manifest exported";
	if (stopped === "refused" && result === "failed") return "refused";
	if (mode === "plan" && result === "partial") return changed ? "changes planned, not for all users" : "nothing to change, but not all users are known";
	return mode === "validate" && result === "unchanged" ? "the manifest is valid" : RESULT_WORDS[result];
}
function lead({ tenant, stopped, drift, approval, plan }, { sentence }) {
	return `<p>${[
		`<strong>${prose(sentence)}</strong>`,
		tenant === void 0 ? "" : `Tenant: ${name(tenant)}.`,
		drift ? "The step fails because <code>fail-on-changes</code> is set and the plan is not empty." : "",
		approval === void 0 || approval === "other" || stopped !== void 0 ? "" : APPROVALS[approval],
		plan?.undoes === void 0 ? "" : `It takes back what deployment ${plan.undoes} did.`
	].filter((line) => line !== "").join("<br>\n")}</p>`;
}
const APPROVALS = {
	approved: "The plan is the approved one: its digest is the one in <code>approved-plan</code>.",
	saved: "The plan is the saved one in <code>plan-file</code>."
};
/**
* Percent of the room that a list is sure of. What some do not use goes to the others, in this order: what a person must
* look at and removals are cut last.
*/
const SHARES = {
	errors: 14,
	failures: 14,
	untouched: 4,
	revocations: 20,
	warnings: 10,
	grants: 18,
	permissions: 8,
	notices: 4,
	unmanaged: 4,
	advice: 2,
	derived: 2
};
function listsOf(record) {
	const { errors, failures, warnings, notices, advice, plan, outcomes, unmanaged, derived } = record;
	const emails = emailsOf(record);
	const known = {
		emails,
		left: new Set(record.left),
		outcomes: isWritten(record) ? new Map(record.outcomes.map((outcome) => [outcome.user, outcome])) : void 0
	};
	return {
		errors: bullets(errors.map(findingText$1)),
		failures: bullets(failures.map(findingText$1)),
		untouched: bullets(plan === void 0 ? outcomes.map(({ user }) => name(user)) : []),
		warnings: bullets(warnings.map(findingText$1)),
		notices: bullets(notices.map(findingText$1)),
		advice: bullets(advice.map(message)),
		revocations: rows(1, userRows(plan, REVOKE, known)),
		grants: rows(1, userRows(plan, GRANT, known)),
		permissions: rows(2, holderRows(plan, known)),
		unmanaged: rows(1, heldRows(unmanaged, emails, permissionText)),
		derived: rows(1, heldRows(derived, emails, derivedText))
	};
}
function bullets(texts) {
	return {
		entries: texts.map((text) => `<li>${text}</li>`),
		gap: (text) => `<li>${text}</li>`
	};
}
function rows(columns, entries) {
	const span = columns === 1 ? "" : ` colspan="${columns}"`;
	return {
		entries,
		gap: (text) => `<tr><td${span}>${text}</td></tr>`
	};
}
function row(cells) {
	return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}
function shortenLists(lists, room, whole) {
	const names = Object.keys(SHARES);
	const sizes = Object.fromEntries(names.map((list) => [list, sizeOf(lists[list].entries)]));
	const sure = (list) => Math.min(sizes[list], Math.floor(room * SHARES[list] / 100));
	let spare = room - names.reduce((sum, list) => sum + sure(list), 0);
	const shortened = names.map((list) => {
		const more = Math.min(sizes[list] - sure(list), spare);
		spare -= more;
		return [list, shorten(lists[list], sizes[list], sure(list) + more, whole)];
	});
	return Object.fromEntries(shortened);
}
/** Of a list that is too long, the head and a shorter tail. */
function shorten({ entries, gap }, size, room, whole) {
	if (size <= room) return {
		html: entries.join("\n"),
		cut: 0
	};
	const head = countFitting(entries, room * .75);
	const tail = countFitting(entries.toReversed(), room * .25);
	const cut = entries.length - head - tail;
	const text = `\u2026 ${grouped(cut)} of ${grouped(entries.length)} are cut here; ${whole}.`;
	return {
		html: [
			...entries.slice(0, head),
			gap(text),
			...entries.slice(entries.length - tail)
		].join("\n"),
		cut
	};
}
/** How many of the first entries fit; not all of them do. */
function countFitting(entries, room) {
	let size = 0;
	return entries.findIndex((entry) => {
		size += sizeOf([entry]);
		return size > room;
	});
}
/** With what the end of a line and an alert's mark before it take. */
function sizeOf(entries) {
	return entries.reduce((sum, entry) => sum + Buffer.byteLength(entry) + 3, 0);
}
function attention(record, lists) {
	const { errors, failures, warnings, plan, outcomes } = record;
	const untouched = plan === void 0 ? outcomes : [];
	const both = errors.length > 0 && failures.length > 0;
	const alerts = [...alert("CAUTION", [
		...listed$1(ERROR_TITLES[record.stopped ?? "error"], errors, lists.errors, both),
		...listed$1("Users that failed", failures, lists.failures, both),
		...listed$1("Users that were not attempted", untouched, lists.untouched, true)
	]), ...alert("WARNING", [...revocationsInShort(record), ...listed$1("Warnings", warnings, lists.warnings)])];
	return alerts.length === 0 ? [] : ["### Look at this first", ...alerts];
}
const ERROR_TITLES = {
	inputs: "Inputs that cannot be used",
	manifest: "Mistakes in the manifest",
	refused: "Reasons for the refusal",
	error: "Errors"
};
/** A fold says what is cut in it, as nobody looks for that inside. */
function counting(title, items, { cut }) {
	return `${title} (${grouped(items.length)}${cut === 0 ? "" : `; ${grouped(cut)} cut here`})`;
}
function cutting(title, { cut }) {
	return cut === 0 ? title : `${title} (${grouped(cut)} cut here)`;
}
function findingText$1(finding) {
	const { place } = finding;
	return `${place === void 0 ? "" : `${name(`${place.file}:${place.line}:${place.column}`)}<br>`}${aboutText(finding, name)}${message(finding.message)}`;
}
function revocationsInShort(record) {
	const { planned, done, users } = amountOf(record, REVOKE);
	if (planned === 0) return [];
	const from = `${counted(planned, "grant")} ${isWritten(record) ? "revoked" : "would be revoked"}, from ${counted(users, "user")}`;
	return [`<p><strong>\u2212 ${done === planned ? from : `${grouped(done)} of ${counted(planned, "planned revocation")} done`}</strong></p>`];
}
/** A list, folded where it is long; its title can be left out where the list says it all. */
function listed$1(title, items, entries, titled = false) {
	if (items.length === 0) return [];
	const strong = `<strong>${counting(title, items, entries)}</strong>`;
	const list = `<ul>\n${entries.html}\n</ul>`;
	if (items.length > FOLD_AFTER) return [fold(strong, list)];
	return titled ? [`<p>${strong}</p>`, list] : [list];
}
/** GitHub's own box with a word and a sign for it; elsewhere a quotation. */
function alert(kind, blocks) {
	if (blocks.length === 0) return [];
	return [[`[!${kind}]`, ...blocks].join("\n").replaceAll(/^/gm, "> ")];
}
/** Whether outcomes are to be told: of a plan that was shown or refused there are none. */
function isWritten({ mode, stopped }) {
	return mode === "apply" && stopped !== "refused";
}
function changes(record, lists) {
	const { plan } = record;
	if (plan === void 0 || plan.users.length === 0) return [];
	return [
		...operationSection(record, REVOKE, lists.revocations),
		...operationSection(record, GRANT, lists.grants),
		...section$1(`By permission${isWritten(record) && !isComplete(record) ? ", as planned" : ""}`, {
			headers: ["Permission", `Holders, of ${countedUsers(record)}`],
			rows: lists.permissions,
			length: plan.holders.length,
			title: counted(plan.holders.length, "permission")
		}),
		...digestText(record)
	];
}
function operationSection(record, kind, rows) {
	const { planned, done, users } = amountOf(record, kind);
	const counts = done === planned ? grouped(planned) : `${grouped(done)} of ${grouped(planned)} done`;
	const verb = done === planned ? kind.verb[isWritten(record) ? "done" : "planned"] : kind.verb.open;
	return section$1(`${kind.heading} (${counts})`, {
		headers: [`User, and what they ${verb}`],
		rows,
		length: users,
		title: `${counted(users, "user")} ${verb} permissions`
	});
}
function amountOf(record, kind) {
	const concerned = (record.plan?.users ?? []).filter((user) => isConcerned(user, kind));
	const planned = concerned.reduce((sum, user) => sum + user[kind.operations].length, 0);
	const done = record.outcomes.reduce((sum, outcome) => sum + outcome[kind.outcome].length, 0);
	return {
		planned,
		done: isWritten(record) ? done : planned,
		users: concerned.length
	};
}
function isConcerned(user, { operations }) {
	return user[operations].length > 0;
}
function isComplete({ plan, outcomes }) {
	return outcomes.length === plan?.users.length && outcomes.every(({ status }) => status === "done");
}
/** Those among whom holders are counted: nothing is known of a listed user who was not read. */
function countedUsers({ read, users }) {
	return read < users ? `${counted(read, "user")} read` : counted(users, "listed user");
}
function digestText(record) {
	return record.digest === void 0 ? [] : [`<p>${digestWords(record)}:<br>\n${name(record.digest)}</p>`];
}
/** Approval helps a plan that was only planned, and one that is refused for the lack of it alone. */
function digestWords(record) {
	const { stopped, approval, errors } = record;
	if (isWritten(record)) return "The digest of the plan";
	return stopped === "refused" && (approval !== "other" || errors.length > 1) ? "The digest of the refused plan" : "To apply this plan and no other, set <code>approved-plan</code> to its digest";
}
const GRANT = {
	operations: "grant",
	outcome: "granted",
	heading: "+ Grants",
	sign: "+ grant",
	verb: {
		planned: "would gain",
		done: "gain",
		open: "were to gain"
	},
	effective: "already effective"
};
const REVOKE = {
	operations: "revoke",
	outcome: "revoked",
	heading: "− Revocations",
	sign: "− revoke",
	verb: {
		planned: "would lose",
		done: "lose",
		open: "were to lose"
	},
	effective: "still effective"
};
/** What is not done comes first. */
function userRows(plan, kind, known) {
	const users = (plan?.users ?? []).filter((user) => isConcerned(user, kind));
	const { failed = [], "not attempted": untouched = [], done = [] } = Object.groupBy(users, ({ user }) => fateOf(known.outcomes?.get(user), kind));
	return [
		...failed,
		...untouched,
		...done
	].map((user) => userRow(user, kind, known));
}
function userRow({ user, ...plan }, kind, { emails, left, outcomes }) {
	const fate = outcomes === void 0 ? "" : `${fateText(fateOf(outcomes.get(user), kind))}: `;
	const who = userText({
		user,
		email: emails.get(user)
	}, name);
	const operations = userLines$1(plan[kind.operations], (operation) => operationText$1(operation, kind));
	return row([`${fate}${who}${left.has(user) ? ", who has left the manifest" : ""}<br>${operations}`]);
}
/** What became of a user's operations of one kind; those of the other may have ended otherwise. */
function fateOf(outcome, kind) {
	if (outcome === void 0) return "not attempted";
	return outcome.status === "failed" && outcome[kind.outcome].length > 0 ? "done" : outcome.status;
}
function fateText(fate) {
	return fate === "done" ? fate : `<strong>${fate}</strong>`;
}
function operationText$1(operation, { sign, effective }) {
	return `${sign} ${permissionText(operation)}${operationNotes(operation, effective, name)}`;
}
/**
* What there is to know about an operation beyond its name, in brackets, or nothing.
* @param show makes the names and reasons in it harmless where they are shown
*/
function operationNotes({ roles, expires, reason }, effective, show) {
	const notes = [
		roles.length === 0 ? "" : `${effective} through role ${roles.map(show).join(", ")}`,
		expires === void 0 ? "" : `until ${show(expires)}`,
		reason === void 0 ? "" : `reason: ${show(reason)}`
	].filter((note) => note !== "");
	return notes.length === 0 ? "" : ` (${notes.join("; ")})`;
}
function permissionText({ api, permission }) {
	return `${name(permission)} on ${name(api)}`;
}
/** Permissions that anybody loses come first. */
function holderRows(plan, { left }) {
	const users = (plan?.users ?? []).filter(({ user }) => !left.has(user));
	const gains = countByGrant(users.flatMap(({ grant }) => grant));
	const losses = countByGrant(users.flatMap(({ revoke }) => revoke));
	const changes = (plan?.holders ?? []).map((holders) => ({
		holders,
		change: changeOf(holders, gains, losses)
	}));
	const { first = [], then = [] } = Object.groupBy(changes, ({ change }) => change.fewer > 0 ? "first" : "then");
	return [...first, ...then].map(({ holders, change }) => row([permissionText(holders), `${grouped(holders.before)} \u2192 ${grouped(holders.after)} (${changeText(change)})`]));
}
function countByGrant(operations) {
	const counts = /* @__PURE__ */ new Map();
	for (const { api, permission } of operations) {
		const grant = grantOf(api, permission);
		counts.set(grant, (counts.get(grant) ?? 0) + 1);
	}
	return counts;
}
/** By the operations; of a saved plan some may be done already, and then before and after alone are known. */
function changeOf({ api, permission, before, after }, gains, losses) {
	const grant = grantOf(api, permission);
	const change = {
		more: gains.get(grant) ?? 0,
		fewer: losses.get(grant) ?? 0
	};
	if (change.more - change.fewer === after - before) return change;
	return {
		more: Math.max(0, after - before),
		fewer: Math.max(0, before - after)
	};
}
function changeText({ more, fewer }) {
	return [more === 0 ? "" : `${grouped(more)} more`, fewer === 0 ? "" : `${grouped(fewer)} fewer`].filter((part) => part !== "").join(", ") || "as many";
}
function asides(record, lists) {
	const { notices, advice, unmanaged, derived } = record;
	const blocks = [
		...listed$1("Notices", notices, lists.notices),
		...folded(cutting(`${counted(unmanaged.length, "unmanaged direct grant")} of ${counted(byUser(unmanaged).size, "listed user")}`, lists.unmanaged), unmanaged, [`<p>${unmanagedText(record)}</p>`, table(["User, and what they hold directly"], lists.unmanaged.html)]),
		...folded(counting("Advice", advice, lists.advice), advice, [`<ul>\n${lists.advice.html}\n</ul>`]),
		...folded(cutting(`${counted(derived.length, "permission")} held through roles, never touched`, lists.derived), derived, [table(["User, and what they hold through roles"], lists.derived.html)])
	];
	return blocks.length === 0 ? [] : ["### Good to know", ...blocks];
}
function unmanagedText({ revoke }) {
	return revoke === "all" ? "They are on APIs that the manifest does not name, so they stay; add such an API under <code>apis</code> to include it." : "The manifest does not ask for them, and they stay: list them to keep them on purpose, or revoke them with <code>revoke: all</code>.";
}
function folded(title, items, blocks) {
	return items.length === 0 ? [] : [fold(title, blocks.join("\n"))];
}
function heldRows(items, emails, text) {
	return [...byUser(items)].map(([user, held]) => row([`${userText({
		user,
		email: emails.get(user)
	}, name)}<br>${userLines$1(held, text)}`]));
}
function derivedText(held) {
	return `${permissionText(held)}, through ${held.roles.map(name).join(", ")}`;
}
function byUser(items) {
	return Map.groupBy(items, (item) => item.user);
}
function facts(record, { requests }, { foldFacts }) {
	const { mode, stopped, commit, ledger, traffic, duration } = record;
	if (stopped === "inputs") return [];
	const online = mode !== "validate" && mode !== void 0;
	const block = table(["Fact", "Value"], [
		["Mode", modeText(record)],
		["Manifest", record.files.length === 0 ? void 0 : filesText(record.files)],
		["Commit", commit && shortCommit(commit)],
		["Listed users", listedText(record, online)],
		["Last successful apply", ledger && (ledger.base === void 0 ? "none" : `commit ${shortCommit(ledger.base)}`)],
		["Attempts since then", ledger && ledger.attempts > 0 ? grouped(ledger.attempts) : void 0],
		["Recorded as", ledger?.deployment && link(ledger.deployment, "deployment")],
		["Files with plans", outputsText(record)],
		["Requests to the tenant", online ? grouped(requests) : void 0],
		["Waited for the rate limit", online ? time(traffic.waited) : void 0],
		["Duration", time(duration)]
	].flatMap(([fact, value]) => value === void 0 || value === "" ? [] : [row([fact, value])]).join("\n"));
	return ["### Facts", foldFacts ? fold("About this run", block) : block];
}
function listedText({ users, read }, online) {
	return online ? `${grouped(users)}, of whom ${grouped(read)} were read` : grouped(users);
}
function modeText({ mode, revoke, scope }) {
	if (mode === void 0) return void 0;
	const inputs = Object.entries({
		revoke,
		scope
	}).flatMap(([input, value]) => value ? [code(`${input}: ${value}`)] : []);
	return [code(mode), ...inputs].join(", ");
}
/** As GitHub shows it, and long enough to be found. */
function shortCommit(commit) {
	return code(commit.slice(0, 12));
}
function filesText(files) {
	const shown = files.slice(0, MOST_FILES).map(name);
	const more = files.length - shown.length;
	return [...shown, ...more === 0 ? [] : [`and ${grouped(more)} more`]].join("<br>");
}
function outputsText({ planFile, undoPlanFile }) {
	const outputs = [planFile && code("plan-file"), undoPlanFile && code("undo-plan-file")].filter(Boolean);
	return outputs.length === 0 ? void 0 : `${outputs.length === 1 ? "output" : "outputs"} ${outputs.join(" and ")}`;
}
function time(milliseconds) {
	const seconds = milliseconds / 1e3;
	if (seconds < 60) return `${seconds.toFixed(1)} s`;
	return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}
function paragraphs(texts) {
	return texts.map((text) => `<p>${text}</p>`);
}
function section$1(heading, { headers, rows, length, title }) {
	if (length === 0) return [];
	const block = table(headers, rows.html);
	return [`### ${heading}`, length > FOLD_AFTER ? fold(cutting(title, rows), block) : block];
}
function table(headers, rows) {
	return `<table>\n<thead><tr>${headers.map((header) => `<th align="left">${header}</th>`).join("")}</tr></thead>\n<tbody>\n${rows}\n</tbody>\n</table>`;
}
function fold(title, block) {
	return `<details><summary>${title}</summary>\n${block}\n</details>`;
}
/** What belongs to a user, a line each; only what is shown is rendered. */
function userLines$1(items, line) {
	if (items.length <= MOST_LINES) return items.map(line).join("<br>");
	const tail = Math.floor(MOST_LINES / 5);
	const head = 20;
	const cut = `\u2026 ${grouped(items.length - head - tail)} more of this user`;
	return [
		...items.slice(0, head).map(line),
		cut,
		...items.slice(-5).map(line)
	].join("<br>");
}
/** A name, an id, a path: always as a whole and literally, unless it is absurdly long. */
function name(text) {
	return code(clip(text, LONGEST_NAME$1));
}
function message(text) {
	return prose(clip(text, LONGEST_MESSAGE));
}
// src/report/report.ts
/** GitHub shows ten annotations of a kind for a step. */
const SHOWN_ANNOTATIONS = 10;
/** More than these are lines of the log alone. */
const MOST_ANNOTATIONS = 100;
/** Milliseconds; with time to spare, as every five seconds is promised. */
const PROGRESS_EVERY = 4e3;
function harmless(text) {
	return plain(redact(text));
}
/** For names in a text that is made harmless as a whole. */
function asIs(name) {
	return name;
}
function logLine(text) {
	info(harmless(text));
}
/** Users one by one, each operation on a line of its own, told apart by sign and word; what is taken away comes first. */
function logPlan(record) {
	const { plan, digest } = record;
	if (plan === void 0 || digest === void 0 || plan.users.length === 0) return;
	const { grants, revocations } = countOperations(plan.users);
	const counts = [
		counted(plan.users.length, "user"),
		counted(revocations, "revocation"),
		counted(grants, "grant")
	].join(", ");
	const emails = emailsOf(record);
	startGroup(harmless(`Plan for ${plan.tenant}: ${counts}`));
	for (const { user, grant, revoke } of plan.users) {
		logLine(userText({
			user,
			email: emails.get(user)
		}, asIs));
		for (const operation of revoke) info(`  - revoke ${operationText(operation, "still effective")}`);
		for (const operation of grant) info(`  + grant ${operationText(operation, "already effective")}`);
	}
	endGroup();
	logLine(`The plan's digest is ${digest}`);
}
function operationText(operation, effective) {
	return `${harmless(`${operation.permission} on ${operation.api}`)}${operationNotes(operation, effective, harmless)}`;
}
/** What is said of the list that is being worked through; undefined between lists. */
let current;
/**
* Tells every few seconds what the run is at and what it waits for, also where it waits for a token or for GitHub.
* @returns ends it
*/
function logHeartbeat(traffic) {
	const timer = setInterval(() => {
		logLine(`${current?.() ?? `Still at work: ${counted(traffic.requests, "request")} sent to the tenant so far`}${traffic.waitingFor === void 0 ? "" : `; waiting for ${traffic.waitingFor}`}`);
	}, PROGRESS_EVERY);
	return () => clearInterval(timer);
}
/** For the heartbeat: how far a long list is, how fast it goes, and when it will be through. */
function logProgress(doing, total, traffic) {
	const from = {
		at: Date.now(),
		requests: traffic.requests
	};
	let done = 0;
	current = () => {
		const seconds = (Date.now() - from.at) / 1e3;
		const pace = `${((traffic.requests - from.requests) / seconds).toFixed(1)} requests a second`;
		const end = done === 0 ? "" : `, about ${Math.ceil(seconds / done * (total - done))} s left`;
		return `${doing}: ${done} of ${total}, ${total - done} to go, ${pace}${end}`;
	};
	return {
		step: () => {
			done++;
		},
		end: () => {
			current = void 0;
			if (total > 0) info(`${doing}: ${done} of ${total}`);
		}
	};
}
const DRIFT = { message: "The plan is not empty, and fail-on-changes is set." };
/** The end of a run, whatever became of it: annotations, outputs, files, and the step's fate. */
function publish(whole, circumstances) {
	const record = redactAll(whole);
	const conclusion = conclude(record);
	annotate("error", [
		...record.errors,
		...record.failures,
		...record.drift ? [DRIFT] : []
	]);
	annotate("warning", record.warnings);
	annotate("notice", record.notices);
	logLine(conclusion.sentence);
	if (conclusion.result === "failed" || conclusion.result === "partial" || record.drift) process.exitCode = ExitCode.Failure;
	setOutput("result", conclusion.result);
	setOutput("changed", conclusion.changed);
	setOutput("grants", conclusion.grants);
	setOutput("revocations", conclusion.revocations);
	setOutput("users", conclusion.users);
	setOutput("users-changed", conclusion.usersChanged);
	setOutput("users-failed", conclusion.usersFailed);
	setOutput("plan-digest", record.digest ?? "");
	setOutput("plan-file", record.planFile ?? "");
	setOutput("undo-plan-file", record.undoPlanFile ?? "");
	setOutput("requests", conclusion.requests);
	const reportFile = saveFile("report", JSON.stringify(reportOf(record, circumstances), void 0, 2));
	setOutput("report-file", reportFile ?? "");
	logFiles({
		"Report file": reportFile,
		"Plan file": record.planFile,
		"Undo plan file": record.undoPlanFile
	});
	attemptFile("job summary", () => writeSummary(renderSummary(record)));
}
function logFiles(files) {
	for (const [file, path] of Object.entries(files)) if (path !== void 0) logLine(`${file}: ${path}`);
}
/** Where the files of this run are. */
let folder;
function createFolder() {
	const temp = process.env.RUNNER_TEMP || (0, node_os.tmpdir)();
	(0, node_fs.mkdirSync)(temp, { recursive: true });
	return (0, node_fs.mkdtempSync)((0, node_path.join)(temp, "auth0-permissions-"));
}
/**
* Writes a file for later steps, in a folder of its own under `$RUNNER_TEMP`.
* @returns its path; undefined where it could not be written, which is told
*/
function saveFile(name, text) {
	return attemptFile(name.replace("-", " "), () => {
		folder ??= createFolder();
		const path = (0, node_path.join)(folder, `${name}.json`);
		(0, node_fs.writeFileSync)(path, redact(text));
		return path;
	});
}
function writeSummary(markdown) {
	const path = process.env.GITHUB_STEP_SUMMARY ?? "";
	if (path !== "") (0, node_fs.appendFileSync)(path, markdown);
	return path;
}
/** What was done in the tenant stays done, and is told by all other ways, where one file cannot be written. */
function attemptFile(what, write) {
	try {
		return write();
	} catch (error) {
		warning(harmless(`The ${what} could not be written: ${require_index.errorOf(error).message}`));
		return;
	}
}
const ANNOTATE = {
	error,
	warning,
	notice: notice$1
};
function annotate(kind, findings) {
	const say = ANNOTATE[kind];
	if (findings.length > SHOWN_ANNOTATIONS) say(`${counted(findings.length, kind)}: GitHub shows ${SHOWN_ANNOTATIONS} for a step; the log and the job summary have all.`);
	for (const finding of findings.slice(0, MOST_ANNOTATIONS)) {
		const { place } = finding;
		say(harmless(findingText(finding)), place && {
			file: harmless(place.file),
			startLine: place.line,
			startColumn: place.column
		});
	}
	for (const finding of findings.slice(MOST_ANNOTATIONS)) {
		const { place } = finding;
		const text = findingText(finding);
		logLine(place === void 0 ? text : `${place.file}:${place.line}:${place.column} ${text}`);
	}
}
function findingText(finding) {
	return `${aboutText(finding, asIs)}${finding.message}`;
}
// src/plan/guard.ts
/** Auth0's limit of direct permissions a user. */
const MAX_DIRECT_PERMISSIONS = 1e3;
/** The Management API's scopes that a mode cannot do without. */
const NEEDED_SCOPES = {
	plan: ["read:users", "read:resource_servers"],
	apply: [
		"read:users",
		"read:resource_servers",
		"update:users"
	],
	/** `apply` with `revoke: never` and a token that may not read users. */
	assign: ["update:users"],
	export: ["read:users"]
};
/** An unmerged manifest is never applied. */
function checkEvent({ name, ref }) {
	if (!name.startsWith("pull_request") && !ref.startsWith("refs/pull/")) return [];
	return [`Mode apply is refused on the event ${name}: a manifest that is not merged is never applied. Use mode: plan here, and apply on pushes to the default branch.`];
}
function warnOfRef({ ref, defaultBranch }) {
	if (ref === "" || defaultBranch === void 0 || ref === `refs/heads/${defaultBranch}`) return [];
	return [`This run applies the manifest of ${ref}, which is not the default branch ${defaultBranch}.`];
}
/** @param scopes undefined where the token does not tell; Auth0 will then refuse what is not allowed */
function checkScopes(scopes, needed) {
	const missing = scopes === void 0 ? [] : needed.filter((scope) => !scopes.has(scope));
	if (missing.length === 0) return [];
	return [`The token lacks the ${missing.length === 1 ? "scope" : "scopes"} ${missing.join(", ")}. In Auth0, authorize the application for ${missing.length === 1 ? "it" : "them"} under Applications \u2192 APIs \u2192 Auth0 Management API.`];
}
function checkLimit(plan) {
	return plan.users.flatMap(({ user, before, grant, revoke }) => {
		const after = (before?.length ?? 0) + grant.length - revoke.length;
		if (after <= 1e3 || grant.length === 0) return [];
		return [`${user} would have ${after} direct permissions; Auth0 allows ${MAX_DIRECT_PERMISSIONS}. Give some of them through a role.`];
	});
}
function checkRevocations(plan, maxRevocations) {
	const { revocations } = countOperations(plan.users);
	if (revocations <= maxRevocations) return [];
	return [`The plan revokes ${revocations} grants, more than the ${maxRevocations} that max-revocations allows. If that is meant, set max-revocations to ${revocations} for this run.`];
}
/** What a person approved is done, or nothing. @param approved undefined where nobody asked for approval */
function checkApproval(plan, digest, approved) {
	if (approved === void 0 || approved === digest || plan.users.length === 0) return [];
	return [`The plan is not the one that was approved: its digest is ${digest}, and approved-plan is ${approved}. Either the manifest or the tenant has changed since; look at this plan, and approve it if it is right.`];
}
/** A saved plan has no line to point at, so all that is wrong with its names is told as refusals. */
function checkPlanNames(granted, apis) {
	const refusals = granted.map(({ api, permission }) => {
		const known = apis.get(api)?.permissions;
		if (known === void 0) return `The tenant has no API ${api}, which the plan names.`;
		return known.has(permission) ? "" : `The API ${api} has no permission ${permission}, which the plan names.`;
	});
	return [...new Set(refusals)].filter((refusal) => refusal !== "");
}
function warnOfApis(apis) {
	return [...apis].sort((a, b) => compareText(a.identifier, b.identifier)).flatMap(({ identifier, rbac, permissionsInToken }) => {
		if (!rbac) return [`RBAC is off for ${identifier}: Auth0 does not look at its permissions, so users notice no difference until "Enable RBAC" is on in the API's settings.`];
		if (!permissionsInToken) return [`Access tokens for ${identifier} carry no permissions: users notice no difference in an API that reads the "permissions" claim until "Add Permissions in the Access Token" is on.`];
		return [];
	});
}
// src/plan/apply.ts
/** One outcome for each user of the plan, in the plan's order. Rejects only for a defect of this action. */
async function apply(plan, writer, options) {
	let stop;
	const applyNext = async (userPlan) => {
		const attempt = stop === void 0 ? await applyUser(userPlan, writer) : NOTHING_ATTEMPTED;
		stop ??= attempt.failures.find((failure) => reachOf(failure) === "run");
		const outcome = outcomeOf(userPlan, attempt);
		options.onOutcome(outcome);
		return outcome;
	};
	const [first, ...others] = plan.users;
	if (first === void 0) return [];
	return [await applyNext(first), ...await pMap(others, applyNext, { concurrency: options.width })];
}
const NOTHING_ATTEMPTED = {
	done: [],
	failures: []
};
async function applyUser(userPlan, writer) {
	const done = [];
	const failures = [];
	for (const step of stepsOf(userPlan)) try {
		await writer[step](userPlan.user, userPlan[step].map(barePermission));
		done.push(step);
	} catch (error) {
		if (!(error instanceof require_index.ActionError)) throw error;
		failures.push(error);
		if (reachOf(error) !== "operation") break;
	}
	return {
		done,
		failures
	};
}
/** Grants go first, so that nobody is without access in between, unless Auth0's limit leaves no room for them. */
function stepsOf({ grant, revoke, before }) {
	return ((before?.length ?? 0) + grant.length > 1e3 ? ["revoke", "grant"] : ["grant", "revoke"]).filter((step) => (step === "grant" ? grant : revoke).length > 0);
}
function barePermission({ api, permission }) {
	return {
		api,
		permission
	};
}
function reachOf(error) {
	return error instanceof require_index.TenantError ? error.details.reach : "run";
}
function outcomeOf({ user, grant, revoke }, { done, failures }) {
	const status = statusOf(done, failures);
	return {
		user,
		status,
		granted: done.includes("grant") ? grant : [],
		revoked: done.includes("revoke") ? revoke : [],
		errors: failures.map((failure) => failure.message),
		...status === "failed" && failures.every(isNotSent) && { interrupted: true }
	};
}
/** A cancelled request was never sent, so a user for whom nothing else happened is as untouched as one never reached. */
function statusOf(done, failures) {
	if (done.length === 0 && failures.every(isNotSent)) return "not attempted";
	return failures.length === 0 ? "done" : "failed";
}
function isNotSent(failure) {
	return failure instanceof require_index.NotSentError;
}
// src/wording.ts
const IN_ENGLISH = { error: require_zod.en_default().localeError };
// src/plan/digest.ts
/** `sha256:` and 64 hexadecimal digits. */
function digestOf(plan) {
	return `sha256:${(0, node_crypto.createHash)("sha256").update(canonicalForm(plan)).digest("hex")}`;
}
/** Users and operations are sorted in a plan, so equal plans are equal texts. */
function canonicalForm({ tenant, users }) {
	const operations = users.map(({ user, grant, revoke }) => [
		user,
		grant.map(pairOf),
		revoke.map(pairOf)
	]);
	return JSON.stringify([tenant, operations]);
}
function pairOf({ api, permission }) {
	return [api, permission];
}
// src/plan/saved.ts
/** Made on demand, as few runs read a plan. */
function savedPlanForm() {
	const name = require_zod.string().check(require_zod._minLength(1), require_zod._maxLength(1e3), require_zod._regex(/^\P{Cc}*$/u, "holds control characters"));
	const permission = require_zod.strictObject({
		api: name,
		permission: name
	});
	const operation = require_zod.strictObject({
		...permission.shape,
		roles: require_zod.array(require_zod.string()),
		expires: require_zod.exactOptional(require_zod.string()),
		reason: require_zod.exactOptional(require_zod.string())
	});
	return require_zod.strictObject({
		format: require_zod.literal(1),
		digest: require_zod.string(),
		tenant: name,
		source: require_zod.strictObject({
			commit: require_zod.string(),
			files: require_zod.array(require_zod.string()),
			at: require_zod.datetime(),
			users: require_zod.int().check(require_zod._nonnegative()),
			entry: require_zod.exactOptional(require_zod.int())
		}),
		undoes: require_zod.exactOptional(require_zod.int()),
		users: require_zod.array(require_zod.strictObject({
			user: name.check(require_zod._regex(/^(?!\.{1,2}$)/, "is not the id of a user")),
			grant: require_zod.array(operation),
			revoke: require_zod.array(operation),
			before: require_zod.array(permission)
		})),
		holders: require_zod.array(require_zod.strictObject({
			...permission.shape,
			before: require_zod.int(),
			after: require_zod.int()
		}))
	});
}
/** The bytes of the file; equal plans give equal bytes. */
function writeSaved(plan) {
	return `${JSON.stringify({
		digest: digestOf(plan),
		...plan
	}, void 0, 2)}\n`;
}
function readSaved(text) {
	const { data, error } = savedPlanForm().safeParse(parse(text), IN_ENGLISH);
	if (error !== void 0) {
		const [first] = error.issues.map(({ path, message }) => [path.join("."), message].filter(Boolean).join(": "));
		return { problem: `it is not a plan that this action wrote: ${first}` };
	}
	const { digest, ...plan } = data;
	if (digest !== digestOf(plan)) return { problem: `its operations have been changed since it was written: their digest is ${digestOf(plan)}, not ${digest}` };
	const users = /* @__PURE__ */ new Set();
	for (const { user, grant, revoke } of plan.users) {
		if (users.has(user)) return { problem: `the user ${user} is in it twice` };
		users.add(user);
		const granted = new Set(grant.map(({ api, permission }) => grantOf(api, permission)));
		if (revoke.some(({ api, permission }) => granted.has(grantOf(api, permission)))) return { problem: `it grants and revokes the same permission of ${user}` };
	}
	return { plan };
}
function parse(text) {
	try {
		return JSON.parse(text);
	} catch {
		return;
	}
}
// src/plan/identify.ts
function identify(email, connection, candidates) {
	const matches = candidates.filter((user) => connection === void 0 || user.connections.includes(connection));
	const verified = matches.filter((user) => user.verified);
	const unverified = matches.filter((user) => !user.verified);
	const address = connection === void 0 ? email : `${email} in connection ${connection}`;
	const [found, ...others] = verified;
	if (candidates.length === 0) return {
		kind: "missing",
		message: `The tenant has no user with the address ${address}. Correct the address, or remove the entry.`
	};
	if (found === void 0) return {
		kind: "refused",
		message: nobody(address, unverified, candidates)
	};
	if (others.length > 0) return {
		kind: "refused",
		message: `${verified.length} users have the verified address ${address}: ${listed(verified)}. Use id, or connection to say which one.`
	};
	return {
		kind: "found",
		id: found.id,
		warning: unverified.length === 0 ? void 0 : `${address} is ${found.id}; not counted, as the address is not verified there: ${listed(unverified)}.`
	};
}
function nobody(address, unverified, candidates) {
	if (unverified.length > 0) return `No user has the verified address ${address}; unverified, and so not counted: ${listed(unverified)}. Have the address verified, or use id.`;
	return `No user has the address ${address}; in other connections: ${listed(candidates)}. Correct connection, or leave it out.`;
}
function listed(users) {
	return users.map((user) => `${user.id} (${user.connections.join(", ") || "no connection"})`).join("; ");
}
// src/survey.ts
/** Of whatever lists a user. */
function listingOf(user) {
	const { email, mention } = user;
	return {
		...email !== void 0 && { email },
		...mention && { mention }
	};
}
/** @throws TenantError for what concerns the whole run, NotSentError where the run stops */
async function survey(subjects, reader, { width, readPermissions, others, mayLose, onUser }) {
	const identifyAll = (batch) => pMap(batch, (subject) => identifySubject(subject, reader), { concurrency: width });
	const first = await identifyAll(subjects);
	const twins = await findTwins(subjects, valuesOf(first), reader, {
		width,
		others,
		...mayLose && { mayLose }
	});
	const identified = [...first, ...await identifyAll(twins)];
	const { users, warnings } = unite(valuesOf(identified));
	const read = await pMap(users, async (user) => {
		const step = readPermissions ? await readState(user, reader) : { value: {
			...user,
			live: void 0
		} };
		onUser();
		return step;
	}, { concurrency: width });
	const steps = [...identified, ...read];
	return {
		states: valuesOf(read),
		emails: users.flatMap(({ id, email }) => email === void 0 ? [] : [{
			user: id,
			email
		}]),
		failures: steps.flatMap((step) => "failure" in step ? [step.failure] : []),
		missing: steps.flatMap((step) => "missing" in step ? [step.missing] : []),
		warnings: [...identified.flatMap((step) => "warning" in step && step.warning ? [step.warning] : []), ...warnings]
	};
}
async function identifySubject(subject, reader) {
	const { id, email, connection, mention, grants, managed } = subject;
	const known = {
		...listingOf(subject),
		listed: mention !== void 0,
		desired: grants,
		managed
	};
	if (email === void 0) return { value: {
		id,
		...known
	} };
	return attempt({
		...listingOf(subject),
		id: email
	}, async () => {
		const found = identify(email, connection, await reader.findByEmail(email));
		if (found.kind !== "found") {
			const finding = {
				user: email,
				message: found.message,
				...listingOf(subject)
			};
			return found.kind === "missing" ? { missing: finding } : { failure: finding };
		}
		const value = {
			id: found.id,
			...known
		};
		if (found.warning === void 0) return { value };
		return {
			value,
			warning: {
				user: found.id,
				message: found.warning,
				...listingOf(subject)
			}
		};
	});
}
/**
* Entries among the others that may mean a user of this run in another way: what such an entry asks for must not be
* taken away because another entry does not ask for it any more.
*/
async function findTwins(subjects, known, reader, { width, others, mayLose }) {
	if (others.length === 0 || mayLose === void 0) return [];
	const ids = new Set(known.map(({ id }) => id));
	const emails = new Set(subjects.flatMap(({ email }) => email ?? []));
	const askedByEmail = new Set(others.flatMap(({ email, grants }) => email === void 0 ? [] : [...grants.keys()]));
	const atRisk = subjects.flatMap((subject) => subject.id !== void 0 && mayLose(subject, askedByEmail) ? [subject.id] : []);
	for (const email of await pMap(atRisk, reader.emailOf, { concurrency: width })) if (email !== void 0) emails.add(email);
	return others.filter(({ id, email }) => id === void 0 ? emails.has(email) : ids.has(id));
}
/** Entries that turn out to be the same user ask for what all of them ask for. */
function unite(users) {
	const united = /* @__PURE__ */ new Map();
	const warnings = [];
	for (const user of users) {
		const first = united.get(user.id);
		united.set(user.id, first === void 0 ? user : both(first, user));
		if (!first?.listed || !user.listed) continue;
		const message = `This entry and another one are the same user, ${user.id}; their permissions are united. Make one entry of them.`;
		warnings.push({
			user: user.id,
			message,
			...listingOf(user)
		});
	}
	return {
		users: [...united.values()],
		warnings
	};
}
function both(first, second) {
	return {
		id: first.id,
		...listingOf({
			...first.listed ? first : second,
			email: first.email ?? second.email
		}),
		listed: first.listed || second.listed,
		desired: new Map([...second.desired, ...first.desired]),
		managed: first.managed.union(second.managed)
	};
}
async function readState(user, reader) {
	return attempt(user, async () => {
		const live = await reader.permissionsOf(user.id);
		if (live !== void 0) return { value: {
			...user,
			live
		} };
		const message = `The tenant has no user ${user.id}. Correct the id, or remove the entry.`;
		return { missing: {
			user: user.id,
			message,
			...listingOf(user)
		} };
	});
}
async function attempt(user, work) {
	try {
		return await work();
	} catch (error) {
		if (!(error instanceof require_index.TenantError) || error.details.reach === "run") throw error;
		return { failure: {
			user: user.id,
			message: error.message,
			...listingOf(user)
		} };
	}
}
function valuesOf(steps) {
	return steps.flatMap((step) => "value" in step ? [step.value] : []);
}
// src/tenant/pace.ts
/** Requests a second where the tenant does not describe its bucket. */
const BLIND_CEILING = 10;
const LEAST_IN_FLIGHT = 8;
/** The share of the bucket that is left alone besides after each refusal: others take more than was seen. */
const MARGIN = .04;
/** Auth0's windows are a minute at the most; a reset further away is not believed. */
const LONGEST_WINDOW = 6e4;
/** A bucket whose reset is further away is filled at once, at the end of a window, rather than bit by bit. */
const WINDOWED = 5e3;
/** How long the bucket is left alone to see what fills it. */
const SOUNDING = 250;
/** A refill is believed after this many requests' worth of it, and measured anew after the longer time. */
const ENOUGH = 3;
const MEASURED_FOR = 2e3;
/** After refusals that tell no reset. */
const FIRST_PAUSE = 1e3;
const LONGEST_PAUSE = 8e3;
/** How soon to look again while answers are under way that will tell more. */
const LOOK_AGAIN = 5;
/**
* Reads `x-ratelimit-limit`, `-remaining` and `-reset` (UNIX seconds) off an answer. The server's own `date` is the
* reference for the reset, as a runner's clock may be off.
* @returns undefined where one is missing or makes no sense
*/
function readBucket(headers, now) {
	const limit = wholeNumber(headers["x-ratelimit-limit"]);
	const remaining = wholeNumber(headers["x-ratelimit-remaining"]);
	const reset = wholeNumber(headers["x-ratelimit-reset"]);
	if (limit === void 0 || limit === 0 || remaining === void 0 || reset === void 0) return void 0;
	const serverNow = Date.parse(String(headers.date));
	const wait = reset * 1e3 - (Number.isNaN(serverNow) ? now : serverNow);
	return {
		limit,
		remaining: Math.min(remaining, limit),
		resetAt: now + Math.min(Math.max(wait, 0), LONGEST_WINDOW)
	};
}
function startPace(limits) {
	return {
		limits,
		ceiling: ceilingOf(limits),
		inFlight: 0,
		seen: void 0,
		pending: 0,
		answers: 0,
		mark: void 0,
		refill: void 0,
		latency: 0,
		lastSentAt: Number.NEGATIVE_INFINITY,
		notBefore: Number.NEGATIVE_INFINITY,
		refusals: {
			inRow: 0,
			at: Number.NEGATIVE_INFINITY
		},
		margin: 0,
		blind: false
	};
}
function ceilingOf({ ceiling }) {
	return ceiling === void 0 ? Number.POSITIVE_INFINITY : ceiling / 1e3;
}
function sending(pace, now) {
	return {
		...pace,
		inFlight: pace.inFlight + 1,
		pending: pace.pending + 1,
		lastSentAt: now
	};
}
/** What was about to be sent was not. */
function withdrawn(pace) {
	return {
		...pace,
		inFlight: pace.inFlight - 1,
		pending: pace.pending - 1
	};
}
function received(pace, outcome, now) {
	const { bucket, answered, throttled, latency } = outcome;
	const next = {
		...pace,
		inFlight: pace.inFlight - 1,
		latency: pace.latency === 0 ? latency : pace.latency * .9 + latency * .1
	};
	const told = bucket === void 0 ? answered ? withoutBucket(next) : next : withBucket(next, bucket, now);
	if (throttled) return slowedDown(told, outcome, now);
	return answered ? {
		...told,
		refusals: {
			...told.refusals,
			inRow: 0
		}
	} : told;
}
/** Whole milliseconds until the next request may go; 0 is now. */
function delayBefore(pace, now) {
	return Math.max(0, Math.ceil(exactDelay(pace, now)));
}
function exactDelay(pace, now) {
	const { ceiling, lastSentAt, notBefore, inFlight, seen, blind } = pace;
	const held = Math.max(notBefore - now, lastSentAt + 1 / ceiling - now);
	if (held > 0) return held;
	if (pace.refusals.inRow > 0 && inFlight > 0) return LOOK_AGAIN;
	if (inFlight >= usefulInFlight(pace)) return LOOK_AGAIN;
	if (seen === void 0) return blind || inFlight === 0 ? 0 : LOOK_AGAIN;
	const missing = reserveOf(pace, seen) + 1 - levelOf(pace, seen, now);
	if (pace.refill === void 0) return delayUnmeasured(pace, seen, missing, now);
	return Math.min(missing / pace.refill, inFlight > 0 ? LOOK_AGAIN : Math.max(0, seen.resetAt - now));
}
/**
* As long as the refill is not known, half of what may be spent is spent at once, so that there is room to see what
* comes in; then one request goes at a time. At the reserve, the reset is waited for: Auth0's documentation calls it the
* time at which more requests are added, its limiter the time at which the bucket is full, and it is safe in both.
*/
function delayUnmeasured(pace, seen, missing, now) {
	if (missing <= -(seen.limit - reserveOf(pace, seen)) / 2) return 0;
	if (pace.inFlight > 0) return LOOK_AGAIN;
	if (missing > 0) return Math.max(0, seen.resetAt - now);
	return isWindowed(seen, seen.at) ? 0 : Math.max(0, seen.at + SOUNDING - now);
}
/** What the bucket holds now as far as is known, were all of the requests counted that it may not have counted yet. */
function levelOf({ pending, refill }, seen, now) {
	return Math.min(seen.limit, seen.remaining + (refill ?? 0) * (now - seen.at)) - pending;
}
/** In whole requests, as Auth0 counts them. */
function reserveOf({ limits, margin }, { limit }) {
	return Math.min(Math.max(Math.ceil(limit * limits.headroom), margin), limit - 1);
}
/** Twice of what the refill can use at this latency; as long as that is not known, one more with each answer. */
function usefulInFlight({ refill, latency, answers }) {
	const useful = refill === void 0 ? LEAST_IN_FLIGHT + answers : Math.ceil(2 * refill * latency);
	return Math.min(48, Math.max(LEAST_IN_FLIGHT, useful));
}
function isWindowed({ resetAt }, now) {
	return resetAt - now > WINDOWED;
}
function withoutBucket(pace) {
	if (pace.seen !== void 0) return pace;
	return {
		...pace,
		blind: true,
		ceiling: Math.min(pace.ceiling, BLIND_CEILING / 1e3)
	};
}
function withBucket(pace, bucket, now) {
	const known = {
		seen: {
			...bucket,
			at: now
		},
		pending: pace.inFlight,
		answers: pace.answers + 1,
		blind: false,
		ceiling: ceilingOf(pace.limits)
	};
	const next = {
		...pace,
		...known
	};
	const mark = {
		at: now,
		remaining: bucket.remaining,
		answers: next.answers
	};
	if (isWindowed(bucket, now)) return {
		...next,
		mark: void 0,
		refill: void 0
	};
	if (next.mark === void 0 || bucket.remaining >= bucket.limit - 1) return {
		...next,
		mark
	};
	const elapsed = now - next.mark.at;
	const filled = bucket.remaining - next.mark.remaining + next.answers - next.mark.answers;
	if (elapsed < SOUNDING || filled < ENOUGH && elapsed < MEASURED_FOR) return next;
	const refill = Math.max(filled - 1, ENOUGH / 10) / elapsed;
	return {
		...next,
		refill,
		mark: elapsed < MEASURED_FOR ? next.mark : mark
	};
}
/** After a refusal: not before the reset, half as fast, and everything that was learned is learned anew. */
function slowedDown(pace, { bucket, jitter, latency }, now) {
	const { inRow, at } = pace.refusals;
	const refusals = now - latency > at ? {
		inRow: inRow + 1,
		at: now
	} : pace.refusals;
	const unknownReset = now + Math.min(FIRST_PAUSE * 2 ** (refusals.inRow - 1), LONGEST_PAUSE);
	const reset = bucket === void 0 ? unknownReset : bucket.resetAt;
	const ceiling = pace.blind ? Math.max(pace.ceiling / 2, .5 / 1e3) : pace.ceiling;
	return {
		...pace,
		ceiling,
		refill: pace.refill && pace.refill / 2,
		mark: void 0,
		refusals,
		margin: bucket === void 0 || refusals === pace.refusals ? pace.margin : pace.margin + Math.ceil(bucket.limit * MARGIN),
		notBefore: Math.max(pace.notBefore, reset + jitter * 1e3)
	};
}
function wholeNumber(header) {
	return /^\d{1,12}$/.test(String(header)) ? Number(header) : void 0;
}
// src/steps/context.ts
function refuse(record, messages) {
	if (messages.length > 0) record.stopped = "refused";
	record.errors.push(...messages.map(findingOf));
}
function warn(record, messages) {
	record.warnings.push(...messages.map(findingOf));
}
function notice(record, messages) {
	record.notices.push(...messages.map(findingOf));
}
function findingOf(message) {
	return { message };
}
/** Sentences about users, at the lines that list them. */
function locateUsers(documents, findings) {
	const mentions = findings.flatMap(({ mention }) => mention ?? []);
	const places = new Map(locate(documents, mentions));
	return findings.map(({ mention, ...finding }) => {
		const place = mention && places.get(mention);
		return {
			...finding,
			...place && { place }
		};
	});
}
/** Of a run that ends before it has a plan: nobody was attempted. */
function untouchedUsers(task) {
	return (task.kind === "saved" ? task.plan.users.map(({ user }) => user) : task.files.manifest.users.map(({ id, email }) => id ?? email)).map((user) => ({
		user,
		status: "not attempted",
		granted: [],
		revoked: [],
		errors: []
	}));
}
// src/steps/recall.ts
const NOTHING = {
	ledger: void 0,
	history: NO_HISTORY,
	managed: /* @__PURE__ */ new Map(),
	changed: void 0
};
/** @returns undefined where the run needs the ledger and cannot have it; why is told as a refusal */
async function recall(context) {
	const { inputs, workflow, record } = context;
	const need = needOf(context);
	if (need === void 0 && (inputs.mode === "plan" || workflow.repository === void 0)) return NOTHING;
	try {
		return await readLedger(context, await open(context), need);
	} catch (error) {
		if (!(error instanceof require_index.ActionError) || error instanceof require_index.NotSentError) throw error;
		const message = `${error.message} ${ledgerAdvice(error)}`.trim();
		if (need !== void 0) {
			refuse(record, [`The input ${need} needs the ledger. ${message}`]);
			return;
		}
		notice(record, [`This apply is not recorded in the ledger. ${message}`]);
		return NOTHING;
	}
}
/** The input that cannot do without the ledger. */
function needOf({ inputs }) {
	if (inputs.revoke === "managed") return "revoke: managed";
	return inputs.scope === "changed" ? "scope: changed" : void 0;
}
async function open({ inputs, workflow, cancelled: signal }) {
	const { githubToken: token } = inputs;
	const { repository } = workflow;
	if (repository === void 0) throw new require_index.ActionError("It is kept on GitHub, and this run has no GITHUB_REPOSITORY. Set revoke: never or revoke: all, and scope: all.");
	if (token === void 0) throw new require_index.ActionError("It is kept on GitHub, and the input github-token is empty; leave it out, as its default is the job's own token.");
	const [{ openGitHub }, { openLedger }] = await Promise.all([Promise.resolve().then(() => require("./github.js")), Promise.resolve().then(() => require("./ledger.js"))]);
	return openLedger({
		github: openGitHub({
			token,
			repository,
			signal
		}),
		tenant: inputs.domain.host,
		workflow
	});
}
/** What to do where GitHub does not let the ledger be; empty where the error says it itself. */
function ledgerAdvice(error) {
	if (!(error instanceof require_index.GitHubError)) return "";
	const instead = "set revoke: never or revoke: all, and scope: all, which do without it";
	return error.status === 403 || error.status === 404 ? `Add this to the job: "permissions: { contents: read, deployments: write }" (for mode plan, deployments: read is enough); or ${instead}.` : `Run it again when GitHub answers; or ${instead}.`;
}
async function readLedger(context, ledger, need) {
	const { inputs, record, task } = context;
	const history = await ledger.history();
	record.ledger = {
		base: history.base?.commit,
		attempts: history.attempts.length,
		deployment: void 0
	};
	await checkOrder(context, ledger, history);
	if (task.kind === "saved") return {
		...NOTHING,
		ledger,
		history
	};
	const doubts = await doubtsOf(context, ledger, history, task.files);
	if (doubts.length > 0 && need === void 0) {
		notice(record, [`This apply is not recorded in the ledger: ${doubts.join("; ")}.`]);
		return {
			...NOTHING,
			history
		};
	}
	refuse(record, doubts.map((doubt) => `The input ${need} is refused: ${doubt}.`));
	if (doubts.length > 0) return void 0;
	if (need === void 0) return {
		...NOTHING,
		ledger,
		history
	};
	const files = task.files.documents.map(({ file }) => file);
	const entries = history.base === void 0 ? history.attempts : [history.base, ...history.attempts];
	const revisions = await ledger.revisionsOf(entries, files);
	const [base] = revisions;
	const followsBase = inputs.scope === "changed" && history.base !== void 0 && base !== void 0;
	if (inputs.scope === "changed" && !followsBase) notice(record, ["No apply has succeeded yet, so every listed user is read."]);
	const later = [...revisions.slice(1), task.files.manifest.users];
	return {
		ledger,
		history,
		managed: unionOf(revisions),
		changed: followsBase ? changedSince(base, later) : void 0
	};
}
/** Going back is a revert, a new commit: an old run that is started again must not undo what came after it. */
async function checkOrder(context, ledger, history) {
	const { inputs, record } = context;
	const commit = commitOf(context);
	const newer = await firstAfter(ledger, commit, history.base === void 0 ? history.attempts : [...history.attempts, history.base]);
	if (newer === void 0) return;
	const message = `A newer revision of the manifest was applied already: ${newer.commit} comes after ${commit}, the commit of this run. An old run is not applied over a newer one; to go back, revert the newer commit.`;
	if (inputs.mode === "apply") refuse(record, [message]);
	else warn(record, [message]);
}
async function firstAfter(ledger, commit, entries) {
	const commits = /* @__PURE__ */ new Set();
	for (const entry of entries) {
		if (commit === "" || commits.has(entry.commit)) continue;
		commits.add(entry.commit);
		if (await ledger.isBefore(commit, entry)) return entry;
	}
}
/** The commit whose manifest this run applies; empty where no commit holds it. */
function commitOf({ task, workflow }) {
	return task.kind === "saved" ? task.plan.source.commit : workflow.commit;
}
/** Why the ledger would tell later runs something else than what this run asks for. */
async function doubtsOf({ inputs, workflow }, ledger, { base, attempts }, { documents }) {
	const { commit } = workflow;
	const differences = await ledger.differences({
		commit,
		documents,
		patterns: inputs.manifest
	});
	if (differences.length > 0) return [`${differences.join(", ")}; check out the commit of the run, with nothing changed and nothing left out`];
	const present = new Set(documents.map(({ file }) => file));
	const left = [...new Set([...attempts, ...base ? [base] : []].flatMap(({ files = [] }) => files))].filter((file) => !present.has(file));
	const kept = await ledger.held(left, commit);
	if (kept.length === 0) return [];
	return [`an earlier apply to this tenant read ${kept.join(", ")} too, which this commit still holds and this run does not read, so that its users would count as having left; name all files of a tenant in the input manifest, or delete those that are not in use`];
}
// src/steps/apply-plan.ts
/** Shows the plan, saves it, and tells why it may not be done. */
function judgePlan({ inputs, record, task }, { plan, digest }) {
	const { mode, maxRevocations, approvedPlan, failOnChanges } = inputs;
	logPlan(record);
	if (plan.users.every(({ before }) => before !== void 0) && task.kind === "manifest") record.planFile = saveFile("plan", writeSaved(plan));
	refuse(record, checkLimit(plan));
	const disapproval = checkApproval(plan, digest, approvedPlan);
	refuse(record, disapproval);
	if (disapproval.length > 0) record.approval = "other";
	else if (approvedPlan !== void 0 && record.stopped === void 0) record.approval = "approved";
	const tooMany = checkRevocations(plan, maxRevocations);
	if (mode === "apply") refuse(record, tooMany);
	else warn(record, tooMany);
	record.drift = mode === "plan" && failOnChanges && plan.users.length > 0;
}
async function applyPlan(context, planning, memory) {
	const { record } = context;
	const { plan, survey } = planning;
	const entry = await begin(context, memory, planning);
	if (record.stopped !== void 0) return;
	if (entry !== void 0 && record.ledger !== void 0) record.ledger = {
		...record.ledger,
		deployment: context.workflow.deploymentsUrl
	};
	try {
		await write(context, plan, survey);
	} finally {
		record.undoPlanFile = saveFile("undo-plan", writeSaved(undoOf(plan, record.outcomes, entry)));
		if (entry !== void 0) await end(context, memory, entry);
	}
}
/** @returns the entry of this apply in the ledger, where there is one */
async function begin(context, { ledger }, { plan, digest }) {
	const { inputs, record } = context;
	const commit = commitOf(context);
	if (ledger === void 0) return void 0;
	try {
		if (commit === "") throw new require_index.ActionError("The plan does not say which commit it was computed from.");
		const { files, at } = plan.source;
		const note = {
			manifest: files,
			at,
			digest,
			...plan.undoes && { undoes: plan.undoes }
		};
		return await ledger.begin(commit, note);
	} catch (error) {
		if (!(error instanceof require_index.ActionError) || error instanceof require_index.NotSentError) throw error;
		const message = `${error.message} ${ledgerAdvice(error)}`.trim();
		if (inputs.revoke === "managed" || inputs.scope === "changed") refuse(record, [`The apply could not be recorded in the ledger before its first write. ${message}`]);
		else notice(record, [`This apply is not recorded in the ledger. ${message}`]);
		return;
	}
}
/** Success is what later runs build on, so it is said only where everybody has what the manifest asks for. */
async function end(context, { ledger, history }, entry) {
	const { record, task } = context;
	const { outcomes, failures } = record;
	const newest = history.attempts[0] ?? history.base;
	const stale = task.kind === "saved" && newest !== void 0 && newest.id !== task.plan.source.entry;
	if (stale) warn(record, ["Since this plan was computed, another apply went to the tenant; what it did to other users is not looked at here, so the ledger does not count this apply as complete. Run mode: apply without plan-file."]);
	const converged = !stale && failures.length === 0 && outcomes.every(({ status }) => status === "done");
	const grants = outcomes.reduce((sum, { granted }) => sum + granted.length, 0);
	const revocations = outcomes.reduce((sum, { revoked }) => sum + revoked.length, 0);
	const description = `${counted(grants, "grant")} and ${counted(revocations, "revocation")} done`;
	try {
		await ledger?.end(entry, converged, description);
	} catch (error) {
		if (!(error instanceof require_index.ActionError)) throw error;
		warn(record, [`The ledger does not know how this apply ended, and counts it as one that did not finish. ${error.message}`]);
	}
}
async function write({ tenant, record, task, cancelled }, plan, surveyed) {
	const progress = logProgress("Changing users", plan.users.length, record.traffic);
	await apply(plan, tenant, {
		width: 48,
		onOutcome: (outcome) => {
			record.outcomes.push(outcome);
			if (outcome.status !== "not attempted") progress.step();
		}
	}).finally(progress.end);
	const listings = new Map(surveyed.states.map((user) => [user.id, listingOf(user)]));
	const failures = record.outcomes.filter(({ status, interrupted }) => status === "failed" && !interrupted).map(({ user, errors }) => ({
		user,
		message: errors.join(" "),
		...listings.get(user)
	}));
	record.failures.push(...locateUsers(task.kind === "saved" ? [] : task.files.documents, failures));
	record.errors.push(...unfinishedOf(record.outcomes, cancelled.aborted));
}
// src/steps/check-access.ts
/** @param scopes undefined where the token does not tell */
function checkAccess({ inputs, task, record, workflow }, scopes) {
	const has = (scope) => scopes === void 0 || scopes.has(scope);
	const assignOnly = has("update:users") && !has("read:users") && canAssignOnly(inputs, task);
	refuse(record, checkScopes(scopes, NEEDED_SCOPES[assignOnly ? "assign" : inputs.mode]));
	if (inputs.mode === "apply") {
		refuse(record, checkEvent(workflow));
		warn(record, warnOfRef(workflow));
	}
	return {
		readApis: has("read:resource_servers"),
		readUsers: has("read:users"),
		assignOnly
	};
}
function canAssignOnly({ mode, revoke }, task) {
	if (mode !== "apply" || revoke !== "never" || task.kind === "saved") return false;
	return task.files.manifest.users.every((user) => user.id !== void 0);
}
async function checkApis({ task, tenant, record }) {
	if (task.kind === "saved") {
		const granted = task.plan.users.flatMap(({ grant }) => grant);
		const apis = await tenant.apis([...new Set(granted.map(({ api }) => api))]);
		refuse(record, checkPlanNames(granted, apis));
		warn(record, warnOfApis(apis.values()));
		return;
	}
	const { documents, manifest } = task.files;
	const apis = await tenant.apis([...manifest.apis]);
	const unknown = checkNames(documents, new Map([...apis].map(([identifier, api]) => [identifier, api.permissions])));
	if (unknown.length > 0) record.stopped = "refused";
	record.errors.push(...locateRemarks(documents, unknown));
	warn(record, warnOfApis(apis.values()));
}
// src/report/comment.ts
/** GitHub takes 65,536 characters; this leaves room for what surrounds the report. */
const REPORT_LIMIT = 62e3;
const LONGEST_HOST = 253;
/** Under 65,536 characters and bytes, and begins with `markerOf` its tenant. */
function renderComment(record, { runUrl, replaces }) {
	const report = renderReport(record, {
		limit: REPORT_LIMIT,
		whole: `${summaryText(runUrl)} has more, and the report file (output <code>report-file</code>) has all of them`,
		foldFacts: true,
		notes: replaces ? outdatedNotes(record) : []
	}).trimEnd();
	return [
		markerOf(record.tenant ?? ""),
		report,
		...origin(record, runUrl),
		""
	].join("\n\n");
}
function summaryText(runUrl) {
	return `the ${runUrl === void 0 ? "job summary" : link(runUrl, "job summary")}`;
}
/** An earlier plan must not be taken for what would happen now, wherever it was read. */
function outdatedNotes({ plan }) {
	if (plan === void 0) return ["A plan that this comment showed before is outdated; this run made none."];
	if (plan.users.length > 0) return [];
	return ["Nothing would change any more: a plan that this comment showed before is outdated."];
}
function origin({ commit }, runUrl) {
	const parts = [commit ? `for commit ${shortCommit(commit)}` : "", runUrl === void 0 ? "" : `by ${link(runUrl, "this workflow run")}`].filter((part) => part !== "");
	return parts.length === 0 ? [] : [`<p>Written ${parts.join(" ")}.</p>`];
}
/**
* What nobody sees, and an earlier comment about the same tenant is recognised by. HTML ends a comment at `-->` or
* `--!>`, so no two hyphens stay together; only what a host can hold stays as it is.
*/
function markerOf(tenant) {
	return `<!-- auth0-permissions: ${clip(tenant, LONGEST_HOST).replace(/[^A-Za-z0-9.:-]|(?<=-)-/gu, (character) => `%${character.codePointAt(0)?.toString(16)};`)} -->`;
}
// src/steps/comment.ts
async function publishComment(inputs, workflow, record, signal) {
	if (signal.aborted) return;
	if (inputs.mode !== "plan" && inputs.mode !== "apply" || !inputs.comment) return;
	const { pullRequest, repository, runUrl } = workflow;
	const { githubToken: token, domain } = inputs;
	if (pullRequest === void 0 || repository === void 0) return;
	if (token === void 0) {
		warn(record, ["There is no comment on the pull request, as the input github-token is empty."]);
		return;
	}
	try {
		const { openGitHub } = await Promise.resolve().then(() => require("./github.js"));
		const github = openGitHub({
			token,
			repository,
			signal
		});
		const own = await findOwn(github, pullRequest, markerOf(domain.host));
		const body = renderComment(redactAll(record), {
			runUrl,
			replaces: own !== void 0
		});
		if (own === void 0) await github.addComment(pullRequest, body);
		else await github.editComment(own.id, body);
	} catch (error) {
		if (!(error instanceof require_index.ActionError)) throw error;
		const advice = error instanceof require_index.GitHubError && (error.status === 403 || error.status === 404) ? "Add pull-requests: write to the permissions of the job; on a pull request from a fork the token never has it." : "Run it again when GitHub answers.";
		warn(record, [`There is no comment on the pull request. ${error.message} ${advice}`]);
	}
}
/** By marker and author: anybody who can write may copy the marker into a comment of their own. */
async function findOwn(github, pullRequest, marker) {
	const [comments, login] = await Promise.all([github.comments(pullRequest), github.login()]);
	return comments.find(({ author, body }) => author === login && body.startsWith(marker));
}
// src/plan/advise.ts
/** Fewer users with the same grants are no pattern yet. */
const LEAST_USERS = 5;
const LEAST_GRANTS = 2;
const MOST_SENTENCES = 5;
/** Sentences, the weightiest first. */
function adviseOn(users) {
	return [...adviseRoles(users), ...adviseDerived(users)];
}
/** Auth0 itself recommends roles for what many users share. */
function adviseRoles(users) {
	const groups = /* @__PURE__ */ new Map();
	for (const { listed, desired } of users) {
		if (!listed || desired.size < LEAST_GRANTS) continue;
		const key = JSON.stringify([...desired.keys()].sort(compareText));
		const group = groups.get(key) ?? {
			size: desired.size,
			count: 0
		};
		group.count++;
		groups.set(key, group);
	}
	return [...groups.values()].filter(({ count }) => count >= LEAST_USERS).sort((a, b) => b.count * b.size - a.count * a.size).slice(0, MOST_SENTENCES).map(({ size, count }) => `${count} listed users have the same ${size} direct permissions; a role would say it once.`);
}
function adviseDerived(users) {
	const counts = /* @__PURE__ */ new Map();
	for (const { listed, desired, live } of users) {
		if (!listed || live === void 0) continue;
		for (const [grant, roles] of live.derived) {
			if (!desired.has(grant)) continue;
			const { api, permission } = partsOf(grant);
			const key = `${permission} on ${api} through the role ${roles.join(", ")}`;
			counts.set(key, (counts.get(key) ?? 0) + 1);
		}
	}
	return [...counts].sort(([a, first], [b, second]) => second - first || compareText(a, b)).slice(0, MOST_SENTENCES).map(([what, count]) => {
		return `${count === 1 ? "1 listed user has" : `${count} listed users have`} ${what} already; the manifest need not grant it directly too.`;
	});
}
// src/plan/diff.ts
function diff({ tenant, source, users, revoke, apis }) {
	const isOurs = {
		never: () => false,
		managed: ({ managed }, grant) => managed.has(grant),
		all: ({ listed }, grant) => listed && apis.has(partsOf(grant).api)
	};
	const plans = users.map((user) => planUser(user, isOurs[revoke])).filter((plan) => plan.grant.length + plan.revoke.length > 0).sort((a, b) => compareText(a.user, b.user));
	return {
		format: 1,
		tenant,
		source,
		users: plans,
		holders: countHolders(plans, users)
	};
}
function planUser(user, isOurs) {
	const { id, desired, live } = user;
	const wanted = new Set(desired.keys());
	if (live === void 0) return {
		user: id,
		grant: operations(wanted, /* @__PURE__ */ new Map(), desired),
		revoke: []
	};
	const surplus = [...live.direct.difference(wanted)].filter((grant) => isOurs(user, grant));
	return {
		user: id,
		grant: operations(wanted.difference(live.direct), live.derived, desired),
		revoke: operations(surplus, live.derived, /* @__PURE__ */ new Map()),
		before: sortedPermissions(live.direct)
	};
}
function operations(grants, derived, terms) {
	return [...grants].sort(compareText).map((grant) => ({
		...partsOf(grant),
		roles: derived.get(grant) ?? [],
		...termsOf(terms.get(grant))
	}));
}
function termsOf({ expires, reason } = {}) {
	return {
		...expires !== void 0 && { expires },
		...reason !== void 0 && { reason }
	};
}
function countHolders(plans, users) {
	const holders = /* @__PURE__ */ new Map();
	const count = (operations, by) => {
		for (const { api, permission } of operations) {
			const grant = grantOf(api, permission);
			const { before, after } = holders.get(grant) ?? {
				before: 0,
				after: 0
			};
			holders.set(grant, {
				before,
				after: after + by
			});
		}
	};
	const listed = new Set(users.filter((user) => user.listed).map(({ id }) => id));
	for (const { user, grant, revoke } of plans) {
		if (!listed.has(user)) continue;
		count(grant, 1);
		count(revoke, -1);
	}
	for (const { listed, live } of users) {
		if (live === void 0) return [];
		if (!listed) continue;
		for (const grant of live.direct) {
			const found = holders.get(grant);
			if (found === void 0) continue;
			found.before++;
			found.after++;
		}
	}
	return [...holders].sort(([a], [b]) => compareText(a, b)).map(([grant, counts]) => ({
		...partsOf(grant),
		...counts
	}));
}
/** Grants of listed users that nobody desires and the plan leaves alone. */
function unmanagedOf(users, plan) {
	const revoked = new Map(plan.users.map(({ user, revoke }) => [user, new Set(revoke.map(grantFrom))]));
	return users.flatMap(({ id, listed, desired, live }) => {
		if (!listed || live === void 0) return [];
		return sortedPermissions([...live.direct].filter((grant) => !desired.has(grant) && !revoked.get(id)?.has(grant))).map((permission) => ({
			user: id,
			...permission
		}));
	});
}
function grantFrom({ api, permission }) {
	return grantOf(api, permission);
}
// src/steps/compute-plan.ts
async function computePlan(context, memory, access) {
	const { task, record } = context;
	const planning = task.kind === "saved" ? await resumePlan(context, task.plan) : await planManifest(context, task.files, memory, access);
	record.plan = planning.plan;
	record.digest = planning.digest;
	return planning;
}
async function planManifest(context, files, memory, { assignOnly }) {
	const { inputs, record } = context;
	if (assignOnly) warn(record, ["The token may not read users, so what is desired is assigned without looking at what is there."]);
	const { chosen, others } = chooseSubjects(files.manifest.users, memory, inputs.revoke === "managed");
	const surveyed = await readUsers(context, chosen, {
		readPermissions: !assignOnly,
		others
	});
	const plan = diff({
		tenant: inputs.domain.host,
		source: sourceOf(context, files, memory),
		users: surveyed.states,
		revoke: inputs.revoke,
		apis: files.manifest.apis
	});
	record.unmanaged = unmanagedOf(surveyed.states, plan);
	record.advice = adviseOn(surveyed.states);
	return {
		plan,
		digest: digestOf(plan),
		survey: surveyed
	};
}
function sourceOf({ workflow }, { documents, manifest, at }, { history }) {
	const newest = history.attempts[0] ?? history.base;
	return {
		commit: workflow.commit,
		files: documents.map(({ file }) => file),
		at: at.toISOString(),
		users: manifest.users.length,
		...newest && { entry: newest.id }
	};
}
/** Listed users with what is managed of them, those who have left the manifest, and those whom the scope leaves out. */
function chooseSubjects(listed, { managed, changed }, offBoard) {
	const subjects = /* @__PURE__ */ new Map();
	for (const user of listed) {
		const identity = userIdentity(user);
		subjects.set(identity, {
			...user,
			managed: managed.get(identity)?.grants ?? NO_GRANTS
		});
	}
	for (const [identity, { user, grants }] of offBoard ? managed : []) {
		if (subjects.has(identity)) continue;
		const { mention: _, ...left } = user;
		subjects.set(identity, {
			...left,
			grants: /* @__PURE__ */ new Map(),
			managed: grants
		});
	}
	const isChosen = ([identity]) => changed === void 0 || changed.has(identity);
	const { chosen = [], others = [] } = Object.groupBy(subjects, (entry) => isChosen(entry) ? "chosen" : "others");
	return {
		chosen: chosen.map(([, subject]) => subject),
		others: others.map(([, subject]) => subject)
	};
}
/** A saved plan is done exactly, or not at all for a user who has changed since. */
async function resumePlan(context, saved) {
	const { record } = context;
	const surveyed = await readUsers(context, saved.users.map(({ user }) => ({
		id: user,
		grants: /* @__PURE__ */ new Map(),
		managed: NO_GRANTS
	})), {
		readPermissions: true,
		others: []
	});
	const live = new Map(surveyed.states.map((state) => [state.id, state.live?.direct]));
	const users = [];
	for (const userPlan of saved.users) {
		const held = live.get(userPlan.user);
		if (held === void 0) continue;
		const resumption = resume(userPlan, held);
		if (resumption.kind === "moved") {
			const now = [...held].map((grant) => `${partsOf(grant).permission} on ${partsOf(grant).api}`).sort();
			const message = `${userPlan.user} has changed since the plan was computed, and holds ${now.join(", ") || "nothing"} directly now. Make a new plan for this user.`;
			record.failures.push({
				user: userPlan.user,
				message
			});
		} else if (resumption.left !== void 0) users.push(resumption.left);
	}
	return {
		plan: {
			...saved,
			users
		},
		digest: digestOf(saved),
		survey: surveyed
	};
}
function mayRevoke(revoke, { managed }, grant) {
	return revoke === "all" || revoke === "managed" && managed.has(grant);
}
async function readUsers({ inputs, task, tenant, record }, subjects, options) {
	const { revoke } = inputs;
	const progress = logProgress(options.readPermissions ? "Reading users" : "Listing users", subjects.length, record.traffic);
	const surveyed = await survey(subjects, tenant, {
		...options,
		width: 48,
		mayLose: (user, grants) => [...grants].some((grant) => !user.grants.has(grant) && mayRevoke(revoke, user, grant)),
		onUser: progress.step
	}).finally(progress.end);
	tellSurvey(surveyed, task, inputs.missingUsers === "warn", record);
	return surveyed;
}
function tellSurvey(surveyed, task, missingIsFine, record) {
	const documents = task.kind === "saved" ? [] : task.files.documents;
	const { listed = [], left = [] } = Object.groupBy(surveyed.missing, ({ mention }) => mention === void 0 && task.kind === "manifest" ? "left" : "listed");
	record.failures.push(...locateUsers(documents, surveyed.failures));
	const missing = locateUsers(documents, listed);
	if (missingIsFine) record.warnings.push(...missing);
	else record.failures.push(...missing);
	record.warnings.push(...locateUsers(documents, surveyed.warnings));
	for (const finding of left) {
		const { user, email } = finding;
		if (email === void 0) {
			const message = `${user} has left the manifest and is not in the tenant any more; there is nothing left to revoke.`;
			record.notices.push({
				user,
				message
			});
		} else {
			const message = `${user} has left the manifest, and no user of the tenant has this address now. Where the address was changed and not the user deleted, what was granted is still held: revoke it by hand.`;
			record.warnings.push({
				user,
				email,
				message
			});
		}
	}
	const { left: gone = [], listed: here = [] } = Object.groupBy(surveyed.states, ({ listed }) => listed || task.kind === "saved" ? "listed" : "left");
	record.emails = surveyed.emails;
	record.read = here.length;
	record.left = gone.map(({ id }) => id);
	record.derived = here.flatMap(derivedOf);
}
// src/export.ts
const HEADER = "# What these users hold directly, as exported from the tenant.";
const LONGEST_LINE = 120;
/**
* The text is the same whatever the order of users and grants.
* @throws ActionError that names each user, API and permission that no manifest can express
*/
function exportManifest({ tenant, users }) {
	const sorted = users.toSorted((a, b) => compareText(a.id, b.id));
	refuseUnwritable(sorted);
	const aliases = nameApis(sorted);
	const bundles = nameBundles(sorted, aliases);
	return `${[
		HEADER,
		"version: 1",
		`tenant: ${scalar(tenant)}`,
		...section("apis", apiLines(aliases)),
		...section("bundles", bundleLines(bundles, aliases)),
		...sorted.length === 0 ? ["users: []"] : ["users:", ...sorted.flatMap((user) => userLines(user, bundles, aliases))]
	].join("\n")}\n`;
}
function section(key, lines) {
	return lines.length === 0 ? [] : [`${key}:`, ...lines];
}
function apiLines(aliases) {
	return [...aliases].sort(([, a], [, b]) => compareText(a, b)).map(([api, alias]) => `  ${scalar(alias)}: ${scalar(api)}`);
}
function bundleLines(bundles, aliases) {
	return [...bundles.values()].sort((a, b) => compareText(a.name, b.name)).flatMap(({ name, permissions }) => [`  ${scalar(name)}:`, ...permissionLines("    ", permissions, aliases)]);
}
function userLines({ id, direct }, bundles, aliases) {
	const entry = `  - id: ${scalar(id)}`;
	if (direct.size === 0) return [entry];
	const bundle = bundles.get(setKey(direct));
	if (bundle !== void 0) return [entry, `    bundles: [${scalar(bundle.name)}]`];
	return [
		entry,
		"    permissions:",
		...permissionLines("      ", sortedPermissions(direct), aliases)
	];
}
function permissionLines(indent, permissions, aliases) {
	return [...Map.groupBy(permissions, ({ api }) => String(aliases.get(api)))].sort(([a], [b]) => compareText(a, b)).flatMap(([alias, list]) => {
		const key = `${indent}${scalar(alias)}:`;
		const names = list.map(({ permission }) => scalar(permission));
		const line = `${key} [${names.join(", ")}]`;
		return line.length <= LONGEST_LINE ? [line] : [key, ...names.map((name) => `${indent}  - ${name}`)];
	});
}
/** Begins with a letter, and no colon is at its end or before a blank. */
const PLAIN = /^[A-Za-z](?:[\w./|@*+~-]|:(?=[\w./|@*+~-]))*$/;
/** What YAML 1.1 or 1.2 takes for something else than text, among all that PLAIN lets through. */
const NOT_TEXT = /^(?:y|n|yes|no|on|off|true|false|null|e[-+]?\d+)$/i;
/** Characters that YAML does not allow, that end a line to some of its readers, or that nobody can see. */
const UNSEEN = /\p{C}|(?! )\p{Z}/gu;
/** A text as a YAML scalar, in a list on one line too. */
function scalar(text) {
	if (PLAIN.test(text) && !NOT_TEXT.test(text)) return text;
	return JSON.stringify(text).replace(UNSEEN, escapeCharacter);
}
function escapeCharacter(character) {
	const code = Number(character.codePointAt(0)).toString(16);
	return code.length > 4 ? `\\U${code.padStart(8, "0")}` : `\\u${code.padStart(4, "0")}`;
}
const MOST_TOLD = 20;
/** A manifest that leaves something out would be taken for the whole. */
function refuseUnwritable(users) {
	const holders = /* @__PURE__ */ new Map();
	for (const { id, direct } of users) for (const grant of direct) if (!holders.has(grant)) holders.set(grant, id);
	const refusals = [...users.flatMap(refuseUser), ...[...holders].sort(byGrant).flatMap(refuseGrant)];
	if (refusals.length === 0) return;
	const more = refusals.length > MOST_TOLD ? [`There are ${refusals.length - MOST_TOLD} more like these.`] : [];
	throw new require_index.ActionError([...refusals.slice(0, MOST_TOLD), ...more].join("\n"));
}
function byGrant([a], [b]) {
	return compareText(a, b);
}
function refuseUser({ id }) {
	const [reason] = userEntry.shape.id.safeParse(id).error?.issues ?? [];
	if (reason === void 0) return [];
	return [`The user ${quote$1(id)} cannot be written into a manifest: ${reason.message}. Leave this user out.`];
}
function refuseGrant([grant, user]) {
	const { api, permission } = partsOf(grant);
	const forms = {
		apis: apiDefinition.shape.identifier.safeParse(api),
		lists: permissionItem.shape.name.safeParse(permission)
	};
	const reasons = Object.entries(forms).flatMap(([place, { error }]) => (error?.issues ?? []).map(({ message }) => `in ${place}, ${message}`));
	if (reasons.length === 0) return [];
	return [`${`The permission ${quote$1(permission)} of the API ${quote$1(api)}, which the user ${quote$1(user)} holds,`} cannot be written into a manifest: ${reasons.join("; ")}. Revoke it first, or leave this user out.`];
}
/** Auth0's own Management API: its host would give it the company's name. */
const MANAGEMENT_API = /^https:\/\/[^/]+\.auth0\.com\/api\/v2\/$/;
/** `https://orders.acme.com/\u2026`: what stands for the host, and the rest. */
const ADDRESS = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)(.*)$/is;
/** Below the top level of a domain, nobody's own name: `acme.co.uk`. */
const PUBLIC_LABEL = /^(?:ac|co|com|edu|gov|net|org)$/;
const GENERIC = /^(?:api|apis|https?|rest|urn|www)$/;
const VERSION = /^v\d+(?:-\d+)*$/;
const LONGEST_NAME = 40;
function nameApis(users) {
	const identifiers = new Set(users.flatMap(({ direct }) => [...direct].map((grant) => partsOf(grant).api)));
	return chooseNames(new Map([...identifiers].sort(compareText).map((api) => [api, aliasesFor(api)])), (alias, api) => alias === api || !identifiers.has(alias));
}
/** From the shortest to the longest. */
function aliasesFor(identifier) {
	if (MANAGEMENT_API.test(identifier)) return ["auth0-management"];
	const { host, path } = wordsOf(identifier);
	const words = [...host, ...path];
	const version = words.filter((word) => VERSION.test(word)).slice(-1);
	const telling = words.filter(isTelling);
	const shortest = [...host.filter(isTelling).slice(-1), ...path.filter(isTelling).slice(-1)];
	const base = shortest.length > 0 ? shortest : words.length > 0 ? words.slice(-1) : ["api"];
	return [
		base,
		[...base, ...version],
		telling,
		words
	].filter((each) => each.length > 0).map((each) => readable(slug(each.join("-"))));
}
function isTelling(word) {
	return !GENERIC.test(word) && !VERSION.test(word);
}
/** A key that needs no quotes. */
function readable(alias) {
	return /^[a-z]/.test(alias) && !NOT_TEXT.test(alias) ? alias : `api-${alias}`;
}
/** An identifier's words, each time from the most general to the most particular one. */
function wordsOf(identifier) {
	const [, host, path = ""] = ADDRESS.exec(identifier) ?? [];
	const slugs = (parts) => parts.map(slug).filter((word) => word !== "");
	return host === void 0 ? {
		host: [],
		path: slugs(identifier.split(/[:/]/))
	} : {
		host: slugs(labelsOf(host)),
		path: slugs(path.split("/"))
	};
}
function labelsOf(host) {
	const labels = host.replace(/:\d+$/, "").toLowerCase().split(".").reverse();
	const own = labels.slice(Math.min(1, labels.length - 1));
	return own.length > 1 && PUBLIC_LABEL.test(String(own[0])) ? own.slice(1) : own;
}
/** Lower-case letters, digits and hyphens between them; empty where nothing of it is left. */
function slug(text) {
	return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-/, "").slice(0, LONGEST_NAME).replace(/-$/, "");
}
/** A bundle for every set of two or more grants that two or more users hold. */
function nameBundles(users, aliases) {
	const shared = [...Map.groupBy(users, ({ direct }) => setKey(direct))].flatMap(([key, [first, ...others]]) => first === void 0 || first.direct.size < 2 || others.length === 0 ? [] : [[key, first.direct]]);
	const permissions = new Map(shared.sort(([a], [b]) => compareText(a, b)).map(([key, direct]) => [key, sortedPermissions(direct)]));
	const candidates = new Map([...permissions].map(([key, list]) => [key, bundleNamesFor(list, aliases)]));
	const known = new Set(aliases.values());
	const names = chooseNames(candidates, (name) => !known.has(name));
	return new Map([...permissions].map(([key, list]) => [key, {
		name: String(names.get(key)),
		permissions: list
	}]));
}
/** Equal for equal sets. */
function setKey(grants) {
	return JSON.stringify([...grants].sort(compareText));
}
/** One API: what may be done there, as `orders-read-write`. Several: which they are, as `billing-and-orders`. */
function bundleNamesFor(permissions, aliases) {
	const apis = new Set(permissions.map(({ api }) => String(aliases.get(api))));
	const [alias = ""] = apis;
	const short = (apis.size > 1 ? [[...apis].sort(compareText).join("-and-")] : [[alias, ...new Set(permissions.map(({ permission }) => verbOf(permission, alias)))].join("-"), `${alias}-bundle`]).filter((name) => name.length <= LONGEST_NAME && !name.endsWith("-"));
	return short.length > 0 ? short : ["bundle"];
}
/** `read` of `read:orders`, and of `orders:read` too. */
function verbOf(permission, alias) {
	return permission.split(/[:./]/).map(slug).find((word) => word !== "" && word !== alias) ?? "";
}
/**
* A name for each subject: the first of its candidates that no other subject wants, or a number behind the first where
* every one is wanted twice.
* @param candidates in the order in which numbers are given
*/
function chooseNames(candidates, isFree) {
	const chosen = /* @__PURE__ */ new Map();
	const taken = /* @__PURE__ */ new Set();
	const take = (name, subject) => {
		if (taken.has(name) || !isFree(name, subject)) return false;
		chosen.set(subject, name);
		taken.add(name);
		return true;
	};
	const longest = [...candidates.values()].reduce((most, { length }) => Math.max(most, length), 0);
	for (let level = 0; level < longest; level++) {
		const open = [...candidates].filter(([subject]) => !chosen.has(subject));
		for (const [name, wanted] of Map.groupBy(open, ([, names]) => String(names[level] ?? names.at(-1)))) {
			const [only, ...rivals] = wanted;
			if (only !== void 0 && rivals.length === 0) take(name, only[0]);
		}
	}
	const next = /* @__PURE__ */ new Map();
	for (const [subject, [first = ""]] of candidates) {
		if (chosen.has(subject) || take(first, subject)) continue;
		let number = next.get(first) ?? 2;
		while (!take(`${first}-${number}`, subject)) number++;
		next.set(first, number + 1);
	}
	return chosen;
}
// src/steps/export-users.ts
async function exportUsers({ inputs, tenant, session, workflow, record }) {
	const path = freePath(inputs, workflow);
	refuse(record, checkScopes(await session.scopes(), NEEDED_SCOPES.export));
	if (record.stopped !== void 0) return;
	const found = inputs.query === void 0 ? [] : await tenant.searchUsers(inputs.query);
	const subjects = [.../* @__PURE__ */ new Set([...inputs.users, ...found])].map(subjectOf);
	const progress = logProgress("Reading users", subjects.length, record.traffic);
	const surveyed = await survey(subjects, tenant, {
		width: 48,
		readPermissions: true,
		others: [],
		onUser: progress.step
	}).finally(progress.end);
	record.users = surveyed.states.length;
	record.read = surveyed.states.length;
	record.failures.push(...surveyed.failures, ...surveyed.missing);
	record.warnings.push(...surveyed.warnings);
	if (record.failures.length > 0) {
		refuse(record, ["Not every user could be read, so no manifest was written."]);
		return;
	}
	const users = surveyed.states.map(({ id, live }) => ({
		id,
		direct: new Set(live?.direct)
	}));
	(0, node_fs.mkdirSync)((0, node_path.dirname)(path), { recursive: true });
	(0, node_fs.writeFileSync)(path, exportManifest({
		tenant: inputs.domain.host,
		users
	}), { flag: "wx" });
	const grants = users.reduce((sum, { direct }) => sum + direct.size, 0);
	record.exported = {
		path: (0, node_path.relative)(workflow.workspace, path).split(node_path.sep).join("/"),
		grants
	};
}
/** @throws InputError before anything is read, where the path is taken */
function freePath({ manifest }, { workspace }) {
	const [pattern = ""] = manifest;
	const path = (0, node_path.resolve)(workspace, pattern);
	const reject = (message) => new require_index.InputError([{
		input: "manifest",
		message: `Input manifest: ${message}`
	}]);
	if ((0, node_fs.existsSync)(path)) throw reject(`${pattern} exists already; mode export writes a new file and changes none.`);
	return path;
}
/** Auth0's ids have a bar between the connection's strategy and its own id, and an address has none. */
function subjectOf(name) {
	return {
		...name.includes("@") && !name.includes("|") ? {
			email: name.toLowerCase(),
			connection: void 0
		} : { id: name },
		grants: /* @__PURE__ */ new Map(),
		managed: NO_GRANTS
	};
}
// src/steps/read-files.ts
async function readFiles(inputs, workflow, record) {
	const at = /* @__PURE__ */ new Date();
	record.commit = workflow.knownCommit;
	const { documents, problems } = await loadManifest(inputs.manifest, workflow.workspace);
	const { manifest, mistakes, expired } = readManifest(documents, at);
	const mismatch = inputs.domain === void 0 ? [] : checkTenant(documents, inputs.domain.host);
	record.files = documents.map((document) => document.file);
	record.users = manifest.users.length;
	record.notices.push(...locateRemarks(documents, expired));
	record.errors.push(...problems, ...locateRemarks(documents, [...mistakes, ...mismatch]));
	if (record.errors.length > 0) record.stopped = "manifest";
	return {
		documents,
		manifest,
		at
	};
}
// src/steps/read-saved.ts
/** @throws InputError for a file that is no plan for this tenant */
function readSavedPlan(path, { domain }, { workspace }, record) {
	const reject = (message) => new require_index.InputError([{
		input: "plan-file",
		message: `Input plan-file: ${message}`
	}]);
	const { plan, problem } = readSaved(readText((0, node_path.resolve)(workspace, path), reject));
	if (problem !== void 0) throw reject(`${problem}. Use the file that the output plan-file or undo-plan-file names, as it was written.`);
	if (plan.tenant !== domain.host) throw reject(`it is a plan for the tenant ${plan.tenant}, and the input domain is ${domain.host}.`);
	record.commit = plan.source.commit;
	record.files = plan.source.files;
	record.users = plan.source.users;
	record.approval = "saved";
	return plan;
}
function readText(path, reject) {
	try {
		return (0, node_fs.readFileSync)(path, "utf8");
	} catch (error) {
		throw reject(`it cannot be read: ${require_index.errorOf(error).message}.`);
	}
}
// src/workflow.ts
const eventPayload = require_zod.object({
	repository: require_zod._catch(require_zod.optional(require_zod.object({ default_branch: require_zod.string() })), void 0),
	pull_request: require_zod._catch(require_zod.optional(require_zod.object({
		number: require_zod.int(),
		head: require_zod._catch(require_zod.optional(require_zod.object({ sha: require_zod.string() })), void 0)
	})), void 0)
});
function readWorkflow() {
	const env = process.env;
	const payload = readPayload(env.GITHUB_EVENT_PATH ?? "");
	const [owner, repo] = (env.GITHUB_REPOSITORY ?? "").split("/");
	const ref = env.GITHUB_REF ?? "";
	const page = `${env.GITHUB_SERVER_URL ?? "https://github.com"}/${owner}/${repo}`;
	const commit = env.GITHUB_SHA ?? "";
	const mergeRef = /^refs\/pull\/(\d+)\//.exec(ref)?.[1];
	return {
		name: env.GITHUB_EVENT_NAME ?? "",
		ref,
		defaultBranch: payload?.repository?.default_branch,
		workspace: env.GITHUB_WORKSPACE || process.cwd(),
		repository: owner && repo ? {
			owner,
			repo
		} : void 0,
		commit,
		knownCommit: mergeRef && payload?.pull_request?.head?.sha || commit,
		runUrl: repo && env.GITHUB_RUN_ID ? `${page}/actions/runs/${env.GITHUB_RUN_ID}` : void 0,
		deploymentsUrl: repo ? `${page}/deployments` : void 0,
		pullRequest: payload?.pull_request?.number ?? (mergeRef === void 0 ? void 0 : Number(mergeRef))
	};
}
/** undefined where there is none, as outside of a workflow */
function readPayload(path) {
	try {
		return eventPayload.parse(JSON.parse((0, node_fs.readFileSync)(path, "utf8")));
	} catch {
		return;
	}
}
// src/run.ts
/** @param cancelled its reason is a NotSentError */
async function run(cancelled) {
	const started = /* @__PURE__ */ new Date();
	const record = newRecord();
	const workflow = readWorkflow();
	const inputs = await telling(record, async () => readInputs());
	if (inputs !== void 0) await telling(record, () => story(inputs, record, workflow, cancelled));
	const undone = record.stopped !== void 0 || record.outcomes.some(({ status }) => status !== "done");
	record.cancelled = cancelled.aborted && undone;
	record.duration = Date.now() - started.getTime();
	if (inputs !== void 0) await publishComment(inputs, workflow, record, cancelled);
	publish(record, {
		run: workflow.runUrl,
		started
	});
	if (cancelled.aborted) process.exit();
}
async function story(inputs, record, workflow, cancelled) {
	record.mode = inputs.mode;
	record.tenant = inputs.domain?.host;
	switch (inputs.mode) {
		case "validate":
			await readFiles(inputs, workflow, record);
			return;
		case "export":
			await withTenant(inputs, record, cancelled, (tenant, session) => exportUsers({
				inputs,
				tenant,
				session,
				workflow,
				record
			}));
			return;
		default: await planAndApply(inputs, record, workflow, cancelled);
	}
}
async function planAndApply(inputs, record, workflow, cancelled) {
	record.revoke = inputs.revoke;
	record.scope = inputs.scope;
	const task = await readTask(inputs, workflow, record);
	if (record.stopped !== void 0) return;
	const work = async (tenant, session) => {
		const context = {
			inputs,
			workflow,
			record,
			tenant,
			task,
			cancelled
		};
		const access = checkAccess(context, await session.scopes());
		const memory = await recall(context);
		if (access.readApis) await checkApis(context);
		if (memory === void 0 || !access.readUsers && !access.assignOnly) return;
		const planning = await computePlan(context, memory, access);
		judgePlan(context, planning);
		if (record.stopped !== void 0 || inputs.mode === "plan") return;
		await applyPlan(context, planning, memory);
	};
	try {
		await withTenant(inputs, record, cancelled, work);
	} catch (error) {
		if (record.plan === void 0) record.outcomes.push(...untouchedUsers(task));
		throw error;
	}
}
async function readTask(inputs, workflow, record) {
	if (inputs.planFile === void 0) return {
		kind: "manifest",
		files: await readFiles(inputs, workflow, record)
	};
	return {
		kind: "saved",
		plan: readSavedPlan(inputs.planFile, inputs, workflow, record)
	};
}
async function withTenant(inputs, record, signal, use) {
	const { connect } = await Promise.resolve().then(() => require("./connect.js"));
	const { tenant, session, traffic, close } = await connect(inputs, signal, mask);
	record.traffic = traffic;
	const endHeartbeat = logHeartbeat(traffic);
	try {
		await use(tenant, session);
	} finally {
		endHeartbeat();
		if (traffic.blind) warn(record, [BLIND]);
		await close();
	}
}
/** undefined where it failed; what failed is told. */
async function telling(record, work) {
	try {
		return await work();
	} catch (error) {
		tellFailure(record, error);
		return;
	}
}
function tellFailure(record, error) {
	if (error instanceof require_index.InputError) {
		record.stopped = "inputs";
		record.errors.push(...error.problems);
		return;
	}
	record.stopped = "error";
	if (error instanceof require_index.ActionError) {
		const { message } = error.cause instanceof require_index.ActionError ? error.cause : error;
		record.errors.push({ message });
		return;
	}
	const defect = require_index.errorOf(error);
	record.errors.push({ message: `This is a defect of the action itself; please report it: ${defect.message}` });
	for (const line of (defect.stack ?? "").split("\n")) logLine(line);
}
const BLIND = "The tenant's answers have no rate-limit headers, so at most 10 requests a second were sent; set requests-per-second if you know the limit is lower.";
exports.IN_ENGLISH = IN_ENGLISH;
exports.NO_HISTORY = NO_HISTORY;
exports.delayBefore = delayBefore;
exports.goBack = goBack;
exports.grantOf = grantOf;
exports.pMap = pMap;
exports.parseDocument = parseDocument;
exports.readBucket = readBucket;
exports.readManifest = readManifest;
exports.received = received;
exports.redact = redact;
exports.run = run;
exports.sending = sending;
exports.startPace = startPace;
exports.withdrawn = withdrawn;
