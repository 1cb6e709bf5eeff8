// A worker that waits for OPFS again and again, and then says so.
globalThis.onmessage = async () => {
  const root = await navigator.storage.getDirectory()
  for (let i = 0; i < 4000; i++) await root.getFileHandle(`file-${i % 7}`, { create: true })
  postMessage('done')
}
