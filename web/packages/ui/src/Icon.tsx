// Icons are strokes on a 16 grid, drawn here: no icon font, no package.

import s from './primitives.module.css'

const paths = {
  inbox: 'M2 9l2-6h8l2 6v4H2zM2 9h3.5l1 2h3l1-2H14',
  user: 'M8 8a2.75 2.75 0 1 0 0-5.5A2.75 2.75 0 0 0 8 8zM2.75 14c.5-2.6 2.6-4 5.25-4s4.75 1.4 5.25 4',
  users: 'M6 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.5 13.5C2 11.2 3.7 10 6 10s4 1.2 4.5 3.5M10.5 3.2a2.5 2.5 0 0 1 0 4.6M12 10.4c1.4.5 2.2 1.6 2.5 3.1',
  unassigned: 'M8 8a2.75 2.75 0 1 0 0-5.5A2.75 2.75 0 0 0 8 8zM2.75 14c.5-2.6 2.6-4 5.25-4M11 11l3.5 3.5M14.5 11L11 14.5',
  open: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z',
  closed: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM5.5 8.2l1.8 1.8 3.2-3.6',
  check: 'M3 8.5l3.2 3.2L13 5',
  spam: 'M8 2l6 10.5H2zM8 6.5v3M8 11.4v.1',
  warn: 'M8 2l6 10.5H2zM8 6.5v3M8 11.4v.1',
  trash: 'M3 4.5h10M6.5 4.5V3h3v1.5M4.2 4.5l.6 8.5h6.4l.6-8.5M6.8 7v3.8M9.2 7v3.8',
  mention: 'M10.6 8a2.6 2.6 0 1 1-5.2 0 2.6 2.6 0 0 1 5.2 0zm0 0v1c0 2.4 3.4 2.2 3.4-1a6 6 0 1 0-2.4 4.8',
  settings: 'M2.5 4.5h6M12 4.5h1.5M2.5 11.5H4M8 11.5h5.5M10.25 6.25a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5zM5.75 13.25a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5z',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.8 10.8L14 14',
  compose: 'M7.5 3H3v10h10V8.5M6 10l.6-2.4L12.2 2l1.8 1.8-5.6 5.6z',
  reply: 'M6.5 3.5L2.5 7.5l4 4M2.5 7.5H9c2.8 0 4.5 1.7 4.5 5',
  replyAll: 'M8.5 3.5l-4 4 4 4M5 3.5l-4 4 4 4M4.5 7.5H10c2.6 0 4.5 1.7 4.5 5',
  forward: 'M9.5 3.5l4 4-4 4M13.5 7.5H7c-2.8 0-4.5 1.7-4.5 5',
  undo: 'M5.5 3L2.5 6l3 3M2.5 6H10a3.5 3.5 0 0 1 0 7H6.5',
  smile: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM5.5 9.5c.6 1 1.5 1.5 2.5 1.5s1.9-.5 2.5-1.5M6 6.3v.1M10 6.3v.1',
  bolt: 'M9 1.8L3.5 9H8l-1 5.2L12.5 7H8z',
  comment: 'M2.5 3h11v8h-6L4 13.8V11H2.5z',
  clip: 'M12.5 7.2l-5 5a3 3 0 0 1-4.2-4.2l5.4-5.4a2 2 0 0 1 2.8 2.8l-5.3 5.3a1 1 0 0 1-1.4-1.4l4.7-4.7',
  down: 'M4 6l4 4 4-4',
  up: 'M4 10l4-4 4 4',
  right: 'M6 4l4 4-4 4',
  left: 'M10 4L6 8l4 4',
  x: 'M4 4l8 8M12 4l-8 8',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  plus: 'M8 3v10M3 8h10',
  mail: 'M2 3.5h12v9H2zM2 4.5l6 4.5 6-4.5',
  panel: 'M2 3h12v10H2zM10 3v10',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.2V11M8 5v.1',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.6',
  shield: 'M8 2l5 1.8V8c0 3-2 5-5 6-3-1-5-3-5-6V3.8z',
  image: 'M2 3h12v10H2zM2 11l3.5-3.5L9 11l2-2 3 3M10.8 6.2v.1',
  bold: 'M4.5 3h4a2.4 2.4 0 0 1 0 4.9h-4zM4.5 7.9h4.7a2.5 2.5 0 0 1 0 5.1H4.5z',
  italic: 'M9.8 3L6.2 13M7 3h5M4 13h5',
  underline: 'M4.5 3v4.5a3.5 3.5 0 0 0 7 0V3M4 13.5h8',
  bullets: 'M6 4h7.5M6 8h7.5M6 12h7.5M2.6 4h.01M2.6 8h.01M2.6 12h.01',
  numbers: 'M6.5 4h7M6.5 8h7M6.5 12h7M2.5 3l1-.5v3M2.2 10.6c.6-1 2-.5 1.5.5L2.2 13h2',
  quote: 'M3 4.5v7M6 5h7.5M6 8h7.5M6 11h5',
  link: 'M6.5 9.5l3-3M7.5 4.5l1.2-1.2a2.7 2.7 0 0 1 3.9 3.9L11.3 8.5M8.5 11.5l-1.2 1.2a2.7 2.7 0 0 1-3.9-3.9L4.7 7.5',
  code: 'M5.5 4.5L2 8l3.5 3.5M10.5 4.5L14 8l-3.5 3.5',
  send: 'M2.5 8L13.5 3 10 13.5 7.5 9z',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  key: 'M5.5 13a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5zM7.5 8.5L13.5 2.5M11 5l2 2',
  copy: 'M5.5 5.5H13V13H5.5zM10.5 5.5V3H3v7.5h2.5',
  refresh: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5V5h-2.5',
  download: 'M8 2.5v7.5M4.8 7L8 10.2 11.2 7M3 13h10',
  sun: 'M8 10.75a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5zM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9',
  eye: 'M1.8 8S4 3.8 8 3.8 14.2 8 14.2 8 12 12.2 8 12.2 1.8 8 1.8 8zM8 9.9a1.9 1.9 0 1 0 0-3.8 1.9 1.9 0 0 0 0 3.8z',
  filter: 'M2 3.5h12l-4.7 5.3v3.9l-2.6 1V8.8z',
  columns: 'M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10',
  rows: 'M2.5 4h11M2.5 8h11M2.5 12h11',
  archive: 'M2 3h12v3H2zM3 6v7h10V6M6.5 9h3',
  flag: 'M3.5 14V2.5h8.5l-1.8 3L12 8.5H3.5',
  bell: 'M4 11.5V7a4 4 0 0 1 8 0v4.5M2.5 11.5h11M6.5 14h3M8 3V1.7',
  team: 'M2 13.5h12M3.5 13.5V5L8 2.5 12.5 5v8.5M6.5 13.5V10h3v3.5',
  grip: 'M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01',
  plug: 'M5.5 2v3M10.5 2v3M4 5h8v2.5a4 4 0 0 1-8 0zM8 11.5V14',
} as const

export type IconName = keyof typeof paths

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg className={s.icon} width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth={name === 'more' ? 2.2 : 1.5} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  )
}
