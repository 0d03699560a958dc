// A page's code, or that of a part of it, fetched when it is opened: as long as the gateway does not answer, nobody is sent to a browser's error page.
import { type ComponentType, lazy } from 'react'

const AGAIN_MILLISECONDS = 2_000

/** Loads until it works. Raises if it fails although the gateway answers: then a new version took the file away. */
export async function patiently<T>(load: () => Promise<T>): Promise<T> {
  for (let hasAnswered = false; ; ) {
    try {
      return await load()
    } catch (error) {
      if (hasAnswered) throw error
      while (!(await answers())) await new Promise((resolve) => setTimeout(resolve, AGAIN_MILLISECONDS))
      hasAnswered = true
    }
  }
}

async function answers(): Promise<boolean> {
  return fetch('/healthz').then(
    ({ ok }) => ok,
    () => false,
  )
}

/** A part of a page whose code comes when it is shown. Until then its `Suspense` stands in; the page around it stays. */
export function later<Props>(load: () => Promise<{ default: ComponentType<Props> }>) {
  return lazy(() => patiently(load))
}
