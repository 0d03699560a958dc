// The file of a batch that is not funded yet, kept in this browser so that a reload loses nothing.

const [DATABASE, STORE, KEY] = ['piecework', 'drafts', 'file']

function opened(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const request = indexedDB.open(DATABASE, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE)
    request.onsuccess = () => done(request.result)
    request.onerror = () => failed(request.error)
  })
}

async function within<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await opened()
  try {
    return await new Promise<T>((done, failed) => {
      const transaction = database.transaction(STORE, mode)
      const request = act(transaction.objectStore(STORE))
      transaction.oncomplete = () => done(request.result)
      transaction.onabort = () => failed(transaction.error)
      transaction.onerror = () => failed(transaction.error)
    })
  } finally {
    database.close()
  }
}

/** Keeps a copy of the file: the file itself may change or go while the page is closed. */
export async function keepFile(file: Blob): Promise<void> {
  const copy = new Blob([await file.arrayBuffer()])
  await within('readwrite', (store) => store.put(copy, KEY))
}

export function keptFile(): Promise<Blob | undefined> {
  return within('readonly', (store) => store.get(KEY) as IDBRequest<Blob | undefined>)
}

export function forgetFile(): Promise<undefined> {
  return within('readwrite', (store) => store.delete(KEY))
}
