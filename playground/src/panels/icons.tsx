// The page's few icons, drawn with the text's colour.
import type { ComponentChildren } from 'preact'

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  )
}

export const CloseIcon = () => (
  <Icon>
    <path d="m4 4 8 8M12 4l-8 8" />
  </Icon>
)

export const ChevronIcon = () => (
  <Icon>
    <path d="m6 4 4 4-4 4" />
  </Icon>
)

export const DatabaseIcon = () => (
  <Icon>
    <ellipse cx="8" cy="4" rx="5" ry="2" />
    <path d="M3 4v8c0 1.1 2.2 2 5 2s5-.9 5-2V4M3 8c0 1.1 2.2 2 5 2s5-.9 5-2" />
  </Icon>
)

export const TableIcon = () => (
  <Icon>
    <rect x="2" y="3" width="12" height="10" rx="1.5" />
    <path d="M2 6.5h12M6 6.5V13" />
  </Icon>
)

export const ViewIcon = () => (
  <Icon>
    <path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8Z" />
    <circle cx="8" cy="8" r="1.8" />
  </Icon>
)

export const RunIcon = () => (
  <svg class="icon" viewBox="0 0 16 16" width="14" height="14" fill="currentColor" aria-hidden="true">
    <path d="M4.5 2.8v10.4a.6.6 0 0 0 .9.5l8.3-5.2a.6.6 0 0 0 0-1L5.4 2.3a.6.6 0 0 0-.9.5Z" />
  </svg>
)

export const StopIcon = () => (
  <svg class="icon" viewBox="0 0 16 16" width="14" height="14" fill="currentColor" aria-hidden="true">
    <rect x="3.5" y="3.5" width="9" height="9" rx="1" />
  </svg>
)

export const SystemIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.5" />
    <path d="M8 2.5v11a5.5 5.5 0 0 0 0-11Z" fill="currentColor" />
  </Icon>
)

export const SunIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="2.8" />
    <path d="M8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.8.8M11.8 11.8l.8.8M12.6 3.4l-.8.8M4.2 11.8l-.8.8" />
  </Icon>
)

export const MoonIcon = () => (
  <Icon>
    <path d="M13.5 9.7A6 6 0 0 1 6.3 2.5a6 6 0 1 0 7.2 7.2Z" />
  </Icon>
)

export const PlanIcon = () => (
  <Icon>
    <path d="M3 3v7.5a1.5 1.5 0 0 0 1.5 1.5H7M3 6h4" />
    <path d="M9 6h4M9 12h4" />
  </Icon>
)

export const IndexIcon = () => (
  <Icon>
    <path d="M6.5 4H14M6.5 8H14M6.5 12H14" />
    <path d="m2 3.2 1.2-.7V6M2 10.2h2L2 13h2" stroke-width="1.2" />
  </Icon>
)

export const TriggerIcon = () => (
  <Icon>
    <path d="M9 1.5 3.5 9H8l-1 5.5L12.5 7H8Z" />
  </Icon>
)

export const DownloadIcon = () => (
  <Icon>
    <path d="M8 2v8M4.8 7 8 10.2 11.2 7M3 13.5h10" />
  </Icon>
)

export const UploadIcon = () => (
  <Icon>
    <path d="M8 10.5v-8M4.8 5.6 8 2.4l3.2 3.2M3 13.5h10" />
  </Icon>
)
