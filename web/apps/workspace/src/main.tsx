import './shell/mantine.css'
import '@kanal/ui/tokens.css'
import './shell/global.css'
import { createRoot } from 'react-dom/client'
import { App } from './shell/App.tsx'

// Libraries that add <style> elements of their own read the page's nonce from here.
const nonce = document.querySelector('meta[name="csp-nonce"]')?.getAttribute('content') ?? ''
;(globalThis as { __webpack_nonce__?: string }).__webpack_nonce__ = nonce

createRoot(document.getElementById('root')!).render(<App nonce={nonce} />)
