/** Push channels (google-behaviour §2.6). */
import type { World } from '../world.ts'
import type { Calendar } from './calendars.ts'

export interface Channel {
  id: string
  resourceId: string
  calendar: string
  account: string
  client: string
  address: string
  token?: string
  expiration: number
  messages: number
}

export function notifyWatchers(_world: World, _calendar: Calendar): void {
  // channels come later
}
