/** The embedded stand-in for Firestore in a process of its own, so that its memory is not the measured one's. */
import { startEmbeddedFirestore } from '#local/firestore/embedded/start.ts';
import { systemClock } from '#shared/model/clock.ts';

process.env['METADATA_SERVER_DETECTION'] = 'none';
const { host } = await startEmbeddedFirestore({ clock: systemClock });
process.once('disconnect', () => process.exit());
process.send?.(host);
