// Which files of an answer will go as links (EM-39). The server decides when it is sent, by this rule, and counts the text too.

import type { Abilities } from '@kanal/api'

interface Sized { id: string; size: number }

/** Those too large alone, then the largest, of equals the last, until the rest fits. A picture in the text stays unless it is too large alone. */
export function asLinks(files: Sized[], html: string, can: Partial<Abilities>): Set<string> {
  const room = can.large_files === 'link' ? (can.link_above_bytes ?? 0) : 0
  const links = new Set<string>()
  if (room <= 0) return links
  let sum = 0
  const stay: { file: Sized; at: number }[] = []
  files.forEach((file, at) => {
    if (file.size > room) links.add(file.id)
    else { sum += file.size; stay.push({ file, at }) }
  })
  stay.sort((a, b) => b.file.size - a.file.size || b.at - a.at)
  for (const { file } of stay) {
    if (sum <= room) break
    if (html.includes(`/api/attachments/${file.id}?`)) continue
    links.add(file.id)
    sum -= file.size
  }
  return links
}
