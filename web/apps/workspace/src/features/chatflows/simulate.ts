// The conversation of the simulator: the engine on the server says what comes of each input; nothing is sent, set or called.

import { useCallback, useEffect, useRef, useState } from 'react'
import { post, type AssignPolicy, type ChannelAccount } from '@kanal/api'
import type { Tried } from '@/features/routing/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { whenText } from './describe.ts'
import type { Definition, When } from './types.ts'

export interface Button { label: string; value?: string; url?: string; step?: string }
export interface Ask { step: string; answer: string; required?: boolean; choices?: Button[] | null }
export interface Effect {
  type: 'say' | 'ask' | 'delay' | 'set' | 'ticket' | 'assign' | 'handover' | 'email' | 'webhook' | 'wait' | 'end'
  step?: string; text?: string; image?: string; link?: { url: string; label?: string } | null; quick?: Button[] | null; input?: Ask | null; seconds?: number
  object?: string; property?: string; value?: string; subject?: string; nobody?: boolean; reason?: string; address?: string; url?: string; method?: string
  /** assign, handover: whose rule; none is the channel's */
  policy?: AssignPolicy | null
}
export interface State { at?: string; wait?: '' | 'answer' | 'timer' | 'webhook'; over?: '' | 'ended' | 'handed_over' | 'failed'; tries?: number; answers?: Record<string, { value: string; text?: string }>; known?: Record<string, string> }
interface Found extends When { have: string; holds: boolean }
export interface Move { from: string; step: string; case?: number; cases?: Found[][] | null }
export interface Env { language: string; known: boolean; availability: string; page_url: string; hours?: Record<string, string>; company?: string; contact?: Record<string, string> }
export interface Input { type: 'opened' | 'answered' | 'timer' | 'webhook_result' | 'file'; text?: string; quick?: { step: string; value: string; label: string }; files?: string[]; ok?: boolean; status?: number; body?: string }

export interface Said { id: number; from: 'visitor' | 'bot'; text: string; image?: string; link?: { url: string; label?: string } | null; quick: Button[]; input: Ask | null; at: string; step: string }
/** tried: who would get it now, and why, by the engine that assigns. */
interface Noted { id: number; step: string; text: string; tone: 'plain' | 'why' | 'bad'; tried?: Tried }
export interface Talk { said: Said[]; noted: Noted[]; state: State; effects: Effect[]; passed: Set<string>; whose: { policy: AssignPolicy | null } | null }

const none: Talk = { said: [], noted: [], state: {}, effects: [], passed: new Set(), whose: null }

/** What an effect would do, in a sentence. */
export function effectText(e: Effect): string {
  switch (e.type) {
    case 'set': return t('sim.set', { what: `${t(`flow.object.${e.object ?? 'contact'}` as Key)} ${e.property ?? ''}`, value: e.value ?? '' })
    case 'ticket': return t('sim.ticket', { subject: e.subject || '–' })
    case 'assign': return t('sim.assign')
    case 'handover': return t(e.nobody ? 'sim.handover_nobody' : 'sim.handover')
    case 'email': return t('sim.email', { to: e.address || t('flow.email_visitor'), subject: e.subject ?? '' })
    case 'webhook': return t('sim.webhook', { url: `${e.method ?? 'POST'} ${e.url ?? ''}` })
    case 'wait': return t('sim.wait', { n: e.seconds ?? 0 })
    case 'end': return t('sim.end')
    default: return ''
  }
}

/** CF-11: which way a branch took, with what each condition found. */
function whyText(m: Move): string {
  const found = (c: Found[]) => c.map((w) => t(w.holds ? 'sim.holds' : 'sim.holds_not', { what: whenText(w), have: w.have || '–' })).join(t('flow.and'))
  const cases = m.cases ?? []
  return m.case ? t('sim.why_case', { case: m.case, why: found(cases[m.case - 1] ?? []) }) : t('sim.why_else', { why: cases.map(found).join('; ') })
}

