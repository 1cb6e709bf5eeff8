// What Vite has to be told before version 8, as a plugin: its dev server must not move the package into the folder of
// pre-bundled dependencies, where worker and wasm do not follow, and workers are ES modules. Since version 8 nothing of it
// is needed; it does no harm there. It knows Vite by the shape of its configuration only, so Vite is no dependency.

/** The part of Vite's configuration that the plugin adds to. */
export interface ViteSettings {
  readonly optimizeDeps: { readonly exclude: string[] }
  readonly worker: { readonly format: 'es' }
}

/** A Vite plugin, as far as this one needs it. */
export interface DatasyncVitePlugin {
  readonly name: string
  config(): ViteSettings
}

/**
 * Settings of Vite that the package needs in versions before 8: `export default { plugins: [datasync()] }` in
 * vite.config.js.
 */
export default function datasync(): DatasyncVitePlugin {
  return {
    name: 'datasync',
    config: () => ({ optimizeDeps: { exclude: ['datasync'] }, worker: { format: 'es' } }),
  }
}
