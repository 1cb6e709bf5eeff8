// The playground is an ordinary Vite application: nothing here is for DataSync, which works without configuration. The second
// page measures it beside other databases, which the bench brings.
import { defineConfig } from 'vite'
import { benchPeers } from '../bench/peers/for-vite.ts'

export default defineConfig({
  plugins: [benchPeers('/benchmark.html')],
  build: {
    target: 'es2022',
    chunkSizeWarningLimit: 1024,
    rollupOptions: { input: ['index.html', 'benchmark.html'] },
  },
})
