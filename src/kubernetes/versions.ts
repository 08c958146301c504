/**
 * Whether a resourceVersion is newer than another one of the same resource. They are compared as numbers, which KEP-5504 (stable in
 * Kubernetes 1.35) permits: they are decimal integers without leading zeros, as they have always been on servers with etcd. On any
 * other server, a version that is not a number counts as newer whenever it differs: no event is lost then, but a late event may be
 * reported twice.
 */
export function isNewer(version: string | undefined, than: string | undefined): boolean {
  if (version === undefined || than === undefined) return true
  if (!NUMBER.test(version) || !NUMBER.test(than)) return version !== than
  // As text: they may outgrow what a floating-point number holds.
  return version.length === than.length ? version > than : version.length > than.length
}

const NUMBER = /^(0|[1-9]\d*)$/
