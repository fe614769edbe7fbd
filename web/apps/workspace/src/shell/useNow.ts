import { useEffect, useState } from 'react'

/** Re-renders now and then, so that "3 min ago" stays true. */
export function useNow(every: number): number {
  const [now, set] = useState(() => Date.now())
  useEffect(() => { const timer = setInterval(() => set(Date.now()), every); return () => clearInterval(timer) }, [every])
  return now
}
