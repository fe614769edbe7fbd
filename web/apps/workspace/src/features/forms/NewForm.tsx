import { Button, Modal, NativeSelect, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Form } from '@kanal/api'
import { Banner, Icon, type IconName } from '@kanal/ui'
import { languageName } from '@/features/conditions/index.ts'
import { currentLocale, t, type Key } from '@/locales/index.ts'
import { fieldOf, sentence } from '@/shell/errors.ts'
import { createForm } from './queries.ts'
import { fromTemplate, templateIds, type TemplateId } from './templates.ts'
import { read } from './words.ts'
import s from './forms.module.css'

const icons: Record<TemplateId, IconName> = { contact: 'mail', problem: 'warn', callback: 'bell', feedback: 'smile', blank: 'plus' }

/** A form begins with a template, or with nearly nothing. */
export function NewForm({ onClose }: { onClose(): void }) {
  const navigate = useNavigate()
  return (
    <Modal opened onClose={onClose} size={720} title={<strong>{t('forms.new')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <NewFormFields onCancel={onClose} onMade={(f) => void navigate({ to: '/settings/$', params: { _splat: `help-desk/forms/${f.id}` } })} />
    </Modal>
  )
}

export function NewFormFields({ onMade, onCancel }: { onMade(f: Form): void; onCancel?: () => void }) {
  const [template, setTemplate] = useState<TemplateId>('contact')
  const [language, setLanguage] = useState<string>(currentLocale())
  const [name, setName] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const suggested = template === 'blank' ? t('forms.template.blank') : read(fromTemplate(template, language).title, language, 'en')
  const go = async () => {
    setBusy(true)
    setError(null)
    try { onMade(await createForm({ name: name.trim() || suggested, definition: fromTemplate(template, language) })) } catch (err) { setError(err); setBusy(false) }
  }
  const keys = (e: React.KeyboardEvent) => { if (e.key === 'Enter' && (e.target as HTMLElement).tagName === 'INPUT') { e.preventDefault(); void go() } }
  return (
    <div className={s.stack} onKeyDown={keys}>
      <div className={s.templates} role="radiogroup" aria-label={t('forms.begin_with')}>
        {templateIds.map((x) => (
          <label key={x} className={s.template} data-checked={template === x || undefined}>
            <input type="radio" name="form-template" checked={template === x} onChange={() => setTemplate(x)} />
            <span><strong><Icon name={icons[x]} size={14} /> {t(`forms.template.${x}` as Key)}</strong><span>{t(`forms.template_text.${x}` as Key)}</span></span>
          </label>
        ))}
      </div>
      <div className={s.pair}>
        <TextInput label={t('forms.form_name')} description={t('forms.form_name_text')} placeholder={suggested} value={name} error={fieldOf(error, 'name')} onChange={(e) => setName(e.currentTarget.value)} />
        <NativeSelect label={t('forms.language')} description={t('forms.language_text')} value={language} data={['en', 'da', 'de', 'sv', 'fi'].map((l) => ({ value: l, label: languageName(l) }))} onChange={(e) => setLanguage(e.currentTarget.value)} />
      </div>
      {error && !fieldOf(error, 'name') ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
      <div className={s.foot}>{onCancel ? <Button variant="default" onClick={onCancel}>{t('action.cancel')}</Button> : null}<Button loading={busy} onClick={() => void go()}>{t('forms.create')}</Button></div>
    </div>
  )
}
