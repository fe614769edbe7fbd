export { ContactSubmissions, HiddenFields, SubmissionOf } from './AtTicket.tsx'
