/** Every time zone that this browser knows, and the one that is set. */
export function timeZones(present: string): string[] {
  const all = Intl.supportedValuesOf('timeZone')
  return [...new Set(['UTC', ...(present ? [present] : []), ...all])]
}
