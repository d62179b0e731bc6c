import { T } from '../../texts.ts';
import { Screen } from '../../ui/screen.tsx';
import { AuditList } from './audit-list.tsx';

export const AuditScreen = () => (
  <Screen title={T.audit.title}>
    <AuditList />
  </Screen>
);
