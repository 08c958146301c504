/**
 * resourceVersions, compared as the numbers that they are. Kubernetes permits that within one resource: KEP-5504 (stable in
 * 1.35) says that they are decimal integers without leading zeros, and what every etcd-backed server did before is the same.
 * On a server that is different, a version that is no number counts as newer whenever it differs: nothing is lost then, but
 * events that come late are heard twice.
 */
export function isNewer(version: string | undefined, than: string | undefined): boolean {
  if (version === undefined || than === undefined) return true
  if (!NUMBER.test(version) || !NUMBER.test(than)) return version !== than
  // As text: they may outgrow what a floating-point number holds.
  return version.length === than.length ? version > than : version.length > than.length
}

const NUMBER = /^(0|[1-9]\d*)$/
