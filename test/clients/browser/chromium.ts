// A Chromium of this machine; CHROMIUM_PATH names it where it is in no usual place.

import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const USUAL_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/opt/homebrew/bin/chromium',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function chromiumPath(): string {
  const named = process.env.CHROMIUM_PATH;
  const path = named ? named : USUAL_PATHS.find((path) => existsSync(path));
  if (path === undefined || !existsSync(path)) {
    throw new Error('There is no Chromium in any usual place: install one, or name its executable in CHROMIUM_PATH.');
  }
  return path;
}

/** @param more Further arguments. */
export function launchChromium(...more: readonly string[]): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), args: [...ARGUMENTS, ...more] });
}
