// What tickets, bulk actions and filters show of tags; all of it loads with them.
export { TagPick } from './TagPick.tsx'
export { Tagged } from './Tagged.tsx'
export { TagsField } from './TagsField.tsx'
export { tagsQuery, useTags } from './queries.ts'
