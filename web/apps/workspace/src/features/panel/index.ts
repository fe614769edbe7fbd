export { ContactCard, OtherTickets, PanelFrame, Section, SidePanel } from './SidePanel.tsx'
export { Facts } from './Facts.tsx'
export { ContactFields, Held } from './Properties.tsx'
