import { useQuery } from '@tanstack/react-query'
import type { ChannelAccount, Form } from '@kanal/api'
import { Banner } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { toastError } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import type { FormChannelProps } from './FormChannel.tsx'
import { ticketFields } from './model.ts'
import { formQuery, formsQuery, restoreFields } from './queries.ts'
import { baseOf, read } from './words.ts'

const ofAccount = (account: ChannelAccount | undefined, forms: Form[] | undefined): Form | undefined => forms?.find((f) => f.slug === (account?.settings as { form?: string } | null)?.form)

/** FM-12: the ticket fields that leave the form with its channel, by name, before anything is done. */
export function FormRemoval({ account }: FormChannelProps) {
  const form = ofAccount(account, useQuery(formsQuery(true)).data)
  const q = useQuery({ ...formQuery(form?.id ?? ''), enabled: !!form })
  const def = q.data?.definition
  const gone = def ? ticketFields(def) : []
  if (!form || !def || !gone.length) return null
  return <Banner tone="warn" icon="warn">{t('forms.stripped', { n: gone.length, form: form.name, names: gone.map((f) => read(f.label, baseOf(def), baseOf(def)) || f.name).join(', ') })}</Banner>
}

/** FM-12: and the way back, once it is done. */
export function offerBack(account: ChannelAccount): void {
  const form = ofAccount(account, queries.getQueryData(formsQuery(true).queryKey) ?? queries.getQueryData(formsQuery().queryKey))
  void queries.invalidateQueries({ queryKey: ['forms'] })
  if (!form) return
  toast(t('forms.stripped_done', { form: form.name }), { action: { label: t('action.undo'), run: () => void restoreFields(form.id).then(() => toast(t('forms.stripped_back', { form: form.name })), toastError) } })
}
