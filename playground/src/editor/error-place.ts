// Underlines the place that the last error names; any edit takes the mark away, since it speaks of the old text.
import { StateEffect, StateField } from '@codemirror/state'
import { Decoration, type DecorationSet, EditorView } from '@codemirror/view'
import type { Span } from '../state/outcome.ts'

export const setErrorPlace = StateEffect.define<Span | undefined>()

const mark = Decoration.mark({ class: 'cm-error-place' })

export const errorPlace = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = transaction.docChanged ? Decoration.none : marks
    for (const effect of transaction.effects) {
      if (!effect.is(setErrorPlace)) continue
      const length = transaction.state.doc.length
      const to = effect.value ? Math.min(effect.value.to, length) : 0
      next =
        effect.value && effect.value.from < to ? Decoration.set(mark.range(effect.value.from, to)) : Decoration.none
    }
    return next
  },
  provide: (field) => EditorView.decorations.from(field),
})
