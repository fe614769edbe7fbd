// The fields that filters, columns, orders and groups name, in the reader's words.

import { queryOptions, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { get, type ChannelAccount, type Filter, type Page, type Priority, type ViewField } from '@kanal/api'
import { useInboxes, usePipelines, useTeams, useUsers } from '@/features/lookups/index.ts'
import { channelName, priorityName, useSpecs } from '@/features/tickets/index.ts'
import { maybe, t, type Key } from '@/locales/index.ts'
import { dateTime } from '@/shell/format.ts'
import { asGroup } from './filter.ts'

export const fieldsQuery = queryOptions({ queryKey: ['properties', 'fields'], queryFn: async () => (await get<Page<ViewField>>('/api/custom-views/fields')).items ?? [] })
const none: ViewField[] = []
export const useFields = (): ViewField[] => useQuery(fieldsQuery).data ?? none

export const fieldName = (f: Pick<ViewField, 'name' | 'label' | 'custom'>): string => (f.custom ? f.label : maybe(`field.${f.name}`, f.name))
export const opName = (field: ViewField | undefined, op: string): string => maybe(`op.${field?.type ?? ''}.${op}`, maybe(`op.${op}`, op))

export interface Option { value: string; label: string }

const tagsQuery = queryOptions({ queryKey: ['tags'], queryFn: async () => (await get<Page<{ id: string; name: string }>>('/api/tags')).items ?? [] })
const accountsQuery = queryOptions({ queryKey: ['channel-accounts', 'names'], queryFn: async () => (await get<Page<ChannelAccount>>('/api/channel-accounts', { limit: 200 })).items ?? [] })

/** What may be chosen for a field; null: anything is typed. */
export function useOptions(): (f: ViewField) => Option[] | null {
  const users = useUsers()
  const teams = useTeams()
  const inboxes = useInboxes()
  const pipelines = usePipelines()
  const accounts = useQuery(accountsQuery).data
  const specs = useSpecs()
  const tags = useQuery(tagsQuery).data
  return useMemo(() => {
    const named = (list: readonly { id: string; name: string }[]) => list.map((x) => ({ value: x.id, label: x.name }))
    return (f: ViewField): Option[] | null => {
      if (f.type === 'boolean') return [{ value: 'true', label: t('value.yes') }, { value: 'false', label: t('value.no') }]
      if (f.name === 'tags') return (tags ?? []).map((x) => ({ value: x.name, label: x.name }))
      if (f.name === 'channel') return [...new Set((accounts ?? []).map((a) => a.channel))].map((c) => ({ value: c, label: channelName(c, specs) }))
      switch (f.of) {
        case 'user': return [{ value: 'me', label: t('value.me') }, ...named(users)]
        case 'team': return [{ value: 'my_teams', label: t('value.my_teams') }, ...named(teams)]
        case 'inbox': return named(inboxes)
        case 'pipeline': return named(pipelines)
        case 'status': return pipelines.flatMap((p) => p.statuses.map((st) => ({ value: st.id, label: pipelines.length > 1 ? `${st.name} · ${p.name}` : st.name })))
        case 'channel_account': return (accounts ?? []).map((a) => ({ value: a.id, label: a.name }))
      }
      if (f.type === 'choice' || f.type === 'several') return f.options.map((o) => ({ value: o, label: f.custom ? o : f.name === 'priority' ? priorityName(o as Priority) : maybe(`value.${f.name}.${o}`, o) }))
      return null
    }
  }, [users, teams, inboxes, pipelines, accounts, specs, tags])
}

/** Conditions as sentences. */
export function useWords(): (f: Filter) => string {
  const fields = useFields()
  const options = useOptions()
  return useMemo(() => {
    const say = (f: Filter): string => {
      if (!f.field) {
        const { word, items } = asGroup(f)
        return `(${items.map(say).join(word === 'any' ? ` ${t('filter.or')} ` : ` ${t('filter.and')} `)})`
      }
      const field = fields.find((x) => x.name === f.field)
      const name = field ? fieldName(field) : f.field
      const list = field ? options(field) : null
      const values = (Array.isArray(f.value) ? f.value : f.value === undefined || f.value === null ? [] : [f.value]).map((v) => {
        const text = String(v)
        return list?.find((o) => o.value === text)?.label ?? (field?.type === 'moment' && text.includes('T') ? dateTime(text) : field?.type === 'duration' ? t('filter.hours', { n: Number(text) || 0 }) : text)
      })
      const op = opName(field, f.op ?? '')
      if (f.op === 'within_days' || f.op === 'older_than_days') return t(`filter.${f.op}` as Key, { name, n: Number(values[0] ?? 0) })
      if (f.op === 'between') return t('filter.between', { name, from: values[0] ?? '', to: values[1] ?? '' })
      const joined = values.length > 3 ? `${values.slice(0, 2).join(', ')} +${values.length - 2}` : values.join(', ')
      return `${name} ${op} ${joined}`.trim()
    }
    return say
  }, [fields, options])
}
