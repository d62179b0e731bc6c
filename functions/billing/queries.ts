import type { Query } from '#shared/store/store.ts';

/** By the ids of Stripe. Two documents are enough to see that one is not alone. */
export const billingQueries = {
  tenantsOf: (customer: string): Query => ({
    collection: 'tenants',
    where: [['stripe_customer_id', '==', customer]],
    limit: 2,
  }),

  licensesOf: (tenantId: string, item: string): Query => ({
    collection: 'licenses',
    where: [
      ['tenant_id', '==', tenantId],
      ['reference', '==', item],
      ['archived', '==', false],
    ],
    limit: 2,
  }),
} as const;