/** Who would get the conversation now: what each step that assigns comes to, in order. A hand-over keeps to what a step before it has said. */
async function judge(effects: Effect[], whose: Talk['whose'], account: ChannelAccount | undefined, env: Env, text: string): Promise<{ tried: Map<Effect, Tried>; whose: Talk['whose'] }> {
  const tried = new Map<Effect, Tried>()
  for (const e of effects) {
    if (e.type === 'assign') whose = { policy: e.policy ?? null }
    if (e.type !== 'assign' && e.type !== 'handover') continue
    const policy = (whose ? whose.policy : e.policy) ?? account?.assign
    if (!policy || !account) continue
    try {
      tried.set(e, await post<Tried>('/api/routing/try', { policy, channel_account_id: account.id, sample: { text, language: env.language.split('-')[0], page: env.page_url, ...(env.contact?.email ? { email: env.contact.email } : {}) } }))
    } catch { /* a rule that is not finished: its faults say so beside its fields */ }
  }
  return { tried, whose }
}

export function useTalk(def: Definition, env: Env, account: ChannelAccount | undefined) {
  const [talk, setTalk] = useState<Talk>(none)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const n = useRef(0)
  const turn = useRef(0)
  const now = useRef({ def, env, talk, account })
  now.current = { def, env, talk, account }

  const step = useCallback(async (input: Input, fresh = false, shown = '') => {
    const mine = ++turn.current
    const was = fresh ? none : now.current.talk
    const at = new Date().toISOString()
    const said = shown ? [...was.said, { id: ++n.current, from: 'visitor' as const, text: shown, quick: [], input: null, at, step: was.state.at ?? '' }] : was.said
    setTalk({ ...was, said })
    setBusy(true)
    try {
      const got = await post<{ state: State; effects: Effect[] | null; trace?: Move[] | null }>('/api/chatflows/simulate', { definition: now.current.def, state: was.state, input, env: now.current.env })
      if (mine !== turn.current) return
      const effects = got.effects ?? []
      const judged = await judge(effects, was.whose, now.current.account, now.current.env, said.filter((x) => x.from === 'visitor').map((x) => x.text).join('\n'))
      if (mine !== turn.current) return
      const passed = new Set(was.passed)
      for (const m of got.trace ?? []) { passed.add(m.step); if (m.from) passed.add(`${m.from} ${m.step}`) }
      for (const e of effects) if (e.step) passed.add(e.step)
      setTalk({
        state: got.state, effects, passed, whose: judged.whose,
        said: [...said, ...effects.filter((e) => e.type === 'say' || e.type === 'ask').map((e) => ({ id: ++n.current, from: 'bot' as const, text: e.text ?? '', ...(e.image ? { image: e.image } : {}), link: e.link ?? null, quick: e.quick ?? [], input: e.input ?? null, at, step: e.step ?? '' }))],
        noted: [
          ...was.noted,
          ...(got.state.tries && got.state.tries > (was.state.tries ?? 0) ? [{ id: ++n.current, step: got.state.at ?? '', text: t('sim.not_fitting', { n: got.state.tries }), tone: 'why' as const }] : []),
          ...(got.trace ?? []).filter((m) => m.cases?.length).map((m): Noted => ({ id: ++n.current, step: m.step, text: whyText(m), tone: 'why' })),
          ...effects.filter((e) => effectText(e)).map((e): Noted => ({ id: ++n.current, step: e.step ?? '', text: effectText(e), tone: 'plain', ...(judged.tried.has(e) ? { tried: judged.tried.get(e)! } : {}) })),
          ...(got.state.over === 'failed' ? [{ id: ++n.current, step: got.state.at ?? '', text: t('sim.failed'), tone: 'bad' as const }] : []),
        ],
      })
      setError(null)
    } catch (err) { if (mine === turn.current) setError(err) } finally { if (mine === turn.current) setBusy(false) }
  }, [])

  const restart = useCallback(() => step({ type: 'opened' }, true), [step])
  useEffect(() => { void restart() }, [restart])
  // a short wait passes by itself
  const wait = talk.state.wait === 'timer' ? talk.effects.findLast((e) => e.type === 'wait')?.seconds ?? 0 : 0
  useEffect(() => {
    if (!wait || wait > 10) return
    const timer = setTimeout(() => void step({ type: 'timer' }), wait * 1000)
    return () => clearTimeout(timer)
  }, [wait, talk.state, step])
  return { talk, busy, error, restart, step }
}
