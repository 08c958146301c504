/** Sends raw text over a socket, as no well-behaved client would, and collects the answer. */
import { connect } from 'node:net'

export function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    const end = (): void => {
      resolve(answer)
      socket.destroy()
    }
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
      if (answer.includes('\r\n\r\n')) end()
    })
    socket.on('error', end)
    socket.on('close', end)
    socket.write(text)
  })
}
