import { DirectionProvider, localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { whenSignedOut } from '@kanal/api'
import { resolver, theme } from '@kanal/ui'
import { nearest, setLocale, useLocale } from '@/locales/index.ts'
import { useAppearance } from './appearance.ts'
import { queries } from './client.ts'
import { markSignedOut } from './live.ts'
import { router } from './router.tsx'
import { Toasts } from './toast.tsx'

const schemes = localStorageColorSchemeManager({ key: 'kanal.scheme' })
const remembered = (): string[] => { try { const l = localStorage.getItem('kanal.locale'); return l ? [l] : [] } catch { return [] } }

whenSignedOut(markSignedOut)

export function App({ nonce }: { nonce: string }) {
  const [ready, setReady] = useState(false)
  const { direction } = useAppearance()
  useEffect(() => { void setLocale(nearest([...remembered(), ...navigator.languages])).finally(() => setReady(true)) }, [])
  return (
    <DirectionProvider key={direction} initialDirection={direction} detectDirection={false}>
      <MantineProvider theme={theme} cssVariablesResolver={resolver} defaultColorScheme="auto" colorSchemeManager={schemes} getStyleNonce={() => nonce}>
        <QueryClientProvider client={queries}>
          {ready ? <Screens /> : null}
          <Toasts />
        </QueryClientProvider>
      </MantineProvider>
    </DirectionProvider>
  )
}

/** A change of language draws everything anew. */
function Screens() {
  const locale = useLocale()
  return <RouterProvider key={locale} router={router} />
}
