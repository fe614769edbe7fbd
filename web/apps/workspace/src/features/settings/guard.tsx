import { Button, Modal } from '@mantine/core'
import { useBlocker } from '@tanstack/react-router'
import { Problem } from '@kanal/api'
import { Banner } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import s from './settings.module.css'

/** Asks before unsaved changes are left behind, also when the tab is closed. */
export function UnsavedGuard({ dirty }: { dirty: boolean }) {
  const block = useBlocker({ shouldBlockFn: ({ current, next }) => dirty && current.pathname !== next.pathname, enableBeforeUnload: () => dirty, withResolver: true })
  return (
    <Modal opened={block.status === 'blocked'} onClose={() => block.reset?.()} title={<strong>{t('unsaved.title')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <p>{t('unsaved.text')}</p>
      <div className={s.foot}>
        <Button variant="default" onClick={() => block.proceed?.()}>{t('unsaved.leave')}</Button>
        <Button data-autofocus onClick={() => block.reset?.()}>{t('unsaved.stay')}</Button>
      </div>
    </Modal>
  )
}

export const isStale = (err: unknown): boolean => err instanceof Problem && err.status === 409 && (err.reason.endsWith('.stale'))

/** A refusal. A stale one shows what the thing is now beside what was typed, and lets the person choose. */
export function SaveError({ error, differences, onTheirs, onMine }: {
  error: unknown; differences?: { label: string; theirs: string; mine: string }[]; onTheirs?: () => void; onMine?: () => void
}) {
  if (!error) return null
  if (!isStale(error) || !onTheirs) return <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner>
  return (
    <div className={s.stale} role="alert">
      <strong>{t('stale.title')}</strong>
      <p>{t('stale.text')}</p>
      {differences?.length ? (
        <div className={s.scroll}>
        <table className={s.table}>
          <thead><tr><th scope="col">{t('stale.field')}</th><th scope="col">{t('stale.theirs')}</th><th scope="col">{t('stale.mine')}</th></tr></thead>
          <tbody>{differences.map((d) => <tr key={d.label}><th scope="row">{d.label}</th><td>{d.theirs}</td><td>{d.mine}</td></tr>)}</tbody>
        </table>
        </div>
      ) : null}
      <div className={s.foot}><Button variant="default" onClick={onTheirs}>{t('stale.take_theirs')}</Button>{onMine ? <Button onClick={onMine}>{t('stale.keep_mine')}</Button> : null}</div>
    </div>
  )
}
