import { describe, expect, test } from 'vitest'
import { formatTable, wrap, type Table } from '../../demo/table.ts'

const column = (name: string, priority = 0) => ({ name, priority })
const row = (...cells: unknown[]) => ({ cells })

const agents = (message: string): Table => ({
  columnDefinitions: [column('Name'), column('Ready'), column('Busy', 1), column('Message', 1)],
  rows: [row('alice', 'True', 3, message), row('bob', null, null, 'short')],
})

describe('a table', () => {
  test('has its columns aligned, and nothing where the API says null', () => {
    expect(formatTable(agents('fine'))).toEqual(['NAME    READY', 'alice   True', 'bob'])
  })

  test('shows wide columns on demand', () => {
    expect(formatTable(agents('fine'), { wide: true })).toEqual([
      'NAME    READY   BUSY   MESSAGE',
      'alice   True    3      fine',
      'bob                    short',
    ])
  })

  test('continues below in its last column, if there is room for that', () => {
    const lines = formatTable(agents('word '.repeat(20).trim()), { wide: true, width: 70 })
    expect(lines.slice(1, 4)).toEqual([
      'alice   True    3      word word word word word word word word word',
      '                       word word word word word word word word word',
      '                       word word',
    ])
  })

  test('has its last column under each row, if there is no room for it', () => {
    const lines = formatTable(agents('a message that needs more than one line'), { wide: true, width: 36 })
    expect(lines).toEqual([
      'NAME    READY   BUSY',
      '  └ MESSAGE',
      'alice   True    3',
      '  └ a message that needs more than',
      '    one line',
      'bob',
      '  └ short',
    ])
  })

  test('shows the first line of a text only, and has a heading when it has no rows', () => {
    const columnDefinitions = [column('Name'), column('Message')]
    expect(formatTable({ columnDefinitions, rows: [row('a', 'one\ntwo')] })).toEqual(['NAME   MESSAGE', 'a      one'])
    expect(formatTable({ columnDefinitions, rows: [] })).toEqual(['NAME   MESSAGE'])
  })
})

describe('a text', () => {
  test('is broken at spaces, and a word that is too long has a line of its own', () => {
    expect(wrap('a bc averylongword d', 5)).toEqual(['a bc', 'averylongword', 'd'])
    expect(wrap('', 5)).toEqual([''])
  })
})
