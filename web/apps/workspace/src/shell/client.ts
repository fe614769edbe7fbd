import { QueryClient, notifyManager } from '@tanstack/react-query'
import { Problem } from '@kanal/api'

// What is changed at once shows before anything else happens: a ticked box that waits for a timer shows its old state for a moment, and a second click takes the wrong one.
notifyManager.setScheduler(queueMicrotask)

/** The one cache. Events keep it fresh (live.ts), so nothing is refetched on focus or on a timer. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Infinity,
      gcTime: 10 * 60_000,
      refetchOnWindowFocus: false,
      refetchOnReconnect: true,
      retry: (n, err) => err instanceof Problem && err.unreachable && n < 4,
      retryDelay: (n) => Math.min(500 * 2 ** n, 8_000),
    },
    mutations: { retry: false },
  },
})
