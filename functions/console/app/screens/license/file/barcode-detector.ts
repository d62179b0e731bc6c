/** What this page uses of the Shape Detection API, which Chrome on Android, ChromeOS and macOS has, and others have not. */
export interface BarcodeDetector {
  detect(source: HTMLVideoElement): Promise<readonly { readonly rawValue: string }[]>;
}

interface BarcodeDetectorClass {
  new (options: { readonly formats: readonly string[] }): BarcodeDetector;
  getSupportedFormats(): Promise<readonly string[]>;
}

/** @returns undefined where the browser reads no QR codes, or has no camera to ask for */
export async function openBarcodeDetector(): Promise<BarcodeDetector | undefined> {
  const found = (globalThis as { readonly BarcodeDetector?: BarcodeDetectorClass }).BarcodeDetector;
  // `mediaDevices` is missing on pages that are not served over HTTPS.
  const media = navigator.mediaDevices as MediaDevices | undefined;
  if (found === undefined || media === undefined) return undefined;
  const formats = await found.getSupportedFormats();
  return formats.includes('qr_code') ? new found({ formats: ['qr_code'] }) : undefined;
}
