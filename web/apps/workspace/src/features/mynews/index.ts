export { MyNotifications } from './MyNotifications.tsx'
export { NotificationDefaults } from './NotificationDefaults.tsx'
