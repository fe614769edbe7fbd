export { SkillsPage } from './SkillsPage.tsx'
export { skillName, skillOptions, skillsQuery, useSkills } from './queries.ts'
