export { ConditionsEditor, type ConditionsEditorProps } from './ConditionsEditor.tsx'
export { fieldName, languageName, opsOf, said, unfinished } from './model.ts'
export { routingFieldsQuery, useRoutingFields } from './queries.ts'
