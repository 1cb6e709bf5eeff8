// The page's frame: side panels, console, storage; on a narrow screen one of them at a time.
import { ImportDialog } from './databases/import-dialog.tsx'
import { Editor } from './editor/editor.tsx'
import { DataSet } from './panels/data-set.tsx'
import { DropZone } from './panels/drop-zone.tsx'
import { Examples } from './panels/examples.tsx'
import { editorHeight, Splitter } from './panels/splitter.tsx'
import { Tabs } from './panels/tabs.tsx'
import { Toasts } from './panels/toasts.tsx'
import { ToolLine } from './panels/tool-line.tsx'
import { TopBar } from './panels/top-bar.tsx'
import { Results } from './results/results.tsx'
import { SchemaTree } from './schema/schema-tree.tsx'
import { type View, view } from './state/draft.ts'
import { Storage } from './storage/storage.tsx'

const VIEWS: readonly { readonly view: View; readonly label: string }[] = [
  { view: 'data', label: 'Data' },
  { view: 'console', label: 'Console' },
  { view: 'storage', label: 'Storage' },
]

export function App() {
  return (
    <div class="app" data-view={view.value}>
      <TopBar />
      <aside class="side" aria-label="Data">
        <SchemaTree />
        <DataSet />
        <Examples />
      </aside>
      <main class="console">
        <Toasts />
        <div class="editor-frame" style={{ height: `${editorHeight.value}px` }}>
          <Editor />
        </div>
        <Splitter />
        <ToolLine />
        <Results />
      </main>
      <aside class="side right" aria-label="Storage">
        <Tabs />
        <Storage />
      </aside>
      <ImportDialog />
      <DropZone />
      <nav class="view-bar" aria-label="Views">
        {VIEWS.map((entry) => (
          <button
            key={entry.view}
            type="button"
            aria-current={view.value === entry.view ? 'page' : undefined}
            onClick={() => {
              view.value = entry.view
            }}
          >
            {entry.label}
          </button>
        ))}
      </nav>
    </div>
  )
}
