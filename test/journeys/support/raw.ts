/** What no well-behaved client would send: text on a socket, and what comes back until the answer, or the socket, ends. */
import { connect } from 'node:net'

/**
 * @param more called for further text as long as nothing was answered; undefined: no more.
 * @returns what was answered, and how much had been sent by then, in bytes.
 */
export function raw(
  port: number,
  text: string,
  more?: () => string | undefined,
): Promise<{ answer: string; sent: number }> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    const end = (): void => {
      resolve({ answer, sent: socket.bytesWritten })
      socket.destroy()
    }
    const feed = (): void => {
      const next = answer === '' ? more?.() : undefined
      if (next !== undefined) socket.write(next, () => setImmediate(feed))
    }
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
      if (answer.includes('\r\n\r\n')) end()
    })
    socket.on('error', end)
    socket.on('close', end)
    socket.write(text, feed)
  })
}
