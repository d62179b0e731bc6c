import { tenantId } from '../../session/place.ts';
import { T } from '../../texts.ts';
import { Empty, Screen } from '../../ui/screen.tsx';
import { Members } from './members.tsx';

/** The people of the customer that is chosen. */
export function MembersScreen() {
  const id = tenantId.value;
  return (
    <Screen title={T.members.title}>
      {id === undefined ? <Empty title={T.members.chooseTenant} /> : <Members key={id} tenantId={id} />}
    </Screen>
  );
}
