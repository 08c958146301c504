// A reference page of one kind.
export function referencePage(crd) {
  return `# ${crd.spec.names.kind}\n`
}
