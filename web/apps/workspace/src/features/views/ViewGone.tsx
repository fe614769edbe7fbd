import { EmptyState } from '@kanal/ui'
import { t } from '@/locales/index.ts'

export const ViewGone = () => <EmptyState icon="rows" title={t('views.gone')} text={t('views.gone_text')} />
