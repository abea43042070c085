import { describe, expect, it } from 'vitest'
import { parseDocument } from '../../src/manifest/load.ts'

function problemsOf(text: string): readonly string[] {
  const { documents, problems } = parseDocument('m.yml', text)
  expect(documents).toEqual([])
  return problems.map(({ place, message }) => `${place.line}:${place.column} ${message}`)
}

/** A user with this below `permissions:`, from line 4 on. */
const below = (text: string) => `users:\n  - id: auth0|1\n    permissions:\n${text}`

const needsQuotes = (mark: string, value: string) => `a value that begins with ${mark} needs quotes: "${value}"`
const MISALIGNED =
  'the indentation does not match the lines above; indent all keys of a mapping equally, and all dashes of a list'
const unmatched = (end: string, mark: string) =>
  `this ${end} does not match the ${mark} before it; close that one first, or remove this`
const NO_KEY = 'a key is missing here, or the colon and space after one'

describe('invalid YAML', () => {
  it.each<readonly [string, string, string, string]>([
    // A character with a special meaning
    ['a star in a list', below('      orders: [*]'), '4:16', needsQuotes('*', '*')],
    ['a star after a dash', below('      orders:\n        - *\n'), '5:11', needsQuotes('*', '*')],
    [
      'a star before a name',
      below('      orders: [x, *:orders ]'),
      '4:19',
      `there is no anchor for the alias *:orders; ${needsQuotes('*', '*:orders')}`,
    ],
    [
      'an alias without an anchor',
      'users:\n  - id: auth0|1\n    permissions: *none # later\n',
      '3:18',
      `there is no anchor for the alias *none; ${needsQuotes('*', '*none')}`,
    ],
    ['an at sign', below('      orders:\n        - @admin # all\n'), '5:11', needsQuotes('@', '@admin')],
    ['an at sign in a list', below('      orders: [@admin, x]'), '4:16', needsQuotes('@', '@admin')],
    ['an at sign at the start of a key', below('      @orders: [x]'), '4:7', needsQuotes('@', '@orders')],
    ['an at sign at the start of an address', 'users:\n  - email: @acme\n', '2:12', needsQuotes('@', '@acme')],
    ['a backtick', below('      orders:\n        - `x`\n'), '5:11', needsQuotes('`', '`x`')],
    ['a backtick in a list', below('      orders: [`x`]'), '4:16', needsQuotes('`', '`x`')],
    ['a percent sign', below('      orders:\n        - %x\n'), '5:11', needsQuotes('%', '%x')],
    ['a percent sign in a list', below('      orders: [%x]'), '4:16', needsQuotes('%', '%x')],
    ['a percent sign at the start of a line', '%x: 1\nusers: []', '1:1', needsQuotes('%', '%x')],
    ['a bar', 'users:\n  - id: |5f7c8ec\n', '2:9', needsQuotes('|', '|5f7c8ec')],
    ['an angle bracket', 'users:\n  - id: >x\n', '2:9', needsQuotes('>', '>x')],
    ['an exclamation mark', below('      orders: [!admin]'), '4:16', needsQuotes('!', '!admin')],
    ['an ampersand', below('      orders: [&]'), '4:16', needsQuotes('&', '&')],
    ['a hash in a list', below('      orders: [#x]'), '4:16', needsQuotes('#', '#x')],
    ['a dash in a list', below('      orders: [-]'), '4:16', needsQuotes('-', '-')],
    // Spaces
    ['a tab', 'users:\n\t- id: auth0|1', '2:1', 'the line is indented with a tab; use spaces'],
    ['a tab after spaces', below('    \torders: [x]'), '4:5', 'the line is indented with a tab; use spaces'],
    ['a tab after a dash', 'users:\n  -\tid: a|b\n    reason: x', '2:4', 'the line is indented with a tab; use spaces'],
    ['a tab in a list', below('      orders: [\n\tx]'), '5:1', 'the line is indented with a tab; use spaces'],
    [
      'a no-break space',
      'users:\n  - id: a|b\n\u00a0\u00a0\u00a0 reason: x: y\n',
      '3:1',
      'the line is indented with a no-break space (U+00A0); use spaces',
    ],
    [
      'a no-break space on the line above',
      'users:\n  - id: a|b\n\u00a0\u00a0reason\nversion: 1\n',
      '3:1',
      'the line is indented with a no-break space (U+00A0); use spaces',
    ],
    // Colons
    [
      'a key without a space after the colon',
      'version:1\nusers: []\n',
      '1:1',
      'a space is missing after the colon; write version: 1',
    ],
    ['such a last key', 'users: []\nversion:1\n', '2:1', 'a space is missing after the colon; write version: 1'],
    [
      'such a first key',
      'users:\n  - id:auth0|1\n    reason: x\n',
      '2:5',
      'a space is missing after the colon; write id: auth0|1',
    ],
    [
      'such a mapping',
      'users:\n  - id: a|b\n    permissions:{}\n',
      '3:5',
      'a space is missing after the colon; write permissions: {}',
    ],
    [
      'such an alias',
      below('      orders:[x]\n      billing: [y]'),
      '4:7',
      'a space is missing after the colon; write orders: [x]',
    ],
    [
      'a colon in a value',
      'users:\n  - id: a|b\n    reason: FIN-118: quarter close # x\n',
      '3:13',
      'a value with a colon before a space or at its end needs quotes: "FIN-118: quarter close"',
    ],
    [
      'a colon at the end of a value',
      'users:\n  - id: a|b\n    reason: close:\n',
      '3:13',
      'a value with a colon before a space or at its end needs quotes: "close:"',
    ],
    // Quotes
    [
      'a double quote that is not closed',
      'users:\n  - id: "auth0|1\n    permissions: {}\n',
      '2:9',
      'this " is not closed on its line; add a " at the end of the value',
    ],
    [
      'a double quote that a later one closes',
      'users:\n  - id: "a|b\n    reason: "x"\n',
      '2:9',
      'this " is not closed on its line; add a " at the end of the value',
    ],
    [
      'a single quote that is not closed',
      "users:\n  - id: 'it''s\n",
      '2:9',
      "this ' is not closed on its line; add a ' at the end of the value",
    ],
    [
      'a quote that is not closed after an escaped one',
      'users: [] # "\nx-a: "\\"\n',
      '2:6',
      'this " is not closed on its line; add a " at the end of the value',
    ],
    [
      'a quote within single ones',
      "users:\n  - id: 'it's'\n",
      '2:13',
      "there is text after the closing '; put the whole value in quotes, with '' for each ' in it",
    ],
    [
      'text after double quotes',
      'users:\n  - id: "auth0"|1\n',
      '2:16',
      'there is text after the closing "; put the whole value in quotes, with \\" for each " in it',
    ],
    [
      'text after a quoted key',
      below('      orders:\n        - "read":orders\n'),
      '5:18',
      'there is text after the closing "; put the whole value in quotes, with \\" for each " in it',
    ],
    [
      'a backslash',
      'users:\n  - id: "ad|ACME\\grace"\n',
      '2:18',
      'a backslash within double quotes begins an escape; write it twice, or use single quotes',
    ],
    [
      'a backslash before a u',
      'users:\n  - id: "ad|ACME\\user"\n',
      '2:19',
      'a backslash within double quotes begins an escape; write it twice, or use single quotes',
    ],
    [
      'a quote after a comma that is not closed',
      below('      orders: [a,"b]\n'),
      '4:18',
      'this " is not closed on its line; add a " at the end of the value',
    ],
    // Brackets
    [
      'a list that is only closed in a comment',
      below('      orders: [x, # ]\n'),
      '4:15',
      'this [ is not closed; add a ]',
    ],
    [
      'a list without its closing bracket',
      below('      orders: [x\n  - id: a|b\n'),
      '4:15',
      'this [ is not closed; add a ]',
    ],
    [
      'a list without its closing bracket before a key',
      below('      orders: [x\n      b: [y]\n'),
      '4:15',
      'this [ is not closed; add a ]',
    ],
    [
      'a list without its closing bracket at the end',
      below('      orders: [x, \n'),
      '4:15',
      'this [ is not closed; add a ]',
    ],
    ['a mapping without its closing brace', 'users: [{id: a|b]\n', '1:17', unmatched(']', '{')],
    ['JSON without its closing brace', '{"users": [{"id": "a|b"}]', '1:1', 'this { is not closed; add a }'],
    [
      'one bracket too many',
      below('      orders: [x]]\n'),
      '4:18',
      'there is no [ for this ]; remove it, or quote the value',
    ],
    ['one brace too many', 'users: [{id: a|b}}]\n', '1:18', unmatched('}', '[')],
    [
      'a brace without an opening one',
      'users: {}}\n',
      '1:10',
      'there is no { for this }; remove it, or quote the value',
    ],
    [
      'a closing bracket without indentation',
      below('      orders: [\n  x\n  ]\n'),
      '5:3',
      'this line belongs to the [ above; indent it more than the key before that [',
    ],
    ['a missing comma', 'users: [{id: a|b email: c}]', '1:23', 'a comma is missing before this'],
    ['a missing comma in JSON', '{"users": [{"id": "a|b"} {"id": "c|d"}]}', '1:26', 'a comma is missing before this'],
    ['a missing comma between quotes', below('      orders: ["a" "b"]'), '4:20', 'a comma is missing before this'],
    ['one comma too many', below('      orders: [a,, b]'), '4:18', 'there is nothing before this comma; remove it'],
    // Placeholders
    ['a template', 'users:\n  - id: {{ id }}\n', '2:10', '{{ begins a template placeholder; replace it with its value'],
    [
      'an expression in a list',
      `users: [{id: \${{ vars.ID }}}]\n`,
      '1:15',
      '{{ begins a template placeholder; replace it with its value',
    ],
    // Shape
    ['a list as a key', 'users: []\n? [a]\n: b\n', '2:3', 'a key must be text, not a list or a mapping'],
    [
      'a mapping as a key in a list',
      'users: [a, {x: [1], {a: b}: c}]',
      '1:21',
      'a key must be text, not a list or a mapping',
    ],
    ['a key that is indented too little', 'users:\n  - id: a|b\n   reason: x\n', '3:4', MISALIGNED],
    ['a key that is indented too much', 'users:\n  - id: a|b\n     reason: x\n', '3:12', MISALIGNED],
    ['a dash that is indented too little', 'users:\n  - id: a|b\n - id: c|d\n', '3:2', MISALIGNED],
    ['a line that is not a key', 'users: []\nversion\n', '3:1', NO_KEY],
    ['a line of text before a key', 'version\nusers: []\n', '2:6', NO_KEY],
    ['nesting', `users: ${'['.repeat(30)}`, '1:27', 'lists and mappings are nested more than 20 deep'],
    // Everything else
    ['a control character', 'users: \u0007', '1:8', 'the character U+0007 is not allowed; remove it'],
    ['a control character in quotes', 'users: "a\u0007"', '1:10', 'the character U+0007 is not allowed; remove it'],
    ['a NUL', 'users: []\0', '1:10', 'the character U+0000 is not allowed; remove it'],
    [
      'a merge conflict',
      'users:\n<<<<<<< HEAD\n  - id: a|b\n=======\n  - id: c|d\n>>>>>>> x\n',
      '2:1',
      'this is a merge conflict marker; resolve the conflict',
    ],
    ['another version of YAML', '%YAML 2.0\n---\nusers: []\n', '2:1', 'unacceptable YAML version of the document'],
    ['a byte order mark before a mistake', '\ufeffusers: [@x]', '1:10', needsQuotes('@', '@x')],
  ])('is explained: %s', (_, text, place, explanation) => {
    expect(problemsOf(text)).toEqual([`${place} This is not valid YAML: ${explanation}.`])
  })

  it('is explained in a long line too', () => {
    const [problem] = problemsOf(`users: [${'x, '.repeat(100_000)} @admin]`)
    expect(problem).toContain('1:300010 This is not valid YAML: a value that begins with @ needs quotes: "@admin')
  })
})
