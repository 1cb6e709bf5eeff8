// Files dropped anywhere on the page. While one is being dragged over it, the page says what will happen.
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { offerFile } from '../state/files.ts'

export function DropZone() {
  const over = useSignal(false)
  useEffect(() => {
    const ended = new AbortController()
    const { signal } = ended
    const onDrag = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      over.value = true
    }
    const onLeave = (event: DragEvent) => {
      // Towards no element: out of the page.
      if (event.relatedTarget === null) over.value = false
    }
    const onDrop = (event: DragEvent) => {
      over.value = false
      const file = event.dataTransfer?.files[0]
      if (!file) return
      event.preventDefault()
      void offerFile(file)
    }
    // In front of the editor, which would take a file's text.
    const options = { signal, capture: true }
    window.addEventListener('dragenter', onDrag, options)
    window.addEventListener('dragover', onDrag, options)
    window.addEventListener('dragleave', onLeave, options)
    window.addEventListener('drop', onDrop, options)
    return () => ended.abort()
  }, [])
  if (!over.value) return null
  return (
    <div class="drop-zone" aria-hidden="true">
      <p>
        Drop a SQLite file to import it
        <br />
        <span class="quiet">or an .sql script to edit it</span>
      </p>
    </div>
  )
}
