export { SurveyPage } from './SurveyPage.tsx'
