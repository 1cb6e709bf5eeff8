// What the page says at its lower edge: work that goes on, with a way out, and the last notice.
import { notice } from '../state/session.ts'
import { cancelTransfer, transfer } from '../state/transfer.ts'
import { CloseIcon } from './icons.tsx'

export function Toasts() {
  return (
    <div class="toasts">
      <TransferToast />
      <Notice />
    </div>
  )
}

function TransferToast() {
  const going = transfer.value
  if (!going) return null
  return (
    <section class="toast" aria-label={going.label}>
      <div class="toast-text">
        <span>{going.label}</span> <span class="quiet">{going.progress}</span>
        <progress value={going.share} max={1} aria-label={going.label} />
      </div>
      <button type="button" class="small" onClick={cancelTransfer}>
        Cancel
      </button>
    </section>
  )
}

function Notice() {
  return (
    <div role="status">
      {notice.value && (
        <div class="toast notice">
          <span class="toast-text">{notice.value}</span>
          <button
            type="button"
            class="icon-button"
            aria-label="Close this message"
            onClick={() => {
              notice.value = undefined
            }}
          >
            <CloseIcon />
          </button>
        </div>
      )}
    </div>
  )
}
