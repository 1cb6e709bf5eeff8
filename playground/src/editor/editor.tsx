// The SQL editor: CodeMirror with the open database's names for completion. It takes drafts from other panels and hands
// text to run to the console; it knows nothing of databases.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { SQLite, sql } from '@codemirror/lang-sql'
import { bracketMatching } from '@codemirror/language'
import { Compartment, EditorState, type Extension, Prec } from '@codemirror/state'
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  type KeyBinding,
  keymap,
  lineNumbers,
} from '@codemirror/view'
import { effect, type ReadonlySignal, untracked } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { runSql } from '../state/console.ts'
import { draft, keepDraft, runRequest } from '../state/draft.ts'
import { history as runs } from '../state/history.ts'
import { errorSpan } from '../state/outcome.ts'
import { catalog } from '../state/session.ts'
import { errorPlace, setErrorPlace } from './error-place.ts'
import { editorTheme } from './theme.ts'

export function Editor() {
  const host = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!host.current) return
    const language = new Compartment()
    const view = new EditorView({
      parent: host.current,
      state: EditorState.create({ doc: draft.peek().sql, extensions: extensions(language) }),
    })
    const ends = [
      onEach(draft, (wanted) => take(view, wanted)),
      onEach(runRequest, (presses) => {
        if (presses > 0) run(view)
      }),
      effect(() => markError(view)),
      effect(() => view.dispatch({ effects: language.reconfigure(languageOf(schema())) })),
    ]
    return () => {
      for (const end of ends) end()
      view.destroy()
    }
  }, [])
  return <div class="editor" ref={host} />
}

/** Calls back with each value of `source`, reading nothing else: a run changes signals that must not start it again. */
function onEach<T>(source: ReadonlySignal<T>, callback: (value: T) => void): () => void {
  return effect(() => {
    const value = source.value
    untracked(() => callback(value))
  })
}

function extensions(language: Compartment): Extension {
  return [
    lineNumbers(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    drawSelection(),
    history(),
    bracketMatching(),
    closeBrackets(),
    autocompletion({ icons: false }),
    language.of(languageOf({})),
    errorPlace,
    editorTheme,
    EditorView.contentAttributes.of({ 'aria-label': 'SQL' }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) keepDraft(update.state.doc.toString())
    }),
    Prec.highest(keymap.of(ownKeys())),
    keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
  ]
}

function ownKeys(): KeyBinding[] {
  // Position in the list of earlier runs while paging through it; -1 is the text being written.
  let position = -1
  const page = (step: number) => (view: EditorView) => {
    const next = Math.min(Math.max(position + step, -1), runs.value.length - 1)
    const entry = runs.value[next]
    position = next
    if (entry) replace(view, entry.sql)
    return true
  }
  return [
    { key: 'Mod-Enter', run },
    { key: 'Ctrl-Enter', run },
    { key: 'Alt-ArrowUp', run: page(1) },
    { key: 'Alt-ArrowDown', run: page(-1) },
  ]
}

/** Runs the selection, or everything if nothing is selected. */
function run(view: EditorView): true {
  const { from, to, empty } = view.state.selection.main
  void runSql(view.state.doc.toString(), empty ? undefined : { from, to })
  return true
}

function replace(view: EditorView, text: string): void {
  view.dispatch({
    changes: { from: 0, to: view.state.doc.length, insert: text },
    selection: { anchor: text.length },
    scrollIntoView: true,
  })
}

function take(view: EditorView, wanted: typeof draft.value): void {
  if (view.state.doc.toString() !== wanted.sql) replace(view, wanted.sql)
  if (wanted.run) void runSql(wanted.sql)
}

function markError(view: EditorView): void {
  const span = errorSpan.value
  const effects = [setErrorPlace.of(span)]
  if (span && span.from <= view.state.doc.length)
    view.dispatch({ effects: [...effects, EditorView.scrollIntoView(span.from)] })
  else view.dispatch({ effects })
}

function schema(): Record<string, string[]> {
  const tables = catalog.value?.tables ?? []
  return Object.fromEntries(tables.map((table) => [table.name, table.columns.map((column) => column.name)]))
}

function languageOf(tables: Record<string, string[]>): Extension {
  return sql({ dialect: SQLite, schema: tables, upperCaseKeywords: true })
}
