// The files that the build embeds in the single-file form of the package: the worker's script as it is, the wasm as base64.
declare module 'embedded:worker' {
  const script: string
  export default script
}
declare module 'embedded:wasm' {
  const base64: string
  export default base64
}
