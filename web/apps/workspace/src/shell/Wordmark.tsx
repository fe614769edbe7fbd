export function Wordmark({ size = 22, text = true }: { size?: number; text?: boolean }) {
  return (
    <span style={{ display: 'inline-flex', alignItems: 'center', gap: 9, fontWeight: 700, fontSize: size * 0.72, letterSpacing: '-.01em' }}>
      <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="8" fill="#1a4b46" />
        <path d="M10 7v18M22 7c-1 5-5 9-11 9 6 0 10 4 11 9" fill="none" stroke="#7fd8cb" strokeWidth="3.2" strokeLinecap="round" strokeLinejoin="round" />
      </svg>
      {text ? 'Kanal' : null}
    </span>
  )
}
