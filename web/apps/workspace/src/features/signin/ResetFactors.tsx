import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { del, get, type Factors, type User } from '@kanal/api'
import { t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { toastError } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import s from './signin.module.css'

/** What a person has beside a password, for who helps them when it is lost. */
export function ResetFactors({ user }: { user: User }) {
  const key = ['factors', user.id]
  const { data: f } = useQuery({ queryKey: key, queryFn: () => get<Factors>(`/api/users/${user.id}/factors`) })
  const [sure, setSure] = useState(false)
  if (!f || (!f.code && !f.passkeys.length && !f.identities.length)) return null
  const what = [f.code ? t('factor.title') : '', ...f.passkeys.map((p) => p.name), ...f.identities.map((i) => i.name)].filter(Boolean).join(', ')
  const reset = () => void del(`/api/users/${user.id}/factors`).then(() => { toast(t('factor.reset_done', { name: user.name })); setSure(false); return queries.invalidateQueries({ queryKey: key }) }).catch(toastError)
  return (
    <div className={s.form}>
      <p className={s.hint}>{t('factor.has', { what })}</p>
      {sure ? <div className={s.line}><span className={s.text}>{t('factor.reset_text', { name: user.name })}</span><Button variant="default" onClick={() => setSure(false)}>{t('action.cancel')}</Button><Button color="red" onClick={reset}>{t('factor.reset')}</Button></div>
        : <div><Button variant="default" onClick={() => setSure(true)}>{t('factor.reset')}</Button></div>}
    </div>
  )
}
