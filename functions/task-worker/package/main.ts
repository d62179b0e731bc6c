/** What workers in TypeScript import. `index.d.ts` beside it is published as it stands, and a test compares the two. */
export { withTaskPayload as withPayload } from '../with-task-payload.ts';
