import { Checkbox, Stack, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { Icon, SkeletonLines } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { useChat } from './context.ts'
import { LanguagePick, languageName } from './fields.tsx'
import { flat } from './model.ts'
import { frameWords } from './queries.ts'
import s from './chatchannel.module.css'

/** CO-11: every text of the widget in every language; what is left empty is ours. */
export function TextsTab() {
  const c = useChat()
  const q = useQuery(frameWords(c.lang))
  const [find, setFind] = useState('')
  const [changed, setChanged] = useState(false)
  const wanted = useDeferredValue(find.trim().toLowerCase())
  const mine = flat(c.s.texts[c.lang])
  const keys = [...new Set([...Object.keys(q.data ?? {}), ...Object.keys(mine)])].filter((k) => (!changed || mine[k]) && (!wanted || `${k} ${q.data?.[k] ?? ''} ${mine[k] ?? ''}`.toLowerCase().includes(wanted)))
  const put = (k: string, v: string) => { const next = { ...mine }; if (v) next[k] = v; else delete next[k]; c.set('texts', { ...c.s.texts, [c.lang]: next }) }
  return (
    <Stack gap="md">
      <section className={s.card} aria-label={t('chatset.texts')}>
        <h2>{t('chatset.texts')}</h2>
        <p className={s.text}>{t('chatset.texts_text')}</p>
        <div className={s.textsBar}>
          <LanguagePick wide />
          <TextInput label={t('chatset.texts_find')} leftSection={<Icon name="search" size={14} />} value={find} onChange={(e) => setFind(e.currentTarget.value)} />
          <Checkbox label={t('chatset.texts_changed')} checked={changed} onChange={(e) => setChanged(e.currentTarget.checked)} />
        </div>
        {q.isPending ? <SkeletonLines label={t('state.loading')} /> : null}
        {q.data && keys.length === 0 ? <p className={s.hint}>{t('state.nothing_found')}</p> : null}
        <div className={s.texts} data-setting="texts.list">
          {keys.map((k) => <TextInput key={k} label={q.data?.[k] ?? k} description={<code className={s.key}>{k}</code>} aria-label={t('chatset.texts_of', { text: q.data?.[k] ?? k, language: languageName(c.lang) })} placeholder={q.data?.[k] ?? ''} value={mine[k] ?? ''} lang={c.lang} dir="auto" maxLength={2000} onChange={(e) => put(k, e.currentTarget.value)} />)}
        </div>
      </section>
    </Stack>
  )
}
