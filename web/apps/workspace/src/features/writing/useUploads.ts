import { useCallback, useRef, useState } from 'react'
import { upload, type Attachment } from '@kanal/api'
import { sentence } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { t } from '@/locales/index.ts'
import { bytes } from '@/shell/format.ts'

export interface Upload { key: string; name: string; size: number; type: string; part: number; error?: string; id?: string; file?: File }
export interface Limits { each: number; all: number; types: string[] }

/** Files on their way up. A failed one stays, says why, and can be tried again. */
export function useUploads(limits: Limits, onDone: (a: Attachment, inline: boolean) => void) {
  const [list, setList] = useState<Upload[]>([])
  const aborts = useRef(new Map<string, AbortController>())
  const done = useRef(onDone)
  done.current = onDone

  const run = useCallback((u: Upload, inline: boolean) => {
    const ac = new AbortController()
    aborts.current.set(u.key, ac)
    const set = (part: Partial<Upload>) => setList((l) => l.map((x) => (x.key === u.key ? { ...x, ...part } : x)))
    upload<Attachment>(u.file!, (part) => set({ part }), ac.signal)
      .then((a) => { setList((l) => l.filter((x) => x.key !== u.key)); done.current(a, inline) })
      .catch((err: unknown) => { if (!ac.signal.aborted) set({ error: sentence(err) }) })
  }, [])

  const add = useCallback((files: File[], inline = false) => {
    for (const f of files) {
      if (limits.each > 0 && f.size > limits.each) { toast(t('composer.too_large', { name: f.name, max: bytes(limits.each) }), { tone: 'danger' }); continue }
      if (limits.types.length && !limits.types.some((x) => x === f.type || (x.endsWith('/*') && f.type.startsWith(x.slice(0, -1))))) { toast(t('composer.wrong_type', { name: f.name }), { tone: 'danger' }); continue }
      const u: Upload = { key: `${Date.now()}-${Math.random()}`, name: f.name || 'image.png', size: f.size, type: f.type, part: 0, file: f }
      setList((l) => [...l, u])
      run(u, inline && f.type.startsWith('image/'))
    }
  }, [limits.each, limits.types, run])

  const retry = useCallback((u: Upload) => { setList((l) => l.map((x) => (x.key === u.key ? { ...x, error: undefined as never, part: 0 } : x))); run(u, false) }, [run])
  const cancel = useCallback((u: Upload) => { aborts.current.get(u.key)?.abort(); setList((l) => l.filter((x) => x.key !== u.key)) }, [])
  return { list, add, retry, cancel }
}
