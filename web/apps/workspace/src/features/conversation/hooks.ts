import { createContext, useContext } from 'react'
import type { Draft } from '@kanal/api'

/** Where a message goes that was taken back: the composer of the screen it is on. */
export const TakeBack = createContext<(d: Draft) => void>(() => {})
export const useTakeBack = (): ((d: Draft) => void) => useContext(TakeBack)
