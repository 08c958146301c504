/** The content of the condition `CredentialsValid`, and what a person has to do. Pure. */
import type { ClientFile } from '../google/client-file.ts'
import type { GoogleError } from '../google/port.ts'
import type { SignIn } from '../google/sign-in.ts'
import type { CredentialsFinding } from './findings.ts'

/** Google accepts the credentials. */
export const VERIFIED: CredentialsFinding = {
  status: 'True',
  reason: 'Proved',
  message: 'Google accepts the client id and its secret.',
}

/** It is not known yet whether Google accepts the credentials. */
export const NOT_YET_VERIFIED: CredentialsFinding = {
  status: 'Unknown',
  reason: 'NotYetKnown',
  message: 'The credentials have not been verified yet.',
}

/** Google accepts the credentials. The message says what was stripped from them, and what may still have to be registered at Google. */
export function verifiedFinding(file: ClientFile, signIn: SignIn): CredentialsFinding {
  const stripped = file.stripped.length > 0 ? ` (Stripped: ${file.stripped.join('; ')}.)` : ''
  return { ...VERIFIED, message: `${VERIFIED.message}${stripped}${registration(signIn)}` }
}

/** This is only advice: the file is as old as its download, and only Google knows what is registered now. */
function registration({ registered, redirectURI, javascriptOrigin }: SignIn): string {
  if (registered === 'yes') return ''
  const found =
    registered === 'no'
      ? `The client file registers neither ${redirectURI} nor ${javascriptOrigin}`
      : 'What is registered at Google is not known from an id and a secret alone'
  return ` ${found}: for people to sign in, add ${redirectURI} to the client's "Authorized redirect URIs" in the Google Cloud console, unless it is there already.`
}

/** Google did not answer, and the credentials have never been verified. */
export const unreachableFinding = (error: GoogleError): CredentialsFinding => ({
  status: 'Unknown',
  reason: 'GoogleUnreachable',
  message: `Google can't be reached to verify the credentials (${error.message}); the operator keeps trying.`,
})

const LATER = 'Changed settings take Google 5 minutes to a few hours; the operator checks again by itself.'

/** What an error says about the client; undefined if it says nothing about it. */
export function refusedFinding(error: GoogleError, { clientId }: ClientFile): CredentialsFinding | undefined {
  const failed = (reason: CredentialsFinding['reason'], message: string): CredentialsFinding => ({
    status: 'False',
    reason,
    message: `${message} ${LATER}`,
  })
  switch (error.failure) {
    case 'InvalidClient':
    case 'UnauthorizedClient':
      return failed(
        'InvalidClient',
        `Google refuses the client id ${clientId} with this secret: add a new secret on the client's page in the Google Cloud console, download the file that it offers then, and put it into the Secret that spec.google.clientSecretRef names.`,
      )
    case 'ClientDeleted':
      return failed(
        'ClientDeleted',
        `The OAuth client ${clientId} was deleted at Google: restore it there within 30 days, or create a new one.`,
      )
    case 'ClientDisabled':
      return failed(
        'ClientDisabled',
        `The OAuth client ${clientId}, or its secret, is disabled at Google: enable it in the Google Cloud console.`,
      )
    case 'InvalidRequest':
      return failed(
        'ClientFileInvalid',
        `Google can't make sense of the client id and secret (${error.message}): download the client's file from the Google Cloud console and put it, as it is, into the Secret that spec.google.clientSecretRef names.`,
      )
    default:
      return undefined
  }
}
