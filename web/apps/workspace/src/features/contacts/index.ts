export { ContactsPage } from './ContactsPage.tsx'
export { ContactPage } from './ContactPage.tsx'
export { DuplicatesPage } from './DuplicatesPage.tsx'
export { PersonPanel } from './PersonPanel.tsx'
