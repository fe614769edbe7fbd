import { Modal } from '@mantine/core'
import { Keys } from '@kanal/ui'
import { t, type Key } from '@/locales/index.ts'
import { allActions, keysOf, type Group } from './actions.ts'
import s from './palette.module.css'

const groups: Group[] = ['go', 'list', 'ticket', 'composer', 'flow', 'form', 'general']

export function ShortcutSheet({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title={<strong>{t('sheet.title')}</strong>} size={760} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <div className={s.sheet}>
        {groups.filter((g) => (g !== 'flow' && g !== 'form') || allActions().some((a) => a.group === g)).map((g) => (
          <section key={g}>
            <h3>{t(`sheet.${g}` as Key)}</h3>
            <ul>
              {allActions().filter((a, i, all) => a.group === g && a.shortcut && all.findIndex((b) => b.label === a.label && b.shortcut === a.shortcut) === i).map((a) => <li key={a.id}><span>{t(a.label)}</span><Keys keys={keysOf(a.shortcut!)} /></li>)}
              {g === 'composer' ? <li><span>{t('composer.send')}</span><Keys keys={keysOf('mod+enter')} /></li> : null}
            </ul>
          </section>
        ))}
      </div>
    </Modal>
  )
}
