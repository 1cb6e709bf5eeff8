// Makes getDirectory fail in this thread as it does in a private window.

export function refuseOpfs(): void {
  StorageManager.prototype.getDirectory = () =>
    Promise.reject(new DOMException('Security error when calling GetDirectory', 'SecurityError'))
}
