export { SignIn, Setup } from './AuthForms.tsx'
