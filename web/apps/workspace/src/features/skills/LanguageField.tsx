import { Select } from '@mantine/core'
import { languageName } from '@/features/conditions/index.ts'
import { t } from '@/locales/index.ts'
import { useSkills } from './queries.ts'

/** SK-09, TK-10: the language of a ticket. */
export function LanguageField({ value, disabled, onSave }: { value: string; disabled: boolean; onSave(v: string): void }) {
  const codes = useSkills().languages
  const all = value && !codes.includes(value) ? [value, ...codes] : codes
  return (
    <Select size="xs" wrapperProps={{ 'data-language': true }} label={t('field.language')} disabled={disabled} searchable clearable placeholder={t('property.none')} clearButtonProps={{ 'aria-label': t('property.clear') }} value={value || null}
      data={all.map((l) => ({ value: l, label: languageName(l) })).sort((a, b) => a.label.localeCompare(b.label))} nothingFoundMessage={t('state.nothing_found')} onChange={(v) => onSave(v ?? '')} />
  )
}
