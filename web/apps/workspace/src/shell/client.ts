import { QueryClient } from '@tanstack/react-query'
import { Problem } from '@kanal/api'

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
