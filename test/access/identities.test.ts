import { describe, expect, it } from 'vitest'
import { explainAddress, explainUserId, isAddress, isUserId } from '../../src/access/identities.ts'
import { quote } from '../../src/access/quote.ts'

const HEX = '5f7c8ec7c33c6c004bbafe82'
const FORM = `a user id has the form connection|identifier, such as auth0|${HEX}.`
const PLACEHOLDER = `is a placeholder or cut short; write the complete id of a user, such as auth0|${HEX}.`

describe('a user id', () => {
  it.each([
    `auth0|${HEX}`,
    'auth0|1',
    'google-oauth2|114',
    'waad|o-x_y',
    'samlp|acme|CN=Grace Hopper',
    'samlp|acme|grace@acme.com',
    "samlp|acme|O'Hara",
    'ad|acme|50%25',
    'ad|acme|50%',
    'ad|ACME\\grace',
    'ad|CN=Grace Hopper,OU=Navy,DC=acme',
    'ad|{3F2504E0-4F89-11D3-9A0C-0305E82C3301}',
    'oauth2|my-connection|1',
    'email|x',
    'auth0|"x"',
    'auth0|例',
    'auth0|../b?#%',
    'auth0| 1',
    'con_1.2|x',
  ])('may be %s', id => {
    expect(isUserId(id)).toBe(true)
  })

  it.each<readonly [string, string]>([
    // An address
    ['grace@acme.com', 'is an e-mail address, not a user id; write email: "grace@acme.com".'],
    ['Grace <grace@acme.com>', 'is an e-mail address, not a user id; write email: "grace@acme.com".'],
    ['mailto:grace@acme.com', 'is an e-mail address, not a user id; write email: "grace@acme.com".'],
    // Part of an id
    [HEX, `is not a complete user id; write "auth0|${HEX}".`],
    [`auth0${HEX}`, `is not a complete user id; write "auth0|${HEX}".`],
    [`${HEX}ff`, `is not a complete user id; ${FORM}`],
    [HEX.toUpperCase(), `is not a complete user id; write "auth0|${HEX.toUpperCase()}".`],
    ['auth0', `is not a complete user id; ${FORM}`],
    ['12345', `is not a complete user id; ${FORM}`],
    ['.', `is not a complete user id; ${FORM}`],
    ['..', `is not a complete user id; ${FORM}`],
    ['', `is not a complete user id; ${FORM}`],
    ['auth0|', `has nothing after the |; ${FORM}`],
    ['samlp|acme|', `has nothing after the |; ${FORM}`],
    ['|', `has nothing after the |; ${FORM}`],
    ['|5f7c', `has no connection before the |; ${FORM}`],
    ['a b|c', `is not a user id; ${FORM}`],
    // From a URL, a table, or another separator
    [`auth0%7C${HEX}`, `is a URL-encoded user id; write "auth0|${HEX}".`],
    ['auth0%7c5f7c', 'is a URL-encoded user id; write "auth0|5f7c".'],
    ['auth0%257C5f7c', 'is a URL-encoded user id; write "auth0|5f7c".'],
    ['samlp%7Cacme%7CCN%3DGrace%20Hopper', 'is a URL-encoded user id; write "samlp|acme|CN=Grace Hopper".'],
    ['waad%7C%C5%81', 'is a URL-encoded user id; write "waad|Ł".'],
    ['ad%7C50%', 'is a URL-encoded user id; write "ad|50%".'],
    ['ad%7C50%25', 'is a URL-encoded user id; write "ad|50%".'],
    ['https://manage.auth0.com/dashboard/eu/acme/users/auth0%7C5f7c', 'is a URL-encoded user id; write "auth0|5f7c".'],
    ['users/auth0|5f7c', 'is not a user id; write "auth0|5f7c".'],
    [`auth0:${HEX}`, `is not a complete user id; write "auth0|${HEX}".`],
    [`auth0/${HEX}`, `is not a complete user id; write "auth0|${HEX}".`],
    ['auth0\\|5f7c', 'is not a user id; write "auth0|5f7c".'],
    ['auth0｜5f7c', 'is not a complete user id; write "auth0|5f7c".'],
    ['auth0¦5f7c', 'is not a complete user id; write "auth0|5f7c".'],
    ['auth0 | 5f7c', 'is not a user id; write "auth0|5f7c".'],
    ['auth0 |5f7c', 'is not a user id; write "auth0|5f7c".'],
    ['auth0  |  5f7c', 'is not a user id; write "auth0|5f7c".'],
    // Quotes
    ['“auth0|5f7c”', 'contains typographic quotes; write "auth0|5f7c".'],
    ['‘auth0|5f7c’', 'contains typographic quotes; write "auth0|5f7c".'],
    ['«auth0|5f7c»', 'contains typographic quotes; write "auth0|5f7c".'],
    ['„auth0|5f7c“', 'contains typographic quotes; write "auth0|5f7c".'],
    ['samlp|acme|O’Hara', 'contains typographic quotes; write "samlp|acme|O\'Hara".'],
    ['"auth0|5f7c"', 'is not a user id; write "auth0|5f7c".'],
    ["'auth0|5f7c'", 'is not a user id; write "auth0|5f7c".'],
    ['`auth0|5f7c`', 'is not a user id; write "auth0|5f7c".'],
    ['" auth0|5f7c "', 'is not a user id; write "auth0|5f7c".'],
    [' "auth0|5f7c" ', 'begins or ends with a space; write "auth0|5f7c".'],
    ['samlp|acme|“x” y', 'contains typographic quotes; write "samlp|acme|\\"x\\" y".'],
    // Quotes that may be part of the id
    [' auth0|"x"', 'begins or ends with a space; write "auth0|\\"x\\"".'],
    ['"auth0"|1', `is not a user id; ${FORM}`],
    // Invisible characters
    ['auth0|5f7c\u200b', 'contains an invisible character (U+200B); write "auth0|5f7c".'],
    ['\ufeffauth0|5f7c', 'contains an invisible character (U+FEFF); write "auth0|5f7c".'],
    ['auth0\u00ad|5f7c', 'contains an invisible character (U+00AD); write "auth0|5f7c".'],
    ['auth0|5f\u20607c', 'contains an invisible character (U+2060); write "auth0|5f7c".'],
    ['auth0|\u202e5f7c', 'contains an invisible character (U+202E); write "auth0|5f7c".'],
    ['auth0|5f\u20667c', 'contains an invisible character (U+2066); write "auth0|5f7c".'],
    ['auth0|5f7c\u3164', 'contains an invisible character (U+3164); write "auth0|5f7c".'],
    ['auth0|a\u00a0b', 'contains a no-break space (U+00A0); write "auth0|a b".'],
    ['auth0|a\u3000b', 'contains a special space (U+3000); write "auth0|a b".'],
    ['auth0|5f\u00077c', 'contains a control character (U+0007); write "auth0|5f7c".'],
    ['auth0|5f7c\n', 'contains a control character (U+000A); write "auth0|5f7c".'],
    ['auth0|\ud8005f7c', 'contains an invisible character (U+D800); write "auth0|5f7c".'],
    [' auth0|5f7c', 'begins or ends with a space; write "auth0|5f7c".'],
    ['auth0|5f7c ', 'begins or ends with a space; write "auth0|5f7c".'],
    ['auth0| ', `begins or ends with a space; ${FORM}`],
    // Placeholders
    ...[
      `\${{ vars.USER_ID }}`,
      `\${USER_ID}`,
      '$USER_ID',
      '$(user_id)',
      '%USER_ID%',
      '#{user_id}',
      '{{ id }}',
      '{id}',
      '<user id>',
      '[user id]',
      'USER_ID',
      'YOUR_USER_ID',
      'your-user-id',
      'auth0|…',
      'auth0|...',
      'auth0|5f7c…',
      'auth0|5f7c...',
      'auth0|<id>',
      'auth0|$ID',
      `auth0|\${ID}`,
      'auth0|{{ id }}',
      'auth0|xxx',
      'auth0|XXXXXXXXXXXX',
      'auth0|USER_ID',
      'auth0|user_id',
      '<connection>|<id>',
    ].map(text => [text, PLACEHOLDER] as const),
  ])('is not %j: it %s', (text, expected) => {
    expect(isUserId(text)).toBe(false)
    const explanation = explainUserId(text)
    expect(explanation).toBe(`${quote(text)} ${expected}`)
    const [, likely] = /; write (".*")\.$/.exec(explanation) ?? []
    if (likely !== undefined) expect(isUserId(JSON.parse(likely))).toBe(true)
  })

  it('is shown as written, with invisible characters escaped', () => {
    expect(explainUserId('auth0|5f7c\u200b')).toMatch(/^"auth0\|5f7c\\u\{200b\}" contains/)
  })
})

