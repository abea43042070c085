import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aboutText, code, link, placeText, plain, prose, userText } from '../../src/report/text.ts'

/** Text full of characters that could have an effect. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        '::',
        '##[',
        '\n',
        ' ',
        '<',
        '&lt;',
        '"',
        "'",
        '$',
        '`',
        '@a',
        '#1',
        '(',
        ').',
        'word',
        '😀',
        '\ud83d',
      ),
      { maxLength: 12 },
    )
    .map(parts => parts.join('')),
)

/** The text that a browser shows for an HTML block whose only tags are `code`. */
function shown(html: string): string {
  const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#36': '$' }
  return html.replace(/<\/?code>/g, '').replace(/&([^;]*);/g, (entity, name) => entities[name] ?? entity)
}

describe('plain', () => {
  it.each([
    ['newlines', 'a\nb\r\nc', 'a\\u{a}b\\u{d}\\u{a}c'],
    ['terminal escapes', '\u001b[31mred', '\\u{1b}[31mred'],
    ['bidirectional overrides', 'a\u202eb', 'a\\u{202e}b'],
    ['zero-width characters', 'a\u200bb\ufeff', 'a\\u{200b}b\\u{feff}'],
    ['variation selectors', 'a\ufe0fb\u{e0100}', 'a\\u{fe0f}b\\u{e0100}'],
    ['interlinear annotations', 'a\ufff9b', 'a\\u{fff9}b'],
    ['line separators', 'a\u2028b', 'a\\u{2028}b'],
    ['lone surrogates', 'a\ud800b', 'a\\u{d800}b'],
    ['a command at the start', '::error::x', '\\::error::x'],
    ['a command after spaces', '  ::set-output name=a::b', '  \\::set-output name=a::b'],
    ['an old command anywhere', 'x ##[stop-commands]y', 'x ##\\[stop-commands]y'],
  ])('escapes %s', (_, text, expected) => {
    expect(plain(text)).toBe(expected)
  })

  it('does not change ordinary text in any script', () => {
    for (const text of ['auth0|5f7c', 'read:orders', 'https://a.b/c?d#e', 'Łukasz 渡辺 😀', 'a::b', '# [x]']) {
      expect(plain(text)).toBe(text)
    }
  })

  it('never returns several lines or a command', () => {
    const part = fc.constantFrom('::', ':', '##', '[', '##[', '\n', '\r', ' ', '\u2028', 'error', '#', '\\', '\u0000')
    const hostile = fc.array(part, { maxLength: 12 }).map(parts => parts.join(''))
    fc.assert(
      fc.property(hostile, text => {
        const line = plain(text)
        expect(line).not.toMatch(/[\r\n\u2028\u2029]/)
        expect(line).not.toMatch(/^\s*::/)
        expect(line).not.toContain('##[')
      }),
      { numRuns: 2000 },
    )
  })

  it('is idempotent', () => {
    fc.assert(fc.property(hostile, text => plain(plain(text)) === plain(text)))
  })
})

