// Light, dark, or what the system says. The choice is one attribute on the root; all colours follow from it in CSS.
import { signal } from '@preact/signals'
import { store, stored } from './stored.ts'

export type Theme = 'system' | 'light' | 'dark'

const THEMES: readonly Theme[] = ['system', 'light', 'dark']

export const theme = signal<Theme>(THEMES.find((known) => known === stored('theme')) ?? 'system')

export function nextTheme(): void {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system'
  theme.value = next
  store('theme', next)
  if (next === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = next
}
