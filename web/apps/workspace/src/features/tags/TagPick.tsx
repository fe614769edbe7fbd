import { TagsInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useSession } from '@/features/session/index.ts'
import { t } from '@/locales/index.ts'
import { ticketingQuery, useTags } from './queries.ts'

/** Tags as one types them: those that there are complete what is typed; a new one is made where that is allowed. */
export function TagPick({ label, value, onChange, disabled = false, known = false, autoFocus = false, size = 'sm' }: { label: string; value: string[]; onChange(v: string[]): void; disabled?: boolean; known?: boolean; autoFocus?: boolean; size?: 'xs' | 'sm' }) {
  const tags = useTags().map((x) => x.name)
  const mayMake = useSession().permissions.includes('settings.manage' as never)
  const open = useQuery(ticketingQuery).data?.open_tags !== false || mayMake
  const change = (next: string[]) => {
    const fold = (x: string) => x.trim().replace(/\s+/g, ' ').toLowerCase()
    onChange(next.map((x) => tags.find((k) => fold(k) === fold(x)) ?? x.trim()).filter((x) => x && (value.includes(x) || (open && !known) || tags.includes(x))))
  }
  return (
    <TagsInput size={size} label={label} value={value} onChange={change} data={tags} disabled={disabled} maxTags={30} maxDropdownHeight={220} acceptValueOnBlur={open && !known} isDuplicate={(v, now) => now.some((x) => x.toLowerCase() === v.trim().toLowerCase())}
      {...(value.length ? {} : { placeholder: t(open && !known ? 'tags.type' : 'tags.choose') })} {...(autoFocus ? { 'data-autofocus': true } : {})} comboboxProps={{ withinPortal: true }} />
  )
}
