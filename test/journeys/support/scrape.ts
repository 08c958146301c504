/** Scrapes the operator's metrics, as Prometheus does. */
import type { World } from './world.ts'

export interface Sample {
  name: string
  labels: Record<string, string>
  value: number
  /** The series as the scrape has it, without its value. */
  series: string
}

export async function scrapeText({ operator }: Pick<World, 'operator'>): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${operator.healthPort ?? 0}/metrics`)
  if (!response.ok) throw new Error(`the scrape was answered ${response.status}`)
  return response.text()
}

export async function scrape(world: Pick<World, 'operator'>): Promise<Sample[]> {
  const lines = (await scrapeText(world)).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map(parseSample)
}

function parseSample(line: string): Sample {
  const [, series = '', value = ''] = /^(.*\S)\s+(\S+)$/.exec(line) ?? []
  const [, name = '', inner = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?$/.exec(series) ?? []
  const labels = [...inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', text = '']) => [label, text])
  return { name, labels: Object.fromEntries(labels) as Record<string, string>, value: Number(value), series }
}
