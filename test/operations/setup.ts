import { requirePromtool } from './support/promtool.ts'

export default function setup(): void {
  requirePromtool()
}
