// The board in a real browser, at another origin than the gateway's, which asks for tokens: they are good for four seconds.

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../free-port.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { SECRET } from '../server/bearer.ts';
import { buildBoard, serveBoard } from './board-pages.ts';
import { launchChromium } from './browser/chromium.ts';