const COMPLETE = 'write a complete address, such as grace@acme.com.'

describe('an address', () => {
  it.each([
    'grace@acme.com',
    'Grace.Hopper@Acme.com',
    'grace+orders@acme.com',
    "grace.o'hara@acme.com",
    'grace@mail.acme.co.uk',
    'grace@bücher.example',
    'grace@xn--bcher-kva.example',
    '用户@例子.公司',
    'grace_h@x-y.io',
    'a..b@docomo.ne.jp',
    'a@b.c',
    '1@2.io',
    'dept/x=y@acme.com',
  ])('may be %s', address => {
    expect(isAddress(address)).toBe(true)
  })

  it.each<readonly [string, string]>([
    ['<a@b.c>', 'is not a plain e-mail address; write "a@b.c".'],
    ['mailto:a@b.c', 'is not a plain e-mail address; write "a@b.c".'],
    ['MAILTO:a@b.c?subject=x', 'is not a plain e-mail address; write "a@b.c".'],
    ['Grace <a@b.c>', 'is not a plain e-mail address; write "a@b.c".'],
    ['"Grace Hopper" <a@b.c>', 'is not a plain e-mail address; write "a@b.c".'],
    ['a@b.c (Grace)', `contains a space; ${COMPLETE}`],
    ['a@b.c,', 'is not a plain e-mail address; write "a@b.c".'],
    ['a@b.c;', 'is not a plain e-mail address; write "a@b.c".'],
    ['a@b.c.', 'is not a plain e-mail address; write "a@b.c".'],
    ['(a@b.c)', 'is not a plain e-mail address; write "a@b.c".'],
    ['((a@b.c))', 'is not a plain e-mail address; write "a@b.c".'],
    ['(mailto:a@b.c)', 'is not a plain e-mail address; write "a@b.c".'],
    ['Grace <a@b.c>;', 'is not a plain e-mail address; write "a@b.c".'],
    ['Grace <a@b.c> (x', `contains a space; ${COMPLETE}`],
    ['Grace mailto:a@b.c', `contains a space; ${COMPLETE}`],
    ['aa@bb@cc.io', `is not an e-mail address; ${COMPLETE}`],
    ['a@b@acme', `is not an e-mail address; ${COMPLETE}`],
    ['grace@acme', `has no complete domain; ${COMPLETE}`],
    ['grace@acme..com', 'is not a plain e-mail address; write "grace@acme.com".'],
    ['grace..h@acme..com', 'is not a plain e-mail address; write "grace..h@acme.com".'],
    ["'a@b.c'", 'is not a plain e-mail address; write "a@b.c".'],
    ['a@@b.c', 'is not a plain e-mail address; write "a@b.c".'],
    ['a @b.c', 'is not a plain e-mail address; write "a@b.c".'],
    ['a@ b.c', 'is not a plain e-mail address; write "a@b.c".'],
    ['a@b..c', 'is not a plain e-mail address; write "a@b.c".'],
    ['a@.b.c', 'is not a plain e-mail address; write "a@b.c".'],
    ['a%40b.c', 'is not a plain e-mail address; write "a@b.c".'],
    ['a＠b.c', 'is not a plain e-mail address; write "a@b.c".'],
    ['a(at)b.c', 'is not a plain e-mail address; write "a@b.c".'],
    ['a at b.c', 'is not a plain e-mail address; write "a@b.c".'],
    ['“a@b.c”', 'contains typographic quotes; write "a@b.c".'],
    ['o’hara@b.c', 'contains typographic quotes; write "o\'hara@b.c".'],
    ['a@b.c\u200b', 'contains an invisible character (U+200B); write "a@b.c".'],
    ['a@b.c\u00a0', 'contains a no-break space (U+00A0); write "a@b.c".'],
    [' a@b.c', 'begins or ends with a space; write "a@b.c".'],
    ['a@b.c;d@e.f', 'contains several addresses; write an entry for each user.'],
    ['a@b.c, d@e.f', 'contains several addresses; write an entry for each user.'],
    ['a@b.c d@e.f', 'contains several addresses; write an entry for each user.'],
    ['Grace <a@b.c>, Ada <d@e.f>', 'contains several addresses; write an entry for each user.'],
    ['a@b', `has no complete domain; ${COMPLETE}`],
    ['a@localhost', `has no complete domain; ${COMPLETE}`],
    ['@b.c', `has nothing before the @; ${COMPLETE}`],
    ['a@', `has nothing after the @; ${COMPLETE}`],
    ['a b@c.io', `contains a space; ${COMPLETE}`],
    ['grace', `is not an e-mail address; ${COMPLETE}`],
    ['acme.com', `is not an e-mail address; ${COMPLETE}`],
    ['a@b@c.d', `is not an e-mail address; ${COMPLETE}`],
    ['a@-b.c', `is not an e-mail address; ${COMPLETE}`],
    ['a@b-.c', `is not an e-mail address; ${COMPLETE}`],
    ['a@127.0.0.1', `is not an e-mail address; ${COMPLETE}`],
    ['a@[127.0.0.1]', `is not an e-mail address; ${COMPLETE}`],
    ['a"b@c.io', `is not an e-mail address; ${COMPLETE}`],
    ['', `is not an e-mail address; ${COMPLETE}`],
    ['auth0|5f7c', 'is a user id, not an e-mail address; write id: "auth0|5f7c".'],
    ['samlp|acme|a@b.c', 'is a user id, not an e-mail address; write id: "samlp|acme|a@b.c".'],
    ...[`\${{ vars.EMAIL }}`, '$EMAIL', '<email>', '{{ name }}@acme.com', 'g…@acme.com'].map(
      text => [text, "is a placeholder or cut short; write the user's address, such as grace@acme.com."] as const,
    ),
  ])('is not %j: it %s', (text, expected) => {
    expect(isAddress(text)).toBe(false)
    const explanation = explainAddress(text)
    expect(explanation).toBe(`${quote(text)} ${expected}`)
    const [, likely] = /; write (".*")\.$/.exec(explanation) ?? []
    if (likely !== undefined) expect(isAddress(JSON.parse(likely))).toBe(true)
  })
})
