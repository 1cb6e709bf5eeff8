// Keys of a tree, as the WAI-ARIA pattern has them: up and down through what is visible, right opens, left closes or
// goes to the parent. The elements themselves are the state: `aria-expanded`, and which one has the focus.

const ITEM = '[role="treeitem"]'

export function onTreeKey(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>(ITEM)]
  const at = items.indexOf(document.activeElement as HTMLElement)
  const item = items[at]
  if (!item || event.ctrlKey || event.metaKey || event.altKey) return
  const expanded = item.getAttribute('aria-expanded')
  if (event.key === 'ArrowDown') items[at + 1]?.focus()
  else if (event.key === 'ArrowUp') items[at - 1]?.focus()
  else if (event.key === 'Home') items[0]?.focus()
  else if (event.key === 'End') items.at(-1)?.focus()
  else if (event.key === 'ArrowRight' && expanded === 'false') press(item, '.expander')
  else if (event.key === 'ArrowRight' && expanded === 'true') items[at + 1]?.focus()
  else if (event.key === 'ArrowLeft' && expanded === 'true') press(item, '.expander')
  else if (event.key === 'ArrowLeft') item.parentElement?.closest<HTMLElement>(ITEM)?.focus()
  else if (event.key === 'Enter' || event.key === ' ') press(item, '.tree-action')
  else return
  event.preventDefault()
}

/** The item's own control, not one of an item inside it. */
function press(item: HTMLElement, selector: string): void {
  item.querySelector<HTMLElement>(`:scope > .tree-line > ${selector}`)?.click()
}
