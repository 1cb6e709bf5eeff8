// The playground is an ordinary Vite application: nothing here is for DataSync, which works without configuration.
import { defineConfig } from 'vite'

export default defineConfig({
  build: { target: 'es2022', chunkSizeWarningLimit: 1024 },
})