describe('code', () => {
  it('shows exactly the text, without quotes, tags, entities or formulas, for any text', () => {
    fc.assert(
      fc.property(hostile, text => {
        const [, inner = ''] = /^<code>(.*)<\/code>$/.exec(code(text)) ?? []
        expect(shown(inner)).toBe(plain(text))
        expect(inner).not.toMatch(/[<>"'$]|&(?!(amp|lt|gt|quot|#39|#36);)/)
      }),
      { numRuns: 500 },
    )
  })

  it('contains no markup', () => {
    expect(code('<img src=x onerror="a">&\'')).toBe('<code>&lt;img src=x onerror=&quot;a&quot;&gt;&amp;&#39;</code>')
  })
})

describe('a user', () => {
  const show = (name: string) => `<${name}>`

  it.each([
    [{ user: 'auth0|1' }, '<auth0|1>'],
    [{ user: 'auth0|1', email: 'grace@acme.com' }, '<grace@acme.com> (<auth0|1>)'],
    [{ user: 'grace@acme.com', email: 'grace@acme.com' }, '<grace@acme.com>'],
  ])('%j is %s', (named, expected) => {
    expect(userText(named, show)).toBe(expected)
  })

  it.each([
    ['nobody', {}, 'no', ''],
    ['a user', { user: 'auth0|1' }, 'no', '<auth0|1>: '],
    ['a user whom the message names', { user: 'auth0|1' }, 'auth0|1 is gone', ''],
    ['a user by address', { user: 'auth0|1', email: 'g@a.io' }, 'no', '<g@a.io> (<auth0|1>): '],
    ['a user by address whose id the message names', { user: 'auth0|1', email: 'g@a.io' }, 'no auth0|1', '<g@a.io>: '],
    ['a user whose address the message names', { user: 'auth0|1', email: 'g@a.io' }, 'no g@a.io', '<auth0|1>: '],
    ['an address without id', { user: 'g@a.io', email: 'g@a.io' }, 'no', '<g@a.io>: '],
  ])('is prefixed to a message about %s, as far as the message does not name it', (_, named, message, expected) => {
    expect(aboutText({ ...named, message }, show)).toBe(expected)
  })
})

describe('link', () => {
  it('has at most 500 characters; a longer address is shown truncated', () => {
    const address = (length: number) => 'https://github.com/'.padEnd(length, 'x')
    expect(link(address(500), 'run')).toBe(`<a href="${address(500)}">run</a>`)
    expect(link(address(501), 'run')).toBe(`<code>${address(499)}…</code>`)
  })

  it('is made of a plain address only', () => {
    expect(link('https://github.com/a/b?c=1&d=2', 'run')).toBe('<a href="https://github.com/a/b?c=1&amp;d=2">run</a>')
    expect(link('https://a@b/', 'run')).toBe('<code>https://a@b/</code>')
    expect(link(`https://b/${'x'.repeat(500)}`, 'run')).toMatch(/^<code>https:\/\/b\/x+…<\/code>$/)
  })

  it.each(['https://ghe.acme.com:8443', 'http://127.0.0.1:8080/a', 'https://github.com'])('is made of %s', address => {
    expect(link(address, 'run')).toBe(`<a href="${address}">run</a>`)
  })

  it.each([
    'javascript:alert(1)//https://github.com/',
    'https://github.com:evil/',
    'https://github.com:123456/',
    'https://github.com/ https://evil.example/',
  ])('is not made of %s', address => {
    expect(link(address, 'run')).toBe(code(address))
  })
})

describe('prose', () => {
  it.each([
    ['deadbeef', '<code>deadbeef</code>'],
    ['1234567', '<code>1234567</code>'],
    ['123456', '123456'],
    ['12,400', '12,400'],
    ['1,234,567.', '1,234,567.'],
    ['12,40', '<code>12,40</code>'],
    ['1234,567', '<code>1234,567</code>'],
    ['facade', 'facade'],
    ['FIN-ABC', '<code>FIN-ABC</code>'],
    ['read-only', 'read-only'],
    ["Auth0's", 'Auth0&#39;s'],
    ['Auth0', 'Auth0'],
    ['$x$', '<code>&#36;x&#36;</code>'],
  ])('shows %s as %s', (word, expected) => {
    expect(prose(word)).toBe(expected)
  })

  it('shows exactly the sentence, with only plain words outside of code, for any sentence', () => {
    fc.assert(
      fc.property(hostile, sentence => {
        const html = prose(sentence)
        expect(shown(html)).toBe(plain(sentence))
        const outside = html.replace(/<code>.*?<\/code>/g, '')
        expect(outside).toMatch(/^([\w ().,;:!?’-]|&quot;|&#39;)*$/)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['("a@b.io").', '(&quot;<code>a@b.io</code>&quot;).'],
    ['https://a.b/?', '<code>https://a.b/</code>?'],
    ['(#1)', '(<code>#1</code>)'],
    ['#1("', '<code>#1(</code>&quot;'],
    ['a  b', 'a  b'],
    ['"(("', '&quot;((&quot;'],
  ])('keeps the punctuation of %s outside of the code', (text, expected) => {
    expect(prose(text)).toBe(expected)
  })

  it('leaves words alone and treats everything else as a name', () => {
    expect(prose('The tenant has no API https://a.b/; did you mean "https://c.d/"?')).toBe(
      'The tenant has no API <code>https://a.b/</code>; did you mean &quot;<code>https://c.d/</code>&quot;?',
    )
  })

  it.each(['@team', '#12', 'GH-12', 'a@b.io', 'www.evil.io', '<b>x</b>', '[x](http://y)', ':tada:', '**x**', '`x`'])(
    'shows %s literally',
    text => {
      expect(prose(`user ${text} failed`).replace(/<code>.*?<\/code>/g, '')).not.toMatch(/[@#<`*[\]]|www|GH-|:tada/)
    },
  )
})

it('a place is a file, a line and a column, as editors understand them', () => {
  expect(placeText({ file: 'a/b.yml', line: 3, column: 14 })).toBe('a/b.yml:3:14')
})
