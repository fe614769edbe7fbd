import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'

/** A component that is fetched when it is first shown. Where it cannot be had, nothing is shown. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let found: ComponentType<P> | null = null
  return function Later(props: P) {
    const [, set] = useState(0)
    useEffect(() => { if (!found) void load().then((c) => { found = c; set(1) }, () => {}) }, [])
    const C = found
    return C ? <C {...props} /> : null
  }
}

