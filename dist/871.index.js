export const id = 871;
export const ids = [871];
export const modules = {

/***/ 5558:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   GF: () => (/* binding */ sortGrants),
/* harmony export */   GW: () => (/* binding */ KINDS),
/* harmony export */   I: () => (/* binding */ kindOf),
/* harmony export */   J$: () => (/* binding */ listAccess),
/* harmony export */   Sw: () => (/* binding */ kindOfAccess),
/* harmony export */   Wn: () => (/* binding */ rolesAmong),
/* harmony export */   YK: () => (/* binding */ accessOf),
/* harmony export */   Yo: () => (/* binding */ isPermission),
/* harmony export */   cJ: () => (/* binding */ NO_GRANTS),
/* harmony export */   cd: () => (/* binding */ accessText),
/* harmony export */   ch: () => (/* binding */ roleGrantOf),
/* harmony export */   ev: () => (/* binding */ isNamed),
/* harmony export */   ln: () => (/* binding */ groupByApi),
/* harmony export */   n6: () => (/* binding */ compareText),
/* harmony export */   od: () => (/* binding */ grantOf),
/* harmony export */   oe: () => (/* binding */ packAccess),
/* harmony export */   pV: () => (/* binding */ packAll),
/* harmony export */   r0: () => (/* binding */ nameOfRole)
/* harmony export */ });
// Grants, and sets of them. A grant is a permission of an API or a role, assigned directly. It is packed into a string, so
// that native sets compute a plan with union, difference and intersection. Pure.
const NO_GRANTS = new Set();
const KINDS = ['permission', 'role'];
// No part can contain a NUL: names in the manifest have no control characters, and Auth0's are URLs, scope names and ids.
// Before it is the API, which is empty for a role.
const SEPARATOR = '\0';
function grantOf(api, permission) {
    return `${api}${SEPARATOR}${permission}`;
}
/** @param role its id; in a manifest whose roles are not yet resolved, the name or id in the manifest */
function roleGrantOf(role) {
    return `${SEPARATOR}${role}`;
}
function packAccess(access) {
    return access.role === undefined ? grantOf(access.api, access.permission) : roleGrantOf(access.role);
}
function packAll(accesses) {
    return new Set(Array.from(accesses, packAccess));
}
function accessOf(grant, names) {
    const at = grant.indexOf(SEPARATOR);
    const [api, rest] = [grant.slice(0, at), grant.slice(at + 1)];
    if (at > 0)
        return { api, permission: rest };
    const name = names?.get(rest);
    return { role: rest, ...(name !== undefined && { name }) };
}
function kindOf(grant) {
    return grant.startsWith(SEPARATOR) ? 'role' : 'permission';
}
/** The ids of the roles among grants. */
function rolesAmong(grants) {
    const roles = Iterator.from(grants).filter(grant => kindOf(grant) === 'role');
    return new Set(roles.map(grant => grant.slice(1)));
}
/** Roles by id, then permissions by API and name; by code units, so that the order is the same on every machine. */
function sortGrants(grants) {
    return [...grants].sort(compareText);
}
/** In the order of `sortGrants`. */
function listAccess(grants, names) {
    return sortGrants(grants).map(grant => accessOf(grant, names));
}
/** Whether a grant is on an API, or a role, that the manifest names. */
function isNamed(grant, { apis, roles }) {
    const access = accessOf(grant);
    return isPermission(access) ? apis.has(access.api) : roles.has(access.role);
}
/** Sorted lists of permission names by API identifier, sorted too. */
function groupByApi(grants) {
    const groups = Map.groupBy(listAccess(grants).filter(isPermission), ({ api }) => api);
    return Object.fromEntries(Array.from(groups, ([api, list]) => [api, list.map(({ permission }) => permission)]));
}
function isPermission(access) {
    return access.role === undefined;
}
function kindOfAccess(access) {
    return isPermission(access) ? 'permission' : 'role';
}
/** For a sentence: `read:orders on https://orders.acme.com/`, or `the role Support`. */
function accessText(access) {
    return isPermission(access) ? `${access.permission} on ${access.api}` : `the role ${nameOfRole(access)}`;
}
/** Its id if its name is unknown. */
function nameOfRole({ role, name = role }) {
    return name;
}
/** Compares UTF-16 code units, because `localeCompare` would make a plan depend on the machine's language. */
function compareText(a, b) {
    return a < b ? -1 : a > b ? 1 : 0;
}


/***/ }),

/***/ 2871:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  run: () => (/* binding */ run)
});

// EXTERNAL MODULE: ./build/js/errors.js
var errors = __webpack_require__(2027);
;// CONCATENATED MODULE: ./build/js/runner/environment.js
// Corrects variables of the runner that libraries read themselves, before those are loaded.

const PROXIES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'];
/**
 * Changes `env`, because GitHub's client cannot be given a proxy in another way.
 * @throws ActionError that names a variable, without its value, which may contain a password
 */
function prepareEnvironment(env) {
    // GitHub's client also reads the event when it is loaded, and throws if the file is broken.
    delete env.GITHUB_EVENT_PATH;
    if (env.GITHUB_API_URL && !/^https?:$/.test(URL.parse(env.GITHUB_API_URL)?.protocol ?? '')) {
        throw new errors/* ActionError */.lZ("The runner's variable GITHUB_API_URL is not a URL, such as https://api.github.com.");
    }
    for (const name of [...PROXIES, 'no_proxy', 'NO_PROXY']) {
        // For undici, an empty variable would hide its twin in the other letter case.
        if (env[name]?.trim() === '')
            delete env[name];
    }
    for (const name of PROXIES) {
        const value = env[name];
        if (value === undefined)
            continue;
        const url = proxyUrlOf(value.trim());
        if (url === undefined) {
            throw new errors/* ActionError */.lZ(`The runner's variable ${name} is not the address of a proxy; use http://proxy.acme.com:3128 or http://user:password@proxy.acme.com:3128, with special characters percent-encoded.`);
        }
        env[name] = url;
    }
}
/** Like curl and other actions, assumes HTTP if there is no scheme. */
function proxyUrlOf(value) {
    const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
    const url = URL.parse(address);
    if (url === null || !/^https?:$/.test(url.protocol) || /[\s\p{C}]/u.test(address))
        return undefined;
    if (`${url.pathname}${url.search}${url.hash}` !== '/')
        return undefined;
    try {
        decodeURIComponent(`${url.username}:${url.password}`);
        return address;
    }
    catch {
        return undefined;
    }
}

// EXTERNAL MODULE: ./node_modules/@actions/core/lib/core.js + 12 modules
var core = __webpack_require__(143);
;// CONCATENATED MODULE: ./build/js/access/quote.js
// Quotes values and names in messages. Pure.
/** Invisible characters, and spaces other than the ordinary one. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/u;
const EVERY_UNSEEN = new RegExp(UNSEEN, 'gu');
/** @param replacement of each invisible character or special space */
function replaceUnseen(text, replacement) {
    return text.replaceAll(EVERY_UNSEEN, replacement);
}
/** Describes the first such character; undefined if there is none. */
function describeUnseen(text) {
    const [character] = UNSEEN.exec(text) ?? [];
    return character && `${kindOf(character)} (${codeOf(character)})`;
}
function kindOf(character) {
    if (character === '\u00a0')
        return 'a no-break space';
    if (/\p{Zs}/u.test(character))
        return 'a special space';
    return /\p{Cc}/u.test(character) ? 'a control character' : 'an invisible character';
}
/** Such as `U+00A0`. */
function codeOf(character) {
    return `U+${hexOf(character).toUpperCase()}`;
}
function hexOf(character) {
    return Number(character.codePointAt(0)).toString(16).padStart(4, '0');
}
const MAX_QUOTE = 81;
/** Shortens text to `most` UTF-16 code units, including an ellipsis, without splitting a surrogate pair. */
function clip(text, most = MAX_QUOTE) {
    if (text.length <= most)
        return text;
    const head = text.slice(0, most - 1);
    return `${/[\ud800-\udbff]$/.test(head) ? head.slice(0, -1) : head}…`;
}
/** A value for a message: on one line, short, without invisible characters. */
function quote(value) {
    const text = JSON.stringify(typeof value === 'string' ? value.slice(0, MAX_QUOTE) : value) ?? String(value);
    const seen = replaceUnseen(text, character => `\\u{${hexOf(character)}}`);
    return clip(seen);
}
function capitalize(sentence) {
    return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`;
}
/** The first of many texts, and how many more there are. */
function shortList(texts, most = 3) {
    const all = [...texts];
    const shown = all.slice(0, most).join(', ');
    return all.length > most ? `${shown} and ${all.length - most} more` : shown;
}

;// CONCATENATED MODULE: ./build/js/access/identities.js
// Validates user ids and e-mail addresses, and suggests what the author of an invalid one probably meant. Pure.

const EXAMPLE_ID = 'auth0|5f7c8ec7c33c6c004bbafe82';
const EXAMPLE_ADDRESS = 'grace@acme.com';
/** A connection or its strategy, then a bar, then the directory's id of the user, which may be any text. */
const USER_ID = /^[\w.-]+\|.*[^\s|]$/su;
const TYPOGRAPHIC_QUOTE = /[\p{Pi}\p{Pf}‚„＂＇]/u;
/** Placeholders of templates, shells and documentation, and ids that were cut short. */
const PLACEHOLDER = /[$#%]\{|\$\(|\{\{|…|\.{3}$|(?:^|\|)(?:<[^<>]*>|\[[a-z _-]+\]|\{[a-z _-]+\}|\$\w+|%\w+%|x{3,}|(?:your[ _-]?)?(?:auth0[ _-]?)?(?:user[ _-]?)?id)(?=$|\|)/i;
const LABEL = String.raw `[\p{L}\p{N}\p{M}_](?:[\p{L}\p{N}\p{M}_-]*[\p{L}\p{N}\p{M}_])?`;
const ADDRESS = new RegExp(String.raw `^[^\s@<>()[\]{}\\|,;:"…${'`'}]+@(?:${LABEL}\.)+(?=\p{L})${LABEL}$`, 'u');
function isUserId(text) {
    return USER_ID.test(text) && isClean(text) && !PLACEHOLDER.test(text);
}
/** One plain address, which may be internationalized. */
function isAddress(text) {
    return ADDRESS.test(text) && isClean(text);
}
function isClean(text) {
    return !UNSEEN.test(text) && !TYPOGRAPHIC_QUOTE.test(text);
}
/** What is wrong with an invalid user id, and what to write instead. */
function explainUserId(text) {
    const named = quote(text);
    if (PLACEHOLDER.test(text)) {
        return `${named} is a placeholder or cut short; write the complete id of a user, such as ${EXAMPLE_ID}.`;
    }
    const address = text.includes('|') ? undefined : likelyAddress(text);
    if (address !== undefined)
        return `${named} is an e-mail address, not a user id; write email: ${quote(address)}.`;
    const likely = likelyUserId(text);
    if (likely !== undefined)
        return `${named} ${whyNoUserId(text)}; write ${quote(likely)}.`;
    return `${named} ${whyNoUserId(text)}; a user id has the form connection|identifier, such as ${EXAMPLE_ID}.`;
}
function whyNoUserId(text) {
    const unclean = whyUnclean(text);
    if (unclean !== undefined)
        return unclean;
    if (/\|\s*$/.test(text))
        return 'has nothing after the |';
    if (/^\s*\|/.test(text))
        return 'has no connection before the |';
    if (text.includes('|'))
        return 'is not a user id';
    return /%(25)*7c/i.test(text) ? 'is a URL-encoded user id' : 'is not a complete user id';
}
/** What is wrong with an invalid address, and what to write instead. */
function explainAddress(text) {
    const named = quote(text);
    const several = text.match(/[^\s<>,;:"]@[^\s<>,;:"]/g) ?? [];
    if (several.length > 1 && /[\s,;]/.test(text)) {
        return `${named} contains several addresses; write an entry for each user.`;
    }
    const likely = likelyAddress(text);
    if (likely !== undefined) {
        return `${named} ${whyUnclean(text) ?? 'is not a plain e-mail address'}; write ${quote(likely)}.`;
    }
    if (isUserId(text))
        return `${named} is a user id, not an e-mail address; write id: ${quote(text)}.`;
    if (PLACEHOLDER.test(text)) {
        return `${named} is a placeholder or cut short; write the user's address, such as ${EXAMPLE_ADDRESS}.`;
    }
    return `${named} ${whyNoAddress(text)}; write a complete address, such as ${EXAMPLE_ADDRESS}.`;
}
function whyNoAddress(text) {
    if (text.startsWith('@'))
        return 'has nothing before the @';
    if (text.endsWith('@'))
        return 'has nothing after the @';
    if (/^[^@]+@[^@.]+$/.test(text))
        return 'has no complete domain';
    return text.includes(' ') ? 'contains a space' : 'is not an e-mail address';
}
function whyUnclean(text) {
    const unseen = describeUnseen(text);
    if (unseen !== undefined)
        return `contains ${unseen}`;
    if (TYPOGRAPHIC_QUOTE.test(text))
        return 'contains typographic quotes';
    return /^\s|\s$/.test(text) ? 'begins or ends with a space' : undefined;
}
function likelyUserId(text) {
    const tidied = tidy(text).replace(/\\?[|｜¦ǀ∣│]/g, '|');
    const encoded = tidied.split('/').find(segment => /%(25)*7c/i.test(segment));
    const decoded = tidied.includes('|') || encoded === undefined ? tidied : decodeAll(encoded);
    const id = decoded
        .replace(/^\S*\/(?=[\w.-]+\|)/, '')
        .replace(/^([\w.-]+)\s*\|\s*/, '$1|')
        .replace(/^(?:auth0[^\da-z|]?)?(?=[\da-f]{24}$)/i, 'auth0|');
    return isUserId(id) ? id : undefined;
}
/** Also if it was encoded more than once. */
function decodeAll(text) {
    let decoded = text;
    while (!decoded.includes('|'))
        decoded = decode(decoded);
    return decoded;
}
function decode(text) {
    try {
        return decodeURIComponent(text);
    }
    catch {
        return text.replace(/%(25)*7c/gi, '|');
    }
}
function likelyAddress(text) {
    const address = tidy(text)
        .replace(/^[^<]*<([^<>]*)>\W*$/, '$1')
        .replace(/^\W*mailto:([^?]*).*$/i, '$1')
        .replace(/\s*(?:@+|＠|%40|\(at\)|\[at\]|\sat\s)\s*/i, '@')
        .replace(/^[^\p{L}\p{N}_]+|[^\p{L}\p{N}]+$/gu, '')
        .replace(/\.+(?=[^@]*$)/g, '.')
        .replace('@.', '@');
    return isAddress(address) ? address : undefined;
}
/** Removes invisible characters and surrounding quotes, and replaces typographic quotes with plain ones. */
function tidy(text) {
    return replaceUnseen(text, character => (/\s/.test(character) ? ' ' : ''))
        .replace(/[“”„‟«»＂]/g, '"')
        .replace(/[‘’‚‛‹›＇]/g, "'")
        .trim()
        .replace(/^(["'`])(.*)\1$/s, '$2')
        .trim();
}

// EXTERNAL MODULE: ./build/js/runner/secrets.js
var runner_secrets = __webpack_require__(4700);
;// CONCATENATED MODULE: ./build/js/runner/input-problems.js
// How messages quote inputs: with their value, but without secrets.


function quoteInput(value) {
    return quote((0,runner_secrets/* redact */.E$)(value));
}
/** `a, b or c` */
function alternatives(names) {
    return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
;// CONCATENATED MODULE: ./build/js/runner/private-key.js
// Reads a private key: PEM as JSON files, shells and dashboards may have altered it. Recognizes common mistakes.

const BLOCK = /-----BEGIN (?<label>(RSA )?PRIVATE KEY)-----(?<body>[\sA-Za-z0-9+/=]+)-----END \k<label>-----/;
const BASE64 = /^(?!-----)[A-Za-z0-9+/_-]{64,}=*$/;
/**
 * Undoes quotes, escaped line breaks, base64, and lost or additional white space.
 * @returns PEM; if the value contains no private key, the unwrapped text
 */
function unwrapKey(value) {
    const text = value
        .trim()
        .replace(/^(["'`])(.*)\1$/s, '$2')
        .replace(/(\\r)?\\n|\\r/g, '\n')
        .trim();
    const { label, body } = BLOCK.exec(text)?.groups ?? {};
    if (label !== undefined && body !== undefined)
        return toPem(label, body);
    const compact = text.replace(/\s/g, '');
    if (!BASE64.test(compact))
        return text;
    const bytes = Buffer.from(compact, 'base64');
    const missing = labelOf(bytes);
    return missing === undefined ? unwrapKey(bytes.toString()) : toPem(missing, bytes.toString('base64'));
}
function toPem(label, base64) {
    const lines = base64.replace(/\s/g, '').replace(/.{64}(?=.)/g, '$&\n');
    return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----`;
}
/** A key without its BEGIN and END lines is a sequence of version 0 and, in PKCS#8 (RFC 5208), another sequence. */
function labelOf(der) {
    const [, next] = /^3082.{4}020100(30|02)/.exec(der.toString('hex', 0, 8)) ?? [];
    if (next === undefined)
        return undefined;
    return next === '30' ? 'PRIVATE KEY' : 'RSA PRIVATE KEY';
}
/** @see https://auth0.com/docs/secure/application-credentials/generate-rsa-key-pair */
const MIN_BITS = 2048;
const MAX_BITS = 4096;
/** @param pem as unwrapKey returns it */
function readPrivateKey(pem, reject) {
    const refuse = (what) => reject('client-private-key', what);
    try {
        const key = (0,external_node_crypto_.createPrivateKey)(pem);
        if (key.asymmetricKeyType !== 'rsa') {
            return refuse(`it is a key of type ${key.asymmetricKeyType}; Auth0 accepts only RSA keys.`);
        }
        const bits = Number(key.asymmetricKeyDetails?.modulusLength);
        if (bits >= MIN_BITS && bits <= MAX_BITS)
            return key;
        return refuse(`it is an RSA key of ${bits} bits; Auth0 accepts keys of ${MIN_BITS} to ${MAX_BITS} bits.`);
    }
    catch {
        // The cause is omitted on purpose: OpenSSL's message may quote what it could not parse.
        const [, what] = OTHERS.find(([form]) => form.test(pem)) ?? [];
        return refuse(what ?? `it is not a PEM private key without a passphrase. ${NEEDED}`);
    }
}
const NEEDED = "Set it to the private key of the application's key pair, from -----BEGIN PRIVATE KEY----- through -----END PRIVATE KEY-----.";
/** What people set instead, the most specific form first. */
const OTHERS = [
    [/\$\{\{|^\$\{?\w+\}?$/, `it contains an expression or a variable that was not replaced. ${NEEDED}`],
    [/^[{[]/, `it is a JSON Web Key or other JSON; convert it to PEM. ${NEEDED}`],
    [
        /ENCRYPTED/,
        'it is an encrypted key; set it to the key without a passphrase, which "openssl pkey -in key.pem" prints.',
    ],
    [
        /-----BEGIN OPENSSH|^PuTTY|^ssh-|^ecdsa-/,
        `it is an SSH key; generate a pair with "openssl genrsa 2048" instead. ${NEEDED}`,
    ],
    [/-----BEGIN [A-Z0-9 ]*CERTIFICATE/, `it is a certificate, which contains only the public key. ${NEEDED}`],
    [/-----BEGIN [A-Z0-9 ]*PUBLIC KEY/, `it is a public key. ${NEEDED}`],
    [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/, `it is a private key that is cut off, damaged or not RSA. ${NEEDED}`],
    [/^[\w.:~\\/-]+\.\w{2,4}$|^(~|\.{0,2})[\\/]/, `it is the path of a file; set it to the file's contents. ${NEEDED}`],
];

;// CONCATENATED MODULE: ./build/js/runner/credential.js
// Reads the credential: a client's secret or private key, or an access token.


const ALGORITHMS = ['RS256', 'RS384', 'PS256'];
const CREDENTIALS = ['client-secret', 'client-private-key', 'access-token'];
/** Exactly one of the three kinds. */
function readCredential(options, reject) {
    const { 'client-secret': clientSecret, 'access-token': accessToken, secretsWithheld } = options;
    const { clientId, keyId, pem, algorithm } = options;
    const [first, second] = CREDENTIALS.filter(input => options[input] !== '');
    if (first === undefined) {
        const advice = secretsWithheld === undefined ? `set ${alternatives(CREDENTIALS)}` : WITHHELD[secretsWithheld];
        return reject('client-secret', `no credential is set; ${advice}.`);
    }
    if (second !== undefined) {
        return reject(second, `conflicts with ${first}; set only one credential: ${alternatives(CREDENTIALS)}.`);
    }
    if (keyId !== '' && first !== 'client-private-key') {
        return reject('client-private-key-id', 'only valid with client-private-key; remove it.');
    }
    if (accessToken !== '') {
        if (/^[\x21-\x7e]+$/.test(accessToken))
            return { kind: 'access-token', accessToken };
        const what = 'it contains spaces or other characters that no token has';
        return reject('access-token', `${what}; set it to the token alone, without "Bearer".`);
    }
    if (clientId === '') {
        return reject('client-id', `required by ${first}: the id of the machine-to-machine application.`);
    }
    if (clientSecret !== '')
        return { kind: 'client-secret', clientId, clientSecret };
    const key = readPrivateKey(pem, reject);
    return key && algorithm && { kind: 'private-key', clientId, key, keyId: keyId || undefined, algorithm };
}
/** Why GitHub withholds the credential from a run. */
const WITHHELD = {
    fork: 'GitHub gives no secrets to a pull request from a fork: use mode: validate there',
    dependabot: 'GitHub gives runs for Dependabot only the secrets under Settings → Secrets and variables → Dependabot: use mode: validate there',
};

;// CONCATENATED MODULE: ./build/js/runner/domain.js
// Reads the domain, to which every request and the credential are sent, and the Management API's identifier. A URL parser
// silently drops line breaks, decodes, and replaces look-alikes, so any text that it would change is refused.

function readDomain(text, reject) {
    if (text === '')
        return undefined;
    const site = readSite(text);
    if (typeof site === 'object')
        return site;
    return reject('domain', `${site}; use the tenant's domain or custom domain, such as acme.eu.auth0.com.`);
}
/** @see https://auth0.com/docs/secure/tokens/access-tokens/management-api-access-tokens */
function readAudience(text, reject) {
    const site = readSite(text, text.replace(/\/api\/v2\/?$/, ''));
    if (typeof site === 'string') {
        const example = 'such as https://acme.eu.auth0.com/api/v2/';
        return reject('audience', `${site}; use the Management API's identifier, ${example}.`);
    }
    const expected = audienceOf(site);
    if (text === expected.audience)
        return expected;
    return reject('audience', `${quoteInput(text)} is not the Management API's identifier; use ${expected.audience}.`);
}
function audienceOf({ host }) {
    return { audience: `https://${host}/api/v2/`, tenant: host };
}
const domain_UNSEEN = /[\s\p{C}\p{Default_Ignorable_Code_Point}]/u;
const NOT_ASCII = /[^\x21-\x7e]/u;
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
const AUTHORITY = /^(?<host>\[[0-9a-f:]+\]|[^:[\]]+)(?<port>:\d+)?$/i;
const LOOPBACK = /^(localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/;
const FULL_DOMAIN = /^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9-]+$/;
/**
 * @param address what is read; the whole text is quoted
 * @returns a string that says what is wrong, if it is not a domain
 */
function readSite(text, address = text) {
    // Not quoted, because it may contain a password.
    if (address.includes('@'))
        return 'it contains a user or password';
    const named = quoteInput(text);
    const notDomain = `${named} is not a domain`;
    const unseen = domain_UNSEEN.exec(address)?.[0];
    if (unseen !== undefined)
        return `${notDomain}, because it contains ${nameOf(unseen)}`;
    const foreign = NOT_ASCII.exec(address)?.[0];
    if (foreign !== undefined) {
        return `${notDomain}, because "${foreign}" (${codePointOf(foreign)}) is not ASCII (an internationalized domain has a form with xn--)`;
    }
    const protocol = SCHEME.exec(address)?.[1]?.toLowerCase() ?? 'https';
    const rest = address.replace(SCHEME, '');
    if (protocol !== 'https' && protocol !== 'http')
        return `${named} is not an https:// address`;
    if (/^\/|\\/.test(rest))
        return notDomain;
    const authority = rest.replace(/\/$/, '');
    if (/[/?#]/.test(authority))
        return `${named} has a path or a query`;
    const { host, port } = AUTHORITY.exec(authority)?.groups ?? {};
    const url = URL.parse(`${protocol}://${authority}`);
    // For example 0x7f.1, or a percent sign.
    if (host === undefined || url === null || url.hostname !== host.toLowerCase())
        return notDomain;
    const loopback = LOOPBACK.test(url.hostname);
    if (protocol === 'http' && !loopback) {
        return `${named} is plain HTTP, which is only allowed for a loopback address; use https://`;
    }
    if (!loopback && port !== undefined)
        return `${named} has a port`;
    if (!loopback && !FULL_DOMAIN.test(url.hostname))
        return `${named} is not a full domain`;
    return { host: url.host, origin: url.origin };
}
function nameOf(character) {
    if (/[\n\r\u2028\u2029]/.test(character))
        return 'a line break';
    if (character === '\t')
        return 'a tab';
    return character === ' ' ? 'a space' : `the invisible character ${codePointOf(character)}`;
}
function codePointOf(character) {
    return `U+${Number(character.codePointAt(0)).toString(16).toUpperCase().padStart(4, '0')}`;
}

;// CONCATENATED MODULE: ./build/js/runner/glob.js
// The lines of the input `manifest`: which are globs, and why a line may match nothing. Pure.
/** `!x.yml` is not a glob, because nothing can be excluded; `!(x).yml` is one. */
function isGlob(pattern) {
    return /[*?[{]|[+@!]\(/.test(pattern) && !/^!(?!\()/.test(pattern);
}
/** The folders that a pattern begins with, up to the first glob. */
function foldersBeforeGlob(pattern) {
    const parts = pattern.split('/');
    const glob = parts.findIndex(isGlob);
    return parts.slice(0, glob === -1 ? parts.length - 1 : glob);
}
/** Paths of the workspace: on hosted runners, in job containers, in container actions, on self-hosted runners. */
const WORKSPACES = /^(?:\/home\/runner\/work\/[^/]+\/[^/]+|\/__w\/[^/]+\/[^/]+|\/github\/workspace|.*[\\/]_work[\\/][^\\/]+[\\/][^\\/]+)[\\/](.+)$/;
/** For a path in the workspace of another machine or container: the path relative to that workspace. */
function pathInWorkspace(path, workspace) {
    return path.startsWith(workspace) ? undefined : WORKSPACES.exec(path)?.[1];
}
const MISTAKES = [
    [/^!/, 'nothing can be excluded: list the files to read, one path or glob per line'],
    [/^\[.*\]$/, 'write one path or glob per line, without brackets'],
    [/^(["'`]).*\1$/, 'write one path or glob per line, without quotes'],
    [/^- /, 'write one path or glob per line, without "- " before it'],
    [/\$|^~/, 'variables and ~ are not expanded here; write the path itself'],
    [/\\/, 'write / between folders'],
    [/[,;]|\.\w+\s/, 'write one path or glob per line, without separators'],
];
/** What to do about a line that matches no file. */
function adviseOnPattern(pattern, workspace) {
    const path = pathInWorkspace(pattern, workspace);
    if (path !== undefined)
        return `${FOREIGN_WORKSPACE}: ${path}`;
    const [, advice = 'correct the input manifest, or add the file'] = MISTAKES.find(([form]) => form.test(pattern)) ?? [];
    return advice;
}
const FOREIGN_WORKSPACE = 'the workspace of a container has a different path, so do not use github.workspace: write the path relative to the workspace';

;// CONCATENATED MODULE: ./build/js/runner/inputs.js
// Action inputs → one readonly Inputs. Masks every secret first, and finds all problems of the inputs before any request
// is sent.









/** The allowed values of inputs that have a choice. */
const CHOICES = {
    mode: ['validate', 'plan', 'apply', 'export'],
    revoke: ['never', 'managed', 'all'],
    scope: ['all', 'changed'],
    'missing-users': ['fail', 'warn'],
    'client-private-key-algorithm': ALGORITHMS,
};
/** Values of inputs that the workflow does not set; a test compares them with `action.yml`. */
const DEFAULTS = {
    mode: 'apply',
    manifest: '.github/auth0-permissions.yml',
    'client-private-key-algorithm': 'RS256',
    revoke: 'managed',
    scope: 'all',
    'max-revocations': '20',
    'missing-users': 'fail',
    'require-merged': 'true',
    'approved-plan': 'none',
    'fail-on-changes': 'false',
    comment: 'false',
    headroom: '25%',
};
/** @throws InputError that names every input that cannot be used */
function readInputs({ secretsWithheld }) {
    const secrets = {
        'client-secret': core/* getInput */.V4('client-secret'),
        'client-private-key': core/* getInput */.V4('client-private-key'),
        'access-token': core/* getInput */.V4('access-token'),
        'github-token': core/* getInput */.V4('github-token'),
        'ledger-key': core/* getInput */.V4('ledger-key'),
    };
    const pem = unwrapKey(secrets['client-private-key']);
    const keyBody = pem.replace(/-----[A-Z ]+-----|\s/g, '');
    for (const secret of [...Object.values(secrets), pem, keyBody])
        (0,runner_secrets/* mask */.dK)(secret);
    const problems = [];
    const reject = (input, message) => {
        problems.push({ input, message: `Input ${input}: ${message}` });
        return undefined;
    };
    const mode = oneOf('mode', reject);
    const manifest = lines('manifest');
    const domain = readDomain(inputs_text('domain'), reject);
    const headroom = readShare('headroom', reject);
    const requestsPerSecond = readRate('requests-per-second', reject);
    const choices = readChoices(mode, reject);
    const algorithm = oneOf('client-private-key-algorithm', reject);
    const ledgerKey = readLedgerKey(secrets['ledger-key'], reject);
    if (mode === 'validate') {
        if (problems.length > 0)
            throw new errors/* InputError */.dz(problems);
        return { mode, manifest, domain };
    }
    if (inputs_text('domain') === '')
        reject('domain', `required by mode ${mode ?? 'apply'}: the tenant's domain, such as acme.eu.auth0.com.`);
    const clientId = core/* getInput */.V4('client-id');
    const keyId = core/* getInput */.V4('client-private-key-id');
    const credential = readCredential({ ...secrets, clientId, keyId, pem, algorithm, secretsWithheld }, reject);
    const audience = inputs_text('audience') === '' ? domain && audienceOf(domain) : readAudience(inputs_text('audience'), reject);
    const subjects = mode === 'export' ? readSubjects(manifest, reject) : { users: [], query: undefined };
    const complete = mode && domain && audience && headroom !== undefined && credential && choices && subjects;
    if (problems.length > 0 || !complete)
        throw new errors/* InputError */.dz(problems);
    const connection = { manifest, domain, ...audience, credential, headroom, requestsPerSecond };
    if (mode === 'export')
        return { mode, ...connection, ...subjects };
    return { mode, ...connection, ...choices, githubToken: secrets['github-token'] || undefined, ledgerKey };
}
/** What a plan may do, and what is done with it. */
function readChoices(mode, reject) {
    const revoke = oneOf('revoke', reject);
    const scope = oneOf('scope', reject);
    const maxRevocations = readRevocationLimit('max-revocations', reject);
    const missingUsers = oneOf('missing-users', reject);
    const requireMerged = readBoolean('require-merged', reject);
    const planFile = inputs_text('plan-file') || undefined;
    const approvedPlan = readDigest('approved-plan', reject);
    const failOnChanges = readBoolean('fail-on-changes', reject);
    const comment = inputs_text('comment') === 'changes' ? 'changes' : readBoolean('comment', reject);
    if (planFile !== undefined && mode !== undefined && mode !== 'apply') {
        reject('plan-file', `only valid with mode: apply, because mode ${mode} computes its own plan; remove it.`);
    }
    if (mode !== 'export') {
        for (const input of ['users', 'query']) {
            if (inputs_text(input) !== '')
                reject(input, 'only valid with mode: export; list users in the manifest.');
        }
    }
    if (!revoke || !scope || !maxRevocations || !missingUsers)
        return undefined;
    if (failOnChanges === undefined || comment === undefined || requireMerged === undefined)
        return undefined;
    return { revoke, scope, maxRevocations, missingUsers, requireMerged, planFile, approvedPlan, failOnChanges, comment };
}
/** The users to export; also checks that there is one path to write to. */
function readSubjects(manifest, reject) {
    const [path, ...others] = manifest;
    if (path === undefined || others.length > 0 || isGlob(path)) {
        reject('manifest', 'mode export writes one file; set it to the path of that file.');
    }
    const users = lines('users');
    const query = inputs_text('query') || undefined;
    for (const id of users.filter(user => !isUserId(user) && !isAddress(user))) {
        reject('users', `${quoteInput(id)} is neither a user id nor an e-mail address.`);
    }
    if (users.length > 0 || query !== undefined)
        return { users, query };
    return reject('users', 'mode export needs users (ids or e-mail addresses, one per line) or query (a search).');
}
function inputs_text(input) {
    const value = core/* getInput */.V4(input);
    return value === '' && input in DEFAULTS ? DEFAULTS[input] : value;
}
function lines(input) {
    return inputs_text(input)
        .split('\n')
        .map(line => line.trim())
        .filter(line => line !== '');
}
/** The booleans of YAML 1.2, as in `getBooleanInput`. */
function readBoolean(input, reject) {
    const value = inputs_text(input);
    if (/^(true|True|TRUE)$/.test(value))
        return true;
    if (/^(false|False|FALSE)$/.test(value))
        return false;
    const allowed = input === 'comment' ? ['true', 'false', 'changes'] : ['true', 'false'];
    return reject(input, `${quoteInput(value)} is not a valid value; use ${alternatives(allowed)}.`);
}
/** @returns undefined for `none`; an expression that resolved to nothing must not count as `none` */
function readDigest(input, reject) {
    const value = core/* getInput */.V4(input);
    const isSet = `INPUT_${input.toUpperCase()}` in process.env;
    if (value === 'none' || !isSet)
        return undefined;
    if (/^sha256:[0-9a-f]{64}$/.test(value))
        return value;
    const what = value === ''
        ? 'it is empty; set it to the output plan-digest of the plan that was approved (undo-plan-digest for an undo plan), or remove it to apply without an approval.'
        : `${quoteInput(value)} is not a digest; use the output plan-digest (undo-plan-digest for an undo plan): sha256: and 64 hexadecimal digits in lower case.`;
    return reject(input, what);
}
function oneOf(input, reject) {
    const allowed = CHOICES[input];
    const value = inputs_text(input);
    const known = allowed.find(each => each === value);
    return known ?? reject(input, `${quoteInput(value)} is not a valid value; use ${alternatives(allowed)}.`);
}
const LIMIT = /^(?:(?<count>\d{1,9})(?: or (?=\d)|$))?(?:(?<percent>[1-9]\d?|100) ?%)?$/;
function readRevocationLimit(input, reject) {
    const value = inputs_text(input);
    const { count, percent } = LIMIT.exec(value)?.groups ?? {};
    if (count === undefined && percent === undefined) {
        const forms = 'a count (20), a percentage of the live grants from 1% to 100% (10%), or both for the larger (20 or 10%)';
        return reject(input, `${quoteInput(value)} is not a limit; use ${forms}.`);
    }
    return { count: count ? Number(count) : undefined, percent: percent ? Number(percent) : undefined };
}
function readShare(input, reject) {
    const value = inputs_text(input);
    const [, percent] = /^(\d{1,2}(?:\.\d{1,3})?) ?%$/.exec(value) ?? [];
    if (percent !== undefined)
        return Number(percent) / 100;
    return reject(input, `${quoteInput(value)} is not a share; use a percentage from 0% to 99%, such as 25%.`);
}
function readRate(input, reject) {
    const value = inputs_text(input);
    if (value === '')
        return undefined;
    const rate = /^\d{1,6}(\.\d{1,3})?$/.test(value) ? Number(value) : 0;
    return rate > 0 ? rate : reject(input, `${quoteInput(value)} is not a number above 0, such as 5 or 0.5.`);
}
const MIN_LEDGER_KEY = 32;
function readLedgerKey(value, reject) {
    if (value === '')
        return undefined;
    if (value.length >= MIN_LEDGER_KEY)
        return value;
    const advice = `use a secret of at least ${MIN_LEDGER_KEY}, such as the output of "openssl rand -hex 32"`;
    return reject('ledger-key', `it has ${value.length} characters; ${advice}.`);
}

// EXTERNAL MODULE: external "node:fs"
var external_node_fs_ = __webpack_require__(3024);
// EXTERNAL MODULE: ./node_modules/zod/v4/classic/schemas.js + 9 modules
var schemas = __webpack_require__(7597);
;// CONCATENATED MODULE: ./build/js/runner/workflow.js
// Reads what GitHub provides to a step about its workflow run.



/** An event may be any JSON, and any of its keys may be missing. */
function maybe(form) {
    return form.optional().catch(undefined);
}
const eventPayload = schemas/* object */.Ikc({
    repository: maybe(schemas/* object */.Ikc({ default_branch: maybe(schemas/* string */.YjP().min(1)) })),
    pull_request: maybe(schemas/* object */.Ikc({
        number: maybe(schemas/* int */.Whr().positive()),
        head: maybe(schemas/* object */.Ikc({
            sha: maybe(schemas/* string */.YjP()),
            /** null once a fork was deleted */
            repo: maybe(schemas/* object */.Ikc({ full_name: schemas/* string */.YjP() }).nullable()),
        })),
    })),
});
/** @throws ActionError if there is no folder to work in */
function readWorkflow() {
    const env = process.env;
    const payload = readPayload(env.GITHUB_EVENT_PATH ?? '');
    const [owner, repo] = (env.GITHUB_REPOSITORY ?? '').split('/');
    const ref = env.GITHUB_REF ?? '';
    const server = env.GITHUB_SERVER_URL || 'https://github.com';
    const commit = env.GITHUB_SHA ?? '';
    const mergeRef = /^refs\/pull\/(\d+)\//.exec(ref)?.[1];
    return {
        name: env.GITHUB_EVENT_NAME ?? '',
        ref,
        refProtected: env.GITHUB_REF_PROTECTED === 'true',
        defaultBranch: payload.repository?.default_branch,
        workspace: env.GITHUB_WORKSPACE || currentFolder(),
        repository: owner && repo ? { owner, repo } : undefined,
        commit,
        // Only for merge refs, because pull_request_target runs for the base branch.
        knownCommit: (mergeRef && payload.pull_request?.head?.sha) || commit,
        secretsWithheld: secretsWithheld(payload),
        runUrl: repo && env.GITHUB_RUN_ID ? `${server}/${owner}/${repo}/actions/runs/${env.GITHUB_RUN_ID}` : undefined,
        pullRequest: payload.pull_request?.number ?? (mergeRef === undefined ? undefined : Number(mergeRef)),
    };
}
function currentFolder() {
    try {
        return process.cwd();
    }
    catch (cause) {
        const advice = 'set GITHUB_WORKSPACE, or run this in an existing folder';
        throw new errors/* ActionError */.lZ(`The current folder no longer exists; ${advice}.`, { cause });
    }
}
/**
 * @see https://docs.github.com/en/actions/security-for-github-actions/security-guides/using-secrets-in-github-actions
 * @see https://docs.github.com/en/code-security/dependabot/troubleshooting-dependabot/troubleshooting-dependabot-on-github-actions
 */
function secretsWithheld(payload) {
    const { GITHUB_ACTOR, GITHUB_EVENT_NAME = '', GITHUB_REPOSITORY = '' } = process.env;
    if (GITHUB_ACTOR === 'dependabot[bot]')
        return 'dependabot';
    const head = payload.pull_request?.head?.repo;
    if (head === undefined || !/^pull_request(?!_target)/.test(GITHUB_EVENT_NAME))
        return undefined;
    return head?.full_name.toLowerCase() === GITHUB_REPOSITORY.toLowerCase() ? undefined : 'fork';
}
/** Empty if there is no event, as outside a workflow, or if it cannot be read. */
function readPayload(path) {
    try {
        // Reading a device may never end.
        return (0,external_node_fs_.statSync)(path).isFile() ? eventPayload.parse(JSON.parse((0,external_node_fs_.readFileSync)(path, 'utf8'))) : {};
    }
    catch {
        return {};
    }
}

// EXTERNAL MODULE: ./build/js/access/grants.js
var access_grants = __webpack_require__(5558);
;// CONCATENATED MODULE: ./build/js/ledger/ledger.js
// What is managed, by user id, and its arithmetic. Pure.
//
// The life of a ledger during an apply:
//
//   read ──► begin: what is about to be done ──► writes to the tenant ──► end: what was done
//              counts as managed already           (killed here?            │
//              and is marked unfinished             the mark stays)         ├─ nobody moved the branch: settled
//                                                                           └─ somebody did: merged, and still marked
//
// What a run reads about a user corrects the ledger: a grant that is not live is no longer managed.

function emptyLedger(tenant) {
    const latest = { run: '', commit: '', at: '' };
    return { tenant, commit: '', branch: '', latest, applying: false, files: [], users: new Map() };
}
/** The ledger before the first write: what is about to be granted already counts as managed. */
function beginUsers(users, progress) {
    const update = (known, { grant, revoke, byHand }) => ({
        managed: known.union(grant.difference(byHand)),
        unfinished: grant.size + revoke.size > 0,
    });
    return updateUsers(users, { ...progress, update });
}
/** The ledger after the last write. */
function endUsers(users, progress) {
    const update = (known, { user, grant, revoke, byHand }) => {
        if (grant.size + revoke.size === 0)
            return { managed: known, unfinished: false };
        const { status = 'failed', revoked = access_grants/* NO_GRANTS */.cJ } = progress.results.get(user) ?? {};
        switch (status) {
            case 'done':
                return { managed: known.union(grant.difference(byHand)).difference(revoke), unfinished: false };
            // Any operation may have been done although no response arrived, or a defect ended the run before it did.
            case 'failed':
                return { managed: known.union(grant.difference(byHand)).difference(revoked), unfinished: true };
            case 'not attempted':
                return { managed: known, unfinished: true };
        }
    };
    return updateUsers(users, { ...progress, update });
}
function updateUsers(users, { observations, gone, unread, listings, update }) {
    const updated = new Map(users);
    for (const [user, listed] of listings) {
        const entry = updated.get(user);
        if (entry !== undefined)
            updated.set(user, { ...entry, listed });
    }
    for (const observation of observations) {
        const before = users.get(observation.user);
        const after = update(knownOf(before?.managed ?? access_grants/* NO_GRANTS */.cJ, observation), observation);
        // An address still belongs to this user if its look-up failed.
        const listed = mergeListings(observation.listed, listings.get(observation.user) ?? []);
        const isRemoved = listed.length === 0;
        if (isRemoved && after.managed.size === 0 && !after.unfinished)
            updated.delete(observation.user);
        else
            updated.set(observation.user, { ...after, listed: isRemoved ? (before?.listed ?? []) : listed });
    }
    for (const user of gone)
        updated.delete(user);
    for (const user of unread) {
        const entry = updated.get(user);
        if (entry !== undefined)
            updated.set(user, { ...entry, unfinished: true });
    }
    return updated;
}
function mergeListings(one, other) {
    return [...new Map([...one, ...other].map(listing => [keyOf(listing), listing])).values()];
}
/** What is managed before anything is written: managed or desired grants that are live. */
function knownOf(managed, { desired, live }) {
    return live === undefined ? managed : managed.union(desired).intersection(live);
}
/**
 * Reverts what an earlier apply changed, and keeps what later ones did. A grant that it only adopted is no longer managed,
 * even if later applies revoked and granted it.
 */
function revertUsers(users, changes) {
    const reverted = new Map(users);
    for (const [user, change] of changes) {
        const entry = revertEntry(users.get(user), change);
        if (entry === undefined)
            reverted.delete(user);
        else
            reverted.set(user, entry);
    }
    return reverted;
}
function revertEntry(now, { before, after, revokes }) {
    const [had, has] = [before?.managed ?? access_grants/* NO_GRANTS */.cJ, after?.managed ?? access_grants/* NO_GRANTS */.cJ];
    const gained = has.difference(had).difference(revokes);
    const managed = (now?.managed ?? access_grants/* NO_GRANTS */.cJ).difference(gained).union(had.difference(has));
    const unfinished = now?.unfinished === true || before?.unfinished === true;
    const latest = now !== undefined && !isSameListing(now, after) ? now : (before ?? now);
    if (latest === undefined || (before === undefined && managed.size === 0 && !unfinished))
        return undefined;
    return { listed: latest.listed, managed, unfinished };
}
/** The users whose entries differ. */
function changedEntries(before, after) {
    const users = new Set([...before.keys(), ...after.keys()]);
    return new Set([...users].filter(user => !isSameEntry(before.get(user), after.get(user))));
}
function isSameEntry(a, b) {
    if (a === undefined || b === undefined || a.unfinished !== b.unfinished)
        return false;
    return isSame(a.managed, b.managed) && isSameListing(a, b);
}
function isSameListing(a, b) {
    return isSame(new Set(a.listed.map(keyOf)), new Set(b?.listed.map(keyOf)));
}
function isSame(a, b) {
    return a.size === b.size && a.isSubsetOf(b);
}
/**
 * Merges this run's users into a ledger that another run wrote in the meantime. Grants in either may be live, so all of
 * them count until a run reads these users again.
 */
function mergeUsers({ newer, own }, changed) {
    const merged = new Map(newer);
    for (const user of changed) {
        const [theirs, ours] = [newer.get(user), own.get(user)];
        const managed = (theirs?.managed ?? access_grants/* NO_GRANTS */.cJ).union(ours?.managed ?? access_grants/* NO_GRANTS */.cJ);
        const listed = ours?.listed ?? theirs?.listed ?? [];
        if (theirs !== undefined || ours !== undefined)
            merged.set(user, { listed, managed, unfinished: true });
    }
    return merged;
}
/** The user that each address referred to, by `keyOf` the address. */
function rememberedUsers(users) {
    const remembered = new Map();
    for (const [user, { listed }] of users) {
        for (const listing of listed)
            if (listing !== 'id')
                remembered.set(keyOf(listing), user);
    }
    return remembered;
}
/** Equal only for listings that certainly are the same. */
function keyOf(listing) {
    return JSON.stringify(listing);
}
/** As stored in the ledger: an address in another letter case is the same listing. */
function listingOf(user) {
    if (user.email === undefined)
        return 'id';
    return { email: user.email.toLowerCase(), ...(user.connection !== undefined && { connection: user.connection }) };
}
/** Groups listed users by their known id: their own, or the one that the ledger remembers. */
function groupById(listed, remembered) {
    const known = new Map();
    const unknown = [];
    for (const user of listed) {
        const id = user.id ?? remembered.get(keyOf(listingOf(user)));
        if (id === undefined)
            unknown.push(user);
        else
            known.set(id, [...(known.get(id) ?? []), user]);
    }
    return { known, unknown };
}
/** Whether a user's desired grants equal the managed ones, so that `scope: changed` does not need to read the user. */
function isUnchanged(entry, listed) {
    if (entry === undefined || entry.unfinished)
        return false;
    return isSame(entry.managed, new Set(listed.flatMap(({ grants }) => [...grants.keys()])));
}
/** @param changed the users whose entries this run changed */
function mergeLedgers({ newer, own }, changed) {
    const files = [...new Set([...newer.files, ...own.files])];
    return { ...newer, files, users: mergeUsers({ newer: newer.users, own: own.users }, changed) };
}
/** The ids of users with managed grants whom the manifest no longer lists. */
function removedUsers(users, known) {
    return [...users].flatMap(([user, { managed }]) => (!known.has(user) && managed.size > 0 ? [user] : []));
}

;// CONCATENATED MODULE: ./build/js/access/roles.js
// The roles of a tenant, and those that a manifest refers to. Pure.
function indexRoles(names) {
    const byName = Map.groupBy(names, ([, name]) => name);
    return { names, ids: new Map([...byName].map(([name, roles]) => [name, roles.map(([id]) => id)])) };
}
/** Names for display: one that several roles have is followed by the id. */
function displayNames({ names, ids }) {
    const isUnique = (name) => name.trim() !== '' && ids.get(name)?.length === 1;
    return new Map([...names].map(([id, name]) => [id, isUnique(name) ? name : `${name} (${id})`.trim()]));
}
/** Ids of the roles that a reference (an id or a name) may mean: one if it is unambiguous, none if it is unknown. */
function findRoles(reference, { names, ids }) {
    return names.has(reference) ? [reference] : (ids.get(reference) ?? []);
}
/** Whether this has the form of Auth0's role ids. A role whose name has this form must be listed by its id. */
function isRoleId(reference) {
    return /^rol_\w+$/.test(reference);
}

;// CONCATENATED MODULE: ./build/js/access/nearest.js
// Finds the known name that the author of an unknown one probably meant. Pure.

/** Suggests a similar known name; undefined if there is none. */
function suggest(name, known) {
    const near = nearest(name, known);
    return near === undefined ? undefined : `Did you mean ${quote(near)}?`;
}
// A manifest may be hostile, so the cost of a search is limited. Auth0 allows 1,000 permissions per API.
const MAX_CANDIDATES = 1_000;
const MAX_COMPARED = 100;
const MAX_MISTAKES = 3;
/**
 * The known name with the fewest typing mistakes: at most one for each three characters, and one in a name of two. An
 * identifier of any length that differs only in its scheme, letter case or trailing slash comes first.
 */
function nearest(name, known) {
    const core = coreOf(name);
    const wanted = name.toLowerCase();
    let best;
    let fewest = Math.min(MAX_MISTAKES, Math.ceil((name.length - 1) / 3)) + 1;
    let compared = 0;
    for (const candidate of known) {
        if (compared++ >= MAX_CANDIDATES)
            break;
        if (coreOf(candidate) === core)
            return candidate;
        if (name.length > MAX_COMPARED || Math.abs(candidate.length - name.length) >= fewest)
            continue;
        const mistakes = typingMistakes([wanted, candidate.toLowerCase()], fewest);
        if (mistakes >= fewest)
            continue;
        fewest = mistakes;
        best = candidate;
    }
    return best;
}
/** The part of an identifier or a host that people rarely mistype. */
function coreOf(identifier) {
    return identifier.toLowerCase().replace(/^https?:\/\/|\/$/g, '');
}
/**
 * The optimal string alignment distance: letters omitted, added, changed, or swapped with their neighbour. Only cells near
 * the diagonal are computed, because all others are at least `enough`.
 * @returns `enough` for every distance that is not smaller
 */
function typingMistakes([a, b], enough) {
    // Three rows are reused, because allocating one for each letter would cost more than the comparison. Bytes suffice,
    // because no cell exceeds `enough`.
    let beforeLast = new Uint8Array(b.length + 1);
    let last = beforeLast.map((_, column) => Math.min(column, enough));
    let current = new Uint8Array(b.length + 1);
    for (let row = 1; row <= a.length; row++) {
        const letter = a.charCodeAt(row - 1);
        const before = a.charCodeAt(row - 2);
        const from = Math.max(1, row - enough);
        const to = Math.min(b.length, row + enough);
        let least = Math.min(row, enough);
        current[from - 1] = least;
        // Beyond the last column, this has no effect.
        current[to + 1] = enough;
        for (let column = from; column <= to; column++) {
            const changed = Number(last[column - 1]) + (letter === b.charCodeAt(column - 1) ? 0 : 1);
            const swapped = letter === b.charCodeAt(column - 2) && before === b.charCodeAt(column - 1)
                ? Number(beforeLast[column - 2]) + 1
                : changed;
            const cell = Math.min(changed, swapped, Number(last[column]) + 1, Number(current[column - 1]) + 1, enough);
            current[column] = cell;
            least = Math.min(least, cell);
        }
        if (least >= enough)
            return enough;
        [beforeLast, last, current] = [last, current, beforeLast];
    }
    return Number(last[b.length]);
}

;// CONCATENATED MODULE: ./build/js/access/yaml.js
// Writes text as YAML scalars, without quotes if every YAML parser reads them as text. Pure.
/** Begins with a letter, and has no colon at its end or before a space. */
const PLAIN = /^[A-Za-z](?:[\w./|@*+~-]|:(?=[\w./|@*+~-]))*$/;
/** What matches PLAIN, but is not text in YAML 1.1 or 1.2. */
const NOT_TEXT = /^(?:y|n|yes|no|on|off|true|false|null|e[-+]?\d+)$/i;
/** Characters that YAML forbids, that some parsers treat as line breaks, or that are invisible. */
const yaml_UNSEEN = /\p{C}|(?! )\p{Z}/gu;
/** Whether no YAML parser needs quotes around a text, even in a flow sequence. */
function isPlainScalar(text) {
    return PLAIN.test(text) && !NOT_TEXT.test(text);
}
/** A text as a YAML scalar, also for a flow sequence. */
function scalar(text) {
    if (isPlainScalar(text))
        return text;
    return JSON.stringify(text).replace(yaml_UNSEEN, escapeCharacter);
}
function escapeCharacter(character) {
    const code = Number(character.codePointAt(0)).toString(16);
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
}

;// CONCATENATED MODULE: ./build/js/manifest/problem.js
// A mistake in a manifest: first a remark about a place in the data, then a problem at a line and column of the file. Pure.
/** A value within the value of a mention. */
function mentionWithin({ file, path, on }, inner) {
    return { file, path: [...path, ...inner], on };
}
/** Mistakes that are shown with their places; a hostile manifest has millions. */
const MAX_PROBLEMS = 1_000;

// EXTERNAL MODULE: ./node_modules/js-yaml/dist/js-yaml.mjs
var js_yaml = __webpack_require__(3243);
;// CONCATENATED MODULE: ./build/js/manifest/scalars.js
// Parser events → data. Text stays as written. An unquoted scalar that a version of YAML does not read as text is marked,
// so that `1.10` becomes neither the name 1.1 nor a key that replaces another. Pure.

/** A scalar that YAML does not read as text. */
class Unquoted {
    /** As written. */
    text;
    /** How YAML reads it, such as `a number`. */
    kind;
    value;
    constructor({ text, kind, value }) {
        this.text = text;
        this.kind = kind;
        this.value = value;
    }
}
/** Keys are text as written, however YAML reads them. */
class Mapping extends Map {
    /** The keys that YAML does not read as text. */
    unquoted;
}
/** The entries of a mapping, without merge keys. */
function* entriesOf(value) {
    if (!(value instanceof Mapping))
        return;
    for (const entry of value)
        if (entry[0] !== '<<')
            yield entry;
}
function fieldOf(value, key) {
    return value instanceof Mapping ? value.get(key) : undefined;
}
function listOf(value) {
    return Array.isArray(value) ? value : [];
}
function textOf(value) {
    return typeof value === 'string' && value !== '' ? value : undefined;
}
/** Text, or an unquoted scalar as written. */
function writtenOf(value) {
    return value instanceof Unquoted ? value.text : textOf(value);
}
const KIND_WORDS = {
    'tag:yaml.org,2002:null': 'nothing',
    'tag:yaml.org,2002:bool': 'a boolean',
    'tag:yaml.org,2002:int': 'a number',
    'tag:yaml.org,2002:float': 'a number',
    'tag:yaml.org,2002:timestamp': 'a date',
};
/** A boolean in YAML 1.1, but in no parser in use. */
const LETTER = /^[yn]$/i;
/** Scalars that YAML 1.1 or 1.2 does not read as text, from the schema that the library uses for writing. */
const unquotedTags = js_yaml/* DUMP_SCHEMA */.Xe.tags.flatMap(tag => {
    const kind = KIND_WORDS[tag.tagName];
    if (tag.nodeKind !== 'scalar' || kind === undefined)
        return [];
    const resolve = (source, isExplicit, tagName) => {
        const value = tag.resolve(source, isExplicit, tagName);
        if (LETTER.test(source))
            return js_yaml/* NOT_RESOLVED */.Hg;
        return value === js_yaml/* NOT_RESOLVED */.Hg || source === '' ? value : new Unquoted({ text: source, kind, value });
    };
    return { ...tag, resolve };
});
const COMPLEX_KEY = 'a key must be text, not a list or a mapping';
/** @throws YAMLException */
function construct(events, source) {
    let hasDuplicateKeys = false;
    const mappingTag = {
        ...js_yaml/* realMapTag */.HY,
        create: () => new Mapping(),
        addPair: (mapping, key, value) => {
            if (key !== null && typeof key !== 'string' && !(key instanceof Unquoted))
                return COMPLEX_KEY;
            const text = key instanceof Unquoted ? key.text : (key ?? '');
            if (key instanceof Unquoted)
                mapping.unquoted = (mapping.unquoted ?? new Map()).set(text, key);
            hasDuplicateKeys ||= mapping.has(text);
            mapping.set(text, value);
            return '';
        },
    };
    const schema = new js_yaml/* Schema */.Sj([js_yaml/* strTag */.ym, js_yaml/* seqTag */.UD, mappingTag, ...unquotedTags]);
    return { contents: (0,js_yaml/* constructFromEvents */.fw)(events, { source, schema, json: true }), hasDuplicateKeys };
}

;// CONCATENATED MODULE: ./build/js/manifest/read.js
// Parsed documents → types, so that no later code sees data of unknown type. Reads everything that it can, and skips values
// with an unexpected form, which form.ts reports. Pure.

function readContents(documents) {
    const apis = documents.flatMap(document => [...apisOf(document)]);
    const bundles = documents.flatMap(document => [...bundlesOf(document)]);
    const roles = documents.flatMap(document => [...catalogueRolesOf(document)]);
    const hasCatalogue = documents.some(({ content }) => Array.isArray(fieldOf(content, 'roles')));
    const names = {
        apis: firstOf(apis, ({ alias }) => alias),
        bundles: firstOf(bundles, ({ name }) => name),
        roles: hasCatalogue ? new Set(roles.map(({ role }) => role)) : undefined,
    };
    return { apis, bundles, roles, users: documents.flatMap(document => [...usersOf(document)]), names };
}
function firstOf(items, keyOf) {
    const first = new Map();
    for (const item of items)
        if (!first.has(keyOf(item)))
            first.set(keyOf(item), item);
    return first;
}
function* apisOf({ file, content }) {
    for (const [alias, definition] of entriesOf(fieldOf(content, 'apis'))) {
        const short = writtenOf(definition);
        const identifier = short ?? writtenOf(fieldOf(definition, 'identifier'));
        if (identifier === undefined)
            continue;
        const path = short === undefined ? ['apis', alias, 'identifier'] : ['apis', alias];
        const names = fieldOf(definition, 'permissions');
        const catalogue = Array.isArray(names) ? new Set(names.flatMap(name => textOf(name) ?? [])) : undefined;
        yield { alias, identifier, catalogue, file, path, on: 'value' };
    }
}
function* bundlesOf({ file, content }) {
    for (const [name, lists] of entriesOf(fieldOf(content, 'bundles'))) {
        yield { file, name, lists: permissionsIn(lists, { file, path: ['bundles', name] }) };
    }
}
function* catalogueRolesOf({ file, content }) {
    for (const [index, name] of listOf(fieldOf(content, 'roles')).entries()) {
        const role = textOf(name);
        if (role !== undefined)
            yield { role, file, path: ['roles', index], on: 'value' };
    }
}
function* usersOf({ file, content }) {
    for (const [index, entry] of listOf(fieldOf(content, 'users')).entries()) {
        if (!(entry instanceof Mapping))
            continue;
        const within = ['users', index];
        const lists = [
            ...permissionsIn(entry.get('permissions'), { file, path: [...within, 'permissions'] }),
            { of: 'role', key: 'roles', items: itemsIn(entry.get('roles')), file, within },
            { of: 'bundle', key: 'bundles', items: itemsIn(entry.get('bundles')), file, within },
        ];
        yield { index, identity: readIdentity(entry), lists, ...readTerms(entry), file, path: within, on: 'value' };
    }
}
function readIdentity(entry) {
    const id = textOf(entry.get('id'));
    if (id !== undefined)
        return { id };
    const email = textOf(entry.get('email'));
    return email === undefined ? undefined : { email, connection: textOf(entry.get('connection')) };
}
/** Equal for two entries that list the same user by the same id, or by the same address in any letter case. */
function userIdentity(user) {
    return JSON.stringify(user.id === undefined ? [user.email.toLowerCase(), user.connection ?? ''] : [user.id]);
}
function permissionsIn(lists, { file, path: within }) {
    return Array.from(entriesOf(lists), ([key, list]) => ({ of: 'permission', key, items: itemsIn(list), file, within }));
}
function itemsIn(list) {
    return listOf(list).map(item => item instanceof Mapping ? { name: textOf(item.get('name')), ...readTerms(item) } : textOf(item));
}
/** A date needs no quotes. */
function readTerms(node) {
    const expires = node.get('expires');
    return { expires: expires === '' ? expires : writtenOf(expires), reason: textOf(node.get('reason')) };
}
function read_nameOf(item) {
    return typeof item === 'object' ? item.name : item;
}
/** Every list of one kind, in bundles and users. */
function* listsOf({ bundles, users }, of) {
    for (const { lists } of [...bundles, ...users])
        yield* lists.filter(list => list.of === of);
}
/** The key of a list. */
function mentionOf({ key, file, within }) {
    return { file, path: [...within, key], on: 'key' };
}
/** An item of a list, or a value in it. */
function mentionIn({ key, file, within }, path) {
    return { file, path: [...within, key, ...path], on: 'value' };
}
/** @param explain what is wrong with a name; undefined if nothing is */
function* checkNamesIn(lists, explain) {
    for (const list of lists) {
        for (const [index, item] of list.items.entries()) {
            const name = read_nameOf(item);
            const message = name === undefined ? undefined : explain(name, list);
            if (message === undefined)
                continue;
            yield { ...mentionIn(list, typeof item === 'object' ? [index, 'name'] : [index]), message };
        }
    }
}
/** The identifier for a key under `permissions`: that of the alias, or the key itself if it can be an identifier. */
function identifierOf(key, { apis }) {
    return apis.get(key)?.identifier ?? (/[:/]/.test(key) ? key : undefined);
}

;// CONCATENATED MODULE: ./build/js/manifest/expiry.js
// Parses `expires`, and finds what has expired or soon will. Pure.



const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const INSTANT = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;
const DAY_MS = 24 * 60 * 60 * 1000;
const SOON_MS = 7 * DAY_MS;
/** Milliseconds since 1970: the end of a date's day in UTC, or an instant. Undefined for text such as 2026-02-30. */
function parseExpiry(text) {
    const date = DATE.exec(text);
    const [, year, month, day] = date ?? INSTANT.exec(text) ?? [];
    if (year === undefined)
        return undefined;
    const midnight = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
    if (midnight.toISOString().slice(0, 10) !== `${year}-${month}-${day}`)
        return undefined;
    const instant = date !== null ? midnight.getTime() + DAY_MS : Date.parse(text);
    return Number.isNaN(instant) ? undefined : instant;
}
/** Milliseconds since 1970; infinity without `expires`, or if it is invalid. */
function endOf(expires) {
    return (expires === undefined ? undefined : parseExpiry(expires)) ?? Number.POSITIVE_INFINITY;
}
/** Every `expires` that is a scalar. */
function* expiriesOf({ bundles, users }) {
    for (const { name, lists } of bundles)
        yield* expiriesIn(lists, `the bundle ${quote(name)}`);
    for (const user of users) {
        const { identity, expires, lists } = user;
        const owner = identity && clip(identity.id ?? identity.email);
        if (expires !== undefined)
            yield { expires, mention: mentionWithin(user, ['expires']), owner };
        yield* expiriesIn(lists, owner);
    }
}
function* expiriesIn(lists, owner) {
    for (const list of lists) {
        for (const [index, item] of list.items.entries()) {
            if (typeof item !== 'object' || item.expires === undefined)
                continue;
            const mention = mentionIn(list, [index, 'expires']);
            yield { expires: item.expires, mention, owner, of: list.of, name: item.name };
        }
    }
}
/** A missing name or owner is reported elsewhere. */
function subjectOf({ owner, of, name }) {
    if (owner === undefined)
        return 'This';
    if (name === undefined)
        return `The entry of ${owner}`;
    return of === 'permission' ? `${quote(name)} of ${owner}` : `The ${of} ${quote(name)} of ${owner}`;
}
function* checkExpiries(contents) {
    for (const { expires, mention } of expiriesOf(contents)) {
        if (parseExpiry(expires) !== undefined)
            continue;
        const message = () => /T\d\d:\d\d(:\d\d)?(\.\d+)?$/.test(expires)
            ? `${quote(expires)} has no time zone; add Z for UTC, or an offset such as +01:00.`
            : `${quote(expires)} is not a date such as 2026-12-31, or an instant with a zone such as 2026-12-31T18:00:00Z.`;
        yield { ...mention, message };
    }
}
function* findExpired(contents, now) {
    for (const expiry of expiriesOf(contents)) {
        const { expires, mention } = expiry;
        if (endOf(expires) > now)
            continue;
        const message = () => `${subjectOf(expiry)} expired ${whenText(expires)} and no longer applies; remove it, or give it a later date.`;
        yield { ...mention, message };
    }
}
function* findExpiring(contents, now) {
    for (const expiry of expiriesOf(contents)) {
        const { expires, mention } = expiry;
        const remaining = endOf(expires) - now;
        if (remaining <= 0 || remaining > SOON_MS)
            continue;
        const days = Math.ceil(remaining / DAY_MS);
        const within = days === 1 ? 'within a day' : `within ${days} days`;
        const message = () => `${subjectOf(expiry)} expires ${whenText(expires)}, ${within}. If it is still needed, give it a later date.`;
        yield { ...mention, message };
    }
}
/** The earliest `expires` still to come, ISO 8601. */
function findNextExpiry(contents, now) {
    const ends = expiriesOf(contents).map(({ expires }) => endOf(expires));
    const next = ends.reduce((first, end) => (end > now && end < first ? end : first), Number.POSITIVE_INFINITY);
    return next === Number.POSITIVE_INFINITY ? undefined : new Date(next).toISOString();
}
function whenText(expires) {
    return `${expires.includes('T') ? 'at' : 'on'} ${expires}`;
}

;// CONCATENATED MODULE: ./build/js/manifest/schema.js
// The manifest's form, defined once in Zod for two uses: form.ts walks it to find every mistake, and the published JSON
// Schema is generated from it. Zod does not parse or type a manifest: read.ts does, because it must read what it can of a
// manifest with mistakes. Pure.


/** Auth0's limit for the name of a permission. */
const MAX_NAME = 280;
/** For user ids, API identifiers and addresses; longer than any of Auth0's. */
const MAX_ID = 1000;
const MAX_REASON = 1000;
/**
 * No control characters, and no spaces at either end; empty text has its own message. Written for the regular expressions
 * of other languages, too, because it is in the published schema.
 */
const CONTROL = String.raw `\x00-\x1f\x7f-\x9f`;
const CLEAN = new RegExp(`^([^\\s${CONTROL}]([^${CONTROL}]*[^\\s${CONTROL}])?)?$`);
const rules = new WeakMap();
/** The first rule that a text breaks. These are not Zod checks, which would create an error object each time. */
function brokenRule(schema, value) {
    return rules.get(schema)?.find(({ holds }) => !holds(value));
}
/** The schema's own keywords come as close to the rules as JSON Schema allows. */
function withRules(schema, ruled) {
    rules.set(schema, ruled);
    return schema;
}
function atMost(longest, what) {
    return { holds: text => text.length <= longest, message: `${what} must have at most ${longest} characters` };
}
function formed({ what, maxLength = MAX_ID, holds, message, pattern, description, examples = [] }) {
    const notEmpty = { holds: (text) => text !== '', message: `${what} must not be empty` };
    const all = { description, examples, minLength: 1, maxLength, pattern, patternErrorMessage: message };
    return withRules(schemas/* string */.YjP(`${what} must be text`).meta(all), [notEmpty, atMost(maxLength, what), { holds, message }]);
}
function schema_name(form) {
    const holds = (text) => CLEAN.test(text) && text.isWellFormed();
    const message = `${form.what} must not begin or end with a space or contain control characters`;
    return formed({ ...form, holds, message, pattern: CLEAN.source });
}
const userId = formed({
    what: 'id',
    holds: isUserId,
    message: `id must have the form connection|identifier, such as ${EXAMPLE_ID}`,
    pattern: String.raw `^[A-Za-z0-9_.-]+\|.*[^\s|]$`,
    description: 'The Auth0 user id. Specify either this or `email`.',
    examples: [EXAMPLE_ID],
});
const address = formed({
    what: 'email',
    holds: isAddress,
    message: `email must be one plain address, such as ${EXAMPLE_ADDRESS}`,
    pattern: String.raw `^[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;.]+$`,
    description: 'An address that is verified for exactly one user. Specify either this or `id`.',
    examples: [EXAMPLE_ADDRESS],
});
const expiry = schemas/* string */.YjP('expires must be a date such as 2026-12-31, or an instant with a zone such as 2026-12-31T18:00:00Z')
    .meta({
    description: 'When this expires: a date, valid through the end of that day in UTC, or an instant with a zone.',
    examples: ['2026-12-31', '2026-12-31T18:00:00Z', '2026-12-31T18:00:00+01:00'],
});
const terms = {
    expires: expiry.optional(),
    reason: withRules(schemas/* string */.YjP('reason must be text').meta({
        maxLength: MAX_REASON,
        description: 'A note that is shown in plans and reports.',
        examples: ['quarter close, FIN-118'],
    }), [atMost(MAX_REASON, 'reason')]).optional(),
};
/** A name, or a mapping with the name and its terms. */
function withTerms(name, kind) {
    const message = `${kind}, or a mapping with name, expires and reason`;
    return schemas/* union */.KCZ([name, schemas/* strictObject */.rej({ name, ...terms }, message)], message);
}
const permissionName = schema_name({
    what: 'a permission name',
    maxLength: MAX_NAME,
    description: "The name of one of the API's permissions.",
    examples: ['read:orders'],
});
const permissionList = schemas/* array */.YOg(withTerms(permissionName, 'a permission must be a name'), 'an API must have a list of permission names here, such as [read:orders]')
    .describe('Permissions of this API: names, or mappings with `name`, `expires` and `reason`.');
const permissions = schemas/* record */.g1P(schema_name({ what: 'the name of an API', description: 'An alias that `apis` defines, or the identifier of an API.' }), permissionList, 'permissions must name APIs, each with a list, such as orders: [read:orders]')
    .describe('Permissions by API. The key is an alias from `apis`, or an identifier (with a `:` or `/` in it).');
const identifier = schema_name({
    what: 'an API identifier',
    description: 'The identifier of an API (Auth0: resource server), also called audience.',
    examples: ['https://orders.acme.com/'],
});
const apiKind = 'an API must be an identifier, or a mapping with identifier and permissions';
const apiDefinition = schemas/* strictObject */.rej({
    identifier,
    permissions: schemas/* array */.YOg(permissionName, 'permissions of an API must be a list of names, such as [read:orders]')
        .describe('A catalogue of the permissions that the API has, so that `validate` can check names offline.')
        .optional(),
}, apiKind);
const roleName = schema_name({
    what: 'the name of a role',
    maxLength: MAX_NAME,
    description: "The name of one of the tenant's roles, or its id.",
    examples: ['Support'],
});
const rolesKind = 'roles must be a list of names, such as [Support]';
const userEntry = schemas/* strictObject */.rej({
    id: userId.optional(),
    email: address.optional(),
    connection: schema_name({
        what: 'connection',
        maxLength: MAX_NAME,
        description: 'Narrows the look-up by `email` to one connection.',
        examples: ['Username-Password-Authentication'],
    }).optional(),
    roles: schemas/* array */.YOg(withTerms(roleName, 'a role must be a name or an id'), rolesKind)
        .describe('Roles of this user, by name or by id (`rol_…`), or mappings with `name`, `expires` and `reason`.')
        .optional(),
    bundles: schemas/* array */.YOg(withTerms(schema_name({
        what: 'the name of a bundle',
        maxLength: MAX_NAME,
        description: 'A name from `bundles`.',
        examples: ['support'],
    }), 'a bundle must be a name'), 'bundles must be a list of names, such as [support]')
        .describe('Bundles whose permissions this user has.')
        .optional(),
    permissions: permissions.optional(),
    ...terms,
}, 'a user must be a mapping with id or email')
    .meta({
    description: 'A user, and the permissions and roles that are assigned to the user directly.',
    oneOf: [{ required: ['id'] }, { required: ['email'] }],
});
const manifestSchema = schemas/* strictObject */.rej({
    version: schemas/* literal */.euz(1, 'version must be 1').describe("The manifest's format.").optional(),
    tenant: schema_name({
        what: 'tenant',
        description: 'The tenant that this manifest is for; a run against another `domain` is refused.',
        examples: ['acme.eu.auth0.com'],
    }).optional(),
    apis: schemas/* record */.g1P(schema_name({ what: 'an API alias', maxLength: MAX_NAME, description: 'A short name for an API.' }), schemas/* union */.KCZ([identifier, apiDefinition], apiKind).describe('The API that this alias stands for.'), 'apis must map aliases to APIs, such as orders: https://orders.acme.com/')
        .describe('Short names for APIs. An API listed here counts as named by the manifest.')
        .optional(),
    roles: schemas/* array */.YOg(roleName, rolesKind)
        .describe("A catalogue of the tenant's roles, so that `validate` can check names offline. A role listed here counts as named by the manifest.")
        .optional(),
    bundles: schemas/* record */.g1P(schema_name({ what: 'the name of a bundle', maxLength: MAX_NAME, description: 'A name for a set of permissions.' }), permissions, 'bundles must map names to permissions')
        .describe('Named sets of permissions.')
        .optional(),
    users: schemas/* array */.YOg(userEntry, 'users must be a list; if nobody is listed, write users: []')
        .describe('The users whose direct permissions and roles are managed here.'),
}, 'a manifest must be a mapping with users')
    .meta({
    title: 'Auth0 user permissions',
    description: 'Which API permissions and roles are assigned to which Auth0 users directly.',
    patternProperties: { '^x-': {} },
});
/** Every known key. */
const KEYS = new Set([
    'name',
    ...[manifestSchema, apiDefinition, userEntry].flatMap(({ shape }) => Object.keys(shape)),
]);
/** The same definition for editors. Generated on demand, because the action itself does not use it. */
function manifestJsonSchema() {
    return z.toJSONSchema(manifestSchema, { target: 'draft-7', io: 'input' });
}

;// CONCATENATED MODULE: ./build/js/manifest/desired.js
// Aliases, bundles and expiry → the grants that the manifest asks for at a certain time. Pure.






function namedApis(contents) {
    const { names } = contents;
    const apis = new Set([...names.apis.values()].map(api => api.identifier));
    for (const { key } of listsOf(contents, 'permission')) {
        const api = identifierOf(key, names);
        if (api !== undefined)
            apis.add(api);
    }
    return new Set([...apis].sort(access_grants/* compareText */.n6));
}
function namedRoles(contents) {
    const catalogue = contents.roles.map(({ role }) => role);
    const listed = listsOf(contents, 'role').flatMap(({ items }) => items.flatMap(item => read_nameOf(item) ?? []));
    return new Set(catalogue).union(new Set(listed));
}
/** Permissions and roles of all users; those of a bundle count for every user who has it. */
const MAX_LISTED_GRANTS = 5_000_000;
/** Counts before bundles are expanded, because a small file can give a long bundle to many users. */
function checkAmount({ names, users }) {
    const bundles = new Map([...names.bundles].map(([name, { lists }]) => [name, countListed(lists, new Map())]));
    let listed = 0;
    for (const { lists, file, path, on } of users) {
        listed += countListed(lists, bundles);
        if (listed <= MAX_LISTED_GRANTS)
            continue;
        const message = () => `Up to this user, the manifest lists ${listed} permissions and roles; at most ${MAX_LISTED_GRANTS} are allowed, and those of a bundle count for each of its users. List fewer users, or shorten the bundles.`;
        return [{ file, path, on, message }];
    }
    return [];
}
function countListed(lists, bundles) {
    let count = 0;
    for (const { of, items } of lists) {
        if (of !== 'bundle')
            count += items.length;
        else
            for (const item of items)
                count += bundles.get(read_nameOf(item) ?? '') ?? 0;
    }
    return count;
}
const FOREVER = { until: Number.POSITIVE_INFINITY };
/** @param now in milliseconds since 1970 */
function listUsers({ names, users: entries }, now) {
    const bundles = new Map([...names.bundles].map(([name, { lists }]) => [name, [...grantsIn(lists, { names, bundles: NO_BUNDLES })]]));
    const users = new Map();
    for (const entry of entries) {
        const { identity } = entry;
        if (identity === undefined || (identity.id !== undefined && !isUserId(identity.id)))
            continue;
        const key = userIdentity(identity);
        const mention = mentionWithin(entry, [identity.id === undefined ? 'email' : 'id']);
        const user = users.get(key) ?? { ...identity, mention, grants: new Map() };
        users.set(key, user);
        if (identity.email !== undefined && identity.email !== user.email) {
            user.spellings = (user.spellings ?? new Set()).add(identity.email);
        }
        const terms = spanOf(entry);
        for (const [grant, own] of grantsIn(entry.lists, { names, bundles })) {
            const span = narrow(terms, own);
            if (span.until <= now)
                user.expired = (user.expired ?? new Set()).add(grant);
            // If two entries ask for a grant, the later expiry counts.
            else if (span.until > (user.grants.get(grant)?.until ?? 0))
                user.grants.set(grant, span);
        }
    }
    return [...users.values()];
}
/** A bundle contains no bundles. */
const NO_BUNDLES = new Map();
function* grantsIn(lists, { names, bundles }) {
    for (const { of, key, items } of lists) {
        const api = of === 'permission' ? identifierOf(key, names) : '';
        // This is reported as a mistake. Grants contain the identifier, so many with a huge one would take minutes.
        if (api === undefined || api.length > MAX_ID)
            continue;
        for (const item of items) {
            const name = read_nameOf(item);
            if (name === undefined)
                continue;
            const span = typeof item === 'object' ? spanOf(item) : FOREVER;
            if (of === 'bundle')
                for (const [grant, own] of bundles.get(name) ?? [])
                    yield [grant, narrow(span, own)];
            else
                yield [of === 'role' ? (0,access_grants/* roleGrantOf */.ch)(name) : (0,access_grants/* grantOf */.od)(api, name), span];
        }
    }
}
/** An invalid date never expires; expiry.ts reports it. */
function spanOf({ expires, reason }, until = endOf(expires)) {
    if (expires === undefined && reason === undefined)
        return FOREVER;
    return { until, ...(expires !== undefined && { expires }), ...(reason !== undefined && { reason }) };
}
/** Combines two spans: the earlier end, and the reason that is closer to the permission or role. */
function narrow(outer, inner) {
    // Shared, because there may be millions.
    if (outer === FOREVER)
        return inner;
    const { until, expires } = outer.until < inner.until ? outer : inner;
    return spanOf({ expires, reason: inner.reason ?? outer.reason }, until);
}

;// CONCATENATED MODULE: ./build/js/manifest/form.js
// Checks that a document has the form that the schema describes. It walks the schema itself, because zod would collect
// every mistake before it returns, and a hostile manifest has millions. Pure.







function* checkForm({ file, content }, documents) {
    const lacksUsers = content instanceof Mapping && !content.has('users');
    const usersElsewhere = lacksUsers && documents.some(other => fieldOf(other.content, 'users') !== undefined);
    for (const finding of check(manifestSchema, content)) {
        if (!(usersElsewhere && finding.path[0] === 'users'))
            yield { file, ...finding };
    }
}
function* check(schema, value) {
    if (schema instanceof schemas/* ZodOptional */.IiU)
        yield* check(schema.unwrap(), value);
    else if (schema instanceof schemas/* ZodUnion */.fZ7)
        yield* checkChoice(schema, value);
    else if (schema instanceof schemas/* ZodArray */.naA && Array.isArray(value)) {
        for (const [index, item] of value.entries())
            yield* within(index, check(schema.element, item));
    }
    else if (schema instanceof schemas/* ZodRecord */.b8S && value instanceof Mapping)
        yield* checkRecord(schema, value);
    else if (schema instanceof schemas/* ZodObject */.bvH && value instanceof Mapping)
        yield* checkObject(schema, value);
    else
        yield* checkValue(schema, value);
}
/** Findings about a part, as findings about the whole. */
function* within(key, findings) {
    for (const finding of findings)
        yield { ...finding, path: [key, ...finding.path] };
}
/** A value that is either text, its short form, or a mapping. */
function* checkChoice(schema, value) {
    const [short, long] = schema.options;
    if (value instanceof Mapping) {
        const message = explainSplitName(value, long);
        if (message === undefined)
            yield* check(long, value);
        else
            yield { path: [], on: 'value', message };
    }
    else if (typeof value === 'string' || value instanceof Unquoted)
        yield* check(short, value);
    else
        yield* checkValue(schema, value);
}
/** For `read: orders` instead of `read:orders`. */
function explainSplitName(value, { shape }) {
    const [[before, rest] = ['', undefined]] = value;
    if (value.size !== 1 || before === '<<' || nearest(before, Object.keys(shape)) !== undefined)
        return undefined;
    const after = rest === null ? '' : rest instanceof Unquoted ? rest.text : rest;
    if (typeof after !== 'string')
        return undefined;
    return () => {
        const written = `${before}: ${after}`.trim();
        const name = quote(`${before}:${after}`);
        const advice = after === '' ? 'quote it' : `write ${name}, or quote it if the name has a space`;
        return `YAML reads ${clip(written)} as a mapping, not as a name, because of the space after the colon; ${advice}: ${quote(written)}.`;
    };
}
function* checkRecord(schema, value) {
    for (const [key, item] of value) {
        const mention = { path: [key], on: 'key' };
        if (key === '<<') {
            yield { ...mention, message: () => MERGE_KEY };
            continue;
        }
        const unquoted = value.unquoted?.get(key);
        if (unquoted !== undefined)
            yield { ...mention, message: () => adviseQuotes(unquoted) };
        const message = describe(schema.keyType, key);
        if (message !== undefined)
            yield { ...mention, message };
        yield* within(key, check(schema.valueType, item));
    }
}
function* checkObject(schema, value) {
    for (const [key, type] of Object.entries(schema.shape)) {
        const field = value.get(key);
        if (field !== undefined)
            yield* within(key, check(type, field));
        else if (!(type instanceof schemas/* ZodOptional */.IiU)) {
            const message = () => `${quote(key)} is missing; ${form_kindOf(type)}.`;
            yield { path: [key], on: 'value', message };
        }
    }
    if (schema === userEntry)
        yield* checkIdentity(value);
    for (const key of value.keys()) {
        const isExtension = schema === manifestSchema && key.startsWith('x-');
        if (Object.hasOwn(schema.shape, key) || isExtension)
            continue;
        const message = () => `Unknown key ${quote(key)}. ${adviseKey(key, Object.keys(schema.shape))}`;
        yield { path: [key], on: 'key', message };
    }
}
function* checkIdentity(user) {
    const [hasId, hasEmail] = [user.has('id'), user.has('email')];
    if (!hasId && !hasEmail) {
        yield { path: [], on: 'value', message: () => 'A user needs an id or an email; add one.' };
    }
    if (hasId && hasEmail) {
        const message = () => 'A user can have an id or an email, not both; remove one.';
        yield { path: ['email'], on: 'value', message };
    }
    if (user.has('connection') && !hasEmail) {
        const message = () => 'A connection narrows the look-up by email; remove it, or replace the id with an email.';
        yield { path: ['connection'], on: 'value', message };
    }
}
const MERGE_KEY = 'Merge keys (<<) are not supported; write the keys out, or use a bundle.';
function adviseKey(key, known) {
    if (key === '<<')
        return MERGE_KEY;
    if (key === '')
        return 'Write a key before the colon.';
    const unseen = describeUnseen(key);
    if (unseen !== undefined)
        return `It contains ${unseen}; indent with ordinary spaces.`;
    if (key.startsWith('-'))
        return 'Write a space after the dash.';
    return adviseIdentity(key) ?? suggest(key, known) ?? `Allowed keys: ${known.join(', ')}.`;
}
function adviseIdentity(text) {
    if (isUserId(text))
        return `Write id: ${quote(text)}.`;
    return isAddress(text) ? `Write email: ${quote(text)}.` : undefined;
}
function* checkValue(schema, value) {
    // Dates are understood as written, with and without quotes.
    if (value instanceof Unquoted && schema instanceof schemas/* ZodString */.NDH && schema !== expiry) {
        yield { path: [], on: 'value', message: () => adviseQuotes(value) };
        if (value.value === null)
            return;
    }
    const message = describe(schema, value);
    if (message !== undefined)
        yield { path: [], on: 'value', message };
}
function adviseQuotes({ text, kind, value }) {
    const otherwise = value === null ? ', or remove it' : '';
    return `YAML reads ${clip(text)} as ${kind}, not as text; quote it: ${quote(text)}${otherwise}.`;
}
/** What is wrong with a single value, and what to write instead; undefined if nothing is. */
function describe(schema, value) {
    const plain = value instanceof Unquoted ? (schema instanceof schemas/* ZodLiteral */.DN5 ? value.value : value.text) : value;
    if (schema instanceof schemas/* ZodString */.NDH && typeof plain === 'string')
        return describeText(schema, plain);
    if (schema instanceof schemas/* ZodLiteral */.DN5 && plain === schema.value)
        return undefined;
    const found = () => (value instanceof Unquoted ? clip(value.text) : foundText(plain));
    return () => `${capitalize(form_kindOf(schema))}; found ${found()}. ${adviseKind(schema, value)}`.trimEnd();
}
function describeText(schema, text) {
    const rule = brokenRule(schema, text);
    if (rule === undefined)
        return undefined;
    if (rule.holds === isUserId)
        return () => explainUserId(text);
    if (rule.holds === isAddress)
        return () => explainAddress(text);
    return () => `${capitalize(rule.message)}; found ${quote(text)}.`;
}
/** Zod's message for a value of another kind. */
function form_kindOf(schema) {
    return String(schema.safeParse(undefined).error?.issues[0]?.message);
}
function foundText(value) {
    if (Array.isArray(value))
        return 'a list';
    if (value instanceof Mapping)
        return 'a mapping';
    return value === null ? 'nothing' : quote(value);
}
/** What to write instead of a value of the wrong kind; empty if it does not show what was meant. */
function adviseKind(schema, value) {
    const text = typeof value === 'string' ? value : value instanceof Mapping ? (value.keys().next().value ?? '') : '';
    const unseen = describeUnseen(text);
    if (unseen !== undefined)
        return `It contains ${unseen}; use ordinary spaces.`;
    if (schema instanceof schemas/* ZodLiteral */.DN5)
        return text === String(schema.value) ? 'Write it without quotes.' : '';
    if (schema instanceof schemas/* ZodUnion */.fZ7)
        return value === null ? 'Quote a name that begins with # or &.' : '';
    if (/^-\S/.test(text))
        return 'Write a space after the dash.';
    if (schema instanceof schemas/* ZodArray */.naA)
        return adviseList(schema, value);
    const [, key = '', rest = ''] = /^([^\s:]+):(\S.*)$/s.exec(text) ?? [];
    const isKey = schema instanceof schemas/* ZodObject */.bvH ? Object.hasOwn(schema.shape, key) : /^[[{]/.test(rest);
    if (isKey)
        return `Write a space after the colon: ${clip(`${key}: ${rest}`)}.`;
    return (schema === userEntry && adviseIdentity(text)) || '';
}
function adviseList(schema, value) {
    const isUsers = schema.element === userEntry;
    if (typeof value === 'string' && !isUsers)
        return `Write [${clip(value.replace(/^\[|\]$/g, ''))}].`;
    if (!(value instanceof Mapping))
        return '';
    const names = isUsers ? undefined : namesIn(value, schema.element instanceof schemas/* ZodUnion */.fZ7);
    return names === undefined ? 'Begin each entry of the list with a dash and a space.' : `Write [${names}].`;
}
const MAX_NAMES = 10;
/** The list that was meant by a mapping whose keys are names, each with nothing or an `expires` after it. */
function namesIn(value, mayExpire) {
    if (value.size === 0 || value.size > MAX_NAMES)
        return undefined;
    const items = [];
    for (const [key, item] of value) {
        const expires = mayExpire ? writtenOf(fieldOf(item, 'expires')) : undefined;
        if (item !== null && expires === undefined)
            return undefined;
        items.push(item === null ? scalar(key) : `{name: ${scalar(key)}, expires: ${expires}}`);
    }
    return clip(items.join(', '));
}

;// CONCATENATED MODULE: ./build/js/manifest/check.js
// Finds all mistakes of a manifest, as remarks about places in the data: its form, by the schema, and the meaning of
// everything that can be read. One mistake never hides another. Pure.











/** How many ids to list for roles with the same name. */
const MAX_IDS = 5;
/** Mistakes that can be found without the tenant. */
function* checkManifest(documents, contents) {
    for (const { keyMistakes } of documents)
        yield* keyMistakes;
    for (const document of documents)
        yield* checkForm(document, documents);
    yield* checkTenants(documents);
    yield* checkDefinitions(contents);
    yield* checkUsers(contents);
    yield* checkApiKeys(contents);
    yield* checkExpiries(contents);
    yield* checkPermissions(contents, ownCatalogue(contents));
    yield* checkCatalogue(contents);
    yield* checkAmount(contents);
}
/** All files must be for one tenant. */
function* checkTenants(documents) {
    const [first] = tenantsIn(documents);
    if (first === undefined)
        return;
    for (const { tenant, ...mention } of otherTenants(documents, first.tenant)) {
        const message = () => `This file is for the tenant ${quote(tenant)}, but ${first.file} is for ${quote(first.tenant)}; use one tenant per run.`;
        yield { ...mention, message };
    }
}
/** The tenants that files name, unless it is this one. */
function otherTenants(documents, host) {
    return tenantsIn(documents).filter(({ tenant }) => coreOf(tenant) !== coreOf(host));
}
function tenantsIn(documents) {
    return documents.flatMap(({ file, content }) => {
        const tenant = textOf(fieldOf(content, 'tenant'));
        return tenant === undefined ? [] : [{ tenant, file, path: ['tenant'], on: 'value' }];
    });
}
function* definitionsOf({ apis, bundles }) {
    for (const { alias, identifier, catalogue, file } of apis) {
        const form = () => JSON.stringify([identifier, catalogue && sortedJson([...catalogue])]);
        yield { what: 'API alias', name: alias, form, file, path: ['apis', alias], on: 'key' };
    }
    for (const { name, lists, file } of bundles) {
        const form = () => sortedJson(lists.map(({ key, items }) => [key, sortedJson(items)]));
        yield { what: 'bundle', name, form, file, path: ['bundles', name], on: 'key' };
    }
}
function sortedJson(values) {
    return JSON.stringify(values.map(value => JSON.stringify(value)).sort());
}
/** A definition in two files must be the same in both. */
function* checkDefinitions(contents) {
    for (const { name, file, path, on } of definitionsOf(contents)) {
        if (name !== '__proto__')
            continue;
        yield { file, path, on, message: () => 'The name "__proto__" is not allowed; choose another.' };
    }
    for (const [, [first, ...others]] of Map.groupBy(definitionsOf(contents), ({ what, name }) => `${what} ${name}`)) {
        const known = others.length > 0 ? first?.form() : undefined;
        for (const { what, name, form, file, path, on } of others) {
            if (form() === known)
                continue;
            const message = () => `The ${what} ${quote(name)} is defined differently in ${first?.file}; make both the same, or rename one.`;
            yield { file, path, on, message };
        }
    }
}
function* checkUsers(contents) {
    const first = new Map();
    for (const user of contents.users) {
        yield* checkDuplicate(user, first);
        yield* checkNamesIn(user.lists.filter(({ of }) => of === 'bundle'), name => explainBundle(name, contents.names));
    }
}
/** @param first indexes of users, by file and identity */
function* checkDuplicate(user, first) {
    const { identity, file } = user;
    if (identity === undefined)
        return;
    const key = `${file} ${userIdentity(identity)}`;
    const index = first.get(key);
    if (index === undefined) {
        first.set(key, user.index);
        return;
    }
    const message = () => `Duplicate user ${quote(identity.id ?? identity.email)}, first at users[${index}]; combine the entries.`;
    yield { ...mentionWithin(user, [identity.id === undefined ? 'email' : 'id']), message };
}
function explainBundle(name, names) {
    if (names.bundles.has(name))
        return undefined;
    const advice = () => isKnownRole(name, names) ? MISPLACED_ROLE : (suggest(name, names.bundles.keys()) ?? 'Define it under bundles.');
    return () => `There is no bundle ${quote(name)}. ${advice()}`;
}
function* checkApiKeys(contents) {
    const { names } = contents;
    for (const list of listsOf(contents, 'permission')) {
        const { key } = list;
        if (identifierOf(key, names) !== undefined)
            continue;
        yield { ...mentionOf(list), message: () => `There is no API alias ${quote(key)}. ${adviseAlias(key, names)}` };
    }
}
function adviseAlias(key, names) {
    if (isKnownRole(key, names))
        return MISPLACED_ROLE;
    if (key === 'roles')
        return "Permissions and bundles cannot contain roles; list them under a user's roles.";
    const alias = scalar(clip(key));
    const advice = `add the alias (apis: {${alias}: <identifier>}), or use the API's identifier as the key.`;
    const suggestion = suggest(key, names.apis.keys());
    return suggestion === undefined ? capitalize(advice) : `${suggestion} If not, ${advice}`;
}
/** The manifest's own catalogue of permission names; an API without a list is not in it. */
function ownCatalogue({ apis }) {
    const listed = apis.filter(({ catalogue }) => catalogue !== undefined);
    const byApi = Map.groupBy(listed, ({ identifier }) => identifier);
    const namesIn = (group) => group.flatMap(({ catalogue = new Set() }) => [...catalogue]);
    return new Map(Array.from(byApi, ([api, group]) => [api, new Set(namesIn(group))]));
}
function* checkPermissions(contents, catalogue) {
    const { names } = contents;
    yield* checkNamesIn(listsOf(contents, 'permission'), (permission, { key }) => {
        const api = identifierOf(key, names);
        const known = api === undefined ? undefined : catalogue.get(api);
        if (known === undefined || known.has(permission))
            return undefined;
        const advice = () => isKnownRole(permission, names)
            ? MISPLACED_ROLE
            : (suggest(permission, known) ?? 'Correct the name, or add the permission to the API.');
        return () => `The API ${quote(api)} has no permission ${quote(permission)}. ${advice()}`;
    });
}
/** An alias is reported where it is defined, an identifier wherever it is used. */
function* checkIdentifiers(contents, catalogue) {
    const { apis, names } = contents;
    for (const { identifier, file, path, on } of apis) {
        if (!catalogue.has(identifier))
            yield { file, path, on, message: explainApi(identifier, catalogue) };
    }
    for (const list of listsOf(contents, 'permission')) {
        const identifier = identifierOf(list.key, names);
        if (identifier === undefined || names.apis.has(list.key) || catalogue.has(identifier))
            continue;
        yield { ...mentionOf(list), message: explainApi(identifier, catalogue) };
    }
}
function explainApi(identifier, known) {
    const advice = () => suggest(identifier, known.keys()) ?? 'Correct the identifier, or create the API.';
    return () => `The tenant has no API ${quote(identifier)}. ${advice()}`;
}
/** Whether this is a role, according to the manifest. */
function isKnownRole(reference, { roles }) {
    return isRoleId(reference) || roles?.has(reference) === true;
}
const MISPLACED_ROLE = "That is a role; list it under a user's roles.";
/** Users' roles that are not in the catalogue, if there is one. */
function* checkCatalogue(contents) {
    const { names } = contents;
    const known = names.roles;
    if (known === undefined)
        return;
    yield* checkNamesIn(listsOf(contents, 'role'), role => {
        if (isKnownRole(role, names))
            return undefined;
        const advice = () => adviseRole(role, names) ?? suggest(role, known) ?? 'Correct the name, or add it to the catalogue.';
        return () => `The catalogue under roles has no role ${quote(role)}. ${advice()}`;
    });
}
/** References that are unknown or ambiguous in a tenant with these roles. */
function* checkReferences(contents, roles) {
    // Suggests only names that a manifest can contain.
    const known = [...roles.ids.keys()].filter(name => brokenRule(roleName, name) === undefined);
    const explain = (role) => {
        const found = findRoles(role, roles);
        if (found.length === 1)
            return undefined;
        const advice = () => adviseRole(role, contents.names) ?? suggest(role, known) ?? 'Correct the name, or create the role.';
        return () => found.length === 0
            ? `The tenant has no role ${quote(role)}. ${advice()}`
            : `The tenant has ${found.length} roles ${quote(role)}: ${shortList(found.toSorted(), MAX_IDS)}. List the intended one by its id.`;
    };
    for (const { role, file, path, on } of contents.roles) {
        const message = explain(role);
        if (message !== undefined)
            yield { file, path, on, message };
    }
    yield* checkNamesIn(listsOf(contents, 'role'), explain);
}
function adviseRole(role, { bundles }) {
    if (bundles.has(role))
        return "That is a bundle; list it under the user's bundles.";
    return isRoleId(role) ? 'Correct the id, or list the role by its name.' : undefined;
}

;// CONCATENATED MODULE: ./build/js/manifest/export-names.js
// Chooses the names of APIs and bundles in an exported manifest. Pure.


/** Auth0's Management API, which its host would name after the company. */
const MANAGEMENT_API = /^https:\/\/[^/]+\.auth0\.com\/api\/v2\/$/;
/** `https://orders.acme.com/…`: the host, and the rest. */
const export_names_ADDRESS = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)(.*)$/is;
/** Public second-level labels, as in `acme.co.uk`. */
const PUBLIC_LABEL = /^(?:ac|co|com|edu|gov|net|org)$/;
const GENERIC = /^(?:api|apis|https?|rest|urn|www)$/;
const VERSION = /^v\d+(?:-\d+)*$/;
const export_names_MAX_NAME = 40;
function nameApis(entries) {
    const identifiers = new Set(entries.flatMap(({ permissions }) => permissions.map(({ api }) => api)));
    const candidates = new Map([...identifiers].sort(access_grants/* compareText */.n6).map(api => [api, aliasesFor(api)]));
    // People would confuse an alias that is another API's identifier with that API.
    return chooseNames(candidates, (alias, api) => alias === api || !identifiers.has(alias));
}
/** Candidates, shortest first. */
function aliasesFor(identifier) {
    if (MANAGEMENT_API.test(identifier))
        return ['auth0-management'];
    const { host, path } = wordsOf(identifier);
    const words = [...host, ...path];
    const version = words.filter(word => VERSION.test(word)).slice(-1);
    const telling = words.filter(isTelling);
    const shortest = [...host.filter(isTelling).slice(-1), ...path.filter(isTelling).slice(-1)];
    const base = shortest.length > 0 ? shortest : words.length > 0 ? words.slice(-1) : ['api'];
    const names = [base, [...base, ...version], telling, words].filter(each => each.length > 0);
    // A key needs no quotes.
    return names.map(each => slug(each.join('-'))).map(alias => (isPlainScalar(alias) ? alias : `api-${alias}`));
}
function isTelling(word) {
    return !GENERIC.test(word) && !VERSION.test(word);
}
/** The words of an identifier's host and path, each from the most general to the most specific. */
function wordsOf(identifier) {
    const [, host, path = ''] = export_names_ADDRESS.exec(identifier) ?? [];
    const slugs = (parts) => parts.map(slug).filter(word => word !== '');
    return host === undefined
        ? { host: [], path: slugs(identifier.split(/[:/]/)) }
        : { host: slugs(labelsOf(host)), path: slugs(path.split('/')) };
}
function labelsOf(host) {
    const labels = host.replace(/:\d+$/, '').toLowerCase().split('.').reverse();
    const own = labels.slice(Math.min(1, labels.length - 1));
    return own.length > 1 && PUBLIC_LABEL.test(String(own[0])) ? own.slice(1) : own;
}
/** Lower-case letters and digits, with hyphens in between; empty if the text has none. */
function slug(text) {
    const dashed = text
        .normalize('NFKD')
        .replace(/\p{M}/gu, '')
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-');
    return dashed.replace(/^-/, '').slice(0, export_names_MAX_NAME).replace(/-$/, '');
}
/** A bundle for every set of at least two permissions that at least two users hold, whatever their roles. */
function nameBundles(entries, aliases) {
    const shared = [...Map.groupBy(entries, ({ permissions }) => setKey(permissions))]
        .flatMap(([key, [first, ...others]]) => first !== undefined && others.length > 0 && first.permissions.length > 1
        ? [[key, first.permissions]]
        : [])
        .sort(([a], [b]) => (0,access_grants/* compareText */.n6)(a, b));
    const candidates = new Map(shared.map(([key, permissions]) => [key, bundleNamesFor(permissions, aliases)]));
    const known = new Set(aliases.values());
    const names = chooseNames(candidates, name => !known.has(name));
    return new Map(shared.map(([key, permissions]) => [key, { name: String(names.get(key)), permissions }]));
}
/** Equal for equal sets. @param permissions sorted */
function setKey(permissions) {
    return JSON.stringify(permissions.map(({ api, permission }) => [api, permission]));
}
/** For one API its verbs, such as `orders-read-write`; for several their aliases, such as `billing-and-orders`. */
function bundleNamesFor(permissions, aliases) {
    const apis = new Set(permissions.map(({ api }) => String(aliases.get(api))));
    const [alias = ''] = apis;
    const verbs = new Set(permissions.map(({ permission }) => verbOf(permission, alias)));
    const ofOne = [[alias, ...verbs].join('-'), `${alias}-bundle`];
    const names = apis.size > 1 ? [[...apis].sort(access_grants/* compareText */.n6).join('-and-')] : ofOne;
    const short = names.filter(name => name.length <= export_names_MAX_NAME && !name.endsWith('-'));
    return short.length > 0 ? short : ['bundle'];
}
/** `read` for `read:orders`, and also for `orders:read`. */
function verbOf(permission, alias) {
    const words = permission.split(/[:./]/).map(slug);
    return words.find(word => word !== '' && word !== alias) ?? '';
}
/**
 * Chooses a name for each subject: its first candidate that no other subject wants; if there is none, its first candidate
 * with a number.
 * @param candidates in the order in which numbers are assigned
 */
function chooseNames(candidates, isFree) {
    const chosen = new Map();
    const taken = new Set();
    const take = (name, subject) => {
        if (taken.has(name) || !isFree(name, subject))
            return false;
        chosen.set(subject, name);
        taken.add(name);
        return true;
    };
    const longest = [...candidates.values()].reduce((most, { length }) => Math.max(most, length), 0);
    for (let level = 0; level < longest; level++) {
        const open = [...candidates].filter(([subject]) => !chosen.has(subject));
        for (const [name, wanted] of Map.groupBy(open, ([, names]) => String(names[level] ?? names.at(-1)))) {
            const [only, ...rivals] = wanted;
            if (only !== undefined && rivals.length === 0)
                take(name, only[0]);
        }
    }
    const next = new Map();
    for (const [subject, [first = '']] of candidates) {
        if (chosen.has(subject) || take(first, subject))
            continue;
        let number = next.get(first) ?? 2;
        while (!take(`${first}-${number}`, subject))
            number++;
        next.set(first, number + 1);
    }
    return chosen;
}

;// CONCATENATED MODULE: ./build/js/manifest/export.js
// Live grants → the text of a manifest that asks for exactly these. It is not written by the YAML library, so that short
// lists are on one line, and names have no quotes unless a YAML parser needs them. Pure.






const HEADER = `# The direct permissions and roles that users had in the tenant when this file was exported.
# Users without any are left out.`;
const MAX_LINE = 120;
function writeManifest({ tenant, users, roleNames }) {
    const sorted = users.toSorted((a, b) => (0,access_grants/* compareText */.n6)(a.id, b.id));
    const refusals = [...sorted.flatMap(refuseUser), ...firstHolders(sorted).flatMap(refuseGrant)];
    if (refusals.length > 0)
        return { refusals };
    const references = referTo(roleNames);
    const entries = sorted.map(({ id, email, direct }) => ({
        id,
        email,
        permissions: (0,access_grants/* listAccess */.J$)(direct).filter(access_grants/* isPermission */.Yo),
        roles: Array.from((0,access_grants/* rolesAmong */.Wn)(direct), role => references.get(role) ?? role).sort(access_grants/* compareText */.n6),
    }));
    const aliases = nameApis(entries);
    const bundles = nameBundles(entries, aliases);
    const listed = entries.flatMap(user => userLines({ ...user, bundle: bundles.get(setKey(user.permissions)) }, aliases));
    const lines = [
        HEADER,
        'version: 1',
        `tenant: ${scalar(tenant)}`,
        ...section('apis', apiLines(aliases)),
        ...section('bundles', bundleLines(bundles, aliases)),
        ...(entries.length === 0 ? ['', 'users: []'] : section('users', listed)),
    ];
    return { text: `${lines.join('\n')}\n` };
}
/** References to roles, by id: the name, unless it is ambiguous or not allowed in a manifest. */
function referTo(names) {
    const { ids } = indexRoles(names);
    const isClear = (name) => ids.get(name)?.length === 1 && !isRoleId(name) && !names.has(name) && brokenRule(roleName, name) === undefined;
    return new Map(Array.from(names, ([id, name]) => [id, isClear(name) ? name : id]));
}
function section(key, lines) {
    return lines.length === 0 ? [] : ['', `${key}:`, ...lines];
}
function apiLines(aliases) {
    return [...aliases]
        .sort(([, a], [, b]) => (0,access_grants/* compareText */.n6)(a, b))
        .map(([api, alias]) => `  ${scalar(alias)}: ${scalar(api)}`);
}
function bundleLines(bundles, aliases) {
    return [...bundles.values()]
        .sort((a, b) => (0,access_grants/* compareText */.n6)(a.name, b.name))
        .flatMap(({ name, permissions }) => [
        `  ${scalar(name)}:`,
        ...permissionLines({ permissions, indent: '    ' }, aliases),
    ]);
}
function userLines({ id, email, permissions, roles, bundle }, aliases) {
    const head = [
        `  - id: ${scalar(id)}${email === undefined ? '' : ` # ${scalar(email)}`}`,
        ...(roles.length === 0 ? [] : listLines('    roles:', roles)),
    ];
    if (bundle !== undefined)
        return [...head, `    bundles: [${scalar(bundle.name)}]`];
    if (permissions.length === 0)
        return head;
    return [...head, '    permissions:', ...permissionLines({ permissions, indent: '      ' }, aliases)];
}
function permissionLines({ permissions, indent }, aliases) {
    return [...Map.groupBy(permissions, ({ api }) => String(aliases.get(api)))]
        .map(([alias, list]) => [alias, list.map(({ permission }) => permission)])
        .sort(([a], [b]) => (0,access_grants/* compareText */.n6)(a, b))
        .flatMap(([alias, names]) => listLines(`${indent}${scalar(alias)}:`, names));
}
/** @param key with its indentation and its colon */
function listLines(key, names) {
    const scalars = names.map(scalar);
    const line = `${key} [${scalars.join(', ')}]`;
    if (line.length <= MAX_LINE)
        return [line];
    const indent = key.slice(0, key.search(/\S/));
    return [key, ...scalars.map(name => `${indent}  - ${name}`)];
}
/** Each grant with the first user who holds it. */
function firstHolders(users) {
    const holders = new Map();
    for (const { id, direct } of users)
        for (const grant of direct)
            if (!holders.has(grant))
                holders.set(grant, id);
    return [...holders].sort(([a], [b]) => (0,access_grants/* compareText */.n6)(a, b));
}
function refuseUser({ id }) {
    const rule = brokenRule(userId, id);
    if (rule === undefined)
        return [];
    return [`The user ${quote(id)} cannot be written to a manifest: ${rule.message}. Exclude this user from the export.`];
}
function refuseGrant([grant, user]) {
    const access = (0,access_grants/* accessOf */.YK)(grant);
    const broken = (0,access_grants/* isPermission */.Yo)(access)
        ? { apis: brokenRule(identifier, access.api), lists: brokenRule(permissionName, access.permission) }
        : { roles: brokenRule(roleName, access.role) };
    const reasons = Object.entries(broken).flatMap(([place, rule]) => (rule ? `in ${place}, ${rule.message}` : []));
    if (reasons.length === 0)
        return [];
    const what = (0,access_grants/* isPermission */.Yo)(access)
        ? `permission ${quote(access.permission)} of the API ${quote(access.api)}`
        : `role ${quote(access.role)}`;
    return [
        `The ${what}, which the user ${quote(user)} holds, cannot be written to a manifest: ${reasons.join('; ')}. Revoke it first, or exclude this user from the export.`,
    ];
}

// EXTERNAL MODULE: external "node:buffer"
var external_node_buffer_ = __webpack_require__(4573);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
;// CONCATENATED MODULE: ./build/js/runner/paths.js
// Whether a path is within a folder.

function isWithin(path, folder) {
    const relativePath = (0,external_node_path_.relative)(folder, path);
    return (relativePath !== '' && relativePath !== '..' && !relativePath.startsWith(`..${external_node_path_.sep}`) && !(0,external_node_path_.isAbsolute)(relativePath));
}

;// CONCATENATED MODULE: ./build/js/manifest/locate.js
// Remarks about values → lines and columns, from the parser's events. Runs only if there is something to report. Pure.


/** Converts offsets of one text into places; lines are counted once. */
function placesIn(file, text) {
    const starts = [0];
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1))
        starts.push(end + 1);
    return offset => {
        let [low, high] = [0, starts.length];
        while (high - low > 1) {
            const middle = (low + high) >> 1;
            if (Number(starts[middle]) <= offset)
                low = middle;
            else
                high = middle;
        }
        return { file, line: low + 1, column: offset - Number(starts[low]) + 1 };
    };
}
/** The offset at which an event begins; undefined for a document. */
function startOf(event) {
    if (event.type === js_yaml/* EVENT_ID */.hy.SEQUENCE || event.type === js_yaml/* EVENT_ID */.hy.MAPPING)
        return event.start;
    if (event.type === js_yaml/* EVENT_ID */.hy.ALIAS)
        return event.anchorStart - 1;
    if (event.type !== js_yaml/* EVENT_ID */.hy.SCALAR)
        return undefined;
    // An empty value may have a tag or an anchor, whose offset is after the ampersand.
    if (event.valueStart < 0)
        return Math.max(event.tagStart, event.anchorStart - 1);
    // The parser's offset is after the quote.
    const isQuoted = event.style === js_yaml/* SCALAR_STYLE */.jK.SINGLE_QUOTED || event.style === js_yaml/* SCALAR_STYLE */.jK.DOUBLE_QUOTED;
    return isQuoted ? event.valueStart - 1 : event.valueStart;
}
/** The offset after which the next event may begin. */
function locate_endOf(event) {
    if (event.type === js_yaml/* EVENT_ID */.hy.SCALAR)
        return Math.max(event.valueEnd, event.tagEnd, event.anchorEnd);
    return event.type === js_yaml/* EVENT_ID */.hy.ALIAS ? event.anchorEnd : 0;
}
/** All documents, keys and values, from top to bottom. */
function* nodesIn(text, events) {
    let parent;
    let end = 0;
    for (const event of events) {
        if (event.type === js_yaml/* EVENT_ID */.hy.POP) {
            parent = parent?.parent;
            continue;
        }
        const start = startOf(event) ?? end;
        const at = start < 0 ? leftOutAt({ text, end, parent }) : start;
        end = Math.max(end, start < 0 ? at + 1 : at, locate_endOf(event));
        const key = parent?.openKey;
        const node = { event, at, parent, index: parent?.size ?? 0, key, size: 0, openKey: undefined };
        yield node;
        if (parent !== undefined) {
            parent.size++;
            parent.openKey = isKey(node) ? node : undefined;
        }
        if (event.type !== js_yaml/* EVENT_ID */.hy.SCALAR && event.type !== js_yaml/* EVENT_ID */.hy.ALIAS)
            parent = node;
    }
}
function isKey({ parent, key }) {
    return parent?.event.type === js_yaml/* EVENT_ID */.hy.MAPPING && key === undefined;
}
/** The offset of an empty value or key after `end`: that of its dash, its key, or for a key its own mark. */
function leftOutAt({ text, end, parent }) {
    if (parent?.openKey !== undefined)
        return parent.openKey.at;
    // Between two values are blanks, comments, and closing marks.
    const marks = parent?.event.type === js_yaml/* EVENT_ID */.hy.SEQUENCE ? /-|#.*/g : /[?:]|#.*/g;
    marks.lastIndex = end;
    let found = marks.exec(text);
    while (found?.[0].startsWith('#'))
        found = marks.exec(text);
    // If there is none, searching again from each value could take arbitrarily long.
    return found?.index ?? text.length;
}
/** Every duplicate key, of which the parser keeps the last, and every alias as a key, which may hide a duplicate. */
function* findKeyMistakes({ file, text }, events) {
    const keysOf = new WeakMap();
    for (const node of nodesIn(text, events)) {
        const { event, at, parent } = node;
        if (parent === undefined || !isKey(node))
            continue;
        const mention = { file, path: [], on: 'key', offset: at };
        if (event.type !== js_yaml/* EVENT_ID */.hy.SCALAR) {
            yield { ...mention, message: () => 'An alias cannot be a key here; write the key out.' };
            continue;
        }
        const key = (0,js_yaml/* getScalarValue */.KE)(text, event);
        const keys = keysOf.get(parent) ?? new Set();
        keysOf.set(parent, keys);
        if (keys.has(key))
            yield { ...mention, message: () => `Duplicate key ${quote(key)}; merge both entries.` };
        keys.add(key);
    }
}
/** The offset of the value of each document. */
function findDocuments(text, events) {
    const values = nodesIn(text, events).filter(({ parent }) => parent?.event.type === js_yaml/* EVENT_ID */.hy.DOCUMENT);
    return Array.from(values, ({ at }) => at);
}
/** The offset of the first key that is a list or a mapping. */
function findComplexKey(text, events) {
    const isComplex = ({ type }) => type === js_yaml/* EVENT_ID */.hy.SEQUENCE || type === js_yaml/* EVENT_ID */.hy.MAPPING;
    return Number(nodesIn(text, events).find(node => isKey(node) && isComplex(node.event))?.at);
}
/**
 * Mentions in a document with their places, from top to bottom. If a path leads through an alias or to a missing value, the
 * place is that of the nearest ancestor.
 */
function findPlaces({ file, text }, mentions) {
    const root = { above: undefined, children: new Map() };
    const wanted = mentions.map(mention => [mention, mention.path.reduce(stepFrom, root)]);
    const wantedOf = new Map();
    for (const node of nodesIn(text, (0,js_yaml/* parseEvents */.PH)(text, {}))) {
        const { at, parent, index, key } = node;
        if (parent?.parent === undefined)
            wantedOf.set(node, root);
        else if (!isKey(node) && key?.event.type !== js_yaml/* EVENT_ID */.hy.ALIAS) {
            const step = key?.event.type === js_yaml/* EVENT_ID */.hy.SCALAR ? (0,js_yaml/* getScalarValue */.KE)(text, key.event) : String(index);
            const wanted = wantedOf.get(parent)?.children.get(step);
            if (wanted === undefined)
                continue;
            wanted.found = { key: key?.at ?? at, value: at };
            wantedOf.set(node, wanted);
        }
    }
    const placeAt = placesIn(file, text);
    return wanted
        .map(([mention, wanted]) => [mention, mention.offset ?? offsetOf(wanted, mention.on)])
        .sort(([, a], [, b]) => a - b)
        .map(([mention, offset]) => [mention, placeAt(offset)]);
}
function stepFrom(above, key) {
    const child = above.children.get(String(key)) ?? { above, children: new Map() };
    above.children.set(String(key), child);
    return child;
}
function offsetOf({ above, found }, on) {
    return found?.[on] ?? (above === undefined ? 0 : offsetOf(above, 'value'));
}

;// CONCATENATED MODULE: ./build/js/manifest/yaml-advice.js
// Explains YAML errors. The parser says what it could not parse; the text around that place often shows what was meant.
// Pure.




/** Tries certain explanations first, then likely ones. */
function explainYaml(failure) {
    const { text, reason, offset } = failure;
    const line = lineAt(text, offset);
    const above = lineAt(text, text.slice(0, line.start).trimEnd().length);
    const clues = { ...failure, line, above };
    return (explainConflict(clues) ??
        explainIndentation(clues) ??
        explainTemplate(clues) ??
        explainReason(clues) ??
        explainIndicator(clues) ??
        explainColon(clues) ??
        explainQuote(clues) ??
        explainBracket(clues) ??
        explainShape(clues) ?? { offset, message: reason });
}
/** Limits of the text around an offset that is examined, because a hostile manifest may be one long line. */
const yaml_advice_MAX_LINE = 1_000;
const MAX_SCAN = 100_000;
function lineAt(text, offset) {
    const linesBefore = text.slice(Math.max(0, offset - yaml_advice_MAX_LINE), offset).split('\n');
    const [before = ''] = linesBefore.slice(-1);
    const [after = ''] = text.slice(offset, offset + yaml_advice_MAX_LINE).split('\n');
    return { start: offset - before.length, text: before + after };
}
function explainConflict({ text }) {
    const offset = text.search(/^<{7} /m);
    return offset === -1 ? undefined : { offset, message: 'this is a merge conflict marker; resolve the conflict' };
}
function explainIndentation({ line, above }) {
    for (const { start, text } of [line, above]) {
        const visible = text.replace(/^\ufeff/, ' ');
        const indentation = visible.slice(0, visible.search(/[^\s\p{Cf}-]|$/u));
        const offset = start + indentation.search(/[^ -]/);
        if (offset < start || indentation.trimEnd() === text.trimEnd())
            continue;
        const what = text.startsWith('\t', offset - start) ? 'a tab' : describeUnseen(indentation);
        if (what !== undefined)
            return { offset, message: `the line is indented with ${what}; use spaces` };
    }
    return undefined;
}
function explainTemplate({ text, reason, offset, events }) {
    const isComplexKey = reason === COMPLEX_KEY;
    const at = isComplexKey ? findComplexKey(text, events) : offset;
    const template = ['{{', '${{'].find(mark => text.startsWith(mark, at) || text.startsWith(mark, at - 1));
    if (template !== undefined) {
        return { offset: at, message: `${template} begins a template placeholder; replace it with its value` };
    }
    return isComplexKey ? { offset: at, message: reason } : undefined;
}
function explainReason({ text, reason, offset }) {
    if (/non-printable|null byte|valid JSON character/.test(reason)) {
        return { offset, message: `the character ${codeOf(text.slice(offset))} is not allowed; remove it` };
    }
    if (/unknown escape|expected hexadecimal/.test(reason)) {
        const message = 'a backslash within double quotes begins an escape; write it twice, or use single quotes';
        return { offset, message };
    }
    if (reason.startsWith('nesting exceeded')) {
        return { offset, message: `lists and mappings are nested more than ${/\d+/.exec(reason)} deep` };
    }
    return undefined;
}
/** A value whose first character has a meaning in YAML. */
function explainIndicator({ text, reason, offset }) {
    const directive = /directive/.test(reason) ? text.search(/^%(?!YAML|TAG)/m) : -1;
    const start = directive === -1 ? tokenStart(text, offset) : directive;
    const inFlow = openBefore(text, start).length > 0;
    const mark = text.charAt(start);
    const isAlone = inFlow && /^(?:#|[-?](?=[\n,\]}]|$))/.test(text.slice(start, start + 2));
    if (mark === '' || !('*&!@`%|>'.includes(mark) || isAlone))
        return undefined;
    const line = lineAt(text, start);
    const rest = line.text.slice(start - line.start);
    const value = rest.replace(inFlow ? /(?<=.)[,\]}].*$/s : /(?:\s#|:(?:\s|$)).*$/s, '').trim();
    const missing = reason.startsWith('unidentified alias') ? `there is no anchor for the alias ${clip(value)}; ` : '';
    return { offset: start, message: `${missing}a value that begins with ${mark} needs quotes: ${quote(value)}` };
}
function tokenStart(text, offset) {
    let start = offset;
    while (start > 0 && !/[\s,[\]{}]/.test(text.charAt(start - 1)))
        start--;
    return start;
}
/** A colon without a space after it, or one within a value. */
function explainColon({ text, offset, line, above }) {
    for (const { start, text } of [line, above]) {
        const [, before = '', key = '', value = ''] = /^(\s*(?:- +)*)([A-Za-z][\w-]*):([^\s/].*)$/.exec(text) ?? [];
        const isKey = KEYS.has(key) || (key !== '' && !before.includes('-'));
        if (!isKey)
            continue;
        const message = `a space is missing after the colon; write ${clip(`${key}: ${value.trim()}`)}`;
        return { offset: start + before.length, message };
    }
    if (!text.startsWith(':', offset) || openBefore(text, offset).length > 0)
        return undefined;
    const [, before = '', value = ''] = /^(\s*(?:- +)*\S.*?:\s+)([^\s"'[{].*)$/.exec(line.text) ?? [];
    if (value === '' || line.start + before.length > offset)
        return undefined;
    const message = `a value with a colon before a space or at its end needs quotes: ${quote(value.replace(/\s#.*$/, '').trim())}`;
    return { offset: line.start + before.length, message };
}
function explainQuote({ text, offset, line }) {
    const open = openBefore(text, offset).findLast(({ mark }) => /["']/.test(mark));
    if (open !== undefined) {
        const message = `this ${open.mark} is not closed on its line; add a ${open.mark} at the end of the value`;
        return { offset: open.offset, message };
    }
    const [, mark] = /(["'])[^"']*\1:?\s*$/.exec(line.text.slice(0, offset - line.start)) ?? [];
    if (mark === undefined || /[\s,:[\]{}"']|^$/.test(text.charAt(offset)))
        return undefined;
    const doubled = mark === "'" ? ", with '' for each ' in it" : ', with \\" for each " in it';
    return { offset, message: `there is text after the closing ${mark}; put the whole value in quotes${doubled}` };
}
function explainBracket({ text, reason, offset }) {
    const open = openBefore(text, offset).at(-1);
    const next = text.charAt(offset);
    const isClosing = /[\]}]/.test(next);
    if (open === undefined) {
        const opening = next === ']' ? '[' : '{';
        const message = `there is no ${opening} for this ${next}; remove it, or quote the value`;
        return isClosing ? { offset, message } : undefined;
    }
    if (next === ',')
        return { offset, message: 'there is nothing before this comma; remove it' };
    if (isClosing) {
        const message = `this ${next} does not match the ${open.mark} before it; close that one first, or remove this`;
        return { offset, message };
    }
    if (reason.startsWith('missed comma'))
        return { offset, message: 'a comma is missing before this' };
    const later = openBefore(text, Math.min(text.length, open.offset + MAX_SCAN / 2));
    if (!later.some(({ offset }) => offset === open.offset)) {
        return {
            offset,
            message: `this line belongs to the ${open.mark} above; indent it more than the key before that ${open.mark}`,
        };
    }
    return { offset: open.offset, message: `this ${open.mark} is not closed; add a ${open.mark === '[' ? ']' : '}'}` };
}
function explainShape({ reason, offset }) {
    if (reason.startsWith('bad indentation')) {
        const message = 'the indentation does not match the lines above; indent all keys of a mapping equally, and all dashes of a list';
        return { offset, message };
    }
    if (/expected ':'|multiline key|document separator/.test(reason)) {
        return { offset, message: 'a key is missing here, or the colon and space after one' };
    }
    return undefined;
}
/**
 * The brackets and the quote that are open at an offset, from the outermost to the innermost. Outside brackets, they only
 * count at the beginning of a value.
 */
function openBefore(text, end) {
    const open = [];
    let atStart = true;
    for (let offset = Math.max(0, end - MAX_SCAN); offset < end; offset++) {
        const mark = text.charAt(offset);
        const within = open.at(-1)?.mark;
        if (within === '"' || within === "'") {
            const isEscape = within === '"' ? mark === '\\' : mark === "'" && text.charAt(offset + 1) === "'";
            if (isEscape)
                offset++;
            else if (mark === within)
                open.pop();
        }
        else if (mark === '#' && /^$|\s/.test(text.charAt(offset - 1))) {
            while (offset < end && text.charAt(offset + 1) !== '\n')
                offset++;
        }
        else if ((/["']/.test(mark) && atStart) || (/[[{]/.test(mark) && (atStart || within !== undefined))) {
            open.push({ mark, offset });
        }
        else if (/[\]}]/.test(mark))
            open.pop();
        atStart =
            /[\n[{]/.test(mark) ||
                (mark === ',' && within !== undefined) ||
                (/\s/.test(mark) && (atStart || /[-:?]/.test(text.charAt(offset - 1))));
    }
    return open;
}

;// CONCATENATED MODULE: ./build/js/manifest/load.js
// Files and globs → parsed documents. A manifest may be hostile, so everything is limited here, and links cannot point
// outside the workspace.










/** Limits for all files together. */
const LIMITS = {
    /** Bytes. */
    size: 32 * 1024 * 1024,
    files: 1_000,
    /** Line breaks. */
    lines: 2_000_000,
    /** Scalars, lists and mappings; the value of an alias counts each time. */
    values: 1_500_000,
    /** Lists and mappings within each other. */
    nesting: 20,
};
const COUNTED = ['lines', 'values', 'size'];
/** @param patterns paths or globs, relative to the workspace */
async function loadFiles(patterns, workspace) {
    const found = await Promise.all(patterns.map(pattern => findFiles(pattern, workspace)));
    const missing = patterns
        .filter((_, index) => found[index]?.length === 0)
        .map(pattern => topOf(pattern, `No file matches ${quote(pattern)}; ${adviseOnPattern(pattern, workspace)}.`));
    const paths = [...new Set(found.flat())];
    const tooMany = topOf('manifest', `${paths.length} files match; at most ${LIMITS.files} are read.`);
    // Each file takes its part.
    const budget = { ...LIMITS };
    const loaded = paths.slice(0, LIMITS.files).map(path => loadFile(path, { workspace, budget }));
    return partition([...missing, ...(paths.length > LIMITS.files ? [tooMany] : []), ...loaded]);
}
/** @param pattern a path or a glob, relative to the workspace */
async function findFiles(pattern, workspace) {
    const literal = (0,external_node_path_.resolve)(workspace, pattern);
    if ((0,external_node_fs_.existsSync)(literal))
        return [literal];
    if (!isGlob(pattern))
        return [];
    // Not from node:fs/promises, which every run would then load.
    const matches = await Array.fromAsync(external_node_fs_.promises.glob(pattern, { cwd: workspace, withFileTypes: true }));
    const files = matches.filter(match => !match.isDirectory());
    return files.map(({ parentPath, name }) => (0,external_node_path_.join)(parentPath, name)).sort();
}
function partition(loaded) {
    return {
        documents: loaded.filter(each => 'content' in each),
        problems: loaded.filter(each => 'message' in each),
    };
}
function loadFile(path, { workspace, budget }) {
    const file = isWithin(path, workspace) ? (0,external_node_path_.relative)(workspace, path).split(external_node_path_.sep).join('/') : path;
    try {
        const target = external_node_fs_.realpathSync.native(path);
        if (isWithin(path, workspace) && !isWithin(target, external_node_fs_.realpathSync.native(workspace))) {
            return topOf(file, 'This symbolic link points outside the workspace; replace it with the file itself.');
        }
        const stats = (0,external_node_fs_.statSync)(target);
        if (!stats.isFile())
            return topOf(file, 'This is not a file; list files, or use a glob such as permissions/*.yml.');
        if (stats.size > budget.size)
            return topOf(file, excess('size'));
        const bytes = (0,external_node_fs_.readFileSync)(target);
        if (!(0,external_node_buffer_.isUtf8)(bytes))
            return topOf(file, 'The file is not UTF-8 text; save it as UTF-8.');
        return parseWithin({ file, text: new TextDecoder().decode(bytes) }, budget);
    }
    catch (error) {
        // A broken link, a file without read permission, or one that was deleted in the meantime.
        if (!(error instanceof Error && 'syscall' in error))
            throw error;
        return topOf(file, `This cannot be read: ${error.message}.`);
    }
}
function excess(limit) {
    const amount = `${LIMITS[limit].toLocaleString('en')} ${limit === 'size' ? 'bytes' : limit}`;
    const counted = limit === 'lines' ? '' : ', counting the value of an alias each time';
    return `The manifest is too large: all its files together may have at most ${amount}${counted}. List fewer users, or use bundles.`;
}
/** Parses one file's text, and reports YAML errors; does not check what the text means. */
function parseDocument(file, text) {
    return partition([parseWithin({ file, text }, { ...LIMITS })]);
}
function parseWithin({ file, text }, budget) {
    const amounts = { size: text.length, lines: count(text, LINE_BREAKS), values: count(text, MARKS) };
    const exceeded = exceededBy(amounts, budget);
    // A refused file counts too, because counting it took time.
    take(amounts, budget);
    if (exceeded !== undefined)
        return topOf(file, excess(exceeded));
    let events = [];
    try {
        events = (0,js_yaml/* parseEvents */.PH)(text, { maxDepth: LIMITS.nesting });
        const { contents, hasDuplicateKeys } = construct(events, text);
        // A separator at the top or the end of a file makes an empty document.
        const [content, ...others] = contents.filter(content => content !== null);
        if (content === undefined)
            return topOf(file, 'The manifest is empty; if nobody is listed, write users: [].');
        if (others.length > 0) {
            const message = 'A file must have one YAML document; move the others to separate files.';
            const offset = Number(findDocuments(text, events)[contents.findLastIndex(content => content !== null)]);
            return { place: placesIn(file, text)(offset), message };
        }
        const hasAliases = events.some(event => event.type === js_yaml/* EVENT_ID */.hy.ALIAS);
        if (hasAliases) {
            const extent = measure(content);
            if (extent === ENDLESS)
                return topOf(file, TOO_DEEP);
            const more = {
                size: Math.max(0, extent.size - amounts.size),
                lines: 0,
                values: Math.max(0, extent.values - amounts.values),
            };
            const exceeded = exceededBy(more, budget);
            if (exceeded !== undefined)
                return topOf(file, excess(exceeded));
            take(more, budget);
        }
        const keyMistakes = hasDuplicateKeys || hasAliases ? [...findKeyMistakes({ file, text }, events)] : [];
        return { file, text, content, keyMistakes };
    }
    catch (error) {
        if (!(error instanceof js_yaml/* YAMLException */.tB))
            throw error;
        const failure = { text, reason: error.reason, offset: Number(error.mark?.position), events };
        const { offset, message } = explainYaml(failure);
        return { place: placesIn(file, text)(offset), message: `This is not valid YAML: ${message}.` };
    }
}
function exceededBy(amounts, budget) {
    return COUNTED.find(limit => amounts[limit] > budget[limit]);
}
function take(amounts, budget) {
    for (const limit of COUNTED)
        budget[limit] -= amounts[limit];
}
const LINE_BREAKS = /\n|\r(?!\n)/g;
/** What may begin a value; each makes at most three events. A key that ends with a closing mark needs no space. */
const MARKS = /[,[{]|[-?](?=[ \t\r\n]|$)|:(?=[ \t\r\n,[\]{}]|$)|(?<=["'\]}]):/g;
const MAX_COUNT = Math.max(LIMITS.lines, LIMITS.values) + 1;
/** Counts before parsing, because the parser needs far more memory than the text has bytes. */
function count(text, pattern) {
    return text
        .matchAll(pattern)
        .take(MAX_COUNT)
        .reduce(sum => sum + 1, 0);
}
const SCALAR = { size: 0, values: 1, depth: 0 };
const ENDLESS = { ...SCALAR, depth: Number.POSITIVE_INFINITY };
const TOO_DEEP = `Aliases nest lists and mappings more than ${LIMITS.nesting} deep, or an alias is within its own anchor's value; write the values out.`;
/** With aliases, a value can occur in many places, deeper than the parser has checked, or even within itself. */
function measure(content) {
    const measured = new Map();
    const visit = (value, above) => {
        const text = value instanceof Unquoted ? value.text : value;
        if (!(text instanceof Mapping || Array.isArray(text))) {
            return typeof text === 'string' ? { ...SCALAR, size: text.length } : SCALAR;
        }
        const known = measured.get(text);
        if (above + (known?.depth ?? 1) > LIMITS.nesting)
            return ENDLESS;
        if (known !== undefined)
            return known;
        let [size, values, depth] = [0, 1, 1];
        if (text instanceof Mapping)
            for (const key of text.keys())
                size += key.length;
        for (const child of text.values()) {
            const extent = visit(child, above + 1);
            // Stops at the first such child, because measuring the others could take arbitrarily long.
            if (extent === ENDLESS)
                return ENDLESS;
            size += extent.size;
            values += extent.values;
            depth = Math.max(depth, extent.depth + 1);
        }
        const extent = { size, values, depth };
        measured.set(text, extent);
        return extent;
    };
    return visit(content, 0);
}
function topOf(file, message) {
    return { place: { file, line: 1, column: 1 }, message };
}

;// CONCATENATED MODULE: ./build/js/manifest/manifest.js
// The entry point of this folder: reads files into the manifest, its mistakes and their places, and exports a manifest of
// what users have. Other folders import only this file.











/** @param patterns paths or globs, relative to the workspace */
function loadManifest(patterns, workspace) {
    return loadFiles(patterns, workspace);
}
function readManifest(documents, now) {
    const contents = readContents(documents);
    const isTooMuch = checkAmount(contents).length > 0;
    return {
        manifest: {
            apis: namedApis(contents),
            aliases: new Map(contents.apis.toReversed().map(({ identifier, alias }) => [identifier, alias])),
            roles: namedRoles(contents),
            users: isTooMuch ? [] : listUsers(contents, now.getTime()),
        },
        mistakes: checkManifest(documents, contents),
        expired: findExpired(contents, now.getTime()),
        expiring: findExpiring(contents, now.getTime()),
        nextExpiry: findNextExpiry(contents, now.getTime()),
    };
}
/** All files must be for the tenant of the input domain. */
function checkTenant(documents, host) {
    return otherTenants(documents, host).map(({ tenant, ...mention }) => {
        const message = () => `This manifest is for the tenant ${quote(tenant)}, but the input domain is ${quote(host)}; correct one of them.`;
        return { ...mention, message };
    });
}
/** Names that are unknown in a tenant with these APIs. */
function* checkNames(documents, catalogue) {
    const contents = readContents(documents);
    yield* checkIdentifiers(contents, catalogue);
    yield* checkPermissions(contents, catalogue);
}
/** References that are unknown or ambiguous in a tenant with these roles. */
function checkRoles(documents, roles) {
    return checkReferences(readContents(documents), roles);
}
/**
 * Replaces every reference to a role with its id.
 * @param manifest without findings of `checkRoles`; other references stay as written
 */
function resolveRoles(manifest, roles) {
    const ids = new Map();
    const named = new Set();
    for (const reference of manifest.roles) {
        const [id = reference, ...others] = findRoles(reference, roles);
        const role = others.length === 0 ? id : reference;
        named.add(role);
        if (role !== reference)
            ids.set((0,access_grants/* roleGrantOf */.ch)(reference), (0,access_grants/* roleGrantOf */.ch)(role));
    }
    if (ids.size === 0)
        return manifest;
    return { ...manifest, roles: named, users: manifest.users.map(user => replaceGrants(user, ids)) };
}
/** Merges references to the same role; a grant that is desired has not expired. */
function replaceGrants(user, ids) {
    const idOf = (reference) => ids.get(reference) ?? reference;
    const grants = mergeGrants(Array.from(user.grants, ([reference, terms]) => [idOf(reference), terms]));
    if (user.expired === undefined)
        return { ...user, grants };
    return { ...user, grants, expired: new Set(Array.from(user.expired, idOf)).difference(new Set(grants.keys())) };
}
/** If a grant is listed twice, the terms that end later count. */
function mergeGrants(listed) {
    const merged = new Map();
    for (const [grant, terms] of listed) {
        const other = merged.get(grant);
        if (other === undefined || endOf(terms.expires) > endOf(other.expires))
            merged.set(grant, terms);
    }
    return merged;
}
/**
 * Problems by file, line and column: the first 1,000, and the number of the others.
 * @param remarks iterated once, and not kept
 */
function locateRemarks(documents, remarks) {
    const first = [];
    let [more, lastFile] = [0, ''];
    for (const remark of remarks) {
        if (first.length < MAX_PROBLEMS)
            first.push(remark);
        else
            [more, lastFile] = [more + 1, remark.file];
    }
    const problems = locate(documents, first).map(([{ message }, place]) => ({ message: message(), place }));
    if (more === 0)
        return problems;
    const message = `${more.toLocaleString('en')} more not shown.`;
    return [...problems, { message, place: { file: lastFile, line: 1, column: 1 } }];
}
/**
 * Mentions with their places, file by file from top to bottom; the top of the file if there is no closer place.
 * @param mentions those that are in none of the documents are left out
 */
function locate(documents, mentions) {
    return documents.flatMap(document => {
        const own = mentions.filter(({ file }) => file === document.file);
        return own.length === 0 ? [] : findPlaces(document, own);
    });
}
/** The text of a manifest that asks for exactly what users have, independent of the order of users and grants. */
function exportManifest(options) {
    return writeManifest(options);
}

;// CONCATENATED MODULE: ./build/js/live/identify.js
// Finds the user that an e-mail address refers to. Anyone can sign up with somebody else's address, so only a verified one
// counts; and an address that referred to another user before is refused. Pure.
function identify({ spellings, connection, found, remembered }) {
    const matches = found.filter(user => connection === undefined || user.connections.includes(connection));
    const verified = matches.filter(user => user.verified);
    const unverified = matches.filter(user => !user.verified);
    const email = spellings.join(' or ');
    const address = connection === undefined ? email : `${email} in connection ${connection}`;
    // Anyone can have an unverified address, so without a verified user somebody else may be meant.
    const candidates = candidatesOf(verified.length > 0 || remembered !== undefined ? found : [], remembered);
    const [match, ...others] = verified;
    if (found.length === 0) {
        const message = `The tenant has no user with the address ${address}. Correct the address (Auth0's look-up is case-sensitive), or remove the entry.`;
        return { kind: 'missing', message, candidates };
    }
    if (match === undefined) {
        const message = unverified.length > 0
            ? `No user has the verified address ${address}; ignored because their address is unverified: ${listed(unverified)}. Have the address verified, or list the user by id.`
            : `No user has the address ${address}; found in other connections: ${listed(found)}. Correct the entry's connection, or remove it.`;
        return { kind: 'refused', message, candidates };
    }
    if (others.length > 0) {
        const message = `${verified.length} users have the verified address ${address}: ${listed(verified)}. List the intended user by id, or add a connection.`;
        return { kind: 'refused', message, candidates };
    }
    if (remembered !== undefined && remembered !== match.id) {
        const message = `The address ${address} referred to ${remembered} before and refers to ${match.id} now, so neither user is changed. List the intended one by id.`;
        return { kind: 'refused', message, candidates };
    }
    const warning = `${address} refers to ${match.id}; ignored because their address is unverified: ${listed(unverified)}.`;
    return { kind: 'found', id: match.id, warning: unverified.length === 0 ? undefined : warning };
}
/** The users that an address may refer to if it was not looked up, or is ambiguous; undefined if it may be any user. */
function candidatesOf(found, remembered) {
    const ids = new Set(found.map(({ id }) => id));
    if (remembered !== undefined)
        ids.add(remembered);
    return ids.size === 0 ? undefined : ids;
}
function listed(users) {
    return users.map(user => `${user.id} (${user.connections.join(', ') || 'no connection'})`).join('; ');
}

// EXTERNAL MODULE: ./node_modules/p-map/index.js
var p_map = __webpack_require__(606);
;// CONCATENATED MODULE: ./build/js/live/progress.js
// Processes a list and reports progress.


/** The results, in the order of the items. */
async function mapWithProgress(items, { label, work, startProgress, width, }) {
    const progress = startProgress(label, items.length);
    const workOn = async (item) => {
        const result = await work(item);
        progress.step();
        return result;
    };
    return (0,p_map/* default */.Ay)(items, workOn, { concurrency: width }).finally(progress.end);
}
/** The result, or the error of a failure that does not affect the whole run. */
async function resultOrError(work) {
    try {
        return await work;
    }
    catch (error) {
        if (!(error instanceof errors/* TenantError */.rZ) || error.details.reach === 'run')
            throw error;
        return error;
    }
}

;// CONCATENATED MODULE: ./build/js/live/roles.js
// Reads which of the given roles each user holds, in the cheaper way: user by user, or role by role.


/**
 * Sends at most as many requests as there are users and roles together.
 * @throws TenantError if the members of a role could not be read, or if a failure affects the whole run
 */
async function readRoles(query, reader) {
    const { users, roles } = query;
    if (roles.size === 0 || users.length === 0)
        return new Map();
    if (users.length <= roles.size)
        return readByUser(query, reader);
    const first = await mapWithProgress([...roles], { ...query, label: 'Reading roles', work: reader.membersOf });
    const more = first.reduce((sum, members) => sum + members.more, 0);
    if (more > users.length)
        return readByUser(query, reader);
    const { complete = [], partial = [] } = Object.groupBy(first, ({ more }) => (more === 0 ? 'complete' : 'partial'));
    const held = new Map(users.map(user => [user, new Set()]));
    const readAll = async (members) => {
        for (const user of await reader.allMembersOf(members))
            held.get(user)?.add(members.role);
    };
    await Promise.all(complete.map(readAll));
    await mapWithProgress(partial, { ...query, label: 'Reading the other users of large roles', work: readAll });
    return new Map([...held].map(([user, roles]) => [user, { roles }]));
}
async function readByUser(query, reader) {
    const read = async (user) => {
        const all = (await resultOrError(reader.rolesOf(user))) ?? new Set();
        if (all instanceof errors/* TenantError */.rZ)
            return [user, all];
        const relevant = all.intersection(query.roles);
        return [user, { roles: relevant, others: all.size - relevant.size }];
    };
    return new Map(await mapWithProgress(query.users, { ...query, label: 'Reading the roles of users', work: read }));
}

;// CONCATENATED MODULE: ./build/js/live/survey.js
// Finds the tenant's users for the manifest's entries, and reads what they hold: look-ups by e-mail, then one read for
// each user. A user who cannot be read does not stop the others.







function listedAs(user) {
    const { email, mention } = user;
    return { ...(email !== undefined && { email }), ...(mention && { mention }) };
}
/** @throws TenantError if a failure affects the whole run, NotSentError if the run stops */
async function survey(subjects, options) {
    const { alsoListed, managedOf } = options;
    const identified = await identifySubjects(subjects, options);
    const { users, duplicates } = mergeDuplicates(valuesOf(identified));
    const listed = users.map(user => {
        const others = alsoListed(user.id).map(entry => knownUser(user.id, { ...entry, listed: true }));
        return { ...others.reduce(survey_mergeUsers, user), managed: managedOf(user.id) };
    });
    const read = await readStates(listed, options);
    const readings = [...identified, ...read];
    const findings = (kind) => readings.flatMap(reading => (reading.kind === kind ? [reading.finding] : []));
    return {
        states: valuesOf(read),
        emails: listed.flatMap(({ addresses }) => addresses),
        failures: findings('failure'),
        unread: new Set(readings.flatMap(reading => (reading.kind !== 'value' && reading.id) || [])),
        missing: findings('missing'),
        gone: findings('gone'),
        warnings: identified.flatMap(reading => (reading.kind === 'value' && reading.warning) || []),
        duplicates,
        unidentified: identified.flatMap(reading => ('unidentified' in reading && reading.unidentified) || []),
    };
}
async function identifySubjects(subjects, options) {
    const addressed = subjects.filter(({ email }) => email !== undefined);
    const work = (subject) => identifySubject(subject, options.reader);
    const found = await mapWithProgress(addressed, { ...options, label: 'Looking up addresses', work });
    const byAddress = new Map(addressed.map((subject, index) => [subject, found[index]]));
    return Promise.all(subjects.map(subject => byAddress.get(subject) ?? work(subject)));
}
async function identifySubject(subject, reader) {
    const { id, email, connection, grants, remembered } = subject;
    if (email === undefined)
        return { kind: 'value', value: knownUser(id, subject) };
    const found = await resultOrError(lookUp(subject, reader));
    const identification = found instanceof errors/* TenantError */.rZ
        ? { kind: 'refused', message: found.message, candidates: candidatesOf([], remembered) }
        : identify({ connection, remembered, ...found });
    if (identification.kind === 'found') {
        const { id: user, warning: message } = identification;
        const warning = message === undefined ? {} : { warning: { user, message, ...listedAs(subject) } };
        return { kind: 'value', value: knownUser(user, subject), ...warning };
    }
    const { kind, message, candidates } = identification;
    return {
        kind: kind === 'missing' ? 'missing' : 'failure',
        finding: { user: email, message, ...listedAs(subject) },
        id: remembered,
        unidentified: { entry: email, desired: new Set(grants.keys()), candidates },
    };
}
function knownUser(id, subject) {
    const { email, connection, listed, grants: desired, expired = access_grants/* NO_GRANTS */.cJ } = subject;
    return {
        id,
        ...listedAs(subject),
        listed,
        listings: listed ? [listingOf(subject)] : [],
        addresses: email === undefined ? [] : [{ user: id, email, ...(connection !== undefined && { connection }) }],
        desired,
        expired,
    };
}
/** Also in lower case: Auth0 compares case-sensitively, and stores database users in lower case, others as written. */
async function lookUp({ email, spellings = new Set() }, reader) {
    const lookedUp = [...new Set([email, ...spellings, email.toLowerCase()])];
    const found = new Map();
    for (const spelling of lookedUp)
        for (const user of await reader.findByEmail(spelling))
            found.set(user.id, user);
    return { spellings: lookedUp, found: [...found.values()] };
}
/** Merges entries that turn out to be the same user. */
function mergeDuplicates(users) {
    const merged = new Map();
    const duplicates = [];
    for (const user of users) {
        const first = merged.get(user.id);
        merged.set(user.id, first === undefined ? user : survey_mergeUsers(first, user));
        if (!first?.listed || !user.listed)
            continue;
        const message = `${entryOf(first)} and ${entryOf(user)} refer to the same user; their permissions and roles were merged. Combine the entries.`;
        duplicates.push({ user: user.id, message, ...listedAs(user) });
    }
    return { users: [...merged.values()], duplicates };
}
/** As the manifest lists the user. */
function entryOf({ id, addresses: [address] }) {
    if (address === undefined)
        return id;
    return address.connection === undefined ? address.email : `${address.email} in connection ${address.connection}`;
}
function survey_mergeUsers(first, second) {
    return {
        id: first.id,
        ...listedAs({ ...(first.listed ? first : second), email: first.email ?? second.email }),
        listed: first.listed || second.listed,
        listings: [...first.listings, ...second.listings],
        addresses: [...first.addresses, ...second.addresses],
        desired: mergeGrants([...first.desired, ...second.desired]),
        expired: first.expired.union(second.expired),
    };
}
async function readStates(users, options) {
    const { reader, readPermissions } = options;
    if (!readPermissions)
        return users.map(user => ({ kind: 'value', value: { ...user, live: undefined } }));
    const read = await mapWithProgress(users, {
        ...options,
        label: 'Reading users',
        work: user => readState(user, reader),
    });
    const held = await readRoles({ ...options, users: valuesOf(read).map(({ id }) => id) }, reader);
    return read.map(reading => reading.kind === 'value' ? withRoles(reading.value, held.get(reading.value.id)) : reading);
}
async function readState(user, reader) {
    const live = await resultOrError(reader.permissionsOf(user.id));
    if (live instanceof errors/* TenantError */.rZ)
        return failedReading(user, live);
    if (live !== undefined)
        return { kind: 'value', value: { ...user, live } };
    if (!user.listed)
        return goneUser(user.id, 'no longer exists in the tenant');
    const message = `The tenant has no user ${user.id}. Correct the id, or remove the entry.`;
    return { kind: 'missing', finding: { user: user.id, message, ...listedAs(user) } };
}
function withRoles(user, held) {
    const { live } = user;
    if (held instanceof errors/* TenantError */.rZ)
        return failedReading(user, held);
    if (live === undefined || held === undefined)
        return { kind: 'value', value: user };
    const { roles, others } = held;
    const direct = live.direct.union(new Set([...roles].map(access_grants/* roleGrantOf */.ch)));
    const complete = { ...live, direct, ...(others !== undefined && { otherRoles: others }) };
    return { kind: 'value', value: { ...user, live: complete } };
}
function failedReading(user, { message, details }) {
    // No user can have this id. A removed user must not make every later run fail.
    if (!user.listed && details.status === 400)
        return goneUser(user.id, 'has an id that Auth0 refuses');
    return { kind: 'failure', finding: { user: user.id, message, ...listedAs(user) }, id: user.id };
}
function goneUser(user, why) {
    const message = `${user} was removed from the manifest and ${why}, so nothing is revoked.`;
    return { kind: 'gone', finding: { user, message } };
}
function valuesOf(readings) {
    return readings.flatMap(reading => (reading.kind === 'value' ? [reading.value] : []));
}

;// CONCATENATED MODULE: ./build/js/plan/plan.js
// A plan is sorted, serializable data: for each user what to grant and what to revoke, with the before-state that it was
// computed from. Renderers read it and `apply` executes it. Pure.

const WHY = ['user removed', 'line removed', 'expired', 'not listed'];
/**
 * A plan without revocations of permissions and roles that no longer exist, because Auth0 would refuse the whole request.
 * An undo plan also leaves out grants of them; any other plan that grants them is refused.
 */
function withoutObsolete(plan, exists) {
    const obsolete = [];
    const existing = (operations, { step, user }) => operations.filter(operation => {
        if (exists(operation))
            return true;
        obsolete.push({ step, user, ...bareAccess(operation) });
        return false;
    });
    const users = plan.users.map(userPlan => {
        const { user, grant, revoke } = userPlan;
        const granted = plan.restores === undefined ? grant : existing(grant, { step: 'grant', user });
        return { ...userPlan, grant: granted, revoke: existing(revoke, { step: 'revoke', user }) };
    });
    return {
        plan: {
            ...plan,
            users: users.filter(({ grant, revoke }) => grant.length + revoke.length > 0),
            holders: plan.holders.filter(exists),
        },
        obsolete,
    };
}
function countOperations(users) {
    const count = (step) => users.reduce((sum, user) => sum + user[step].length, 0);
    return { grants: count('grant'), revocations: count('revoke') };
}
/** Without notes. */
function bareAccess(access) {
    if (access.role === undefined)
        return { api: access.api, permission: access.permission };
    return { role: access.role, ...(access.name !== undefined && { name: access.name }) };
}
const STEPS = ['grant', 'revoke'];
/** At most four: grants and revocations, each of permissions and of roles. */
function batchesOf(userPlan) {
    return STEPS.flatMap(step => access_grants/* KINDS */.GW.map(kind => ({
        step,
        kind,
        operations: userPlan[step].filter(operation => (0,access_grants/* kindOfAccess */.Sw)(operation) === kind),
    }))).filter(({ operations }) => operations.length > 0);
}
/** In the order of a plan. */
function operationsOf(batches) {
    const { grant = [], revoke = [] } = Object.groupBy(batches, ({ step }) => step);
    const sorted = (each) => each.flatMap(({ operations }) => operations).sort((a, b) => (0,access_grants/* compareText */.n6)((0,access_grants/* packAccess */.oe)(a), (0,access_grants/* packAccess */.oe)(b)));
    return { grant: sorted(grant), revoke: sorted(revoke) };
}
/** A plan with its roles' current names; those in a file may be wrong. */
function nameRoles(plan, names) {
    const rename = (access) => {
        if (access.role === undefined)
            return access;
        const { name: _, ...bare } = access;
        const name = names.get(access.role);
        return { ...bare, ...(name !== undefined && { name }) };
    };
    return {
        ...plan,
        users: plan.users.map(user => ({
            ...user,
            grant: user.grant.map(rename),
            revoke: user.revoke.map(rename),
            ...(user.before && { before: user.before.map(rename) }),
        })),
        heldBack: plan.heldBack.map(rename),
        found: plan.found.map(rename),
        holders: plan.holders.map(rename),
    };
}
/** Ids of the roles that a plan involves. */
function rolesOf({ users }) {
    const held = users.flatMap(({ before = [], grant, revoke }) => [...before, ...grant, ...revoke]);
    return (0,access_grants/* rolesAmong */.Wn)((0,access_grants/* packAll */.pV)(held));
}
/** What a user holds after these grants and revocations. */
function stateAfter(before, { grant, revoke }) {
    const all = [...before, ...grant];
    return (0,access_grants/* listAccess */.J$)((0,access_grants/* packAll */.pV)(all).difference((0,access_grants/* packAll */.pV)(revoke)), plan_namesIn(all));
}
function plan_namesIn(accesses) {
    const names = new Map();
    for (const access of accesses)
        if (access.role !== undefined)
            names.set(access.role, (0,access_grants/* nameOfRole */.r0)(access));
    return names;
}

;// CONCATENATED MODULE: ./build/js/plan/guard.js
// Checks that return refusals or warnings. The run reports all of them together before anything is written. Pure.



/** Auth0's limits on direct permissions and roles per user. */
const MAX_HELD = { permission: 1000, role: 50 };
/** The Management API scopes that each mode requires. */
const NEEDED_SCOPES = {
    plan: ['read:users', 'read:resource_servers'],
    apply: ['read:users', 'read:resource_servers', 'update:users'],
    /** `apply` with `revoke: never` and a token that may not read users. */
    assign: ['update:users'],
    export: ['read:users'],
};
/** The scopes that it also requires if the manifest, the ledger or a saved plan names a role. */
const ROLE_SCOPES = {
    plan: ['read:roles', 'read:role_members'],
    apply: ['read:roles', 'read:role_members', 'create:role_members', 'delete:role_members'],
    assign: ['read:roles', 'create:role_members'],
    export: ['read:roles', 'read:role_members'],
};
/** @param roles undefined if none is named */
function neededScopes(mode, roles) {
    if (roles === undefined)
        return NEEDED_SCOPES[mode];
    const unused = new Set([
        ...(roles.assigns ? [] : ['create:role_members']),
        ...(roles.removes ? [] : ['delete:role_members']),
    ]);
    return [...NEEDED_SCOPES[mode], ...ROLE_SCOPES[mode].filter(scope => !unused.has(scope))];
}
/** An unmerged manifest is never applied. */
function checkEvent({ name, ref }) {
    if (!/^(pull_request|merge_group)/.test(name) && !/^refs\/(pull|heads\/gh-readonly-queue)\//.test(ref))
        return [];
    return [
        `Mode apply is refused on the event ${name}, even after the merge: the run is for a pull request or a merge queue, and only a merged manifest is applied. Use mode: plan here, and mode: apply in a workflow with "on: push" for the default branch; merging triggers a push.`,
    ];
}
/** @param scopes undefined if the token does not list its scopes; Auth0 then refuses what is not allowed */
function checkScopes(scopes, needed) {
    const missing = scopes === undefined ? [] : needed.filter(scope => !scopes.has(scope));
    if (missing.length === 0)
        return [];
    return [
        `The token lacks the ${missing.length === 1 ? 'scope' : 'scopes'} ${missing.join(', ')}. In Auth0, authorize the application for ${missing.length === 1 ? 'it' : 'them'} under Applications → APIs → Auth0 Management API.`,
    ];
}
/** How many direct permissions or roles a user has, counting only those that were read. */
function countHeld({ user, before = [], grant, revoke }, { kind, otherRoles }) {
    const count = (accesses) => accesses.filter(access => (0,access_grants/* kindOfAccess */.Sw)(access) === kind).length;
    const granted = count(grant);
    const others = kind === 'role' ? (otherRoles.get(user) ?? 0) : 0;
    const withGrants = count(before) + others + granted;
    return { withGrants, after: withGrants - count(revoke), granted };
}
const LIMIT_WORDS = {
    permission: { what: 'direct permissions', advice: 'Give some of them through a role.' },
    role: { what: 'roles', advice: 'Combine some of them into one role.' },
};
function checkLimit(plan, otherRoles) {
    return plan.users.flatMap(userPlan => access_grants/* KINDS */.GW.flatMap(kind => {
        const { after, granted } = countHeld(userPlan, { kind, otherRoles });
        if (after <= MAX_HELD[kind] || granted === 0)
            return [];
        const { what, advice } = LIMIT_WORDS[kind];
        return [`${userPlan.user} would have ${after} ${what}; Auth0 allows ${MAX_HELD[kind]}. ${advice}`];
    }));
}
function checkRevocations(plan, { limit, live }) {
    const { count = 0, percent } = limit;
    const { revocations } = countOperations(plan.users);
    const allowed = percent === undefined ? count : Math.max(count, 1, Math.floor((live * percent) / 100));
    if (revocations <= allowed)
        return [];
    const share = `${percent}% of ${live} live grants`;
    const larger = limit.count === undefined ? share : `the larger of ${count} and ${share}`;
    return [
        `The number of revocations (${revocations}) exceeds the ${allowed} that max-revocations allows${percent === undefined ? '' : ` (${larger})`}. If intended, raise max-revocations to ${revocations} for this run.`,
    ];
}
function warnOfHeldBack({ heldBack }) {
    if (heldBack.length === 0)
        return [];
    const entries = new Set(heldBack.map(({ entry }) => entry));
    return [
        `${heldBack.length === 1 ? '1 revocation is' : `${heldBack.length} revocations are`} held back, because ${shortList(entries)} cannot be identified and may still list the same grants. Correct the manifest; a later run revokes the rest.`,
    ];
}
/** A sentence for each permission or role that is left out of a plan. */
function describeObsolete(obsolete, step) {
    const holders = Map.groupBy(obsolete.filter(each => each.step === step), access_grants/* packAccess */.oe);
    return [...holders.values()].map(all => {
        const [first] = all;
        const users = shortList(all.map(({ user }) => user));
        const gone = `${(0,access_grants/* accessText */.cd)(first)} no longer exists in the tenant, so it is not`;
        // Deleting a role removes it from every user, and a new role has another id.
        if (!(0,access_grants/* isPermission */.Yo)(first))
            return `${capitalize(gone)} ${step === 'grant' ? 'assigned again to' : 'removed from'} ${users}.`;
        return step === 'revoke'
            ? `${gone} revoked from ${users}. If it is added to the API again, the next run revokes it.`
            : `${gone} granted again to ${users}. If it is needed, add it to the API and list it in the manifest.`;
    });
}
/** Only the approved plan is applied. */
function checkApproval(plan, { digest, approved }) {
    if (approved === undefined || approved === digest || plan.users.length === 0)
        return [];
    return [
        `The plan is not the one that was approved: its digest is ${digest}, but approved-plan is ${approved}. The manifest or the tenant has changed since; review this plan, and approve it if it is correct.`,
    ];
}
/** With `revoke: never`, a saved plan may only grant, too. */
function checkNever(plan, revoke) {
    const { revocations } = countOperations(plan.users);
    if (revoke !== 'never' || revocations === 0)
        return [];
    return [
        `The plan in plan-file contains revocations (${revocations}), but the input revoke is set to never. Set it to the value that was used to compute the plan.`,
    ];
}
const UNKNOWN_USER = { listed: false, desired: new Map(), managed: new Set() };
/** A saved plan that nobody approved can do nothing that the manifest at the run's commit does not ask for. */
function checkSavedPlan({ users, restores }, { states, revoke, named, holdBack }) {
    const whyNotGranted = (user, access) => {
        const { desired } = states.get(user) ?? UNKNOWN_USER;
        if (desired.has((0,access_grants/* packAccess */.oe)(access)))
            return undefined;
        return `grants ${(0,access_grants/* accessText */.cd)(access)} to ${user}, which the manifest does not grant`;
    };
    const whyNotRevoked = (user, access) => {
        const { listed, desired, managed } = states.get(user) ?? UNKNOWN_USER;
        const grant = (0,access_grants/* packAccess */.oe)(access);
        const what = `revokes ${(0,access_grants/* accessText */.cd)(access)} from ${user}`;
        if (desired.has(grant))
            return `${what}, which the manifest grants`;
        const entry = holdBack(user, grant);
        if (entry !== undefined)
            return `${what}, which the entry ${entry} may grant`;
        if (revoke === 'managed' && !managed.has(grant))
            return `${what}, which is not managed`;
        if (revoke === 'all' && !listed)
            return `${what}, who is not in the manifest`;
        if (revoke === 'all' && !(0,access_grants/* isNamed */.ev)(grant, named)) {
            return `${what}, and the manifest does not name that ${(0,access_grants/* isPermission */.Yo)(access) ? 'API' : 'role'}`;
        }
        return undefined;
    };
    const reasons = users.flatMap(({ user, grant, revoke }) => [
        ...grant.map(operation => whyNotGranted(user, operation)),
        ...revoke.map(operation => whyNotRevoked(user, operation)),
    ]);
    const undo = restores === undefined ? [] : ['is an undo plan'];
    const problems = [...undo, ...reasons.filter(reason => reason !== undefined)];
    return problems.map(problem => `The plan in plan-file ${problem}. Make a new plan; or review this one and set approved-plan to its digest.`);
}
/** What a saved plan grants. An undo plan does what is still possible, so names that no longer exist do not stop it. */
function grantedBy({ users, restores }) {
    return restores === undefined ? users.flatMap(({ grant }) => grant) : [];
}
/** A saved plan has no lines to annotate, so its unknown names are refusals. */
function checkPlanNames(plan, apis) {
    const granted = grantedBy(plan).filter(access_grants/* isPermission */.Yo);
    const refusals = granted.map(({ api, permission }) => {
        const known = apis.get(api)?.permissions;
        if (known === undefined)
            return `The tenant has no API ${api}, which the plan in plan-file names. Make a new plan.`;
        return known.has(permission)
            ? ''
            : `The API ${api} has no permission ${permission}, which the plan in plan-file grants. Make a new plan.`;
    });
    return [...new Set(refusals)].filter(refusal => refusal !== '');
}
/** The same for the roles that it assigns. */
function checkPlanRoles(plan, names) {
    const unknown = grantedBy(plan).filter((access) => !(0,access_grants/* isPermission */.Yo)(access) && !names.has(access.role));
    const shown = new Set(unknown.map(({ role, name }) => (name === undefined ? role : `${name} (${role})`)));
    return [...shown].map(role => `The tenant has no role ${role}, which the plan in plan-file assigns. Make a new plan.`);
}
function warnOfApis(apis) {
    const sorted = [...apis].sort((a, b) => (0,access_grants/* compareText */.n6)(a.identifier, b.identifier));
    return sorted.flatMap(({ identifier, rbac, permissionsInToken }) => {
        if (!rbac) {
            return [
                `RBAC is off for ${identifier}: Auth0 ignores its permissions, so changes have no effect until you turn on "Enable RBAC" in the API's settings.`,
            ];
        }
        if (!permissionsInToken) {
            return [
                `Access tokens for ${identifier} contain no permissions: changes have no effect in an API that reads the "permissions" claim until you turn on "Add Permissions in the Access Token" in its settings.`,
            ];
        }
        return [];
    });
}

;// CONCATENATED MODULE: ./build/js/plan/apply.js
// Applies a plan through a port. One user's failure does not stop the others; a failure that would affect every user
// does.





/** One outcome for each user of the plan, in the plan's order. Rejects only for a defect of this action. */
async function apply(plan, options) {
    let stop;
    const applyNext = async (userPlan) => {
        const results = stop === undefined ? await applyUser(userPlan, options) : NOTHING_WRITTEN;
        stop ??= results.failures.find(failure => reachOf(failure) === 'run');
        const outcome = outcomeOf(userPlan, results);
        options.onOutcome(outcome);
        return outcome;
    };
    // The first user is changed alone, so that a failure that affects every user happens only once.
    const [first, ...others] = plan.users;
    if (first === undefined)
        return [];
    return [await applyNext(first), ...(await (0,p_map/* default */.Ay)(others, applyNext, { concurrency: options.width }))];
}
const NOTHING_WRITTEN = { done: [], uncertain: [], failures: [], kept: [] };
const KEPT = {
    permission: 'No permission was revoked, because assigning the roles that may replace it failed.',
    role: 'No role was removed, because a grant that may replace it failed.',
};
async function applyUser(userPlan, { writer, otherRoles }) {
    const done = [];
    const uncertain = [];
    const failed = [];
    const failures = [];
    const kept = [];
    for (const batch of inOrder(userPlan, otherRoles)) {
        if (failed.some(earlier => mayReplace(earlier, batch))) {
            kept.push(batch);
            continue;
        }
        try {
            await writer[batch.step](userPlan.user, batch.operations.map(bareAccess));
            done.push(batch);
        }
        catch (error) {
            if (!(error instanceof errors/* ActionError */.lZ))
                throw error;
            failures.push(error);
            failed.push(batch);
            if (mayBeDone(error))
                uncertain.push(batch);
            if (reachOf(error) !== 'operation')
                break;
        }
    }
    return { done, uncertain, failures, kept };
}
/**
 * Grants come first, so that nobody loses access in between. If they would exceed Auth0's limit, revocations of the same
 * kind come right before them.
 */
function inOrder(userPlan, otherRoles) {
    const full = access_grants/* KINDS */.GW.filter(kind => countHeld(userPlan, { kind, otherRoles }).withGrants > MAX_HELD[kind]);
    const rank = ({ step, kind }) => {
        if (full.includes(kind))
            return step === 'revoke' ? 1 : 2;
        return step === 'grant' ? 0 : 3;
    };
    return batchesOf(userPlan).toSorted((a, b) => rank(a) - rank(b));
}
/** A role that could not be assigned may have been meant to replace a permission or a role, and vice versa. */
function mayReplace(failed, next) {
    const isAboutRoles = failed.kind === 'role' || next.kind === 'role';
    return failed.step === 'grant' && next.step === 'revoke' && isAboutRoles;
}
function reachOf(error) {
    return error instanceof errors/* TenantError */.rZ ? error.details.reach : 'run';
}
/**
 * Only a refused first attempt certainly had no effect: an earlier attempt may have succeeded and its response been
 * lost.
 */
function mayBeDone(error) {
    if (!(error instanceof errors/* TenantError */.rZ))
        return false;
    const { attempts, status = 0 } = error.details;
    const refused = status >= 400 && status < 500 && status !== 408;
    return !refused || attempts > 1;
}
function outcomeOf({ user }, { done, uncertain, failures, kept }) {
    const status = statusOf(done, failures);
    const { grant: granted, revoke: revoked } = operationsOf(done);
    return {
        user,
        status,
        granted,
        revoked,
        errors: [...failures.map(failure => failure.message), ...kept.map(({ kind }) => KEPT[kind])],
        ...(uncertain.length > 0 && { uncertain: [...new Set(uncertain.map(({ step }) => step))] }),
        ...(status === 'failed' && failures.every(isNotSent) && { interrupted: true }),
    };
}
/** A cancelled request was never sent, so a user without any other request was not attempted. */
function statusOf(done, failures) {
    if (done.length === 0 && failures.every(isNotSent))
        return 'not attempted';
    return failures.length === 0 ? 'done' : 'failed';
}
function isNotSent(failure) {
    return failure instanceof errors/* NotSentError */.SD;
}

;// CONCATENATED MODULE: ./build/js/plan/digest.js
// A plan's digest: what a person approves. It covers everything that has an effect, and nothing that may differ between
// two plans that do the same. Pure.

/** `sha256:` and 64 hexadecimal digits. */
function digestOf(plan) {
    return `sha256:${(0,external_node_crypto_.createHash)('sha256').update(canonicalForm(plan)).digest('hex')}`;
}
/** A plan's users and operations are sorted, so equal plans give equal text. */
function canonicalForm({ tenant, users, restores }) {
    return JSON.stringify([tenant, users.map(effectsOf), ...(restores === undefined ? [] : [restores.map(restoredOf)])]);
}
function effectsOf({ user, grant, revoke, before }) {
    const held = before?.map(effectOf) ?? null;
    return [user, grant.map(operationOf), revoke.map(operationOf), held];
}
function operationOf(operation) {
    return [...effectOf(operation), operation.expires ?? null];
}
/** A role has no API; its name has no effect. */
function effectOf(access) {
    return access.role === undefined ? [access.api, access.permission] : [null, access.role];
}
function restoredOf({ user, before, after }) {
    return [user, digest_entryOf(before), digest_entryOf(after)];
}
function digest_entryOf(entry) {
    return entry && { ...entry, managed: entry.managed.map(withoutName) };
}
function withoutName(access) {
    return access.role === undefined ? access : { role: access.role };
}

// EXTERNAL MODULE: ./node_modules/zod/v4/classic/iso.js
var iso = __webpack_require__(4377);
;// CONCATENATED MODULE: ./build/js/ledger/parse-json-file.js
// Parses a file that this action wrote, a ledger or a plan, but that may have been edited. A problem is returned as a
// sentence. Pure.
const MAX_PROBLEM = 300;
function parseJsonFile(schema, json) {
    try {
        const { data, error } = schema.safeParse(parseJson(json));
        if (error === undefined)
            return { data };
        const [problem = ''] = error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '));
        return { problem: problem.slice(0, MAX_PROBLEM) };
    }
    catch (error) {
        // Zod passes the issues of a list as arguments of one call, and too many overflow the stack.
        if (!(error instanceof RangeError))
            throw error;
        return { problem: 'it has too many errors to list' };
    }
}
function parseJson(json) {
    try {
        return JSON.parse(json);
    }
    catch {
        return undefined;
    }
}

;// CONCATENATED MODULE: ./build/js/plan/saved.js
// A plan as a file. Only what this action wrote can be read back, because a file may come from anywhere. Pure.





const saved_name = schemas/* string */.YjP()
    .min(1)
    .max(1000)
    // An unpaired surrogate cannot be encoded into a URL's path.
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'contains control characters or an unpaired surrogate');
/** A permission or a role, with further keys. */
function accessWith(more) {
    return schemas/* union */.KCZ([
        schemas/* strictObject */.rej({ api: saved_name, permission: saved_name, ...more }),
        schemas/* strictObject */.rej({ role: saved_name, name: schemas/* string */.YjP().exactOptional(), ...more }),
    ]);
}
const operation = accessWith({
    roles: schemas/* array */.YOg(schemas/* string */.YjP()),
    expires: schemas/* string */.YjP().exactOptional(),
    reason: schemas/* string */.YjP().exactOptional(),
    why: schemas/* enum */.k5n(WHY).exactOptional(),
    uncertain: schemas/* literal */.euz(true).exactOptional(),
});
const userPlan = schemas/* strictObject */.rej({
    user: saved_name.regex(/^(?!\.{1,2}$)/, 'is not the id of a user'),
    grant: schemas/* array */.YOg(operation),
    revoke: schemas/* array */.YOg(operation),
    before: schemas/* array */.YOg(accessWith({})),
});
const saved_address = schemas/* strictObject */.rej({ email: saved_name, connection: saved_name.exactOptional() });
const restoredEntry = schemas/* strictObject */.rej({
    listed: schemas/* array */.YOg(schemas/* union */.KCZ([schemas/* literal */.euz('id'), saved_address])),
    managed: schemas/* array */.YOg(accessWith({})),
    unfinished: schemas/* literal */.euz(true).exactOptional(),
})
    .nullable();
const restored = schemas/* strictObject */.rej({ user: saved_name, before: restoredEntry, after: restoredEntry });
const savedPlan = schemas/* strictObject */.rej({
    format: schemas/* literal */.euz(2),
    digest: schemas/* string */.YjP(),
    tenant: saved_name,
    source: schemas/* strictObject */.rej({
        commit: schemas/* string */.YjP(),
        files: schemas/* array */.YOg(schemas/* string */.YjP()),
        at: iso/* datetime */.w$(),
        users: schemas/* int */.Whr().nonnegative(),
    }),
    users: schemas/* array */.YOg(userPlan),
    heldBack: schemas/* array */.YOg(accessWith({ user: saved_name, entry: saved_name })),
    found: schemas/* array */.YOg(accessWith({ user: saved_name })),
    addresses: schemas/* array */.YOg(schemas/* strictObject */.rej({ user: saved_name, ...saved_address.shape })).exactOptional(),
    holders: schemas/* array */.YOg(accessWith({ before: schemas/* int */.Whr(), after: schemas/* int */.Whr() })),
    restores: schemas/* array */.YOg(restored).exactOptional(),
});
/** The bytes of the file; equal plans give equal bytes. */
function writeSaved(plan) {
    return `${JSON.stringify({ digest: digestOf(plan), ...plan }, undefined, 2)}\n`;
}
function readSaved(text) {
    const { data, problem } = parseJsonFile(savedPlan, text);
    if (problem !== undefined)
        return { problem: `it is not a plan that this action wrote: ${problem}` };
    const { digest, ...plan } = data;
    if (digest !== digestOf(plan)) {
        return {
            problem: `its operations were changed after it was written: their digest is ${digestOf(plan)}, not ${digest}`,
        };
    }
    const users = new Set();
    for (const { user, grant, revoke } of plan.users) {
        if (users.has(user))
            return { problem: `it contains the user ${user} twice` };
        users.add(user);
        const granted = (0,access_grants/* packAll */.pV)(grant);
        if (revoke.some(operation => granted.has((0,access_grants/* packAccess */.oe)(operation)))) {
            return { problem: `it grants and revokes the same permission or role for ${user}` };
        }
    }
    return { plan };
}

;// CONCATENATED MODULE: ./build/js/plan/undo.js
// The plan that reverts what an apply did. Pure.


/**
 * A plan that reverts the part of this plan that was applied, for users whose before-state is known. Operations that
 * may have been done are reverted, too: an apply of the undo plan can resume from either state.
 */
function undoOf({ tenant, source, users, holders }, { outcomes, restores }) {
    const planned = new Map(users.map(user => [user.user, user]));
    const undone = outcomes.flatMap(({ user, granted, revoked, uncertain = [] }) => {
        const userPlan = planned.get(user);
        if (userPlan?.before === undefined)
            return [];
        const grant = uncertain.includes('revoke') ? userPlan.revoke.map(asUncertain) : revoked.map(withoutTerms);
        const revoke = uncertain.includes('grant') ? userPlan.grant.map(asUncertain) : granted.map(withoutTerms);
        if (grant.length + revoke.length === 0)
            return [];
        return { user, grant, revoke, before: stateAfter(userPlan.before, { grant: revoke, revoke: grant }) };
    });
    const complete = outcomes.length === users.length && outcomes.every(({ status }) => status === 'done');
    return {
        format: 2,
        tenant,
        source,
        users: undone.sort((a, b) => (0,access_grants/* compareText */.n6)(a.user, b.user)),
        heldBack: [],
        found: [],
        holders: complete ? holders.map(holders => ({ ...holders, before: holders.after, after: holders.before })) : [],
        restores,
    };
}
/** Expiry and reason belong to the manifest's request, not to its reversal. */
function withoutTerms(operation) {
    return { ...bareAccess(operation), roles: operation.roles };
}
function asUncertain(operation) {
    return { ...withoutTerms(operation), uncertain: true };
}

;// CONCATENATED MODULE: ./build/js/report/conclude.js
// A run's record → its result, its counts, and the sentences about them. Log, summary and outputs all use these, so that
// they agree. Pure.

function conclude(record) {
    const { users, outcomes, failures, traffic } = record;
    const changes = changesOf(record);
    const totals = {
        changed: changes.length > 0,
        ...countOperations(changes),
        users,
        usersChanged: changes.length,
        usersFailed: shortfallsOf(outcomes, failures.length).reduce((sum, { count }) => sum + count, 0),
        requests: traffic.requests,
    };
    const result = resultOf(record, totals);
    return { result, ...totals, sentence: sentenceOf(record, result) };
}
/** What was done in mode `apply`, otherwise what is planned. */
function changesOf({ mode, plan, outcomes }) {
    const done = outcomes.map(({ user, granted, revoked }) => ({ user, grant: granted, revoke: revoked }));
    const users = mode === 'apply' ? done : (plan?.users ?? []);
    return users.filter(({ grant, revoke }) => grant.length + revoke.length > 0);
}
function resultOf({ mode, stopped, saved, users, read, removed, outcomes }, { changed, usersFailed }) {
    if (stopped !== undefined)
        return changed && mode === 'apply' ? 'partial' : 'failed';
    const unfinished = outcomes.filter(({ status }) => status !== 'done').length;
    // A saved plan's users are read before it is known whether they have changed.
    const isPartial = changed || usersFailed < users || (!saved && unfinished < read + removed.length);
    if (usersFailed > 0)
        return isPartial ? 'partial' : 'failed';
    if (!changed)
        return 'unchanged';
    return mode === 'apply' ? 'applied' : 'planned';
}
function sentenceOf(record, result) {
    const { mode, cancelled, stopped, errors, exported, users, failures, outcomes } = record;
    if (cancelled)
        return `Cancelled ${progressText(record)}.`;
    if (stopped === 'error')
        return `Failed ${progressText(record)}.`;
    if (stopped === 'inputs')
        return `${counted(errors.length, 'input problem')}; no request was sent.`;
    if (stopped === 'manifest')
        return `The manifest has ${counted(errors.length, 'mistake')}; nothing was written.`;
    if (stopped === 'refused')
        return `Refused for ${counted(errors.length, 'reason')}; nothing was written.`;
    if (exported !== undefined)
        return exportedText(exported, users);
    if (result === 'unchanged' && mode === 'validate')
        return `The manifest is valid; it lists ${counted(users, 'user')}.`;
    const what = result === 'unchanged'
        ? [`Unchanged: ${unchangedText(record)}`]
        : [shortfallsText(outcomes, failures.length), changeText(record)];
    return `${[...what, heldBackText(record)].filter(Boolean).join('; ')}.`;
}
function exportedText({ path, grants, roles, leftOut }, users) {
    const held = [counted(grants - (roles ?? 0), 'direct permission'), roles ? counted(roles, 'role') : ''];
    const listed = users === 0 ? 'no users' : `${counted(users, 'user')} with ${joined(held)}`;
    const what = roles === undefined ? 'direct permissions' : 'direct permissions or roles';
    const rest = leftOut === 0 ? '' : `; ${counted(leftOut, 'user')} without ${what} ${was(leftOut)} left out`;
    return `Exported: ${path} lists ${listed}${rest}.`;
}
/** Listed users are counted as matching only if they were read. */
function unchangedText({ users, read, saved, scope, warnings }) {
    if (saved)
        return 'the saved plan has nothing left to do';
    if (users === 0)
        return 'the manifest lists no users';
    if (read === 0) {
        // A warning about a user means that somebody was looked for.
        const isSkipped = scope === 'changed' && warnings.every(({ user }) => user === undefined);
        return isSkipped ? 'no listed user has changed since the last apply' : 'there is nothing to do';
    }
    if (read < users) {
        return `the ${counted(read, 'listed user')} who ${was(read)} read ${read === 1 ? 'matches' : 'match'} the manifest`;
    }
    return users === 1 ? 'the listed user matches the manifest' : `all ${grouped(users)} listed users match the manifest`;
}
/** Gives no total, because removed users change too but are not listed. */
function changeText(record) {
    const verb = record.mode === 'apply' ? 'changed' : 'would change';
    const changes = changesOf(record);
    if (changes.length === 0)
        return `nothing ${verb}`;
    const gone = new Set(record.removed);
    const removed = changes.filter(({ user }) => gone.has(user)).length;
    const some = removed === changes.length ? '' : `${grouped(removed)} `;
    const note = removed === 0 ? '' : ` (${some}removed from the manifest)`;
    return `${counted(changes.length, 'user')} ${verb}${note}: ${operationsText(changes)}`;
}
function operationsText(users) {
    const { grants, revocations } = countOperations(users);
    return joined([grants > 0 ? counted(grants, 'grant') : '', revocations > 0 ? counted(revocations, 'revocation') : '']);
}
function heldBackText({ plan }) {
    const count = plan?.heldBack.length ?? 0;
    return count === 0 ? '' : `${counted(count, 'revocation')} ${count === 1 ? 'is' : 'are'} held back`;
}
/** How much was written before the run ended early. */
function progressText(record) {
    const isChanged = record.mode === 'apply' && changesOf(record).length > 0;
    if (isChanged)
        return `after ${changeText(record)}`;
    const isUncertain = record.outcomes.some(({ uncertain }) => uncertain !== undefined);
    return isUncertain ? 'after a change that may have taken effect' : 'before anything was written';
}
const MAX_DRIFT_EXAMPLES = 3;
/** Why `fail-on-changes` fails the step, with what would change. */
function driftOf({ drift, plan }) {
    if (!drift || plan === undefined)
        return [];
    const { users } = plan;
    const shown = users.slice(0, MAX_DRIFT_EXAMPLES).map(({ user }) => user);
    const more = users.length > shown.length ? `, and ${grouped(users.length - shown.length)} more` : '';
    const change = `${counted(users.length, 'user')} would change (${operationsText(users)})`;
    const message = `The step fails because fail-on-changes is set and the plan is not empty: ${change}: ${shown.join(', ')}${more}.`;
    return [{ message }];
}
/** One sentence about all users who were not finished because the run ended; their ids are in the outcomes. */
function unfinishedOf(outcomes, cancelled) {
    const shortfalls = shortfallsText(outcomes, 0);
    if (shortfalls === '')
        return [];
    const why = cancelled
        ? 'because the run was cancelled. Run it again to finish the rest.'
        : 'because an earlier failure affected every user. The next run finishes the rest.';
    return [{ message: `${shortfalls} ${why}` }];
}
/** How many users were not fully updated, by what happened to them. @param failed the number of users with a failure */
function shortfallsOf(outcomes, failed) {
    const partial = outcomes.filter(({ interrupted }) => interrupted).length;
    const untouched = outcomes.filter(({ status }) => status === 'not attempted').length;
    return [
        { count: failed, what: 'failed' },
        { count: partial, what: `${was(partial)} partially changed` },
        { count: untouched, what: `${was(untouched)} not attempted` },
    ].filter(({ count }) => count > 0);
}
/** For example `2 users failed and 1 was not attempted`; empty if there are none. */
function shortfallsText(outcomes, failed) {
    const parts = shortfallsOf(outcomes, failed).map(({ count, what }, index) => `${index === 0 ? counted(count, 'user') : grouped(count)} ${what}`);
    return joined(parts);
}
/** `a, b and c`, without empty parts. */
function joined(parts) {
    const present = parts.filter(Boolean);
    return [present.slice(0, -1).join(', '), ...present.slice(-1)].filter(Boolean).join(' and ');
}
function was(count) {
    return count === 1 ? 'was' : 'were';
}
function counted(count, noun) {
    return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}
/** A number with thousands separators, such as `12,400`, independent of the locale. */
function grouped(count) {
    return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

;// CONCATENATED MODULE: ./build/js/report/record.js
// Everything that a run reports, as data. Outputs, summary, comment and report file are all computed from it. Only the
// journal writes it. Pure.

/** Compares findings: those without a place first, then by file, line and column. */
function byPlace(files) {
    const ranks = new Map(files.map((file, index) => [file, index + 1]));
    const rankOf = ({ place }) => (place && ranks.get(place.file)) ?? 0;
    return (a, b) => rankOf(a) - rankOf(b) ||
        (a.place?.line ?? 0) - (b.place?.line ?? 0) ||
        (a.place?.column ?? 0) - (b.place?.column ?? 0);
}
function derivedOf({ id, live }) {
    return [...(live?.derived ?? [])].map(([grant, roles]) => ({
        user: id,
        ...(0,access_grants/* accessOf */.YK)(grant),
        roles: roles.map(access_grants/* nameOfRole */.r0),
    }));
}
/** The addresses that list users, by id. */
function emailsOf({ emails }) {
    return new Map(emails.map(({ user, email }) => [user, email]));
}
/** What is known before a run. */
function newRecord() {
    return {
        mode: undefined,
        revoke: undefined,
        scope: undefined,
        tenant: undefined,
        commit: undefined,
        files: [],
        users: 0,
        nextExpiry: undefined,
        stopped: undefined,
        cancelled: false,
        drift: false,
        exported: undefined,
        errors: [],
        warnings: [],
        notices: [],
        failures: [],
        plan: undefined,
        digest: undefined,
        saved: false,
        approval: undefined,
        outcomes: [],
        emails: [],
        removed: [],
        read: 0,
        apis: [],
        derived: [],
        unmanaged: [],
        advice: [],
        ledger: undefined,
        planFile: undefined,
        undoPlanFile: undefined,
        undoDigest: undefined,
        traffic: { requests: 0, waited: 0, waitingFor: undefined, blind: false },
        duration: 0,
    };
}

;// CONCATENATED MODULE: ./build/js/report/text.js
// Makes outside text harmless in log lines, workflow commands, Markdown and HTML: everything that comes from a manifest,
// the tenant or an error. Pure.

/** Control characters (ANSI sequences, newlines), and invisible characters that reorder, hide or join text. */
const text_UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}]/gu;
/**
 * One line that can be printed anywhere. Invisible characters become `\u{…}`, and both of the runner's command syntaxes
 * are escaped: `::x::` at the start of a line, even after spaces, and `##[x]` anywhere in it.
 */
function plain(text) {
    return text
        .replace(text_UNSEEN, character => `\\u{${Number(character.codePointAt(0)).toString(16)}}`)
        .replaceAll('##[', '##\\[')
        .replace(/^(\s*):(?=:)/, '$1\\:');
}
const ENTITIES = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
    // GitHub looks for `$formulas$` before it parses HTML.
    $: '&#36;',
};
/**
 * A name, id or address for an HTML block of a summary or comment. In an HTML block Markdown has no effect, and within
 * `<code>` GitHub creates no mentions, references or emoji.
 */
function code(text) {
    return `<code>${escapeHtml(plain(text))}</code>`;
}
/**
 * Letters with a sentence's punctuation, or a number: nothing that GitHub would turn into a link. Text that could be the
 * beginning of a commit's hash does not match.
 */
const WORD = /^[("]*(?![0-9a-f]{7})(Auth0(['’]s)?|[A-Za-z]+(['’-][a-z]+)*|\d+|\d{1,3}(,\d{3})+)?[).,;:!?"]*$/;
/** A sentence for an HTML block: plain words as they are, everything else as `code`. */
function prose(sentence) {
    return plain(sentence)
        .split(' ')
        .map(token => (WORD.test(token) ? escapeHtml(token) : codeToken(token)))
        .join(' ');
}
/** A sentence's punctuation stays outside the code. */
function codeToken(token) {
    return token.replace(/^([("]*)(.*?)([).,;:!?"]*)$/s, (_, before, inner, after) => `${escapeHtml(before)}<code>${escapeHtml(inner)}</code>${escapeHtml(after)}`);
}
/**
 * A user as people know them: `grace@acme.com (auth0|65a1…)`, or the id alone.
 * @param show makes both harmless for display
 */
function userText({ user, email }, show) {
    const [first, second] = [...new Set([email, user])].filter(name => name !== undefined).map(show);
    return second === undefined ? (first ?? '') : `${first} (${second})`;
}
/** A prefix with those of the user's names that the message does not contain; empty if it contains all. */
function aboutText({ message, user, email }, show) {
    const unsaid = (name) => (name !== undefined && message.includes(name) ? undefined : name);
    const who = userText({ user: unsaid(user), email: unsaid(email) }, show);
    return who && `${who}: `;
}
function placeText({ file, line, column }) {
    return `${file}:${line}:${column}`;
}
/** A URL without characters that could end it early or have another meaning. */
const text_ADDRESS = /^https?:\/\/[A-Za-z0-9.-]+(:\d{1,5})?(\/[A-Za-z0-9._~%/?=&-]*)?$/;
const MAX_ADDRESS = 500;
/**
 * A link to a GitHub page for an HTML block, or the address as `code` if it is not a plain URL.
 * @param words are not escaped
 */
function text_link(address, words) {
    const isPlain = address.length <= MAX_ADDRESS && text_ADDRESS.test(address);
    return isPlain ? `<a href="${escapeHtml(address)}">${words}</a>` : code(clip(address, MAX_ADDRESS));
}
function escapeHtml(text) {
    return text.replace(/[&<>"'$]/g, character => String(ENTITIES[character]));
}

;// CONCATENATED MODULE: ./build/js/report/summary/blocks.js
// Building blocks of a report: HTML blocks, in which Markdown has no effect, and GitHub's alerts. A block with nothing to
// show is an empty text, which the report leaves out. Pure.


/** Longer lists and tables are folded. */
const FOLD_AFTER = 20;
/** Auth0 allows names of up to 280 characters. */
const blocks_MAX_NAME = 300;
const MAX_MESSAGE = 2_000;
/** A name, an id or a path: shown literally, and in full unless it is extremely long. */
function blocks_name(text) {
    return code(clip(text, blocks_MAX_NAME));
}
function message(text) {
    return prose(clip(text, MAX_MESSAGE));
}
/** @param lines empty ones are left out */
function paragraph(lines) {
    const text = lines.filter(Boolean).join('<br>\n');
    return text && `<p>${text}</p>`;
}
function row(cells) {
    return `<tr>${cells.map(cell => `<td>${cell}</td>`).join('')}</tr>`;
}
function table(headers, rows) {
    const head = headers.map(header => `<th align="left">${header}</th>`).join('');
    return `<table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${rows}\n</tbody>\n</table>`;
}
function fold(title, block) {
    return `<details><summary>${title}</summary>\n${block}\n</details>`;
}
/** An alert, which renders as a quotation outside GitHub. */
function blocks_alert(kind, blocks) {
    const text = blocks.filter(Boolean).join('\n');
    return text && `[!${kind}]\n${text}`.replaceAll(/^/gm, '> ');
}

;// CONCATENATED MODULE: ./build/js/report/summary/lists.js
// The lists of a report share its space. A list that is too long is shown with its head and a shorter tail. Pure.


/**
 * The space that is reserved for each list, in percent. Unused space is given to the other lists in this order, so that
 * errors, failures and changes are cut last.
 */
const SHARES = {
    errors: 14,
    failures: 14,
    untouched: 4,
    heldBack: 4,
    changes: 36,
    warnings: 8,
    permissions: 8,
    notices: 4,
    unmanaged: 4,
    advice: 2,
    derived: 2,
};
function bullets(texts) {
    const item = (text) => `<li>${text}</li>`;
    const entries = texts.map(item);
    return { entries, size: sizeOf(entries), gap: item, frame: shown => `<ul>\n${shown}\n</ul>` };
}
function rows(headers, entries) {
    const span = headers.length === 1 ? '' : ` colspan="${headers.length}"`;
    const gap = (text) => `<tr><td${span}>${text}</td></tr>`;
    return { entries, size: sizeOf(entries), gap, frame: shown => table(headers, shown) };
}
function shortenLists(lists, { bytes, whole }) {
    const names = Object.keys(SHARES);
    const guaranteed = (list) => Math.min(lists[list].size, Math.floor((bytes * SHARES[list]) / 100));
    let spare = bytes - names.reduce((sum, list) => sum + guaranteed(list), 0);
    const shortened = names.map(list => {
        const more = Math.min(lists[list].size - guaranteed(list), spare);
        spare -= more;
        return [list, shorten(lists[list], { bytes: guaranteed(list) + more, whole })];
    });
    return Object.fromEntries(shortened);
}
function shorten({ entries, size, gap, frame }, { bytes, whole }) {
    const { length } = entries;
    if (length === 0)
        return { block: '', length, cut: 0 };
    if (size <= bytes)
        return { block: frame(entries.join('\n')), length, cut: 0 };
    const head = countFitting(entries, bytes * 0.75);
    const tail = countFitting(entries.toReversed(), bytes * 0.25);
    const cut = length - head - tail;
    const text = `… ${grouped(cut)} of ${grouped(length)} not shown here; ${whole}.`;
    const shown = [...entries.slice(0, head), gap(text), ...entries.slice(length - tail)];
    return { block: frame(shown.join('\n')), length, cut };
}
/** The number of leading entries that fit, if not all do. */
function countFitting(entries, bytes) {
    let size = 0;
    return entries.findIndex(entry => {
        size += sizeOf([entry]);
        return size > bytes;
    });
}
/** Bytes, including each line's end and the `> ` of an alert. */
function sizeOf(entries) {
    return entries.reduce((sum, entry) => sum + Buffer.byteLength(entry) + 3, 0);
}
/** The title says how much is not shown, because nobody would look for that inside a folded list. */
function titleWithCount(title, { length, cut }) {
    return `${title} (${grouped(length)}${cut === 0 ? '' : `; ${grouped(cut)} not shown`})`;
}
function titleWithCut(title, { cut }) {
    return cut === 0 ? title : `${title} (${grouped(cut)} not shown)`;
}

;// CONCATENATED MODULE: ./build/js/report/summary/changes.js
// The changes: a row for each user, with losses before gains. Pure.







/** Longer lists are shortened, so that a user with a thousand permissions does not fill the page. */
const MAX_USER_LINES = 25;
/** The APIs whose names or token lifetimes are listed below the changes. */
const MAX_APIS = 20;
function changes_knownOf(record) {
    const { removed, outcomes, apis } = record;
    return {
        /** The addresses that list users, by id. */
        emails: emailsOf(record),
        removed: new Set(removed),
        /** By user; undefined if nothing was to be written. */
        outcomes: isWritten(record) ? new Map(outcomes.map(outcome => [outcome.user, outcome])) : undefined,
        /** The manifest's names for APIs, by identifier. */
        aliases: new Map(apis.flatMap(({ identifier, alias }) => (alias === undefined ? [] : [[identifier, alias]]))),
    };
}
/** Whether to show outcomes: a plan that was only computed or refused has none. */
function isWritten({ mode, stopped }) {
    return mode === 'apply' && stopped !== 'refused';
}
function renderChanges(record, { changes }) {
    const { plan } = record;
    if (plan === undefined || changes.length === 0)
        return [];
    const title = counted(changes.length, 'user');
    return [
        '### Changes',
        changes.length > FOLD_AFTER ? fold(titleWithCut(title, changes), changes.block) : changes.block,
        paragraph(changes_apiLines(plan, record)),
    ];
}
function changeHeader(record) {
    return `User, and what they ${isWritten(record) ? '' : 'would '}lose (−) and gain (+)`;
}
/** Says which names the manifest has for the APIs, and how long access tokens may contain what was revoked. */
function changes_apiLines({ users }, { apis }) {
    const losing = new Set(users.flatMap(({ revoke }) => revoke.map(({ api }) => api)));
    const gaining = new Set(users.flatMap(({ grant }) => grant.map(({ api }) => api)));
    const names = apis.flatMap(({ identifier, alias }) => alias !== undefined && (losing.has(identifier) || gaining.has(identifier))
        ? [`${blocks_name(alias)} is ${blocks_name(identifier)}`]
        : []);
    const lifetimes = apis.flatMap(({ identifier, alias, tokenLifetime }) => tokenLifetime !== undefined && losing.has(identifier)
        ? [`${lifetimeText(tokenLifetime)} for ${blocks_name(alias ?? identifier)}`]
        : []);
    return [
        names.length === 0 ? '' : `${shortList(names, MAX_APIS)}.`,
        lifetimes.length === 0
            ? ''
            : `Access tokens issued before a revocation may contain the permission until they expire: ${shortList(lifetimes, MAX_APIS)}.`,
    ];
}
/** Rounded up, so that nobody relies on a permission being gone too early. */
function lifetimeText(seconds) {
    if (seconds < 120)
        return counted(seconds, 'second');
    if (seconds < 7_200)
        return counted(Math.ceil(seconds / 60), 'minute');
    return counted(Math.ceil(seconds / 3_600), 'hour');
}
const CHANGE_KINDS = [
    { step: 'revoke', done: 'revoked', sign: '− revoke', effective: 'still effective' },
    { step: 'grant', done: 'granted', sign: '+ grant', effective: 'already effective' },
];
/** Users who were not fully updated come first, then those who lose something. */
function userRows(users, known) {
    const rank = (user) => {
        const statuses = new Set(changes_changesOf(user, known).map(({ status }) => status));
        if (statuses.has('failed'))
            return 0;
        if (statuses.has('not attempted'))
            return 1;
        return user.revoke.length > 0 ? 2 : 3;
    };
    return users.toSorted((a, b) => rank(a) - rank(b)).map(user => userRow(user, known));
}
function userRow(user, known) {
    const changes = changes_changesOf(user, known);
    const statuses = new Set(changes.map(statusText));
    const isMixed = statuses.size > 1;
    const removed = known.removed.has(user.user) ? 'removed from the manifest' : '';
    const who = [userHtml(user.user, known), removed, ...(isMixed ? [] : statuses)].filter(Boolean).join(', ');
    const lineOf = (change) => {
        const { operation, kind } = change;
        const prefix = isMixed ? `${statusText(change)}: ` : '';
        const notes = operationNotes(operation, { effective: kind.effective, show: blocks_name });
        return `${prefix}${kind.sign} ${accessHtml(operation, known)}${notes}`;
    };
    return row([`${who}<br>${changes_userLines(changes, lineOf)}`]);
}
function changes_changesOf(user, { outcomes }) {
    const outcome = outcomes?.get(user.user);
    return CHANGE_KINDS.flatMap(kind => {
        const done = (0,access_grants/* packAll */.pV)(outcome?.[kind.done] ?? []);
        return user[kind.step].map(operation => {
            const isDone = outcome?.status === 'failed' && done.has((0,access_grants/* packAccess */.oe)(operation));
            const status = outcomes && (isDone ? 'done' : (outcome?.status ?? 'not attempted'));
            const isUncertain = status === 'failed' && outcome?.uncertain?.includes(kind.step) === true;
            return { kind, operation, status, isUncertain };
        });
    });
}
function statusText({ status, isUncertain }) {
    if (status === undefined || status === 'done')
        return status ?? '';
    return `<strong>${status}</strong>${isUncertain ? ', but may have taken effect' : ''}`;
}
/** An operation's notes in parentheses; empty if it has none. */
function operationNotes({ roles, expires, reason, why, uncertain }, { effective, show }) {
    const notes = [
        why === undefined ? '' : WHY_WORDS[why],
        roles.length === 0 ? '' : `${effective} through role ${roles.map(show).join(', ')}`,
        expires === undefined ? '' : `until ${show(expires)}`,
        reason === undefined ? '' : `reason: ${show(reason)}`,
        uncertain ? 'there may be nothing to undo' : '',
    ].filter(Boolean);
    return notes.length === 0 ? '' : ` (${notes.join('; ')})`;
}
/** Empty for a removed user, because the row already says so. */
const WHY_WORDS = {
    'user removed': '',
    'line removed': 'removed from the manifest',
    expired: 'expired',
    'not listed': 'not in the manifest',
};
function userHtml(user, { emails }) {
    return userText({ user, email: emails.get(user) }, blocks_name);
}
/** A permission by the manifest's name for the API, if it has one; or a role. */
function accessHtml(access, { aliases }) {
    return (0,access_grants/* isPermission */.Yo)(access)
        ? `${blocks_name(access.permission)} on ${blocks_name(aliases.get(access.api) ?? access.api)}`
        : `the role ${blocks_name((0,access_grants/* nameOfRole */.r0)(access))}`;
}
/** One user's items, one line each; only lines that are shown are rendered. */
function changes_userLines(items, lineOf) {
    if (items.length <= MAX_USER_LINES)
        return items.map(lineOf).join('<br>');
    const tail = Math.floor(MAX_USER_LINES / 5);
    const head = MAX_USER_LINES - tail;
    const cut = `… ${grouped(items.length - head - tail)} more for this user`;
    return [...items.slice(0, head).map(lineOf), cut, ...items.slice(-tail).map(lineOf)].join('<br>');
}
/** The inputs that apply the plan, or undo it. */
function renderDigests(record) {
    const { plan, digest, undoDigest } = record;
    // Applying such a plan changes neither the tenant nor the ledger.
    const isIdle = plan === undefined || plan.users.length + plan.found.length === 0;
    const undoWords = `To undo this apply, set ${code('plan-file')} to the undo plan and ${code('approved-plan')} to its digest:`;
    return [
        digest === undefined ? '' : paragraph([`${digestWords(record)}:`, blocks_name(digest)]),
        undoDigest === undefined || isIdle ? '' : paragraph([undoWords, blocks_name(undoDigest)]),
    ];
}
/** Approval helps only if the plan was not refused, or was refused only because it was not approved. */
function digestWords(record) {
    const { stopped, approval, errors, plan } = record;
    if (isWritten(record))
        return 'The digest of the plan';
    if (plan?.users.length === 0)
        return 'The digest of the empty plan';
    const hasOtherReason = stopped === 'refused' && (approval !== 'other' || errors.length > 1);
    return hasOtherReason
        ? 'The digest of the refused plan'
        : `To apply this plan and no other, set ${code('approved-plan')} to its digest`;
}

;// CONCATENATED MODULE: ./build/js/report/log.js
// Logs lines, annotations and the plan. Outside text is made harmless first.








/** GitHub shows ten annotations of each kind per step. */
const SHOWN_ANNOTATIONS = 10;
/** Findings beyond this number are only logged. */
const MAX_ANNOTATIONS = 100;
const ANNOTATE = { error: core/* error */.z3, warning: core/* warning */.$e, notice: core/* notice */.lm };
function harmless(text) {
    return plain((0,runner_secrets/* redact */.E$)(text));
}
function logLine(text) {
    core/* info */.pq(harmless(text));
}
function annotate(kind, findings) {
    const say = ANNOTATE[kind];
    if (findings.length > SHOWN_ANNOTATIONS) {
        const all = counted(findings.length, kind);
        say(`${all}: GitHub shows only ${SHOWN_ANNOTATIONS} per step; the log and the job summary list them all.`);
    }
    for (const [index, finding] of findings.entries()) {
        const { place } = finding;
        // As a whole, the text is made harmless below.
        const text = `${aboutText(finding, String)}${finding.message}`;
        if (index < MAX_ANNOTATIONS) {
            say(harmless(text), place && { file: harmless(place.file), startLine: place.line, startColumn: place.column });
        }
        else {
            logLine(place === undefined ? text : `${placeText(place)} ${text}`);
        }
    }
}
/** One line for each user and each operation, with a sign and a verb; revocations come first. */
function logPlan(plan, { digest, emails }) {
    if (plan.users.length + plan.heldBack.length > 0)
        logChanges(plan, emailsOf({ emails }));
    logLine(`The plan's digest is ${digest}${plan.users.length === 0 ? ' (the plan is empty)' : ''}`);
}
function logChanges(plan, emails) {
    const { grants, revocations } = countOperations(plan.users);
    const counts = `${counted(plan.users.length, 'user')}, ${counted(revocations, 'revocation')}, ${counted(grants, 'grant')}`;
    core/* startGroup */.Oh(harmless(`Plan for ${plan.tenant}: ${counts}`));
    for (const { user, grant, revoke } of plan.users) {
        logLine(userText({ user, email: emails.get(user) }, String));
        for (const operation of revoke)
            core/* info */.pq(`  - revoke ${operationText(operation, 'still effective')}`);
        for (const operation of grant)
            core/* info */.pq(`  + grant ${operationText(operation, 'already effective')}`);
    }
    for (const { user, entry, ...access } of plan.heldBack) {
        const who = userText({ user, email: emails.get(user) }, String);
        logLine(`Held back: revoke ${(0,access_grants/* accessText */.cd)(access)} from ${who}, because ${entry} cannot be identified`);
    }
    core/* endGroup */.N4();
}
function operationText(operation, effective) {
    return `${harmless((0,access_grants/* accessText */.cd)(operation))}${operationNotes(operation, { effective, show: harmless })}`;
}

;// CONCATENATED MODULE: ./build/js/steps/locate-users.js
// Findings about users → the manifest's lines that list them.

function locateUsers(documents, findings) {
    const mentions = findings.flatMap(({ mention }) => mention ?? []);
    const places = new Map(locate(documents, mentions));
    return findings.map(({ mention, ...finding }) => {
        const place = mention && places.get(mention);
        return { ...finding, ...(place && { place }) };
    });
}

;// CONCATENATED MODULE: ./build/js/ledger/file.js
// The ledger as a file, and its seal. The file has one line for each user, sorted, so that its history is an audit trail.




const file_text = schemas/* string */.YjP().min(1);
/** Pairs, because Zod's records drop the key `__proto__`, which may be an API's identifier. */
const namesByApi = schemas/* preprocess */.vkY(value => (schemas/* record */.g1P(file_text, schemas/* unknown */.L5J()).safeParse(value).success ? Object.entries(value) : undefined), schemas/* array */.YOg(schemas/* tuple */.PVZ([file_text, schemas/* array */.YOg(file_text)])));
const file_address = schemas/* strictObject */.rej({ email: file_text, connection: file_text.exactOptional() });
const ledgerSchema = schemas/* strictObject */.rej({
    format: schemas/* literal */.euz(1),
    tenant: file_text,
    commit: schemas/* string */.YjP(),
    branch: schemas/* string */.YjP(),
    latest: schemas/* strictObject */.rej({ run: schemas/* string */.YjP(), commit: schemas/* string */.YjP(), at: iso/* datetime */.w$() }),
    applying: schemas/* boolean */.zMY(),
    files: schemas/* array */.YOg(file_text),
    users: schemas/* array */.YOg(schemas/* strictObject */.rej({
        id: file_text,
        listed: schemas/* array */.YOg(schemas/* union */.KCZ([schemas/* literal */.euz('id'), file_address])),
        managed: namesByApi,
        /** Ids. */
        roles: schemas/* array */.YOg(file_text).exactOptional(),
        unfinished: schemas/* literal */.euz(true).exactOptional(),
    })),
    seal: file_text.exactOptional(),
});
/** What is wrong with a ledger that has such a seal. */
const SEAL_PROBLEMS = {
    right: undefined,
    unchecked: undefined,
    missing: 'has no seal',
    wrong: 'has a seal that does not match ledger-key, so it was changed without that key',
};
/** @param key the input `ledger-key`; without it, the seal is not checked */
function parseLedger(content, key) {
    const { data, problem } = parseJsonFile(ledgerSchema, content);
    if (problem !== undefined)
        return { kind: 'unreadable', problem };
    const { format: _, seal, users, ...head } = data;
    const entries = users.map(({ id, listed, managed, roles = [], unfinished = false }) => [
        id,
        {
            listed: listed,
            managed: new Set([
                ...managed.flatMap(([api, names]) => names.map(name => (0,access_grants/* grantOf */.od)(api, name))),
                ...roles.map(access_grants/* roleGrantOf */.ch),
            ]),
            unfinished,
        },
    ]);
    const ledger = { ...head, users: new Map(entries) };
    if (ledger.users.size < users.length)
        return { kind: 'unreadable', problem: 'it lists a user twice' };
    return { kind: 'ledger', ledger, seal: checkSeal(content, { seal, key }) };
}
/** Equal ledgers give equal bytes. */
function formatLedger(ledger, key) {
    const { tenant, commit, branch, latest, applying, files, users } = ledger;
    const head = { format: 1, tenant, commit, branch, latest, applying, files: [...files].sort(access_grants/* compareText */.n6) };
    const lines = [...users].sort(([a], [b]) => (0,access_grants/* compareText */.n6)(a, b)).map(([id, entry]) => formatEntry(id, entry));
    const list = lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n]`;
    const properties = Object.entries(head).map(([name, value]) => `"${name}": ${JSON.stringify(value)}`);
    const content = `{\n${[...properties, `"users": ${list}`].join(',\n')}\n}\n`;
    return key === undefined ? content : withSeal(content, sealOf(content, key));
}
function formatEntry(id, { listed, managed, unfinished }) {
    const roles = [...(0,access_grants/* rolesAmong */.Wn)(managed)].sort(access_grants/* compareText */.n6);
    return JSON.stringify({
        ...{ id, listed, managed: (0,access_grants/* groupByApi */.ln)(managed) },
        ...(roles.length > 0 && { roles }),
        ...(unfinished && { unfinished }),
    });
}
// The seal is the last line of the file, and covers everything before it.
const END = '\n}\n';
function withSeal(content, seal) {
    return `${content.slice(0, -END.length)}${sealLine(seal)}`;
}
function sealLine(seal) {
    return `,\n"seal": ${JSON.stringify(seal)}${END}`;
}
function sealOf(content, key) {
    return `hmac-sha256:${(0,external_node_crypto_.createHmac)('sha256', key).update(content).digest('hex')}`;
}
function checkSeal(content, { seal, key }) {
    if (key === undefined)
        return 'unchecked';
    if (seal === undefined)
        return 'missing';
    const line = sealLine(seal);
    // A file with another format was not sealed by this action.
    if (!content.endsWith(line))
        return 'wrong';
    const right = Buffer.from(sealOf(`${content.slice(0, -line.length)}${END}`, key));
    const found = Buffer.from(seal);
    return right.length === found.length && (0,external_node_crypto_.timingSafeEqual)(right, found) ? 'right' : 'wrong';
}

;// CONCATENATED MODULE: ./build/js/steps/github-reason.js
// Why a request to GitHub failed, and what to change.

const NO_TOKEN = "The input github-token is empty; remove it to use the job's own token.";
const RETRY_GITHUB = 'Run this again when GitHub is available.';
function isDenied(error) {
    return error instanceof errors/* GitHubError */.y_ && (error.status === 403 || error.status === 404);
}
/** @throws errors that must end the run: a defect, or its cancellation */
function reasonOf(error, { inputs }) {
    if (!(error instanceof errors/* ActionError */.lZ) || error instanceof errors/* NotSentError */.SD)
        throw error;
    if (!(error instanceof errors/* GitHubError */.y_))
        return error.message;
    const permission = inputs.mode === 'apply' ? 'contents: write' : 'contents: read';
    return `${error.message} ${isDenied(error) ? `Add this to the job: "permissions: { ${permission} }".` : RETRY_GITHUB}`;
}

;// CONCATENATED MODULE: ./build/js/github/git.js
// GitHub's Git database: branches, trees, blobs, commits, and how two commits are related.


const sha = schemas/* string */.YjP().min(1);
const refs = schemas/* array */.YOg(schemas/* object */.Ikc({ ref: schemas/* string */.YjP(), object: schemas/* object */.Ikc({ sha }) }));
/** @returns undefined if there is no such branch. @throws GitHubError with status 404 if the token cannot read it */
async function readHead({ rest, repository, read }, branch) {
    // This endpoint distinguishes a branch that does not exist from one that the token cannot read.
    const ref = `heads/${branch}`;
    const request = () => rest.git.listMatchingRefs({ ...repository, ref });
    const found = await read({ action: `read the branch ${branch}`, request, schema: refs });
    return found.find(each => each.ref === `refs/${ref}`)?.object.sha;
}
const settings = schemas/* object */.Ikc({ default_branch: schemas/* string */.YjP().min(1) });
async function readDefaultBranch({ rest, repository, read }) {
    const request = () => rest.repos.get({ ...repository });
    return (await read({ action: 'read the repository', request, schema: settings })).default_branch;
}
const treeEntry = schemas/* object */.Ikc({
    /** Relative to the tree that was read. */
    path: schemas/* string */.YjP().min(1),
    type: schemas/* enum */.k5n(['blob', 'tree', 'commit']),
    sha,
});
const treeSchema = schemas/* object */.Ikc({
    tree: schemas/* array */.YOg(treeEntry).readonly(),
    /** GitHub lists at most 100,000 entries, or 7 MB. */
    truncated: schemas/* boolean */.zMY().default(false),
});
function readTree({ rest, repository, read }, { of, recursive = false }) {
    const request = () => rest.git.getTree({ ...repository, tree_sha: of, ...(recursive && { recursive: '1' }) });
    return read({ action: `read the files of ${of}`, request, schema: treeSchema });
}
const blobText = schemas/* union */.KCZ([
    schemas/* string */.YjP().min(1),
    schemas/* instanceof */.Nlp(ArrayBuffer).transform(bytes => Buffer.from(bytes).toString('utf8')),
]);
function readBlob({ rest, repository, read }, file_sha) {
    const request = () => rest.git.getBlob({ ...repository, file_sha, mediaType: { format: 'raw' } });
    return read({ action: `read the file ${file_sha}`, request, schema: blobText });
}
/** How `head` relates to `base`; `ahead`: `base` is an ancestor of `head`. */
const comparison = schemas/* object */.Ikc({ status: schemas/* enum */.k5n(['identical', 'ahead', 'behind', 'diverged']) });
/** @returns undefined if one of them does not exist */
async function compareCommits({ rest, repository, read }, { base, head }) {
    const request = () => rest.repos.compareCommitsWithBasehead({ ...repository, basehead: `${base}...${head}`, per_page: 1 });
    try {
        return (await read({ action: `compare ${base} with ${head}`, request, schema: comparison })).status;
    }
    catch (error) {
        if (error instanceof errors/* GitHubError */.y_ && error.status === 404)
            return undefined;
        throw error;
    }
}
const created = schemas/* object */.Ikc({ sha });
const FILE_MODE = '100644';
/** @returns the new commit's id */
async function createCommit({ rest: { git }, repository, write }, { path, text, parents, message }) {
    const create = async (request) => (await write({ action: 'write a commit', request, schema: created })).sha;
    const blob = await create(() => git.createBlob({ ...repository, content: text, encoding: 'utf-8' }));
    const file = { path, mode: FILE_MODE, type: 'blob', sha: blob };
    const tree = await create(() => git.createTree({ ...repository, tree: [file] }));
    return create(() => git.createCommit({ ...repository, message, tree, parents: [...parents] }));
}
const moved = schemas/* object */.Ikc({ object: schemas/* object */.Ikc({ sha }) });
/** Only moves a branch forward. @returns false if somebody else moved it in the meantime */
async function moveBranch(github, { branch, from, to }) {
    const { rest, repository, write } = github;
    const request = from === undefined
        ? () => rest.git.createRef({ ...repository, ref: `refs/heads/${branch}`, sha: to })
        : () => rest.git.updateRef({ ...repository, ref: `heads/${branch}`, sha: to, force: false });
    try {
        await write({ action: `move the branch ${branch}`, request, schema: moved });
        return true;
    }
    catch (error) {
        if (!(error instanceof errors/* GitHubError */.y_) || !isOvertaken(error))
            throw error;
        // An earlier attempt may have succeeded although its response was lost.
        return (await readHead(github, branch)) === to;
    }
}
/** By the message, because a branch's rules give the same status. */
function isOvertaken({ status, message }) {
    return status === 422 && /not a fast forward|reference (already exists|does not exist)/i.test(message);
}

;// CONCATENATED MODULE: ./build/js/ledger/branch.js
// The repository branch that stores the ledger: it shares no history with the code, has one file, and only moves forward.


const LEDGER_FILE = 'ledger.json';
function openLedgerBranch({ github, tenant, key }) {
    const name = ledgerBranchOf(tenant);
    return {
        name,
        read: async () => {
            const head = await readHead(github, name);
            if (head === undefined)
                return { kind: 'none' };
            const { tree } = await readTree(github, { of: head });
            const file = tree.find(({ path, type }) => path === LEDGER_FILE && type === 'blob');
            if (file === undefined)
                return { kind: 'unreadable', problem: `it has no file ${LEDGER_FILE}`, head };
            const reading = parseLedger(await readBlob(github, file.sha), key);
            if (reading.kind === 'ledger' && reading.ledger.tenant !== tenant) {
                return { kind: 'unreadable', problem: `it is the ledger of the tenant ${reading.ledger.tenant}`, head };
            }
            return { ...reading, head };
        },
        write: async ({ ledger, message, head }) => {
            const parents = head === undefined ? [] : [head];
            const commit = await createCommit(github, {
                path: LEDGER_FILE,
                text: formatLedger(ledger, key),
                parents,
                message,
            });
            return (await moveBranch(github, { branch: name, from: head, to: commit })) ? commit : undefined;
        },
    };
}
/** A branch name in Git cannot contain the `:` before a port or the brackets of an IPv6 address. */
function ledgerBranchOf(tenant) {
    return `auth0-permissions/${tenant.replace(/[^A-Za-z0-9.-]/g, '-')}`;
}

;// CONCATENATED MODULE: ./build/js/steps/read-ledger.js
// Reads the ledger, which some runs require and others can do without.





/** @returns undefined if the run requires the ledger and cannot read it */
async function readLedger(context, github) {
    const { inputs, workflow, journal } = context;
    const { tenant, ledgerKey: key } = inputs;
    try {
        if (workflow.repository === undefined)
            throw new errors/* ActionError */.lZ(NO_REPOSITORY);
        if (github === undefined)
            throw new errors/* ActionError */.lZ(NO_TOKEN);
        const branch = openLedgerBranch({ github, tenant, key });
        journal.noteLedger({ branch: branch.name, commit: undefined, run: undefined, at: undefined, head: undefined });
        return useReading(context, { branch, reading: await branch.read() });
    }
    catch (error) {
        const why = reasonOf(error, context);
        const need = needOf(context);
        if (need !== undefined) {
            journal.refuse([`The input ${need} needs the ledger. ${why} ${WITHOUT_LEDGER}`]);
            return undefined;
        }
        // Outside GitHub nobody expects a ledger.
        if (workflow.repository !== undefined)
            reportUnremembered(context, why);
        return { ledger: emptyLedger(tenant), branch: undefined, head: undefined, doubt: undefined };
    }
}
const NO_REPOSITORY = 'The ledger is a branch of the repository, but GITHUB_REPOSITORY is not set. Run this action in a workflow.';
const WITHOUT_LEDGER = 'Or set revoke: never or revoke: all, and scope: all, which do not need the ledger.';
/** The setting that requires the ledger. */
function needOf({ inputs }) {
    if (inputs.revoke === 'managed')
        return 'revoke: managed';
    return inputs.scope === 'changed' ? 'scope: changed' : undefined;
}
function useReading({ inputs, journal, workflow }, { branch, reading }) {
    if (reading.kind === 'none') {
        journal.warn([
            `There is no ledger yet (branch ${branch.name}), which is normal before the first apply. If this tenant had one, somebody deleted the branch: restore it; without it, earlier grants are managed only if this manifest lists them.`,
        ]);
        return { ledger: emptyLedger(inputs.tenant), branch, head: undefined, doubt: undefined };
    }
    if (reading.kind === 'unreadable') {
        throw new errors/* ActionError */.lZ(`The ledger on the branch ${branch.name} is not one that this action wrote: ${reading.problem}. Revert the commit that changed it on that branch; or delete the branch to start over.`);
    }
    const { ledger, head, seal } = reading;
    const { latest, applying, commit } = ledger;
    journal.noteLedger({ branch: branch.name, commit, run: latest.run, at: latest.at, head });
    if (applying && latest.run !== workflow.runUrl) {
        journal.warn([
            `The apply of ${latest.run || 'a run outside GitHub'}, which began at ${latest.at}, has not ended. If it is still running, wait for it and give the workflow a concurrency group; if it was stopped, this run rereads the users that it may have changed.`,
        ]);
    }
    const problem = SEAL_PROBLEMS[seal];
    return { ledger, branch, head, doubt: problem && doubtOf(branch, problem) };
}
function doubtOf({ name }, problem) {
    return {
        refusal: `The ledger on the branch ${name} ${problem}. Review its history (git log -p origin/${name}) and this plan. If both are correct, accept the ledger once: run mode: apply with approved-plan set to this plan's digest.`,
        acceptance: `The ledger on the branch ${name} ${problem}. It was accepted because approved-plan has this plan's digest, and this run seals it again.`,
    };
}
function reportUnremembered({ inputs, journal }, why) {
    const what = inputs.mode === 'apply' ? 'This apply is not recorded in the ledger' : 'The ledger was not read';
    journal.warn([`${what}. ${why}`]);
}

;// CONCATENATED MODULE: ./build/js/steps/record-apply.js
// Records an apply in the ledger: what is about to be done, before the first write, and what was done, after the last.








/** @returns undefined if the run is refused; why is reported */
async function beginRecording(context) {
    const { memory, planning, journal } = context;
    const { branch, head } = memory;
    const { users } = planning.plan;
    if (branch === undefined || users.length === 0)
        return { branch, head };
    const entries = beginUsers(memory.ledger.users, progressOf(planning));
    const message = messageOf(context, `Begin ${record_apply_operationsText(countOperations(users), users.length)}`);
    try {
        const moved = await branch.write({ ledger: ledgerOf(context, { users: entries, applying: true }), message, head });
        if (moved !== undefined)
            return { branch, head: moved };
        journal.refuse([
            `Another run updated the ledger's branch ${branch.name} after this run read it, so this run stopped before its first write. Run it again.`,
        ]);
        return undefined;
    }
    catch (error) {
        const why = reasonOf(error, context);
        if (needOf(context) === undefined) {
            reportUnremembered(context, why);
            return { branch: undefined, head };
        }
        journal.refuse([`The apply could not be recorded in the ledger before its first write. ${why} ${WITHOUT_LEDGER}`]);
        return undefined;
    }
}
function computeEnding(context, outcomes) {
    const { memory, planning } = context;
    const before = memory.ledger.users;
    const results = new Map(outcomes.map(({ user, status, revoked }) => [user, { status, revoked: (0,access_grants/* packAll */.pV)(revoked) }]));
    const ended = endUsers(before, { ...progressOf(planning), results });
    const users = revertUsers(ended, changesToRevert(context, results));
    const changed = changedEntries(before, users);
    // Includes users whose entries do not change: undoing the revocation of a grant made by hand must not make it managed.
    const involved = new Set([...changed, ...planning.plan.users.map(({ user }) => user)]);
    const restores = [...involved].sort(access_grants/* compareText */.n6).map(user => ({
        user,
        before: toRestored(before.get(user)),
        after: toRestored(users.get(user)),
    }));
    return { users, changed, restores };
}
/** What the undo plan reverts in the ledger: nothing if it was not read. An apply that is not recorded changed nothing there. */
function restoresOf({ memory }, { recording, ending }) {
    if (recording.branch !== undefined)
        return ending.restores;
    return memory.head === undefined ? [] : ending.restores.map(each => ({ ...each, after: each.before }));
}
async function endRecording({ context, recording, ending, outcomes }) {
    const { memory, planning, journal } = context;
    const { branch, head } = recording;
    const { users, changed } = ending;
    if (branch === undefined)
        return;
    const ledger = ledgerOf(context, { users, applying: false });
    const begun = head !== memory.head;
    // A ledger that was accepted without its seal is sealed by a new commit.
    const mustSeal = memory.doubt !== undefined;
    if (!begun && !mustSeal && changed.size === 0 && isSameList(ledger.files, memory.ledger.files))
        return;
    const planned = planning.plan.users.length;
    const title = planned === 0 ? `Update the entries of ${counted(changed.size, 'user')}` : resultText(outcomes, planned);
    const message = messageOf(context, title);
    try {
        const moved = await branch.write({ ledger, message, head });
        if (moved === undefined)
            await mergeRecording(context, { branch, ledger, changed, message });
        else
            journal.noteLedgerHead(moved);
    }
    catch (error) {
        if (!(error instanceof errors/* ActionError */.lZ))
            throw error;
        journal.warn([
            `The result of this apply could not be recorded in the ledger, so the next run reads this run's users again. ${error.message}`,
        ]);
    }
}
const MAX_MERGES = 5;
/** Merges this run's users into a ledger that somebody else wrote while this run wrote to the tenant. */
async function mergeRecording({ journal }, { branch, ledger, changed, message }) {
    for (let attempt = 1; attempt <= MAX_MERGES; attempt++) {
        const newer = await branch.read();
        const problem = problemOf(newer);
        if (problem !== undefined) {
            journal.fail(`Somebody changed the ledger on the branch ${branch.name} while this run wrote to the tenant: ${problem}. What this run did is not recorded there. Revert the commit that changed it, and run this again.`);
            return;
        }
        const theirs = newer.kind === 'ledger' ? newer : undefined;
        const merged = mergeLedgers({ newer: theirs?.ledger ?? ledger, own: ledger }, changed);
        if ((await branch.write({ ledger: merged, message, head: theirs?.head })) === undefined)
            continue;
        const other = theirs === undefined ? 'Somebody deleted' : `${theirs.ledger.latest.run || 'Another run'} updated`;
        journal.fail(`${other} the ledger's branch ${branch.name} while this run wrote to the tenant. This run's users were merged into the ledger, and the next run reads them again. Run the workflow again, and give it a concurrency group.`);
        return;
    }
    journal.fail(`Other runs updated the ledger's branch ${branch.name} ${MAX_MERGES} times while this run tried to record its result there. The result is not recorded, so the next run reads this run's users again. Run the workflow again, and give it a concurrency group.`);
}
/** Why a ledger cannot be merged with. Merging would seal a change that was made without the key. */
function problemOf(reading) {
    if (reading.kind === 'unreadable')
        return reading.problem;
    const problem = reading.kind === 'ledger' ? SEAL_PROBLEMS[reading.seal] : undefined;
    return problem && `it ${problem}`;
}
function ledgerOf({ workflow, task, memory }, { users, applying }) {
    const { ledger, mergedInto, files } = memory;
    const { commit, runUrl: run = '' } = workflow;
    return {
        ...ledger,
        ...(mergedInto !== undefined && { commit, branch: mergedInto }),
        latest: { run, commit, at: task.files.at.toISOString() },
        applying,
        files,
        users,
    };
}
function progressOf({ plan, survey, listings }) {
    const operations = new Map(plan.users.map(user => [user.user, user]));
    // An undo plan says what is managed after it, so it adopts nothing.
    const restored = new Map(plan.restores?.map(({ user, before }) => [user, (0,access_grants/* packAll */.pV)(before?.managed ?? [])]));
    const observations = survey.states.map(({ id, listings, desired, live }) => {
        const { grant = [], revoke = [] } = operations.get(id) ?? {};
        const before = restored.get(id);
        return {
            user: id,
            listed: listings,
            desired: before === undefined ? new Set(desired.keys()) : access_grants/* NO_GRANTS */.cJ,
            live: live?.direct,
            grant: (0,access_grants/* packAll */.pV)(grant),
            revoke: (0,access_grants/* packAll */.pV)(revoke),
            byHand: before === undefined ? access_grants/* NO_GRANTS */.cJ : (0,access_grants/* packAll */.pV)(grant).difference(before),
        };
    });
    const gone = new Set([...survey.gone, ...survey.missing].map(({ user }) => user));
    return { observations, gone, unread: survey.unread, listings };
}
/** What an undo plan reverts in the ledger, for users for whom all of it was done. */
function changesToRevert({ planning, task }, results) {
    const revoked = new Map(task.saved?.users.map(({ user, revoke }) => [user, (0,access_grants/* packAll */.pV)(revoke)]));
    const planned = new Set(planning.plan.users.map(({ user }) => user));
    const settled = planning.plan.restores?.filter(({ user }) => !planned.has(user) || results.get(user)?.status === 'done');
    const changes = settled?.map(({ user, before, after }) => {
        const revokes = revoked.get(user) ?? access_grants/* NO_GRANTS */.cJ;
        return [user, { before: toEntry(before), after: toEntry(after), revokes }];
    });
    return new Map(changes);
}
function toEntry(entry) {
    return entry === null
        ? undefined
        : { listed: entry.listed, managed: (0,access_grants/* packAll */.pV)(entry.managed), unfinished: entry.unfinished === true };
}
function toRestored(entry) {
    if (entry === undefined)
        return null;
    const { listed, managed, unfinished } = entry;
    return { listed, managed: (0,access_grants/* listAccess */.J$)(managed), ...(unfinished && { unfinished }) };
}
function isSameList(a, b) {
    return a.length === b.length && new Set(a).isSubsetOf(new Set(b));
}
/** A commit message for people who read the branch's history. */
function messageOf({ workflow }, title) {
    const { runUrl, commit } = workflow;
    const facts = [runUrl && `Run: ${runUrl}`, commit && `Commit: ${commit}`].filter(Boolean);
    return [title, facts.join('\n'), '[skip ci]'].filter(part => part !== '').join('\n\n');
}
function record_apply_operationsText({ grants, revocations }, users) {
    return `${counted(grants, 'grant')} and ${counted(revocations, 'revocation')} for ${counted(users, 'user')}`;
}
function resultText(outcomes, planned) {
    const done = countOperations(outcomes.map(({ granted, revoked }) => ({ grant: granted, revoke: revoked })));
    const unfinished = outcomes.filter(({ status }) => status !== 'done').length;
    const result = `End ${record_apply_operationsText(done, planned)}`;
    return unfinished === 0 ? result : `${result}, ${unfinished} unfinished`;
}

;// CONCATENATED MODULE: ./build/js/steps/apply-plan.js
// Shows a plan, checks it, and applies it. The ledger is written before the first change and after the last.










/** Shows the plan, saves it, and reports every reason not to apply it. */
function checkPlan({ inputs, memory, planning, journal, task, folder }) {
    const { plan, digest, survey } = planning;
    const { mode, maxRevocations: limit, approvedPlan, failOnChanges } = inputs;
    logPlan(plan, { digest, emails: survey.emails });
    const readable = plan.users.every(({ before }) => before !== undefined);
    if (readable && task.saved === undefined)
        journal.notePlanFile(folder.save('plan', () => writeSaved(plan)));
    const disapproval = checkApproval(plan, { digest, approved: approvedPlan });
    if (disapproval.length > 0)
        journal.noteApproval('other');
    else if (approvedPlan !== undefined)
        journal.noteApproval(approvedPlan === digest ? 'approved' : 'empty');
    const live = survey.states.reduce((sum, state) => sum + (state.live?.direct.size ?? 0), 0);
    const tooMany = checkRevocations(plan, { limit, live });
    const isDoubted = memory.doubt !== undefined && approvedPlan !== digest;
    const refusals = [
        ...checkLimit(plan, otherRolesOf(survey)),
        ...(isDoubted ? [memory.doubt.refusal] : []),
        ...disapproval,
        ...(mode === 'apply' ? tooMany : []),
    ];
    journal.refuse(refusals);
    if (mode !== 'apply')
        journal.warn(tooMany);
    if (mode === 'plan' && failOnChanges && plan.users.length > 0)
        journal.noteDrift();
    return { refused: refusals.length > 0 };
}
/** The number of roles that each user holds and the plan does not involve. */
function otherRolesOf({ states }) {
    return new Map(states.flatMap(({ id, live }) => (live?.otherRoles === undefined ? [] : [[id, live.otherRoles]])));
}
async function applyPlan(context) {
    const { memory, planning, journal, folder } = context;
    // Without the approved digest, the run was refused earlier.
    if (memory.doubt !== undefined)
        journal.warn([memory.doubt.acceptance]);
    const recording = await beginRecording(context);
    if (recording === undefined)
        return;
    const outcomes = [];
    try {
        await write(context, outcome => {
            outcomes.push(outcome);
            journal.noteOutcome(outcome);
        });
        reportOutcomes(context, outcomes);
    }
    finally {
        const ending = computeEnding(context, outcomes);
        const undo = undoOf(planning.plan, { outcomes, restores: restoresOf(context, { recording, ending }) });
        // Before the ledger is written, which may take longer than the runner gives a cancelled run.
        journal.noteUndo({ undoPlanFile: folder.save('undo-plan', () => writeSaved(undo)), undoDigest: digestOf(undo) });
        await endRecording({ context, recording, ending, outcomes });
    }
}
async function write({ tenant, width, heartbeat, planning: { plan, survey } }, onOutcome) {
    const progress = heartbeat.startProgress('Changing users', plan.users.length);
    await apply(plan, {
        writer: tenant,
        width,
        otherRoles: otherRolesOf(survey),
        onOutcome: outcome => {
            onOutcome(outcome);
            if (outcome.status !== 'not attempted')
                progress.step();
        },
    }).finally(progress.end);
}
function reportOutcomes({ task, journal, cancelled, planning: { survey } }, outcomes) {
    const listings = new Map(survey.states.map(user => [user.id, listedAs(user)]));
    const failures = outcomes
        .filter(({ status, interrupted }) => status === 'failed' && !interrupted)
        .map(outcome => ({ user: outcome.user, message: failureText(outcome), ...listings.get(outcome.user) }));
    journal.failUsers(locateUsers(task.files.documents, failures));
    journal.noteUnfinished(unfinishedOf(outcomes, cancelled.aborted));
}
function failureText({ errors, uncertain = [] }) {
    const what = uncertain.map(kind => (kind === 'grant' ? 'grants' : 'revocations')).join(' and ');
    return what === '' ? errors.join(' ') : `${errors.join(' ')} The ${what} may have taken effect anyway.`;
}

;// CONCATENATED MODULE: ./build/js/steps/check-access.js
// What the token's scopes allow this run to do.



async function checkAccess(context) {
    const { inputs, task, session, journal } = context;
    /** undefined if the token does not list its scopes */
    const scopes = await session.scopes();
    const has = (scope) => scopes === undefined || scopes.has(scope);
    const assignOnly = has('update:users') && !has('read:users') && canAssignOnly(inputs, task);
    const roles = roleUseOf(context, assignOnly);
    const refusals = checkScopes(scopes, neededScopes(assignOnly ? 'assign' : inputs.mode, roles));
    journal.refuse(refusals);
    const canReadRoles = has('read:roles') && (assignOnly || has('read:role_members'));
    return {
        readApis: has('read:resource_servers'),
        readRoles: roles !== undefined && has('read:roles'),
        assignOnly,
        mayPlan: (has('read:users') || assignOnly) && (roles === undefined || canReadRoles),
        refused: refusals.length > 0,
    };
}
function canAssignOnly({ mode, revoke }, task) {
    if (mode !== 'apply' || revoke !== 'never' || task.saved !== undefined)
        return false;
    return task.files.manifest.users.every(user => user.id !== undefined);
}
/** @returns undefined if the run does not need roles */
function roleUseOf({ inputs, task, memory }, assignOnly) {
    const { saved, files } = task;
    if (saved !== undefined && rolesOf(saved).size > 0) {
        const names = (step) => saved.users.some(user => user[step].some(({ role }) => role !== undefined));
        return { assigns: names('grant'), removes: names('revoke') };
    }
    const { roles, users } = files.manifest;
    // A run that reads no users does not need their managed grants.
    const isManaged = !assignOnly && [...memory.ledger.users.values()].some(({ managed }) => (0,access_grants/* rolesAmong */.Wn)(managed).size > 0);
    if (roles.size === 0 && !isManaged)
        return undefined;
    if (saved !== undefined)
        return { assigns: false, removes: false };
    const assigns = users.some(({ grants }) => (0,access_grants/* rolesAmong */.Wn)(grants.keys()).size > 0);
    return { assigns, removes: inputs.revoke === 'managed' || (inputs.revoke === 'all' && roles.size > 0) };
}

;// CONCATENATED MODULE: ./build/js/steps/check-apis.js
// Checks that the APIs and permissions of this run exist in the tenant.




/** If the token cannot read APIs, every permission is assumed to exist. */
const UNCHECKED_APIS = { exists: () => true, refused: false };
/** Checks the names that this run grants, and finds out which of those that it may revoke still exist. */
async function checkApis(context) {
    const { task, tenant, journal } = context;
    const granted = (task.saved?.users ?? []).flatMap(({ grant }) => grant.filter(access_grants/* isPermission */.Yo));
    const named = task.saved === undefined ? task.files.manifest.apis : new Set(granted.map(({ api }) => api));
    const checked = named.union(revocableApis(context));
    const apis = await tenant.apis([...checked]);
    const { aliases } = task.files.manifest;
    journal.noteApis([...apis.values()].map(({ identifier, tokenLifetime }) => ({
        identifier,
        alias: aliases.get(identifier),
        tokenLifetime,
    })));
    const refusals = task.saved === undefined ? await checkManifestNames(context, apis) : checkPlanNames(task.saved, apis);
    journal.refuse(refusals);
    journal.warn(warnOfApis([...apis.values()].filter(({ identifier }) => named.has(identifier))));
    return {
        exists: ({ api, permission }) => !checked.has(api) || apis.get(api)?.permissions.has(permission) === true,
        refused: refusals.length > 0,
    };
}
/** APIs whose permissions this run may revoke, whether or not the manifest names them. */
function revocableApis({ inputs, task, memory }) {
    const { saved } = task;
    if (saved !== undefined)
        return check_apis_apisOf(saved.users.flatMap(({ revoke }) => revoke));
    if (inputs.revoke !== 'managed')
        return new Set();
    return new Set([...memory.ledger.users.values()].flatMap(({ managed }) => [...check_apis_apisOf([...managed].map(grant => (0,access_grants/* accessOf */.YK)(grant)))]));
}
function check_apis_apisOf(accesses) {
    return new Set(accesses.filter(access_grants/* isPermission */.Yo).map(({ api }) => api));
}
async function checkManifestNames({ task, tenant }, apis) {
    const { documents, manifest } = task.files;
    const others = manifest.apis.isSubsetOf(new Set(apis.keys())) ? [] : await listIdentifiers(tenant);
    const catalogue = new Map([
        ...others.map((identifier) => [identifier, new Set()]),
        ...[...apis].map(([identifier, { permissions }]) => [identifier, permissions]),
    ]);
    return locateRemarks(documents, checkNames(documents, catalogue));
}
/** Only for suggestions: the run is refused even if the APIs cannot be listed. */
async function listIdentifiers(tenant) {
    try {
        return await tenant.identifiers();
    }
    catch (error) {
        if (error instanceof errors/* TenantError */.rZ)
            return [];
        throw error;
    }
}

;// CONCATENATED MODULE: ./build/js/steps/check-roles.js
// Finds the tenant's roles that a run involves: those that the manifest, a saved plan or the ledger contains.





/** For a run that names no role: roles are not read. */
function withoutRoles({ task }) {
    return { task, names: new Map(), exists: () => true, refused: false };
}
async function check_roles_checkRoles({ task, memory, tenant, journal }) {
    const { documents, manifest } = task.files;
    const roles = indexRoles(await tenant.roles());
    const names = displayNames(roles);
    const saved = task.saved && nameRoles(task.saved, names);
    const resolved = { files: { ...task.files, manifest: resolveRoles(manifest, roles) }, saved };
    const problems = saved === undefined
        ? locateRemarks(documents, checkRoles(documents, roles))
        : checkPlanRoles(saved, roles.names);
    journal.refuse(problems);
    const involved = rolesInvolved(resolved, memory);
    return {
        task: resolved,
        names: new Map([...names].filter(([role]) => involved.has(role))),
        exists: ({ role }) => roles.names.has(role),
        refused: problems.length > 0,
    };
}
/** Role ids. A role that is managed for one user is read for all, so that a plan does not depend on who else is in it. */
function rolesInvolved({ files, saved }, { ledger }) {
    const managed = [...ledger.users.values()].flatMap(user => [...(0,access_grants/* rolesAmong */.Wn)(user.managed)]);
    return new Set([...files.manifest.roles, ...managed, ...(saved === undefined ? [] : rolesOf(saved))]);
}

;// CONCATENATED MODULE: ./build/js/github/comments.js
// Comments on a pull request, and their author.


/** The author of comments that a job's own token writes. */
const ACTIONS_BOT = 'github-actions[bot]';
const viewerForm = schemas/* object */.Ikc({ viewer: schemas/* object */.Ikc({ login: schemas/* string */.YjP() }) });
const forbidden = schemas/* object */.Ikc({ errors: schemas/* array */.YOg(schemas/* object */.Ikc({ type: schemas/* literal */.euz('FORBIDDEN') })).min(1) });
/** The author of comments that this token writes. */
async function readLogin({ graphql, read }) {
    const ofJob = { viewer: { login: ACTIONS_BOT } };
    const request = async () => {
        try {
            return { data: await graphql('{ viewer { login } }') };
        }
        catch (error) {
            if (forbidden.safeParse(error).success)
                return { data: ofJob };
            throw error;
        }
    };
    try {
        return (await read({ action: "read the token's login", request, schema: viewerForm })).viewer.login;
    }
    catch (error) {
        // After any other error, the comment would not be found, and a second one would be added.
        if (error instanceof errors/* GitHubError */.y_ && (error.status === 403 || error.status === 404))
            return ACTIONS_BOT;
        throw error;
    }
}
const comments_listed = schemas/* array */.YOg(schemas/* object */.Ikc({ id: schemas/* int */.Whr(), user: schemas/* object */.Ikc({ login: schemas/* string */.YjP() }).nullish(), body: schemas/* string */.YjP().nullish() })
    .transform(({ id, user, body }) => ({ id, author: user?.login ?? '', body: body ?? '' })));
function listComments({ rest, repository, pages }, pullRequest) {
    const fetchPage = (page) => rest.issues.listComments({ ...repository, issue_number: pullRequest, ...page });
    return Array.fromAsync(pages({ action: 'read the comments', fetchPage, schema: comments_listed }));
}
const written = schemas/* object */.Ikc({ id: schemas/* int */.Whr() });
async function addComment({ rest, repository, write }, { pullRequest, body }) {
    const request = () => rest.issues.createComment({ ...repository, issue_number: pullRequest, body });
    await write({ action: 'write a comment', request, schema: written });
}
async function editComment({ rest, repository, write }, { id, body }) {
    const request = () => rest.issues.updateComment({ ...repository, comment_id: id, body });
    await write({ action: 'edit a comment', request, schema: written });
}

;// CONCATENATED MODULE: ./build/js/report/summary/facts.js
// Facts about the run, folded into one line. Pure.



const MAX_FILES = 10;
function renderFacts(record, { requests }) {
    const { mode, stopped, revoke, scope, commit, files, users, read, ledger, traffic, duration } = record;
    if (stopped === 'inputs' || mode === undefined)
        return '';
    const isOnline = mode !== 'validate';
    const inputs = [mode, revoke && `revoke: ${revoke}`, scope && `scope: ${scope}`];
    const plans = [record.planFile && code('plan-file'), record.undoPlanFile && code('undo-plan-file')].filter(Boolean);
    const previous = [
        ledger?.commit && `commit ${shortCommit(ledger.commit)}`,
        ledger?.run && text_link(ledger.run, 'workflow run'),
    ];
    const facts = {
        Mode: inputs.flatMap(input => (input ? [code(input)] : [])).join(', '),
        Manifest: filesText(files),
        Commit: commit && shortCommit(commit),
        'Listed users': `${grouped(users)}${isOnline ? `, ${grouped(read)} read` : ''}`,
        Ledger: ledger && blocks_name(ledger.branch),
        'Previous apply': previous.filter(Boolean).join(', '),
        'Plan files': plans.length > 0 && `${plans.length === 1 ? 'output' : 'outputs'} ${plans.join(' and ')}`,
        'Requests to the tenant': isOnline && grouped(requests),
        'Waited for the rate limit': isOnline && time(traffic.waited),
        Duration: time(duration),
    };
    const rows = Object.entries(facts).flatMap(([fact, value]) => (value ? [row([fact, value])] : []));
    const sent = isOnline ? `, ${counted(requests, 'request')} to the tenant` : '';
    return fold(`About this run: ${code(mode)}${sent}, ${time(duration)}`, table(['Fact', 'Value'], rows.join('\n')));
}
/** As `code`, and long enough to be unique. */
function shortCommit(commit) {
    return code(commit.slice(0, 12));
}
function filesText(files) {
    const more = files.length - MAX_FILES;
    return [...files.slice(0, MAX_FILES).map(blocks_name), ...(more > 0 ? [`and ${grouped(more)} more`] : [])].join('<br>');
}
function time(milliseconds) {
    const seconds = Math.floor(milliseconds / 100) / 10;
    if (seconds < 60)
        return `${seconds.toFixed(1)} s`;
    return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

;// CONCATENATED MODULE: ./build/js/report/summary/findings.js
// What a run found besides its changes. First what needs attention: errors, failed users, revocations, warnings. Later
// further information: notices, unmanaged grants, advice, permissions through roles. Pure.








const ERROR_TITLES = {
    inputs: 'Inputs that cannot be used',
    manifest: 'Mistakes in the manifest',
    refused: 'Reasons for the refusal',
    error: 'Errors',
};
function renderAttention(record, lists) {
    const { errors, failures, stopped } = record;
    const both = errors.length > 0 && failures.length > 0;
    return [
        blocks_alert('CAUTION', [
            ...findings_listed(lists.errors, { title: ERROR_TITLES[stopped ?? 'error'], isTitled: both }),
            ...findings_listed(lists.failures, { title: 'Failed users', isTitled: both }),
            ...findings_listed(lists.untouched, { title: 'Users not attempted' }),
        ]),
        blocks_alert('WARNING', [
            revocationsInShort(record),
            ...findings_listed(lists.heldBack, { title: 'Revocations held back' }),
            ...findings_listed(lists.warnings, { title: 'Warnings', isTitled: lists.heldBack.length > 0 }),
        ]),
    ];
}
function renderAsides(record, lists) {
    const { unmanaged, derived } = record;
    const owners = new Set(unmanaged.map(({ user }) => user)).size;
    const unmanagedTitle = `${counted(unmanaged.length, 'direct grant')} that the manifest does not list (${counted(owners, 'user')})`;
    const derivedTitle = `${counted(derived.length, 'permission')} that users have through roles`;
    return [
        ...findings_listed(lists.notices, { title: 'Notices' }),
        lists.unmanaged.block &&
            fold(titleWithCut(unmanagedTitle, lists.unmanaged), `<p>${unmanagedText(record)}</p>\n${lists.unmanaged.block}`),
        lists.advice.block && fold(titleWithCount('Advice', lists.advice), lists.advice.block),
        lists.derived.block && fold(titleWithCut(derivedTitle, lists.derived), lists.derived.block),
    ];
}
/** A list, folded if it is long; a folded list always has its title. */
function findings_listed(shown, { title, isTitled = true }) {
    if (shown.length === 0)
        return [];
    const strong = `<strong>${titleWithCount(title, shown)}</strong>`;
    if (shown.length > FOLD_AFTER)
        return [fold(strong, shown.block)];
    return isTitled ? [`<p>${strong}</p>`, shown.block] : [shown.block];
}
function findingHtml(finding) {
    const { place } = finding;
    const where = place === undefined ? '' : `${blocks_name(placeText(place))}<br>`;
    return `${where}${aboutText(finding, blocks_name)}${message(finding.message)}`;
}
function heldBackHtml({ user, entry, ...access }, known) {
    return `${userHtml(user, known)} keeps ${accessHtml(access, known)}, because ${blocks_name(entry)} cannot be identified`;
}
function revocationsInShort(record) {
    const losing = (record.plan?.users ?? []).filter(({ revoke }) => revoke.length > 0);
    if (losing.length === 0)
        return '';
    const { revocations: planned } = countOperations(losing);
    const done = record.outcomes.reduce((sum, { revoked }) => sum + revoked.length, 0);
    const verb = isWritten(record) ? 'revoked' : 'would be revoked';
    const text = isWritten(record) && done < planned
        ? `${grouped(done)} of ${counted(planned, 'planned revocation')} done`
        : `${counted(planned, 'grant')} ${verb}, from ${counted(losing.length, 'user')}`;
    return `<p><strong>− ${text}</strong></p>`;
}
function unmanagedText({ revoke }) {
    return revoke === 'all'
        ? `The manifest does not name these APIs or roles, so the grants are kept. To include them, name the API under ${code('apis')} or the role under ${code('roles')}.`
        : `These grants are kept. To manage them, paste the line under the user's ${code('permissions')}, or add ${code('roles')} to the user; to revoke them, use ${code('revoke: all')}.`;
}
/** With the manifest's lines that would list these grants. */
function unmanagedRows({ unmanaged }, known) {
    return [...Map.groupBy(unmanaged, ({ user }) => user)].map(([user, held]) => {
        const byApi = [...Map.groupBy(held, ({ api }) => api)];
        const lines = changes_userLines(byApi, ([api, accesses]) => {
            const names = accesses.map(access => scalar((0,access_grants/* isPermission */.Yo)(access) ? access.permission : referenceTo(access)));
            const key = api === undefined ? 'roles' : scalar(known.aliases.get(api) ?? api);
            return code(`${key}: [${names.join(', ')}]`);
        });
        return row([`${userHtml(user, known)}<br>${lines}`]);
    });
}
/** The role's name if a manifest can contain it and it is unambiguous, otherwise the id. */
function referenceTo({ role, name = '' }) {
    return /^[\p{L}\p{N}]([\p{L}\p{N} ._&/-]*[\p{L}\p{N}])?$/u.test(name) && !/^rol_/.test(name) ? name : role;
}
function derivedRows({ derived }, known) {
    return [...Map.groupBy(derived, ({ user }) => user)].map(([user, held]) => {
        const lines = changes_userLines(held, each => `${accessHtml(each, known)}, through ${each.roles.map(blocks_name).join(', ')}`);
        return row([`${userHtml(user, known)}<br>${lines}`]);
    });
}

;// CONCATENATED MODULE: ./build/js/report/summary/holders.js
// For each permission and role: how many listed users have it before and after. Pure.





function renderHolders(record, { changes, permissions }) {
    if (changes.length === 0 || permissions.length === 0)
        return [];
    const [header] = holderHeaders(record);
    const isPlanned = isWritten(record) && !isComplete(record);
    const title = `By ${header.toLowerCase()}${isPlanned ? ', as planned' : ''}`;
    // For one user or a long list, it adds little to the table of users.
    if (changes.length > 1 && permissions.length <= FOLD_AFTER)
        return [`### ${title}`, permissions.block];
    return [fold(titleWithCut(`${title} (${grouped(permissions.length)})`, permissions), permissions.block)];
}
function isComplete({ plan, outcomes }) {
    return outcomes.length === plan?.users.length && outcomes.every(({ status }) => status === 'done');
}
/** The headers of the table. A user who was not read cannot be counted. */
function holderHeaders({ plan, read, users }) {
    const hasRoles = plan?.holders.some(access => !(0,access_grants/* isPermission */.Yo)(access));
    const counts = read < users ? `${counted(read, 'user')} read` : counted(users, 'listed user');
    return [hasRoles ? 'Permission or role' : 'Permission', `Holders among ${counts}`];
}
/** Permissions and roles that somebody loses come first. */
function holderRows({ holders, users }, known) {
    const listed = users.filter(({ user }) => !known.removed.has(user));
    const gains = Map.groupBy(listed.flatMap(({ grant }) => grant), access_grants/* packAccess */.oe);
    const losses = Map.groupBy(listed.flatMap(({ revoke }) => revoke), access_grants/* packAccess */.oe);
    const changes = holders.map(({ before, after, ...access }) => {
        const grant = (0,access_grants/* packAccess */.oe)(access);
        let more = gains.get(grant)?.length ?? 0;
        let fewer = losses.get(grant)?.length ?? 0;
        // If part of a saved plan was applied earlier, only the difference of before and after is known.
        if (more - fewer !== after - before) {
            more = Math.max(0, after - before);
            fewer = Math.max(0, before - after);
        }
        const parts = [more > 0 ? `${grouped(more)} more` : '', fewer > 0 ? `${grouped(fewer)} fewer` : ''];
        const change = parts.filter(Boolean).join(', ') || 'unchanged';
        const cells = [accessHtml(access, known), `${grouped(before)} → ${grouped(after)} (${change})`];
        return { isLost: fewer > 0, html: row(cells) };
    });
    return changes.toSorted((a, b) => Number(b.isLost) - Number(a.isLost)).map(({ html }) => html);
}

;// CONCATENATED MODULE: ./build/js/report/summary.js
// A run's record → the job summary; the pull-request comment has the same content. First what happened, then what needs
// attention, then the changes, then further information. Pure.








/** GitHub rejects a summary over 1,048,576 bytes, and other commands of the same step may add to it. */
const MAX_SUMMARY = 700_000;
function renderSummary(record) {
    const whole = 'the report file (output <code>report-file</code>) lists them all';
    return renderReport(record, { bytes: MAX_SUMMARY, whole, notes: [] });
}
/** Headings start at the second level, because GitHub adds a title above. */
function renderReport(record, { notes, whole, bytes: limit }) {
    const lists = summary_listsOf(record);
    // The size of the text around the lists is only known once it is rendered.
    for (let bytes = limit;;) {
        const report = renderWithin(record, { notes, lists: shortenLists(lists, { bytes, whole }) });
        const excess = Buffer.byteLength(report) - limit;
        if (excess <= 0 || bytes === 0)
            return report;
        bytes = Math.max(0, bytes - Math.max(excess, Math.ceil(limit / 100)));
    }
}
function renderWithin(record, { notes, lists }) {
    const conclusion = conclude(record);
    const blocks = [
        `## Auth0 permissions: ${headingOf(record, conclusion)}`,
        lead(record, conclusion),
        blocks_alert('NOTE', notes),
        ...renderAttention(record, lists),
        ...renderChanges(record, lists),
        ...renderHolders(record, lists),
        ...renderDigests(record),
        ...renderAsides(record, lists),
        renderFacts(record, conclusion),
    ];
    return `${blocks.filter(Boolean).join('\n\n')}\n\n`;
}
function summary_listsOf(record) {
    const { errors, failures, warnings, notices, advice, plan, outcomes } = record;
    const known = changes_knownOf(record);
    return {
        errors: bullets(errors.map(findingHtml)),
        failures: bullets(failures.map(findingHtml)),
        untouched: bullets(plan === undefined ? outcomes.map(({ user }) => blocks_name(user)) : []),
        heldBack: bullets(plan?.heldBack.map(held => heldBackHtml(held, known)) ?? []),
        changes: rows([changeHeader(record)], plan ? userRows(plan.users, known) : []),
        warnings: bullets(warnings.map(findingHtml)),
        permissions: rows(holderHeaders(record), plan ? holderRows(plan, known) : []),
        notices: bullets(notices.map(findingHtml)),
        unmanaged: rows(['User, and the lines that would list what they have'], unmanagedRows(record, known)),
        advice: bullets(advice.map(message)),
        derived: rows(['User, and what they have through roles'], derivedRows(record, known)),
    };
}
const RESULT_WORDS = {
    unchanged: 'nothing to change',
    planned: 'changes planned',
    applied: 'changes applied',
    partial: 'partly done',
    failed: 'failed',
};
function headingOf({ mode, stopped, cancelled, exported }, { result, changed }) {
    if (cancelled)
        return 'cancelled';
    if (exported !== undefined)
        return 'manifest exported';
    if (stopped === 'refused' && result === 'failed')
        return 'refused';
    if (mode === 'plan' && result === 'partial') {
        return changed ? 'changes planned, but some users failed' : 'nothing to change, but some users failed';
    }
    return mode === 'validate' && result === 'unchanged' ? 'the manifest is valid' : RESULT_WORDS[result];
}
function lead(record, { sentence }) {
    const { tenant, stopped, drift, saved, approval, plan } = record;
    return paragraph([
        `<strong>${prose(sentence)}</strong>`,
        tenant === undefined ? '' : `Tenant: ${blocks_name(tenant)}.`,
        drift ? `The step fails because ${code('fail-on-changes')} is set and the plan is not empty.` : '',
        saved && stopped === undefined ? `The plan is the saved one in ${code('plan-file')}.` : '',
        approval === undefined || stopped !== undefined ? '' : APPROVALS[approval],
        plan?.restores === undefined ? '' : 'It is an undo plan: it reverses an earlier apply.',
    ]);
}
const APPROVALS = {
    approved: 'It is the approved plan: its digest is the one in <code>approved-plan</code>.',
    empty: 'It is empty, so there was nothing to approve; <code>approved-plan</code> has the digest of another plan.',
    other: '',
};

;// CONCATENATED MODULE: ./build/js/report/comment.js
// A run's record → the comment on a pull request, one for each tenant: the job summary's content, shortened. Pure.




/** GitHub accepts 65,536 characters; this leaves room for the text around the report. */
const MAX_REPORT = 62_000;
const MAX_HOST = 253;
/** Fewer than 65,536 characters and bytes; begins with the tenant's marker. */
function renderComment(record, { runUrl, replaces }) {
    const { tenant = '', commit } = record;
    const summary = runUrl === undefined ? 'job summary' : text_link(runUrl, 'job summary');
    const report = renderReport(record, {
        bytes: MAX_REPORT,
        whole: `the ${summary} shows more, and the report file (output <code>report-file</code>) lists them all`,
        notes: replaces ? [outdatedNote(record)] : [],
    });
    const origin = [
        commit ? `for commit ${shortCommit(commit)}` : '',
        runUrl === undefined ? '' : `by ${text_link(runUrl, 'this workflow run')}`,
    ].filter(Boolean);
    return [
        `${markerOf(tenant)}\n${stampOf(commit, runUrl)}`,
        report.trimEnd(),
        ...(origin.length === 0 ? [] : [`<p>Written ${origin.join(' ')}.</p>`]),
        '',
    ].join('\n\n');
}
/** An invisible HTML comment for `readStamp`. */
function stampOf(commit = '', runUrl = '') {
    const [run = '0'] = /\d+$/.exec(runUrl) ?? [];
    return `<!-- commit ${/^[0-9a-f]+$/.test(commit) ? commit : ''} run ${run} -->`;
}
function readStamp(body) {
    const [, commit = '', run = '0'] = /^<!-- commit ([0-9a-f]*) run (\d+) -->$/m.exec(body) ?? [];
    return { commit, run: Number(run) };
}
/** An earlier plan must not be mistaken for what would happen now. */
function outdatedNote({ plan }) {
    const words = 'The plan that this comment showed earlier is out of date';
    if (plan === undefined)
        return `<p>${words}; this run has no plan.</p>`;
    return plan.users.length > 0 ? '' : `<p>${words}: nothing would change now.</p>`;
}
/**
 * An invisible HTML comment that identifies the comment about this tenant. HTML ends a comment at `-->` or `--!>`, so
 * adjacent hyphens are encoded, and so is every character that a host cannot have.
 */
function markerOf(tenant) {
    const safe = clip(tenant, MAX_HOST).replace(/[^A-Za-z0-9.:-]|(?<=-)-/gu, character => `%${character.codePointAt(0)?.toString(16)};`);
    return `<!-- auth0-permissions: ${safe} -->`;
}

;// CONCATENATED MODULE: ./build/js/steps/comment.js
// Keeps one comment with the plan on the pull request up to date. If that fails, the run warns and continues.






async function publishComment({ context, record }) {
    const { inputs, workflow, journal, cancelled: signal } = context;
    if (signal.aborted)
        return;
    if ((inputs.mode !== 'plan' && inputs.mode !== 'apply') || !inputs.comment)
        return;
    const { pullRequest, repository, runUrl } = workflow;
    const { githubToken: token, domain } = inputs;
    if (pullRequest === undefined || repository === undefined)
        return;
    if (token === undefined) {
        journal.warn([`No comment was written on the pull request. ${NO_TOKEN}`]);
        return;
    }
    const marker = markerOf(domain.host);
    let own;
    try {
        const { openGitHub } = await Promise.all(/* import() */[__webpack_require__.e(419), __webpack_require__.e(737)]).then(__webpack_require__.bind(__webpack_require__, 3737));
        const github = openGitHub({ token, repository, signal });
        const [all, login] = await Promise.all([listComments(github, pullRequest), readLogin(github)]);
        // By marker and author, because anybody could copy the marker into another comment.
        own = all.find(({ author, body }) => author === login && body.startsWith(marker));
        if (own === undefined && inputs.comment === 'changes' && !hasNews(record))
            return;
        // The runner masks secrets in logs, but not in comments.
        const body = renderComment((0,runner_secrets/* redactAll */.$I)(record), { runUrl, replaces: own !== undefined });
        if (own === undefined)
            await addComment(github, { pullRequest, body });
        else if (await isNewer({ theirs: readStamp(own.body), own: readStamp(body) }, github))
            journal.notice([NEWER]);
        else
            await editComment(github, { id: own.id, body });
    }
    catch (error) {
        if (!(error instanceof errors/* ActionError */.lZ))
            throw error;
        const advice = isDenied(error)
            ? "Add pull-requests: write to the job's permissions; a pull request from a fork never gets it."
            : RETRY_GITHUB;
        const state = own === undefined
            ? 'No comment was written on the pull request.'
            : 'The comment on the pull request is out of date.';
        journal.warn([`${state} ${error.message} ${advice}`]);
    }
}
const NEWER = 'The comment on the pull request is for a newer commit, so this run did not update it.';
/** A change, a failure, or something to look at. */
function hasNews({ plan, errors, warnings, failures }) {
    const planned = plan === undefined ? 0 : plan.users.length + plan.heldBack.length;
    return planned + errors.length + warnings.length + failures.length > 0;
}
/** By the commits' history; after a force-push, or if the job may not read contents, by the run's id. */
async function isNewer({ theirs, own }, github) {
    if (theirs.commit === '' || own.commit === '' || theirs.commit === own.commit)
        return false;
    const relation = await compareCommits(github, { base: own.commit, head: theirs.commit });
    if (relation === 'ahead')
        return true;
    return relation !== 'behind' && theirs.run > own.run;
}

;// CONCATENATED MODULE: ./build/js/plan/advise.js
// Suggests how to simplify a manifest. Pure.


/** Fewer users with the same grants are not a pattern yet. */
const MIN_USERS = 5;
const MIN_GRANTS = 2;
const MAX_SENTENCES = 5;
/** Sentences, those with the largest effect first. */
function adviseOn(users, plan) {
    return [...adviseRoles(users), ...adviseDerived(users, plan)];
}
/** Auth0 recommends roles for permissions that many users share. */
function adviseRoles(users) {
    const sets = users
        .filter(({ listed }) => listed)
        .map(({ desired }) => (0,access_grants/* sortGrants */.GF)(desired.keys()).filter(grant => (0,access_grants/* kindOf */.I)(grant) === 'permission'))
        .filter(({ length }) => length >= MIN_GRANTS);
    return [...Map.groupBy(sets, permissions => JSON.stringify(permissions))]
        .map(([key, same]) => ({ count: same.length, permissions: JSON.parse(key) }))
        .filter(({ count }) => count >= MIN_USERS)
        .sort((a, b) => b.count * b.permissions.length - a.count * a.permissions.length)
        .slice(0, MAX_SENTENCES)
        .map(({ permissions, count }) => `${count} listed users have the same ${permissions.length} direct permissions (${shortList(permissions.map(grant => (0,access_grants/* accessText */.cd)((0,access_grants/* accessOf */.YK)(grant))))}); consider a role.`);
}
function adviseDerived(users, plan) {
    const revoked = new Map(plan.users.map(({ user, revoke }) => [user, (0,access_grants/* rolesAmong */.Wn)((0,access_grants/* packAll */.pV)(revoke))]));
    const counts = new Map();
    for (const { id, listed, desired, live } of users) {
        if (!listed || live === undefined)
            continue;
        for (const [grant, roles] of live.derived) {
            const kept = roles.filter(({ role }) => !revoked.get(id)?.has(role));
            if (!desired.has(grant) || kept.length === 0)
                continue;
            const through = kept.map(access_grants/* nameOfRole */.r0).join(', ');
            const key = `${(0,access_grants/* accessText */.cd)((0,access_grants/* accessOf */.YK)(grant))} through the role ${through}`;
            counts.set(key, (counts.get(key) ?? 0) + 1);
        }
    }
    return [...counts]
        .sort(([a, first], [b, second]) => second - first || (0,access_grants/* compareText */.n6)(a, b))
        .slice(0, MAX_SENTENCES)
        .map(([what, count]) => {
        const who = count === 1 ? '1 listed user already has' : `${count} listed users already have`;
        return `${who} ${what}; consider removing it from the manifest.`;
    });
}

;// CONCATENATED MODULE: ./build/js/plan/diff.js
// Desired × managed × live → Plan. Only direct grants count as live; role-derived ones are shown, never changed. Pure.

function diff({ tenant, source, users, revoke, named, roleNames, holdBack }) {
    const isOurs = ownership({ revoke, named });
    const sorted = users.toSorted((a, b) => (0,access_grants/* compareText */.n6)(a.id, b.id));
    const planned = sorted.map(user => {
        const { surplus, heldBack } = surplusOf(user, { isOurs, holdBack });
        const held = [...heldBack].map(([grant, entry]) => ({ user: user.id, ...(0,access_grants/* accessOf */.YK)(grant, roleNames), entry }));
        return { plan: planUser(user, { surplus, roleNames }), heldBack: held };
    });
    const plans = planned.map(({ plan }) => plan).filter(({ grant, revoke }) => grant.length + revoke.length > 0);
    return {
        format: 2,
        tenant,
        source,
        users: plans,
        heldBack: planned.flatMap(({ heldBack }) => heldBack),
        found: sorted.flatMap(user => foundOf(user, roleNames)),
        holders: countHolders(plans, { users, roleNames }),
    };
}
/** The live grants that are not desired and are ours to revoke, now or later. */
function surplusOf(user, { isOurs, holdBack }) {
    const live = user.live?.direct ?? access_grants/* NO_GRANTS */.cJ;
    const ours = (0,access_grants/* sortGrants */.GF)([...live].filter(grant => !user.desired.has(grant) && isOurs(user, grant)));
    const heldBack = new Map();
    for (const grant of ours) {
        const entry = holdBack(user.id, grant);
        if (entry !== undefined)
            heldBack.set(grant, entry);
    }
    return { surplus: ours.filter(grant => !heldBack.has(grant)), heldBack };
}
/** Desired grants that the tenant already has but that are not managed: applying the plan makes them managed. */
function foundOf({ id, listed, desired, managed, live }, names) {
    if (!listed || live === undefined)
        return [];
    const found = [...live.direct].filter(grant => desired.has(grant) && !managed.has(grant));
    return (0,access_grants/* listAccess */.J$)(found, names).map(access => ({ user: id, ...access }));
}
function ownership({ revoke, named }) {
    switch (revoke) {
        case 'never':
            return () => false;
        case 'managed':
            return ({ managed }, grant) => managed.has(grant);
        case 'all':
            return ({ listed }, grant) => listed && (0,access_grants/* isNamed */.ev)(grant, named);
    }
}
function planUser(user, { surplus, roleNames }) {
    const { id, desired, live } = user;
    const wanted = new Set(desired.keys());
    const terms = new Map([
        ...desired,
        ...surplus.map(grant => [grant, { why: whyOf(user, grant) }]),
    ]);
    const revokedRoles = (0,access_grants/* rolesAmong */.Wn)(surplus);
    const operations = (grants) => (0,access_grants/* sortGrants */.GF)(grants).map(grant => {
        const giving = (live?.derived.get(grant) ?? []).filter(({ role }) => !revokedRoles.has(role));
        const roles = giving.map(access_grants/* nameOfRole */.r0);
        return { ...(0,access_grants/* accessOf */.YK)(grant, roleNames), roles, ...notesOf(terms.get(grant)) };
    });
    if (live === undefined)
        return { user: id, grant: operations(wanted), revoke: [] };
    return {
        user: id,
        grant: operations(wanted.difference(live.direct)),
        revoke: operations(surplus),
        before: (0,access_grants/* listAccess */.J$)(live.direct, roleNames),
    };
}
function whyOf({ listed, managed, expired }, grant) {
    if (!listed)
        return 'user removed';
    if (expired?.has(grant))
        return 'expired';
    return managed.has(grant) ? 'line removed' : 'not listed';
}
function notesOf({ expires, reason, why } = {}) {
    return { ...(expires !== undefined && { expires }), ...(reason !== undefined && { reason }), ...(why && { why }) };
}
/** Empty if the run assigns without reading. */
function countHolders(plans, { users, roleNames }) {
    const listed = new Map();
    for (const user of users) {
        if (user.live === undefined)
            return [];
        if (user.listed)
            listed.set(user.id, user.live.direct);
    }
    const changes = plans.filter(({ user }) => listed.has(user));
    const gained = countGrants(changes.flatMap(({ grant }) => grant.map(access_grants/* packAccess */.oe)));
    const lost = countGrants(changes.flatMap(({ revoke }) => revoke.map(access_grants/* packAccess */.oe)));
    const touched = new Set([...gained.keys(), ...lost.keys()]);
    const held = countGrants([...listed.values()].flatMap(direct => [...touched.intersection(direct)]));
    return (0,access_grants/* sortGrants */.GF)(touched).map(grant => {
        const before = held.get(grant) ?? 0;
        const after = before + (gained.get(grant) ?? 0) - (lost.get(grant) ?? 0);
        return { ...(0,access_grants/* accessOf */.YK)(grant, roleNames), before, after };
    });
}
function countGrants(grants) {
    const counts = new Map();
    for (const grant of grants)
        counts.set(grant, (counts.get(grant) ?? 0) + 1);
    return counts;
}
/** Live grants of listed users that are neither desired nor ours to revoke. */
function unmanagedOf(users, { roleNames, ...ours }) {
    const isOurs = ownership(ours);
    return users.flatMap(user => {
        const { id, listed, desired, live } = user;
        if (!listed || live === undefined)
            return [];
        const unmanaged = [...live.direct].filter(grant => !desired.has(grant) && !isOurs(user, grant));
        return (0,access_grants/* listAccess */.J$)(unmanaged, roleNames).map(access => ({ user: id, ...access }));
    });
}

;// CONCATENATED MODULE: ./build/js/plan/hold-back.js
// Nobody loses what the manifest still asks for: while an entry cannot be identified, what it asks for is not revoked
// from any user that it may refer to. Pure.
function holdBackFor(entries) {
    const asked = entries.flatMap(entry => Array.from(entry.desired, grant => ({ ...entry, grant })));
    const byGrant = Map.groupBy(asked, ({ grant }) => grant);
    return (user, grant) => byGrant.get(grant)?.find(({ candidates }) => candidates?.has(user) ?? true)?.entry;
}

;// CONCATENATED MODULE: ./build/js/plan/resume.js
// Computes the part of a saved plan that remains to be done. Pure.


function resumePlan(saved, { states, gone, exists, names, roles }) {
    const users = [];
    const failures = [];
    const blocked = new Set(saved.users.map(({ user }) => user));
    for (const userPlan of saved.users) {
        const { user } = userPlan;
        const { direct } = states.get(user)?.live ?? {};
        if (gone.has(user) && userPlan.grant.length > 0) {
            const message = `${user} no longer exists in the tenant, so the plan cannot grant anything to this user.`;
            failures.push({ user, message });
        }
        if (direct === undefined)
            continue;
        const live = (0,access_grants/* packAll */.pV)((0,access_grants/* listAccess */.J$)(direct).filter(access => (0,access_grants/* isPermission */.Yo)(access) || roles.has(access.role)));
        const resumption = resume(userPlan, { live, exists });
        if (resumption.kind === 'moved') {
            const now = (0,access_grants/* listAccess */.J$)(live, names).map(access_grants/* accessText */.cd).sort();
            const message = `${user} has changed since the plan was computed. Current direct grants: ${now.join(', ') || 'none'}. Make a new plan for this user.`;
            failures.push({ user, message });
            continue;
        }
        blocked.delete(user);
        if (resumption.remaining !== undefined)
            users.push(resumption.remaining);
    }
    const restores = saved.restores?.filter(({ user }) => !blocked.has(user));
    return { plan: { ...saved, users, ...(restores && { restores }) }, failures };
}
/**
 * A user can be resumed in the state that the plan was computed from, or in one that an earlier run of the same plan left.
 * Permissions and roles that no longer exist are ignored, because deleting them may have changed the user.
 */
function resume(saved, { live, exists }) {
    const batches = batchesOf(saved);
    const isNow = (done) => {
        const state = stateAfter(saved.before ?? [], operationsOf(done));
        return ![...(0,access_grants/* packAll */.pV)(state).symmetricDifference(live)].some(grant => exists((0,access_grants/* accessOf */.YK)(grant)));
    };
    const done = subsetsOf(batches).find(isNow);
    if (done === undefined)
        return { kind: 'moved' };
    const remaining = batches.filter(batch => !done.includes(batch));
    if (remaining.length === 0)
        return { kind: 'ready', remaining: undefined };
    const before = (0,access_grants/* listAccess */.J$)(live, plan_namesIn([...(saved.before ?? []), ...saved.grant, ...saved.revoke]));
    return {
        kind: 'ready',
        remaining: { ...saved, ...operationsOf(remaining), before },
    };
}
/** From none to all of them. */
function subsetsOf(items) {
    return Array.from({ length: 2 ** items.length }, (_, bits) => items.filter((_, index) => (bits >> index) & 1));
}

;// CONCATENATED MODULE: ./build/js/steps/choose-users.js
// Chooses the users that a run reads, and knows how the manifest lists them.

/** The users of a saved plan; otherwise listed users within the scope, and with `revoke: managed` removed users. */
function chooseUsers({ inputs, task, memory, journal }) {
    const { ledger, head } = memory;
    const listed = task.files.manifest.users;
    const remembered = rememberedUsers(ledger.users);
    const { known, unknown } = groupById(listed, remembered);
    const subjectsOf = (users, others) => [
        ...users.map(user => ({ ...user, listed: true, remembered: remembered.get(keyOf(listingOf(user))) })),
        ...[...others].map(id => ({ id, listed: false, grants: new Map() })),
    ];
    if (task.saved !== undefined) {
        const { ids, addresses } = usersOfPlan(task.saved);
        const users = [
            ...[...ids].flatMap(id => known.get(id) ?? []),
            ...unknown.filter(user => addresses.has(keyOf(listingOf(user)))),
        ];
        const others = ids.difference(known);
        return { known, unknown, skipped: new Set(), subjects: subjectsOf(users, others) };
    }
    const onlyChanged = inputs.scope === 'changed';
    if (onlyChanged && head === undefined)
        journal.notice(['Nothing has been applied yet, so every listed user is read.']);
    const unchanged = onlyChanged ? [...known].filter(([id, users]) => isUnchanged(ledger.users.get(id), users)) : [];
    const skipped = new Set(unchanged.flatMap(([, users]) => users));
    const users = listed.filter(user => !skipped.has(user));
    const removed = inputs.revoke === 'managed' ? removedUsers(ledger.users, known) : [];
    return { known, unknown, skipped, subjects: subjectsOf(users, removed) };
}
function usersOfPlan({ users, found, addresses = [] }) {
    return {
        ids: new Set([...users, ...found].map(({ user }) => user)),
        /** By `keyOf`. */
        addresses: new Set(addresses.map(address => keyOf(listingOf(address)))),
    };
}
/** How the manifest lists each user whose id is known. */
function listingsOf({ known }) {
    return new Map([...known].map(([id, users]) => [id, users.map(listingOf)]));
}
/** Entries that are not in a saved plan and may refer to any user. */
function notLookedUp({ unknown, subjects }) {
    const lookedUp = new Set(subjects.map(({ mention }) => mention));
    return unknown.flatMap(({ email = '', grants, mention }) => lookedUp.has(mention) ? [] : [{ entry: email, desired: new Set(grants.keys()), candidates: undefined }]);
}

;// CONCATENATED MODULE: ./build/js/steps/compute-plan.js
// Reads the users, and plans their differences from the manifest, or what remains of a saved plan.












async function computePlan(context) {
    const { saved } = context.task;
    const choice = chooseUsers(context);
    const surveyed = await readUsers(context, choice);
    const { plan, digest, refusals } = saved === undefined ? planChanges(context, surveyed) : planRest({ ...context, choice, saved }, surveyed);
    context.journal.refuse(refusals);
    context.journal.notePlan({ plan, digest });
    return { plan, digest, survey: surveyed, listings: listingsOf(choice), refused: refusals.length > 0 };
}
function planChanges(context, surveyed) {
    const { inputs, journal, task, roles } = context;
    const ours = { revoke: inputs.revoke, named: task.files.manifest, roleNames: roles.names };
    const computed = diff({
        tenant: inputs.tenant,
        source: sourceOf(context),
        users: surveyed.states,
        ...ours,
        holdBack: holdBackFor(surveyed.unidentified),
    });
    const { plan, obsolete } = withoutObsolete(withAddresses(computed, surveyed), existsIn(context));
    journal.notice(describeObsolete(obsolete, 'revoke'));
    journal.warn(warnOfHeldBack(plan));
    journal.noteAdvice({
        unmanaged: unmanagedOf(surveyed.states, ours),
        advice: adviseOn(surveyed.states, computed),
    });
    return { plan, digest: digestOf(plan), refusals: [] };
}
function existsIn({ apis, roles }) {
    return access => ((0,access_grants/* isPermission */.Yo)(access) ? apis.exists(access) : roles.exists(access));
}
/** Adds the addresses that must be looked up again when the saved plan is applied. */
function withAddresses(plan, { emails }) {
    const users = new Set([...plan.users, ...plan.found].map(({ user }) => user));
    const addresses = emails.filter(({ user }) => users.has(user));
    return addresses.length === 0 ? plan : { ...plan, addresses };
}
function sourceOf({ workflow, task }) {
    const { documents, manifest, at } = task.files;
    return {
        commit: workflow.commit,
        files: documents.map(({ file }) => file),
        at: at.toISOString(),
        users: manifest.users.length,
    };
}
/** A saved plan is applied exactly; for a user who has changed since, it is not applied at all. */
function planRest(context, surveyed) {
    const { inputs, journal, task, saved, choice } = context;
    const { manifest } = task.files;
    const exists = existsIn(context);
    const states = new Map(surveyed.states.map(state => [state.id, state]));
    const { plan: possible, obsolete } = withoutObsolete(saved, exists);
    journal.notice(describeObsolete(obsolete, 'revoke'));
    journal.warn(describeObsolete(obsolete, 'grant'));
    const roles = rolesOf(saved).union(manifest.roles);
    const gone = new Set(surveyed.gone.map(({ user }) => user));
    const { plan, failures } = resumePlan(possible, { states, gone, exists, names: context.roles.names, roles });
    const findings = failures.map(failure => ({ ...failure, ...listedAs(states.get(failure.user) ?? {}) }));
    journal.failUsers(locateUsers(task.files.documents, findings));
    const digest = digestOf(saved);
    const { revoke, approvedPlan } = inputs;
    const holdBack = holdBackFor([...surveyed.unidentified, ...notLookedUp(choice)]);
    const problems = approvedPlan === digest ? [] : checkSavedPlan(plan, { states, revoke, named: manifest, holdBack });
    return { plan, digest, refusals: [...checkNever(plan, revoke), ...problems] };
}
async function readUsers(context, { subjects, known, skipped }) {
    const { access, roles, memory, tenant, width, heartbeat, journal } = context;
    if (access.assignOnly) {
        journal.warn(['The token cannot read users, so desired permissions are assigned without reading existing ones.']);
    }
    const surveyed = await survey(subjects, {
        reader: tenant,
        readPermissions: !access.assignOnly,
        roles: new Set(roles.names.keys()),
        width,
        managedOf: user => memory.ledger.users.get(user)?.managed ?? access_grants/* NO_GRANTS */.cJ,
        alsoListed: user => known.get(user)?.filter(each => skipped.has(each)) ?? [],
        startProgress: heartbeat.startProgress,
    });
    reportSurvey(context, surveyed);
    return surveyed;
}
function reportSurvey({ inputs, task, journal }, surveyed) {
    const { documents } = task.files;
    journal.failUsers(locateUsers(documents, surveyed.failures));
    const missing = locateUsers(documents, surveyed.missing);
    if (inputs.missingUsers === 'warn')
        journal.warn(missing);
    else
        journal.failUsers(missing);
    journal.warn(locateUsers(documents, [...surveyed.warnings, ...surveyed.duplicates]));
    journal.notice(surveyed.gone);
    const { removed = [], listed = [] } = Object.groupBy(surveyed.states, ({ listed }) => (listed ? 'listed' : 'removed'));
    const read = listed.filter(({ live }) => live !== undefined);
    journal.noteUsers({
        emails: surveyed.emails,
        // As the manifest counts users: several entries may turn out to be the same user.
        read: read.reduce((sum, { listings }) => sum + listings.length, 0),
        removed: removed.map(({ id }) => id),
        derived: listed.flatMap(derivedOf),
    });
}

;// CONCATENATED MODULE: ./build/js/steps/context.js
// What the steps of a run receive.
/** The task's users: ids, or addresses for users that the manifest lists by address. */
function context_usersOf({ saved, files }) {
    return saved?.users.map(({ user }) => user) ?? files.manifest.users.map(({ id, email }) => id ?? email);
}

;// CONCATENATED MODULE: ./build/js/steps/export-users.js
// Writes a manifest with the users' direct grants. If a user cannot be read, no manifest is written, because nobody would
// notice that the user is missing from it.









async function exportUsers(context) {
    const { inputs, tenant, session, workflow, journal } = context;
    const path = freePath(inputs, workflow);
    const scopes = await session.scopes();
    const refusals = checkScopes(scopes, neededScopes('export', undefined));
    journal.refuse(refusals);
    if (refusals.length > 0)
        return;
    const found = inputs.query === undefined ? [] : await tenant.searchUsers(inputs.query);
    if (inputs.query !== undefined && found.length === 0)
        journal.warn([NOBODY_FOUND]);
    const names = [...new Set([...inputs.users, ...found])];
    const roleNames = names.length === 0 ? undefined : await readRoleNames(context, scopes);
    const holdings = await readHoldings(context, { names, roles: new Set(roleNames?.keys()) });
    if (holdings === undefined)
        return;
    const users = holdings.filter(({ direct }) => direct.size > 0);
    const written = exportManifest({ tenant: inputs.domain.host, users, roleNames: roleNames ?? new Map() });
    if (written.refusals !== undefined) {
        journal.refuse(written.refusals);
        return;
    }
    writeNew(path, written.text);
    const grants = users.reduce((sum, { direct }) => sum + direct.size, 0);
    const roles = users.reduce((sum, { direct }) => sum + (0,access_grants/* rolesAmong */.Wn)(direct).size, 0);
    journal.noteExport({
        users: users.length,
        exported: {
            path: (0,external_node_path_.relative)(workflow.workspace, path).split(external_node_path_.sep).join('/'),
            grants,
            ...(roleNames && { roles }),
            leftOut: holdings.length - users.length,
        },
    });
}
const NOBODY_FOUND = 'Input query: the search found no users. Check its fields and values.';
/** @returns undefined if the token may not read roles, which is a warning */
async function readRoleNames({ tenant, journal }, scopes) {
    const missing = checkScopes(scopes, ROLE_SCOPES.export);
    const leaveOut = (why) => journal.warn([`Roles are left out of the manifest. ${why}`]);
    for (const refusal of missing)
        leaveOut(refusal);
    if (missing.length > 0)
        return undefined;
    try {
        return await tenant.roles();
    }
    catch (error) {
        // A token that does not list its scopes may lack these.
        if (!(error instanceof errors/* TenantError */.rZ) || error.details.errorCode !== 'insufficient_scope')
            throw error;
        leaveOut(error.message);
        return undefined;
    }
}
/** @returns undefined unless every user could be read */
async function readHoldings({ tenant, width, heartbeat, journal }, { names, roles }) {
    const subjects = names.map(export_users_subjectOf);
    const surveyed = await survey(subjects, {
        reader: tenant,
        width,
        readPermissions: true,
        roles,
        managedOf: () => access_grants/* NO_GRANTS */.cJ,
        alsoListed: () => [],
        startProgress: heartbeat.startProgress,
    });
    journal.noteUsers({ read: surveyed.states.length });
    const failures = [...surveyed.failures, ...surveyed.missing];
    journal.failUsers(failures);
    journal.warn(surveyed.warnings);
    if (failures.length > 0) {
        journal.refuse(['Not every user could be read, so no manifest was written.']);
        return undefined;
    }
    return surveyed.states.map(({ id, email, live }) => ({ id, email, direct: new Set(live?.direct) }));
}
/** @throws InputError before anything is read, if the path cannot be written */
function freePath({ manifest }, { workspace }) {
    const [pattern = ''] = manifest;
    const path = (0,external_node_path_.resolve)(workspace, pattern);
    const reject = (message) => new errors/* InputError */.dz([{ input: 'manifest', message: `Input manifest: ${message}` }]);
    const foreign = pathInWorkspace(pattern, workspace);
    if (foreign !== undefined)
        throw reject(`${FOREIGN_WORKSPACE}: ${foreign}.`);
    if (/[\\/]$/.test(pattern))
        throw reject(`${pattern} is a folder; mode export writes a file, so add its name.`);
    try {
        if ((0,external_node_fs_.lstatSync)(path, { throwIfNoEntry: false }) !== undefined) {
            throw new errors/* ActionError */.lZ('it already exists, and mode export never changes a file');
        }
        const [folder, root] = [(0,external_node_fs_.realpathSync)(existingFolder(path)), (0,external_node_fs_.realpathSync)(workspace)];
        if (isWithin(path, workspace) && folder !== root && !isWithin(folder, root)) {
            throw new errors/* ActionError */.lZ('a symbolic link in its path points outside the workspace');
        }
        (0,external_node_fs_.accessSync)(folder, external_node_fs_.constants.W_OK);
        return path;
    }
    catch (error) {
        throw reject(`${pattern} cannot be written: ${(0,errors/* errorOf */.Mz)(error).message}.`);
    }
}
/** The innermost existing folder of a path. */
function existingFolder(path) {
    const folder = (0,external_node_path_.dirname)(path);
    return (0,external_node_fs_.lstatSync)(folder, { throwIfNoEntry: false }) === undefined ? existingFolder(folder) : folder;
}
/** @throws ActionError */
function writeNew(path, text) {
    try {
        (0,external_node_fs_.mkdirSync)((0,external_node_path_.dirname)(path), { recursive: true });
        (0,external_node_fs_.writeFileSync)(path, text, { flag: 'wx' });
    }
    catch (cause) {
        throw new errors/* ActionError */.lZ(`The manifest could not be written: ${(0,errors/* errorOf */.Mz)(cause).message}.`, { cause });
    }
}
/** Auth0's ids contain a bar, and addresses do not. */
function export_users_subjectOf(name) {
    const identity = name.includes('@') && !name.includes('|') ? { email: name, connection: undefined } : { id: name };
    return { ...identity, listed: true, grants: new Map() };
}

;// CONCATENATED MODULE: ./build/js/steps/read-files.js
// Reads the manifest, and reports everything that is wrong with it.

/** @returns undefined if the manifest has problems */
async function readFiles({ inputs, workflow, journal }) {
    const at = new Date();
    journal.noteCommit(workflow.knownCommit);
    const { documents, problems } = await loadManifest(inputs.manifest, workflow.workspace);
    const { manifest, mistakes, expired, expiring, nextExpiry } = readManifest(documents, at);
    const mismatch = inputs.domain === undefined ? [] : checkTenant(documents, inputs.domain.host);
    const files = documents.map(({ file }) => file);
    journal.noteManifest({ files, users: manifest.users.length, nextExpiry });
    journal.notice(locateRemarks(documents, expired));
    journal.warn(locateRemarks(documents, expiring));
    const remarks = function* () {
        yield* mistakes;
        yield* mismatch;
    };
    const wrong = [...problems, ...locateRemarks(documents, remarks())];
    journal.rejectManifest(wrong);
    return wrong.length > 0 ? undefined : { documents, manifest, at };
}

;// CONCATENATED MODULE: ./build/js/steps/read-saved.js
// Reads a saved plan.




/**
 * @returns undefined without the input `plan-file`
 * @throws InputError for a file that is not a plan for this tenant
 */
function readSavedPlan({ inputs, workflow, journal }) {
    const { planFile, tenant } = inputs;
    if (planFile === undefined)
        return undefined;
    const reject = (message) => new errors/* InputError */.dz([{ input: 'plan-file', message: `Input plan-file: ${message}` }]);
    const { plan, problem } = readSaved(readText((0,external_node_path_.resolve)(workflow.workspace, planFile), reject));
    if (problem !== undefined) {
        throw reject(`${problem}. Use the file from the output plan-file or undo-plan-file, unchanged.`);
    }
    if (plan.tenant !== tenant) {
        throw reject(`it is a plan for the tenant ${plan.tenant}, but this run is for ${tenant}.`);
    }
    journal.noteSaved();
    return plan;
}
/** Bytes; a plan that grants five permissions to each of 50,000 users has about 64 million. */
const MAX_SIZE = 256 * 1024 * 1024;
function readText(path, reject) {
    try {
        const file = (0,external_node_fs_.lstatSync)(path);
        if (!file.isFile())
            throw new Error('it is a folder, a link or a device, not a file');
        if (file.size > MAX_SIZE)
            throw new Error(`it has ${file.size} bytes, and a plan has at most ${MAX_SIZE}`);
        return new TextDecoder('utf-8', { fatal: true }).decode((0,external_node_fs_.readFileSync)(path));
    }
    catch (error) {
        throw reject(`it cannot be read: ${(0,errors/* errorOf */.Mz)(error).message}.`);
    }
}

;// CONCATENATED MODULE: ./build/js/github/committed-files.js
// Reads which files a commit has, with their blob ids: from one recursive tree, or folder by folder if GitHub truncates it.




/** @throws ActionError that names a folder whose tree GitHub also truncates */
async function readCommittedFiles(github, { commit, alternatives }) {
    const whole = await readTree(github, { of: commit, recursive: true });
    if (!whole.truncated)
        return filesOf(whole, '');
    const root = await readTree(github, { of: commit });
    const trees = new Map([['', Promise.resolve(root)]]);
    const find = async (folder) => {
        const at = folder.lastIndexOf('/');
        const parent = folder.slice(0, Math.max(0, at));
        const entries = complete(await read(parent), parent);
        return entries.find(({ path, type }) => path === folder.slice(at + 1) && type === 'tree');
    };
    const read = (folder) => {
        const tree = trees.get(folder) ?? find(folder).then(entry => (entry ? readTree(github, { of: entry.sha }) : NO_TREE));
        trees.set(folder, tree);
        return tree;
    };
    const readFolder = async ({ path, deep }) => {
        if (!deep)
            return read(path);
        if (path === '')
            return whole;
        const entry = await find(path);
        return entry === undefined ? NO_TREE : readTree(github, { of: entry.sha, recursive: true });
    };
    const names = new Set(complete(root, '').map(({ path }) => path));
    const patterns = alternatives.find(each => each.every(pattern => isIn(names, pattern))) ?? alternatives[0] ?? [];
    const files = new Map();
    for (const folder of reachableFolders(patterns)) {
        for (const [file, id] of filesOf(await readFolder(folder), folder.path))
            files.set(file, id);
    }
    return files;
}
const NO_TREE = { tree: [], truncated: false };
/** Whether the first part of a pattern is a glob, or a name in the repository's root. */
function isIn(root, pattern) {
    const [first = ''] = pattern.split('/');
    return isGlob(first) || root.has(first);
}
function complete({ tree, truncated }, folder) {
    if (!truncated)
        return tree;
    const where = folder === '' ? 'the repository' : `the folder ${folder}`;
    throw new errors/* ActionError */.lZ(`GitHub cannot list all files of ${where}, which the input manifest may match; use a narrower glob, or move the manifest to a folder of its own.`);
}
function filesOf(tree, folder) {
    const blobs = complete(tree, folder).filter(({ type }) => type === 'blob');
    return new Map(blobs.map(({ path, sha }) => [folder === '' ? path : `${folder}/${path}`, sha]));
}
/** The folders that contain all matches. */
function reachableFolders(patterns) {
    const folders = new Map();
    for (const pattern of patterns) {
        const before = foldersBeforeGlob(pattern);
        const path = before.join('/');
        folders.set(path, (folders.get(path) ?? false) || before.length < pattern.split('/').length - 1);
    }
    return [...folders].map(([path, deep]) => ({ path, deep }));
}
/**
 * The ids that Git may have given a file with this text: as it is or with the repository's line endings, and with or
 * without the byte order mark that decoding drops.
 */
function blobIdsOf(text) {
    const texts = new Set([text, text.replaceAll('\r\n', '\n')]);
    return [...texts].flatMap(each => [blobId(each), blobId(`\uFEFF${each}`)]);
}
/** @see https://git-scm.com/book/en/v2/Git-Internals-Git-Objects */
function blobId(text) {
    const content = Buffer.from(text);
    return (0,external_node_crypto_.createHash)('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}

// EXTERNAL MODULE: external "node:path/posix"
var posix_ = __webpack_require__(3916);
;// CONCATENATED MODULE: ./build/js/plan/merged.js
// Compares the manifest in the workspace with that of a commit, file by file. Pure.


/**
 * Compares relative to the folder under which the fewest files are unknown to the commit, because `actions/checkout` may
 * have been given a `path`. A file that differs or is missing does not mean that the folder is wrong.
 */
function compareWithCommit(options) {
    const { files, patterns, committed } = options;
    const unknownIn = (folder) => files.filter(({ file }) => !committed.has(below(folder, file))).length;
    const folder = checkoutFolders(patterns).reduce((best, next) => (unknownIn(next) < unknownIn(best) ? next : best), '');
    return { folder, differences: differencesIn(folder, options) };
}
/** The workspace, and every folder that all patterns begin with. */
function checkoutFolders(patterns) {
    const [first = [], ...others] = patterns.map(foldersBeforeGlob);
    const differing = first.findIndex((part, index) => others.some(parts => parts[index] !== part));
    const shared = differing === -1 ? first : first.slice(0, differing);
    return [...Array(shared.length + 1).keys()].map(depth => shared.slice(0, depth).join('/'));
}
function differencesIn(folder, { files, patterns, committed }) {
    const inRepository = (path) => below(folder, path);
    const differences = files.flatMap(({ file, ids }) => {
        const id = committed.get(inRepository(file));
        if (id === undefined)
            return [`${file} is not in the commit`];
        return ids.includes(id) ? [] : [`${file} differs from the commit`];
    });
    const present = new Set(files.map(({ file }) => inRepository(file)));
    const globs = patterns.map(inRepository);
    const missing = [...committed.keys()].filter(path => !present.has(path) && globs.some(glob => (0,posix_.matchesGlob)(path, glob)));
    return [...differences, ...missing.map(path => `${path} is in the commit but not in the workspace`)];
}
/** A workspace path, relative to a folder of the workspace. */
function below(folder, path) {
    return folder === '' ? path : path.slice(folder.length + 1);
}

;// CONCATENATED MODULE: ./build/js/steps/check-merged.js
// Only a merged manifest is applied: the run's commit is on the default branch, or on the protected branch that triggered
// the run, and the workspace has the commit's files.







async function readCheckout({ context, github, more }) {
    const { inputs, workflow, task } = context;
    const patterns = inputs.manifest.map(pattern => inWorkspace(pattern, workflow));
    const alternatives = checkoutFolders(patterns).map(folder => [
        ...patterns.map(pattern => below(folder, pattern)),
        ...more,
    ]);
    const committed = await readCommittedFiles(github, { commit: workflow.commit, alternatives });
    const files = task.files.documents.map(({ file, text }) => ({ file, ids: blobIdsOf(text) }));
    const { folder, differences } = compareWithCommit({ files, patterns, committed });
    return { committed, files: files.map(({ file }) => below(folder, file)), differences };
}
function inWorkspace(pattern, { workspace }) {
    const path = (0,external_node_path_.isAbsolute)(pattern) ? (0,external_node_path_.relative)(workspace, pattern) : pattern;
    return external_node_path_.posix.normalize(path.split(external_node_path_.sep).join('/'));
}
async function hasCommit(github, { branch, commit }) {
    const relation = await compareCommits(github, { base: commit, head: branch });
    return relation === 'identical' || relation === 'ahead';
}
/** @returns undefined if the run is refused; why is reported */
async function checkMerged({ context, github, more }) {
    const { workflow, journal } = context;
    const { repository, commit } = workflow;
    try {
        if (repository === undefined || commit === '')
            throw new errors/* ActionError */.lZ(NO_COMMIT);
        if (github === undefined)
            throw new errors/* ActionError */.lZ(NO_TOKEN);
        const checkout = await readCheckout({ context, github, more });
        const defaultBranch = workflow.defaultBranch ?? (await readDefaultBranch(github));
        const branch = await findMergedBranch(github, { ...workflow, defaultBranch });
        const { differences } = checkout;
        const unmerged = `Only a merged manifest is applied: the run's commit ${commit} is not on ${defaultBranch}, nor on a protected branch that triggered the run. Merge it first, or set require-merged: false for a trial.`;
        const changed = `The manifest in the workspace must match the run's commit ${commit}: ${shortList(differences, MAX_DIFFERENCES)}. Check out that commit completely, without a sparse checkout, and change nothing before this step; or set require-merged: false for a manifest that the job generates.`;
        const refusals = [...(branch === undefined ? [unmerged] : []), ...(differences.length > 0 ? [changed] : [])];
        journal.refuse(refusals);
        return refusals.length > 0 ? undefined : { branch, checkout };
    }
    catch (error) {
        journal.refuse([
            `Could not check whether the manifest is merged (input require-merged). ${reasonOf(error, context)}`,
        ]);
        return undefined;
    }
}
const MAX_DIFFERENCES = 5;
const NO_COMMIT = 'GITHUB_REPOSITORY or GITHUB_SHA is not set. Run this action in a workflow, or set require-merged: false for a trial.';
async function findMergedBranch(github, { commit, ref, refProtected, defaultBranch }) {
    const [, own] = /^refs\/heads\/(.+)$/.exec(ref) ?? [];
    const branches = new Set([...(own !== undefined && refProtected ? [own] : []), defaultBranch]);
    for (const branch of branches)
        if (await hasCommit(github, { branch, commit }))
            return branch;
    return undefined;
}

;// CONCATENATED MODULE: ./build/js/steps/follow-latest.js
// Checks that this run may follow the latest apply: its commit is not older, and it reads all files that still exist.



/**
 * @returns the manifest's files, and those of earlier applies that this run does not read; undefined if the run is
 *   refused, and why is reported
 */
async function followLatest(options) {
    const { context } = options;
    try {
        const inOrder = await isInOrder(options);
        const files = await keepFiles(options);
        return inOrder ? files : undefined;
    }
    catch (error) {
        const why = reasonOf(error, context);
        context.journal.refuse([`Could not check whether this run may follow the latest apply. ${why}`]);
        return undefined;
    }
}
/**
 * An old run that is run again must not undo newer changes. To go back, revert the newer commit.
 * @returns false if the run is refused
 */
async function isInOrder({ context, github, ledger }) {
    const { inputs, workflow, journal } = context;
    const { commit: applied, branch } = ledger;
    const { commit } = workflow;
    if (applied === '' || commit === '' || applied === commit)
        return true;
    const relation = await compareCommits(github, { base: applied, head: commit });
    if (relation === 'ahead' || relation === 'identical')
        return true;
    if (relation === undefined || !(await hasCommit(github, { branch, commit: applied }))) {
        journal.warn([
            `The last applied commit ${applied} is no longer on the branch ${branch}, for example because of a force-push; this run treats ${commit} as newer.`,
        ]);
        return true;
    }
    const why = relation === 'behind'
        ? `is older than ${applied}, which was already applied. To go back, revert the newer commit`
        : `does not contain ${applied}, which was applied from the branch ${branch}; users listed only there would count as removed. Merge ${branch} first`;
    const message = `This run's commit ${commit} ${why}.`;
    if (inputs.mode === 'apply')
        journal.refuse([message]);
    else
        journal.warn([message]);
    return inputs.mode !== 'apply';
}
/** Users in a file that an earlier apply read, but this run does not, would look removed. */
async function keepFiles(options) {
    const { context, ledger, files, checkout } = options;
    const { inputs, workflow, journal } = context;
    const unread = ledger.files.filter(file => !files.includes(file));
    if (unread.length === 0 || workflow.commit === '')
        return files;
    const found = checkout ?? (await readCheckout({ ...options, more: unread }));
    const kept = unread.filter(file => found.committed.has(file) && !found.files.includes(file));
    if (kept.length === 0 || inputs.revoke !== 'managed')
        return [...found.files, ...kept];
    journal.refuse([
        `This run does not read ${kept.join(', ')}, which an earlier apply to this tenant read and which the commit still contains, so users listed there would count as removed. List all of the tenant's files in the input manifest, or delete unused files.`,
    ]);
    return undefined;
}

;// CONCATENATED MODULE: ./build/js/steps/recall.js
// Asks GitHub, before the tenant is read, whether the manifest is merged, what is managed, and whether this run may
// follow the latest apply.




/** @returns undefined if the run is refused; why is reported */
async function recall(context) {
    const { inputs, workflow, task, journal } = context;
    const refusals = inputs.mode === 'apply' ? checkEvent(workflow) : [];
    journal.refuse(refusals);
    if (refusals.length > 0)
        return undefined;
    const github = await openRepository(context);
    const found = await readLedger(context, github);
    const mustBeMerged = inputs.mode === 'apply' && inputs.requireMerged;
    const more = found?.ledger.files ?? [];
    const merged = mustBeMerged ? await checkMerged({ context, github, more }) : NOT_CHECKED;
    if (found === undefined || merged === undefined)
        return undefined;
    const { checkout, branch: mergedInto } = merged;
    const own = checkout?.files ?? task.files.documents.map(({ file }) => file);
    if (github === undefined || found.head === undefined)
        return { ...found, mergedInto, files: own };
    const files = await followLatest({ context, github, ledger: found.ledger, files: own, checkout });
    return files && { ...found, mergedInto, files };
}
const NOT_CHECKED = { branch: undefined, checkout: undefined };
/** @returns undefined outside GitHub, or without a token */
async function openRepository({ inputs, workflow, cancelled: signal }) {
    const { githubToken: token } = inputs;
    const { repository } = workflow;
    if (repository === undefined || token === undefined)
        return undefined;
    const { openGitHub } = await Promise.all(/* import() */[__webpack_require__.e(419), __webpack_require__.e(737)]).then(__webpack_require__.bind(__webpack_require__, 3737));
    return openGitHub({ token, repository, signal });
}

// EXTERNAL MODULE: external "node:os"
var external_node_os_ = __webpack_require__(8161);
;// CONCATENATED MODULE: ./build/js/report/files.js
// Writes the files of a run for later steps. One that cannot be written is reported and fails the step.






function createRunFolder() {
    let folder;
    return {
        save: (name, render) => attemptFile(name, () => {
            folder ??= makeFolder();
            const path = (0,external_node_path_.join)(folder, `${name}.json`);
            (0,external_node_fs_.writeFileSync)(path, (0,runner_secrets/* redact */.E$)(render()));
            return path;
        }),
    };
}
function makeFolder() {
    const temp = process.env.RUNNER_TEMP || (0,external_node_os_.tmpdir)();
    (0,external_node_fs_.mkdirSync)(temp, { recursive: true });
    return (0,external_node_fs_.mkdtempSync)((0,external_node_path_.join)(temp, 'auth0-permissions-'));
}
function writeSummary(markdown) {
    const path = process.env.GITHUB_STEP_SUMMARY ?? '';
    if (path !== '')
        (0,external_node_fs_.appendFileSync)(path, markdown);
}
/** The runner's variable with the path that each of these is written to. */
const PLACES = {
    plan: 'RUNNER_TEMP',
    'undo-plan': 'RUNNER_TEMP',
    report: 'RUNNER_TEMP',
    outputs: 'GITHUB_OUTPUT',
    'job summary': 'GITHUB_STEP_SUMMARY',
};
/** Fails the step when the process ends. */
function failStep() {
    process.exitCode = 1;
}
/** A file that cannot be written fails the step, because later steps rely on it; the others are still written. */
function attemptFile(what, write) {
    try {
        return write();
    }
    catch (error) {
        failStep();
        const failure = `The ${what.replace('-', ' ')} could not be written: ${(0,errors/* errorOf */.Mz)(error).message}.`;
        annotate('error', [{ message: `${failure} Check the runner's disk and its variable ${PLACES[what]}.` }]);
        return undefined;
    }
}

;// CONCATENATED MODULE: ./build/js/report/journal.js
// The only writer of a run's record, with a verb for each thing that can happen. No step reads control flow from it; steps
// return what they find.

function createJournal() {
    const draft = newRecord();
    // Grows user by user, so it is not copied each time like the other lists.
    const outcomes = new Map();
    return {
        ...remarkVerbs(draft),
        ...factVerbs(draft),
        noteOutcome: (outcome) => void outcomes.set(outcome.user, outcome),
        /** An error ends the run. Users of the plan (if there is none yet, of `users`) without an outcome were not attempted. */
        abandon: (users) => {
            for (const user of draft.plan?.users.map(({ user }) => user) ?? users) {
                const untouched = { user, status: 'not attempted', granted: [], revoked: [], errors: [] };
                if (!outcomes.has(user))
                    outcomes.set(user, untouched);
            }
        },
        /** Work on the tenant has ended. */
        end: ({ cancelled, duration }) => {
            // A signal that arrived after everything was done cancelled nothing.
            const undone = draft.stopped !== undefined || [...outcomes.values()].some(({ status }) => status !== 'done');
            Object.assign(draft, { cancelled: cancelled && undone, duration });
        },
        entries: () => ({
            ...draft,
            failures: draft.failures.toSorted(byPlace(draft.files)),
            outcomes: [...outcomes.values()],
        }),
    };
}
function remarkVerbs(draft) {
    const add = (kind, remarks) => {
        const findings = remarks.map(remark => (typeof remark === 'string' ? { message: remark } : remark));
        draft[kind] = [...draft[kind], ...findings];
    };
    const stop = (stopped, remarks) => {
        if (remarks.length > 0)
            draft.stopped = stopped;
        add('errors', remarks);
    };
    return {
        rejectInputs: (problems) => stop('inputs', problems),
        /** Mistakes in the manifest; an empty list does nothing. */
        rejectManifest: (mistakes) => stop('manifest', mistakes),
        /** Why nothing may be written; an empty list does nothing. */
        refuse: (reasons) => stop('refused', reasons),
        /** The run ends because of this. */
        fail: (message) => stop('error', [message]),
        /** Users who could not be read or fully updated. */
        failUsers: (failures) => {
            draft.failures = [...draft.failures, ...failures];
        },
        /** Users who were not finished because the run ended early. */
        noteUnfinished: (findings) => add('errors', findings),
        warn: (remarks) => add('warnings', remarks),
        notice: (remarks) => add('notices', remarks),
    };
}
function factVerbs(draft) {
    const note = (facts) => void Object.assign(draft, facts);
    return {
        begin: (inputs) => {
            note({ mode: inputs.mode, tenant: inputs.domain?.host });
            if ('revoke' in inputs)
                note({ revoke: inputs.revoke, scope: inputs.scope });
        },
        noteCommit: (commit) => note({ commit }),
        noteManifest: (manifest) => note(manifest),
        noteSaved: () => note({ saved: true }),
        /** @param traffic changes during the run */
        noteTraffic: (traffic) => note({ traffic }),
        noteLedger: (ledger) => note({ ledger }),
        /** This run moved the ledger's branch. */
        noteLedgerHead: (head) => note({ ledger: draft.ledger && { ...draft.ledger, head } }),
        noteApis: (apis) => note({ apis }),
        noteUsers: (users) => note(users),
        noteAdvice: (advice) => note(advice),
        notePlan: ({ plan, digest }) => note({ plan, digest }),
        notePlanFile: (planFile) => note({ planFile }),
        noteApproval: (approval) => note({ approval }),
        noteDrift: () => note({ drift: true }),
        noteUndo: (undo) => note(undo),
        noteExport: (exported) => note(exported),
    };
}

;// CONCATENATED MODULE: ./build/js/report/report-file.js
// A run's record → the report file for scripts, which contains everything. Pure.

/** JSON. Unknown values are null; plans and outcomes have the form of plan files, which omit such keys. */
function renderReportFile(record, { run, started }) {
    const { errors, failures, warnings, notices, commit, apis, ledger, traffic, ...rest } = record;
    const report = {
        /** Raised when a key changes its meaning or is removed; a new key does not raise it. */
        format: 1,
        run,
        commit: commit || undefined,
        started,
        ...conclude(record),
        ...rest,
        errors: errors.map(identifyUser),
        failures: failures.map(identifyUser),
        warnings: warnings.map(identifyUser),
        notices: notices.map(identifyUser),
        apis,
        ledger,
        traffic,
    };
    return JSON.stringify(report, (_, value) => value ?? null, 2);
}
/** `user` is the id, or the address if no id was found. */
function identifyUser({ message, place, user, email }) {
    return { message, place, user, id: user === email ? undefined : user, email };
}

;// CONCATENATED MODULE: ./build/js/report/publish.js
// Publishes the record of a run that has ended: annotations, outputs, files, and whether the step fails.







function publish(whole, { folder, ...circumstances }) {
    const record = (0,runner_secrets/* redactAll */.$I)(whole);
    const { sentence, result } = conclude(record);
    annotate('error', [...record.errors, ...record.failures, ...driftOf(record)]);
    annotate('warning', record.warnings);
    annotate('notice', record.notices);
    logLine(sentence);
    if (result === 'failed' || result === 'partial' || record.drift)
        failStep();
    const reportFile = folder.save('report', () => renderReportFile(record, circumstances));
    const files = { 'Report file': reportFile, 'Plan file': record.planFile, 'Undo plan file': record.undoPlanFile };
    for (const [file, path] of Object.entries(files))
        if (path !== undefined)
            logLine(`${file}: ${path}`);
    attemptFile('outputs', () => writeOutputs(record, reportFile));
    attemptFile('job summary', () => writeSummary(renderSummary(record)));
}
function writeOutputs(record, reportFile) {
    const conclusion = conclude(record);
    const outputs = {
        result: conclusion.result,
        changed: conclusion.changed,
        grants: conclusion.grants,
        revocations: conclusion.revocations,
        users: conclusion.users,
        'users-changed': conclusion.usersChanged,
        'users-failed': conclusion.usersFailed,
        'plan-digest': record.digest,
        'plan-file': record.planFile,
        'undo-plan-digest': record.undoDigest,
        'undo-plan-file': record.undoPlanFile,
        requests: conclusion.requests,
        'next-expiry': record.nextExpiry,
        'report-file': reportFile,
    };
    for (const [name, value] of Object.entries(outputs))
        (0,core/* setOutput */.uH)(name, value ?? '');
}

;// CONCATENATED MODULE: ./build/js/steps/supervise.js
// The only catch-all: reports every error thrown during a run, and still writes all outputs.





/** @param cancelled aborted with a NotSentError */
function supervise(cancelled) {
    const started = new Date();
    const from = performance.now();
    const journal = createJournal();
    const folder = createRunFolder();
    const crashed = new AbortController();
    // For errors that nothing awaits, such as one from a library's callback.
    const stopOnCrash = (error) => {
        reportFailure(journal, error);
        crashed.abort(new errors/* NotSentError */.SD('An unexpected error stopped the run.'));
    };
    process.on('uncaughtException', stopOnCrash);
    const signal = AbortSignal.any([cancelled, crashed.signal]);
    return {
        journal,
        folder,
        signal,
        attempt: async (work) => {
            try {
                return await work();
            }
            catch (error) {
                reportFailure(journal, error);
                return undefined;
            }
        },
        endWork: () => journal.end({ cancelled: cancelled.aborted, duration: Math.round(performance.now() - from) }),
        endRun: page => {
            publishSafely(journal, { run: page, started, folder });
            process.off('uncaughtException', stopOnCrash);
            // An open request whose response is no longer needed must not keep the process alive.
            if (signal.aborted)
                process.exit();
        },
    };
}
/** If the record cannot be published, publishes at least the outputs and the reason. */
function publishSafely(journal, options) {
    try {
        publish(journal.entries(), options);
    }
    catch (error) {
        const { mode, outcomes } = journal.entries();
        const fallback = createJournal();
        reportFailure(fallback, error);
        publish({ ...fallback.entries(), mode, outcomes }, options);
    }
}
function reportFailure(journal, error) {
    if (error instanceof errors/* InputError */.dz) {
        journal.rejectInputs(error.problems);
        return;
    }
    if (error instanceof errors/* ActionError */.lZ) {
        const { message } = error.cause instanceof errors/* ActionError */.lZ ? error.cause : error;
        journal.fail(message);
        return;
    }
    const defect = (0,errors/* errorOf */.Mz)(error);
    journal.fail(`This is a bug in the action; please report it: ${defect.message}`);
    for (const line of (defect.stack ?? '').split('\n'))
        logLine(line);
}

;// CONCATENATED MODULE: ./build/js/report/heartbeat.js
// Logs a line every few seconds, so that a long run does not look stuck.


/** At least one line every five seconds, with time to spare. */
const PROGRESS_INTERVAL_MS = 4_000;
/** Reports what the run is doing and what it is waiting for, including a token or GitHub. */
function startHeartbeat(traffic) {
    const atWork = () => `Still running: ${counted(traffic.requests, 'request')} sent to the tenant`;
    let current = atWork;
    const timer = setInterval(() => {
        const waiting = traffic.waitingFor === undefined ? '' : `; waiting for ${traffic.waitingFor}`;
        logLine(`${current()}${waiting}`);
    }, PROGRESS_INTERVAL_MS);
    const startProgress = (label, total) => {
        const from = { at: performance.now(), requests: traffic.requests };
        let done = 0;
        current = () => {
            const seconds = (performance.now() - from.at) / 1000;
            const pace = `${((traffic.requests - from.requests) / seconds).toFixed(1)} requests a second`;
            const end = done === 0 ? '' : `, about ${Math.ceil((seconds / done) * (total - done))} s left`;
            return `${label}: ${done} of ${total}, ${total - done} to go, ${pace}${end}`;
        };
        const end = () => {
            current = atWork;
            if (total > 0)
                logLine(`${label}: ${done} of ${total}`);
        };
        return { step: () => void done++, end };
    };
    return { startProgress, end: () => clearInterval(timer) };
}

;// CONCATENATED MODULE: ./build/js/steps/with-tenant.js
// Connects to the tenant for as long as it is used.


async function withTenant(run, use) {
    const { inputs, journal, cancelled } = run;
    const { connect } = await __webpack_require__.e(/* import() */ 229).then(__webpack_require__.bind(__webpack_require__, 6229));
    const { tenant, session, width, traffic, close } = connect(inputs, { signal: cancelled, mask: runner_secrets/* mask */.dK });
    journal.noteTraffic(traffic);
    const heartbeat = startHeartbeat(traffic);
    try {
        await use({ ...run, tenant, session, width, heartbeat });
    }
    finally {
        heartbeat.end();
        if (traffic.blind)
            journal.warn([BLIND]);
        await close();
    }
}
const BLIND = "The tenant's responses have no rate-limit headers, so at most 10 requests a second were sent; set requests-per-second if you know that the limit is lower.";

;// CONCATENATED MODULE: ./build/js/run.js
// The steps of a run, in order. Problems that need no request are found first. A manifest that is not merged must not
// cause any request to the tenant, not even a read. Names are checked before users are read, because that takes few
// requests. The plan is shown before it is checked, and all its problems are reported together, before the first write.
















/** @param cancelled aborted with a NotSentError */
async function run(cancelled) {
    const { journal, folder, signal, attempt, endWork, endRun } = supervise(cancelled);
    const workflow = await attempt(readWorkflow);
    const inputs = workflow && (await attempt(() => readSettings(workflow)));
    const context = workflow && inputs && { inputs, workflow, journal, folder, cancelled: signal };
    if (context)
        await attempt(() => work(context));
    endWork();
    if (context)
        await attempt(() => publishComment({ context, record: journal.entries() }));
    endRun(workflow?.runUrl);
}
function readSettings(workflow) {
    const inputs = readInputs(workflow);
    if (inputs.mode !== 'validate')
        prepareEnvironment(process.env);
    return inputs;
}
async function work(context) {
    const { inputs, journal } = context;
    journal.begin(inputs);
    switch (inputs.mode) {
        case 'validate':
            await readFiles(context);
            return;
        case 'export':
            await withTenant({ ...context, inputs }, exportUsers);
            return;
        default:
            await planAndApply({ ...context, inputs });
    }
}
async function planAndApply(context) {
    const saved = readSavedPlan(context);
    const files = await readFiles(context);
    if (files === undefined)
        return;
    const task = { files, saved };
    try {
        await withTenant(context, connected => planAndApplyTask({ ...connected, task }));
    }
    catch (error) {
        context.journal.abandon(context_usersOf(task));
        throw error;
    }
}
async function planAndApplyTask(context) {
    const memory = await recall(context);
    if (memory === undefined)
        return;
    const recalled = { ...context, memory };
    const access = await checkAccess(recalled);
    const apis = access.readApis ? await checkApis(recalled) : UNCHECKED_APIS;
    const roles = access.readRoles ? await check_roles_checkRoles(recalled) : withoutRoles(recalled);
    if (!access.mayPlan)
        return;
    const checked = { ...recalled, access, apis, roles, task: roles.task };
    const planning = await computePlan(checked);
    const planned = { ...checked, planning };
    const planCheck = checkPlan(planned);
    const isRefused = [access, apis, roles, planning, planCheck].some(({ refused }) => refused);
    if (isRefused || context.inputs.mode === 'plan')
        return;
    await applyPlan(planned);
}


/***/ }),

/***/ 4700:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   $I: () => (/* binding */ redactAll),
/* harmony export */   E$: () => (/* binding */ redact),
/* harmony export */   dK: () => (/* binding */ mask)
/* harmony export */ });
/* harmony import */ var _actions_core__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(143);
// Masks the secrets of this run: registers them with the runner before their first use, and removes them from everything
// that this action writes, because the runner masks only its log, and a response may quote a request.

const known = new Set();
/** The secrets as a response may quote them: as they are, or encoded as in a header or a form. */
const forms = new Set();
/** Shorter text is not a useful secret, and masking it would hide unrelated words. */
const MIN_SECRET = 8;
/** Masks each line separately, too, because logs are lines; but not a key's BEGIN and END lines, which are not secret. */
function mask(secret) {
    const lines = secret.split(/\r?\n|\\n/).map(line => line.trim());
    for (const part of [secret, ...lines.filter(line => line.length >= MIN_SECRET && !line.startsWith('-----'))]) {
        if (part === '' || known.has(part))
            continue;
        (0,_actions_core__WEBPACK_IMPORTED_MODULE_0__/* .setSecret */ .Pq)(part);
        known.add(part);
        if (part.length >= MIN_SECRET)
            for (const form of formsOf(part))
                forms.add(form);
    }
}
function formsOf(secret) {
    const form = new URLSearchParams({ secret }).toString().slice('secret='.length);
    const json = JSON.stringify(secret).slice(1, -1);
    return [secret, json, encodeURIComponent(secret), form, ...base64Of(secret)];
}
/** Alone, and within a longer text, in which it may begin at any of three positions in a group of three bytes. */
function base64Of(secret) {
    const bytes = Buffer.from(secret);
    const groups = [0, 1, 2].map(skipped => bytes.subarray(skipped, bytes.length - ((bytes.length - skipped) % 3)));
    const encodings = ['base64', 'base64url'];
    return [bytes, ...groups].flatMap(each => encodings.map(encoding => each.toString(encoding).replace(/=+$/, '')));
}
/** Redacts all texts in data; must run before they are escaped, because escaped secrets are not recognized. */
function redactAll(value) {
    if (typeof value === 'string')
        return redact(value);
    if (Array.isArray(value))
        return value.map(redactAll);
    if (typeof value !== 'object' || value === null)
        return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, redactAll(each)]));
}
function redact(text) {
    let redacted = text;
    for (const form of forms)
        redacted = redacted.replaceAll(form, '***');
    return redacted;
}


/***/ })

};
