import { z } from 'zod';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { defineFunction } from '#shared/http/function.ts';
import { commonConfig, firestoreConfig } from '#shared/model/config.ts';
import { createSettle } from '#shared/seats/settle.ts';
import { adminRoutes } from './handlers.ts';
import { createLicenses } from './licenses.ts';

/** Licences and their use, for the administrators of tenants and the vendor's staff. */
export const admin = defineFunction({
  name: 'admin',
  config: z.object({ ...commonConfig.pick({ PROJECT_ID: true }).shape, ...firestoreConfig.shape }),
  compose(config, { clock }) {
    const store = createFirestore({
      projectId: config.PROJECT_ID,
      database: config.FIRESTORE_DATABASE,
      endpoint: config.FIRESTORE_ENDPOINT,
    });
    const settle = createSettle({ store, clock, random: Math.random });
    return {
      routes: adminRoutes({ licenses: createLicenses({ store, clock, settle }), clock }),
      counter: store,
      close: () => store.close(),
    };
  },
});
