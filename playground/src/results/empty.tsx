// Instead of results, before anything was run: the keys.

export function Empty() {
  return (
    <div class="empty">
      <p>Results appear here.</p>
      <dl class="keys quiet">
        <dt>
          <kbd>Ctrl</kbd> or <kbd>⌘</kbd> <kbd>Enter</kbd>
        </dt>
        <dd>runs the selection, or everything</dd>
        <dt>
          with <kbd>Shift</kbd>
        </dt>
        <dd>shows the query plan</dd>
        <dt>
          <kbd>Alt</kbd> <kbd>↑</kbd> <kbd>↓</kbd>
        </dt>
        <dd>what was run before</dd>
        <dt>
          <kbd>Tab</kbd>
        </dt>
        <dd>leaves the editor</dd>
      </dl>
    </div>
  )
}
