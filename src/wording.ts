// For `safeParse`: what is wrong with data from outside, in words, where its schema has none of its own. Pure.

import * as z from 'zod/mini'

export const IN_ENGLISH = { error: z.locales.en().localeError }
