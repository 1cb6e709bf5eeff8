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
import { type RunMode, running, runSql, stop } from '../state/console.ts'
import { draft, keepDraft, runRequest } from '../state/draft.ts'
import { errorSpan } from '../state/outcome.ts'
import { catalog } from '../state/session.ts'
import { errorPlace, setErrorPlace } from './error-place.ts'
import { historyKeys, replace } from './history-keys.ts'
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
      onEach(runRequest, (request) => {
        if (request) run(request.mode)(view)
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
    EditorView.lineWrapping,
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
  return [
    { key: 'Mod-Enter', run: run('run'), shift: run('plan') },
    { key: 'Ctrl-Enter', run: run('run'), shift: run('plan') },
    { key: 'Escape', run: stopRun },
    ...historyKeys(),
  ]
}

/** Runs the selection, or everything if nothing is selected. */
function run(mode: RunMode): (view: EditorView) => true {
  return (view) => {
    const { from, to, empty } = view.state.selection.main
    void runSql(view.state.doc.toString(), empty ? undefined : { from, to }, mode)
    return true
  }
}

function stopRun(): boolean {
  stop()
  return running.value !== undefined
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
