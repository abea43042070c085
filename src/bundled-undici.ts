// What the runner's libraries find in the bundle in the place of undici (`paths` in tsconfig.json). They ask for it when
// they are loaded, for requests that this action sends in other ways: to the tenant by tenant/undici.ts, to GitHub by
// github-fetch.ts. So nothing here does anything, and what would need it says so.

export class ProxyAgent {}

export function fetch(): never {
  throw new Error('The bundle has no fetch of undici; hand in another one.')
}
