import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { createProject, documentGrants } from '#local/accounts.ts';

const file = resolve(import.meta.dirname, '../../../terraform/rights.json');
const rights = z
  .record(z.string(), z.record(z.string(), z.array(z.string())))
  .parse(JSON.parse(readFileSync(file, 'utf8')));

/** Of the permissions that Terraform gives, those that the embedded Firestore checks. */
const checked = (permissions: readonly string[] = []) =>
  permissions.filter((one) => /^datastore\.entities\.(?!allocateIds)/.test(one)).toSorted();

test('accounts may do with the default database what Terraform lets them do', () => {
  const project = createProject('p');
  const granted = Object.entries(documentGrants(project)).map(([account, grants]) => {
    const here = grants.filter(([, resource]) => resource === 'projects/p/databases/(default)');
    return [account, here.map(([permission]) => permission).toSorted()];
  });
  const declared = Object.entries(rights['database'] ?? {}).map(([account, list]) => [account, checked(list)]);
  const some = granted.filter(([, permissions]) => permissions?.length !== 0);
  expect(Object.fromEntries(some)).toEqual(Object.fromEntries(declared));
});

test('key-rotation alone writes the database of the keys', () => {
  const writers = Object.entries(documentGrants(createProject('p'))).filter(([, grants]) =>
    grants.some(([permission, resource]) => resource.endsWith('/keys') && permission === 'datastore.entities.update'),
  );
  expect(writers.map(([account]) => account)).toEqual(['key-rotation']);
});
