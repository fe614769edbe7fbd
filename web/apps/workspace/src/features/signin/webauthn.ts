// navigator.credentials speaks bytes, the server base64url. Browsers learn to translate by themselves only now (PublicKeyCredential.parseCreationOptionsFromJSON), so this does.

const bytes = (s: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(s.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
const text = (b: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(b))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

type Json = Record<string, unknown>
const listed = (v: unknown): PublicKeyCredentialDescriptor[] => ((v as Json[] | undefined) ?? []).map((c) => ({ ...c, id: bytes(c.id as string) }) as unknown as PublicKeyCredentialDescriptor)

export const passkeysHere = (): boolean => typeof PublicKeyCredential === 'function'

/** Makes a passkey; what the server keeps of it. The person may say no: NotAllowedError. */
export async function makePasskey(options: Json): Promise<Json> {
  const user = options.user as Json
  const made = (await navigator.credentials.create({
    publicKey: { ...options, challenge: bytes(options.challenge as string), user: { ...user, id: bytes(user.id as string) }, excludeCredentials: listed(options.excludeCredentials) } as unknown as PublicKeyCredentialCreationOptions,
  })) as PublicKeyCredential
  const r = made.response as AuthenticatorAttestationResponse
  return {
    id: made.id, rawId: text(made.rawId), type: made.type, authenticatorAttachment: made.authenticatorAttachment, clientExtensionResults: made.getClientExtensionResults(),
    response: { clientDataJSON: text(r.clientDataJSON), attestationObject: text(r.attestationObject), transports: r.getTransports?.() ?? [] },
  }
}

/** Asks the browser to show a passkey of here. */
export async function showPasskey(options: Json): Promise<Json> {
  const shown = (await navigator.credentials.get({
    publicKey: { ...options, challenge: bytes(options.challenge as string), allowCredentials: listed(options.allowCredentials) } as unknown as PublicKeyCredentialRequestOptions,
  })) as PublicKeyCredential
  const r = shown.response as AuthenticatorAssertionResponse
  return {
    id: shown.id, rawId: text(shown.rawId), type: shown.type, authenticatorAttachment: shown.authenticatorAttachment, clientExtensionResults: shown.getClientExtensionResults(),
    response: { clientDataJSON: text(r.clientDataJSON), authenticatorData: text(r.authenticatorData), signature: text(r.signature), ...(r.userHandle ? { userHandle: text(r.userHandle) } : {}) },
  }
}

/** Whether somebody closed the browser's own question: nothing to tell them. */
export const declined = (err: unknown): boolean => err instanceof DOMException && (err.name === 'NotAllowedError' || err.name === 'AbortError')
