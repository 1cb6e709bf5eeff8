// The page's entry: styles, the first database, the first render. Nothing else runs at import time.
import './styles/tokens.css'
import './styles/base.css'
import './styles/layout.css'
import './styles/panels.css'
import './styles/schema.css'
import './styles/editor.css'
import './styles/grid.css'
import './styles/results.css'
import './styles/menu.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { openLastDatabase, refresh } from './state/session.ts'

const root = document.getElementById('app')
if (root) render(<App />, root)
void openLastDatabase()
// Another tab may have changed the database while this one was out of sight.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void refresh()
})
