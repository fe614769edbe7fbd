const paths = {
  back: 'M15 5l-7 7 7 7', forth: 'M9 5l7 7-7 7', close: 'M6 6l12 12M18 6L6 18', send: 'M4 12h15M13 5l7 7-7 7', file: 'M20 11.500l-8.200 8.200a5 5 0 0 1-7.100-7.100l8.500-8.500a3.300 3.300 0 0 1 4.700 4.700l-8.400 8.400a1.700 1.700 0 0 1-2.400-2.400l7.700-7.600',
  smile: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.500 14.500c.8 1.200 2 1.900 3.500 1.900s2.700-.7 3.500-1.900M9 9.800v.2M15 9.800v.2', more: 'M5 12h.01M12 12h.01M19 12h.01', clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7.500V12l3 2',
  check: 'M5 12.500l4.500 4.500L19 7.500', checks: 'M2.500 12.500L7 17l9.500-9.500M11.500 16l1 1L22 7.500', retry: 'M4 12a8 8 0 1 1 2.500 5.800M4 18.500v-5h5', chat: 'M4 5.500A1.500 1.500 0 0 1 5.500 4h13A1.500 1.500 0 0 1 20 5.500v9a1.500 1.500 0 0 1-1.500 1.500H10l-4.500 4v-4A1.500 1.500 0 0 1 4 14.500z',
  mail: 'M4 6.500h16v11H4zM4 7l8 6.500L20 7', sound: 'M5 9.500v5h3.500l4.500 4v-13l-4.500 4zM16 9a4 4 0 0 1 0 6M18.500 6.500a8 8 0 0 1 0 11', mute: 'M5 9.500v5h3.500l4.500 4v-13l-4.500 4zM16.500 9.500l5 5M21.500 9.500l-5 5', end: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9 9l6 6M15 9l-6 6',
  down: 'M6 9l6 6 6-6', doc: 'M7 3.500h7l4 4v13H7zM14 3.500v4h4', shield: 'M12 3.500l7 2.500v5.500c0 4.300-2.900 7.500-7 9-4.100-1.500-7-4.700-7-9V6z', alert: 'M12 4l9 16H3zM12 10v4.500M12 17.200v.1', plus: 'M12 5v14M5 12h14', save: 'M12 4v11M7 11l5 5 5-5M5 20h14', bot: 'M6 9.500h12v9H6zM12 9.500V6M12 5.500v-.1M9.500 13v1.500M14.500 13v1.500M3.500 13v2M20.500 13v2', off: 'M3 3l18 18M8.500 13.500a5 5 0 0 1 2-1.200M5 10a10 10 0 0 1 4-2.500M14 7.200a10 10 0 0 1 5 2.800M12 18h.01',
}
export type IconName = keyof typeof paths

export function Icon({ name, size = 20, flip }: { name: IconName; size?: number; flip?: boolean }) {
  return (
    <svg class={flip ? 'icon flip' : 'icon'} width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width={name === 'more' ? 3 : 1.8} stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  )
}

const hues = [8, 30, 150, 175, 205, 230, 265, 320]

export function Avatar({ name, url, size = 32, bot }: { name: string; url: string; size?: number; bot?: boolean }) {
  const initials = [...name.trim()].length ? name.trim().split(/\s+/).slice(0, 2).map((w) => [...w][0]!.toUpperCase()).join('') : ''
  let n = 0
  for (const c of name) n = (n * 31 + c.codePointAt(0)!) >>> 0
  const hue = hues[n % hues.length]!
  const style = { '--size': `${size}px`, '--hue': String(hue) } as Record<string, string>
  if (url) return <img class="avatar" style={style} src={url} alt="" width={size} height={size} referrerpolicy="no-referrer" />
  return <span class="avatar" style={style} aria-hidden="true">{bot || !initials ? <Icon name={bot ? 'bot' : 'chat'} size={size * 0.6} /> : initials}</span>
}
