import { Button, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import type { ChannelAccount } from '@kanal/api'
import { Banner } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { CodeTab } from './Code.tsx'
import { firstFlow } from './Flows.tsx'
import { flowsQuery, type Flow } from './queries.ts'
import s from './chatchannel.module.css'

/** CH-04, CH-25, CF-03: the channel's first chatflow is made and connected, and the code for the website is at hand. */
export function ChatDone({ account }: { account: ChannelAccount }) {
  const may = useCan()('chatflows.manage')
  const flows = useQuery(flowsQuery)
  const [flow, setFlow] = useState<Flow | null>(null)
  const [error, setError] = useState<unknown>(null)
  const begun = useRef(false)
  const make = async () => { setError(null); try { setFlow(await firstFlow(account.id, account.name)) } catch (err) { setError(err) } }
  useEffect(() => {
    if (begun.current || !may) return
    begun.current = true
    void make()
  })
  const have = flow ?? flows.data?.find((f) => String(f.account_id) === String(account.id))
  return (
    <Stack gap="lg">
      <p className={s.text}>{t('chatset.done_text')}</p>
      {have ? <Banner tone="accent" icon="check" role="status">{t('chatset.done_flow', { name: have.name })} <Link to="/settings/$" params={{ _splat: `help-desk/chatflows/${have.id}` }}>{t('chatset.done_flow_edit')}</Link></Banner> : null}
      {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)} <Button size="xs" variant="default" onClick={() => void make()}>{t('action.retry')}</Button></Banner> : null}
      <CodeTab accountId={account.id} domains={[]} />
      <div><Button component={Link} variant="default" {...{ to: `/settings/help-desk/channels/${account.id}` }}>{t('chatset.done_settings')}</Button></div>
    </Stack>
  )
}
