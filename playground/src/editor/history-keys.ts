// Paging through earlier runs: with Alt and the arrow keys anywhere, and with the plain arrow keys at the very start and
// end of the text, as a shell does. What was being written is kept as the newest entry until the paging is over.
import type { EditorView, KeyBinding } from '@codemirror/view'
import { history } from '../state/history.ts'

export function historyKeys(): KeyBinding[] {
  // Position in the list of earlier runs; -1 is the text being written.
  let position = -1
  let written = ''
  let shownText = ''
  const page = (view: EditorView, step: number): boolean => {
    const text = view.state.doc.toString()
    // An entry that was changed is what is being written now.
    if (position >= 0 && text !== shownText) position = -1
    if (position < 0) written = text
    let next = position + step
    // The text just run is the newest entry, and showing it again would look like nothing happened.
    if (step > 0 && position < 0 && history.value[0]?.sql === text.trim()) next++
    const entry = history.value[next]
    if (next < -1 || (next >= 0 && !entry) || next === position) return false
    position = next
    shownText = entry ? entry.sql : written
    replace(view, shownText, step > 0 ? 0 : shownText.length)
    return true
  }
  const atStart = (view: EditorView) => view.state.selection.main.empty && view.state.selection.main.head === 0
  const atEnd = (view: EditorView) =>
    view.state.selection.main.empty && view.state.selection.main.head === view.state.doc.length
  return [
    { key: 'Alt-ArrowUp', run: (view) => page(view, 1) || true },
    { key: 'Alt-ArrowDown', run: (view) => page(view, -1) || true },
    { key: 'ArrowUp', run: (view) => atStart(view) && page(view, 1) },
    { key: 'ArrowDown', run: (view) => position >= 0 && atEnd(view) && page(view, -1) },
  ]
}

export function replace(view: EditorView, text: string, anchor = text.length): void {
  view.dispatch({
    changes: { from: 0, to: view.state.doc.length, insert: text },
    selection: { anchor },
    scrollIntoView: true,
  })
}
