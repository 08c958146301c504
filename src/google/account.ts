/** When two e-mail addresses name one Google account: see `resources/account.ts`. */
export { sameAccount } from '../resources/account.ts'
