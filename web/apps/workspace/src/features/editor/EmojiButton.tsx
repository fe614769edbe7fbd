import { Popover } from '@mantine/core'
import type { Editor } from '@tiptap/react'
import { useState } from 'react'
import { Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import s from './editor.module.css'

const emojis = [...'😀😃😄😁😊🙂😉😍😎🤩🤗🤔😅😂😢😞😮😬🙏👍👎👏👌✌🤝💪👋🙌❤💙💚💛🎉🎊🎁🎂🌟✨🔥✅❌⚠❓❗💡📎📌📅⏰📦🚚🚲🔧🛠🔑📞📧💬📷💳🏠🌍☀☔☕']

export function EmojiButton({ editor }: { editor: Editor }) {
  const [open, setOpen] = useState(false)
  return (
    <Popover opened={open} onChange={setOpen} trapFocus withinPortal position="top-start" shadow="md">
      <Popover.Target><button type="button" aria-label={t('editor.emoji')} title={t('editor.emoji')} aria-expanded={open} onClick={() => setOpen(!open)}><Icon name="smile" size={15} /></button></Popover.Target>
      <Popover.Dropdown p={6}>
        <div className={s.emojis} role="group" aria-label={t('editor.emoji')}>
          {emojis.map((e) => <button key={e} type="button" aria-label={e} onClick={() => { setOpen(false); editor.chain().focus().insertContent(e).run() }}>{e}</button>)}
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}
