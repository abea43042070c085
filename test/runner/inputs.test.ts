import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { quote } from '../../src/access/quote.ts'
import { InputError } from '../../src/errors.ts'
import { type Inputs, readInputs, type TenantInputs } from '../../src/runner/inputs.ts'
import { makeCertificate } from '../servers/network.ts'

type Values = Readonly<Record<string, string>>

const GOOD: Values = { domain: 'acme.eu.auth0.com', 'client-id': 'c', 'client-secret': 'a-secret-of-some-length' }

/** An expression that GitHub did not replace. */
const expression = (name: string) => `\${{ ${name} }}`

let printed = ''

beforeEach(() => {
  printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation(chunk => {
    printed += chunk
    return true
  })
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

function read(values: Values, secretsWithheld?: 'fork' | 'dependabot'): Inputs {
  for (const [name, value] of Object.entries(values)) vi.stubEnv(`INPUT_${name.toUpperCase()}`, value)
  return readInputs({ secretsWithheld })
}

function readPlan(values: Values): TenantInputs {
  const inputs = read({ ...GOOD, mode: 'plan', ...values })
  if (inputs.mode === 'validate') throw new Error('not planned')
  return inputs
}

function problemsOf(values: Values, secretsWithheld?: 'fork' | 'dependabot'): readonly string[] {
  try {
    read({ ...GOOD, ...values }, secretsWithheld)
    return []
  } catch (error) {
    if (error instanceof InputError) return error.problems.map(({ message }) => message)
    throw error
  }
}

function masked(): readonly string[] {
  const unescaped = (data: string) => data.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%')
  return [...printed.matchAll(/^::add-mask::(.*)$/gm)].map(([, data = '']) => unescaped(data))
}

describe('the domain', () => {
  it.each([
    ['acme.eu.auth0.com', 'https://acme.eu.auth0.com'],
    ['https://acme.eu.auth0.com', 'https://acme.eu.auth0.com'],
    ['https://acme.eu.auth0.com/', 'https://acme.eu.auth0.com'],
    ['acme.eu.auth0.com/', 'https://acme.eu.auth0.com'],
    ['  acme.eu.auth0.com\n', 'https://acme.eu.auth0.com'],
    ['HTTPS://Login.Acme.COM', 'https://login.acme.com'],
    ['xn--mnchen-3ya.example', 'https://xn--mnchen-3ya.example'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://localhost:8080/', 'http://localhost:8080'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
    ['127.0.0.1:8443', 'https://127.0.0.1:8443'],
  ])('%j leads to %s', (domain, origin) => {
    expect(readPlan({ domain }).domain).toEqual({ origin, host: new URL(origin).host })
  })

  it('is not required in mode validate', () => {
    expect(read({ mode: 'validate', domain: '' })).toMatchObject({ mode: 'validate', domain: undefined })
    expect(problemsOf({ mode: 'plan', domain: '' })).toEqual([
      expect.stringContaining('Input domain: required by mode plan'),
    ])
  })

  const refused: readonly (readonly [string, string])[] = [
    ['acme.eu\n.auth0.com', 'because it contains a line break'],
    ['acme.eu.auth0.com\nevil.example', 'because it contains a line break'],
    ['acme.eu\r\n.auth0.com', 'because it contains a line break'],
    ['acme.eu\u2028.auth0.com', 'because it contains a line break'],
    ['acme.eu\t.auth0.com', 'because it contains a tab'],
    ['acme .eu.auth0.com', 'because it contains a space'],
    ['https:// acme.eu.auth0.com', 'because it contains a space'],
    ['acme\u00a0.eu.auth0.com', 'because it contains the invisible character U+00A0'],
    ['acme\u001b[31m.eu.auth0.com', 'because it contains the invisible character U+001B'],
    ['acme\u00ad.eu.auth0.com', 'because it contains the invisible character U+00AD'],
    ['acme\u200b.eu.auth0.com', 'because it contains the invisible character U+200B'],
    ['acme\u202e.eu.auth0.com', 'because it contains the invisible character U+202E'],
    ['acme\u3164.eu.auth0.com', 'because it contains the invisible character U+3164'],
    ['\u0430cme.eu.auth0.com', 'because "\u0430" (U+0430) is not ASCII'],
    ['acme\u3002eu.auth0.com', 'because "\u3002" (U+3002) is not ASCII'],
    ['\uff41cme.eu.auth0.com', 'because "\uff41" (U+FF41) is not ASCII'],
    ['münchen.example', 'has a form with xn--'],
    ['acme.eu.auth0.com/api/v2/', 'has a path or a query'],
    ['acme.eu.auth0.com//', 'has a path or a query'],
    ['acme.eu.auth0.com?x=1', 'has a path or a query'],
    ['acme.eu.auth0.com#x', 'has a path or a query'],
    ['acme.eu.auth0.com:8443', 'has a port'],
    ['acme.eu.auth0.com:443', 'has a port'],
    ['acme.eu.auth0.com:', 'is not a domain'],
    ['[::1]:', 'is not a domain'],
    ['acme.eu.auth0.com:x', 'is not a domain'],
    ['ftp://acme.eu.auth0.com', 'is not an https:// address'],
    ['javascript://acme.eu.auth0.com', 'is not an https:// address'],
    ['http://acme.eu.auth0.com', 'is plain HTTP'],
    ['http://127.0.0.1.evil.example', 'is plain HTTP'],
    ['http://0.0.0.0', 'is plain HTTP'],
    ['https:acme.eu.auth0.com', 'is not a domain'],
    ['//acme.eu.auth0.com', 'is not a domain'],
    ['https:///acme.eu.auth0.com', 'is not a domain'],
    ['\\\\acme.eu.auth0.com', 'is not a domain'],
    ['acme.eu.auth0.com\\evil.example', 'is not a domain'],
    ['acme%2eeu.auth0.com', 'is not a domain'],
    ['%61cme.eu.auth0.com', 'is not a domain'],
    ['http://0x7f.1:8080', 'is not a domain'],
    ['http://2130706433', 'is not a domain'],
    ['[::1', 'is not a domain'],
    ['[::1].evil.example', 'is not a domain'],
    ['acme.eu.auth0.com.', 'is not a full domain'],
    ['acme', 'is not a full domain'],
    ['.auth0.com', 'is not a full domain'],
    [expression('vars.AUTH0_DOMAIN'), 'is not a domain'],
  ]
  it.each(refused)('%j is refused by name', (domain, why) => {
    const problems = problemsOf({ domain })
    expect(problems).toEqual([expect.stringContaining(why)])
    expect(problems[0]).toMatch(
      /^Input domain: .*; use the tenant's domain or custom domain, such as acme\.eu\.auth0\.com\.$/s,
    )
    // Invisible characters are escaped.
    expect(problems[0]).toContain(quote(domain))
  })

  it.each(['https://me:pass\tword@acme.eu.auth0.com', 'me@acme.eu.auth0.com'])(
    '%j contains a user, who is not shown',
    domain => {
      expect(problemsOf({ domain })).toEqual([expect.stringMatching(/^Input domain: it contains a user or password;/)])
    },
  )
})

describe('the audience', () => {
  it('follows from the domain', () => {
    expect(readPlan({})).toMatchObject({ audience: 'https://acme.eu.auth0.com/api/v2/', tenant: 'acme.eu.auth0.com' })
  })

  it('is set for a custom domain', () => {
    const inputs = { domain: 'login.acme.com', audience: 'https://acme.eu.auth0.com/api/v2/' }
    expect(readPlan(inputs)).toMatchObject({ audience: inputs.audience, tenant: 'acme.eu.auth0.com' })
  })

  it.each([
    'https://acme.eu.auth0.com/api/v2',
    'https://acme.eu.auth0.com/',
    'https://acme.eu.auth0.com',
    'acme.eu.auth0.com',
    'acme.eu.auth0.com/api/v2/',
    'https://ACME.eu.auth0.com/api/v2/',
  ])('%s is refused with the right value', audience => {
    expect(problemsOf({ audience })).toEqual([
      `Input audience: "${audience}" is not the Management API's identifier; use https://acme.eu.auth0.com/api/v2/.`,
    ])
  })

  it.each([
    ['https://acme.eu\n.auth0.com/api/v2/', 'contains a line break'],
    ['https://acme.eu.auth0.com\u200b/api/v2/', 'the invisible character U+200B'],
    ['https://\u0430cme.eu.auth0.com/api/v2/', '(U+0430)'],
    ['https://acme.eu.auth0.com/api/v3/', 'has a path or a query'],
    ['https://acme.eu.auth0.com/api/v2/?x', 'has a path or a query'],
    ['https://acme.eu.auth0.com:8443/api/v2/', 'has a port'],
    ['http://acme.eu.auth0.com/api/v2/', 'is plain HTTP'],
    ['urn:auth0:management', 'is not a domain'],
    ['management', 'is not a full domain'],
  ])('%j is refused by name', (audience, why) => {
    expect(problemsOf({ audience })).toEqual([expect.stringContaining(why)])
    expect(problemsOf({ audience })[0]).toMatch(
      /^Input audience: .*such as https:\/\/acme\.eu\.auth0\.com\/api\/v2\/\.$/s,
    )
  })

  it('is shown without its password', () => {
    const audience = 'https://me:pass@acme.eu.auth0.com/api/v2/'
    expect(problemsOf({ audience })).toEqual([
      expect.stringMatching(/^Input audience: it contains a user or password;/),
    ])
  })
})

const pkcs8 = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString()
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const KEYS = {
  'PKCS#8': pkcs8(privateKey),
  'PKCS#1': privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
}
const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64')

describe('a private key', () => {
  const forms: Readonly<Record<string, (pem: string) => string>> = {
    unchanged: pem => pem,
    'with carriage returns': pem => pem.replaceAll('\n', '\r\n'),
    'with only carriage returns': pem => pem.replaceAll('\n', '\r'),
    'with \\n as text': pem => pem.replaceAll('\n', '\\n'),
    'with \\r\\n as text': pem => pem.replaceAll('\n', '\\r\\n'),
    'on one line, with spaces': pem => pem.replaceAll('\n', ' '),
    'on one line, without separators': pem => pem.replaceAll('\n', ''),
    'with indented lines': pem => pem.replaceAll('\n', '\n    '),
    'with another line length': pem =>
      pem
        .replaceAll('\n', '')
        .replace(/(-----[^-]+-----)/g, '\n$1\n')
        .replace(/.{76}/g, '$&\n'),
    'in double quotes': pem => `"${pem}"`,
    'in single quotes': pem => `'${pem.trim()}'`,
    'as a JSON string': pem => JSON.stringify(pem),
    'as a JSON string of carriage returns': pem => JSON.stringify(pem.replaceAll('\n', '\r\n')),
    'in base64': base64,
    'in base64url': pem => Buffer.from(pem).toString('base64url'),
    'in base64 with 76 characters per line': pem => base64(pem).replace(/.{76}/g, '$&\n'),
    'in base64 and quotes': pem => `"${base64(pem)}"`,
    'in base64 of a JSON string': pem => base64(JSON.stringify(pem)),
    'in base64 of one line': pem => base64(pem.replaceAll('\n', ' ')),
    'in base64 twice': pem => base64(base64(pem)),
    'without its first and last line': pem => pem.replaceAll(/-----.*-----/g, ''),
    'without its first and last line, on one line': pem => pem.replaceAll(/-----.*-----|\n/g, ''),
    'after its certificate': pem => `${makeCertificate('acme.test').cert}${pem}`,
  }
  const rows = Object.entries(KEYS).flatMap(([kind, pem]) =>
    Object.entries(forms).map(([form, change]) => [kind, form, change(pem)] as const),
  )
  it.each(rows)('of %s %s works', (_, __, key) => {
    const { credential } = readPlan({ 'client-secret': '', 'client-private-key': key })
    expect(credential).toMatchObject({ kind: 'private-key' })
    expect((credential as { key: KeyObject }).key.equals(privateKey)).toBe(true)
  })

  // Nothing is masked twice, so each row has its own key.
  it.each(['unchanged', 'as a JSON string of carriage returns', 'on one line, without separators', 'in base64'])(
    '%s is masked as given, as PEM, line by line, and without line breaks',
    form => {
      const pem = pkcs8(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey).trim()
      const lines = pem.split('\n').slice(1, -1)
      const key = forms[form]?.(pem) ?? ''
      read({ ...GOOD, 'client-secret': '', 'client-private-key': key })
      expect(masked()).toEqual(expect.arrayContaining([key, pem, lines.join(''), ...lines]))
      expect(masked()).not.toContain('-----BEGIN PRIVATE KEY-----')
    },
  )

  const encrypted = { cipher: 'aes-256-cbc', passphrase: 'a-passphrase' } as const
  const elliptic = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const others: readonly (readonly [string, string, string])[] = [
    ['a JWK', JSON.stringify(privateKey.export({ format: 'jwk' })), 'a JSON Web Key'],
    ['a JWK in base64', base64(JSON.stringify(privateKey.export({ format: 'jwk' }))), 'a JSON Web Key'],
    ['a set of JWKs', JSON.stringify({ keys: [publicKey.export({ format: 'jwk' })] }), 'a JSON Web Key'],
    [
      'an encrypted key',
      privateKey.export({ type: 'pkcs8', format: 'pem', ...encrypted }).toString(),
      'an encrypted key',
    ],
    [
      'an encrypted PKCS#1 key',
      privateKey.export({ type: 'pkcs1', format: 'pem', ...encrypted }).toString(),
      'an encrypted key',
    ],
    [
      'an encrypted key on one line',
      privateKey
        .export({ type: 'pkcs8', format: 'pem', ...encrypted })
        .toString()
        .replaceAll('\n', ' '),
      'an encrypted key',
    ],
    ['a public key', publicKey.export({ type: 'spki', format: 'pem' }).toString(), 'a public key'],
    ['a PKCS#1 public key', publicKey.export({ type: 'pkcs1', format: 'pem' }).toString(), 'a public key'],
    ['a public key in base64', base64(publicKey.export({ type: 'spki', format: 'pem' }).toString()), 'a public key'],
    ['a certificate', makeCertificate('acme.test').cert, 'a certificate'],
    [
      'a certificate request',
      '-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----',
      'a certificate',
    ],
    [
      'an SSH key',
      '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk=\n-----END OPENSSH PRIVATE KEY-----',
      'an SSH key',
    ],
    ['a public SSH key', 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 me@acme.com', 'an SSH key'],
    ['a PuTTY key', 'PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none', 'an SSH key'],
    ['an EC key', pkcs8(elliptic.privateKey), 'a key of type ec; Auth0 accepts only RSA keys'],
    ['an EC key in base64', base64(pkcs8(elliptic.privateKey)), 'a key of type ec'],
    ['an EC key in SEC 1', elliptic.privateKey.export({ type: 'sec1', format: 'pem' }).toString(), 'a key of type ec'],
    ['an Ed25519 key', pkcs8(generateKeyPairSync('ed25519').privateKey), 'a key of type ed25519'],
    [
      'an RSA-PSS key',
      pkcs8(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey),
      'a key of type rsa-pss',
    ],
    [
      'a short RSA key',
      pkcs8(generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey),
      'an RSA key of 512 bits; Auth0 accepts keys of 2048 to 4096 bits',
    ],
    ['a path', './keys/auth0.pem', 'the path of a file'],
    ['an absolute path', '/etc/keys/auth0', 'the path of a file'],
    ['a path in a home folder', '~/.ssh/id_rsa', 'the path of a file'],
    ['a file name', 'private.key', 'the path of a file'],
    ['a Windows path', 'C:\\keys\\auth0.pem', 'the path of a file'],
    ['an expression', expression('secrets.AUTH0_KEY'), 'an expression or a variable that was not replaced'],
    ['a variable', '$AUTH0_KEY', 'an expression or a variable that was not replaced'],
    ['a key that is cut off', KEYS['PKCS#8'].slice(0, 800), 'a private key that is cut off, damaged'],
    ['a damaged key', KEYS['PKCS#8'].replace('MII', 'AAA'), 'a private key that is cut off, damaged'],
    ['a client secret', 'not-a-pem-but-a-client-secret', 'not a PEM private key without a passphrase'],
    ['other bytes in base64', base64('x'.repeat(100)), 'not a PEM private key'],
  ]
  it.each(others)('that is %s is identified as such', (_, value, what) => {
    const problems = problemsOf({ 'client-secret': '', 'client-private-key': value })
    expect(problems).toEqual([expect.stringMatching(`^Input client-private-key: it (is|contains) ${what}`)])
    expect(problems[0]).toMatch(/private key|without a passphrase|Auth0 accepts/)
  })
})

describe('a credential', () => {
  it.each<readonly [string, Values, string]>([
    [
      'of two kinds',
      { 'access-token': 'another-token' },
      'Input access-token: conflicts with client-secret; set only one credential',
    ],
    [
      'that is not a key, with a key ID',
      { 'client-private-key-id': 'kid' },
      'Input client-private-key-id: only valid with client-private-key; remove it.',
    ],
    ['without a client ID', { 'client-id': '' }, 'Input client-id: required by client-secret'],
    [
      'that is missing',
      { 'client-secret': '' },
      'Input client-secret: no credential is set; set client-secret, client-private-key or access-token.',
    ],
    ['with the prefix of a header', { 'client-secret': '', 'access-token': 'Bearer token' }, 'without "Bearer"'],
  ])('%s is refused', (_, values, problem) => {
    expect(problemsOf(values)).toEqual([expect.stringContaining(problem)])
  })

  it.each(['fork', 'dependabot'] as const)(
    'that is missing for a %s leads to the advice to use mode: validate',
    withheld => {
      const [problem] = problemsOf({ 'client-secret': '' }, withheld)
      expect(problem).toMatch(
        /^Input client-secret: no credential is set; GitHub gives .*: use mode: validate there\.$/,
      )
      expect(problem?.toLowerCase()).toContain(withheld)
    },
  )

  it.each(['fork', 'dependabot'] as const)('that is set for a %s is used', withheld => {
    expect(problemsOf({}, withheld)).toEqual([])
    expect(problemsOf({ 'client-secret': '', mode: 'validate' }, withheld)).toEqual([])
  })
})

describe('max-revocations', () => {
  it.each([
    ['20', { count: 20, percent: undefined }],
    ['0', { count: 0, percent: undefined }],
    ['10%', { count: undefined, percent: 10 }],
    ['10 %', { count: undefined, percent: 10 }],
    ['100%', { count: undefined, percent: 100 }],
    ['20 or 10%', { count: 20, percent: 10 }],
    ['20 or 10 %', { count: 20, percent: 10 }],
    ['', { count: 20, percent: undefined }],
  ])('of %j is %j', (value, limit) => {
    expect(readPlan({ 'max-revocations': value })).toMatchObject({ maxRevocations: limit })
  })

  it.each([
    '-1',
    '1.5',
    'abc',
    '%',
    'or',
    '10% or 20%',
    '10% or 20',
    '20 or',
    'or 10%',
    '20 or 30',
    '20 10%',
    '20or10%',
    '20, 10%',
    '0%',
    '101%',
    '1.5%',
    '-10%',
    '1e3',
    '0x10',
    '٢٠',
    '9999999999',
    '20 or 10% or 5%',
    '20\nor 10%',
    'NaN%',
    expression('inputs.max'),
  ])('of %j is refused, with the allowed formats', value => {
    expect(problemsOf({ 'max-revocations': value })).toEqual([
      `Input max-revocations: ${JSON.stringify(value)} is not a limit; use a count (20), a percentage of the live grants from 1% to 100% (10%), or both for the larger (20 or 10%).`,
    ])
  })
})

describe('approved-plan', () => {
  it.each(['', ' ', '\n', '\t'])('that resolves to nothing (%j) is an error', value => {
    const problem =
      'Input approved-plan: it is empty; set it to the output plan-digest of the plan that was approved (undo-plan-digest for an undo plan), or remove it to apply without an approval.'
    expect(problemsOf({ 'approved-plan': value })).toEqual([problem])
  })

  it.each([
    'null',
    'undefined',
    'false',
    'None',
    '""',
    'sha256:',
    'sha256',
    `sha256:${'A'.repeat(64)}`,
    'a'.repeat(64),
    expression('inputs.digest'),
  ])('of %j is not a digest', value => {
    expect(problemsOf({ 'approved-plan': value })).toEqual([
      expect.stringMatching(
        /^Input approved-plan: .* is not a digest; use the output plan-digest \(undo-plan-digest for an undo plan\): sha256: and/,
      ),
    ])
  })

  it('that is "none" or not set is no approval', () => {
    expect(readPlan({ 'approved-plan': 'none' })).toMatchObject({ approvedPlan: undefined })
    expect(readPlan({})).toMatchObject({ approvedPlan: undefined })
  })
})

describe('the path of an export', () => {
  it.each(['a*.yml', 'a?.yml', '[a].yml', '{a,b}.yml', '@(a).yml', 'a.yml\nb.yml'])(
    'is refused if it is not one file: %j',
    manifest => {
      expect(problemsOf({ mode: 'export', query: '*', manifest })).toEqual([
        'Input manifest: mode export writes one file; set it to the path of that file.',
      ])
    },
  )
})

describe('an invalid input is named, with its allowed values', () => {
  it.each<readonly [string, Values, readonly string[]]>([
    ['an unknown revoke', { revoke: 'some' }, ['revoke', 'never, managed or all']],
    ['a pace of zero', { 'requests-per-second': '0' }, ['requests-per-second', 'above 0']],
    ['a pace that is not a number', { 'requests-per-second': 'fast' }, ['requests-per-second', '"fast"']],
    ['a key id without key', { 'client-private-key-id': 'kid' }, ['client-private-key-id']],
    ['an unknown algorithm', { 'client-private-key-algorithm': 'HS256' }, ['RS256, RS384 or PS256']],
    ['an unknown scope', { scope: 'some' }, ['scope', 'all or changed']],
    ['an unknown choice for missing users', { 'missing-users': 'skip' }, ['missing-users', 'fail or warn']],
    ['an invalid value for comment', { comment: '1' }, ['comment', 'true, false or changes']],
    ['an invalid digest', { 'approved-plan': 'sha256:abc' }, ['approved-plan', 'plan-digest']],
    ['users to export in another mode', { users: 'auth0|1' }, ['users', 'export']],
    ['a query in another mode', { query: '*' }, ['query', 'export']],
    ['an export to several files', { mode: 'export', query: '*', manifest: 'a*.yml' }, ['manifest', 'path']],
    ['an audience that is not a URL', { audience: 'management' }, ['audience']],
    [
      'an audience without its trailing slash',
      { audience: 'https://a.eu.auth0.com/api/v2' },
      ['https://a.eu.auth0.com/api/v2/'],
    ],
    ['an invalid share of revocations', { 'max-revocations': '20 or' }, ['max-revocations', '20 or 10%']],
  ])('%s', (_, values, words) => {
    const problems = problemsOf(values).join('\n')
    for (const word of words) expect(problems).toContain(word)
  })
})
