// Earlier runs, newest first; picking one puts it back into the editor.
import { formatAge } from '../format.ts'
import { showSql } from '../state/draft.ts'
import { forgetHistory, history } from '../state/history.ts'
import { Menu } from './menu.tsx'

export function HistoryMenu() {
  return (
    <Menu label="History" wide>
      {(close) => (
        <>
          {history.value.length === 0 && <p class="quiet">Nothing has been run yet.</p>}
          <ul>
            {history.value.map((entry) => (
              <li key={entry.sql}>
                <button
                  type="button"
                  class="menu-entry"
                  onClick={() => {
                    close()
                    showSql(entry.sql, { run: false })
                  }}
                >
                  <code>{entry.sql.replaceAll(/\s+/g, ' ').slice(0, 140)}</code>
                  <span class="quiet">
                    {entry.outcome} · {formatAge(Date.now() - entry.atMs)}
                  </span>
                </button>
              </li>
            ))}
          </ul>
          {history.value.length > 0 && (
            <button type="button" class="small" onClick={forgetHistory}>
              Clear history
            </button>
          )}
        </>
      )}
    </Menu>
  )
}
