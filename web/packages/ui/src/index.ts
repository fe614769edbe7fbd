export { theme, resolver } from './theme.ts'
export { Icon, type IconName } from './Icon.tsx'
export { Avatar, Banner, Delayed, EmptyState, Keys, SkeletonLines, Tag, initials, type Tone } from './primitives.tsx'
