import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { post, type Caution, type Party } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { t, type Key } from '@/locales/index.ts'
import s from './writing.module.css'

interface Caution1 { key: string; text: string; grave: boolean }

const tokenIn = /\{\{[^{}]+\}\}/g

/** What to look at before it leaves: recipients by the server, unfilled tokens by the text. */
export function useCautions({ thread, to, cc, bcc, files, forward, text, off }: { thread: string; to: Party[]; cc: Party[]; bcc: Party[]; files: boolean; forward: boolean; text: string; off: boolean }): Caution1[] {
  const plain = (ps: Party[]) => ps.map((p) => ({ address: p.address }))
  const asked = useMemo(() => JSON.stringify({ thread_id: thread || null, to: plain(to), cc: plain(cc), bcc: plain(bcc), attachments: files, forward }), [thread, to, cc, bcc, files, forward])
  const [settled, settle] = useState(asked)
  useEffect(() => { const timer = setTimeout(() => settle(asked), 350); return () => clearTimeout(timer) }, [asked])
  const found = useQuery({
    queryKey: ['cautions', settled], queryFn: async () => (await post<{ warnings: Caution[] | null }>('/api/recipients/check', JSON.parse(settled))).warnings ?? [],
    enabled: !off && to.length + cc.length + bcc.length > 0, staleTime: 60_000, retry: false, placeholderData: (old) => old,
  })
  return useMemo(() => {
    if (off) return []
    const now = new Set([...to, ...cc, ...bcc].map((p) => p.address.toLowerCase()))
    const out = (found.data ?? []).filter((w) => now.has(w.address.toLowerCase())).map((w): Caution1 => ({
      key: `${w.kind} ${w.address}`, text: t(`caution.${w.kind}` as Key, { address: w.address, meant: w.detail }), grave: w.kind === 'look_alike' || w.kind === 'mistyped_domain' || w.kind === 'attachment_to_cc',
    }))
    const tokens = [...new Set(text.match(tokenIn) ?? [])]
    if (tokens.length) out.push({ key: `tokens ${tokens.join()}`, text: t('caution.tokens', { tokens: tokens.join(', ') }), grave: true })
    return out
  }, [found.data, to, cc, bcc, text, off])
}

/** Shown above the send button; asking is set when somebody pressed send, and one more press sends. */
export function Cautions({ list, asking, onGo, onBack }: { list: Caution1[]; asking: boolean; onGo(): void; onBack(): void }) {
  const go = useRef<HTMLButtonElement>(null)
  useEffect(() => { if (asking) go.current?.focus() }, [asking])
  if (list.length === 0) return null
  return (
    <div className={s.cautions} data-grave={list.some((c) => c.grave) || undefined} role={asking ? 'alertdialog' : 'status'} aria-label={t('caution.title')}>
      <ul>{list.map((c) => <li key={c.key}><Icon name="warn" size={14} /><span>{c.text}</span></li>)}</ul>
      {asking ? (
        <div className={s.cautionGo}>
          <Button ref={go} size="compact-sm" onClick={onGo} onKeyDown={(e) => { if (e.key === 'Escape') { e.stopPropagation(); onBack() } }}>{t('caution.send_anyway')}</Button>
          <Button size="compact-sm" variant="subtle" color="gray" onClick={onBack}>{t('caution.back')}</Button>
        </div>
      ) : null}
    </div>
  )
}
