import type { Query } from '#shared/store/store.ts';

export const queries = {
  ofPerson: (uid: string, limit: number): Query => ({
    collection: 'console_sessions',
    where: [['uid', '==', uid]],
    limit,
  }),
};
