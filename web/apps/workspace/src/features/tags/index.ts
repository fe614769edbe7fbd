export { TagsPage } from './TagsPage.tsx'
export { AnsweringPage } from './AnsweringPage.tsx'
