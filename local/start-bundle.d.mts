export declare function startBundleFolder(root: string): string;
export declare function currentStartBundle(root: string): string | undefined;
export declare function stateOf(file: string): string | undefined;
