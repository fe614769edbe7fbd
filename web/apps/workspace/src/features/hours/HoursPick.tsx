import { NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { get, type Page } from '@kanal/api'

/** AV-09: one of the company's named hours, or what stands in their place. Hours that are gone stay shown, by their slug. */
export function HoursPick({ value, onChange, none, label, hint, error, disabled }: { value: string; onChange(slug: string): void; none: string; label: string; hint?: string; error?: string | undefined; disabled?: boolean }) {
  const known = useBusinessHours()
  if (!known.length && !value) return null
  return (
    <NativeSelect label={label} description={hint} error={error} disabled={!!disabled} value={value} maw={320} onChange={(e) => onChange(e.currentTarget.value)}
      data={[{ value: '', label: none }, ...known.map((h) => ({ value: h.slug, label: h.name })), ...(value && !known.some((h) => h.slug === value) ? [{ value, label: value }] : [])]} />
  )
}

const nothing: { slug: string; name: string }[] = []
export const useBusinessHours = (): { slug: string; name: string }[] => useQuery({ queryKey: ['business-hours'], queryFn: async () => (await get<Page<{ slug: string; name: string }>>('/api/business-hours')).items ?? [], retry: false }).data ?? nothing
