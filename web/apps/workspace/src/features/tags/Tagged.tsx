import type { KanalEvent } from '@kanal/api'

/** Which tags came and went, behind the line that says that they changed: "+Billing −VIP". */
export function Tagged({ event }: { event: KanalEvent }) {
  const [was = [], now = []] = ((event.data as { changes?: { tags?: [string[], string[]] } } | null)?.changes?.tags) ?? []
  const words = [...now.filter((x) => !was.includes(x)).map((x) => `+${x}`), ...was.filter((x) => !now.includes(x)).map((x) => `−${x}`)]
  return words.length ? <strong>{` ${words.join(' ')}`}</strong> : null
}
