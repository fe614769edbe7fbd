import { Fragment, type ReactNode } from 'react'
import s from './panel.module.css'

/** Names and values, one pair a line. */
export function Facts({ rows }: { rows: (readonly [string, ReactNode] | null)[] }) {
  return <dl className={s.facts}>{rows.map((r) => r && <Fragment key={r[0]}><dt>{r[0]}</dt><dd>{r[1]}</dd></Fragment>)}</dl>
}
