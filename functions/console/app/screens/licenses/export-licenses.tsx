import { type LicenseFilter, listLicenses } from '../../api/licenses.ts';
import type { ListedLicense } from '../../api/types.ts';
import { useAct } from '../../api/use-act.ts';
import { T } from '../../texts.ts';
import { csvOf, download } from '../../ui/csv.ts';
import { FailureNotice } from '../../ui/notice.tsx';

const HEAD = [
  'license_id',
  'label',
  'reference',
  'tenant_id',
  'product',
  'tier',
  'status',
  'seats_used',
  'max_seats',
  'expires_at',
  'created_at',
] as const;

/** All licences that match, not only those on the screen. */
export function ExportLicenses({ filter }: { filter: LicenseFilter }) {
  const act = useAct(async () => {
    const all: ListedLicense[] = [];
    let cursor: string | undefined;
    do {
      const { data, next } = await listLicenses({ ...filter, cursor }, new AbortController().signal, 100);
      all.push(...data);
      cursor = next;
    } while (cursor !== undefined);
    download(
      'licences.csv',
      csvOf(
        HEAD,
        all.map((license) => HEAD.map((name) => license[name])),
      ),
    );
  });
  return (
    <>
      <button type="button" onClick={() => void act.perform()}>
        {act.pending ? T.working : T.licenses.csv}
      </button>
      <FailureNotice failure={act.failure} />
    </>
  );
}
