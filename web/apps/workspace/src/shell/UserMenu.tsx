import { Menu, useMantineColorScheme } from '@mantine/core'
import { lazy, Suspense } from 'react'
import { Avatar, Icon } from '@kanal/ui'
import { signOut, updateMe, useSession } from '@/features/session/index.ts'
import { currentLocale, locales, localeNames, setLocale, t, withMore } from '@/locales/index.ts'
import { setAppearance, useAppearance } from './appearance.ts'
import { toastError } from './errors.ts'
import s from './shell.module.css'

const StatusItems = lazy(withMore(() => import('@/features/worktime/later.ts').then((m) => ({ default: m.StatusItems }))))

export function UserMenu() {
  const { user, version } = useSession()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const look = useAppearance()
  const check = (on: boolean) => (on ? <Icon name="check" /> : undefined)
  return (
    <Menu position="top-start" width={240}>
      <Menu.Target>
        <button type="button" className={s.user}>
          <span className="k-hidden">{t('user.menu', { name: user.name })}</span>
          <span className={s.face} data-available={user.available || undefined}><Avatar name={user.name || user.email} size={26} /></span>
          <span className={s.userText}><span className="k-cut">{user.name || user.email}</span><span className={s.userState}>{t(user.available ? 'user.available' : 'user.away')}</span></span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Suspense fallback={null}><StatusItems /></Suspense>
        <Menu.Divider />
        <Menu.Label>{t('user.appearance')}</Menu.Label>
        {(['light', 'dark', 'auto'] as const).map((c) => <Menu.Item key={c} leftSection={<Icon name={c === 'auto' ? 'settings' : 'sun'} />} rightSection={check(colorScheme === c)} onClick={() => setColorScheme(c)}>{t(`scheme.${c}`)}</Menu.Item>)}
        <Menu.Item leftSection={<Icon name="eye" />} role="menuitemcheckbox" aria-checked={look.contrast === 'more'} rightSection={check(look.contrast === 'more')} onClick={() => setAppearance({ contrast: look.contrast === 'more' ? 'auto' : 'more' })}>{t('appearance.contrast')}</Menu.Item>
        <Menu.Item leftSection={<Icon name="rows" />} role="menuitemcheckbox" aria-checked={look.density === 'compact'} rightSection={check(look.density === 'compact')} onClick={() => setAppearance({ density: look.density === 'compact' ? 'comfortable' : 'compact' })}>{t('appearance.compact')}</Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t('user.language')}</Menu.Label>
        {locales.map((l) => <Menu.Item key={l} lang={l} rightSection={check(currentLocale() === l)} onClick={() => void setLocale(l).then(() => updateMe({ locale: l })).catch(toastError)}>{localeNames[l]}</Menu.Item>)}
        <Menu.Divider />
        <Menu.Item leftSection={<Icon name="left" />} onClick={() => void signOut().catch(toastError)}>{t('action.sign_out')}</Menu.Item>
        <Menu.Label>{t('user.version', { version })}</Menu.Label>
      </Menu.Dropdown>
    </Menu>
  )
}
