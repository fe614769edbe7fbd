import { useEffect, useState } from 'react'

/** What a box shows at once, until what is stored says so too, or otherwise. */
export function useShown(stored: boolean): [boolean, (v: boolean) => void] {
  const [shown, show] = useState(stored)
  useEffect(() => show(stored), [stored])
  return [shown, show]
}
