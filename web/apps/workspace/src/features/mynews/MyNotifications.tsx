import { Button, Switch } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { del, post } from '@kanal/api'
import { Banner, EmptyState, Icon, SkeletonLines } from '@kanal/ui'
import { desktopState, minePath, prefsQuery, turnDesktop, type Prefs, type PrefTarget } from '@/features/notify/index.ts'
import { maybe, t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { Matrix } from './Matrix.tsx'
import { MailTiming, QuietHours } from './Timing.tsx'
import { save } from './save.ts'
import s from './mynews.module.css'

/** What I am told of, by which way, and when not. */
export function MyNotifications() {
  const q = useQuery(prefsQuery)
  const [busy, setBusy] = useState(false)
  const test = async () => {
    setBusy(true)
    try { await post(`${minePath}/test`); toast(t('mynews.test_sent')) } catch (err) { toastError(err) } finally { setBusy(false) }
  }
  return (
    <>
      <div className={s.head}>
        <div><h1>{t('mynews.title')}</h1><p className={s.text}>{t('mynews.text')}</p></div>
        <Button variant="default" loading={busy} leftSection={<Icon name="bell" size={14} />} onClick={() => void test()}>{t('mynews.test')}</Button>
      </div>
      {q.isPending ? <SkeletonLines label={t('state.loading')} /> : null}
      {q.isError ? <EmptyState icon="warn" title={t('error.title')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
      {q.data ? <Mine prefs={q.data} /> : null}
    </>
  )
}

function Mine({ prefs }: { prefs: Prefs }) {
  const email = prefs.targets.find((x) => x.name === 'email')
  return (
    <>
      <section className={s.section}>
        <Unavailable target={email} />
        <Matrix prefs={prefs} own />
        {prefs.chosen ? <div className={s.foot}><Button variant="default" onClick={() => void del<Prefs>(minePath).then((p) => queries.setQueryData(prefsQuery.queryKey, p)).catch(toastError)}>{t('mynews.reset')}</Button></div> : null}
      </section>
      <section className={s.section}><h2>{t('mynews.desktop')}</h2><DesktopSwitch /><Switch data-setting="mynews.sound" label={t('mynews.sound')} checked={prefs.sound} onChange={(e) => void save({ sound: e.currentTarget.checked }, true)} /></section>
      <section className={s.section}><h2>{t('mynews.email')}</h2><p className={s.muted}>{t('mynews.email_text', { address: prefs.address })}</p><MailTiming prefs={prefs} own /></section>
      <section className={s.section}><h2>{t('mynews.quiet')}</h2><QuietHours prefs={prefs} own /></section>
    </>
  )
}

/** Why mail reaches nobody just now. */
export function Unavailable({ target }: { target: PrefTarget | undefined }) {
  if (!target || target.available) return null
  return <Banner tone="warn" icon="warn" role="status">{t('mynews.no_email')} {maybe(`mynews.reason.${target.reason}`, target.sentence)}</Banner>
}

/** This browser's part: it asks by a click, never by itself. */
function DesktopSwitch() {
  const [state, setState] = useState(desktopState)
  const text = t(`mynews.desktop.${state}`)
  if (state === 'denied' || state === 'unsupported') return <Banner tone="warn" icon="info">{text}</Banner>
  return <Switch data-setting="mynews.desktop" label={t('mynews.desktop_here')} description={text} checked={state === 'on'} onChange={(e) => void turnDesktop(e.currentTarget.checked).then(setState)} />
}
