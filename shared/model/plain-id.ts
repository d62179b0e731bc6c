/** Whether a text can be a document id: no slash, and not `__…__`, which Firestore reserves. */
export const isPlainId = (id: string): boolean => /^[A-Za-z0-9_-]{1,128}$/.test(id) && !/^__.*__$/.test(id);
